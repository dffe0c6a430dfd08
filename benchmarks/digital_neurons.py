"""Updates a second of the digital neurons, each beside the same arithmetic as a vectorised NumPy loop over the steps.

Loihi's neuron: 1,000 neurons and one. TrueNorth's: 256 neurons on 256 axons, and one on 16. One thread; both sides give
the same words.
"""

import statistics
import time

import numpy as np

from lifcore.hardware import loihi, truenorth

RUNS = 7
rng = np.random.default_rng(0)


def loihi_in_numpy(a_in, du, dv, vth, bias, u, v):
    limit = 2**23
    spikes = np.empty(a_in.shape, bool)
    for t, a in enumerate(a_in):
        u = np.sign(u) * (abs(u) * (4095 - du) >> 12) + 64 * a
        u = np.where(u > limit, u - 2 * limit, np.where(u <= -limit, u + 2 * limit, u))
        v = np.clip(np.sign(v) * (abs(v) * (4096 - dv) >> 12) + u + bias, 1 - limit, limit - 1)
        spikes[t] = v > 64 * vth
        v = np.where(spikes[t], 0, v)
    return spikes


def truenorth_in_numpy(A, weights, lam, alpha, beta, V):
    spikes = np.empty((len(A), len(V)), bool)
    for t, a in enumerate(A):
        V = np.clip(V + weights @ a, -(2**19), 2**19 - 1)
        V = np.clip(V + np.sign(V) * lam, -(2**19), 2**19 - 1)
        spikes[t] = V >= alpha
        V = np.where(spikes[t], 0, np.maximum(V, -beta))
    return spikes


def compare(name, updates, ours, theirs):
    np.testing.assert_array_equal(ours().spikes.reshape(-1), theirs().reshape(-1))
    times = {side: [] for side in (ours, theirs)}
    for _ in range(RUNS):
        for side, spent in times.items():
            start = time.process_time()
            side()
            spent.append(time.process_time() - start)
    our, their = (statistics.median(spent) for spent in times.values())
    print(f"{name:34} {updates / our / 1e6:8.1f} million updates/s, NumPy loop {updates / their / 1e6:8.2f}, "
          f"ratio {their / our:7.1f}")


def loihi_case(steps, neurons):
    a_in = rng.integers(-2000, 3000, (steps, neurons))
    start = rng.integers(0, 10_000, neurons)
    compare(
        f"Loihi, {neurons} neurons", steps * neurons,
        lambda: loihi.simulate(a_in, 100, 200, 30_000, 1000, 0, 0, start),
        lambda: loihi_in_numpy(a_in, 100, 200, 30_000, 1000, np.zeros(neurons, int), start))


def truenorth_case(steps, neurons, axons):
    A = (rng.random((steps, axons)) < 0.02).astype(np.int64)
    w = (rng.random((neurons, axons)) < 0.5).astype(np.int64)
    G, s = rng.integers(0, 4, axons), np.array([60, 30, -40, 10])
    zeros = np.zeros(steps, int)
    compare(
        f"TrueNorth, {neurons} neurons, {axons} axons", steps * neurons,
        lambda: truenorth.simulate(
            A, w, G, s, [0] * 4, 1, -5, 0, 400, 1000, 0, 0, 1, 0, 0, np.zeros_like(A), zeros, zeros),
        lambda: truenorth_in_numpy(A, w * s[G], -5, 400, 1000, np.zeros(neurons, int)))


loihi_case(2000, 1000)
loihi_case(200_000, 1)
truenorth_case(1000, 256, 256)
truenorth_case(50_000, 1, 16)
