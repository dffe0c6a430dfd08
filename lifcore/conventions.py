"""The same neuron in the words and units of other programs and texts.

    C_m = tau_m / R,   g_L = 1 / R,   beta = exp(-dt / tau_m)

Each conversion has its inverse; a neuron that goes there and back is the same neuron.
"""

from __future__ import annotations

import math

from lifcore._validate import finite_number
from lifcore.neuron import LIF, _neuron

__all__ = ["decay_factor", "from_conductance", "from_nest", "time_constant", "to_conductance", "to_nest"]

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
    if set(parameters) != set(NEST_PARAMETERS):
        raise ValueError(f"parameters must have exactly {', '.join(NEST_PARAMETERS)}, got {', '.join(sorted(parameters))}")
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
    beta = finite_number("beta", beta, "(no unit)", above=0.0)
    if beta >= 1.0:
        raise ValueError(f"beta must be less than 1, got {beta:g}: a membrane with beta = 1 has no leak")
    return -finite_number("dt", dt, "ms", above=0.0) / math.log(beta)
