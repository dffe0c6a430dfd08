"""Which cells answer which question: by the name a cell was released with, else by what it defines.

Only where a question's errors and pictures are shown depends on it, and what is run when a question is run alone; the
points come from the names that an answer defines, wherever it stands.
"""

import re
import unicodedata

DEFINITION = re.compile(r"(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")


def owners(id, code, defines):
    """The questions that a cell answers.

    Parameters
    ----------
    id : str
        nbgrader's name of the cell, or the cell's own.
    code : str
    defines : dict of str to sequence of str
        Of each question, the names that its answer must define.

    Returns
    -------
    tuple of str
        None, one, or, of a cell that was made from several, more.
    """
    made = defined(code)
    return tuple(one for one, names in defines.items() if id == f"{one}-answer" or made.intersection(names))


def defined(code):
    """Names that a cell seems to define at its left margin: set of str.

    It is read line by line and never compiled: the code is a student's, and need not even be Python.
    """
    names = set()
    for line in code.splitlines():
        if not (line[:1].isidentifier() and len(line) < 10_000):
            continue
        definition = DEFINITION.match(line)
        left, equals, right = line.partition("=")
        if definition:
            names.add(definition[1])
        elif equals and not right.startswith("="):
            names.update(part.partition(":")[0].strip() for part in left.split(","))
    return {unicodedata.normalize("NFKC", name) for name in names}
