"""Stochastic resonance against a table of 13 digits, limits by hand, and full simulation at its Monte Carlo error."""

import math

import numpy as np
import pytest

import theory
from lifcore import LIF, optimal_noise, siegert_rate, spike_spectrum, susceptibility
from lifcore.resonance import adiabatic_signal_to_noise, measure_response, signal_to_noise, spectral_amplification

OPTIMA, CURVE = theory.table("R6_stochastic_resonance.csv"), theory.table("R6_curve.csv")
MEASURES = {"SNR": ("snr", signal_to_noise), "SPA": ("amplification", spectral_amplification)}


def cell(row):
    V_th = float(row["V_th"])
    E_L = 0.0 if V_th > 0.0 else -70.0
    n = LIF(tau_m=float(row["tau_ms"]), E_L=E_L, V_th=V_th, V_reset=float(row["V_r"]), t_ref=float(row["tau_ref_ms"]))
    return n, float(row["mu"]) - E_L, float(row["f_Hz"])


@pytest.mark.parametrize("row", OPTIMA, ids=lambda row: f"{row['set']}-{row['f_Hz']}-{row['criterion']}")
def test_table_of_optima(row):
    n, mu, f = cell(row)
    if row["criterion"] == "SNR_poisson":
        sigma = float(row["sigma_opt_mV"])
        best = adiabatic_signal_to_noise(n, mu, sigma, "poisson")
        assert best == pytest.approx(float(row["value_at_opt"]), rel=1e-12)
        assert all(adiabatic_signal_to_noise(n, mu, sigma * factor, "poisson") < best for factor in (0.99, 1.01))
        return
    measure, value = MEASURES[row["criterion"]]
    found = optimal_noise(n, mu, f, measure)
    if not row["value_at_opt"]:
        assert found == np.inf and row["n_local_maxima_scanned"] == "0"
        return
    assert found == pytest.approx(float(row["sigma_opt_mV"]), rel=1e-8)
    assert value(n, mu, found, f) == pytest.approx(float(row["value_at_opt"]), rel=1e-12)
    if f == 0.0 and measure == "snr":
        assert adiabatic_signal_to_noise(n, mu, found) == pytest.approx(float(row["value_at_opt"]), rel=1e-12)


@pytest.mark.parametrize("row", CURVE, ids=lambda row: f"{row['set']}-{row['sigma']}")
def test_table_of_the_curve(row):
    n, mu, f = cell(row)
    sigma = float(row["sigma"])
    # Where the rate is 1e-41 Hz, rounding of the parameters alone moves it by 1e-13.
    assert signal_to_noise(n, mu, sigma, f) == pytest.approx(float(row["Q_SNR=|chi|^2/S0 (Hz/mV^2)"]), rel=1e-12)
    assert spectral_amplification(n, mu, sigma, f) == pytest.approx(float(row["SPA=|chi|^2"]), rel=1e-12)


def test_without_refractory_period_amplification_need_not_have_a_maximum():
    """The slope of the rate saturates (table, set d): inf is returned, also among others that have one."""
    n = LIF(E_L=0.0, V_th=20.0, V_reset=10.0, t_ref=0.0)
    found = optimal_noise(n, [10.0, 17.5], [[0.0], [10.0]], "amplification")
    assert found.shape == (2, 2) and np.all(np.isinf(found[:, 0])) and np.all(np.isfinite(found[:, 1]))


def test_optimum_scales_with_the_potentials():
    """mV are a choice: twice every potential, twice the optimum. Its decimals do not change."""
    one = optimal_noise(LIF(), 14.0, 20.0)
    two = optimal_noise(LIF(E_L=-140.0, V_th=-100.0, V_reset=-130.0), 28.0, 20.0)
    assert two == pytest.approx(2.0 * one, rel=1e-10)


def test_silence_without_noise():
    n = LIF()
    assert signal_to_noise(n, 10.0, 0.1, 5.0) == 0.0 and spectral_amplification(n, 10.0, 0.1, 5.0) == 0.0
    assert adiabatic_signal_to_noise(n, 10.0, 0.1) == 0.0


@pytest.mark.parametrize("sigma, f, amplitude", [(2.5, 10.0, 0.2), (4.0, 10.0, 0.5), (8.0, 40.0, 1.0), (5.0, 3.0, 0.5)])
def test_simulation_agrees_with_linear_response(sigma, f, amplitude):
    """4 standard errors; what the amplitude adds beyond linear response, about (5 mV amplitude / sigma**2)**2 / 2, is less."""
    n, size = LIF(), 20_000
    found = measure_response(n, 15.0, sigma, f, amplitude, duration=2000.0, size=size, rng=17)
    chi = susceptibility(n, 15.0, sigma, f)
    assert abs(found.chi.real - chi.real) < 4 * found.chi_error and abs(found.chi.imag - chi.imag) < 4 * found.chi_error
    assert abs(found.spectrum - spike_spectrum(n, 15.0, sigma, f)) < 4 * found.spectrum_error
    assert abs(found.snr - signal_to_noise(n, 15.0, sigma, f)) < 4 * found.snr_error
    spread = math.sqrt(spike_spectrum(n, 15.0, sigma, 0.0) / (size * 2.0))
    assert abs(found.rate - siegert_rate(n, 15.0, sigma)) < 4 * spread + 2e-3 * found.rate
    # Tight enough to tell: a fifth of the susceptibility would show.
    assert 4 * found.chi_error < 0.2 * abs(chi)


BAD = [
    (lambda n: optimal_noise(n, 20.0, 10.0), ValueError, r"mu must be less than V_th - E_L = 20 mV, got 20 mV"),
    (lambda n: optimal_noise(n, 15.0, -1.0), ValueError, r"f must be finite and at least 0 Hz.*got -1 Hz"),
    (lambda n: optimal_noise(n, 15.0, 1.0, "spa"), ValueError, r"measure must be one of 'snr', 'amplification', got 'spa'"),
    (lambda n: optimal_noise(n, [1.0, 2.0], [1.0, 2.0, 3.0]), ValueError, r"mu and f must broadcast together"),
    (lambda n: optimal_noise(n, math.nan, 1.0), ValueError, r"mu must be finite"),
    (lambda n: signal_to_noise(n, 15.0, 0.0, 1.0), ValueError, r"sigma must be finite and greater than 0 mV"),
    (lambda n: adiabatic_signal_to_noise(n, 15.0, 5.0, "gamma"), ValueError, r"spikes must be one of 'renewal', 'poisson'"),
    (lambda n: measure_response(n, 15.0, 5.0, 100.0, 1.0, dt=2.0), ValueError, r"dt must be at most a tenth.*1 ms, got 2 ms"),
    (lambda n: measure_response(n, 15.0, 5.0, 0.0, 1.0), ValueError, r"f must be finite and at least 1e-50 Hz"),
    (lambda n: measure_response(n, 15.0, 5.0, 10.0, -1.0), ValueError, r"amplitude must be finite and at least 1e-50 mV"),
    (lambda n: measure_response(n, 15.0, 5.0, 10.0, 1.0, size=1), ValueError, r"size must be a whole number of at least 2"),
    (lambda n: measure_response(n, 5.0, 0.5, 10.0, 1.0, rng=1), ValueError, r"sigma must be large enough for a spike"),
]


@pytest.mark.parametrize("call, error, message", BAD)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(LIF())
