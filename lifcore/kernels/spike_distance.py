"""Distance between two spike trains: the least cost of turning one into the other (Victor & Purpura 1996).

A spike may be removed or added for a cost of 1, or shifted by s ms for a cost of q s.  A shift by more than 2 / q is
dearer than a removal and an addition.  With D[i, j] the distance of the first i spikes from the first j::

    D[i, j] = min(D[i-1, j] + 1, D[i, j-1] + 1, D[i-1, j-1] + q abs(first[i] - second[j]))
"""

from __future__ import annotations

from lifcore.kernels._jit import kernel

__all__ = ["spike_distance"]


@kernel("f8(f8[::1], f8[::1], f8, f8[::1])")
def spike_distance(first, second, q, row):
    """Least cost of turning `first` into `second`; q per ms, `row` has room for one number more than `second`."""
    for j in range(second.size + 1):
        row[j] = float(j)
    for i in range(first.size):
        diagonal = row[0]
        row[0] = float(i + 1)
        for j in range(second.size):
            above = row[j + 1]
            row[j + 1] = min(min(above, row[j]) + 1.0, diagonal + q * abs(first[i] - second[j]))
            diagonal = above
    return row[second.size]
