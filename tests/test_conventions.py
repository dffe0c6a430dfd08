"""Conversions against hand calculations, and there and back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifcore import LIF, conventions, siegert_rate

neurons = st.builds(
    LIF, tau_m=st.floats(0.1, 1e3), R=st.floats(0.1, 1e4), E_L=st.floats(-90, -60), V_th=st.floats(-59, -30),
    V_reset=st.floats(-95, -60), t_ref=st.floats(0, 20))


def same(a, b):
    return [getattr(a, name) for name in ("tau_m", "R", "E_L", "V_th", "V_reset", "t_ref")] == pytest.approx(
        [getattr(b, name) for name in ("tau_m", "R", "E_L", "V_th", "V_reset", "t_ref")], rel=1e-14)


def test_the_default_neuron_in_other_words():
    """By hand: 20 ms / 100 MΩ = 0.2 nF = 200 pF; 1/100 MΩ = 10 nS; exp(-1/20)."""
    assert conventions.to_conductance(LIF()) == (200.0, 10.0)
    assert conventions.to_nest(LIF()) == {
        "C_m": 200.0, "tau_m": 20.0, "E_L": -70.0, "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0}
    assert conventions.decay_factor(20.0, 1.0) == math.exp(-0.05)


@given(neurons)
def test_there_and_back(n):
    others = {"E_L": n.E_L, "V_th": n.V_th, "V_reset": n.V_reset, "t_ref": n.t_ref}
    assert same(conventions.from_conductance(*conventions.to_conductance(n), **others), n)
    assert same(conventions.from_nest(conventions.to_nest(n)), n)
    dt = n.tau_m / 7
    assert conventions.time_constant(conventions.decay_factor(n.tau_m, dt), dt) == pytest.approx(n.tau_m, rel=1e-14)


def test_the_same_noise_in_other_words():
    """By hand for the default cell and sigma = 6 mV: 6/√2, 6/√20 mV/√ms, 36/(2 · 15²) = 0.08, (10 - 5)/15."""
    n = LIF()
    assert conventions.to_deviation(6.0) == pytest.approx(4.242640687119285, rel=1e-15)
    assert conventions.to_diffusion(n, 6.0) == pytest.approx(1.3416407864998738, rel=1e-15)
    assert conventions.to_dimensionless(n, 10.0, 6.0) == pytest.approx((1.0 / 3.0, 0.08), rel=1e-15)
    np.testing.assert_allclose(conventions.to_deviation([0.0, math.sqrt(8.0)]), [0.0, 2.0], rtol=1e-15)


@given(neurons, st.floats(-50, 50), st.floats(0, 100))
def test_noise_there_and_back(n, mu, sigma):
    assert conventions.from_deviation(conventions.to_deviation(sigma)) == pytest.approx(sigma, rel=1e-14)
    assert conventions.from_diffusion(n, conventions.to_diffusion(n, sigma)) == pytest.approx(sigma, rel=1e-14)
    back = conventions.from_dimensionless(n, *conventions.to_dimensionless(n, mu, sigma))
    assert back[0] == pytest.approx(mu, rel=1e-12, abs=1e-11)
    assert back[1] == pytest.approx(sigma, rel=1e-12, abs=1e-100)


def test_the_dimensionless_neuron_has_the_same_rate():
    """A neuron with time constant 1, threshold 1 and reset 0 is the same one in other units."""
    n = LIF()
    m, D = conventions.to_dimensionless(n, 12.0, 5.0)
    small = LIF(tau_m=1.0, E_L=0.0, V_th=1.0, V_reset=0.0, t_ref=n.t_ref / n.tau_m)
    assert siegert_rate(small, m, math.sqrt(2.0 * D)) / n.tau_m == pytest.approx(siegert_rate(n, 12.0, 5.0), rel=1e-12)


@pytest.mark.parametrize("call, message", [
    (lambda: conventions.to_deviation(-1.0), "sigma must be finite and at least 0 mV, got -1 mV"),
    (lambda: conventions.from_deviation(-1.0), "deviation must be finite and at least 0 mV, got -1 mV"),
    (lambda: conventions.to_diffusion(LIF(), -1.0), "sigma must be finite and at least 0 mV, got -1 mV"),
    (lambda: conventions.from_diffusion(LIF(), -1.0), "s must be finite and at least 0 mV/sqrt(ms), got -1 mV/sqrt(ms)"),
    (lambda: conventions.to_dimensionless(LIF(), math.nan, 1.0), "mu must be finite, got nan mV"),
    (lambda: conventions.from_dimensionless(LIF(), 1.0, -0.1), "D must be finite and at least 0, got -0.1"),
    (lambda: conventions.from_conductance(0, 10), "C_m must be finite and greater than 0 pF, got 0 pF"),
    (lambda: conventions.from_conductance(200, -1), "g_L must be finite and greater than 0 nS, got -1 nS"),
    (lambda: conventions.from_nest({"C_m": 250.0}), "parameters must have exactly C_m, tau_m, E_L, V_th, V_reset, t_ref"),
    (lambda: conventions.decay_factor(20, 0), "dt must be finite and greater than 0 ms, got 0 ms"),
    (lambda: conventions.time_constant(1.0, 0.1), "beta must be less than 1, got 1"),
    (lambda: conventions.time_constant(0.0, 0.1), "beta must be finite and greater than 0"),
])
def test_a_bad_argument_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)
