"""A case draws fresh parameters from its seed, and asks for one value: setup(rng) → names, expression → value.

The same two steps run everywhere: in the notebook, in the grader (for the expected value) and in the jail.
This file and compare.py are all that the jailed worker loads, so they import nothing but numpy.
"""

import hashlib

from numpy.random import default_rng


def seed_of(base_seed, set_name, question_id, index):
    """Seed of one case.

    Parameters
    ----------
    base_seed : int
        Seed of the whole check or grading run.
    set_name, question_id : str
    index : int
        Position of the case in its question.

    Returns
    -------
    int
        Below 2**64. Knowing the seed of one case does not tell the seed of another.
    """
    text = f"{base_seed}/{set_name}/{question_id}/{index}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def draw(setup, seed, givens):
    """Run a case's setup and return the names it made.

    Parameters
    ----------
    setup : str
        Code that may use `rng` (a generator made from the seed) and the names in `givens`.
    seed : int
    givens : dict
        Names the exercise set gives to everybody. It is not changed. The names an answer may have
        redefined are deliberately not visible here.

    Returns
    -------
    dict
        The names that the setup defined.
    """
    namespace = dict(givens)
    namespace["rng"] = default_rng(seed)
    before = dict(namespace)
    exec(compile(setup, "<case>", "exec"), namespace)
    return {
        name: value
        for name, value in namespace.items()
        if name != "__builtins__" and (name not in before or before[name] is not value)
    }


def evaluate(expression, drawn, namespace, givens):
    """Value of a case's expression with the drawn parameters, in the namespace that holds the answer."""
    names = {**givens, **namespace, **drawn}
    return eval(compile(expression, "<case>", "eval"), names)
