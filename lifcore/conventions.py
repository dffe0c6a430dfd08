"""The same neuron in the words and units of other programs and texts.

    C_m = tau_m / R,   g_L = 1 / R,   beta = exp(-dt / tau_m)
    D = sigma**2 / (2 (V_th - V_reset)**2),   s = sigma / sqrt(tau_m),   deviation = sigma / sqrt(2)

Each conversion has its inverse; a neuron that goes there and back is the same neuron.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from lifcore._validate import finite_array, finite_number, instance_of
from lifcore.neuron import LIF, _neuron

__all__ = [
    "decay_factor", "from_conductance", "from_deviation", "from_diffusion", "from_dimensionless", "from_nest", "time_constant",
    "to_conductance", "to_deviation", "to_diffusion", "to_dimensionless", "to_nest",
]

NEST_PARAMETERS = ("C_m", "tau_m", "E_L", "V_th", "V_reset", "t_ref")


def to_conductance(n: LIF) -> tuple[float, float]:
    """Capacitance and leak conductance, for C_m dV/dt = -g_L (V - E_L) + I.

    Parameters
    ----------
    n : LIF

    Returns
    -------
    C_m, g_L : float
        In pF and nS, the usual units of texts that write the membrane in this form.
    """
    _neuron(n)
    return 1000.0 * n.C, 1000.0 / n.R


def from_conductance(C_m: float, g_L: float, **others) -> LIF:
    """The neuron with a given capacitance and leak conductance.

    Parameters
    ----------
    C_m : float
        Membrane capacitance in pF, positive.
    g_L : float
        Leak conductance in nS, positive.
    **others : float
        E_L, V_th, V_reset, t_ref as in `LIF`.

    Returns
    -------
    LIF
        With tau_m = C_m / g_L and R = 1000 / g_L.
    """
    C_m = finite_number("C_m", C_m, "pF", above=0.0)
    g_L = finite_number("g_L", g_L, "nS", above=0.0)
    return LIF().replace(tau_m=C_m / g_L, R=1000.0 / g_L, **others)


def to_nest(n: LIF) -> dict[str, float]:
    """Parameters of NEST's models ``iaf_psc_delta``, ``iaf_psc_exp`` and ``iaf_psc_alpha``.

    Parameters
    ----------
    n : LIF

    Returns
    -------
    dict
        C_m in pF, tau_m and t_ref in ms, potentials in mV. Currents for these models are in pA: 1000 times those in nA.
    """
    _neuron(n)
    return {"C_m": 1000.0 * n.C, "tau_m": n.tau_m, "E_L": n.E_L, "V_th": n.V_th, "V_reset": n.V_reset, "t_ref": n.t_ref}


def from_nest(parameters: dict[str, float]) -> LIF:
    """The neuron with NEST's parameters.

    Parameters
    ----------
    parameters : dict
        C_m in pF, tau_m and t_ref in ms, E_L, V_th and V_reset in mV: all six, and nothing else.

    Returns
    -------
    LIF
    """
    instance_of("parameters", parameters, Mapping, "a dict")
    if set(parameters) != set(NEST_PARAMETERS):
        raise ValueError(
            f"parameters must have exactly {', '.join(NEST_PARAMETERS)}, got {', '.join(sorted(map(str, parameters)))}")
    others = dict(parameters)
    C_m = finite_number("C_m", others.pop("C_m"), "pF", above=0.0)
    tau_m = finite_number("tau_m", others.pop("tau_m"), "ms", above=0.0)
    return LIF(tau_m=tau_m, R=1000.0 * tau_m / C_m, **others)


def decay_factor(tau_m: float, dt: float) -> float:
    """The factor beta by which a step of dt shrinks the distance from the steady state, as snnTorch's ``Leaky`` wants it.

    Parameters
    ----------
    tau_m : float
        Membrane time constant in ms, positive.
    dt : float
        Time step in ms, positive.

    Returns
    -------
    float
        exp(-dt / tau_m).
    """
    tau_m = finite_number("tau_m", tau_m, "ms", above=0.0)
    return math.exp(-finite_number("dt", dt, "ms", above=0.0) / tau_m)


def time_constant(beta: float, dt: float) -> float:
    """The membrane time constant that a decay factor stands for.

    Parameters
    ----------
    beta : float
        Decay factor, between 0 and 1.
    dt : float
        Time step in ms, positive.

    Returns
    -------
    float
        -dt / log(beta) in ms.
    """
    beta = finite_number("beta", beta, "", above=0.0)
    if beta >= 1.0:
        raise ValueError(f"beta must be less than 1, got {beta:g}: a membrane with beta = 1 has no leak")
    return -finite_number("dt", dt, "ms", above=0.0) / math.log(beta)


def to_deviation(sigma) -> np.ndarray | np.float64:
    """Standard deviation of the free membrane, which is also the sigma' of the form with sqrt(2 tau_m) sigma' eta(t).

    Parameters
    ----------
    sigma : array_like
        Amplitude of the noise in mV, at least 0, as everywhere in the course.

    Returns
    -------
    ndarray or float64
        sigma / sqrt(2) in mV, in the shape of `sigma`.
    """
    return (finite_array("sigma", sigma, "mV", at_least=0.0) / math.sqrt(2.0))[()]


def from_deviation(deviation) -> np.ndarray | np.float64:
    """Amplitude of the noise that gives the free membrane a standard deviation.

    Parameters
    ----------
    deviation : array_like
        mV, at least 0; or the sigma' of the form with sqrt(2 tau_m) sigma' eta(t).

    Returns
    -------
    ndarray or float64
        sqrt(2) deviation in mV, in the shape of `deviation`.
    """
    return (math.sqrt(2.0) * finite_array("deviation", deviation, "mV", at_least=0.0))[()]


def to_diffusion(n: LIF, sigma) -> np.ndarray | np.float64:
    """The factor s of a Wiener process, for dV = (E_L + mu - V) / tau_m dt + s dW.

    Parameters
    ----------
    n : LIF
    sigma : array_like
        Amplitude of the noise in mV, at least 0.

    Returns
    -------
    ndarray or float64
        sigma / sqrt(tau_m) in mV per root of ms, in the shape of `sigma`.
    """
    _neuron(n)
    return (finite_array("sigma", sigma, "mV", at_least=0.0) / math.sqrt(n.tau_m))[()]


def from_diffusion(n: LIF, s) -> np.ndarray | np.float64:
    """Amplitude of the noise from the factor of a Wiener process.

    Parameters
    ----------
    n : LIF
    s : array_like
        mV per root of ms, at least 0.

    Returns
    -------
    ndarray or float64
        s sqrt(tau_m) in mV, in the shape of `s`.
    """
    _neuron(n)
    return (finite_array("s", s, "mV/sqrt(ms)", at_least=0.0) * math.sqrt(n.tau_m))[()]


def to_dimensionless(n: LIF, mu, sigma) -> tuple[np.ndarray | np.float64, np.ndarray | np.float64]:
    """Drive and noise intensity of dv/dt = -v + m + sqrt(2 D) xi(t), with threshold 1, reset 0 and time in units of tau_m.

    Parameters
    ----------
    n : LIF
    mu : array_like
        Mean drive in mV above E_L.
    sigma : array_like
        Amplitude of the noise in mV, at least 0.

    Returns
    -------
    m, D : ndarray or float64
        (E_L + mu - V_reset) / (V_th - V_reset) and sigma**2 / (2 (V_th - V_reset)**2), without a unit. The refractory
        period becomes t_ref / tau_m, and a rate in Hz 1000 / tau_m times that in the new unit of time.

    References
    ----------
    Lindner & Schimansky-Geier (2001), Physical Review Letters 86: 2934.
    """
    _neuron(n)
    mu, sigma = finite_array("mu", mu, "mV"), finite_array("sigma", sigma, "mV", at_least=0.0)
    unit = n.V_th - n.V_reset
    return ((n.E_L - n.V_reset + mu) / unit)[()], (0.5 * (sigma / unit) ** 2)[()]


def from_dimensionless(n: LIF, m, D) -> tuple[np.ndarray | np.float64, np.ndarray | np.float64]:
    """Drive and noise amplitude in mV from those of the dimensionless form.

    Parameters
    ----------
    n : LIF
    m : array_like
        Drive, in units of V_th - V_reset above V_reset.
    D : array_like
        Noise intensity, at least 0.

    Returns
    -------
    mu, sigma : ndarray or float64
        In mV.
    """
    _neuron(n)
    m, D = finite_array("m", m, ""), finite_array("D", D, "", at_least=0.0)
    unit = n.V_th - n.V_reset
    return (n.V_reset - n.E_L + m * unit)[()], (np.sqrt(2.0 * D) * unit)[()]
