"""Synaptic bombardment against Campbell's theorem, an exact rate, the diffusion approximation and a plain simulation.

Comparisons of simulation with theory allow 4 standard errors, estimated from the variation among neurons.
"""

import math

import numpy as np
import pytest

import independent
from lifcore import LIF, bombardment, siegert_rate
from lifcore.bombardment import bombard, diffusion_parameters, equal_kicks, membrane_cumulants
from lifcore.kernels import bombardment as kernels
from lifcore.kernels import build_wasm, random
from wasm_host import WasmtimeHost, numba_call

n = LIF()


def mean_rate(spikes, start, end):
    """Rate of a neuron in Hz between two times in ms, and its standard error."""
    inside = (spikes.spike_times > start) & (spikes.spike_times <= end)
    counts = np.bincount(spikes.spike_neurons[inside], minlength=spikes.size) * (1000.0 / (end - start))
    return counts.mean(), counts.std(ddof=1) / math.sqrt(spikes.size)


def started(size, seed, first=0):
    """State of neurons at rest at time 0."""
    words = np.empty((4, size), np.uint32)
    random.seed_streams(np.array([seed, 0], np.uint32), first, words)
    return [np.full(size, -70.0), np.zeros(size), np.full(size, -1.0), words]


def free_potentials(jumps, rates, times, size, seed):
    """Potentials above E_L in mV of free membranes, shape (times, size)."""
    state = started(size, seed)
    found = np.empty((len(times), size))
    for k, t in enumerate(times):
        kernels.bombardment(np.array(jumps), np.array(rates) / 1000.0, 20.0, -70.0, np.inf, -65.0, 2.0, t, *state,
                            np.empty(0), np.empty(0, np.int32))
        kernels.potentials(*state[:2], t, 20.0, -70.0, found[k])
    return found + 70.0


# Campbell's theorem

def test_cumulants_by_hand():
    """Two kinds: 20 ms (2 mV 0.5/ms - 1 mV 0.3/ms) = 14 mV; 10 ms (4 0.5 + 0.3) = 23 mV²; 20/3 ms (8 0.5 - 0.3)."""
    mean, variance, third = membrane_cumulants(n, [2.0, -1.0], [500.0, 300.0])
    assert (mean, variance, third) == pytest.approx((14.0, 23.0, 20.0 / 3.0 * 3.7), rel=1e-14)
    mu, sigma = diffusion_parameters(n, [2.0, -1.0], [500.0, 300.0])
    assert (mu, sigma) == pytest.approx((14.0, math.sqrt(46.0)), rel=1e-14)


@pytest.mark.parametrize("jumps, rates", [([0.5, -0.5], [2000.0, 1200.0]), ([2.0], [300.0]), ([1.0, 3.0, -2.0], [200.0, 50.0, 80.0])])
def test_free_membrane_has_the_cumulants_of_campbells_theorem(jumps, rates):
    """Potentials of 40,000 neurons after 15 time constants, when less than 1e-6 of the start is left."""
    V = free_potentials(jumps, rates, [300.0], 40_000, seed=3)[0]
    mean, variance, third, fourth, fifth, sixth = membrane_cumulants(n, jumps, rates, order=6)
    assert abs(V.mean() - mean) < 4.0 * math.sqrt(variance / V.size)
    deviation = V - V.mean()
    assert abs(np.mean(deviation**2) - variance) < 4.0 * math.sqrt((fourth + 2.0 * variance**2) / V.size)
    # Variance of the third k-statistic (Kendall & Stuart, volume 1, chapter 12).
    spread = sixth + 9.0 * fourth * variance + 9.0 * third**2 + 6.0 * variance**3
    assert abs(np.mean(deviation**3) - third) < 4.0 * math.sqrt(spread / V.size)


def test_free_membrane_forgets_with_its_time_constant():
    """The correlation of V at two times is exp(-h / tau_m) in any linear membrane with stationary white input."""
    first, second = free_potentials([1.0, -0.5], [400.0, 200.0], [300.0, 313.0], 40_000, seed=5)
    assert abs(np.corrcoef(first, second)[0, 1] - math.exp(-13.0 / 20.0)) < 4.0 / math.sqrt(first.size)


def test_equal_kicks_have_what_was_asked_for():
    for mu, sigma, size in ((10.0, 5.0, 0.3), (-4.0, 6.0, 1.0), (10.0, 5.0, 2.5)):
        jumps, rates = equal_kicks(n, mu, sigma, size)
        assert np.all(rates >= 0.0)
        assert diffusion_parameters(n, jumps, rates) == pytest.approx((mu, sigma), rel=1e-13)
    assert equal_kicks(n, 10.0, 5.0, 2.5)[1][1] == 0.0


# Spikes

@pytest.mark.parametrize("size, rate", [(2.5, 200.0), (4.0, 200.0), (5.0, 120.0), (1.25, 900.0)])
def test_rate_under_excitatory_kicks(size, rate):
    """The mean time to threshold solves a delay equation; its solution by Chebyshev collocation has ten digits."""
    spikes = bombard(n, [size], [rate], duration=20_000.0, size=250, rng=8)
    found, error = mean_rate(spikes, 200.0, 20_000.0)
    assert abs(found - independent.rate_under_kicks(size, rate)) < 4.0 * error


def test_exact_rate_where_one_kick_is_enough():
    """By hand: a kick beyond the threshold fires the cell at once, so that the interval is t_ref and a waiting time."""
    spikes = bombard(n, [40.0], [50.0], duration=10_000.0, size=200, rng=4)
    found, error = mean_rate(spikes, 0.0, 10_000.0)
    # Counted from 0 and not from a spike: the first interval lacks t_ref, which is 2 ms of 10,000.
    assert abs(found - 1000.0 / 22.0) < 4.0 * error + 0.01
    assert np.all(np.diff(spikes.of(0)) > n.t_ref)


def test_collocation_where_two_kicks_are_needed():
    """By hand for a membrane without a leak (tau_m very long): two kicks of 10 mV from 5 mV above rest, so r / 2."""
    assert independent.rate_under_kicks(10.0, 50.0, tau_m=1e7, t_ref=0.0) == pytest.approx(25.0, rel=1e-5)


def test_small_kicks_approach_the_diffusion():
    """A kick overshoots the threshold, on average by half of its size: to first order the threshold is J / 2 higher."""
    for J, tolerance in ((0.4, 0.03), (0.2, 0.015)):
        spikes = bombard(n, *equal_kicks(n, 15.0, 5.0, J), duration=8_000.0, size=100, rng=9)
        found, error = mean_rate(spikes, 200.0, 8_000.0)
        limit = siegert_rate(n, 15.0, 5.0)
        assert abs(found - siegert_rate(n.replace(V_th=n.V_th + 0.5 * J), 15.0, 5.0)) < 4.0 * error + tolerance * limit
        # The error of the diffusion approximation itself shrinks with the kicks.
        assert abs(found / limit - 1.0) < 0.2 * J + 4.0 * error / limit


def plain_simulation(jumps, rates, duration, size, rng):
    """Spike counts of a second implementation: one neuron after another, all its kicks drawn beforehand by NumPy."""
    counts = []
    for _ in range(size):
        times, sizes = [], []
        for jump, rate in zip(jumps, rates, strict=True):
            number = rng.poisson(rate * duration / 1000.0)
            times.append(rng.uniform(0.0, duration, number))
            sizes.append(np.full(number, jump))
        times, sizes = np.concatenate(times), np.concatenate(sizes)
        order = np.argsort(times)
        V, last, free, count = 0.0, 0.0, 0.0, 0
        for t, J in zip(times[order], sizes[order], strict=True):
            if t < free:
                continue
            V = V * math.exp(-(t - last) / 20.0) + J
            last = t
            if V >= 20.0:
                count += 1
                V, last, free = 5.0, t + 2.0, t + 2.0
        counts.append(count)
    return np.array(counts)


def test_rate_of_a_mixture_is_that_of_a_plain_simulation():
    jumps, rates = [3.0, 1.0, -2.0], [300.0, 300.0, 150.0]
    spikes = bombard(n, jumps, rates, duration=3000.0, size=300, rng=1)
    plain = plain_simulation(jumps, rates, 3000.0, 60, np.random.default_rng(2))
    error = math.sqrt(spikes.counts.var(ddof=1) / 300 + plain.var(ddof=1) / 60)
    assert abs(spikes.counts.mean() - plain.mean()) < 4.0 * error


# The same, however it is computed

def test_same_seed_same_spikes():
    kicks = equal_kicks(n, 12.0, 5.0, 1.0)
    one, two, other = (bombard(n, *kicks, size=20, rng=seed) for seed in (5, np.int64(5), 6))
    np.testing.assert_array_equal(one.spike_times, two.spike_times)
    assert one.spike_times.size != other.spike_times.size or np.any(one.spike_times != other.spike_times)
    # A neuron's spikes do not depend on how many there are beside it.
    np.testing.assert_array_equal(bombard(n, *kicks, size=3, rng=5).of(2), one.of(2))


def test_more_spikes_than_expected_are_all_returned():
    spikes = bombard(n, [30.0], [200.0], duration=50_000.0, rng=1)
    assert spikes.spike_times.size > 1024 + 16
    assert np.all(np.diff(spikes.spike_times) > n.t_ref) and spikes.spike_times[-1] <= 50_000.0


def test_no_kicks_no_spikes():
    assert bombard(n, [1.0], [0.0], size=3).counts.tolist() == [0, 0, 0]


def kernel_call(end, state):
    return (np.array([1.0, -1.0]), np.array([0.9, 0.4]), 20.0, -70.0, -50.0, -65.0, 2.0, end, *state, np.zeros(4000),
            np.zeros(4000, np.int32))


def test_pieces_give_the_same_spikes():
    whole, parts = started(40, 7), started(40, 7)
    call = kernel_call(2000.0, whole)
    count = kernels.bombardment(*call)
    times = []
    for end in (0.3, 10.0, 11.0, 700.0, 2000.0):
        piece = kernel_call(end, parts)
        found = kernels.bombardment(*piece)
        times.append(piece[-2][:found])
    assert count == sum(map(len, times)) > 50
    np.testing.assert_array_equal(np.sort(call[-2][:count]), np.sort(np.concatenate(times)))
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)


def test_page_computes_the_same():
    module = build_wasm([kernels.bombardment, kernels.potentials, kernels.count_potentials])
    host = WasmtimeHost(module)
    state = started(50, 11)
    assert numba_call(kernels.bombardment, kernel_call(500.0, state)) == host.call("bombardment", kernel_call(500.0, state))
    kernels.bombardment(*kernel_call(500.0, state))
    for kernel, rest in ((kernels.potentials, (500.0, 20.0, -70.0, np.zeros(50))),
                         (kernels.count_potentials, (500.0, 20.0, -70.0, -80.0, 0.5, np.zeros(60, np.int32)))):
        call = (*state[:2], *rest)
        assert numba_call(kernel, call)[1] == host.call(kernel.__name__, call)[1]


def test_refractory_neurons_are_not_counted():
    """By hand: one neuron at -65 since 0 ms, seen after 20 ms, one refractory until 30 ms, one at -60 mV now."""
    V, since = np.array([-65.0, -65.0, -60.0]), np.array([0.0, 30.0, 20.0])
    counts, values = np.zeros(10, np.int32), np.zeros(3)
    kernels.count_potentials(V, since, 20.0, 20.0, -70.0, -70.0, 1.0, counts)
    assert counts.tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    kernels.count_potentials(V, since, 20.0, 20.0, -70.0, -70.0, 2.0, counts)
    assert counts.sum() == 3
    kernels.potentials(V, since, 20.0, 20.0, -70.0, values)
    assert values == pytest.approx([-70.0 + 5.0 / math.e, -65.0, -60.0], rel=1e-15)


@pytest.mark.parametrize("call, kind, message", [
    (lambda: diffusion_parameters(n, [1.0, 2.0], [10.0]), ValueError, "got shapes (2,) and (1,)"),
    (lambda: diffusion_parameters(n, [1.0], [-10.0]), ValueError, "rates must be finite and at least 0 Hz"),
    (lambda: diffusion_parameters(n, [np.nan], [10.0]), ValueError, "jumps must be finite"),
    (lambda: diffusion_parameters("cell", [1.0], [10.0]), TypeError, "n must be a LIF neuron"),
    (lambda: membrane_cumulants(n, [1.0], [10.0], order=0), ValueError, "order must be a whole number of at least 1, got 0"),
    (lambda: equal_kicks(n, 10.0, 5.0, 2.6), ValueError, "size must be at most sigma**2 / abs(mu) = 2.5 mV, got 2.6 mV"),
    (lambda: equal_kicks(n, 10.0, 0.0, 1.0), ValueError, "sigma must be finite and greater than 0 mV"),
    (lambda: bombard(n, [1.0], [10.0], duration=0.0), ValueError, "duration must be finite and greater than 0 ms, got 0 ms"),
    (lambda: bombard(n, [1.0], [10.0], V0=-50.0), ValueError, "V0 must be"),
    (lambda: bombard(n, [1.0], [1e9], duration=1e9), ValueError, "rates must give at most 100,000,000,000 kicks in all"),
    (lambda: bombard(n, [1.0], [10.0], rng=-1), ValueError, "rng must be a whole number of at least 0, got -1"),
    (lambda: bombard(n, [1.0], [10.0], size=0), ValueError, "size must be a whole number of at least 1, got 0"),
])
def test_a_bad_argument_is_named(call, kind, message):
    with pytest.raises(kind) as error:
        call()
    assert message in str(error.value)


def test_public_names():
    assert set(bombardment.__all__) == {"bombard", "diffusion_parameters", "equal_kicks", "membrane_cumulants"}
