"""Spiking networks: layers, surrogate gradients, training, events, and exchange with other simulators.

::

    from lifcore import snn
    net = snn.Sequential(
        snn.Conv2d(1, 16, 3, padding=1), snn.LIF(beta=0.9), snn.SumPool2d(2),
        snn.Flatten(), snn.Linear(256, 10), snn.LI(beta=0.9),
        input_shape=(1, 8, 8), rng=1)
"""

from lifcore.snn.layers import LI, LIF, AvgPool2d, Conv2d, Flatten, Layer, Linear, SumPool2d
from lifcore.snn.surrogate import ATan, FastSigmoid, Sigmoid, StraightThrough, Surrogate, Triangular

__all__ = [
    "LI", "LIF", "ATan", "AvgPool2d", "Conv2d", "FastSigmoid", "Flatten", "Layer", "Linear", "Sigmoid", "StraightThrough",
    "SumPool2d", "Surrogate", "Triangular",
]
