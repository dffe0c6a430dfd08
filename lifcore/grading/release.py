"""From one source, four files: the student's notebook, the solution notebook, the package's data, the grader's.

- `exercises/<name>.ipynb`: answers emptied; no solution, no mutant, no hidden case. Its cells carry nbgrader's
  metadata: a class on JupyterHub assigns it as it is, with ``ClearSolutions.enabled = False``, since nothing is left
  to clear and nbgrader would take what students are to fill in for a solution.
- `exercises/solutions/<name>.ipynb`: executed, with its outputs.
- `lifcore/grading/data/<name>.json`: what `check` needs: public cases, solution and mutants as code.
- with a private folder, `<name>.json` there: the same with the hidden cases, for `grade`.

Of an exam only the first is public, and it has neither checks nor hints; the solution goes to the private folder.

The same source gives the same files. Nothing is written unless every set is sound.
"""

import json
import os
import re
import tempfile
from pathlib import Path

from lifcore._files import write_whole
from lifcore.grading import source
from lifcore.grading.solutions import Failure, Reference, agrees, recognise
from lifcore.grading.source import SourceError

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
INSTALL = """\
# Where lifcore is missing (on Colab, for instance), this installs it.
try:
    import lifcore
except ImportError:
    %pip install --quiet "{requirement}"\
"""
# An exam's notebook has no checks; what its given cell opens stays shut.
SILENT = """

import os

os.environ["LIFCORE_CHECK"] = "off"  # answers are checked after they are handed in"""
SEEDS = (1, 2, 3)


def sources(path):
    """The exercise sources that a path means: itself, or the `.md` files of a folder, in order.

    Raises
    ------
    SourceError
        If there are none.
    """
    path = Path(path)
    found = sorted(path.glob("*.md")) if path.is_dir() else [path]
    if not found or not path.exists():
        raise SourceError(f"{path}: no exercise source (a MyST notebook, <name>.md) is there")
    return found


def repository_url(path):
    """Where pip finds the course: the repository and branch of `_config.yml` in a folder above the source.

    Raises
    ------
    SourceError
        If no such file is found, or it names no repository.
    """
    import yaml

    for folder in Path(path).resolve().parents:
        config = folder / "_config.yml"
        if config.exists():
            settings = yaml.safe_load(config.read_text(encoding="utf-8")) or {}
            repository = settings.get("repository") or {}
            if repository.get("url"):
                return f"{repository['url']}@{repository.get('branch', 'main')}"
            raise SourceError(f"{config}: repository.url is missing")
    raise SourceError(f"{path}: no _config.yml in a folder above it; give the address with --repository")


def requirement(url):
    """What pip installs the course's package from: str.

    Parameters
    ----------
    url : str
        Where pip finds the course; see `repository_url`.
    """
    return f"lifcore[learning] @ git+{url}"


def install_cell(url):
    """The first cell of every notebook of the course: str; `url` as for `requirement`."""
    return INSTALL.format(requirement=requirement(url))


def verify(exercise, where):
    """Run a set's solutions and mutants, and refuse what a student could not be checked by.

    Raises
    ------
    SourceError
        If a solution fails, a mutant cannot be told from the solution by the public cases, or a mutant's values
        are taken for another mutant's.
    """
    public = exercise.public_copy()
    for copy in (exercise, public):
        reference = Reference(copy)
        try:
            reference.run_givens()
        except Exception as error:
            raise SourceError(
                f"{where}: a given cell fails on its own: {type(error).__name__}: {error}"
            ) from error
        for question in copy.questions:
            for seed in SEEDS:
                _verify_question(reference, question, seed, f"{where}: question {question.id!r}")


def _verify_question(reference, question, seed, where):
    try:
        want = reference.values(question, seed)
        wrong = {mutant.name: reference.values(question, seed, mutant.answer) for mutant in question.mutants}
    except Exception as error:
        raise SourceError(f"{where}: a case's setup fails: {type(error).__name__}: {error}") from error
    for case, value in zip(question.cases, want):
        if isinstance(value, Failure):
            raise SourceError(f"{where}: the solution fails on {case.expression!r}: {value.text}")
        if not agrees(case, value, value):
            raise SourceError(f"{where}: the value of {case.expression!r} does not equal itself")
    for mutant in question.mutants:
        values = wrong[mutant.name]
        for case, value in zip(question.cases, values):
            if isinstance(value, Failure):
                raise SourceError(
                    f"{where}: mutant {mutant.name!r} fails on {case.expression!r}: {value.text}"
                )
        if all(agrees(case, one, right) for case, one, right in zip(question.cases, values, want)):
            raise SourceError(
                f"{where}: mutant {mutant.name!r} does not differ from the solution (seed {seed})"
            )
        named = recognise(question, values, want, wrong)
        if named is not mutant:
            raise SourceError(f"{where}: mutant {mutant.name!r} is taken for {named.name!r} (seed {seed})")


def student_notebook(read, url, exam=False):
    """The notebook a student opens.

    Parameters
    ----------
    read : Source
    url : str
        Address of the repository, for the first cell.
    exam : bool
        Whether to leave out the checks and the hints.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    SourceError
        If a cell of an exam asks for the course's answers.
    """
    notebook = _notebook(read, url, solved=False)
    if exam:
        name = read.exercise.name
        for cell in notebook.cells:
            if cell.cell_type == "code" and re.search(r"\breference\(", cell.source):
                raise SourceError(
                    f"{name}.md: a cell calls reference(...), and an exam gives no answers:\n{cell.source}"
                )
        left_out = tuple(f"{one.id}-{part}" for one in read.exercise.questions for part in ("check", "hints"))
        notebook.cells = [cell for cell in notebook.cells if cell.id not in left_out]
        notebook.cells[0].source += SILENT
    return notebook


def solution_notebook(read, url):
    """The notebook with the course's answers, executed.

    Parameters
    ----------
    read : Source
    url : str

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    SourceError
        If a cell raises an error, or a check in it does not give full marks.
    """
    notebook = _notebook(read, url, solved=True)
    _execute(notebook, read)
    return notebook


def _notebook(read, url, solved):
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    cells = [new_code_cell(install_cell(url), id="install", metadata={"tags": ["install"]})]
    _locked(cells[0], "install")
    for cell in read.cells:
        if cell.kind == "text":
            cells.append(new_markdown_cell(cell.text, id=f"text-{cell.number}"))
        elif cell.kind == "answer":
            id = cell.question.id
            code = cell.question.solution if solved else source.stub(cell)
            cells.append(new_code_cell(code, id=f"{id}-answer", metadata={"tags": ["answer"]}))
            _nbgrader(cells[-1], f"{id}-answer", solution=True)
            cells.append(new_markdown_cell(source.hints_text(cell.question), id=f"{id}-hints"))
        elif cell.kind == "checks":
            id = cell.question.id
            points = sum(case.points for _, case in cell.question.public)
            tags = {"tags": ["check", "nbval-check-output"]}
            cells.append(new_code_cell(source.check_call(cell.question), id=f"{id}-check", metadata=tags))
            _nbgrader(cells[-1], f"{id}-check", grade=True, locked=True, points=points)
        else:
            name = f"{cell.kind}-{cell.number}"
            cells.append(
                new_code_cell(cell.text, id=name, metadata={"tags": sorted({*cell.tags, cell.kind})})
            )
            if cell.kind == "given":
                _locked(cells[-1], name)
    metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "lifcore": {"exercise": read.exercise.name},
    }
    notebook = new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(notebook)
    return notebook


def _locked(cell, id):
    _nbgrader(cell, id, locked=True)


def _nbgrader(cell, id, grade=False, solution=False, locked=False, points=None):
    """nbgrader's cell metadata, version 3 (nbgrader/nbgraderformat/v3.py)."""
    cell.metadata["nbgrader"] = {
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
        "schema_version": 3,
        "grade_id": id,
        "cell_type": cell.cell_type,
    }
    if points is not None:
        cell.metadata["nbgrader"]["points"] = points
    if locked:
        cell.metadata["editable"] = False
        cell.metadata["deletable"] = False


def _execute(notebook, read):
    """Run a notebook in a folder of its own, with the checks of this set and no record of progress."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    name = read.exercise.name
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data")
        data.mkdir()
        (data / f"{name}.json").write_text(data_text(read.exercise.public_copy()), encoding="utf-8")
        env = {**os.environ, "LIFCORE_PROGRESS": "off", "LIFCORE_EXERCISES": str(data)}
        for variable in ("LIFCORE_CHECK_SEED", "LIFCORE_CHECK", "MPLBACKEND"):
            env.pop(variable, None)
        env["PYTHONPATH"] = os.pathsep.join([_package_folder(), env.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        client = NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute(env=env)
        except CellExecutionError as error:
            raise SourceError(
                f"{name}.md: the solution notebook fails: {error.ename}: {error.evalue}\n{error}"
            ) from error
    for cell in notebook.cells:
        if cell.cell_type == "code":
            _tidy(cell, name)


def _package_folder():
    """The folder that holds the package `lifcore`."""
    return str(Path(__file__).parents[2])


def _tidy(cell, name):
    """Drop what differs from run to run, and hold a check to its full marks."""
    cell.metadata.pop("execution", None)
    cell.outputs = [one for one in cell.outputs if one.get("name") != "stderr"]
    if "check" in cell.metadata.get("tags", ()):
        shown = "".join(output.get("data", {}).get("text/plain", "") for output in cell.outputs)
        if "✗" in shown or "✓" not in shown:
            raise SourceError(
                f"{name}.md: {cell.source} does not give full marks in the solution notebook:\n{shown}"
            )


def data_text(exercise):
    """A set as the text of its JSON file."""
    return json.dumps(exercise.to_dict(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def notebook_text(notebook):
    """A notebook as the text of its file."""
    import nbformat

    return nbformat.writes(notebook) + "\n"


def build(path, url=None, private=None, data=None, say=lambda text: None, exam=False):
    """Make all files of one or more sets, without writing them.

    Parameters
    ----------
    path : str or pathlib.Path
        A source, or a folder of sources.
    url : str, optional
        Address of the repository; by default from `_config.yml`.
    private : str or pathlib.Path, optional
        Folder for the grader's files, which hold the hidden cases.
    data : str or pathlib.Path, optional
        Folder for the package's data; by default the one in this package.
    say : callable, optional
        Is told what is being made.
    exam : bool
        Whether the solutions and all that checks them go to the private folder only.

    Returns
    -------
    dict
        Of each file, its text: ``{pathlib.Path: str}``.

    Raises
    ------
    SourceError
    """
    if exam and not private:
        raise SourceError("an exam needs --private DIR: its solution and its checks go there and nowhere else")
    files = {}
    data = Path(data) if data else Path(__file__).parent / "data"
    for one in sources(path):
        say(f"{one}: solutions and mutants")
        read = source.read(one)
        verify(read.exercise, str(one))
        address = url or repository_url(one)
        say(f"{one}: running the solution notebook")
        files[one.with_suffix(".ipynb")] = notebook_text(student_notebook(read, address, exam))
        solutions = Path(private) if exam else one.parent / "solutions"
        files[solutions / f"{one.stem}.ipynb"] = notebook_text(solution_notebook(read, address))
        if not exam:
            files[data / f"{one.stem}.json"] = data_text(read.exercise.public_copy())
        if private:
            files[Path(private) / f"{one.stem}.json"] = data_text(read.exercise)
    return files


def write(files):
    """Write files, each whole or not at all."""
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode("utf-8"))


def stale(files):
    """Which files differ from those on disk, pictures aside: list of pathlib.Path.

    The same plot is not the same picture byte for byte under another version of a font or of a library.
    """
    differing = []
    for path, text in files.items():
        if not path.exists() or _plain(path, path.read_text(encoding="utf-8")) != _plain(path, text):
            differing.append(path)
    return differing


def _plain(path, text):
    if path.suffix != ".ipynb":
        return text
    try:
        notebook = json.loads(text)
    except ValueError:
        return text
    for cell in notebook.get("cells", ()):
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop("image/png", None)
    return notebook
