"""The moving density against tables of 12 digits and more (tests/reference/README.md), closed forms and simulation."""

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifcore import LIF, simulate
from lifcore.fokker_planck import evolve, step_rate
from lifcore.kernels import build_wasm
from lifcore.kernels import fokker_planck as kernels
from wasm_host import WasmtimeHost, browser_calls, numba_call

REFERENCE = Path(__file__).parent / "reference"
n = LIF()
# The tables' neuron: potentials are counted from rest.
table_neuron = LIF(tau_m=20, E_L=0, V_th=20, V_reset=10, t_ref=2)


def table(name):
    with open(REFERENCE / f"{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def cell(row, **changes):
    V_th = float(row["V_th"])
    return LIF(
        tau_m=float(row["tau_ms"]), E_L=min(0.0, V_th - 20), V_th=V_th, V_reset=float(row["V_r"]),
        t_ref=float(row["tau_ref_ms"])).replace(**changes)


def steps():
    """Neuron, input before and after, times in ms and rates in Hz of each case of the table."""
    for name, rows in itertools.groupby(table("R5_step_response"), lambda row: row["case"]):
        rows = list(rows)
        timed = [row for row in rows if row["t_ms"][0].isdigit()]
        at_once = next(float(row["rate_Hz"]) for row in rows if row["t_ms"] == "0+")
        row = rows[0]
        yield pytest.param(
            cell(row), (float(row["mu0"]), float(row["sigma0"])), (float(row["mu1"]), float(row["sigma1"])), at_once,
            *np.array([[float(row["t_ms"]), float(row["rate_Hz"])] for row in timed if row["t_ms"] != "0+"]).T, id=name)


STEPS = list(steps())


@pytest.mark.parametrize("cell, before, after, at_once, t, rate", STEPS)
def test_step_response(cell, before, after, at_once, t, rate):
    """Every tabulated time with 800 cells and 0.05 ms: within 2e-7 from 0.2 ms on, less well nearer the step."""
    error = np.abs(step_rate(cell, before, after, t, cells=800, dt=0.05) / rate - 1)
    assert error[t >= 0.2].max() < 2e-7
    assert error[t == 0.1] < 1e-6 and error[t == 0.05] < 3e-6 and error[t == 0.01] < 6e-5


@pytest.mark.parametrize("cell, before, after, at_once, t, rate", STEPS)
def test_rate_at_the_step_and_its_order(cell, before, after, at_once, t, rate):
    """What a change of noise does at once, and the rate later: errors fall by four when the cells are halved."""
    errors = []
    for cells in (400, 800):
        run = evolve(cell, *after, [0.0, *t[t >= 1]], before=before, cells=cells, dt=0.05)
        errors.append(np.abs(run.rate / [at_once, *rate[t >= 1]] - 1))
    assert errors[0].max() < 1.5e-3 and errors[1].max() < 4e-4
    assert np.max(errors[0]) / np.max(errors[1]) == pytest.approx(4, rel=0.06)


def test_default_settings_reach_2e_6():
    for case in STEPS:
        cell, before, after, _, t, rate = case.values
        np.testing.assert_allclose(step_rate(cell, before, after, t[t >= 0.5]), rate[t >= 0.5], rtol=2e-6)


@pytest.mark.parametrize("mu, sigma", [(0, 2), (0, 5), (12, 5), (16, 2), (18, 5), (20, 2), (25, 1), (30, 5), (14, 2)])
def test_stationary_state_is_siegerts(mu, sigma):
    """From 1e-41 to 66 Hz: relative error below 0.1 % with 400 cells, a quarter of it with 800; and it stays."""
    row = next(row for row in table("R2_stationary")
               if row["tag"] == "brunel_grid" and (float(row["mu"]), float(row["sigma"])) == (mu, sigma))
    errors = []
    for cells in (400, 800):
        run = evolve(table_neuron, mu, sigma, [0.0, 5.0, 50.0], cells=cells)
        np.testing.assert_allclose(run.rate, run.rate[0], rtol=1e-9)
        errors.append(abs(run.rate[0] / float(row["nu_Hz"]) - 1))
    assert errors[0] < 1e-3
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.15)


@pytest.mark.parametrize("V_reset, sigma, t_ref", [(19.99, 3, 0), (19.999999, 3, 0), (10, 1000, 0)])
def test_a_reset_near_the_threshold_has_cells_of_its_own(V_reset, sigma, t_ref):
    """V_th - V_reset of 1e-6 mV, or 1e-2 of sigma: below 1e-3 with 200 cells, a quarter with 400."""
    row = next(row for row in table("R2_stationary")
               if (float(row["V_r"]), float(row["sigma"]), float(row["tau_ref_ms"])) == (V_reset, sigma, t_ref))
    errors = [abs(evolve(cell(row), 15.0, sigma, [0.0, 1.0], cells=cells).rate[-1] / float(row["nu_Hz"]) - 1)
              for cells in (200, 400)]
    assert errors[0] < 1e-3
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)


def test_stationary_moments():
    """Part not refractory, mean and mean square of V, of three operating points."""
    for row in table("R3_flux_moments")[:3]:
        run = evolve(cell(row), float(row["mu"]), float(row["sigma"]), [0.0, 1.0], cells=800)
        moments = [run.density[0] * run.width @ run.V**k for k in range(3)]
        expected = [float(row[key]) for key in ("prob_not_refractory", "int_V_P0", "int_V2_P0")]
        np.testing.assert_allclose(moments, expected, rtol=1e-4)


@pytest.mark.parametrize("of", ["mu", "sigma"])
@pytest.mark.parametrize("f", [1.0, 20.0, 100.0])
def test_oscillating_input(of, f):
    """Response to 0.02 mV of drive or noise at f Hz against the tabulated susceptibility of the linear theory."""
    row = next(row for row in table("R4_susceptibility") if row["op"] == "noise_driven" and float(row["f_Hz"]) == f)
    expected = (complex(float(row["Re_chi_mu_Hz_per_mV"]), float(row["Im_chi_mu"])) if of == "mu" else
                complex(float(row["Re_chi_sigma_Hz_per_mV"]), float(row["Im_chi_sigma"])))
    values = {"mu": 15.0, "sigma": 5.0}
    mean = values[of]
    values[of] = lambda t: mean + 0.02 * np.cos(2e-3 * np.pi * f * t)
    # The last period, after ten membrane time constants.
    period = 1e3 / f
    t = np.concatenate([[0.0], (np.ceil(200 / period) + np.arange(41) / 40) * period])
    run = evolve(table_neuron, **values, t=t, cells=800)
    response = 2 * np.mean(run.rate[1:-1] * np.exp(-2e-3j * np.pi * f * t[1:-1])) / 0.02
    assert abs(response / expected - 1) < 5e-4


@pytest.mark.parametrize("t_ref", [0.0, 0.3, 2.0, 3.7])
def test_second_order_in_time(t_ref):
    """Differences between a step and its half fall by four; refractory periods shorter and longer than the step."""
    cell, t = table_neuron.replace(t_ref=t_ref), np.arange(0.0, 41.0, 4.0)
    rates = [evolve(cell, lambda t: 15 + 4 * np.sin(t / 8), 5.0, t, cells=100, dt=dt).rate
             for dt in (1.0, 0.5, 0.25, 0.125)]
    differences = [np.sqrt(np.mean((fine - coarse) ** 2)) for coarse, fine in itertools.pairwise(rates)]
    assert differences[0] / rates[0].mean() < 0.01
    assert differences[0] / differences[2] == pytest.approx(16, rel=0.15)


@pytest.mark.parametrize("case", ["noise", "low_rate", "start_near"])
def test_first_passage(case):
    """All neurons start at one potential and none comes back: density of the first spike, and how many have fired."""
    rows = [row for row in table("R5_fpt_density") if row["case"] == case and float(row["fpt_cdf"]) > 1e-3]
    t, density, fired = np.array([
        [float(row[key]) for key in ("t_ms", "fpt_density_per_ms", "fpt_cdf")] for row in rows]).T
    start = float(rows[0]["V_start"])
    cell = LIF(float(rows[0]["tau_ms"]), E_L=0, V_th=float(rows[0]["V_th"]), V_reset=start, t_ref=1e6)
    errors = []
    for cells in (400, 800):
        run = evolve(cell, float(rows[0]["mu"]), float(rows[0]["sigma"]), [0.0, *t], start=start, cells=cells)
        assert run.rate[0] == 0 and run.refractory[0] == 0
        errors.append([np.abs(run.rate[1:] / (1e3 * density) - 1).max(), np.abs(run.refractory[1:] - fired).max()])
    assert errors[0][0] < 0.02 and errors[1][0] < 5e-3
    assert errors[0][1] < 3e-4 and errors[1][1] < 1e-4


@pytest.mark.parametrize("start", [(-63.0, 2.0), -61.7, lambda V: np.where((V > -66) & (V < -62), 1.0, 0.0)])
def test_a_free_membrane(start):
    """Far below threshold the mean decays with tau_m and the variance with tau_m / 2, to sigma**2 / 2: closed forms."""
    cell = n.replace(V_th=0.0, V_reset=-70.0)
    mean0, variance0 = {-61.7: (-61.7, 0.0), (-63.0, 2.0): (-63.0, 4.0)}.get(start, (-64.0, 16 / 12))
    t = np.array([0.0, 1.0, 10.0, 40.0])
    run = evolve(cell, 5.0, 3.0, t, start=start, cells=1000)
    np.testing.assert_allclose(run.mass + run.refractory, 1, rtol=0, atol=1e-12)
    decay = np.exp(-t / 20)
    mean = run.density @ (run.width * run.V)
    variance = run.density @ (run.width * run.V**2) - mean**2
    # The boxes' edges fall between faces: half a cell of 0.1 mV.
    np.testing.assert_allclose(mean, -65 + (mean0 + 65) * decay, atol=0.06 if callable(start) else 5e-4)
    np.testing.assert_allclose(variance, 4.5 + (variance0 - 4.5) * decay**2, atol=0.06 if callable(start) else 0.01)


def test_spikes_of_a_simulated_population():
    """20,000 neurons from one potential under a drive that jumps: counts in 5 ms bins within 4 standard errors."""
    size, edges = 20_000, np.arange(0.0, 61.0, 5.0)
    signal = np.concatenate([np.full(150, 15.0), np.full(150, 22.0)])
    spikes = simulate(n, 0.0, 5.0, duration=60.0, size=size, dt=0.2, rng=4, V0=-65.0, signal=signal)
    counts = np.histogram(spikes.spike_times, edges)[0]
    t = np.arange(0.0, 60.05, 0.1)
    run = evolve(n, np.repeat([15.0, 22.0], 300), 5.0, t, start=-65.0)
    fired = np.concatenate([[0.0], np.cumsum(0.5e-4 * (run.rate[1:] + run.rate[:-1]))])[::50]
    expected = size * np.diff(fired)
    assert counts.sum() > 15_000
    assert np.all(np.abs(counts - expected) < 4 * np.sqrt(expected) + 1)


@pytest.mark.parametrize("t_ref, dt", [(2.0, 0.1), (0.0, 0.1), (2.0, 3.7), (0.73, 0.1), (50.0, 0.1)])
def test_nothing_is_lost_in_a_hundred_thousand_steps(t_ref, dt):
    run = evolve(n.replace(t_ref=t_ref), 18.0, 5.0, np.array([0.0, 1e4, 1e5]) * dt, start=-60.0, cells=60, dt=dt)
    np.testing.assert_allclose(run.mass + run.refractory, 1, rtol=0, atol=1e-12)


magnitudes = st.floats(-2, 3).map(lambda x: 10.0**x)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.data())
def test_for_every_input_densities_are_positive_and_make_one(data):
    """Neurons, drives and noises that jump over orders of magnitude, steps up to tau_m."""
    V_th = data.draw(st.floats(-60, 30))
    cell = LIF(
        tau_m=data.draw(st.floats(1, 100)), E_L=V_th - data.draw(magnitudes), V_th=V_th,
        V_reset=V_th - data.draw(st.floats(-5, 3).map(lambda x: 10.0**x)),
        t_ref=data.draw(st.sampled_from([0.0, 1e-9, 0.05, 2.0, 30.0])))
    segments = data.draw(st.integers(1, 6))

    def one_each(values):
        return data.draw(st.lists(values, min_size=segments, max_size=segments))

    t = np.concatenate([[0.0], np.cumsum(one_each(st.floats(0.01, 50)))])
    mu = one_each(st.one_of(st.floats(-1000, 1000), st.floats(-30, 60)))
    sigma = one_each(st.sampled_from([0.01, 0.3, 2.0, 5.0, 50.0, 500.0]))
    start = data.draw(st.sampled_from(
        ["stationary", V_th - 1e-6, cell.V_reset, (V_th - 1.0, 3.0), (cell.V_reset, 1e-4)]))
    dt = cell.tau_m * data.draw(st.sampled_from([0.01, 0.1, 1.0]))
    run = evolve(cell, mu, sigma, t, start=start, cells=data.draw(st.integers(40, 200)), dt=dt)
    assert np.all(np.isfinite(run.rate)) and np.all(run.rate >= 0)
    assert np.all(np.isfinite(run.density)) and np.all(run.density >= 0)
    assert np.all(run.refractory >= 0)
    np.testing.assert_allclose(run.mass + run.refractory, 1, rtol=0, atol=1e-12)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from([1e-50, 1.0, 1e50]), st.sampled_from([-1e50, 0.0, 20.0, 1e50]),
       st.sampled_from([1e-50, 1.0, 1e50]), st.sampled_from([0.0, 1e-50, 2.0, 1e50]))
def test_at_the_limits_of_the_arguments(tau_m, mu, sigma, t_ref):
    run = evolve(LIF(tau_m=tau_m, t_ref=t_ref), mu, sigma, tau_m * np.array([0, 1, 3]), cells=100, dt=tau_m / 10)
    assert np.all(np.isfinite(run.rate)) and np.all(np.isfinite(run.density)) and np.all(run.density >= 0)
    np.testing.assert_allclose(run.mass + run.refractory, 1, rtol=0, atol=1e-12)


def test_the_lowest_face_leaves_nothing_out():
    """At 6 sigma below all that can be, the density is below 1e-16 of its largest."""
    run = evolve(n, [25.0, -20.0, 20.0], [2.0, 6.0, 3.0], [0, 30, 80, 100.0])
    assert np.all(run.density[:, 0] < 1e-16 * run.density.max(axis=1))


def test_results_have_the_shapes_that_are_documented():
    run = evolve(n, 15.0, 5.0, [0.0, 1.0, 2.5], cells=50)
    assert run.t.tolist() == [0, 1, 2.5] and run.rate.shape == run.mass.shape == run.refractory.shape == (3,)
    assert run.V.shape == run.width.shape == (50,) and run.density.shape == (3, 50)
    assert run.V[-1] + run.width[-1] / 2 == pytest.approx(-50, abs=1e-12)
    assert step_rate(n, (15, 5), (18, 5), 3.0).shape == (1,)
    as_function = evolve(n, lambda t: 15.0, lambda t: np.full(t.shape, 5.0), [0.0, 1.0, 2.5], cells=50)
    np.testing.assert_allclose(as_function.rate, run.rate, rtol=1e-12)


@pytest.mark.parametrize("call, message", [
    (lambda: evolve(n, np.nan, 5, [0, 1]), "mu must be finite and at least -1e+50 mV and at most 1e+50 mV, got nan mV"),
    (lambda: evolve(n, 15, 0, [0, 1]), "sigma must be finite and greater than 0 mV, got 0 mV"),
    (lambda: evolve(n, 15, [5, -1], [0, 1, 2]), "sigma must be finite and greater than 0 mV, got -1 mV"),
    (lambda: evolve(n, lambda t: np.nan * t, 5, [0, 1]), "mu must be finite"),
    (lambda: evolve(n, lambda t: [1.0, 2.0], 5, [0, 1]), "mu must return one value for each of 1 times, got shape (2"),
    (lambda: evolve(n, 15, lambda t: 0 * t, [0, 1]), "sigma must be finite and greater than 0 mV, got 0 mV"),
    (lambda: evolve(n, [1, 2], 5, [0, 1]), "mu must be a number, a function, or have one value for each of 1 interval"),
    (lambda: evolve(n, 15, 5, [0]), "t must be one-dimensional with at least 2 times, got shape (1,)"),
    (lambda: evolve(n, 15, 5, [0, 2, 1]), "t must increase, got 2 ms and then 1 ms"),
    (lambda: evolve(n, 15, 5, [0, np.inf]), "t must be finite, got inf ms"),
    (lambda: evolve(n, 15, 5, [0, 1], dt=21), "dt must be finite and greater than 0 ms and at most 20 ms, got 21 ms"),
    (lambda: evolve(n, 15, 5, [0, 1], dt=0), "dt must be finite and greater than 0 ms and at most 20 ms, got 0 ms"),
    (lambda: evolve(n, 15, 5, [0, 1e9]), "dt must give at most 10,000,000 steps in 1e+09 ms, got 0.1 ms"),
    (lambda: evolve(n, 15, 5, [0, 1], cells=4), "cells must be a whole number of at least 16, got 4"),
    (lambda: evolve(n, 15, 1e40, [0, 1], cells=16), "cells must be more to reach down to -6e+40 mV"),
    (lambda: evolve(n, 15, 5, [0, 1], start="rest"),
     "start must be 'stationary', a potential, (mean, sd) or a function, got 'rest'"),
    (lambda: evolve(n, 15, 5, [0, 1], start=-50.0), "start must lie below V_th = -50 mV, got -50 mV"),
    (lambda: evolve(n, 15, 5, [0, 1], start=(-60, -1)),
     "sd of start must be finite and at least 0 mV and at most 1e+50 mV, got -1 mV"),
    (lambda: evolve(n, 15, 5, [0, 1], start=(-60, 1, 2)), "start must be a pair (mean, sd) in mV, got (-60, 1, 2)"),
    (lambda: evolve(n, 15, 5, [0, 1], start=lambda V: 0 * V - 1),
     "start must be finite and at least 0 1/mV, got -1 1/mV"),
    (lambda: evolve(n, 15, 5, [0, 1], start=lambda V: 0 * V), "start must return 400 densities that are not all 0"),
    (lambda: evolve(n, 15, 5, [0, 1], start=-60, before=(1, 5)), "before must be None unless start is 'stationary'"),
    (lambda: evolve(n, 15, 5, [0, 1], before=(1, 0)), "sigma of before must be finite and greater than 0 mV, got 0 mV"),
    (lambda: step_rate(n, (15, 5), (18, -5), [1]), "sigma of after must be finite and greater than 0 mV, got -5 mV"),
    (lambda: step_rate(n, (15, 5), (18, 5), [0, 1]), "t must be finite and greater than 0 ms, got 0 ms"),
    (lambda: step_rate(n, (15, 5), (18, 5), [2, 1]), "t must be one or more times that increase"),
    (lambda: step_rate(n, (15, 5), (18, 5), []), "t must be one or more times that increase"),
    (lambda: step_rate(n, (15, 5), (18, 5), [1], dt=30),
     "dt must be finite and greater than 0 ms and at most 20 ms, got 30 ms"),
])
def test_a_bad_argument_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


@pytest.mark.parametrize("call, message", [
    (lambda: evolve("neuron", 15, 5, [0, 1]), "n must be a LIF neuron"),
    (lambda: evolve(n, "15", 5, [0, 1]), "mu must be a number or an array of numbers in mV, got '15'"),
    (lambda: evolve(n, 15, 5, [0, 1], cells=40.0), "cells must be a whole number of at least 16, got 40.0"),
    (lambda: evolve(n, 15, 5, [0, 1], start=None), "start must be a number in mV, got None"),
    (lambda: evolve(n, 15, 5, [0, 1], before=15), "before must be a pair (mu, sigma) in mV, got 15"),
    (lambda: step_rate(n, (15, 5), 18, [1]), "after must be a pair (mu, sigma) in mV, got 18"),
])
def test_an_argument_of_the_wrong_type_is_named(call, message):
    with pytest.raises(TypeError) as error:
        call()
    assert message in str(error.value)


def kernel_calls(count, seed):
    """Calls as a page makes them: faces, a start, then steps under a constant input and one that changes."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        cells = int(rng.integers(16, 300))
        V_th, sigma, t_ref = rng.uniform(-60, -40), 10 ** rng.uniform(-0.5, 1.5), rng.choice([0.0, 0.03, 2.0])
        membrane = [rng.uniform(5, 40), V_th - rng.uniform(5, 30), t_ref]
        V_reset = V_th - 10 ** rng.uniform(-3, 1.5)
        mu, dt = rng.uniform(-10, 40), 10 ** rng.uniform(-2, 0.5)
        faces, probability = np.zeros(cells + 1), np.zeros(cells)
        grid = [V_th, V_reset, min(V_reset, membrane[1] + mu) - 6 * sigma, faces]
        yield kernels.cell_faces, grid
        reset = kernels.cell_faces(*grid)
        places = int(t_ref / dt) + 3
        state = [np.zeros(places), np.zeros(places), np.zeros(kernels.STATE)]
        work = np.zeros(kernels.WORK_ARRAYS * cells)
        yield kernels.transition_rates, [mu, sigma, *membrane[:2], faces, np.zeros(cells), np.zeros(cells)]
        stationary = [mu, sigma, *membrane, faces, reset, probability, *state, work]
        yield kernels.stationary_start, stationary
        if rng.random() < 0.5:
            kernels.stationary_start(*stationary)
        else:
            sd = rng.choice([0.0, 0.1, 3.0])
            gaussian = [V_th - 10 ** rng.uniform(-1, 1), sd, faces, probability, state[2]]
            yield kernels.gaussian_start, gaussian
            kernels.gaussian_start(*gaussian)
        run = [*membrane, faces, reset, probability, *state, work]
        yield kernels.advance, [20, dt, mu + 5, sigma, *run, np.zeros(20)]
        drives = mu + np.repeat(rng.normal(0, 5, 6), 3)
        yield kernels.follow, [np.full(9, dt), drives, np.full(18, sigma), *run, np.zeros(9)]


@pytest.fixture(scope="module")
def module():
    return build_wasm([kernels.cell_faces, kernels.transition_rates, kernels.stationary_start, kernels.gaussian_start,
                       kernels.advance, kernels.follow])


def test_wasmtime_equals_numba_byte_for_byte(module):
    host = WasmtimeHost(module)
    assert module.imports == () and len(module.wasm) < 16_000
    for function, values in kernel_calls(60, seed=1):
        ours, theirs = numba_call(function, values), host.call(function.__name__, values)
        assert ours[1] == theirs[1], (function, values)
        assert ours[0] is None or ours[0] == theirs[0], (function, values)


def test_chromium_equals_numba_byte_for_byte(module, chromium):
    drawn = [(function, [value.copy() if isinstance(value, np.ndarray) else value for value in values])
             for function, values in kernel_calls(8, seed=2)]
    page = chromium.new_page()
    answers = browser_calls(module, page, [(function.__name__, values) for function, values in drawn])
    page.close()
    for (function, values), (result, arrays) in zip(drawn, answers, strict=True):
        ours = numba_call(function, values)
        assert arrays == ours[1], (function, values)
        assert ours[0] is None or np.frombuffer(result)[0] == float(ours[0]), (function, values)
