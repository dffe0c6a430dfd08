"""The course's answers to the exercises on analog silicon, against closed forms, a circuit simulator and lifcore.hardware."""

import json
import math
from pathlib import Path

import mpmath
import numpy as np
import pytest

from lifcore import LIF
from lifcore.grading import source
from lifcore.grading.solutions import Reference
from lifcore.hardware import analog
from lifcore.hardware.analog import Circuit

ROOT = Path(__file__).parents[2]
EXERCISE = source.read(ROOT / "exercises" / "analog.md").exercise
ANSWERS = Reference(EXERCISE)
SIMULATED = json.loads((ROOT / "tests" / "reference" / "hardware" / "analog_ngspice.json").read_text(encoding="utf-8"))


def answer(question, name):
    return ANSWERS.solved(EXERCISE[question])[name]


def test_times_and_rheobases_by_hand():
    # 2.2e-12 F / 220e-9 S = 10 µs; 100e-15 F (1.2 - 0.1) V / 55e-9 A = 2 µs; 220 nS 0.4 V = 88 nA, and with a linear range of
    # 0.0724 V 15.928 nA tanh(5.525) = 15.928 nA (1 - 2 exp(-11.05)) = 15.9275 nA.
    assert answer("q1", "membrane_time")(2.2, 220.0) == pytest.approx(10.0, rel=1e-14)
    assert answer("q1", "refractory_time")(100.0, 55.0, 1.2, 0.1) == pytest.approx(2.0, rel=1e-14)
    c = Circuit(V_lin=0.0724)
    assert answer("q3", "rheobase_resistor")(c) == pytest.approx(88.0, rel=1e-14)
    assert answer("q3", "rheobase_amplifier")(c) == pytest.approx(15.9275, abs=1e-4)


def test_a_cell_on_the_chip_by_hand():
    # 20 mV of the cell are 0.4 V: a gain of 0.02 V/mV. Its reset, 5 mV above rest, is then 0.1 V above; its rheobase, 0.2 nA,
    # becomes that of the circuit, 110 nS 0.4 V = 44 nA. 20 ms, a thousand times faster, are 20 µs.
    n = LIF()
    c = analog.to_circuit(n, speed_up=1000.0, gain=0.02, rest=0.4)
    assert answer("q2", "chip_potential")(n.V_reset, n, c) == pytest.approx(0.5, rel=1e-14) == c.V_reset
    assert answer("q2", "chip_current")(0.2, n, c) == pytest.approx(44.0, rel=1e-13)
    assert answer("q2", "chip_time")(n.tau_m, 1000.0) == pytest.approx(c.tau_m, rel=1e-14) == 20.0
    assert answer("q2", "chip_rate")(50.0, 1000.0) == 50.0


def test_the_leak_at_the_bench_is_the_one_read():
    # The points are 26 nA tanh((V - 0.46 V) / 0.13 V) to a hundredth of a nA; 26 nA / 0.13 V = 200 nS.
    read = ANSWERS.solved(EXERCISE["q4"])
    drawn = 26 * np.tanh((read["potentials"] - 0.46) / 0.13)
    assert np.max(np.abs(drawn - read["leak_currents"])) < 0.0051
    assert (read["E_L_read"], read["I_s_read"], read["V_lin_read"], read["g_L_read"]) == (0.46, 26, 0.13, 200)
    middle = np.flatnonzero(read["leak_currents"] == 0)[0]
    slope = np.diff(read["leak_currents"][middle - 1 : middle + 2]) / np.diff(read["potentials"][middle - 1 : middle + 2])
    assert slope == pytest.approx(200, rel=0.04)


@pytest.mark.parametrize("V_lin", [0.0724, 0.2, 0.5, 2.0])
@pytest.mark.parametrize("I", [20.0, 50.0, 100.0, 400.0])
def test_first_spike_is_the_closed_form(V_lin, I):
    # C V_lin / (I^2 - I_s^2) [I y + I_s log(cosh y - I_s / I sinh y)] from 0 to y at the threshold, with 30 digits.
    c = Circuit(V_lin=V_lin, V_comp=0.0)
    with mpmath.workdps(30):
        I_s, y = mpmath.mpf(c.g_L) * V_lin, (mpmath.mpf(c.V_th) - c.E_L) / V_lin
        want = mpmath.inf
        if I > I_s * mpmath.tanh(y):
            inside = I * y + I_s * mpmath.log(mpmath.cosh(y) - I_s / I * mpmath.sinh(y))
            want = 1000 * c.C * V_lin / (I**2 - I_s**2) * inside
    seen = answer("q5", "first_spike")(c, I)
    assert seen == pytest.approx(float(want), rel=1e-9)
    assert seen == pytest.approx(float(analog.first_spike(c, I)), rel=1e-9)


def test_first_spike_is_the_simulators():
    # ngspice, to the 5 ns that its comparator takes and its steps allow.
    runs = [run for run in SIMULATED if run["kind"] == "ota_leak"]
    assert len(runs) == 10
    for run in runs:
        times, c = run["spike_times_s"], Circuit(V_lin=run["params"]["VLIN"])
        seen = answer("q5", "first_spike")(c, 1e9 * run["params"]["IIN"])
        assert seen == pytest.approx(1e6 * times[0], abs=5e-3) if times else seen == np.inf


def test_plateaus_near_the_supply_are_the_simulators():
    # ngspice: the potential at the end of 80 µs, eight time constants, with the threshold above the supply.
    plateau = answer("q6", "plateau")
    runs = [run for run in SIMULATED if run["kind"] == "supply_clip_no_threshold"]
    assert len(runs) == 3
    for run in runs:
        c = Circuit(V_lin=run["params"]["VLIN"], V_comp=run["params"]["VCOMP"])
        left = math.exp(-8) * (run["v_end"] - c.E_L)
        assert plateau(c, 1e9 * run["params"]["IIN"]) == pytest.approx(run["v_end"], abs=left + 1e-5)
    for I in (10.0, 100.0, 200.0, 400.0, 2000.0):
        c = Circuit(V_lin=2.0)
        assert plateau(c, I) == pytest.approx(float(analog.plateau(c, I)), abs=1e-11)


def test_spread_is_that_of_the_derivatives():
    # Of T = t_ref + tau log((D - V_reset + E_L) / (D - V_th + E_L)), D = I / g_L, tau = 1000 C / g_L, the derivatives by mpmath.
    c, I = Circuit(V_comp=0.0), 150.0
    spreads = {"C": 0.01, "g_L": 0.02, "V_th": 0.005, "E_L": 0.01, "V_reset": 0.01, "t_ref": 0.03}

    def interval(C, g_L, V_th, E_L, V_reset, t_ref):
        D = I / g_L
        return t_ref + 1000 * C / g_L * mpmath.log((D - V_reset + E_L) / (D - V_th + E_L))

    at = [mpmath.mpf(getattr(c, name)) for name in spreads]
    variance = 0
    for k, spread in enumerate(spreads.values()):
        slope = mpmath.diff(interval, tuple(at), tuple(int(k == j) for j in range(len(at))))
        variance += (slope * at[k] / interval(*at) * spread) ** 2
    assert answer("q7", "rate_spread")(c, I, spreads) == pytest.approx(float(mpmath.sqrt(variance)), rel=1e-4)


def test_words_are_the_nearest_and_those_of_a_calibrated_chip():
    names = ANSWERS.solved(EXERCISE["q8"])
    calibrate, Bench = names["calibrate"], names["Bench"]
    rng = np.random.default_rng(3)
    for _ in range(50):
        bench = Bench(rng.uniform(0, 0.2), rng.uniform(0.9, 1.2), rng.uniform(-0.9, 0.9))
        target = rng.uniform(-0.1, 1.4)
        word = calibrate(bench, target)
        assert bench.count <= 12
        assert word == min(range(1024), key=lambda one: abs(bench(one) - target))
    # A threshold that is off by a constant: the chip's own successive approximation chooses the same words.
    chip = analog.calibrate(analog.fabricate(Circuit(), size=20, rng=4))
    register = analog.REGISTERS.index("V_th")
    for j in range(chip.size):
        offset = chip.deviations[register + 1, j]
        assert calibrate(lambda word: 1.2 * word / 1023 + offset, 0.8) == chip.words[register, j]


def test_half_a_step_is_the_largest_error():
    # 1.023 V in 1023 steps are 1 mV each.
    assert answer("q8", "largest_error")(0.1, 1.123) == pytest.approx(0.5, rel=1e-12)


def test_what_is_gone_and_what_stays():
    told = ANSWERS.solved(EXERCISE["q9"])
    # More current than the leak can carry: 20 nA against 220 nS 0.0724 V = 15.9 nA.
    bent = Circuit(V_lin=0.0724)
    assert told["end_of_climb"] == "near the supply"
    assert analog.trace(bent, 20.0, duration=2000.0, comparator=False).V[-1] > bent.V_DD - bent.V_comp
    # A constant delay is a longer refractory period at every current; an offset of the threshold is another threshold.
    late, early = Circuit(t_ref=2.0), Circuit(t_ref=1.99)
    for I in (90.0, 150.0, 400.0):
        same = analog.interspike_interval(early, I) + 0.01
        assert math.isclose(same, analog.interspike_interval(late, I), rel_tol=1e-12)
    assert told["late_comparator"] == told["shifted_threshold"] == "gone"
    # Same conductance at rest, and yet another rate: the shape of the leak is not in any word.
    assert analog.firing_rate(bent, 50.0) > 0 == analog.firing_rate(Circuit(), 50.0)
    for name in ("bent_leak", "fading_source", "restless_threshold", "warm_chip"):
        assert told[name] == "stay"
