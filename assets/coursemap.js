// The reader's own results on the map of the course, the place to go on, and the record as a file.
// The build (tools/lifbook/coursemap.py) has written the map, and what can be reached, beside it.

const FILE = "progress.json";

function make(tag, properties = {}, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

// What the reader has of a chapter. A question or self-check that the book no longer has does not count.
export function results({ page, set, checks, points }, progress) {
  const answers = own(progress.checks, page) ?? {};
  const entries = own(progress.sets, set) ?? {};
  const earned = ([id, most]) => Math.min(own(entries, id)?.points ?? 0, most);
  const most = sum(Object.values(points));
  const right = checks.filter((id) => own(answers, id)?.right).length;
  const got = sum(Object.entries(points).map(earned));
  const tried = checks.some((id) => own(answers, id)) || Object.keys(points).some((id) => own(entries, id));
  return { right, asked: checks.length, got, most, tried, done: right === checks.length && got === most };
}

function bar(words, part, whole) {
  const line = make("span", { className: "map-bar" });
  line.style.setProperty("--share", part / whole);
  line.setAttribute("aria-hidden", "true");
  return make("span", { className: "map-result" }, [words, line]);
}

function shown({ right, asked, got, most }) {
  const parts = [];
  if (asked > 0) parts.push(bar(`${right} of ${asked} self-checks`, right, asked));
  if (most > 0) parts.push(bar(`${Number(got.toFixed(2))} of ${most} points`, got, most));
  return parts;
}

// After the last chapter in which something was done, or in it as long as something is left to do there.
function next(found) {
  const last = found.findLastIndex(({ tried }) => tried);
  if (last < 0) return 0;
  if (!found[last].done) return last;
  return last + 1 < found.length ? last + 1 : found.findIndex(({ done }) => !done);
}

class Tools {
  constructor(map, store) {
    this.store = store;
    this.file = make("input", { type: "file", accept: ".json,application/json", hidden: true });
    this.file.addEventListener("change", () => this.take(this.file.files));
    this.said = make("p", { className: "map-said" });
    this.said.setAttribute("role", "status");
    this.complaint = make("p", { className: "map-complaint", hidden: true });
    const heading = make("h3", { className: "rubric", textContent: "Your results" });
    const words = make("p", {}, [
      "They are kept in this browser and nowhere else. As a file they go with you: in a notebook, ",
      make("code", { textContent: `progress(merge="${FILE}")` }), " takes it over, and ",
      make("code", { textContent: `progress(export="${FILE}")` }), " writes one that you can import here.",
    ]);
    const buttons = make("div", { className: "map-buttons" }, [
      this.button("Export", () => this.give()),
      this.button("Import", () => this.file.click()),
      this.button("Reset", () => this.reset()),
    ]);
    const tools = make("div", { className: "map-tools" }, [
      heading, words, buttons, this.file, this.said, this.complaint,
    ]);
    map.append(tools);
    map.addEventListener("dragover", (event) => {
      if (event.dataTransfer.types.includes("Files")) event.preventDefault();
    });
    map.addEventListener("drop", (event) => {
      event.preventDefault();
      this.take(event.dataTransfer.files);
    });
  }

  button(text, act) {
    const button = make("button", { type: "button", textContent: text });
    button.dataset.action = text.toLowerCase();
    button.addEventListener("click", act);
    return button;
  }

  say(text) {
    this.said.textContent = text;
  }

  complain(text) {
    this.complaint.textContent = text;
    this.complaint.hidden = !text;
  }

  give() {
    const address = URL.createObjectURL(new Blob([this.store.text()], { type: "application/json" }));
    make("a", { href: address, download: FILE }).click();
    URL.revokeObjectURL(address);
    this.say(`Exported as ${FILE}.`);
  }

  async take([file]) {
    if (!file) return;
    try {
      await this.store.merge(file);
      this.say(`${file.name} is taken over: of every question the better result stays.`);
    } catch (error) {
      this.say(`${file.name} ${error.message}. Nothing was changed.`);
    }
    // So that the same file can be chosen again.
    this.file.value = "";
  }

  reset() {
    if (!confirm("Forget all results that this browser has kept?")) return;
    this.store.clear();
    this.say("All results are forgotten.");
  }
}

export function drawMap(map, store) {
  const chapters = JSON.parse(document.getElementById("course-map-data").textContent);
  const rows = chapters.map(({ row }) => document.getElementById(row));
  const here = map.querySelector(".map-here");
  const places = rows.map((row) => {
    const place = make("p", { className: "map-results" });
    row.append(place);
    return place;
  });
  const tools = new Tools(map, store);
  const draw = () => {
    const progress = store.read();
    const found = chapters.map((chapter) => results(chapter, progress));
    found.forEach((result, k) => {
      places[k].replaceChildren(...shown(result));
      rows[k].classList.toggle("is-done", result.done);
    });
    const k = next(found);
    here.hidden = k < 0;
    if (k >= 0) {
      const title = rows[k].querySelector(".map-title");
      here.href = title.href;
      here.textContent = found.some(({ tried }) => tried) ? "Go on here" : "Start here";
      title.after(" ", here);
    }
    tools.complain(store.complaint);
  };
  store.changed(draw);
  draw();
}
