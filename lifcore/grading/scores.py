"""A score shows itself: as text in a terminal, as a table in a notebook, as a bare number to nbgrader."""

import html
import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One case in the table: whether it passed, its expression, its points, and a remark."""

    passed: bool
    expression: str
    points: float
    maximum: float
    remark: str = ""


@dataclass(frozen=True)
class Score:
    """What `check` gives back.

    Attributes
    ----------
    question, title : str
    points, maximum : float
        Of the public cases.
    rows : tuple of Row
    mistake : str
        Message of the recognised misconception, or nothing.
    hint : str
        The next hint, or nothing.
    notes : tuple of str
        Further sentences.
    """

    question: str
    title: str
    points: float = 0.0
    maximum: float = 0.0
    rows: tuple = ()
    mistake: str = ""
    hint: str = ""
    notes: tuple = ()

    def __float__(self):
        return float(self.points)

    @property
    def heading(self):
        """Question, title and points, in one line."""
        return f"{self.question} · {self.title}: {self.points:g} of {counted(self.maximum, 'point')}"

    @property
    def text(self):
        """The score as plain text."""
        width = max((len(row.expression) for row in self.rows), default=0)
        lines = [self.heading]
        for row in self.rows:
            line = f"  {tick(row.passed)} {row.expression:{width}s}  {row.points:g} of {row.maximum:g}"
            lines.append(f"{line}  {row.remark}".rstrip())
        lines += self._sentences()
        return "\n".join(lines)

    def _sentences(self):
        sentences = []
        if self.mistake:
            sentences.append(f"A likely reason: {self.mistake}")
        if self.hint:
            sentences.append(self.hint)
        return sentences + list(self.notes)

    def __repr__(self):
        # nbgrader takes a number that the cell shows as its points, and any other text as full marks.
        if os.environ.get("NBGRADER_EXECUTION") in ("autograde", "validate"):
            return f"{self.points:g}"
        return self.text

    def _repr_html_(self):
        rows = "".join(
            f"<tr><td>{tick(row.passed)}</td><td><code>{html.escape(row.expression)}</code></td>"
            f"<td>{row.points:g} of {row.maximum:g}</td><td>{html.escape(row.remark)}</td></tr>"
            for row in self.rows
        )
        table = f"<table>{rows}</table>" if rows else ""
        sentences = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self._sentences())
        return f'<div class="lifcore-score"><p><b>{html.escape(self.heading)}</b></p>{table}{sentences}</div>'


def tick(passed):
    """The mark of a case that passed, or did not."""
    return "✓" if passed else "✗"


def counted(number, noun):
    """A number with its noun: 1 point, 2 points."""
    return f"{number:g} {noun}" if number == 1 else f"{number:g} {noun}s"
