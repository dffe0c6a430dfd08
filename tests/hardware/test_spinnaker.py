"""SpiNNaker's neuron against outside vectors, a second implementation in unbounded integers, and closed forms."""

import json
import math
import time
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifcore import LIF
from lifcore.hardware import fixed_point, realise, spinnaker
from lifcore.kernels import build_wasm, random
from lifcore.kernels import spinnaker as kernels
from wasm_host import WasmtimeHost, numba_call

REFERENCE = Path(__file__).parents[1] / "reference/hardware"
VECTORS = dict(np.load(REFERENCE / "spinnaker_s1615.npz"))
TABLE = json.loads((REFERENCE / "spinnaker_tau_euler.json").read_text())
ROUNDINGS = ("floor", "nearest", "stochastic")
WORDS = ("R", "exp_TC", "V_rest", "V_reset", "V_th", "I_offset", "decay_e", "init_e", "decay_i", "init_i", "T_ref", "V0")
ONE, LOW, HIGH = 2**15, -(2**31), 2**31 - 1
n = LIF()


def configuration(i):
    """Arguments of `simulate` of one configuration of the vectors."""
    return [VECTORS["w_exc"][i], VECTORS["w_inh"][i], *(VECTORS[f"p_{name}"][i] for name in WORDS)]


def asked(i, name):
    return float(VECTORS[f"p_{name}"][i])


def silent(steps):
    return np.zeros(steps, int)


def free(V0, alpha, exp_TC, steps, rounding="nearest", rnd15=None):
    """Words of V on its way from V0 to alpha, with a threshold that it does not reach."""
    return spinnaker.simulate(
        silent(steps), silent(steps), 0, exp_TC, alpha, LOW, HIGH, 0, 0, 0, 0, 0, 0, V0, rounding, rnd15).V


# The arithmetic

@pytest.mark.parametrize("i", range(12), ids=[str(name) for name in VECTORS["names"]])
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_outside_vectors(i, rounding):
    found = spinnaker.simulate(
        *configuration(i), rounding=rounding, rnd15=VECTORS["rnd15"][i] if rounding == "stochastic" else None)
    for name, words in (("V", found.V), ("Iexc", found.I_exc), ("Iinh", found.I_inh), ("spk", found.spikes)):
        np.testing.assert_array_equal(words, VECTORS[f"{name}_{rounding}"][i])


def wrap(x):
    return (x - LOW) % 2**32 + LOW


def product(a, b, rounding, random):
    exact = Fraction(a * b, ONE)
    if rounding == "floor":
        return wrap(math.floor(exact))
    if rounding == "nearest":
        rounded = math.floor(exact + Fraction(1, 2))
    else:
        rounded = math.floor(exact) + (Fraction(random, ONE) < exact - math.floor(exact))
    return min(max(rounded, LOW), HIGH)


def plain(w_exc, w_inh, R, exp_TC, V_rest, V_reset, V_th, I_offset, decay_e, init_e, decay_i, init_i, T_ref, V0, rounding, rnd15):
    """The equations at the head of the module, in integers without a length."""
    V, I_exc, I_inh, refractory, record = V0, 0, 0, 0, []
    for w, u, (first, second) in zip(w_exc, w_inh, rnd15, strict=True):
        I_exc = wrap(I_exc + math.floor(Fraction(w * init_e, 2**32)))
        I_inh = wrap(I_inh + math.floor(Fraction(u * init_i, 2**32)))
        fired = False
        if refractory:
            refractory -= 1
        else:
            I = wrap(wrap(I_exc - I_inh) + I_offset)
            alpha = wrap(product(I, R, rounding, first) + V_rest)
            V = wrap(alpha - product(exp_TC, wrap(alpha - V), rounding, second))
            fired = V >= V_th
            if fired:
                V, refractory = V_reset, T_ref
        I_exc = math.floor(Fraction(I_exc * decay_e, 2**32))
        I_inh = math.floor(Fraction(I_inh * decay_i, 2**32))
        record.append((V, I_exc, I_inh, fired))
    return [list(column) for column in zip(*record, strict=True)]


anything = st.one_of(st.integers(LOW, HIGH), st.sampled_from([LOW, -1, 0, 1, ONE, HIGH]))
moderate = st.integers(-100 * ONE, 100 * ONE)
factor = st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 2**32 - 1]))


@given(st.data(), st.sampled_from(ROUNDINGS), st.sampled_from([anything, moderate]))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_second_implementation_agrees(data, rounding, word):
    steps = data.draw(st.integers(1, 25))
    bits = data.draw(st.lists(st.tuples(*[st.integers(0, ONE - 1)] * 2), min_size=steps, max_size=steps))
    w_exc, w_inh = (data.draw(st.lists(word, min_size=steps, max_size=steps)) for _ in range(2))
    arguments = [w_exc, w_inh, data.draw(word), data.draw(st.one_of(word, st.integers(0, ONE))), *(data.draw(word) for _ in range(4)),
                 *(data.draw(factor) for _ in range(4)), data.draw(st.integers(0, 4)), data.draw(word)]
    found = spinnaker.simulate(*arguments, rounding, bits if rounding == "stochastic" else None)
    assert [x.tolist() for x in (found.V, found.I_exc, found.I_inh, found.spikes)] == plain(*arguments, rounding, bits)


def test_overflows_are_counted():
    """By hand: 65535 mV and 2 mV more wrap to -65535 mV in the first step; with half of it nothing does."""
    arguments = [silent(1), silent(1), 2 * ONE, 0, 65535 * ONE, LOW, HIGH, ONE, 0, 0, 0, 0, 0, 65535 * ONE]
    found = spinnaker.simulate(*arguments)
    # alpha, and then its distance to V.
    assert found.V[0] == -65535 * ONE and found.overflows == 2
    arguments[4] //= 2
    assert spinnaker.simulate(*arguments).overflows == 0


def test_neurons_side_by_side_are_neurons_alone():
    columns = [configuration(i) for i in (1, 5, 7)]
    together = [np.stack(values, axis=-1) for values in zip(*columns, strict=True)]
    rnd15 = VECTORS["rnd15"][[1, 5, 7]].transpose(1, 0, 2)
    found = spinnaker.simulate(*together, "stochastic", rnd15)
    for j, i in enumerate((1, 5, 7)):
        np.testing.assert_array_equal(found.V[:, j], VECTORS["V_stochastic"][i])
        np.testing.assert_array_equal(found.spikes[:, j], VECTORS["spk_stochastic"][i])


def test_a_current_for_each_step():
    """A constant one, written out, is the same; one that changes is the run cut in two."""
    arguments = configuration(9)
    whole = spinnaker.simulate(*arguments)
    arguments[7] = np.full(500, arguments[7])
    np.testing.assert_array_equal(spinnaker.simulate(*arguments).V, whole.V)
    arguments[7][250:] = 0
    changed = spinnaker.simulate(*arguments).V
    np.testing.assert_array_equal(changed[:250], whole.V[:250])
    assert np.any(changed[250:] != whole.V[250:])


# Words for times

@pytest.mark.parametrize("row", TABLE["effective_tau_s1615"], ids=lambda row: f"{row['tau_ms']}-{row['dt_ms']}")
def test_table_of_time_constants(row):
    word = spinnaker.decay_word(row["tau_ms"], row["dt_ms"])
    assert word == row["exp_TC_bits"]
    assert spinnaker.effective_tau(word, row["dt_ms"]) == pytest.approx(row["tau_eff_ms"], rel=1e-14)
    assert spinnaker.euler_word(row["tau_ms"], row["dt_ms"]) == ONE + row["arg_bits"]


def test_words_of_the_vectors():
    for i in range(12):
        dt = asked(i, "dt")
        assert spinnaker.decay_word(asked(i, "tau_m"), dt) == VECTORS["p_exp_TC"][i]
        assert spinnaker.refractory_steps(asked(i, "tau_refrac"), dt) == VECTORS["p_T_ref"][i]
        for kind, synapse in (("e", "tau_syn_E"), ("i", "tau_syn_I")):
            words = VECTORS[f"p_decay_{kind}"][i], VECTORS[f"p_init_{kind}"][i]
            assert spinnaker.synapse_words(asked(i, synapse), dt) == words


def test_time_constants_of_the_text():
    """Closed form with 50 digits: dt / ln(2**15 / word), from the words 32605, 32765 and 32768."""
    with mpmath.workdps(50):
        for tau, word in ((20.0, 32605), (1000.0, 32765)):
            assert spinnaker.decay_word(tau, 0.1) == word
            expected = mpmath.mpf("0.1") / mpmath.log(mpmath.mpf(ONE) / word)
            assert spinnaker.effective_tau(word, 0.1) == pytest.approx(float(expected), rel=1e-11)
    assert spinnaker.effective_tau(spinnaker.decay_word(5000.0, 0.1), 0.1) == np.inf
    np.testing.assert_array_equal(free(0, 1000 * ONE, spinnaker.decay_word(5000.0, 0.1), 100), 0)
    assert spinnaker.effective_tau([0, ONE], [1.0, 0.5]).tolist() == [0.0, np.inf]


@given(st.floats(0.01, 60000.0), st.floats(0.01, 100.0))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_decay_word_by_exact_integers(tau, dt):
    tau_word, dt_word = (math.floor(Fraction(x) * ONE + Fraction(1, 2)) for x in (tau, dt))
    with mpmath.workdps(40):
        quotient = Fraction(dt_word * ONE, tau_word)
        assert spinnaker.decay_word(tau, dt) == int(mpmath.floor(mpmath.exp(-mpmath.mpf(math.floor(quotient)) / ONE) * ONE))
    assert spinnaker.euler_word(tau, dt) == ONE - math.floor(quotient)


def test_refractory_steps_are_rounded_up():
    """By hand; 2.1 / 0.7 is 3.0000000000000004 in float64, and three steps."""
    assert [spinnaker.refractory_steps(*pair) for pair in ((0.0, 1.0), (2.0, 0.1), (2.1, 0.7), (1.7, 0.5), (2.0001, 1.0))] == [
        0, 20, 3, 4, 3]


# What the words do

def resting_places(exp_TC, rounding):
    """How far from its target a potential stays that came from below and from above, by stepping until nothing moves."""
    e, target, places = int(exp_TC), 0, []
    for start in (-40 * ONE, 40 * ONE):
        V, steps = start, math.ceil(20.0 / max(1e-9, 1.0 - e / ONE)) + 100
        trace = free(V, target, e, steps, rounding)
        assert trace[-1] == trace[-50]
        places.append(abs(int(trace[-1])))
    return tuple(places)


@pytest.mark.parametrize("rounding", ["nearest", "floor"])
def test_dead_zones_by_brute_force(rounding):
    rng = np.random.default_rng(4)
    # Among them halves of 2**15 / k, where the closed form's bound is a whole number.
    for word in [0, 1, 16383, 16384, 24576, 32750, 32752, 32760, 32764, 32766, *rng.integers(0, 32760, 150)]:
        assert spinnaker.dead_zone(word, rounding) == resting_places(word, rounding)


def test_dead_zones_of_the_text():
    """0.5 / (1 - e) units either side and 1 / (1 - e) above: by hand for 1 - e = 3 / 2**15."""
    assert spinnaker.dead_zone(32765) == (5461.0, 5461.0)
    assert spinnaker.dead_zone(32765, "floor") == (0.0, 10922.0)
    assert 10922.0 / ONE == pytest.approx(1 / 3, abs=1e-4)
    below, above = spinnaker.dead_zone(ONE)
    assert below == above == np.inf


def test_stochastic_rounding_has_no_dead_zone():
    rng = np.random.default_rng(2)
    V = free(-ONE, 0, 32765, 400_000, "stochastic", rng.integers(0, ONE, (400_000, 2)))
    assert V[-1] == 0 and spinnaker.dead_zone(32765, "stochastic") == (0.0, 0.0)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_rounding_error_has_the_size_of_its_theory(rounding):
    """Each step adds the errors of two products to e times the error before, under a current that changes at random.

    In units of the last bit: rounded down each error of a product is 1/2 too low in the mean, which moves V by
    (1/2) / (1 - e) upwards and by 1/2 downwards.  Otherwise the mean is 0.  The variance of an error is 1/12, and on
    average 1/6 where rounding is stochastic; the product with R counts with 1 - e.  The exact potential is the recursion
    in float64 with the words' values, whose own error is a millionth of this.
    """
    steps, e = 200_000, 32605 / ONE
    rng = np.random.default_rng(9)
    I = rng.integers(-ONE, ONE, steps)
    rnd15 = rng.integers(0, ONE, (steps, 2)) if rounding == "stochastic" else None
    # A resistance with all bits in use, so that the dropped bits vary.
    R = 327681
    V = spinnaker.simulate(silent(steps), silent(steps), R, 32605, 0, LOW, HIGH, I, 0, 0, 0, 0, 0, 0, rounding, rnd15).V
    exact, v = np.empty(steps), 0.0
    for k, alpha in enumerate(I * (R / ONE)):
        v = exact[k] = alpha - e * (alpha - v)
    error = (V - exact)[2000:]
    bias = 0.5 / (1.0 - e) - 0.5 if rounding == "floor" else 0.0
    variance = (1.0 / 6.0 if rounding == "stochastic" else 1.0 / 12.0) * (1.0 + (1.0 - e) ** 2) / (1.0 - e * e)
    # The error is correlated over 1 / (1 - e) steps.
    independent = error.size * (1.0 - e) / (1.0 + e)
    assert abs(error.mean() - bias) < 4.0 * math.sqrt(variance / independent)
    assert error.var() == pytest.approx(variance, rel=4.0 * math.sqrt(2.0 / independent))


# The neuron in physical units

def test_words_of_the_default_neuron():
    """By hand: 100, -70, -65 and -50 times 2**15; the table's word of 20 ms; 2 ms in steps of 0.1 ms."""
    machine = realise(n, "spinnaker", dt=0.1)
    assert machine.parameters == {
        "R": 100 * ONE, "exp_TC": 32605, "V_rest": -70 * ONE, "V_reset": -65 * ONE, "V_th": -50 * ONE, "T_ref": 20}
    assert machine.tau_m == pytest.approx(20.053025928191705, rel=1e-14) and machine.t_ref == 2.0
    assert machine.dynamic_range == (-65536.0, 65536.0 - 2.0**-15) and machine.resolution == 2.0**-15
    assert machine.errors["tau_m"] == pytest.approx(0.053025928191705, rel=1e-12)
    assert machine.errors["V_th"] == machine.errors["R"] == 0.0
    # 0.1 has no word: the nearest is 3277 / 32768.
    assert realise(n.replace(V_th=-50.1), "spinnaker").errors["V_th"] == pytest.approx(50.1 - 1641677 / ONE, abs=1e-12)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_responds_as_the_words_do(rounding):
    machine = realise(n, "spinnaker", dt=0.5, rounding=rounding, rng=5 if rounding == "stochastic" else None)
    I = np.random.default_rng(1).uniform(0.0, 0.6, 70_000)
    answer = machine.respond(I)
    rnd15 = None
    if rounding == "stochastic":
        stream, numbers = np.empty((4, 1), np.uint32), np.empty((140_000, 1), np.uint32)
        random.seed_streams(np.array([5, 0], np.uint32), 0, stream)
        random.random_words(stream, numbers)
        rnd15 = numbers.reshape(-1, 2).astype(int) & 32767
    word = machine.parameters
    direct = spinnaker.simulate(
        silent(70_000), silent(70_000), word["R"], word["exp_TC"], word["V_rest"], word["V_reset"], word["V_th"],
        np.floor(I * ONE + 0.5).astype(int), 0, 0, 0, 0, word["T_ref"], word["V_rest"], rounding, rnd15)
    np.testing.assert_array_equal(answer.V, direct.V / ONE)
    np.testing.assert_array_equal(answer.spike_times, 0.5 * (np.flatnonzero(direct.spikes) + 1))
    assert answer.spike_times.size > 500


def test_spikes_follow_the_closed_form():
    """The interval t_ref + tau log((mu - reset) / (mu - threshold)) of the time constant that results, in whole steps."""
    machine = realise(n, "spinnaker", dt=0.1)
    intervals = np.diff(machine.respond(0.3, 1000.0).spike_times)
    expected = 2.0 + machine.tau_m * math.log(25.0 / 10.0)
    assert np.all(np.abs(intervals - 0.1 * math.ceil(expected / 0.1)) < 1e-9)


@pytest.mark.parametrize("rounding", ["nearest", "floor"])
@pytest.mark.parametrize("cell, dt", [(n, 1.0), (n, 0.1), (n.replace(tau_m=400.0), 0.1), (n.replace(R=33.3, V_th=-51.7), 0.5)])
def test_rheobase_is_the_lowest_word_that_fires(cell, dt, rounding):
    machine = realise(cell, "spinnaker", dt=dt, rounding=rounding)
    duration = math.ceil(30.0 * machine.tau_m) + 100.0
    assert machine.respond(machine.rheobase, duration).spike_times.size
    assert not machine.respond(machine.rheobase - 2.0**-15, duration).spike_times.size
    assert machine.errors["rheobase"] == machine.rheobase - (cell.V_th - cell.E_L) / cell.R


def test_a_frozen_membrane():
    machine = realise(n.replace(tau_m=5000.0), "spinnaker", dt=0.1)
    assert machine.tau_m == machine.rheobase == math.inf
    np.testing.assert_array_equal(machine.respond(5.0, 10.0).V, -70.0)


def test_same_seed_same_numbers():
    one, two, other = (realise(n, "spinnaker", rounding="stochastic", rng=seed).respond(0.3, 300.0).V for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, two)
    assert np.any(one != other)
    fresh = realise(n, "spinnaker", rounding="stochastic")
    assert np.any(fresh.respond(0.3, 300.0).V != fresh.respond(0.3, 300.0).V)


def test_out_of_range_is_refused_or_wrapped_as_asked():
    """By hand: 70,000 MΩ wraps to 70,000 - 131,072; 700 nA times 100 MΩ is 70,000 mV, where the product stops."""
    with pytest.raises(ValueError, match="R must be from -65536 to 65535.99997"):
        realise(n.replace(R=70_000.0), "spinnaker")
    assert realise(n.replace(R=70_000.0), "spinnaker", overflow="wrap").parameters["R"] == (70_000 - 131_072) * ONE
    assert realise(n.replace(R=70_000.0), "spinnaker", overflow="saturate").parameters["R"] == HIGH
    with pytest.raises(ValueError, match="I must keep alpha"):
        realise(n, "spinnaker").respond(700.0, 10.0)
    assert realise(n, "spinnaker", overflow="wrap").respond(700.0, 10.0).t.size == 10
    with pytest.raises(ValueError, match="I_offset must be from -65536"):
        realise(n, "spinnaker").respond(70_000.0, 10.0)


# The page

def test_page_computes_the_same():
    host = WasmtimeHost(build_wasm([kernels.decay_word, kernels.fixed_point_steps]))
    rng = np.random.default_rng(6)
    for tau in rng.integers(1, 10**7, 50):
        assert host.call("decay_word", (3277, int(tau)))[0] == kernels.decay_word(3277, int(tau))
    for mode in range(3):
        for wide in (False, True):
            size = (LOW, HIGH) if wide else (-100 * ONE, 100 * ONE)
            w_exc, w_inh, I_offset = (rng.integers(*size, (60, 3)).astype(np.int32) for _ in range(3))
            words = np.concatenate([rng.integers(*size, (5, 3)), rng.integers(0, 2**32, (4, 3)), rng.integers(0, 5, (1, 3))])
            words[1] = rng.integers(30000, ONE)
            call = (w_exc, w_inh, I_offset, words, mode, rng.integers(0, 2**32, (120, 3)).astype(np.uint32),
                    np.zeros((4, 3), np.int32), *(np.zeros((60, 3), np.int32) for _ in range(3)), np.zeros((60, 3), np.uint8))
            assert numba_call(kernels.fixed_point_steps, call) == host.call("fixed_point_steps", call)


def test_pieces_give_the_same():
    words = np.array([[100 * ONE, 31170, -70 * ONE, -65 * ONE, -50 * ONE, 3 * 10**9, 3 * 10**9, 10**9, 10**9, 3]]).T.copy()
    w, quiet = np.random.default_rng(0).integers(0, 2000, (400, 1)).astype(np.int32), np.zeros((1, 1), np.int32)
    current = np.full((1, 1), 9000, np.int32)

    def advanced(bounds):
        state, records = np.array([[-70 * ONE], [0], [0], [0]], np.int32), []
        for start, end in zip(bounds[:-1], bounds[1:], strict=True):
            V, a, b = (np.zeros((end - start, 1), np.int32) for _ in range(3))
            spikes = np.zeros((end - start, 1), np.uint8)
            kernels.fixed_point_steps(w[start:end], quiet, current, words, 1, np.empty((0, 1), np.uint32), state, V, a, b, spikes)
            records.append((V, spikes))
        return [np.concatenate(parts) for parts in zip(*records, strict=True)]

    whole, parts = advanced([0, 400]), advanced([0, 1, 37, 200, 400])
    assert whole[1].sum() > 5
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)


GOOD = [[0], [0], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]


def with_word(name, value):
    arguments = dict(zip(("w_exc", "w_inh", *WORDS), GOOD, strict=True))
    return spinnaker.simulate(**(arguments | {name: value}))


@pytest.mark.parametrize("name", ["R", "exp_TC", "V_rest", "V_reset", "V_th", "I_offset", "V0"])
@pytest.mark.parametrize("value", [HIGH + 1, LOW - 1, 2**80])
def test_a_word_out_of_s1615_is_named(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a word of s16.15, from -2147483648 to 2147483647, got {value}"):
        with_word(name, value)


@pytest.mark.parametrize("name", ["decay_e", "init_e", "decay_i", "init_i"])
@pytest.mark.parametrize("value", [2**32, -1])
def test_a_word_out_of_u032_is_named(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a word of u0.32, from 0 to 4294967295, got {value}"):
        with_word(name, value)


@pytest.mark.parametrize("call, kind, message", [
    (lambda: with_word("w_exc", [HIGH + 1]), ValueError, "w_exc must be a word of s16.15"),
    (lambda: with_word("w_inh", [0.0]), TypeError, "w_inh must be a word of s16.15"),
    (lambda: with_word("w_inh", [0, 0]), ValueError, "w_exc and w_inh must have the same shape"),
    (lambda: with_word("w_exc", 0), ValueError, "w_exc and w_inh must have the same shape"),
    (lambda: with_word("R", [1, 2]), ValueError, "R must be a number or have one value for each of 1 neurons, got shape (2,)"),
    (lambda: with_word("I_offset", [1, 2]), ValueError, "I_offset must be a number or broadcast to the shape (1,)"),
    (lambda: with_word("T_ref", np.float32(2**31)), ValueError, "T_ref must be a number of steps, from 0 to 2147483647, got 2147483648"),
    (lambda: with_word("w_exc", [1, [2, 3]]), TypeError, "w_exc must be a word of s16.15"),
    (lambda: with_word("rounding", ["floor"]), ValueError, "rounding must be one of 'floor', 'nearest', 'stochastic'"),
    (lambda: spinnaker.refractory_steps(5.0, 1e-310), ValueError, "T_ref must be a number of steps"),
    (lambda: with_word("T_ref", -1), ValueError, "T_ref must be a number of steps, from 0 to 2147483647, got -1"),
    (lambda: with_word("rounding", "truncate"), ValueError, "rounding must be one of 'floor', 'nearest', 'stochastic'"),
    (lambda: with_word("rounding", "stochastic"), ValueError, "rnd15 must be given for rounding='stochastic'"),
    (lambda: with_word("rnd15", [[0, 0]]), ValueError, "rnd15 must be given for rounding='stochastic', and only then, got numbers"),
    (lambda: spinnaker.simulate(*GOOD, "stochastic", [[0, ONE]]), ValueError, "rnd15 must be a random number of 15 bits"),
    (lambda: spinnaker.simulate(*GOOD, "stochastic", [0, 0]), ValueError, "rnd15 must have two numbers for each step, shape (1, 2)"),
    (lambda: spinnaker.decay_word(1e-6), ValueError, "tau_m must be at least half a unit of s16.15"),
    (lambda: spinnaker.decay_word(20.0, 1e-6), ValueError, "dt must be at least half a unit of s16.15"),
    (lambda: spinnaker.decay_word(70_000.0), ValueError, "tau_m must be from -65536 to 65535.99997, the range of s16.15, got 70000"),
    (lambda: spinnaker.synapse_words(5000.0, 0.1), ValueError, "tau_syn must be at most 3277 ms for a step of 0.1 ms"),
    (lambda: spinnaker.effective_tau(ONE + 1), ValueError, "exp_TC must be a word between 0.0 and 1.0, from 0 to 32768, got 32769"),
    (lambda: spinnaker.dead_zone(-1), ValueError, "exp_TC must be a word between 0.0 and 1.0"),
    (lambda: spinnaker.dead_zone(1, "up"), ValueError, "rounding must be one of 'floor', 'nearest', 'stochastic', got 'up'"),
    (lambda: spinnaker.refractory_steps(-1.0), ValueError, "t_ref must be finite and at least 0 ms, got -1 ms"),
    (lambda: spinnaker.realise(n, rounding="up"), ValueError, "rounding must be one of 'floor', 'nearest', 'stochastic', got 'up'"),
    (lambda: spinnaker.realise(n, overflow="clip"), ValueError, "overflow must be one of 'refuse', 'saturate', 'wrap', got 'clip'"),
    (lambda: spinnaker.realise(n, rng=1), ValueError, "rng must be left out unless rounding is 'stochastic'"),
    (lambda: spinnaker.realise(n, rounding="stochastic", rng=-1), ValueError, "rng must be a whole number of at least 0"),
    (lambda: spinnaker.realise("cell"), TypeError, "n must be a LIF neuron"),
    (lambda: spinnaker.realise(n, dt=0.0), ValueError, "dt must be finite and greater than 0 ms"),
])
def test_a_bad_argument_is_named(call, kind, message):
    with pytest.raises(kind) as error:
        call()
    assert message in str(error.value)


def test_ten_million_updates_a_second():
    steps = 20_000
    quiet = np.zeros((1, 100), np.int32)
    words = np.tile(np.array([[100 * ONE, 32605, -70 * ONE, -65 * ONE, -50 * ONE, 0, 0, 0, 0, 20]]).T, (1, 100))
    records = [np.empty((steps, 100), np.int32) for _ in range(3)] + [np.empty((steps, 100), np.uint8)]

    def seconds():
        start = time.thread_time()
        kernels.fixed_point_steps(quiet, quiet, quiet + 9830, words, 1, np.empty((0, 100), np.uint32),
                                  np.zeros((4, 100), np.int32), *records)
        return time.thread_time() - start

    assert 100 * steps / min(seconds() for _ in range(3)) > 1e7


def test_public_names():
    assert set(spinnaker.__all__) == {
        "Record", "Spinnaker", "dead_zone", "decay_word", "effective_tau", "euler_word", "realise", "refractory_steps",
        "simulate", "synapse_words"}
    assert fixed_point.S1615.highest == HIGH
