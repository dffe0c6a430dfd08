"""A trained network run from event to event: only neurons that something reaches are computed, when it reaches them.

`lifcore.snn.Sequential.run` moves every neuron at every step.  Here a spike goes to the neurons it has synapses with, and a
neuron's leak is made up for when something arrives, as V beta beta ... beta, one factor for each step that has gone by.
Both make the same roundings in the same order, so that every spike, every potential and every logit is the same number,
bit for bit, for both ways to reset and any beta from 0 to 1.

What it cannot be is a network whose neurons change by themselves: a bias arrives at every neuron at every step, and nothing
would be left to skip.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lifcore._validate import flag, instance_of, one_of, whole_number
from lifcore.kernels import snn_events as kernels
from lifcore.kernels.snn_network import LI, LIF, POOL, SYNAPSES, survey
from lifcore.snn.events import Events, clipped
from lifcore.snn.layers import AvgPool2d
from lifcore.snn.network import MOST_SPIKES, Operations, Sequential, _numbers, _operations_of

__all__ = ["EventDriven", "event_driven"]

DECAYS = ("repeated", "power")


@dataclass(frozen=True)
class EventDriven:
    """What a network made of events, and what it cost.

    Attributes
    ----------
    logits : ndarray, shape (N, K)
        As `Run.logits`.
    rates : dict of int to float
        As `Run.rates`.
    operations : dict of int to Operations
        As `Run.operations`: the synaptic operations, for each layer with synapses.
    updates : dict of int to ndarray of int64, shape (N,)
        For each LIF or LI layer, how many times one of its neurons was computed. A run in steps computes each at every step.
    spikes : dict of int to ndarray of uint8, shape (N, T, ...)
        For each LIF layer. None without ``record=True``, as is the next.
    potentials : dict of int to ndarray, shape (N, ...)
        For each LIF layer, V of the last step.
    """

    logits: np.ndarray
    rates: dict[int, float]
    operations: dict[int, Operations]
    updates: dict[int, np.ndarray]
    spikes: dict[int, np.ndarray] | None = None
    potentials: dict[int, np.ndarray] | None = None


def event_driven(
    net: Sequential, x, steps: int | None = None, clip: int | None = None, decay: str = "repeated", record: bool = False,
) -> EventDriven:
    """Run a network from event to event.

    Parameters
    ----------
    net : Sequential
        Without biases, but for the layer that is read out.
    x : sequence of Events, or array_like, shape (N, T, ...)
        Streams of events, for a net whose input is (2, height, width); or frames, of which all values but 0 are events.
    steps : int, optional
        In how many steps the streams' duration is divided; given exactly if `x` are streams.
    clip : int, optional
        As in `Events.frames`, for streams.
    decay : {"repeated", "power"}
        Whether a leak of k steps is k products or one product with beta**k. The latter is rounded in another way: the
        spikes are then those of `Sequential.run` but for potentials within a rounding error of the threshold.
    record : bool
        Whether to keep spikes and the last potentials.

    Returns
    -------
    EventDriven

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong; or if the network cannot be run so, with the layer and the reason.
    """
    instance_of("net", net, Sequential, "a lifcore.snn.Sequential")
    one_of("decay", decay, DECAYS)
    flag("record", record)
    samples, steps = _samples(net, x, steps, clip)
    whole = all(survey(value, value.dtype.type(MOST_SPIKES)) for _, _, value in samples)
    plan = _Plan(net, steps, decay, whole)
    logits = np.empty((len(samples), *net.output_shape), net.dtype)
    counts = np.empty((len(samples), len(plan.operations), 2))
    spikes, potentials, spoken = {}, {}, np.empty((0, 3), np.int32)
    if record:
        for op in plan.neurons.values():
            spikes[op.layer] = np.zeros((len(samples), steps, *net.shapes[op.layer]), np.uint8)
            potentials[op.layer] = np.empty((len(samples), *net.shapes[op.layer]), net.dtype)
        spoken = np.empty((steps * sum(math.prod(op.shape) for op in plan.neurons.values()), 3), np.int32)
    for k, events in enumerate(samples):
        found = plan.run(events, logits[k], counts[k], spoken)
        if not plan.finite(counts[k]):
            raise FloatingPointError(
                f"potentials of sample {k} are beyond the range of {net.dtype}: the input or the parameters are too large")
        if record:
            plan.copy_record(k, spoken[:found], spikes, potentials)
    if net._order is not None:
        logits = logits[:, net._order]
    if net.readout == "membrane":
        logits /= logits.dtype.type(steps)
    if not np.all(np.isfinite(logits)):
        raise FloatingPointError(f"logits are beyond the range of {net.dtype}: the input or the weights are too large")
    operations = {
        op.layer: _operations_of(counts[:, k, 0], whole if op.spiking is None else op.spiking)
        for k, op in enumerate(plan.operations) if op.kind == SYNAPSES}
    rates = {
        op.layer: float(counts[:, k, 0].sum() / (len(samples) * steps * math.prod(op.shape)))
        for k, op in plan.neurons.items()}
    updates = {op.layer: counts[:, k, 1].astype(np.int64) for k, op in enumerate(plan.operations) if op.kind in (LIF, LI)}
    return EventDriven(logits, rates, operations, updates, *((spikes, potentials) if record else ()))


class _Plan:
    """A network as the flat arrays that `lifcore.kernels.snn_events` takes.

    `neurons` are the operations that are LIF layers, by their place in the program.
    """

    def __init__(self, net, steps, decay, whole):
        self.steps, self.weights, self.operations = steps, net._packed, net._operations
        self.neurons = {k: op for k, op in enumerate(self.operations) if op.kind == LIF}
        last = len(self.operations) - 1
        read = {SYNAPSES: last, LI: last - 1, LIF: None}[self.operations[last].kind]
        # What integrators take may also be spikes, or a pool's sums.
        if read is not None and self.operations[read].kind != SYNAPSES:
            read = None
        _refuse(net, read)
        self.program = np.zeros((len(self.operations), kernels.PROGRAM_COLUMNS), np.int32)
        self.constants = np.zeros((len(self.operations), kernels.CONSTANT_COLUMNS), net.dtype)
        values = marks = 0
        for k, op in enumerate(self.operations):
            row, layer = self.program[k], net.layers[op.layer]
            # Values that were flattened still lie, and are reached, as the image they were.
            source = op.image or op.shape_in
            shape = op.shape if op.kind == SYNAPSES else op.image or op.shape
            row[kernels.KIND] = op.kind
            row[kernels.EVERY_STEP], row[kernels.AT_END] = k == read and k < last, k == read and k == last
            row[[kernels.ROWS, kernels.COLUMNS, kernels.CHANNELS]] = source
            row[[kernels.ROWS_OUT, kernels.COLUMNS_OUT, kernels.CHANNELS_OUT]] = shape
            row[kernels.SIZE], row[kernels.PADDING], row[kernels.FLAT] = op.size, op.padding, op.image is not None
            row[kernels.WEIGHT], row[kernels.BIAS] = op.begin, op.begin_bias
            row[kernels.SPIKES] = whole if op.spiking is None else op.spiking
            if k:
                row[kernels.IN], row[kernels.MARKS_IN] = self.program[k - 1, [kernels.OUT, kernels.MARKS_OUT]]
            row[kernels.OUT], row[kernels.MARKS_OUT] = values, marks
            values += math.prod(source if row[kernels.AT_END] else shape)
            marks += 1 + 2 * shape[0] + shape[0] * shape[1]
            self.constants[k, kernels.DIVISOR] = op.size**2 if isinstance(layer, AvgPool2d) and op.kind == POOL else 1
            if op.kind in (LIF, LI):
                self.constants[k, kernels.BETA] = layer.beta
            if op.kind == LIF:
                self.constants[k, kernels.THRESHOLD] = layer.threshold
                row[kernels.TO_ZERO] = layer.reset_mechanism == "zero"
                row[kernels.V], row[kernels.TOUCHED], row[kernels.WAITING] = values, marks, marks + shape[0] * shape[1]
                values += math.prod(shape)
                marks += 1 + 2 * shape[0] * shape[1]
        if max(values, marks) >= 2**31:
            raise ValueError(f"net must have fewer than 2**31 values, got {max(values, marks)}")
        self.work, self.marks = np.zeros(values, net.dtype), np.zeros(marks, np.int32)
        self.list = np.zeros(max(math.prod(op.shape_in) for op in self.operations), np.int32)
        self.powers = np.zeros((len(self.operations), 0), net.dtype)
        if decay == "power":
            factors = np.repeat(self.constants[:, [kernels.BETA]], steps + 1, axis=1)
            factors[:, 0] = 1.0
            self.powers = np.cumprod(factors, axis=1, dtype=net.dtype)

    def run(self, events, total, counts, spoken):
        """One sample; returns how many spikes are in `spoken`."""
        return kernels.run_events(
            self.program, self.constants, self.weights, self.powers, self.steps, *events, self.work, self.marks, self.list,
            total, counts, spoken)

    def finite(self, counts):
        """Whether all potentials were; their sum is looked at first, which is quick and nearly always enough."""
        if np.any(np.isnan(counts)):
            return False
        with np.errstate(over="ignore", invalid="ignore"):
            return bool(np.isfinite(self.work.sum())) or bool(np.all(np.isfinite(self.work)))

    def copy_record(self, sample, spoken, spikes, potentials):
        kernels.settle(self.program, self.constants, self.powers, self.steps, self.work, self.marks)
        for k, op in self.neurons.items():
            _, step, place = spoken[spoken[:, 0] == k].T
            size = math.prod(op.shape)
            fired = np.zeros((self.steps, size), np.uint8)
            fired[step, place] = 1
            spikes[op.layer][sample] = op.in_order(fired, spikes[op.layer].shape[1:])
            V = self.work[self.program[k, kernels.V]:][:size]
            potentials[op.layer][sample] = op.in_order(V, (1, *potentials[op.layer].shape[1:]))[0]


def _refuse(net, read):
    """An error where a layer cannot be run from event to event."""
    for k, op in enumerate(net._operations):
        if op.kind == SYNAPSES and k != read and np.any(net._packed[op.begin_bias:][:op.biases]):
            raise ValueError(
                f"layer {op.layer}, {type(net.layers[op.layer]).__name__}, has a bias, which arrives at every neuron at every step "
                "and leaves nothing to skip: use bias=False")


def _samples(net, x, steps, clip):
    """For each sample where the events of each step begin, their places (channels last) and values; and the steps."""
    if isinstance(x, Events):
        raise TypeError("x must be a list of Events, or frames: put the one stream in a list")
    if isinstance(x, (list, tuple)) and len(x) and all(isinstance(stream, Events) for stream in x):
        if steps is None:
            raise ValueError("steps must be given for streams of events: how many to divide their duration in")
        steps = whole_number("steps", steps, at_least=1)
        for k, stream in enumerate(x):
            if (2, *stream.sensor) != net.input_shape:
                raise ValueError(
                    f"x must have sensors of the net's input, {net.input_shape[1:]}, got {stream.sensor} as number {k}")
        return [_counted(stream, steps, clip, net.dtype) for stream in x], steps
    if steps is not None or clip is not None:
        raise ValueError("steps and clip go with streams of events; frames have an axis of time and their own counts")
    x = _numbers("x", x, net.dtype)
    if x.ndim != len(net.input_shape) + 2:
        raise ValueError(
            f"x must be Events, or have the shape (samples, steps, {', '.join(map(str, net.input_shape))}), got "
            f"{x.shape}: a constant input is one at every step, and has to be repeated along an axis of time")
    x, steps = net._input(x, None)
    # Of truth values numpy finds them several times faster.
    found = np.flatnonzero(x != 0)
    size = math.prod(net.input_shape)
    step, place = found // size, found % size
    if len(net.input_shape) == 3:
        pixels = size // net.input_shape[0]
        place = place % pixels * net.input_shape[0] + place // pixels
    value, index = x.ravel()[found], place.astype(np.int32)
    bounds = np.searchsorted(step, np.arange(len(x) * steps + 1))
    samples = []
    for k in range(len(x)):
        begins = bounds[k * steps:(k + 1) * steps + 1]
        part = slice(begins[0], begins[-1])
        samples.append(((begins - begins[0]).astype(np.int32), index[part], value[part]))
    return samples, steps


def _counted(stream, steps, clip, dtype):
    """One stream as its frames would be, without the frames."""
    height, width = stream.sensor
    size = 2 * height * width
    place = (stream.y.astype(np.int64) * width + stream.x) * 2 + stream.polarity
    found, count = np.unique(stream.steps(steps) * size + place, return_counts=True)
    count = clipped(count, clip)
    begins = np.searchsorted(found, np.arange(steps + 1) * size)
    return begins.astype(np.int32), (found % size).astype(np.int32), count.astype(dtype)
