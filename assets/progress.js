// What the reader has done, kept in this browser: the answers to the self-checks of all pages, and the points of
// exercises that were imported from notebooks.
//
// The format and the rules are those of lifcore/grading/record.py, whose file progress.json this reads and writes:
//   { format, version, sets: { set: { question: { points, maximum, attempts, title } } },
//     checks: { page: { self-check: { right, attempts } } } }
// A record that cannot be read is never overwritten. Where the browser keeps nothing, what is done lasts as long as the
// page, and `complaint` says so.

const KEY = "lif-course-progress";
const FORMAT = "lifcore progress";
const VERSION = 1;
const LARGEST = 4e6; // bytes; a browser keeps about five million

export class ProgressError extends Error {}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value) => typeof value === "number" && value >= 0 && value < 1e6;
const isAnswer = (entry) => isObject(entry) && typeof entry.right === "boolean" && isCount(entry.attempts);

function isEntry(entry) {
  const counts = isObject(entry) && [entry.points, entry.maximum, entry.attempts].every(isCount);
  return counts && entry.points <= entry.maximum;
}

function holds(groups, isRight) {
  const isGroup = (group) => isObject(group) && Object.values(group).every(isRight);
  return isObject(groups) && Object.values(groups).every(isGroup);
}

// Names come from files: an object without a prototype has no names of its own.
const bare = (object = {}) => Object.assign(Object.create(null), object);

const empty = () => ({ sets: bare(), checks: bare() });

// The record in a text, or a ProgressError whose message goes on from the file's name.
export function parse(text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new ProgressError(`cannot be read as a progress file: ${error.message}`);
  }
  if (!isObject(data) || data.format !== FORMAT) throw new ProgressError("is not a progress file of this course");
  if (data.version !== VERSION) {
    const version = JSON.stringify(data.version);
    throw new ProgressError(`is a progress file of version ${version}; this page reads ${VERSION}`);
  }
  const { sets, checks = {} } = data;
  if (!holds(sets, isEntry)) {
    throw new ProgressError("is a damaged progress file: its “sets” do not hold points of questions");
  }
  if (!holds(checks, isAnswer)) {
    throw new ProgressError("is a damaged progress file: its “checks” do not hold answers to self-checks");
  }
  return { sets, checks };
}

export function format({ sets, checks }) {
  const data = { format: FORMAT, version: VERSION, sets };
  if (Object.keys(checks).length > 0) data.checks = checks;
  return `${JSON.stringify(data, null, 1)}\n`;
}

// The better of two records; where both are equally good, the first is kept.
export function merged(one, other) {
  return { sets: better(one.sets, other.sets, "points"), checks: better(one.checks, other.checks, "right") };
}

function better(one, other, rank) {
  const result = bare();
  for (const [name, entries] of Object.entries(one)) result[name] = bare(entries);
  for (const [name, entries] of Object.entries(other)) {
    const mine = (result[name] ??= bare());
    for (const [id, entry] of Object.entries(entries)) {
      const known = mine[id] ?? entry;
      const best = entry[rank] > known[rank] ? entry : known;
      mine[id] = { ...best, attempts: Math.max(entry.attempts, known.attempts) };
    }
  }
  return result;
}

// What the browser keeps, for the map of the course; `changed` is called when something else has changed it.
export class Store {
  constructor() {
    this.unkept = null; // what the browser would not keep
    this.complaint = "";
    this.listeners = [];
    addEventListener("storage", ({ key }) => (key === KEY || key === null) && this.tell());
    // A page that comes back from the browser's history has not seen what was done since.
    addEventListener("pageshow", ({ persisted }) => persisted && this.tell());
  }

  changed(listener) {
    this.listeners.push(listener);
  }

  tell() {
    for (const listener of this.listeners) listener();
  }

  read() {
    if (this.unkept) return this.unkept;
    let text;
    try {
      text = localStorage.getItem(KEY);
    } catch {
      this.refuse();
      return (this.unkept = empty());
    }
    if (text === null) return empty();
    try {
      return parse(text);
    } catch (error) {
      this.isDamaged = true;
      this.complaint =
        `What this browser has kept ${error.message}. It is left as it is, and nothing is recorded; ` +
        "reset it to begin a new record.";
      return empty();
    }
  }

  write(progress) {
    if (!this.unkept) {
      try {
        localStorage.setItem(KEY, format(progress));
        return this.tell();
      } catch {
        this.refuse();
      }
    }
    this.unkept = progress;
    return this.tell();
  }

  refuse() {
    this.complaint =
      "This browser keeps nothing for this page (a private window, or no space left). What you do here is forgotten " +
      "when you leave the page; export it if you want to keep it.";
  }

  // An answer to a self-check: once right it stays right, and every answer counts.
  note(page, id, right) {
    const progress = this.read();
    if (this.isDamaged) return;
    const answers = bare(progress.checks[page]);
    const known = answers[id] ?? { right: false, attempts: 0 };
    answers[id] = { ...known, right: known.right || right, attempts: known.attempts + 1 };
    this.write({ ...progress, checks: { ...progress.checks, [page]: answers } });
  }

  // Takes over what is better in a file; a file that is none changes nothing.
  async merge(file) {
    if (file.size > LARGEST) throw new ProgressError("is too large for a progress file");
    let text;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
    } catch (error) {
      throw new ProgressError(`cannot be read as a progress file: ${error.message}`);
    }
    const other = parse(text);
    const mine = this.read();
    if (this.isDamaged) throw new ProgressError("cannot be taken over: reset what this browser has kept, it is damaged");
    this.write(merged(mine, other));
  }

  text() {
    return format(this.read());
  }

  clear() {
    this.unkept = null;
    this.isDamaged = false;
    this.complaint = "";
    try {
      localStorage.removeItem(KEY);
    } catch {
      this.refuse();
    }
    this.tell();
  }
}

const store = new Store();

document.addEventListener("lif:selfcheck", ({ detail: { page, id, right } }) => store.note(page, id, right));

const map = document.getElementById("course-map");
if (map) import(new URL("coursemap.js", import.meta.url).href).then(({ drawMap }) => drawMap(map, store));
