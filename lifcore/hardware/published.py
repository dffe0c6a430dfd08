"""Published figures of energy and speed, each with what it counts.

A figure is a number, the operation that it is per, what was included, how it was found and where it stands.  Two figures
may be divided only if they count the same; `ratio` refuses otherwise.  Three labels say how a number was found:

    measured     on the machine, with a meter
    estimated    from a simulation of the circuit or from the process, before or instead of a measurement
    derived      by arithmetic from measured numbers, given under ``conditions``
"""

from __future__ import annotations

from dataclasses import dataclass

from lifcore._validate import finite_number, instance_of, one_of

__all__ = ["PublishedFigure", "ratio", "with_definition"]

KINDS = ("measured", "estimated", "derived")
UNITS = {"pJ": 1e-12, "nJ": 1e-9, "µJ": 1e-6, "mJ": 1e-3, "mW": 1e-3, "1": 1.0}

DEFINITIONS = {
    "system-event":
        "all that a computer draws from the outlet while it simulates the cortical microcircuit model, per synaptic event",
    "chip-event": "all that the chip draws, per synaptic event",
    "boards-event": "what one more postsynaptic potential adds to the power of the boards",
    "circuit-event": "one synaptic operation inside a core, at the least, and nothing else of the chip",
    "boards-neuron": "what one more neuron draws in 1 ms of real time, on the boards",
    "circuit-neuron": "update of one neuron by one time step inside a core, and nothing else of the chip",
    "circuit-addition": "addition of two 32-bit floats in the adder alone",
    "circuit-multiplication": "multiplication of two 32-bit floats in the multiplier alone",
    "digit": "all that the chip draws, per classified image of a handwritten digit",
    "photograph": "all that the chip draws, per classified image of a benchmark set",
    "frame": "all that the chip draws, per frame of a video of 400 × 240 pixels in which objects are found",
    "chip-power": "all that the chip draws while it runs",
    "microcircuit-speed": "biological time over wall-clock time, cortical microcircuit model in steps of 0.1 ms",
    "clock-speed": "biological time over wall-clock time at a step of 1 ms",
    "design-speed": "biological time constant over the circuit's time constant, by design",
}


@dataclass(frozen=True)
class PublishedFigure:
    """One published number with its definition.

    Attributes
    ----------
    machine : str
        What the number is of.
    value : float
        In `unit`.
    unit : str
        "pJ", "nJ", "µJ", "mJ", "mW", or "1" for a pure number.
    definition : str
        A key of `DEFINITIONS`: what is counted, and what it is per.
    kind : str
        One of `KINDS`.
    conditions : str
        Process, voltage, clock, workload, what is included; for a derived figure the arithmetic.
    source : str
        Key of the work in the bibliography.
    bound : str
        "" for a value, "<" or ">" where the source gives only a bound.
    """

    machine: str
    value: float
    unit: str
    definition: str
    kind: str
    conditions: str
    source: str
    bound: str = ""

    def __post_init__(self):
        for name in ("machine", "conditions", "source"):
            instance_of(name, getattr(self, name), str, "text")
        for name, allowed in (("unit", UNITS), ("definition", DEFINITIONS), ("kind", KINDS), ("bound", ("", "<", ">"))):
            one_of(name, getattr(self, name), allowed)
        object.__setattr__(self, "value", finite_number("value", self.value, self.unit, above=0.0))

    @property
    def si(self) -> float:
        """The value in J, W or as a pure number."""
        return self.value * UNITS[self.unit]

    def __str__(self):
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.bound + ' ' if self.bound else ''}{self.value:.4g}{unit} ({self.kind})"


TRUENORTH, LOIHI, SPINNAKER, BRAINSCALES = "TrueNorth", "Loihi", "SpiNNaker", "BrainScaleS-2"
SWEEP = "28 nm, 0.8 V, steps of 1 ms in real time, 128 active synapses a neuron, mean rate {} Hz; static power included"
RACE = "as tabulated by senk2026; {}"

FIGURES = {
    # Energy of TrueNorth, whole chip.
    "truenorth-event": PublishedFigure(
        TRUENORTH, 26.0, "pJ", "chip-event", "measured",
        "28 nm, 0.775 V, steps of 1 ms in real time; 20 Hz and 128 active synapses a neuron; 72 mW in all, static power and "
        "communication included", "merolla2014"),
    "truenorth-event-typical": PublishedFigure(
        TRUENORTH, 1000.0 / 46.0, "pJ", "chip-event", "derived",
        "from 46 thousand million synaptic operations per second and watt at 0.75 V, 65 mW, 20 Hz, 128 active synapses",
        "akopyan2015"),
    "truenorth-event-best": PublishedFigure(
        TRUENORTH, 2.5, "pJ", "chip-event", "derived",
        "from the highest efficiency, 400 thousand million synaptic operations per second and watt at 0.75 V, among networks of "
        "0 to 200 Hz and 0 to 256 synapses a neuron", "akopyan2015"),
    "truenorth-power-event": PublishedFigure(
        TRUENORTH, 72.0, "mW", "chip-power", "measured",
        "28 nm, 0.775 V, steps of 1 ms in real time, 20 Hz, 128 active synapses a neuron", "merolla2014"),
    "truenorth-power": PublishedFigure(
        TRUENORTH, 65.0, "mW", "chip-power", "measured",
        "28 nm, 0.75 V, steps of 1 ms in real time, 20 Hz, 128 active synapses a neuron", "akopyan2015"),
    "truenorth-power-video": PublishedFigure(
        TRUENORTH, 63.0, "mW", "chip-power", "measured",
        "finding objects in a video of 400 × 240 pixels, 30 frames a second; 3,406 of 4,096 cores in use", "merolla2014"),
    "truenorth-power-slow": PublishedFigure(TRUENORTH, 68.0, "mW", "chip-power", "measured", SWEEP.format(11.58), "akopyan2015"),
    "truenorth-power-middle": PublishedFigure(TRUENORTH, 71.0, "mW", "chip-power", "measured", SWEEP.format(20.07), "akopyan2015"),
    "truenorth-power-fast": PublishedFigure(TRUENORTH, 94.0, "mW", "chip-power", "measured", SWEEP.format(95.93), "akopyan2015"),
    "truenorth-frame": PublishedFigure(
        TRUENORTH, 2.1, "mJ", "frame", "derived", "63 mW over 30 frames a second", "merolla2014"),
    "truenorth-photograph": PublishedFigure(
        TRUENORTH, 1.0 / 6.0, "mJ", "photograph", "derived",
        "from more than 6,000 frames per second and watt, eight sets of images and sounds", "esser2016", "<"),
    # Energy of Loihi, from the simulation of its circuits.
    "loihi-event": PublishedFigure(
        LOIHI, 23.6, "pJ", "circuit-event", "estimated",
        "14 nm, 0.75 V; simulation of the circuit before there was a chip, the least possible value", "davies2018"),
    "loihi-neuron": PublishedFigure(
        LOIHI, 81.0, "pJ", "circuit-neuron", "estimated",
        "14 nm, 0.75 V; simulation of the circuit before there was a chip; an active neuron (52 pJ for an inactive one)",
        "davies2018"),
    # Energy of SpiNNaker, from the power of its boards.
    "spinnaker-event": PublishedFigure(
        SPINNAKER, 43.0, "nJ", "boards-event", "measured",
        "130 nm, four chips, steps of 1 ms in real time, 10,000 neurons and 4 million synapses; counted beside the energy of the "
        "neurons", "sharp2012"),
    "spinnaker-neuron": PublishedFigure(
        SPINNAKER, 100.0, "nJ", "boards-neuron", "measured",
        "130 nm, four chips, steps of 1 ms in real time, 10,000 neurons and 4 million synapses", "sharp2012"),
    # Energy of BrainScaleS-2.
    "brainscales-digit": PublishedFigure(
        BRAINSCALES, 200.0 / 85.0, "µJ", "digit", "derived",
        "less than 200 mW over 85,000 images of 16 × 16 pixels a second; 65 nm; without the computer that sends them",
        "cramer2022", "<"),
    "brainscales-power": PublishedFigure(
        BRAINSCALES, 200.0, "mW", "chip-power", "measured", "65 nm; classifying images and speech", "cramer2022", "<"),
    # A processor's arithmetic, for scale.
    "processor-addition": PublishedFigure(
        "processor", 0.9, "pJ", "circuit-addition", "estimated",
        "45 nm, 0.9 V; neither memory nor instruction included", "horowitz2014"),
    "processor-multiplication": PublishedFigure(
        "processor", 3.7, "pJ", "circuit-multiplication", "estimated",
        "45 nm, 0.9 V; neither memory nor instruction included", "horowitz2014"),
    # One network on many machines: the cortical microcircuit model, 77,000 neurons and 300 million synapses.
    "microcircuit-spinnaker-2018": PublishedFigure(
        SPINNAKER, 4.4, "µJ", "system-event", "measured", RACE.format("130 nm, 2018; 20 times slower than real time"),
        "vanalbada2018"),
    "microcircuit-spinnaker-2020": PublishedFigure(
        SPINNAKER, 0.628, "µJ", "system-event", "measured", RACE.format("130 nm, 2020; random input; real time"), "rhodes2020"),
    "microcircuit-cluster-2018": PublishedFigure(
        "cluster of processors", 5.816, "µJ", "system-event", "measured",
        RACE.format("NEST, three nodes, 22 nm, 2018; the setting with the least energy"), "vanalbada2018"),
    "microcircuit-graphics-2018": PublishedFigure(
        "graphics processor", 0.47, "µJ", "system-event", "measured", RACE.format("GeNN on a Tesla V100, 12 nm, 2018"),
        "knight2018"),
    "microcircuit-gate-array-2022": PublishedFigure(
        "gate arrays", 0.284, "µJ", "system-event", "measured", RACE.format("IBM INC-3000, 345 nodes, 28 nm, 2022"),
        "heittmann2022"),
    "microcircuit-processor-2022": PublishedFigure(
        "node of processors", 0.33, "µJ", "system-event", "measured",
        RACE.format("NEST, one node of two AMD EPYC 7702, 7 nm, 2022"), "kurth2022"),
    "microcircuit-graphics-2023": PublishedFigure(
        "graphics processor", 0.074, "µJ", "system-event", "measured", RACE.format("GeNN on an RTX 4090, 5 nm, 2023"),
        "golosio2023"),
    "microcircuit-gate-array-2023": PublishedFigure(
        "gate arrays", 0.048, "µJ", "system-event", "measured", RACE.format("neuroAIx, 35 boards, 28 nm, 2023"), "kauth2023"),
    "speed-spinnaker-2018": PublishedFigure(
        SPINNAKER, 1.0 / 20.0, "1", "microcircuit-speed", "measured", RACE.format("2018"), "vanalbada2018"),
    "speed-spinnaker-2020": PublishedFigure(
        SPINNAKER, 1.0, "1", "microcircuit-speed", "measured", RACE.format("2020"), "rhodes2020"),
    "speed-cluster-2018": PublishedFigure(
        "cluster of processors", 1.0 / 4.584, "1", "microcircuit-speed", "measured", RACE.format("NEST, three nodes, 2018"),
        "vanalbada2018"),
    "speed-graphics-2018": PublishedFigure(
        "graphics processor", 1.0 / 1.838, "1", "microcircuit-speed", "measured", RACE.format("GeNN on a Tesla V100, 2018"),
        "knight2018"),
    "speed-gate-array-2022": PublishedFigure(
        "gate arrays", 1.0 / 0.25, "1", "microcircuit-speed", "measured", RACE.format("IBM INC-3000, 345 nodes, 2022"),
        "heittmann2022"),
    "speed-processor-2022": PublishedFigure(
        "node of processors", 1.0 / 0.67, "1", "microcircuit-speed", "measured",
        RACE.format("NEST, one node of two AMD EPYC 7702, 2022"), "kurth2022"),
    "speed-graphics-2023": PublishedFigure(
        "graphics processor", 1.0 / 0.272, "1", "microcircuit-speed", "measured", RACE.format("GeNN on an RTX 4090, 2023"),
        "golosio2023"),
    "speed-gate-array-2023": PublishedFigure(
        "gate arrays", 1.0 / 0.05, "1", "microcircuit-speed", "measured", RACE.format("neuroAIx, 35 boards, 2023"), "kauth2023"),
    # Speed by clock or by design.
    "speed-truenorth": PublishedFigure(
        TRUENORTH, 1.0, "1", "clock-speed", "measured",
        "step of 1 ms; up to 21 times faster was measured at low activity", "akopyan2015"),
    "speed-spinnaker": PublishedFigure(
        SPINNAKER, 1.0, "1", "clock-speed", "measured", "step of 1 ms, for which it was built", "vanalbada2018"),
    "speed-brainscales": PublishedFigure(
        BRAINSCALES, 1000.0, "1", "design-speed", "derived",
        "65 nm; a time constant of 10 µs stands for one of 10 ms; it runs at this speed and no other", "pehle2022"),
}

NOT_PUBLISHED = {
    ("BrainScaleS-2", "energy per synaptic event"):
        "no measurement found that says what it counts; known are the power of the chip and the images it classifies",
    ("Loihi", "speed-up"):
        "the chip has no clock: a step lasts as long as its spikes take, so the speed depends on the network",
}


def with_definition(definition: str) -> dict[str, PublishedFigure]:
    """All figures that count the same.

    Parameters
    ----------
    definition : str
        A key of `DEFINITIONS`.

    Returns
    -------
    dict
        Names and figures.
    """
    one_of("definition", definition, DEFINITIONS)
    return {name: figure for name, figure in FIGURES.items() if figure.definition == definition}


def ratio(first: PublishedFigure, second: PublishedFigure) -> float:
    """How many times the second figure the first one is.

    Parameters
    ----------
    first, second : PublishedFigure
        With the same definition.

    Returns
    -------
    float
        A pure number. Whether it says something about the machines, and not about their conditions, is for the reader to
        judge; a bound stays a bound.

    Raises
    ------
    ValueError
        If the definitions differ; the message gives both.
    """
    for name, figure in (("first", first), ("second", second)):
        instance_of(name, figure, PublishedFigure, "a PublishedFigure, as published.FIGURES has them")
    if first.definition != second.definition:
        raise ValueError(
            f"the two figures count different things: that of {first.machine} is of {DEFINITIONS[first.definition]!r}, that of "
            f"{second.machine} of {DEFINITIONS[second.definition]!r}")
    return first.si / second.si
