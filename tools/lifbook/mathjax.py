"""The formulas need no other server: MathJax comes from the package sphinx-mathjax-offline.

Of the package's 24 MB the page needs one component, the extensions that the component may load later, and the
fonts, together about 2 MB. `mathjax_path` in _config.yml names the copy.
"""

from importlib.metadata import files
from pathlib import Path

from sphinx.util.fileutil import copy_asset

DISTRIBUTION = "sphinx-mathjax-offline"
NEEDED = ("tex-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")


def mathjax_folder():
    """Folder of the installed package that holds MathJax.

    Returns
    -------
    pathlib.Path
    """
    component = next(file for file in files(DISTRIBUTION) if file.match("static/mathjax/tex-chtml.js"))
    return Path(component.locate()).parent


def copy_mathjax(app, exception):
    """Copy what a page needs into `_static/mathjax`."""
    if exception is not None or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / "mathjax"
    for name in NEEDED:
        copy_asset(mathjax_folder() / name, target / Path(name).parent if "." in name else target / name)


def setup(app):
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
