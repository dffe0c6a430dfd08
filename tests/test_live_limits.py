"""The figures of the chapter on the limits of rate models, against outside tables, plain programs, and the network itself."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from lifcore import LIF
from lifcore.diffusion import siegert_rate
from lifcore.kernels import build_wasm, critical
from lifcore.live import NyquistCurve, ThreeWays
from lifcore.network import Connection, Network, Population
from lifcore.rates import MeanField
from lifcore.response import static_gain, susceptibility
from wasm_host import WasmtimeHost, numba_call

ONE = {row["name"]: row for row in json.loads(
    (Path(__file__).parent / "reference" / "R8_onepop.json").read_text(encoding="utf-8"))}
TABLE = {"lif": "LIF", "static": "static_gain", "tau_m": "WC_tau_membrane", "tau_eff": "WC_tau_eff"}
N = LIF(V_reset=-60.0)
NU, GAIN = siegert_rate(N, 15.0, 5.0), static_gain(N, 15.0, 5.0)


@pytest.mark.parametrize("set_, values", [
    ("A_pure_delay", {}), ("B_syn_filter", {"delay": 1.0, "tau_s": 3.0}),
    ("D_slow_syn_all_rate_models_wrong", {"delay": 1.0, "tau_s": 20.0})])
def test_critical_points_are_those_of_the_table(set_, values):
    found = NyquistCurve(**values).readouts()
    for model, column in TABLE.items():
        expected = ONE[set_]["models"][column]["critical"][0]
        assert found[model] == pytest.approx(expected["loop_gain_G_Phi_prime"], rel=1e-9)
        assert found[f"{model}_f"] == pytest.approx(expected["f_Hz"], rel=1e-9)


@pytest.mark.parametrize("model", TABLE)
def test_the_curve_is_the_loop_of_the_mean_field(model):
    figure = NyquistCurve(loop_gain=3.0, delay=1.5, tau_s=4.0, state="above")
    mu, sigma = 30.0, 2.0
    nu, gain = siegert_rate(N, mu, sigma), static_gain(N, mu, sigma)
    field = MeanField(
        {"I": Population(100, N, mu=mu + 3.0 / gain * nu, sigma=sigma)},
        [Connection("I", "I", -3.0 / gain / (0.02 * 100), 1.5, indegree=100, to_itself=True, tau_s=4.0)], fluctuations=False)
    f = (1000.0 / 1.5 + 2.0 * nu) * np.arange(701) / 700
    expected = field.loop(field.fixed_point([nu]), f, model)[:, 0, 0]
    real, imaginary = figure._curve(model)
    # tau_eff is a difference quotient of its own in both.
    np.testing.assert_allclose(real + 1j * imaginary, expected, rtol=0, atol=3e-8 if model == "tau_eff" else 1e-11)


def growth(t, deviation, start, end):
    """Growth per second and frequency in Hz, from the maxima of a deviation, which a parabola finds between the steps."""
    k = np.flatnonzero((deviation[1:-1] > deviation[:-2]) & (deviation[1:-1] >= deviation[2:])) + 1
    k = k[(t[k] > start) & (t[k] < end)]
    left, middle, right = deviation[k - 1], deviation[k], deviation[k + 1]
    shift = 0.5 * (left - right) / (left - 2.0 * middle + right)
    times = t[k] + shift * (t[1] - t[0])
    heights = middle - 0.25 * (left - right) * shift
    return 1000.0 * np.polyfit(times, np.log(heights), 1)[0], 1000.0 / np.mean(np.diff(times))


@pytest.mark.parametrize("loop_gain", [4.0, 5.5])
def test_the_cloud_grows_and_decays_as_the_table_says(loop_gain):
    # A small kick, so that what follows is linear. The step of 0.25 ms takes 3 % from the growth, of order dt**2.
    figure = ThreeWays(loop_gain=loop_gain)
    figure.fixed = figure.fixed | {"kick": 1e-4}
    rates = figure._population()
    (row,) = [row for row in ONE["A_pure_delay"]["tests"] if row["loop_gain"] == loop_gain]
    found, f = growth(0.25 * np.arange(rates.size), rates - rates[0], 60.0, 150.0)
    assert found == pytest.approx(row["LIF"]["growth_per_s"], rel=0.05)
    assert f == pytest.approx(row["LIF"]["f_Hz"], rel=0.005)


def plain_map(loop_gain, delay, steps, dt=0.25):
    """nu(t) = Phi(mu_ext - G nu(t - d)), step by step."""
    G, m = loop_gain / GAIN, round(delay / dt)
    nu = [NU] * (m + 1)
    for k in range(1, steps + 1):
        kick = 1.0 if 20.0 <= k * dt < 22.0 else 0.0
        nu.append(float(siegert_rate(N, 15.0 + G * NU - G * nu[k] + kick, 5.0)))
    return np.array(nu[m:])


@pytest.mark.parametrize("loop_gain, delay", [(0.7, 2.0), (1.3, 2.0), (3.0, 1.5)])
def test_the_static_equation_is_a_map(loop_gain, delay):
    found = ThreeWays(loop_gain=loop_gain, delay=delay)._equation()
    np.testing.assert_allclose(found, plain_map(loop_gain, delay, 640), rtol=1e-7, atol=1e-9)
    swing = ThreeWays(loop_gain=loop_gain, delay=delay).readouts()["equation"]
    assert (swing > 1.0) == (loop_gain > 1.0)


@pytest.mark.parametrize("model", ["tau_m", "tau_eff"])
def test_rate_equations_are_those_of_the_mean_field(model):
    figure = ThreeWays(loop_gain=8.0, model=model)
    G = 8.0 / GAIN
    field = MeanField(
        {"I": Population(100, N, mu=15.0 + G * NU, sigma=5.0)},
        [Connection("I", "I", -G / (0.02 * 100), 2.0, indegree=100, to_itself=True)], fluctuations=False)
    tau = [20.0] if model == "tau_m" else [float(critical.effective_time(15.0, 5.0, 20.0, -70.0, -50.0, -60.0, 2.0))]
    t = 0.25 * np.arange(1, 641)
    kick = np.where((t >= 20.0) & (t < 22.0), 1.0, 0.0)
    _, expected = field.integrate(160.0, dt=0.25, nu0=[NU], tau=tau, signals={"I": kick})
    # tau_eff loses its stability at 5.888: rounding grows with the rest.
    np.testing.assert_allclose(figure._equation(), expected[0], rtol=1e-6)


def test_the_network_is_that_of_its_spikes():
    """The signal that serves all neurons does what synapses from all to all do: the same variance of spikes, at both sides."""
    for loop_gain, steady in ((2.5, True), (8.0, False)):
        figure = ThreeWays(loop_gain=loop_gain, neurons=1000.0)
        figure.fixed = figure.fixed | {"duration": 1200.0, "kick": 0.0}
        mine = figure._bins(figure._network()[0])[200:]
        G = loop_gain / GAIN
        net = Network(
            {"I": Population(1000, N, mu=15.0 + G * NU, sigma=5.0)},
            [Connection("I", "I", -G / (0.02 * 1000), 2.0, indegree=1000, to_itself=True)], rng=1)
        theirs = net.run(1200.0, 0.25, rng=2).rate("I", 1.0)[1][200:]
        # In ten pieces of 100 ms, over which oscillations have forgotten their phase.
        (first, second), errors = np.array([block_ratios(counts) for counts in (mine, theirs)]).T
        assert abs(first - second) < 4.0 * math.hypot(*errors)
        # An outside simulation of 2,500 neurons has 1.352 and 32.316; what is common to all grows with their number.
        assert abs(first - (1.352 if steady else 32.316 * 0.4)) < 4.0 * errors[0] + 0.1 * first
        assert mine.mean() == pytest.approx(theirs.mean(), rel=0.02)


def block_ratios(counts):
    """Variance over mean and its standard error, from ten pieces."""
    pieces = counts.reshape(10, -1)
    ratios = np.mean((pieces - counts.mean()) ** 2, axis=1) / counts.mean()
    return ratios.mean(), ratios.std(ddof=1) / math.sqrt(10)


def test_without_coupling_spikes_are_those_of_independent_neurons():
    """Counts of a population without feedback have mean N nu and, over a millisecond, nearly the variance of a Poisson process."""
    figure = ThreeWays(loop_gain=0.0, neurons=10_000.0)
    figure.fixed = figure.fixed | {"kick": 0.0}
    counts = figure._bins(figure._network()[0])
    expected = 10_000 * NU / 1000.0
    assert abs(counts.mean() - expected) < 4.0 * math.sqrt(expected / counts.size)
    found = ThreeWays(loop_gain=0.0).readouts()
    assert found["cloud"] < 0.05 and found["equation"] < 1e-9 and 0.7 < found["network"] < 1.4


def test_where_spikes_and_equations_part():
    """Between the critical points: the static equation oscillates and the network does not; with tau_m the other way round."""
    first, second = ThreeWays(loop_gain=3.0).readouts(), ThreeWays(loop_gain=8.0, model="tau_m", neurons=10_000.0).readouts()
    assert first["equation"] > 10.0 and first["cloud"] < 0.1 and first["network"] < 3.0
    assert second["equation"] < 0.1 and second["cloud"] > 5.0 and second["network"] > 50.0


def test_the_page_finds_the_same_critical_points():
    host = WasmtimeHost(build_wasm([critical.critical_point, critical.effective_time, critical.loops]))
    rng = np.random.default_rng(5)
    for _ in range(12):
        membrane = (rng.uniform(5.0, 40.0), -70.0, -50.0, rng.uniform(-70.0, -55.0), rng.uniform(0.0, 4.0))
        state = (rng.uniform(10.0, 30.0), rng.uniform(1.0, 8.0))
        loop = (rng.uniform(0.3, 40.0), rng.choice([0.0, rng.uniform(0.5, 20.0)]))
        assert host.call("effective_time", [*state, *membrane])[0] == critical.effective_time(*state, *membrane)
        for answer, tau in ((critical.OWN, 0.0), (critical.FILTERED, rng.uniform(-2.0, 20.0))):
            values = [answer, tau, *state, *membrane, *loop, 300.0, 200, np.zeros(1)]
            assert numba_call(critical.critical_point, values) == host.call("critical_point", values)
            values = [np.geomspace(0.1, 1000.0, 20), answer, tau, *state, *membrane, *loop, np.zeros((2, 20))]
            assert numba_call(critical.loops, values)[1] == host.call("loops", values)[1]


def test_loops_begin_at_minus_one():
    out = np.zeros((2, 2))
    critical.loops(np.array([0.0, 50.0]), critical.OWN, 0.0, 15.0, 5.0, 20.0, -70.0, -50.0, -60.0, 2.0, 2.0, 3.0, out)
    assert out[0, 0] == -1.0 and out[1, 0] == 0.0
    turn = 2j * math.pi * 0.05
    expected = -susceptibility(N, 15.0, 5.0, 50.0) / GAIN * np.exp(-2.0 * turn) / (1.0 + 3.0 * turn)
    assert abs(out[0, 1] + 1j * out[1, 1] - expected) < 1e-12
