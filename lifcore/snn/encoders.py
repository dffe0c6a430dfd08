"""How a number becomes spikes: by their rate, by the time of the first, or by what a camera sees of a moving image."""

from __future__ import annotations

import numpy as np

from lifcore._validate import finite_array, finite_number, whole_number
from lifcore.kernels import elementary, event_camera, random
from lifcore.simulation import _seed
from lifcore.snn.events import Events

__all__ = ["latency_code", "rate_code", "saccades"]

LARGEST_SENSOR, MOST_SAMPLES = 1024, 100_000


def rate_code(x, steps: int, peak: float = 1.0, rng=0) -> np.ndarray:
    """A spike at each step with probability `peak` x, whatever happened before: the value is the rate.

    Parameters
    ----------
    x : array_like, shape (samples, ...)
        Values from 0 to 1.
    steps : int
        From 1.
    peak : float
        Probability of a spike where x is 1, from 0 to 1.
    rng : int or numpy.random.Generator
        Seed, or the generator that draws one. The same seed gives the same spikes everywhere.

    Returns
    -------
    ndarray of float32, shape (samples, steps, ...)
        Zeros and ones; mean peak x, variance peak x (1 - peak x).
    """
    x = _samples(x)
    steps = whole_number("steps", steps, at_least=1)
    peak = finite_number("peak", peak, "", at_least=0.0, at_most=1.0)
    seed = _seed(rng)
    spikes = np.empty((len(x), steps, *x.shape[1:]), np.float32)
    values = x[0].size
    stream, numbers = np.empty((4, values), np.uint32), np.empty((steps, values), np.uint32)
    for k, sample in enumerate(x):
        random.seed_streams(seed, k * values, stream)
        random.random_words(stream, numbers)
        # A probability of 1 is above all words, one of 0 above none.
        spikes[k] = (numbers < 2.0**32 * (peak * sample.ravel())).reshape(steps, *x.shape[1:])
    return spikes


def latency_code(x, steps: int, tau: float | None = None, threshold: float = 0.2) -> np.ndarray:
    """One spike a value, the earlier the greater it is: that of a LIF neuron that is driven by the value from rest.

    ::

        tau dV/dt = x - V, V(0) = 0, reaches the threshold at   t = tau log(x / (x - threshold))

    The spike is in step floor(t). A value not above the threshold never fires, and one that fires after the last step is
    left out.

    Parameters
    ----------
    x : array_like, shape (samples, ...)
        Values from 0 to 1.
    steps : int
        From 1.
    tau : float, optional
        Time constant in steps, greater than 0; half the steps if not given.
    threshold : float
        Greater than 0 and at most 1.

    Returns
    -------
    ndarray of float32, shape (samples, steps, ...)
        Zeros and ones.
    """
    x = _samples(x)
    steps = whole_number("steps", steps, at_least=1)
    tau = 0.5 * steps if tau is None else finite_number("tau", tau, "steps", above=0.0)
    threshold = finite_number("threshold", threshold, "", above=0.0, at_most=1.0)
    above = x > threshold
    t = np.full(x.shape, np.inf)
    t[above] = tau * elementary.log.ufunc(x[above] / (x[above] - threshold))
    return (np.floor(t)[:, None] == np.arange(steps).reshape(-1, *[1] * (x.ndim - 1))).astype(np.float32)


def saccades(
    images, sensor: int = 20, body: float = 14.0, amplitude: float = 2.0, duration: float = 300.0, contrast: float = 0.5,
    floor: float = 0.1, samples: int = 40,
) -> list[Events]:
    """What an event camera sees of images that move along a triangle, as in N-MNIST.

    Each pixel follows L = log(floor + I), I the image between its pixels (bilinear) and 0 outside. When L has moved by
    `contrast` from where the pixel last spoke, it speaks again: ON if it has risen, OFF if it has fallen. The image moves
    along three straight legs of equal time, from (-a, -a) to (0, a), (a, -a) and back.

    Parameters
    ----------
    images : array_like, shape (samples, 1, height, width) or (samples, height, width)
        Intensities from 0 to 1.
    sensor : int
        Pixels a side, from 1.
    body : float
        Height of an image in pixels of the sensor, greater than 0. It stands in the middle.
    amplitude : float
        a, in pixels of the sensor, at least 0.
    duration : float
        Of the three legs together, in ms.
    contrast : float
        Change of log intensity that makes an event, at least 0.01.
    floor : float
        What is added to the intensity: light that is there in the dark. At least 1e-6.
    samples : int
        Points on each leg at which the intensity is computed; L is taken as straight between them.

    Returns
    -------
    list of Events
        One for each image. Events at the same time stand row by row.

    References
    ----------
    G. Orchard, A. Jayawant, G. K. Cohen, N. Thakor, Converting static image datasets to spiking neuromorphic datasets using
    saccades, Frontiers in Neuroscience 9 (2015), 437: the path.
    H. Rebecq, D. Gehrig, D. Scaramuzza, ESIM: an open event camera simulator, CoRL 2018, 969-982: the pixel.
    """
    images = _samples(images, "images")
    if images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    if images.ndim != 3:
        raise ValueError(
            f"images must have the shape (samples, 1, height, width) or (samples, height, width), got {images.shape}")
    side = whole_number("sensor", sensor, at_least=1)
    samples = whole_number("samples", samples, at_least=1)
    for name, value, most in (("sensor", side, LARGEST_SENSOR), ("samples", samples, MOST_SAMPLES)):
        if value > most:
            raise ValueError(f"{name} must be at most {most}, got {value}")
    scale = images.shape[1] / finite_number("body", body, "pixels", above=0.0)
    amplitude = finite_number("amplitude", amplitude, "pixels", at_least=0.0)
    duration = finite_number("duration", duration, "ms", above=0.0)
    contrast = finite_number("contrast", contrast, "", at_least=0.01)
    floor = finite_number("floor", floor, "", at_least=1e-6)
    streams = []
    room = 4096
    for image in np.ascontiguousarray(images):
        count = room + 1
        while count > room:
            room = max(room, count)
            t, polarity = np.empty(room), np.empty(room, np.uint8)
            x, y = np.empty((2, room), np.int32)
            count = event_camera.saccade_events(
                image, side, side, scale, amplitude, duration, samples, contrast, floor, t, x, y, polarity)
        order = np.argsort(t[:count], kind="stable")
        streams.append(Events(t[order], x[order], y[order], polarity[order], (side, side), duration))
    return streams


def _samples(x, name="x"):
    x = finite_array(name, x, "", at_least=0.0, at_most=1.0)
    if x.ndim < 2 or not x.size:
        raise ValueError(f"{name} must have the shape (samples, ...) with one value or more, got {x.shape}")
    return x
