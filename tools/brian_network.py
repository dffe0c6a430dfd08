"""Writes tests/reference/network_brian2.json: four networks of Brunel (2000) in another simulator.

    python tools/brian_network.py

Needs Brian2, which needs NumPy before 2 (ran with Brian2 2.9.0 and NumPy 1.26.4, in some minutes).  10,000 excitatory and 2,500
inhibitory neurons, V_th 20 mV, reset 10 mV, tau_m 20 ms, t_ref 2 ms, J 0.1 mV, delay 1.5 ms, 1,000 and 250 inputs a neuron, as many
external ones as excitatory; spikes on a grid of 0.1 ms.  For each network and seed the mean rate of all neurons from 0.2 s to 1.2 s,
the coefficient of variation of the first 1,000 neurons' intervals, and how much the number of spikes in steps of 1 ms varies
(variance over mean).
"""

import json
import sys
from pathlib import Path

import brian2 as b
import numpy as np

OUT = Path(__file__).parents[1] / "tests" / "reference" / "network_brian2.json"
# Brunel's four regimes: relative strength of inhibition g, external rate over that which reaches the threshold.
REGIMES = {"SR": (3.0, 2.0), "SI fast": (6.0, 4.0), "SI slow": (4.5, 0.9), "AI": (5.0, 2.0)}
SEEDS = (1, 2)
N_E, N_I, C_E, J = 10_000, 2_500, 1_000, 0.1


def run(g, eta, seed):
    b.start_scope()
    b.seed(seed)
    b.defaultclock.dt = 0.1 * b.ms
    # One volt of Brian's is one millivolt here.
    neurons = b.NeuronGroup(
        N_E + N_I, "dV/dt = -V / (20 * ms) : 1 (unless refractory)", threshold="V >= 20", reset="V = 10", refractory=2 * b.ms,
        method="exact")
    rng = np.random.default_rng(seed)
    neurons.V = rng.uniform(10.0, 20.0, N_E + N_I)
    rate = eta * 20.0 / (J * C_E * 20.0) * b.kHz
    outside = b.PoissonInput(neurons, "V", C_E, rate, J)
    objects = [neurons, outside]
    for first, size, count, weight in ((0, N_E, C_E, J), (N_E, N_I, C_E // 4, -g * J)):
        sources = np.concatenate([first + rng.choice(size, count, replace=False) for _ in range(N_E + N_I)])
        synapses = b.Synapses(neurons, neurons, on_pre=f"V_post += {weight}", delay=1.5 * b.ms)
        synapses.connect(i=sources, j=np.repeat(np.arange(N_E + N_I), count))
        objects.append(synapses)
    spikes = b.SpikeMonitor(neurons)
    network = b.Network(objects, spikes)
    network.run(1200 * b.ms)
    times, which = np.asarray(spikes.t / b.ms), np.asarray(spikes.i)
    return times[times >= 200.0], which[times >= 200.0]


def figures(times, which):
    cvs = []
    for i in range(1000):
        intervals = np.diff(np.sort(times[which == i]))
        if intervals.size > 4:
            cvs.append(intervals.std() / intervals.mean())
    counts = np.histogram(times, 1000, (200.0, 1200.0))[0]
    return {
        "rate": times.size / (N_E + N_I), "cv": float(np.mean(cvs)) if cvs else None,
        "variance_over_mean": float(counts.var() / counts.mean())}


def main():
    b.prefs.codegen.target = "cython"
    found = {"brian2": b.__version__, "regimes": {}}
    for name, (g, eta) in REGIMES.items():
        found["regimes"][name] = {"g": g, "eta": eta, "runs": [figures(*run(g, eta, seed)) for seed in SEEDS]}
        print(name, found["regimes"][name], flush=True)
    OUT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
