"""Loihi's neuron against Lava and Nengo Loihi, against plain Python integers, and against what can be counted by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifcore import LIF, hardware, rheobase
from lifcore.hardware import loihi
from lifcore.kernels import build_wasm
from lifcore.kernels import loihi as kernels
from wasm_host import WasmtimeHost, numba_call

VECTORS = dict(np.load(Path(__file__).parents[1] / "reference" / "hardware" / "loihi_lava.npz"))
REGISTERS = ("du", "dv", "vth", "bias_mant", "bias_exp", "u0", "v0")
RAIL = 2**23 - 1
n = LIF()


def one(a_in, du=4095, dv=0, vth=131071, bias_mant=0, bias_exp=0, u0=0, v0=0, **options):
    """One neuron, without decay of v and with no memory of u unless said otherwise."""
    run = loihi.simulate(a_in, du, dv, vth, bias_mant, bias_exp, u0, v0, **options)
    return run.u[:, 0].tolist(), run.v[:, 0].tolist(), run.spikes[:, 0].tolist()


# The model

@pytest.mark.parametrize("overflow, suffix", [("lava", ""), ("twos_complement", "_nengo")])
@pytest.mark.parametrize("k", range(len(VECTORS["names"])), ids=list(VECTORS["names"]))
def test_no_mismatch_with_the_emulators(k, overflow, suffix):
    """Lava 0.10.0 in its own runtime, and the emulator of Nengo Loihi 1.1.0, on the same inputs."""
    run = loihi.simulate(VECTORS["a_in"][k], *(VECTORS[name][k] for name in REGISTERS), overflow=overflow)
    np.testing.assert_array_equal(run.u, VECTORS[f"u{suffix}"][k])
    np.testing.assert_array_equal(run.v, VECTORS[f"v{suffix}"][k])
    np.testing.assert_array_equal(run.spikes, VECTORS[f"s{suffix}"][k])
    assert run.spikes.dtype == bool and run.u.dtype == run.v.dtype == np.int64


def plain(a_in, du, dv, vth, bias, u, v, overflow, t_ref):
    """The equations in Python's integers, which have no last bit."""
    def tz(x, k):
        return int(math.copysign(abs(x) * k // 4096, x))

    def wrapped(x, bits):
        x %= 2**bits
        return x - 2**bits if x >= 2 ** (bits - 1) else x

    us, vs, spikes, held = [], [], [], 0
    for a in a_in:
        if overflow == "lava":
            u = tz(u, 4096 - (du + 1)) + 64 * a
            if u > 2**23:
                u -= 2**24
            elif u <= -(2**23):
                u += 2**24
            drive = u + bias
        else:
            u = wrapped(tz(u, 4096 - (du + 1)) + wrapped(64 * a, 22), 24)
            drive = wrapped(u + bias, 24)
        v = max(-RAIL, min(RAIL, tz(v, 4096 - dv) + drive))
        if held:
            held, v = held - 1, 0
        fires = v > 64 * vth
        if fires:
            v, held = 0, t_ref
        us.append(u)
        vs.append(v)
        spikes.append(fires)
    return us, vs, spikes


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(["lava", "twos_complement"]))
def test_plain_integers(data, overflow):
    largest = data.draw(st.sampled_from([2**18, 2**15 - 1, 1000, 1]))
    a = data.draw(st.lists(st.integers(-largest, largest), min_size=1, max_size=40))
    du, dv = data.draw(st.integers(0, 4095)), data.draw(st.integers(0, 4095))
    vth, t_ref = data.draw(st.integers(0, 131071)), data.draw(st.integers(0, 62))
    mantissa, exponent = data.draw(st.integers(-4096, 4095)), data.draw(st.integers(0, 7))
    u0 = data.draw(st.integers(-RAIL, RAIL)) + (overflow == "lava" and data.draw(st.integers(0, 1)))
    v0 = data.draw(st.integers(-RAIL, RAIL))
    found = one(a, du, dv, vth, mantissa, exponent, u0, v0, overflow=overflow, t_ref=t_ref)
    assert found == plain(a, du, dv, vth, mantissa << exponent, u0, v0, overflow, t_ref)


def test_decay_rounds_towards_zero():
    """By hand: of 3 words dv = 1024 takes a quarter, and 2.25 becomes 2; of -3 it leaves -2 where Python's >> gives -3."""
    assert one([0, 0, 0, 0], dv=1024, v0=3)[1] == [2, 1, 0, 0]
    assert one([0, 0, 0, 0], dv=1024, v0=-3)[1] == [-2, -1, 0, 0]
    assert -3 * 3072 >> 12 == -3


def test_threshold_is_passed_and_not_reached():
    """By hand: 64 vth = 640; 640 is silent, 641 fires and leaves 0."""
    assert one([0], vth=10, v0=640) == ([0], [640], [False])
    assert one([0], vth=10, v0=641) == ([0], [0], [True])


def test_current_wraps_and_potential_saturates():
    """By hand, du = 0: 4095/4096 of 8,388,544 is 8,386,496; 64 more than 8,388,608 comes in again at the other end."""
    u = one([2**17 - 1, 34, 0], du=0, dv=4095)[0]
    assert u == [8388544, 8386496 + 34 * 64 - 2**24, -8386496]
    assert one([2**17 - 1] * 2, vth=131071)[1] == [8388544, 0]
    assert one([-(2**17) + 1] * 3)[1] == [-8388544, -RAIL, -RAIL]


def test_the_two_readings_differ_at_one_value_of_u():
    """By hand: 4095/4096 of -8,388,544 is -8,386,496, and 33 units of 64 below it lies -2**23."""
    assert one([-33], du=0, u0=-8388544)[0] == [2**23]
    assert one([-33], du=0, u0=-8388544, overflow="twos_complement")[0] == [-(2**23)]


def test_twos_complement_wraps_the_input_and_the_drive():
    """By hand: 64 * 32768 is 2**21, the first number that 22 bits hold as a negative one; so is 2**23 for u + b."""
    assert one([32767, 32768, 65536, -(2**63)], overflow="twos_complement")[0] == [2097088, -(2**21), 0, 0]
    run = dict(du=0, bias_mant=4095, bias_exp=7, u0=2**23 - 1)
    kept = (2**23 - 1) * 4095 >> 12
    assert one([0], **run)[1:] == ([0], [True])
    assert one([0], **run, overflow="twos_complement")[1:] == ([kept + 524160 - 2**24], [False])


def test_refractory_period():
    """By hand: 100 a step, threshold 192: two steps to fire, then t_ref steps at 0; the current goes on meanwhile."""
    u, v, spikes = one([0] * 12, du=0, bias_mant=100, vth=3, dv=0, t_ref=3)
    assert v == [100, 0, 0, 0, 0, 100, 0, 0, 0, 0, 100, 0] and np.flatnonzero(spikes).tolist() == [1, 6, 11]
    u = one([64, 0, 0, 0], du=2047, vth=0, t_ref=3)[0]
    assert u == [4096, 2048, 1024, 512]


def test_parameters_of_each_neuron():
    """Each neuron alone gives what it gives beside the others."""
    rng = np.random.default_rng(2)
    a = rng.integers(-5000, 5000, (60, 4))
    du, dv, vth = rng.integers(0, 4096, 4), rng.integers(0, 4096, 4), rng.integers(0, 2000, 4)
    together = loihi.simulate(a, du, dv, vth, [9, -9, 4, 0], 3, 0, 0)
    for i in range(4):
        alone = loihi.simulate(a[:, i], du[i], dv[i], vth[i], [9, -9, 4, 0][i], 3, 0, 0)
        np.testing.assert_array_equal(alone.v[:, 0], together.v[:, i])
        np.testing.assert_array_equal(alone.spikes[:, 0], together.spikes[:, i])
    shared = loihi.simulate(a[:, 0], 10, dv, 500, 0, 0, 0, [0, 1, 2, 3])
    assert shared.v.shape == (60, 4)
    np.testing.assert_array_equal(shared.v[:, [1]], loihi.simulate(a[:, 0], 10, dv[1], 500, 0, 0, 0, 1).v)


def test_page_computes_the_same():
    host = WasmtimeHost(build_wasm([kernels.loihi_steps, kernels.time_constant, kernels.lowest_rest, kernels.highest_rest]))
    rng = np.random.default_rng(7)
    for twos_complement in (False, True):
        own = [rng.integers(low, high, 5, dtype=np.int32) for low, high in (
            (0, 4096), (0, 4096), (0, 3000), (-524288, 524160))]
        state = [rng.integers(-RAIL, RAIL, 5, dtype=np.int32) for _ in range(2)] + [np.zeros(5, np.int32)]
        a = rng.integers(-(2**18), 2**18, (200, 5), dtype=np.int32)
        call = [a, *own, 2, twos_complement, *state, np.zeros((200, 5), np.int32), np.zeros((200, 5), np.int32),
                np.zeros((200, 5), np.bool_)]
        result, arrays = numba_call(kernels.loihi_steps, call)
        assert arrays == host.call("loihi_steps", call)[1]
        assert any(arrays[-1])
    for dv in (1, 200, 4095):
        assert kernels.time_constant(dv, 0.1) == host.call("time_constant", [dv, 0.1])[0]
        for kernel in (kernels.lowest_rest, kernels.highest_rest):
            assert kernel(524160, dv) == host.call(kernel.__name__, [524160, dv])[0]


# Synapses

def test_weights_by_hand():
    """Eight bits with a sign are even numbers; bits are dropped downwards, and -1 becomes -2 (Lava, `truncate_weights`)."""
    assert loihi.quantise_weights([-256, -255, -2, -1, 0, 1, 2, 3, 254, 255]).tolist() == [-256, -256, -2, -2, 0, 0, 2, 2, 254, 254]
    assert loihi.quantise_weights(-1) == -2
    assert loihi.quantise_weights([-9, 9, 255], bits=6).tolist() == [-16, 8, 248]
    # Of one sign it is the magnitude that loses its bits.
    assert loihi.quantise_weights([0, 1, 254, 255], mixed=False).tolist() == [0, 1, 254, 255]
    assert loihi.quantise_weights([-1, -255, -7], mixed=False, bits=6).tolist() == [0, -252, -4]
    assert loihi.quantise_weights([-3, 5], exponent=2).tolist() == [-16, 16]
    assert loihi.quantise_weights([-6, 6], exponent=-2).tolist() == [-2, 1]


def test_weights_beyond_the_range():
    with pytest.raises(ValueError, match="w must be from -256 to 255, got 256"):
        loihi.quantise_weights([256])
    with pytest.raises(ValueError, match="w must be from -255 to 255, got -256"):
        loihi.quantise_weights([-256], mixed=False)
    assert loihi.quantise_weights([-300, 300], out_of_range="clip").tolist() == [-256, 254]
    assert loihi.quantise_weights([-300], mixed=False, out_of_range="clip").tolist() == [-255]
    assert loihi.quantise_weights([256, -258, 511], out_of_range="wrap").tolist() == [-256, 254, -2]
    assert loihi.quantise_weights([256, 300], mixed=False, out_of_range="wrap").tolist() == [0, 44]


@given(st.integers(-256, 255), st.integers(1, 8))
def test_weight_is_the_next_lower_multiple(w, bits):
    """(w >> n) << n is w less its remainder by 2**n."""
    step = 2 ** (9 - bits)
    assert loihi.quantise_weights(w, bits) == w - w % step


def test_dense_connection_is_one_step_late_and_shifts_the_sum():
    """By hand: 3 - 6 = -3, shifted right once and rounded down -2; one by one they would give 1 - 3 = -2 and 1 + 1 = 2."""
    spikes = [[1, 1, 0], [1, 0, 1], [0, 0, 0]]
    assert loihi.dense_input([[3, -6, 3]], spikes, exponent=-1).tolist() == [[0], [-2], [3]]
    assert loihi.dense_input([[3, -6, 3], [2, 0, 0]], spikes, exponent=1).tolist() == [[0, 0], [-6, 4], [12, 4]]
    with pytest.raises(ValueError, match=r"weights and spikes must have the shapes .*, got \(1, 2\) and \(3, 3\)"):
        loihi.dense_input([[1, 2]], spikes)


# Rest

@pytest.mark.parametrize("dv", [1, 3, 200, 1024, 4095])
@pytest.mark.parametrize("bias", [-4095, -7, -1, 0, 1, 2, 50])
def test_rest_is_where_the_neuron_comes_to_rest(bias, dv):
    """The simulation itself, from 0, from both ends of the word and from inside, until nothing moves for a step."""
    steps = min(40_000, 5 + 14 * 4096 // dv)
    low, high = loihi.dead_zone(bias, dv)
    starts = [0, 4000 * (1 if bias > 0 else -1) * 4096 // dv, (low + high) // 2, low - 1, high + 1, -500, 500]
    starts = np.clip(starts, -RAIL, RAIL)
    run = loihi.simulate(np.zeros((steps, len(starts)), int), 4095, dv, 131071, bias, 0, 0, starts)
    rest = loihi.steady_state(bias, dv, starts)
    settled = run.v[-1] == run.v[-2]
    assert settled[[0, 2, 3, 4]].all()
    np.testing.assert_array_equal(run.v[-1][settled], rest[settled])
    if bias > 0:
        assert rest[0] == ((bias - 1) * 4096) // dv + 1 == low
    assert rest[0] == -loihi.steady_state(-bias, dv)


def test_dead_zone_by_hand():
    """dv = 1 takes one word of every 4096 begun: with a bias of 1 every v from 1 to 4096 stays."""
    assert loihi.dead_zone(1, 1) == (1, 4096) and loihi.dead_zone(-1, 1) == (-4096, -1)
    assert loihi.steady_state(1, 1) == 1 and loihi.steady_state(1, 1, 5000) == 4096 and loihi.steady_state(1, 1, -9) == 1
    assert loihi.real_steady_state(1, 1) == 4096.0
    assert loihi.dead_zone(0, 7) == (0, 0)
    assert loihi.steady_state(524160, 1) == RAIL and loihi.steady_state(-524288, 1) == -RAIL
    # Its width is the number of multiples of dv/4096 between two whole numbers: 4096/dv, rounded down or up.
    low, high = loihi.dead_zone(np.arange(1, 200)[:, None], np.arange(1, 4096))
    width = np.where(low < RAIL, high - low + 1, 0)
    assert np.all((width == 0) | (high == RAIL) | (width >= 4096 // np.arange(1, 4096)) & (width <= -(-4096 // np.arange(1, 4096))))


def test_time_constant():
    """A real potential that loses dv/4096 in each step falls to 1/e after -1 / ln(1 - dv/4096) of them."""
    assert loihi.time_constant(200) == pytest.approx(-1.0 / math.log(1.0 - 200 / 4096), rel=1e-15)
    assert loihi.time_constant([1, 4095], 0.1) == pytest.approx([-0.1 / math.log1p(-1 / 4096), 0.1 / math.log(4096)], rel=1e-15)


# A neuron in physical units

@pytest.mark.parametrize("dt", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("tau_m", [5.0, 20.0, 50.0])
def test_decay_is_the_nearest(tau_m, dt):
    machine = hardware.realise(n.replace(tau_m=tau_m), "loihi", dt=dt)
    assert machine.tau_m == pytest.approx(-dt / math.log(1.0 - machine.dv / 4096.0), rel=1e-14)
    others = -dt / np.log1p(-np.arange(1, 4096) / 4096.0)
    assert abs(machine.errors["tau_m"]) == pytest.approx(np.min(abs(others - tau_m)), abs=1e-12)
    assert machine.t_ref == pytest.approx(2.0)


def test_words_use_the_range():
    """With little current the threshold takes its whole register; with more the bias or the potential is the limit."""
    assert hardware.realise(n, "loihi", largest_current=0.05).vth == 131071
    machine = hardware.realise(n, "loihi")
    words = machine.parameters
    assert machine.scale * (1.0 + 1.0 / machine.vth) * 105.0 > RAIL - 128.0 * 4096.0 / machine.dv
    assert words["du"] == 4095 and words["dv"] == 200 and words["t_ref"] == 2
    assert machine.resolution == 1.0 / machine.scale
    assert machine.dynamic_range == pytest.approx((-65.0 - RAIL / machine.scale, -65.0 + RAIL / machine.scale))
    # The largest current fits, from either side.
    for I in (1.0, -1.0):
        machine.respond(I, 10.0)
        machine.respond(np.array([0.0, I]))


def test_threshold_and_rest():
    """64 vth stands for V_th; one word more fires, and a neuron without input stays where it is."""
    machine = hardware.realise(n, "loihi")
    assert 64 * machine.vth / machine.scale == pytest.approx(15.0, rel=1e-15)
    assert machine.errors["V_th"] == machine.resolution
    quiet = machine.respond(0.0, 1000.0)
    assert np.ptp(quiet.V) == 0.0 and quiet.spike_times.size == 0
    assert quiet.V[0] - n.E_L == pytest.approx(machine.errors["E_L"], abs=1e-12)


@pytest.mark.parametrize("neuron", [n, LIF(tau_m=10.0, R=250.0, V_th=-45.0, V_reset=-75.0), LIF(tau_m=45.0, t_ref=0.0)])
def test_rheobase(neuron):
    """The simulation: the bias that the stated rheobase stands for fires, the next lower one does not in 40 time constants."""
    machine = hardware.realise(neuron, "loihi")
    current = rheobase(neuron) + machine.errors["rheobase"]
    mantissa, exponent = loihi.bias_words(machine._drive(current))
    below = ((mantissa - 1 << exponent) / machine._drive(0.0) - 1.0) * (neuron.E_L - neuron.V_reset) / neuron.R
    duration = round(40.0 * neuron.tau_m)
    assert machine.respond(current, duration).spike_times.size > 0
    assert machine.respond(below, duration).spike_times.size == 0


def deviations(machine, exponents):
    """How far v may stray from a real number with the same dv, in mV.

    Each step rounds by less than 1 and its bias by half a unit; what strays is forgotten at the rate dv/4096. The start rests
    in a dead zone of as much, and v0 is rounded once more.
    """
    memory = 4096.0 / machine.dv
    return (sum((1.0 + 0.5 * 2**exponent) * memory for exponent in exponents) + 0.5) / machine.scale


@pytest.mark.parametrize("dt", [1.0, 0.1])
@pytest.mark.parametrize("I", [0.15, 0.05, -0.4])
def test_response_below_rheobase(I, dt):
    """The exact solution; time constants that differ by a factor f part by at most ln(f)/e of the swing."""
    machine, exact = hardware.realise(n, "loihi", dt=dt), hardware.realise(n, "processor", dt=dt)
    exponents = [loihi.bias_words(machine._drive(current))[1] for current in (I, 0.0)]
    bound = deviations(machine, exponents) + abs(n.R * I * math.log(machine.tau_m / n.tau_m)) / math.e
    found = machine.respond(I, 300.0)
    assert np.max(abs(found.V - exact.respond(I, 300.0).V)) < bound
    assert found.t[0] == dt and found.spike_times.size == 0


def test_response_to_a_changing_current():
    """The exact solution. Synaptic input is held to within half a unit of 64 in its running sum, so v strays by a unit at most."""
    I = 0.15 * np.sin(np.arange(3000) * 0.01) + 0.02
    for dt in (1.0, 0.1):
        machine, exact = hardware.realise(n, "loihi", dt=dt), hardware.realise(n, "processor", dt=dt)
        exponent = machine.parameters["bias_exp"]
        # Kernels of unit area whose time constants differ by a factor f differ by 2 ln(f)/e in area.
        bound = deviations(machine, [exponent, exponent]) + 64.0 / machine.scale + (
            n.R * 0.17 * 2.0 * abs(math.log(machine.tau_m / n.tau_m)) / math.e)
        assert np.max(abs(machine.respond(I).V - exact.respond(I).V)) < bound


@pytest.mark.parametrize("dt", [1.0, 0.1])
def test_decay_word_is_the_nearest(dt):
    """All 4095 words tried."""
    tried = -dt / np.log1p(-np.arange(1, 4096) / 4096.0)
    for tau in dt * np.geomspace(0.2, 5000.0, 60):
        assert loihi.decay_word(tau, dt) == 1 + np.argmin(abs(tried - tau))
    assert np.array_equal(loihi.decay_word([5.0, 20.0], 1.0), [742, 200])


def test_response_through_a_synapse():
    """Two exact filters in floats, one after the other, with the realised time constants."""
    dt, I = 1.0, np.repeat([0.3, 0.1, 0.5, 0.2], 75)
    machine = hardware.realise(n, "loihi", dt=dt, tau_syn=5.0)
    assert machine.parameters["du"] == 741
    assert machine.errors["tau_syn"] == pytest.approx(-1.0 / math.log1p(-742 / 4096) - 5.0, abs=1e-12)
    u, V, wait, potentials, spikes = 0.0, n.E_L, 0, [], []
    for k, current in enumerate(I):
        u += (742 / 4096) * (current - u)
        V = n.V_reset if wait else V + (200 / 4096) * (n.E_L + n.R * u - V)
        wait = max(wait - 1, 0)
        if V > n.V_th:
            spikes.append(k + 1.0)
            V, wait = n.V_reset, 2
        potentials.append(V)
    found = machine.respond(I)
    assert np.array_equal(found.spike_times, spikes)
    # Half a unit of 64 in the input's running sum, and what the rounding of v takes.
    assert np.max(abs(found.V - potentials)) < deviations(machine, [machine.parameters["bias_exp"]] * 2) + 64.0 / machine.scale


@pytest.mark.parametrize("dt", [1.0, 0.1])
@pytest.mark.parametrize("I", [0.25, 0.6, 1.0])
def test_spikes(I, dt):
    """Intervals of a clock: the closed form at the realised tau_m with V_th displaced by what v may stray, then the step's end."""
    machine = hardware.realise(n, "loihi", dt=dt)
    stray = deviations(machine, [loihi.bias_words(machine._drive(I))[1]]) + machine.resolution
    steady = n.E_L + n.R * I

    def passage(V, V_th):
        return machine.tau_m * math.log((steady - V) / (steady - V_th))

    spikes = machine.respond(I, 400.0).spike_times
    for start, waits in ((n.V_reset, np.diff(spikes) - machine.t_ref), (n.E_L, spikes[:1])):
        assert np.all(waits > passage(start, n.V_th - stray) - 1e-9)
        assert np.all(waits < passage(start, n.V_th + stray) + dt + 1e-9)
    assert np.allclose(spikes / dt, np.round(spikes / dt), atol=1e-9)


# Bad input

@pytest.mark.parametrize("name, lowest, highest", [
    ("du", 0, 4095), ("dv", 0, 4095), ("vth", 0, 131071), ("bias_mant", -4096, 4095), ("bias_exp", 0, 7),
    ("u0", -(2**23) + 1, 2**23), ("v0", -RAIL, RAIL), ("a_in", -(2**18), 2**18), ("t_ref", 0, 62)])
def test_a_word_out_of_range_is_refused(name, lowest, highest):
    registers = dict(a_in=[[0]], du=0, dv=0, vth=100, bias_mant=0, bias_exp=0, u0=0, v0=0)
    for value in (lowest, highest):
        loihi.simulate(**registers | {name: [[value]] if name == "a_in" else value})
    for value in (lowest - 1, highest + 1):
        with pytest.raises(ValueError, match=f"{name} must be from {lowest} to {highest}, got {value}"):
            loihi.simulate(**registers | {name: [[value]] if name == "a_in" else value})
    with pytest.raises(TypeError, match=f"{name} must be a whole number or an array of whole numbers, got 0.5"):
        loihi.simulate(**registers | {name: np.array([[0.5]])})
    loihi.simulate(**registers | {name: np.full((1, 1) if name == "a_in" else (), float(highest))})


@pytest.mark.parametrize("call, kind, message", [
    (lambda: one([0], overflow="wrap"), ValueError, "overflow must be one of 'lava', 'twos_complement', got 'wrap'"),
    (lambda: one([0], u0=2**23, overflow="twos_complement"), ValueError, "u0 must be from -8388608 to 8388607, got 8388608"),
    (lambda: loihi.simulate(0, 0, 0, 0, 0, 0, 0, 0), ValueError, "a_in must have the shape (steps, neurons) or (steps,)"),
    (lambda: loihi.simulate(np.zeros((3, 2)), 0, [1, 2, 3], 0, 0, 0, 0, 0), ValueError,
     "dv must be a number or have one value for each of 2 neurons, got shape (3,)"),
    (lambda: one([0], t_ref=[1, 2]), ValueError, "t_ref must be one number for all neurons"),
    (lambda: one(["a"]), TypeError, "a_in must be a whole number"),
    (lambda: one([2**70]), ValueError, "a_in must be from -262144 to 262144"),
    (lambda: loihi.quantise_weights([1], bits=9), ValueError, "bits must be from 1 to 8, got 9"),
    (lambda: loihi.quantise_weights([1], exponent=8), ValueError, "exponent must be from -8 to 7, got 8"),
    (lambda: loihi.quantise_weights([1, -1], mixed=False), ValueError, "w must be of one sign where mixed=False, got 1 and -1"),
    (lambda: loihi.quantise_weights([1], out_of_range="no"), ValueError, "out_of_range must be one of 'refuse', 'clip', 'wrap'"),
    (lambda: loihi.quantise_weights([0.5]), TypeError, "w must be a whole number"),
    (lambda: loihi.steady_state(1, 0), ValueError, "dv must be from 1 to 4095, got 0"),
    (lambda: loihi.steady_state(524161, 1), ValueError, "bias must be from -524288 to 524160, got 524161"),
    (lambda: loihi.bias_words(524225), ValueError, "bias_mant must be from -4096 to 4095, got 4096"),
    (lambda: loihi.quantise_weights(2.0**63, out_of_range="clip"), ValueError, "w must be from -9223372036854775808"),
    (lambda: loihi.steady_state(1, np.float16("inf")), TypeError, "dv must be a whole number or an array of whole numbers, got inf"),
    (lambda: loihi.quantise_weights(1, out_of_range=["clip"]), ValueError, "out_of_range must be one of"),
    (lambda: hardware.realise(n, "loihi", tau_syn=1e4), ValueError, "du + 1 must be from 1 to 4095, got 0: tau_syn = 10000 ms is too long"),
    (lambda: hardware.realise(n, "loihi", tau_syn=0.0), ValueError, "tau_syn must be finite and greater than 0 ms, got 0 ms"),
    (lambda: loihi.decay_word([1.0, 1e4]), ValueError, "the decay must be from 1 to 4095, got 0: tau = 10000 ms is too long"),
    (lambda: hardware.realise(n.replace(tau_m=1e4), "loihi"), ValueError, "dv must be from 1 to 4095, got 0: tau_m = 10000 ms is too long"),
    (lambda: hardware.realise(n.replace(tau_m=0.1), "loihi"), ValueError, "dv must be from 1 to 4095, got 4096: tau_m = 0.1 ms is too short"),
    (lambda: hardware.realise(n, "loihi", dt=0.01), ValueError, "t_ref must be from 0 to 62, got 200"),
    (lambda: hardware.realise(n, "loihi", largest_current=1e7), ValueError, "vth must be from 1 to 131071, got 0"),
    (lambda: hardware.realise(n, "loihi", largest_current=0.0), ValueError, "largest_current must be finite and greater than 0 nA"),
    (lambda: hardware.realise(n, "loihi", overflow="wrap"), ValueError, "overflow must be one of"),
    (lambda: hardware.realise(n, "loihi").respond(2.0, 10.0), ValueError, "bias_mant must be from -4096 to 4095"),
    (lambda: hardware.realise(n, "loihi").respond([0.0, 10.0]), ValueError, "a_in must be from -32767 to 32767"),
    (lambda: hardware.realise(n, "loihi").respond([0.0, 1e50]), ValueError, "a_in must be from -32767 to 32767"),
    (lambda: hardware.realise(n, "loihi").respond([0.0, -1.2]), ValueError, "nA, got -1.2 nA: v would saturate at -8388607"),
])
def test_a_bad_argument_is_named(call, kind, message):
    with pytest.raises(kind) as error:
        call()
    assert message in str(error.value)
