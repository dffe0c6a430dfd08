"""One function over a grid of parameters, on the processors of this machine or on a cluster."""

from __future__ import annotations

import itertools
from concurrent.futures import Executor, as_completed

import numpy as np

from lifcore._validate import whole_number

__all__ = ["sweep"]

# Points travel in groups, a few for each worker: one by one, sending them could cost more than computing them.
GROUPS_A_WORKER = 8


def _evaluate(function, points):
    """Values at some points, up to the first that fails: then its index and what it raised."""
    values = []
    for k, point in enumerate(points):
        try:
            values.append(np.asarray(function(**point)))
        except Exception as error:
            return values, (k, error)
    return values, None


def _described(point):
    return ", ".join(f"{name} = {value}" for name, value in point.items() if name != "rng")


def _axis(name, values):
    values = list(values) if np.ndim(values) == 1 or isinstance(values, (list, tuple, range)) else None
    if not values:
        raise ValueError(f"{name} must be a list of one value or more, got {values!r}")
    return values


def sweep(function, *, client=None, processes: int | None = None, progress: bool = True, rng=None, **axes) -> np.ndarray:
    """Call a function at every point of a grid, in parallel.

    Parameters
    ----------
    function : callable
        Takes one value of each axis by name, and `rng` too if that is given; returns a number or an array, of the same shape
        everywhere. Functions typed in a notebook will do.
    client : dask.distributed.Client or concurrent.futures.Executor, optional
        Where to compute; processes on this machine if not given. A cluster's workers need lifcore installed.
    processes : int, optional
        How many processes of this machine; as many as it has processors if not given. 1 computes here, in this process.
    progress : bool
        Whether to show a progress bar.
    rng : int, optional
        Seed. Each point then gets a generator of its own, the same wherever it is computed.
    **axes : sequence
        The values of each parameter. The first axis changes slowest.

    Returns
    -------
    ndarray
        Shape (length of each axis in turn, then the shape of one value).

    Raises
    ------
    TypeError, ValueError
        Naming the argument; also if values differ in shape.
    RuntimeError
        If the function fails: names the point; what the function raised is its cause.

    Examples
    --------
    >>> from lifcore import LIF, siegert_rate
    >>> from lifcore.sweep import sweep
    >>> n = LIF()
    >>> rates = sweep(lambda mu, sigma: siegert_rate(n, mu, sigma), mu=[15.0, 20.0], sigma=[2.0, 5.0, 8.0],
    ...               processes=1, progress=False)
    >>> rates.shape
    (2, 3)
    """
    if not callable(function):
        raise TypeError(f"function must be callable, got {function!r}")
    if not axes:
        raise ValueError("axes must be one parameter or more, such as mu=[15.0, 20.0], got none")
    axes = {name: _axis(name, values) for name, values in axes.items()}
    points = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    if rng is not None:
        seeds = np.random.SeedSequence(whole_number("rng", rng, at_least=0)).spawn(len(points))
        points = [point | {"rng": np.random.default_rng(seed)} for point, seed in zip(points, seeds, strict=True)]
    if client is not None and processes is not None:
        raise ValueError(f"processes must not be given together with client, got {processes}")
    values = [None] * len(points)
    for start, (found, failure) in _finished(function, points, client, processes, progress):
        values[start:start + len(found)] = found
        if failure:
            k, error = failure
            raise RuntimeError(
                f"function failed at {_described(points[start + k])}: {type(error).__name__}: {error}") from error
    shapes = {value.shape for value in values}
    if len(shapes) > 1:
        raise ValueError(f"function must return the same shape at every point, got {sorted(shapes)}")
    return np.array(values).reshape(*map(len, axes.values()), *shapes.pop())


def _finished(function, points, client, processes, progress):
    """Groups of points as they are finished: the index of the first, and what `_evaluate` returns."""
    from tqdm.auto import tqdm

    if client is None and processes is not None:
        processes = whole_number("processes", processes, at_least=1)
    with tqdm(total=len(points), disable=not progress, unit="point") as bar:
        if client is None and (processes == 1 or len(points) == 1):
            for k, point in enumerate(points):
                yield k, _evaluate(function, [point])
                bar.update()
            return
        executor, workers = _executor(client, processes)
        size = max(1, len(points) // (GROUPS_A_WORKER * workers))
        waiting = {executor.submit(_evaluate, function, points[k:k + size]): k for k in range(0, len(points), size)}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
                bar.update(min(size, len(points) - waiting[future]))
        finally:
            # After a failure, or an interruption, what has not begun is not begun.
            for future in waiting:
                future.cancel()


def _executor(client, processes):
    """An executor and the number of its workers."""
    if client is None:
        # loky's processes take functions typed at a prompt, and stay for the next sweep.
        from loky import cpu_count, get_reusable_executor

        workers = processes or cpu_count()
        return get_reusable_executor(max_workers=workers), workers
    if hasattr(client, "get_executor"):  # dask's client, which is no executor but has one
        return client.get_executor(pure=False), max(1, sum(client.nthreads().values()))
    if isinstance(client, Executor):
        return client, getattr(client, "_max_workers", 4)
    raise TypeError(f"client must be a dask.distributed.Client or a concurrent.futures.Executor, got {client!r}")
