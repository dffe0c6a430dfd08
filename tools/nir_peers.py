"""Writes tests/reference/nir_*: networks in NIR, and the spikes that other simulators make of them.

    python tools/nir_peers.py              # writes the files
    python tools/nir_peers.py --count 512  # counts differing spikes on so many samples, and writes nothing

It needs snntorch, norse, spikingjelly and torch beside lifcore and nir; the files name the versions that made them.
`nir_network.nir` is written by lifcore; the three import it as it is and run it, in float32.  `nir_spikingjelly.nir`
and `nir_snntorch.nir` are networks of these two, written by their own exporters; the spikes beside them were made
before the export.
"""

import argparse
import contextlib
import io
import json
import logging
import warnings
from importlib.metadata import version
from pathlib import Path

import nir
import numpy as np

from lifcore import snn

FOLDER = Path(__file__).parents[1] / "tests" / "reference"
TARGETS = ("snntorch", "norse", "spikingjelly")
DT = 1e-4
SAMPLES, STEPS = 8, 32


def network():
    """Two convolutions and a readout, each with a beta and a threshold of its own."""
    def lif(beta, threshold):
        return snn.LIF(beta=beta, threshold=threshold, reset_mechanism="zero")

    net = snn.Sequential(
        snn.Conv2d(2, 8, 3, padding=1), lif(0.9, 1.0), snn.SumPool2d(2),
        snn.Conv2d(8, 16, 3, bias=False), lif(0.8, 0.7), snn.SumPool2d(2),
        snn.Flatten(), snn.Linear(64, 10), lif(0.95, 1.3), input_shape=(2, 12, 12), readout="rate")
    # With this seed no potential comes nearer to a threshold than 6e-6 of it: the order of a sum decides no spike.
    rng = np.random.default_rng(2)
    spread = {"0.weight": 0.4, "0.bias": 0.05, "3.weight": 0.2, "7.weight": 0.2, "7.bias": 0.05}
    net.set_parameters({name: rng.normal(0.0, spread[name], old.shape) for name, old in net.parameters.items()})
    return net


def events(samples, steps, shape, rng):
    """Spikes of an input, more of them in some places than in others."""
    rate = rng.uniform(0.0, 0.5, (samples, 1, *shape))
    return (rng.random((samples, steps, *shape)) < rate).astype(np.uint8)


def imported(target, graph):
    """The network as the target makes it of a graph."""
    with contextlib.redirect_stdout(io.StringIO()):
        if target == "snntorch":
            from snntorch.import_nir import import_from_nir
            return import_from_nir(graph)
        if target == "norse":
            import norse.torch
            return norse.torch.from_nir(graph, dt=DT)
        from spikingjelly.activation_based.nir_exchange import import_from_nir
        return import_from_nir(graph, dt=DT)


def spikes_of(model, modules, x, takes_state=False):
    """Run a model step by step; spikes of some of its modules, each of shape (samples, steps, *shape), as uint8.

    What nirtorch makes of a graph takes the state and returns it behind its output; other models keep it themselves.
    """
    import torch

    found = {name: [] for name in modules}

    def keep(name):
        return lambda module, given, out: found[name].append((out[0] if isinstance(out, tuple) else out).numpy())

    known = dict(model.named_modules())
    hooks = [known[name].register_forward_hook(keep(name)) for name in modules]
    state = None
    with torch.no_grad():
        for t in range(x.shape[1]):
            given = torch.tensor(x[:, t], dtype=torch.float32)
            if takes_state:
                _, state = model(given, state)
            else:
                model(given)
    for hook in hooks:
        hook.remove()
    return {name: np.stack(steps, 1).astype(np.uint8) for name, steps in found.items()}


def run_in(target, graph, x, modules):
    """Spikes of the modules of the network that the target makes of a graph."""
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return spikes_of(imported(target, graph), modules, x, takes_state=True)
    finally:
        logging.disable(logging.NOTSET)


def lif_nodes(net):
    """Names of the LIF nodes in a graph of the network, by their index."""
    return {k: f"lif_{k}" for k, layer in enumerate(net.layers) if isinstance(layer, snn.LIF)}


def from_spikingjelly(x):
    """A network of spikingjelly, as a graph, and its spikes: R = 1 and R = tau/dt, mean pools, no bias."""
    import torch
    from spikingjelly.activation_based import functional, layer, neuron
    from spikingjelly.activation_based.nir_exchange import export_to_nir

    torch.manual_seed(1)
    net = torch.nn.Sequential(
        layer.Conv2d(2, 6, 3, padding="same", bias=False), neuron.LIFNode(tau=4.0, decay_input=False, v_reset=0.0),
        layer.AvgPool2d(2),
        layer.Conv2d(6, 8, 3), neuron.LIFNode(tau=2.5, decay_input=True, v_threshold=0.2, v_reset=0.0),
        layer.Flatten(), layer.Linear(128, 5, bias=False), neuron.LIFNode(tau=8.0, decay_input=False, v_reset=0.0))
    with torch.no_grad():
        for k, gain in ((0, 2.5), (3, 5.0), (6, 6.0)):
            net[k].weight *= gain
    graph = export_to_nir(net, torch.zeros(1, *x.shape[2:]), dt=DT)
    functional.reset_net(net)
    return graph, spikes_of(net, ("1", "4", "7"), x)


def from_snntorch(x):
    """A network of snntorch, as a graph, and its spikes."""
    import snntorch
    import torch
    from snntorch.export_nir import export_to_nir

    def leaky(size, beta, threshold, **options):
        return snntorch.Leaky(
            beta=torch.full((size,), beta), threshold=torch.full((size,), threshold), reset_mechanism="zero",
            reset_delay=False, init_hidden=True, **options)

    torch.manual_seed(2)
    net = torch.nn.Sequential(
        torch.nn.Linear(20, 30), leaky(30, 0.9, 0.8),
        torch.nn.Linear(30, 6, bias=False), leaky(6, 0.7, 0.3, output=True))
    with torch.no_grad():
        net[0].weight *= 4.0
        net[2].weight *= 2.0
    with contextlib.redirect_stdout(io.StringIO()):
        graph = export_to_nir(net, torch.zeros(1, 20), ignore_dims=[0])
    net[1].reset_mem(), net[3].reset_mem()
    return graph, spikes_of(net, ("1", "3"), x)


def store(name, versions, arrays):
    """Spikes as bits; they are (samples, steps, ...), and the network knows the rest of the shape."""
    np.savez_compressed(
        FOLDER / f"nir_{name}.npz", versions=json.dumps(versions), samples=SAMPLES, steps=STEPS,
        **{key: np.packbits(array) for key, array in arrays.items()})


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, metavar="SAMPLES", help="count differing spikes on so many samples")
    samples = parser.parse_args().count
    net, rng = network(), np.random.default_rng(7)
    names = lif_nodes(net)
    path = FOLDER / "nir_network.nir"
    warnings.simplefilter("ignore", snn.NIRWarning)
    if samples is None:
        snn.write_nir(net, path)
    x = events(samples or SAMPLES, STEPS, net.input_shape, rng)
    ours = net.run(x, record=True)
    margin = min(np.abs(ours.potentials[k] / net.layers[k].threshold - 1.0).min() for k in names)
    print(f"lifcore: rates {ours.rates}, nearest to the threshold {margin:.1e} of it")
    kept = {"inputs": x}
    for target in TARGETS:
        theirs = run_in(target, snn.to_nir(net) if samples else nir.read(path), x, names.values())
        differing = {k: int((theirs[name] != ours.spikes[k]).sum()) for k, name in names.items()}
        print(f"{target}: {sum(s.size for s in theirs.values())} neuron-steps, differing spikes {differing}")
        kept |= {f"{target}_{k}": theirs[name] for k, name in names.items()}
    if samples is not None:
        return
    versions = {name: version(name) for name in (*TARGETS, "nir", "nirtorch", "torch", "numpy")}
    store("network", versions, kept)
    for name, make, shape in (("spikingjelly", from_spikingjelly, (2, 12, 12)), ("snntorch", from_snntorch, (20,))):
        x = events(SAMPLES, STEPS, shape, rng)
        graph, spikes = make(x)
        nir.write(FOLDER / f"nir_{name}.nir", graph)
        print(f"{name}: rates {({k: float(s.mean()) for k, s in spikes.items()})}")
        store(name, versions, {"inputs": x, **spikes})


if __name__ == "__main__":
    main()
