"""A question in the text that answers back: the reader picks an answer and is told what speaks for or against it.

    :::{selfcheck} rheobase-and-tau
    The question, in Markdown.

    - [ ] A wrong answer

      Feedback: the misconception behind it, and what to look at.

    - [x] The right answer

      Why it is right.
    :::

The page needs no script for it: the answers are radio buttons, and a style sheet shows the feedback of the one that is
picked. assets/selfcheck.js says it aloud and tells the page of it. Other builders print the question, its answers and
then all feedback. `env.lif_selfchecks` holds the ids of every page's questions, in their order.
"""

import re
from html import escape
from typing import NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

HEADING = "Check yourself"
VERDICTS = {True: "Right.", False: "Not right."}
SIGNS = {True: "✓", False: "✗"}
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
ANSWER = re.compile(r"- \[(?P<mark>[ xX])\]\s+(?P<text>\S.*)")
INDENT = "  "
FEWEST, MOST = 3, 4


class Piece(NamedTuple):
    """Some Markdown, and the line of the directive's content on which it starts."""

    text: str
    line: int


class Answer(NamedTuple):
    """An answer, and what the reader who picks it is told."""

    right: bool
    answer: Piece
    feedback: Piece

    @property
    def verdict(self):
        return VERDICTS[self.right]


class SelfCheck(NamedTuple):
    """A question with its answers."""

    question: Piece
    answers: tuple


def read_selfcheck(lines):
    """A question from the content of its directive.

    Parameters
    ----------
    lines : sequence of str

    Returns
    -------
    SelfCheck

    Raises
    ------
    ValueError
        If a line belongs to no answer, an answer has no feedback, there are fewer than three answers or more than
        four, not exactly one is right, or there is no question. The message says what to change.
    """
    question, answers = [], []
    for number, line in enumerate(lines):
        opening = ANSWER.fullmatch(line.rstrip())
        if opening:
            answers.append((opening["mark"] != " ", number, [opening["text"]]))
        elif not answers:
            question.append(line)
        elif line.strip() and not line.startswith(INDENT):
            raise ValueError(f"the line {line!r} belongs to no answer; begin an answer with '- [ ] ' or '- [x] ', and "
                             "indent its feedback by two spaces")
        else:
            answers[-1][2].append(line[len(INDENT):])
    check = SelfCheck(piece(question, 0), tuple(split_answer(*answer) for answer in answers))
    if not check.question.text:
        raise ValueError("there is no question; write it above the first answer")
    if not FEWEST <= len(answers) <= MOST:
        raise ValueError(f"it has {len(answers)} answers; give it three or four, each with '- [ ] ' or '- [x] ' before it")
    right = sum(answer.right for answer in check.answers)
    if right != 1:
        raise ValueError(f"{right} of its answers are marked right; mark exactly one with '- [x] '")
    return check


def split_answer(right, line, lines):
    """An answer ends at its first blank line; what follows is its feedback."""
    end = next((place for place, text in enumerate(lines) if not text.strip()), len(lines))
    answer, feedback = piece(lines[:end], line), piece(lines[end:], line + end)
    if not feedback.text:
        raise ValueError(f"the answer {answer.text!r} has no feedback; write it below, after a blank line and indented "
                         "by two spaces")
    return Answer(right, answer, feedback)


def piece(lines, line):
    """Lines without the blank ones around them."""
    while lines and not lines[0].strip():
        lines, line = lines[1:], line + 1
    return Piece("\n".join(lines).rstrip(), line)


class selfcheck(nodes.General, nodes.Element):
    """A question: what is asked, then its answers."""


class selfcheck_question(nodes.General, nodes.Element):
    """What is asked."""


class selfcheck_answer(nodes.General, nodes.Element):
    """One answer: its text, then its feedback."""


class selfcheck_text(nodes.General, nodes.TextElement):
    """The text of an answer."""


class selfcheck_feedback(nodes.General, nodes.Element):
    """What a reader who picks the answer is told."""


class SelfCheckDirective(SphinxDirective):
    """`{selfcheck}` asks a question."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self):
        name = self.arguments[0]
        taken = self.env.lif_selfchecks.setdefault(self.env.docname, [])
        try:
            if not ID.fullmatch(name):
                raise ValueError("the id must be words of small letters and digits joined by hyphens")
            if name in taken:
                raise ValueError("the id is taken on this page; every question needs one of its own")
            check = self.node(name, read_selfcheck(self.content.data))
        except ValueError as problem:
            logger.warning(f"self-check {name!r}: {problem}", location=self.get_location(),
                           type="lifbook", subtype="selfcheck")
            return []
        taken.append(name)
        return [check]

    def node(self, name, check):
        asked = selfcheck(name=name, docname=self.env.docname, ids=[f"check-{name}"])
        asked += self.parse(selfcheck_question(), check.question)
        for letter, answer in zip("abcd", check.answers):
            part = selfcheck_answer(letter=letter, right=answer.right, check=f"check-{name}")
            part += self.text(answer.answer)
            part += self.parse(selfcheck_feedback(right=answer.right, letter=letter), answer.feedback)
            asked += part
        self.set_source_info(asked)
        return asked

    def text(self, answer):
        holder = self.parse(nodes.Element(), answer)
        if len(holder.children) != 1 or not isinstance(holder.children[0], nodes.paragraph):
            raise ValueError(f"the answer {answer.text!r} must be one paragraph; the rest belongs to its feedback")
        return selfcheck_text("", "", *holder.children[0].children)

    def parse(self, target, part):
        source = StringList(part.text.splitlines(), source=self.get_source_info()[0])
        self.state.nested_parse(source, self.content_offset + part.line, target)
        return target


# The page -----------------------------------------------------------------------------------------------------

def visit_selfcheck(writer, node):
    writer.body.append(
        f'<fieldset class="lif-check" id="{node["ids"][0]}" data-page="{escape(node["docname"])}" '
        f'data-check="{node["name"]}" aria-describedby="{node["ids"][0]}-question"><legend>{HEADING}</legend>\n'
    )


def depart_selfcheck(writer, node):
    writer.body.append("</fieldset>\n")


def visit_question(writer, node):
    writer.body.append(f'<div class="lif-check-question" id="{node.parent["ids"][0]}-question">\n')


def visit_answer(writer, node):
    letter = node["letter"]
    name = f'{node["check"]}-{letter}'
    right = " data-right" if node["right"] else ""
    writer.body.append(
        f'<div class="lif-check-answer"><input type="radio" name="{node["check"]}" id="{name}" value="{letter}"{right}>'
        f'\n<label for="{name}"><span class="lif-check-letter">({letter})</span> '
    )


def depart_text(writer, node):
    writer.body.append("</label>\n")


def visit_feedback(writer, node):
    writer.body.append(
        f'<div class="lif-check-feedback"><p class="lif-check-verdict">'
        f'<span class="lif-check-letter">({node["letter"]})</span> '
        f'<span aria-hidden="true">{SIGNS[node["right"]]}</span> {VERDICTS[node["right"]]}</p>\n'
    )


def end_division(writer, node):
    writer.body.append("</div>\n")


def nothing(writer, node):
    pass


# Print and plain text -----------------------------------------------------------------------------------------

class PrintSelfChecks(SphinxPostTransform):
    """Where nothing can be picked: the question, its answers by letter, then the feedback on each in small print."""

    default_priority = 5

    def run(self, **options):
        if self.app.builder.format == "html":
            return
        for check in list(self.document.findall(selfcheck)):
            check.replace_self(self.printed(check))

    def printed(self, check):
        question, *answers = check.children
        choices = nodes.enumerated_list("", enumtype="loweralpha", prefix="(", suffix=")")
        box = nodes.admonition("", nodes.title("", HEADING), *question.children, choices)
        box += nodes.raw("", r"\begin{small}", format="latex")
        for answer in answers:
            text, feedback = answer.children
            choices += nodes.list_item("", nodes.paragraph("", "", *text.children))
            letter, verdict = nodes.Text(f"({answer['letter']}) "), nodes.strong("", VERDICTS[answer["right"]])
            blocks = list(feedback.children)
            first = blocks.pop(0) if isinstance(blocks[0], nodes.paragraph) else nodes.paragraph()
            box += [nodes.paragraph("", "", letter, verdict, nodes.Text(" "), *first.children), *blocks]
        box += nodes.raw("", r"\end{small}", format="latex")
        return box


# The build ----------------------------------------------------------------------------------------------------

def begin(app):
    if not hasattr(app.env, "lif_selfchecks"):
        app.env.lif_selfchecks = {}


def purge(app, env, docname):
    env.lif_selfchecks.pop(docname, None)


def merge(app, env, docnames, other):
    for docname in docnames:
        if docname in other.lif_selfchecks:
            env.lif_selfchecks[docname] = other.lif_selfchecks[docname]


def add_files(app, pagename, templatename, context, doctree):
    """Pages without a question load nothing for one."""
    if app.env.lif_selfchecks.get(pagename):
        app.add_css_file("selfcheck.css")
        app.add_js_file("selfcheck.js", type="module")


def setup(app):
    app.add_directive("selfcheck", SelfCheckDirective)
    app.add_node(selfcheck, html=(visit_selfcheck, depart_selfcheck))
    app.add_node(selfcheck_question, html=(visit_question, end_division))
    app.add_node(selfcheck_answer, html=(visit_answer, end_division))
    app.add_node(selfcheck_text, html=(nothing, depart_text))
    app.add_node(selfcheck_feedback, html=(visit_feedback, end_division))
    app.add_post_transform(PrintSelfChecks)
    app.connect("builder-inited", begin)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("html-page-context", add_files)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
