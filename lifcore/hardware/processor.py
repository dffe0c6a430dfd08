"""A general processor: float64, and the exact solution from spike to spike.

It is the yardstick of the other machines.  Under a current that is constant within each step, the neuron is solved
exactly, with spikes at their own times between the steps' ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lifcore._validate import finite_number
from lifcore.hardware._machine import Machine, Response
from lifcore.kernels import lif as kernels
from lifcore.neuron import LARGEST, LIF, SMALLEST, _current, _neuron, interspike_interval
from lifcore.simulation import MOST_SPIKES

__all__ = ["Processor", "realise"]


def _most_spikes(n, edges, I):
    """Room for all spikes: a step holds its length over its interval, rounded up, and one left over from the step before."""
    with np.errstate(divide="ignore", over="ignore"):
        expected = np.sum(np.floor(np.diff(edges) / interspike_interval(n, I)) + 2.0)
    if not expected <= MOST_SPIKES:
        raise ValueError(f"I must give fewer than {MOST_SPIKES:,} spikes, got {np.max(I):g} nA, which gives {expected:.2g}")
    return int(expected)


@dataclass(frozen=True)
class Processor(Machine):
    """A neuron in float64; see `lifcore.hardware.Machine` for what it answers. Its parameters are in ms, mV and MΩ."""

    name: ClassVar[str] = "processor"

    @property
    def parameters(self) -> dict[str, float]:
        n = self.neuron
        return {name: getattr(n, name) for name in ("tau_m", "R", "E_L", "V_th", "V_reset", "t_ref")}

    @property
    def dynamic_range(self) -> tuple[float, float]:
        largest = float(np.finfo(np.float64).max)
        return -largest, largest

    @property
    def resolution(self) -> float:
        return float(np.spacing(abs(self.neuron.V_th)))

    @property
    def tau_m(self) -> float:
        return self.neuron.tau_m

    @property
    def t_ref(self) -> float:
        return self.neuron.t_ref

    def _respond(self, I):
        n, ends = self.neuron, self._ends(I.size)
        I = _current(n, I)
        edges = np.append(0.0, ends)
        V = np.empty(I.size + 1)
        spike_times = np.empty(_most_spikes(n, edges, I))
        count = kernels.piecewise_trace(
            edges, I, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, n.E_L, self.dt, V, spike_times)
        return Response(ends, V[1:], spike_times[:count].copy())


def realise(n: LIF, dt: float = 1.0) -> Processor:
    """The neuron itself, with the step dt in ms of its input and of its recorded potential."""
    _neuron(n)
    return Processor(n, finite_number("dt", dt, "ms", at_least=SMALLEST, at_most=LARGEST))
