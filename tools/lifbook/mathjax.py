"""The formulas need no other server: MathJax comes from the package sphinx-mathjax-offline.

Of the package's 24 MB the page needs one component, the extensions that the component may load later, and the
fonts, together about 2 MB. `mathjax_path` in _config.yml names the copy.

On a page with live figures MathJax waits until the first of them is alive, since both need the browser's one thread: the
figure then comes half a second sooner, and the formulas no later. A figure that does not come holds nothing up.
"""

from importlib.metadata import files
from pathlib import Path

from sphinx.util.fileutil import copy_asset

DISTRIBUTION = "sphinx-mathjax-offline"
LONGEST_WAIT = 2000  # ms
WAIT = f"""window.lifAlive = new Promise((done) => {{
  const soon = () => {{ if (!document.querySelector(".live-figure")) done(); }};
  document.addEventListener("DOMContentLoaded", soon);
  document.addEventListener("lif:alive", done, {{ once: true }});
  setTimeout(done, {LONGEST_WAIT});
}});
(window.MathJax ??= {{}}).startup = {{ pageReady: () => lifAlive.then(() => MathJax.startup.defaultPageReady()) }};"""
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


def let_figures_come_first(app, pagename, templatename, context, doctree):
    """After Sphinx has put its settings of MathJax on the page, and before MathJax, which is deferred."""
    if doctree is not None:
        app.add_js_file(None, body=WAIT, priority=900)


def setup(app):
    app.connect("build-finished", copy_mathjax)
    app.connect("html-page-context", let_figures_come_first, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
