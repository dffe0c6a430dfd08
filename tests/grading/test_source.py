"""The source format: what a source becomes, and that each mistake in one is named with its place."""

import pytest
from grading.toy import TOY

from lifcore.grading import source
from lifcore.grading.release import verify
from lifcore.grading.source import SourceError


def parse(text):
    return source.parse(text, "toy", "toy.md")


def test_a_set_holds_what_its_source_says():
    exercise = parse(TOY).exercise
    assert exercise.title == "A toy set"
    assert [one.id for one in exercise.questions] == ["q1", "q2", "q3"]
    assert exercise["q1"].solution == "def double(x):\n    return 2 * x"
    assert exercise["q1"].defines == ("double",)
    assert exercise["q2"].defines == ("choice",)
    assert exercise.hidden_points("q1") == (1, 2)
    assert exercise.public_copy().hidden_points("q1") == (1, 2)
    assert all(not case.hidden for one in exercise.public_copy().questions for case in one.cases)


def test_stub_raises_inside_a_function_and_is_dots_at_the_margin():
    answers = [cell for cell in parse(TOY).cells if cell.kind == "answer"]
    assert source.stub(answers[0]).split("\n")[0] == "def double(x):"
    assert 'raise NotImplementedError("q1 is not answered yet")' in source.stub(answers[0])
    assert source.stub(answers[1]).startswith("choice = ...")


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("    ### END SOLUTION\n```", "```", "cell 4 .*'q1' needs a line"),
        (
            "    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION",
            "    return 2 * x",
            "cell 4 .*'q1' needs a line",
        ),
        ('question(\n    "q2"', 'question(\n    "q1"', "cell 9 .*'q1' is already in cell 5"),
        ('"q2",\n    title="Which"', '"q2",\n    title=""', "cell 9 .*title of the question 'q2' is missing"),
        (
            'message="One less than there are, in fact."',
            'message=""',
            "mutant 'too_few'.*must name the misconception",
        ),
        ('hints=["Count again."]', "hints=[]", "hints of the question 'q2' are missing"),
        ('case("choice", points=1)', 'case("choice", points=0)', "points of the case 'choice' is 0"),
        ('case("choice", points=1)', 'case("choice +", points=1)', "cell 9 .*invalid syntax"),
        ('case("choice", points=1)', 'case("choice", hidden=True)', "no public case"),
        ('begin("toy")', 'begin("other")', 'no cell tagged `given` calls begin\\("toy"\\)'),
        (
            ':tags: [checks]\n\nquestion(\n    "q1"',
            ':tags: [show]\n\nquestion(\n    "q1"',
            "cell 4 .*no `checks` cell",
        ),
        ("# A toy set", "A toy set", "has no title"),
        (
            "    return 2 * x\n    ### END",
            "    return 2 *\n    ### END",
            "cell 4 .*solution of 'q1' is not Python",
        ),
        ('print(reference("q1")(4))', "### BEGIN SOLUTION", "cell 6 .*not tagged `answer`"),
    ],
)
def test_a_mistake_in_a_source_is_named_with_its_place(old, new, message):
    assert TOY.count(old) >= 1
    with pytest.raises(SourceError, match=f"(?s)toy.md.*({message})"):
        parse(TOY.replace(old, new, 1))


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("return x * x", "return x + x", "mutant 'squared' does not differ from the solution"),
        ("return x * x", "return y", "mutant 'squared' fails on 'double\\(x\\)': NameError"),
        ("    return 2 * x", "    return unknown", "the solution fails on 'double\\(x\\)'"),
        ('setup="x = rng.uniform(1, 9)"', 'setup="x = nothing"', "'q1'.*setup fails: NameError"),
        ("import math\n", "import nowhere\n", "given cell fails on its own: ModuleNotFoundError"),
    ],
)
def test_a_set_that_cannot_check_is_refused(old, new, message):
    with pytest.raises(SourceError, match=message):
        verify(parse(TOY.replace(old, new, 1)).exercise, "toy.md")


def test_a_mutant_that_is_taken_for_another_is_refused():
    twin = 'mutant("twice", message="The same values, in other words.", answer="def double(x):\\n    return x**2"), '
    text = TOY.replace("mutants=[\n", f"mutants=[\n        {twin}\n", 1)
    with pytest.raises(SourceError, match="mutant 'squared' is taken for 'twice'"):
        verify(parse(text).exercise, "toy.md")


def test_page_of_the_book_shows_stub_hints_and_folded_solution():
    page = source.book_page(TOY)
    assert "mutant" not in page and "secret" not in page and "SOLUTION" not in page
    assert page.count("```python") == 3
    assert "<details><summary>Hint 1 of 2</summary>\n\nA gentle hint.\n\n</details>" in page
    assert "code_prompt_show: Show the solution" in page
    assert 'check("q1")' in page
    order = [
        page.index(text) for text in ("not answered yet", "A gentle hint.", "return 2 * x", 'check("q1")')
    ]
    assert order == sorted(order)


def test_page_needs_a_named_set():
    with pytest.raises(SourceError, match="begin"):
        source.book_page("# Nothing\n")


@pytest.mark.parametrize("broken", ['choice "three"', "choice = (", "choice = " + "(" * 3000])
def test_a_solution_that_is_no_python_is_refused(broken):
    with pytest.raises(SourceError, match="solution of 'q2' is not Python"):
        parse(TOY.replace('choice = "three"', broken))


@pytest.mark.parametrize("points", ["float('nan')", "'two'", "0", "True", "1e400"])
def test_points_that_are_no_number_are_refused(points):
    with pytest.raises(SourceError, match="it must be a number above 0"):
        parse(TOY.replace("points=2", f"points={points}"))
