"""One LIF neuron unrolled in time: the smallest network that a gradient goes back through.

    V[t] = beta V[t-1] + w x[t] - threshold s[t-1],   s[t] = H(V[t] - threshold)
    delta[t] = dL/dV[t] + dL/ds[t] f'(V[t] - threshold) + delta[t+1] (beta - threshold f'(V[t] - threshold))
    dL/dw_i = sum over t of delta[t] x[t, i]

`lifcore.snn.Sequential` does this for whole networks.  Here every quantity can be looked at, and the loss can be
averaged over all spike trains that a noisy neuron may fire.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifcore._validate import finite_array, function, instance_of, one_of, whole_number
from lifcore.kernels import unrolled as kernels
from lifcore.snn.layers import LIF

__all__ = ["Unrolled", "average_over_noise", "spike_trains", "unroll"]

SPIKES = ("step", "smoothed")
MOST_STEPS = 16


@dataclass(frozen=True)
class Unrolled:
    """What a neuron did, and the way back; made by `unroll`.

    Attributes
    ----------
    neuron : LIF
        The layer whose neuron this is.
    x : numpy.ndarray
        Inputs, shape (steps, inputs).
    w : numpy.ndarray
        Weights, shape (inputs,).
    V : numpy.ndarray
        Potentials before the reset takes effect, shape (steps,).
    s : numpy.ndarray
        Spikes, 0 or 1, or f(V - threshold) where they are smoothed; shape (steps,).
    """

    neuron: LIF
    x: np.ndarray
    w: np.ndarray
    V: np.ndarray
    s: np.ndarray

    @property
    def slopes(self) -> np.ndarray:
        """f'(V[t] - threshold), shape (steps,)."""
        return self._carried()[0]

    @property
    def factors(self) -> np.ndarray:
        """dV[t+1]/dV[t] by way of the leak and, unless it is detached, of the reset; shape (steps,)."""
        return self._carried()[1]

    def sensitivities(self, onto_spikes=0.0, onto_potentials=0.0) -> np.ndarray:
        """delta[t] = dL/dV[t], by all ways forward.

        Parameters
        ----------
        onto_spikes, onto_potentials : array_like
            Direct derivatives of the loss by s[t] and by V[t], shape (steps,), or one number for all steps.

        Returns
        -------
        numpy.ndarray
            Shape (steps,).
        """
        slopes, factors = self._carried()
        delta = np.empty_like(self.V)
        kernels.sensitivities(
            _of_each_step("onto_spikes", onto_spikes, self.V.size),
            _of_each_step("onto_potentials", onto_potentials, self.V.size), slopes, factors, delta)
        _finite("the sensitivities", delta)
        return delta

    def gradient(self, onto_spikes=0.0, onto_potentials=0.0) -> np.ndarray:
        """dL/dw.

        Parameters
        ----------
        onto_spikes, onto_potentials : array_like
            As in `sensitivities`.

        Returns
        -------
        numpy.ndarray
            Shape (inputs,).
        """
        gradient = np.empty_like(self.w)
        kernels.weight_gradient(self.x, self.sensitivities(onto_spikes, onto_potentials), gradient)
        _finite("the gradients", gradient)
        return gradient

    def _carried(self):
        slopes, factors = np.empty_like(self.V), np.empty_like(self.V)
        n = self.neuron
        kernels.carried_over(
            self.V, self.s, n.beta, n.threshold, n.reset_mechanism == "zero", n.detach_reset, *_formula(n), slopes,
            factors)
        return slopes, factors


def unroll(x, w, neuron: LIF, spikes: str = "step") -> Unrolled:
    """Run one neuron.

    Parameters
    ----------
    x : array_like
        Inputs, shape (steps, inputs), or (steps,) for a single input.
    w : array_like
        Weights, shape (inputs,), or a number for a single input; in units of the threshold's scale.
    neuron : LIF
        The layer whose neuron it is.
    spikes : {"step", "smoothed"}
        Whether a spike is H(u) or the surrogate's f(u), in the output and in the reset alike.

    Returns
    -------
    Unrolled

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, shape or range; names it.
    FloatingPointError
        If a potential exceeds the range of float64.

    References
    ----------
    E. O. Neftci, H. Mostafa, F. Zenke, Surrogate gradient learning in spiking neural networks, IEEE Signal Processing
    Magazine 36 (2019), 51-63.
    """
    x, w = _inputs(x, w, neuron)
    one_of("spikes", spikes, SPIKES)
    V, s = np.empty(len(x)), np.empty(len(x))
    kernels.unroll(
        x, w, neuron.beta, neuron.threshold, neuron.reset_mechanism == "zero", spikes == "smoothed", *_formula(neuron),
        V, s)
    _finite("the potentials", V, s)
    return Unrolled(neuron, x, w, V, s)


def spike_trains(steps: int) -> np.ndarray:
    """All spike trains of so many steps, one a row.

    Parameters
    ----------
    steps : int
        From 1 to 16.

    Returns
    -------
    numpy.ndarray
        Zeros and ones, shape (2**steps, steps), in the order of binary numbers.
    """
    steps = _few(whole_number("steps", steps, 1))
    return (np.arange(2**steps)[:, None] >> np.arange(steps)[::-1] & 1).astype(float)


def average_over_noise(x, w, neuron: LIF, loss) -> tuple[float, np.ndarray]:
    """Mean loss of a neuron that fires with probability f(V - threshold) in each step, and its gradient, both exact.

    f is the surrogate's smooth function, here the probability of a spike.  All spike trains are gone through, so the
    steps must be few.

    Parameters
    ----------
    x, w, neuron
        As in `unroll`. The surrogate's `area` must be 1, as that of Sigmoid and ATan is.
    loss : callable
        Takes the rows of `spike_trains` and returns the loss of each.

    Returns
    -------
    mean : float
    gradient : numpy.ndarray
        d(mean)/dw, shape (inputs,).

    Raises
    ------
    TypeError, ValueError
        If there are more than 16 steps, or f is no probability, or an argument is wrong otherwise; names it.
    FloatingPointError
        If the mean or its gradient exceeds the range of float64.

    References
    ----------
    J. Gygax, F. Zenke, Elucidating the theoretical underpinnings of surrogate gradient learning in spiking neural
    networks, Neural Computation 37 (2025), 886-925.
    """
    x, w = _inputs(x, w, neuron)
    steps, inputs = x.shape
    trains = spike_trains(_few(steps))
    if abs(neuron.surrogate.area - 1.0) > 1e-12:
        raise ValueError(
            f"neuron must have a surrogate of area 1, to be a probability, got {neuron.surrogate!r} of area "
            f"{neuron.surrogate.area:g}")
    function("loss", loss, "a function of the spike trains")
    losses = finite_array("loss(trains)", loss(trains), "")
    if losses.shape != (len(trains),):
        raise ValueError(f"loss(trains) must have the shape ({len(trains)},), got {losses.shape}")
    mean, gradient, path = np.empty(1), np.empty(inputs), np.empty((5, steps + 1))
    traces, changes = np.empty((steps + 1, inputs)), np.empty((steps + 1, inputs))
    kernels.average_over_noise(
        x, w, losses, neuron.beta, neuron.threshold, neuron.reset_mechanism == "zero", *_formula(neuron), mean, path,
        traces, changes, gradient)
    _finite("the mean loss and its gradient", mean, gradient)
    return float(mean[0]), gradient


def _finite(what, *arrays):
    if not all(np.all(np.isfinite(array)) for array in arrays):
        raise FloatingPointError(f"{what} are beyond the range of float64: x, w or what the loss gives are too large")


def _formula(neuron):
    return neuron.surrogate.kind, *neuron.surrogate.constants


def _few(steps):
    if steps > MOST_STEPS:
        trains = 2**MOST_STEPS
        raise ValueError(f"steps must be at most {MOST_STEPS}, of which there are {trains} spike trains, got {steps}")
    return steps


def _inputs(x, w, neuron):
    instance_of("neuron", neuron, LIF, "a lifcore.snn.LIF")
    x, w = finite_array("x", x, ""), np.atleast_1d(finite_array("w", w, ""))
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"x must have the shape (steps, inputs) or (steps,), got {x.shape}")
    if w.shape != (x.shape[1],):
        raise ValueError(f"w must have a weight for each of the {x.shape[1]} inputs, got the shape {w.shape}")
    return np.array(x, order="C"), np.array(w, order="C")


def _of_each_step(name, value, steps):
    given = finite_array(name, value, "")
    if given.shape not in ((), (steps,)):
        raise ValueError(f"{name} must be a number or have the shape ({steps},), got {given.shape}")
    return np.array(np.broadcast_to(given, (steps,)))
