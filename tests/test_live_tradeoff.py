"""The live figures of the chapter on the trade-off: their numbers by hand, and the page's machines in step with Python's."""

import math

import numpy as np
import pytest

from lifcore import LIF
from lifcore.hardware import comparison, realise
from lifcore.live.tradeoff import STEPS, FiveMachines, TradeOff, _machines
from lifcore.simulation import simulate_piecewise


def test_numbers_of_the_chip():
    """By hand: 4096 × 256 neurons, the line through 68 mW at 11.58 Hz and 94 mW at 95.93 Hz with 128 synapses."""
    found = TradeOff(rate=50.0, synapses=64.0).readouts()
    events = 1048576 * 50.0 * 64.0
    marginal = 26e-3 / (1048576 * 128 * (95.93 - 11.58))
    idle = 68e-3 - marginal * 1048576 * 128 * 11.58
    power = idle + marginal * events
    assert found["events"] == pytest.approx(events * 1e-9, rel=1e-12)
    assert found["power"] == pytest.approx(power * 1e3, rel=1e-12)
    assert found["per_event"] == pytest.approx(power / events * 1e12, rel=1e-12)
    assert found["per_neuron"] == pytest.approx(power * 1e-3 / 1048576 * 1e12, rel=1e-12)
    assert found["idle"] == pytest.approx(100.0 * idle / power, rel=1e-12)


def test_a_busier_chip_spends_less_per_event_and_more_in_all():
    quiet, busy = TradeOff(rate=5.0).readouts(), TradeOff(rate=50.0).readouts()
    assert busy["per_event"] < 0.2 * quiet["per_event"] and busy["power"] > quiet["power"]


@pytest.mark.parametrize("values", [{}, {"I": 0.5, "fluctuation": 0.2}, {"I": 0.12, "fluctuation": 0.15, "step": "0.1"}])
def test_exact_spikes_are_those_of_the_event_driven_simulation(values):
    figure = FiveMachines(**values)
    current = comparison.stepped_current(figure.I, figure.fluctuation, dt=5.0)
    spikes = simulate_piecewise(LIF(), 5.0 * np.arange(current.size + 1), current)
    assert figure.readouts()["exact"] == spikes.spike_times.size


def test_transistors_change_the_circuit_and_nothing_else():
    alike, unlike = FiveMachines().readouts(), FiveMachines(unlike=True).readouts()
    changed = [name for name in alike if alike[name] != unlike[name]]
    assert changed == ["brainscales"] and unlike["brainscales"] > 10.0 * alike["brainscales"]


@pytest.mark.parametrize("step", STEPS)
def test_currents_of_every_slider_fit_into_the_words(step):
    for I in (0.1, 0.5):
        assert all(math.isfinite(value) for value in FiveMachines(I=I, fluctuation=0.2, step=step).readouts().values())


def test_words_of_the_page_are_those_of_the_machines():
    words = _machines(1.0)
    loihi, truenorth, spinnaker = (realise(LIF(), name).parameters for name in ("loihi", "truenorth", "spinnaker"))
    assert (words["loihi"]["dv"], words["loihi"]["vth"]) == (loihi["dv"], loihi["vth"])
    assert words["truenorth"]["words"][:4] == [1, truenorth["lam"], 0, truenorth["alpha"]]
    assert words["spinnaker"]["words"][1] == spinnaker["exp_TC"]
    designed, made = words["brainscales"]
    # RC leak: no linear range, which JSON would call infinity.
    assert designed["parameters"][2] is None and designed["parameters"] != made["parameters"]
