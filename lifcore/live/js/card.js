// The card around a figure: picture, controls with value and unit, numbers, what to try, link to this state.
// `card` in the model says everything that is text or range, so that Python and the page say the same.
//
// A figure is { floats, create(card, kernels) }: how much room its arrays take, counted in float64, and a function that
// makes its plots (card.plot, see plot.js) and arrays (kernels.array, see kernels.js) once and returns
//   update(values) -> { readouts, summary, pending }
// update draws what is known at once, well within a frame, and is called again at every change. What takes longer goes
// into pending, an object with two functions, left out when there is nothing to do:
//   step() -> share      a piece of the work, at most a few milliseconds; the share done by now, 1 at the end
//   show() -> { readouts, summary }      draws what has been found so far
// The card calls step as often as fits into SLICE_MS of a frame, and show between frames and at the end, as long as the
// figure can be seen. A readout that is not known yet is null. The next update ends the work, unless it returns the same
// object: then the work goes on, as when only the time that is shown has changed. The numbers at the end may depend on
// nothing but the values: pieces have a fixed size, whatever the clock says.
// While something is to be done the card has data-busy="true".
//
// A chapter may bring kinds of controls of its own: renderer(figures, { kind: Class }). Such a class has what those below
// have: element, show(value), and the static parse(text, control), a value from an address or undefined. What stands
// beside the picture, and not under it, says isBeside.

import { Plot, readPalette, subscripts, withMinus } from "./plot.js";
import { loadKernels } from "./kernels.js";

const ANNOUNCE_MS = 600; // a screen reader hears where the reader stopped, not each step on the way
const VISIBLE_MARGIN = "200px";
const SLICE_MS = 12; // of the 16.7 ms between two frames
const SHOW_PAUSE = 3; // drawing what is unfinished takes at most a quarter of the time
const CALM_MS = 250; // between two steps for readers who want little motion
const LONGEST_LEAP_MS = 500; // a page that was busy or hidden does not jump ahead
const SAVE_MS = 250; // a notebook's kernel need not hear of every frame of a play
const LOG_DIGITS = 3;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

export function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function typeset(text) {
  return subscripts(text).map((piece) => (piece.low ? make("sub", { textContent: piece.text }) : piece.text));
}

function decimals(step) {
  return Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
}

// The nearest value that the control's slider has, so that a drag and a slider agree.
export function snap(control, value) {
  const inside = Math.min(Math.max(value, control.min), control.max);
  if (control.scale === "log") return Number(inside.toPrecision(LOG_DIGITS));
  const steps = Math.round((inside - control.min) / control.step);
  return Number((control.min + steps * control.step).toFixed(decimals(control.step)));
}

export function formatValue(control, value) {
  if (control.scale === "log") return String(Number(value.toPrecision(LOG_DIGITS)));
  const short = value.toFixed(decimals(control.step));
  return Math.abs(Number(short) - value) < 1e-12 ? short : String(Number(value.toPrecision(6)));
}

export function formatReadout(readout, value) {
  if (value === null || value === undefined) return "…";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (!Number.isFinite(value)) return readout.infinite;
  const short = withMinus(value.toFixed(readout.digits));
  return readout.unit ? `${short} ${readout.unit}` : short;
}

export class Slider {
  constructor(card, control) {
    this.card = card;
    this.control = control;
    const id = card.uid(control.name);
    this.input = make("input", { type: "range", id });
    // min and max must be there before the value, which is clipped to them. A logarithmic slider counts its steps.
    const log = control.scale === "log";
    this.steps = Math.round(Math.log10(control.max / control.min) / control.step);
    this.input.min = log ? 0 : control.min;
    this.input.max = log ? this.steps : control.max;
    this.input.step = log ? 1 : control.step;
    this.input.dataset.control = control.name;
    this.value = make("output", { htmlFor: id, className: "live-value" });
    this.value.setAttribute("aria-live", "off");
    const symbol = control.symbol ? [" ", make("var", {}, typeset(control.symbol))] : [];
    const label = make("label", { htmlFor: id }, [control.label, ...symbol]);
    this.element = make("div", { className: "live-control" }, [label, this.value, this.input]);
    if (card.spec.play?.control === control.name) this.addPlay();
    this.input.addEventListener("input", () => card.change({ [control.name]: this.read() }));
  }

  addPlay() {
    const { card, control } = this;
    const button = make("button", { type: "button", textContent: "Play" });
    button.dataset.action = "play";
    button.addEventListener("click", () => (card.playing ? card.stop() : card.play()));
    this.element.classList.add("live-played");
    this.input.before(button);
    card.onplay = () => {
      button.textContent = card.playing ? "Pause" : "Play";
      button.setAttribute("aria-label", `${button.textContent}: ${control.label}`);
    };
    card.onplay();
  }

  read() {
    const position = Number(this.input.value);
    if (this.control.scale !== "log") return position;
    const { min, max } = this.control;
    return snap(this.control, min * (max / min) ** (position / this.steps));
  }

  position(value) {
    if (this.control.scale !== "log") return value;
    const { min, max } = this.control;
    return (this.steps * Math.log(value / min)) / Math.log(max / min);
  }

  static parse(text, control) {
    return Number(text) >= control.min && Number(text) <= control.max ? Number(text) : undefined;
  }

  show(value) {
    const text = `${formatValue(this.control, value)} ${this.control.unit}`;
    // Python may set a value between two steps; the thumb then stands at the nearest.
    if (this.read() !== value) this.input.value = this.position(value);
    this.input.setAttribute("aria-valuetext", text);
    this.value.textContent = text;
    this.value.dataset.value = String(value);
    const share = (Number(this.input.value) - this.input.min) / (this.input.max - this.input.min);
    this.input.style.setProperty("--share", share.toFixed(4));
  }
}

class Toggle {
  constructor(card, control) {
    const id = card.uid(control.name);
    this.input = make("input", { type: "checkbox", id });
    this.input.setAttribute("role", "switch");
    this.input.dataset.control = control.name;
    const label = make("label", { htmlFor: id }, typeset(control.label));
    this.element = make("div", { className: "live-control live-toggle" }, [this.input, label]);
    this.input.addEventListener("change", () => card.change({ [control.name]: this.input.checked }));
  }

  static parse(text) {
    return text === "true" || (text === "false" ? false : undefined);
  }

  show(value) {
    this.input.checked = value;
  }
}

class Choice {
  constructor(card, control) {
    const id = card.uid(control.name);
    const name = make("span", { id }, typeset(control.label));
    this.inputs = control.options.map(([value]) => make("input", { type: "radio", name: `${id}-choice`, value }));
    const labels = control.options.map(([, text], k) => make("label", {}, [this.inputs[k], ...typeset(text)]));
    this.element = make("div", { className: "live-control live-choice" }, [name, ...labels]);
    this.element.setAttribute("role", "radiogroup");
    this.element.setAttribute("aria-labelledby", id);
    for (const input of this.inputs) {
      input.dataset.control = control.name;
      input.addEventListener("change", () => card.change({ [control.name]: input.value }));
    }
  }

  static parse(text, control) {
    return control.options.some(([value]) => value === text) ? text : undefined;
  }

  show(value) {
    for (const input of this.inputs) input.checked = input.value === value;
  }
}

const CONTROLS = { slider: Slider, toggle: Toggle, choice: Choice };

class Readout {
  constructor(card, readout) {
    this.readout = readout;
    const id = card.uid(`readout-${readout.name}`);
    this.output = make("output", { id });
    this.output.setAttribute("aria-live", "off");
    this.output.dataset.readout = readout.name;
    const label = make("label", { htmlFor: id }, typeset(readout.label));
    this.element = make("div", { className: "live-readout" }, [label, this.output]);
  }

  show(value) {
    this.output.textContent = formatReadout(this.readout, value);
    this.output.dataset.value = String(value ?? "");
  }
}

class Card {
  constructor(el, model, kinds) {
    this.model = model;
    this.kinds = kinds;
    this.spec = model.get("card");
    this.fixed = this.spec.fixed;
    this.anchor = el.dataset.anchor; // only a page that can be linked to gives one
    this.prefix = `live-${Math.random().toString(36).slice(2, 8)}`;
    this.plots = [];
    this.listeners = [];
    this.visible = true;
    this.playing = false;
    this.pending = null;
    this.frame = 0;
    this.element = make("section", { className: "live-card" });
    el.append(this.element);
    this.palette = readPalette(this.element);
    this.build();
    this.defaults = this.values();
    this.restore();
    this.watch();
  }

  uid(name) {
    return `${this.prefix}-${name}`;
  }

  build() {
    const { spec } = this;
    const title = make("p", { className: "live-title", id: this.uid("title"), textContent: spec.title });
    this.element.setAttribute("aria-labelledby", title.id);
    const reset = make("button", { type: "button", textContent: "Reset" });
    reset.dataset.action = "reset";
    reset.addEventListener("click", () => this.change(this.defaults));
    const buttons = make("div", { className: "live-buttons" }, [reset]);
    if (this.anchor) buttons.append(this.linkButton());
    this.picture = make("div", { className: "live-picture" });
    this.controls = spec.controls.map((control) => new this.kinds[control.kind](this, control));
    this.readouts = spec.readouts.map((readout) => new Readout(this, readout));
    const numbers = make("div", { className: "live-readouts" }, this.readouts.map((readout) => readout.element));
    numbers.style.setProperty("--columns", spec.readouts.length > 5 ? 4 : spec.readouts.length);
    this.announcement = make("p", { className: "live-announcement" });
    this.announcement.setAttribute("aria-live", "polite");
    const progress = make("div", { className: "live-progress" });
    progress.setAttribute("aria-hidden", "true");
    const beside = this.controls.filter((control) => control.isBeside).map((control) => control.element);
    const under = this.controls.filter((control) => !control.isBeside).map((control) => control.element);
    const picture = beside.length ? make("div", { className: "live-drawn" }, [...beside, this.picture]) : this.picture;
    this.element.append(
      progress,
      make("header", {}, [title, buttons]),
      picture,
      make("div", { className: "live-controls" }, under),
      numbers,
      make("p", { className: "live-caption" }, typeset(spec.caption)),
      this.announcement,
    );
    // JupyterLab would take the arrow keys for itself, and the sliders would be dead to the keyboard there.
    const keyboard = this.element.querySelectorAll("input, button, [role=gridcell]");
    for (const part of keyboard) part.dataset.lmSuppressShortcuts = "true";
  }

  plot(options) {
    const plot = new Plot(this.picture, this.palette, options);
    this.plots.push(plot);
    return plot;
  }

  control(name) {
    return this.spec.controls.find((control) => control.name === name);
  }

  values() {
    return Object.fromEntries(this.spec.controls.map(({ name }) => [name, this.model.get(name)]));
  }

  // A point was dragged: the nearest values that the sliders have.
  drag(values) {
    const snapped = Object.entries(values).map(([name, value]) => [name, snap(this.control(name), value)]);
    this.change(Object.fromEntries(snapped));
  }

  // The reader's hand is on a control, and takes it from a play.
  change(values) {
    if (this.playing && this.spec.play.control in values) this.stop();
    this.set(values);
  }

  set(values) {
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    this.unsaved = true;
    this.markStale();
  }

  save(now = Infinity) {
    if (!this.unsaved || (this.playing && now - this.savedAt < SAVE_MS)) return;
    this.model.save_changes();
    this.unsaved = false;
    this.savedAt = now;
  }

  markStale() {
    this.stale = true;
    this.touched = true;
    this.showBusy();
    this.schedule();
  }

  showBusy() {
    if (this.stale || this.pending) this.element.dataset.busy = "true";
    else delete this.element.dataset.busy;
  }

  // However many events a frame brings, it is drawn once, and only where it can be seen.
  schedule() {
    if (this.frame || !this.visible || !this.update) return;
    if (!this.stale && !this.pending && !this.playing) return;
    this.frame = requestAnimationFrame((now) => {
      this.frame = 0;
      this.turn(now);
    });
  }

  // What one frame brings. Work that has just begun waits for the next: first the reader sees an answer.
  turn(now) {
    const end = performance.now() + SLICE_MS;
    if (this.playing) this.advance(now);
    this.save(now);
    const before = this.pending;
    if (this.stale) this.draw();
    if (this.pending && this.pending === before) this.work(end);
    this.showBusy();
    this.schedule();
  }

  draw() {
    this.stale = false;
    const values = this.values();
    this.spec.controls.forEach(({ name }, k) => this.controls[k].show(values[name]));
    const before = this.pending;
    const { readouts, summary, pending = null } = this.update(values);
    this.pending = pending;
    if (pending !== before) {
      this.element.style.setProperty("--done", 0);
      this.showCost = this.shownAt = 0;
    }
    this.present(readouts, summary);
  }

  work(end) {
    const { pending } = this;
    let share;
    do {
      share = pending.step();
      if (!(share >= 0)) throw new TypeError(`step() must return the share that is done, from 0 to 1, got ${share}`);
    } while (share < 1 && performance.now() < end);
    this.element.style.setProperty("--done", Math.min(share, 1).toFixed(3));
    const start = performance.now();
    if (share < 1 && start - this.shownAt < SHOW_PAUSE * this.showCost) return;
    if (share >= 1) this.pending = null;
    const { readouts, summary } = pending.show();
    this.present(readouts, summary);
    this.shownAt = performance.now();
    this.showCost = this.shownAt - start;
  }

  present(readouts, summary) {
    for (const readout of this.readouts) readout.show(readouts[readout.readout.name]);
    this.summary = summary;
    this.tell();
  }

  // Silent at first: a page that loads should not read its figures aloud. And silent as long as anything moves.
  tell() {
    clearTimeout(this.pause);
    if (!this.touched) this.describe();
    else if (!this.pending && !this.playing) this.pause = setTimeout(() => this.announce(), ANNOUNCE_MS);
  }

  describe() {
    for (const plot of this.plots) plot.describe(this.summary);
  }

  announce() {
    this.describe();
    this.announcement.textContent = this.summary;
  }

  play() {
    const control = this.control(this.spec.play.control);
    if (this.model.get(control.name) >= control.max) this.set({ [control.name]: control.min });
    this.playing = true;
    this.clock = undefined;
    this.position = undefined;
    this.onplay();
    this.schedule();
  }

  stop() {
    this.playing = false;
    this.onplay();
    this.save();
    this.tell();
  }

  // The played control goes with the time, in the steps of its slider; from where it is, if something else has moved it.
  advance(now) {
    const { control: name, speed } = this.spec.play;
    const control = this.control(name);
    const present = this.model.get(name);
    const elapsed = now - (this.clock ?? now);
    if (this.position === undefined || snap(control, this.position) !== present) this.position = present;
    if (this.clock !== undefined && elapsed < (calm.matches ? CALM_MS : 1)) return;
    this.clock = now;
    const way = (speed * Math.min(elapsed, LONGEST_LEAP_MS)) / 1000;
    this.position = control.scale === "log" ? this.position * 10 ** way : this.position + way;
    const value = snap(control, this.position);
    if (value !== present) this.set({ [name]: value });
    if (value >= control.max) this.stop();
  }

  start(update) {
    this.update = update;
    this.draw();
    this.showBusy();
    this.schedule();
  }

  watch() {
    for (const { name } of this.spec.controls) {
      const listener = () => this.markStale();
      this.model.on(`change:${name}`, listener);
      this.listeners.push([`change:${name}`, listener]);
    }
    this.eye = new IntersectionObserver(
      ([entry]) => {
        this.visible = entry.isIntersecting;
        this.schedule();
      },
      { rootMargin: VISIBLE_MARGIN },
    );
    this.eye.observe(this.element);
    this.theme = new MutationObserver(() => this.recolour());
    const attributes = { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light", "class", "theme"] };
    this.theme.observe(document.documentElement, attributes);
    this.theme.observe(document.body, attributes);
  }

  recolour() {
    const fresh = readPalette(this.element);
    if (Object.entries(fresh).every(([name, value]) => this.palette[name] === value)) return;
    Object.assign(this.palette, fresh);
    for (const plot of this.plots) plot.redraw();
  }

  linkButton() {
    const words = "Copy link";
    const button = make("button", { type: "button", textContent: words });
    button.dataset.action = "link";
    button.addEventListener("click", async () => {
      const address = this.address();
      history.replaceState(history.state, "", address);
      try {
        await navigator.clipboard.writeText(address);
        button.textContent = "Copied";
      } catch {
        // Without permission for the clipboard, the address bar holds the link.
        button.textContent = "In address bar";
      }
      setTimeout(() => (button.textContent = words), 2000);
    });
    return button;
  }

  address() {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(this.values())) {
      url.searchParams.set(`${this.anchor}.${name}`, String(value));
    }
    url.hash = this.anchor;
    return url.href;
  }

  // Takes from the page's address what is a possible value and ignores everything else.
  restore() {
    if (!this.anchor) return;
    const given = new URLSearchParams(location.search);
    for (const control of this.spec.controls) {
      const text = given.get(`${this.anchor}.${control.name}`);
      if (text === null || text.trim() === "") continue;
      const value = this.kinds[control.kind].parse(text, control);
      if (value !== undefined) this.model.set(control.name, value);
    }
  }

  destroy() {
    for (const [event, listener] of this.listeners) this.model.off(event, listener);
    cancelAnimationFrame(this.frame);
    clearTimeout(this.pause);
    this.eye.disconnect();
    this.theme.disconnect();
    for (const plot of this.plots) plot.destroy();
    this.element.remove();
  }
}

// The `render` of a widget whose model names one of these figures.
export function renderer(figures, controls = {}) {
  return async ({ model, el }) => {
    const figure = figures[model.get("card").figure];
    const kernels = await loadKernels(figure.floats);
    const card = new Card(el, model, { ...CONTROLS, ...controls });
    try {
      card.start(figure.create(card, kernels));
    } catch (error) {
      card.destroy();
      throw error;
    }
    return () => card.destroy();
  };
}
