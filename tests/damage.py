"""Damages files, byte by byte."""

import numpy as np


def errors_of_damaged(path, read, times=300, seed=1):
    """How often `read(path)` is a ValueError that names the file, each time after one byte of it was changed."""
    whole, r, errors = path.read_bytes(), np.random.default_rng(seed), 0
    for _ in range(times):
        data = bytearray(whole)
        data[int(r.integers(len(data)))] ^= int(r.integers(1, 256))
        path.write_bytes(data)
        try:
            read(path)
        except ValueError as error:
            assert path.name in str(error)
            errors += 1
    return errors
