"""What an answer costs: operations counted, and the energy they are said to need.

    energy = products e_product + additions e_addition + updates e_update + accesses e_access

A synapse that is reached by a spike adds its weight; one that is reached by a graded value multiplies first.  The counts are
those of a network and its input.  The energies are a convention, and the last of them decides most comparisons.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lifcore._validate import finite_number, instance_of
from lifcore.snn.event_driven import event_driven
from lifcore.snn.layers import LI, LIF, Conv2d, Linear
from lifcore.snn.network import Sequential

__all__ = ["ACCESS", "Counts", "Energy", "count_operations", "count_synapses"]

# pJ for an access of 64 bits to a cache of this size, and to DRAM: 1,300 to 2,600 (Horowitz 2014).
ACCESS = {"8 kB": 10.0, "32 kB": 20.0, "1 MB": 100.0, "DRAM": 1300.0}


class Counts(NamedTuple):
    """Operations for one sample, on average.

    Attributes
    ----------
    products : float
        Multiplications, each with the addition of its result.
    additions : float
        Additions of a weight.
    updates : float
        Membranes moved by a step: a product with beta, an addition, a comparison.
    """

    products: float
    additions: float
    updates: float

    @property
    def accesses(self) -> float:
        """The least that has to come from memory: a weight for each synaptic operation, and V read and written an update."""
        return self.products + self.additions + 2.0 * self.updates


@dataclass(frozen=True)
class Energy:
    """Energy of each operation in pJ, by default that of 32-bit floating point in 45 nm at 0.9 V.

    What these numbers leave out: everything but arithmetic, as long as `access` is 0. Fetching 64 bits from a cache of 8 kB
    takes 10 pJ, twice a product; from DRAM a thousand and more (`ACCESS`). A frame that is convolved in one go can keep a
    weight in a register for all its pixels; a spike fetches each weight anew. Idle circuits, clocks and the routing of
    spikes cost as well. On the other side 8-bit integers take a tenth and less of these energies, for both kinds of network.

    Parameters
    ----------
    addition, product, update, access : float
        pJ, at least 0. A product comes with the addition of its result (3.7 + 0.9); an update is taken for a product.

    References
    ----------
    M. Horowitz, Computing's energy problem (and what we can do about it), ISSCC 2014, 10-14, figure 1.1.9.
    """

    addition: float = 0.9
    product: float = 4.6
    update: float = 4.6
    access: float = 0.0

    def __post_init__(self):
        for name in ("addition", "product", "update", "access"):
            object.__setattr__(self, name, finite_number(name, getattr(self, name), "pJ", at_least=0.0))

    def of(self, counts: Counts) -> float:
        """Energy of one sample.

        Parameters
        ----------
        counts : Counts
            As `count_operations` gives for each way to compute.

        Returns
        -------
        float
            In µJ.
        """
        instance_of("counts", counts, Counts, "Counts")
        return 1e-6 * (
            self.product * counts.products + self.addition * counts.additions + self.update * counts.updates
            + self.access * counts.accesses)


def count_synapses(net: Sequential) -> dict[int, int]:
    """How many synapses each layer has, by its index: pairs of a value that arrives and a neuron that it reaches.

    Those of a convolution that would reach into its padding are none.

    Parameters
    ----------
    net : Sequential

    Returns
    -------
    dict of int to int
        For each `Conv2d` and `Linear`.
    """
    _network(net)
    found = {}
    for k, (layer, shape) in enumerate(zip(net.layers, [net.input_shape, *net.shapes[:-1]], strict=True)):
        if isinstance(layer, Conv2d):
            rows, columns = (_pairs(n, layer.kernel_size, layer.padding) for n in shape[1:])
            found[k] = rows * columns * layer.in_channels * layer.out_channels
        elif isinstance(layer, Linear):
            found[k] = layer.in_features * layer.out_features
    return found


def count_operations(net: Sequential, x, steps: int | None = None) -> dict[str, Counts]:
    """What one sample costs in four ways to compute it.

    Parameters
    ----------
    net : Sequential
    x, steps
        As in `Sequential.run`.

    Returns
    -------
    dict of str to Counts
        ``"plain"``: a network of the same size without spikes, given one frame: a product for each synapse.
        ``"dense"``: this network in steps, its zeros multiplied too: a product for each synapse and an update for each neuron
        in every step.
        ``"stepped"``: this network in steps, synapses only where something arrives: an addition for a spike, a product for a
        graded value.
        ``"event_driven"``: the same, and updates only of neurons that something reaches; missing where `event_driven` cannot
        run the network or `x` has no axis of time.

    Notes
    -----
    A constant image as input is graded: its synapses cost products, but only once, since what it makes of them is the same
    at every step. An average pool makes graded values of spikes, a sum pool does not.
    """
    _network(net)
    run = net.run(x, steps)
    length = np.shape(x)[1] if steps is None else steps
    synapses = sum(count_synapses(net).values())
    neurons = sum(
        math.prod(shape) for layer, shape in zip(net.layers, net.shapes, strict=True) if isinstance(layer, (LIF, LI)))
    counts = {
        "plain": Counts(float(synapses), 0.0, 0.0),
        "dense": Counts(float(length * synapses), 0.0, float(length * neurons)),
        "stepped": _counts(run.operations, float(length * neurons)),
    }
    if steps is None:
        try:
            lazy = event_driven(net, x)
        except ValueError:
            return counts
        counts["event_driven"] = _counts(lazy.operations, float(sum(updates.mean() for updates in lazy.updates.values())))
    return counts


def _counts(operations, updates):
    products = sum(operation.products.mean() for operation in operations.values())
    return Counts(float(products), float(sum(operation.additions.mean() for operation in operations.values())), updates)


def _pairs(n, size, padding):
    """How many pairs of a pixel and a pixel of the result are less than a kernel apart, along one axis."""
    return sum(min(size, n + padding - first) - max(0, padding - first) for first in range(n + 2 * padding - size + 1))


def _network(net):
    instance_of("net", net, Sequential, "a lifcore.snn.Sequential")
