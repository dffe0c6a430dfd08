"""Files that others may be reading: they see the old one or the new one, never a part."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        Its folder must be there.
    data : bytes

    Raises
    ------
    OSError
        If the folder cannot be written; nothing is left behind.
    """
    # The process's number keeps two that write the same file apart.
    partial = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        partial.write_bytes(data)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
