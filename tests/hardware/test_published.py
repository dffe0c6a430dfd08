"""Published figures: their arithmetic by hand, their sources in the bibliography, and which of them may be compared."""

import re
from pathlib import Path

import numpy as np
import pytest

from lifcore.hardware import energy, published
from lifcore.hardware.published import DEFINITIONS, FIGURES, KINDS, PublishedFigure, ratio, with_definition

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_says_what_it_counts_how_it_was_found_and_where(name):
    figure = FIGURES[name]
    assert figure.kind in KINDS and figure.definition in DEFINITIONS
    assert len(figure.conditions) > 3
    assert re.search(rf"^@\w+\{{{figure.source},$", (ROOT / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)


def test_each_definition_is_one_of_its_own_and_in_use():
    assert len(set(DEFINITIONS.values())) == len(DEFINITIONS)
    assert {figure.definition for figure in FIGURES.values()} == set(DEFINITIONS)


# By hand, from the numbers that the conditions give.
@pytest.mark.parametrize("name, value, unit", [
    ("truenorth-event-typical", 1e12 / 46e9, 1e-12), ("truenorth-event-best", 1e12 / 400e9, 1e-12),
    ("truenorth-frame", 63e-3 / 30.0, 1.0), ("truenorth-photograph", 1.0 / 6000.0, 1.0),
    ("brainscales-digit", 200e-3 / 85e3, 1.0), ("speed-spinnaker-2018", 0.05, 1.0), ("speed-gate-array-2023", 20.0, 1.0),
])
def test_derived_figures(name, value, unit):
    assert FIGURES[name].si == pytest.approx(value * unit, rel=1e-12)


def test_the_figure_per_event_is_the_power_over_the_events():
    """72 mW over 4096 × 256 neurons with 20 Hz and 128 synapses is 26.8 pJ; the paper rounds its inputs and prints 26."""
    by_hand = 72e-3 / (4096 * 256 * 20.0 * 128.0)
    assert FIGURES["truenorth-event"].si == pytest.approx(by_hand, rel=0.04)


def test_two_figures_of_one_definition():
    first, second = FIGURES["microcircuit-spinnaker-2018"], FIGURES["microcircuit-spinnaker-2020"]
    assert ratio(first, second) == pytest.approx(4.4 / 0.628, rel=1e-14)
    # Units may differ, definitions may not.
    milli = PublishedFigure("x", 2.0, "mJ", "digit", "measured", "none of note", "cramer2022")
    micro = PublishedFigure("y", 4.0, "µJ", "digit", "measured", "none of note", "cramer2022")
    assert ratio(milli, micro) == pytest.approx(500.0, rel=1e-14)


@pytest.mark.parametrize("first, second", [
    ("truenorth-event", "loihi-event"), ("loihi-event", "spinnaker-event"), ("brainscales-digit", "truenorth-frame"),
    ("loihi-event", "processor-addition"), ("truenorth-event", "truenorth-power"), ("speed-truenorth", "speed-brainscales"),
])
def test_figures_that_count_different_things_are_not_compared(first, second):
    first, second = FIGURES[first], FIGURES[second]
    with pytest.raises(ValueError) as error:
        ratio(first, second)
    assert DEFINITIONS[first.definition] in str(error.value) and DEFINITIONS[second.definition] in str(error.value)


def test_what_was_not_found_is_not_invented():
    assert ("BrainScaleS-2", "energy per synaptic event") in published.NOT_PUBLISHED
    events = [figure for figure in FIGURES.values() if figure.definition.endswith("-event")]
    assert not any(figure.machine == "BrainScaleS-2" for figure in events)


def test_with_definition():
    names = set(with_definition("system-event"))
    assert names == {name for name in FIGURES if name.startswith("microcircuit-")}
    assert len(names) == len(with_definition("microcircuit-speed"))


@pytest.mark.parametrize("call, kind, message", [
    (lambda: with_definition("pJ"), ValueError, "definition must be one of 'system-event', 'chip-event'"),
    (lambda: ratio(26.0, FIGURES["loihi-event"]), TypeError, "first must be a PublishedFigure"),
    (lambda: PublishedFigure("x", 1.0, "pJ", "digit", "guessed", "", ""), ValueError,
     "kind must be one of 'measured', 'estimated', 'derived', got 'guessed'"),
    (lambda: PublishedFigure("x", 1.0, "eV", "digit", "measured", "", ""), ValueError, "unit must be one of 'pJ'"),
    (lambda: PublishedFigure("x", -1.0, "pJ", "digit", "measured", "", ""), ValueError,
     "value must be finite and greater than 0 pJ, got -1 pJ"),
    (lambda: energy.energy_per_event(0.0, 1.0, 1.0), ValueError, "events must be finite and greater than 0 per second"),
    (lambda: energy.energy_per_event(1.0, -1.0, 1.0), ValueError, "idle must be finite and at least 0 mW"),
    (lambda: energy.idle_and_marginal([1.0, 1.0], [1.0, 2.0]), ValueError, "events must increase, got 1 and then 1"),
    (lambda: energy.idle_and_marginal([1.0], [1.0]), ValueError, "two values each, got shapes (1,) and (1,)"),
    (lambda: energy.synaptic_events(1.0, -1.0, 1.0), ValueError, "rate must be finite and at least 0 Hz"),
])
def test_a_bad_argument_is_named(call, kind, message):
    with pytest.raises(kind) as error:
        call()
    assert message in str(error.value)


# Energy per event of a chip that also idles

def test_two_workloads_give_idle_power_and_marginal_energy():
    """By hand: 10 mW at no events and 5 pJ for each event give 10.5 mW at 1e8 and 60 mW at 1e10 events a second."""
    assert energy.idle_and_marginal([1e8, 1e10], [10.5, 60.0]) == pytest.approx((10.0, 5.0), rel=1e-12)
    assert energy.energy_per_event([1e8, 1e10], 10.0, 5.0) == pytest.approx([105.0, 6.0], rel=1e-14)


def test_the_line_of_truenorth_predicts_the_workload_between():
    """The slowest and the fastest of the three measured powers; the one between is printed as 71 mW."""
    rates, power = np.transpose(energy.TRUENORTH_SWEEP)
    events = energy.synaptic_events(energy.TRUENORTH_NEURONS, rates, 128.0)
    assert events[1] == pytest.approx(1048576 * 20.07 * 128)
    idle, marginal = energy.idle_and_marginal(events[[0, 2]], power[[0, 2]])
    assert idle + marginal * 1e-9 * events[1] == pytest.approx(power[1], abs=0.5)
    # By hand: 26 mW more for 1.132e10 events more.
    assert marginal == pytest.approx(26e-3 / (1048576 * 128 * (95.93 - 11.58)) * 1e12, rel=1e-12)
