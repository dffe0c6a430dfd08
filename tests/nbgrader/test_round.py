"""A round of nbgrader with the released notebooks as they are, by the configuration and commands of "Teach with it".

The points expected are added up by hand from the cases of exercises/neuron.md and exercises/digital.md: nbgrader sees
the public ones, 22 points in the one set and 38 in the other. That a notebook is an assignment is nbgrader's own word.
"""

import csv
import json
import re

import pytest

# Reads the notebooks as nbgrader's own programs do; a cell whose metadata is not as its schema says is an error.
READ_ALL = """
import sys
from nbgrader.nbgraderformat import read
for path in sys.argv[1:]:
    read(path, as_version=4)
    print(path)
"""
ASSIGN_ALL = """
import sys
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
options = Config()
options.ClearSolutions.enabled = False
for name in sys.argv[1:]:
    done = NbGraderAPI(config=options).generate_assignment(name)
    assert done["success"], done["log"]
"""
# q5 of the first set has a case for each of its functions; q3 of the second, two for `decayed` and one for the other.
ANSWERED_IN_PART = {
    "neuron": {
        "q1-answer": "solution",
        "q2-answer": "def my_rate(n, I):\n    return 1 / 0",
        "q5-answer": "def my_threshold_current(n, duration):\n"
                     "    return (n.V_th - n.E_L) / n.R / (1 - np.exp(-duration / n.tau_m))\n\n"
                     "def my_chronaxie(n):\n    return n.tau_m",
    },
    "digital": {
        "q2-answer": "solution",
        "q3-answer": "def decayed(x, d):\n"
                     "    size = abs(x) * (4096 - d) // 4096\n    return size if x >= 0 else -size",
    },
}


def notebook(path):
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


def hand_in(course, student, name, change):
    """Put a student's copy of the released notebook, with some cells changed, where nbgrader collects it."""
    handed_in = notebook(course / "release" / name / f"{name}.ipynb")
    change(handed_in["cells"])
    path = course / "submitted" / student / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(handed_in), encoding="utf-8")
    return path


def answered(root, name, answers):
    """A change that fills in cells: with the text given, or with the course's solution."""
    solution = notebook(root / "exercises" / "solutions" / f"{name}.ipynb")
    solved = {cell["id"]: source(cell) for cell in solution["cells"]}

    def change(cells):
        for cell in cells:
            if cell["id"] in answers:
                text = answers[cell["id"]]
                cell["source"] = solved[cell["id"]] if text == "solution" else text

    return change


def everything(root, name):
    cells = notebook(root / "exercises" / f"{name}.ipynb")["cells"]
    return {cell["id"]: "solution" for cell in cells if "answer" in cell["metadata"].get("tags", ())}


@pytest.fixture(scope="module")
def course(root, run, tmp_path_factory):
    """A course folder of nbgrader with every set assigned."""
    folder = tmp_path_factory.mktemp("course")
    page = (root / "chapters" / "reference" / "teaching.md").read_text(encoding="utf-8")
    (configuration,) = re.findall(r"^```python\n(c = get_config\(\)\n.*?)^```", page, re.DOTALL | re.MULTILINE)
    # The exchange is a folder of the whole machine; here it is one of this test.
    configuration += f"c.Exchange.root = {str(folder / 'exchange')!r}\n"
    (folder / "exchange").mkdir()
    (folder / "exchange").chmod(0o777)
    (folder / "nbgrader_config.py").write_text(configuration, encoding="utf-8")
    names = sorted(path.stem for path in (root / "exercises").glob("*.md"))
    for name in names:
        (folder / "source" / name).mkdir(parents=True)
        (folder / "source" / name / f"{name}.ipynb").write_bytes((root / "exercises" / f"{name}.ipynb").read_bytes())
    run(folder, "nbgrader", "generate_assignment", "neuron")
    run(folder, "nbgrader", "release_assignment", "neuron")
    run(folder, "python", "-c", ASSIGN_ALL, *(name for name in names if name != "neuron"))
    return folder


@pytest.fixture(scope="module")
def graded(course, root, run):
    """The same course after submissions to two sets were graded and their feedback written."""

    def forged(cells):
        for cell in cells:
            if cell["id"].endswith("-check"):
                cell["source"] = "100"

    for name in ("neuron", "digital"):
        hand_in(course, "anna", name, answered(root, name, everything(root, name)))
        hand_in(course, "ben", name, answered(root, name, ANSWERED_IN_PART[name]))
    hand_in(course, "carla", "neuron", lambda cells: None)
    hand_in(course, "dora", "neuron", forged)
    for name in ("neuron", "digital"):
        run(course, "nbgrader", "autograde", name)
    run(course, "nbgrader", "generate_feedback", "neuron")
    return course


def test_what_a_student_submits_is_collected(course, run):
    home = course / "home-of-a-student"
    home.mkdir()
    (home / "nbgrader_config.py").write_bytes((course / "nbgrader_config.py").read_bytes())
    run(home, "nbgrader", "fetch_assignment", "neuron")
    run(home, "nbgrader", "submit", "neuron")
    run(course, "nbgrader", "collect", "neuron")
    (collected,) = (course / "submitted").glob("*/neuron/neuron.ipynb")
    assert notebook(collected)["cells"] == notebook(course / "release" / "neuron" / "neuron.ipynb")["cells"]
    for path in sorted(collected.parent.parent.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    collected.parent.parent.rmdir()


def test_the_page_tells_the_commands_of_this_round(root):
    page = (root / "chapters" / "reference" / "teaching.md").read_text(encoding="utf-8")
    told = re.findall(r"^nbgrader (\w+) neuron$", page, re.MULTILINE)
    assert told == ["generate_assignment", "release_assignment", "collect", "autograde", "generate_feedback"]


def test_every_released_notebook_follows_nbgraders_schema(root, run):
    released = sorted((root / "exercises").glob("*.ipynb"))
    assert len(released) == len(list((root / "exercises").glob("*.md")))
    assert run(root, "python", "-c", READ_ALL, *released).split() == [str(path) for path in released]


def test_a_wrong_schema_is_found(root, run, tmp_path):
    wrong = notebook(root / "exercises" / "neuron.ipynb")
    del wrong["cells"][0]["metadata"]["nbgrader"]["locked"]
    (tmp_path / "wrong.ipynb").write_text(json.dumps(wrong), encoding="utf-8")
    with pytest.raises(AssertionError, match="ValidationError"):
        run(tmp_path, "python", "-c", READ_ALL, "wrong.ipynb")


def test_what_is_assigned_is_what_was_released(course, root):
    for path in sorted((root / "exercises").glob("*.ipynb")):
        assigned = notebook(course / "release" / path.stem / path.name)
        assert [source(cell) for cell in assigned["cells"]] == [source(cell) for cell in notebook(path)["cells"]]


def test_validate_says_what_is_missing(course, run, root):
    # nbgrader/validator.py: a cell that shows fewer points than it has is told as failed.
    empty = hand_in(course, "validate-empty", "neuron", lambda cells: None)
    solved = hand_in(course, "validate-solved", "neuron", answered(root, "neuron", everything(root, "neuron")))
    try:
        told = run(course, "nbgrader", "validate", empty)
        assert "9 CELL(S)" in told and told.count("check(") == 9 and "Success" not in told
        assert "Success! Your notebook passes all the tests." in run(course, "nbgrader", "validate", solved)
    finally:
        for path in (empty, solved):
            path.unlink()
            path.parent.rmdir()
            path.parent.parent.rmdir()


def test_points_are_those_of_the_answers(graded, run):
    run(graded, "nbgrader", "export", "--to", "grades.csv")
    with open(graded / "grades.csv", newline="", encoding="utf-8") as file:
        rows = {(row["assignment"], row["student_id"]): row for row in csv.DictReader(file)}
    handed_in = [(path.name, path.parent.name) for path in (graded / "submitted").glob("*/*")]
    points = {one: (float(rows[one]["score"]), float(rows[one]["max_score"])) for one in handed_in}
    assert points == {
        ("neuron", "anna"): (22, 22),
        ("neuron", "ben"): (3, 22),
        ("neuron", "carla"): (0, 22),
        ("neuron", "dora"): (0, 22),
        ("digital", "anna"): (38, 38),
        ("digital", "ben"): (4, 38),
    }


def test_feedback_shows_no_hidden_case_and_no_solution(graded, root):
    from lifcore.grading import source as sources

    exercise = sources.read(root / "exercises" / "neuron.md").exercise
    public = {case.setup for question in exercise.questions for _, case in question.public}
    secrets = {case.setup for question in exercise.questions for _, case in question.hidden} - public
    assert secrets
    page = (graded / "feedback" / "ben" / "neuron" / "neuron.html").read_text(encoding="utf-8")
    assert "my_threshold_current" in page
    for secret in secrets:
        assert secret not in page
    assert "n.tau_m * np.log(2)" not in page
