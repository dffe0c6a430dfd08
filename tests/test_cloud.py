"""A population as a cloud: its kernels, and the numbers of its live figures.

Expected values: inverse transform sampling and counting written out with NumPy; Siegert's formula (1951) by SciPy's
quadrature; the susceptibility by mpmath in tests/independent.py; the spikes of `simulate`; the tables in tests/reference.
"""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfc

import independent
from lifcore import LIF, simulate
from lifcore.cloud import snapshot
from lifcore.kernels import cloud, random
from lifcore.live import Cloud, RateResponse, StationaryDensity


def siegert(mu, sigma, t_ref=2.0, V_reset=-65.0):
    """Rate in Hz of the default membrane, by SciPy's quadrature."""
    integral = quad(lambda u: np.exp(u * u) * erfc(-u), (V_reset + 70.0 - mu) / sigma, (20.0 - mu) / sigma, epsrel=1e-12)[0]
    return 1000.0 / (t_ref + 20.0 * math.sqrt(math.pi) * integral)


def streams(size, seed=3):
    words = np.zeros((4, size), np.uint32)
    random.seed_streams(np.array([seed, 0], np.uint32), 0, words)
    return words


@pytest.mark.parametrize("degrees", [0.0, 1e-9, 12.0, 44.999, 45.0, 45.001, 89.9, 90.0, 120.0, 179.99, 180.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_angle(degrees, sign):
    x, y = 3.7 * math.cos(math.radians(degrees)), sign * 3.7 * math.sin(math.radians(degrees))
    assert cloud.angle(x, y) == pytest.approx(math.degrees(math.atan2(y, x)), rel=1e-14, abs=1e-14)


def test_angle_of_the_origin():
    assert cloud.angle(0.0, 0.0) == 0.0


def test_population_is_drawn_by_the_inverse_of_the_distribution():
    # The number that each neuron draws is the first of its stream.
    size, probability, faces = 2000, np.array([0.1, 0.0, 0.3, 0.4]), np.array([-60.0, -58.0, -57.0, -55.0, -50.0])
    numbers = np.zeros((1, size), np.uint32)
    random.random_words(streams(size), numbers)
    u = (numbers[0] + 0.5) / 2.0**32
    V, wait = np.zeros(size), np.zeros(size)
    cloud.draw_population(probability, faces, -65.0, 2.0, streams(size), V, wait, np.zeros(4))
    free = u < 0.8
    expected = np.interp(u, [0.0, 0.1, 0.1 + 1e-15, 0.4, 0.8], [-60.0, -58.0, -57.0, -55.0, -50.0])
    np.testing.assert_allclose(V[free], expected[free], rtol=1e-12)
    assert np.all(wait[free] == 0.0) and np.all(V[~free] == -65.0)
    np.testing.assert_allclose(wait[~free], 2.0 * (u[~free] - 0.8) / 0.2, rtol=1e-10)


def test_counting_is_that_of_numpy():
    rng = np.random.default_rng(1)
    V, wait = rng.uniform(-100.0, -50.0, 5000), np.where(rng.random(5000) < 0.1, 1.0, 0.0)
    counts = np.zeros(90)
    assert cloud.count_potentials(V, wait, -95.0, 0.5, counts) == np.sum(wait == 0.0)
    np.testing.assert_array_equal(counts, np.histogram(V[wait == 0.0], 90, (-95.0, -50.0))[0])
    times, spikes = np.append(rng.uniform(0.0, 150.0, 3000), 150.0), np.zeros(75)
    cloud.count_spikes(times, 2.0, spikes)
    np.testing.assert_array_equal(spikes, np.histogram(times, 75, (0.0, 150.0))[0])
    neurons, of_each = rng.integers(0, 40, 900).astype(np.int32), np.zeros(40)
    cloud.count_spikes_of_each(neurons, of_each)
    np.testing.assert_array_equal(of_each, np.bincount(neurons, minlength=40))
    cycle = np.zeros(24)
    cloud.count_cycle(times, 40.0, 25.0, cycle)
    np.testing.assert_array_equal(cycle, np.histogram(((times[times >= 25.0] - 25.0) / 25.0) % 1.0, 24, (0.0, 1.0))[0])


# The potentials of a population. Its spikes are those of `simulate`; a density of R3_density.csv is met bin by bin.

def test_snapshot_has_the_spikes_of_simulate():
    n = LIF()
    seen = snapshot(n, 15.0, 5.0, t=60.0, size=1500, rng=5)
    spikes = simulate(n, 15.0, 5.0, duration=60.0, size=1500, rng=5)
    np.testing.assert_array_equal(seen.spikes.spike_times, spikes.spike_times)
    np.testing.assert_array_equal(seen.spikes.spike_neurons, spikes.spike_neurons)
    # Refractory are those whose last spike is less than t_ref ago.
    last = np.full(1500, -np.inf)
    np.maximum.at(last, spikes.spike_neurons, spikes.spike_times)
    assert seen.V.size == np.sum(last <= 58.0) and seen.refractory == pytest.approx(np.mean(last > 58.0), abs=1e-15)
    assert np.all(seen.V < n.V_th)


def test_snapshot_of_the_free_membrane():
    # Far from threshold V is normal: mean and variance of the Ornstein-Uhlenbeck process after 15 ms from -60 mV.
    seen = snapshot(LIF(V_th=0.0), 10.0, 4.0, t=15.0, size=40_000, rng=1, V0=-60.0, dt=4.0)
    decay = math.exp(-15.0 / 20.0)
    variance = 8.0 * (1.0 - decay**2)
    assert seen.V.size == 40_000 and seen.spikes.spike_times.size == 0
    assert abs(seen.V.mean() + 60.0) < 4.0 * math.sqrt(variance / 40_000)
    assert abs(seen.V.var() - variance) < 4.0 * variance * math.sqrt(2.0 / 40_000)


def test_histogram_of_a_settled_population():
    # Integrals of the stationary density over bins of 1 mV, written out with SciPy (Brunel & Hakim 1999).
    rate, mu, sigma = siegert(15.0, 5.0) / 1000.0, -55.0, 5.0

    def density(V):
        y, top = (V - mu) / sigma, (-50.0 - mu) / sigma
        window = quad(lambda u: np.exp(u * u), max(y, (-65.0 - mu) / sigma), top, epsrel=1e-11)[0]
        return 2.0 * rate * 20.0 / sigma * np.exp(-y * y) * window

    edges = np.arange(-72.0, -49.5)
    found, error = snapshot(LIF(), 15.0, 5.0, t=200.0, size=50_000, rng=8).density(edges)
    expected = [quad(density, *pair, epsabs=1e-8)[0] for pair in zip(edges, edges[1:])]
    assert np.max(np.abs(found - expected) / error) < 4.0


def test_room_for_spikes_grows(monkeypatch):
    import lifcore.cloud

    fine = snapshot(LIF(), 40.0, 5.0, t=50.0, size=300, rng=2)
    monkeypatch.setattr(lifcore.cloud, "_most_spikes", lambda *_: np.zeros(1))
    again = snapshot(LIF(), 40.0, 5.0, t=50.0, size=300, rng=2)
    np.testing.assert_array_equal(again.spikes.spike_times, fine.spikes.spike_times)
    np.testing.assert_array_equal(again.V, fine.V)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"sigma": 0.0}, "sigma must be .*greater than 0.* got 0"),
        ({"t": -1.0}, "t must be .*greater than 0.* got -1"),
        ({"size": 0}, "size must be .*at least 1.* got 0"),
        ({"dt": 21.0}, "dt must be .* 20 .*got 21"),
        ({"V0": -50.0}, "V0 must .*-50"),
        ({"t": 1e12}, "t must be at most 2,000,000,000 steps"),
    ],
)
def test_bad_snapshots(changed, message):
    with pytest.raises(ValueError, match=message):
        snapshot(LIF(), **({"mu": 15.0, "sigma": 5.0, "t": 10.0} | changed))


def test_bad_edges():
    seen = snapshot(LIF(), 15.0, 5.0, t=1.0, rng=1)
    for edges in ([-60.0], [-50.0, -60.0], [[-60.0, -50.0]]):
        with pytest.raises(ValueError, match="edges must be two or more potentials that increase"):
            seen.density(edges)


# What the figures say. Their simulations are seeded: at these values they are what they are.

@pytest.mark.parametrize("start", ["rest", "drive", "noise"])
@pytest.mark.parametrize("t", [0.0, 6.0, 25.0, 150.0])
def test_cloud_of_theory_and_of_neurons_agree(start, t):
    found = Cloud(start=start, t=t, neurons=20000.0).readouts()
    # Where next to no spike is expected the error that is counted may be none.
    error = max(found["error"], math.sqrt(1000.0 * found["rate"] / (2.0 * 20000)))
    assert abs(found["simulated_rate"] - found["rate"]) < 4.0 * error + 1e-3
    p = found["free"]
    assert abs(found["simulated_free"] - p) < 4.0 * math.sqrt(p * (1.0 - p) / 20000) + 1e-4


def test_cloud_settles_at_siegerts_rate():
    found = Cloud(mu=15.0, sigma=5.0, t=150.0).readouts()
    # Cells of a quarter of a millivolt: the error of the rate is theirs.
    assert found["rate"] == pytest.approx(siegert(15.0, 5.0), rel=1e-3)
    assert found["free"] == pytest.approx(1.0 - 0.002 * siegert(15.0, 5.0), rel=1e-4)


def test_noise_acts_at_once_and_drive_does_not():
    # Within the first step the rate is four times what it was, or what it was.
    figure = Cloud(start="noise", mu=15.0, sigma=6.0)
    assert figure._begin()[1] == pytest.approx(4.0 * siegert(15.0, 3.0), rel=2e-3)
    assert Cloud(start="drive", mu=20.0, sigma=5.0)._begin()[1] == pytest.approx(siegert(15.0, 5.0), rel=1e-3)


@pytest.mark.parametrize("mu, sigma, t_ref, V_reset", [(15.0, 5.0, 2.0, -65.0), (30.0, 2.0, 5.0, -60.0), (5.0, 8.0, 0.0, -70.0)])
def test_stationary_density_numbers(mu, sigma, t_ref, V_reset):
    found = StationaryDensity(mu=mu, sigma=sigma, t_ref=t_ref, V_reset=V_reset).readouts()
    rate = siegert(mu, sigma, t_ref=t_ref, V_reset=V_reset)
    assert found["rate"] == pytest.approx(rate, rel=1e-10)
    assert found["refractory"] == pytest.approx(rate * t_ref / 1000.0, rel=1e-10)
    assert abs(found["simulated_rate"] - rate) < 4.0 * found["error"]


@pytest.mark.parametrize("of, f", [("mu", 5.0), ("mu", 60.0), ("sigma", 30.0)])
def test_rate_response_numbers(of, f):
    found = RateResponse(of=of, f=f, depth=0.2).readouts()
    chi = independent.susceptibility(15.0, 5.0, f, of)
    assert found["gain"] == pytest.approx(abs(chi), rel=1e-10)
    assert found["phase"] == pytest.approx(math.degrees(math.atan2(chi.imag, chi.real)), rel=1e-9)
    assert found["delay"] == pytest.approx(-found["phase"] / 0.36 / f, rel=1e-12)
    assert found["amplitude"] == pytest.approx(0.2 * found["rate"] / abs(chi), rel=1e-10)
    # A swing by a fifth of the rate: what is not linear in it is a per cent or two.
    assert abs(found["simulated_gain"] - abs(chi)) < 4.0 * found["error"] + 0.02 * abs(chi)


def test_input_is_never_more_than_the_noise():
    # At a strong drive and little noise a slow change of the noise moves the rate by little.
    found = RateResponse(of="sigma", mu=35.0, sigma=2.0, f=1.0, depth=1.0).readouts()
    assert found["amplitude"] == 0.8 * 2.0
    assert RateResponse(f=20.0).neuron == LIF()
