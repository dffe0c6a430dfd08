"""What the still images of several chapters share: colours by role, names at the ends of lines, a membrane's trace."""

from __future__ import annotations

import numpy as np

from lifcore.live.identity import ROLES

__all__ = ["SPIKE_TOP", "color", "draw_membrane", "name_line", "samples"]

SPIKE_TOP = -30.0  # mV; a spike has no height in this model, so any will do


def color(role: str) -> str:
    """The colour of a role on paper."""
    return ROLES[role].light


def name_line(axes, y, text, role, lift=0.0):
    """A label at the right end of a line, as in the page; `lift` in points keeps it off its neighbour."""
    axes.annotate(
        text, (1.0, y), xycoords=("axes fraction", "data"), xytext=(5, lift), textcoords="offset points", va="center",
        color=color(role), annotation_clip=False)


def samples(duration, dt) -> np.ndarray:
    """Room for a value at each multiple of dt, both ends included."""
    return np.zeros(round(duration / dt) + 1)


def draw_membrane(axes, n, t, V, spikes):
    """A potential with its spikes and the threshold, from -75 to -25 mV."""
    # A little of the rest before the first sample, where the axis shows it.
    axes.plot(np.append([t[0] - 20.0, t[0]], t), np.append([V[0], V[0]], V), color=color("membrane"))
    axes.vlines(spikes, n.V_th, SPIKE_TOP, color=color("spike"), linewidth=1.3)
    axes.axhline(n.V_th, color=color("threshold"), linewidth=1.1)
    name_line(axes, n.V_th, "$V_{th}$", "threshold")
    axes.set(ylim=(-75.0, -25.0), ylabel="V (mV)")
