"""Rate, intervals and density under white noise against tables of 20 digits and against mpmath at the very float64 inputs.

The tables (tests/reference/README.md) have decimal parameters. Their rounding to float64 alone moves the rate where it hinges
on a small difference, and the tests of the tables allow that much and no more; the tests with mpmath allow nothing for it.
"""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import theory
from lifcore import LIF, firing_rate, isi_cv, log_siegert_rate, siegert_rate, stationary_density
from lifcore.diffusion import boundary_flux, density_moments, isi_moments, log_isi_moments
from lifcore.kernels import diffusion as kernels
from wasm_host import WasmtimeHost, numba_call

STATIONARY, DENSITY, FLUX = (theory.table(f"R{name}.csv") for name in ("2_stationary", "3_density", "3_flux_moments"))


def cell(row):
    """The neuron of a table's row, its drive above E_L, and sigma; E_L is anything below the threshold."""
    V_th = float(row["V_th"])
    E_L = 0.0 if V_th > 0.0 else -70.0
    n = LIF(tau_m=float(row["tau_ms"]), E_L=E_L, V_th=V_th, V_reset=float(row["V_r"]), t_ref=float(row["tau_ref_ms"]))
    return n, float(row["mu"]) - E_L, float(row["sigma"])


def rounding(row):
    """Relative change of the rate when its decimal parameters are rounded to float64: sensitivities times half a unit."""
    mu, V_th, V_r = (abs(float(row[name])) for name in ("mu", "V_th", "V_r"))
    gain = abs(float(mp.mpf(row["dnu_dmu_Hz_per_mV"]) / mp.mpf(row["nu_Hz"])))
    return 2e-14 + 4e-16 * (mu + V_th) * gain + 1.2e-16 * V_r / (float(row["V_th"]) - float(row["V_r"]))


@pytest.mark.parametrize("row", STATIONARY, ids=lambda row: row["id"])
def test_table_of_stationary_values(row):
    n, mu, sigma = cell(row)
    allowed = rounding(row)
    with mp.workdps(30):
        assert abs(mp.mpf(float(log_siegert_rate(n, mu, sigma))) - mp.mpf(row["ln_nu_Hz"])) <= allowed
        t_ref, m1, m2, m3 = (mp.mpf(row[name]) for name in ("tau_ref_ms", "fpt_m1_ms", "fpt_m2_ms2", "fpt_m3_ms3"))
        exact = m1 + t_ref, m2 + 2 * t_ref * m1 + t_ref**2, m3 + 3 * t_ref * m2 + 3 * t_ref**2 * m1 + t_ref**3
        for order, (ours, theirs) in enumerate(zip(log_isi_moments(n, mu, sigma), exact, strict=True), 1):
            # The logarithm of a huge number has an error of its own, one unit in its last place.
            assert abs(mp.mpf(float(ours)) - mp.log(theirs)) <= order * allowed + 3e-16 * abs(mp.log(theirs))
            if theirs < 1e300:
                value = isi_moments(n, mu, sigma)[order - 1]
                assert theory.relative(float(value), theirs) <= order * allowed + 3e-16 * abs(float(mp.log(theirs)))
            else:
                assert isi_moments(n, mu, sigma)[order - 1] > 1e299
    nu = float(row["nu_Hz"])
    if nu > 1e-300:
        assert siegert_rate(n, mu, sigma) == pytest.approx(nu, rel=allowed)
    else:
        assert 0.0 <= siegert_rate(n, mu, sigma) <= 2e-300
    assert isi_cv(n, mu, sigma) == pytest.approx(float(row["cv_isi"]), rel=allowed)


# Points on both sides of every switch inside the kernels, and in the middle: y_th, y_r, tau_m in ms, t_ref in ms.
SWITCHES = [
    (y_th, y_r, 20.0, t_ref) for y_th, y_r in [
        (26.59, 20.0), (26.61, 20.0), (27.2, 3.0), (30.0, 29.9), (5.0, 4.9), (5.0, 4.86), (0.03, 0.0), (0.01, 0.0), (1e-7, 0.0),
        (0.0, -0.03), (-7.9, -8.1), (-8.0, -8.2), (-8.2, -9.0), (-3.0, -25.0), (-25.0, -26.5), (6.7, -20.0), (6.71, -3.0),
        (12.0, 11.99), (2.0, -1.0), (-1.0, -2.0)] for t_ref in (0.0, 2.0)]


@pytest.mark.parametrize("y_th, y_r, tau_m, t_ref", SWITCHES)
def test_rate_at_the_very_inputs(y_th, y_r, tau_m, t_ref):
    sigma = 3.0
    n = LIF(tau_m=tau_m, E_L=-70.0, V_th=-50.0, V_reset=-50.0 - sigma * (y_th - y_r), t_ref=t_ref)
    mu = 20.0 - sigma * y_th
    exact = theory.log_rate(n, mu, sigma)
    # Beyond rounding of y_th itself (2 y_th**2 units) nothing is lost.
    assert abs(float(mp.mpf(float(log_siegert_rate(n, mu, sigma))) - exact)) <= 3e-15 + 4e-16 * y_th * y_th
    if y_th < 26.0:
        assert theory.relative(siegert_rate(n, mu, sigma), mp.exp(exact)) <= 4e-15 + 4e-16 * y_th * y_th


@settings(max_examples=60, deadline=None)
@given(y_th=st.floats(-12, 15), width=st.floats(1e-3, 20), sigma=st.floats(0.01, 100), tau_m=st.floats(1, 100),
       t_ref=st.floats(0, 10))
def test_rate_of_any_neuron_to_12_digits(y_th, width, sigma, tau_m, t_ref):
    n = LIF(tau_m=tau_m, E_L=0.0, V_th=16.0, V_reset=16.0 - sigma * width, t_ref=t_ref)
    mu = 16.0 - sigma * y_th
    assert theory.relative(siegert_rate(n, mu, sigma), mp.exp(theory.log_rate(n, mu, sigma))) <= 1e-12


@pytest.mark.parametrize("y_th, y_r", [(3.0, 1.0), (-2.0, -6.0), (0.5, -0.5), (-9.0, -12.0), (2.0, 1.95)])
def test_variation_at_the_very_inputs(y_th, y_r):
    n = LIF(tau_m=10.0, E_L=0.0, V_th=20.0, V_reset=20.0 - 2.0 * (y_th - y_r), t_ref=1.5)
    mu = 20.0 - 2.0 * y_th
    assert theory.relative(isi_cv(n, mu, 2.0), theory.variation(n, mu, 2.0)) <= 1e-12


def test_many_at_once_are_the_same_as_one_by_one():
    """The vectorised path takes shortcuts; they must not show."""
    n = LIF(E_L=0.0, V_th=20.0, V_reset=10.0)
    mu, sigma = np.linspace(-40.0, 80.0, 101)[:, None], np.geomspace(1e-3, 1e3, 61)
    together = siegert_rate(n, mu, sigma)
    assert together.shape == (101, 61)
    for i in range(0, 101, 7):
        for k in range(0, 61, 5):
            assert together[i, k] == siegert_rate(n, mu[i, 0], sigma[k])
    assert np.all(np.isfinite(together)) and np.all(np.diff(together, axis=0) >= 0.0)


def test_little_noise_leads_to_the_clock():
    """The noise-free f-I curve is the limit, and CV**2 -> sigma**2/2 (w_th**-2 - w_r**-2) / T**2 with w = mu - V (by hand)."""
    n = LIF()
    unit = n.replace(R=1.0)
    for sigma in (1e-6, 1e-9, 1e-12, 1e-40, 0.0):
        assert siegert_rate(n, 30.0, sigma) == pytest.approx(firing_rate(unit, 30.0), rel=1e-12)
        assert siegert_rate(n, 10.0, sigma) == 0.0
    T = 2.0 + 20.0 * math.log(2.5)
    for sigma in (1e-5, 1e-8, 1e-11, 1e-30):
        leading = 20.0 * sigma / math.sqrt(2.0) * math.sqrt(0.1**2 - 0.04**2) / T
        assert isi_cv(n, 30.0, sigma) == pytest.approx(leading, rel=1e-9)
    assert isi_cv(n, 30.0, 0.0) == 0.0
    assert np.array_equal(isi_moments(n, 10.0, 0.0), [np.inf] * 3)
    assert log_siegert_rate(n, 10.0, 0.0) == -np.inf
    assert log_siegert_rate(n, 30.0, 0.0) == pytest.approx(math.log(firing_rate(unit, 30.0)))


def test_threshold_drive_without_noise_vanishes_as_a_logarithm():
    """At mu = V_th the mean passage takes tau_m (log(2 |y_r|) + gamma / 2) for little noise (the series of erfi and 2F2)."""
    n = LIF(t_ref=0.0)
    for sigma in (1e-4, 1e-8, 1e-20):
        T = 20.0 * (math.log(2.0 * 15.0 / sigma) + 0.5 * 0.5772156649015329)
        assert siegert_rate(n, 20.0, sigma) == pytest.approx(1000.0 / T, rel=1e-12)


def test_far_below_threshold_intervals_are_those_of_poisson():
    """A rare escape forgets the past: CV = 1, T**2 = 2 T1**2, T**3 = 6 T1**3 for an exponential law."""
    n = LIF(t_ref=0.0)
    for mu, sigma in ((0.0, 1.0), (0.0, 0.01), (-50.0, 0.5)):
        assert isi_cv(n, mu, sigma) == pytest.approx(1.0, abs=1e-13)
        first, second, third = log_isi_moments(n, mu, sigma)
        assert second - 2 * first - math.log(2.0) == pytest.approx(0.0, abs=1e-15 * abs(second) + 1e-13)
        assert third - 3 * first - math.log(6.0) == pytest.approx(0.0, abs=1e-15 * abs(third) + 1e-13)
    assert log_siegert_rate(n, 0.0, 1e-3) == pytest.approx(-(20.0 / 1e-3) ** 2, rel=1e-6)


@pytest.mark.parametrize("row", DENSITY, ids=lambda row: f"{row['op']}-{row['V']}")
def test_table_of_densities(row):
    n, mu, sigma = cell(row)
    V, exact = float(row["V"]), mp.mpf(row["P0_per_mV"])
    # Beside the parameters' rounding, V's own: it matters in units of the distance to the threshold.
    near = 2e-15 * abs(V) / max(n.V_th - V, 1e-300)
    value = stationary_density(n, mu, sigma, V)
    assert value <= 1e-300 if exact < 1e-300 else theory.relative(value, exact) <= 1e-12 + near


@pytest.mark.parametrize("row", FLUX, ids=lambda row: row["op"])
def test_flux_conditions_and_moments(row):
    n, mu, sigma = cell(row)
    flux, moments = boundary_flux(n, mu, sigma), density_moments(n, mu, sigma)
    names = list(row)[7:13]
    for value, name in zip([*flux, *moments], names, strict=True):
        assert value == pytest.approx(float(row[name]), rel=1e-13), name
    # The density itself, by one-sided differences: an error of second order in h, halved twice over.
    y_th = abs(n.V_th - n.E_L - mu) / sigma
    h = 1e-3 * min(sigma / (1.0 + y_th), n.V_th - n.V_reset)

    def slope(V, side):
        p0, p1, p2 = (stationary_density(n, mu, sigma, V + side * k * h) for k in (0, 1, 2))
        return side * (-3.0 * p0 + 4.0 * p1 - p2) / (2.0 * h)

    assert slope(n.V_th, -1) == pytest.approx(flux.slope_at_threshold, rel=2e-3)
    jump = slope(n.V_reset, 1) - slope(n.V_reset, -1)
    assert jump == pytest.approx(flux.slope_jump_at_reset, rel=2e-3, abs=2e-3 * abs(slope(n.V_reset, -1)))


@pytest.mark.parametrize("mu, sigma", [(15.0, 5.0), (22.0, 1.0), (19.0, 0.5), (5.0, 3.0), (40.0, 20.0)])
def test_density_integrates_to_the_moments(mu, sigma):
    """By Gauss-Legendre panels of numpy on both sides of the reset."""
    n = LIF()
    x, w = np.polynomial.legendre.leggauss(40)
    low = min(n.V_reset, n.E_L + mu) - 8.0 * sigma
    totals = np.zeros(3)
    for a, b in ((low, n.V_reset), (n.V_reset, n.V_th)):
        edges = np.linspace(a, b, 400)
        V = (edges[:-1, None] + edges[1:, None]) / 2 + np.diff(edges)[:, None] / 2 * x
        mass = np.diff(edges)[:, None] / 2 * w * stationary_density(n, mu, sigma, V)
        totals += [np.sum(mass), np.sum(V * mass), np.sum(V * V * mass)]
    assert totals == pytest.approx(density_moments(n, mu, sigma), rel=1e-11)
    assert totals[0] == pytest.approx(1.0 - siegert_rate(n, mu, sigma) * n.t_ref / 1000.0, rel=1e-11)


@settings(max_examples=80, deadline=None)
@given(mu=st.floats(-100, 500), sigma=st.floats(1e-6, 1e4), V=st.floats(-3000, 100), V_reset=st.floats(-1000, -50.001),
       t_ref=st.floats(0, 100))
def test_no_neuron_gives_nan_or_a_negative_number(mu, sigma, V, V_reset, t_ref):
    n = LIF(V_reset=V_reset, t_ref=t_ref)
    rate, log_rate, cv = siegert_rate(n, mu, sigma), log_siegert_rate(n, mu, sigma), isi_cv(n, mu, sigma)
    assert 0.0 <= rate <= (1000.0 / t_ref if t_ref else np.inf) * (1 + 1e-15)
    assert np.isfinite(log_rate) and (rate == 0.0 or abs(math.exp(log_rate) / rate - 1) < 1e-9 + 1e-15 * abs(log_rate))
    assert 0.0 <= cv < 100.0
    density = stationary_density(n, mu, sigma, V)
    assert density >= 0.0 and np.isfinite(density) and (V < n.V_th or density == 0.0)
    moments = isi_moments(n, mu, sigma)
    assert not np.any(np.isnan(moments)) and np.all(moments > 0.0)


BAD = [
    (lambda: siegert_rate(LIF(), 15.0, -1.0), ValueError, r"sigma must be finite and at least 0 mV.*got -1 mV"),
    (lambda: siegert_rate(LIF(), math.nan, 1.0), ValueError, r"mu must be finite.*got nan mV"),
    (lambda: siegert_rate(LIF(), 1.0, [1.0, math.inf]), ValueError, r"sigma must be finite.*got inf mV"),
    (lambda: siegert_rate(LIF(), "15", 1.0), TypeError, r"mu must be a number or an array of numbers in mV, got '15'"),
    (lambda: siegert_rate(15.0, 1.0, 1.0), TypeError, r"n must be a LIF neuron"),
    (lambda: siegert_rate(LIF(), [1.0, 2.0], [1.0, 2.0, 3.0]), ValueError, r"mu and sigma must broadcast together"),
    (lambda: isi_cv(LIF(), 1.0, -2.0), ValueError, r"sigma must be"),
    (lambda: isi_moments(LIF(), 1e60, 2.0), ValueError, r"mu must be finite and.*at most 1e\+50 mV"),
    (lambda: stationary_density(LIF(), 15.0, 0.0, -60.0), ValueError, r"sigma must be finite and greater than 0 mV, got 0 mV"),
    (lambda: stationary_density(LIF(), 15.0, 1.0, math.nan), ValueError, r"V must be finite.*got nan mV"),
    (lambda: boundary_flux(LIF(), 15.0, -1.0), ValueError, r"sigma must be finite and greater than 0 mV"),
    (lambda: LIF(V_reset=-50.0), ValueError, r"V_reset must be less than V_th = -50 mV, got -50 mV"),
]


@pytest.mark.parametrize("call, error, message", BAD)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_scalars_give_scalars_and_arrays_arrays():
    n = LIF()
    for function in (siegert_rate, log_siegert_rate, isi_cv):
        assert isinstance(function(n, 15.0, 5.0), np.float64)
        assert function(n, [15.0, 16.0], 5.0).shape == (2,)
        assert function(n, [], 5.0).shape == (0,)
    assert isinstance(stationary_density(n, 15.0, 5.0, -60.0), np.float64)
    assert isi_moments(n, 15.0, 5.0).shape == (3,) and isi_moments(n, [[15.0]], [5.0, 6.0]).shape == (3, 1, 2)
    assert density_moments(n, 15.0, [5.0, 6.0]).shape == (3, 2)


def test_page_computes_the_same_bits():
    """WebAssembly under wasmtime against numba, over all branches."""
    from lifcore.kernels import build_wasm

    exported = [kernels.rates, kernels.log_rate, kernels.densities, kernels.interval_variation, kernels.erfcx, kernels.dawson]
    host = WasmtimeHost(build_wasm(exported))
    rng = np.random.default_rng(4)
    for _ in range(100):
        membrane = [rng.uniform(2, 50), -70.0, -50.0, rng.uniform(-90, -50.01), rng.choice([0.0, 3.0])]
        size = int(rng.integers(1, 700))
        mu, sigma = rng.uniform(-20, 60, size), 10 ** rng.uniform(-3, 3, size)
        calls = [
            (kernels.rates, [mu, sigma, *membrane, np.zeros(size)]),
            (kernels.log_rate, [mu[0], sigma[0], *membrane]),
            (kernels.densities, [rng.uniform(-120, -45, 50), mu[0], sigma[0], *membrane, np.zeros(50)]),
            (kernels.interval_variation, [mu[0], sigma[0], *membrane, np.zeros(4 * kernels.NODES + 4)]),
            (kernels.erfcx, [rng.uniform(-27, 2000)]), (kernels.dawson, [rng.uniform(-2000, 2000)])]
        for function, values in calls:
            values = [float(x) if np.ndim(x) == 0 else x for x in values]
            ours, theirs = numba_call(function, values), host.call(function.__name__, values)
            assert ours[1] == theirs[1] and ours[0] in (None, theirs[0]), (function, values)


@pytest.mark.parametrize("sigma", [1e-80, 1e-152, 1e-200, 1e-306, 5e-324])
def test_noise_beyond_all_measure_has_its_limits(sigma):
    """As sigma goes to 0 escapes become rare and without memory (Kramers 1940), and a driven neuron becomes a clock."""
    n = LIF()
    rare, driven, y = 15.0, 30.0, mp.mpf(5.0) / mp.mpf(sigma)
    log_mean = float(min(y**2, mp.inf))
    assert siegert_rate(n, rare, sigma) == 0.0 and isi_cv(n, rare, sigma) == 1.0
    assert log_siegert_rate(n, rare, sigma) == pytest.approx(-log_mean, rel=1e-15)
    np.testing.assert_allclose(
        log_isi_moments(n, rare, sigma), [float(min(order * y**2, mp.inf)) for order in (1, 2, 3)], rtol=1e-15)
    assert np.all(isi_moments(n, rare, sigma) == np.inf)
    # The reset above the mean: y_r, too, is beyond the tables.
    assert siegert_rate(n, 0.0, sigma) == 0.0
    clock = firing_rate(n.replace(R=1.0), driven)
    assert siegert_rate(n, driven, sigma) == pytest.approx(clock, rel=1e-15)
    assert log_siegert_rate(n, driven, sigma) == pytest.approx(math.log(clock), rel=1e-15)
    assert isi_cv(n, driven, sigma) <= 1e-75
    assert not np.any(np.isnan(isi_moments(n, driven, sigma)))


@pytest.mark.parametrize("call, message", [
    (lambda n: siegert_rate(n, [15.0, 20.0], 5e-324),
     "sigma must be 0 or at least 8.34e-308 mV where .* threshold, got 4.94066e-324 mV"),
    (lambda n: log_siegert_rate(n, 20.0, 1e-310), "sigma must be 0 or at least 8.34e-308 mV"),
    (lambda n: stationary_density(n, [15.0, 30.0], [5.0, 1e-160], -60.0),
     r"sigma must be at least 2.5e-149 mV for potentials that lie 25 mV from the mean E_L \+ mu, got 1e-160 mV"),
    (lambda n: boundary_flux(n, 15.0, 1e-200), "sigma must be"),
])
def test_noise_too_weak_to_compute_with_is_refused_with_the_range(call, message):
    with pytest.raises(ValueError, match=message):
        call(LIF())
