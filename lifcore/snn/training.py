"""Training of a spiking network: batches, Adam, a schedule, and files of networks.

    m <- beta_1 m + (1 - beta_1) g,   v <- beta_2 v + (1 - beta_2) g^2
    w <- w - rate / (1 - beta_1^k) m / (sqrt(v / (1 - beta_2^k)) + epsilon)            after k batches

The gradients g are those of `Sequential.gradients`.
"""

from __future__ import annotations

import dataclasses
import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lifcore._files import file_path, read_arrays, write_whole
from lifcore._validate import finite_number, flag, function, generator, instance_of, one_of, whole_number
from lifcore.kernels import elementary, snn_network, snn_training
from lifcore.snn import layers as layer_types
from lifcore.snn import surrogate as surrogate_types
from lifcore.snn.network import Learner, Sequential, _numbers, _workers

__all__ = ["Adam", "History", "fit", "load", "save"]

SCHEDULES = ("cosine", "constant")
FORMAT = 1


@dataclass(frozen=True)
class Adam:
    """The optimiser Adam.

    Parameters
    ----------
    learning_rate : float
        Greater than 0: about how far a weight moves in a step, in its own unit, while its gradient keeps its sign. A single
        large gradient after small ones moves it farther, up to (1 - betas[0]) / sqrt(1 - betas[1]) times as far.
    betas : (float, float)
        What the averages of the gradient and of its square keep from one step to the next, each from 0 to less than 1.
    epsilon : float
        Greater than 0, added to the root of the average square.

    References
    ----------
    D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015, arXiv:1412.6980, algorithm 1.
    """

    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8

    def __post_init__(self):
        for name in ("learning_rate", "epsilon"):
            object.__setattr__(self, name, finite_number(name, getattr(self, name), "", above=0.0))
        if not isinstance(self.betas, (tuple, list)) or len(self.betas) != 2:
            raise ValueError(f"betas must be two numbers from 0 to less than 1, got {self.betas!r}")
        betas = tuple(finite_number(f"betas[{k}]", beta, "", at_least=0.0) for k, beta in enumerate(self.betas))
        if max(betas) >= 1.0:
            raise ValueError(f"betas must be two numbers from 0 to less than 1, got {self.betas!r}")
        object.__setattr__(self, "betas", betas)


@dataclass
class History:
    """How training went, one entry an epoch.

    Attributes
    ----------
    loss : list of float
        Mean loss of the epoch's batches, each before its step.
    accuracy : list of float
        Fraction of the samples classified rightly in those batches.
    validation_accuracy : list of float
        Fraction after the epoch; empty without validation samples.
    rates : list of dict of int to float
        For each LIF layer, by its index, the mean number of spikes a neuron and step.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    rates: list[dict[int, float]] = field(default_factory=list)


def fit(
    net: Sequential, x, labels, steps: int | None = None, *, epochs: int, batch_size: int = 64,
    optimiser: Adam | None = None, schedule: str = "cosine", rate_penalty: float = 0.0, validation: tuple | None = None,
    augment: Callable | None = None, rng=None, workers: int | None = None, progress: bool = True
) -> History:
    """Train a network; its parameters are changed in place.

    Parameters
    ----------
    net : Sequential
    x, labels, steps, rate_penalty
        As in `Sequential.gradients`.
    epochs : int
        How often every sample is seen.
    batch_size : int
        Samples a step of the optimiser; the last batch of an epoch has what is left.
    optimiser : Adam, optional
        ``Adam()`` if not given.
    schedule : {"cosine", "constant"}
        Whether the learning rate falls along half a cosine, from its value at the first batch to 0 behind the last.
    validation : (x, labels), optional
        Other samples, to be classified after each epoch.
    augment : callable, optional
        ``augment(x_batch, rng)`` returns what is trained on instead, of the same shape. Called in one thread.
    rng : int or numpy.random.Generator, optional
        Seed, or the generator, of the order of the samples and of `augment`. The same seed gives the same bits,
        whatever the number of workers.
    workers : int, optional
        How many threads share a batch; as many as there are processors if not given.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    History

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed.
    FloatingPointError
        If the loss is not finite any more. The network keeps its last finite parameters, as it does after an
        interruption.
    """
    instance_of("net", net, Sequential, "a lifcore.snn.Sequential")
    flat, steps_run = net._input(x, steps)
    labels = net._labels(labels, flat.shape[:1])
    # With its axes, for `augment`.
    x = flat.reshape(len(flat), *([flat.shape[1]] if steps is None else []), *net.input_shape)
    epochs, batch_size = whole_number("epochs", epochs, at_least=1), whole_number("batch_size", batch_size, at_least=1)
    optimiser = Adam() if optimiser is None else instance_of("optimiser", optimiser, Adam, "a lifcore.snn.Adam")
    one_of("schedule", schedule, SCHEDULES)
    rate_penalty = finite_number("rate_penalty", rate_penalty, "", at_least=0.0)
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) != 2:
            raise TypeError(f"validation must be a pair (x, labels), got {type(validation).__name__}")
        others = net._input(validation[0], steps, "validation[0]")[0]
        validation = validation[0], net._labels(validation[1], others.shape[:1], "validation[1]")
    if augment is not None:
        function("augment", augment, "a function of a batch and a generator")
    rng = generator(rng)
    flag("progress", progress)
    workers = _workers(workers)
    return _fit(
        net, x, labels, steps, steps_run, epochs, batch_size, optimiser, schedule, rate_penalty, validation, augment,
        rng, workers, progress)


def _fit(net, x, labels, steps, steps_run, epochs, batch_size, optimiser, schedule, rate_penalty, validation, augment,
         rng, workers, progress):
    from tqdm.auto import tqdm

    history = History()
    moments = np.zeros_like(net._packed), np.zeros_like(net._packed)
    batches = math.ceil(len(x) / batch_size)
    done = 0
    with Learner(net, steps_run, steps is not None and steps_run > 1, False, workers) as learner, tqdm(
            total=epochs * batches, disable=not progress, unit="batch") as bar:
        for epoch in range(epochs):
            order = rng.permutation(len(x))
            loss, right, counts = 0.0, 0, 0.0
            for begin in range(0, len(x), batch_size):
                chosen = order[begin:begin + batch_size]
                batch = x[chosen]
                if augment is not None:
                    batch = _augmented(augment, batch, rng, net.dtype)
                batch = np.ascontiguousarray(batch.reshape(len(chosen), 1 if steps is not None else steps_run, -1))
                found = learner.gradients(batch, labels[chosen], rate_penalty)
                rate = optimiser.learning_rate
                if schedule == "cosine":
                    rate *= 0.5 * (1.0 + elementary.cos(math.pi * done / (epochs * batches)))
                done += 1
                before = net._packed.copy()
                finite = math.isfinite(found.loss) and bool(np.all(np.isfinite(found.gradients)))
                if finite:
                    snn_training.adam(
                        net._packed, found.gradients, *moments, rate, *optimiser.betas, optimiser.epsilon, done)
                if not finite or not np.all(np.isfinite(net._packed)):
                    net._packed[:] = before
                    raise FloatingPointError(
                        f"loss, gradients or weights are not finite any more in epoch {epoch + 1}, at a loss of "
                        f"{found.loss:g}: try a learning_rate below {optimiser.learning_rate:g}, a smaller input than "
                        f"{np.abs(batch).max():g}, or a flatter surrogate")
                loss += found.loss * len(chosen)
                right += int(np.sum(found.logits.argmax(axis=1) == labels[chosen]))
                counts = counts + found.counts.sum(axis=0)
                seen = begin + len(chosen)
                bar.update()
                if progress:
                    shown = {"loss": f"{loss / seen:.4f}", "accuracy": f"{right / seen:.4f}"}
                    if history.validation_accuracy:
                        shown["validation"] = f"{history.validation_accuracy[-1]:.4f}"
                    bar.set_postfix(shown, refresh=False)
            history.loss.append(float(loss / len(x)))
            history.accuracy.append(right / len(x))
            history.rates.append({
                op.layer: float(counts[k] / (len(x) * steps_run * math.prod(op.shape)))
                for k, op in enumerate(net._operations) if op.kind == snn_network.LIF})
            if validation is not None:
                history.validation_accuracy.append(net.accuracy(*validation, steps, workers))
    return history


def _augmented(augment, batch, rng, dtype):
    changed = _numbers("what augment returns", augment(batch, rng), dtype)
    if changed.shape != batch.shape:
        raise ValueError(f"augment must return an array of the shape it is given, {batch.shape}, got {changed.shape}")
    return changed


def save(net: Sequential, path) -> None:
    """Write a network to one file: its architecture as JSON and its parameters as arrays of NumPy.

    Parameters
    ----------
    net : Sequential
    path : str or path-like
        Usually with the ending ``.npz``, which is not added.
    """
    path = file_path(path)
    instance_of("net", net, Sequential, "a lifcore.snn.Sequential")
    architecture = {
        "format": FORMAT, "layers": [_described(layer) for layer in net.layers], "input_shape": net.input_shape,
        "readout": net.readout, "dtype": net.dtype}
    file = io.BytesIO()
    np.savez_compressed(file, architecture=np.array(json.dumps(architecture)), **net.parameters)
    write_whole(path, file.getvalue())


def load(path) -> Sequential:
    """Read a network that `save` wrote.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Sequential

    Raises
    ------
    ValueError
        If the file is not one of `save`, or is damaged.
    """
    path = file_path(path)
    try:
        arrays = read_arrays(path)
        architecture = json.loads(str(arrays.pop("architecture")))
        if architecture["format"] != FORMAT:
            raise ValueError(f"its format is {architecture['format']}, this lifcore reads {FORMAT}")
        net = Sequential(
            *map(_layer, architecture["layers"]), input_shape=architecture["input_shape"],
            readout=architecture["readout"], dtype=architecture["dtype"], rng=0)
        net.parameters = arrays
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path} must be a file that lifcore.snn.save wrote: {error}") from error
    return net


def _described(item):
    """A layer or a surrogate as what JSON can hold."""
    described = {"kind": type(item).__name__}
    for name in (one.name for one in dataclasses.fields(item)):
        value = getattr(item, name)
        if value is not None:
            described[name] = _described(value) if dataclasses.is_dataclass(value) else value
    return described


def _layer(described):
    given = dict(described)
    kind = one_of("kind of layer", given.pop("kind"), [name for name in layer_types.__all__ if name != "Layer"])
    if "surrogate" in given:
        surrogate = dict(given["surrogate"])
        name = one_of("kind of surrogate", surrogate.pop("kind"), [
            name for name in surrogate_types.__all__ if name != "Surrogate"])
        given["surrogate"] = getattr(surrogate_types, name)(**surrogate)
    return getattr(layer_types, kind)(**given)
