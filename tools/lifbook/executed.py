"""Every page with code ends with when that code was run, for how long, and with which versions.

The date and the time come from MyST-NB, which keeps them with the outputs; the versions are those of this environment,
which are the ones the outputs were made with, because they are part of the cache's key (cache.py).
"""

import platform
from datetime import datetime, timezone
from importlib.metadata import version

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from .cache import COMPUTED_WITH


def versions():
    """Python and the packages that the notebooks compute with: dict from name to version."""
    return {"Python": platform.python_version()} | {name: version(name) for name in ("lifcore", *COMPUTED_WITH)}


def described(data, known):
    """The line at the end of a page.

    Parameters
    ----------
    data : dict
        What MyST-NB keeps of an execution: ``mtime`` in seconds since 1970, ``runtime`` in seconds or None.
    known : dict from str to str
        Versions by name.

    Returns
    -------
    str
    """
    when = datetime.fromtimestamp(data["mtime"], timezone.utc)
    text = f"Last executed on {when.day} {when:%B %Y}"
    if data.get("runtime") is not None:
        text += f" in {data['runtime']:.1f} s"
    return f"{text} with {', '.join(f'{name} {number}' for name, number in known.items())}."


class LastExecuted(SphinxPostTransform):
    """Puts the line at the end of a page that was executed."""

    default_priority = 800

    def run(self, **kwargs):
        # The document of a LaTeX build holds all pages.
        within = {page["docname"]: page for page in self.document.findall(addnodes.start_of_file)}
        for docname, page in (within or {self.env.docname: self.document}).items():
            data = NbMetadataCollector.get_doc_data(self.env).get(docname, {}).get("exec_data")
            if data:
                line = nodes.paragraph("", described(data, versions()), classes=["last-executed"])
                # Within the page's own section, as its last words.
                sections = [node for node in page.children if isinstance(node, nodes.section)]
                (sections[-1] if sections else page).append(line)


def setup(app):
    app.add_post_transform(LastExecuted)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
