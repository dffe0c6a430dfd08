"""The course's answers to the exercises on the limits of rates: by hand, mpmath, reference tables, plain simulation."""

import cmath
import csv
import json
import math
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy.optimize import brentq

from lifcore import LIF
from lifcore.grading import source
from lifcore.grading.solutions import Reference
from lifcore.network import Connection, Population
from lifcore.rates import MeanField
from theory import rate as Phi

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "tests" / "reference"
EXERCISE = source.read(ROOT / "exercises" / "limits.md").exercise
ANSWERS = Reference(EXERCISE)
# One population, four models, Arb; the names of its sets are those of the file.
ONE = {one["name"]: one for one in json.loads((TABLES / "R8_onepop.json").read_text())}
N = LIF(tau_m=20.0, E_L=0.0, V_th=20.0, V_reset=10.0, t_ref=2.0)


def answer(question, name):
    return ANSWERS.solved(EXERCISE[question])[name]


def first(name, model):
    """Critical loop gain and frequency in the table."""
    one = ONE[name]["models"][model]["critical"][0]
    return one["loop_gain_G_Phi_prime"], one["f_Hz"]


@pytest.mark.parametrize("name", ["A_pure_delay", "C_highnoise_delay", "D_slow_syn_all_rate_models_wrong"])
def test_working_points_against_the_table(name):
    one = ONE[name]
    mu, sigma = float(one["mu0_mV(total, fixed operating point)"]), float(one["sigma"])
    for test in one["tests"]:
        G = test["G_mV_per_Hz"]
        assert answer("q1", "outside")(N, mu, sigma, G) == pytest.approx(test["mu_ext_mV=mu0+G*nu0"], rel=1e-12)
        assert answer("q1", "coupling")(N, mu, sigma, test["loop_gain"]) == pytest.approx(G, rel=1e-12)
        J = answer("q1", "efficacy")(N, G, 10_000)
        assert J == pytest.approx(-test["delta_PSP_J_mV_for_N=10000(G/(tau N))"], rel=1e-12)


def test_modes_of_a_delay_against_the_table_and_the_equation():
    growth, frequencies = answer("q2", "static_modes")(4.0, 2.0, 4)
    [want] = [test["static_gain"] for test in ONE["A_pure_delay"]["tests"] if test["loop_gain"] == 4.0]
    assert (growth, frequencies[0]) == pytest.approx((want["growth_per_s"], want["f_Hz"]), rel=1e-12)
    for f in frequencies:
        assert cmath.exp(complex(growth, 2 * math.pi * f) * 0.002) == pytest.approx(-4, rel=1e-12)
    # All real and imaginary parts in which exp(lambda d) has that angle: 250, 750, 1250, 1750 Hz.
    assert frequencies == pytest.approx([250, 750, 1250, 1750], rel=1e-12)


@pytest.mark.parametrize("gain", [1.7, 3.0, 5.5])
def test_cycles_by_root_finding(gain):
    # A cycle is a fixed point of the map applied twice, looked for below the working point; mpmath's Phi.
    mu, sigma = 15.0, 5.0
    nu0 = float(Phi(N, mu, sigma))
    G = gain / float(mpmath.diff(lambda m: Phi(N, m, sigma), mu))

    def after(nu):
        return float(Phi(N, mu + G * (nu0 - nu), sigma))

    low = brentq(lambda nu: after(after(nu)) - nu, 0.0, 0.9 * nu0, xtol=1e-11)
    got = answer("q3", "cycle")(N, mu, sigma, G)
    assert got == pytest.approx((low, after(low)), rel=1e-6, abs=1e-9) and got[0] < nu0 < got[1]
    # The linear map decays where the loop gain is below one.
    assert answer("q3", "cycle")(N, mu, sigma, 0.6 * G / gain) == pytest.approx((nu0, nu0), rel=1e-9)


@pytest.mark.parametrize("name, d", [("A_pure_delay", 2.0), ("C_highnoise_delay", 2.0)])
def test_filters_against_the_table(name, d):
    for model, tau in (("WC_tau_membrane", 20.0), ("WC_tau_eff", ONE[name]["tau_eff_ms(low-freq match)"])):
        assert answer("q4", "critical_filter")(tau, d) == pytest.approx(first(name, model), rel=1e-10)
    # Quick against the delay: the filter is gone.
    assert answer("q4", "critical_filter")(1e-9, d) == pytest.approx((1, 250), rel=1e-7)


def test_loops_against_the_table_of_susceptibilities():
    with open(TABLES / "R4_susceptibility.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["op"] == "noise_driven"]
    compared = 0
    for row in rows:
        f = float(row["f_Hz"])
        if 1 <= f <= 1000:
            omega = 2 * math.pi * f / 1000
            chi = complex(float(row["Re_chi_mu_Hz_per_mV"]), float(row["Im_chi_mu"]))
            for d, tau_s in ((2.0, 0.0), (1.0, 3.0)):
                want = -1.3 * chi * cmath.rect(1, -omega * d) / complex(1, omega * tau_s)
                assert answer("q5", "loop")(N, 15.0, 5.0, 1.3, d, tau_s, f) == pytest.approx(want, rel=1e-9)
                compared += 1
    assert compared > 20


def test_what_the_loop_makes_louder_by_adding_rounds_and_against_the_table():
    for L in (0.3 + 0.5j, -0.7 + 0.1j, 0.85 + 0j):
        rounds = sum(L**k for k in range(400))
        assert answer("q5", "louder")(L) == pytest.approx(abs(rounds) ** 2, rel=1e-10)
    with open(TABLES / "R8_pop_spectrum.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    compared = 0
    for row in rows:
        if not row["set"].startswith("A"):
            continue
        gain, f = float(row["loop_gain"]), float(row["f_Hz"])
        G = answer("q1", "coupling")(N, 15.0, 5.0, gain)
        factor = answer("q5", "louder")(answer("q5", "loop")(N, 15.0, 5.0, G, 2.0, 0.0, f))
        want = float(row["N*S_pop_Hz(all-to-all, S0/|1+G chi S|^2)"])
        assert factor * float(row["S0_single_Hz"]) == pytest.approx(want, rel=1e-8)
        compared += 1
    assert compared > 5


def test_fast_susceptibility_by_hand_and_as_a_limit():
    # omega tau_m = 8: the root of a quarter; rate over noise times a half.
    f = 1000 * 8 / 20 / (2 * math.pi)
    half = float(Phi(N, 15, 5)) / 5 / 2
    assert answer("q6", "fast")(N, 15.0, 5.0, f) == pytest.approx(half * complex(1, -1) / math.sqrt(2), rel=1e-10)
    # R4_susceptibility.csv at 100 kHz.
    with open(TABLES / "R4_susceptibility.csv", newline="") as file:
        [row] = [row for row in csv.DictReader(file) if row["op"] == "noise_driven" and float(row["f_Hz"]) == 100_000]
    chi = complex(float(row["Re_chi_mu_Hz_per_mV"]), float(row["Im_chi_mu"]))
    assert answer("q6", "fast")(N, 15.0, 5.0, 1e5) == pytest.approx(chi, rel=2e-2)


def test_estimates_close_their_loop():
    for mu, sigma, d in ((15.0, 5.0, 2.0), (13.0, 7.0, 0.7)):
        gain, f = answer("q6", "estimate")(N, mu, sigma, d)
        assert f == pytest.approx(375 / d, rel=1e-13)
        omega, nu = 2 * math.pi * f / 1000, float(Phi(N, mu, sigma))
        slope = float(mpmath.diff(lambda m: Phi(N, m, sigma), mu))
        L = -gain / slope * nu / sigma * cmath.sqrt(2 / (1j * omega * 20)) * cmath.rect(1, -omega * d)
        assert L == pytest.approx(1, abs=1e-8)
    # Within an eighth of the true values of the table, which are 4.705 at 183.6 Hz.
    assert answer("q6", "estimate")(N, 15.0, 5.0, 2.0) == pytest.approx(first("A_pure_delay", "LIF"), rel=0.13)


@pytest.mark.parametrize("name", [*ONE][:4])
def test_critical_gains_of_neurons_against_the_table(name):
    one = ONE[name]
    mu, sigma = float(one["mu0_mV(total, fixed operating point)"]), float(one["sigma"])
    got = answer("q7", "critical_gain")(N, mu, sigma, one["delay_ms"], one["tau_syn_decay_ms"])
    assert got == pytest.approx(first(name, "LIF"), rel=1e-8)


def test_growing_modes_of_filters_by_their_critical_gains():
    # tan(omega d) = -omega tau: the critical loop gains of all modes, by root finding between the poles.
    tau, d = 3.0, 2.0
    critical = []
    for k in range(3):
        omega = brentq(lambda w, k=k: w * d + math.atan(w * tau) - (2 * k + 1) * math.pi, 0, 20)
        critical.append(math.hypot(1, omega * tau))
    assert critical == sorted(critical)
    omega = np.linspace(0, 80, 40_000)
    for gain in (0.5, *(factor * one for one in critical for factor in (0.95, 1.05))):
        L = -gain * np.exp(-1j * omega * d) / (1 + 1j * omega * tau)
        assert answer("q8", "growing_modes")(L) == 2 * sum(gain > one for one in critical)
    # Excitation without a delay: x' = (gain - 1) x / tau.
    omega = np.append(0, np.geomspace(1e-4, 1e3, 2000))
    for gain in (0.5, 0.99, 1.01, 4.0):
        assert answer("q8", "growing_modes")(gain / (1 + 3j * omega)) == int(gain > 1)


@pytest.mark.parametrize("name", ["A_pure_delay", "B_syn_filter", "D_slow_syn_all_rate_models_wrong"])
def test_judgements_against_growth_in_the_table(name):
    keys = {"lif": "LIF", "static": "static_gain", "tau_m": "WC_tau_membrane", "tau_eff": "WC_tau_eff"}
    critical = {key: first(name, model)[0] for key, model in keys.items()}
    for test in ONE[name]["tests"]:
        want = []
        for model in ("static_gain", "WC_tau_membrane", "WC_tau_eff"):
            says, does = test[model]["stable"], test["LIF"]["stable"]
            want.append({(True, False): "too stable", (False, True): "too unstable"}.get((says, does), "right"))
        assert answer("q9", "judge")(critical, test["loop_gain"]) == want


def test_predictions_about_delays():
    # Package against the answer: the search for the critical point is another one there.
    n = LIF(V_reset=-60.0)
    static, neurons = [], []
    for d in (1.0, 2.0, 4.0):
        G = answer("q1", "coupling")(n, 15.0, 5.0, 1.0)
        field = MeanField(
            {"I": Population(1000, n, mu=answer("q1", "outside")(n, 15.0, 5.0, G), sigma=5.0)},
            [Connection("I", "I", answer("q1", "efficacy")(n, G, 999), d, probability=1.0)], fluctuations=False)
        point = field.fixed_point([float(Phi(n, 15, 5))])
        static.append(field.critical_couplings(point, "static")[0][0])
        neurons.append(field.critical_couplings(point)[0][0])
        assert neurons[-1] == pytest.approx(answer("q7", "critical_gain")(n, 15.0, 5.0, d, 0.0)[0], rel=1e-6)
    assert static == pytest.approx([1, 1, 1], rel=1e-9) and answer("q9", "delay_static") == "stays"
    assert neurons[0] > neurons[1] > neurons[2] and answer("q9", "delay_neurons") == "falls"


def test_predictions_about_negative_time_constants():
    tau = ONE["E_lownoise_resonant"]["tau_eff_ms(low-freq match)"]
    assert tau < 0
    # A response ahead of the drive has a positive angle, for exp(+ i omega t).
    assert cmath.phase(1 / complex(1, 0.05 * tau)) > 0 and answer("q9", "shift") == "early"
    x = 1.0
    for _ in range(1000):
        x += 0.01 * (-x / tau)
    assert x > 100 and answer("q9", "left_alone") == "grows"


def test_prediction_about_the_variance():
    # A plain simulation, all connected with all; loop gain 2.5 at the working point. In bins of 1 ms.
    rng, steps, dt, G = np.random.default_rng(4), 12_000, 0.1, 2.5 / 2.907291
    found = []
    for size in (300, 1200):
        V, wait, spikes = rng.uniform(10, 18, size), np.zeros(size, int), np.zeros(steps + 1, int)
        drive, kick = 15 + G * 9.4608, -1000 * G / (20 * size)
        for k in range(steps):
            V += dt / 20 * (drive - V) + 5 * math.sqrt(dt / 20) * rng.standard_normal(size)
            V += kick * spikes[k - 20]
            V[wait > 0] = 10
            wait -= wait > 0
            fired = V >= 20
            V[fired], wait[fired], spikes[k] = 10, 20, fired.sum()
        A = spikes[2000:steps].reshape(-1, 10).sum(axis=1) / (size * 0.001)
        found.append(size * A.var() / (1000 * A.mean()))
    # A thousand bins: 4.5 % each; in step, the larger network would have four times as much.
    assert found[1] / found[0] == pytest.approx(1, abs=4 * 0.08) and answer("q9", "variance") == "the same"
