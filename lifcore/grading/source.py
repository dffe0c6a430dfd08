"""One source a set: a MyST notebook in which tags say what each code cell is.

- `given`: code that every answer and check may rely on (imports, data). It must begin the set: ``begin("name")``.
- `answer`: the course's answer, between ``### BEGIN SOLUTION`` and ``### END SOLUTION``.
- `checks`: one call of ``question(...)``, right after the answer it belongs to.
- no such tag: code that shows something (a figure, a simulation). Nothing else may need it.

An answer stands on the given cells alone, never on another answer: an empty question breaks nothing below it.
"""

import ast
import re
import textwrap
from dataclasses import dataclass, replace
from pathlib import Path

from lifcore.grading import questions

BEGIN = re.compile(r"^([ \t]*)### BEGIN SOLUTION[ \t]*$")
END = re.compile(r"^([ \t]*)### END SOLUTION[ \t]*$")
KINDS = ("given", "answer", "checks")
ON_THE_PAGE = """:::{note}
You are reading the set. To work on it, open it as a notebook with the rocket above; there the answers are yours to give.
Here the course's own answers are folded away below each question, and the checks show what they earn.
:::"""


class SourceError(Exception):
    """Something in an exercise source is wrong; the message names the file, the cell and what to change."""


@dataclass(frozen=True)
class Cell:
    """A cell of the source: its number (from 1), kind ("text", "show" or one of `KINDS`), text and question."""

    number: int
    kind: str
    text: str
    tags: tuple = ()
    question: questions.Question = None


@dataclass(frozen=True)
class Source:
    """A source that was read: the set of questions, and the cells in their order."""

    exercise: questions.ExerciseSet
    cells: tuple


def read(path):
    """Read an exercise source.

    Parameters
    ----------
    path : str or pathlib.Path
        `<name>.md`; the set takes its name from the file.

    Returns
    -------
    Source

    Raises
    ------
    SourceError
        If the source is not as the head of this file says.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    return parse(text, path.stem, str(path))


def parse(text, name, where):
    """Read the text of an exercise source; see `read`.

    Parameters
    ----------
    text : str
    name : str
        Name of the set.
    where : str
        What error messages call the source.

    Returns
    -------
    Source
    """
    cells = [_cell(number, cell, where) for number, cell in enumerate(_notebook(text, where).cells, start=1)]
    cells = _pair_answers_with_checks(cells, where)
    _require_begin(cells, name, where)
    exercise = questions.ExerciseSet(
        name=name,
        title=_title(cells, where),
        given=tuple(cell.text for cell in cells if cell.kind == "given"),
        questions=tuple(cell.question for cell in cells if cell.kind == "checks"),
        released=tuple(cell.text for cell in cells if cell.kind == "show"),
    )
    return Source(exercise, tuple(cells))


def _notebook(text, where):
    import jupytext

    try:
        return jupytext.reads(text, fmt="md:myst")
    except Exception as error:
        raise SourceError(f"{where}: cannot be read as a MyST notebook: {error}") from error


def _place(where, cell):
    """How an error message calls a cell: its number and its first line."""
    first_line = cell.text.strip().split("\n")[0][:60]
    return f"{where}: cell {cell.number} ({first_line!r})"


def _cell(number, raw, where):
    tags = tuple(raw.metadata.get("tags", ()))
    if raw.cell_type != "code":
        return Cell(number, "text", raw.source, tags)
    kinds = [kind for kind in KINDS if kind in tags]
    cell = Cell(number, kinds[0] if kinds else "show", raw.source, tags)
    if len(kinds) > 1:
        raise SourceError(f"{_place(where, cell)}: has the tags {', '.join(kinds)}; one cell has one of them")
    has_marker = any(BEGIN.match(line) or END.match(line) for line in raw.source.split("\n"))
    if has_marker and cell.kind != "answer":
        raise SourceError(f"{_place(where, cell)}: holds a solution marker but is not tagged `answer`")
    if cell.kind == "checks":
        return replace(cell, question=_declared_question(cell, where))
    return cell


def _declared_question(cell, where):
    """Run a `checks` cell, in which nothing but its three words is defined, and return its question."""
    declared = []

    def declare(*arguments, **named):
        declared.append(questions.question(*arguments, **named))

    words = {"question": declare, "case": questions.case, "mutant": questions.mutant}
    try:
        exec(compile(cell.text, "<checks>", "exec"), words)
    except Exception as error:
        raise SourceError(f"{_place(where, cell)}: {error}") from error
    if len(declared) != 1:
        raise SourceError(
            f"{_place(where, cell)}: calls question(...) {len(declared)} times; it must be once"
        )
    return declared[0]


def _pair_answers_with_checks(cells, where):
    """Give each answer cell the question of the checks cell that follows it, and the question its solution."""
    paired = list(cells)
    waiting = None
    seen = {}
    for position, cell in enumerate(cells):
        if cell.kind == "answer":
            if waiting is not None:
                raise SourceError(f"{_place(where, cells[waiting])}: no `checks` cell follows this answer")
            waiting = position
        if cell.kind == "checks":
            question = cell.question
            if waiting is None:
                raise SourceError(
                    f"{_place(where, cell)}: question {question.id!r} has no `answer` cell above it"
                )
            if question.id in seen:
                raise SourceError(
                    f"{_place(where, cell)}: question {question.id!r} is already in cell {seen[question.id]}"
                )
            seen[question.id] = cell.number
            answer = cells[waiting]
            solution, _, defines = split_answer(answer, question.id, where)
            question = replace(question, solution=solution, defines=defines)
            paired[waiting] = replace(answer, question=question)
            paired[position] = replace(cell, question=question)
            waiting = None
    if waiting is not None:
        raise SourceError(f"{_place(where, cells[waiting])}: no `checks` cell follows this answer")
    if not seen:
        raise SourceError(f"{where}: holds no question; tag a cell `answer` and the next one `checks`")
    return paired


def split_answer(cell, question_id, where):
    """Split an answer cell at its markers.

    Parameters
    ----------
    cell : Cell
    question_id, where : str
        For messages.

    Returns
    -------
    solution : str
        The cell without its marker lines.
    stub : str
        What the student finds: inside a function, a line that raises `NotImplementedError`; at the left
        margin, ``name = ...`` for each name the solution assigns.
    defines : tuple of str
        Names the cell defines at its left margin.
    """
    solution, stub, inside = [], [], []
    indent = None
    blocks = 0
    for line in cell.text.split("\n"):
        begins, ends = BEGIN.match(line), END.match(line)
        if begins and indent is None:
            indent, inside = begins[1], []
            blocks += 1
        elif ends and indent is not None:
            stub += _stub_lines(indent, "\n".join(inside), question_id, _place(where, cell))
            indent = None
        elif begins or ends:
            raise SourceError(
                f"{_place(where, cell)}: the solution markers of {question_id!r} do not pair up"
            )
        else:
            solution.append(line)
            (stub if indent is None else inside).append(line)
    if indent is not None or blocks == 0:
        raise SourceError(
            f"{_place(where, cell)}: the answer to {question_id!r} needs a line '### BEGIN SOLUTION' "
            "and, below it, a line '### END SOLUTION'"
        )
    solution_text, stub_text = "\n".join(solution).strip("\n"), "\n".join(stub).strip("\n")
    tree = _parsed(solution_text, f"{_place(where, cell)}: the solution of {question_id!r}")
    _parsed(stub_text, f"{_place(where, cell)}: the stub of {question_id!r}")
    return solution_text, stub_text, _assigned_names(tree)


def _stub_lines(indent, inside, question_id, place):
    if indent:
        message = f"{question_id} is not answered yet"
        return [f"{indent}# your answer here", f'{indent}raise NotImplementedError("{message}")']
    names = _assigned_names(_parsed(textwrap.dedent(inside), f"{place}: the solution of {question_id!r}"))
    if not names:
        raise SourceError(
            f"{place}: the solution of {question_id!r} stands at the left margin but assigns no name"
        )
    return [f"{name} = ...  # your answer here, in place of the dots" for name in names]


def _parsed(code, what):
    """The tree of a piece of code, or a `SourceError` that begins with what it is."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # of null bytes, of too many brackets
        raise SourceError(f"{what} is not Python: {error}") from error


def _assigned_names(tree):
    """Names that a piece of code assigns or defines at its left margin, in order."""
    names = []
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            names.append(statement.name)
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        for target in targets:
            names += [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
    return tuple(dict.fromkeys(names))


def _require_begin(cells, name, where):
    wanted = re.compile(rf"^begin\(\s*[\"']{re.escape(name)}[\"']\s*\)", re.MULTILINE)
    if not any(cell.kind == "given" and wanted.search(cell.text) for cell in cells):
        raise SourceError(f'{where}: no cell tagged `given` calls begin("{name}")')


def _title(cells, where):
    for cell in cells:
        found = re.search(r"^# (.+)$", cell.text, re.MULTILINE) if cell.kind == "text" else None
        if found:
            return found[1].strip()
    raise SourceError(f"{where}: has no title; begin the text with a line '# ...'")


def stub(cell):
    """What the student finds in place of an answer cell that `parse` has paired with its question."""
    return split_answer(cell, cell.question.id, "")[1]


def hints_text(question):
    """The hints of a question as Markdown that unfolds in the notebook and in the book."""
    count = len(question.hints)
    parts = []
    for number, hint in enumerate(question.hints, start=1):
        label = "Hint" if count == 1 else f"Hint {number} of {count}"
        parts.append(f"<details><summary>{label}</summary>\n\n{hint}\n\n</details>")
    return "\n\n".join(parts)


def book_page(text):
    """Turn the text of an exercise source into the text of its page in the book.

    Of each question the page shows what the student finds in the cell, the hints (folded), the course's
    answer (folded, and executed when the book is built) and the check with its full marks. Mutants and hidden
    cases are not on it.

    Parameters
    ----------
    text : str
        The source. The set's name is read from its own ``begin("name")``.

    Returns
    -------
    str
        A MyST notebook.

    Raises
    ------
    SourceError
        As `read` does.
    """
    import jupytext
    from nbformat.v4 import new_code_cell, new_markdown_cell

    begun = re.search(r"^begin\(\s*[\"'](\w+)[\"']\s*\)", text, re.MULTILINE)
    if begun is None:
        raise SourceError('the exercise source has no line begin("its name")')
    where = f"{begun[1]}.md"
    page = _notebook(text, where)
    cells = []
    for raw, cell in zip(page.cells, parse(text, begun[1], where).cells):
        if cell.kind == "answer":
            prompts = {"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"}
            metadata = {"tags": ["hide-cell"], "mystnb": prompts}
            cells.append(new_markdown_cell(f"```python\n{stub(cell)}\n```"))
            cells.append(new_markdown_cell(hints_text(cell.question)))
            cells.append(new_code_cell(cell.question.solution, metadata=metadata))
        elif cell.kind == "checks":
            cells.append(new_code_cell(check_call(cell.question)))
        else:
            cells.append(raw)
    first_text = next(place for place, cell in enumerate(cells) if cell.cell_type == "markdown")
    cells.insert(first_text + 1, new_markdown_cell(ON_THE_PAGE))
    page.cells = cells
    return jupytext.writes(page, fmt="md:myst")


def check_call(question):
    """The line in the notebook that checks a question."""
    return f'check("{question.id}")'
