"""What a chapter promises is practised: each objective names the questions of the exercise set that train it.

    - compute the rheobase from the membrane's resistance {practise}`1 8`;

The list of objectives is the one in the box "What you will be able to do"; the set is the page `exercises/<name>` of a
chapter `chapters/<part>/<name>`. In the page the role prints links to the questions. The build warns of an objective
that no question practises, of a question that practises none, and of a question that is not there.
"""

import re
from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx import addnodes
from sphinx.domains import Domain
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)

CHAPTERS = "chapters/"
NO_CHAPTERS = "chapters/reference/"
BOX = "What you will be able to do"
QUESTION = re.compile(r"Question (?P<number>\d+)\b")


def read_numbers(text):
    """Numbers of questions, `"1 4"` as [1, 4].

    Parameters
    ----------
    text : str

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        If the text is not whole numbers with spaces between, each once and in order.
    """
    words = text.split()
    if not words or not all(word.isdigit() for word in words):
        raise ValueError(f"{text!r} must be numbers of questions with spaces between, such as '1 4'")
    numbers = [int(word) for word in words]
    if numbers != sorted(set(numbers)):
        raise ValueError(f"{text!r} must name each question once, in order")
    return numbers


def named(numbers):
    """The words around numbers of questions: (question 1), (questions 1, 2 and 4), in pieces.

    Parameters
    ----------
    numbers : list of int

    Yields
    ------
    str or int
        A number where the text has that number.
    """
    yield "(questions " if len(numbers) > 1 else "(question "
    for place, number in enumerate(numbers):
        if place:
            yield " and " if place == len(numbers) - 1 else ", "
        yield number
    yield ")"


def set_of(docname):
    """The page of a chapter's exercise set."""
    return f"exercises/{PurePosixPath(docname).name}"


def is_chapter(docname):
    return docname.startswith(CHAPTERS) and not docname.startswith(NO_CHAPTERS)


class PractiseRole(SphinxRole):
    """`{practise}` names the questions that practise an objective."""

    def run(self):
        try:
            numbers = read_numbers(self.text)
        except ValueError as problem:
            logger.warning(f"{{practise}}: {problem}", location=self.get_location(), type="lifbook", subtype="practise")
            return [nodes.problematic(self.rawtext, self.rawtext)], []
        target = set_of(self.env.docname)
        # The links name headings of the set, which a change of the set may rename.
        self.env.note_dependency(str(Path(self.env.srcdir) / f"{target}.md"))
        place = nodes.inline(classes=["lif-practise"], questions=numbers)
        for part in named(numbers):
            place += self.link(part, target) if isinstance(part, int) else nodes.Text(part)
        return [place], []

    def link(self, number, target):
        link = addnodes.pending_xref(
            "", nodes.inline("", str(number)), refdomain="practise", reftype="question", reftarget=str(number),
            refset=target, refdoc=self.env.docname,
        )
        self.set_source_info(link)
        return link


def objectives_of(document):
    """The objectives of a chapter.

    Returns
    -------
    list of (docutils.nodes.list_item, list of int)
        Each with the questions it names.
    """
    for box in document.findall(nodes.admonition):
        if box.children and box[0].astext() == BOX:
            objectives = next(box.findall(nodes.bullet_list), nodes.bullet_list()).children
            return [(item, [number for place in item.findall(nodes.inline) for number in place.get("questions", [])])
                    for item in objectives]
    return []


class PractiseDomain(Domain):
    """Which questions the sets have, and which of them the objectives of the chapters name."""

    name = "practise"
    label = "practised objectives"
    initial_data = {"questions": {}, "objectives": {}}

    def process_doc(self, env, docname, document):
        if docname.startswith("exercises/"):
            found = self.data["questions"][docname] = {}
            for section in document.findall(nodes.section):
                title = section[0].astext()
                if QUESTION.match(title):
                    found[int(QUESTION.match(title)["number"])] = (section["ids"][0], title)
        elif is_chapter(docname):
            self.data["objectives"][docname] = [
                (" ".join(item.astext().split()), item.line, numbers) for item, numbers in objectives_of(document)]

    def clear_doc(self, docname):
        self.data["questions"].pop(docname, None)
        self.data["objectives"].pop(docname, None)

    def merge_domaindata(self, docnames, otherdata):
        for kind in ("questions", "objectives"):
            self.data[kind].update({name: data for name, data in otherdata[kind].items() if name in docnames})

    def resolve_xref(self, env, fromdocname, builder, typ, target, node, contnode):
        question = self.data["questions"].get(node["refset"], {}).get(int(target))
        if question is None:  # the consistency check has warned of it
            return contnode
        anchor, title = question
        return make_refnode(builder, fromdocname, node["refset"], anchor, contnode, title)

    def resolve_any_xref(self, env, fromdocname, builder, target, node, contnode):
        return []

    def check_consistency(self):
        for docname, objectives in self.data["objectives"].items():
            for message, line in self.gaps(docname, objectives):
                logger.warning(message, location=(docname, line), type="lifbook", subtype="practise")

    def gaps(self, docname, objectives):
        """What of a chapter's objectives and its set does not meet, one sentence and a line each."""
        target = set_of(docname)
        questions = self.data["questions"].get(target)
        if questions is None:
            if objectives:
                yield f"the chapter has objectives, and the book has no page {target} on which they are practised", None
            return
        for text, line, numbers in objectives:
            if not numbers:
                remedy = "end it with {practise}`…`, or promise less"
                yield f"no question practises the objective {text!r}; {remedy}", line
            for number in numbers:
                if number not in questions:
                    yield f"{target} has no question {number}; it has {', '.join(map(str, questions))}", line
        practised = {number for _, _, numbers in objectives for number in numbers}
        for number in sorted(set(questions) - practised):
            yield f"question {number} of {target} practises no objective; name it with {{practise}}`{number}`", None


def setup(app):
    app.add_domain(PractiseDomain)
    app.add_role("practise", PractiseRole())
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
