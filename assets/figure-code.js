// The code that makes a live figure, in its present state, with lifcore: to be copied, or as a notebook.
//
// The page's host loads this file when a reader first asks for one of the two. A figure is given as
//   { name, title, values, defaults, address, install }
// values and defaults by the names of its controls, and how a notebook finds lifcore: install.requirement for pip, and
// install.cell for the first cell of a notebook. Only values that are not the default of the figure's class are
// written, as Python writes them, so that Python reads the same 64 bits.

const LINE = 88;
const KERNEL = { display_name: "Python 3 (ipykernel)", language: "python", name: "python3" };

export function literal(value) {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return JSON.stringify(value);
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function call({ name, values, defaults }) {
  const changed = Object.keys(values).filter((key) => values[key] !== defaults[key]);
  const given = changed.map((key) => `${key}=${literal(values[key])}`);
  const line = `figure = live.${name}(${given.join(", ")})`;
  return line.length <= LINE ? line : `figure = live.${name}(\n${given.map((item) => `    ${item},\n`).join("")})`;
}

export function program(figure) {
  return `# pip install "${figure.install.requirement}"
import inspect

from lifcore import live

${call(figure)}

# The numbers under it.
print(figure.readouts())

# Its picture.
with open("${figure.name}.png", "wb") as file:
    file.write(figure.still())

# How the numbers are computed.
print(inspect.getsource(figure.readouts))
`;
}

const text = (id, source) => ({ cell_type: "markdown", id, metadata: {}, source });
const code = (id, source) => ({ cell_type: "code", execution_count: null, id, metadata: {}, outputs: [], source });

export function notebook(figure) {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: KERNEL, language_info: { name: "python" } },
    cells: [
      text("title", `# ${figure.title}\n\nA live figure of [the course](${figure.address}), as it stood in the page.`),
      code("install", figure.install.cell),
      code("figure", `from lifcore import live\n\n${call(figure)}\nfigure`),
      text("about-numbers", "The numbers under it:"),
      code("numbers", "figure.readouts()"),
      text("about-picture", "Its picture:"),
      code("picture", "from IPython.display import Image\n\nImage(figure.still(), width=690)"),
      text("about-source", "How the numbers are computed:"),
      code("source", "import inspect\n\nprint(inspect.getsource(figure.readouts))"),
    ],
  };
}

export function saveNotebook(figure) {
  const blob = new Blob([`${JSON.stringify(notebook(figure), null, 1)}\n`], { type: "application/x-ipynb+json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${figure.name}.ipynb`;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const WORDS = `<p class="live-code-title" id="live-code-title"></p>
<pre tabindex="0" aria-labelledby="live-code-title"><code></code></pre>
<form method="dialog"><p role="status"></p><button type="button">Copy</button><button>Close</button></form>`;

let dialog;

function makeDialog() {
  dialog = document.createElement("dialog");
  dialog.className = "live-code";
  dialog.setAttribute("aria-labelledby", "live-code-title");
  dialog.innerHTML = WORDS;
  dialog.querySelector('[type="button"]').addEventListener("click", copy);
  // A click beside it lands on the dialog itself; all that is in it has an element of its own.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  // Sphinx's own script takes Escape for itself, and the browser would then not close the dialog.
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && dialog.close());
  document.body.append(dialog);
}

async function copy() {
  const shown = dialog.querySelector("code");
  const status = dialog.querySelector('[role="status"]');
  try {
    await navigator.clipboard.writeText(shown.textContent);
    status.textContent = "Copied to the clipboard.";
  } catch {
    // Without permission for the clipboard the reader's own keys can copy what is selected.
    getSelection().selectAllChildren(shown);
    status.textContent = "Selected: copy it with the keyboard or the menu.";
  }
}

export async function showProgram(figure) {
  if (!dialog) makeDialog();
  dialog.querySelector(".live-code-title").textContent = `${figure.title}, as it stands, in Python`;
  dialog.querySelector("code").textContent = program(figure);
  dialog.querySelector('[role="status"]').textContent = "";
  dialog.showModal();
  await copy();
}
