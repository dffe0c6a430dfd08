"""Exercises: checks that answer at once in the notebook, and a grader for a whole class.

In a notebook::

    from lifcore.grading import begin, check, hint, progress, reference

    begin("neuron")     # open a set
    check("q1")         # check a question: cases, a recognised misconception, the next hint, points
    hint("q1")          # one more step
    progress()          # the bar

At the command line: ``python -m lifcore.grading release | grade | report --help``.

The course's solutions are public: they stand in the book, folded, and in this package's data. What an instructor
keeps private are the seed of a grading run and, if wished, further cases.
"""

from lifcore.grading.checking import begin, check, hint, progress, reference

__all__ = ["begin", "check", "hint", "progress", "reference"]
