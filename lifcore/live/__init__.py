"""Figures that live in a notebook and in the built page alike.

Each is a widget whose parameters are traits: Python sets and reads them, the reader drags them, and the page computes
with the same compiled kernels, with no kernel process behind it::

    from lifcore.live import MembraneTrace
    figure = MembraneTrace(I=0.25)
    figure                      # shows it
    figure.I = 0.3              # the slider follows
    figure.readouts()           # the numbers under the picture

Importing `lifcore` imports none of this, and importing `lifcore.live` imports a figure only when it is named.
"""

from __future__ import annotations

import importlib

HOMES = {
    "FirstSpike": "lifcore.live.intro",
    "MembraneTrace": "lifcore.live.neuron",
    "FICurve": "lifcore.live.neuron",
    "StrengthDuration": "lifcore.live.neuron",
    "LightResponse": "lifcore.live.neuron",
    "Cloud": "lifcore.live.cloud",
    "StationaryDensity": "lifcore.live.cloud",
    "RateResponse": "lifcore.live.cloud",
    "Bombardment": "lifcore.live.noise",
    "Intervals": "lifcore.live.noise",
    "MissedCrossings": "lifcore.live.noise",
    "HiddenSignal": "lifcore.live.resonance",
    "RefractoryPhase": "lifcore.live.resonance",
    "ResonanceCurve": "lifcore.live.resonance",
    "Calibration": "lifcore.live.analog",
    "SiliconMembrane": "lifcore.live.analog",
    "FiveMachines": "lifcore.live.tradeoff",
    "TradeOff": "lifcore.live.tradeoff",
    "EulerStability": "lifcore.live.manycore",
    "RealisedTimeConstant": "lifcore.live.manycore",
    "SpikeShift": "lifcore.live.manycore",
    "DeadZone": "lifcore.live.digital",
    "Overflow": "lifcore.live.digital",
    "FalseSpike": "lifcore.live.digital",
    "Anytime": "lifcore.live.cnn",
    "DrawDigit": "lifcore.live.cnn",
    "EnergyClaim": "lifcore.live.cnn",
    "EventStream": "lifcore.live.cnn",
    "DeadGradient": "lifcore.live.surrogate",
    "Surrogates": "lifcore.live.surrogate",
    "GradientThroughTime": "lifcore.live.surrogate",
    "ThreeLosses": "lifcore.live.surrogate",
    "BalancePole": "lifcore.live.policy",
    "LearningCurve": "lifcore.live.policy",
    "HiddenVelocity": "lifcore.live.policy",
    "BalancedNetwork": "lifcore.live.network",
    "SelfConsistency": "lifcore.live.network",
    "SlowInput": "lifcore.live.rates",
    "PhasePlane": "lifcore.live.rates",
    "NyquistCurve": "lifcore.live.limits",
    "ThreeWays": "lifcore.live.limits",
    "LiveFigure": "lifcore.live._figure",
    "use_style": "lifcore.live.identity",
}

__all__ = [
    "Anytime", "BalancePole", "BalancedNetwork", "Bombardment", "Calibration", "Cloud", "DeadGradient", "DeadZone",
    "DrawDigit", "EnergyClaim", "EulerStability", "EventStream", "FICurve", "FalseSpike", "FirstSpike", "FiveMachines",
    "GradientThroughTime", "HiddenSignal", "HiddenVelocity", "Intervals", "LearningCurve", "LightResponse",
    "LiveFigure", "MembraneTrace", "MissedCrossings", "NyquistCurve", "Overflow", "PhasePlane", "RateResponse",
    "RealisedTimeConstant", "RefractoryPhase", "ResonanceCurve", "SelfConsistency", "SiliconMembrane", "SlowInput",
    "SpikeShift", "StationaryDensity", "StrengthDuration", "Surrogates", "ThreeLosses", "ThreeWays", "TradeOff",
    "use_style",
]


def __getattr__(name):
    if name in HOMES:
        return getattr(importlib.import_module(HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__():
    return __all__
