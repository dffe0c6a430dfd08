// The card around a figure: picture, controls with value and unit, numbers, what to try, link to this state.
// A figure is { floats, create(card, kernels) }; create returns update(values) -> { readouts, summary }.
// `card` in the model says everything that is text or range, so that Python and the page say the same.

import { Plot, readPalette, subscripts, withMinus } from "./plot.js";
import { loadKernels } from "./kernels.js";

const ANNOUNCE_MS = 600; // a screen reader hears where the reader stopped, not each step on the way
const VISIBLE_MARGIN = "200px";
const LOG_DIGITS = 3;

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function typeset(text) {
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
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (!Number.isFinite(value)) return readout.infinite;
  const short = withMinus(value.toFixed(readout.digits));
  return readout.unit ? `${short} ${readout.unit}` : short;
}

class Slider {
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
    this.input.addEventListener("input", () => card.change({ [control.name]: this.read() }));
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

  show(value) {
    this.input.checked = value;
  }
}

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
    this.output.dataset.value = String(value);
  }
}

class Card {
  constructor(el, model) {
    this.model = model;
    this.spec = model.get("card");
    this.fixed = this.spec.fixed;
    this.anchor = el.dataset.anchor; // only a page that can be linked to gives one
    this.prefix = `live-${Math.random().toString(36).slice(2, 8)}`;
    this.plots = [];
    this.listeners = [];
    this.visible = true;
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
    this.controls = spec.controls.map((control) =>
      control.kind === "toggle" ? new Toggle(this, control) : new Slider(this, control),
    );
    this.readouts = spec.readouts.map((readout) => new Readout(this, readout));
    const numbers = make("div", { className: "live-readouts" }, this.readouts.map((readout) => readout.element));
    numbers.style.setProperty("--columns", spec.readouts.length > 5 ? 4 : spec.readouts.length);
    this.announcement = make("p", { className: "live-announcement" });
    this.announcement.setAttribute("aria-live", "polite");
    this.element.append(
      make("header", {}, [title, buttons]),
      this.picture,
      make("div", { className: "live-controls" }, this.controls.map((control) => control.element)),
      numbers,
      make("p", { className: "live-caption" }, typeset(spec.caption)),
      this.announcement,
    );
    // JupyterLab would take the arrow keys for itself, and the sliders would be dead to the keyboard there.
    for (const part of this.element.querySelectorAll("input, button")) part.dataset.lmSuppressShortcuts = "true";
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

  change(values) {
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    this.unsaved = true;
    this.markStale();
  }

  markStale() {
    this.stale = true;
    this.schedule();
  }

  // However many events a frame brings, it is drawn once, and only where it can be seen.
  schedule() {
    if (!this.stale || this.frame || !this.visible || !this.update) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    if (this.unsaved) this.model.save_changes();
    this.unsaved = false;
    this.stale = false;
    const values = this.values();
    this.spec.controls.forEach(({ name }, k) => this.controls[k].show(values[name]));
    const { readouts, summary } = this.update(values);
    for (const readout of this.readouts) readout.show(readouts[readout.readout.name]);
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.announce(summary), this.announced ? ANNOUNCE_MS : 0);
  }

  announce(summary) {
    for (const plot of this.plots) plot.describe(summary);
    // Silent at first: a page that loads should not read its figures aloud.
    if (this.announced) this.announcement.textContent = summary;
    this.announced = true;
  }

  start(update) {
    this.update = update;
    this.draw();
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
      if (control.kind === "toggle") {
        if (text === "true" || text === "false") this.model.set(control.name, text === "true");
      } else if (Number(text) >= control.min && Number(text) <= control.max) {
        this.model.set(control.name, Number(text));
      }
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
export function renderer(figures) {
  return async ({ model, el }) => {
    const figure = figures[model.get("card").figure];
    const kernels = await loadKernels(figure.floats);
    const card = new Card(el, model);
    try {
      card.start(figure.create(card, kernels));
    } catch (error) {
      card.destroy();
      throw error;
    }
    return () => card.destroy();
  };
}
