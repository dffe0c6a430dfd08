"""Layers: the shapes they make, their constants, and what they refuse."""

import itertools
import math

import pytest

from lifcore.snn import LI, LIF, ATan, AvgPool2d, Conv2d, FastSigmoid, Flatten, Linear, SumPool2d
from lifcore.snn.layers import Layer


def test_shapes_are_those_of_sliding_a_window():
    """Counted: where a window of k pixels fits into n + 2 p of them, and how many squares of k fit side by side."""
    for k, padding, height, width in itertools.product((1, 2, 3, 7), (0, 1, 2), (7, 8), (9, 12)):
        if padding < k:
            places = [sum(start + k <= n + 2 * padding for start in range(n + 2 * padding)) for n in (height, width)]
            assert Conv2d(2, 5, k, padding).output_shape((2, height, width)) == (5, *places)
        squares = [len([start for start in range(0, n, k) if start + k <= n]) for n in (height, width)]
        for pool in (SumPool2d, AvgPool2d):
            assert pool(k).output_shape((3, height, width)) == (3, *squares)
    assert Flatten().output_shape((3, 4, 5)) == (60,) and Flatten().output_shape((7,)) == (7,)
    assert Linear(6, 2).output_shape((6,)) == (2,)
    for neurons in (LIF(0.9), LI(0.9)):
        assert neurons.output_shape((3, 4, 5)) == (3, 4, 5) and neurons.weight_shapes() == {}


def test_weights_have_the_shapes_of_pytorch():
    assert Conv2d(2, 5, 3).weight_shapes() == {"weight": (5, 2, 3, 3), "bias": (5,)}
    assert Conv2d(2, 5, 4, bias=False).weight_shapes() == {"weight": (5, 2, 4, 4)}
    assert Linear(6, 2).weight_shapes() == {"weight": (2, 6), "bias": (2,)}
    assert Linear(6, 2, False).weight_shapes() == {"weight": (2, 6)}


def test_beta_is_what_is_left_after_a_step():
    """exp(-dt/tau): after tau ln 2 one half; the same neuron whichever way it is given."""
    assert LIF(tau=20.0, dt=20.0 * math.log(2.0)).beta == pytest.approx(0.5, rel=1e-15)
    assert LI(tau=5.0, dt=5.0).beta == pytest.approx(1.0 / math.e, rel=1e-15)
    given = LIF(tau=20.0, dt=1.0)
    assert given == LIF(given.beta) and hash(given) == hash(LIF(given.beta)) and given.tau is None
    assert LIF(0.9) != LIF(0.9, surrogate=ATan()) and LIF(0.9) == LIF(0.9, surrogate=FastSigmoid())
    with pytest.raises(AttributeError):
        given.beta = 0.3


@pytest.mark.parametrize("make, error, message", [
    (lambda: Conv2d(0, 1), ValueError, "in_channels must be a whole number of at least 1, got 0"),
    (lambda: Conv2d(1, 2.0), TypeError, "out_channels must be a whole number"),
    (lambda: Conv2d(1, 1, 0), ValueError, "kernel_size must be a whole number of at least 1"),
    (lambda: Conv2d(1, 1, (3, 3)), TypeError, "kernel_size must be a whole number"),
    (lambda: Conv2d(1, 1, 3, -1), ValueError, "padding must be a whole number of at least 0"),
    (lambda: Conv2d(1, 1, 3, 3), ValueError, "padding must be less than kernel_size = 3, got 3"),
    (lambda: Conv2d(1, 1, bias=1), TypeError, "bias must be True or False, got 1"),
    (lambda: Linear(3, 0), ValueError, "out_features must be a whole number of at least 1"),
    (lambda: Linear(3, 2, None), TypeError, "bias must be True or False"),
    (lambda: SumPool2d(0), ValueError, "kernel_size must be a whole number of at least 1"),
    (lambda: AvgPool2d(1.5), TypeError, "kernel_size must be a whole number"),
    (lambda: LIF(), ValueError, "give beta, or tau and dt in ms"),
    (lambda: LIF(tau=3.0), ValueError, "give beta, or tau and dt in ms"),
    (lambda: LIF(0.9, tau=3.0, dt=1.0), ValueError, "give either beta or tau and dt, got both"),
    (lambda: LIF(1.1), ValueError, "beta must be finite and at least 0 and at most 1"),
    (lambda: LIF(-0.1), ValueError, "beta must be"),
    (lambda: LI(math.nan), ValueError, "beta must be"),
    (lambda: LIF(tau=0.0, dt=1.0), ValueError, "tau must be finite and greater than 0 ms"),
    (lambda: LI(tau=1.0, dt=-1.0), ValueError, "dt must be finite and greater than 0 ms"),
    (lambda: LIF(0.9, 0.0), ValueError, "threshold must be finite and greater than 0"),
    (lambda: LIF(0.9, 1.0, "none"), ValueError, "reset_mechanism must be one of 'subtract', 'zero', got 'none'"),
    (lambda: LIF(0.9, surrogate="ATan"), TypeError, "surrogate must be a lifcore.snn.Surrogate such as"),
    (lambda: LIF(0.9, surrogate=ATan), TypeError, "surrogate must be"),
    (lambda: LIF(0.9, detach_reset=0), TypeError, "detach_reset must be True or False"),
    (lambda: Conv2d(2, 3).output_shape((3, 8, 8)), ValueError, r"Conv2d takes 2 channels.*got \(3, 8, 8\)"),
    (lambda: Conv2d(2, 3, 5, 1).output_shape((2, 8, 2)), ValueError, "of at least 3 by 3 pixels"),
    (lambda: Conv2d(2, 3).output_shape((18,)), ValueError, r"takes a shape \(channels, height, width\), got \(18,\)"),
    (lambda: SumPool2d(2).output_shape((18,)), ValueError, r"SumPool2d takes a shape \(channels, height, width\)"),
    (lambda: AvgPool2d(4).output_shape((1, 3, 9)), ValueError, "AvgPool2d takes at least 4 by 4 pixels"),
    (lambda: Linear(8, 2).output_shape((2, 2, 2)), ValueError, r"put a Flatten\(\) before it"),
    (lambda: Linear(8, 2).output_shape((9,)), ValueError, r"Linear takes a shape \(8,\), got \(9,\)$"),
])
def test_what_cannot_be_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_layer_of_no_kind_does_nothing():
    assert Layer().output_shape((3,)) == (3,) and Layer().weight_shapes() == {}
