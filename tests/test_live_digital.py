"""The figures of the chapter on digital silicon: their numbers by hand and by plain Python integers, at the ends of sliders."""

import itertools
import math

import pytest
from matplotlib.figure import Figure

from lifcore.live import DeadZone, FalseSpike, Overflow

RAIL = 2**23 - 1


@pytest.mark.parametrize("dv, bias, start", list(itertools.product((1, 7, 64), (1, 3, 12), (0.0, 0.9, 1.55, 2.0))))
def test_dead_zone(dv, bias, start):
    """Ticks of a plain integer until it no longer moves."""
    v = v0 = math.floor(start * (4096.0 * bias / dv))
    for _ in range(12 * 4096):
        v, before = v * (4096 - dv) // 4096 + bias, v
        if v == before:
            break
    stays = [v for v in range(4096 * bias // dv + 2) if v * (4096 - dv) // 4096 + bias == v]
    found = DeadZone(dv=dv, bias=bias, start=start).readouts()
    assert found == {
        "rest": v, "real": 4096 * bias / dv, "width": len(stays), "v0": v0,
        "tau": pytest.approx(-1.0 / math.log(1.0 - dv / 4096), rel=1e-14)}


def test_dead_zone_of_the_chapter():
    """By hand: with one part in 4096 and a bias of 1, every v from 1 to 4096 stays."""
    found = DeadZone(dv=1, bias=1).readouts()
    assert (found["rest"], found["real"], found["width"]) == (1, 4096.0, 4096)


@pytest.mark.parametrize("a, every, du", [(40000, 10, 60), (60000, 2, 0), (1000, 40, 400), (33000, 5, 60)])
def test_overflow(a, every, du):
    """Plain integers; two's complement differs where the input leaves 16 bits."""
    for overflow in ("lava", "twos_complement"):
        u = v = free = highest = wraps = saturated = spikes = 0
        for t in range(100):
            given = a if t % every == 0 else 0
            kept = math.trunc(u * (4095 - du) / 4096)
            exact = kept + 64 * given
            if overflow == "lava":
                u = exact - 2**24 if exact > 2**23 else exact
            else:
                u = (kept + 64 * ((given + 2**15) % 2**16 - 2**15) + 2**23) % 2**24 - 2**23
            wraps += u != exact
            free = free * (4095 - du) // 4096 + 64 * given
            highest = max(highest, free)
            v = max(-RAIL, min(RAIL, math.trunc(v * 3896 / 4096) + u))
            if v > 6_400_000:
                spikes, v = spikes + 1, 0
            saturated += abs(v) == RAIL
        found = Overflow(a=a, every=every, du=du, overflow=overflow).readouts()
        assert found == {"wraps": wraps, "spikes": spikes, "saturated": saturated, "highest": highest / 1e6}


def test_false_spike_by_hand():
    """25,600 a tick: 20 ticks stay above -524,288, the 21st ends at 510,976, and takes 100,000 with the spike."""
    assert FalseSpike().readouts() == {"drop": -25600, "spikes": 0, "first": math.inf, "lowest": -(2**19)}
    found = FalseSpike(overflow="wrap").readouts()
    # 410,976 - 25,600 - 100,000 = 285,376; then 159,776; then 34,176; from there on as from 0, but 34,176 higher.
    assert (found["first"], found["lowest"], found["spikes"]) == (21.0, -512000, 8)
    floor = FalseSpike(overflow="wrap", floor=True).readouts()
    assert (floor["spikes"], floor["lowest"]) == (0, -120000)
    weak = FalseSpike(overflow="wrap", weight=-8.0, axons=1.0).readouts()
    assert (weak["drop"], weak["lowest"]) == (-8, -480)


@pytest.mark.parametrize("figure", [
    DeadZone(), DeadZone(dv=1, start=2.0), Overflow(), Overflow(overflow="twos_complement"), FalseSpike(overflow="wrap"),
    FalseSpike(floor=True)])
def test_still_picture(figure):
    picture = Figure()
    figure.draw(picture)
    assert all(axes.lines for axes in picture.axes)
