"""Which cells answer which question: by the name a cell was released with, else by what it defines.

An answer is taken as it is when its cell has run, as the check below it takes it in the notebook: a later question may
use the same name for something else. It also decides where errors and pictures are shown, and what is run when a
question is run alone. An answer that no cell seems to define, whatever made it, is taken as it is in the end.
"""

import re
import unicodedata

DEFINITION = re.compile(r"(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
IMPORT = re.compile(r"(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+\(?([\w., \t]+)")


def owners(cells, defines, untouched=()):
    """The questions that each cell answers.

    Parameters
    ----------
    cells : sequence of (int, str, str)
        Number, id (nbgrader's, or the cell's own) and code.
    defines : dict of str to sequence of str
        Of each question, the names that its answer must define.
    untouched : set of str
        Code of the released notebook that answers nothing.

    Returns
    -------
    dict of int to tuple of str
        By the cell's number: no question, one, or, of a cell that was made from several, more.
    """
    made = {number: set() if code.strip("\n") in untouched else defined(code) for number, _, code in cells}
    ids = {f"{one}-answer" for one in defines}
    found = {number: [] for number, _, _ in cells}
    for question, names in defines.items():
        shares = {number: len(made[number].intersection(names)) for number, _, _ in cells}
        at_home = any(id == f"{question}-answer" and shares[number] for number, id, _ in cells)
        for number, id, _ in cells:
            elsewhere = (id in ids and at_home) or (
                # It answers another question wholly, and a different cell has more of this one.
                shares[number] < max(shares.values())
                and any(made[number].issuperset(other) for one, other in defines.items() if other and one != question)
            )
            if id == f"{question}-answer" or (shares[number] and not elsewhere):
                found[number].append(question)
    return {number: tuple(questions) for number, questions in found.items()}


def defined(code):
    """Names that a cell seems to define at its left margin: set of str.

    It is read line by line and never compiled: the code is a student's, and need not even be Python.
    """
    names = set()
    for line in code.splitlines():
        if not (line[:1].isidentifier() and len(line) < 10_000):
            continue
        definition, imported = DEFINITION.match(line), IMPORT.match(line)
        left, equals, right = line.partition("=")
        if definition:
            names.add(definition[1])
        elif imported:
            names.update(part.split()[-1] for part in imported[1].split(",") if part.split())
        elif equals and not right.startswith("="):
            parts = (part.partition(":")[0].strip() for part in left.split(","))
            names.update(part for part in parts if part.isidentifier())
    return {unicodedata.normalize("NFKC", name) for name in names}
