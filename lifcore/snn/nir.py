"""Networks in NIR, the Neuromorphic Intermediate Representation, which other simulators read and write.

::

    tau dV/dt = v_leak - V + R I;    where V > v_threshold: a spike, then V = v_reset          NIR, in continuous time
    V[t] = V[t-1] + dt/tau (R I[t] - V[t-1])                                                   a step of forward Euler
    U[t] = beta U[t-1] + I[t],   beta = 1 - dt/tau,   U = V / (R dt/tau)                       `LIF`, "zero"

So NIR's potential is that of `LIF` times R dt/tau, and so is its threshold; weights are the same in both.  Export takes
R = 1, which snntorch, norse and spikingjelly read alike.  Surrogates and how a network was trained are no part of NIR.

J. E. Pedersen et al., Neuromorphic intermediate representation: a unified instruction set for interoperable
brain-inspired computing, Nature Communications 15 (2024), 8122.
"""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import MISSING, fields

import numpy as np

from lifcore._files import file_path, write_whole
from lifcore._validate import finite_array, finite_number, instance_of, several
from lifcore.snn.layers import LI, LIF, AvgPool2d, Conv2d, Flatten, Linear, SumPool2d
from lifcore.snn.network import Sequential

__all__ = ["NIRWarning", "from_nir", "read_nir", "to_nir", "write_nir"]

TARGETS = ("snntorch", "norse", "spikingjelly")
# In s: the step that snntorch takes for any graph, and those that the others take where they are told nothing.
DT_SNNTORCH, DT_NORSE, DT_SPIKINGJELLY = 1e-4, 1e-3, 1e-4
LAST = ("Linear", "Affine", "LIF", "LI")
NOT_EXACT = "lifcore.snn has no layer that does exactly this"


class NIRWarning(UserWarning):
    """What an importer of NIR does otherwise than NIR says, or wants to be told."""


def to_nir(net, dt=DT_SNNTORCH, targets=TARGETS):
    """A network as a graph of NIR.

    Parameters
    ----------
    net : Sequential
        Its LIF layers reset to zero and have beta < 1.
    dt : float
        Step in s, as all times in NIR. A layer gets the time constant for which one step of forward Euler is its beta:
        tau = dt/(1 - beta).
    targets : sequence of {"snntorch", "norse", "spikingjelly"}
        Simulators that are to read it; what one of them could not read, or would read as another network, is refused.
        With none, all that NIR can say is allowed.

    Returns
    -------
    nir.NIRGraph
        A chain of nodes, called conv2d_0, lif_1 and so on, by the kind and the index of the layer. Weights are the
        network's own, bit for bit. LIF and LI hold float64: R is 1 in LIF and tau/dt in LI, v_leak and v_reset are 0,
        v_threshold is the threshold times dt/tau. Flatten counts its first dimension from the last, so that it is the
        same with a dimension for samples and without.

    Raises
    ------
    ImportError
        If nir is missing.
    TypeError, ValueError
        Naming the layer, and why it cannot be said in NIR or read by a target:

        * a LIF that resets by subtraction: NIR knows only resets to a potential;
        * a LIF or LI with beta = 1, whose tau is infinite; with beta = 0 for spikingjelly, which wants tau > dt;
        * a tau or a threshold beyond float32, in which the targets compute;
        * LI for any target and AvgPool2d for norse, which do not have them; norse leaves out what it does not have;
        * dt other than 1e-4 s for snntorch, which takes this for the step whatever the graph was made for.

    Warns
    -----
    NIRWarning
        For each target, of what its import (seen in versions 1.0.0, 1.1.0 and 2.0.0) does silently and no export can
        prevent:

        * snntorch: the network keeps its potentials from one run to the next, until ``snntorch.utils.reset`` is called;
        * norse: its step is 1e-3 s where it is not told another;
        * spikingjelly: its neurons also spike where V is exactly the threshold; its step is 1e-4 s where it is not told
          another;
        * all of them, where the network is in float64: weights become float32.

    Notes
    -----
    Other traps of these importers are avoided: norse ignores R of LIF, here 1; snntorch and norse ignore v_reset, here
    0; snntorch and norse hand Flatten's first dimension to PyTorch, which counts the dimension of samples as one.

    All three compute in float32, norse and spikingjelly also in another order than `Sequential`. A neuron whose
    potential comes within some 1e-6 of the threshold may thus spike in one and not in another.

    Examples
    --------
    >>> from lifcore import snn
    >>> lif = snn.LIF(beta=0.9, reset_mechanism="zero")
    >>> net = snn.Sequential(snn.Linear(4, 2), lif, input_shape=(4,), readout="rate", rng=1)
    >>> list(snn.to_nir(net, targets=()).nodes)
    ['input', 'linear_0', 'lif_1', 'output']
    """
    return _export(net, dt, targets)


def write_nir(net, path, dt=DT_SNNTORCH, targets=TARGETS) -> None:
    """Write a network to a NIR file, which is an HDF5 file; the same network makes the same bytes.

    Parameters
    ----------
    net, dt, targets
        As in `to_nir`, which also says what is refused and what is warned of.
    path : str or path-like
        By custom it ends in .nir. A file that is there is replaced.
    """
    path, graph, file = file_path(path), _export(net, dt, targets), io.BytesIO()
    _library().write(file, graph)
    write_whole(path, file.getvalue())


def from_nir(graph, dt=DT_SNNTORCH, readout=None, dtype=None, surrogate=None):
    """The network that a graph of NIR describes, in steps of forward Euler.

    Parameters
    ----------
    graph : nir.NIRGraph
        A chain from one Input to one Output of these nodes:

        * Conv2d with a square kernel, stride 1, dilation 1, one group; padding the same on all sides, "valid", or
          "same" with an odd kernel;
        * Linear, Affine with a matrix; Flatten of all dimensions;
        * SumPool2d, AvgPool2d with a square kernel, as large a stride and no padding;
        * LIF with one tau, R and v_threshold for all neurons, v_leak = v_reset = 0, tau >= dt;
        * LI, as the last, with one tau and R, v_leak = 0, tau >= dt.
    dt : float
        Step in s: beta = 1 - dt/tau. NIR does not hold it; snntorch and spikingjelly export with 1e-4 s.
    readout : {"rate", "membrane"}, optional
        As in `Sequential`; "rate" where the last node is LIF and "membrane" else.
    dtype : {"float32", "float64"}, optional
        "float64" where weights are, "float32" else.
    surrogate : Surrogate, optional
        For all LIF layers, as NIR has none; `LIF` has a default.

    Returns
    -------
    Sequential
        What `to_nir` wrote comes back with the same weights, bit for bit, and with a beta and a threshold that are less
        than 2.3e-16 away, the threshold in relation to itself: a network in float32 makes the same spikes. A convolution
        without bias comes back with a bias of 0. Where R of a last LI is not tau/dt, the weights before it are
        multiplied by R dt/tau.

    Raises
    ------
    ImportError
        If nir is missing.
    TypeError, ValueError
        Naming the node, its kind, the value and what is supported. Nothing that would change the network is left out
        silently.
    """
    nir = _library()
    instance_of("graph", graph, nir.NIRGraph, "a nir.NIRGraph, which read_nir makes of a file")
    dt = finite_number("dt", dt, "s", above=0.0)
    chain = _chain(graph)
    shape = input_shape = _shape(*chain[0])
    layers, weights, wide = [], {}, False
    for name, node in chain[1:-1]:
        kind = type(node).__name__
        if kind == "LI" and name != chain[-2][0]:
            raise ValueError(f"node {name!r} (LI) must be the last before Output: lifcore.snn reads its potential out")
        layer, own, gain = READERS[kind](_Node(name, kind, node), shape, dt, surrogate)
        wide = wide or any(array.dtype == np.float64 for array in own.values())
        for key, array in own.items():
            weights[f"{len(layers)}.{key}"] = array.astype(np.float64)
        if gain != 1.0:
            before = [key for key in weights if key.startswith(f"{len(layers) - 1}.")]
            if not before:
                raise ValueError(
                    f"r of node {name!r} (LI) must be tau/dt where no weights stand before it that can take up another "
                    f"gain, got {gain:g} times that")
            for key in before:
                weights[key] = weights[key] * gain
        try:
            shape = layer.output_shape(shape)
        except ValueError as error:
            raise ValueError(f"node {name!r} ({kind}) does not fit to what comes before it: {error}") from None
        layers.append(layer)
    name, kind = chain[-2][0], type(chain[-2][1]).__name__
    if kind not in LAST:
        raise ValueError(f"node {name!r} ({kind}) must not be the last before Output: that is one of {', '.join(LAST)}")
    if len(shape) != 1:
        raise ValueError(f"node {name!r} ({kind}) must not be the last before Output with shape {shape}: flatten it")
    declared = _shape(*chain[-1])
    if declared != shape:
        raise ValueError(f"node {chain[-1][0]!r} (Output) must have the shape {shape} of what comes in, got {declared}")
    if readout is None:
        readout = "rate" if kind == "LIF" else "membrane"
    if dtype is None:
        dtype = "float64" if wide else "float32"
    net = Sequential(*layers, input_shape=input_shape, readout=readout, dtype=dtype, rng=0)
    net.set_parameters(weights)
    return net


def read_nir(path, dt=DT_SNNTORCH, readout=None, dtype=None, surrogate=None):
    """The network in a NIR file.

    Parameters
    ----------
    path : str or path-like
    dt, readout, dtype, surrogate
        As in `from_nir`, which also says what is supported.

    Returns
    -------
    Sequential

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        Naming the file: if it is no HDF5 file, broken, or lacks what NIR wants, and as in `from_nir`.
    """
    path = file_path(path)
    nir = _library()
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    _look_through(nir, path)
    try:
        graph = nir.read(path)
    except Exception as error:  # nir and h5py raise whatever a broken field leads them to
        raise ValueError(f"{path} is no graph of NIR: {type(error).__name__}: {error}") from error
    try:
        return from_nir(graph, dt, readout, dtype, surrogate)
    except (TypeError, ValueError) as error:
        raise (TypeError if isinstance(error, TypeError) else ValueError)(f"{path}: {error}") from error


# Export

def _export(net, dt, targets):
    nir = _library()
    instance_of("net", net, Sequential, "a lifcore.snn.Sequential")
    dt = finite_number("dt", dt, "s", above=0.0)
    targets = several("targets", targets, TARGETS)
    if "snntorch" in targets and dt != DT_SNNTORCH:
        raise ValueError(
            f"dt must be {DT_SNNTORCH:g} s for snntorch, which takes this for the step of any graph, got {dt:g} s: "
            "leave it out of targets")
    weights, shape, nodes = net.parameters, net.input_shape, {"input": nir.Input(np.array(net.input_shape))}
    for index, (layer, after) in enumerate(zip(net.layers, net.shapes, strict=True)):
        own = {name: weights[f"{index}.{name}"] for name in layer.weight_shapes()}
        node = _node(nir, f"layer {index} ({type(layer).__name__})", layer, own, tuple(shape), dt, targets)
        nodes[f"{type(layer).__name__.lower()}_{index}"] = node
        shape = after
    nodes["output"] = nir.Output(np.array(shape))
    names = list(nodes)
    for text in _cautions(net, dt, targets):
        warnings.warn(text, NIRWarning, stacklevel=3)
    return nir.NIRGraph(nodes, list(zip(names, names[1:])))


def _node(nir, where, layer, weights, shape, dt, targets):
    if isinstance(layer, Conv2d):
        bias = weights.get("bias", np.zeros(layer.out_channels, weights["weight"].dtype))
        return nir.Conv2d(
            input_shape=shape[1:], weight=weights["weight"], stride=1, padding=layer.padding, dilation=1, groups=1,
            bias=bias)
    if isinstance(layer, Linear):
        return nir.Affine(**weights) if layer.bias else nir.Linear(**weights)
    if isinstance(layer, Flatten):
        return nir.Flatten(np.array(shape), start_dim=-len(shape), end_dim=-1)
    if isinstance(layer, (SumPool2d, AvgPool2d)):
        if isinstance(layer, AvgPool2d) and "norse" in targets:
            raise ValueError(
                f"{where} must be a SumPool2d for norse, which has no AvgPool2d: divide the weights after it by "
                f"{layer.kernel_size**2}, or leave norse out of targets")
        square = np.full(2, layer.kernel_size)
        pool = nir.SumPool2d if isinstance(layer, SumPool2d) else nir.AvgPool2d
        return pool(kernel_size=square, stride=square.copy(), padding=np.zeros(2, np.int64))
    if isinstance(layer, LIF):
        return _lif_node(nir, where, layer, shape, dt, targets)
    if isinstance(layer, LI):
        if targets:
            raise ValueError(
                f"{where} cannot be read by {_and(targets)}: end with Linear or LIF, or export with targets=() for a "
                "simulator that has nir.LI")
        tau = _time_constant(where, layer.beta, dt, targets)
        return nir.LI(tau=np.full(shape, tau), r=np.full(shape, tau / dt), v_leak=np.zeros(shape))
    raise ValueError(f"{where} has no node in NIR")


def _lif_node(nir, where, layer, shape, dt, targets):
    if layer.reset_mechanism != "zero":
        raise ValueError(
            f"reset_mechanism of {where} must be 'zero', got {layer.reset_mechanism!r}: in NIR a spike sets V to "
            "v_reset, and no node subtracts the threshold")
    tau = _time_constant(where, layer.beta, dt, targets)
    v_threshold = _inverse(lambda x: _threshold(x, 1.0, tau, dt), layer.threshold, layer.threshold * (dt / tau))
    _representable(where, "v_threshold", v_threshold, targets)
    return nir.LIF(
        tau=np.full(shape, tau), r=np.ones(shape), v_leak=np.zeros(shape), v_threshold=np.full(shape, v_threshold),
        v_reset=np.zeros(shape))


def _time_constant(where, beta, dt, targets):
    if beta >= 1.0:
        raise ValueError(
            f"beta of {where} must be less than 1, got {beta:g}: tau = dt/(1 - beta) would be infinite, and the "
            "node without a leak, nir.IF, is read with beta = 0.9 by snntorch")
    tau = _inverse(lambda tau: _beta(tau, dt), beta, dt / (1.0 - beta))
    if "spikingjelly" in targets and not tau / dt > 1.0:
        raise ValueError(
            f"beta of {where} must be greater than 0 for spikingjelly, which wants tau > dt, got {beta:g}: leave it "
            "out of targets")
    _representable(where, "tau", tau, targets)
    return tau


def _representable(where, name, value, targets):
    limit = f" for {_and(targets)}, which compute in float32" if targets else ""
    bounds = np.finfo(np.float32 if targets else np.float64)
    if not float(bounds.tiny) <= value <= float(bounds.max):
        raise ValueError(f"{name} of {where} must be from {bounds.tiny:g} to {bounds.max:g}{limit}, got {value:g}")


def _beta(tau, dt):
    return 1.0 - dt / tau


def _threshold(v_threshold, r, tau, dt):
    gain = dt / tau * r
    return v_threshold / gain if gain > 0.0 else math.inf


def _inverse(function, value, guess):
    """Of the numbers next to `guess`, the one that `function` takes nearest to `value`."""
    near = (guess, float(np.nextafter(guess, 0.0)), float(np.nextafter(guess, math.inf)))
    return min(near, key=lambda x: abs(function(x) - value))


def _cautions(net, dt, targets):
    spiking = any(isinstance(layer, LIF) for layer in net.layers)
    if "snntorch" in targets and spiking:
        yield (
            "snntorch keeps the potentials from one run to the next: call snntorch.utils.reset(model) before each run")
    if "norse" in targets and spiking and dt != DT_NORSE:
        yield (
            f"norse takes a step of {DT_NORSE:g} s where it is told no other: import with norse.torch.from_nir(graph, "
            f"dt={dt:g})")
    if "spikingjelly" in targets and spiking:
        yield (
            "spikingjelly also spikes where V is exactly the threshold, NIR and lifcore.snn only above it"
            f"{'' if dt == DT_SPIKINGJELLY else f'; import with import_from_nir(graph, dt={dt:g})'}")
    if targets and np.dtype(net.dtype) == np.float64:
        yield f"{_and(targets)} round the weights of this network, which are float64, to float32"


def _and(words):
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


# Import

class _Node:
    """A node of the graph, whose fields are read with their name for the message of an error."""

    def __init__(self, name, kind, node):
        self.name, self.kind, self.node = name, kind, node

    def called(self, field):
        return f"{field} of node {self.name!r} ({self.kind})"

    def array(self, field):
        """Its values, in the type that it has."""
        value = getattr(self.node, field)
        finite_array(self.called(field), value, "")
        return np.asarray(value)

    def one(self, field, shape, unit="", **bounds):
        """The one value that it has for all neurons."""
        values = finite_array(self.called(field), getattr(self.node, field), unit, **bounds)
        if values.shape != shape and values.size != 1:
            raise ValueError(f"{self.called(field)} must have the shape {shape} of what comes in, got {values.shape}")
        if values.min() != values.max():
            raise ValueError(
                f"{self.called(field)} must be one value for all neurons, got {values.min():g} to {values.max():g}: "
                f"{NOT_EXACT}")
        return float(values.flat[0])

    def zero(self, field, shape):
        value = self.one(field, shape)
        if value != 0.0:
            raise ValueError(f"{self.called(field)} must be 0, got {value:g}: {NOT_EXACT}")

    def whole(self, field, only=None):
        """The whole number that it has for both directions."""
        value = getattr(self.node, field)
        given = np.asarray(value)
        if given.dtype.kind not in "iu" or given.size not in (1, 2) or np.any(given != given.flat[0]):
            raise ValueError(
                f"{self.called(field)} must be a whole number, the same for height and width, got {value!r}")
        if only is not None and given.flat[0] != only:
            raise ValueError(f"{self.called(field)} must be {only}, got {given.flat[0]}: {NOT_EXACT}")
        return int(given.flat[0])


def _read_conv2d(node, shape, dt, surrogate):
    weight = node.array("weight")
    if weight.ndim != 4 or weight.shape[2] != weight.shape[3]:
        raise ValueError(
            f"{node.called('weight')} must have the shape (out_channels, in_channels, size, size) of square kernels, "
            f"got {weight.shape}")
    for field in ("stride", "dilation", "groups"):
        node.whole(field, only=1)
    size, padding = weight.shape[2], node.node.padding
    if isinstance(padding, str):
        if padding not in ("same", "valid") or padding == "same" and size % 2 == 0:
            raise ValueError(
                f"{node.called('padding')} must be a whole number, 'valid', or 'same' with a kernel of odd size, got "
                f"{padding!r} with size {size}")
        padding = size // 2 if padding == "same" else 0
    else:
        padding = node.whole("padding")
    layer = _made(node, Conv2d, weight.shape[1], weight.shape[0], size, padding, bias=node.node.bias is not None)
    return layer, _weights(node, layer), 1.0


def _read_affine(node, shape, dt, surrogate):
    weight = node.array("weight")
    if weight.ndim != 2:
        raise ValueError(
            f"{node.called('weight')} must have the shape (out_features, in_features), got {weight.shape}")
    layer = _made(node, Linear, weight.shape[1], weight.shape[0], bias=getattr(node.node, "bias", None) is not None)
    return layer, _weights(node, layer), 1.0


def _weights(node, layer):
    found = {name: node.array(name) for name in layer.weight_shapes()}
    for name, shape in layer.weight_shapes().items():
        if found[name].shape != shape:
            raise ValueError(f"{node.called(name)} must have the shape {shape}, got {found[name].shape}")
    return found


def _read_pool2d(node, shape, dt, surrogate):
    size = node.whole("kernel_size")
    node.whole("stride", only=size)
    node.whole("padding", only=0)
    return _made(node, SumPool2d if node.kind == "SumPool2d" else AvgPool2d, size), {}, 1.0


def _read_flatten(node, shape, dt, surrogate):
    start, end = (node.whole(field) for field in ("start_dim", "end_dim"))
    if start not in (0, -len(shape)) or end not in (-1, len(shape) - 1):
        raise ValueError(
            f"start_dim and end_dim of node {node.name!r} (Flatten) must be 0 or {-len(shape)} and -1 or "
            f"{len(shape) - 1}, to flatten all of {shape}, got {start} and {end}: samples are no dimension in NIR")
    return Flatten(), {}, 1.0


def _read_lif(node, shape, dt, surrogate):
    tau, r = node.one("tau", shape, "s", at_least=dt), node.one("r", shape, above=0.0)
    v_threshold = node.one("v_threshold", shape, above=0.0)
    node.zero("v_leak", shape)
    node.zero("v_reset", shape)
    options = {} if surrogate is None else {"surrogate": surrogate}
    options["threshold"] = _threshold(v_threshold, r, tau, dt)
    return _made(node, LIF, beta=_beta(tau, dt), reset_mechanism="zero", **options), {}, 1.0


def _read_li(node, shape, dt, surrogate):
    tau, r = node.one("tau", shape, "s", at_least=dt), node.one("r", shape)
    node.zero("v_leak", shape)
    gain = r * dt / tau
    # tau/dt is a rounded number, its product with dt/tau another.
    return _made(node, LI, beta=_beta(tau, dt)), {}, 1.0 if abs(gain - 1.0) < 1e-15 else gain


READERS = {
    "Affine": _read_affine, "AvgPool2d": _read_pool2d, "Conv2d": _read_conv2d, "Flatten": _read_flatten, "LI": _read_li,
    "LIF": _read_lif, "Linear": _read_affine, "SumPool2d": _read_pool2d,
}


def _made(node, layer, *args, **options):
    try:
        return layer(*args, **options)
    except ValueError as error:
        raise ValueError(f"node {node.name!r} ({node.kind}): {error}") from None


def _chain(graph):
    """Names and nodes from Input to Output, each once."""
    nodes, kinds = graph.nodes, {name: type(node).__name__ for name, node in graph.nodes.items()}
    for name, kind in kinds.items():
        if kind not in READERS and kind not in ("Input", "Output"):
            raise ValueError(
                f"node {name!r} ({kind}) is not supported: a node must be one of Input, Output, {', '.join(READERS)}")
    for end in ("Input", "Output"):
        named = [name for name, kind in kinds.items() if kind == end]
        if len(named) != 1:
            raise ValueError(f"graph must have one {end}, got {', '.join(map(repr, named)) or 'none'}")
    after, before = {}, {}
    for source, target in graph.edges:
        for name in (source, target):
            if name not in nodes:
                raise ValueError(f"edge ({source!r}, {target!r}) of graph names a node that is not there: {name!r}")
        for names, name, other, words in ((after, source, target, "to"), (before, target, source, "from")):
            if name in names:
                raise ValueError(
                    f"node {name!r} ({kinds[name]}) must have one connection {words} another, got {names[name]!r} and "
                    f"{other!r}: the graph must be a chain, without branches and recurrent connections")
            names[name] = other
    name = next(name for name, kind in kinds.items() if kind == "Input")
    chain = [name]
    while kinds[name] != "Output":
        if name not in after or after[name] in chain:
            raise ValueError(
                f"node {name!r} ({kinds[name]}) does not lead to Output: the graph must be a chain from Input to it")
        name = after[name]
        chain.append(name)
    if len(chain) == 2:
        raise ValueError("graph must have nodes between Input and Output")
    apart = [f"{name!r} ({kind})" for name, kind in kinds.items() if name not in chain]
    if apart:
        raise ValueError(
            f"graph must be a chain from Input to Output, which these nodes are not on: {', '.join(apart)}")
    return [(name, nodes[name]) for name in chain]


def _shape(name, node):
    kind = type(node).__name__
    given = (node.input_type or {}).get("input")
    shape = np.asarray([] if given is None else given)
    if shape.dtype.kind not in "iu" or shape.shape not in ((1,), (3,)) or np.any(shape < 1):
        raise ValueError(
            f"shape of node {name!r} ({kind}) must be (features,) or (channels, height, width), got {given!r}")
    return tuple(int(size) for size in shape)


def _look_through(nir, path):
    """What a graph of NIR must have, asked for in its own words before nir reads it."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            lack = _lack(nir, h5py, file)
    except Exception as error:  # h5py raises whatever a broken byte leads it to
        raise ValueError(f"{path} is no HDF5 file, or a broken one: {type(error).__name__}: {error}") from error
    if lack:
        raise ValueError(f"{path} is no graph of NIR: {lack}")


def _lack(nir, h5py, file):
    graph = file.get("node")
    if not isinstance(graph, h5py.Group):
        return "it has no group 'node'"
    for key in ("type", "nodes", "edges"):
        if key not in graph:
            return f"its group 'node' has no {key!r}"
    if not isinstance(graph["nodes"], h5py.Group):
        return "'nodes' is no group"
    for name, node in graph["nodes"].items():
        if not isinstance(node, h5py.Group) or not isinstance(node.get("type"), h5py.Dataset):
            return f"node {name!r} has no 'type'"
        kind = node["type"][()]
        kind = kind.decode(errors="replace") if isinstance(kind, bytes) else str(kind)
        if kind not in nir.ir.__all__ or not issubclass(getattr(nir, kind, object), nir.NIRNode):
            return f"node {name!r} has the type {kind!r}, which NIR does not have"
        lacking = [key for key in _fields(getattr(nir, kind)) if key not in node]
        if lacking:
            return f"node {name!r} ({kind}) has no {', '.join(map(repr, lacking))}"
    return ""


def _fields(kind):
    """What a file must hold of a node; shapes of in- and outputs have another name there, or follow from the rest."""
    if kind.__name__ in ("Input", "Output"):
        return ["shape"]
    return [field.name for field in fields(kind) if field.init and field.default is MISSING
            and field.default_factory is MISSING and field.name not in ("input_type", "output_type")]


# Both

def _library():
    try:
        import nir
    except ImportError as error:
        raise ImportError('NIR graphs need nir: python -m pip install "nir>=1.0.6,<2"') from error
    return nir
