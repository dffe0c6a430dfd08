"""Objectives and the questions that practise them: the links, and every gap between the two.

Expected outcomes are the rules stated in CONTRIBUTING.md.
"""

import pytest
from bs4 import BeautifulSoup
from test_lifbook import Book

CHAPTER = """\
# One

:::{admonition} What you will be able to do
:class: tip

- compute it {practise}`1 3`;
- say why, at some
  length {practise}`2`.

You need nothing.
:::

- no objective
"""
SET = """\
# Exercises: one

## Question 1: the first

## Question 2: the second

## A word between

## Question 3: the third
"""


@pytest.fixture
def book(tmp_path):
    book = Book(tmp_path, ["lifbook.ledger", "lifbook.prose", "lifbook.practise"])
    book.write("chapters/part/one.md", CHAPTER)
    book.write("chapters/reference/page.md", "# Reference\n")
    book.write("exercises/one.md", SET)
    return book


def links(book, name="one"):
    soup = BeautifulSoup(book.page(f"chapters/part/{name}"), "html.parser")
    return [[(link["href"], link["title"], link.get_text()) for link in place.find_all("a")]
            for place in soup.find_all(class_="lif-practise")]


def test_an_objective_links_to_its_questions(book):
    assert book.build() == []
    soup = BeautifulSoup(book.page("chapters/part/one"), "html.parser")
    shown = [place.get_text() for place in soup.find_all(class_="lif-practise")]
    assert shown == ["(questions 1 and 3)", "(question 2)"]
    page = "../../exercises/one.html#question-"
    assert links(book) == [
        [(page + "1-the-first", "Question 1: the first", "1"), (page + "3-the-third", "Question 3: the third", "3")],
        [(page + "2-the-second", "Question 2: the second", "2")],
    ]


def test_the_links_follow_a_new_title(book):
    book.build()
    book.write("exercises/one.md", SET.replace("the second", "another"))
    assert book.build() == []
    assert links(book)[1] == [("../../exercises/one.html#question-2-another", "Question 2: another", "2")]


def test_latex_links_too(book):
    assert book.build("latex") == []
    tex = next((book.folder / "_build" / "latex").glob("*.tex")).read_text(encoding="utf-8")
    assert r"\hyperref[\detokenize{exercises/one:question-2-the-second}]" in tex


@pytest.mark.parametrize(
    "before, after, message",
    [
        (" {practise}`2`", " {practise}`2 4`", "one.md:7: WARNING: exercises/one has no question 4; it has 1, 2, 3"),
        ("it {practise}`1 3`", "it {practise}`1`", "question 3 of exercises/one practises no objective"),
        ("- say why", "- say where.\n- say why", "one.md:7: WARNING: no question practises the objective 'say where.'"),
        ("`1 3`", "`1, 3`", "'1, 3' must be numbers of questions with spaces between"),
        ("`1 3`", "`3 1`", "'3 1' must name each question once, in order"),
    ],
)
def test_a_gap_in_the_chapter_is_named(book, before, after, message):
    assert before in CHAPTER
    book.write("chapters/part/one.md", CHAPTER.replace(before, after))
    assert message in book.build()[0]


@pytest.mark.parametrize(
    "before, after, message",
    [
        ("## Question 3: the third\n", "", "exercises/one has no question 3"),
        ("## A word between", "## Question 4: more", "question 4 of exercises/one practises no objective"),
    ],
)
def test_a_gap_in_the_set_is_named(book, before, after, message):
    assert before in SET
    book.write("exercises/one.md", SET.replace(before, after))
    assert message in book.build()[0]


def test_a_chapter_without_its_set_is_named_as_long_as_it_is_there(book):
    book.build()
    (book.folder / "exercises" / "one.md").unlink()
    assert any("the book has no page exercises/one" in warning for warning in book.build())
    (book.folder / "chapters" / "part" / "one.md").unlink()
    assert book.build() == []


def test_gaps_are_found_again_when_only_another_page_changes(book):
    book.write("exercises/one.md", SET + "\n## Question 4: more\n")
    assert len(book.build()) == 1
    book.write("chapters/reference/page.md", "# Reference, changed\n")
    assert "question 4 of exercises/one practises no objective" in book.build()[0]


def test_pages_read_in_parallel_are_put_together(book):
    for number in range(6):
        book.write(f"chapters/part/p{number}.md", CHAPTER)
        book.write(f"exercises/p{number}.md", SET)
    book.write("chapters/part/p5.md", CHAPTER.replace("`2`", "`2 4`"))
    (warning,) = book.build(parallel=2)
    assert "exercises/p5 has no question 4" in warning
    for number in range(6):
        assert [len(place) for place in links(book, f"p{number}")] == [2, 1]
