"""Channelrhodopsin against the model written a second time (independent.py) and integrated by SciPy."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import independent
from lifcore import LIF, photocurrent

n = LIF()


def test_steady_current_solves_the_four_states():
    """The null vector of the rate matrix."""
    for light in (0.001, 0.05, 0.7, 10.0, 100.0):
        for V in (-85.0, -50.0, -10.0):
            assert photocurrent.steady_photocurrent(light, V, 0.05) == pytest.approx(
                independent.steady_inward_current(light, V, 0.05), rel=1e-9)
    assert photocurrent.steady_photocurrent([0.1, 0.2], [[-60.0], [-50.0]]).shape == (2, 2)


def test_trace_with_spikes():
    """DOP853 with rtol 1e-11, restarted at each spike and after each refractory period."""
    for light, g_max, cell in ((0.8, 0.05, n), (20.0, 0.05, n.replace(R=60.0, tau_m=12.0, t_ref=0.0))):
        spikes, _ = independent.lit_neuron(light, 300.0, g_max, cell)
        trace = photocurrent.simulate_light(cell, light, 300.0, g_max, dt=0.05)
        assert spikes.size == trace.spike_times.size > 20
        np.testing.assert_allclose(trace.spike_times, spikes, rtol=0, atol=2e-6)


def test_trace_without_spikes_and_with_the_light_off():
    """DOP853 through both edges of a dim pulse: potential and current at every sample."""
    light, g_max = 0.03, 0.05
    trace = photocurrent.simulate_light(n, light, 150.0, g_max, onset=20.03, offset=90.01)
    state, potentials, currents = [1, 0, 0, 0, independent.channel_rates(0.0, 0.0)["S0"], n.E_L], [], []
    for start, stop, level in ((0, 20.03, 0.0), (20.03, 90.01, light), (90.01, 150.0, 0.0)):
        samples = trace.t[(trace.t >= start) & (trace.t < stop)] if stop < 150 else trace.t[trace.t >= start].clip(max=150.0)
        solution = solve_ivp(independent.channel_in_membrane, (start, stop), state, args=(level, g_max, n), method="DOP853", rtol=1e-11,
                             atol=1e-13, dense_output=True)
        y = solution.sol(samples)
        potentials.extend(y[5])
        currents.extend(independent.inward_current(V, O1, O2, g_max) for O1, O2, V in zip(y[1], y[2], y[5], strict=True))
        state = solution.y[:, -1]
    assert trace.spike_times.size == 0
    np.testing.assert_allclose(trace.V, potentials, rtol=0, atol=1e-6)
    np.testing.assert_allclose(trace.current, currents, rtol=0, atol=1e-7)


@pytest.mark.parametrize("cell, g_max", [(n, 0.05), (n, 0.08), (n.replace(R=60.0, tau_m=12.0), 0.1)])
def test_light_threshold_separates_transient_from_repetitive_firing(cell, g_max):
    """The resistance predicts it, the simulation obeys: two per cent below, silence comes; just above, never."""
    threshold = photocurrent.light_threshold(cell, g_max)
    assert photocurrent.steady_photocurrent(threshold, cell.V_th, g_max) == pytest.approx(
        (cell.V_th - cell.E_L) / cell.R, rel=1e-12)
    below = photocurrent.simulate_light(cell, 0.98 * threshold, 5000.0, g_max, dt=0.2)
    above = photocurrent.simulate_light(cell, 1.002 * threshold, 5000.0, g_max, dt=0.2)
    assert 0 < below.spike_times.size and below.spike_times[-1] < 2500
    assert above.spike_times[-1] > 4700


def test_a_larger_cell_with_the_same_density_of_channels_needs_the_same_light():
    """k times the membrane is R / k and k g_max: both sides of the criterion grow k-fold, by hand."""
    for k in (0.5, 3.0):
        assert photocurrent.light_threshold(n.replace(R=n.R / k), 0.02 * k) == pytest.approx(
            photocurrent.light_threshold(n, 0.02), rel=1e-12)


def test_transient_threshold_is_lower_because_the_current_peaks():
    transient = photocurrent.transient_light_threshold(n)
    assert transient < photocurrent.light_threshold(n)
    assert photocurrent.simulate_light(n, transient, 200.0).spike_times.size == 1
    assert photocurrent.simulate_light(n, transient * (1 - 2e-6), 200.0).spike_times.size == 0


def test_too_few_channels_cannot_reach_rheobase():
    """At most all channels are open, so g_max times the driving force (36.5 mV at threshold, 64.6 mV at rest) is the most
    current there can be; half of what that would need is too few."""
    assert photocurrent.light_threshold(n, 0.2 / 36.5 / 2) == np.inf
    assert photocurrent.transient_light_threshold(n, 0.2 / 64.6 / 2) == np.inf
    assert photocurrent.light_threshold(n, [0.05, 0.08]).shape == (2,)


@pytest.mark.parametrize("call, message", [
    (lambda: photocurrent.steady_photocurrent(-1, -50), "and at most 100 mW/mm², got -1 mW/mm²"),
    (lambda: photocurrent.steady_photocurrent(2000, -50), "light must be finite and at least 0 mW/mm² and at most 100 mW/mm², got 2000"),
    (lambda: photocurrent.steady_photocurrent(1, -500), "V must be finite and at least -200 mV and at most 200 mV, got -500"),
    (lambda: photocurrent.light_threshold(n, 0), "g_max must be finite and greater than 0 µS, got 0 µS"),
    (lambda: photocurrent.light_threshold(LIF(E_L=-300)), "E_L must be finite and at least -200 mV"),
    (lambda: photocurrent.simulate_light(n, 1, 100, dt=1), "dt must be finite and greater than 0 ms and at most 0.5 ms, got 1"),
    (lambda: photocurrent.simulate_light(n, 1, 100, onset=50, offset=20), "offset must be finite and at least 50 ms, got 20 ms"),
    (lambda: photocurrent.simulate_light(n, 1, -1), "duration must be finite and greater than 0 ms, got -1 ms"),
    (lambda: photocurrent.simulate_light(n, np.nan, 10), "light must be finite"),
])
def test_a_bad_argument_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)
