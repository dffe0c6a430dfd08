"""The one place that sets numba's options.

A kernel is a plain Python function on scalars and C-contiguous arrays, declared with its signature::

    @kernel("f8(f8, f8, f8)")
    def rheobase(R, E_L, V_th):
        return (V_th - E_L) / R

One that works in two precisions is declared with both, and the types of its arrays choose; each is compiled when it is
first asked for, together with that precision of the kernels it calls::

    @kernel("void(f4[::1], f4)", "void(f8[::1], f8)")

Nothing is compiled when the module is imported, and numba itself is not imported either.  The first call compiles,
or loads from the cache on disk; `Kernel.ufunc` broadcasts a scalar kernel over arrays; `lifcore.kernels.build_wasm`
turns the same function into WebAssembly.  Three options make the two compilations agree to the last bit:

* declared signatures, so that both compile the same types;
* ``error_model="numpy"``, so that a division by zero gives an infinity and not a Python exception;
* no ``fastmath``, so that no compiler reorders a sum or fuses a product.

A fourth, ``nogil``, changes no result: threads of Python run kernels side by side.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

__all__ = ["Kernel", "cache_folder", "kernel", "kernels_digest"]

OPTIONS = {"error_model": "numpy", "fastmath": False, "nogil": True}
# Which of its signatures a kernel is being compiled for: those it calls are wanted for the same.
_compiling = threading.local()


@functools.cache
def kernels_digest() -> str:
    """A short hash of the source and the constants of every kernel, the key of both caches.

    numba looks only at the file of the function it compiles, so a kernel that calls another one would be served
    from the cache after that other one has changed.
    """
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for source in sorted([*folder.glob("*.py"), *folder.glob("*.npy")]):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def cache_folder() -> Path | None:
    """The folder for compiled kernels, or None where nothing can be written.

    ``NUMBA_CACHE_DIR`` where it is set, else the user's cache folder, else the temporary folder.
    """
    import platformdirs

    chosen = os.environ.get("NUMBA_CACHE_DIR")
    user = os.getuid() if hasattr(os, "getuid") else "user"
    candidates = [Path(chosen)] if chosen else []
    candidates += [platformdirs.user_cache_path("lifcore"), Path(tempfile.gettempdir(), f"lifcore-{user}")]
    for candidate in candidates:
        folder = candidate / kernels_digest()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


class Kernel:
    """A function with declared signatures, compiled at its first use.

    Parameters
    ----------
    function : callable
        Takes scalars and C-contiguous arrays, returns a scalar, a tuple of scalars or nothing; allocates nothing.
    *signatures : str
        In numba's notation, as ``"f8(f8, f8[::1], i4)"``. Of several, WebAssembly gets the first.
    inline : bool
        Whether it becomes a part of every kernel that calls it. A loop turns into vector instructions only if it calls
        nothing; the compiler keeps a longer function that is called twice as a function.
    """

    def __init__(self, function: Callable, *signatures: str, inline: bool = False):
        self.function = function
        self.signatures = signatures
        self.inline = inline
        self._compiled = {}
        self._ready = set()
        functools.update_wrapper(self, function)

    def __reduce__(self):
        return functools.partial(Kernel, inline=self.inline), (self.function, *self.signatures)

    def __repr__(self):
        return f"<kernel {self.__name__}: {' or '.join(self.signatures)}>"

    @property
    def dispatcher(self):
        """The compiled function (a numba dispatcher that accepts only the declared types), for all signatures."""
        for k in range(len(self.signatures)):
            self._compile_for(k)
        return self._compiled["dispatcher"]

    @property
    def ufunc(self):
        """The kernel as a NumPy ufunc, which broadcasts its scalar arguments; divisions follow NumPy here too."""
        if "ufunc" not in self._compiled:
            import numba

            self._compile("ufunc", functools.partial(numba.vectorize, list(self.signatures), nopython=True))
        return self._compiled["ufunc"]

    @property
    def _numba_type_(self):
        # Lets one kernel call another: numba sees the compiled function in place of this object.
        wanted = getattr(_compiling, "signature", None)
        if wanted is None or wanted >= len(self._precisions or ()):
            return self.dispatcher._numba_type_
        self._compile_for(wanted)
        return self._compiled["dispatcher"]._numba_type_

    def __call__(self, *args):
        if len(self._ready) < len(self.signatures):
            place, _ = self._precisions or (len(args), None)
            self.compile_for(getattr(args[place], "dtype", None) if place < len(args) else None)
        return self._compiled["dispatcher"](*args)

    def compile_for(self, dtype) -> None:
        """Compile what arrays of a dtype call, before threads need it; all signatures where that does not tell."""
        _, dtypes = self._precisions or (0, ())
        for k in [dtypes.index(dtype)] if dtype in dtypes else range(len(self.signatures)):
            self._compile_for(k)

    @functools.cached_property
    def _precisions(self):
        """The place of the first array that differs between the signatures, and its types; None if there is none."""
        if len(self.signatures) < 2:
            return None
        from numba.core import sigutils, types
        from numba.np.numpy_support import as_dtype

        for place, kinds in enumerate(zip(*(sigutils.normalize_signature(one)[0] for one in self.signatures))):
            if all(isinstance(kind, types.Array) for kind in kinds) and len(set(kinds)) == len(kinds):
                return place, [as_dtype(kind.dtype) for kind in kinds]
        return None

    def _compile_for(self, k):
        """The dispatcher, compiled for signature k."""
        from numba.core.compiler_lock import global_compiler_lock

        if k in self._ready:
            return
        with global_compiler_lock:
            if k in self._ready:
                return
            import numba

            self._compile("dispatcher", functools.partial(numba.njit, forceinline=self.inline, **OPTIONS))
            dispatcher = self._compiled["dispatcher"]
            before = getattr(_compiling, "signature", None)
            _compiling.signature = k if self._precisions else None
            dispatcher.disable_compile(False)
            try:
                dispatcher.compile(self.signatures[k])
                self._ready.add(k)
            finally:
                _compiling.signature = before
                if dispatcher.signatures:
                    dispatcher.disable_compile()

    def _compile(self, form, decorator):
        from numba import config
        from numba.core.compiler_lock import global_compiler_lock

        # numba's own lock: a second one would wait for the first where one kernel compiles another it calls.  It also keeps
        # the cache folder, which is a setting of the whole process, to one kernel at a time.
        with global_compiler_lock:
            if form in self._compiled:
                return
            folder, before = cache_folder(), config.CACHE_DIR
            try:
                config.CACHE_DIR = str(folder or "")
                self._compiled[form] = decorator(cache=folder is not None)(self.function)
            except RuntimeError as error:
                # numba finds no place for a function typed at a prompt; it works as well without a cache.
                if "no locator available" not in str(error):
                    raise
                self._compiled[form] = decorator(cache=False)(self.function)
            finally:
                config.CACHE_DIR = before


def kernel(*signatures: str, inline: bool = False) -> Callable[[Callable], Kernel]:
    """Declare a kernel: ``@kernel("f8(f8, f8)")``.

    Parameters
    ----------
    *signatures : str
        numba signatures, one for each precision it works in; arrays must be C-contiguous (``f8[::1]``) if the kernel is to
        be exported to WebAssembly.
    inline : bool
        As in `Kernel`.
    """
    for signature in signatures or [None]:
        if not isinstance(signature, str):
            raise TypeError(f"signature must be a string such as 'f8(f8, f8)', got {signature!r}: write @kernel('...')")
    return lambda function: Kernel(function, *signatures, inline=inline)
