// A slider that is played by holding a button down: it starts at its lower end and runs until the reader lets go.

import { make, Slider } from "../card.js";

const KEYS = [" ", "Enter"];

export class PushSlider extends Slider {
  addPlay() {
    const { card, control } = this;
    const button = make("button", { type: "button", textContent: "Hold to push" });
    button.dataset.action = "push";
    button.setAttribute("aria-label", `Hold to push: ${control.label}`);
    const push = () => {
      card.change({ [control.name]: control.min });
      card.play();
    };
    const release = () => card.playing && card.stop();
    button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      button.setPointerCapture(event.pointerId);
      push();
    });
    for (const end of ["pointerup", "pointercancel", "blur"]) button.addEventListener(end, release);
    button.addEventListener("keydown", (event) => {
      if (!KEYS.includes(event.key)) return;
      event.preventDefault();
      if (!event.repeat) push();
    });
    button.addEventListener("keyup", (event) => {
      if (!KEYS.includes(event.key)) return;
      // Firefox would make a click of it.
      event.preventDefault();
      release();
    });
    // A screen reader and a voice can click, and not hold: one click pushes, the next lets go.
    button.addEventListener("click", (event) => {
      if (event.detail === 0) (card.playing ? release : push)();
    });
    // A long touch asks for a menu elsewhere.
    button.addEventListener("contextmenu", (event) => event.preventDefault());
    this.element.classList.add("live-pushed");
    this.input.before(button);
    card.onplay = () => button.setAttribute("aria-pressed", String(card.playing));
    card.onplay();
  }
}
