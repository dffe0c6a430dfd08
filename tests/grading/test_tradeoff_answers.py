"""The course's answers to the exercises on the trade-off, against hand counts, exhaustive search, loops and the machines."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from lifcore import LIF, firing_rate
from lifcore.grading import source
from lifcore.grading.solutions import Reference
from lifcore.hardware import published, realise

EXERCISE = source.read(Path(__file__).parents[2] / "exercises" / "tradeoff.md").exercise
ANSWERS = Reference(EXERCISE)


def answer(question, name):
    return ANSWERS.solved(EXERCISE[question])[name]


def test_words_are_those_of_numpys_integers():
    my_word = answer("q1", "my_word")
    for kind in (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32):
        word = np.iinfo(kind)
        assert my_word(word.bits, 0, word.kind == "i")[:3] == (word.min, word.max, 1)
    # s16.15: 2^31 patterns below zero, 2^15 to a unit. 20 log10(127) = 42.076 074 8 by a table of logarithms.
    assert my_word(32, 15, True)[:3] == (-65536, 65536 - 2**-15, 2**-15)
    assert my_word(8, 3, True)[3] == pytest.approx(42.0760744, abs=1e-6)


def test_clocked_times_are_those_of_a_loop_and_of_spinnaker():
    clocked_times = answer("q2", "clocked_times")
    for n, I, dt in ((LIF(), 0.3, 1.0), (LIF(tau_m=13.0, t_ref=2.7, V_reset=-61.0), 0.35, 0.5), (LIF(t_ref=0.0), 0.9, 2.0)):
        times, V, wait = [], n.E_L, 0
        for step in range(1, 2000):
            if wait:
                wait -= 1
                continue
            V = n.E_L + n.R * I + (V - n.E_L - n.R * I) * math.exp(-dt / n.tau_m)
            if V >= n.V_th:
                times.append(step * dt)
                V, wait = n.V_reset, math.ceil(n.t_ref / dt)
        assert len(times) > 40
        np.testing.assert_allclose(clocked_times(n, I, dt, len(times)), times, rtol=1e-12)
        np.testing.assert_allclose(
            realise(n, "spinnaker", dt).respond(I, 500.0).spike_times, [t for t in times if t <= 500.0], rtol=1e-12)


def test_straight_leak_is_truenorths_in_short_ticks():
    straight_rate, without = answer("q3", "straight_rate"), answer("q3", "rate_without_pause")
    n = LIF(t_ref=0.0)
    for I in (0.26, 0.5):
        times = realise(n, "truenorth", dt=0.01).respond(I, 400.0).spike_times
        # A climb ends with a tick of 0.01 ms, and lam and alpha are whole numbers.
        assert 1000 / np.diff(times).mean() == pytest.approx(straight_rate(n, np.array([I]))[0], rel=2e-3)
    assert np.array_equal(straight_rate(LIF(), [0.0, 0.19]), [0, 0])
    for I in (0.25, 2.0):
        assert without(firing_rate(LIF(), I), 2.0) == pytest.approx(firing_rate(n, I), rel=1e-12)


def cheapest(first, second, q):
    """The least cost over all ways to pair spikes in their order; those left alone are removed or added."""
    costs = []
    for size in range(min(len(first), len(second)) + 1):
        for mine, theirs in itertools.product(itertools.combinations(first, size), itertools.combinations(second, size)):
            shifts = sum(q * abs(a - b) for a, b in zip(mine, theirs))
            costs.append(shifts + len(first) + len(second) - 2 * size)
    return min(costs)


def test_distance_is_the_least_of_all_pairings():
    train_distance = answer("q4", "train_distance")
    rng = np.random.default_rng(3)
    for a, b in ((0, 4), (1, 1), (4, 6), (6, 5)):
        first, second = np.sort(rng.uniform(0, 90, a)), np.sort(rng.uniform(0, 90, b))
        for q in (0.0, 0.05, 0.3, 5.0):
            assert train_distance(first, second, q) == pytest.approx(cheapest(first, second, q), abs=1e-12)


def test_energies_by_hand():
    # 63 mW over 30 frames a second: 2.1 mJ. 400 thousand million a joule: 2.5 pJ. 72 mW over 2^20 neurons, 20 Hz and 128
    # synapses: 2,684,354,560 events a second, 26.82 pJ each; Merolla et al. (2014) print 26 pJ.
    assert answer("q5", "frame_energy")(63.0, 30.0) == pytest.approx(2100.0, rel=1e-12)
    assert answer("q5", "operation_energy")(400.0) == 2.5
    event = answer("q5", "event_energy")(72.0, 2**20, 20.0, 128)
    assert event == pytest.approx(26.8221, abs=1e-4)
    assert event == pytest.approx(published.FIGURES["truenorth-event"].value, rel=0.04)


def test_reading_is_the_line_through_the_points():
    given = ANSWERS.givens
    slope, idle = np.polyfit(given["events"], given["drawn"], 1)
    assert answer("q6", "idle_read") == pytest.approx(idle, rel=0.01)
    assert answer("q6", "event_read") == pytest.approx(slope, rel=0.01)
    assert answer("q6", "share_read") == pytest.approx((idle + 4 * slope) / 4, rel=0.01)


def test_run_by_hand_and_break_even_by_two_runs():
    run_energy, break_even = answer("q7", "run_energy"), answer("q7", "break_even")
    Chip, Network = ANSWERS.givens["Chip"], ANSWERS.givens["Network"]
    # 10 s at half of real time: 20 s of 100 mW are 2000 mJ. 10^7 events a second, 10 s, 50 pJ: 5 mJ.
    assert run_energy(Chip(100.0, 50.0, 0.5), Network(10_000, 10.0, 100), 10.0) == pytest.approx(2005.0, rel=1e-12)
    a, b = Chip(30.0, 60.0, 2.0), Chip(200.0, 20.0, 0.5)
    # (400 - 15) mJ over 40 pJ.
    assert break_even(a, b) == break_even(b, a) == pytest.approx(9.625e9, rel=1e-12)
    even = Network(1, break_even(a, b), 1)
    assert run_energy(a, even, 3.0) == pytest.approx(run_energy(b, even, 3.0), rel=1e-12)


def test_ratio_refuses_where_the_published_figures_do():
    honest_ratio, Figure = answer("q8", "honest_ratio"), ANSWERS.givens["Figure"]
    energies = [figure for figure in published.FIGURES.values() if figure.unit in ("pJ", "nJ", "µJ", "mJ")]
    divided = 0
    for one, other in itertools.product(energies, repeat=2):
        f, g = (Figure(x.machine, x.value, x.unit, x.definition, "", x.kind) for x in (one, other))
        try:
            assert honest_ratio(f, g) == pytest.approx(published.ratio(one, other), rel=1e-12)
            divided += one is not other
        except ValueError:
            assert honest_ratio(f, g) is None
    assert divided > 5


def test_predictions_are_what_the_machines_do():
    n = LIF()

    def error(name, dt, **options):
        interval = np.diff(realise(n, name, dt, **options).respond(0.3, 600.0).spike_times)[2:].mean()
        return abs(interval - (2 + 20 * math.log(1 + 15 / 10)))

    unlike = {"mismatch": 0.1, "rng": 7}
    found = {
        "late_spikes": [error("spinnaker", dt) for dt in (1.0, 0.1)],
        "straight_leak": [error("truenorth", dt) for dt in (1.0, 0.1)],
        "uneven_circuits": [error("brainscales", dt, **unlike) for dt in (1.0, 0.1)],
        # The words are 200 and 20: 4096 (1 - exp(-dt/20)) is 199.76 and 20.43.
        "rounded_decay": [abs(-dt / math.log(1 - word / 4096) - 20) for dt, word in ((1.0, 200), (0.1, 20))],
    }
    for name, (long, short) in found.items():
        seen = "stays" if short == pytest.approx(long, rel=0.02) else "shrinks" if short < long else "grows"
        assert answer("q9", name) == seen, (name, long, short)
    # Without a pause an interval is 2 ms too short, however it is divided.
    assert answer("q9", "missing_pause") == "stays"
