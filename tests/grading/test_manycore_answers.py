"""The course's answers to the exercises on many cores, against exact fractions and the machine's reference vectors."""

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from lifcore.grading import source
from lifcore.grading.solutions import Reference

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "reference" / "hardware"
EXERCISE = source.read(ROOT / "exercises" / "manycore.md").exercise
ANSWERS = Reference(EXERCISE)


def answer(question, name):
    return ANSWERS.solved(EXERCISE[question])[name]


@pytest.fixture(scope="module")
def vectors():
    with np.load(VECTORS / "spinnaker_s1615.npz") as file:
        return dict(file)


def test_words_by_hand():
    # -50 mV is -50 * 32768; 0.3 nA is 9830.4 units; one and a half units go up; 2^16 - 2^-15 is the end of the range.
    to_word, to_number = answer("q1", "to_word"), answer("q1", "to_number")
    assert [to_word(x) for x in (-50.0, 0.3, 1.5 * 2**-15)] == [-1638400, 9830, 2]
    assert to_number(-1638400) == -50.0 and to_number(1) == 2**-15
    assert answer("q1", "highest") == 65536 - 2**-15


def test_products_are_those_of_exact_fractions():
    product, chance = answer("q2", "product"), answer("q3", "chance_up")
    rng = np.random.default_rng(4)
    for a, b in rng.integers(-3_000_000, 3_000_000, (20, 2)).tolist() + [[2**14, 1], [2**14, -1], [2**15, -7]]:
        exact = Fraction(a * b, 2**15)
        assert product(a, b, "floor", 0) == math.floor(exact)
        assert product(a, b, "nearest", 0) == math.floor(exact + Fraction(1, 2))
        ups = sum(product(a, b, "stochastic", r) - math.floor(exact) for r in range(2**15))
        assert Fraction(ups, 2**15) == exact - math.floor(exact) == Fraction(chance(a, b))


def test_spread_of_a_binomial_count():
    # A half and a quarter of the products go up: standard deviations of 10 from 400, and of sqrt(3/16) from one.
    spread = answer("q3", "spread")
    assert spread(2**14, 1, 400) == 10
    assert spread(2**13, 1, 1) == pytest.approx(math.sqrt(3) / 4, rel=1e-15)


def test_time_constants_are_those_of_the_reference():
    # spinnaker_tau_euler.json: decay words and time constants that result from them.
    table = json.loads((VECTORS / "spinnaker_tau_euler.json").read_text())["effective_tau_s1615"]
    decay_word, realised_tau = answer("q4", "decay_word"), answer("q4", "realised_tau")
    assert len(table) == 10
    for row in table:
        word = decay_word(round(row["dt_ms"] * 2**15), row["tau_ms"] * 2**15)
        assert word == row["exp_TC_bits"]
        assert realised_tau(word, row["dt_ms"]) == pytest.approx(row["tau_eff_ms"], rel=1e-12)
    assert decay_word(3277, 5000 * 2**15) == 2**15 and realised_tau(2**15, 0.1) == math.inf


def test_synapses_are_those_of_the_reference(vectors):
    for kind, letter, recorded in (("exc", "e", "Iexc_floor"), ("inh", "i", "Iinh_floor")):
        for weights, init, decay, expected in zip(
            vectors[f"w_{kind}"], vectors[f"p_init_{letter}"], vectors[f"p_decay_{letter}"], vectors[recorded]
        ):
            got = answer("q5", "synaptic_current")(weights.tolist(), int(init), int(decay))
            assert got == expected.tolist()


def test_the_neuron_is_that_of_the_reference(vectors):
    # The neuron uses a step's currents before they decay: those recorded one step earlier, and what has arrived since.
    # Configurations whose target leaves the range of s16.15 are left out: the question says nothing of overflow.
    p = {name[2:]: words.tolist() for name, words in vectors.items() if name.startswith("p_")}
    spikes = compared = 0
    for k in range(len(vectors["names"])):
        I = np.full(vectors["w_exc"].shape[1], p["I_offset"][k])
        for sign, kind, letter, recorded in ((1, "exc", "e", "Iexc_floor"), (-1, "inh", "i", "Iinh_floor")):
            before = np.append(0, vectors[recorded][k, :-1].astype(np.int64))
            init = p[f"init_{letter}"][k]
            I += sign * (before + [weight * init >> 32 for weight in vectors[f"w_{kind}"][k].tolist()])
        if np.max(np.abs(I)) * p["R"][k] >> 15 >= 2**30:
            continue
        words = ANSWERS.givens["Words"](
            p["R"][k], p["V_rest"][k], p["V_th"][k], p["V_reset"][k], p["exp_TC"][k], p["T_ref"][k])
        V, fired = ANSWERS.givens["run"](answer("q6", "neuron_step"), words, p["V0"][k], I.tolist())
        assert V == vectors["V_floor"][k].tolist()
        assert fired == np.flatnonzero(vectors["spk_floor"][k]).tolist()
        spikes, compared = spikes + len(fired), compared + 1
    assert compared >= 10 and spikes > 100


@pytest.mark.parametrize("missing", [3, 20, 41, 320])
def test_dead_zones_are_those_of_a_search(missing):
    # d stays if the product of the decay word and d, rounded, is d again; distances to well beyond the zone are tried.
    decay, dead_zone = 2**15 - missing, answer("q7", "dead_zone")
    for rounding, half in (("floor", 0), ("nearest", 2**14)):
        stays = [d for d in range(-12_000, 12_001) if (decay * d + half) >> 15 == d]
        found = np.array([max(stays), -min(stays)]) / 2**15
        np.testing.assert_allclose(dead_zone(decay, rounding), found, rtol=0, atol=1.01 / 2**15)
    # With nothing to drop a product is exact. Otherwise some draw lets the potential go on.
    assert dead_zone(decay, "stochastic") == (0, 0)
    assert all((decay * d >> 15) != d or (decay * d % 2**15) for d in range(-12_000, 12_001) if d)


def test_the_figure_of_stopped_potentials_is_such_a_run():
    # 0.1 ms a step and a decay word of 2^15 - 20, whose time constant is 163.8 ms: floored from 0.18 mV on either side.
    for name, sign in (("from_above", 1), ("from_below", -1)):
        d, shown = -sign * round(0.18 * 2**15), []
        for step in range(7501):
            if step % 500 == 0:
                shown.append(-d / 2**15)
            d = (2**15 - 20) * d >> 15
        np.testing.assert_allclose(ANSWERS.givens[name], shown, rtol=0, atol=6e-5)
    tau = -0.1 / math.log1p(-20 / 2**15)
    assert answer("q7", "tau_read") == pytest.approx(tau, rel=0.01)


def test_eulers_error_by_its_table():
    # spinnaker_tau_euler.json: free decays of the distance 1, step by step.
    table = json.loads((VECTORS / "spinnaker_tau_euler.json").read_text())["euler_free_decay"]
    for row in table:
        dt = 20.0 * row["dt_over_tau"]
        for k, left in enumerate(row["v"]):
            error = answer("q8", "euler_error")(1.0, dt, 20.0, k)
            assert error == pytest.approx(left - math.exp(-k * row["dt_over_tau"]), rel=1e-9, abs=1e-12)
    longest = answer("q8", "longest_step")
    assert longest(20.0, 5.0) == longest(5.0, 20.0) == 10.0


@pytest.mark.parametrize(
    "name, dt", [("euler_15", 15), ("euler_25", 25), ("euler_28", 28), ("euler_35", 35), ("euler_45", 45)]
)
def test_false_spikes_by_exact_fractions(name, dt):
    distance, wait, spikes = Fraction(-15), False, 0  # from the steady state: rest -15, reset -10, threshold 5 mV
    for _ in range(60):
        if wait:
            wait = False
            continue
        distance *= 1 - Fraction(dt, 20)
        if distance >= 5:
            distance, wait, spikes = Fraction(-10), True, spikes + 1
    assert answer("q9", name) == {0: "none", 1: "one"}.get(spikes, "again and again")
    assert spikes in (0, 1, 30)


def test_the_order_of_euler():
    # 15 mV from the steady state, after 20 ms: the true distance is 15/e.
    errors = [abs(15 * (1 - dt / 20) ** round(20 / dt) - 15 / math.e) for dt in (1.0, 0.25)]
    assert f"{errors[0]:.2f} mV" == "0.14 mV"
    assert f"{errors[1]:.3f} mV" == answer("q9", "error_with_short_steps")
    assert answer("q9", "exact_45") == "none"
