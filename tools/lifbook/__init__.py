"""The Sphinx extension of this book. One idea a module; each can also be loaded alone.

cache         results of the notebooks are kept until lifcore or a requirement changes
ledger        numbers in the text come from numbers.yml, where each is checked
prose         a number in the text from anywhere else stops the build
exercises     an exercise set becomes a page
api           the reference of lifcore, from its docstrings
practise      each objective names the questions that practise it
selfcheck     a question in the text that answers back
coursemap     the first page lists the chapters, and what the reader has done of each
live          still images and static hosts of the live figures
accessible    what WCAG wants of a page and the theme does not do
icons         the theme's icons without their weight
mathjax       the formulas need no other server
bibliography  works are listed as the text cites them
executed      a page says when its code was run, and with what
issue         a report names the page and the commit
pdf           the book on paper: parts, tables, stills
"""

PARTS = (
    "cache", "ledger", "prose", "exercises", "api", "practise", "selfcheck", "coursemap", "live", "accessible",
    "icons", "mathjax", "bibliography", "executed", "issue", "pdf")


def setup(app):
    for part in PARTS:
        app.setup_extension(f"lifbook.{part}")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
