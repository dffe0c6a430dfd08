"""Linear response, spectrum and step response against tables of 17 to 20 digits and against mpmath at the float64 inputs."""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import theory
from lifcore import LIF, isi_cv, siegert_rate, spike_spectrum, step_response, susceptibility
from lifcore.fokker_planck import step_rate
from lifcore.kernels import build_wasm
from lifcore.kernels import diffusion as stationary
from lifcore.kernels import response as kernels
from lifcore.response import fast_susceptibility, static_gain
from wasm_host import WasmtimeHost, numba_call

SUSCEPTIBILITY, LIMITS = theory.table("R4_susceptibility.csv"), theory.table("R4_limits.csv")
STATIONARY, STEPS = theory.table("R2_stationary.csv"), theory.table("R5_step_response.csv")


def cell(row):
    n = LIF(tau_m=float(row["tau_ms"]), E_L=0.0, V_th=float(row["V_th"]), V_reset=float(row["V_r"]), t_ref=float(row["tau_ref_ms"]))
    return n, float(row["mu"]), float(row["sigma"])


def complex_of(row, name):
    return mp.mpc(row[f"Re_{name}_Hz_per_mV"], row[f"Im_{name}" if f"Im_{name}" in row else f"Im_{name}_Hz_per_mV"])


@pytest.mark.parametrize("row", SUSCEPTIBILITY, ids=lambda row: f"{row['op']}-{row['f_Hz']}")
def test_table_of_susceptibilities(row):
    n, mu, sigma = cell(row)
    f = float(row["f_Hz"])
    for of in ("mu", "sigma"):
        value, exact = susceptibility(n, mu, sigma, f, of), complex_of(row, f"chi_{of}")
        assert theory.relative(value, exact) <= 1e-13
        # Each part has its own digits, also where it is ten thousand times smaller than the other.
        assert theory.relative(value.real, exact.real) <= 1e-11 and theory.relative(value.imag, exact.imag) <= 1e-11
    assert theory.relative(spike_spectrum(n, mu, sigma, f), mp.mpf(row["S_Hz"])) <= 2e-14
    # The asymptotic forms of the table are these three terms.
    for of, name in (("mu", "chi_mu_asym2"), ("sigma", "chi_sigma_asym")):
        exact = mp.mpc(row[f"{name}_Re"], row[f"{name}_Im"])
        assert theory.relative(fast_susceptibility(n, mu, sigma, f, of), exact) <= 1e-14


@pytest.mark.parametrize("row", LIMITS, ids=lambda row: row["op"])
def test_table_of_limits(row):
    n, mu, sigma = cell(row)
    for of in ("mu", "sigma"):
        static = float(row[f"chi_{of}(0)=dnu/d{of}"])
        assert static_gain(n, mu, sigma, of) == pytest.approx(static, rel=1e-13)
        assert susceptibility(n, mu, sigma, 0.0, of) == complex(static_gain(n, mu, sigma, of), 0.0)
    assert spike_spectrum(n, mu, sigma, 0.0) == pytest.approx(float(row["S(0)=nu CV^2 Hz"]), rel=1e-13)
    c = float(row["highfreq: chi_mu ~ c/sqrt(i*2pi*f[Hz]) , c"])
    # What is left of the susceptibility falls as 1/sqrt(f), here from 1e9 Hz on.
    for f in (1e9, 1e13):
        leading = c / np.sqrt(2j * math.pi * f)
        assert abs(susceptibility(n, mu, sigma, f) / leading - 1) < 60.0 / math.sqrt(f)
        noise = float(row["highfreq: chi_sigma -> 2nu/sigma"])
        assert abs(susceptibility(n, mu, sigma, f, "sigma") / noise - 1) < 60.0 / math.sqrt(f)
        assert spike_spectrum(n, mu, sigma, f) == pytest.approx(float(row["nu_Hz"]), rel=1e-13)


@pytest.mark.parametrize("row", STATIONARY, ids=lambda row: row["id"])
def test_static_gain_is_the_slope_of_the_rate(row):
    """Table of d nu / d mu and d nu / d sigma with 20 digits; allowed is what rounding the table's decimals may change."""
    V_th = float(row["V_th"])
    E_L = 0.0 if V_th > 0.0 else -70.0
    n = LIF(tau_m=float(row["tau_ms"]), E_L=E_L, V_th=V_th, V_reset=float(row["V_r"]), t_ref=float(row["tau_ref_ms"]))
    mu, sigma = float(row["mu"]) - E_L, float(row["sigma"])
    y_th = abs(V_th - E_L - mu) / sigma
    rounding = 1e-13 + 1e-15 * y_th**2 + 1e-15 * (abs(V_th) + abs(float(row["mu"]))) / sigma * (1.0 + y_th)
    rounding += 4e-16 * abs(n.V_reset) / (n.V_th - n.V_reset)
    for of in ("mu", "sigma"):
        exact = mp.mpf(row[f"dnu_d{of}_Hz_per_mV"])
        if abs(exact) > 1e-290:
            assert theory.relative(static_gain(n, mu, sigma, of), exact) <= rounding


# y_th and y_r from far below threshold to far above, resets close to it, and frequencies from slow to far beyond 1/tau_m.
PLACES = [(4.0, 2.0), (9.4, 1.0), (9.6, 9.0), (12.0, -1.0), (1.0, 0.99), (0.0, -2.0), (-5.9, -6.1), (-6.5, -7.0), (-3.0, -30.0)]


@pytest.mark.parametrize("y_th, y_r", PLACES)
@pytest.mark.parametrize("f", [1e-4, 3.0, 70.0, 3e3])
def test_response_at_the_very_inputs(y_th, y_r, f):
    sigma = 2.0
    n = LIF(tau_m=20.0, E_L=-70.0, V_th=-50.0, V_reset=-50.0 - sigma * (y_th - y_r), t_ref=1.25)
    mu = 20.0 - sigma * y_th
    to_mu, to_sigma, spectrum = theory.response(n, mu, sigma, f)
    # Rounding of y_th itself moves the rate, which multiplies everything, by 4 y_th**2 units.
    allowed = 2e-12 + 1e-15 * y_th**2
    assert theory.relative(susceptibility(n, mu, sigma, f), to_mu) <= allowed
    assert theory.relative(susceptibility(n, mu, sigma, f, "sigma"), to_sigma) <= 20 * allowed
    assert theory.relative(spike_spectrum(n, mu, sigma, f), spectrum) <= allowed


def test_refractory_period_enters_by_its_phase():
    """At low frequency the susceptibility is the static gain; without the phase it would be 1 / (1 - nu t_ref) times that."""
    n = LIF(t_ref=5.0)
    nu = siegert_rate(n, 18.0, 5.0)
    assert susceptibility(n, 18.0, 5.0, 1e-5).real == pytest.approx(static_gain(n, 18.0, 5.0), rel=1e-9)
    assert nu * 5.0 / 1000.0 > 0.05
    step = 1e-3
    slope = (siegert_rate(n, 18.0 + step, 5.0) - siegert_rate(n, 18.0 - step, 5.0)) / (2 * step)
    assert static_gain(n, 18.0, 5.0) == pytest.approx(slope, rel=1e-6)


def test_weak_noise_resonates_at_the_firing_rate():
    """Without noise the spectrum is a comb at multiples of the rate; with little, its first tooth stands within a per cent."""
    n = LIF()
    nu = siegert_rate(n, 24.0, 0.3)
    f = np.linspace(0.5 * nu, 1.5 * nu, 2001)
    assert f[np.argmax(spike_spectrum(n, 24.0, 0.3, f))] == pytest.approx(nu, rel=0.01)
    assert f[np.argmax(abs(susceptibility(n, 24.0, 0.3, f)))] == pytest.approx(nu, rel=0.02)
    assert spike_spectrum(n, 24.0, 0.3, 0.0) == pytest.approx(nu * isi_cv(n, 24.0, 0.3) ** 2, rel=1e-14)


def step_case(name):
    rows = [row for row in STEPS if row["case"] == name]
    g = {key: float(rows[0][key]) for key in ("tau_ms", "V_th", "V_r", "mu0", "sigma0", "mu1", "sigma1", "tau_ref_ms")}
    n = LIF(tau_m=g["tau_ms"], E_L=0.0, V_th=g["V_th"], V_reset=g["V_r"], t_ref=g["tau_ref_ms"])
    return n, (g["mu0"], g["sigma0"]), (g["mu1"], g["sigma1"]), {row["t_ms"]: float(row["rate_Hz"]) for row in rows}


CASES = sorted({row["case"] for row in STEPS})


@pytest.mark.parametrize("name", CASES)
def test_table_of_step_responses(name):
    n, before, after, rates = step_case(name)
    timed = {float(t): rate for t, rate in rates.items() if t[0].isdigit() and not t.endswith("+")}
    found = step_response(n, before, after, list(timed))
    assert found == pytest.approx(list(timed.values()), rel=2e-9)
    assert step_response(n, before, after, -3.0) == pytest.approx(rates["-inf(stationary before)"], rel=1e-13)
    assert step_response(n, before, after, 0.0) == pytest.approx(rates["0+"], rel=1e-13)
    assert step_response(n, before, after, 3000.0) == pytest.approx(rates["inf"], rel=1e-9)


def test_step_response_agrees_with_the_density_in_time():
    """Two roads of this package, Laplace transform and finite volumes, at parameters of no table."""
    n = LIF(tau_m=12.0, V_reset=-60.0, t_ref=3.0)
    t = np.array([0.5, 2.0, 5.0, 11.0, 30.0])
    before, after = (12.0, 6.0), (19.0, 4.0)
    assert step_response(n, before, after, t) == pytest.approx(step_rate(n, before, after, t, 800, 0.05), rel=1e-5)


def test_early_answers():
    """nu0 (1 + dmu/sigma 2 sqrt(2 t / (pi tau))) for a step of mu, and a jump by (sigma1/sigma0)**2 for one of sigma."""
    n = LIF()
    nu = siegert_rate(n, 15.0, 5.0)
    for t in (1e-7, 1e-6):
        early = nu * (1.0 + 0.5 / 5.0 * 2.0 * math.sqrt(2.0 * t / (math.pi * 20.0)))
        assert step_response(n, (15.0, 5.0), (15.5, 5.0), t) == pytest.approx(early, rel=3e-7)
    assert step_response(n, (15.0, 5.0), (15.0, 6.0), 1e-6) == pytest.approx(nu * 1.44, rel=1e-3)
    assert np.array_equal(step_response(n, (15.0, 5.0), (15.0, 5.0), [-1.0, 0.0, 3.0]), [nu] * 3)


@settings(max_examples=40, deadline=None)
@example(mu=20.0, sigma=0.03125, f=2e4, V_reset=-126.0, t_ref=0.0)
@given(mu=st.floats(-60, 100), sigma=st.floats(1e-3, 300), f=st.floats(0, 1e7), V_reset=st.floats(-200, -50.001), t_ref=st.floats(0, 50))
def test_no_neuron_gives_nan(mu, sigma, f, V_reset, t_ref):
    n = LIF(V_reset=V_reset, t_ref=t_ref)
    values = [susceptibility(n, mu, sigma, f), susceptibility(n, mu, sigma, f, "sigma"), spike_spectrum(n, mu, sigma, f)]
    assert np.all(np.isfinite(values)) and values[2] >= 0.0


def test_fast_spectrum_of_a_neuron_with_little_noise():
    # From reset to threshold f grows beyond the range of numbers; the limit of high frequency is the rate.
    n = LIF(V_reset=-126.0, t_ref=0.0)
    assert spike_spectrum(n, 20.0, 0.03125, 2e4) == pytest.approx(siegert_rate(n, 20.0, 0.03125), rel=1e-12)


BAD = [
    (lambda n: susceptibility(n, 15.0, 5.0, -1.0), ValueError, r"f must be finite and at least 0 Hz.*got -1 Hz"),
    (lambda n: susceptibility(n, 15.0, 0.0, 1.0), ValueError, r"sigma must be finite and greater than 0 mV, got 0 mV"),
    (lambda n: susceptibility(n, 15.0, -2.0, 1.0), ValueError, r"sigma must be.*got -2 mV"),
    (lambda n: susceptibility(n, math.nan, 2.0, 1.0), ValueError, r"mu must be finite.*got nan mV"),
    (lambda n: susceptibility(n, 15.0, 5.0, 1.0, of="drive"), ValueError, r"of must be one of 'mu', 'sigma', got 'drive'"),
    (lambda n: spike_spectrum(n, 15.0, 5.0, [1.0, math.inf]), ValueError, r"f must be finite.*got inf Hz"),
    (lambda n: spike_spectrum(n, [1.0, 2.0], 5.0, [1.0, 2.0, 3.0]), ValueError, r"mu, sigma and f must broadcast together"),
    (lambda n: fast_susceptibility(n, 15.0, 5.0, 0.0), ValueError, r"f must be finite and at least 1e-50 Hz, got 0 Hz"),
    (lambda n: step_response(n, 15.0, (16.0, 5.0), 1.0), ValueError, r"before must be a pair \(mu, sigma\) in mV, got 15.0"),
    (lambda n: step_response(n, (15.0, 5.0), (16.0, 0.0), 1.0), ValueError, r"sigma in after must be.*greater than 0 mV, got 0"),
    (lambda n: step_response(n, (15.0, 5.0), (16.0, 5.0), math.nan), ValueError, r"t must be finite"),
    (lambda n: step_response(n, (15.0, 5.0), (30.0, 0.1), 1e5), ValueError, r"t must be at most about .* sigma = 0\.1 mV"),
    (lambda n: step_response(n, (15.0, 5.0), (15.0, 0.01), 1.0), ValueError, r"after must have a sigma of at least"),
    (lambda n: step_response("n", (15.0, 5.0), (16.0, 5.0), 1.0), TypeError, r"n must be a LIF neuron"),
]


@pytest.mark.parametrize("call, error, message", BAD)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(LIF())


def test_shapes():
    n = LIF()
    assert isinstance(susceptibility(n, 15.0, 5.0, 1.0), complex) and isinstance(spike_spectrum(n, 15.0, 5.0, 1.0), float)
    assert susceptibility(n, 15.0, [[4.0], [5.0]], [1.0, 2.0, 3.0]).shape == (2, 3)
    assert susceptibility(n, 15.0, 5.0, []).shape == (0,)
    assert step_response(n, (15.0, 5.0), (16.0, 5.0), [[1.0], [2.0]]).shape == (2, 1)
    assert isinstance(step_response(n, (15.0, 5.0), (16.0, 5.0), 1.0), float)
    # Broadcasting gives what single calls give.
    assert susceptibility(n, 15.0, [4.0, 5.0], [1.0, 2.0])[1] == susceptibility(n, 15.0, 5.0, 2.0)


def test_page_computes_the_same_bits():
    host = WasmtimeHost(build_wasm([kernels.susceptibilities, kernels.spectra, kernels.log_resonances, kernels.step_rates]))
    rng = np.random.default_rng(8)
    for _ in range(60):
        n = LIF(tau_m=rng.uniform(5, 40), V_reset=rng.uniform(-80, -50.1), t_ref=rng.choice([0.0, 2.0]))
        membrane = [n.tau_m, n.E_L, n.V_th, n.V_reset, float(n.t_ref)]
        mu, sigma = float(rng.uniform(0, 40)), float(10 ** rng.uniform(-0.5, 1.5))
        f = 10 ** rng.uniform(-3, 4, 7)
        work = np.zeros(4 * stationary.NODES + 4)
        calls = [
            (kernels.susceptibilities, [f, mu, sigma, *membrane, np.zeros((4, 7))]),
            (kernels.spectra, [f, mu, sigma, *membrane, np.zeros(7), work]),
            (kernels.log_resonances, [10 ** rng.uniform(-0.5, 1.5, 5), float(f[0]), mu, *membrane, np.zeros((2, 5)), work])]
        for function, values in calls:
            assert numba_call(function, values)[1] == host.call(function.__name__, values)[1], (function, values)


@pytest.mark.parametrize("before, after", [
    ((15.0, 5.0), (18.0, 5.0)), ((15.0, 5.0), (15.0, 6.0)), ((15.0, 5.0), (25.0, 1.0))])
def test_a_step_begins_with_its_jump_and_a_root_of_time(before, after):
    """The rate just after is (sigma before / sigma after)**-2 times that before, and a diffusion goes on as sqrt(t)."""
    n = LIF()
    at_once = siegert_rate(n, *before) * (after[1] / before[1]) ** 2
    slope = (step_response(n, before, after, 1e-9) - at_once) / math.sqrt(1e-9)
    t = np.array([1e-10, 1e-13, 1e-16, 1e-20, 1e-24, 1e-30, 1e-100, 5e-324])
    np.testing.assert_allclose(
        step_response(n, before, after, t), at_once + slope * np.sqrt(t), rtol=2e-9 * siegert_rate(n, *after) / at_once)
    alone = [step_response(n, before, after, one) - at_once for one in t]
    np.testing.assert_allclose(alone, slope * np.sqrt(t), rtol=1e-3, atol=4e-15 * at_once)


@pytest.mark.parametrize("call, message", [
    (lambda n: step_response(n, (15.0, 1e-6), (15.0, 5.0), 1.0), "before must have a sigma of at least 0.00[0-9]* mV"),
    (lambda n: susceptibility(n, 15.0, 1e-80, 10.0), "sigma must be at least 1e-59 mV for potentials that lie 10 mV"),
    (lambda n: spike_spectrum(n, [15.0, 30.0], 1e-80, 10.0), "sigma must be at least 1e-59 mV for potentials"),
    (lambda n: fast_susceptibility(n, 15.0, 5.0, 5e-324), "f must be finite and at least 1e-50 Hz"),
])
def test_what_leaves_the_range_of_float64_is_refused_with_the_range(call, message):
    with pytest.raises(ValueError, match=message):
        call(LIF())
