"""One neuron on five machines, each with its own arithmetic.

    from lifcore import LIF
    from lifcore.hardware import realise
    machine = realise(LIF(), "loihi", dt=1.0)
    machine.parameters            # the words that Loihi holds
    machine.tau_m                 # ms that result from them
    machine.respond(0.3, 200.0).spike_times

Each machine's module has its exact arithmetic on words, as `lifcore.hardware.loihi.simulate`, and `realise`, which
chooses the words for a neuron in physical units.  `comparison` runs all of them on one current; `published` has what
others measured of their energy and speed, and `energy` how energy per event depends on the load.
"""

from __future__ import annotations

import importlib

from lifcore._validate import one_of
from lifcore.hardware._machine import Machine, Response

MODULES = (
    "analog", "truenorth", "loihi", "spinnaker", "processor", "fixed_point", "floating_point", "comparison", "energy",
    "published", "circuit",
)
__all__ = ["MACHINES", "Machine", "Response", "realise"]

MACHINES = {
    "brainscales": "analog",
    "truenorth": "truenorth",
    "loihi": "loihi",
    "spinnaker": "spinnaker",
    "processor": "processor",
}


def realise(n, machine: str, dt: float = 1.0, **options) -> Machine:
    """A neuron as a machine holds it.

    Parameters
    ----------
    n : LIF
    machine : str
        "brainscales", "truenorth", "loihi", "spinnaker", or "processor" for float64 and the exact solution.
    dt : float
        Step in ms of biological time.
    options
        What the machine's own `realise` takes besides.

    Returns
    -------
    Machine
    """
    home = MACHINES[one_of("machine", machine, MACHINES)]
    return importlib.import_module(f"lifcore.hardware.{home}").realise(n, dt=dt, **options)


def __getattr__(name):
    if name in MODULES:
        return importlib.import_module(f"lifcore.hardware.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join([*__all__, *MODULES])}")


def __dir__():
    return [*__all__, *MODULES]
