"""Surrogate gradients of small spiking networks by PyTorch's automatic differentiation, for the tests to compare with.

    python tools/autograd.py

writes tests/reference/snn_gradients.npz; it needs PyTorch and NumPy, and nothing of lifcore.  The networks are loops
over the steps, written out below with PyTorch's own convolutions, pools and optimiser; a spike is a function of its own
whose derivative is the surrogate's.  All in float64.  The file was written with PyTorch 2.14.1 and NumPy 2.4.6.
"""

import itertools
import math
from pathlib import Path

import numpy as np

FILE = Path(__file__).parents[1] / "tests" / "reference" / "snn_gradients.npz"
SAMPLES, STEPS = 3, 5
# No potential of the stored runs is closer to its threshold than this, so that float32 makes the same spikes.
DISTANCE = 1e-4
SURROGATES = {
    "FastSigmoid": (8.0,), "ATan": (2.0,), "Triangular": (0.8, 0.5), "Sigmoid": (5.0,), "StraightThrough": (),
}
RESETS = ("subtract", "zero")
READOUTS = ("membrane", "rate")
PENALTIES = (0.0, 0.7)


def architectures(readout):
    """Layers, shape of the input, and the number of steps where the input is the same at all of them."""
    def last(features, classes, membrane):
        return [("linear", features, classes, True), *([("lif", 0.9, 0.3)] if readout == "rate" else membrane)]

    return [
        ([("conv", 2, 3, 3, 1, True), ("lif", 0.9, 0.4), ("sum", 2), ("conv", 3, 5, 2, 1, False), ("avg", 2),
          ("lif", 0.7, 0.2), ("flatten",), ("lif", 0.5, 0.3), *last(10, 4, [("li", 0.8)])], (2, 7, 5), None),
        ([("avg", 2), ("conv", 1, 4, 5, 4, True), ("lif", 0.9, 0.3), ("conv", 4, 3, 4, 1, True), ("lif", 0.8, 0.4),
          ("flatten",), *last(147, 3, [])], (1, 9, 8), STEPS),
        ([("linear", 9, 12, True), ("lif", 0.9, 0.3), ("lif", 0.6, 0.8), ("linear", 12, 7, False), ("lif", 0.8, 0.2),
          *last(7, 4, [])], (9,), None),
        ([("conv", 1, 3, 3, 1, True), ("conv", 3, 4, 1, 0, True), ("lif", 0.9, 0.2), ("sum", 3), ("flatten",),
          *last(16, 3, [("li", 0.9)])], (1, 7, 8), STEPS),
    ]


def cases():
    """Name and choices of each stored case; the four networks take turns."""
    choices = itertools.product(SURROGATES, RESETS, (True, False), READOUTS, PENALTIES)
    for k, (surrogate, reset, detached, readout, penalty) in enumerate(choices):
        # A number coprime to four moves on at each turn of the other choices.
        network = (k + k // 4 + k // 16) % 4
        name = f"{surrogate}-{reset}-{detached}-{readout}-{penalty}"
        yield name, network, surrogate, reset, detached, readout, penalty


def drawn_parameters(rng, layers):
    """Weights and biases as a dict, a little larger than PyTorch draws them, in numbers that float32 holds."""
    parameters = {}
    for k, (kind, *numbers) in enumerate(layers):
        if kind in ("conv", "linear"):
            inputs, outputs, bias = numbers[0], numbers[1], numbers[-1]
            shape = (outputs, inputs, *[numbers[2]] * 2) if kind == "conv" else (outputs, inputs)
            scale = 1.5 / math.sqrt(math.prod(shape[1:]))
            parameters[f"{k}.weight"] = rng.uniform(-scale, scale, shape)
            if bias:
                parameters[f"{k}.bias"] = rng.uniform(-scale, scale, outputs)
    return {name: array.astype(np.float32).astype(np.float64) for name, array in parameters.items()}


def drawn_input(rng, shape, steps, samples=SAMPLES):
    if steps is None:
        return (rng.random((samples, STEPS, *shape)) < 0.4).astype(np.float64)
    return rng.random((samples, *shape), dtype=np.float32).astype(np.float64)


def spike_function(surrogate, constants):
    import torch

    def slope(u):
        if surrogate == "FastSigmoid":
            return 1.0 / (1.0 + constants[0] * u.abs()) ** 2
        if surrogate == "ATan":
            return 0.5 * constants[0] / (1.0 + (0.5 * math.pi * constants[0] * u) ** 2)
        if surrogate == "Triangular":
            return constants[1] * torch.clamp(1.0 - u.abs() / constants[0], min=0.0)
        if surrogate == "Sigmoid":
            return constants[0] * torch.sigmoid(constants[0] * u) * torch.sigmoid(-constants[0] * u)
        return torch.ones_like(u)

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(context, u):
            context.save_for_backward(u)
            return (u > 0).to(u.dtype)

        @staticmethod
        def backward(context, gradient):
            return gradient * slope(context.saved_tensors[0])

    return Spike.apply


def forward(layers, parameters, x, steps, readout, reset, detached, spike):
    """Logits, and for each layer of neurons its spikes and potentials, a tensor a step."""
    import torch
    from torch.nn import functional

    V, s, total = {}, {}, 0.0
    spikes, potentials = {}, {}
    for t in range(steps or x.shape[1]):
        h = x if steps else x[:, t]
        for k, (kind, *numbers) in enumerate(layers):
            weight, bias = parameters.get(f"{k}.weight"), parameters.get(f"{k}.bias")
            if kind == "conv":
                h = functional.conv2d(h, weight, bias, padding=numbers[3])
            elif kind == "linear":
                h = functional.linear(h, weight, bias)
            elif kind == "flatten":
                h = h.flatten(1)
            elif kind == "sum":
                h = functional.avg_pool2d(h, numbers[0], divisor_override=1)
            elif kind == "avg":
                h = functional.avg_pool2d(h, numbers[0])
            elif kind == "li":
                h = V[k] = numbers[0] * V.get(k, torch.zeros_like(h)) + h
                potentials.setdefault(k, []).append(h)
            else:
                beta, threshold = numbers
                before, fired = V.get(k, torch.zeros_like(h)), s.get(k, torch.zeros_like(h))
                if detached:
                    fired = fired.detach()
                if reset == "subtract":
                    V[k] = beta * before + h - threshold * fired
                else:
                    V[k] = beta * before * (1.0 - fired) + h
                h = s[k] = spike(V[k] - threshold)
                spikes.setdefault(k, []).append(h)
                potentials.setdefault(k, []).append(V[k])
        total = total + h
    if readout == "membrane":
        total = total / (steps or x.shape[1])
    return total, spikes, potentials


def gradients(layers, parameters, x, labels, steps, readout, reset, detached, surrogate, penalty, dtype="float64"):
    """The loss and its derivatives by the parameters, as NumPy's arrays."""
    import torch
    from torch.nn import functional

    kind = getattr(torch, dtype)
    leaves = {name: torch.tensor(array, dtype=kind, requires_grad=True) for name, array in parameters.items()}
    spike = spike_function(surrogate, SURROGATES[surrogate])
    logits, spikes, _ = forward(layers, leaves, torch.tensor(x, dtype=kind), steps, readout, reset, detached, spike)
    loss = functional.cross_entropy(logits, torch.tensor(labels))
    loss = loss + penalty * sum(torch.stack(one).mean() for one in spikes.values())
    loss.backward()
    return loss.item(), {name: leaf.grad.numpy() for name, leaf in leaves.items()}


def run(layers, parameters, x, steps, readout, reset):
    """Logits, spikes and potentials as NumPy's arrays, time behind the samples."""
    import torch

    tensors = {name: torch.tensor(array) for name, array in parameters.items()}
    with torch.no_grad():
        logits, *kept = forward(
            layers, tensors, torch.tensor(x), steps, readout, reset, True, lambda u: (u > 0).to(u.dtype))
    return logits.numpy(), *({k: torch.stack(one, 1).numpy() for k, one in kind.items()} for kind in kept)


def closest(layers, potentials):
    """The smallest distance of a potential from its threshold."""
    return min(np.abs(V - layers[k][2]).min() for k, V in potentials.items() if layers[k][0] == "lif")


def drawn(readout, network):
    """Parameters, input and labels of one of the stored networks, for both resets."""
    layers, shape, steps = architectures(readout)[network]
    for seed in itertools.count():
        rng = np.random.default_rng([network, READOUTS.index(readout), seed])
        parameters, x = drawn_parameters(rng, layers), drawn_input(rng, shape, steps)
        runs = [run(layers, parameters, x, steps, readout, reset) for reset in RESETS]
        rates = [one.mean() for _, spikes, _ in runs for one in spikes.values()]
        if min(rates) > 0.05 and min(closest(layers, potentials) for *_, potentials in runs) > DISTANCE:
            return parameters, x, rng.integers(0, layers_out(layers), SAMPLES), dict(zip(RESETS, runs))


def layers_out(layers):
    return next(numbers[1] for kind, *numbers in reversed(layers) if kind == "linear")


def adam_steps():
    """Weights after each of some steps of `torch.optim.Adam`, for given gradients."""
    import torch

    rng = np.random.default_rng(11)
    weights, given = rng.normal(size=20), rng.normal(size=(6, 20)) * 10.0 ** rng.uniform(-6, 2, (6, 20))
    given[:, 3] = 0.0
    found = []
    leaf = torch.tensor(weights, requires_grad=True)
    optimiser = torch.optim.Adam([leaf], lr=0.03, betas=(0.8, 0.99), eps=1e-6)
    for gradient in given:
        leaf.grad = torch.tensor(gradient)
        optimiser.step()
        found.append(leaf.detach().numpy().copy())
    return {"adam/weights": weights, "adam/gradients": given, "adam/found": np.array(found)}


def main():
    stored = adam_steps()
    for readout, network in itertools.product(READOUTS, range(4)):
        layers, shape, steps = architectures(readout)[network]
        parameters, x, labels, runs = drawn(readout, network)
        place = f"{network}-{readout}"
        stored |= {f"{place}/x": x, f"{place}/labels": labels}
        stored |= {f"{place}/parameters/{name}": array for name, array in parameters.items()}
        for reset, (logits, spikes, potentials) in runs.items():
            stored[f"{place}/{reset}/logits"] = logits
            stored |= {f"{place}/{reset}/spikes/{k}": one.astype(bool) for k, one in spikes.items()}
            # Of potentials the last step is enough: it has all before it in it.
            stored |= {f"{place}/{reset}/potentials/{k}": one[:, -1] for k, one in potentials.items()}
        for name, of, surrogate, reset, detached, with_readout, penalty in cases():
            if (of, with_readout) == (network, readout):
                loss, found = gradients(
                    layers, parameters, x, labels, steps, readout, reset, detached, surrogate, penalty)
                stored[f"{name}/loss"] = loss
                stored |= {f"{name}/{array}": value for array, value in found.items()}
    np.savez_compressed(FILE, **stored)
    print(f"{FILE}: {FILE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
