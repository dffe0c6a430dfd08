"""lifcore: the leaky integrate-and-fire neuron, computed.

The ground floor `lifcore.kernels` holds compiled functions; the modules above it explain, check and draw.  Importing the
package compiles nothing: numba itself is imported when the first kernel runs.
"""

from lifcore.neuron import LIF, chronaxie, firing_rate, rheobase, threshold_current
from lifcore.simulation import simulate

__version__ = "0.1.0"
__all__ = ["LIF", "chronaxie", "firing_rate", "rheobase", "simulate", "threshold_current"]
