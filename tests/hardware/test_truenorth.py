"""TrueNorth's neuron against a table, against plain Python integers, and against what can be counted by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifcore import LIF, hardware, rheobase
from lifcore.hardware import truenorth
from lifcore.kernels import build_wasm
from lifcore.kernels import truenorth as kernels
from wasm_host import WasmtimeHost, numba_call

VECTORS = dict(np.load(Path(__file__).parents[1] / "reference" / "hardware" / "truenorth_cassidy2013.npz"))
ARGUMENTS = "A w G s b eps lam c alpha beta M gamma kappa R V0 rho_s rho_l rho_t".split()
LOW, HIGH = -(2**19), 2**19 - 1
n = LIF()


def arguments(A=((0,),), **changes):
    """One neuron with one synapse of weight 1, no leak, a threshold of 100, floor at -50, reset to 0."""
    A = np.array(A)
    plain = dict(
        A=A, w=np.ones(A.shape[1], int), G=np.zeros(A.shape[1], int), s=[1, 0, 0, 0], b=[0, 0, 0, 0], eps=0, lam=0, c=0,
        alpha=100, beta=50, M=0, gamma=0, kappa=1, R=0, V0=0, rho_s=np.zeros(A.shape, int), rho_l=np.zeros(len(A), int),
        rho_t=np.zeros(len(A), int))
    return plain | changes


def ticks(A=((0,),), **changes):
    overflow = changes.pop("overflow", "saturate")
    run = truenorth.simulate(**arguments(A, **changes), overflow=overflow)
    return run.V.tolist(), run.spikes.tolist()


# The model

@pytest.mark.parametrize("k", range(len(VECTORS["names"])), ids=list(VECTORS["names"]))
def test_no_mismatch_with_the_table(k):
    """Written from the paper by somebody else, with saturation after synapses, leak and reset."""
    run = truenorth.simulate(*(VECTORS[name][k] for name in ARGUMENTS))
    np.testing.assert_array_equal(run.V, VECTORS["V"][k])
    np.testing.assert_array_equal(run.spikes, VECTORS["S"][k])
    assert run.spikes.dtype == bool and run.V.dtype == np.int64


def plain(p, overflow):
    """The equations in Python's integers, which have no last bit."""
    def sgn(x):
        return (x > 0) - (x < 0)

    def word(x):
        if overflow == "saturate":
            return max(LOW, min(HIGH, x))
        return (x - LOW) % 2**20 + LOW

    V, Vs, spikes = p["V0"], [], []
    for t in range(len(p["A"])):
        for i, spike in enumerate(p["A"][t]):
            kind = p["G"][i]
            s, b = p["s"][kind], p["b"][kind]
            V += spike * p["w"][i] * ((1 - b) * s + b * (abs(s) >= p["rho_s"][t][i]) * sgn(s))
        V = word(V)
        lam, c = p["lam"], p["c"]
        omega = (1 - p["eps"]) + p["eps"] * sgn(V)
        V = word(V + omega * ((1 - c) * lam + c * (abs(lam) >= p["rho_l"][t]) * sgn(lam)))
        eta = p["rho_t"][t] & p["M"]
        above = V >= p["alpha"] + eta
        if above:
            V = (p["R"], V - (p["alpha"] + eta), V)[p["gamma"]]
        elif V < -(p["kappa"] * p["beta"] + (1 - p["kappa"]) * (p["beta"] + eta)):
            V = -p["beta"] if p["kappa"] else (-p["R"], V + p["beta"] + eta, V)[p["gamma"]]
        V = word(V)
        Vs.append(V)
        spikes.append(above)
    return Vs, spikes


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(["saturate", "wrap"]))
def test_plain_integers(data, overflow):
    """Random registers, half of them at the ends of the word."""
    steps, axons = data.draw(st.integers(1, 25)), data.draw(st.integers(0, 6))

    def table(lowest, highest, *shape):
        seed = data.draw(st.integers(0, 2**32 - 1))
        return np.random.default_rng(seed).integers(lowest, highest + 1, shape).tolist()

    near = st.one_of(st.integers(LOW, LOW + 600), st.integers(HIGH - 600, HIGH), st.integers(-600, 600))
    small = st.one_of(st.integers(0, 300), st.integers(0, 2**18 - 1))
    p = dict(
        A=table(0, 1, steps, axons), w=table(0, 1, axons), G=table(0, 3, axons), s=table(-256, 255, 4), b=table(0, 1, 4),
        eps=data.draw(st.integers(0, 1)), lam=data.draw(st.integers(-256, 255)), c=data.draw(st.integers(0, 1)),
        alpha=data.draw(small), beta=data.draw(small), M=data.draw(small), gamma=data.draw(st.integers(0, 2)),
        kappa=data.draw(st.integers(0, 1)), R=data.draw(near), V0=data.draw(near), rho_s=table(0, 255, steps, axons),
        rho_l=table(0, 255, steps), rho_t=table(0, 2**17 - 1, steps))
    run = truenorth.simulate(*(np.array(p[name], int) if np.ndim(p[name]) else p[name] for name in ARGUMENTS), overflow=overflow)
    assert (run.V.tolist(), run.spikes.tolist()) == plain(p, overflow)


def test_threshold_is_reached_and_not_passed():
    """By hand: 99 is silent, 100 fires."""
    assert ticks(V0=99) == ([99], [False])
    assert ticks(V0=100) == ([0], [True])


@pytest.mark.parametrize("gamma, kappa, above, below", [
    (0, 1, 7, -50), (1, 1, 20, -50), (2, 1, 120, -50), (0, 0, 7, -7), (1, 0, 20, -10), (2, 0, 120, -60)])
def test_six_reset_modes(gamma, kappa, above, below):
    """By hand, R = 7: from 120 over the threshold of 100, and from -60 under that of -50."""
    modes = dict(gamma=gamma, kappa=kappa, R=7)
    assert ticks(V0=120, **modes) == ([above], [True])
    assert ticks(V0=-60, **modes) == ([below], [False])
    assert ticks(V0=-50, **modes) == ([-50], [False])


def test_synapses_by_hand():
    """Axons of four types; the third has no synapse: 5 - 3 + 10 = 12."""
    A = [[1, 1, 1, 1], [0, 1, 0, 0]]
    assert ticks(A, w=[1, 1, 0, 1], G=[0, 1, 2, 3], s=[5, -3, 200, 10])[0] == [12, 9]


def test_leak_by_hand():
    """A leak of -30 is a drift downwards; where it reverses, it pulls towards 0, jumps over it, and rests at 0 only."""
    still = np.zeros((4, 1), int)
    assert ticks(still, V0=50, lam=-30)[0] == [20, -10, -40, -50]
    assert ticks(still, V0=50, lam=-30, eps=1)[0] == [20, -10, 20, -10]
    assert ticks(still, V0=-60, lam=-30, eps=1, beta=100)[0] == [-30, 0, 0, 0]
    # A positive one drives away from 0.
    assert ticks(still, V0=-10, lam=4, eps=1)[0] == [-14, -18, -22, -26]


def test_random_numbers_decide():
    """By hand: a weight of -100 counts as -1 if 100 >= rho; a leak of 60 as 1; 17 bits of rho_t through M = 6."""
    A = np.ones((3, 1), int)
    assert ticks(A, s=[-100, 0, 0, 0], b=[1, 0, 0, 0], rho_s=[[100], [101], [0]])[0] == [-1, -1, -2]
    assert ticks(A, s=[0, 0, 0, 0], b=[1, 0, 0, 0])[0] == [0, 0, 0]
    assert ticks(A * 0, lam=60, c=1, rho_l=[60, 61, 255])[0] == [1, 1, 1]
    assert ticks(A * 0, V0=104, M=6, rho_t=[0b1101, 0b1110, 0b1010], gamma=2)[1] == [True, False, True]
    # eta lowers the negative threshold only where V does not stop at it.
    assert ticks(V0=-53, M=6, rho_t=[4], kappa=0, R=9)[0] == [-53]
    assert ticks(V0=-53, M=6, rho_t=[4])[0] == [-50]


def test_stochastic_synapse_is_a_chance():
    """Of the 256 random numbers, abs(s) + 1 are not above abs(s): a mean of 64/256 for a weight of 63."""
    A = np.ones((256, 1), int)
    V = ticks(A, s=[63, 0, 0, 0], b=[1, 0, 0, 0], rho_s=np.random.default_rng(0).permutation(256)[:, None])[0]
    assert V[-1] == 64


def test_strong_inhibition_at_the_rail():
    """By hand: 20 axons of -256 lower V by 5120 a tick.

    From -520,000 that is -525,120, beyond -524,288: it comes in again at 523,456, which is above any threshold.
    """
    A = np.ones((2, 20), int)
    strong = dict(s=[-256, 0, 0, 0], V0=-520_000, gamma=1, kappa=0, beta=0, alpha=200_000)
    assert ticks(A, **strong) == ([LOW, LOW], [False, False])
    assert ticks(A, **strong, overflow="wrap") == ([323_456, 118_336], [True, True])
    # A floor at -beta keeps V away from the rail, whatever the rail does.
    floor = strong | dict(kappa=1, beta=1000)
    assert ticks(A, **floor | dict(V0=0), overflow="wrap") == ticks(A, **floor | dict(V0=0)) == ([-1000, -1000], [False, False])


def test_each_place_saturates():
    """By hand: after the synapses (so that the leak starts from the rail), after the leak, and after the reset."""
    far = dict(beta=2**18 - 1, kappa=0, gamma=2, alpha=2**18 - 1)
    assert ticks([[1]], s=[255, 0, 0, 0], V0=HIGH, lam=-5, **far)[0] == [HIGH - 5]
    assert ticks([[1]], s=[255, 0, 0, 0], V0=HIGH, lam=-5, overflow="wrap", **far)[0] == [LOW + 249]
    assert ticks(V0=HIGH, lam=5, **far)[0] == [HIGH]
    assert ticks(V0=HIGH, lam=5, overflow="wrap", **far)[0] == [LOW + 4]
    # -R of the lowest R has no place in the word.
    assert ticks(V0=-60, R=LOW, kappa=0)[0] == [HIGH]
    assert ticks(V0=-60, R=LOW, kappa=0, overflow="wrap")[0] == [LOW]


def test_several_neurons():
    """Each neuron alone gives what it gives beside the others, on the same axons and random numbers."""
    k = 3
    shared = {name: VECTORS[name][k] for name in ARGUMENTS}
    rng = np.random.default_rng(1)
    own = dict(
        w=rng.integers(0, 2, (5, 16)), s=rng.integers(-256, 256, (5, 4)), alpha=rng.integers(1, 900, 5), V0=rng.integers(-9, 9, 5))
    together = truenorth.simulate(**shared | own)
    assert together.V.shape == together.spikes.shape == (500, 5) and together.spikes.any()
    for i in range(5):
        alone = truenorth.simulate(**shared | {name: value[i] for name, value in own.items()})
        np.testing.assert_array_equal(alone.V, together.V[:, i])
        np.testing.assert_array_equal(alone.spikes, together.spikes[:, i])


def test_page_computes_the_same():
    host = WasmtimeHost(build_wasm([kernels.truenorth_ticks, kernels.truenorth_neurons]))
    for k, wraps in ((4, False), (12, True), (9, True)):
        p = {name: VECTORS[name][k] for name in ARGUMENTS}
        small = {name: np.ascontiguousarray(p[name], np.uint8) for name in ("w", "G", "b", "rho_s", "rho_l")}
        ticks_of, active = np.nonzero(p["A"])
        axons = [active.astype(np.int32), np.searchsorted(ticks_of, np.arange(501))]
        scalars = [int(p[name]) for name in ("eps", "lam", "c", "alpha", "beta", "M", "gamma", "kappa", "R", "V0")]
        records = [np.zeros(500, np.int32), np.zeros(500, np.bool_)]
        rest = [small["rho_s"], small["rho_l"], p["rho_t"].astype(np.int32), wraps]
        call = [*axons, small["w"], small["G"], p["s"].astype(np.int32), small["b"], *scalars, *rest, *records]
        assert numba_call(kernels.truenorth_ticks, call) == host.call("truenorth_ticks", call)
        call = [*axons, small["w"][None], small["G"], p["s"].astype(np.int32)[None], small["b"][None],
                np.array([scalars], np.int32), *rest, *(record[None] for record in records)]
        assert numba_call(kernels.truenorth_neurons, call)[1] == host.call("truenorth_neurons", call)[1]


# A neuron in physical units

def test_words_of_the_default_neuron():
    """By hand: 20 mV in 20 ticks at 255 words a tick are 5100 words, 255 of them a mV."""
    machine = hardware.realise(n, "truenorth")
    words = machine.parameters
    assert (words["alpha"], words["lam"], words["R"], words["V0"], words["eps"]) == (5100, -255, 1275, 0, 1)
    assert machine.scale == 255.0 and machine.resolution == 1 / 255 and machine.leak == "linear"
    assert machine.tau_m == 20.0 and machine.t_ref == 0.0
    assert machine.errors == {"tau_m": 0.0, "t_ref": -2.0, "V_th": 0.0, "V_reset": 0.0, "rheobase": 0.0}
    assert machine.dynamic_range == pytest.approx((-70.0 - (2**18 - 1) / 255, -70.0 + HIGH / 255))


@pytest.mark.parametrize("neuron, dt", [
    (n, 1.0), (n, 0.1), (LIF(tau_m=13.37, R=80.0, V_reset=-90.0), 1.0), (LIF(tau_m=400.0, V_reset=-70.0), 0.3),
    (LIF(tau_m=20.0, V_th=-69.0, V_reset=-250.0), 1.0)])
def test_words_fit_and_errors_are_what_results(neuron, dt):
    """The rheobase is where a tick's charge equals the leak: lam tau_m/(scale R dt)."""
    machine = hardware.realise(neuron, "truenorth", dt=dt)
    words = machine.parameters
    assert -255 <= words["lam"] < 0 < words["alpha"] < 2**18 and LOW <= words["R"] <= HIGH
    assert words["alpha"] == pytest.approx(-words["lam"] * neuron.tau_m / dt, abs=0.5)
    assert machine.tau_m == words["alpha"] / -words["lam"] * dt
    limit = -words["lam"] * neuron.tau_m / (machine.scale * neuron.R * dt)
    assert machine.errors["rheobase"] == pytest.approx(limit - rheobase(neuron), abs=1e-12)
    assert abs(machine.errors["V_reset"]) <= 0.5 / machine.scale + 1e-12
    # Just above, the charge of many ticks gains on the leak; at the limit it never does.
    for factor, fires in ((1.01, True), (0.99, False)):
        duration = dt * round(150.0 * neuron.tau_m / dt)
        assert (machine.respond(factor * limit, duration).spike_times.size > 0) == fires


@pytest.mark.parametrize("I", [0.25, 0.45, 1.0])
def test_interval_of_the_linear_leak(I):
    """Closed form: (V_th - V_reset) at a slope of R (I - I_rh)/tau_m, to the tick; charge left over shifts a spike by less than a word."""
    machine = hardware.realise(n, "truenorth")
    spikes = machine.respond(I, 3000.0).spike_times
    interval = (n.V_th - n.V_reset) * n.tau_m / (n.R * (I - 0.2))
    assert np.all(abs(np.diff(spikes) - interval) < 1.0 + n.tau_m / (machine.scale * n.R * (I - 0.2)))
    first = (n.V_th - n.E_L) * n.tau_m / (n.R * (I - 0.2))
    # The first tick starts at V = 0, where there is no leak yet but after the input.
    assert abs(spikes[0] - first) < 2.0


def test_charge_is_kept():
    """Without leak in the way: inhibition accumulates as the integral of the current, to within a word and the leak's swing."""
    machine = hardware.realise(n, "truenorth")
    I = -0.3 - 0.05 * np.sin(np.arange(200) * 0.3)
    V = machine.respond(I).V
    exact = n.E_L + np.cumsum(n.R * I / n.tau_m) + np.arange(1, 201) * 1.0
    assert np.max(abs(V - exact)) <= 1.0 / machine.scale + 1e-9


def test_long_runs_are_made_of_blocks():
    machine = hardware.realise(n, "truenorth")
    I = np.tile([0.3, 0.15, 0.7], 30_000)
    whole = machine.respond(I)
    part = machine.respond(I[: truenorth.BLOCK - 7])
    np.testing.assert_array_equal(whole.V[: part.V.size], part.V)
    assert whole.spike_times[-1] > truenorth.BLOCK


# Bad input

@pytest.mark.parametrize("name, lowest, highest", [
    ("eps", 0, 1), ("lam", -256, 255), ("c", 0, 1), ("alpha", 0, 2**18 - 1), ("beta", 0, 2**18 - 1), ("M", 0, 2**18 - 1),
    ("gamma", 0, 2), ("kappa", 0, 1), ("R", LOW, HIGH), ("V0", LOW, HIGH), ("A", 0, 1), ("w", 0, 1), ("G", 0, 3),
    ("s", -256, 255), ("b", 0, 1), ("rho_s", 0, 255), ("rho_l", 0, 255), ("rho_t", 0, 2**17 - 1)])
def test_a_word_out_of_range_is_refused(name, lowest, highest):
    def changed(value):
        given = arguments()
        shape = np.shape(given[name])
        return given | {name: np.full(shape, value) if shape else value}

    for value in (lowest, highest, float(highest)):
        truenorth.simulate(**changed(value))
    for value in (lowest - 1, highest + 1):
        with pytest.raises(ValueError, match=f"{name} must be from {lowest} to {highest}, got {value}"):
            truenorth.simulate(**changed(value))
    with pytest.raises(TypeError, match=f"{name} must be a whole number or an array of whole numbers, got 0.5"):
        truenorth.simulate(**changed(0.5))


@pytest.mark.parametrize("call, kind, message", [
    (lambda: ticks(overflow="lava"), ValueError, "overflow must be one of 'saturate', 'wrap', got 'lava'"),
    (lambda: ticks(G=[0, 1]), ValueError, "G must have the shape (1,), got (2,)"),
    (lambda: ticks(w=[1, 1]), ValueError, "w must have the shape (1,) or (any, 1), got (2,)"),
    (lambda: ticks(s=[1, 2, 3]), ValueError, "s must have the shape (4,), got (3,)"),
    (lambda: ticks(alpha=[1, 2]), ValueError, "alpha must have the shape (), got (2,)"),
    (lambda: ticks(w=[[1], [1]], alpha=[1, 2, 3]), ValueError, "alpha must have the shape () or (2,), got (3,)"),
    (lambda: ticks(rho_t=[0, 0]), ValueError, "rho_t must have the shape (1,), got (2,)"),
    (lambda: truenorth.simulate(**arguments() | {"A": [0]}), ValueError, "A must have the shape (any, any), got (1,)"),
    (lambda: ticks(lam="a"), TypeError, "lam must be a whole number"),
    (lambda: hardware.realise(n.replace(tau_m=1e6), "truenorth"), ValueError, "lam must be from -255 to -1, got 0"),
    (lambda: hardware.realise(n.replace(tau_m=1e-3), "truenorth"), ValueError, "alpha must be from 1 to 262143, got 0"),
    (lambda: hardware.realise(n, "truenorth").respond(2.0, 10.0), ValueError,
     "I must be from -1.4298 to 1.4298 nA, got 2 nA: the axons of A bring at most 1823 words a tick"),
    (lambda: hardware.realise(n, "truenorth").respond([0.0, -1e50]), ValueError, "the axons of A bring at most 1823 words a tick"),
])
def test_a_bad_argument_is_named(call, kind, message):
    with pytest.raises(kind) as error:
        call()
    assert message in str(error.value)


def test_a_reset_far_below_rest_stays_where_it_is():
    """The lower threshold would lift it on the next tick."""
    machine = hardware.realise(LIF(tau_m=1000.0, V_reset=-95.0, t_ref=0.0), "truenorth")
    assert -machine.parameters["beta"] <= machine.parameters["R"]
    found = machine.respond(0.5, 3000.0)
    after = np.flatnonzero(np.isclose(found.V, -95.0, atol=1e-3))
    assert after.size == found.spike_times.size > 0 and np.all(found.V >= machine.dynamic_range[0])


@pytest.mark.parametrize("axons", [0, 1, 7, 8, 9, 64])
def test_active_axons(axons):
    """NumPy's list of them."""
    A = np.random.default_rng(axons).random((50, axons)) < 0.2
    active, first = truenorth._active(A.astype(np.uint8))
    ticks, expected = np.nonzero(A)
    assert np.array_equal(active, expected) and np.array_equal(first, np.searchsorted(ticks, np.arange(51)))
