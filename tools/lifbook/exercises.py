"""An exercise set becomes a page: its source is turned into the page's source while Sphinx reads it.

The source of a set holds checks and mutants that no reader should meet; `lifcore.grading.source.book_page` keeps
the questions, the hints and the solutions.
"""


import os


def read_exercise(app, docname, source):
    """Replace the source of `exercises/<set>` by the source of its page."""
    if docname.startswith("exercises/"):
        from lifcore.grading.source import book_page

        source[0] = book_page(source[0])


def setup(app):
    # The page's checks are run while the book is built, and are nobody's progress.
    os.environ.setdefault("LIFCORE_PROGRESS", "off")
    app.connect("source-read", read_exercise)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
