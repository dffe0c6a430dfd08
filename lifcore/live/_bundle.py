"""One self-contained ES module from several: what a figure sends to the browser.

The modules in ``js/`` are ordinary ES modules.  A browser that gets one string cannot resolve their imports, so they
are put one after another in the order in which they need each other, without their ``import`` lines and ``export``
words.  Three things go in front: the plotting library, the kernels as WebAssembly and what the kernels are called with.
"""

from __future__ import annotations

import base64
import functools
import json
import re
from pathlib import Path

__all__ = ["compose", "modules", "strip", "stylesheet"]

FOLDER = Path(__file__).parent
IMPORT = re.compile(r'^import \{ [\w, ]+ \} from "\./([\w./]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
COMMENT = re.compile(r"^\s*//.*\n", re.MULTILINE)
INDENT = re.compile(r"^ +", re.MULTILINE)


def modules(entry: str) -> list[Path]:
    """The files that `entry` needs, each after those it imports.

    Parameters
    ----------
    entry : str
        Name of a file in ``js/``.
    """
    found: list[Path] = []

    def visit(path):
        if path in found:
            return
        for imported in IMPORT.findall(path.read_text(encoding="utf-8")):
            visit(path.parent / imported)
        found.append(path)

    visit(FOLDER / "js" / entry)
    return found


def strip(source: str) -> str:
    """A module without its imports from ours, the word ``export``, comment lines and indentation."""
    return INDENT.sub("", COMMENT.sub("", EXPORT.sub("", IMPORT.sub("", source))))


@functools.cache
def compose(entry: str, kernels: tuple) -> str:
    """The ES module for `entry`, with `kernels` compiled into it.

    Parameters
    ----------
    entry : str
        Name of a file in ``js/`` that ends in ``export default { render };``.
    kernels : tuple of lifcore.kernels.Kernel
        What the modules call.

    Returns
    -------
    str
        JavaScript with no import left.
    """
    from lifcore.kernels.wasm import build_wasm

    built = build_wasm(list(kernels))
    # The docstrings stay in Python: the page needs only how to call.
    functions = {name: {"args": described["args"]} for name, described in built.api["functions"].items()}
    api = {"data": built.api["data"], "functions": functions}
    wasm = base64.b64encode(built.wasm).decode("ascii")
    plotting = (FOLDER / "vendor" / "uPlot.iife.min.js").read_text(encoding="utf-8")
    parts = [plotting, f"const API = {json.dumps(api)};", f'const WASM = "{wasm}";']
    parts += [strip(path.read_text(encoding="utf-8")) for path in modules(entry)]
    return "\n".join(parts)


@functools.cache
def stylesheet() -> str:
    """The style of every figure: identity, plotting library, card."""
    from lifcore.live.identity import css_properties

    vendor = (FOLDER / "vendor" / "uPlot.min.css").read_text(encoding="utf-8")
    card = (FOLDER / "js" / "card.css").read_text(encoding="utf-8")
    return "\n".join([css_properties(".live-card"), vendor, card])
