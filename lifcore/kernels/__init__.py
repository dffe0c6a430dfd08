"""Ground floor: compiled functions on scalars and arrays.  It computes and knows nothing of what stands above it."""

from lifcore.kernels._jit import Kernel, kernel

__all__ = ["Kernel", "Module", "build_wasm", "kernel"]


def __getattr__(name):
    if name in ("Module", "build_wasm"):
        from lifcore.kernels import wasm

        return getattr(wasm, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
