"""The Sphinx extension of this book. One idea a module; each can also be loaded alone.

cache         results of the notebooks are kept until lifcore or a requirement changes
ledger        numbers in the text come from numbers.yml, where each is checked
prose         a number in the text from anywhere else stops the build
exercises     an exercise set becomes a page
api           the reference of lifcore, from its docstrings
coursemap     the first page lists the chapters, and what the reader has done of each
live          still images and static hosts of the live figures
mathjax       the formulas need no other server
bibliography  works are listed as the text cites them
"""

PARTS = ("cache", "ledger", "prose", "exercises", "api", "coursemap", "live", "mathjax", "bibliography")


def setup(app):
    for part in PARTS:
        app.setup_extension(f"lifbook.{part}")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
