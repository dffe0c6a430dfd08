// One plot: uPlot for axes, scales and long lines, and a pen for what names them.
// Labels stand beside their lines; where two would touch they move apart.
//
//   const plot = card.plot({ height, margin, x, y, series, backdrop, annotate });
//   height   CSS pixels; margin: pixels at the right for the names of lines
//   x, y     { range() -> [low, high], label(), log, splits(), values(value) -> text }, or { bare: true }: no axis
//   series   [{ role, width, dash, kind, ... }], drawn in this order: a line, or one of the kinds of series.js
//   backdrop(pen), annotate(pen)      under everything; over the series
//
// plot.set(k, x, y, error) gives series k its data, which stay where they are, so that an array of the kernels' memory
// may be given once and for all (`subarray` for a part of it); plot.draw() draws. plot.draw(x, y0, y1, ...) gives all
// series one x and draws. Of a line, several points may have one x, and x may not decrease; a null in y is a gap.
// On a logarithmic axis null must stand for what is not positive.

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const LINE_PIXELS = 15; // least distance of two labels in the margin

// "V_th" is V with the subscript th; "V_{th}s" ends the subscript where the brace does.
const SUBSCRIPT = /_(?:\{([^}]*)\}|(\w+))/;

// Numbers wear a minus sign, not a hyphen.
export function withMinus(text) {
  return text.replace("-", "−");
}

export function subscripts(text) {
  const pieces = [];
  let rest = text;
  for (let hit = SUBSCRIPT.exec(rest); hit; hit = SUBSCRIPT.exec(rest)) {
    pieces.push({ text: rest.slice(0, hit.index), low: false }, { text: hit[1] ?? hit[2], low: true });
    rest = rest.slice(hit.index + hit[0].length);
  }
  pieces.push({ text: rest, low: false });
  return pieces.filter((piece) => piece.text !== "");
}

export function readPalette(element) {
  const style = getComputedStyle(element);
  const names = ["membrane", "threshold", "spike", "drive", "noise", "theory", "simulation"];
  const surfaces = ["paper", "ink", "soft", "rule", "wash"];
  const read = (name) => style.getPropertyValue(`--lif-${name}`).trim();
  const palette = Object.fromEntries([...names, ...surfaces].map((name) => [name, read(name)]));
  palette.fontSize = parseFloat(read("font-size")) || 13;
  palette.lineWidth = parseFloat(read("line-width")) || 2;
  return palette;
}

// Draws in the plot's own units. Positions may carry an offset in CSS pixels.
class Pen {
  constructor(u, palette) {
    this.u = u;
    this.ctx = u.ctx;
    this.palette = palette;
    this.ratio = pixelRatio(u);
    this.margin = [];
  }

  x(value) {
    return this.u.valToPos(value, "x", true);
  }

  y(value) {
    return this.u.valToPos(value, "y", true);
  }

  inside(paint) {
    const { ctx } = this;
    const { left, top, width, height } = this.u.bbox;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top - 2 * this.ratio, width, height + 4 * this.ratio);
    ctx.clip();
    paint();
    ctx.restore();
  }

  stroke(role, { width = 1.5, dash = [], alpha = 1 } = {}) {
    const { ctx, ratio } = this;
    ctx.strokeStyle = this.palette[role];
    ctx.globalAlpha = alpha;
    ctx.lineWidth = width * ratio;
    ctx.lineCap = "round";
    ctx.setLineDash(dash.map((length) => length * ratio));
    ctx.stroke();
  }

  // A line from (x0, y0) to (x1, y1).
  segment(x0, y0, x1, y1, role, options) {
    this.inside(() => {
      this.ctx.beginPath();
      this.ctx.moveTo(this.x(x0), this.y(y0));
      this.ctx.lineTo(this.x(x1), this.y(y1));
      this.stroke(role, options);
    });
  }

  horizontal(y, role, options) {
    const { min, max } = this.u.scales.x;
    this.segment(min, y, max, y, role, options);
  }

  vertical(x, role, options) {
    const { min, max } = this.u.scales.y;
    this.segment(x, min, x, max, role, options);
  }

  // Upright strokes at each x, as spikes are drawn.
  strokes(xs, low, high, role, options) {
    this.inside(() => {
      this.ctx.beginPath();
      for (const x of xs) {
        this.ctx.moveTo(this.x(x), this.y(low));
        this.ctx.lineTo(this.x(x), this.y(high));
      }
      this.stroke(role, options);
    });
  }

  band(x0, x1, role, alpha) {
    const { ctx } = this;
    const { top, height } = this.u.bbox;
    this.inside(() => {
      ctx.globalAlpha = alpha;
      ctx.fillStyle = this.palette[role];
      ctx.fillRect(this.x(x0), top, this.x(x1) - this.x(x0), height);
    });
  }

  dot(x, y, role, { radius = 4, hollow = false } = {}) {
    const { ctx, ratio } = this;
    ctx.save();
    ctx.beginPath();
    ctx.arc(this.x(x), this.y(y), radius * ratio, 0, 2 * Math.PI);
    ctx.fillStyle = hollow ? this.palette.paper : this.palette[role];
    ctx.fill();
    if (hollow) this.stroke(role, { width: 1.5 });
    ctx.restore();
  }

  // Text in pixels of the canvas, with a rim of paper that keeps it legible over lines.
  write(text, left, middle, role, align = "left", rim = true) {
    const { ctx, ratio } = this;
    const large = this.palette.fontSize * ratio;
    const fonts = { false: `${large}px ${FONT}`, true: `${0.78 * large}px ${FONT}` };
    const pieces = subscripts(text);
    ctx.save();
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    ctx.lineJoin = "round";
    let width = 0;
    for (const piece of pieces) {
      ctx.font = fonts[piece.low];
      piece.width = ctx.measureText(piece.text).width;
      width += piece.width;
    }
    let at = left - { left: 0, center: width / 2, right: width }[align];
    for (const piece of pieces) {
      const low = piece.low ? 0.28 * large : 0;
      ctx.font = fonts[piece.low];
      ctx.strokeStyle = this.palette.paper;
      ctx.lineWidth = 4 * ratio;
      if (rim) ctx.strokeText(piece.text, at, middle + low);
      ctx.fillStyle = this.palette[role];
      ctx.fillText(piece.text, at, middle + low);
      at += piece.width;
    }
    ctx.restore();
    return width;
  }

  label(text, x, y, role, { dx = 0, dy = 0, align = "left", rim = true } = {}) {
    const { left, top, width } = this.u.bbox;
    const across = Math.min(Math.max(this.x(x) + dx * this.ratio, left), left + width);
    this.write(text, across, Math.max(this.y(y) + dy * this.ratio, top - 4 * this.ratio), role, align, rim);
  }

  // A name at the right end of a line; all of them are written together, apart from each other.
  name(text, y, role) {
    this.margin.push({ text, role, at: this.y(y) });
  }

  writeNames() {
    const { left, top, width, height } = this.u.bbox;
    const gap = LINE_PIXELS * this.ratio;
    const names = this.margin.sort((a, b) => a.at - b.at);
    // Neighbours that would touch share the displacement; a few rounds settle a handful of labels.
    for (let round = 0; round < 20; round += 1) {
      for (const name of names) name.at = Math.min(Math.max(name.at, top), top + height);
      for (let k = 1; k < names.length; k += 1) {
        const overlap = gap - (names[k].at - names[k - 1].at);
        if (overlap > 0) {
          names[k - 1].at -= overlap / 2;
          names[k].at += overlap / 2;
        }
      }
    }
    for (const { text, role, at } of names) this.write(text, left + width + 6 * this.ratio, at, role);
  }
}

export const linear = uPlot.paths.linear();

export function pixelRatio(u) {
  return u.pxRatio ?? uPlot.pxRatio;
}

export class Plot {
  constructor(parent, palette, options) {
    this.palette = palette;
    this.options = options;
    this.frame = document.createElement("div");
    this.frame.className = "live-plot";
    this.frame.style.height = `${options.height}px`;
    this.frame.setAttribute("role", "img");
    this.frame.setAttribute("aria-label", "");
    parent.append(this.frame);
    this.handles = [];
    this.data = [null, ...options.series.map(() => [[], [], null])];
    this.u = new uPlot(this.settings(), this.data, this.frame);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.frame);
  }

  settings() {
    const { options, palette } = this;
    return {
      mode: 2, // each series has its own x
      width: Math.max(this.frame.clientWidth, 200),
      height: options.height,
      padding: [options.y.label ? 26 : 10, options.margin ?? 12, 0, 0],
      cursor: { show: false },
      select: { show: false },
      legend: { show: false },
      scales: { x: this.scale(options.x), y: this.scale(options.y) },
      axes: [this.axis(options.x, false), this.axis(options.y, true)],
      series: [null, ...options.series.map((series) => this.series(series))],
      hooks: {
        drawAxes: [(u) => options.backdrop?.(new Pen(u, palette))],
        draw: [(u) => this.annotate(u)],
      },
    };
  }

  series({ role, kind = {}, width = kind.width ?? this.palette.lineWidth, dash, ...options }) {
    const colour = () => this.palette[role];
    const paths = kind.paths ?? linear;
    return {
      // Both axes have their range from the figure: that the data are said to be sorted saves looking for it.
      facets: [{ scale: "x", auto: true, sorted: 1 }, { scale: "y", auto: true, sorted: 1 }],
      stroke: colour,
      fill: kind.fill && (() => kind.fill(colour(), options)),
      width,
      dash,
      pxAlign: 0,
      paths: (u, k, from, to) => (u.data[k][1].length > 0 ? paths(u, k, from, to) : null),
      points: { show: !!kind.dots, width: 0, fill: colour, paths: (u, k) => kind.dots(u, k, options) },
    };
  }

  scale(axis) {
    return { time: false, auto: true, distr: axis.log ? 3 : 1, range: () => (axis.bare ? [0, 1] : axis.range()) };
  }

  axis(axis, upright) {
    const { palette } = this;
    const size = palette.fontSize;
    if (axis.bare) return { scale: upright ? "y" : "x", show: false };
    return {
      scale: upright ? "y" : "x",
      stroke: () => palette.soft,
      font: `${size}px ${FONT}`,
      labelFont: `${size}px ${FONT}`,
      label: upright || axis.label === undefined ? undefined : () => axis.label(),
      labelSize: 22,
      labelGap: 0,
      size: upright ? 46 : 26,
      gap: 4,
      space: upright ? 36 : 56,
      splits: axis.splits && (() => axis.splits()),
      filter: (u, splits) => splits,
      values: (u, splits) => splits.map(axis.values ?? ((value) => withMinus(String(Number(value.toPrecision(6)))))),
      grid: { show: upright, stroke: () => palette.rule, width: 1 },
      ticks: { show: !upright, stroke: () => palette.soft, width: 1, size: 4 },
      border: { show: !upright, stroke: () => palette.soft, width: 1 },
    };
  }

  annotate(u) {
    const { options, palette } = this;
    const pen = new Pen(u, palette);
    options.annotate?.(pen);
    pen.writeNames();
    if (options.y.label) pen.write(options.y.label(), 2 * pen.ratio, 9 * pen.ratio, "soft");
    for (const handle of this.handles) handle.place();
  }

  // A point that can be dragged. It only points: the sliders do the same for the keyboard.
  handle({ role, cursor, at, drag, name }) {
    const knob = document.createElement("div");
    knob.className = "live-handle";
    knob.setAttribute("aria-hidden", "true");
    knob.dataset.handle = name;
    knob.style.setProperty("--knob", `var(--lif-${role})`);
    knob.style.cursor = cursor;
    this.u.over.append(knob);
    const place = () => {
      const point = at();
      knob.hidden = !point;
      if (!point) return;
      const left = this.u.valToPos(point[0], "x");
      const top = Math.min(Math.max(this.u.valToPos(point[1], "y"), 0), this.u.over.clientHeight);
      knob.style.transform = `translate(${left}px, ${top}px)`;
    };
    knob.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      knob.setPointerCapture(event.pointerId);
      knob.classList.add("is-held");
    });
    knob.addEventListener("pointermove", (event) => {
      if (!knob.hasPointerCapture(event.pointerId)) return;
      const box = this.u.over.getBoundingClientRect();
      const across = Math.min(Math.max(event.clientX - box.left, 0), box.width);
      const down = Math.min(Math.max(event.clientY - box.top, 0), box.height);
      drag(this.u.posToVal(across, "x"), this.u.posToVal(down, "y"));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      knob.addEventListener(end, () => knob.classList.remove("is-held"));
    }
    this.handles.push({ place });
  }

  set(k, x, y, error = null) {
    const series = this.data[k + 1];
    series[0] = x;
    series[1] = y;
    series[2] = error;
  }

  draw(x, ...columns) {
    columns.forEach((y, k) => this.set(k, x, y));
    this.u.setData(this.data);
  }

  redraw() {
    this.u.redraw(true, true);
  }

  describe(text) {
    this.frame.setAttribute("aria-label", text);
  }

  resize() {
    const width = this.frame.clientWidth;
    if (width > 0 && width !== this.u.width) this.u.setSize({ width, height: this.options.height });
  }

  destroy() {
    this.observer.disconnect();
    this.u.destroy();
  }
}
