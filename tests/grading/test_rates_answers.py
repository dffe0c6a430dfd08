"""The course's answers to the exercises on rates: by hand, in fractions, mpmath, reference tables, integration."""

import csv
import json
import math
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lifcore import LIF
from lifcore.grading import source
from lifcore.grading.solutions import Reference
from theory import rate as Phi

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "tests" / "reference"
EXERCISE = source.read(ROOT / "exercises" / "rates.md").exercise
ANSWERS = Reference(EXERCISE)


def answer(question, name):
    return ANSWERS.solved(EXERCISE[question])[name]


def table(point):
    """An operating point in R4_susceptibility.csv (Arb, 20 digits): the neuron, mu, sigma, {f: chi}."""
    with open(TABLES / "R4_susceptibility.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["op"] == point]
    one = rows[0]
    n = LIF(
        tau_m=float(one["tau_ms"]), E_L=0.0, V_th=float(one["V_th"]), V_reset=float(one["V_r"]),
        t_ref=float(one["tau_ref_ms"]))
    chi = {float(row["f_Hz"]): complex(float(row["Re_chi_mu_Hz_per_mV"]), float(row["Im_chi_mu"])) for row in rows}
    return n, float(one["mu"]), float(one["sigma"]), chi


def test_numbers_of_neurons_in_fractions():
    needed = answer("q1", "neurons_needed")
    # 10 Hz, 1 ms, a tenth: N = 1/(0.01 * 0.01), just ten thousand; in floating point it may be that or one more.
    assert needed(10.0, 1.0, 0.1) in (10_000, 10_001)
    for nu, bin, error in ((7.25, 2.5, 0.125), (19.0, 0.75, 0.0625), (3.5, 8.0, 0.03125)):
        exact = 1000 / (Fraction(nu) * Fraction(bin) * Fraction(error) ** 2)
        assert needed(nu, bin, error) == math.ceil(exact) != exact


def test_smoothed_spikes_against_random_ones():
    # 20 neurons of 30 Hz, smoothed by 5 ms: independent values 60 ms apart, after 60 ms of warming up.
    rng, N, nu, tau, values = np.random.default_rng(1), 20, 30.0, 5.0, []
    for _ in range(4000):
        ages = rng.uniform(0, 60, rng.poisson(N * nu * 0.06))
        values.append(np.sum(np.exp(-ages / tau)))
    error = np.std(values) / np.mean(values)
    assert abs(error / answer("q1", "smoothed_error")(nu, N, tau) - 1) < 4 / math.sqrt(2 * 4000) + 0.005


def test_kicks_by_hand():
    # J = 0.5, tau_m = 20 ms: mu = 0.01 (R_E - R_I), sigma^2 = 0.005 (R_E + R_I).
    n = LIF(tau_m=20.0, V_reset=-60.0)
    assert answer("q2", "rates_of_kicks")(n, 10.0, 5.0, 0.5) == pytest.approx((3000, 2000), rel=1e-13)
    largest = answer("q2", "largest_kick")(10.0, 5.0)
    assert largest == 2.5
    assert answer("q2", "rates_of_kicks")(n, 10.0, 5.0, largest) == pytest.approx((200, 0), abs=1e-10)


def test_skewness_by_simulated_kicks():
    # Free membrane of 20 ms, 400 kicks of 1 mV a second: what is left of all kicks of the last 300 ms.
    rng, n, trials = np.random.default_rng(2), LIF(tau_m=20.0, V_reset=-60.0), 40_000
    counts = rng.poisson(400 * 0.3, trials)
    left = np.exp(-rng.uniform(0, 300, counts.sum()) / 20)
    V = np.array([part.sum() for part in np.split(left, np.cumsum(counts)[:-1])])
    measured = np.mean((V - V.mean()) ** 3) / V.std() ** 3
    # The standard error of the skewness of nearly normal numbers is the root of 6 over their number.
    assert abs(measured - answer("q2", "skewness")(n, 400.0)) < 4 * math.sqrt(6 / trials) * 1.2
    assert answer("q2", "skewness")(n, 400.0) == pytest.approx((8 / 3) / 4**1.5, rel=1e-13)


def test_slow_drives_by_quadrature():
    n = LIF(V_reset=-60.0)
    t = np.array([0.0, 130.0, 400.0, 777.0])
    got = answer("q3", "follow")(n, 13.0, 4.0, 3.0, 1.5, t)
    want = [Phi(n, 13 + 3 * mpmath.cos(2 * mpmath.pi * 1.5 * time / 1000), 4) for time in t.tolist()]
    assert list(got) == pytest.approx([float(rate) for rate in want], rel=1e-10)

    nodes, weights = np.polynomial.legendre.leggauss(20)

    def mean(mu):
        phases = math.pi / 2 * (1 + nodes)
        return sum(weight / 2 * float(Phi(n, mu + 3 * math.cos(phase), 4)) for phase, weight in zip(phases, weights))

    assert answer("q3", "mean_over_cycle")(n, 13.0, 4.0, 3.0) == pytest.approx(mean(13), rel=1e-8)
    assert mean(12) > 1.05 * Phi(n, 12, 4) and answer("q3", "below") == "higher"
    assert mean(40) < Phi(n, 40, 4) * 0.9999 and answer("q3", "above") == "lower"


def test_steps_against_the_equation():
    n = LIF(tau_m=18.0, V_reset=-60.0)
    # By hand: one step of a tenth of tau goes a tenth of the way.
    first = answer("q4", "euler")(n, 16.0, 5.0, -0.4, 10.0, 30.0, 1.0, 1)
    assert first[0] == 30 and first[1] == pytest.approx(27 + 0.1 * float(Phi(n, 16 - 12, 5)), rel=1e-10)
    found = solve_ivp(
        lambda t, nu: (float(Phi(n, 16 - 0.4 * nu[0], 5)) - nu) / 10, (0, 20), [30.0], rtol=1e-8, atol=1e-9).y[0, -1]
    errors = [
        answer("q4", "euler")(n, 16.0, 5.0, -0.4, 10.0, 30.0, 20 / count, count)[-1] - found for count in (200, 400)]
    # Of the first order: half the step, half the error.
    assert abs(errors[0]) < 0.1 and errors[0] / errors[1] == pytest.approx(2, rel=0.05)
    # Half of the way in the half-life.
    assert answer("q4", "exact_step")(10.0, 30.0, 7.0 * math.log(2), 7.0) == pytest.approx(20, rel=1e-13)


def test_filters_by_hand():
    # omega tau = 1 and the root of three: 45 and 60 degrees, the amplitude over the root of two, and a half of it.
    for turn, lag, part in ((1.0, 45, math.sqrt(0.5)), (math.sqrt(3), 60, 0.5)):
        f = 1000 * turn / (2 * math.pi * 8.0)
        assert answer("q5", "filtered")(3.0, 8.0, f) == pytest.approx((3 * part, lag), rel=1e-13)


@pytest.mark.parametrize("f", [5.0, 10.0, 20.0, 30.0])
def test_highest_frequency_against_the_table(f):
    # The real part of chi at 0.001 Hz is the static gain to eight digits.
    n, mu, sigma, chi = table("noise_driven")
    x = abs(chi[f] / chi[0.001].real - 1)
    assert answer("q5", "highest_f")(n, mu, sigma, x) == pytest.approx(f, rel=1e-5)


@pytest.mark.parametrize("point", ["A_pure_delay", "C_highnoise_delay", "E_lownoise_resonant"])
def test_effective_time_constants_against_the_table(point):
    # R8_onepop.json has the limit itself, from the derivative of Arb's susceptibility.
    [one] = [one for one in json.loads((TABLES / "R8_onepop.json").read_text()) if one["name"] == point]
    want = one["tau_eff_ms(low-freq match)"]
    n = LIF(tau_m=20.0, E_L=0.0, V_th=20.0, V_reset=10.0, t_ref=float(one["tau_ref_ms"]))
    mu, sigma = float(one["mu0_mV(total, fixed operating point)"]), float(one["sigma"])
    chi = [complex(ANSWERS.givens["susceptibility"](n, mu, sigma, f)) for f in (1.0, 2.0)]
    assert answer("q6", "extrapolated")(chi[0], 1.0, chi[1], 2.0) == pytest.approx(want, rel=3e-4)
    assert answer("q6", "time_constant")(chi[0], 1.0) == pytest.approx(want, rel=2e-2)


def test_time_constants_by_hand():
    # A filter of 5 ms, whatever the frequency; and 1 - 0.1 i at omega = 0.02 / ms.
    chi = 2 / (1 + 2j * math.pi * 7 * 5 / 1000)
    assert answer("q6", "time_constant")(chi, 7.0) == pytest.approx(5, rel=1e-13)
    f = 1000 * 0.02 / (2 * math.pi)
    assert answer("q6", "time_constant")(1 - 0.1j, f) == pytest.approx(5, rel=1e-13)
    # Quotients 3 + 0.01 f^2: 4 ms at 10 Hz and 7 ms at 20 Hz.
    chis = [1 - 2j * math.pi * f * tau / 1000 for f, tau in ((10, 4), (20, 7))]
    assert answer("q6", "extrapolated")(chis[0], 10.0, chis[1], 20.0) == pytest.approx(3, rel=1e-12)


@pytest.mark.parametrize(
    "network, count",
    [((11.0, 3.8, 0.38), 3), ((11.5, 4.0, 0.35), 3), ((13.0, 5.0, 0.1), 1), ((26.0, 4.0, 0.4), 1)])
def test_states_by_root_finding(network, count):
    n = LIF(V_reset=-60.0)
    mu_ext, sigma, w = network
    found = answer("q7", "states")(n, *network)
    assert len(found) == count
    for rate, stable in found:
        assert Phi(n, mu_ext + w * rate, sigma) == pytest.approx(rate, rel=1e-5)
        slope = mpmath.diff(lambda nu: Phi(n, mu_ext + w * nu, sigma), rate)
        assert stable is bool(slope < 1)


def test_matrices_and_modes_by_hand():
    # Rows (2 - 1)/10, -4/10 and 3/5, -(1 + 1)/5: trace -0.3, determinant 0.2, roots -0.15 +- i sqrt(0.1775).
    W, tau = [[2, -4], [3, -1]], [10, 5]
    np.testing.assert_allclose(answer("q8", "jacobian")(W, tau), [[0.1, -0.4], [0.6, -0.4]], rtol=1e-14)
    want = (-150, 1000 * math.sqrt(0.1775) / (2 * math.pi))
    assert answer("q8", "mode")(W, tau) == pytest.approx(want, rel=1e-12)
    # No coupling: each decays by itself; the slower one is left over.
    assert answer("q8", "mode")([[0, 0], [0, 0]], [10, 5]) == pytest.approx((-100, 0), abs=1e-12)


def test_critical_couplings_by_eigenvalues_in_thirty_digits():
    critical = answer("q9", "critical")
    for gains in ((2.0, 5.0, 5.0, 0.3, 10.0, 12.0), (1.6, 4.2, 5.5, 0.1, 9.0, 5.0)):
        a, b, c, d, tau_E, tau_I = gains
        kappa, f = critical(*gains)
        with mpmath.workdps(30):
            A = mpmath.matrix([
                [(kappa * a - 1) / tau_E, -kappa * b / tau_E], [kappa * c / tau_I, -(kappa * d + 1) / tau_I]])
            values = mpmath.eig(A, left=False, right=False)
        for value in values:
            assert abs(value.real) < 1e-14 and abs(value.imag) * 1000 / (2 * mpmath.pi) == pytest.approx(f, rel=1e-12)
        assert critical(a, b, c, d, tau_E, 0.8 * tau_I)[0] > kappa and answer("q9", "quick") == "rises"
        assert critical(a, b, c, d, 2 * tau_E, 2 * tau_I)[0] == pytest.approx(kappa, rel=1e-13)
        assert answer("q9", "twice") == "stays"


def test_predictions_by_integration():
    # Beyond the critical coupling, from near the fixed point and from far away: the same cycle. tanh for Phi.
    W = 1.15 * answer("q9", "critical")(2.0, 5.0, 5.0, 0.3, 10.0, 12.0)[0] * np.array([[2.0, -5.0], [5.0, -0.3]])
    tau, sizes = np.array([10.0, 12.0]), []
    for start in (0.01, 3.0):
        found = solve_ivp(lambda t, x: (np.tanh(W @ x) - x) / tau, (0, 1500), [start, 0.0], rtol=1e-8, max_step=1.0)
        sizes.append(np.abs(found.y[0][found.t > 1300]).max())
    assert 0.05 < sizes[0] < 1 and sizes[1] == pytest.approx(sizes[0], rel=1e-2)
    assert answer("q9", "beyond") == "go round in a cycle"
    # x' = -(1 + G Phi') x / tau decays for every positive gain.
    assert all(-(1 + gain) < 0 for gain in np.geomspace(1e-3, 1e6, 50)) and answer("q9", "alone") == "never"
