"""The susceptibility at 200 frequencies: `susceptibility` against mpmath and, where it is installed, NNMT.

The error is the largest against 40-digit arithmetic.  NNMT leaves out the phase of the refractory period; so that both compute the
same, it is given t_ref = 0.
"""

import importlib.util
import statistics
import time

import mpmath as mp
import numpy as np

from lifcore import LIF, siegert_rate, susceptibility

RUNS = 9
MU, SIGMA = 16.0, 5.0
f = np.geomspace(0.1, 1000.0, 200)
CHECKED = np.arange(0, f.size, 20)
n = LIF(tau_m=20.0, E_L=0.0, V_th=20.0, V_reset=10.0, t_ref=0.0)


def exact(frequencies):
    """nu / sigma / (1 + s) [f'(y_th) - f'(y_r)] / [f(y_th) - f(y_r)] through parabolic cylinder functions."""
    with mp.workdps(40):
        y_th, y_r = (mp.mpf(20) - 16) / 5, (mp.mpf(10) - 16) / 5

        def hermite(s, y):
            return mp.power(2, -s / 2) * mp.exp(y * y / 2) * mp.pcfd(-s, -mp.sqrt(2) * y)

        nu = 1000 / (20 * mp.sqrt(mp.pi) * mp.quad(lambda u: mp.exp(u * u) * mp.erfc(-u), [y_r, 0, y_th]))
        found = []
        for frequency in frequencies:
            s = mp.mpc(0, 2 * mp.pi * mp.mpf(float(frequency)) * mp.mpf(20) / 1000)
            slope = 2 * s * (hermite(s + 1, y_th) - hermite(s + 1, y_r))
            found.append(complex(nu / 5 / (1 + s) * slope / (hermite(s, y_th) - hermite(s, y_r))))
        return np.array(found)


def ours():
    return susceptibility(n, MU, SIGMA, f)


def nnmt():
    from nnmt.lif.exp import _transfer_function_shift

    found = _transfer_function_shift(
        MU * 1e-3, SIGMA * 1e-3, n.tau_m * 1e-3, 1e-15, 0.0, n.V_th * 1e-3, n.V_reset * 1e-3, 2 * np.pi * f,
        synaptic_filter=False)
    return np.ravel(found) * 1e-3


def seconds(function):
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


ours()
base = statistics.median(seconds(ours)[0] for _ in range(RUNS))
spent, truth = seconds(lambda: exact(f[CHECKED]))
rows = {"susceptibility": (base, ours()), "mpmath, 40 digits": (spent * f.size / CHECKED.size, None)}
if importlib.util.find_spec("nnmt"):
    rows["NNMT"] = seconds(nnmt)
for name, (spent, found) in rows.items():
    error = "" if found is None else f"largest error {np.abs(found[CHECKED] / truth - 1).max():.1e}"
    print(f"{name:20} {spent * 1e3:10.2f} ms  {spent / base:7.0f} times  {error}")
print(f"the rate: {siegert_rate(n, MU, SIGMA):.6f} Hz")
