"""The Sphinx extension of this book. One idea a module; each can also be loaded alone.

cache         results of the notebooks are kept until lifcore or a requirement changes
ledger        numbers in the text come from numbers.yml, where each is checked
prose         a number in the text from anywhere else stops the build
exercises     an exercise set becomes a page
api           the reference of lifcore, from its docstrings
live          still images and static hosts of the live figures
accessible    what WCAG wants of a page and the theme does not do
icons         the theme's icons without their weight
mathjax       the formulas need no other server
bibliography  works are listed as the text cites them
"""

PARTS = ("cache", "ledger", "prose", "exercises", "api", "live", "accessible", "icons", "mathjax", "bibliography")


def setup(app):
    for part in PARTS:
        app.setup_extension(f"lifbook.{part}")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
