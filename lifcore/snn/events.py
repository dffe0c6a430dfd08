"""Events: where, when and in which direction a pixel of a camera saw the light change, and nothing in between.

A frame says how bright every pixel is at one time.  An event says that one pixel has become brighter (ON, polarity 1) or
darker (OFF, polarity 0) at its own time.  Counted in steps of equal length, events become the input of a network::

    frames[k, p, y, x] = number of events of polarity p at pixel (x, y) with k = floor(steps t / duration)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lifcore._validate import finite_array, finite_number, instance_of, whole_number, words

__all__ = ["EventError", "Events", "frames"]

LARGEST_SIDE = 2**15


class EventError(ValueError):
    """One event is wrong.

    Attributes
    ----------
    event : int
        Which, from 0: a file can tell its line.
    """

    def __init__(self, message: str, event: int):
        super().__init__(message)
        self.event = event


@dataclass(frozen=True, eq=False)
class Events:
    """A stream of events of one sensor, in the order of their times.

    Parameters
    ----------
    t : array_like, shape (events,)
        Times in ms, from 0 to `duration`, none before the one that precedes it.
    x, y : array_like of int, shape (events,)
        Column from the left and row from the top, both from 0.
    polarity : array_like of int, shape (events,)
        1 for ON (brighter), 0 for OFF (darker).
    sensor : (int, int)
        Height and width in pixels.
    duration : float
        For how long the sensor was watched, in ms, greater than 0.

    Raises
    ------
    TypeError, ValueError
        Naming the array, the first event that is wrong, and what is allowed.
    """

    t: np.ndarray
    x: np.ndarray
    y: np.ndarray
    polarity: np.ndarray
    sensor: tuple[int, int]
    duration: float

    def __post_init__(self):
        duration = finite_number("duration", self.duration, "ms", above=0.0)
        height, width = _sensor(self.sensor)
        t = _row("t", finite_array("t", self.t, "ms"))
        arrays = {"t": np.array(t)}
        for name, most in (("x", width - 1), ("y", height - 1), ("polarity", 1)):
            values = _row(name, words(name, getattr(self, name), -(2**62), 2**62))
            if values.size != t.size:
                raise ValueError(f"{name} must have one value for each of the {t.size} times, got {values.size}")
            _no_event(values, (values < 0) | (values > most), f"{name} must be from 0 to {most}, got {{}}")
            arrays[name] = values.astype(np.uint8 if name == "polarity" else np.int32)
        _no_event(t, (t < 0.0) | (t > duration), f"t must be from 0 to duration = {duration:.17g} ms, got {{:.17g}} ms")
        late = np.flatnonzero(t[1:] < t[:-1])
        if late.size:
            k = int(late[0])
            raise EventError(
                f"events out of order: event {k + 1} at t = {t[k + 1]:.17g} ms after event {k} at t = {t[k]:.17g} ms", k + 1)
        for name, values in (arrays | {"sensor": (height, width), "duration": duration}).items():
            if isinstance(values, np.ndarray):
                values.flags.writeable = False
            object.__setattr__(self, name, values)

    def __len__(self):
        return self.t.size

    def __repr__(self):
        height, width = self.sensor
        return f"<{len(self)} events of {height} by {width} pixels in {self.duration:g} ms>"

    def steps(self, steps: int) -> np.ndarray:
        """In which of `steps` equal steps each event lies.

        Parameters
        ----------
        steps : int
            How many, from 1.

        Returns
        -------
        ndarray of int64, shape (events,)
            From 0: floor(steps t / duration), and the last step for an event at the very end.
        """
        steps = whole_number("steps", steps, at_least=1)
        # Multiplied first: t = 29 ms of 100 ms is in step 29 of 100, though 29 / 100 * 100 is less than 29 in float64.
        return np.minimum(self.t * steps / self.duration, steps - 1).astype(np.int64)

    def frames(self, steps: int, clip: int | None = None) -> np.ndarray:
        """Events counted in steps of equal length.

        Parameters
        ----------
        steps : int
            How many, from 1; see `steps`.
        clip : int, optional
            The largest count, from 1: what is beyond it is left out. 1 leaves of many events in one step a single spike.

        Returns
        -------
        ndarray of float32, shape (steps, 2, height, width)
            OFF events at index 0 of the second axis, ON events at 1.
        """
        height, width = self.sensor
        index = ((self.steps(steps) * 2 + self.polarity) * height + self.y) * width + self.x
        counts = np.bincount(index, minlength=steps * 2 * height * width)
        return clipped(counts, clip).astype(np.float32).reshape(steps, 2, height, width)


def clipped(counts: np.ndarray, clip: int | None) -> np.ndarray:
    """Counts of events, of which those beyond `clip` are left out."""
    # No count is beyond the largest that the array can hold.
    return counts if clip is None else np.minimum(
        counts, min(whole_number("clip", clip, at_least=1), np.iinfo(counts.dtype).max))


def frames(streams, steps: int, clip: int | None = None) -> np.ndarray:
    """`Events.frames` of many streams in one array, as a network takes it.

    Parameters
    ----------
    streams : sequence of Events
        One or more, of sensors of the same size.
    steps, clip
        As in `Events.frames`.

    Returns
    -------
    ndarray of float32, shape (streams, steps, 2, height, width)

    Raises
    ------
    TypeError, ValueError
        If a stream is none, or of another sensor than the first; names it.
    """
    if not np.iterable(streams):
        raise TypeError(f"streams must be a sequence of Events, got {streams!r}")
    streams = list(streams)
    if not streams:
        raise ValueError("streams must be one Events or more, got none")
    for k, stream in enumerate(streams):
        instance_of(f"streams[{k}]", stream, Events, "Events")
        if stream.sensor != streams[0].sensor:
            raise ValueError(
                f"streams must have sensors of one size, {streams[0].sensor}, got {stream.sensor} as number {k}")
    counted = np.empty((len(streams), whole_number("steps", steps, at_least=1), 2, *streams[0].sensor), np.float32)
    for k, stream in enumerate(streams):
        counted[k] = stream.frames(steps, clip)
    return counted


def _sensor(sensor):
    if not isinstance(sensor, (tuple, list, np.ndarray)) or len(sensor) != 2:
        raise TypeError(f"sensor must be (height, width) in pixels, got {sensor!r}")
    sides = whole_number("sensor's height", sensor[0], at_least=1), whole_number("sensor's width", sensor[1], at_least=1)
    if max(sides) > LARGEST_SIDE:
        raise ValueError(f"sensor must have at most {LARGEST_SIDE} rows and columns, got {sides}")
    return sides


def _row(name, values):
    if values.ndim != 1:
        raise ValueError(f"{name} must have the shape (events,), got {values.shape}")
    return values


def _no_event(values, wrong, message):
    if np.any(wrong):
        k = int(np.argmax(wrong))
        raise EventError(f"{message.format(values[k])} at event {k}", k)
