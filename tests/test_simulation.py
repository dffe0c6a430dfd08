"""Simulations against the solution in 40-digit arithmetic and against the formulas they have to reproduce."""

import mpmath
import numpy as np
import pytest

from lifcore import LIF, simulate
from lifcore.simulation import integrate, simulate_piecewise

n = LIF()


def exact_spikes(cell, edges, I, V0):
    """Event by event in 40 digits: a second implementation, from the equation."""
    with mpmath.workdps(40):
        tau_m, R, E_L, V_th, V_reset, t_ref = (
            mpmath.mpf(x) for x in (cell.tau_m, cell.R, cell.E_L, cell.V_th, cell.V_reset, cell.t_ref))
        V, free, spikes = mpmath.mpf(V0), mpmath.mpf(edges[0]), []
        for current, start, stop in zip(I, edges[:-1], edges[1:], strict=True):
            t, stop, V_inf = mpmath.mpf(start), mpmath.mpf(stop), E_L + R * mpmath.mpf(current)
            while t < stop:
                if t < free:
                    t, V = min(free, stop), V_reset
                elif V_inf > V_th and t + tau_m * mpmath.log((V_inf - V) / (V_inf - V_th)) <= stop:
                    t += tau_m * mpmath.log((V_inf - V) / (V_inf - V_th))
                    spikes.append(t)
                    V, free = V_reset, t + t_ref
                else:
                    V, t = V_inf + (V - V_inf) * mpmath.exp(-(stop - t) / tau_m), stop
        return [float(t) for t in spikes]


@pytest.mark.parametrize("cell", [n, n.replace(t_ref=0), n.replace(t_ref=17.3, V_reset=-80), LIF(5, 30, -65, -55, -60, 1)])
def test_event_driven_spike_times(cell):
    """Within 1e-10 ms after two seconds of a current that changes at random."""
    rng = np.random.default_rng(3)
    edges = np.concatenate([[-5.0], np.sort(rng.uniform(0, 2000, 40)), [2000.0]])
    I = rng.uniform(-0.2, 5 * (cell.V_th - cell.E_L) / cell.R, (6, 41))
    V0 = rng.uniform(-75, cell.V_th - 0.01, 6)
    spikes = simulate_piecewise(cell, edges, I, V0)
    for i in range(6):
        expected = exact_spikes(cell, edges, I[i], V0[i])
        assert spikes.counts[i] == len(expected) > 20
        np.testing.assert_allclose(spikes.of(i), expected, rtol=0, atol=1e-10)


def test_constant_drive_fires_at_the_interval():
    """First spike at the latency, then one per interval: closed forms in 40 digits."""
    with mpmath.workdps(40):
        first = 20 * mpmath.log(30 / mpmath.mpf(10))
        interval = 2 + 20 * mpmath.log(25 / mpmath.mpf(10))
        expected = [float(first + k * interval) for k in range(487)]
    spikes = simulate(n, mu=30.0, duration=9_950.0)
    assert spikes.spike_times.size == int((9_950 - first) / interval) + 1
    np.testing.assert_allclose(spikes.spike_times[:487], expected, rtol=0, atol=1e-10)


def test_a_population():
    mu = np.array([10.0, 20.0, 25.0, 40.0])
    spikes = simulate(n, mu, duration=500.0)
    assert spikes.size == 4 and spikes.counts.tolist()[:2] == [0, 0]
    assert np.array_equal(spikes.of(3), simulate(n, mu=40.0, duration=500.0).spike_times)
    together = simulate(n, 40.0, 0.0, 500.0, 3)
    assert together.counts.tolist() == [spikes.counts[3]] * 3 and together.spike_neurons.dtype == np.int64
    as_with_noise = simulate(n, mu=mu, sigma=0.0, duration=500.0, size=4, dt=0.5, rng=np.random.default_rng(1))
    assert np.array_equal(as_with_noise.spike_times, spikes.spike_times)
    assert simulate(n, mu=30, duration=100, V0=[-70, -51]).counts.tolist() == [4, 5]


def test_a_spike_exactly_at_the_end_of_a_segment_counts_once():
    """V_inf = -30 mV from -70 mV reaches -50 mV at tau_m ln 2; the edge is placed there, and a little before and after."""
    t = simulate(n, mu=40.0, duration=100.0).spike_times[0]
    assert t == pytest.approx(20 * np.log(2), abs=1e-14)
    for edge, count in ((t, 1), (t + 1e-9, 1), (t - 1e-9, 0)):
        assert simulate_piecewise(n, [0.0, edge, 200.0], [0.4, 0.0]).spike_times.size == count


def test_refractory_period_longer_than_segments():
    """One spike, then 50 ms of silence through ten segments, whatever the current."""
    cell = n.replace(t_ref=50.0)
    spikes = simulate_piecewise(cell, np.arange(0, 101, 5.0), np.full(20, 0.4))
    first = 20 * np.log(2)
    np.testing.assert_allclose(spikes.spike_times, [first, first + 50 + 20 * np.log(35 / 20)], atol=1e-12)


def test_exact_propagator_is_exact_between_spikes():
    """V(t) = E_L + R I (1 - exp(-t/tau_m)) at every step, whatever the step."""
    for dt in (0.01, 1.0, 50.0):
        trace = integrate(n, np.full(20, 0.15), dt)
        np.testing.assert_allclose(trace.V, -70 - 15 * np.expm1(-trace.t / 20), rtol=1e-14)


def test_euler_converges_at_first_order_and_rings():
    """Its factor per step is 1 - dt/tau_m: (1 - dt/tau_m)**k of the distance is left after k steps."""
    for dt in (0.5, 20.0, 30.0, 41.0):
        trace = integrate(n, np.full(12, 0.01), dt, method="euler")
        np.testing.assert_allclose(trace.V, -69 - (1 - dt / 20) ** np.arange(13), rtol=1e-12)
    errors = [abs(integrate(n, np.full(int(10 / dt), 0.1), dt, method="euler").V[-1] - (-70 - 10 * np.expm1(-0.5)))
              for dt in (0.1, 0.05)]
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.02)


def test_fixed_step_stamps_spikes_at_the_end_of_a_step():
    """Closed-form threshold crossings rounded up to the grid, refractory periods included."""
    dt = 0.1
    trace = integrate(n, np.full(2000, 0.3), dt)
    first, climb = 20 * np.log(3), 20 * np.log(2.5)
    expected = [np.ceil(first / dt) * dt]
    while (following := expected[-1] + 2.0 + np.ceil(climb / dt) * dt) <= 200:
        expected.append(following)
    np.testing.assert_allclose(trace.spike_times, expected, atol=1e-9)
    assert trace.V[220] == -65.0 and trace.V[240] == -65.0 and trace.V[241] > -65.0
    assert trace.V.shape == trace.t.shape == (2001,)


def test_fixed_step_population():
    I = np.vstack([np.full(500, 0.3), np.full(500, 0.1)])
    trace = integrate(n, I, 0.1, V0=[-70, -60])
    assert trace.V.shape == (2, 501) and trace.counts.tolist() == [2, 0] and trace.V[1, 0] == -60
    assert integrate(n, I[:1], 0.1).V.shape == (1, 501)


@pytest.mark.parametrize("call, message", [
    (lambda: simulate(n, mu=np.nan, duration=1), "mu must be finite, got nan mV"),
    (lambda: simulate(n, mu=1.0, duration=0), "duration must be finite and greater than 0 ms, got 0 ms"),
    (lambda: simulate(n, mu=1.0, sigma=-1, duration=1), "sigma must be finite and at least 0 mV, got -1 mV"),
    (lambda: simulate(n, mu=1.0, duration=1, dt=0), "dt must be finite and greater than 0 ms, got 0 ms"),
    (lambda: simulate(n, mu=1.0, duration=1, rng=-1), "rng must be a whole number of at least 0, got -1"),
    (lambda: simulate(n, mu=1.0, duration=1, size=0), "size must be a whole number of at least 1, got 0"),
    (lambda: simulate(n, mu=[1.0, 2.0], duration=1, size=3), "mu must be a number or have one value for each of 3"),
    (lambda: simulate(n.replace(t_ref=0), mu=1e40, duration=1), "fewer than 2,000,000,000 spikes"),
    (lambda: simulate_piecewise(n, [0, 1, 1], [1, 1]), "edges must increase, got 1 ms and then 1 ms"),
    (lambda: simulate_piecewise(n, [0], []), "edges must be one-dimensional with at least 2 times"),
    (lambda: simulate_piecewise(n, [0, 1], [1, 2]), "with segments = 1, got (2,)"),
    (lambda: simulate_piecewise(n, [0, 1], [1], V0=-40), "V0 must be less than V_th = -50 mV, got -40 mV"),
    (lambda: simulate_piecewise(n, [0, 1], [[1], [1]], V0=[-60] * 3), "one value for each of 2 neurons"),
    (lambda: integrate(n, [0.1], 0), "dt must be finite and greater than 0 ms, got 0 ms"),
    (lambda: integrate(n, [0.1], 0.1, method="rk4"), "method must be one of 'exact', 'euler', got 'rk4'"),
    (lambda: integrate(n, [], 0.1), "at least one step"),
    (lambda: integrate(n, [0.1], 0.1, V0=[-60, -61]), "one value for each of 1 neurons"),
])
def test_a_bad_argument_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


def test_a_size_that_is_no_whole_number_is_named():
    with pytest.raises(TypeError, match="size must be a whole number of at least 1, got 2.5"):
        simulate(n, mu=1.0, duration=1, size=2.5)
