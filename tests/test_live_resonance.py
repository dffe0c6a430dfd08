"""The figures of the chapter on stochastic resonance and the kernels behind them.

Expected: mpmath's closed forms (tests/independent.py), sums written out with NumPy, and `measure_response`, whose formulas are
NumPy's. That the page shows the same bits as Python is tested in a browser in tests/book.
"""

import math

import mpmath as mp
import numpy as np
import pytest

import independent
from lifcore import LIF, optimal_noise, simulate
from lifcore.kernels import resonance as kernels
from lifcore.kernels import build_wasm
from lifcore.live import HiddenSignal, RefractoryPhase, ResonanceCurve
from lifcore.live.resonance import KERNELS
from lifcore.resonance import measure_response
from wasm_host import WasmtimeHost, numba_call

N = LIF()
CELL = (N.tau_m, N.E_L, N.V_th, N.V_reset, N.t_ref)


def measures(f, mu, sigma):
    out = np.full(2, np.nan)
    kernels.measures(f, mu, sigma, *CELL, out)
    return out


@pytest.mark.parametrize("mu, sigma, f", [(15.0, 3.4, 10.0), (15.0, 1.5, 40.0), (10.0, 12.0, 2.0), (25.0, 5.0, 100.0)])
def test_measures_are_the_closed_forms(mu, sigma, f):
    with mp.workdps(40):
        line, noise = independent.line_and_noise(mp.mpf(mu), mp.mpf(sigma), mp.mpf(f))
        assert measures(f, mu, sigma) == pytest.approx([float(line / noise), float(line)], rel=1e-11)


def test_no_noise_no_answer():
    assert list(measures(10.0, 15.0, 0.0)) == [0.0, 0.0]


# The first harmonic of a drive held over each step is that of the steps' middles times sin(x)/x; the transform is NumPy's.
@pytest.mark.parametrize("in_a_period", [10, 50, 173])
def test_steps_carry_the_sine(in_a_period):
    out = np.empty(3 * in_a_period)
    kernels.sine_steps(2.0, in_a_period, out)
    edges = np.exp(-2j * np.pi * np.arange(out.size + 1) / in_a_period)
    harmonic = 2.0 * np.sum(out * np.diff(edges)) / (-2j * np.pi) / 3.0
    assert harmonic == pytest.approx(2.0, abs=1e-13)


def folded(times, neurons, size, start, period, bins):
    parts, histogram = np.zeros((2, size)), np.zeros(bins, np.int64)
    kernels.fold_spikes(times, neurons, times.size, start, period, parts, histogram)
    return parts, histogram


def test_folding():
    rng = np.random.default_rng(5)
    times, neurons = rng.uniform(0.0, 900.0, 400), rng.integers(0, 7, 400).astype(np.int32)
    parts, histogram = folded(times, neurons, 7, 100.0, 80.0, 16)
    late = times > 100.0
    arrows = np.exp(-2j * np.pi * times[late] / 80.0)
    expected = [np.bincount(neurons[late], part, 7) for part in (arrows.real, arrows.imag)]
    assert parts == pytest.approx(np.array(expected), abs=1e-12)
    assert list(histogram) == list(np.histogram(times[late] / 80.0 % 1.0, 16, (0.0, 1.0))[0])


def test_response_of_parts_is_that_of_measure_response():
    expected = measure_response(N, 15.0, 3.4, 10.0, 2.0, 1000.0, size=300, dt=0.5, rng=4, settle=200.0)
    signal = np.empty(2400)
    kernels.sine_steps(2.0, 200, signal)
    spikes = simulate(N, 15.0, 3.4, 1200.0, 300, 0.5, 4, signal=signal)
    parts, _ = folded(spikes.spike_times, spikes.spike_neurons.astype(np.int32), 300, 200.0, 100.0, 1)
    out = np.empty(7)
    kernels.response_of_parts(parts, 1000.0, 2.0, out)
    assert out[:2] == pytest.approx([expected.chi.real, expected.chi.imag], rel=1e-9)
    assert out[2:] == pytest.approx([
        expected.chi_error, expected.spectrum, expected.spectrum_error, expected.snr, expected.snr_error], rel=1e-9)


def test_silence_measures_nothing():
    out = np.full(7, np.nan)
    kernels.response_of_parts(np.zeros((2, 5)), 1000.0, 2.0, out)
    assert list(out) == [0.0] * 7


def test_page_computes_the_same_bits():
    host, by_name = WasmtimeHost(build_wasm(list(KERNELS))), {kernel.__name__: kernel for kernel in KERNELS}
    rng = np.random.default_rng(6)
    times, neurons = rng.uniform(0.0, 900.0, 60), rng.integers(0, 5, 60).astype(np.int32)
    parts, _ = folded(times, neurons, 5, 0.0, 100.0, 8)
    for name, arguments in [
        ("measures", [10.0, 15.0, 3.4, *CELL, np.zeros(2)]),
        ("sine_steps", [2.0, 50, np.zeros(100)]),
        ("fold_spikes", [times, neurons, 60, 50.0, 100.0, np.zeros((2, 5)), np.zeros(8, np.int64)]),
        ("response_of_parts", [parts, 900.0, 2.0, np.zeros(7)]),
        ("susceptibilities", [np.array([0.0, 1.0, 300.0]), 25.0, 5.0, *CELL, np.zeros((4, 3))]),
    ]:
        assert host.call(name, arguments)[1] == numba_call(by_name[name], arguments)[1], name


# The figures. Theory from mpmath; a simulation within four of its standard errors of it, for a weak signal.


def test_hidden_signal_without_noise_is_hidden():
    found = HiddenSignal(sigma=0.0, amplitude=3.0, f=2.0, mu=16.5).readouts()
    assert found == {"spikes": 0, "rate": 0.0, "snr": 0.0, "measured": 0.0, "error": 0.0}


def test_no_position_of_the_sliders_fires_without_noise():
    controls = HiddenSignal.controls()
    swing = controls["amplitude"].maximum / math.hypot(1.0, 2.0 * math.pi * controls["f"].minimum * N.tau_m / 1000.0)
    assert controls["mu"].maximum + swing < N.V_th - N.E_L


def test_hidden_signal_measures_the_theory():
    found = HiddenSignal(sigma=3.4, amplitude=1.0).readouts()
    with mp.workdps(30):
        assert found["snr"] == pytest.approx(float(independent.resonance(15, mp.mpf(3.4), 10)), rel=1e-11)
        assert found["rate"] == pytest.approx(float(independent.siegert(15, mp.mpf(3.4))), rel=1e-11)
    assert abs(found["measured"] - found["snr"]) < 4.0 * found["error"] and found["error"] < 0.15


def test_spikes_come_at_the_crests_first():
    # Within a quarter period of the crest of the membrane, which lags behind the signal by 51 degrees at most.
    histogram, _ = HiddenSignal(sigma=2.0)._measured()
    assert histogram[:8].sum() + histogram[-2:].sum() > 0.8 * histogram.sum() > 0


@pytest.mark.parametrize("measure", ["snr", "amplification"])
def test_reader_at_the_optimum_is_told(measure):
    best = float(optimal_noise(N, 15.0, 10.0, measure))
    assert ResonanceCurve(measure=measure, sigma=best).readouts()["near"]
    assert not ResonanceCurve(measure=measure, sigma=0.7 * best).readouts()["near"]
    assert not ResonanceCurve(measure=measure, sigma=2.0 * best).readouts()["near"]


def test_points_of_the_curve_lie_on_it():
    figure = ResonanceCurve()
    for k, relative in enumerate(figure.fixed["relative_noises"]):
        value, error = figure._point(5.0 * relative, 7 + k)
        assert abs(value - measures(10.0, 15.0, 5.0 * relative)[0]) < 4.0 * error


@pytest.mark.parametrize("mu, sigma, t_ref", [(25.0, 5.0, 2.0), (35.0, 8.0, 6.0), (15.0, 3.0, 4.0)])
def test_phase_left_out(mu, sigma, t_ref):
    found = RefractoryPhase(mu=mu, sigma=sigma, t_ref=t_ref).readouts()
    with mp.workdps(30):
        nu = float(independent.siegert(mp.mpf(mu), mp.mpf(sigma), t_ref=mp.mpf(t_ref)))
        slope = float(mp.diff(lambda m: independent.siegert(m, mp.mpf(sigma), t_ref=mp.mpf(t_ref)), mp.mpf(mu)))
    assert found["rate"] == pytest.approx(nu, rel=1e-11)
    assert found["slope"] == pytest.approx(slope, rel=1e-9)
    assert found["factor"] == pytest.approx(1.0 / (1.0 - nu * t_ref / 1000.0), rel=1e-9)
