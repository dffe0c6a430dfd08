"""Mean field: tables by other means (see reference/README.md), quadrature, closed forms and a network's spikes."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erfcx
from scipy.stats import chi2

from lifcore import LIF
from lifcore.network import Connection, Network, Population
from lifcore.rates import FixedPoint, MeanField, critical_loop_gain, effective_time_constant

REFERENCE = Path(__file__).parent / "reference"
ONE = json.loads((REFERENCE / "R8_onepop.json").read_text(encoding="utf-8"))
TWO = json.loads((REFERENCE / "R8_EI.json").read_text(encoding="utf-8"))
BRUNEL_HAKIM = json.loads((REFERENCE / "R8_brunel_hakim.json").read_text(encoding="utf-8"))
MODELS = {"lif": "LIF", "static": "static_gain", "tau_m": "WC_tau_membrane", "tau_eff": "WC_tau_eff"}


def neuron(tau_m=20.0, V_th=20.0, V_reset=10.0, t_ref=2.0):
    return LIF(tau_m=tau_m, R=1.0, E_L=0.0, V_th=V_th, V_reset=V_reset, t_ref=t_ref)


def inhibited(n, mu, sigma, nu, G, delay, tau_s, size=10_000):
    """One population that inhibits itself: mu(t) = mu_ext - G (k * nu)(t), at the rate nu with the drive mu."""
    return MeanField(
        {"I": Population(size, n, mu=mu + G * nu, sigma=sigma)},
        [Connection("I", "I", -G / (n.tau_m / 1000.0 * size), delay, indegree=size, to_itself=True, tau_s=tau_s)],
        fluctuations=False)


def one_population(row, loop_gain=1.0):
    n = neuron(float(row["tau_ms"]), float(row["V_th"]), float(row["V_r"]), float(row["tau_ref_ms"]))
    field = inhibited(
        n, float(row["mu0_mV(total, fixed operating point)"]), float(row["sigma"]), row["nu0_Hz"],
        loop_gain / row["gain_Phi_prime_Hz_per_mV"], row["delay_ms"], row["tau_syn_decay_ms"])
    return field, field.fixed_point([row["nu0_Hz"]])


@pytest.mark.parametrize("row", ONE, ids=lambda row: row["name"])
@pytest.mark.parametrize("model", MODELS)
def test_critical_couplings_of_one_population(row, model):
    field, point = one_population(row)
    expected = [(c["loop_gain_G_Phi_prime"], c["f_Hz"]) for c in row["models"][MODELS[model]]["critical"]]
    found = field.critical_couplings(point, model)
    # tau_eff of the table is a difference quotient.
    tolerance = 1e-9 if model == "tau_eff" else 1e-11
    for (gain, f), (factor, frequency) in zip(expected, found, strict=False):
        assert factor == pytest.approx(gain, rel=tolerance) and frequency == pytest.approx(f, rel=tolerance)
    assert len(found) >= len(expected) > 0
    # The Nyquist curve agrees on which side of it modes grow: one pair of them, or with a gain for all frequencies all.
    below, above = (one_population(row, gain * found[0][0])[0] for gain in (0.99, 1.01))
    # With a negative time constant, 1 + tau s + gain exp(-s delay) has a zero on the positive axis, whatever the gain.
    alone = 1.0 if model == "tau_eff" and row["tau_eff_ms(low-freq match)"] < 0.0 else 0.0
    assert below.unstable_modes(point, model) == alone
    endless = model == "static" and row["tau_syn_decay_ms"] == 0.0
    assert above.unstable_modes(point, model) == (math.inf if endless else alone + 2.0)


@pytest.mark.parametrize("row", ONE, ids=lambda row: row["name"])
@pytest.mark.parametrize("model", MODELS)
def test_the_critical_loop_gain(row, model):
    n = neuron(float(row["tau_ms"]), float(row["V_th"]), float(row["V_r"]), float(row["tau_ref_ms"]))
    mu, sigma = float(row["mu0_mV(total, fixed operating point)"]), float(row["sigma"])
    found = critical_loop_gain(n, mu, sigma, row["delay_ms"], row["tau_syn_decay_ms"], model)
    expected = row["models"][MODELS[model]]["critical"][0]
    if model == "tau_eff" and row["tau_eff_ms(low-freq match)"] < 0.0:
        assert found == (0.0, 0.0)
    else:
        tolerance = 1e-9 if model == "tau_eff" else 1e-11
        assert found == pytest.approx((expected["loop_gain_G_Phi_prime"], expected["f_Hz"]), rel=tolerance)


@pytest.mark.parametrize("mu, sigma, delay, tau_s", [
    (30.0, 1.0, 1.0, 20.0), (30.0, 2.0, 50.0, 0.0), (40.0, 2.0, 1.0, 3.0), (22.0, 2.0, 20.0, 5.0), (25.0, 1.0, 50.0, 0.0)])
def test_a_resonance_is_not_missed(mu, sigma, delay, tau_s):
    """Where neurons fire nearly in step the curve crosses many times; the mean field's search goes every hertz of a finer grid."""
    n = neuron()
    nu = rate_by_quadrature(mu, sigma)
    field = inhibited(n, mu, sigma, nu, 1.0, delay, tau_s)
    point = field.fixed_point([nu])
    gain = field.susceptibilities(point, 0.0, "static")[0].real
    for model in ("lif", "tau_m"):
        factor, f = field.critical_couplings(point, model)[0]
        assert critical_loop_gain(n, mu, sigma, delay, tau_s, model) == pytest.approx((factor * gain, f), rel=1e-9)


@pytest.mark.parametrize("delay", [7000.0, 10_000.0])
def test_the_longest_delays(delay):
    # By closed form: with a static gain the delay alone takes half a turn, at 1 / (2 delay).
    assert critical_loop_gain(neuron(), 15.0, 5.0, delay, model="static") == pytest.approx((1.0, 500.0 / delay), rel=1e-9)
    # At so low a frequency the susceptibility is the static gain, to first order in f tau_eff.
    gain, f = critical_loop_gain(neuron(), 15.0, 5.0, delay)
    assert gain == pytest.approx(1.0, abs=1e-4) and f == pytest.approx(500.0 / delay, rel=2e-3)


def test_modes_that_grow_with_a_long_delay():
    """1 + tau s + g exp(-s d) has a pair of zeros on the right for each w with w d + atan(w tau) = (2 k + 1) pi below g."""
    n, tau, g = neuron(), 20.0, 1.3
    for delay in (300.0, 4000.0):
        highest = math.sqrt(g * g - 1.0) / tau
        pairs, k = 0, 0
        while brentq(lambda w, k=k, d=delay: w * d + math.atan(w * tau) - (2 * k + 1) * math.pi, 0.0, 100.0 / tau) < highest:
            pairs, k = pairs + 1, k + 1
        nu = rate_by_quadrature(15.0, 5.0)
        gain = inhibited(n, 15.0, 5.0, nu, 1.0, delay, 0.0)
        gain = gain.susceptibilities(gain.fixed_point([nu]), 0.0, "static")[0].real
        field = inhibited(n, 15.0, 5.0, nu, g / gain, delay, 0.0)
        assert pairs > 1 and field.unstable_modes(field.fixed_point([nu]), "tau_m") == 2.0 * pairs


def test_critical_couplings_at_low_frequencies():
    # By closed form: with a static gain L = g at (2 k + 1) / (2 delay) for every k.
    nu = rate_by_quadrature(15.0, 5.0)
    field = inhibited(neuron(), 15.0, 5.0, nu, 1.0, 1000.0, 0.0)
    point = field.fixed_point([nu])
    gain = field.susceptibilities(point, 0.0, "static")[0].real
    for f_max, expected in ((0.3, []), (0.8, [0.5]), (3.0, [0.5, 1.5, 2.5])):
        found = field.critical_couplings(point, "static", f_max)
        assert sorted(f for _, f in found) == pytest.approx(expected, rel=1e-9)
        assert [g * gain for g, _ in found] == pytest.approx([1.0] * len(expected), rel=1e-9)


def test_strong_synapses_that_are_sooner():
    """Half of the synapses excite soon, half inhibit late: as one connection and as two."""
    n, rng = neuron(), np.random.default_rng(2)
    sources, targets = rng.integers(0, 50, 100), rng.integers(0, 50, 100)
    soon = np.arange(100) < 50
    J, delay = np.where(soon, 1.0, -1.0), np.where(soon, 1.0, 5.0)
    cells = {"A": Population(50, n, mu=15.0, sigma=5.0)}
    one = MeanField(cells, [Connection("A", "A", J, delay, pairs=(sources, targets))])
    two = MeanField(cells, [
        Connection("A", "A", J[part], delay[part], pairs=(sources[part], targets[part])) for part in (soon, ~soon)])
    f = [0.0, 50.0, 125.0]
    np.testing.assert_allclose(one.loop(one.fixed_point([5.0]), f), two.loop(two.fixed_point([5.0]), f), rtol=1e-12)
    # With J and delay averaged each by itself it would be 0: as many synapses excite as inhibit.
    assert abs(one.loop(one.fixed_point([5.0]), 125.0)[0, 0]) > 0.01


def test_a_connection_without_synapses():
    field = MeanField({"A": Population(5, neuron(), mu=15.0, sigma=5.0)}, [Connection("A", "A", [], [], pairs=([], []))])
    (point,) = field.fixed_points()
    assert np.all(field.loop(point, [0.0, 10.0]) == 0.0)
    assert field.unstable_modes(point) == 0.0 and field.critical_couplings(point) == []


def test_a_neuron_that_hardly_fires_follows_its_membrane():
    # Far below the threshold rare spikes follow the mean potential, which follows the drive with tau_m.
    assert effective_time_constant(neuron(), 0.0, 0.3) == pytest.approx(20.0, rel=1e-3)
    with pytest.raises(TypeError, match="n must be a LIF neuron"):
        effective_time_constant("x", 15.0, 5.0)


def test_a_population_without_noise():
    # nu = 1 / (t_ref + tau ln((mu - V_reset) / (mu - V_th))) at mu = 25 - 2 nu, by root finding.
    n = neuron()
    def passed(nu):
        mu = 25.0 - 2.0 * nu
        return 1000.0 / (2.0 + 20.0 * math.log((mu - 10.0) / (mu - 20.0))) - nu
    expected = brentq(passed, 0.0, 2.5 - 1e-13, xtol=1e-15)
    (point,) = MeanField(
        {"A": Population(10, n, mu=25.0)}, [Connection("A", "A", -20.0, 1.0, indegree=5)], fluctuations=False).fixed_points()
    assert point.nu[0] == pytest.approx(expected, abs=1e-6)


def test_states_of_two_populations_are_all_found():
    """The signs of det(1 - d Phi / d nu) over all fixed points add up to 1 (Brouwer); derivatives as differences."""
    def cell(**constants):
        return LIF(R=1.0, E_L=-65.0, V_th=-50.0, **constants)

    cells = {
        "a": Population(1000, cell(tau_m=10.0, V_reset=-65.0, t_ref=5.0), mu=15.754549969164103, sigma=0.05),
        "b": Population(1000, cell(tau_m=5.0, V_reset=-70.0, t_ref=2.0), mu=10.117863884220128, sigma=0.05)}
    field = MeanField(cells, [
        Connection(source, target, J, 2.0, indegree=K)
        for source, target, J, K in (("a", "a", 0.3, 900), ("a", "b", -0.3, 552), ("b", "a", -0.3, 900), ("b", "b", 0.3, 900))],
        fluctuations=False)
    points, total = field.fixed_points(), 0
    for point in points:
        np.testing.assert_allclose(field.response(point.nu), point.nu, rtol=1e-8, atol=1e-9)
        gains = np.empty((2, 2))
        for j in range(2):
            step = np.eye(2)[j] * 1e-6 * max(point.nu[j], 1e-3)
            gains[:, j] = (field.response(point.nu + step) - field.response(point.nu - step * (point.nu[j] > 0.0))) / (
                step[j] * (1.0 + (point.nu[j] > 0.0)))
        total += int(np.sign(np.linalg.det(np.eye(2) - gains)))
    assert len(points) == 5 and total == 1


def test_rates_that_diverge_are_an_error():
    n = neuron(t_ref=0.0)
    for J, tau in ((1e10, "tau_m"), (50.0, "static")):
        field = MeanField({"A": Population(10, n, mu=15.0, sigma=5.0)}, [Connection("A", "A", J, 1.0, indegree=5)])
        with pytest.raises(RuntimeError, match="rate of 'A' diverges: beyond 1e\\+09 Hz after"):
            field.integrate(500.0, tau=tau)


def test_points_are_checked():
    field = MeanField({"A": Population(10, neuron(), mu=15.0, sigma=5.0)}, [])
    with pytest.raises(ValueError, match=r"nu must have one rate for each of 1 populations, got shape \(1, 1\)"):
        field.fixed_point([[1.0]])
    with pytest.raises(TypeError, match="point must be a FixedPoint of this mean field"):
        field.loop(3, 1.0)
    with pytest.raises(TypeError, match="point must be a FixedPoint of this mean field"):
        field.critical_couplings(3)


def test_the_shortest_delay():
    # The delay of 0.01 ms alone takes half a turn at 50 kHz; by closed form there, with a static gain.
    assert critical_loop_gain(neuron(), 15.0, 5.0, 0.01, model="static") == pytest.approx((1.0, 50_000.0), rel=1e-9)
    with pytest.raises(ValueError, match="delay must be finite and at least 0.01 ms"):
        critical_loop_gain(neuron(), 15.0, 5.0, 0.0)
    with pytest.raises(ValueError, match="model must be one of 'lif', 'static', 'tau_m', 'tau_eff', got 'rate'"):
        critical_loop_gain(neuron(), 15.0, 5.0, 2.0, model="rate")
    with pytest.raises(ValueError, match="sigma must be finite and greater than 0 mV"):
        critical_loop_gain(neuron(), 15.0, 0.0, 2.0)


@pytest.mark.parametrize("row", ONE, ids=lambda row: row["name"])
def test_the_effective_time_constant(row):
    n = neuron(float(row["tau_ms"]), float(row["V_th"]), float(row["V_r"]), float(row["tau_ref_ms"]))
    found = effective_time_constant(n, float(row["mu0_mV(total, fixed operating point)"]), float(row["sigma"]))
    assert found == pytest.approx(row["tau_eff_ms(low-freq match)"], rel=1e-8)


def two_populations(row):
    neurons, populations = {}, {}
    nu = dict(zip("EI", (row["nuE_Hz"], row["nuI_Hz"]), strict=True))
    G = np.array(row["G_at_kappa1_mV_per_Hz"])
    for k, name in enumerate("EI"):
        tau_m, V_th, V_reset, mu, sigma, t_ref = map(float, row[name])
        neurons[name] = neuron(tau_m, V_th, V_reset, t_ref)
        mu_ext = mu - sum(G[k, j] * nu[source] for j, source in enumerate("EI"))
        populations[name] = Population(1000, neurons[name], mu=mu_ext, sigma=sigma)
    connections = []
    for j, source in enumerate("EI"):
        tau_s, delay = map(float, row[f"syn{source}" + ("(tau_s,delay)" if source == "E" else "")])
        for k, target in enumerate("EI"):
            connections.append(Connection(
                source, target, G[k, j] / (neurons[target].tau_m / 1000.0 * 500), delay, indegree=500, tau_s=tau_s))
    field = MeanField(populations, connections, fluctuations=False)
    return field, field.fixed_point([nu["E"], nu["I"]])


@pytest.mark.parametrize("row", TWO, ids=lambda row: row["name"])
def test_the_state_of_two_populations(row):
    field, point = two_populations(row)
    np.testing.assert_allclose(field.response(point.nu), point.nu, rtol=1e-12)
    assert any(np.allclose(other.nu, point.nu, rtol=1e-9) for other in field.fixed_points())


@pytest.mark.parametrize("row", TWO, ids=lambda row: row["name"])
@pytest.mark.parametrize("model", MODELS)
def test_critical_couplings_of_two_populations(row, model):
    field, point = two_populations(row)
    found = field.critical_couplings(point, model, f_max=1000.0)
    for expected in row["kappa_c"][MODELS[model]]:
        factor, f = min(found, key=lambda one: abs(one[1] - expected["f_Hz"]))
        assert factor == pytest.approx(expected["kappa_c"], rel=1e-8) and f == pytest.approx(expected["f_Hz"], rel=1e-8)
    assert found[0][0] == pytest.approx(row["kappa_c"][MODELS[model]][0]["kappa_c"], rel=1e-8)


def brunel_hakim(row, mu_ext, sigma_ext):
    n = neuron(row["tau"], row["th"], row["r"], row["tr"])
    field = MeanField(
        {"I": Population(10_000, n, mu=mu_ext, sigma=sigma_ext)},
        [Connection("I", "I", -row["J"], row["d"], indegree=row["C"])])
    (point,) = field.fixed_points()
    return field, point


@pytest.mark.parametrize("row", [row for row in BRUNEL_HAKIM if "varied" in row], ids=lambda row: row["varied"])
def test_where_sparse_inhibition_begins_to_oscillate(row):
    # Noise that the network makes itself moves the state and answers to the rate.
    varied = row["varied"]

    def beyond(value):
        field, point = brunel_hakim(
            row, row.get("mu_ext", value) if varied != "mu_ext" else value, value if varied == "sg_ext" else row["sg_ext"])
        return min(factor for factor, _ in field.critical_couplings(point)) - 1.0

    critical = row["critical_value"]
    found = brentq(beyond, 0.98 * critical, 1.02 * critical, xtol=1e-12)
    assert found == pytest.approx(critical, rel=1e-8)
    field, point = brunel_hakim(
        row, row["mu_ext"] if varied != "mu_ext" else found, found if varied == "sg_ext" else row["sg_ext"])
    assert point.nu[0] == pytest.approx(row["nu_Hz"], rel=1e-7)
    assert point.mu[0] == pytest.approx(row["mu_mV"], rel=1e-7) and point.sigma[0] == pytest.approx(row["sigma_mV"], rel=1e-7)
    assert min(field.critical_couplings(point))[1] == pytest.approx(row["f_Hz_at_onset"], rel=1e-6)


def rows_of(name):
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_feedback_of_one_population():
    compared = 0
    for row in rows_of("R8_closed_loop_transfer.csv"):
        n = neuron(*(float(row[key]) for key in ("tau_ms", "V_th", "V_r", "tau_ref_ms")))
        field = inhibited(
            n, float(row["mu0"]), float(row["sigma"]), 0.0, float(row["G_mV_per_Hz"]), float(row["delay_ms"]),
            float(row["tau_syn_ms"]))
        point = FixedPoint(np.zeros(1), np.array([float(row["mu0"])]), np.array([float(row["sigma"])]))
        for model, column in MODELS.items():
            key = next(key for key in row if key.startswith(column) and "_Re" in key)
            expected = float(row[key]) + 1j * float(row[key.replace("_Re_Hz_per_mV", "_Im")] if key.replace(
                "_Re_Hz_per_mV", "_Im") in row else row[f"{column}_Im"])
            found = field.closed_loop(point, float(row["f_Hz"]), model)[0, 0]
            assert abs(found - expected) < (1e-7 if model == "tau_eff" else 1e-10) * abs(expected)
            compared += 1
    assert compared > 50


def test_the_spectrum_of_a_population_with_feedback():
    rows = rows_of("R8_pop_spectrum.csv")
    for row in rows:
        source = next(one for one in ONE if one["name"] == row["set"])
        field, point = one_population(source, float(row["loop_gain"]))
        found = field.activity_spectrum(point, float(row["f_Hz"]))[0]
        assert found == pytest.approx(float(row["N*S_pop_Hz(all-to-all, S0/|1+G chi S|^2)"]), rel=1e-9)
    assert len(rows) > 10


# Stationary states.

def rate_by_quadrature(mu, sigma, tau_m=20.0, t_ref=2.0):
    """Siegert's formula with SciPy's quadrature and scaled error function."""
    integral = quad(lambda u: erfcx(-u), (10.0 - mu) / sigma, (20.0 - mu) / sigma, epsrel=1e-12, limit=200)[0]
    return 1000.0 / (t_ref + tau_m * math.sqrt(math.pi) * integral)


def test_all_three_states_of_a_population_that_excites_itself():
    # By quadrature: rates that agree with themselves, between which the difference changes its sign.
    K, J, size = 400, 0.2, 4000
    field = MeanField({"E": Population(size, neuron(), mu=13.0, sigma=2.0)}, [Connection("E", "E", J, 1.0, indegree=K)])

    def difference(nu):
        return rate_by_quadrature(13.0 + 0.02 * K * J * nu, math.sqrt(4.0 + 0.02 * K * J**2 * nu)) - nu

    grid = np.geomspace(1e-4, 499.0, 400)
    values = [difference(nu) for nu in grid]
    expected = [
        brentq(difference, grid[k], grid[k + 1], xtol=1e-12) for k in range(399) if values[k] * values[k + 1] < 0.0]
    points = field.fixed_points()
    assert len(expected) == len(points) == 3
    np.testing.assert_allclose([point.nu[0] for point in points], expected, rtol=1e-8)
    # The middle one is where the slope of the difference is positive: it leaves by a single mode, which does not oscillate.
    assert [field.unstable_modes(point) for point in points[:2]] == [0.0, 1.0]
    assert [field.unstable_modes(point, "tau_m") for point in points] == [0.0, 1.0, 0.0]
    factor, f = min((abs(factor - 1.0), factor, f) for factor, f in field.critical_couplings(points[1]))[1:]
    assert factor < 1.0 or f > 0.0


def test_states_of_more_populations_than_a_grid_has_room_for():
    # Four populations that know nothing of each other: twice the same that has three states, twice one that has one.
    n = neuron()
    loop = lambda name: Connection(name, name, 0.2, 1.0, indegree=400)
    field = MeanField(
        {"A": Population(4000, n, mu=13.0, sigma=2.0), "B": Population(10, n, mu=15.0, sigma=5.0),
         "C": Population(10, n, mu=15.0, sigma=5.0), "D": Population(10, n, mu=5.0, sigma=5.0)}, [loop("A")])
    points = field.fixed_points()
    assert len(points) == 3
    for point in points:
        assert point.nu[1] == pytest.approx(rate_by_quadrature(15.0, 5.0), rel=1e-9)


def test_without_noise_the_state_is_that_of_the_closed_form():
    # nu = 1 / (t_ref + tau ln((mu - 10) / (mu - 20))), mu = 30 - 0.5 nu.
    field = MeanField(
        {"I": Population(1000, neuron(), mu=30.0)}, [Connection("I", "I", -0.25, 1.0, indegree=100)], fluctuations=False)
    expected = brentq(lambda nu: 1000.0 / (2.0 + 20.0 * math.log((20.0 - 0.5 * nu) / (10.0 - 0.5 * nu))) - nu, 1.0, 19.9)
    (point,) = field.fixed_points()
    assert point.nu[0] == pytest.approx(expected, rel=1e-9)


def test_means_over_random_synapses():
    n = neuron()
    given = {"A": Population(300, n, mu=1.0, sigma=1.0, nu_ext=1000.0, J_ext=0.5), "B": Population(200, n)}
    field = MeanField(given, [
        Connection("A", "B", 0.3, 1.0, indegree=50, J_spread=0.1), Connection("B", "A", -0.2, 1.0, probability=0.1),
        Connection("A", "A", 0.1, 1.0, probability=0.2), Connection("B", "B", [0.5, -0.1], 1.0, pairs=([0, 1], [1, 1]))])
    mu, sigma = field.inputs([10.0, 20.0])
    # By hand; tau_m = 0.02 s.
    np.testing.assert_allclose(mu, [
        1.0 + 0.02 * (1000 * 0.5 + 0.2 * 299 * 0.1 * 10 - 0.1 * 200 * 0.2 * 20),
        0.02 * (50 * 0.3 * 10 + 0.01 * 0.2 * 20)], rtol=1e-14)
    np.testing.assert_allclose(sigma**2, [
        1.0 + 0.02 * (1000 * 0.25 + 0.2 * 299 * 0.01 * 10 + 0.1 * 200 * 0.04 * 20),
        0.02 * (50 * (0.09 + 0.01) * 10 + 0.01 * 0.13 * 20)], rtol=1e-14)


def test_a_sparse_network_fires_at_the_rates_of_its_mean_field():
    # Brunel (2000), his network a quarter of its size, inhibition five times as strong, external rate twice the threshold's.
    # Finite efficacies and correlations make a difference of a few per cent.
    n, J, K = neuron(), 0.2, 250
    outside = {"nu_ext": 2.0 * 20.0 / (J * 20.0) * 1000.0, "J_ext": J}
    populations = {"E": Population(2500, n, **outside), "I": Population(625, n, **outside)}
    connections = [
        Connection(source, target, J if source == "E" else -5.0 * J, 1.5, indegree=K if source == "E" else K // 4)
        for source in "EI" for target in "EI"]
    (point,) = MeanField(populations, connections).fixed_points()
    rates = Network(populations, connections, rng=1).run(1000.0, rng=2, threads=2).rates(200.0)
    np.testing.assert_allclose([rates["E"], rates["I"]], point.nu, rtol=0.06)


def inhibited_network(row, gain, size):
    n = neuron()
    G = gain / row["gain_Phi_prime_Hz_per_mV"]
    populations = {"I": Population(size, n, mu=15.0 + G * row["nu0_Hz"], sigma=5.0)}
    connections = [Connection("I", "I", -G / (0.02 * size), 2.0, indegree=size, to_itself=True)]
    mean = [MeanField(populations, connections, fluctuations=some) for some in (False, True)]
    return Network(populations, connections), *mean


@pytest.mark.parametrize("size, rest", [(250, 0.004), (500, 0.001), (1000, 0.001)])
def test_the_rate_of_a_finite_network(size, rest):
    """Loop gain 4: within four standard errors, and what the docstring of `rate_error` says, of the rate of theory."""
    net, limit, finite = inhibited_network(ONE[0], 4.0, size)
    (point,), (shifted,) = limit.fixed_points(), finite.fixed_points()
    assert point.nu[0] == pytest.approx(ONE[0]["nu0_Hz"], rel=1e-9)
    duration = 8e6 / size
    rate = net.run(duration + 200.0, dt=0.1, rng=size, threads=2).rates(200.0)["I"]
    # Near the loss of stability small networks scatter a little more.
    error = 1.3 * limit.rate_error(point, duration)[0]
    assert abs(rate - shifted.nu[0]) < 4.0 * error + rest * point.nu[0]
    # The limit itself is missed by more than that, by 61 Hz over the size within an eighth.
    assert abs(rate - point.nu[0] - 61.0 / size) < 4.0 * error + 61.0 / size / 8.0
    assert rate - point.nu[0] > 6.0 * error


def test_runs_of_a_network_scatter_by_the_standard_error():
    """Their squares in standard errors have the chi-square distribution, from which neither end is far."""
    net, limit, _ = inhibited_network(ONE[0], 4.0, 2000)
    (point,) = limit.fixed_points()
    rates = np.array([net.run(800.0, dt=0.2, rng=seed, threads=2).rates(200.0)["I"] for seed in range(24)])
    error = limit.rate_error(point, 600.0)[0]
    # By hand: independent neurons have sqrt(nu CV**2 / (N T)), which feedback divides by 1 + 4; for CV see Brunel (2000), A.1.
    squares = quad(lambda x: quad(
        lambda v: math.exp((x - v) * (x + v)) * erfcx(-v)**2, x - 12.0, x, epsrel=1e-10)[0], -1.0, 1.0, epsrel=1e-9)[0]
    cv = 0.02 * point.nu[0] * math.sqrt(2.0 * math.pi * squares)
    assert error == pytest.approx(cv * math.sqrt(point.nu[0] / (2000 * 0.6)) / 5.0, rel=1e-6)
    assert 1e-3 < chi2.cdf(np.sum((rates - rates.mean())**2) / error**2, 23) < 1.0 - 1e-3


def test_a_network_is_stable_where_theory_says_so():
    # All to all, set A: stable below a loop gain of 4.705; N Var(rate) / nu there as much as the spectrum of theory.
    row = ONE[0]
    for gain, stable in ((2.5, True), (8.0, False)):
        field, point = one_population(row, gain)
        size = 1000
        population = Population(size, neuron(), mu=float(field.populations["I"].mu), sigma=5.0)
        G = gain / row["gain_Phi_prime_Hz_per_mV"]
        net = Network(
            {"I": population}, [Connection("I", "I", -G / (0.02 * size), 2.0, indegree=size, to_itself=True)])
        activity = net.run(4200.0, dt=0.1, rng=3, threads=2)
        f, spectrum = activity.spectrum("I", bin=0.5, start=200.0, segments=20)
        band = (f > 100.0) & (f < 260.0)
        if stable:
            expected = np.mean(field.activity_spectrum(point, f[band])[:, 0])
            assert abs(np.mean(spectrum[band]) - expected) < 4.0 * expected / math.sqrt(20 * band.sum()) + 0.1 * expected
        else:
            assert np.max(spectrum[band]) > 100.0 * row["nu0_Hz"]


# Rate equations.

def test_a_rate_equation_without_feedback_relaxes_exponentially():
    field = MeanField({"A": Population(10, neuron(), mu=15.0, sigma=5.0)}, [])
    times, nu = field.integrate(100.0, dt=0.5)
    np.testing.assert_allclose(nu[0], rate_by_quadrature(15.0, 5.0) * -np.expm1(-times / 20.0), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("gain, grows", [(0.9, False), (1.1, True)])
@pytest.mark.parametrize("model", ["tau_m", "tau_eff", "static"])
@pytest.mark.parametrize("number", [1, 3])
def test_rate_equations_oscillate_where_the_table_says(number, model, gain, grows):
    row = ONE[number]
    critical = row["models"][MODELS[model]]["critical"][0]
    field, point = one_population(row, gain * critical["loop_gain_G_Phi_prime"])
    tau = [row["tau_eff_ms(low-freq match)"]] if model == "tau_eff" else model
    period = 1000.0 / critical["f_Hz"]
    times, nu = field.integrate(round(60.0 * period), dt=0.02, nu0=point.nu * 1.001, tau=tau)
    thirds = np.array_split(np.abs(nu[0] - point.nu[0]), 3)
    assert (np.max(thirds[2]) > np.max(thirds[1])) == grows


def test_the_step_has_the_second_order():
    field, point = one_population(ONE[1], 4.0)
    ends = [field.integrate(30.0, dt=dt, nu0=[12.0], tau=[5.0])[1][0, -1] for dt in (0.1, 0.05, 0.025, 0.0125)]
    errors = np.abs(np.diff(ends))
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.2) and errors[1] / errors[2] == pytest.approx(4.0, rel=0.2)


# Wrong arguments.

@pytest.mark.parametrize("call, error, message", [
    (lambda f, p: MeanField({"A": Population(2, neuron(), mu=[1.0, 2.0])}, []), ValueError, "mu of 'A' must be one number"),
    (lambda f, p: MeanField({}, []), TypeError, "populations must be a dict"),
    (lambda f, p: MeanField(f.populations, f.connections, 1), TypeError, "fluctuations must be True or False, got 1"),
    (lambda f, p: f.inputs([1.0, 2.0]), ValueError, r"nu must have a rate for each of 1 populations, got shape \(2,\)"),
    (lambda f, p: f.inputs([-1.0]), ValueError, "nu must be finite and at least 0 Hz, got -1 Hz"),
    (lambda f, p: f.loop(p, 1.0, "fast"), ValueError, "model must be one of 'lif', 'static', 'tau_m', 'tau_eff', got 'fast'"),
    (lambda f, p: f.loop([1.0], 1.0), TypeError, "point must be a FixedPoint"),
    (lambda f, p: f.loop(p, -1.0), ValueError, "f must be finite and at least 0 Hz"),
    (lambda f, p: f.rate_error(p, 0.0), ValueError, "duration must be finite and greater than 0 ms, got 0 ms"),
    (lambda f, p: f.critical_couplings(p, f_max=0.0), ValueError, "f_max must be finite and at least 1e-50 Hz"),
    (lambda f, p: f.integrate(10.0, dt=0.3), ValueError, "duration must be a multiple of dt = 0.3 ms"),
    (lambda f, p: f.integrate(10.0, nu0=[1.0, 2.0]), ValueError, "nu0 must have a rate for each of 1 populations"),
    (lambda f, p: f.integrate(10.0, tau="fast"), ValueError, "tau must be 'tau_m', 'static' or a time"),
    (lambda f, p: f.integrate(10.0, signals={"B": [1.0]}), ValueError, "population of signals must be one of 'I', got 'B'"),
    (lambda f, p: f.unstable_modes(FixedPoint(np.ones(1), np.ones(1), np.zeros(1))), ValueError, "got sigma = 0 in 'I'"),
])
def test_wrong_arguments_are_named(call, error, message):
    field, point = one_population(ONE[0])
    with pytest.raises(error, match=message):
        call(field, point)


REGIMES = {
    # Strength of inhibition, external rate over what reaches the threshold, modes that grow, how near the frequency of small
    # oscillations the peak lies: sharp where all neurons fire together, broad where few do and only now and then.
    "synchronous regular": (3.0, 2.0, 2.0, 0.02),
    "synchronous irregular, fast": (6.0, 4.0, 2.0, 0.1),
    "synchronous irregular, slow": (4.5, 0.9, 2.0, 0.6),
    "asynchronous irregular": (5.0, 2.0, 0.0, None),
}


@pytest.mark.parametrize("name", REGIMES)
def test_the_four_regimes_of_brunel(name):
    """Brunel (2000), figure 8: by linear stability, and by the spikes of 12,500 neurons."""
    g, eta, modes, near = REGIMES[name]
    n, J, K = neuron(), 0.1, 1000
    outside = {"nu_ext": 1000.0 * eta * 20.0 / (J * 20.0), "J_ext": J}
    populations = {"E": Population(10_000, n, **outside), "I": Population(2500, n, **outside)}
    connections = [
        Connection(source, target, J if source == "E" else -g * J, 1.5, indegree=K if source == "E" else K // 4)
        for source in "EI" for target in "EI"]
    field = MeanField(populations, connections)
    (point,) = field.fixed_points()
    assert field.unstable_modes(point) == modes
    activity = Network(populations, connections, rng=1).run(1000.0, rng=2, threads=2)
    intervals = [np.diff(times[times > 200.0]) for times in (activity["E"].of(i) for i in range(200))]
    cv = np.mean([one.std() / one.mean() for one in intervals if one.size > 2])
    f, spectrum = activity.spectrum("E", bin=0.5, start=200.0, segments=2)
    peak = f[np.argmax(spectrum)]
    if name == "asynchronous irregular":
        assert activity.rates(200.0)["E"] == pytest.approx(point.nu[0], rel=0.01)
        # In Brian2 a refractory period is a step longer: its rate, 37 Hz, is lower by 0.1 ms in 27 ms. Its networks are others.
        brian = [run["rate"] for run in json.loads((REFERENCE / "network_brian2.json").read_text())["regimes"]["AI"]["runs"]]
        corrected = np.array([1000.0 / (1000.0 / rate - 0.1) for rate in brian])
        spread = abs(corrected[1] - corrected[0])
        assert abs(activity.rates(200.0)["E"] - corrected.mean()) < 4.0 * spread / math.sqrt(2.0)
        # All together no more than theory has for a stable network of this size.
        low = (f > 20.0) & (f < 100.0)
        assert np.mean(spectrum[low]) < 3.0 * np.mean(field.activity_spectrum(point, f[low])[:, 0])
        assert 0.3 < cv < 0.6
    else:
        assert np.max(spectrum) > 30.0 * point.nu[0]
        assert peak == pytest.approx(field.critical_couplings(point)[0][1], rel=near)
        assert cv < 0.05 if name == "synchronous regular" else cv > 0.4
