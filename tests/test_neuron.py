"""The noiseless neuron against tables of 22 digits (tests/reference/README.md) and against the equation itself."""

import csv
import itertools
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import lifcore
from lifcore import LIF, neuron

REFERENCE = Path(__file__).parent / "reference"
PARAMETERS = {
    "tau_ms": "tau_m", "R_MOhm": "R", "E_L": "E_L", "V_th": "V_th", "V_r": "V_reset", "tau_ref_ms": "t_ref"}
n = LIF()


def table(name):
    with open(REFERENCE / f"{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def cell(row):
    return LIF(**{ours: float(row[theirs]) for theirs, ours in PARAMETERS.items() if theirs in row})


def agrees(value, reference, rtol=1e-12):
    with mpmath.workdps(30):
        exact = mpmath.mpf(reference)
        if not mpmath.isfinite(exact) or exact == 0:
            return value == float(exact)
        return abs(mpmath.mpf(float(value)) - exact) <= rtol * abs(exact)


def exact_drive(neuron_, I):
    """R I - (V_th - E_L) of the float64 inputs, without any rounding."""
    with mpmath.workdps(60):
        return mpmath.mpf(neuron_.R) * mpmath.mpf(I) - (mpmath.mpf(neuron_.V_th) - mpmath.mpf(neuron_.E_L))


@pytest.mark.parametrize("row", table("R1_fI"), ids=lambda row: f"{row['neuron']}-{row['I_over_rheobase']}")
def test_f_I_curve(row):
    """The table's currents are decimals; the nearest float64 is up to 1.1e-16 off, which the gain multiplies."""
    cell_, I = cell(row), float(row["I_nA"])
    assert agrees(neuron.rheobase(cell_), row["rheobase_nA"])
    rate, slope = float(row["rate_Hz"]), float(row["dnu_dI_Hz_per_nA"])
    drive = float(exact_drive(cell_, I))
    # Relative change of the steady state's height over threshold, and what it does to the rate.
    off = 2.3e-16 * cell_.R * I / drive if drive > 0 and rate > 0 else 0.0
    carried = off * slope * drive / cell_.R / rate if rate else 0.0
    assert agrees(neuron.firing_rate(cell_, I), row["rate_Hz"], 1e-12 + carried)
    assert agrees(neuron.interspike_interval(cell_, I), row["ISI_ms"], 1e-12 + carried)
    assert agrees(neuron.latency(cell_, I), row["first_spike_latency_from_rest_ms"], 1e-12 + off)
    assert agrees(neuron.gain(cell_, I), row["dnu_dI_Hz_per_nA"], 1e-12 + 2 * off)


@given(
    excess=st.floats(1e-15, 1e3), tau_m=st.floats(0.1, 1e3), R=st.floats(1e-2, 1e4), E_L=st.floats(-100, 20),
    height=st.floats(1e-2, 100), below=st.floats(1e-3, 100), t_ref=st.floats(0, 50))
def test_rate_is_exact_for_the_float64_inputs(excess, tau_m, R, E_L, height, below, t_ref):
    """Closed form in 60-digit arithmetic, at the very float64 numbers that lifcore was given: no rounding is excused."""
    V_th = E_L + height
    cell_ = LIF(tau_m, R, E_L, V_th, V_th - below, t_ref)
    I = float(neuron.rheobase(cell_)) * (1 + excess) if cell_.V_th > cell_.E_L else 0.0
    if I <= neuron.rheobase(cell_):
        assert neuron.firing_rate(cell_, I) == 0
        return
    with mpmath.workdps(60):
        fall = mpmath.mpf(cell_.V_th) - mpmath.mpf(cell_.V_reset)
        interval = mpmath.mpf(t_ref) + mpmath.mpf(tau_m) * mpmath.log1p(fall / exact_drive(cell_, I))
        assert agrees(neuron.interspike_interval(cell_, I), interval)
        assert agrees(neuron.firing_rate(cell_, I), 1000 / interval)
        climb = mpmath.mpf(cell_.V_th) - mpmath.mpf(cell_.E_L)
        assert agrees(neuron.latency(cell_, I), mpmath.mpf(tau_m) * mpmath.log1p(climb / exact_drive(cell_, I)))


@pytest.mark.parametrize("row", table("R1_strength_duration"), ids=lambda row: f"{row['neuron']}-{row['T_ms']}-{row['paired_gap_ms']}")
def test_strength_duration(row):
    cell_, duration = cell(row), float(row["T_ms"])
    assert agrees(neuron.threshold_current(cell_, duration), row["I_thr_nA"])
    assert agrees(neuron.threshold_charge(cell_, duration), row["Q_thr_pC"])
    assert agrees(neuron.chronaxie(cell_), row["chronaxie_ms"])
    assert agrees(cell_.C * (cell_.V_th - cell_.E_L), row["Q_limit_T_to_0_pC"])
    assert agrees(neuron.energy_optimal_duration(cell_), row["E_proxy_I2RT_min_at_T_ms"])
    assert agrees(neuron.weiss_current(cell_, duration), row["weiss_I_thr_nA(I_rh*(1+chronaxie/T))"])
    assert agrees(neuron.paired_pulse_threshold(cell_, duration, float(row["paired_gap_ms"])), row["paired_I_thr_nA"])


@pytest.mark.parametrize("row", table("R1_pulse_response"), ids=lambda row: f"{row['neuron']}-{row['T_ms']}-{row['I_nA']}-{row['t_ms']}")
def test_pulse_response(row):
    cell_ = LIF(tau_m=float(row["tau_ms"]), R=float(row["R_MOhm"]), E_L=float(row["E_L"]))
    t, I, duration = float(row["t_ms"]), float(row["I_nA"]), float(row["T_ms"])
    assert agrees(neuron.pulse_response(cell_, t, I, duration), row["V_mV(no threshold)"])
    if t <= duration:
        assert agrees(neuron.membrane_potential(cell_, t, I), row["V_mV(no threshold)"])


@pytest.mark.parametrize("row", table("R1_ramp"), ids=lambda row: f"{row['neuron']}-{row['ramp_nA_per_ms']}")
def test_ramp(row):
    cell_, slope = cell(row), float(row["ramp_nA_per_ms"])
    latency = neuron.ramp_latency(cell_, slope)
    assert agrees(latency, row["t_spike_ms"])
    assert agrees(latency * slope, row["I_at_spike_nA"])
    assert neuron.ramp_response(cell_, slope, latency) == pytest.approx(cell_.V_th, abs=1e-11 * (1 + abs(cell_.V_th)))


@pytest.mark.parametrize(
    "row", table("R1_photocurrent_threshold"), ids=lambda row: f"{row['neuron']}-{row['tau_decay_ms']}-{row['tau_rise_ms']}")
def test_photocurrent_threshold(row):
    cell_, decay, rise = cell(row), float(row["tau_decay_ms"]), float(row["tau_rise_ms"])
    amplitude = neuron.photocurrent_threshold(cell_, decay, rise)
    assert agrees(amplitude, row["A_threshold_nA"])
    assert agrees(neuron.photocurrent_peak_time(cell_, decay, rise), row["t_peak_V_ms"])
    t_peak = np.log(decay / rise) * decay * rise / (decay - rise)
    peak = amplitude * (np.exp(-t_peak / decay) - np.exp(-t_peak / rise))
    assert agrees(peak, row["peak_current_at_thr_nA"])


def exact_peak(tau_m, decay, rise):
    """Largest response to exp(-t/decay) - exp(-t/rise), by partial fractions in 60 digits (the rates must differ)."""
    with mpmath.workdps(60):
        tau_m, decay, rise = map(mpmath.mpf, (tau_m, decay, rise))

        def single(t, tau):
            return tau / (tau - tau_m) * (mpmath.exp(-t / tau) - mpmath.exp(-t / tau_m)) if tau else 0

        def input_(t):
            return mpmath.exp(-t / decay) - (mpmath.exp(-t / rise) if rise else 0)

        root = mpmath.findroot(
            lambda t: input_(t) - single(t, decay) + single(t, rise), (rise / 100 + tau_m / 1e6, 40 * (tau_m + decay)),
            solver="anderson", tol=1e-80, maxsteps=500, verify=False)
        return single(root, decay) - single(root, rise)


@pytest.mark.parametrize("tau_m, decay, rise", [
    (20, 10, 0), (20, 10, 9.999999), (20, 20.0000001, 19.9999999), (20, 5, 1e-9), (1, 500, 2), (50, 2, 1.5)])
def test_photocurrent_threshold_where_time_constants_meet(tau_m, decay, rise):
    """Rates that nearly coincide cancel in the partial fractions; 60 digits bear it, and lifcore has to avoid it."""
    assert agrees(neuron.photocurrent_threshold(n.replace(tau_m=tau_m), decay, rise),
                  mpmath.mpf("0.2") / exact_peak(tau_m, decay, rise), 1e-11)


def test_waveform_threshold_of_a_sampled_photocurrent():
    """An independent integration (DOP853, rtol 1e-12) of a random waveform, linear between its samples."""
    rng = np.random.default_rng(5)
    for _ in range(5):
        t = np.sort(rng.uniform(0, 80, 25))
        I = rng.normal(0.15, 0.3, 25)
        reached, v = 0.0, 0.0
        for k in range(t.size - 1):
            solution = solve_ivp(
                lambda s, v, k=k: (np.interp(s, t[k:k + 2], I[k:k + 2]) * n.R - v) / n.tau_m, t[k:k + 2], [v],
                method="DOP853", rtol=1e-12, atol=1e-13, dense_output=True)
            reached = max(reached, solution.sol(np.linspace(*t[k:k + 2], 20001)).max())
            v = solution.y[0, -1]
        assert neuron.waveform_threshold(n, t, I) == pytest.approx(20 / reached, rel=1e-8)


def test_waveform_threshold_of_a_rectangle_is_the_strength_duration_curve():
    """A pulse of 1 nA: the factor is Lapicque's threshold current."""
    for duration in (0.1, 3.0, 200.0):
        factor = neuron.waveform_threshold(n, [0, duration], [1, 1])
        assert factor == pytest.approx(float(0.2 / -mpmath.expm1(-duration / 20)), rel=1e-13)


def test_waveform_that_never_depolarises():
    assert neuron.waveform_threshold(n, [0, 1, 2], [0, -1, 0]) == np.inf
    assert neuron.waveform_threshold(n, [0, 1, 2], [0, 0, 0]) == np.inf


def test_at_and_below_rheobase_nothing_fires():
    """By definition, also where the rounded rheobase lies above the true one: 1000 random cells."""
    rng = np.random.default_rng(11)
    for _ in range(1000):
        cell_ = LIF(R=rng.uniform(1, 500), E_L=rng.uniform(-90, -60), V_th=rng.uniform(-59, -30), V_reset=-95)
        I_rh = neuron.rheobase(cell_)
        assert neuron.firing_rate(cell_, I_rh) == 0 and neuron.gain(cell_, I_rh) == 0
        assert neuron.firing_rate(cell_, np.nextafter(I_rh, np.inf)) > 0
    assert neuron.firing_rate(n, -5.0) == 0
    assert neuron.latency(n, 0.2) == np.inf
    assert neuron.ramp_latency(n, 0.0) == np.inf and neuron.ramp_latency(n, -1.0) == np.inf


def test_limits():
    """Saturation at 1/t_ref; and, just above rheobase, an interval that grows as tau_m log of the inverse distance."""
    assert neuron.firing_rate(n, 1e9) == pytest.approx(500, rel=1e-8)
    assert neuron.firing_rate(n.replace(t_ref=0), 1e9) == pytest.approx(1e3 / (20 * 15 / 1e11), rel=1e-8)
    closer, close = (neuron.interspike_interval(n, 0.2 * (1 + e)) for e in (1e-7, 1e-6))
    assert closer - close == pytest.approx(20 * np.log(10), rel=1e-6)
    assert neuron.pulse_response(n, 1e6, 1.0, 1.0) == n.E_L


def test_everything_broadcasts():
    I, duration = np.linspace(0.1, 1, 4)[:, None], np.array([1.0, 10.0, 100.0])
    assert neuron.latency(n, I, V0=[-70, -60, -55]).shape == (4, 3)
    assert neuron.pulse_response(n, 1.0, I, duration).shape == (4, 3)
    for function in (neuron.steady_state, neuron.firing_rate, neuron.interspike_interval, neuron.gain, neuron.latency):
        values = function(n, I)
        assert values.shape == I.shape and values.dtype == np.float64
        assert [function(n, x) for x in I.ravel()] == values.ravel().tolist()
        assert isinstance(function(n, 0.3), float) and isinstance(function(n, 1), float)
    for function in (neuron.threshold_current, neuron.threshold_charge, neuron.weiss_current):
        assert function(n, duration).shape == (3,)
        assert function(n, []).shape == (0,)
    with pytest.raises(ValueError, match=r"shapes \[\(2,\), \(3,\)\] do not broadcast"):
        neuron.membrane_potential(n, [1, 2], [1, 2, 3])


@pytest.mark.parametrize("bad, message", [
    ({"tau_m": 0}, "tau_m must be finite and greater than 0 ms, got 0 ms"),
    ({"tau_m": np.inf}, "tau_m must be finite and greater than 0 ms, got inf ms"),
    ({"R": -3}, "R must be finite and greater than 0 MΩ, got -3 MΩ"),
    ({"E_L": np.nan}, "E_L must be finite and at least -1e+50 mV and at most 1e+50 mV, got nan mV"),
    ({"t_ref": -1e-9}, "t_ref must be finite and at least 0 ms and at most 1e+50 ms, got -1e-09 ms"),
    ({"V_reset": -50}, "V_reset must be less than V_th = -50 mV, got -50 mV"),
    ({"V_th": -70}, "V_th must be greater than E_L = -70 mV, got -70 mV"),
    ({"R": 1e200}, "R must be finite and at least 1e-50 MΩ and at most 1e+50 MΩ, got 1e+200 MΩ"),
])
def test_a_bad_parameter_is_named(bad, message):
    with pytest.raises(ValueError) as error:
        LIF(**bad)
    assert message in str(error.value)


@pytest.mark.parametrize("bad", [{"tau_m": "20"}, {"R": None}, {"E_L": True}, {"V_th": [1, 2]}, {"t_ref": 1j}])
def test_a_parameter_that_is_no_number_is_named(bad):
    with pytest.raises(TypeError, match=f"{next(iter(bad))} must be a number in"):
        LIF(**bad)


def test_a_neuron_does_not_change():
    with pytest.raises(AttributeError):
        n.tau_m = 3.0
    assert n.replace(tau_m=10.0).C == 0.1 and n.tau_m == 20.0
    with pytest.raises(TypeError, match="no parameter 'tau'; its parameters are tau_m, R"):
        n.replace(tau=10.0)
    with pytest.raises(ValueError, match="tau_m must be finite and greater than 0 ms"):
        n.replace(tau_m=-1)
    assert LIF(np.float32(20)) == n and hash(LIF()) == hash(n) and n.g_L == 0.01


@pytest.mark.parametrize("call, message", [
    (lambda: neuron.firing_rate(n, np.nan), "I must be finite, got nan nA"),
    (lambda: neuron.firing_rate(n, [0.1, np.inf]), "I must be finite, got inf nA"),
    (lambda: neuron.firing_rate(n, 1e307), "I must keep R I finite for R = 100 MΩ, got 1e+307 nA"),
    (lambda: neuron.firing_rate(n.replace(t_ref=0), 1e306), "I must give a finite rate"),
    (lambda: neuron.latency(n, 0.3, V0=-50), "V0 must be less than V_th = -50 mV, got -50 mV"),
    (lambda: neuron.threshold_current(n, [1, 0]), "duration must be finite and greater than 0 ms, got 0 ms"),
    (lambda: neuron.weiss_current(n, -1), "duration must be finite and greater than 0 ms, got -1 ms"),
    (lambda: neuron.membrane_potential(n, -1, 0.1), "t must be finite and at least 0 ms and at most 1e+50 ms, got -1 ms"),
    (lambda: neuron.photocurrent_threshold(n, 5, [1, 5]), "tau_rise must be less than tau_decay = 5 ms, got 5 ms"),
    (lambda: neuron.paired_pulse_threshold(n, 1, -1), "gap must be finite and at least 0 ms and at most 1e+50 ms, got -1 ms"),
    (lambda: neuron.waveform_threshold(n, [0, 2, 2], [1, 1, 1]), "t must increase, got 2 ms and then 2 ms"),
    (lambda: neuron.waveform_threshold(n, [0, 2], [1, 1, 1]), "of one length, at least 2, got shapes (2,) and (3,)"),
])
def test_a_bad_argument_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


def test_an_argument_of_the_wrong_kind_is_named():
    for call in (lambda: neuron.firing_rate(n, "0.3"), lambda: neuron.firing_rate(n, [True]), lambda: lifcore.chronaxie(20.0),
                 lambda: neuron.rheobase(None), lambda: neuron.weiss_current(3, 1.0)):
        with pytest.raises(TypeError, match="must be a"):
            call()


def test_no_public_function_returns_nan():
    """Every function at the corners of what it accepts."""
    corners = [0.0, 1e-300, 1e-49, 1e-3, 1.0, 1e3, 1e49]
    for tau_m, I, t in itertools.product([1e-50, 1.0, 1e50], corners + [-1.0, -1e300], corners):
        cell_ = n.replace(tau_m=tau_m)
        values = [neuron.steady_state(cell_, I), neuron.membrane_potential(cell_, t, I), neuron.latency(cell_, I),
                  neuron.firing_rate(cell_, I), neuron.gain(cell_, I), neuron.interspike_interval(cell_, I), neuron.paired_pulse_threshold(cell_, 1.0, t)]
        if abs(I) <= 1e50:
            values += [neuron.ramp_latency(cell_, I), neuron.ramp_response(cell_, I, t)]
        if t >= 1e-50:
            values += [neuron.threshold_current(cell_, t), neuron.threshold_charge(cell_, t), neuron.weiss_current(cell_, t),
                       neuron.pulse_response(cell_, t, I, t)]
        if 1e-50 < t < 1e50:
            values += [neuron.photocurrent_threshold(cell_, t, t / 2), neuron.photocurrent_threshold(cell_, t, 0)]
        assert not np.any(np.isnan(values)), (tau_m, I, t, values)


def test_a_zero_with_a_sign_is_zero():
    n = LIF()
    assert neuron.photocurrent_threshold(n, 5.0, -0.0) == neuron.photocurrent_threshold(n, 5.0, 0.0)
    assert neuron.photocurrent_threshold(n, 5.0, [-0.0, 1.0])[0] == neuron.photocurrent_threshold(n, 5.0, 0.0)
