"""Exchange of networks in NIR.

Expected values: spikes that snntorch, norse and spikingjelly made of a graph, stored in tests/reference by
tools/nir_peers.py and made again where they are installed; NIR's own equations, integrated here by forward Euler in
float64; closed forms.
"""

import json
import math
import sys
import warnings

import h5py
import nir
import nir_peers
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifcore import snn
from lifcore.snn.nir import TARGETS


def lif(beta=0.9, threshold=1.0, **options):
    return snn.LIF(beta=beta, threshold=threshold, reset_mechanism="zero", **options)


def small(*layers, readout="rate", dtype="float32", input_shape=(4,)):
    return snn.Sequential(*layers, input_shape=input_shape, readout=readout, dtype=dtype, rng=1)


# NIR's equations -----------------------------------------------------------------------------------------------

def convolved(x, node):
    pad = np.broadcast_to(node.padding, 2)
    x = np.pad(x, ((0, 0), (0, 0), (pad[0], pad[0]), (pad[1], pad[1])))
    windows = np.lib.stride_tricks.sliding_window_view(x, node.weight.shape[2:], (2, 3))
    return np.einsum("nchwab,ocab->nohw", windows, node.weight) + node.bias[:, None, None]


def pooled(x, node, reduce):
    height, width = node.kernel_size
    rows, columns = x.shape[2] // height, x.shape[3] // width
    x = x[:, :, :rows * height, :columns * width]
    return reduce(x.reshape(*x.shape[:2], rows, height, columns, width), (3, 5))


def integrated(graph, x, dt):
    """Spikes of each LIF node and what comes out at each step: nodes as NIR defines them, by forward Euler."""
    after = dict(graph.edges)
    order, name = [], "input"
    while (name := after[name]) != "output":
        order.append(name)
    V = {name: np.zeros(1) for name in order}
    spikes, out = {name: [] for name in order if isinstance(graph.nodes[name], nir.LIF)}, []
    for t in range(x.shape[1]):
        y = x[:, t].astype(np.float64)
        for name in order:
            node = graph.nodes[name]
            match node:
                case nir.Conv2d():
                    y = convolved(y, node)
                case nir.Affine():
                    y = y @ node.weight.T + node.bias
                case nir.Linear():
                    y = y @ node.weight.T
                case nir.SumPool2d():
                    y = pooled(y, node, np.sum)
                case nir.AvgPool2d():
                    y = pooled(y, node, np.mean)
                case nir.Flatten():
                    y = y.reshape(len(y), -1)
                case nir.LIF() | nir.LI():
                    V[name] = V[name] + dt / node.tau * (node.v_leak - V[name] + node.r * y)
                    y = V[name]
            if isinstance(node, nir.LIF):
                y = np.where(V[name] > node.v_threshold, 1.0, 0.0)
                V[name] = np.where(y == 1.0, node.v_reset, V[name])
                spikes[name].append(y)
        out.append(y)
    return {name: np.stack(steps, 1) for name, steps in spikes.items()}, np.stack(out, 1)


@st.composite
def networks(draw, dtype):
    """Up to two convolutions with pools, then a readout of any kind that NIR has."""
    # Of a much smaller beta too little is left in 1 - beta.
    beta, threshold = st.floats(0.01, 0.99) | st.just(0.0), st.floats(0.05, 3.0)
    input_shape = shape = (2, draw(st.integers(4, 9)), draw(st.integers(4, 9)))
    layers = []
    for _ in range(draw(st.integers(0, 2))):
        size = draw(st.integers(1, min(3, *shape[1:])))
        padding = draw(st.integers(0, size - 1))
        layers += [snn.Conv2d(shape[0], draw(st.integers(1, 4)), size, padding, draw(st.booleans()))]
        shape = layers[-1].output_shape(shape)
        layers += [lif(draw(beta), draw(threshold))]
        pool = draw(st.sampled_from([snn.SumPool2d(1), snn.SumPool2d(2), snn.AvgPool2d(2), snn.SumPool2d(3)]))
        if min(shape[1:]) >= pool.kernel_size:
            layers += [pool]
            shape = pool.output_shape(shape)
    features = math.prod(shape)
    layers += [snn.Flatten(), snn.Linear(features, 3, draw(st.booleans()))]
    last = draw(st.sampled_from(["LIF", "LI", "Linear"]))
    layers += {"LIF": [lif(draw(beta), draw(threshold))], "LI": [snn.LI(beta=draw(beta))], "Linear": []}[last]
    return snn.Sequential(
        *layers, input_shape=input_shape, readout="rate" if last == "LIF" else "membrane", dtype=dtype,
        rng=draw(st.integers(0, 99)))


def spikes_in(net, samples=3, steps=12, seed=0):
    return (np.random.default_rng(seed).random((samples, steps, *net.input_shape)) < 0.4).astype(np.uint8)


@settings(max_examples=25, deadline=None)
@given(networks("float64"), st.floats(1e-5, 1e-2))
def test_the_graph_means_the_network(net, dt):
    x = spikes_in(net)
    run = net.run(x, record=True)
    spikes, out = integrated(snn.to_nir(net, dt=dt, targets=()), x, dt)
    assert [f"lif_{k}" for k in run.spikes] == list(spikes)
    for k, ours in run.spikes.items():
        assert np.array_equal(ours, spikes[f"lif_{k}"])
    logits = out.sum(1) if net.readout == "rate" else out.mean(1)
    np.testing.assert_allclose(run.logits, logits, rtol=1e-12, atol=1e-13)


def test_constants_of_a_layer_are_their_closed_forms():
    # beta = 1 - dt/tau and V = (1 - beta) U, with numbers that are exact in binary.
    net = small(snn.Linear(4, 2), lif(0.75, 0.5), snn.Linear(2, 2), snn.LI(beta=0.5), readout="membrane")
    graph = snn.to_nir(net, 0.5, ())
    lif_1, li_3 = graph.nodes["lif_1"], graph.nodes["li_3"]
    assert [list(a) for a in (lif_1.tau, lif_1.r, lif_1.v_threshold)] == [[2.0, 2.0], [1.0, 1.0], [0.125, 0.125]]
    assert not np.any(lif_1.v_leak) and not np.any(lif_1.v_reset)
    assert [list(a) for a in (li_3.tau, li_3.r, li_3.v_leak)] == [[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]]


# Out and in again ----------------------------------------------------------------------------------------------

@settings(max_examples=25, deadline=None)
@given(networks("float32"))
def test_a_network_comes_back_as_it_went(net):
    back = snn.from_nir(snn.to_nir(net, targets=()))
    for name in ("input_shape", "shapes", "readout", "dtype"):
        assert getattr(back, name) == getattr(net, name)
    before, after = net.parameters, back.parameters
    for name, array in after.items():
        if name in before:
            assert np.array_equal(array.view(np.uint32), before[name].view(np.uint32))
        else:  # a convolution without bias
            assert name.endswith("bias") and not np.any(array)
    assert set(before) <= set(after)
    x = spikes_in(net)
    first, second = net.run(x, record=True), back.run(x, record=True)
    for k in first.spikes:
        assert np.array_equal(first.spikes[k], second.spikes[k])
        assert np.array_equal(first.potentials[k], second.potentials[k])
    assert np.array_equal(first.logits, second.logits)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 1.0 - 2.0**-53), st.floats(1e-6, 1e6), st.floats(1e-6, 10.0))
def test_beta_and_threshold_come_back_within_rounding(beta, threshold, dt):
    layer = snn.from_nir(snn.to_nir(small(lif(beta, threshold)), dt, ()), dt).layers[0]
    # tau and v_threshold, with 53 bits, are half a step from what would be exact at most; a quotient is rounded once.
    assert abs(layer.beta - beta) <= 1.5 * 2.0**-53
    assert abs(layer.threshold - threshold) <= 2.0**-52 * threshold


def test_beta_and_threshold_of_float32_come_back_with_the_same_bits():
    rng = np.random.default_rng(3)
    for beta, threshold in zip(rng.random(500), rng.lognormal(size=500), strict=True):
        layer = snn.from_nir(snn.to_nir(small(lif(beta, threshold)), targets=())).layers[0]
        assert np.float32(layer.beta) == np.float32(beta) and np.float32(layer.threshold) == np.float32(threshold)


def test_a_file_holds_what_the_graph_holds_and_always_the_same_bytes(tmp_path):
    net = nir_peers.network()
    for name in ("a.nir", "b.nir"):
        snn.write_nir(net, tmp_path / name, targets=())
    assert (tmp_path / "a.nir").read_bytes() == (tmp_path / "b.nir").read_bytes()
    back = snn.read_nir(str(tmp_path / "a.nir"))
    for name, array in net.parameters.items():
        assert np.array_equal(back.parameters[name], array)
    assert back.layers[1] == net.layers[1]
    assert {path.name for path in tmp_path.iterdir()} == {"a.nir", "b.nir"}


def test_a_network_in_float64_stays_one_and_a_surrogate_can_be_chosen():
    net = small(snn.Linear(4, 2), lif(), dtype="float64")
    graph = snn.to_nir(net, targets=())
    back = snn.from_nir(graph, surrogate=snn.ATan(3.0))
    assert back.dtype == "float64" and back.layers[1].surrogate == snn.ATan(3.0)
    assert np.array_equal(back.parameters["0.weight"], net.parameters["0.weight"])
    assert snn.from_nir(graph, dtype="float32").dtype == "float32"


# Other simulators ----------------------------------------------------------------------------------------------

def stored(root, name):
    """The network of a file, the input, and a function that gives stored spikes by their key and shape."""
    folder = root / "tests" / "reference"
    net, kept = snn.read_nir(folder / f"nir_{name}.nir"), np.load(folder / f"nir_{name}.npz")
    samples, steps = int(kept["samples"]), int(kept["steps"])

    def spikes(key, shape):
        size = (samples, steps, *shape)
        return np.unpackbits(kept[key], count=math.prod(size)).reshape(size)

    return net, spikes("inputs", net.input_shape), spikes


def test_the_graph_that_others_ran_is_the_one_that_is_exported(root):
    ran = nir.read(root / "tests" / "reference" / "nir_network.nir").to_dict()
    exported = snn.to_nir(nir_peers.network(), targets=()).to_dict()
    assert set(ran["nodes"]) == set(exported["nodes"]) and set(ran["edges"]) == set(exported["edges"])
    for name, node in exported["nodes"].items():
        for key, value in node.items():
            np.testing.assert_array_equal(ran["nodes"][name][key], value, err_msg=f"{name}.{key}")


@pytest.mark.parametrize("target", TARGETS)
def test_stored_spikes_of_other_simulators_are_ours(root, target):
    net = nir_peers.network()
    _, x, spikes = stored(root, "network")
    run = net.run(x, record=True)
    counted = 0
    for k, ours in run.spikes.items():
        assert 0.05 < ours.mean() < 0.3
        assert np.array_equal(ours, spikes(f"{target}_{k}", net.shapes[k]))
        # The order of a sum in float32 moves a potential by less than 1e-6.
        assert np.abs(run.potentials[k] / net.layers[k].threshold - 1.0).min() > 4e-6
        counted += ours.size
    assert counted == 8 * 32 * (8 * 12 * 12 + 16 * 4 * 4 + 10)


@pytest.mark.parametrize("name, keys", [("spikingjelly", {1: "1", 4: "4", 7: "7"}), ("snntorch", {1: "1", 3: "3"})])
def test_networks_of_other_simulators_make_the_same_spikes_here(root, name, keys):
    net, x, spikes = stored(root, name)
    run = net.run(x, record=True)
    assert set(run.spikes) == set(keys)
    for k, key in keys.items():
        assert 0.05 < run.spikes[k].mean() < 0.35
        assert np.array_equal(run.spikes[k], spikes(key, net.shapes[k]))


def test_stored_spikes_name_the_versions_that_made_them(root):
    for name in ("network", "spikingjelly", "snntorch"):
        versions = json.loads(str(np.load(root / "tests" / "reference" / f"nir_{name}.npz")["versions"]))
        assert {*TARGETS, "nir", "torch"} <= set(versions)


@pytest.mark.parametrize("target", TARGETS)
def test_installed_simulators_make_our_spikes(target):
    pytest.importorskip(target)
    net = nir_peers.network()
    x = nir_peers.events(4, 16, net.input_shape, np.random.default_rng(11))
    run = net.run(x, record=True)
    names = nir_peers.lif_nodes(net)
    with pytest.warns(snn.NIRWarning):
        graph = snn.to_nir(net, targets=(target,))
    theirs = nir_peers.run_in(target, graph, x, names.values())
    for k, name in names.items():
        assert np.array_equal(theirs[name], run.spikes[k])


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_refused_is_not_read_by_installed_simulators(target):
    pytest.importorskip(target)
    li = small(snn.Linear(4, 2), snn.LI(beta=0.9), readout="membrane")
    pool = small(snn.AvgPool2d(2), snn.Flatten(), lif(0.9, 0.93), input_shape=(1, 4, 4))
    if target == "norse":
        for net, name in ((li, "li_1"), (pool, "avgpool2d_0")):
            assert name not in dict(nir_peers.imported(target, snn.to_nir(net, targets=())).named_modules())
        return
    with pytest.raises(ValueError, match="Unknown node type .*LI"):
        nir_peers.imported(target, snn.to_nir(li, targets=()))
    x = spikes_in(pool)
    theirs = nir_peers.run_in(target, snn.to_nir(pool, targets=()), x, ["lif_2"])["lif_2"]
    assert np.array_equal(theirs, pool.run(x, record=True).spikes[2])


def test_what_is_warned_of_happens_in_snntorch():
    pytest.importorskip("snntorch")
    from snntorch import utils

    # With a constant current of 1, U is 10 (1 - 0.9**t): 5.7 after 8 steps, 8.1 after 16.
    model = nir_peers.imported("snntorch", snn.to_nir(small(lif(0.9, 7.0)), targets=()))
    x, counts = np.ones((1, 8, 4), np.uint8), []
    for prepare in (lambda: None, lambda: None, lambda: utils.reset(model)):
        prepare()
        counts.append(nir_peers.spikes_of(model, ["lif_0"], x, takes_state=True)["lif_0"].sum())
    assert counts[0] == counts[2] == 0 < counts[1]


def test_what_is_warned_of_happens_in_norse():
    pytest.importorskip("norse")
    import norse.torch

    # U is 1, then 1.9, then 0 again.  norse takes beta = 1 - 1e-3/1e-3 = 0 and V = 1, above a v_threshold of 0.15.
    net, x = small(lif(0.9, 1.5)), np.ones((1, 8, 4), np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        untold = norse.torch.from_nir(snn.to_nir(net, targets=()))
    assert nir_peers.spikes_of(untold, ["lif_0"], x, takes_state=True)["lif_0"].all()
    assert net.run(x, record=True).spikes[0].mean() == 0.5


def test_what_is_warned_of_happens_in_spikingjelly():
    pytest.importorskip("spikingjelly")
    net = small(lif(0.5, 1.0))
    x = np.ones((1, 1, 4), np.uint8)
    theirs = nir_peers.run_in("spikingjelly", snn.to_nir(net, targets=()), x, ["lif_0"])["lif_0"]
    assert theirs.all() and not net.run(x, record=True).spikes[0].any()


# What is refused and warned of -----------------------------------------------------------------------------------

EXPORTS = [
    ((snn.LIF(beta=0.9),), {}, r"reset_mechanism of layer 0 \(LIF\) must be 'zero', got 'subtract': in NIR"),
    ((lif(1.0),), {}, r"beta of layer 0 \(LIF\) must be less than 1, got 1: tau = dt/\(1 - beta\) would be infinite"),
    ((lif(0.0),), {}, r"beta of layer 0 \(LIF\) must be greater than 0 for spikingjelly"),
    ((lif(), lif(0.5, 1e-40)), {}, r"v_threshold of layer 1 \(LIF\) must be from 1\.17549e-38 .* for snntorch, norse"),
    ((lif(0.5, 3e-308),), {"targets": ()}, r"v_threshold of layer 0 \(LIF\) must be from 2\.22507e-308 to"),
    ((lif(),), {"dt": 1e-40, "targets": "norse"}, r"tau of layer 0 \(LIF\) must be .* for norse, which"),
    ((lif(),), {"dt": 1e-3}, r"dt must be 0.0001 s for snntorch, .*, got 0.001 s: leave it out of targets"),
    ((lif(),), {"dt": 0.0}, r"dt must be finite and greater than 0 s, got 0 s"),
    ((lif(),), {"targets": None}, r"targets must be some of 'snntorch', 'norse', 'spikingjelly', got None"),
    ((lif(),), {"targets": ("nest",)}, r"targets must be some of 'snntorch', 'norse', 'spikingjelly', got 'nest'"),
]


@pytest.mark.parametrize("layers, options, message", EXPORTS)
def test_what_nir_or_a_target_cannot_say_is_refused(layers, options, message):
    with pytest.raises(ValueError, match=message):
        snn.to_nir(small(*layers, dtype="float64"), **options)


@pytest.mark.parametrize("targets", [TARGETS, ("snntorch",), ("norse",), ("spikingjelly",)])
def test_a_readout_that_a_target_does_not_have_is_refused(targets):
    with pytest.raises(ValueError, match=rf"layer 1 \(LI\) cannot be read by .*{targets[-1]}: end with Linear or LIF"):
        snn.to_nir(small(snn.Linear(4, 2), snn.LI(beta=0.9), readout="membrane"), targets=targets)


def test_a_mean_pool_is_refused_for_norse_only():
    net = small(snn.AvgPool2d(2), snn.Flatten(), snn.Linear(4, 2), readout="membrane", input_shape=(1, 4, 4))
    with pytest.raises(ValueError, match=r"layer 0 \(AvgPool2d\) must be a SumPool2d for norse, .* after it by 4"):
        snn.to_nir(net)
    assert isinstance(snn.to_nir(net, targets=("snntorch", "spikingjelly")).nodes["avgpool2d_0"], nir.AvgPool2d)


def test_a_neuron_without_memory_goes_to_those_that_take_it():
    with pytest.warns(snn.NIRWarning):
        node = snn.to_nir(small(lif(0.0)), targets=("snntorch", "norse")).nodes["lif_0"]
    assert node.tau[0] == 1e-4 and node.v_threshold[0] == 1.0


WARNINGS = [
    ("snntorch", 1e-4, r"snntorch keeps the potentials from one run to the next: call snntorch.utils.reset\(model\)"),
    ("norse", 1e-4, r"norse takes a step of 0.001 s where it is told no other: .*from_nir\(graph, dt=0.0001\)"),
    ("spikingjelly", 1e-4, r"spikingjelly also spikes where V is exactly the threshold, NIR and .* only above it$"),
    ("spikingjelly", 2e-3, r"spikingjelly also .*; import with import_from_nir\(graph, dt=0.002\)$"),
]


@pytest.mark.parametrize("target, dt, message", WARNINGS)
def test_each_target_has_its_warning(target, dt, message):
    with pytest.warns(snn.NIRWarning, match=message) as caught:
        snn.to_nir(small(lif()), dt, targets=target)
    assert len(caught) == 1 and caught[0].filename == __file__


def test_writing_warns_too_and_names_the_line(tmp_path):
    with pytest.warns(snn.NIRWarning) as caught:
        snn.write_nir(small(lif()), tmp_path / "a.nir")
    assert len(caught) == 3 and {warning.filename for warning in caught} == {__file__}


def test_no_warning_where_there_is_nothing_to_warn_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        snn.to_nir(small(lif(), dtype="float64"), targets=())
        snn.to_nir(small(snn.Linear(4, 2), readout="membrane"))
        snn.to_nir(small(lif()), dt=1e-3, targets="norse")


def test_float64_is_warned_of():
    with pytest.warns(snn.NIRWarning, match="^snntorch, norse and spikingjelly round the weights of this network"):
        snn.to_nir(small(snn.Linear(4, 2), readout="membrane", dtype="float64"))


def test_other_things_than_networks_and_graphs_are_refused():
    with pytest.raises(TypeError, match="net must be a lifcore.snn.Sequential, got 3"):
        snn.to_nir(3)
    with pytest.raises(TypeError, match="graph must be a nir.NIRGraph, which read_nir makes of a file, got 'a.nir'"):
        snn.from_nir("a.nir")
    with pytest.raises(TypeError, match="path must be the name of a file, got 3"):
        snn.read_nir(3)
    with pytest.raises(TypeError, match="path must be the name of a file, got None"):
        snn.write_nir(small(lif()), None)


# What is imported ------------------------------------------------------------------------------------------------

def nodes_of(shape=4, **changes):
    full = {"tau": 1e-3, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.1, "v_reset": 0.0} | changes
    return nir.LIF(**{name: np.full(shape, value) for name, value in full.items()})


def chain(*nodes, names=None, input_shape=(4,), output_shape=None, type_check=True):
    output = nir.Output(np.array(input_shape if output_shape is None else output_shape))
    graph = dict(zip(names or [f"n{k}" for k in range(len(nodes))], nodes, strict=True))
    graph = {"input": nir.Input(np.array(input_shape)), **graph, "output": output}
    return nir.NIRGraph(graph, list(zip(graph, list(graph)[1:])), type_check=type_check)


def conv(weight=None, stride=1, padding=0, dilation=1, groups=1, bias=None, size=3):
    weight = np.random.default_rng(0).normal(size=(2, 1, size, size)).astype(np.float32) if weight is None else weight
    bias = np.array([0.5, -0.5], np.float32) if bias is None else bias
    return nir.Conv2d(
        input_shape=(6, 6), weight=weight, stride=stride, padding=padding, dilation=dilation, groups=groups, bias=bias)


def with_conv(node, type_check=True):
    shape = node.output_type["output"]
    size = int(np.prod(shape))
    return chain(
        node, nir.Flatten(shape, 0, -1), nodes_of(size), input_shape=(1, 6, 6), output_shape=(size,),
        type_check=type_check)


@pytest.mark.parametrize("padding, size, expected", [
    (1, 3, 1), ((1, 1), 3, 1), (np.array([2, 2]), 5, 2), ("same", 3, 1), ("same", 5, 2), ("valid", 3, 0),
    ("same", 1, 0)])
def test_paddings(padding, size, expected):
    graph = with_conv(conv(padding=padding, size=size))
    net = snn.from_nir(graph)
    assert net.layers[0] == snn.Conv2d(1, 2, size, padding=expected)
    # PyTorch's "same" adds size - 1 rows and columns, "valid" none.
    graph.nodes["n0"].padding = (expected, expected)
    x = spikes_in(net)
    spikes, _ = integrated(graph, x, 1e-4)
    assert np.array_equal(net.run(x, record=True).spikes[2], spikes["n2"])


@pytest.mark.parametrize("start, end", [(0, -1), (0, 2), (-3, -1), (-3, 2)])
def test_a_flatten_of_all_dimensions(start, end):
    graph = chain(nir.Flatten(np.array([1, 2, 2]), start, end), nodes_of(), input_shape=(1, 2, 2), output_shape=(4,))
    assert snn.from_nir(graph).shapes == ((4,), (4,))


def test_a_neuron_with_a_resistance_makes_the_spikes_of_its_equation():
    graph = chain(nir.Linear(np.eye(4)), nodes_of(tau=4e-3, r=2.5, v_threshold=0.3))
    net = snn.from_nir(graph, dt=5e-4)
    assert net.layers[1].beta == 0.875 and net.layers[1].threshold == pytest.approx(0.3 / (2.5 * 0.125), rel=1e-15)
    x = np.random.default_rng(5).random((3, 40, 4))
    spikes, _ = integrated(graph, x, 5e-4)
    ours = net.run(x, record=True).spikes[1]
    assert 0.1 < ours.mean() < 0.5 and np.array_equal(ours, spikes["n1"])


def test_the_gain_of_the_last_integrator_goes_into_the_weights_before_it():
    li = nir.LI(tau=np.full(2, 2e-3), r=np.full(2, 3.0), v_leak=np.zeros(2))
    graph = chain(nir.Affine(np.arange(8.0).reshape(2, 4) - 3.0, np.array([0.25, -1.0])), li, output_shape=(2,))
    net = snn.from_nir(graph, dt=1e-3)
    # (dt/tau) R = 1.5
    assert np.array_equal(net.parameters["0.weight"], 1.5 * (np.arange(8.0).reshape(2, 4) - 3.0))
    x = np.random.default_rng(6).random((2, 9, 4))
    _, out = integrated(graph, x, 1e-3)
    np.testing.assert_allclose(net.run(x).logits, out.mean(1), rtol=1e-13)
    with pytest.raises(ValueError, match=r"r of node 'n0' \(LI\) must be tau/dt where no weights stand before it"):
        snn.from_nir(chain(nir.LI(tau=np.full(4, 2e-3), r=np.full(4, 3.0), v_leak=np.zeros(4))), dt=1e-3)


def branched():
    nodes = {"input": nir.Input(np.array([4])), "a": nodes_of(), "b": nodes_of(), "output": nir.Output(np.array([4]))}
    return nir.NIRGraph(nodes, [("input", "a"), ("a", "output"), ("input", "b"), ("b", "output")])


def recurrent():
    nodes = {
        "input": nir.Input(np.array([4])), "cell": nodes_of(), "w_rec": nir.Linear(np.eye(4)),
        "output": nir.Output(np.array([4]))}
    return nir.NIRGraph(nodes, [("input", "cell"), ("cell", "w_rec"), ("w_rec", "cell"), ("cell", "output")])


def apart():
    graph = chain(nodes_of(), nodes_of())
    graph.nodes["far"] = nodes_of()
    return graph


def loose(*edges):
    graph = chain(nodes_of())
    graph.edges = list(edges)
    return graph


def doubled(end):
    graph = chain(nodes_of())
    graph.nodes["more"] = graph.nodes[end]
    return graph


def cuba():
    ones = np.ones(4)
    return nir.CubaLIF(tau_syn=ones, tau_mem=ones, r=ones, v_leak=0 * ones, v_threshold=ones, v_reset=0 * ones)


SUPPORTED = "is not supported: a node must be one of Input, Output, Affine, AvgPool2d, Conv2d, Flatten, LI, LIF"
IMPORTS = [
    (lambda: chain(cuba(), names=["c"]), rf"node 'c' \(CubaLIF\) {SUPPORTED}"),
    (lambda: chain(nir.IF(np.ones(4), np.ones(4), np.zeros(4))), rf"node 'n0' \(IF\) {SUPPORTED}"),
    (lambda: chain(nir.I(r=np.ones(4))), rf"node 'n0' \(I\) {SUPPORTED}"),
    (lambda: chain(nir.Delay(np.ones(4)), nodes_of()), rf"node 'n0' \(Delay\) {SUPPORTED}"),
    (lambda: chain(nir.Threshold(np.ones(4))), rf"node 'n0' \(Threshold\) {SUPPORTED}"),
    (lambda: chain(nir.Scale(np.ones(4)), nodes_of()), rf"node 'n0' \(Scale\) {SUPPORTED}"),
    (lambda: chain(nir.Conv1d(4, np.ones((1, 1, 1)), 1, 0, 1, 1, np.ones(1)), input_shape=(1, 4)),
     rf"node 'n0' \(Conv1d\) {SUPPORTED}"),
    (lambda: chain(recurrent(), type_check=False), rf"node 'n0' \(NIRGraph\) {SUPPORTED}"),
    (branched,
     r"node 'input' \(Input\) must have one connection to another, got 'a' and 'b': the graph must be a chain"),
    (recurrent, r"node 'cell' \(LIF\) must have one connection from another, got 'input' and 'w_rec': .* recurrent"),
    (apart, r"graph must be a chain from Input to Output, which these nodes are not on: 'far' \(LIF\)"),
    (lambda: loose(("input", "n0")), r"node 'n0' \(LIF\) does not lead to Output"),
    (lambda: loose(("input", "n0"), ("n0", "input")), r"node 'n0' \(LIF\) does not lead to Output"),
    (lambda: loose(("input", "n9")), r"edge \('input', 'n9'\) of graph names a node that is not there: 'n9'"),
    (lambda: loose(("input", "output")), r"graph must have nodes between Input and Output"),
    (lambda: doubled("input"), r"graph must have one Input, got 'input', 'more'"),
    (lambda: doubled("output"), r"graph must have one Output, got 'output', 'more'"),
    (lambda: chain(nodes_of(v_leak=0.1)), r"v_leak of node 'n0' \(LIF\) must be 0, got 0.1"),
    (lambda: chain(nodes_of(v_reset=-0.1)), r"v_reset of node 'n0' \(LIF\) must be 0, got -0.1"),
    (lambda: chain(nodes_of(tau=[1e-3, 1e-3, 2e-3, 1e-3])),
     r"tau of node 'n0' \(LIF\) must be one value .* 0.001 to 0.002"),
    (lambda: chain(nodes_of(r=[1, 1, 1, 2])), r"r of node 'n0' \(LIF\) must be one value for all neurons, got 1 to 2"),
    (lambda: chain(nodes_of(v_threshold=[1, 1, 1, 2])), r"v_threshold of node 'n0' \(LIF\) must be one value"),
    (lambda: chain(nodes_of(tau=5e-5)), r"tau of node 'n0' \(LIF\) must be finite and at least 0.0001 s, got 5e-05 s"),
    (lambda: chain(nodes_of(tau=math.inf)),
     r"tau of node 'n0' \(LIF\) must be finite and at least 0.0001 s, got inf s"),
    (lambda: chain(nodes_of(r=0.0)), r"r of node 'n0' \(LIF\) must be finite and greater than 0, got 0"),
    (lambda: chain(nodes_of(v_threshold=-1.0)), r"v_threshold of node 'n0' \(LIF\) must be .* greater than 0, got -1"),
    (lambda: chain(nodes_of(r=1e-320)), r"node 'n0' \(LIF\): threshold must be finite and greater than 0, got inf"),
    (lambda: chain(nodes_of(shape=3), type_check=False), r"tau of node 'n0' \(LIF\) must have the shape \(4,\)"),
    (lambda: chain(nir.LI(np.ones(4), np.full(4, 1e4), np.zeros(4)), nodes_of()),
     r"node 'n0' \(LI\) must be the last before Out"),
    (lambda: chain(nir.LI(np.ones(4), np.full(4, 1e4), np.ones(4))), r"v_leak of node 'n0' \(LI\) must be 0, got 1"),
    (lambda: chain(nodes_of(), nir.Flatten(np.array([4]), 0, -1)),
     r"node 'n1' \(Flatten\) must not be the last before Output"),
    (lambda: chain(nodes_of((2, 2)), input_shape=(2, 2)), r"shape of node 'input' \(Input\) must be \(features,\) or"),
    (lambda: chain(nodes_of((1, 2, 2)), input_shape=(1, 2, 2)),
     r"node 'n0' \(LIF\) must not be the last .* \(1, 2, 2\)"),
    (lambda: chain(nodes_of(), output_shape=(3,), type_check=False),
     r"node 'output' \(Output\) must have the shape \(4,\)"),
    (lambda: chain(nir.Linear(np.ones((4, 3))), nodes_of(), type_check=False),
     r"node 'n0' \(Linear\) does not fit to what"),
    (lambda: chain(nir.Linear(np.full((4, 4), math.nan)), nodes_of()),
     r"weight of node 'n0' \(Linear\) must be finite, got nan"),
    (lambda: chain(nir.Affine(np.ones((4, 4)), np.ones(3)), nodes_of()),
     r"bias of node 'n0' \(Affine\) must have the shape \(4,\)"),
    (lambda: chain(nir.Linear(np.ones((2, 2, 4))), type_check=False),
     r"weight of node 'n0' \(Linear\) must have the shape \(out_"),
    (lambda: with_conv(conv(stride=2)), r"stride of node 'n0' \(Conv2d\) must be 1, got 2"),
    (lambda: with_conv(conv(stride=(1, 2))),
     r"stride of node 'n0' \(Conv2d\) must be a whole number, the same for height and"),
    (lambda: with_conv(conv(dilation=2)), r"dilation of node 'n0' \(Conv2d\) must be 1, got 2"),
    (lambda: with_conv(conv(groups=2)), r"groups of node 'n0' \(Conv2d\) must be 1, got 2"),
    (lambda: with_conv(conv(padding=(0, 1))),
     r"padding of node 'n0' \(Conv2d\) must be a whole number, the same for height"),
    (lambda: with_conv(conv(padding="same", size=2)),
     r"padding of node 'n0' \(Conv2d\) must be .* odd size, got 'same' with size 2"),
    (lambda: with_conv(conv(padding=3)), r"node 'n0' \(Conv2d\): padding must be less than kernel_size = 3, got 3"),
    (lambda: with_conv(conv(np.ones((2, 1, 3, 1))), type_check=False),
     r"weight of node 'n0' \(Conv2d\) must have .* square kernels"),
    (lambda: with_conv(conv(bias=np.ones(3))), r"bias of node 'n0' \(Conv2d\) must have the shape \(2,\), got \(3,\)"),
    (lambda: with_pool(kernel=[2, 3]),
     r"kernel_size of node 'n0' \(SumPool2d\) must be a whole number, the same for height"),
    (lambda: with_pool(stride=[1, 1]), r"stride of node 'n0' \(SumPool2d\) must be 2, got 1"),
    (lambda: with_pool(padding=[1, 1]), r"padding of node 'n0' \(SumPool2d\) must be 0, got 1"),
    (lambda: chain(
        nir.Flatten(np.array([2, 1, 2]), 1, -1), nodes_of((2, 2)), input_shape=(2, 1, 2), output_shape=(2, 2)),
     r"start_dim and end_dim of node 'n0' \(Flatten\) must be 0 or -3 and -1 or 2, .* of \(2, 1, 2\), got 1 and -1"),
]


def with_pool(kernel=(2, 2), stride=(2, 2), padding=(0, 0)):
    node = nir.SumPool2d(np.array(kernel), np.array(stride), np.array(padding))
    flatten = nir.Flatten(None, 0, -1)
    return chain(node, flatten, nodes_of(9), input_shape=(1, 6, 6), output_shape=(9,), type_check=False)


@pytest.mark.parametrize("graph, message", IMPORTS)
def test_what_has_no_exact_counterpart_is_refused_with_its_name(graph, message):
    with pytest.raises(ValueError, match=message):
        snn.from_nir(graph())


def test_a_field_that_holds_no_numbers_is_refused():
    graph = chain(nir.Linear(np.ones((4, 4))), nodes_of())
    graph.nodes["n0"].weight = "none"
    with pytest.raises(TypeError, match=r"weight of node 'n0' \(Linear\) must be a number or an array of numbers"):
        snn.from_nir(graph)


def test_a_readout_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="with readout 'membrane' the last layer must be"):
        snn.from_nir(chain(nodes_of()), readout="membrane")


# Files that are broken -----------------------------------------------------------------------------------------

def without(*keys):
    def change(path):
        with h5py.File(path, "a") as file:
            for key in keys:
                del file[key]
    return change


def renamed(path):
    with h5py.File(path, "a") as file:
        del file["node/nodes/lif_1/type"]
        file["node/nodes/lif_1/type"] = "Spike"


def overwritten(path):
    """Another edge than the nodes have."""
    with h5py.File(path, "a") as file:
        del file["node/edges"]
        file["node/edges"] = [("input", "lif_9")]


def moved_out(path):
    with h5py.File(path, "a") as file:
        del file["node/nodes/lif_1/v_leak"]
        file["node/nodes/lif_1/v_leak"] = np.zeros(2) + 0.1


@pytest.mark.parametrize("change, message", [
    (lambda path: path.write_bytes(b"not a graph"), "broken.nir is no HDF5 file, or a broken one: "),
    (lambda path: path.write_bytes(b""), "broken.nir is no HDF5 file, or a broken one: "),
    (lambda path: path.write_bytes(path.read_bytes()[:5000]), "broken.nir is no HDF5 file, or a broken one: .*trunc"),
    (without("node"), "broken.nir is no graph of NIR: it has no group 'node'"),
    (without("node/edges"), "broken.nir is no graph of NIR: its group 'node' has no 'edges'"),
    (without("node/nodes/lif_1/type"), "broken.nir is no graph of NIR: node 'lif_1' has no 'type'"),
    (without("node/nodes/lif_1/tau", "node/nodes/lif_1/r"), r"node 'lif_1' \(LIF\) has no 'tau', 'r'"),
    (without("node/nodes/input/shape"), r"node 'input' \(Input\) has no 'shape'"),
    (renamed, "broken.nir is no graph of NIR: node 'lif_1' has the type 'Spike', which NIR does not have"),
    (overwritten, "broken.nir is no graph of NIR: .*Error: .*'lif_9'"),
    (moved_out, r"broken.nir: v_leak of node 'lif_1' \(LIF\) must be 0, got 0.1"),
])
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path, change, message):
    path = tmp_path / "broken.nir"
    snn.write_nir(small(snn.Linear(4, 2), lif()), path, targets=())
    change(path)
    with pytest.raises(ValueError, match=message):
        snn.read_nir(path)


def test_a_damaged_byte_is_an_error_or_none(tmp_path):
    path = tmp_path / "broken.nir"
    snn.write_nir(small(snn.Linear(4, 2), lif()), path, targets=())
    whole, errors = path.read_bytes(), 0
    # Places at which h5py 3.16 raised TypeError, OSError, KeyError, RuntimeError and UnicodeDecodeError, and nir AssertionError.
    for place in (18719, 15212, 32516, 7955, 6854, 34883, 17638, 8560, 18575):
        data = bytearray(whole)
        data[place] ^= 255
        path.write_bytes(data)
        try:
            snn.read_nir(path)
        except (TypeError, ValueError) as error:
            assert "broken.nir" in str(error)
            errors += 1
    assert errors > 4


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file .*none.nir"):
        snn.read_nir(tmp_path / "none.nir")


def test_without_nir_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(ImportError, match='python -m pip install "nir>=1.0.6,<2"'):
        snn.to_nir(small(lif()))
