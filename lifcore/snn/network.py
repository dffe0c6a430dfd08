"""A spiking network: layers one after another, run step by step.

Between layers goes one value a neuron and step: 1 for a spike, a count behind a sum pool, a current behind synapses.
All arithmetic is that of `lifcore.kernels.snn_network`; here a network is checked, laid out in flat arrays and divided
among threads.
"""

from __future__ import annotations

import concurrent.futures
import math
import os
import queue
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lifcore._validate import finite_number, flag, generator, one_of, whole_number
from lifcore.kernels import snn_network as kernels
from lifcore.kernels import snn_training
from lifcore.snn.layers import LI, LIF, AvgPool2d, Conv2d, Flatten, Layer, Linear, SumPool2d

__all__ = ["Operations", "Prepared", "Run", "Sequential"]

READOUTS = ("membrane", "rate")
DTYPES = ("float32", "float64")
SPIKES = ("step", "smoothed")
# One task of a thread.  What is summed over samples is summed in groups of this size first, whatever the number of
# threads, so that the sum has the same bits.
SAMPLES_AT_ONCE = 8
# Whole numbers up to here count as spikes.
MOST_SPIKES = 2**24
# Neurons whose slopes are worked out together: few enough to stay in the first cache.
BLOCK = 512


class Operations(NamedTuple):
    """What the synapses of a layer had to do, each of shape (N,): for each sample, in the whole run.

    Attributes
    ----------
    additions : ndarray of int64
        Spikes that arrive times the synapses that each reaches.
    products : ndarray of int64
        Where graded values arrive instead, as behind an average pool: those that are not 0 times the synapses each
        reaches.
    """

    additions: np.ndarray
    products: np.ndarray


@dataclass(frozen=True)
class Run:
    """What a network made of its input.

    Attributes
    ----------
    logits : ndarray, shape (N, K)
        Readout ``"membrane"``: the mean over the steps of the last layer's values; ``"rate"``: the number of spikes of
        each of its neurons.
    rates : dict of int to float
        For each LIF layer, by its index, the mean number of spikes a neuron and step.
    operations : dict of int to Operations
        For each layer with synapses, by its index. A layer whose input is the same at every step works once only.
    spikes : dict of int to ndarray of uint8, shape (N, T, ...)
        For each LIF layer; of smoothed spikes their value. None without ``record=True``, as are the next two.
    potentials : dict of int to ndarray, shape (N, T, ...)
        For each LIF or LI layer, V of each step: where a neuron spikes, the value above threshold.
    logits_in_time : ndarray, shape (N, T, K)
        What the logits would be had the run ended after each step.
    """

    logits: np.ndarray
    rates: dict[int, float]
    operations: dict[int, Operations]
    spikes: dict[int, np.ndarray] | None = None
    potentials: dict[int, np.ndarray] | None = None
    logits_in_time: np.ndarray | None = None


class Prepared(NamedTuple):
    """A network as the flat arrays that the kernel `forward` takes, in its order but for the input.

    Attributes
    ----------
    program, constants, weights, work, list, total, counts : ndarray
        See `lifcore.kernels.snn_network`.
    """

    program: np.ndarray
    constants: np.ndarray
    weights: np.ndarray
    work: np.ndarray
    list: np.ndarray
    total: np.ndarray
    counts: np.ndarray


class Sequential:
    """A network of layers, one after another.

    Parameters
    ----------
    *layers : Layer
        From `lifcore.snn.layers`. An `LI` can only be the last.
    input_shape : tuple of int
        Of one sample at one step: (channels, height, width) or (features,).
    readout : {"membrane", "rate"}
        What becomes a logit: the mean over the steps of the last layer's values, for which it is a `Linear` or `LI`; or
        the number of its spikes, for which it is a `LIF`.
    dtype : {"float32", "float64"}
        What everything is computed in; NumPy's types of these names are taken too.
    rng : int or numpy.random.Generator, optional
        Seed, or the generator that draws the weights: uniform within 1 / sqrt(synapses of a neuron) around 0, biases
        too.

    Attributes
    ----------
    layers : tuple of Layer
    input_shape, output_shape : tuple of int
    shapes : tuple of tuple of int
        The shape behind each layer.
    readout, dtype : str

    Raises
    ------
    TypeError, ValueError
        Naming the argument, or the layer and the shape it cannot take.

    Examples
    --------
    >>> from lifcore import snn
    >>> net = snn.Sequential(
    ...     snn.Conv2d(1, 16), snn.LIF(beta=0.9), snn.Flatten(), snn.Linear(16 * 6 * 6, 10), input_shape=(1, 8, 8),
    ...     rng=1)
    >>> net.n_parameters
    5930
    """

    def __init__(self, *layers: Layer, input_shape, readout: str = "membrane", dtype: str = "float32", rng=None):
        if not layers:
            raise ValueError("layers must be one or more, got none")
        for k, layer in enumerate(layers):
            if not isinstance(layer, Layer) or type(layer) is Layer:
                raise TypeError(f"layer {k} must be a lifcore.snn layer such as LIF(beta=0.9), got {layer!r}")
            if isinstance(layer, LI) and k + 1 < len(layers):
                raise ValueError(f"layer {k}, LI, must be the last: what it passes on is no spike")
        self.layers = tuple(layers)
        self.input_shape = _shape(input_shape)
        self.readout = one_of("readout", readout, READOUTS)
        self.dtype = _dtype(dtype)
        self._check_thresholds()
        self.shapes = self._chain()
        self.output_shape = self.shapes[-1]
        self._check_readout()
        self._operations = self._list_operations()
        last = self._operations[-1]
        # Where a logit lies, if not in order: a row that was an image lies as that image does.
        self._order = None
        if last.image and last.kind != kernels.SYNAPSES:
            self._order = last.in_order(np.arange(math.prod(last.shape)), self.output_shape)
        self._packed = _aligned(sum(_rounded(op.weights) + _rounded(op.biases) for op in self._operations), self.dtype)
        self.set_parameters(self._initial(rng))

    def __repr__(self):
        layers = ", ".join(map(repr, self.layers))
        return f"Sequential({layers}, input_shape={self.input_shape}, readout={self.readout!r}, dtype={self.dtype!r})"

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """Weights and biases, copied, as ``"0.weight"``: the layer's index and the name of the array.

        The shapes are (channels out, channels in, height, width) and (features out, features in).
        """
        return {name: _unpacked(self._packed, op, name) for op in self._operations for name in op.arrays}

    @parameters.setter
    def parameters(self, given):
        self.set_parameters(given)

    def set_parameters(self, given) -> None:
        """Take weights and biases.

        Parameters
        ----------
        given : dict of str to array_like
            With the names and shapes of `parameters`.

        Raises
        ------
        TypeError, ValueError
            Naming the array that is missing, unknown, of the wrong shape or not finite.
        """
        known = {name: op for op in self._operations for name in op.arrays}
        if not hasattr(given, "keys"):
            raise TypeError(f"parameters must be a dict of arrays, got {given!r}")
        if set(given) != set(known):
            missing, unknown = sorted(set(known) - set(given)), sorted(map(str, set(given) - set(known)))
            raise ValueError(f"parameters must be {', '.join(known)}; missing {missing}, unknown {unknown}")
        taken = _aligned(self._packed.size, self.dtype)
        for name, op in known.items():
            array = _numbers(f"parameters[{name!r}]", given[name], self.dtype)
            if array.shape != op.arrays[name]:
                raise ValueError(f"parameters[{name!r}] must have shape {op.arrays[name]}, got {array.shape}")
            _pack(taken, op, name, array)
        self._packed = taken

    @property
    def n_parameters(self) -> int:
        """How many weights and biases there are."""
        return sum(math.prod(shape) for op in self._operations for shape in op.arrays.values())

    def run(
        self, x, steps: int | None = None, record: bool = False, spikes: str = "step", workers: int | None = None
    ) -> Run:
        """Run the network on a batch of samples.

        Parameters
        ----------
        x : array_like, shape (N, T, ...) or (N, ...), the last axes those of `input_shape`
            What arrives at each of T steps, or what arrives at every one of `steps` steps.
        steps : int, optional
            How many steps; given exactly if `x` has no axis of time.
        record : bool
            Whether to keep spikes and potentials.
        spikes : {"step", "smoothed"}
            Whether a neuron puts out H(V - threshold), or f(V - threshold) of its surrogate in place of it, which is
            the network whose gradients the surrogates give.
        workers : int, optional
            How many threads divide the samples among them; as many as there are processors if not given. The result
            does not depend on it.

        Returns
        -------
        Run

        Raises
        ------
        TypeError, ValueError
            Naming the argument, its value and what is allowed.
        FloatingPointError
            If a potential or a logit exceeds the range of the dtype.
        """
        x, steps = self._input(x, steps)
        smooth = one_of("spikes", spikes, SPIKES) == "smoothed"
        flag("record", record)
        samples, features = len(x), self.output_shape[0]
        logits = np.empty((samples, features), self.dtype)
        counts = np.empty((samples, len(self._operations)))
        recorded = self._room(samples, steps, smooth) if record else Record(None, None, None)

        def work(prepared, begin, end):
            program, constants, weights, *scratch = prepared[:5]
            if not record:
                group = slice(begin, end)
                kernels.run_samples(
                    program, constants, weights, x[group], steps, smooth, *scratch, logits[group], counts[group])
                return
            for sample in range(begin, end):
                for t in range(steps):
                    total = logits[sample]
                    kernels.forward(
                        program, constants, weights, x[sample], t, t + 1, smooth, *scratch, total, counts[sample])
                    recorded.logits_in_time[sample, t] = total if self._order is None else total[self._order]
                kernels.check(program, steps, scratch[0], counts[sample])
                self._copy_record(prepared, steps, sample, recorded)

        static, whole = x.shape[1] < steps, kernels.survey(x.reshape(-1), x.dtype.type(MOST_SPIKES))
        for kernel in (kernels.forward, kernels.check) if record else (kernels.run_samples,):
            kernel.compile_for(self._packed.dtype)
        _divide(samples, workers, lambda: self.prepared(steps, record, static, whole), work)
        self._check_range(x, logits, counts)
        if self._order is not None:
            logits = logits[:, self._order]
        if self.readout == "membrane":
            logits /= logits.dtype.type(steps)
            if record:
                recorded.logits_in_time[...] /= np.arange(1, steps + 1, dtype=self.dtype)[:, None]
        rates = {
            op.layer: float(counts[:, k].sum() / (samples * steps * math.prod(op.shape)))
            for k, op in enumerate(self._operations) if op.kind == kernels.LIF}
        operations = {
            op.layer: _operations_of(counts[:, k], not smooth and (whole if op.spiking is None else op.spiking))
            for k, op in enumerate(self._operations) if op.kind == kernels.SYNAPSES}
        return Run(logits, rates, operations, *recorded)

    def predict(self, x, steps: int | None = None, workers: int | None = None) -> np.ndarray:
        """The class with the largest logit for each sample; of equal ones the first.

        Parameters
        ----------
        x, steps, workers
            As in `run`.

        Returns
        -------
        ndarray of int64, shape (N,)
        """
        return self.run(x, steps, workers=workers).logits.argmax(axis=1)

    def accuracy(self, x, labels, steps: int | None = None, workers: int | None = None) -> float:
        """The fraction of samples whose label is the class that `predict` finds.

        Parameters
        ----------
        x, steps, workers
            As in `run`.
        labels : array_like of int, shape (N,)
            From 0 to K - 1.

        Returns
        -------
        float
        """
        labels = self._labels(labels, self._input(x, steps)[0].shape[:1])
        return float(np.mean(self.predict(x, steps, workers) == labels))

    def prepared(self, steps: int, keep: bool = False, static: bool = False, whole: bool = True) -> Prepared:
        """The flat arrays that the kernel takes, for a page or for code of one's own.

        ::

            program, constants, weights, *rest = net.prepared(steps, keep=True)
            kernels.snn_network.forward(program, constants, weights, x, 0, steps, False, *rest)

        with x of shape (steps, size of the input), or (1, size of the input) if `static`.

        Parameters
        ----------
        steps : int
            The most steps that are to be kept.
        keep : bool
            Whether `work` holds values and potentials of all steps at the end, or of the last only.
        static : bool
            Whether the input is the same at every step.
        whole : bool
            Whether it consists of whole numbers of spikes, which cost additions and not products.

        Returns
        -------
        Prepared
            Its `weights` are those of the network, not a copy. Images lie with their channels last, also where a `Flatten`
            stands behind them: of a LIF or LI that comes last, right behind a flattened image, `total` has that order.
        """
        steps = whole_number("steps", steps, at_least=1)
        kept = steps if keep else 1
        program, constants, room = self._program(steps, lambda k: kept, kept, static, whole)
        most = max(math.prod(op.shape_in) for op in self._operations)
        return Prepared(
            program, constants, self._packed, _aligned(room, self.dtype), np.zeros(most, np.int32),
            np.zeros(self.output_shape[0], self.dtype), np.zeros(len(program)))

    def gradients(
        self, x, labels, steps: int | None = None, rate_penalty: float = 0.0, spikes: str = "step",
        workers: int | None = None
    ) -> tuple[float, dict[str, np.ndarray]]:
        """The loss of a batch and its derivatives by all parameters, by backpropagation through time.

        The loss is the mean cross-entropy, -log softmax(logits)[label], plus `rate_penalty` times the sum over the LIF
        layers of their mean number of spikes a neuron and step. A spike has no useful derivative: the layer's surrogate
        takes its place.

        Parameters
        ----------
        x, steps, spikes, workers
            As in `run`. With ``"smoothed"`` and ``detach_reset=False`` in every LIF the derivatives are those of the
            loss.
        labels : array_like of int, shape (N,)
            From 0 to K - 1.
        rate_penalty : float
            At least 0.

        Returns
        -------
        loss : float
        gradients : dict
            Like `parameters`.

        Raises
        ------
        TypeError, ValueError, FloatingPointError
            As in `run`.

        References
        ----------
        E. O. Neftci, H. Mostafa, F. Zenke, Surrogate gradient learning in spiking neural networks, IEEE Signal
        Processing Magazine 36 (2019), 51-63.
        """
        x, steps = self._input(x, steps)
        labels = self._labels(labels, x.shape[:1])
        rate_penalty = finite_number("rate_penalty", rate_penalty, "", at_least=0.0)
        smooth = one_of("spikes", spikes, SPIKES) == "smoothed"
        learner = Learner(self, steps, x.shape[1] < steps, smooth, _workers(workers))
        with learner:
            found = learner.gradients(x, labels, rate_penalty)
        self._check_range(x, found.gradients, found.counts)
        return found.loss, {
            name: _unpacked(found.gradients, op, name) for op in self._operations for name in op.arrays}

    def _check_range(self, x, found, counts):
        """An error where something went beyond the range of the dtype: the kernels go on, and mark it."""
        marked = [op.layer for k, op in enumerate(self._operations) if np.any(np.isnan(counts[:, k]))]
        if marked or not np.all(np.isfinite(found)):
            what = f"potentials of layer {marked[0]}" if marked else "results"
            raise FloatingPointError(
                f"{what} are beyond the range of {self.dtype}: the input, of up to {np.abs(x).max():g}, or the "
                f"parameters, of up to {np.abs(self._packed).max():g}, are too large")

    # What the network is.

    def _chain(self):
        shapes, shape = [], self.input_shape
        for k, layer in enumerate(self.layers):
            try:
                shape = layer.output_shape(shape)
            except ValueError as error:
                raise ValueError(f"layer {k} does not fit: {error}") from None
            shapes.append(shape)
        return tuple(shapes)

    def _check_thresholds(self):
        """A threshold must be the same number, but for rounding, in the network's dtype."""
        limits = np.finfo(self.dtype)
        for k, layer in enumerate(self.layers):
            if isinstance(layer, LIF) and not float(limits.tiny) <= layer.threshold <= float(limits.max):
                raise ValueError(
                    f"layer {k}, LIF, must have a threshold from {float(limits.tiny):.3g} to {float(limits.max):.3g} in {self.dtype}, got "
                    f"{layer.threshold:g}")

    def _check_readout(self):
        last, name = self.layers[-1], type(self.layers[-1]).__name__
        if not isinstance(last, (Linear, LI) if self.readout == "membrane" else LIF):
            wanted = "Linear or LI, whose values are" if self.readout == "membrane" else "LIF, whose spikes are"
            raise ValueError(f"with readout {self.readout!r} the last layer must be {wanted} the logits, got {name}")
        if len(self.output_shape) != 1:
            raise ValueError(
                f"the last layer, {name}, must have one value for each class, got shape {self.output_shape}: "
                "put a Flatten() before it")

    def _list_operations(self):
        """One entry for the input and one for each layer but Flatten, which moves nothing."""
        shape = _channels_last(self.input_shape)
        operations = [_Operation(kernels.INPUT, -1, shape, shape)]
        begin, spiking = 0, None
        # What a row of values was before it was flattened, which is the order it lies in.
        image = None
        for k, layer in enumerate(self.layers):
            if isinstance(layer, Flatten):
                image = image or (shape if shape[0] * shape[1] > 1 else None)
                shape = (1, 1, math.prod(shape))
                continue
            before, shape = shape, _channels_last(self.shapes[k])
            op = _Operation(_KINDS[type(layer)], k, before, shape, image, spiking)
            if op.kind == kernels.SYNAPSES:
                op.arrays = {f"{k}.{name}": size for name, size in layer.weight_shapes().items()}
                op.size, op.padding = (layer.kernel_size, layer.padding) if isinstance(layer, Conv2d) else (1, 0)
                op.begin, op.weights, op.biases = begin, op.size**2 * before[-1] * shape[-1], shape[-1]
                op.begin_bias = begin + _rounded(op.weights)
                begin = op.begin_bias + _rounded(op.biases)
                spiking, image = False, None
            elif op.kind == kernels.POOL:
                op.size = layer.kernel_size
                spiking = False if isinstance(layer, AvgPool2d) else spiking
            else:
                spiking = True
            operations.append(op)
        return operations

    def _initial(self, rng):
        rng = generator(rng)
        return {
            name: rng.uniform(-1.0, 1.0, shape) / math.sqrt(op.weights / op.biases)
            for op in self._operations for name, shape in op.arrays.items()}

    def _program(self, steps, depth, V_depth, static, whole):
        """The program and the constants for a number of steps, and how much room `work` needs.

        depth(k) says how many steps of the values of operation k are kept, V_depth how many of each potential; `static`
        whether the input is the same at every step, `whole` whether it consists of whole numbers of spikes.
        """
        program = np.zeros((len(self._operations), kernels.PROGRAM_COLUMNS), np.int64)
        constants = np.zeros((len(self._operations), kernels.CONSTANT_COLUMNS), self.dtype)
        constants[:, kernels.DIVISOR] = 1.0
        room = 0
        for k, op in enumerate(self._operations):
            row = program[k]
            static = static and op.kind not in (kernels.LIF, kernels.LI)
            row[kernels.KIND], row[kernels.STATIC] = op.kind, static
            row[[kernels.ROWS, kernels.COLUMNS, kernels.CHANNELS]] = op.shape_in
            row[[kernels.ROWS_OUT, kernels.COLUMNS_OUT, kernels.CHANNELS_OUT]] = op.shape
            row[kernels.SIZE], row[kernels.PADDING] = op.size, op.padding
            if op.kind == kernels.SYNAPSES:
                row[[kernels.WEIGHT, kernels.WEIGHTS, kernels.BIAS]] = op.begin, op.weights, op.begin_bias
                row[kernels.COUNTS] = whole if op.spiking is None else op.spiking
            if k:
                row[kernels.IN:kernels.IN_DEPTH + 1] = program[k - 1, kernels.OUT:kernels.OUT_DEPTH + 1]
            size = math.prod(op.shape)
            row[kernels.AT_END] = k + 1 == len(program) and op.kind == kernels.SYNAPSES and not static
            if row[kernels.AT_END]:
                size = row[kernels.IN_SIZE]
            row[kernels.OUT:kernels.OUT_DEPTH + 1] = room, size, 1 if static or row[kernels.AT_END] else depth(k)
            room += _rounded(size * row[kernels.OUT_DEPTH])
            if op.kind in (kernels.LIF, kernels.LI):
                row[kernels.V], row[kernels.V_DEPTH] = room, V_depth + 1
                room += _rounded(size * (V_depth + 1))
            layer = self.layers[op.layer]
            if op.kind in (kernels.LIF, kernels.LI):
                constants[k, kernels.BETA] = layer.beta
            if op.kind == kernels.LIF:
                row[kernels.DETACHED] = layer.detach_reset
                constants[k, kernels.THRESHOLD] = layer.threshold
                constants[k, [kernels.FIRST, kernels.SECOND]] = layer.surrogate.constants
                row[kernels.SURROGATE], row[kernels.TO_ZERO] = layer.surrogate.kind, layer.reset_mechanism == "zero"
            elif isinstance(layer, AvgPool2d) and op.kind == kernels.POOL:
                constants[k, kernels.DIVISOR] = op.size**2
        if room >= 2**31:
            raise ValueError(f"steps must be fewer for a network of this size: {steps} need {room} places, of 2**31")
        return program.astype(np.int32), constants, room

    # Arguments.

    def _input(self, x, steps, name="x"):
        """x as an array of shape (N, T or 1, size of the input) and the number of steps."""
        x = _numbers(name, x, self.dtype)
        axes = len(self.input_shape)
        in_time = x.ndim == axes + 2
        if x.ndim not in (axes + 1, axes + 2) or x.shape[x.ndim - axes:] != self.input_shape:
            raise ValueError(
                f"{name} must have shape (samples, steps, {_listed(self.input_shape)}), or (samples, "
                f"{_listed(self.input_shape)}) with steps given, got {x.shape}")
        if in_time and steps is not None:
            raise ValueError(f"steps must be left out where {name} has an axis of time, here of {x.shape[1]}, got {steps!r}")
        if not in_time and steps is None:
            raise ValueError(f"steps must be given for {name} of shape {x.shape}, which is the input at every step")
        if x.size == 0:
            raise ValueError(f"{name} must hold at least one sample and one step, got shape {x.shape}")
        steps = x.shape[1] if in_time else whole_number("steps", steps, at_least=1)
        return np.ascontiguousarray(x.reshape(len(x), steps if in_time else 1, -1)), steps

    def _labels(self, labels, samples, name="labels"):
        classes = self.output_shape[0]
        try:
            given = np.asarray(labels)
        except ValueError:
            raise ValueError(f"{name} must be an array, got rows of different lengths") from None
        if given.dtype.kind not in "iu":
            raise TypeError(f"{name} must be whole numbers from 0 to {classes - 1}, got an array of {given.dtype}")
        if given.shape != samples:
            raise ValueError(f"{name} must have one value for each sample, shape {samples}, got {given.shape}")
        wrong = np.flatnonzero((given < 0) | (given >= classes))
        if wrong.size:
            raise ValueError(f"{name} must be from 0 to {classes - 1}, got {name}[{wrong[0]}] = {given[wrong[0]]}")
        return given.astype(np.int64)

    # Recording.

    def _room(self, samples, steps, smooth):
        spikes, potentials = {}, {}
        for op in self._operations:
            if op.kind == kernels.LIF:
                spikes[op.layer] = np.empty(
                    (samples, steps, *self.shapes[op.layer]), self.dtype if smooth else np.uint8)
            if op.kind in (kernels.LIF, kernels.LI):
                potentials[op.layer] = np.empty((samples, steps, *self.shapes[op.layer]), self.dtype)
        return Record(spikes, potentials, np.empty((samples, steps, *self.output_shape), self.dtype))

    def _copy_record(self, prepared, steps, sample, recorded):
        for k, op in enumerate(self._operations):
            row = prepared.program[k]
            for kept, begin in ((recorded.spikes, row[kernels.OUT]), (
                    recorded.potentials, row[kernels.V] + row[kernels.OUT_SIZE])):
                if op.layer in kept:
                    values = prepared.work[begin:][:steps * row[kernels.OUT_SIZE]]
                    kept[op.layer][sample] = op.in_order(values, kept[op.layer].shape[1:])


class Record(NamedTuple):
    """What a run keeps if asked to, as in `Run`."""

    spikes: dict[int, np.ndarray] | None
    potentials: dict[int, np.ndarray] | None
    logits_in_time: np.ndarray | None


def _rounded(size):
    """`size` or the next multiple of 16: what begins there begins where a cache line does."""
    return -(-int(size) // 16) * 16


def _aligned(size, dtype):
    """Zeros that begin where a cache line does."""
    room = np.zeros(size + 16, dtype)
    begin = -room.ctypes.data % 64 // room.itemsize
    return room[begin:begin + size]


class _Operation:
    """One row of a program: what does not depend on the number of steps.

    shape and shape_in are (rows, columns, channels); `image` is the shape that a flattened row of values had, which is
    the order that it lies in; `spiking` says whether whole numbers of spikes arrive, None whether the input decides.
    """

    def __init__(self, kind, layer, shape_in, shape, image=None, spiking=None):
        self.kind, self.layer, self.shape_in, self.shape = kind, layer, shape_in, shape
        self.image, self.spiking = image, spiking
        self.arrays = {}
        self.size, self.padding, self.begin, self.weights, self.begin_bias, self.biases = 1, 0, 0, 0, 0, 0

    def in_order(self, values, shape):
        """Values of some steps as an array of shape (steps, channels, height, width) or (steps, features)."""
        return values.reshape(-1, *(self.image or self.shape)).transpose(0, 3, 1, 2).reshape(shape)


_KINDS = {
    Conv2d: kernels.SYNAPSES, Linear: kernels.SYNAPSES, SumPool2d: kernels.POOL, AvgPool2d: kernels.POOL,
    LIF: kernels.LIF, LI: kernels.LI,
}


def _in_place(packed, op, name):
    """One array of parameters as a view of its place among the packed ones; its shape may have more axes."""
    if name.endswith("bias"):
        return packed[op.begin_bias:][:op.biases]
    weights = packed[op.begin:][:op.weights]
    if len(op.arrays[name]) == 4:
        return weights.reshape(op.size, op.shape_in[-1], op.size, op.shape[-1])[:, :, ::-1].transpose(3, 1, 0, 2)
    return weights.reshape(*(op.image or op.shape_in), op.shape[-1]).transpose(3, 2, 0, 1)


def _pack(packed, op, name, array):
    """Write an array of parameters into its place."""
    view = _in_place(packed, op, name)
    view[...] = array.reshape(view.shape)


def _unpacked(packed, op, name):
    """A copy of one array of parameters."""
    return _in_place(packed, op, name).reshape(op.arrays[name]).copy()


def _channels_last(shape):
    return (shape[1], shape[2], shape[0]) if len(shape) == 3 else (1, 1, shape[0])


def _shape(given):
    try:
        shape = tuple(given)
    except TypeError:
        shape = ()
    if len(shape) not in (1, 3):
        raise ValueError(f"input_shape must be (channels, height, width) or (features,), got {given!r}")
    return tuple(whole_number("input_shape", n, at_least=1) for n in shape)


def _dtype(given):
    name = getattr(given, "name", None) or getattr(given, "__name__", given)
    return one_of("dtype", name if isinstance(name, str) else given, DTYPES)


def _listed(shape):
    return ", ".join(map(str, shape))


def _numbers(name, given, dtype):
    """`given` as an array of `dtype`, or an error that says where it holds what."""
    try:
        array = np.asarray(given)
    except ValueError:
        raise ValueError(f"{name} must be an array, got rows of different lengths") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be an array of numbers, got one of {array.dtype}")
    with np.errstate(over="ignore"):
        taken = array.astype(dtype, copy=False)
    if array.dtype.kind == "f" and not np.all(np.isfinite(taken)):
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(taken))[0])
        raise ValueError(f"{name} must be finite in {dtype}, got {array[where]:g} at {list(where)}")
    return taken


def _operations_of(counts, spikes):
    found, none = counts.astype(np.int64), np.zeros(len(counts), np.int64)
    return Operations(found, none) if spikes else Operations(none, found)


def _workers(workers):
    if workers is not None:
        return whole_number("workers", workers, at_least=1)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Batch(NamedTuple):
    """What one batch gives: loss, packed gradients, logits, and what each operation counted in each sample."""

    loss: float
    gradients: np.ndarray
    logits: np.ndarray
    counts: np.ndarray


class Learner:
    """Gradients of batches of one kind, with room and threads that are kept from batch to batch.

    Used in a ``with`` statement, at whose end the threads stop.
    """

    def __init__(self, net, steps, static, smooth, workers):
        self.net, self.steps, self.smooth, self.workers = net, steps, smooth, workers
        # Kept for the backward pass: what arrives at synapses, and every potential.
        operations = net._operations
        kept = [
            steps if k + 1 < len(operations) and operations[k + 1].kind == kernels.SYNAPSES else 1
            for k in range(len(operations))]
        self.program, self.constants, room = net._program(steps, kept.__getitem__, steps, static, False)
        errors = self._lay_out_errors()
        # The weights as the backward pass wants them (`snn_layers.spread`).
        self.reversed = _aligned(self._lay_out_reversed(), net.dtype)
        most = max(math.prod(op.shape_in) for op in operations)
        window = max(_rounded(op.size**2 * op.shape_in[-1]) for op in operations)
        self.rooms = queue.SimpleQueue()
        for _ in range(workers):
            self.rooms.put((
                _aligned(room, net.dtype), np.zeros(most, np.int32), _aligned(most, net.dtype),
                _aligned(max(2 * BLOCK, window), net.dtype), _aligned(errors, net.dtype)))
        snn_training.train_samples.compile_for(self.reversed.dtype)
        self.executor = concurrent.futures.ThreadPoolExecutor(workers) if workers > 1 else None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.executor:
            self.executor.shutdown()

    def _lay_out_reversed(self):
        """Places of reversed weights in the program; returns how much room they need."""
        room = 0
        for op, row in zip(self.net._operations, self.program):
            if op.kind == kernels.SYNAPSES:
                values = _rounded(op.size**2 * op.shape_in[-1])
                row[[kernels.REVERSED, kernels.REVERSED_SIZE]] = room, -(-op.shape[-1] // 8) * 8 * values
                room += row[kernels.REVERSED_SIZE]
        return room

    def _reverse(self):
        """Turn the weights round: what sent from a channel to a window of others now sends from those back to it."""
        for op, row in zip(self.net._operations, self.program):
            if op.kind == kernels.SYNAPSES:
                channels_in, channels_out = op.shape_in[-1], op.shape[-1]
                forwards = self.net._packed[op.begin:][:op.weights].reshape(op.size, channels_in, op.size, channels_out)
                values = op.size**2 * channels_in
                full = np.zeros((-(-channels_out // 8) * 8, _rounded(values)), self.net.dtype)
                full[:channels_out, :values] = forwards[::-1, :, ::-1].transpose(3, 0, 2, 1).reshape(-1, values)
                begin, size = row[[kernels.REVERSED, kernels.REVERSED_SIZE]]
                blocks = full.reshape(-1, 8, full.shape[1] // 16, 16).transpose(0, 2, 1, 3)
                self.reversed[begin:][:size] = blocks.reshape(-1)

    def _lay_out_errors(self):
        """Places of errors in the program; returns how much room they need."""
        room, wanted = 0, False
        for k, op in enumerate(self.net._operations):
            row = self.program[k]
            # An error is wanted below if anything there has weights.
            row[kernels.WANTED] = wanted
            wanted = wanted or op.kind == kernels.SYNAPSES
            row[kernels.ERROR] = room
            room += _rounded(row[kernels.OUT_SIZE])
            row[[kernels.PADDED, kernels.PADDED_SIZE]] = row[[kernels.ERROR, kernels.OUT_SIZE]]
            if op.size > 1 and op.kind == kernels.SYNAPSES:
                rows, columns, _ = op.shape_in
                size = (rows + op.size - 1) * (columns + op.size - 1) * op.shape[-1]
                row[[kernels.PADDED, kernels.PADDED_SIZE]] = room, size
                room += _rounded(size)
            if k and self.program[k - 1, kernels.STATIC] and not row[kernels.STATIC]:
                row[kernels.SUM] = room
                room += _rounded(row[kernels.IN_SIZE])
        return room

    def gradients(self, x, labels, rate_penalty) -> Batch:
        """The gradients of one batch, in groups of samples that are summed one after another."""
        net, operations = self.net, self.net._operations
        for k, op in enumerate(operations):
            if op.kind == kernels.LIF:
                self.constants[k, kernels.PENALTY] = rate_penalty / (len(x) * self.steps * math.prod(op.shape))
        self._reverse()
        begins = range(0, len(x), SAMPLES_AT_ONCE)
        # Some for each thread, and not one for each group: the largest of all arrays here.
        at_once = min(len(begins), 4 * self.workers)
        parts = _aligned(at_once * net._packed.size, net.dtype).reshape(at_once, -1)
        logits, counts = np.empty((len(x), *net.output_shape), net.dtype), np.empty((len(x), len(operations)))
        labels = labels if net._order is None else net._order[labels]

        def task(k):
            room, group = self.rooms.get(), slice(begins[k], begins[k] + SAMPLES_AT_ONCE)
            try:
                return snn_training.train_samples(
                    self.program, self.constants, net._packed, self.reversed, x[group], labels[group], 1.0 / len(x),
                    self.steps, net.readout == "membrane", self.smooth, *room, logits[group], counts[group], parts[k % at_once])
            finally:
                self.rooms.put(room)

        loss, total = 0.0, np.zeros_like(net._packed)
        for first in range(0, len(begins), at_once):
            tasks = range(first, min(first + at_once, len(begins)))
            for other, part in zip((self.executor.map if self.executor else map)(task, tasks), parts):
                loss += other
                total += part
        for op in operations:
            # A layer without biases has a place for them all the same, of zeros that are to stay.
            if f"{op.layer}.bias" not in op.arrays:
                total[op.begin_bias:][:op.biases] = 0
        for k, op in enumerate(operations):
            if op.kind == kernels.LIF:
                loss += rate_penalty * counts[:, k].sum() / (len(x) * self.steps * math.prod(op.shape))
        return Batch(loss, total, logits if net._order is None else logits[:, net._order], counts)


def _divide(samples, workers, prepare, work):
    """work(prepare(), begin, end) for groups of samples, in threads, each of which prepares once."""
    groups = range(0, samples, SAMPLES_AT_ONCE)
    workers = min(_workers(workers), len(groups))
    rooms = queue.SimpleQueue()
    for _ in range(workers):
        rooms.put(prepare())

    def task(begin):
        room = rooms.get()
        try:
            work(room, begin, min(begin + SAMPLES_AT_ONCE, samples))
        finally:
            rooms.put(room)

    if workers == 1:
        for begin in groups:
            task(begin)
    else:
        with concurrent.futures.ThreadPoolExecutor(workers) as executor:
            list(executor.map(task, groups))
