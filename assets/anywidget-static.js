// Brings the live figures of a built page to life, without a kernel and without any other server.
//
// The page holds the state of its widgets as JSON, and a <script> where each is to stand. The build
// (tools/lifbook/live.py) has moved their code and style to files beside this one. Each figure gets a model that has
// what anywidget's has: get, set, save_changes, on, off. Until it lives, and if it fails, its still image stands there.
// A card gets two buttons more than it has in a notebook: its code in Python, and a notebook of it (figure-code.js).

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
const CODE = [
  { action: "python", words: "Python", title: "The code of this figure, as it stands", call: "showProgram" },
  { action: "notebook", words: "Notebook", title: "A notebook of this figure, as it stands", call: "saveNotebook" },
];

class Model {
  #state;
  #listeners = new Map();

  constructor(state) {
    this.#state = { ...state };
  }

  get(name) {
    return this.#state[name];
  }

  set(name, value) {
    if (typeof name === "object") {
      for (const [key, item] of Object.entries(name)) this.set(key, item);
      return;
    }
    if (Object.is(this.#state[name], value)) return;
    this.#state[name] = value;
    this.#fire(`change:${name}`, value);
    this.#fire("change");
  }

  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
  }

  off(event, listener) {
    if (listener) this.#listeners.get(event)?.delete(listener);
    else this.#listeners.delete(event);
  }

  // There is no Python to hear of it.
  save_changes() {}

  send() {}

  #fire(event, value) {
    for (const listener of this.#listeners.get(event) ?? []) listener(this, value);
  }
}

const states = new Map();
let install; // how a notebook finds lifcore
for (const script of document.querySelectorAll(STATE)) {
  const stored = JSON.parse(script.textContent);
  install = stored.install;
  for (const [id, widget] of Object.entries(stored.state)) states.set(id, widget.state);
}

const beside = (file) => new URL(file, import.meta.url).href;
const styles = new Map();

function style(file) {
  if (!styles.has(file)) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = beside(file);
    styles.set(file, new Promise((resolve, reject) => {
      link.addEventListener("load", resolve);
      link.addEventListener("error", () => reject(new Error(`${file} is missing`)));
    }));
    document.head.append(link);
  }
  return styles.get(file);
}

// What the code of a figure is made from, when it is asked for.
function described(place, model) {
  const { figure: name, title } = model.get("card");
  const defaults = model.get("_defaults");
  const values = Object.fromEntries(Object.keys(defaults).map((key) => [key, model.get(key)]));
  const address = `${location.href.split(/[?#]/)[0]}#${place.id}`;
  return { name, title, values, defaults, address, install };
}

function offerCode(place, model) {
  const buttons = place.querySelector(".live-buttons");
  if (!buttons || !model.get("_defaults")) return;
  for (const { action, words, title, call } of CODE) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: words, title });
    button.dataset.action = action;
    button.addEventListener("click", async () => {
      try {
        const code = await import(beside("figure-code.js"));
        await code[call](described(place, model));
      } catch (error) {
        console.error(error);
        button.textContent = "Not loaded";
        setTimeout(() => (button.textContent = words), 2000);
      }
    });
    buttons.append(button);
  }
}

async function bringToLife(place, script) {
  const { model_id: id } = JSON.parse(script.textContent);
  const state = states.get(id);
  if (!state?._esm_file) throw new Error("the page holds no code for it");
  const [module] = await Promise.all([import(beside(state._esm_file)), style(state._css_file)]);
  const el = document.createElement("div");
  el.className = "live-host";
  el.dataset.anchor = place.id;
  place.querySelector(".live-stage").append(el);
  const model = new Model(state);
  try {
    await module.default.render({ model, el });
  } catch (error) {
    el.remove();
    throw error;
  }
  offerCode(place, model);
  place.classList.add("is-alive");
  performance.mark("lif:alive");
  document.dispatchEvent(new Event("lif:alive")); // the formulas have waited for it
}

function explain(place, error) {
  console.error(error);
  const message = document.createElement("p");
  message.className = "live-error";
  message.setAttribute("role", "alert");
  message.textContent = `This figure could not come to life (${error.message}). Its still image is shown instead.`;
  place.append(message);
}

for (const place of document.querySelectorAll(".live-figure")) {
  const script = place.querySelector(VIEW);
  bringToLife(place, script).catch((error) => explain(place, error));
}

// Stills that nobody has seen are needed on paper. They come when the page has long been readable, or with the wish to
// print, whatever is first; a print does not wait for them.
const STILLS_MS = 10000;

function fetchStills() {
  for (const still of document.querySelectorAll("img.live-still")) still.loading = "eager";
}

addEventListener("load", () => setTimeout(fetchStills, STILLS_MS));
addEventListener("beforeprint", fetchStills);
