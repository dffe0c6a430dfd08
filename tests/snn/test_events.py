"""Events, encoders and files of events.

Expected values: an event camera written again in plain Python with SciPy's interpolation, closed forms of the path and of the
membrane, the binomial distribution, and records of N-MNIST's format written out by hand.
"""

import math

import numpy as np
import pytest
from damage import errors_of_damaged
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from lifcore import snn
from lifcore.kernels import event_camera


def stream(n=40, sensor=(6, 9), duration=50.0, seed=1):
    r = np.random.default_rng(seed)
    return snn.Events(
        np.sort(r.uniform(0.0, duration, n)), r.integers(0, sensor[1], n), r.integers(0, sensor[0], n), r.integers(0, 2, n),
        sensor, duration)


def same(a, b):
    return a.sensor == b.sensor and a.duration == b.duration and all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("t", "x", "y", "polarity"))


# The object ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("change, message", [
    ({"t": [0.0, 2.0, 1.0]}, r"events out of order: event 2 at t = 1 ms after event 1 at t = 2 ms"),
    ({"t": [0.0, 1.0, 10.5]}, r"t must be from 0 to duration = 10 ms, got 10.5 ms at event 2"),
    ({"t": [-1.0, 1.0, 2.0]}, r"t must be from 0 to duration = 10 ms, got -1 ms at event 0"),
    ({"t": [0.0, math.nan, 2.0]}, r"t must be finite, got nan ms"),
    ({"x": [0, 1, 4]}, r"x must be from 0 to 3, got 4 at event 2"),
    ({"x": [0, -1, 2]}, r"x must be from 0 to 3, got -1 at event 1"),
    ({"y": [2, 3, 0]}, r"y must be from 0 to 2, got 3 at event 1"),
    ({"y": [2, 2**40, 0]}, r"y must be from 0 to 2, got 1099511627776 at event 1"),
    ({"polarity": [0, 1, -1]}, r"polarity must be from 0 to 1, got -1 at event 2"),
    ({"x": [0, 1]}, r"x must have one value for each of the 3 times, got 2"),
    ({"y": [[0, 1, 2]]}, r"y must have the shape \(events,\), got \(1, 3\)"),
    ({"duration": 0.0}, r"duration must be finite and greater than 0 ms, got 0 ms"),
    ({"sensor": (3, 0)}, r"sensor's width must be a whole number of at least 1, got 0"),
    ({"sensor": (3, 2**20)}, r"sensor must have at most 32768 rows and columns"),
])
def test_a_wrong_event_is_named(change, message):
    right = {"t": [0.0, 1.0, 2.0], "x": [0, 1, 2], "y": [0, 1, 2], "polarity": [0, 1, 0], "sensor": (3, 4), "duration": 10.0}
    assert len(snn.Events(**right)) == 3
    with pytest.raises(ValueError, match=message):
        snn.Events(**right | change)


@pytest.mark.parametrize("change, message", [
    ({"x": [0.5]}, "x must be a whole number or an array of whole numbers, got 0.5"),
    ({"t": ["now"]}, "t must be a number or an array of numbers in ms"),
    ({"sensor": 20}, "sensor must be .height, width. in pixels, got 20"),
])
def test_a_wrong_type_is_named(change, message):
    right = {"t": [1.0], "x": [0], "y": [0], "polarity": [1], "sensor": (3, 4), "duration": 10.0}
    with pytest.raises(TypeError, match=message):
        snn.Events(**right | change)


def test_events_cannot_be_changed():
    events = stream()
    with pytest.raises(ValueError, match="read-only"):
        events.t[0] = 1e9
    with pytest.raises(AttributeError):
        events.duration = 1.0


def test_what_is_given_is_copied():
    t = np.array([1.0, 2.0])
    events = snn.Events(t, [0, 0], [0, 0], [0, 1], (1, 1), 3.0)
    t[0] = 99.0
    assert events.t[0] == 1.0 and t.flags.writeable


# Frames -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("steps, clip", [(1, None), (7, None), (20, 1), (50, 2)])
def test_frames_are_counts(steps, clip):
    events = stream(400)
    expected = np.zeros((steps, 2, 6, 9))
    for t, x, y, polarity in zip(events.t, events.x, events.y, events.polarity, strict=True):
        expected[int(t * steps / 50.0), polarity, y, x] += 1
    found = events.frames(steps, clip)
    assert found.dtype == np.float32
    assert np.array_equal(found, expected if clip is None else np.minimum(expected, clip))


def test_the_end_belongs_to_the_last_step():
    events = snn.Events([0.0, 5.0, 10.0], [0, 0, 0], [0, 0, 0], [1, 1, 1], (1, 1), 10.0)
    assert events.frames(2)[:, 1, 0, 0].tolist() == [1.0, 2.0]
    assert snn.Events([], [], [], [], (2, 3), 10.0).frames(4).shape == (4, 2, 2, 3)


@given(st.floats(1e-3, 1e6), st.integers(1, 1000))
@settings(max_examples=60, deadline=None)
def test_no_event_falls_behind_the_last_step(duration, steps):
    last = np.nextafter(duration, 0.0)
    assert snn.Events([last, duration], [0, 0], [0, 0], [0, 0], (1, 1), duration).frames(steps).sum() == 2.0


@pytest.mark.parametrize("duration", [7, 49, 100, 1000])
def test_whole_milliseconds_are_in_their_own_steps(duration):
    # By hand: with a step of one millisecond, event k is in step k.
    nothing = np.zeros(duration, int)
    events = snn.Events(np.arange(duration), nothing, nothing, nothing, (1, 1), duration)
    assert np.array_equal(events.steps(duration), np.arange(duration))


def test_frames_of_many():
    streams = [stream(seed=k) for k in range(3)]
    assert np.array_equal(snn.frames(streams, 5, clip=1), [s.frames(5, 1) for s in streams])
    with pytest.raises(ValueError, match=r"sensors of one size, \(6, 9\), got \(2, 2\) as number 1"):
        snn.frames([streams[0], stream(sensor=(2, 2))], 5)
    with pytest.raises(ValueError, match="one Events or more"):
        snn.frames([], 5)
    with pytest.raises(TypeError, match=r"streams\[0\] must be Events, got 3"):
        snn.frames([3], 5)
    with pytest.raises(ValueError, match="clip must be a whole number of at least 1, got 0"):
        snn.frames(streams, 5, clip=0)


# What a camera sees ------------------------------------------------------------------------------------------------

def camera(image, side, body, amplitude, duration, samples, contrast, floor):
    """The saccades once more: whole frames by SciPy, pixels by plain Python."""
    padded = np.pad(image, 1)
    corners = np.array([[-amplitude, -amplitude], [0.0, amplitude], [amplitude, -amplitude], [-amplitude, -amplitude]])
    scale = len(image) / body
    centre = (np.arange(side) - (side - 1) / 2) * scale
    events, reference, before = [], None, None
    for k in range(3 * samples + 1):
        leg = min(k // samples, 2)
        part = (k - leg * samples) / samples
        right, down = (1 - part) * corners[leg] + part * corners[leg + 1]
        rows = centre - scale * down + (image.shape[0] - 1) / 2 + 1
        columns = centre - scale * right + (image.shape[1] - 1) / 2 + 1
        light = map_coordinates(padded, np.meshgrid(rows, columns, indexing="ij"), order=1, mode="constant")
        level = np.log(floor + light)
        if k == 0:
            reference = level.copy()
        else:
            # As in the kernel: a change by all of the contrast counts, though rounding may have made it smaller.
            for i, j in np.argwhere(np.abs(level - reference) >= contrast * (1 - 1e-9)):
                sign = np.sign(level[i, j] - reference[i, j])
                while abs(level[i, j] - reference[i, j]) >= contrast * (1 - 1e-9):
                    reference[i, j] += sign * contrast
                    part = min((reference[i, j] - before[i, j]) / (level[i, j] - before[i, j]), 1.0)
                    events.append((duration * (k - 1 + part) / (3 * samples), j, i, int(sign > 0)))
        before = level
    return sorted(events)


@pytest.mark.parametrize("settings", [
    (20, 14.0, 2.0, 300.0, 40, 0.5, 0.1), (13, 9.5, 1.3, 100.0, 25, 0.31, 0.05), (9, 12.0, 3.0, 60.0, 60, 0.7, 0.2)])
def test_saccades_are_those_of_a_camera_in_plain_python(settings):
    side, body, amplitude, duration, samples, contrast, floor = settings
    images = np.random.default_rng(5).uniform(0.0, 1.0, (2, 8, 8)) * (np.random.default_rng(6).uniform(size=(2, 8, 8)) > 0.5)
    found = snn.saccades(images, side, body, amplitude, duration, contrast, floor, samples)
    for image, events in zip(images, found, strict=True):
        expected = np.array(camera(image, side, body, amplitude, duration, samples, contrast, floor))
        assert len(expected) > 300
        # Rounding may swap events whose times agree to fourteen digits.
        order = np.lexsort((events.polarity, events.y, events.x, np.round(events.t, 9)))
        rows = np.lexsort((expected[:, 3], expected[:, 2], expected[:, 1], np.round(expected[:, 0], 9)))
        assert np.allclose(events.t[order], expected[rows, 0], rtol=0.0, atol=1e-9 * duration)
        for column, values in enumerate((events.x, events.y, events.polarity), 1):
            assert np.array_equal(values[order], expected[rows, column])


def test_who_comes_back_has_spoken_as_often_up_as_down():
    # The path is closed, so that every pixel ends at the log intensity it began with.
    (events,) = snn.saccades(np.random.default_rng(2).uniform(size=(1, 1, 8, 8)))
    on, off = events.frames(1)[0, 1], events.frames(1)[0, 0]
    assert len(events) > 1000 and np.array_equal(on, off)


def test_an_edge_makes_as_many_events_as_its_contrast_holds():
    # A bright column that passes over a pixel moves its log intensity by log((floor + 1) / floor) = log 11 up and down again:
    # floor(log 11 / 0.5) = 4 events each.  On its first leg the image moves up and to the right, from -2 to 0.
    image = np.zeros((8, 8))
    image[:, 0] = 1.0
    (events,) = snn.saccades(image[None], sensor=20, body=8.0, amplitude=2.0, contrast=0.5, floor=0.1)
    first = events.t <= 100.0
    # The column starts at x = 6 - 2 = 4 and ends at 6: 5 sees all of it pass, 6 its arrival.
    middle = (events.y == 10) & first
    assert math.floor(math.log(11.0) / 0.5) == 4
    for x, on, off in ((3, 0, 0), (4, 0, 4), (5, 4, 4), (6, 4, 0), (7, 0, 0)):
        seen = middle & (events.x == x)
        assert (np.sum(events.polarity[seen] == 1), np.sum(events.polarity[seen] == 0)) == (on, off), x


def test_the_path_is_the_triangle():
    # Corners by hand.
    for leg, corner in ((0.0, (-2.0, -2.0)), (1.0, (0.0, 2.0)), (2.0, (2.0, -2.0)), (3.0, (-2.0, -2.0)), (0.5, (-1.0, 0.0))):
        assert event_camera.path_position(leg, 2.0) == corner


def test_nothing_moves_nothing_is_seen():
    assert [len(e) for e in snn.saccades(np.ones((2, 8, 8)), amplitude=0.0)] == [0, 0]
    assert [len(e) for e in snn.saccades(np.zeros((1, 8, 8)))] == [0]


def test_more_events_than_there_is_room_for_at_first():
    (events,) = snn.saccades(np.random.default_rng(0).uniform(size=(1, 8, 8)), sensor=30, body=30.0, contrast=0.05)
    on, off = events.frames(1)[0, 1], events.frames(1)[0, 0]
    assert len(events) > 4096 and np.array_equal(on, off)


@pytest.mark.parametrize("arguments, message", [
    ({"images": np.zeros((2, 3, 8, 8))}, "images must have the shape"),
    ({"images": np.full((1, 8, 8), 1.5)}, "images must be finite and at least 0 and at most 1, got 1.5"),
    ({"images": np.full((1, 8, 8), np.nan)}, "images must be finite"),
    ({"contrast": 0.0}, "contrast must be finite and at least 0.01, got 0"),
    ({"floor": 0.0}, "floor must be finite and at least 1e-06, got 0"),
    ({"sensor": 0}, "sensor must be a whole number of at least 1, got 0"),
    ({"sensor": 5000}, "sensor must be at most 1024, got 5000"),
    ({"samples": 0}, "samples must be a whole number of at least 1, got 0"),
    ({"body": -1.0}, "body must be finite and greater than 0 pixels, got -1 pixels"),
    ({"duration": 0.0}, "duration must be finite and greater than 0 ms, got 0 ms"),
])
def test_saccades_name_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        snn.saccades(**{"images": np.zeros((1, 8, 8))} | arguments)


# Rate and latency -------------------------------------------------------------------------------------------------

def test_rates_are_the_values():
    x = np.array([[0.0, 0.02, 0.25, 0.5, 0.9, 1.0]])
    spikes = snn.rate_code(x, 100_000, rng=7)[0]
    p = x[0]
    assert np.all(np.abs(spikes.mean(0) - p) <= 4.0 * np.sqrt(p * (1.0 - p) / 100_000))
    # Successive steps are independent: the product of neighbours has the mean p squared and no more than the
    # variance p**2 (1 - p)(1 + 3 p).
    pairs = (spikes[1:] * spikes[:-1]).mean(0)
    assert np.all(np.abs(pairs - p**2) <= 4.0 * np.sqrt(p**2 * (1.0 - p) * (1.0 + 3.0 * p) / 100_000))
    assert np.all(np.abs(np.corrcoef(spikes[:, 2:5].T) - np.eye(3)) < 4.0 / math.sqrt(100_000))


def test_a_seed_gives_its_spikes():
    x = np.random.default_rng(1).uniform(size=(3, 1, 4, 5))
    one = snn.rate_code(x, 12, peak=0.5, rng=3)
    assert one.shape == (3, 12, 1, 4, 5) and one.dtype == np.float32 and set(np.unique(one)) == {0.0, 1.0}
    assert np.array_equal(one, snn.rate_code(x, 12, peak=0.5, rng=3))
    assert not np.array_equal(one, snn.rate_code(x, 12, peak=0.5, rng=4))
    # A sample's spikes do not depend on those after it, and a step's not on the number of steps.
    assert np.array_equal(one[:2, :5], snn.rate_code(x[:2], 5, peak=0.5, rng=3))


def test_the_latency_is_that_of_the_membrane():
    # V after k steps is x (1 - exp(-k/tau)): the spike is in step k if the threshold is passed between k and k + 1.
    x = np.arange(17) / 16.0
    spikes = snn.latency_code(x[None], 13, tau=4.0, threshold=0.3)[0]
    for k in range(13):
        before, after = (-x * math.expm1(-step / 4.0) for step in (k, k + 1))
        assert np.array_equal(spikes[k] == 1.0, (before <= 0.3) & (after > 0.3))
    assert spikes.sum(0).tolist() == [0.0] * 5 + [1.0] * 12
    assert np.all(np.diff(spikes.argmax(0)[5:]) <= 0)


def test_the_latency_by_default():
    # By hand: tau = 5 steps, x = 1 fires at 5 log(1/0.8) = 1.12, x = 1/4 at 5 log 5 = 8.05, x = 3/16 never.
    spikes = snn.latency_code([[1.0, 0.25, 0.1875]], 10)[0]
    assert np.argwhere(spikes).tolist() == [[1, 0], [8, 1]]


@pytest.mark.parametrize("encode", [snn.rate_code, snn.latency_code])
@pytest.mark.parametrize("x, steps, message", [
    ([[1.5]], 3, "x must be finite and at least 0 and at most 1, got 1.5"),
    ([[-0.5]], 3, "x must be finite and at least 0 and at most 1, got -0.5"),
    ([0.5], 3, r"x must have the shape \(samples, ...\) with one value or more, got \(1,\)"),
    (np.zeros((0, 3)), 3, r"x must have the shape \(samples, ...\) with one value or more, got \(0, 3\)"),
    ([[0.5]], 0, "steps must be a whole number of at least 1, got 0"),
])
def test_encoders_name_what_is_wrong(encode, x, steps, message):
    with pytest.raises(ValueError, match=message):
        encode(x, steps)


def test_encoders_name_their_parameters():
    with pytest.raises(ValueError, match="peak must be finite and at least 0 and at most 1, got 2"):
        snn.rate_code([[0.5]], 3, peak=2.0)
    with pytest.raises(TypeError, match="rng must be a whole number of at least 0, got 'a'"):
        snn.rate_code([[0.5]], 3, rng="a")
    with pytest.raises(ValueError, match="tau must be finite and greater than 0 steps, got 0 steps"):
        snn.latency_code([[0.5]], 3, tau=0.0)
    with pytest.raises(ValueError, match="threshold must be finite and greater than 0 and at most 1, got 0"):
        snn.latency_code([[0.5]], 3, threshold=0.0)


# Files -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("ending", [".csv", ".txt", ".npz"])
def test_a_file_gives_back_what_was_written(tmp_path, ending):
    events = stream()
    snn.write_events(events, tmp_path / f"e{ending}")
    assert same(snn.read_events(tmp_path / f"e{ending}"), events)
    empty = snn.Events([], [], [], [], (2, 3), 10.0)
    snn.write_events(empty, tmp_path / f"empty{ending}")
    assert same(snn.read_events(tmp_path / f"empty{ending}"), empty)


def test_a_text_of_another_hand(tmp_path):
    path = tmp_path / "hand.txt"
    path.write_text("# made by hand\n\n0.5, 3, 1, 1\n 2,0,0,0\n")
    assert same(snn.read_events(path, (2, 4), 5.0), snn.Events([0.5, 2.0], [3, 0], [1, 0], [1, 0], (2, 4), 5.0))


# x = 5, y = 7, ON, 1,000 µs: 05 07 80 03 E8; x = 33, y = 0, OFF, 299,999 µs = 0x0493DF: 21 00 04 93 DF.
RECORDS = bytes.fromhex("05078003e8" "21000493df")


def test_records_of_n_mnist(tmp_path):
    path = tmp_path / "e.bin"
    path.write_bytes(RECORDS)
    events = snn.read_events(path)
    assert same(events, snn.Events([1.0, 299.999], [5, 33], [7, 0], [1, 0], (34, 34), 299.999))
    snn.write_events(events, tmp_path / "again.bin")
    assert (tmp_path / "again.bin").read_bytes() == RECORDS
    assert snn.read_events(path, duration=310.0).duration == 310.0


def test_a_record_that_moves_time(tmp_path):
    # y = 240 = 0xF0: no event, 8,192 µs on.
    path = tmp_path / "e.bin"
    path.write_bytes(RECORDS[:5] + bytes.fromhex("00f0000000") + RECORDS[:5])
    assert snn.read_events(path).t.tolist() == [1.0, 9.192]


def test_times_are_rounded_to_the_microsecond(tmp_path):
    snn.write_events(snn.Events([0.0004, 0.0006], [0, 0], [0, 0], [0, 0], (1, 1), 1.0), tmp_path / "e.bin")
    assert snn.read_events(tmp_path / "e.bin", (1, 1)).t.tolist() == [0.0, 0.001]


def test_records_can_be_read_with_the_duration_they_were_written_with(tmp_path):
    # 2.0006 ms is nearest to 2.001 ms, which is beyond the duration: 2,000 µs are written.
    path = tmp_path / "e.bin"
    snn.write_events(snn.Events([1.0, 2.0006], [0, 0], [0, 0], [0, 0], (1, 1), 2.0006), path)
    assert snn.read_events(path, (1, 1), 2.0006).t.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("text, message", [
    ("# sensor: 2\n", "line 1: sensor must be height and width, got '2'"),
    ("# duration: long\n", "line 1: duration must be one number in ms, got 'long'"),
    ("t,x,y,polarity\n1,2,3\n", "line 2: four values t,x,y,polarity are wanted, got '1,2,3'"),
    ("1,2,3,1\n\n2,2,b,1\n", "line 3: y must be a whole number, got 'b'"),
    ("1,2,3,1\nnan,2,3,1\n", "line 2: t must be a finite number in ms, got 'nan'"),
    ("1,2,1e3,1\n", "line 1: y must be a whole number, got '1e3'"),
    ("1,2,3,1\n# a remark\n0.5,2,3,1\n", "line 3: events out of order: event 1 at t = 0.5 ms after event 0 at t = 1 ms"),
    ("1,1_0,3,1\n", "line 1: x must be a whole number, got '1_0'"),
    ("1_0,1,3,1\n", "line 1: t must be a finite number in ms, got '1_0'"),
    ("1,\uff12,3,1\n", "line 1: x must be a whole number, got '\uff12'"),
    ("# sensor: 2 1_0\n", "line 1: sensor must be height and width, got '2 1_0'"),
    ("1,2,3,1\n\n2,99,3,1\n", "line 3: x must be from 0 to 4, got 99 at event 1"),
    ("1,2,3,2\n", "line 1: polarity must be from 0 to 1, got 2 at event 0"),
    ("1,2,3,1\n11,2,3,1\n", "line 2: t must be from 0 to duration = 10 ms, got 11 ms at event 1"),
])
def test_a_line_that_is_wrong_is_named(tmp_path, text, message):
    path = tmp_path / "e.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"e\.csv, {message}"):
        snn.read_events(path, (5, 5), 10.0)


@pytest.mark.parametrize("name, data, message", [
    ("e.bin", RECORDS + b"\x01", "must be records of 5 bytes, got 11 bytes: record 2 is cut off"),
    ("e.bin", RECORDS[5:] + RECORDS[:5], "record 1: t must be|record 1: events out of order: event 1 at t = 1 ms"),
    ("e.bin", bytes.fromhex("00f0000000") + bytes.fromhex("05638003e8"), "record 1: y must be from 0 to 33, got 99 at event 0"),
    ("e.bin", b"", "does not say its duration: give duration=…"),
    ("e.npz", b"PK\x03\x04 cut off", "is no .npz file of arrays"),
    ("e.npz", b"", "is no .npz file of arrays"),
    ("e.csv", b"\xff\xfe", "is no text in UTF-8: byte 0"),
    ("e.csv", b"1,1,1,1\n", "does not say its sensor: give sensor=…"),
    ("e.aedat", b"", "path must end in .csv, .txt, .npz or .bin"),
])
def test_a_file_that_is_none_is_named(tmp_path, name, data, message):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message):
        snn.read_events(path)


def test_a_damaged_byte_is_an_error_or_none(tmp_path):
    path = tmp_path / "e.npz"
    snn.write_events(stream(60), path)
    assert errors_of_damaged(path, snn.read_events) > 200


def test_an_array_by_itself_is_none(tmp_path):
    with (tmp_path / "e.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match="is no .npz file of arrays"):
        snn.read_events(tmp_path / "e.npz")


def test_arrays_that_are_missing_or_wrong(tmp_path):
    np.savez(tmp_path / "e.npz", t=[1.0], x=[0], y=[0])
    with pytest.raises(ValueError, match="must hold the arrays t, x, y, polarity, lacks polarity"):
        snn.read_events(tmp_path / "e.npz")
    np.savez(tmp_path / "e.npz", t=[1.0], x=[0.5], y=[0], polarity=[1], sensor=[2, 2], duration=3.0)
    with pytest.raises(ValueError, match=r"e\.npz: x must be a whole number"):
        snn.read_events(tmp_path / "e.npz")
    np.savez(tmp_path / "e.npz", t=np.array([None]), x=[0], y=[0], polarity=[1])
    with pytest.raises(ValueError, match="is no .npz file of arrays"):
        snn.read_events(tmp_path / "e.npz")


def test_what_a_bin_file_cannot_hold(tmp_path):
    with pytest.raises(ValueError, match="times up to 8388.61 ms, got 9000 ms at event 0"):
        snn.write_events(snn.Events([9000.0], [0], [0], [0], (2, 2), 9000.0), tmp_path / "e.bin")
    with pytest.raises(ValueError, match=r"at most 240 rows and 256 columns, got \(241, 3\)"):
        snn.write_events(snn.Events([], [], [], [], (241, 3), 1.0), tmp_path / "e.bin")
    with pytest.raises(TypeError, match="events must be Events, got 3"):
        snn.write_events(3, tmp_path / "e.bin")
    assert list(tmp_path.iterdir()) == []
