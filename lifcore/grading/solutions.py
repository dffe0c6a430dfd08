"""What the right answer and each plausible mistake give: case ↦ value, by running the code of the set itself.

A mistake is recognised when the student's values are the mutant's wherever mutant and solution differ.
"""

import os
from contextlib import contextmanager
from dataclasses import dataclass

from lifcore.grading.cases import draw, evaluate, seed_of
from lifcore.grading.compare import Unanswered, encode, same


@dataclass(frozen=True)
class Failure:
    """Instead of a value: running the case raised an error, or found the question unanswered."""

    text: str
    unanswered: bool = False


@contextmanager
def checks_rest():
    """While this lasts, `begin`, `check` and the like do nothing: a given cell calls them for the student."""
    before = os.environ.get("LIFCORE_CHECK")
    os.environ["LIFCORE_CHECK"] = "off"
    try:
        yield
    finally:
        if before is None:
            del os.environ["LIFCORE_CHECK"]
        else:
            os.environ["LIFCORE_CHECK"] = before


class Reference:
    """The course's own answers to a set, and its mutants', run on cases drawn from a seed.

    Parameters
    ----------
    exercise : ExerciseSet

    Notes
    -----
    This runs the set's own code, which is trusted. It must never be given a student's.
    """

    def __init__(self, exercise):
        self.exercise = exercise
        self._givens = None
        self._solved = {}

    @property
    def givens(self):
        """Names made by the set's given cells: dict."""
        return self.run_givens()

    def run_givens(self):
        """Run the set's given cells, once, and return their names."""
        if self._givens is None:
            namespace = {"__name__": f"lifcore.grading.{self.exercise.name}"}
            with checks_rest():
                for code in self.exercise.given:
                    exec(compile(code, f"<given, {self.exercise.name}>", "exec"), namespace)
            self._givens = namespace
        return self._givens

    def namespace(self, question, code):
        """Run one answer on top of the given cells, and return all names."""
        names = dict(self.givens)
        exec(compile(code, f"<answer to {question.id}>", "exec"), names)
        return names

    def solved(self, question):
        """Names after the course's own answer to a question: dict."""
        if question.id not in self._solved:
            self._solved[question.id] = self.namespace(question, question.solution)
        return self._solved[question.id]

    def values(self, question, base_seed, answer=None):
        """Values of all cases of a question.

        Parameters
        ----------
        question : Question
        base_seed : int
        answer : str, optional
            Code in place of the course's answer (a mutant's).

        Returns
        -------
        list of plain data or Failure
        """
        try:
            names = self.solved(question) if answer is None else self.namespace(question, answer)
        except Exception as error:
            return [describe(error, question)] * len(question.cases)
        return [
            value_of(case, self.seed(question, index, base_seed), names, self.givens, question)[0]
            for index, case in enumerate(question.cases)
        ]

    def seed(self, question, index, base_seed):
        """Seed of one case."""
        return seed_of(base_seed, self.exercise.name, question.id, index)


def value_of(case, seed, names, givens, question):
    """Value of one case, and the parameters it was asked for: (plain data or Failure, dict)."""
    drawn = draw(case.setup, seed, givens)
    try:
        return encode(evaluate(case.expression, drawn, names, givens)), drawn
    except Exception as error:
        return describe(error, question), drawn


def describe(error, question):
    """The failure behind an exception that an answer raised."""
    if isinstance(error, (Unanswered, NotImplementedError)):
        return Failure("not answered yet", unanswered=True)
    if isinstance(error, NameError) and getattr(error, "name", None) in question.defines:
        return Failure(f"{error.name} is not defined: run the cell above first", unanswered=True)
    text = f"{type(error).__name__}: {error}"
    return Failure(text if len(text) <= 200 else text[:197] + "...")


def agrees(case, got, want):
    """Whether a value is the wanted one; a failure never is."""
    if isinstance(got, Failure) or isinstance(want, Failure):
        return False
    return same(got, want, case.rtol, case.atol)


def recognise(question, got, want, wrong):
    """Find the mutant that explains wrong values.

    Parameters
    ----------
    question : Question
    got, want : list of plain data or Failure
        Values of the student's and of the course's answer, one per case.
    wrong : dict of str to list
        Values of each mutant, by its name.

    Returns
    -------
    Mutant or None
        Among those whose values are the student's on every case where mutant and solution differ, the one with
        the most such cases; among equals, the first.
    """
    best, most = None, 0
    for mutant in question.mutants:
        telling = [
            (case, mine, theirs)
            for case, mine, right, theirs in zip(question.cases, got, want, wrong[mutant.name])
            if not isinstance(theirs, Failure) and not agrees(case, theirs, right)
        ]
        if len(telling) > most and all(agrees(case, mine, theirs) for case, mine, theirs in telling):
            best, most = mutant, len(telling)
    return best
