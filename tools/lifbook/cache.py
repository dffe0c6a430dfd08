"""Results of the notebooks are kept until lifcore or a requirement changes.

Jupyter Cache compares the text of a notebook only, so that a change in lifcore would re-execute nothing and the
book would show results of code that no longer exists. Here the cache's folder carries a key made from everything
a notebook computes with. A new key means a new, empty folder; the setting it is stored in is part of Sphinx's
environment, so that Sphinx then reads every notebook again.
"""

import hashlib
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

SOURCES = ("lifcore/**/*", "requirements.txt")
# An environment may hold other versions than requirements.txt pins.
COMPUTED_WITH = ("numpy", "scipy", "numba", "matplotlib", "anywidget")
PREFIX = "executed-"


def cache_key(root):
    """Twelve hexadecimal digits that change with lifcore, the requirements, or a version that outputs depend on.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the book.
    """
    present = [sys.version_info[:3], *(version(name) for name in COMPUTED_WITH)]
    digest = hashlib.sha256(repr(present).encode())
    for pattern in SOURCES:
        for path in sorted(root.glob(pattern)):
            if path.is_file() and path.parent.name != "__pycache__":
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def choose_folder(app, config):
    """Point MyST-NB at the folder of today's key, and remove those of other keys."""
    build = Path(app.outdir).parent
    folder = build / (PREFIX + cache_key(Path(app.srcdir)))
    config.nb_execution_cache_path = str(folder)
    for other in build.glob(PREFIX + "*"):
        if other != folder:
            shutil.rmtree(other)


def setup(app):
    app.connect("config-inited", choose_folder)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
