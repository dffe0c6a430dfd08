"""Questions in the text: their HTML, their printed form, and each mistake that an author can make.

Expected outcomes are the rules stated in CONTRIBUTING.md, written out by hand for the question below.
"""

import pytest
from bs4 import BeautifulSoup
from test_lifbook import Book

QUESTION = """\
:::{selfcheck} slow-membrane
The membrane's *time constant* doubles. What becomes of $I_1$?

- [ ] It halves, because a slow membrane collects
  more current.

  You look at *when* the spikes come.

- [x] It stays.

  The rheobase says whether, and $\\tau$ says when.

  - Look at the formula.

- [ ] It doubles.

  You look at a slow start.
:::
"""


@pytest.fixture
def book(tmp_path):
    book = Book(tmp_path, ["sphinx.ext.mathjax", "lifbook.ledger", "lifbook.prose", "lifbook.selfcheck"],
                myst_enable_extensions=["dollarmath", "colon_fence", "tasklist"])
    book.write("chapters/one.md", "# One\n\n" + QUESTION)
    return book


def test_a_question_is_a_group_of_radio_buttons(book):
    assert book.build() == []
    soup = BeautifulSoup(book.page("chapters/one"), "html.parser")
    (group,) = soup.find_all("fieldset")
    assert group.legend.get_text() == "Check yourself"
    assert (group["data-page"], group["data-check"]) == ("chapters/one", "slow-membrane")
    described = soup.find(id=group["aria-describedby"])
    assert described.em.get_text() == "time constant" and described.find(class_="math")
    radios = group.find_all("input")
    assert [radio["type"] for radio in radios] == ["radio"] * 3
    assert len({radio["name"] for radio in radios}) == 1 and len({radio["id"] for radio in radios}) == 3
    assert [radio.has_attr("data-right") for radio in radios] == [False, True, False]
    assert not any(radio.has_attr("checked") for radio in radios)
    labels = [group.find("label", attrs={"for": radio["id"]}) for radio in radios]
    assert [" ".join(label.get_text().split()) for label in labels] == [
        "(a) It halves, because a slow membrane collects more current.", "(b) It stays.", "(c) It doubles."]
    feedback = [" ".join(part.get_text().split()) for part in group.find_all(class_="lif-check-feedback")]
    assert feedback[0] == "(a) ✗ Not right. You look at when the spikes come."
    assert feedback[1].startswith("(b) ✓ Right. The rheobase says whether") and "Look at the formula." in feedback[1]
    for radio in radios:
        assert radio.find_next_sibling(class_="lif-check-feedback"), "the style sheet finds the feedback by this"


def test_only_a_page_with_a_question_loads_its_files(book):
    book.write("chapters/two.md", "# Two\n")
    book.build()
    assert "selfcheck.js" in book.page("chapters/one") and "selfcheck.css" in book.page("chapters/one")
    assert "selfcheck" not in book.page("chapters/two")


def test_latex_prints_the_question_its_answers_and_then_the_feedback(book):
    assert book.build("latex") == []
    tex = next((book.folder / "_build" / "latex").glob("*.tex")).read_text(encoding="utf-8")
    parts = ["Check yourself", "doubles. What becomes of", "It halves, because", "It stays.", "It doubles.",
             r"\begin{small}", "(a)", "You look at \\sphinxstyleemphasis{when}", "(b)", "Right.", "(c)", r"\end{small}"]
    places = [tex.index(part, tex.index("Check yourself")) for part in parts]
    assert places == sorted(places)


def test_a_number_typed_into_a_question_is_found(book):
    book.write("chapters/one.md", "# One\n\n" + QUESTION.replace("a slow start", "the first 20 ms"))
    (warning,) = book.build()
    assert "the number 20 is typed into the text" in warning and "one.md:19" in warning


@pytest.mark.parametrize(
    "change, message",
    [
        (("slow-membrane", "Slow Membrane"), "words of small letters and digits joined by hyphens"),
        (("The membrane's *time constant* doubles. What becomes of $I_1$?\n", ""), "there is no question"),
        (("- [x]", "- [ ]"), "0 of its answers are marked right; mark exactly one with '- [x] '"),
        (("- [ ] It doubles", "- [x] It doubles"), "2 of its answers are marked right"),
        (("  You look at a slow start.\n", ""), "the answer 'It doubles.' has no feedback"),
        (("\n- [ ] It doubles.\n\n  You look at a slow start.\n", ""), "it has 2 answers; give it three or four"),
        ((":::\n", "- [ ] d\n\n  d\n\n- [ ] e\n\n  e\n:::\n"), "it has 5 answers"),
        (("  You look at a slow", "You look at a slow"), "'You look at a slow start.' belongs to no answer"),
        (("- [ ] It doubles.", "- [ ] # It doubles."), "must be one paragraph"),
    ],
)
def test_a_mistake_in_a_question_is_named(book, change, message):
    assert change[0] in QUESTION
    book.write("chapters/one.md", "# One\n\n" + QUESTION.replace(*change))
    warnings = book.build()
    assert len(warnings) == 1
    assert message in warnings[0] and "self-check" in warnings[0] and "one.md:3" in warnings[0]


def test_an_id_can_be_used_once_a_page(book):
    book.write("chapters/one.md", f"# One\n\n{QUESTION}\n{QUESTION}")
    (warning,) = book.build()
    assert "the id is taken on this page" in warning and "one.md:22" in warning


def test_the_build_knows_the_questions_of_every_page(book):
    book.write("chapters/two.md", "# Two\n\n" + QUESTION + "\n" + QUESTION.replace("slow-", "quick-"))
    book.build()
    both = {"chapters/one": ["slow-membrane"], "chapters/two": ["slow-membrane", "quick-membrane"]}
    assert book.app.env.lif_selfchecks == both
    book.write("chapters/one.md", "# One\n")
    assert book.build() == []
    assert book.app.env.lif_selfchecks == {"chapters/two": both["chapters/two"]}
    book.write("chapters/one.md", "# One\n\n" + QUESTION)
    (book.folder / "chapters" / "two.md").unlink()
    assert book.build() == []
    assert book.app.env.lif_selfchecks == {"chapters/one": ["slow-membrane"]}


def test_pages_read_in_parallel_are_put_together(book):
    names = [f"p{number}" for number in range(8)]
    for name in names:
        book.write(f"chapters/{name}.md", "# Page\n\n" + QUESTION.replace("slow", name))
    book.build(parallel=2)
    expected = {f"chapters/{name}": [f"{name}-membrane"] for name in names}
    assert book.app.env.lif_selfchecks == {"chapters/one": ["slow-membrane"], **expected}
