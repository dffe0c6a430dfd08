"""The page's network of spiking neurons, and the figures of the chapter on networks."""

import math

import numpy as np
import pytest

import independent
from lifcore import LIF
from lifcore.kernels import build_wasm, diffusion, network, random, rate_model
from lifcore.live import BalancedNetwork, SelfConsistency, _bundle
from lifcore.live.network import KERNELS
from lifcore.network import Connection, Network, Population, brunel_network, source_streams, spread_potentials
from lifcore.rates import MeanField
from wasm_host import WasmtimeHost

N = LIF(V_reset=-60.0)
RUN = """async ([source, spec]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return (await import(url)).default.run(spec);
}"""


def in_the_page(chromium, root, populations, connections, seeds, dt, steps, part, drive=0.0, before=None):
    """Spikes and potentials at the end; with `before`, of a second run, after one with other efficacies and delays."""
    sizes = {name: population.size for name, population in populations.items()}
    links = [{"J": one.J, "delay": round(one.delay / dt)} for one in connections]
    most = math.ceil(min(link["delay"] for link in links) * dt / N.t_ref) + 1
    spec = {
        "network": {
            "sizes": sizes, "seed": seeds[1], "longest": max(link["delay"] for link in [*links, *(before or [])]), "most": most,
            "connections": [
                {"source": one.source, "target": one.target, "indegree": one.indegree, "streams": source_streams(seeds[0], k)}
                for k, one in enumerate(connections)]},
        "populations": {
            name: {"tau_m": one.neuron.tau_m, "E_L": one.neuron.E_L, "V_th": one.neuron.V_th, "V_reset": one.neuron.V_reset,
                   "t_ref": one.neuron.t_ref, "mu": one.mu, "sigma": one.sigma} for name, one in populations.items()},
        "runs": [*([before] if before else []), links], "dt": dt, "steps": steps, "part": part, "drive": drive}
    page = chromium.new_page()
    found = page.evaluate(RUN, [_bundle.compose(root / "tests" / "live" / "network.js", KERNELS), spec])
    page.close()
    return found


NETWORKS = {
    # Bits; more neurons than a chunk, in one population; two delays.
    "dense": ({"E": 2100, "I": 500}, [("E", "E", 0.2, 1.5, 200), ("E", "I", 0.2, 1.5, 200), ("I", "E", -1.0, 1.5, 50),
                                      ("I", "I", -1.0, 0.7, 50)], 0.1, 7),
    # Lists; chunks with and without neurons of both.
    "sparse": ({"I": 2500, "E": 5000}, [("E", "E", 0.4, 1.0, 90), ("E", "I", 0.4, 2.0, 60), ("I", "E", -2.0, 1.5, 25),
                                        ("I", "I", -2.0, 1.0, 25)], 0.25, 1000),
    # Both in one network, and a connection that does not exist.
    "both": ({"A": 300, "B": 2300, "C": 40}, [("A", "B", 0.3, 2.0, 30), ("B", "A", -0.4, 1.0, 40), ("C", "C", 1.5, 1.0, 39),
                                              ("B", "B", -0.6, 3.0, 45), ("A", "C", -0.3, 5.0, 6)], 0.5, 3),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_page_has_the_spikes_of_python(name, chromium, root):
    sizes, links, dt, part = NETWORKS[name]
    drives = dict(zip(sizes, (20.0, 17.0, 14.0), strict=False))
    populations = {name: Population(size, N, mu=drives[name], sigma=6.0) for name, size in sizes.items()}
    connections = [Connection(source, target, J, delay, indegree=K) for source, target, J, delay, K in links]
    steps, drive = 400, 0.125
    wave = drive * (np.arange(steps) % 7)
    activity = Network(populations, connections, rng=11).run(
        steps * dt, dt, rng=12, V0={name: spread_potentials(one) for name, one in populations.items()},
        signals={name: wave for name in sizes})
    # The run before it leaves nothing behind.
    before = [{"J": -0.1, "delay": 5 + k} for k in range(len(links))]
    found = in_the_page(chromium, root, populations, connections, (11, 12), dt, steps, part, drive, before)["spikes"]
    first = dict(zip(sizes, np.cumsum([0, *sizes.values()]), strict=False))
    expected = [
        [time, int(neuron) + int(first[name])] for name in sizes
        for time, neuron in zip(activity[name].spike_times, activity[name].spike_neurons, strict=True)]
    assert len(expected) > 400
    assert all(activity[name].spike_times.size > 10 for name in sizes)
    assert sorted(found) == sorted(expected)


class Recorded:
    """A kernel that keeps its arguments, as they were before a call, and what it made of them."""

    def __init__(self, kernel, calls):
        self.kernel, self.calls, self.dispatcher = kernel, calls, kernel.dispatcher

    def __call__(self, *arguments):
        before = [one.copy() if isinstance(one, np.ndarray) else one for one in arguments]
        result = self.kernel(*arguments)
        after = [one.tobytes() for one in arguments if isinstance(one, np.ndarray)]
        self.calls.append((self.kernel.__name__, before, result, after))
        return result


def test_wasmtime_equals_numba_byte_for_byte(monkeypatch):
    """All that a network is drawn and moved with, external spikes and currents included, and rate equations."""
    calls, own = [], [kernel for kernel in KERNELS if kernel not in (diffusion.interval_variation, diffusion.rate)]
    others = [network.sort_rows, rate_model.rate_steps]
    for home, names in ((network, network.__all__), (random, ["seed_streams"]), (rate_model, ["rate_steps"])):
        for name in names:
            monkeypatch.setattr(home, name, Recorded(getattr(home, name), calls))
    populations = {
        "A": Population(150, N, mu=17.0, sigma=4.0, nu_ext=900.0, J_ext=0.3, tau_ext=2.0), "B": Population(90, N, mu=21.0)}
    connections = [
        Connection("A", "B", 0.5, 1.5, indegree=30), Connection("B", "A", -0.7, 0.5, indegree=10, tau_s=4.0),
        Connection("A", "A", 0.2, 1.0, probability=0.3, J_spread=0.1, delay_spread=2.0),
        Connection("B", "B", 0.3, 1.0, indegree=1)]
    Network(populations, connections, rng=1).run(20.0, 0.25, rng=2)
    MeanField({name: Population(90, N, mu=18.0, sigma=4.0) for name in populations}, connections[:2]).integrate(
        30.0, 0.5, nu0=[3.0, 9.0])
    assert {name for name, *_ in calls} == {kernel.__name__ for kernel in (*own, *others)}
    hosts = [WasmtimeHost(build_wasm(list(kernels))) for kernels in (KERNELS, others)]
    for name, arguments, result, after in calls:
        values = [one if isinstance(one, (np.ndarray, float)) else int(one) for one in arguments]
        found, arrays = hosts[name in ("sort_rows", "rate_steps")].call(name, values)
        assert arrays == after and result in (None, found), name


# The figures.

def answer(J, mu_ext, sigma_ext, nu):
    """Siegert's formula by mpmath; 400 synapses, tau_m 0.02 s."""
    return float(independent.siegert(
        mu_ext + 0.02 * 400 * J * nu, math.sqrt(sigma_ext**2 + 0.02 * 400 * J**2 * nu), V_reset=-60.0))


@pytest.mark.parametrize("J, mu_ext, states", [(0.1, 13.0, 3), (0.1, 16.0, 1), (-0.2, 25.0, 1), (0.0, 15.0, 1)])
def test_rates_agree_with_themselves(J, mu_ext, states):
    figure = SelfConsistency(J=J, mu_ext=mu_ext)
    found = figure.readouts()
    assert found["states"] == states
    for name in ("lowest", "highest"):
        assert answer(J, mu_ext, 3.0, found[name]) == pytest.approx(found[name], rel=1e-9)
    assert found["mu"] == pytest.approx(mu_ext + 8.0 * J * found["lowest"], rel=1e-13)
    assert found["sigma"]**2 == pytest.approx(9.0 + 8.0 * J**2 * found["lowest"], rel=1e-13)


def test_inhibition_has_one_state():
    """A curve that falls crosses the diagonal once: noise that the network makes is nowhere enough to let it rise so fast."""
    for J in (-0.3, -0.15, -0.01):
        for mu_ext in (0.0, 15.0, 30.0):
            for sigma_ext in (1.0, 8.0):
                assert SelfConsistency(J=J, mu_ext=mu_ext, sigma_ext=sigma_ext).readouts()["states"] == 1


def test_a_state_lasts_where_the_answer_to_a_little_more_is_less():
    from lifcore.live.network import _states

    figure = SelfConsistency()
    for nu, stable in _states(figure.neuron, figure._inputs()):
        slope = (answer(0.1, 13.0, 3.0, 1.001 * nu) - answer(0.1, 13.0, 3.0, 0.999 * nu)) / (0.002 * nu)
        assert stable == (slope < 1.0)


@pytest.mark.parametrize("g, eta, rest", [(3.0, 2.0, 0.05), (5.0, 2.0, 0.03), (6.0, 2.0, 0.03), (5.0, 4.0, 0.06)])
def test_the_balanced_network_fires_as_theory_says(g, eta, rest):
    """A state of mean field by another search; the simulation within what finite kicks and sizes change, as in test_rates."""
    found = BalancedNetwork(g=g, eta=eta).readouts()
    field = MeanField(*brunel_network(g, eta, 2000, 200, 0.2, diffusion=True))
    (point,) = field.fixed_points()
    assert found["predicted"] == pytest.approx(point.nu[0], rel=1e-9)
    assert found["mean"] == pytest.approx(point.mu[0] - 20.0, abs=1e-9)
    assert abs(found["rate"] - found["predicted"]) < 4.0 * found["error"] + rest * found["predicted"]
    # The network of 25 Hz at the threshold.
    expected = 25.0 * (eta - 1.0) / (g / 4.0 - 1.0) if g > 4.0 else math.inf
    assert found["estimate"] == pytest.approx(expected, rel=1e-13)
    assert found["cv_theory"] == pytest.approx(independent.variation(point.mu[0], point.sigma[0], V_reset=-60.0), rel=1e-6)
    # Regular with weak inhibition, and always more regular than Poisson input would make them.
    assert found["cv"] < min(0.16 if g == 3.0 else 0.6, found["cv_theory"])


def test_readouts_of_the_simulation_are_counted():
    """Rate, CV, synchrony and error from all spikes, neuron by neuron and bin by bin."""
    figure = BalancedNetwork(g=8.0, eta=1.5, delay="3")
    spikes = figure._activity()["E"]
    trains = [times[times >= 100.0] for times in (spikes.of(i) for i in range(2000))]
    counts = np.histogram(np.concatenate(trains), np.arange(100, 501))[0]
    intervals = np.concatenate([np.diff(times) for times in trains])
    each = counts.reshape(10, 40).sum(axis=1)
    found = figure.readouts()
    assert found["rate"] == pytest.approx(counts.sum() / (2000 * 0.4), rel=1e-13)
    assert found["cv"] == pytest.approx(intervals.std() / intervals.mean(), rel=1e-10)
    assert found["synchrony"] == pytest.approx(counts.var() / counts.mean(), rel=1e-12)
    assert found["error"] == pytest.approx(each.std(ddof=1) / math.sqrt(10.0) / (2000 * 0.04), rel=1e-10)


def test_the_activity_oscillates_where_theory_says_so():
    """Strong input, strong inhibition, a long delay: one pair of modes grows, and bins vary many times more than at rest."""
    field = MeanField(*brunel_network(8.0, 4.0, 2000, 200, 0.2, 3.0, diffusion=True))
    assert field.unstable_modes(field.fixed_points()[0]) == 2.0
    assert BalancedNetwork(g=8.0, eta=4.0, delay="3").readouts()["synchrony"] > 100.0
    field = MeanField(*brunel_network(5.0, 2.0, 2000, 200, 0.2, 1.5, diffusion=True))
    (point,) = field.fixed_points()
    assert field.unstable_modes(point) == 0.0
    f = np.linspace(0.25, 3000.0, 12_000)
    power = field.activity_spectrum(point, f)[:, 0] * np.sinc(f / 1000.0)**2
    expected = 2.0 * np.trapezoid(power, f) / 1000.0 / point.nu[0]
    assert BalancedNetwork().readouts()["synchrony"] == pytest.approx(expected, rel=0.25)


def test_every_state_of_the_balanced_network_is_possible():
    """Corners of its controls: no window of the shortest delay has more spikes than there is room for."""
    for g in (3.0, 8.0):
        for eta in (1.0, 4.0):
            for delay in ("0.5", "3"):
                assert all(np.isfinite(value) for name, value in BalancedNetwork(g=g, eta=eta, delay=delay).readouts().items()
                           if name != "estimate")
    fixed = BalancedNetwork.fixed
    assert fixed["longest"] * fixed["dt"] == 3.0 and fixed["most"] >= math.ceil(3.0 / fixed["t_ref"]) + 1
