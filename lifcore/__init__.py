"""lifcore: the leaky integrate-and-fire neuron, computed.

The ground floor `lifcore.kernels` holds compiled functions; the modules above it explain, check and draw.  Importing the
package compiles nothing: numba itself is imported when the first kernel runs.
"""

import importlib

from lifcore.diffusion import isi_cv, log_siegert_rate, siegert_rate, stationary_density
from lifcore.neuron import LIF, chronaxie, firing_rate, rheobase, threshold_current
from lifcore.resonance import optimal_noise
from lifcore.response import spike_spectrum, step_response, susceptibility
from lifcore.simulation import simulate

__version__ = "0.1.0"
__all__ = [
    "LIF", "chronaxie", "firing_rate", "isi_cv", "log_siegert_rate", "optimal_noise", "rheobase", "siegert_rate", "simulate",
    "spike_spectrum", "stationary_density", "step_response", "susceptibility", "threshold_current",
]


def __getattr__(name):
    """Parts that are imported when they are named: `lifcore.hardware.loihi` needs no import of its own."""
    if name in ("grading", "hardware", "live", "network", "policy", "rates", "snn"):
        return importlib.import_module(f"lifcore.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
