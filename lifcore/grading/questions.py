"""What an exercise set is made of: a set has questions, a question has cases, mutants and hints.

A case asks for one value. A mutant is a plausible wrong answer, written as code, with the message that names
the misconception behind it. `question`, `case` and `mutant` are the words a `checks` cell is written in.
"""

import re
from dataclasses import asdict, dataclass, replace


def _must(holds, name, value, allowed):
    if not holds:
        raise ValueError(f"{name} is {value!r}; it must be {allowed}")


def _texts(item, *names):
    """An error unless these attributes are text, or rows of text."""
    for name in names:
        value = getattr(item, name)
        if isinstance(value, tuple):
            _must(all(isinstance(one, str) for one in value), name, value, "a row of texts")
        else:
            _must(isinstance(value, str), name, value, "text")


def _number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300


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

    def __post_init__(self):
        _texts(self, "expression", "setup")
        what = f"of the case {self.expression!r}"
        _must(_number(self.points) and self.points > 0, f"points {what}", self.points, "a number above 0")
        _must(isinstance(self.hidden, bool), f"hidden {what}", self.hidden, "True or False")
        for name in ("rtol", "atol"):
            value = getattr(self, name)
            _must(_number(value) and value >= 0, f"{name} {what}", value, "a number, not negative")


@dataclass(frozen=True)
class Mutant:
    """A plausible wrong answer: its name, the code of it, and the message it must earn."""

    name: str
    message: str
    answer: str

    def __post_init__(self):
        _texts(self, "name", "message", "answer")


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

    def __post_init__(self):
        _texts(self, "id", "title", "hints", "solution", "defines")

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

    def __post_init__(self):
        _texts(self, "name", "title", "given", "released")
        left_out = {} if self.left_out is None else self.left_out
        _must(
            isinstance(left_out, dict) and all(
                isinstance(pair, (list, tuple)) and len(pair) == 2 and all(map(_number, pair))
                for pair in left_out.values()),
            "left_out", left_out, "for each question a number of cases and their points")

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
        """The set that `to_dict` wrote.

        Raises
        ------
        ValueError
            If it is none: says what is wrong.
        """
        try:
            return cls._from_dict(data)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"it holds no exercise set: {type(error).__name__}: {error}") from error

    @classmethod
    def _from_dict(cls, data):
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
