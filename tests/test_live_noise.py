"""The figures of the chapter on noise: what they show at their defaults and at the ends of their sliders."""

import math

import numpy as np
import pytest

import independent
from lifcore.live import Bombardment, Intervals, MissedCrossings
from lifcore.live.noise import _noisy_trace


def test_small_kicks_are_close_to_the_diffusion_and_large_ones_are_not():
    """Siegert's formula by mpmath. The spikes of 100 neurons are counted for 8 and 20 s, 1,900 and 5,300 in all."""
    small, large = Bombardment().readouts(), Bombardment(size=2.0).readouts()
    expected = float(independent.siegert(10.0, 6.0))
    assert small["rate_diffusion"] == pytest.approx(expected, rel=1e-10)
    assert abs(small["rate_simulated"] / expected - 1.0) < 0.1
    # Larger kicks at the same mean and variance: more spikes, by ten standard errors.
    assert large["rate_simulated"] > 1.08 * expected


def test_kicks_by_hand():
    """(36 / 0.25 ± 10 / 0.5) / 40 per ms; skewness 20/3 · 0.125 · 1 per ms over 18 to the power 3/2."""
    found = Bombardment().readouts()
    assert (found["excitatory"], found["inhibitory"]) == pytest.approx((4100.0, 3100.0), rel=1e-13)
    assert found["skewness"] == pytest.approx(20.0 / 3.0 * 0.125 * 1.0 / 18.0**1.5, rel=1e-13)


def test_every_setting_of_the_kicks_is_possible():
    """Kicks of one size have the mean mu only up to sigma**2 / mu."""
    controls = Bombardment.controls()
    assert controls["size"].maximum <= controls["sigma"].minimum ** 2 / controls["mu"].maximum


def test_histogram_of_the_free_membrane_has_its_mean_and_variance():
    """10 mV above rest and 18 mV² (Campbell), within 4 standard errors: 10,000 samples, two and two a time constant apart."""
    figure = Bombardment(threshold=False)
    _, _, counts = figure._simulated()
    centres = figure.fixed["low"] + figure.fixed["width"] * (0.5 + np.arange(counts.size))
    mean = np.average(centres, weights=counts)
    variance = np.average((centres - mean) ** 2, weights=counts) - figure.fixed["width"] ** 2 / 12.0
    assert abs(mean + 60.0) < 4.0 * math.sqrt(18.0 / 10_000)
    assert abs(variance - 18.0) < 4.0 * 18.0 * math.sqrt(2.0 / 10_000)
    assert figure.readouts()["rate_simulated"] == math.inf


@pytest.mark.parametrize("values", [{}, {"mu": 30.0, "sigma": 1.0}, {"mu": 24.0, "sigma": 6.0, "t_ref": 10.0}])
def test_simulated_intervals_agree_with_theory(values):
    """Within 4 standard errors of the mean, and of the coefficient of variation as if the intervals were exponential."""
    found = Intervals(**values).readouts()
    number = found["intervals"]
    error = found["mean_theory"] * found["variation_theory"] / math.sqrt(number)
    assert abs(found["mean_simulated"] - found["mean_theory"]) < 4.0 * error
    assert abs(found["variation_simulated"] - found["variation_theory"]) < 4.0 / math.sqrt(number)


def test_refractory_period_lowers_the_variation_by_its_share():
    """CV is proportional to 1 - nu t_ref, since the standard deviation stays: from the readouts without one."""
    without, patient = Intervals(t_ref=0.0).readouts(), Intervals(t_ref=20.0).readouts()
    ratio = without["mean_theory"] / (without["mean_theory"] + 20.0)
    assert patient["variation_theory"] == pytest.approx(without["variation_theory"] * ratio, rel=1e-12)


def test_a_silent_cell_has_no_intervals():
    found = Intervals(mu=5.0, sigma=1.0).readouts()
    assert (found["mean_theory"], found["mean_simulated"], found["variation_simulated"]) == (math.inf,) * 3
    assert found["intervals"] == 0


def test_trace_without_noise_is_that_of_the_last_chapter():
    """First spike of the default cell at 30 mV: 20 ln 3 ms; then 2 + 20 ln 2.5 ms. A crossing within a step is placed on its
    chord, which is off by up to dt**2 / (8 tau_m) = 4e-4 ms; the second spike inherits the error of the first."""
    V, spikes = _noisy_trace(Intervals().neuron, 30.0, 1e-9, 0.25, 200, 1)
    assert V.size == 201 and V.max() < -50.0
    assert spikes[:2] == pytest.approx([20.0 * math.log(3.0), 20.0 * math.log(3.0) + 2.0 + 20.0 * math.log(2.5)], abs=8e-4)


@pytest.mark.parametrize("step", ["0.1", "0.5", "2"])
def test_grid_misses_what_the_bridge_finds(step):
    """Exact rate of the scheme by the Nyström method, and Siegert's by mpmath: within 4 standard errors of 11,000 spikes."""
    found = MissedCrossings(step=step).readouts()
    true, grid = float(independent.siegert(15.0, 5.0)), independent.rate_of_steps(15.0, 5.0, float(step))
    error = 0.74 / math.sqrt(11_000)
    assert found["rate_theory"] == pytest.approx(true, rel=1e-10)
    assert abs(found["rate_grid"] / grid - 1.0) < 4.0 * error
    assert abs(found["rate_bridge"] / true - 1.0) < 4.0 * error
    assert found["rate_predicted"] == pytest.approx(grid, rel=0.005)


def test_the_path_crosses_unseen_until_the_step_is_small():
    seen = {step: MissedCrossings(step=step).readouts()["seen"] for step in ("0.05", "0.1", "0.5", "2")}
    assert seen == {"0.05": True, "0.1": False, "0.5": False, "2": False}
    V, _ = MissedCrossings()._path()
    assert V.max() > -50.0
