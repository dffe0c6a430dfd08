"""The neuron in floating point and by the explicit Euler method, against outside vectors, NumPy's float32 and closed forms."""

import json
import math
from pathlib import Path

import mpmath
import numpy as np
import pytest

from lifcore import LIF, simulate
from lifcore.hardware import floating_point, spinnaker
from lifcore.hardware.floating_point import euler_factor, euler_regime, euler_rheobase
from lifcore.kernels import build_wasm
from lifcore.kernels import spinnaker as kernels
from wasm_host import WasmtimeHost, numba_call

REFERENCE = Path(__file__).parents[1] / "reference/hardware"
VECTORS = dict(np.load(REFERENCE / "spinnaker_s1615.npz"))
DECAYS = json.loads((REFERENCE / "spinnaker_tau_euler.json").read_text())["euler_free_decay"]
ONE = 2**15
n = LIF()


def configuration(i):
    """Arguments of `floating_point.simulate` of one configuration of the vectors."""
    p = {name[2:]: float(VECTORS[name][i]) for name in VECTORS if name.startswith("p_")}
    return [
        VECTORS["w_exc"][i] / ONE, VECTORS["w_inh"][i] / ONE, p["tau_m"] / p["cm"], p["tau_m"], p["v_rest"], p["v_reset"],
        p["v_thresh"], p["i_offset"], p["tau_syn_E"], p["tau_syn_I"], p["tau_refrac"], p["v_init"], p["dt"]]


def cell(I, dt, steps, V0=-70.0, V_th=-50.0, **options):
    """The default neuron under a current, constant or one for each step."""
    quiet = np.zeros(steps)
    return floating_point.simulate(quiet, quiet, 100.0, 20.0, -70.0, -65.0, V_th, I, 5.0, 5.0, 2.0, V0, dt, **options)


@pytest.mark.parametrize("i", range(12), ids=[str(name) for name in VECTORS["names"]])
def test_outside_vectors(i):
    found = floating_point.simulate(*configuration(i))
    np.testing.assert_array_equal(found.spikes, VECTORS["spk_float64"][i])
    np.testing.assert_allclose(found.V, VECTORS["V_float64"][i], rtol=0, atol=1e-11)


@pytest.mark.parametrize("method", ["exact", "euler"])
@pytest.mark.parametrize("i", [0, 2, 5])
def test_every_operation_is_float32s(i, method):
    """The same steps in NumPy's own float32."""
    w_exc, w_inh, R, tau_m, V_rest, V_reset, V_th, I_offset, tau_e, tau_i, t_ref, V0, dt = configuration(i)
    f = np.float32

    def decay(tau):
        return f(math.exp(-dt / tau)) if method == "exact" else f(1.0 - dt / tau)

    def mean(tau):
        return f(-math.expm1(-dt / tau) / (dt / tau)) if method == "exact" else f(1.0)

    V, I_exc, I_inh, wait, values, fired = f(V0), f(0), f(0), 0, [], []
    for w, u in zip(w_exc.astype(f), w_inh.astype(f), strict=True):
        I_exc, I_inh = I_exc + w * mean(tau_e), I_inh + u * mean(tau_i)
        spike = False
        if wait:
            wait -= 1
        else:
            alpha = (I_exc - I_inh + f(I_offset)) * f(R) + f(V_rest)
            V = alpha - decay(tau_m) * (alpha - V)
            spike = bool(V >= f(V_th))
            if spike:
                V, wait = f(V_reset), math.ceil(t_ref / dt - 1e-9)
        I_exc, I_inh = I_exc * decay(tau_e), I_inh * decay(tau_i)
        values.append((V, I_exc, I_inh))
        fired.append(spike)
    assert type(V) is f
    found = floating_point.simulate(*configuration(i), precision="float32", method=method)
    assert found.spikes.tolist() == fired
    np.testing.assert_array_equal(np.column_stack([found.V, found.I_exc, found.I_inh]), np.array(values, np.float64))


def test_exact_step_is_the_closed_form():
    """V = E_L + R I (1 - exp(-t / tau_m)) at the end of each step, with 30 digits, for steps up to 100 tau_m."""
    for dt in (0.1, 20.0, 2000.0):
        V = cell(0.15, dt, 50).V
        with mpmath.workdps(30):
            exact = [float(-70 + 15 * (1 - mpmath.exp(-k * mpmath.mpf(dt) / 20))) for k in range(1, 51)]
        np.testing.assert_allclose(V, exact, rtol=0, atol=1e-12)


# Explicit Euler

@pytest.mark.parametrize("row", DECAYS, ids=lambda row: str(row["dt_over_tau"]))
def test_free_decay_by_euler(row):
    """The table of powers, and the closed form V_inf + (1 - dt / tau)**k (V_0 - V_inf) around another steady state."""
    h = row["dt_over_tau"]
    quiet = np.zeros(len(row["v"]) - 1)
    zero = floating_point.simulate(quiet, quiet, 1.0, 1.0, 0.0, -1.0, np.inf, 0.0, 1.0, 1.0, 0.0, 1.0, h, method="euler")
    np.testing.assert_allclose(zero.V, row["v"][1:], rtol=1e-14)
    assert euler_factor(h, 1.0) == row["factor"]
    V = cell(0.1, h * 20.0, 40, V0=-55.0, V_th=np.inf, method="euler").V
    np.testing.assert_allclose(V, -60.0 + 5.0 * (1.0 - h) ** np.arange(1, 41), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("h, name", [
    (0.5, "monotone"), (1.0, "deadbeat"), (1.5, "ringing"), (2.0, "marginal"), (2.1, "explosion")])
def test_regimes_by_what_the_potential_does(h, name):
    """Each regime as its definition says, seen in forty steps of a cell that starts 5 mV above its steady state."""
    distance = np.concatenate([[5.0], cell(0.1, h * 20.0, 40, V0=-55.0, V_th=np.inf, method="euler").V + 60.0])
    turns, size = distance[1:] * distance[:-1] < -1e-12, np.abs(distance)
    seen = {
        "monotone": not turns.any() and np.all(size[1:] < size[:-1]), "deadbeat": np.all(size[1:] == 0.0),
        "ringing": turns.any() and size[-1] < 1e-6 * size[0], "marginal": turns.all() and np.all(size == size[0]),
        "explosion": turns.all() and size[-1] > 10.0 * size[0]}
    assert [key for key, holds in seen.items() if holds] == [name] == [euler_regime(h * 20.0, 20.0)]


def test_errors_shrink_with_the_step():
    """At t = 20 ms: Euler's by half with half the step (order 1, factor dt / 2 tau_m of the slope), the exact step's not at all."""
    with mpmath.workdps(30):
        exact = float(-70 + 15 * (1 - mpmath.exp(-1)))
    errors = {method: [cell(0.15, dt, round(20.0 / dt), method=method).V[-1] - exact for dt in (1.0, 0.5, 0.25, 0.125)]
              for method in ("exact", "euler")}
    assert np.all(np.abs(errors["exact"]) < 1e-12)
    ratios = np.divide(errors["euler"][:-1], errors["euler"][1:])
    assert np.all(np.abs(ratios - 2.0) < 0.1) and abs(ratios[-1] - 2.0) < 0.01
    # (1 - h)**(1 / h) = exp(-1) (1 - h / 2 + ...).
    assert errors["euler"][-1] == pytest.approx(15.0 * math.exp(-1.0) * 0.125 / 40.0, rel=0.01)


def test_precision_decides_the_error():
    """Against float64: float32 errs by its half unit near 64 mV (4e-6 mV) a few times over, s16.15 by its time constant."""
    I = np.random.default_rng(3).uniform(0.0, 0.19, 2000)
    double, single = (cell(I, 0.1, 2000, precision=precision).V for precision in ("float64", "float32"))
    quiet = np.zeros(2000, int)
    words = spinnaker.simulate(
        quiet, quiet, 100 * ONE, spinnaker.decay_word(20.0, 0.1), -70 * ONE, -65 * ONE, -50 * ONE, np.round(I * ONE).astype(int),
        0, 0, 0, 0, 20, -70 * ONE).V / ONE
    assert 1e-7 < np.abs(single - double).max() < 200 * 4e-6
    assert np.abs(single - double).max() < np.abs(words - double).max() < 0.1


def test_euler_fires_where_no_neuron_does():
    """The rheobase falls to tau_m / dt of itself: just above it the first step reaches the threshold, just below none does."""
    for h in (0.5, 1.0, 1.25, 1.9, 2.0):
        lowest = 0.2 / max(1.0, h)
        assert euler_rheobase(n, 20.0 * h) == pytest.approx(lowest, rel=1e-14)
        assert cell(lowest * (1.0 + 1e-9) + 1e-9, 20.0 * h, 2000, method="euler").spikes.any() or h <= 1.0
        assert not cell(lowest * (1.0 - 1e-9), 20.0 * h, 2000, method="euler").spikes.any()
        assert not cell(lowest * (1.0 - 1e-9), 20.0 * h, 2000, method="exact").spikes.any()
    assert euler_rheobase(n, [10.0, 30.0, 50.0]) == pytest.approx([0.2, 0.4 / 3.0, 0.0])
    # Beyond 2 tau_m any current will do, after enough steps.
    assert cell(1e-6, 42.0, 300, method="euler").spikes.any()
    assert simulate(n, 0.18 * 100.0, duration=10_000.0).spike_times.size == 0


@pytest.mark.parametrize("V_reset", [-65.0, -72.0, -55.0])
@pytest.mark.parametrize("h", [0.5, 1.2, 1.5, 1.8])
def test_current_that_fires_eulers_neuron_again_and_again(h, V_reset):
    """Euler's steps taken here one by one, a little below the current and a little above."""
    cell = LIF(V_reset=V_reset)
    lowest = euler_rheobase(cell, h * cell.tau_m, repeated=True)

    def spikes(I):
        V, count = cell.E_L, 0
        for _ in range(3000):
            V += h * (cell.E_L + cell.R * I - V)
            if V >= cell.V_th:
                V, count = cell.V_reset, count + 1
        return count

    assert spikes(0.999 * lowest) <= 1 and spikes(1.001 * lowest) > 100



def test_an_explosion_ends_at_the_largest_number():
    """By the closed form 1.1**k exceeds 1.8e308 / 15 after some 7,420 steps, and 3.4e38 / 15 after 900."""
    for precision, largest, steps in (("float64", np.finfo(np.float64).max, 7440), ("float32", float(np.finfo(np.float32).max), 910)):
        found = cell(0.15, 42.0, steps, V_th=np.inf, precision=precision, method="euler")
        assert np.all(np.isfinite(found.V)) and found.V.min() == -largest and found.overflows > 0
    assert cell(0.15, 42.0, 600, V_th=np.inf, method="euler").overflows == 0


def test_a_fast_synapse_explodes_first():
    """Membrane 20 ms, synapse 2 ms, steps of 5 ms: the synapse's factor is 1 - 5 / 2 = -1.5, the membrane's 0.75."""
    w = np.zeros(30)
    w[0] = 0.1
    found = floating_point.simulate(w, np.zeros(30), 100.0, 20.0, -70.0, -65.0, np.inf, 0.0, 2.0, 5.0, 2.0, -70.0, 5.0, method="euler")
    np.testing.assert_allclose(found.I_exc, 0.1 * (-1.5) ** np.arange(1, 31), rtol=1e-13)
    assert np.abs(found.V + 70.0).max() > 1000.0


def test_neurons_side_by_side_are_neurons_alone():
    columns = [configuration(i) for i in (1, 2, 5)]
    assert len({tuple(column[10:]) for column in columns}) > 1
    for column in columns:
        column[10], column[12] = 2.0, 1.0
    together = [np.stack(values, axis=-1) for values in zip(*columns, strict=True)]
    together[10], together[12] = 2.0, 1.0
    found = floating_point.simulate(*together)
    for j, column in enumerate(columns):
        np.testing.assert_array_equal(found.V[:, j], floating_point.simulate(*column).V)


def test_page_computes_the_same():
    host = WasmtimeHost(build_wasm([kernels.floating_point_steps]))
    rng = np.random.default_rng(8)
    for single in (0, 1):
        for spread in (1.0, 1e37):
            inputs = [rng.normal(size=(80, 2)).astype(np.float32).astype(float) * spread for _ in range(3)]
            values = np.array([[100.0, 0.9, -70.0, -65.0, -50.0, 0.5, 0.75, -1.25, 1.0, 3.0]] * 2).T.copy()
            values[1, 1] = -1.1
            values = values.astype(np.float32).astype(float)
            call = (*inputs, values, single, np.zeros((4, 2)), *(np.zeros((80, 2)) for _ in range(3)), np.zeros((80, 2), np.uint8))
            assert numba_call(kernels.floating_point_steps, call) == host.call("floating_point_steps", call)


@pytest.mark.parametrize("call, kind, message", [
    (lambda: cell(0.1, 1.0, 3, precision="float16"), ValueError, "precision must be one of 'float64', 'float32', got 'float16'"),
    (lambda: cell(0.1, 1.0, 3, method="heun"), ValueError, "method must be one of 'exact', 'euler', got 'heun'"),
    (lambda: cell(0.1, 0.0, 3), ValueError, "dt must be finite and greater than 0 ms"),
    (lambda: cell(np.nan, 1.0, 3), ValueError, "I_offset must be finite"),
    (lambda: cell(1e39, 1.0, 3, precision="float32"), ValueError, "I_offset must be finite and at least -3.40282e+38 nA"),
    (lambda: cell([0.1, 0.2], 1.0, 3), ValueError, "I_offset must be a number or broadcast to the shape (3,)"),
    (lambda: cell(0.1, 1.0, 3, V0=[0.0, 1.0]), ValueError, "V0 must be a number or have one value for each of 1 neurons"),
    (lambda: cell(0.1, 1.0, 3, V_th=np.nan), ValueError, "V_th must be finite"),
    (lambda: cell(0.1, 1.0, 3, V_th=-np.inf), ValueError, "V_th must be finite"),
    (lambda: cell(0.1, 1.0, 3, V_th="high"), TypeError, "V_th must be a number or an array of numbers in mV"),
    (lambda: cell("a", 1.0, 3), TypeError, "I_offset must be a number or an array of numbers in nA"),
    (lambda: cell(0.1, 1e12, 3), ValueError, "tau_m must be finite and at least 1000 ms"),
    (lambda: euler_factor(0.0, 20.0), ValueError, "dt must be finite and greater than 0 ms"),
    (lambda: euler_regime(1.0, 0.0), ValueError, "tau must be"),
    (lambda: euler_rheobase("cell", 1.0), TypeError, "n must be a LIF neuron"),
])
def test_a_bad_argument_is_named(call, kind, message):
    with pytest.raises(kind) as error:
        call()
    assert message in str(error.value)


def test_public_names():
    assert set(floating_point.__all__) == {"euler_factor", "euler_regime", "euler_rheobase", "simulate"}
