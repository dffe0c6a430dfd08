// A sheet of pixels to draw on, a kind of control: renderer(figures, { drawing: Drawing }). Its value is text, a
// hexadecimal digit for each pixel, row after row. It has a pen for the pointer, a cursor for the keyboard, and buttons
// that empty it or put an example there.

import { make, typeset } from "./card.js";

const FULL_INK = 15;
const PEN = { full: 0.5, none: 1.0 }; // distances from the stroke, in pixels of the drawing

// What a pen leaves on a pixel whose centre is at this distance from its stroke.
function inkAt(distance) {
  const share = (PEN.none - distance) / (PEN.none - PEN.full);
  return Math.round(FULL_INK * Math.min(Math.max(share, 0), 1));
}

function distanceToSegment(x, y, from, to) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = dx * dx + dy * dy;
  const along = length > 0 ? Math.min(Math.max(((x - from[0]) * dx + (y - from[1]) * dy) / length, 0), 1) : 0;
  return Math.hypot(x - from[0] - along * dx, y - from[1] - along * dy);
}

export class Drawing {
  constructor(card, control) {
    this.card = card;
    this.control = control;
    this.isBeside = true;
    this.isErasing = false;
    const { rows, columns, name } = control;
    const id = card.uid(name);
    this.pixels = Array.from({ length: rows * columns }, () => make("div", { role: "gridcell", tabIndex: -1 }));
    this.pixels[0].tabIndex = 0;
    const lines = Array.from({ length: rows }, (_, row) =>
      make("div", { role: "row" }, this.pixels.slice(row * columns, (row + 1) * columns)));
    this.sheet = make("div", { role: "grid", className: "live-sheet" }, lines);
    this.sheet.setAttribute("aria-labelledby", id);
    this.sheet.setAttribute("aria-describedby", `${id}-keys`);
    this.sheet.dataset.control = name;
    const keys = "Arrow keys move, space or enter changes the pixel, shift with an arrow draws.";
    const pen = this.button("Erase", () => this.chooseTool(!this.isErasing));
    pen.setAttribute("aria-pressed", "false");
    this.eraser = pen;
    const examples = control.examples.map(([text, value]) => {
      const button = this.button(text, () => this.set(value));
      button.setAttribute("aria-label", `Example: ${text}`);
      return button;
    });
    this.element = make("div", { className: "live-control live-drawing" }, [
      make("span", { id }, typeset(control.label)),
      this.sheet,
      make("div", { className: "live-tools" }, [pen, this.button("Clear", () => this.set("0".repeat(rows * columns)))]),
      make("div", { className: "live-examples" }, examples),
      make("span", { id: `${id}-keys`, className: "live-announcement", textContent: keys }),
    ]);
    this.element.style.setProperty("--columns", columns);
    this.sheet.addEventListener("keydown", (event) => this.press(event));
    this.sheet.addEventListener("pointerdown", (event) => this.touch(event));
    this.sheet.addEventListener("pointermove", (event) => {
      if (!this.sheet.hasPointerCapture(event.pointerId)) return;
      const passed = event.getCoalescedEvents?.() ?? [];
      this.stroke((passed.length ? passed : [event]).map((at) => this.place(at)));
    });
  }

  button(text, act) {
    const button = make("button", { type: "button", textContent: text });
    button.addEventListener("click", act);
    return button;
  }

  chooseTool(isErasing) {
    this.isErasing = isErasing;
    this.eraser.setAttribute("aria-pressed", String(isErasing));
  }

  get value() {
    return this.card.model.get(this.control.name);
  }

  set(value) {
    if (value !== this.value) this.card.change({ [this.control.name]: value });
  }

  ink() {
    return Array.from(this.value, (digit) => parseInt(digit, 16));
  }

  put(ink) {
    this.set(ink.map((amount) => amount.toString(16)).join(""));
  }

  // Where the pointer is, in pixels of the drawing.
  place({ clientX, clientY }) {
    const box = this.sheet.getBoundingClientRect();
    const { rows, columns } = this.control;
    return [((clientX - box.left) / box.width) * columns, ((clientY - box.top) / box.height) * rows];
  }

  touch(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.sheet.setPointerCapture(event.pointerId);
    const { rows, columns } = this.control;
    const [x, y] = this.place(event).map((at, k) => Math.min(Math.max(Math.floor(at), 0), [columns, rows][k] - 1));
    this.moveTo(y * columns + x);
    // A touch that does not move is one pixel, wherever in the pixel it fell.
    this.last = [x + 0.5, y + 0.5];
    this.stroke([this.last]);
  }

  stroke(points) {
    const { columns } = this.control;
    const ink = this.ink();
    for (const point of points) {
      for (let k = 0; k < ink.length; k += 1) {
        const mark = inkAt(distanceToSegment((k % columns) + 0.5, Math.floor(k / columns) + 0.5, this.last, point));
        ink[k] = this.isErasing ? Math.min(ink[k], FULL_INK - mark) : Math.max(ink[k], mark);
      }
      this.last = point;
    }
    this.put(ink);
  }

  press(event) {
    const { rows, columns } = this.control;
    const at = this.pixels.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const [row, column] = [Math.floor(at / columns), at % columns];
    const ways = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [row, 0], End: [row, columns - 1],
    };
    const ink = this.ink();
    if (event.key in ways) {
      const [y, x] = ways[event.key].map((to, k) => Math.min(Math.max(to, 0), [rows, columns][k] - 1));
      const to = y * columns + x;
      if (event.shiftKey) {
        ink[at] = ink[to] = FULL_INK;
        this.put(ink);
      }
      this.moveTo(to);
      this.pixels[to].focus();
    } else if (event.key === " " || event.key === "Enter") {
      ink[at] = ink[at] > 0 ? 0 : FULL_INK;
      this.put(ink);
    } else {
      return;
    }
    event.preventDefault();
  }

  // One pixel at a time can be reached by the tabulator.
  moveTo(at) {
    this.pixels.forEach((pixel, k) => (pixel.tabIndex = k === at ? 0 : -1));
  }

  static parse(text, control) {
    return text.length === control.rows * control.columns && /^[0-9a-f]*$/.test(text) ? text : undefined;
  }

  show(value) {
    if (value === this.sheet.dataset.value) return;
    this.sheet.dataset.value = value;
    const { columns } = this.control;
    this.pixels.forEach((pixel, k) => {
      const share = parseInt(value[k], 16) / FULL_INK;
      pixel.style.setProperty("--ink", share.toFixed(3));
      const amount = share === 0 ? "empty" : share === 1 ? "full" : `${Math.round(100 * share)} per cent`;
      pixel.setAttribute("aria-label", `row ${Math.floor(k / columns) + 1}, column ${(k % columns) + 1}: ${amount}`);
    });
  }
}
