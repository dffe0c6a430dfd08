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
import zlib
from pathlib import Path

import numpy as np

__all__ = ["compose", "modules", "strip", "stylesheet"]

FOLDER = Path(__file__).parent
IMPORT = re.compile(r'^import \{ [\w, ]+ \} from "(\.{1,2}/[\w./]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
COMMENT = re.compile(r"^\s*//.*\n", re.MULTILINE)
# Behind a statement; where no quote follows, it cannot be the inside of a string.
REMARK = re.compile(r"(?<=[;,]) // [^\"'`\n]*$", re.MULTILINE)
INDENT = re.compile(r"^ +", re.MULTILINE)


def modules(entry: str) -> list[Path]:
    """The files that `entry` needs, each after those it imports.

    Parameters
    ----------
    entry : str or path-like
        Name of a file in ``js/``, or the whole path of a file elsewhere.
    """
    found: list[Path] = []

    def visit(path):
        if path in found:
            return
        for imported in IMPORT.findall(path.read_text(encoding="utf-8")):
            visit((path.parent / imported).resolve())
        found.append(path)

    visit((FOLDER / "js" / entry).resolve())
    return found


def strip(source: str) -> str:
    """A module without its imports from ours, the word ``export``, comments and indentation."""
    return INDENT.sub("", REMARK.sub("", COMMENT.sub("", EXPORT.sub("", IMPORT.sub("", source)))))


@functools.cache
def compose(entry: str, kernels: tuple) -> str:
    """The ES module for `entry`, with `kernels` compiled into it.

    Parameters
    ----------
    entry : str or path-like
        Name of a file in ``js/``, or the whole path of one elsewhere, that ends in ``export default { render };``.
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
    functions = {
        name: {"args": [[argument, _short(dtype), dimensions] for argument, dtype, dimensions in described["args"]],
               "returns": _short(described["returns"])}
        for name, described in built.api["functions"].items()}
    api = {"data": built.api["data"], "functions": functions}
    # Half of it, for notebooks too, where nothing else compresses it.
    wasm = base64.b64encode(zlib.compress(built.wasm, 9)).decode("ascii")
    plotting = (FOLDER / "vendor" / "uPlot.iife.min.js").read_text(encoding="utf-8")
    parts = [plotting, f"const API = {json.dumps(api)};", f'const WASM = "{wasm}";']
    parts += [strip(path.read_text(encoding="utf-8")) for path in modules(entry)]
    return "\n".join(parts)


def _short(dtype):
    """The name of a type in signatures: ``f8`` for ``float64``."""
    return None if dtype == "none" else np.dtype(dtype).str[1:]


@functools.cache
def stylesheet() -> str:
    """The style of every figure: identity, plotting library, card."""
    from lifcore.live.identity import css_properties

    vendor = (FOLDER / "vendor" / "uPlot.min.css").read_text(encoding="utf-8")
    card = (FOLDER / "js" / "card.css").read_text(encoding="utf-8")
    return "\n".join([css_properties(".live-card"), vendor, card])
