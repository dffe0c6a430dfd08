"""10,000 noisy neurons for 1 s: CPU time and error of `simulate`, a NumPy clock and, where installed, Brian2.

The rate of the theory, Siegert's integral, is 12.557 Hz.  Spikes are recorded by all.
"""

import importlib.util
import math
import statistics
import subprocess
import sys
import time

import numpy as np
from scipy.integrate import quad
from scipy.special import erfcx

from lifcore import LIF, simulate

RUNS = 5
DURATION, SIZE = 1000.0, 10_000
MU, SIGMA = 16.0, 5.0
n = LIF(tau_m=20.0, E_L=0.0, V_th=20.0, V_reset=10.0, t_ref=2.0)
THEORY = 1000.0 / (n.t_ref + n.tau_m * math.sqrt(math.pi) * quad(
    lambda u: erfcx(-u), (n.V_reset - MU) / SIGMA, (n.V_th - MU) / SIGMA)[0])
BRIAN2 = """
import brian2 as b, time
b.defaultclock.dt = 0.1 * b.ms
group = b.NeuronGroup(%d, "dv/dt = (16 - v) / (20*ms) + 5 * (20*ms)**-0.5 * xi : 1 (unless refractory)",
                      threshold="v >= 20", reset="v = 10", refractory=2 * b.ms, method="euler")
group.v = 10
spikes = b.SpikeMonitor(group)
b.run(1 * b.ms)
start = time.process_time()
b.run(%g * b.ms)
print(time.process_time() - start)
""" % (SIZE, DURATION)


def numpy_clock(dt, seed):
    """The usual vectorised loop, with the exact propagator and NumPy's fastest generator."""
    rng = np.random.Generator(np.random.SFC64(seed))
    a = math.exp(-dt / n.tau_m)
    spread = SIGMA * math.sqrt(0.5 * (1.0 - a * a))
    V = np.full(SIZE, n.V_reset)
    waiting = np.zeros(SIZE, np.int32)
    normal = np.empty(SIZE)
    refractory_steps = round(n.t_ref / dt)
    times, neurons = [], []
    for k in range(round(DURATION / dt)):
        rng.standard_normal(out=normal)
        normal *= spread
        normal += (1.0 - a) * MU
        normal += a * V
        V = np.where(waiting > 0, V, normal)
        waiting -= 1
        fired = np.flatnonzero(V >= n.V_th)
        V[fired] = n.V_reset
        waiting[fired] = refractory_steps
        times.append(np.full(fired.size, (k + 1) * dt))
        neurons.append(fired)
    return np.concatenate(times)


def seconds(function):
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def settled_rate(times):
    """Hz after the first 300 ms."""
    return np.count_nonzero(times > 300.0) / SIZE / (DURATION - 300.0) * 1000.0


def ours(crossing, dt):
    return lambda seed: simulate(n, MU, SIGMA, DURATION, SIZE, dt, seed, n.V_reset, crossing=crossing).spike_times


sides = {
    "NumPy clock, 0.1 ms": lambda seed: numpy_clock(0.1, seed),
    "simulate, grid, 0.1 ms": ours("grid", 0.1),
    "simulate, bridge, 0.1 ms": ours("bridge", 0.1),
    "simulate, bridge, 0.5 ms": ours("bridge", 0.5),
    "simulate, bridge, 1 ms": ours("bridge", 1.0),
}
for side in list(sides)[1:]:
    sides[side](0)
measured = {side: [] for side in sides}
rates = {side: [] for side in sides}
for run in range(RUNS):
    for side, function in sides.items():
        spent, times = seconds(lambda: function(run))
        measured[side].append(spent)
        rates[side].append(settled_rate(times))
clock = measured["NumPy clock, 0.1 ms"]
error = 0.9 / math.sqrt(THEORY * SIZE * 0.7 * RUNS)
print(f"theory {THEORY:.4f} Hz; standard error of each rate about {100 * error:.2f} %")
for side in sides:
    ratio = statistics.median(one / other for one, other in zip(clock, measured[side], strict=True))
    print(f"{side:26} {statistics.median(measured[side]) * 1e3:8.1f} ms  NumPy over this {ratio:6.2f}  "
          f"rate {100 * (statistics.mean(rates[side]) / THEORY - 1):+6.2f} %")
if importlib.util.find_spec("brian2"):
    spent = float(subprocess.run([sys.executable, "-c", BRIAN2], capture_output=True, text=True, check=True).stdout)
    grid = statistics.median(measured["simulate, grid, 0.1 ms"])
    print(f"{'Brian2, 0.1 ms':26} {spent * 1e3:8.1f} ms  over simulate, grid {spent / grid:6.2f}")
