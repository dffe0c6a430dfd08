"""What a class is graded with: the set, the seed, the values that are expected, and those of every known mistake."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lifcore.grading import jail, source
from lifcore.grading.cases import draw
from lifcore.grading.questions import ExerciseSet
from lifcore.grading.solutions import Reference

# Raised whenever the same submission would get other points or another page than before.
VERSION = 2


class GradeError(Exception):
    """Grading cannot begin, or was not completed; the message says why."""


@dataclass(frozen=True)
class Plan:
    """All that one submission is graded with.

    Attributes
    ----------
    exercise : ExerciseSet
    base_seed : int
    want : dict
        Expected values of each question.
    wrong : dict
        Of each question, the values of each mutant.
    drawn : dict
        Of each question and public case, the parameters of the case as a text.
    limits : jail.Limits
    jailed : bool
    """

    exercise: ExerciseSet
    base_seed: int
    want: dict
    wrong: dict
    drawn: dict
    limits: jail.Limits = jail.Limits()
    jailed: bool = True

    @cached_property
    def defines(self):
        """Of each question, the names that its answer must define: dict."""
        return {question.id: question.defines for question in self.exercise.questions}

    @cached_property
    def untouched(self):
        """Code of the released notebook that answers nothing: set of str."""
        return {*self.exercise.given, *self.exercise.released}

    def cases(self, hidden, only=None):
        """What the jail is asked, of all questions or of one: list of dict."""
        reference = Reference(self.exercise)
        return [
            {
                "id": [question.id, index],
                "expression": case.expression,
                "setup": case.setup,
                "seed": reference.seed(question, index, self.base_seed),
            }
            for question in self.exercise.questions
            if only in (None, question.id)
            for index, case in (question.hidden if hidden else question.public)
        ]


def key_of(exercise, base_seed):
    """A hash of what the points depend on, beside the submission: str."""
    text = json.dumps([VERSION, base_seed, exercise.to_dict()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def load(path):
    """The set to grade with: from its source, or from a file that `release --private` wrote.

    Raises
    ------
    GradeError
        If it is neither.
    """
    path = Path(path)
    try:
        if path.suffix == ".md":
            return source.read(path).exercise
        return ExerciseSet.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except source.SourceError as error:
        raise GradeError(str(error)) from error
    except (OSError, ValueError, RecursionError) as error:
        raise GradeError(
            f"{path}: is neither an exercise source (.md) nor a file written by `release --private`: {error}"
        ) from error


def make_plan(exercise, base_seed, **options):
    """Compute what is expected, once for the whole class.

    Parameters
    ----------
    exercise : ExerciseSet
    base_seed : int
    **options
        `limits` and `jailed` of `Plan`.

    Returns
    -------
    Plan
    """
    reference = Reference(exercise)
    want, wrong, drawn = {}, {}, {}
    for one in exercise.questions:
        want[one.id] = reference.values(one, base_seed)
        wrong[one.id] = {mutant.name: reference.values(one, base_seed, mutant.answer) for mutant in one.mutants}
        seeds = {index: reference.seed(one, index, base_seed) for index, _ in one.public}
        drawn[one.id] = {
            index: described(draw(case.setup, seeds[index], reference.givens)) for index, case in one.public
        }
    return Plan(exercise, base_seed, want, wrong, drawn, **options)


def described(parameters):
    """The parameters of a case as a text: ``I = 0.31, T = 100``."""
    text = ", ".join(f"{name} = {value!r}" for name, value in parameters.items())
    return text if len(text) <= 240 else text[:237] + "..."
