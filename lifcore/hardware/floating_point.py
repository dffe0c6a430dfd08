"""SpiNNaker's neuron in floating point, by the exact solution of a step or by the explicit Euler method.

    alpha = R (I_exc - I_inh + I_offset) + V_rest;    V = alpha - e (alpha - V)
    exact: e = exp(-dt / tau_m);    Euler: e = 1 - dt / tau_m

Both bring V nearer to alpha by a factor a step, and over k steps with constant alpha

    V_k = alpha + e**k (V_0 - alpha)

The exact factor lies between 0 and 1 for every step.  Euler's is negative if dt > tau_m, so that V jumps from one side of
alpha to the other, and below -1 if dt > 2 tau_m, so that it moves away.
"""

from __future__ import annotations

import numpy as np

from lifcore._validate import finite_array, finite_number, flag, one_of, real_array
from lifcore.hardware import _record
from lifcore.hardware._record import Record
from lifcore.hardware.spinnaker import refractory_steps
from lifcore.kernels import elementary
from lifcore.kernels import spinnaker as kernels
from lifcore.neuron import LARGEST, LIF, SMALLEST, _neuron, rheobase

__all__ = ["euler_factor", "euler_regime", "euler_rheobase", "simulate"]

PRECISIONS = ("float64", "float32")
METHODS = ("exact", "euler")


def euler_factor(dt, tau):
    """1 - dt / tau, by which a step of the explicit Euler method multiplies the distance from the steady state.

    Parameters
    ----------
    dt, tau : array_like
        Step and time constant in ms.

    Returns
    -------
    float64 or ndarray
    """
    dt = finite_array("dt", dt, "ms", above=0.0, at_most=LARGEST)
    return 1.0 - dt / finite_array("tau", tau, "ms", at_least=SMALLEST, at_most=LARGEST)


def euler_regime(dt: float, tau: float) -> str:
    """What becomes of a distance from the steady state under the explicit Euler method.

    Parameters
    ----------
    dt, tau : float
        Step and time constant in ms.

    Returns
    -------
    str
        "monotone" for dt < tau; "deadbeat" for dt = tau, where one step is enough; "ringing" below 2 tau, where the
        distance changes its sign in each step; "marginal" for dt = 2 tau, where it only does that; "explosion" beyond.
    """
    dt = finite_number("dt", dt, "ms", above=0.0, at_most=LARGEST)
    tau = finite_number("tau", tau, "ms", at_least=SMALLEST, at_most=LARGEST)
    for name, bound in (("monotone", tau), ("ringing", 2.0 * tau)):
        if dt < bound:
            return name
        if dt == bound:
            return {"monotone": "deadbeat", "ringing": "marginal"}[name]
    return "explosion"


def euler_rheobase(n: LIF, dt, repeated: bool = False):
    """Lowest constant current in nA that fires a neuron if it is simulated by the explicit Euler method.

    The first step goes beyond the steady state if dt > tau_m: with h = dt / tau_m, from rest to E_L + h R I. So a current of
    the rheobase over h fires the neuron once. From the reset the step leads to V_reset + h (E_L + R I - V_reset), which takes

        I = (V_th - V_reset + h (V_reset - E_L)) / (h R)

    to reach the threshold again. For h > 2 any current but none explodes.

    Parameters
    ----------
    n : LIF
    dt : array_like
        Step in ms.
    repeated : bool
        Whether the neuron has to fire again and again, and not only once from rest.

    Returns
    -------
    float64 or ndarray
    """
    h = 1.0 - euler_factor(dt, _neuron(n).tau_m)
    lowest = rheobase(n) / np.maximum(h, 1.0)
    if flag("repeated", repeated):
        again = (n.V_th - n.V_reset + h * (n.V_reset - n.E_L)) / (h * n.R)
        lowest = np.where(h > 1.0, np.maximum(lowest, again), lowest)
    return np.where(h > 2.0, 0.0, lowest)[()]


def simulate(
    w_exc, w_inh, R, tau_m, V_rest, V_reset, V_th, I_offset, tau_e, tau_i, t_ref: float, V0, dt: float = 1.0,
    precision: str = "float64", method: str = "exact"
) -> Record:
    """The neuron of `spinnaker.simulate` in floating point, in the order of its steps.

    Parameters
    ----------
    w_exc, w_inh : array_like, shape (steps,) or (steps, neurons)
        Weights in nA that arrive in each step, in all. Parameters are then numbers, or one for each neuron.
    R, tau_m : array_like
        Membrane resistance in MΩ and time constant in ms.
    V_rest, V_reset, V_th : array_like
        In mV. With V_th = inf there are no spikes.
    I_offset : array_like that broadcasts to the shape of `w_exc`
        Current in nA.
    tau_e, tau_i : array_like
        Synaptic time constants in ms.
    t_ref : float
        Refractory period in ms, rounded up to whole steps.
    V0 : array_like
        Potential in mV at the beginning.
    dt : float
        Step in ms.
    precision : {"float64", "float32"}
        With ``"float32"`` the arguments and the factors are rounded to it, and so is the result of every operation.
    method : {"exact", "euler"}
        For the membrane and the synapses. Where the exact method multiplies a weight by its mean over the step, Euler's
        takes it as it is.

    Returns
    -------
    Record
        In mV and nA. A number that would leave the range is held at the largest one of its precision (1.8e308 or 3.4e38)
        and never becomes NaN; `overflows` counts the steps in which that happened.

    References
    ----------
    Rotter & Diesmann (1999), Biological Cybernetics 81: 381, for the exact step.
    """
    one_of("precision", precision, PRECISIONS)
    one_of("method", method, METHODS)
    dt = finite_number("dt", dt, "ms", above=0.0, at_most=LARGEST)
    single = precision == "float32"
    largest = np.finfo(np.float32).max if single else LARGEST

    def given(name, value, unit, **bounds):
        return finite_array(name, value, unit, **{"at_least": -largest, "at_most": largest} | bounds)

    # Factors stay far from the end of either range.
    positive = {"at_least": max(SMALLEST, 1e-9 * dt), "at_most": LARGEST}
    w_exc = given("w_exc", w_exc, "nA")
    shape = w_exc.shape
    w_exc, w_inh, I_offset = _record.inputs(
        w_exc, given("w_inh", w_inh, "nA"), given("I_offset", I_offset, "nA"))
    neurons = w_exc.shape[1]
    V_th = real_array("V_th", V_th, "mV")
    given("V_th", np.where(V_th == np.inf, 0.0, V_th), "mV")
    decays, means = {}, {}
    for name, tau in (("tau_m", tau_m), ("tau_e", tau_e), ("tau_i", tau_i)):
        h = dt / given(name, tau, "ms", **positive)
        decays[name] = elementary.exp.ufunc(-h) if method == "exact" else 1.0 - h
        means[name] = -elementary.expm1.ufunc(-h) / h if method == "exact" else np.ones_like(h)
    rows = {
        "R": given("R", R, "MΩ", at_least=0.0), "tau_m": decays["tau_m"], "V_rest": given("V_rest", V_rest, "mV"),
        "V_reset": given("V_reset", V_reset, "mV"), "V_th": V_th, "tau_e": decays["tau_e"],
        "init_e": means["tau_e"], "tau_i": decays["tau_i"], "init_i": means["tau_i"],
        "t_ref": np.asarray(float(refractory_steps(t_ref, dt)))}
    values = np.array([_record.for_each(name, np.asarray(value), neurons) for name, value in rows.items()])
    state = np.zeros((4, neurons))
    state[0] = _record.for_each("V0", given("V0", V0, "mV"), neurons)
    if single:
        values, state = (array.astype(np.float32).astype(np.float64) for array in (values, state))
    arrays = [np.ascontiguousarray(array, np.float32 if single else np.float64).astype(np.float64)
              for array in (w_exc, w_inh, I_offset)]
    return Record(*_record.run(kernels.floating_point_steps, shape, np.float64, *arrays, values, single, state))
