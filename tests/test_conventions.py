"""Conversions against hand calculations, and there and back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifcore import LIF, conventions

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


@pytest.mark.parametrize("call, message", [
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
