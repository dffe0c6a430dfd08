"""Spiking networks: layers, surrogate gradients, training, events, and exchange with other simulators.

::

    from lifcore import snn
    net = snn.Sequential(
        snn.Conv2d(1, 16, 3, padding=1), snn.LIF(beta=0.9), snn.SumPool2d(2),
        snn.Flatten(), snn.Linear(256, 10), snn.LI(beta=0.9),
        input_shape=(1, 8, 8), rng=1)
"""

from lifcore.snn.augmentation import shift, warp
from lifcore.snn.digits import Digits, Labelled, digits
from lifcore.snn.encoders import latency_code, rate_code, saccades
from lifcore.snn.event_driven import EventDriven, event_driven
from lifcore.snn.event_files import read_events, write_events
from lifcore.snn.events import Events, frames
from lifcore.snn.layers import LI, LIF, AvgPool2d, Conv2d, Flatten, Layer, Linear, SumPool2d
from lifcore.snn.network import Operations, Prepared, Run, Sequential
from lifcore.snn.nir import NIRWarning, from_nir, read_nir, to_nir, write_nir
from lifcore.snn.operations import ACCESS, Counts, Energy, count_operations, count_synapses
from lifcore.snn.surrogate import ATan, FastSigmoid, Sigmoid, StraightThrough, Surrogate, Triangular
from lifcore.snn.trained import TRAINED, Baseline, Training, baselines, trained, trainings
from lifcore.snn.training import Adam, History, fit, load, save
from lifcore.snn.unrolled import Unrolled, average_over_noise, spike_trains, unroll

__all__ = [
    "ACCESS", "LI", "LIF", "TRAINED", "ATan", "Adam", "AvgPool2d", "Baseline", "Conv2d", "Counts", "Digits",
    "Energy", "EventDriven", "Events", "FastSigmoid", "Flatten", "History", "Labelled", "Layer", "Linear",
    "NIRWarning", "Operations", "Prepared", "Run", "Sequential", "Sigmoid", "StraightThrough", "SumPool2d",
    "Surrogate", "Training", "Triangular", "Unrolled", "average_over_noise", "baselines", "count_operations",
    "count_synapses", "digits", "event_driven", "fit", "frames", "from_nir", "latency_code", "load", "rate_code",
    "read_events", "read_nir", "saccades", "save", "shift", "spike_trains", "to_nir", "trained", "trainings",
    "unroll", "warp", "write_events", "write_nir",
]
