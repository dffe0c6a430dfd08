"""Analog silicon against mpmath, SciPy's integrator, the neuron's own closed forms, and words tried one by one."""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import lifcore
from lifcore import LIF
from lifcore.hardware import analog, realise
from lifcore.hardware.analog import (
    Circuit, calibrate, fabricate, firing_rate, first_spike, interspike_interval, leak_current, one_shot, plateau, rheobase,
    source_current, thermal_noise, to_circuit, to_neuron, trace)
from lifcore.kernels import analog as kernels
from lifcore.kernels import build_wasm, random
from lifcore.simulation import simulate_piecewise
from wasm_host import WasmtimeHost, numba_call

IDEAL = Circuit(V_comp=0.0)
REAL = Circuit(V_lin=0.2)


def amplifier_time(c, I, start):
    """The closed form with cosh and sinh in 60 digits, in µs; its limit at I = I_s by stepping aside by 1e-25."""
    with mp.workdps(60):
        V_lin, g, I = mp.mpf(c.V_lin), mp.mpf(c.g_L), mp.mpf(I)
        I_s = g * V_lin
        if I == I_s:
            I *= 1 + mp.mpf(10) ** -25

        def primitive(V):
            y = (mp.mpf(V) - mp.mpf(c.E_L)) / V_lin
            return I * y + I_s * mp.log(mp.cosh(y) - I_s / I * mp.sinh(y))

        return float(1000 * mp.mpf(c.C) * V_lin / (I * I - I_s * I_s) * (primitive(c.V_th) - primitive(start)))


def rounding(I, rheobase):
    """What the last bit of I / g makes of a time that depends on the small difference from the rheobase."""
    return 4e-16 * I / (I - rheobase)


def net_current(c, I, V):
    """I h(V) minus the leak, in nA, written here."""
    leak = c.g_L * (V - c.E_L) if math.isinf(c.V_lin) else c.g_L * c.V_lin * math.tanh((V - c.E_L) / c.V_lin)
    room = c.V_DD - V if I > 0 else V
    return I * (1.0 - math.exp(-3.0 * room / c.V_comp) if room > 0 else 0.0) - leak


def integrated(c, edges, currents):
    """Potentials at the edges and spike times by DOP853, restarted at every edge and event."""
    t, V, free, potentials, spikes = 0.0, c.E_L, 0.0, [c.E_L], []
    def at_threshold(_, v):
        return v[0] - c.V_th

    at_threshold.terminal, at_threshold.direction = True, 1.0
    for end, I in zip(edges[1:], currents, strict=True):
        while t < end:
            if free > t:
                t = min(free, end)
                continue
            found = solve_ivp(
                lambda _, v, I=I: [net_current(c, I, v[0]) / (1000.0 * c.C)], (t, end), [V], method="DOP853", rtol=1e-12,
                atol=1e-13, events=at_threshold)
            if found.status == 1:
                t = found.t_events[0][0]
                spikes.append(t)
                V, free = c.V_reset, t + c.t_ref
            else:
                t, V = end, found.y[0, -1]
        potentials.append(V)
    return np.array(potentials), np.array(spikes)


# One circuit

def test_units_fit():
    """By hand: 2.2 pF / 220 nS = 10 µs; 220 nS 0.4 V = 88 nA; 220 nS 72.4 mV = 15.928 nA."""
    c = Circuit(V_lin=0.0724, V_comp=0.0)
    assert (c.tau_m, c.saturation_current) == pytest.approx((10.0, 15.928), rel=1e-14)
    assert rheobase(IDEAL) == pytest.approx(88.0, rel=1e-14)
    assert rheobase(c) == pytest.approx(15.928 * math.tanh(0.4 / 0.0724), rel=1e-14)
    assert plateau(IDEAL.replace(V_DD=math.inf), [200.0, 400.0]) == pytest.approx([0.4 + 200 / 220, 0.4 + 400 / 220], rel=1e-14)
    assert one_shot(0.1, 55.0, 1.1) == pytest.approx(2.0, rel=1e-14)
    # k T in J at 300.15 K is 0.0258649 eV of 1.602177e-19 J.
    assert thermal_noise(IDEAL) == pytest.approx(math.sqrt(0.02586494 * 1.602177e-19 / 2.2e-12), rel=1e-6)


@pytest.mark.parametrize("I", [88.0001, 90.0, 150.0, 800.0, 1e6])
def test_resistor_is_the_neuron_with_logarithms(I):
    V_inf = mp.mpf(0.4) + mp.mpf(I) / 220
    first = 10 * mp.log((V_inf - mp.mpf(0.4)) / (V_inf - mp.mpf(0.8)))
    interval = 2 + 10 * mp.log((V_inf - mp.mpf(0.3)) / (V_inf - mp.mpf(0.8)))
    tolerance = 1e-14 + rounding(I, 88.0)
    assert first_spike(IDEAL, I) == pytest.approx(float(first), rel=tolerance)
    assert interspike_interval(IDEAL, I) == pytest.approx(float(interval), rel=tolerance)
    assert firing_rate(IDEAL, I) == pytest.approx(1000.0 / float(interval), rel=tolerance)


@pytest.mark.parametrize("V_lin", [0.001, 0.0724, 0.2, 2.0, 1000.0])
@pytest.mark.parametrize("factor", [1.0, 1.0 + 1e-9, 1.001, 1.5, 4.0, 1000.0])
@pytest.mark.parametrize("start", [0.3, 0.4, 0.75])
def test_amplifier_time_is_the_closed_form(V_lin, factor, start):
    """At, just above and far above the larger of the saturation current and the rheobase."""
    c = IDEAL.replace(V_lin=V_lin)
    # The saturation current where it fires the circuit, its rounded value and not g V_lin.
    I = max(c.saturation_current, 1.001 * float(rheobase(c)) if V_lin > 0.1 else 0.0) * factor
    if V_lin == 0.001 and factor < 1.0001:
        # exp(800) µs: longer than any number says, or than anybody waits.
        assert first_spike(c, I, start) > 1e9
        return
    tolerance = 1e-14 + rounding(I, c.saturation_current * math.tanh(0.4 / V_lin))
    assert first_spike(c, I, start) == pytest.approx(amplifier_time(c, I, start), rel=tolerance)


@pytest.mark.parametrize("I", [73.05, 75.0, 90.0, 109.9])
def test_amplifier_below_its_saturation(I):
    """V_lin = 0.5 V: saturation at 110 nA, rheobase 110 tanh(0.8) = 73.044 nA, so that it fires in between."""
    c = IDEAL.replace(V_lin=0.5)
    assert rheobase(c) == pytest.approx(110.0 * math.tanh(0.8), rel=1e-14)
    assert first_spike(c, I) == pytest.approx(amplifier_time(c, I, 0.4), rel=1e-14 + rounding(I, 73.0440447))


def test_amplifier_with_a_wide_range_is_a_resistor():
    """tanh x = x - x**3/3: with V_lin = 1e6 V nothing is left of the difference but 1e-12."""
    for I in (88.1, 150.0, 1e4):
        assert interspike_interval(IDEAL.replace(V_lin=1e6), I) == pytest.approx(interspike_interval(IDEAL, I), rel=1e-9)


@pytest.mark.parametrize("I", [-50.0, 0.0, 15.0])
def test_no_spike_below_rheobase(I):
    c = IDEAL.replace(V_lin=0.0724)
    assert first_spike(c, I) == math.inf and firing_rate(c, I) == 0.0
    assert trace(c, I, 100.0).spike_times.size == 0
    assert interspike_interval(IDEAL, 88.0) == math.inf


@pytest.mark.parametrize("c", [REAL, REAL.replace(V_comp=0.3), Circuit(), IDEAL, IDEAL.replace(V_lin=0.0724), REAL.replace(V_th=1.15)])
def test_rheobase_divides_firing_from_silence(c):
    I = rheobase(c)
    assert first_spike(c, I * (1.0 + 1e-9)) < math.inf
    assert first_spike(c, I * (1.0 - 1e-9)) == math.inf
    assert plateau(c, I) == pytest.approx(c.V_th, rel=1e-12)


@pytest.mark.parametrize("V_lin", [math.inf, 2.0, 0.0724])
@pytest.mark.parametrize("I", [-400.0, -20.0, 0.0, 50.0, 200.0, 400.0])
def test_plateau_balances_source_and_leak(V_lin, I):
    """The root of the net current, by mpmath's bracketing solver."""
    c = Circuit(V_lin=V_lin)
    expected = mp.findroot(lambda V: mp.mpf(net_current(c, I, float(V))), (0.0, c.E_L) if I < 0 else (c.E_L, 1.2), solver="ridder",
                           tol=1e-24, verify=False) if I else c.E_L
    V = plateau(c, I)
    assert V == pytest.approx(float(expected), rel=1e-10)
    assert 0.0 <= V <= c.V_DD
    assert source_current(c, I, V) == pytest.approx(leak_current(c, V), rel=1e-9, abs=1e-9)
    # A trace with the comparator off ends there.
    assert trace(c, I, 4000.0, dt=10.0, comparator=False).V[-1] == pytest.approx(float(V), rel=1e-9)


def test_ideal_plateaus():
    """u V_lin artanh has the inverse V_lin tanh; an ideal source ends at a rail."""
    free = IDEAL.replace(V_lin=0.5, V_DD=math.inf)
    V = plateau(free, [-60.0, 40.0, 109.0])
    assert 110.0 * np.tanh((V - 0.4) / 0.5) == pytest.approx([-60.0, 40.0, 109.0], rel=1e-13)
    assert plateau(free, [110.0, 200.0, -111.0]).tolist() == [math.inf, math.inf, -math.inf]
    assert plateau(IDEAL, [400.0, -400.0, 0.0]).tolist() == [1.2, 0.0, 0.4]
    assert trace(IDEAL, 400.0, 50.0, comparator=False).V[-1] == 1.2


@pytest.mark.parametrize("c", [REAL, Circuit(V_comp=0.3), REAL.replace(V_comp=0.9, V_th=1.0), Circuit(V_lin=0.0724, t_ref=0.0)])
def test_trace_is_that_of_another_integrator(c):
    """DOP853 at 1e-12, for the same equation, under currents that change every 3 µs, also below zero."""
    rng = np.random.default_rng(4)
    currents = rng.uniform(-60.0, 400.0, 20)
    potentials, spikes = integrated(c, 3.0 * np.arange(21), currents)
    found = trace(c, currents, dt=3.0)
    assert spikes.size > 3
    np.testing.assert_allclose(found.spike_times, spikes, rtol=0.0, atol=2e-9)
    np.testing.assert_allclose(found.V, potentials, rtol=0.0, atol=2e-9)


def test_trace_with_a_resistor_is_the_exact_neuron():
    """In ms, mV, MΩ and nA the same numbers: R = 1 mV/nA makes potentials of currents; offset by 400 mV."""
    n = LIF(tau_m=10.0, R=1000.0 / 220.0, E_L=400.0, V_th=800.0, V_reset=300.0, t_ref=2.0)
    currents = np.random.default_rng(8).uniform(-50.0, 400.0, 200)
    expected = simulate_piecewise(n, np.arange(201.0), currents)
    np.testing.assert_allclose(trace(IDEAL, currents, dt=1.0).spike_times, expected.spike_times, rtol=1e-12)


def test_recording_changes_nothing():
    """A finer record of the same currents: equal spikes, and the coarse record's potentials are among the fine ones'."""
    currents = np.random.default_rng(1).uniform(0.0, 300.0, 40)
    for c in (IDEAL, REAL, Circuit()):
        coarse, fine = trace(c, currents, dt=2.0), trace(c, np.repeat(currents, 20), dt=0.1)
        np.testing.assert_allclose(coarse.spike_times, fine.spike_times, rtol=0.0, atol=1e-8)
        np.testing.assert_allclose(coarse.V, fine.V[::20], rtol=0.0, atol=1e-8)
        assert np.all((fine.V >= 0.0) & (fine.V < c.V_th))


def test_compliance_voltage_of_nothing_is_an_ideal_source():
    for I in (100.0, 400.0):
        assert interspike_interval(REAL.replace(V_comp=1e-4), I) == pytest.approx(
            interspike_interval(REAL.replace(V_comp=0.0), I), rel=1e-9)


def test_many_spikes_are_all_returned():
    c = IDEAL.replace(t_ref=0.0)
    found = trace(c, 5000.0, 1000.0, dt=10.0).spike_times
    T = interspike_interval(c, 5000.0)
    expected = first_spike(c, 5000.0) + T * np.arange(found.size)
    assert found.size > 4000 and found[-1] + T > 1000.0
    np.testing.assert_allclose(found, expected, rtol=1e-10)


# A cell and its circuit

def test_the_course_cell_as_a_circuit():
    """By hand: 20 ms become 20 µs, so that g = 2.2 pF / 20 µs = 110 nS; 20 mV become 0.4 V; 0.2 nA become 44 nA."""
    c = to_circuit(LIF())
    assert (c.tau_m, c.g_L, c.E_L, c.V_th, c.V_reset, c.t_ref) == pytest.approx((20.0, 110.0, 0.4, 0.8, 0.5, 2.0), rel=1e-13)
    assert rheobase(c.replace(V_comp=0.0)) == pytest.approx(44.0, rel=1e-13)
    assert to_circuit(LIF(), speed_up=1e4).tau_m == pytest.approx(2.0, rel=1e-13)


@settings(max_examples=60, deadline=None)
@given(
    tau_m=st.floats(0.5, 60.0), R=st.floats(1.0, 1e3), E_L=st.floats(-90.0, -50.0), height=st.floats(5.0, 30.0),
    reset=st.floats(-10.0, 4.0), t_ref=st.floats(0.0, 30.0), speed_up=st.sampled_from([1.0, 1e3, 1e4]), gain=st.floats(0.005, 0.02))
def test_a_cell_comes_back_from_its_circuit(tau_m, R, E_L, height, reset, t_ref, speed_up, gain):
    n = LIF(tau_m, R, E_L, E_L + height, E_L + reset, t_ref)
    back = to_neuron(to_circuit(n, speed_up, gain, rest=0.5), R, E_L, speed_up, gain)
    for name in ("tau_m", "R", "E_L", "V_th", "V_reset", "t_ref"):
        assert getattr(back, name) == pytest.approx(getattr(n, name), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("I", [0.21, 0.3, 1.0])
def test_a_circuit_is_the_cell_in_fast_motion(I):
    c = to_circuit(LIF()).replace(V_comp=0.0)
    assert firing_rate(c, 220.0 * I) == pytest.approx(float(lifcore.firing_rate(LIF(), I)), rel=1e-12)


# A neuron on the chip

def test_words_of_the_course_cell():
    """By hand: 110 nS of 550 are 204.6 steps of 1023; a current of 100 fF 1.1 V / 2 µs = 55 nA is 56.3; 0.4, 0.8 and 0.5 V of
    1.2 are 341, 682 and 426.25."""
    machine = realise(LIF(), "brainscales")
    assert machine.parameters == {
        "capacitor": 63, "leak": 205, "leak_division": 1, "refractory": 56, "E_L": 341, "V_th": 682, "V_reset": 426}
    assert machine.errors["tau_m"] == pytest.approx(2.2e3 / (205 * 550 / 1023) - 20.0, abs=1e-12)
    assert machine.errors["t_ref"] == pytest.approx(110.0 / (56 * 1000 / 1023) - 2.0, abs=1e-12)
    assert machine.errors["V_reset"] == pytest.approx(-0.25 * 1.2 / 1023 / 0.02, abs=1e-11)
    assert machine.errors["E_L"] == pytest.approx(0.0, abs=1e-11) and machine.errors["V_th"] == pytest.approx(0.0, abs=1e-11)
    assert machine.dynamic_range == pytest.approx((-90.0, -30.0)) and machine.resolution == 0.0


def test_a_response_is_that_of_the_realised_cell():
    """The neuron's closed form with what the words made of it; the input is rounded to 250 nA / 1023."""
    machine = realise(LIF(), "brainscales", V_comp=0.0)
    e = machine.errors
    real = LIF(tau_m=machine.tau_m, V_reset=-65.0 + e["V_reset"], t_ref=machine.t_ref)
    I = round(0.3 * 220.0 / (250.0 / 1023)) * (250.0 / 1023) / machine.circuit.g_L / 0.02 / 100.0
    response = machine.respond(0.3, 200.0)
    first = float(lifcore.neuron.latency(real, I))
    expected = first + float(lifcore.neuron.interspike_interval(real, I)) * np.arange(response.spike_times.size)
    np.testing.assert_allclose(response.spike_times, expected, rtol=1e-11)
    assert response.spike_times.size == 9


def test_mismatch_of_one_neuron_is_drawn_once():
    one, same, other = (realise(LIF(), "brainscales", mismatch=0.1, rng=seed) for seed in (1, 1, 2))
    assert one.errors == same.errors and one.errors != other.errors
    assert one.parameters == realise(LIF(), "brainscales").parameters
    assert all(value != 0.0 for value in one.errors.values())
    wrong = fabricate(Circuit(), 1, 0.1, rng=1).deviations[:, 0]
    assert one.circuit.C == pytest.approx(2.2 * wrong[0]) and one.input_factor == wrong[2]
    # The rheobase is where it begins to fire, as far as the input's word can tell.
    assert one.respond(one.rheobase + 0.002, 2000.0).spike_times.size > 0
    assert one.respond(one.rheobase - 0.002, 2000.0).spike_times.size == 0


def test_an_amplifier_saturates_on_the_chip_too():
    machine = realise(LIF(), "brainscales", leak="OTA", V_lin=0.0724)
    assert machine.tau_m == realise(LIF(), "brainscales").tau_m
    # 0.0724 V / 0.02 V per mV / 100 MΩ, times tanh of 0.4 / 0.0724.
    assert machine.rheobase == pytest.approx(0.0724 / 2.0 * math.tanh(0.4 / 0.0724) * 205 / 1023 * 550 / 110, rel=1e-5)


@pytest.mark.parametrize("call, message", [
    (lambda: realise(LIF(V_th=-20.0), "brainscales"), "V_th must be between 0 and 1.2 V, the range of its register, got 1.4 V"),
    (lambda: realise(LIF(V_reset=-95.0), "brainscales"), "V_reset must be between 0 and 1.2 V"),
    (lambda: realise(LIF(tau_m=0.4), "brainscales", capacitor=63), "leak must be between 4.301 and 4400 nS, the range of its register, got 5500 nS"),
    (lambda: realise(LIF(t_ref=300.0), "brainscales"), "refractory must be between 0.9775 and 1000 nA"),
    (lambda: realise(LIF(t_ref=0.05), "brainscales"), "refractory must be between"),
    (lambda: realise(LIF(), "brainscales", speed_up=1e6, capacitor=63), "leak must be between"),
    (lambda: realise(LIF(t_ref=0.0), "brainscales", speed_up=1e6), "input must be at most 250 nA, the range of its register, got a rheobase"),
    (lambda: realise(LIF(), "brainscales", speed_up=1e4, capacitor=63), "input must be at most 250 nA"),
    (lambda: realise(LIF(), "brainscales").respond(2.0, 10.0), "I must be at most 1.136 nA, the range of the register input"),
    (lambda: realise(LIF(), "brainscales", capacitor=64), "capacitor must be a word of 6 bits, from 1 to 63, got 64"),
    (lambda: realise(LIF(), "brainscales", leak="diode"), "leak must be one of 'RC', 'OTA', got 'diode'"),
])
def test_a_value_beyond_a_register_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


@pytest.mark.parametrize("speed_up", [1e3, 1e4])
def test_both_generations_fire(speed_up):
    """As many spikes as the exact solution has, under three halves of the rheobase; a quarter of the input is enough."""
    machine = realise(LIF(), "brainscales", speed_up=speed_up)
    assert machine.respond(0.3, 200.0).spike_times.size == realise(LIF(), "processor").respond(0.3, 200.0).spike_times.size == 9
    assert machine.input_step * 1023 > 4.0 * 0.2


# A chip

def test_spread_of_a_chip():
    """Logarithms of currents with the standard deviation asked for, potentials with 36.2 mV times as much."""
    chip = fabricate(Circuit(), 20_000, mismatch=0.2, capacitors=0.01, rng=5)
    wrong = chip.deviations
    for row, spread in ((np.log(wrong[0]), 0.01), *((np.log(row), 0.2) for row in wrong[1:4]), *((row, 0.2 * 0.0362) for row in wrong[4:7])):
        assert abs(row.mean()) < 4.0 * spread / math.sqrt(row.size)
        assert abs(row.std() / spread - 1.0) < 4.0 / math.sqrt(2.0 * row.size)
    assert np.max(np.abs(np.corrcoef(np.vstack([np.log(wrong[:4]), wrong[4:7]])) - np.eye(7))) < 0.03
    assert np.all(chip.words == chip.words[:, :1]) and not chip.out_of_range.any()


def test_a_chip_without_mismatch_is_the_design():
    c = Circuit(V_lin=0.2)
    chip = fabricate(c, 3, mismatch=0.0, capacitors=0.0, rng=0)
    assert np.ptp(chip.firing_rate(150.0)) == 0.0
    # 512 and 341 steps of 1023 for the leak and E_L: the rate is off by what half a step does.
    assert chip.firing_rate(150.0)[0] == pytest.approx(float(firing_rate(c, 150.0)), rel=3e-3)
    np.testing.assert_array_equal(calibrate(chip).words, chip.words)


def test_same_seed_same_chip():
    one, two, few = (fabricate(Circuit(), size, rng=3) for size in (50, 50, 10))
    np.testing.assert_array_equal(one.deviations, two.deviations)
    # A neuron does not depend on how many there are beside it.
    np.testing.assert_array_equal(one.deviations[:, :10], few.deviations)


def measured(chip, register, word, j):
    """What a word of one register makes of neuron j, in the words of the docstrings: written here, in plain Python."""
    c, wrong = chip.circuit, chip.deviations[:, j]
    value = chip.full[register] * word / (2**chip.bits - 1)
    leak = chip.full[0] * chip.words[0, j] / (2**chip.bits - 1) * wrong[1]
    return {
        0: lambda: 1000.0 * c.C * wrong[0] / (value * wrong[1]) if word else math.inf,
        1: lambda: value * wrong[2] / leak * c.g_L,
        2: lambda: 1.0 / (value * wrong[3]) if word else math.inf,
    }.get(register, lambda: value + wrong[register + 1])()


@pytest.mark.parametrize("bits, mismatch", [(4, 0.1), (6, 0.3), (8, 0.45)])
def test_calibration_finds_the_best_of_all_words(bits, mismatch):
    c = Circuit()
    chip = calibrate(fabricate(c, 60, mismatch, bits=bits, rng=7))
    wanted = [c.tau_m, 1.0, c.t_ref, c.E_L, c.V_th, c.V_reset]
    outside = 0
    for j in range(chip.size):
        for register in range(6):
            values = np.array([measured(chip, register, word, j) for word in range(2**bits)])
            word = chip.words[register, j]
            assert abs(values[word] - wanted[register]) <= np.min(np.abs(values - wanted[register])) * (1.0 + 1e-12) + 1e-15
            finite = values[np.isfinite(values)]
            beyond = not finite.min() <= wanted[register] <= finite.max()
            assert chip.out_of_range[register, j] == beyond
            outside += beyond
            if not beyond:
                # Within half the step to a neighbour on the other side of what was wanted.
                steps = np.abs(np.diff(values[max(word - 1, 0):word + 2]))
                assert abs(values[word] - wanted[register]) <= 0.5 * np.max(steps[np.isfinite(steps)]) * (1.0 + 1e-9)
    assert (outside > 0) == (mismatch > 0.1)


def test_rates_before_and_after_calibration():
    """Rates of 200 neurons by the closed form written here; ten bits narrow them from a quarter to a few per mille."""
    c = Circuit(V_comp=0.0)
    chip = fabricate(c, 200, mismatch=0.1, rng=3)
    after = calibrate(chip)
    spreads = []
    for one in (chip, after):
        v = one.values
        V_inf = v["E_L"] + 120.0 * v["input"] / v["g_L"]
        with np.errstate(invalid="ignore"):
            T = v["t_ref"] + v["tau_m"] * np.log((V_inf - v["V_reset"]) / (V_inf - v["V_th"]))
        expected = np.where(V_inf > v["V_th"], 1000.0 / T, 0.0)
        rates = one.firing_rate(120.0)
        np.testing.assert_allclose(rates, expected, rtol=1e-11)
        spreads.append(rates.std() / rates.mean())
    assert spreads[0] > 0.2 and spreads[1] < 0.005
    assert abs(after.firing_rate(120.0).mean() / float(firing_rate(c, 120.0)) - 1.0) < 0.002


def test_longer_words_leave_less():
    spreads = [calibrate(fabricate(Circuit(), 200, 0.1, bits=bits, rng=3)).firing_rate(120.0).std() for bits in (4, 6, 8, 10)]
    assert np.all(np.diff(spreads) < 0.0)


def test_mean_and_spread():
    """NumPy's."""
    values, found = np.random.default_rng(0).uniform(1.0, 5.0, 37), np.empty(2)
    kernels.mean_and_spread(values, found)
    assert found == pytest.approx([values.mean(), values.std() / values.mean()], rel=1e-14)
    kernels.mean_and_spread(np.zeros(4), found)
    assert found.tolist() == [0.0, math.inf]


# The same in the page

def kernel_calls():
    streams = np.empty((4, 40), np.uint32)
    random.seed_streams(np.array([9, 0], np.uint32), 0, streams)
    chip = fabricate(Circuit(), 40, mismatch=0.3, bits=7, rng=9)
    wanted, words = analog._given(chip.circuit), np.zeros((6, 40), np.int32)
    I = np.linspace(-40.0, 400.0, 60)
    yield kernels.deviations, (streams, 0.3, 0.01, 0.0362, np.zeros((8, 40)))
    yield kernels.calibrate, (7, wanted, chip.full, chip.deviations, words, np.zeros((6, 40), np.uint8))
    yield kernels.chip_values, (7, wanted, chip.full, chip.deviations, calibrate(chip).words, np.zeros((7, 40)))
    yield kernels.chip_rates, (150.0, chip._values(), 0.2, 1.2, 0.1, np.zeros(40))
    yield kernels.chip_rates, (150.0, chip._values(), math.inf, 1.2, 0.0, np.zeros(40))
    yield kernels.mean_and_spread, (chip.firing_rate(150.0), np.zeros(2))
    for c in (REAL, IDEAL, IDEAL.replace(V_lin=0.0724), Circuit()):
        yield kernels.trace, (I, 1.5, *c._all, np.array([c.E_L, 0.0]), np.zeros(60), np.zeros(100))
        for D in (-0.3, 0.0724, 0.5, 3.0):
            yield kernels.rise_time, (0.3, 0.8, D, 10.0, c.V_lin, 0.4, 1.2, c.V_comp)
            yield kernels.plateau, (D, c.V_lin, 0.4, 1.2, c.V_comp)


def test_page_computes_the_same():
    names = [kernels.deviations, kernels.calibrate, kernels.chip_values, kernels.chip_rates, kernels.trace, kernels.rise_time,
             kernels.plateau, kernels.rheobase, kernels.mean_and_spread]
    host = WasmtimeHost(build_wasm(names))
    for kernel, arguments in kernel_calls():
        (one, arrays), (other, others) = numba_call(kernel, arguments), host.call(kernel.__name__, arguments)
        assert arrays == others and one in (None, other)


def test_pieces_give_the_same_trace():
    I = np.random.default_rng(2).uniform(0.0, 300.0, 50)
    whole, parts = np.empty(50), np.empty(50)
    state = np.array([0.4, 0.0])
    count = kernels.trace(I, 1.0, *REAL._all, np.array([0.4, 0.0]), whole, np.empty(100))
    found = sum(kernels.trace(I[a:a + 10], 1.0, *REAL._all, state, parts[a:a + 10], np.empty(20)) for a in range(0, 50, 10))
    assert found == count
    np.testing.assert_array_equal(whole, parts)


# Arguments

@pytest.mark.parametrize("call, kind, message", [
    (lambda: Circuit(C=0.0), ValueError, "C must be finite and at least 1e-50 pF"),
    (lambda: Circuit(g_L=math.nan), ValueError, "g_L must be finite"),
    (lambda: Circuit(V_lin=-1.0), ValueError, "V_lin must be finite and at least 1e-50 V, got -1 V"),
    (lambda: Circuit(V_lin=-math.inf), ValueError, "V_lin must be finite"),
    (lambda: Circuit(V_th=0.4), ValueError, "V_th must be greater than E_L = 0.4 V, got 0.4 V"),
    (lambda: Circuit(V_reset=0.9), ValueError, "V_reset must be less than V_th = 0.8 V, got 0.9 V"),
    (lambda: Circuit(V_DD=0.7), ValueError, "V_th must be less than the supply V_DD = 0.7 V, got 0.8 V"),
    (lambda: Circuit(V_reset=-0.1), ValueError, "V_reset must be finite and at least 0 V, got -0.1 V"),
    (lambda: Circuit("2.2"), TypeError, "C must be a number in pF"),
    (lambda: Circuit().replace(R=1.0), TypeError, "a circuit has no parameter 'R'"),
    (lambda: plateau(LIF(), 1.0), TypeError, "c must be a Circuit"),
    (lambda: plateau(REAL, math.nan), ValueError, "I must be finite"),
    (lambda: first_spike(REAL, 100.0, 0.8), ValueError, "V0 must be less than V_th = 0.8 V, got 0.8 V"),
    (lambda: first_spike(REAL, 100.0, -0.1), ValueError, "V0 must be finite and at least 0 V"),
    (lambda: trace(REAL, 100.0), ValueError, "duration must be given in µs for a constant current, got None"),
    (lambda: trace(REAL, [1.0], 5.0), ValueError, "duration must be left out for an array of currents"),
    (lambda: trace(REAL, [[1.0]]), ValueError, "I must be a number or a one-dimensional array"),
    (lambda: trace(REAL, 1.0, 1e12), ValueError, "duration must be at most 100,000,000 steps"),
    (lambda: trace(REAL, 1.0, 1.0, dt=0.0), ValueError, "dt must be finite"),
    (lambda: trace(IDEAL.replace(t_ref=0.0), 1e20, 1.0), ValueError, "I must give fewer than 2,000,000,000 spikes"),
    (lambda: one_shot(0.1, 0.0, 1.1), ValueError, "I must be finite and greater than 0 nA"),
    (lambda: fabricate(REAL, 0), ValueError, "size must be a whole number of at least 1, got 0"),
    (lambda: fabricate(REAL, mismatch=0.6), ValueError, "mismatch must be finite and at least 0 times and at most 0.5 times"),
    (lambda: fabricate(REAL, bits=1), ValueError, "bits must be a whole number of at least 2, got 1"),
    (lambda: fabricate(REAL, bits=17), ValueError, "bits must be a whole number from 2 to 16, got 17"),
    (lambda: fabricate(REAL.replace(t_ref=0.0)), ValueError, "t_ref must be positive for a one-shot with a current"),
    (lambda: fabricate(REAL, rng=-1), ValueError, "rng must be a whole number of at least 0, got -1"),
    (lambda: fabricate(REAL, 200, 0.5, rng=0).firing_rate(math.inf), ValueError, "I must be finite"),
    (lambda: fabricate(REAL.replace(V_reset=0.79), 200, 0.5, rng=0).firing_rate(1.0), ValueError, "make them farther apart"),
    (lambda: to_circuit(LIF(), gain=0.05), ValueError, "V_th must be less than the supply"),
    (lambda: to_circuit(LIF(), speed_up=0.0), ValueError, "speed_up must be finite and at least 1e-50 times"),
])
def test_a_bad_argument_is_named(call, kind, message):
    with pytest.raises(kind) as error:
        call()
    assert message in str(error.value)


def test_public_names():
    assert set(analog.__all__) >= {"Circuit", "realise", "fabricate", "calibrate", "trace"}
    assert all(getattr(analog, name).__doc__ for name in analog.__all__ if callable(getattr(analog, name)))
