"""Training and inference of a spiking CNN: `lifcore.snn`, a loop in PyTorch and snnTorch, where these are installed.

The network is 16C3-LIF-P2-32C3-LIF-P2-10 (beta 0.9, fast sigmoid, sum pools, mean of the last layer), batches of 64, one
thread.  Two inputs: images of 8 by 8 pixels held for 10 steps, and events on 20 by 20 pixels of two polarities for 20
steps, 7 % of them at a time.  The weights are those that a network begins with, but the first layer's for events twice
as large, so that about as many neurons fire as in a network that has been trained.  All sides have the same weights and
run in turn; CPU time a sample, median, and the median of the ratios.

The loop in PyTorch is what one would write by hand.  With ``--compile``, `torch.compile` makes one program of it first,
in which products and sums are fused: a few spikes are then others.
"""

import contextlib
import importlib.util
import statistics
import sys
import time

import numpy as np

from lifcore import snn

RUNS = 15
BATCH = 64
SLOPE = 25.0
CASES = {
    "images 8x8, T 10": {"channels": 1, "side": 8, "steps": 10, "density": None},
    "events 20x20x2, T 20": {"channels": 2, "side": 20, "steps": 20, "density": 0.07},
}
rng = np.random.default_rng(0)


def network(channels, side):
    lif = snn.LIF(beta=0.9, surrogate=snn.FastSigmoid(SLOPE))
    net = snn.Sequential(
        snn.Conv2d(channels, 16, padding=1), lif, snn.SumPool2d(2), snn.Conv2d(16, 32, padding=1), lif,
        snn.SumPool2d(2), snn.Flatten(), snn.Linear(32 * (side // 4) ** 2, 10), input_shape=(channels, side, side),
        rng=0)
    net.parameters = {name: 2.0 * array if channels == 2 and name == "0.weight" else array
                      for name, array in net.parameters.items()}
    return net


def ours(case, net, x, labels):
    steps = case["steps"] if case["density"] is None else None
    learner = snn.network.Learner(net, case["steps"], steps is not None, False, 1)
    flat = x.reshape(len(x), -1, x[0].size if steps else x[0, 0].size)
    moments = np.zeros_like(net._packed), np.zeros_like(net._packed)
    packed = net._packed.copy()

    def train():
        found = learner.gradients(flat, labels, 0.0)
        snn.training.snn_training.adam(packed, found.gradients, *moments, 1e-5, 0.9, 0.999, 1e-8, 1)

    return train, lambda: net.run(x, steps, workers=1).logits


def peers(case, net, x, labels):
    """For each peer a function that trains one batch, and one that infers."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    static, steps = case["density"] is None, case["steps"]
    x, labels = torch.tensor(x), torch.tensor(labels)
    weights = {name: torch.tensor(array) for name, array in net.parameters.items()}

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(context, u):
            context.save_for_backward(u)
            return (u > 0).to(u.dtype)

        @staticmethod
        def backward(context, gradient):
            return gradient / (1.0 + SLOPE * context.saved_tensors[0].abs()) ** 2

    def sides(fire_1, fire_2, state):
        parameters = {name: array.clone().requires_grad_() for name, array in weights.items()}
        optimiser = torch.optim.Adam(parameters.values(), lr=1e-5)

        def logits(x):
            conv = lambda k, x: functional.conv2d(x, parameters[f"{k}.weight"], parameters[f"{k}.bias"], padding=1)
            pool = lambda x: functional.avg_pool2d(x, 2, divisor_override=1)
            first, second = state(), state()
            total = 0.0
            current = conv(0, x) if static else None
            for t in range(steps):
                spikes, first = fire_1(current if static else conv(0, x[:, t]), first)
                spikes, second = fire_2(conv(3, pool(spikes)), second)
                total = total + functional.linear(
                    pool(spikes).flatten(1), parameters["7.weight"], parameters["7.bias"])
            return total / steps

        def loss_of(x):
            return functional.cross_entropy(logits(x), labels)

        def train(loss=loss_of):
            optimiser.zero_grad()
            loss(x).backward()
            optimiser.step()

        def infer(logits=logits):
            with torch.no_grad():
                return logits(x).numpy()

        return train, infer, loss_of, logits

    def by_hand(current, before):
        V = current if before is None else 0.9 * before[0] + current - before[1]
        s = Spike.apply(V - 1.0)
        return s, (V, s.detach())

    train, infer, loss, logits = sides(by_hand, by_hand, lambda: None)
    yield "PyTorch, by hand", train, infer
    with contextlib.suppress(ImportError):
        import snntorch

        surrogate = snntorch.surrogate.fast_sigmoid(slope=SLOPE)
        lif_1, lif_2 = (snntorch.Leaky(beta=0.9, spike_grad=surrogate) for _ in range(2))
        yield "snnTorch", *sides(lif_1, lif_2, lif_1.init_leaky)[:2]
    if "--compile" in sys.argv:
        compiled_loss, compiled_logits = torch.compile(loss), torch.compile(logits)
        yield "torch.compile", lambda: train(compiled_loss), lambda: infer(compiled_logits)


for name, case in CASES.items():
    channels, side, steps = case["channels"], case["side"], case["steps"]
    net = network(channels, side)
    if case["density"] is None:
        x = rng.random((BATCH, channels, side, side), dtype=np.float32)
        record = net.run(x, steps)
    else:
        x = (rng.random((BATCH, steps, channels, side, side)) < case["density"]).astype(np.float32)
        record = net.run(x)
    labels = rng.integers(0, 10, BATCH)
    rates = " and ".join(f"{100 * rate:.0f} %" for rate in record.rates.values())
    print(f"{name}: {rates} of the neurons fire in a step")
    sides = {"lifcore": ours(case, net, x, labels)}
    if importlib.util.find_spec("torch"):
        for peer, *functions in peers(case, net, x, labels):
            start = time.process_time()
            difference = np.abs(functions[1]() - record.logits).max()
            functions[0]()
            print(f"  {peer}: logits differ by {difference:.1e}; first calls {time.process_time() - start:.1f} s")
            sides[peer] = functions
    for k, job in enumerate(("training", "inference")):
        times = {side: [] for side in sides}
        for _ in range(RUNS):
            for side, functions in sides.items():
                start = time.process_time()
                functions[k]()
                times[side].append((time.process_time() - start) / BATCH * 1e6)
        for side, spent in times.items():
            ratio = statistics.median(one / other for one, other in zip(spent, times["lifcore"], strict=True))
            spent = statistics.median(spent)
            print(f"  {job:9} {side:18} {spent:8.1f} us a sample, over lifcore {ratio:6.2f}", flush=True)
