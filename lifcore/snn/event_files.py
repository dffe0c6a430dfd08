"""Files of events: as text, as NumPy arrays, and as N-MNIST stores them.

======  ==========================================================================================================
.csv    lines ``t,x,y,polarity`` (t in ms), after lines ``# sensor: height width``, ``# duration: ms`` and one of names
.npz    arrays t, x, y, polarity, sensor, duration
.bin    records of 40 bits, the highest first: x 8, y 8, polarity 1, time in µs 23; a record with y = 240 is no event, and
        puts all later times up by 2**13 µs (Orchard et al. 2015, and the authors' reader)
======  ==========================================================================================================
"""

from __future__ import annotations

import io

import numpy as np

from lifcore._files import file_path, read_arrays, write_whole
from lifcore._validate import instance_of
from lifcore.snn.events import EventError, Events

__all__ = ["read_events", "write_events"]

NAMES = ("t", "x", "y", "polarity")
N_MNIST_SENSOR = (34, 34)
OVERFLOW_Y, OVERFLOW_TIME = 240, 2**13
LATEST = 2**23 - 1  # µs


def read_events(path, sensor: tuple[int, int] | None = None, duration: float | None = None) -> Events:
    """Events of a file; its ending says of what kind it is.

    Parameters
    ----------
    path : str or path-like
        Ends in .csv, .txt, .npz or .bin.
    sensor : (int, int), optional
        Height and width, where the file does not say (the file's own is not overruled). For .bin 34 by 34, as in N-MNIST,
        if not given.
    duration : float, optional
        In ms, where the file does not say; for .bin the time of the last event if not given.

    Returns
    -------
    Events

    Raises
    ------
    ValueError
        If the file is not what its ending says: names the file, the line or record, and what is wrong.
    OSError
        If it cannot be read.
    """
    path = file_path(path)
    reader = {".csv": _read_text, ".txt": _read_text, ".npz": _read_arrays, ".bin": _read_records}.get(path.suffix)
    if reader is None:
        raise ValueError(f"path must end in .csv, .txt, .npz or .bin, got {str(path)!r}")
    return reader(path, sensor, duration)


def write_events(events: Events, path) -> None:
    """Write events to a file; its ending says as what kind. What is read from .csv and .npz is equal to the last bit.

    Parameters
    ----------
    events : Events
    path : str or path-like
        Ends in .csv, .txt, .npz or .bin. A .bin holds whole µs, to which times are rounded (never beyond the duration), up
        to 8388.607 ms, and no size and no duration.

    Raises
    ------
    ValueError
        If the kind cannot hold these events.
    """
    path = file_path(path)
    instance_of("events", events, Events, "Events")
    writer = {".csv": _text, ".txt": _text, ".npz": _arrays, ".bin": _records}.get(path.suffix)
    if writer is None:
        raise ValueError(f"path must end in .csv, .txt, .npz or .bin, got {str(path)!r}")
    write_whole(path, writer(events))


def _events(path, t, x, y, polarity, sensor, duration, kind="", numbers=None):
    """Events, or an error that says in which file and, where its lines or records have `numbers`, in which of them."""
    if sensor is None or duration is None:
        missing = "sensor" if sensor is None else "duration"
        raise ValueError(f"{path} does not say its {missing}: give {missing}=…")
    try:
        return Events(t, x, y, polarity, sensor, duration)
    except (TypeError, ValueError) as error:
        where = f", {kind} {numbers[error.event]}" if kind and isinstance(error, EventError) else ""
        raise ValueError(f"{path}{where}: {error}") from error


def _text(events):
    height, width = events.sensor
    lines = [f"# sensor: {height} {width}", f"# duration: {events.duration!r}", ",".join(NAMES)]
    # repr of a float has as many digits as it takes to read it back.
    columns = (getattr(events, name).tolist() for name in NAMES)
    lines += [f"{t!r},{x},{y},{polarity}" for t, x, y, polarity in zip(*columns, strict=True)]
    return ("\n".join(lines) + "\n").encode()


def _read_text(path, sensor, duration):
    said, rows, numbers, named = {}, [], [], False
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8: byte {error.start}") from error
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if line.startswith("#"):
            key, colon, value = line[1:].partition(":")
            if colon and key.strip() in ("sensor", "duration"):
                said[key.strip()] = _header(path, number, key.strip(), value)
        elif line and not named and not rows and line.replace(" ", "") == ",".join(NAMES):
            named = True
        elif line:
            rows.append(_fields(path, number, line))
            numbers.append(number)
    t, x, y, polarity = zip(*rows, strict=True) if rows else ((), (), (), ())
    whole = [np.array(values, dtype=np.int64) for values in (x, y, polarity)]
    return _events(
        path, np.array(t, dtype=np.float64), *whole, said.get("sensor", sensor), said.get("duration", duration), "line",
        numbers)


def _header(path, number, key, value):
    try:
        if not value.isascii() or "_" in value:
            raise ValueError
        if key == "duration":
            return float(value)
        height, width = map(int, value.split())
        return height, width
    except ValueError:
        form = "one number in ms" if key == "duration" else "height and width"
        raise ValueError(f"{path}, line {number}: {key} must be {form}, got {value.strip()!r}") from None


def _fields(path, number, line):
    fields = line.split(",")
    if len(fields) != 4:
        raise ValueError(f"{path}, line {number}: four values t,x,y,polarity are wanted, got {line!r}")
    row = []
    for name, field in zip(NAMES, fields, strict=True):
        try:
            # Python's own numbers may have underscores, and digits of any script.
            if not field.isascii() or "_" in field:
                raise ValueError
            value = float(field) if name == "t" else int(field)
            if not abs(value) < 2**62:
                raise ValueError
            row.append(value)
        except ValueError:
            kind = "a finite number in ms" if name == "t" else "a whole number"
            raise ValueError(f"{path}, line {number}: {name} must be {kind}, got {field.strip()!r}") from None
    return row


def _arrays(events):
    file = io.BytesIO()
    np.savez_compressed(
        file, **{name: getattr(events, name) for name in NAMES}, sensor=np.array(events.sensor), duration=events.duration)
    return file.getvalue()


def _read_arrays(path, sensor, duration):
    held = read_arrays(path)
    missing = [name for name in NAMES if name not in held]
    if missing:
        raise ValueError(f"{path} must hold the arrays {', '.join(NAMES)}, lacks {', '.join(missing)}")
    if "sensor" in held:
        sensor = tuple(held["sensor"].tolist()) if held["sensor"].ndim == 1 else held["sensor"]
    if "duration" in held:
        duration = held["duration"]
    return _events(path, *(held[name] for name in NAMES), sensor, duration)


def _records(events):
    time = np.rint(events.t * 1000.0).astype(np.int64)
    # A time that was rounded up beyond the duration could not be read back with it.
    time -= time / 1000.0 > events.duration
    if max(events.sensor[1], events.sensor[0] + 16) > 256:
        raise ValueError(f"a .bin file holds sensors of at most 240 rows and 256 columns, got {events.sensor}")
    if time.size and time[-1] > LATEST:
        raise ValueError(
            f"a .bin file holds times up to {LATEST / 1000:g} ms, got {events.t[-1]:g} ms at event {time.size - 1}")
    x, y, polarity = (values.astype(np.int64) for values in (events.x, events.y, events.polarity))
    word = (x << 32) | (y << 24) | (polarity << 23) | time
    return word.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 3:].tobytes()


def _read_records(path, sensor, duration):
    data = path.read_bytes()
    if len(data) % 5:
        raise ValueError(f"{path} must be records of 5 bytes, got {len(data)} bytes: record {len(data) // 5} is cut off")
    byte = np.frombuffer(data, np.uint8).reshape(-1, 5).astype(np.int64)
    x, y, polarity = byte[:, 0], byte[:, 1], byte[:, 2] >> 7
    time = ((byte[:, 2] & 127) << 16) | (byte[:, 3] << 8) | byte[:, 4]
    overflow = y == OVERFLOW_Y
    time = (time + OVERFLOW_TIME * np.cumsum(overflow))[~overflow]
    t = time / 1000.0
    if duration is None and t.size:
        duration = max(float(t.max()), 0.001)
    sensor = N_MNIST_SENSOR if sensor is None else sensor
    return _events(
        path, t, x[~overflow], y[~overflow], polarity[~overflow], sensor, duration, "record", np.flatnonzero(~overflow))
