"""Surrogate derivatives: what the backward pass puts in place of the derivative of a spike.

A spike is s = H(u), u = V - V_th.  Its derivative is 0 for every u but 0, so nothing can be learned from it.  The
backward pass takes the derivative of a smooth function f(u) instead, the forward pass keeps H(u).  Each class here is
one such f: ``derivative(u)`` is f'(u), ``smoothed(u)`` is f(u).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from lifcore._validate import finite_array, finite_number
from lifcore.kernels import snn_surrogates

__all__ = ["ATan", "FastSigmoid", "Sigmoid", "StraightThrough", "Surrogate", "Triangular"]

SMALLEST, LARGEST = 1e-30, 1e18


@dataclass(frozen=True)
class Surrogate:
    """What all surrogates have in common; use one of its subclasses. Their parameters are from 1e-30 to 1e18.

    Attributes
    ----------
    kind : int
        Number by which the kernels know it.
    """

    kind: ClassVar[int]

    def __post_init__(self):
        if type(self) is Surrogate:
            raise TypeError(
                "Surrogate has no formula of its own: use FastSigmoid, ATan, Triangular, Sigmoid or StraightThrough")
        for field in fields(self):
            # Beyond these, products of them would leave the range of float32.
            value = finite_number(field.name, getattr(self, field.name), "", at_least=SMALLEST, at_most=LARGEST)
            object.__setattr__(self, field.name, value)

    @property
    def area(self) -> float:
        """Integral of f', by how much f rises in all: 1 if f can be the probability of a spike."""
        raise NotImplementedError(f"{type(self).__name__} must say what its area is")

    @property
    def constants(self) -> tuple[float, float]:
        """The two numbers that the kernels compute it from."""
        given = [getattr(self, field.name) for field in fields(self)]
        return tuple(given + [0.0, 0.0])[:2]

    def derivative(self, u):
        """f'(u).

        Parameters
        ----------
        u : array_like
            Distance from threshold, V - V_th, in units of the threshold's scale.

        Returns
        -------
        float or numpy.ndarray
            Of the shape of `u`.
        """
        return self._apply(snn_surrogates.derivatives, u)

    def smoothed(self, u):
        """f(u), with f(0) = 1/2: the smooth function that is differentiated.

        Parameters
        ----------
        u : array_like
            As in `derivative`.

        Returns
        -------
        float or numpy.ndarray
            Of the shape of `u`.
        """
        return self._apply(snn_surrogates.smoothed, u)

    def _apply(self, formula, u):
        given = finite_array("u", u, "")
        flat, found = np.array(given.ravel()), np.empty(given.size)
        formula(flat, 0.0, self.kind, *self.constants, found)
        return found.reshape(given.shape) if given.ndim else float(found[0])


@dataclass(frozen=True)
class FastSigmoid(Surrogate):
    """f'(u) = 1 / (1 + k abs(u))**2, the derivative of a fast sigmoid, as SuperSpike has it (Zenke & Ganguli 2018).

    Its height is 1 whatever k is, so that f rises by 2/k and not by 1.

    Parameters
    ----------
    slope : float
        k, without unit; f is steep within 1/k of the threshold.

    References
    ----------
    F. Zenke, S. Ganguli, SuperSpike: supervised learning in multilayer spiking neural networks, Neural Computation 30
    (2018), 1514-1541.
    """

    slope: float = 25.0
    kind: ClassVar[int] = 0

    @property
    def area(self):
        return 2.0 / self.slope


@dataclass(frozen=True)
class ATan(Surrogate):
    """f'(u) = (alpha/2) / (1 + (pi alpha u / 2)**2), the derivative of an arc tangent (Fang et al. 2021).

    Parameters
    ----------
    alpha : float
        Without unit; alpha/2 is the height at the threshold. Fang et al. have 2.

    References
    ----------
    W. Fang, Z. Yu, Y. Chen, T. Masquelier, T. Huang, Y. Tian, Incorporating learnable membrane time constant to enhance
    learning of spiking neural networks, ICCV 2021, 2661-2671.
    """

    alpha: float = 2.0
    kind: ClassVar[int] = 1

    @property
    def area(self):
        return 1.0


@dataclass(frozen=True)
class Triangular(Surrogate):
    """f'(u) = height max(0, 1 - abs(u)/width): a triangle around the threshold (Esser et al. 2016; Bellec et al. 2018).

    Parameters
    ----------
    width : float
        Where it reaches 0, on either side.
    height : float
        At the threshold; Bellec et al. dampen it to 0.3.

    References
    ----------
    S. K. Esser et al., Convolutional networks for fast, energy-efficient neuromorphic computing, PNAS 113 (2016),
    11441-11446.
    G. Bellec, D. Salaj, A. Subramoney, R. Legenstein, W. Maass, Long short-term memory and learning-to-learn in
    networks of spiking neurons, NeurIPS 31 (2018).
    """

    width: float = 1.0
    height: float = 1.0
    kind: ClassVar[int] = 2

    @property
    def area(self):
        return self.width * self.height


@dataclass(frozen=True)
class Sigmoid(Surrogate):
    """f'(u) = k f (1 - f) with f = 1/(1 + exp(-k u)), the derivative of a logistic function.

    Zenke & Vogels (2021) leave out the first factor k.

    Parameters
    ----------
    slope : float
        k, without unit; k/4 is the height at the threshold.

    References
    ----------
    F. Zenke, T. P. Vogels, The remarkable robustness of surrogate gradient learning for instilling complex function in
    spiking neural networks, Neural Computation 33 (2021), 899-925.
    """

    slope: float = 25.0
    kind: ClassVar[int] = 3

    @property
    def area(self):
        return 1.0


@dataclass(frozen=True)
class StraightThrough(Surrogate):
    """f'(u) = 1: the backward pass takes no notice of the threshold (Bengio, Léonard & Courville 2013).

    References
    ----------
    Y. Bengio, N. Léonard, A. Courville, Estimating or propagating gradients through stochastic neurons for conditional
    computation, arXiv:1308.3432 (2013).
    """

    kind: ClassVar[int] = 4

    @property
    def area(self):
        return math.inf
