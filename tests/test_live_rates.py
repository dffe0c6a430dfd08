"""The figures of the chapter on rates and the kernels behind them.

Expected: mpmath's susceptibility (tests/independent.py), SciPy's quadrature, integration and eigenvalues, closed forms of a
linear filter, and the mean field of lifcore.rates, which shares only the rate of one neuron. That the page shows the same bits
as Python is tested in a browser in tests/book.
"""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.special import erfcx

import independent
from lifcore import LIF
from lifcore.fokker_planck import evolve
from lifcore.kernels import build_wasm, slow_input, wilson_cowan
from lifcore.live import PhasePlane, SlowInput
from lifcore.live.rates import KERNELS
from lifcore.network import Connection, Population
from lifcore.rates import MeanField
from wasm_host import WasmtimeHost, numba_call

CELL = (20.0, -70.0, -50.0, -60.0, 2.0)


def phi(mu, sigma=5.0):
    """Siegert's formula with SciPy's quadrature and scaled error function."""
    integral = quad(lambda u: erfcx(-u), (10.0 - mu) / sigma, (20.0 - mu) / sigma, epsabs=0.0, epsrel=1e-12, limit=200)[0]
    return 1000.0 / (2.0 + 20.0 * math.sqrt(math.pi) * integral)


def network(mu_E=15.0, mu_I=12.0, w_EE=0.8, w_EI=0.8, w_IE=0.8, w_II=0.2, tau_E=7.0, tau_I=20.0):
    return np.array([*CELL, 5.0, mu_E, mu_I, w_EE, w_EI, w_IE, w_II, tau_E, tau_I])


def velocity(w, nu_E, nu_I):
    return [
        (phi(w[6] + w[8] * nu_E - w[9] * nu_I) - nu_E) / w[12], (phi(w[7] + w[10] * nu_E - w[11] * nu_I) - nu_I) / w[13]]


def test_an_orbit_by_another_integrator():
    w, out = network(), np.zeros((2, 501))
    out[:, 0] = 12.0, 6.0
    wilson_cowan.orbit(w, 0.2, out)
    times = np.array([20.0, 60.0, 100.0])
    expected = solve_ivp(lambda t, nu: velocity(w, *nu), (0.0, 100.0), [12.0, 6.0], method="DOP853", t_eval=times, rtol=1e-9,
                         atol=1e-9).y
    # The error of fourth order falls with the step as it should.
    found = out[:, [100, 300, 500]]
    assert np.abs(found - expected).max() < 2e-5
    fine = np.zeros((2, 1001))
    fine[:, 0] = 12.0, 6.0
    wilson_cowan.orbit(w, 0.1, fine)
    assert np.abs(fine[:, [200, 600, 1000]] - expected).max() < 0.12 * np.abs(found - expected).max()


@pytest.mark.parametrize("change", [{}, {"mu_E": 19.0, "w_EI": 0.55}, {"w_II": 0.0}])
def test_each_population_rests_on_its_line(change):
    w, x, lines = network(**change), np.array([-10.0, 5.0, 15.0, 24.0, 90.0]), np.zeros((4, 5))
    wilson_cowan.resting_lines(w, x, lines)
    for first_E, first_I, second_E, second_I in lines.T:
        assert velocity(w, first_E, first_I)[0] == pytest.approx(0.0, abs=1e-10 * (1.0 + first_E))
        assert velocity(w, second_E, second_I)[1] == pytest.approx(0.0, abs=1e-10 * (1.0 + second_I))
    assert np.all(np.diff(lines[[0, 2]]) > 0.0)


@pytest.mark.parametrize("change, number", [({}, 1), ({"w_EI": 0.3, "mu_E": 8.0}, 3), ({"mu_E": 19.0, "w_EI": 0.6}, 1)])
def test_points_of_rest_are_those_of_the_mean_field(change, number):
    w, points = network(**change), np.zeros((2, 5))
    grid = np.arange(-10.0, 500.0, 0.5)
    count = wilson_cowan.crossings(w, grid, points)
    n = LIF(V_reset=-60.0)
    couplings = {"EE": w[8], "EI": -w[9], "IE": w[10], "II": -w[11]}
    field = MeanField(
        {"E": Population(100, n, mu=w[6], sigma=5.0), "I": Population(100, n, mu=w[7], sigma=5.0)},
        [Connection(j, i, couplings[i + j] / 2.0, 1.0, indegree=100, to_itself=True) for i in "EI" for j in "EI"],
        fluctuations=False)
    expected = field.fixed_points()
    assert count == len(expected) == number
    np.testing.assert_allclose(points[:, :count].T, [one.nu for one in expected], rtol=1e-9)


def test_no_more_points_than_there_is_room_for():
    grid, points = np.arange(-10.0, 500.0, 0.5), np.zeros((2, 2))
    assert wilson_cowan.crossings(network(w_EI=0.3, mu_E=8.0), grid, points) == 2
    assert wilson_cowan.crossings(network(), np.array([100.0, 200.0]), points) == 0


@pytest.mark.parametrize("nu_E, nu_I, tau_I", [(4.0, 7.0, 10.0), (9.0, 12.0, 30.0), (0.5, 3.0, 7.0)])
def test_the_slowest_mode_by_difference_quotients(nu_E, nu_I, tau_I):
    w, out, h = network(tau_I=tau_I), np.zeros(2), 1e-4
    columns = [
        np.subtract(velocity(w, nu_E + h * a, nu_I + h * b), velocity(w, nu_E - h * a, nu_I - h * b)) / (2.0 * h)
        for a, b in ((1, 0), (0, 1))]
    slowest = max(np.linalg.eigvals(np.transpose(columns)), key=lambda value: (value.real, value.imag))
    wilson_cowan.slowest_mode(nu_E, nu_I, w, out)
    assert out == pytest.approx([1000.0 * slowest.real, 1000.0 * slowest.imag / (2.0 * math.pi)], rel=1e-6, abs=1e-4)


def test_stages_of_a_cosine():
    out = np.zeros(12)
    slow_input.cosine_stages(15.0, 2.0, 8, -3, out)
    t = -3.0 + np.repeat(np.arange(6), 2) + np.tile([1.0 - math.sqrt(0.5), 1.0], 6)
    np.testing.assert_allclose(out, 15.0 + 2.0 * np.cos(2.0 * np.pi * t / 8.0), rtol=1e-14)


@pytest.mark.parametrize("tau", [0.3, 5.0, 400.0])
def test_a_first_order_cycle_is_that_of_a_linear_filter(tau):
    steps, dt = 4000, 0.025
    t = dt * np.arange(1, steps + 1)
    turn = 2.0j * np.pi / 100.0
    out = np.zeros(steps)
    slow_input.first_order_cycle(7.0 + np.cos(2.0 * np.pi * t / 100.0), dt, tau, out)
    np.testing.assert_allclose(out, 7.0 + np.real(np.exp(turn * t) / (1.0 + turn * tau)), atol=1e-6)


def test_no_time_constant_no_lag():
    phi_values, out = np.array([1.0, 4.0, 2.0]), np.zeros(3)
    slow_input.first_order_cycle(phi_values, 1.0, 0.0, out)
    assert list(out) == list(phi_values)


def test_relative_difference_by_hand():
    # Off by 1 at one of four; the swing is 2 from the mean of 3.
    assert slow_input.relative_difference(np.array([1.0, 5.0, 1.0, 6.0]), np.array([1.0, 5.0, 1.0, 5.0])) == 0.25


def test_page_computes_the_same_bits():
    host, by_name = WasmtimeHost(build_wasm(list(KERNELS))), {kernel.__name__: kernel for kernel in KERNELS}
    orbit = np.zeros((2, 40))
    orbit[:, 0] = 12.0, 6.0
    for name, arguments in [
        ("orbit", [network(), 0.2, orbit]),
        ("resting_lines", [network(), np.array([0.01, 15.0, 50.0]), np.zeros((4, 3))]),
        ("crossings", [network(), np.linspace(-10.0, 90.0, 101), np.zeros((2, 5))]),
        ("slowest_mode", [4.0, 7.0, network(), np.zeros(2)]),
        ("cosine_stages", [15.0, 2.0, 80, -7, np.zeros(30)]),
        ("first_order_cycle", [np.array([1.0, 4.0, 2.0]), 0.7, 3.0, np.zeros(3)]),
        ("relative_difference", [np.array([1.0, 4.0, 2.0]), np.array([1.5, 4.0, 2.0])]),
    ]:
        found, expected = host.call(name, arguments), numba_call(by_name[name], arguments)
        assert found[1] == expected[1], name
        if expected[0] is not None:
            assert found[0] == expected[0], name


# The figures.

@pytest.mark.parametrize("f", [5.0, 10.0, 40.0, 150.0])
def test_errors_of_a_weak_signal_are_those_of_the_susceptibility(f):
    found = SlowInput(f=f, depth=0.5).readouts()
    assert found["static"] == pytest.approx(100.0 * float(independent.static_error(15, 5, f)), rel=0.02)
    assert found["tau_m_error"] == pytest.approx(100.0 * float(independent.filter_error(15, 5, f, 20)), rel=0.01)
    # The lag of a finite swing differs between crest and trough.
    tau = float(independent.lag_time(15, 5))
    expected = 100.0 * float(independent.filter_error(15, 5, f, tau))
    assert found["tau_eff"] == pytest.approx(tau, rel=1e-8)
    assert found["tau_eff_error"] == pytest.approx(expected, rel=0.03, abs=1.2)


def test_slow_input_of_any_size_is_followed():
    # At a tenth of a hertz less than a per cent, linear or not.
    for depth in (0.5, 8.0):
        found = SlowInput(f=0.1, depth=depth).readouts()
        assert found["static"] < 0.6
    times = np.linspace(0.0, 1.0, 2001)
    mean = np.mean([phi(15.0 + 8.0 * math.cos(2.0 * math.pi * t)) for t in times[1:]])
    assert found["rate"] == pytest.approx(mean, rel=2e-3)


def test_one_cycle_by_the_library():
    figure = SlowInput(f=20.0, mu=14.0, sigma=4.0, depth=3.0)
    found = figure._exact()
    t = np.concatenate([[0.0], 150.0 + 50.0 * np.arange(1, found.size + 1) / found.size])
    run = evolve(figure.neuron, lambda t: 14.0 + 3.0 * np.cos(2.0 * np.pi * t / 50.0), 4.0, t, cells=800, dt=0.1)
    np.testing.assert_allclose(found, run.rate[1:], atol=0.01)


def test_a_lead_has_no_filter():
    found = SlowInput(mu=25.0, sigma=2.0).readouts()
    assert found["tau_eff"] == pytest.approx(float(independent.lag_time(25, 2)), rel=1e-7) and found["tau_eff"] < 0.0
    assert found["tau_eff_error"] == math.inf


@pytest.mark.parametrize("tau_I, rests", [(10.0, True), (19.0, True), (22.0, False), (30.0, False)])
def test_slow_inhibition_makes_a_rhythm(tau_I, rests):
    figure = PhasePlane(tau_I=tau_I)
    found, late = figure.readouts(), figure._orbit()[0, 1000:]
    assert (found["growth"] < 0.0) is rests
    # It decays, or goes on with a swing that does not.
    first, second = np.ptp(late[:500]), np.ptp(late[500:])
    assert second < 0.9 * first if rests else second > 0.9 * first > 1.0


def test_the_time_constant_of_inhibition_moves_no_point():
    assert {PhasePlane(tau_I=tau).readouts()["nu_E"] for tau in (3.0, 10.0, 30.0)} == {PhasePlane().readouts()["nu_E"]}


def test_there_is_a_point_of_rest_wherever_the_sliders_stand():
    controls = PhasePlane.controls()
    for mu_E, w_EI in itertools.product(*(
            np.linspace(controls[name].minimum, controls[name].maximum, 6) for name in ("mu_E", "w_EI"))):
        points, _ = PhasePlane(mu_E=mu_E, w_EI=w_EI)._rests()
        assert points.shape[1] >= 1
