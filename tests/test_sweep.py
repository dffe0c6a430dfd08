"""Sweeps: the same values wherever they are computed. Expected values are written out by hand or by numpy."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lifcore.sweep import sweep

X, Y = [1.0, 2.0, 3.0], [10.0, 20.0]
SUMS = np.add.outer(X, Y)


def test_grid_here_and_in_processes():
    for processes in (1, 2):
        assert np.array_equal(sweep(lambda x, y: x + y, x=X, y=Y, processes=processes, progress=False), SUMS)


def test_arrays_come_stacked():
    found = sweep(lambda x: np.array([x, x**2]), x=X, processes=2, progress=False)
    assert np.array_equal(found, [[1, 1], [2, 4], [3, 9]])


def test_an_executor_is_taken():
    with ThreadPoolExecutor(3) as pool:
        assert np.array_equal(sweep(lambda x, y: x + y, client=pool, x=X, y=Y, progress=False), SUMS)


def test_dask_cluster_gives_the_same_numbers():
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True) as cluster, \
            Client(cluster) as client:
        there = sweep(lambda x, rng: x + rng.normal(), client=client, x=np.arange(40.0), rng=5, progress=False)
        with pytest.raises(RuntimeError, match=r"function failed at x = 0\.0: ZeroDivisionError"):
            sweep(lambda x: 1 / int(x), client=client, x=[1.0, 0.0], progress=False)
    here = sweep(lambda x, rng: x + rng.normal(), x=np.arange(40.0), rng=5, processes=1, progress=False)
    assert np.array_equal(there, here)


def test_each_point_has_its_own_random_numbers():
    draws = sweep(lambda x, rng: rng.normal(), x=range(200), rng=1, processes=2, progress=False)
    assert np.unique(draws).size == 200
    again = sweep(lambda x, rng: rng.normal(), x=range(200), rng=1, processes=1, progress=False)
    other = sweep(lambda x, rng: rng.normal(), x=range(200), rng=2, processes=1, progress=False)
    assert np.array_equal(draws, again) and not np.any(draws == other)
    # The mean of 200 standard normal numbers has the standard error 1 / sqrt(200).
    assert abs(draws.mean()) < 4 / np.sqrt(200)


def test_progress_bar_counts_the_points(capfd):
    sweep(lambda x: x, x=range(7), processes=1)
    assert "7/7" in capfd.readouterr().err
    sweep(lambda x: x, x=range(7), processes=1, progress=False)
    assert capfd.readouterr().err == ""


def test_a_failure_names_its_point_and_keeps_its_cause():
    for processes in (1, 2):
        with pytest.raises(RuntimeError, match=r"function failed at x = 0, y = 2: ZeroDivisionError") as caught:
            sweep(lambda x, y: y / x, x=[1, 0], y=[2], processes=processes, progress=False)
        assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_bad_arguments_are_named():
    def f(x):
        return x

    with pytest.raises(TypeError, match="function must be callable, got 3"):
        sweep(3, x=X)
    with pytest.raises(ValueError, match="axes must be one parameter or more"):
        sweep(f)
    for wrong in ([], 1.0, "ab", np.ones((2, 2))):
        with pytest.raises(ValueError, match="x must be a list of one value or more"):
            sweep(f, x=wrong)
    with pytest.raises(ValueError, match="processes must be a whole number of at least 1, got 0"):
        sweep(f, x=X, processes=0, progress=False)
    with pytest.raises(ValueError, match="processes must not be given together with client"):
        sweep(f, x=X, processes=2, client=object())
    with pytest.raises(TypeError, match="client must be a dask"):
        sweep(f, x=X, client=object(), progress=False)
    with pytest.raises(ValueError, match="rng must be a whole number"):
        sweep(f, x=X, rng=-1)
    with pytest.raises(ValueError, match="same shape at every point"):
        sweep(lambda x: np.zeros(int(x)), x=X, processes=1, progress=False)


def test_a_script_needs_no_guard():
    """As students write it: no ``if __name__``, a function of the script itself."""
    script = (
        "from lifcore.sweep import sweep\n"
        "def f(x):\n    return 2 * x\n"
        "print(sweep(f, x=[1, 2], processes=2, progress=False).tolist())\n")
    run = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, timeout=120)
    assert run.stdout == "[2, 4]\n", run.stderr
