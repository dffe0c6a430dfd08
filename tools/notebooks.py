"""Chapters as notebooks: chapters/**/*.md become .ipynb files beside them, for Binder, Colab and nbval.

    python tools/notebooks.py            write every notebook and execute it
    python tools/notebooks.py --check    execute nothing; fail if a notebook's source is not that of its chapter

A chapter speaks the book's Markdown (roles, directives, references). A notebook is opened by programs that know plain
Markdown only, so its text is put into that here: numbers of the ledger as text, citations as (author, year),
admonitions as quotations. A role or directive without a plain form is an error that names it.

Text outputs are stored, and nbval holds them. Pictures and the state of widgets are not. The output of a cell that
shows a live figure is not stored and nbval does not compare it: a cell that ends in `live.Name(...)`, or one that the
chapter tags `live`.
"""

import argparse
import ast
import hashlib
import re
import sys
from pathlib import Path

import jupytext
import latexcodec  # noqa: F401  makes the codec "latex" known
import nbformat
import yaml
from nbclient import NotebookClient
from pybtex.database import parse_file

sys.path.insert(0, str(Path(__file__).parent))

from lifbook.ledger import as_text, fill_formula, read_ledger, split_target  # noqa: E402
from lifbook.practise import named, read_numbers  # noqa: E402
from lifbook.selfcheck import HEADING as SELFCHECK  # noqa: E402
from lifbook.selfcheck import read_selfcheck  # noqa: E402

from lifcore.grading.release import install_cell  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET = "application/vnd.jupyter.widget-view+json"
KEPT = ("text/plain", "text/markdown", "text/latex")
IGNORED_BY_NBVAL = "nbval-ignore-output"

OPENING = re.compile(r"^(?P<indent>\s*)(?P<fence>`{3,}|~{3,}|:{3,})\{(?P<name>[\w:-]+)\}\s*(?P<argument>.*)$")
FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
LABEL = re.compile(r"^\((?P<label>[\w:.-]+)\)=\s*$")
HEADING = re.compile(r"^(#+)\s+(?P<title>.*?)\s*$")
# Read from left to right, so that the closing tick of a role is not taken for the opening one of code.
ROLE_OR_CODE = re.compile(
    r"""\{(?P<role>[A-Za-z][\w:+.-]*)\}(?P<ticks>`+)(?P<text>.+?)(?P=ticks)
      | (?P<code>(?<!`)(?P<marks>`+)(?!`).+?(?<!`)(?P=marks)(?!`))""",
    re.DOTALL | re.VERBOSE,
)
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]*)\)")
DISPLAY = re.compile(r"^(?P<tex>.*?)\$\$\s*\((?P<label>[\w:.-]+)\)\s*$")
TARGET = re.compile(r"^(?P<text>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)

BOXES = {
    "note": "Note", "tip": "Tip", "hint": "Hint", "important": "Important", "warning": "Warning", "caution": "Caution",
    "attention": "Attention", "danger": "Danger", "error": "Error", "seealso": "See also", "margin": "", "sidebar": "",
    "admonition": "", "card": "", "topic": "", "prf:theorem": "Theorem", "prf:proof": "Proof", "prf:remark": "Remark",
    "prf:definition": "Definition", "prf:example": "Example", "prf:lemma": "Lemma", "prf:proposition": "Proposition",
    "prf:corollary": "Corollary", "prf:algorithm": "Algorithm", "exercise": "Exercise", "solution": "Solution",
}


class Chapters:
    """What a chapter may refer to: the ledger, the bibliography, and the labels of all chapters."""

    def __init__(self, root):
        self.root = root
        config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
        self.repository = config["repository"]["url"]
        self.branch = config["repository"]["branch"]
        self.ledger = read_ledger(root / "numbers.yml")
        self.works = parse_file(str(root / "references.bib")).entries
        self.sources = sorted(path for path in (root / "chapters").rglob("*.md") if is_notebook(path))
        self.titles = {}
        for path in sorted((root / "chapters").rglob("*.md")):
            self.titles.update(titles_of(path.read_text(encoding="utf-8")))

    def notebook(self, path):
        """A chapter as a notebook without outputs.

        Parameters
        ----------
        path : pathlib.Path
            The chapter's source.

        Returns
        -------
        nbformat.NotebookNode
        """
        source = jupytext.reads(path.read_text(encoding="utf-8"), fmt="md:myst")
        plain = PlainText(self, path, "\n".join(cell.source for cell in source.cells if cell.cell_type == "markdown"))
        cells = [code(install_cell(f"{self.repository}@{self.branch}"))]
        for cell in source.cells:
            if cell.cell_type == "code":
                cells.append(code(cell.source, cell.metadata.get("tags", [])))
            else:
                text = plain.blocks(cell.source).strip("\n")
                if text:
                    cells.append(nbformat.v4.new_markdown_cell(text))
        name_cells(cells)
        return nbformat.v4.new_notebook(
            cells=cells, metadata={"kernelspec": dict(KERNEL), "language_info": {"name": "python"}}
        )


def is_notebook(path):
    """Whether a Markdown file opens with front matter that names a kernel."""
    text = path.read_text(encoding="utf-8")
    return text.startswith("---\n") and "kernelspec" in text.split("\n---", 1)[0]


def ends_in_live_figure(source):
    """Whether a cell's last line is a call `live.Name(...)`."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a cell with IPython's magics
        return False
    if not statements or not isinstance(statements[-1], ast.Expr):
        return False
    shown = statements[-1].value
    return (
        isinstance(shown, ast.Call)
        and isinstance(shown.func, ast.Attribute)
        and isinstance(shown.func.value, ast.Name)
        and shown.func.value.id == "live"
    )


def code(source, tags=()):
    tags = list(tags)
    if ("live" in tags or ends_in_live_figure(source)) and IGNORED_BY_NBVAL not in tags:
        tags.append(IGNORED_BY_NBVAL)
    return nbformat.v4.new_code_cell(source, metadata={"tags": tags} if tags else {})


def name_cells(cells):
    """Give each cell an id made from its source, so that the same chapter gives the same file."""
    seen = {}
    for cell in cells:
        digest = hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def titles_of(text):
    """Labels of a page with the title of what they stand above."""
    titles, waiting = {}, []
    for line in text.splitlines():
        label, heading = LABEL.match(line), HEADING.match(line)
        if label:
            waiting.append(label["label"])
        elif heading:
            titles.update({label: heading["title"] for label in waiting})
            waiting = []
        elif line.strip():
            waiting = []
    return titles


class PlainText:
    """Turns one chapter's Markdown into plain Markdown."""

    def __init__(self, chapters, path, text):
        self.chapters = chapters
        self.path = path
        self.equations = {}
        for line in text.splitlines():
            label = DISPLAY.match(line) or re.match(r"^\s*:label:\s*(?P<label>\S+)\s*$", line)
            if label:
                self.equations[label["label"]] = len(self.equations) + 1

    def refuse(self, message):
        raise ValueError(f"{self.path.relative_to(self.chapters.root).as_posix()}: {message}")

    # Blocks

    def blocks(self, text):
        """Plain form of a piece of Markdown: directives first, then what stands between them."""
        lines = text.splitlines()
        out, between = [], []
        while lines:
            opening, fence = OPENING.match(lines[0]), FENCE.match(lines[0])
            if opening or fence:
                out.append(self.inline("\n".join(between)))
                between = []
                body = take_block(lines, opening["fence"] if opening else fence[1])
                if opening:
                    out.append(indented(self.directive(opening["name"], opening["argument"], body), opening["indent"]))
                else:
                    out.append("\n".join(body.all_lines))
            else:
                between.append(lines.pop(0))
        out.append(self.inline("\n".join(between)))
        # A blank line on either side, or Markdown would draw what follows a block into it.
        return "\n\n".join(part.strip("\n") for part in out if part.strip())

    def directive(self, name, argument, body):
        """Plain form of a directive."""
        options, content = body.options_and_content()
        if name in BOXES:
            return self.box(name, argument, options, content)
        if name == "math":
            return self.display("\n".join([argument, *content]).strip("\n"), options.get("label"))
        if name in ("figure", "image"):
            picture = f"![{options.get('alt', '')}]({argument})"
            caption = self.blocks("\n".join(content)).strip()
            return f"{picture}\n\n*{caption}*" if caption else picture
        if name in ("code-block", "code", "sourcecode"):
            return "\n".join([f"```{argument}", *content, "```"])
        if name == "dropdown":
            title = self.inline(argument) or "More"
            return f"<details><summary>{title}</summary>\n\n{self.blocks(chr(10).join(content))}\n\n</details>"
        if name == "table":
            return f"*{self.inline(argument)}*\n\n{self.blocks(chr(10).join(content))}"
        if name == "bibliography":
            return self.works_cited()
        if name == "selfcheck":
            return self.selfcheck(argument, content)
        if name in ("index", "only", "tableofcontents"):
            return ""
        return self.refuse(f"the directive {{{name}}} has no plain form; add one to tools/notebooks.py")

    def box(self, name, argument, options, content):
        """An admonition as a quotation with a bold title."""
        title = self.inline(argument) if argument else ""
        if name == "solution":
            title = ""
        heading = ": ".join(part for part in (BOXES[name], title) if part)
        text = self.blocks("\n".join(content)).strip("\n")
        lines = ([f"**{heading}**", ""] if heading else []) + text.splitlines()
        return "\n".join(f"> {line}".rstrip() for line in lines)

    def selfcheck(self, name, content):
        """A question, its answers by letter, and the feedback on each, folded."""
        try:
            check = read_selfcheck(content)
        except ValueError as problem:
            return self.refuse(f"self-check {name!r}: {problem}")
        lettered = list(zip("abcd", check.answers))
        answers = "\n".join(
            f"- ({letter}) {' '.join(self.inline(answer.answer.text).split())}" for letter, answer in lettered)
        feedback = "\n\n".join(
            f"({letter}) **{answer.verdict}** {self.blocks(answer.feedback.text)}" for letter, answer in lettered)
        return (f"**{SELFCHECK}.** {self.blocks(check.question.text)}\n\n{answers}\n\n"
                f"<details><summary>Feedback on each answer</summary>\n\n{feedback}\n\n</details>")

    def display(self, tex, label):
        tag = rf" \tag{{{self.equations[label]}}}" if label else ""
        return f"$$\n{self.formula(tex)}{tag}\n$$"

    def formula(self, tex):
        try:
            return fill_formula(tex, self.chapters.ledger)[0]
        except KeyError as name:
            return self.refuse(f"a formula asks for the number {name}, which numbers.yml does not have")

    # Inline

    def inline(self, text):
        """Plain form of text without directives: labels, comments, roles, links and formulas."""
        lines = []
        for line in text.splitlines():
            label = DISPLAY.match(line)
            if label:
                lines.append(label["tex"] + rf"\tag{{{self.equations[label['label']]}}} $$")
            elif not LABEL.match(line) and not line.startswith("% ") and line.strip() != "%":
                lines.append(line)
        text = "\n".join(lines)
        code_spans = []

        def plain(match):
            if match["role"]:
                return self.role(match["role"], match["text"])
            code_spans.append(match["code"])
            return f"\0{len(code_spans) - 1}\0"

        text = ROLE_OR_CODE.sub(plain, text)
        text = LINK.sub(self.link, text)
        text = self.formula(text)
        return re.sub(r"\0(\d+)\0", lambda match: code_spans[int(match[1])], text)

    def role(self, name, text):
        """Plain form of a role."""
        explicit = TARGET.match(text)
        shown, target = (explicit["text"], explicit["target"]) if explicit else ("", text)
        if name == "num":
            return self.number(text)
        if name in ("plain", "abbr", "guilabel", "kbd"):
            return text
        if name == "practise":
            return self.practise(text)
        if name == "math":
            return f"${self.formula(text)}$"
        if name.startswith("cite"):
            return self.cite(text, textual=name in ("cite:t", "cite:ct"))
        if name == "eq":
            return self.equation(text)
        if name in ("ref", "numref", "prf:ref"):
            return shown.replace("%s", "").strip() if shown else self.title(target)
        if name == "doc":
            return f"*{shown or self.page_title(target)}*"
        if name == "term":
            return shown or target
        if name.startswith("py:") or name in ("func", "class", "meth", "mod", "attr"):
            return f"`{shown or (target.rpartition('.')[2] if target.startswith('~') else target)}`"
        if name in ("sup", "superscript", "sub", "subscript"):
            return f"<{name[:3]}>{text}</{name[:3]}>"
        return self.refuse(f"the role {{{name}}} has no plain form; add one to tools/notebooks.py")

    def number(self, text):
        name, form = split_target(text)
        if name not in self.chapters.ledger:
            self.refuse(f"the number {name!r} is not in numbers.yml")
        return as_text(self.chapters.ledger[name], form)

    def practise(self, text):
        try:
            return "".join(map(str, named(read_numbers(text))))
        except ValueError as problem:
            return self.refuse(f"{{practise}}: {problem}")

    def equation(self, label):
        if label not in self.equations:
            self.refuse(f"the equation {label!r} is not in this chapter")
        return f"({self.equations[label]})"

    def title(self, label):
        if label not in self.chapters.titles:
            self.refuse(f"the label {label!r} stands above no heading; write {{ref}}`text <{label}>`")
        return f"*{self.chapters.titles[label]}*"

    def page_title(self, target):
        page = self.path.parent / (target if target.endswith(".md") else target + ".md")
        if target.startswith("/"):
            page = self.chapters.root / (target.strip("/") + ".md")
        if not page.exists():
            self.refuse(f"there is no page {target!r}")
        for line in page.read_text(encoding="utf-8").splitlines():
            if HEADING.match(line):
                return HEADING.match(line)["title"]
        return self.refuse(f"the page {target!r} has no title")

    def link(self, match):
        """Links inside the book become their text: a notebook has no other pages."""
        text, target = match["text"], match["target"]
        if re.match(r"[a-z]+:", target):
            return match.group()
        if text:
            return f"*{text}*"
        page, _, label = target.partition("#")
        return self.title(label) if label else f"*{self.page_title(page)}*"

    # Works

    def cite(self, text, textual):
        cited = [self.author_and_year(key.strip()) for key in text.split(",")]
        if textual:
            return ", ".join(f"{author} ({year})" for author, year in cited)
        return "(" + "; ".join(f"{author}, {year}" for author, year in cited) + ")"

    def author_and_year(self, key):
        if key not in self.chapters.works:
            self.refuse(f"the work {key!r} is not in references.bib")
        work = self.chapters.works[key]
        names = [" ".join([*person.prelast_names, *person.last_names]) for person in work.persons["author"]]
        if len(names) > 2:
            author = f"{names[0]} et al."
        else:
            author = " & ".join(names)
        return clean_tex(author), work.fields["year"]

    def works_cited(self):
        return f"The works are listed in the book's bibliography: {self.chapters.repository}."


class Block:
    """Lines of a fenced block: the fences and what stands between."""

    def __init__(self, all_lines, content):
        self.all_lines = all_lines
        self.content = content

    def options_and_content(self):
        """Options of a directive (`:key: value` lines or a YAML block) and the lines after them."""
        content = list(self.content)
        options = {}
        if content and content[0].strip() == "---":
            end = content.index("---", 1)
            return yaml.safe_load("\n".join(content[1:end])) or {}, content[end + 1:]
        while content and re.match(r"^\s*:[\w-]+:", content[0]):
            _, key, value = content.pop(0).strip().split(":", 2)
            options[key] = value.strip()
        return options, content


def take_block(lines, fence):
    """Remove a fenced block from the front of `lines`."""
    taken = [lines.pop(0)]
    indent = len(taken[0]) - len(taken[0].lstrip())
    while lines:
        taken.append(lines.pop(0))
        text = taken[-1].strip()
        if text and set(text) == {fence[0]} and len(text) >= len(fence):
            return Block(taken, [line[indent:] if not line[:indent].strip() else line for line in taken[1:-1]])
    raise ValueError(f"the block that opens with {taken[0].strip()!r} is never closed")


def indented(text, indent):
    return "\n".join(indent + line if line else line for line in text.splitlines())


def clean_tex(text):
    """Accents of a BibTeX field as letters."""
    return re.sub(r"[{}]", "", text.encode().decode("latex"))


# Execution

def execute(notebook, folder):
    """Run a notebook and keep its text outputs.

    Raises
    ------
    ValueError
        If a cell shows a widget without the tag that keeps its output out of the comparison.
    """
    NotebookClient(
        notebook, timeout=600, kernel_name=KERNEL["name"], resources={"metadata": {"path": str(folder)}},
        record_timing=False, coalesce_streams=True,
    ).execute()
    notebook.metadata = {"kernelspec": dict(KERNEL), "language_info": {"name": "python"}}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        ignored = IGNORED_BY_NBVAL in cell.metadata.get("tags", [])
        if not ignored and any(WIDGET in output.get("data", {}) for output in cell.outputs):
            raise ValueError(f"this cell shows a live figure; give it the tag `live`:\n{cell.source}")
        cell.outputs = [] if ignored else [plain_output(output) for output in cell.outputs]


def plain_output(output):
    """An output with its text only."""
    if "data" in output:
        output.data = {kind: value for kind, value in output.data.items() if kind in KEPT}
    return output


def same_source(one, other):
    """Whether two notebooks have the same cells, outputs aside."""

    def cells(notebook):
        return [(cell.cell_type, cell.id, cell.source, dict(cell.metadata)) for cell in notebook.cells]

    return cells(one) == cells(other)


def drifted(chapters):
    """Chapters whose notebook is missing or has another source."""
    found = []
    for path in chapters.sources:
        target = path.with_suffix(".ipynb")
        if not target.exists() or not same_source(chapters.notebook(path), nbformat.read(target, as_version=4)):
            found.append(path)
    return found


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="execute nothing; fail if a notebook is out of date")
    parser.add_argument("chapters", nargs="*", type=Path, help="sources to do; all if none is named")
    options = parser.parse_args(arguments)
    chapters = Chapters(ROOT)
    if options.check:
        stale = drifted(chapters)
        for path in stale:
            print(f"{path.relative_to(ROOT)}: its notebook is out of date; run `make notebooks`")
        return 1 if stale else 0
    for path in [path.resolve() for path in options.chapters] or chapters.sources:
        print(f"{path.relative_to(ROOT)} → .ipynb", flush=True)
        notebook = chapters.notebook(path)
        execute(notebook, path.parent)
        nbformat.write(notebook, path.with_suffix(".ipynb"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
