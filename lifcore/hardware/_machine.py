"""What every machine answers in the same words.

A machine does not hold tau_m, V_th and V in ms and mV.  It holds words, charges or floats of its own, and it may have no
place for some of what was asked.  `realise` of a machine's module chooses them for a neuron in physical units; the
`Machine` that comes out says what has become of the neuron, and answers a current with spikes.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lifcore._validate import finite_array, finite_number
from lifcore.neuron import LARGEST, LIF

__all__ = ["Machine", "Response"]

MOST_STEPS = 100_000_000


def currents(I, duration, dt, unit):
    """A current in nA for each step of dt, from one number and a duration, or from one number for each step."""
    I = finite_array("I", I, "nA", at_least=-LARGEST, at_most=LARGEST)
    if I.ndim == 0:
        if duration is None:
            raise ValueError(f"duration must be given in {unit} for a constant current, got None")
        duration = finite_number("duration", duration, unit, above=0.0)
        steps = round(min(duration / dt, 2.0 * MOST_STEPS))
        if steps > MOST_STEPS:
            raise ValueError(f"duration must be at most {MOST_STEPS:,} steps of dt = {dt:g} {unit}, got {duration:g} {unit}")
        if steps == 0 or abs(steps * dt - duration) > 1e-9 * duration:
            raise ValueError(f"duration must be a whole number of steps of dt = {dt:g} {unit}, got {duration:g} {unit}")
        return np.full(steps, float(I))
    if duration is not None:
        raise ValueError(
            f"duration must be left out for an array of currents, one for each step, got {duration!r} beside {I.size} currents")
    if I.ndim != 1 or I.size == 0:
        raise ValueError(f"I must be a number or a one-dimensional array, one value for each step, got shape {I.shape}")
    if I.size > MOST_STEPS:
        raise ValueError(f"I must have at most {MOST_STEPS:,} values, got {I.size:,}")
    return np.ascontiguousarray(I)


def carried(amounts):
    """Amounts, one a step, as whole numbers: what a step's number cannot hold is left for the next.

    Amounts beyond 2**24, far more than any register here takes, are cut there: they will be refused, and must not overflow.
    """
    total = np.cumsum(np.clip(amounts, -(2.0**24), 2.0**24))
    return np.diff(np.floor(total + 0.5), prepend=0.0)


@dataclass(frozen=True)
class Response:
    """What a machine did with a current.

    Attributes
    ----------
    t : ndarray, shape (steps,)
        Ends of the steps in ms of biological time.
    V : ndarray, shape (steps,)
        Membrane potential in mV at these times, after the reset if there was one.
    spike_times : ndarray, shape (spikes,)
        In ms, increasing. A machine with a clock stamps a spike at the end of its step.
    """

    t: np.ndarray
    V: np.ndarray
    spike_times: np.ndarray


@dataclass(frozen=True)
class Machine(abc.ABC):
    """A neuron as one machine holds it; times and potentials are converted to ms and mV of the neuron asked for.

    Attributes
    ----------
    neuron : LIF
        What was asked for.
    dt : float
        Step of the input and of the recorded potential, ms of biological time. A machine with a clock updates its state
        once a step.
    """

    neuron: LIF
    dt: float

    name: ClassVar[str]
    leak: ClassVar[str] = "exponential"

    @property
    @abc.abstractmethod
    def parameters(self) -> dict[str, int | float]:
        """What the machine holds, under its own names: words as integers, the rest in the unit that its class states."""

    @property
    @abc.abstractmethod
    def dynamic_range(self) -> tuple[float, float]:
        """Lowest and highest membrane potential in mV that the machine's state can take."""

    @property
    @abc.abstractmethod
    def resolution(self) -> float:
        """Smallest difference of two membrane potentials in mV that the state can hold, near the threshold; 0 for a charge."""

    @property
    @abc.abstractmethod
    def tau_m(self) -> float:
        """Membrane time constant in ms that results from what the machine holds.

        Where the leak is linear: the time that the potential takes from the threshold to rest.
        """

    @property
    @abc.abstractmethod
    def t_ref(self) -> float:
        """Refractory period in ms that results; 0 where the machine has none."""

    @property
    def errors(self) -> dict[str, float]:
        """Realised value minus the value asked for: tau_m and t_ref in ms, and what else its class adds."""
        return {"tau_m": self.tau_m - self.neuron.tau_m, "t_ref": self.t_ref - self.neuron.t_ref}

    def respond(self, I, duration: float | None = None) -> Response:
        """Potential and spikes under a current, from rest.

        Parameters
        ----------
        I : float or array_like, shape (steps,)
            Current in nA: constant, or one value for each step of dt.
        duration : float, optional
            In ms, a whole number of steps; for a constant current, and only then.

        Returns
        -------
        Response

        Raises
        ------
        ValueError
            A current that the machine's words cannot hold, named by its register; a duration that is no whole number of
            steps, or one beside an array.
        """
        return self._respond(currents(I, duration, self.dt, "ms"))

    @abc.abstractmethod
    def _respond(self, I: np.ndarray) -> Response:
        """`respond` to one checked current per step."""

    def _ends(self, steps):
        """Ends of the steps in ms."""
        return self.dt * np.arange(1, steps + 1)
