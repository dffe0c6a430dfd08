"""The same kernel in the page: numba functions as a WebAssembly module, with numba alone.

::

    from lifcore.kernels import build_wasm, lif
    module = build_wasm([lif.firing_rates, lif.piecewise_trace])
    module.wasm            # a few kilobytes, loadable by any browser
    module.api             # name, type and dimensions of each argument, for the page's side

A module is made in a second or two, the first time, and then taken from the cache.  It computes bit for bit what numba
computes here, as long as the kernels call no mathematics library.  They do not have to: `lifcore.kernels.elementary` has
exp, log, expm1, log1p and tanh.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from lifcore._files import write_whole
from lifcore.kernels import _jit
from lifcore.kernels._jit import Kernel

__all__ = ["Module", "build_wasm"]

# Given by whoever loads the module: its memory and the place of its stack.
PROVIDED = {"__linear_memory", "__stack_pointer"}
# A page can serve these from Math; they differ between browsers in the last digit.
LIBM = {
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "exp", "expm1", "log", "log10",
    "log1p", "log2", "pow", "sin", "sinh", "tan", "tanh",
}
PLAIN_CODE = {"NUMBA_OPT": "0", "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}


@dataclass(frozen=True)
class Module:
    """A WebAssembly module made of kernels.

    Attributes
    ----------
    wasm : bytes
        Imports ``env.__linear_memory``, ``env.__stack_pointer`` and, only if asked for, functions of ``Math``.
    api : dict
        ``data``: the first free byte of memory behind the constants, where the loader puts the stack and then the arrays;
        ``functions``: for each kernel ``args`` (name, dtype, number of dimensions; 0 for a scalar), ``returns``, ``doc``.
        An array argument is passed as its address and its lengths.
    imports : tuple of str
        The functions of ``Math`` that the module needs; empty for kernels that are exact.
    """

    wasm: bytes
    api: dict
    imports: tuple[str, ...] = ()


def build_wasm(kernels: Iterable[Kernel], libm: bool = False) -> Module:
    """Compile kernels to one WebAssembly module.

    Parameters
    ----------
    kernels : iterable of Kernel
        Functions declared with `lifcore.kernels.kernel`: C-contiguous arrays and numbers in, a number or nothing out; no
        array is created, nothing is raised.  They may call other kernels.
    libm : bool
        Whether the kernels may call functions such as ``math.sin``, which the page then takes from ``Math`` and which are
        not the same to the last bit in every browser.

    Returns
    -------
    Module

    Raises
    ------
    TypeError
        If something in `kernels` is not a kernel or its signature cannot be exported.
    ValueError
        If there is no kernel, two have one name, or one needs what a page does not have (memory allocation, exceptions,
        library functions).
    """
    kernels = list(kernels)
    for item in kernels:
        if not isinstance(item, Kernel):
            raise TypeError(f"kernels must hold functions declared with @kernel(...), got {item!r}")
    names = [item.__name__ for item in kernels]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"kernels must be one or more functions with different names, got {names}")
    folder = _jit.cache_folder()
    path = folder / f"{_fingerprint(kernels)}.wasm.pickle" if folder else None
    if path and path.exists():
        wasm, imports, api = pickle.loads(path.read_bytes())
    else:
        result = _compile(kernels)
        if isinstance(result, Exception):
            raise result
        wasm, imports, api = result
        if path:
            write_whole(path, pickle.dumps(result))
    needed = tuple(name for name in imports if name not in PROVIDED)
    unserved = [name for name in needed if not (libm and name in LIBM)]
    if unserved:
        advice = "use lifcore.kernels.elementary, or pass libm=True" if LIBM.issuperset(unserved) else (
            "an exported kernel creates no array, raises no exception and calls no NumPy routine")
        raise ValueError(f"kernels {names} need {unserved}, which a page does not have: {advice}")
    return Module(wasm, api, needed)


def _compile(kernels):
    # cloudpickle, which numba carries, sends functions typed in a notebook by value.
    from numba import cloudpickle

    package_parent = str(Path(__file__).resolve().parents[2])
    search_path = os.pathsep.join(filter(None, [package_parent, os.environ.get("PYTHONPATH")]))
    run = subprocess.run(
        [sys.executable, "-m", "lifcore.kernels._wasm_compile"], input=cloudpickle.dumps(kernels),
        capture_output=True, env=os.environ | PLAIN_CODE | {"PYTHONPATH": search_path})
    if run.returncode:
        raise RuntimeError(f"the WebAssembly compiler stopped:\n{run.stderr.decode(errors='replace')}")
    return pickle.loads(run.stdout)


def _fingerprint(kernels):
    """Changes with the kernels' code, with that of the kernels and constants they use, and with the compiler."""
    import llvmlite
    import numba

    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__}".encode())
    seen = set()

    def include(kernel):
        if kernel in seen:
            return
        seen.add(kernel)
        code = kernel.function.__code__
        digest.update(repr((kernel.signatures, code.co_code, code.co_consts, code.co_names, kernel.__doc__)).encode())
        for name in code.co_names:
            value = kernel.function.__globals__.get(name)
            if isinstance(value, Kernel):
                include(value)
            elif isinstance(value, ModuleType):
                for attribute in code.co_names:
                    if isinstance(getattr(value, attribute, None), Kernel):
                        include(getattr(value, attribute))
            elif isinstance(value, (bool, int, float, str, tuple)):
                digest.update(repr((name, value)).encode())

    for kernel in kernels:
        include(kernel)
    return digest.hexdigest()[:32]
