"""What an exercise set is made of: a set has questions, a question has cases, mutants and hints.

A case asks for one value. A mutant is a plausible wrong answer, written as code, with the message that names
the misconception behind it. `question`, `case` and `mutant` are the words a `checks` cell is written in.
"""

import re
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Case:
    """One value that an answer must give.

    Attributes
    ----------
    expression : str
        Evaluated where the answer was run, e.g. ``"my_rate(n, I)"``.
    points : float
    setup : str
        Code that draws fresh parameters from `rng`, e.g. ``"I = rng.uniform(0.3, 0.8)"``.
    hidden : bool
        Whether only the grader runs it.
    rtol, atol : float
        Relative and absolute tolerance.
    """

    expression: str
    points: float = 1
    setup: str = ""
    hidden: bool = False
    rtol: float = 1e-6
    atol: float = 1e-12


@dataclass(frozen=True)
class Mutant:
    """A plausible wrong answer: its name, the code of it, and the message it must earn."""

    name: str
    message: str
    answer: str


@dataclass(frozen=True)
class Question:
    """A question: its cases, mutants, hints, and the course's own answer.

    Attributes
    ----------
    id, title : str
    cases : tuple of Case
    mutants : tuple of Mutant
    hints : tuple of str
        From the gentlest to the most explicit.
    solution : str
        Code of the answer cell, without its markers.
    defines : tuple of str
        Names that the answer cell must define.
    """

    id: str
    title: str
    cases: tuple = ()
    mutants: tuple = ()
    hints: tuple = ()
    solution: str = ""
    defines: tuple = ()

    @property
    def public(self):
        """The cases that the notebook's own check runs, each with its position: list of (int, Case)."""
        return [(index, case) for index, case in enumerate(self.cases) if not case.hidden]

    @property
    def hidden(self):
        """The cases that only the grader runs, each with its position: list of (int, Case)."""
        return [(index, case) for index, case in enumerate(self.cases) if case.hidden]


@dataclass(frozen=True)
class ExerciseSet:
    """A named set of questions.

    Attributes
    ----------
    name, title : str
    given : tuple of str
        Code cells that every answer and check may rely on (imports, data, helpers).
    questions : tuple of Question
    left_out : dict
        Of each question, the number and points of the hidden cases that this copy does not hold.
    released : tuple of str
        Code cells of the released notebook that no answer needs; the grader does not run them again.
    """

    name: str
    title: str
    given: tuple = ()
    questions: tuple = ()
    left_out: dict = None
    released: tuple = ()

    def __getitem__(self, question_id):
        for one in self.questions:
            if one.id == question_id:
                return one
        known = ", ".join(one.id for one in self.questions)
        raise KeyError(f"question {question_id!r} is not in the set {self.name!r}, which has {known}")

    def hidden_points(self, question_id):
        """Number of hidden cases of a question, and their points: (int, float)."""
        hidden = [case for _, case in self[question_id].hidden]
        if hidden:
            return len(hidden), sum(case.points for case in hidden)
        return tuple((self.left_out or {}).get(question_id, (0, 0)))

    def public_copy(self):
        """The set as it is shipped with the package: without the hidden cases, but with their number."""
        left_out = {one.id: list(self.hidden_points(one.id)) for one in self.questions}
        questions = tuple(replace(one, cases=tuple(case for _, case in one.public)) for one in self.questions)
        return replace(self, questions=questions, left_out=left_out, released=())

    def to_dict(self):
        """The set as plain data, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data):
        """The set that `to_dict` wrote."""
        questions = tuple(
            Question(
                **{
                    **one,
                    "cases": tuple(Case(**case) for case in one["cases"]),
                    "mutants": tuple(Mutant(**mutant) for mutant in one["mutants"]),
                    "hints": tuple(one["hints"]),
                    "defines": tuple(one["defines"]),
                }
            )
            for one in data["questions"]
        )
        return cls(
            **{
                **data,
                "given": tuple(data["given"]),
                "questions": questions,
                "released": tuple(data["released"]),
            }
        )


def case(expression, points=1, setup="", hidden=False, rtol=1e-6, atol=1e-12):
    """A case, as a `checks` cell writes it; see `Case`."""
    if points <= 0:
        raise ValueError(f"points of the case {expression!r} is {points}; it must be above 0")
    if rtol < 0 or atol < 0:
        raise ValueError(
            f"the tolerances of the case {expression!r} are {rtol} and {atol}; neither may be negative"
        )
    compile(expression, f"case {expression!r}", "eval")
    compile(setup, f"setup of the case {expression!r}", "exec")
    return Case(expression, points, setup, bool(hidden), rtol, atol)


def mutant(name, message="", answer=""):
    """A mutant, as a `checks` cell writes it; see `Mutant`."""
    if len(message.strip()) < 20:
        raise ValueError(
            f"message of the mutant {name!r} is {message!r}; it must name the misconception in words"
        )
    if not answer.strip():
        raise ValueError(
            f"answer of the mutant {name!r} is empty; it must be the code that replaces the answer cell"
        )
    code = answer.strip("\n") + "\n"
    compile(code, f"mutant {name!r}", "exec")
    return Mutant(name, message.strip(), code)


def question(id, title="", cases=(), mutants=(), hints=()):
    """A question, as a `checks` cell writes it; see `Question`.

    Raises
    ------
    ValueError
        Naming the question and what is wrong with it.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", id):
        raise ValueError(
            f"id is {id!r}; it must be lower-case letters, digits and _, beginning with a letter"
        )
    if not title.strip():
        raise ValueError(f"title of the question {id!r} is missing")
    if not any(not one.hidden for one in cases):
        raise ValueError(f"cases of the question {id!r} hold no public case; at least one must not be hidden")
    if not hints:
        raise ValueError(f"hints of the question {id!r} are missing; give at least one")
    for what, values in (
        ("name", [one.name for one in mutants]),
        ("message", [one.message for one in mutants]),
        ("answer", [one.answer for one in mutants]),
    ):
        for value in values:
            if values.count(value) > 1:
                raise ValueError(f"two mutants of the question {id!r} have the same {what}: {value!r}")
    return Question(id, title.strip(), tuple(cases), tuple(mutants), tuple(hint.strip() for hint in hints))
