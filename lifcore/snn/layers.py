"""The layers a spiking network is made of: what each computes, and the shape it makes of a shape.

A layer says only what it is.  Weights belong to the network (`lifcore.snn.Sequential`), which runs all layers at once.
Shapes are those of one sample at one step: (channels, height, width) or (features,).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from lifcore._validate import finite_number, flag, instance_of, one_of, whole_number
from lifcore.kernels import elementary
from lifcore.snn.surrogate import FastSigmoid, Surrogate

__all__ = ["LI", "LIF", "AvgPool2d", "Conv2d", "Flatten", "Layer", "Linear", "SumPool2d"]

RESETS = ("subtract", "zero")


@dataclass(frozen=True)
class Layer:
    """What all layers have in common; use one of its subclasses."""

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape that comes out where `shape` goes in.

        Raises
        ------
        ValueError
            If the layer cannot take this shape; names the layer, the shape and what it takes.
        """
        return shape

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of each array of weights."""
        return {}

    def _whole(self, **at_least):
        for name, bound in at_least.items():
            object.__setattr__(self, name, whole_number(name, getattr(self, name), bound))

    def _image(self, shape):
        if len(shape) != 3:
            raise ValueError(f"{type(self).__name__} takes a shape (channels, height, width), got {shape}")
        return shape


@dataclass(frozen=True)
class Conv2d(Layer):
    """Convolution with a square kernel and stride 1, in the sense of machine learning: the kernel is not mirrored.

    ::

        y[o, i, j] = bias[o] + sum over c, a, b of weight[o, c, a, b] x[c, i + a - padding, j + b - padding]

    Parameters
    ----------
    in_channels, out_channels : int
        From 1.
    kernel_size : int
        Height and width of the kernel, from 1.
    padding : int
        Rows and columns of zeros around the image, from 0 and smaller than `kernel_size`.
    bias : bool
        Whether a constant is added to each output channel.
    """

    in_channels: int
    out_channels: int
    kernel_size: int = 3
    padding: int = 0
    bias: bool = True

    def __post_init__(self):
        self._whole(in_channels=1, out_channels=1, kernel_size=1, padding=0)
        flag("bias", self.bias)
        if self.padding >= self.kernel_size:
            raise ValueError(f"padding must be less than kernel_size = {self.kernel_size}, got {self.padding}")

    def output_shape(self, shape):
        channels, height, width = self._image(shape)
        grown = 2 * self.padding - self.kernel_size + 1
        if channels != self.in_channels or min(height, width) + grown < 1:
            raise ValueError(
                f"Conv2d takes {self.in_channels} channels of at least {1 - grown} by {1 - grown} pixels, got {shape}")
        return self.out_channels, height + grown, width + grown

    def weight_shapes(self):
        shapes = {"weight": (self.out_channels, self.in_channels, self.kernel_size, self.kernel_size)}
        return shapes | {"bias": (self.out_channels,)} if self.bias else shapes


@dataclass(frozen=True)
class Linear(Layer):
    """y = weight x + bias.

    Parameters
    ----------
    in_features, out_features : int
        From 1.
    bias : bool
        Whether a constant is added.
    """

    in_features: int
    out_features: int
    bias: bool = True

    def __post_init__(self):
        self._whole(in_features=1, out_features=1)
        flag("bias", self.bias)

    def output_shape(self, shape):
        if shape != (self.in_features,):
            hint = ": put a Flatten() before it" if len(shape) == 3 and math.prod(shape) == self.in_features else ""
            raise ValueError(f"Linear takes a shape ({self.in_features},), got {shape}{hint}")
        return (self.out_features,)

    def weight_shapes(self):
        shapes = {"weight": (self.out_features, self.in_features)}
        return shapes | {"bias": (self.out_features,)} if self.bias else shapes


@dataclass(frozen=True)
class Flatten(Layer):
    """All values in one row, the last index first to change."""

    def output_shape(self, shape):
        return (math.prod(shape),)


@dataclass(frozen=True)
class _Pool2d(Layer):
    """Squares of kernel_size by kernel_size pixels become one; rows and columns that fill no square are left out."""

    kernel_size: int = 2

    def __post_init__(self):
        self._whole(kernel_size=1)

    def output_shape(self, shape):
        channels, height, width = self._image(shape)
        if min(height, width) < self.kernel_size:
            raise ValueError(
                f"{type(self).__name__} takes at least {self.kernel_size} by {self.kernel_size} pixels, got {shape}")
        return channels, height // self.kernel_size, width // self.kernel_size


@dataclass(frozen=True)
class SumPool2d(_Pool2d):
    """The sum of each square, which of spikes is a count.

    Parameters
    ----------
    kernel_size : int
        Height and width of the square, from 1; also the distance from one to the next. Rows and columns at the end that
        fill no square are left out.
    """


@dataclass(frozen=True)
class AvgPool2d(_Pool2d):
    """The mean of each square. It makes graded values of spikes, which then cost products and no longer only additions.

    Parameters
    ----------
    kernel_size : int
        As in `SumPool2d`.
    """


@dataclass(frozen=True)
class LIF(Layer):
    """Leaky integrate-and-fire neurons in steps of dt, one for each value that comes in.

    ::

        V[t] = beta V[t-1] + I[t] - threshold s[t-1]          reset_mechanism "subtract"
        V[t] = beta V[t-1] (1 - s[t-1]) + I[t]                reset_mechanism "zero"
        s[t] = H(V[t] - threshold),  H(u) = 1 for u > 0, else 0;   V[-1] = s[-1] = 0

    It is the membrane equation with E_L = 0, the step solved exactly for an input that is constant within it, and the
    factor 1 - beta taken into the weights: beta = exp(-dt/tau).

    Parameters
    ----------
    beta : float
        What is left of V after a step, from 0 to 1. Give it, or `tau` and `dt`.
    threshold : float
        Greater than 0, in the unit of V.
    reset_mechanism : {"subtract", "zero"}
        What a spike does to V in the next step.
    surrogate : Surrogate
        Takes the place of the derivative of H.
    detach_reset : bool
        Whether the backward pass leaves out that the reset depends on the spike.
    tau, dt : float, optional
        Time constant and step, both in ms.
    """

    beta: float | None = None
    threshold: float = 1.0
    reset_mechanism: str = "subtract"
    surrogate: Surrogate = field(default_factory=FastSigmoid)
    detach_reset: bool = True
    tau: float | None = None
    dt: float | None = None

    def __post_init__(self):
        _set_beta(self)
        object.__setattr__(self, "threshold", finite_number("threshold", self.threshold, "", above=0.0))
        one_of("reset_mechanism", self.reset_mechanism, RESETS)
        instance_of("surrogate", self.surrogate, Surrogate, "a lifcore.snn.Surrogate such as FastSigmoid()")
        flag("detach_reset", self.detach_reset)


@dataclass(frozen=True)
class LI(Layer):
    """Leaky integrators, V[t] = beta V[t-1] + I[t]: membranes that never spike, for the last layer.

    Parameters
    ----------
    beta, tau, dt : float
        As in `LIF`.
    """

    beta: float | None = None
    tau: float | None = None
    dt: float | None = None

    def __post_init__(self):
        _set_beta(self)


def _set_beta(layer):
    if layer.beta is not None:
        if layer.tau is not None or layer.dt is not None:
            raise ValueError("give either beta or tau and dt, got both")
        beta = finite_number("beta", layer.beta, "", at_least=0.0, at_most=1.0)
    elif layer.tau is None or layer.dt is None:
        raise ValueError("give beta, or tau and dt in ms")
    else:
        dt, tau = (finite_number(name, getattr(layer, name), "ms", above=0.0) for name in ("dt", "tau"))
        # Not the exp of this machine's library: a trained network has the same bits everywhere.
        beta = elementary.exp(-dt / tau)
    object.__setattr__(layer, "beta", beta)
    object.__setattr__(layer, "tau", None)
    object.__setattr__(layer, "dt", None)
