"""Brunel's network (2000): 12,500 neurons, 15.6 million synapses, 1 s; against a loop in NumPy and, where it is installed, Brian2.

A second network has an efficacy and a delay for each synapse.  The seconds are those of all processors together, which other
work on the machine changes less than those of the clock on the wall; these stand beside them.
"""

import os
import time

import numpy as np

from lifcore import LIF
from lifcore.network import Connection, Network, Population

DURATION, DT, J, G, ETA, K = 1000.0, 0.1, 0.1, 5.0, 2.0, 1000
SPREAD = {"J_spread": 0.01, "delay_spread": 1.0}
n = LIF(tau_m=20.0, R=1.0, E_L=0.0, V_th=20.0, V_reset=10.0, t_ref=2.0)
outside = {"nu_ext": 1000.0 * ETA * 20.0 / (J * 20.0), "J_ext": J}
populations = {"E": Population(10_000, n, **outside), "I": Population(2_500, n, **outside)}
threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def network(**spread):
    return Network(populations, [
        Connection(source, target, J if source == "E" else -G * J, 1.5, indegree=K if source == "E" else K // 4, **spread)
        for source in "EI" for target in "EI"], rng=1)


def in_numpy(steps):
    """The usual loop: all neurons in a step, then one addition for each spike's row of targets."""
    rng = np.random.default_rng(1)
    size = 12_500
    targets = [np.sort(rng.choice(size, 1250, replace=False)) for _ in range(size)]
    work, clock = time.process_time(), time.perf_counter()
    V, wait = rng.uniform(10.0, 20.0, size), np.zeros(size, int)
    arriving, a, count = np.zeros((16, size)), np.exp(-DT / 20.0), 0
    for step in range(steps):
        V = np.where(wait == 0, V * a, V)
        V += np.where(wait == 0, arriving[step % 16] + J * rng.poisson(outside["nu_ext"] * DT / 1000.0, size), 0.0)
        arriving[step % 16] = 0.0
        wait -= wait > 0
        fired = np.flatnonzero(V >= 20.0)
        V[fired], wait[fired], count = 10.0, 20, count + fired.size
        for i in fired:
            arriving[(step + 15) % 16][targets[i]] += J if i < 10_000 else -G * J
    work, clock, scale = time.process_time() - work, time.perf_counter() - clock, DURATION / DT / steps
    return work * scale, clock * scale, 1000.0 * count / (size * steps * DT)


def in_brian(steps, own):
    import brian2 as b

    b.prefs.codegen.target = "cython"
    b.defaultclock.dt = DT * b.ms
    neurons = b.NeuronGroup(
        12_500, "dV/dt = -V / (20 * ms) : 1 (unless refractory)", threshold="V >= 20", reset="V = 10", refractory=2 * b.ms,
        method="exact")
    rng = np.random.default_rng(1)
    neurons.V = rng.uniform(10.0, 20.0, 12_500)
    objects = [neurons, b.PoissonInput(neurons, "V", K, outside["nu_ext"] / K * b.Hz, J), b.SpikeMonitor(neurons)]
    for first, size, count, weight in ((0, 10_000, K, J), (10_000, 2_500, K // 4, -G * J)):
        sources = np.concatenate([first + rng.choice(size, count, replace=False) for _ in range(12_500)])
        delay = None if own else 1.5 * b.ms
        synapses = b.Synapses(
            neurons, neurons, "w : 1" if own else "", on_pre="V_post += w" if own else f"V_post += {weight}", delay=delay)
        synapses.connect(i=sources, j=np.repeat(np.arange(12_500), count))
        if own:
            synapses.w = rng.normal(weight, SPREAD["J_spread"], sources.size)
            synapses.delay = rng.uniform(1.5, 1.5 + SPREAD["delay_spread"], sources.size) * b.ms
        objects.append(synapses)
    net = b.Network(*objects)
    net.run(1 * b.ms)
    before = objects[2].num_spikes
    work, clock = time.process_time(), time.perf_counter()
    net.run(steps * DT * b.ms)
    scale = DURATION / DT / steps
    work, clock = time.process_time() - work, time.perf_counter() - clock
    return work * scale, clock * scale, 1000.0 * (objects[2].num_spikes - before) / (12_500 * steps * DT)


def in_lifcore(own):
    net = network(**(SPREAD if own else {}))
    net.run(10.0, threads=threads)
    runs = []
    for seed in range(3):
        work, clock = time.process_time(), time.perf_counter()
        activity = net.run(DURATION, rng=seed, threads=threads)
        runs.append((time.process_time() - work, time.perf_counter() - clock, activity.rates()["E"]))
    return min(runs)


def main():
    rows = [("lifcore", in_lifcore(False)), ("NumPy, from 0.2 s", in_numpy(2000))]
    own = [("lifcore, each synapse its own", in_lifcore(True))]
    try:
        rows.append(("Brian2, from 0.2 s", in_brian(2000, False)))
        own.append(("Brian2, each synapse its own, from 0.2 s", in_brian(2000, True)))
    except ImportError:
        print("Brian2 is not installed")
    print(f"{threads} threads; seconds of all processors, and of the clock; rate; ratio of the first")
    for group in (rows, own):
        for name, (work, clock, rate) in group:
            print(f"{name:42} {work:8.2f} s {clock:8.2f} s {rate:6.1f} Hz {work / group[0][1][0]:7.1f}")


if __name__ == "__main__":
    main()
