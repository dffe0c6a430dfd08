"""Files that others may be reading, who see the old one or the new one, never a part; and files of arrays."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np

__all__ = ["file_path", "read_arrays", "write_whole"]


def file_path(path) -> Path:
    """The name of a file as a path, or an error.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    TypeError
        If it is no name.
    ValueError
        If no file can have it.
    """
    name = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(name, str):
        raise TypeError(f"path must be the name of a file, got {path!r}")
    if not Path(name).name or "\0" in name:
        raise ValueError(f"path must be the name of a file, got {name!r}")
    return Path(name)


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


def read_arrays(path) -> dict[str, np.ndarray]:
    """The arrays of a .npz file.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is none, or is damaged: names it.
    """
    data = file_path(path).read_bytes()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:  # zipfile, zlib and NumPy raise whatever a damaged byte leads them to
        raise ValueError(f"{path} is no .npz file of arrays: {type(error).__name__}: {error}") from error
