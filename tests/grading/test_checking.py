"""In the notebook: what a check says, and what it must never say. The toy set's right answers are in its text."""

import json
import re
import subprocess
import sys

import pytest

from lifcore.grading import check, checking, hint, progress, reference

RIGHT = {"double": lambda x: 2 * x, "choice": "three", "area": lambda r: 3.141592653589793 * r * r}


def answers(**changed):
    return {**RIGHT, **changed}


def test_right_answers_get_full_marks(toy):
    for question, points in (("q1", 1), ("q2", 1), ("q3", 1)):
        score = check(question, answers())
        assert float(score) == points == score.maximum
        assert "✓" in score.text and "✗" not in score.text


def test_hidden_cases_are_announced(toy):
    assert "Only the grader runs 1 further case, worth 2 points." in check("q1", answers()).text
    assert "grader" not in check("q2", answers()).text
    assert "3 questions, 3 points, and 3 points more in cases that only the grader runs" in repr(
        checking.begin("toy")
    )


def test_parameters_are_fresh_and_can_be_drawn_again(toy, monkeypatch):
    seen = []
    wrong = answers(double=lambda x: seen.append(x))
    for _ in range(4):
        check("q1", wrong)
    assert len(set(seen)) == 4
    seed = re.search(r"LIFCORE_CHECK_SEED to (\d+)", check("q1", wrong).text)[1]
    monkeypatch.setenv("LIFCORE_CHECK_SEED", seed)
    check("q1", wrong)
    assert seen[-1] == seen[-2]


def test_a_passing_check_prints_nothing_that_was_drawn(toy):
    assert len({check("q1", answers()).text for _ in range(4)}) == 1
    assert len({check("q1", answers())._repr_html_() for _ in range(4)}) == 1


def test_a_bad_seed_is_refused(toy, monkeypatch):
    monkeypatch.setenv("LIFCORE_CHECK_SEED", "one")
    with pytest.raises(ValueError, match="LIFCORE_CHECK_SEED is 'one'; it must be a whole number"):
        check("q1", answers())


def test_a_known_mistake_gets_its_message(toy):
    assert "A likely reason: You squared it" in check("q1", answers(double=lambda x: x * x)).text
    assert "A likely reason" not in check("q1", answers(double=lambda x: x + 5)).text


class Sly:
    def __eq__(self, other):
        return True

    def __repr__(self):
        return "Sly()"


AWKWARD = [
    lambda x: 2 * x * (1 + 2e-6),
    lambda x: x,
    lambda x: [2 * x + 1],
    lambda x: str(2 * x)[:3],
    lambda x: float("nan"),
    lambda x: 1j * x,
    lambda x: 10**400,
    lambda x: Sly(),
    lambda x: {"x": x},
    lambda x: 1 / 0,
    lambda x: "</td><script>",
    lambda x: None,
    lambda x: [[[[[[[x]]]]]]],
    lambda: 1,
    3,
]


@pytest.mark.parametrize("number", range(len(AWKWARD)))
def test_a_check_never_says_the_right_value(toy, number):
    drawn = []
    wrong = AWKWARD[number]

    def answer(x):
        drawn.append(x)
        return wrong(x)

    for _ in range(3):
        score = check("q1", answers(double=answer if callable(wrong) else wrong))
        assert float(score) == 0
        shown = score.text + score._repr_html_()
        if drawn:
            assert repr(2 * drawn[-1]) not in shown.replace(repr(drawn[-1]), "")
            assert f"{2 * drawn[-1]:.4f}" not in shown or number == 0
        assert "<script>" not in score._repr_html_()


def test_hints_come_one_step_more_with_each_failure(toy):
    wrong = answers(double=lambda x: 0)
    shown = [check("q1", wrong).hint for _ in range(3)]
    assert shown[0] == "Hint 1 of 2: A gentle hint."
    assert shown[1] == shown[2] == "Hint 2 of 2: Add it to itself."


def test_hint_gives_one_step_more(toy):
    assert [hint("q1").text[:11] for _ in range(3)] == ["Hint 1 of 2", "Hint 2 of 2", "Hint 2 of 2"]


def not_yet(x):
    raise NotImplementedError("q1 is not answered yet")


@pytest.mark.parametrize(
    "namespace", [{}, answers(double=not_yet), answers(double=lambda x: ...), answers(double=...)]
)
def test_an_unanswered_question_scores_nothing_kindly(toy, namespace):
    score = check("q1", namespace)
    if namespace.get("double") is ...:
        assert float(score) == 0
        return
    assert float(score) == 0 and "✗" not in score.text and not score.hint
    assert "Fill in the cell above" in score.text or "run the cell above" in score.text


def test_reference_is_there_without_an_answer(toy):
    assert reference("q1")(4) == 8
    assert reference("q2") == "three"


def test_an_unknown_question_or_set_is_named(toy):
    with pytest.raises(ValueError, match="'q9' is not in the set 'toy', which has q1, q2, q3"):
        check("q9", {})
    with pytest.raises(ValueError, match="'venus'; this lifcore has toy"):
        checking.begin("venus")


def test_a_students_own_names_do_not_change_the_questions(toy):
    assert float(check("q1", answers(rng=None, x=3, math=None))) == 1


@pytest.mark.parametrize("run", ["autograde", "validate"])
def test_nbgrader_reads_a_number(toy, monkeypatch, run):
    # The names of its two runs, from nbgrader/converters/autograde.py and nbgrader/validator.py.
    score = check("q1", answers(double=lambda x: 0))
    monkeypatch.setenv("NBGRADER_EXECUTION", run)
    assert repr(score) == "0" and repr(check("q1", answers())) == "1"


def test_progress_is_kept_and_the_best_stays(toy, fresh_session):
    check("q1", answers())
    check("q1", answers(double=lambda x: 0))
    stored = json.loads((fresh_session / "progress.json").read_text())
    assert stored["sets"]["toy"]["q1"]["points"] == 1
    assert stored["sets"]["toy"]["q1"]["attempts"] == 1
    assert "1 of 3 points" in progress().text and "q1  1 of 1" in progress().text


def test_progress_can_be_switched_off(toy, fresh_session, monkeypatch):
    monkeypatch.setenv("LIFCORE_PROGRESS", "off")
    check("q1", answers())
    assert not (fresh_session / "progress.json").exists()
    assert "1 of 3 points" in progress().text


def test_progress_is_exported_and_merged(toy, fresh_session, monkeypatch):
    check("q1", answers())
    assert "Written to" in progress(export=fresh_session / "elsewhere.json").text
    (fresh_session / "progress.json").unlink()
    monkeypatch.setattr(checking._session, "record", None)
    check("q2", answers())
    text = progress(merge=fresh_session / "elsewhere.json").text
    assert "Merged" in text and "2 of 3 points" in text


FOREIGN = ["", "{", "[]", '{"a": 1}', '{"format": "lifcore progress", "version": 9}', "[" * 100_000, "\x00"]
FOREIGN += ['{"format": "lifcore progress", "version": true, "sets": {}}']
FOREIGN += ['{"format": "lifcore progress", "version": 1, "sets": {}, "note": NaN}']
FOREIGN += [
    json.dumps({"format": "lifcore progress", "version": 1, "sets": sets})
    for sets in (
        None,
        {"toy": 1},
        {"toy": {"q1": {"points": "9"}}},
        {"toy": {"q1": {"points": 9, "maximum": 1, "attempts": 0}}},
    )
]
FOREIGN += [
    json.dumps({"format": "lifcore progress", "version": 1, "sets": {}, "checks": checks})
    for checks in (
        None,
        [],
        {"chapters/a": {"one": True}},
        {"chapters/a": {"one": {"right": 1, "attempts": 1}}},
        {"chapters/a": {"one": {"right": True, "attempts": -1}}},
        {"chapters/a": {"one": {"right": True}}},
    )
]


@pytest.mark.parametrize("content", FOREIGN)
def test_a_foreign_progress_file_is_left_alone_and_explained(toy, fresh_session, content):
    file = fresh_session / "progress.json"
    file.write_text(content)
    assert float(check("q1", answers())) == 1
    assert file.read_text() == content
    assert "progress.json" in progress().text and "left as it is" in progress().text
    assert "Nothing was changed" in progress(merge=file).text


def test_answers_of_the_pages_are_kept_and_shown(toy, fresh_session):
    """A page's file brings them; they stay when the record is written, read again, and merged with another."""
    answers_given = {"chapters/a": {"one": {"right": True, "attempts": 3}, "two": {"right": False, "attempts": 1}}}
    elsewhere = {"format": "lifcore progress", "version": 1, "sets": {}, "checks": answers_given}
    (fresh_session / "elsewhere.json").write_text(json.dumps(elsewhere))
    check("q1", answers())
    assert "chapters/a  1 of 2 answered self-checks right" in progress(merge="elsewhere.json").text
    check("q2", answers())
    stored = json.loads((fresh_session / "progress.json").read_text())
    assert stored["checks"] == answers_given and stored["sets"]["toy"]["q2"]["points"] == 1
    better = {
        "chapters/a": {"two": {"right": True, "attempts": 0}},
        "chapters/b": {"one": {"right": False, "attempts": 2}},
    }
    (fresh_session / "elsewhere.json").write_text(json.dumps({**elsewhere, "checks": better}))
    text = progress(merge="elsewhere.json", export="copy.json").text
    assert "chapters/a  2 of 2 answered self-checks right\nchapters/b  0 of 1 answered self-check right" in text
    # Right stays right, and of the attempts the larger number.
    assert json.loads((fresh_session / "copy.json").read_text())["checks"] == {
        "chapters/a": {"one": {"right": True, "attempts": 3}, "two": {"right": True, "attempts": 1}},
        "chapters/b": {"one": {"right": False, "attempts": 2}},
    }


def test_a_record_without_answers_looks_as_before(toy, fresh_session):
    check("q1", answers())
    assert sorted(json.loads((fresh_session / "progress.json").read_text())) == ["format", "sets", "version"]


def test_a_missing_file_to_merge_is_explained(toy):
    assert "nowhere.json does not exist" in progress(merge="nowhere.json").text


def test_checks_rest_while_the_grader_runs(toy, monkeypatch):
    monkeypatch.setenv("LIFCORE_CHECK", "off")
    assert float(check("q1", {})) == 0 and progress().text == "" and checking.begin("toy").text == ""
    with pytest.raises(checking.ReferenceWithheld):
        reference("q1")


def test_the_import_is_cheap():
    heavy = ("numba", "jupytext", "nbformat", "IPython", "matplotlib")
    code = f"import sys, lifcore.grading; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_no_module_hides_what_a_notebook_imports():
    # In a process of its own: the modules of the grader must not take the names of what notebooks call.
    code = (
        "import importlib, pkgutil, lifcore.grading as g\n"
        "[importlib.import_module(one.name) for one in pkgutil.iter_modules(g.__path__, 'lifcore.grading.')"
        " if not one.name.endswith(('__main__', 'worker'))]\n"
        "print(all(callable(getattr(g, name)) for name in g.__all__))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr
