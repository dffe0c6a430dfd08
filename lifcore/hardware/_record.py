"""What a simulation of neurons on a clock records, and the shapes that it takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Record", "for_each", "inputs", "run"]


@dataclass(frozen=True)
class Record:
    """States at the end of each step, shape (steps,) or (steps, neurons) as the input's.

    Attributes
    ----------
    V : ndarray
        Membrane potential, after the reset if there was one.
    I_exc, I_inh : ndarray
        Synaptic currents, after their decay.
    spikes : ndarray of bool
        Whether the neuron fired in the step.
    overflows : int
        How often a result did not fit into its number and wrapped or was held at the end of the range.
    """

    V: np.ndarray
    I_exc: np.ndarray
    I_inh: np.ndarray
    spikes: np.ndarray
    overflows: int


def inputs(w_exc, w_inh, I_offset):
    """Two inputs of one shape (steps,) or (steps, neurons), and a current that broadcasts to it; with a column a neuron.

    A current that does not change in time has one row.
    """
    shape = w_exc.shape
    if len(shape) not in (1, 2) or w_inh.shape != shape:
        raise ValueError(
            "w_exc and w_inh must have the same shape, (steps,) or (steps, neurons), got shapes "
            f"{shape} and {w_inh.shape}")
    try:
        np.broadcast_to(I_offset, shape)
    except ValueError:
        raise ValueError(
            f"I_offset must be a number or broadcast to the shape {shape} of w_exc, got shape {I_offset.shape}") from None
    if len(shape) == 1:
        return w_exc[:, None], w_inh[:, None], I_offset.reshape(-1, 1)
    rows = I_offset.shape[0] if I_offset.ndim == 2 else 1
    return w_exc, w_inh, np.broadcast_to(I_offset, (rows, shape[1]))


def for_each(name, values, neurons):
    """One value for each neuron."""
    if values.shape not in ((), (1,), (neurons,)):
        raise ValueError(
            f"{name} must be a number or have one value for each of {neurons} neurons, got shape {values.shape}")
    return np.broadcast_to(values, (neurons,))


def run(kernel, shape, kind, *arguments):
    """Calls a kernel whose last arguments are V, I_exc, I_inh and the spikes."""
    recorded = [np.empty((shape[0], *(shape[1:] or (1,))), form) for form in (kind, kind, kind, np.uint8)]
    overflows = kernel(*arguments, *recorded)
    V, I_exc, I_inh, spikes = (array.reshape(shape) for array in recorded)
    return V, I_exc, I_inh, spikes.astype(bool), overflows
