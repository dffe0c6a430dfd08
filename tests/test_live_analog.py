"""The figures of the chapter on analog silicon: their numbers against closed forms, their circles against stored runs."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from lifcore.live import Calibration, SiliconMembrane

REFERENCE = json.loads((Path(__file__).parent / "reference" / "hardware" / "analog_ngspice.json").read_text(encoding="utf-8"))


def test_membrane_numbers():
    """By hand, 220 nS: the source loses e**-12 of its current at threshold, which moves nothing by more than 1e-4."""
    found = SiliconMembrane(I=100.0, leak="0.2").readouts()
    rheobase = 44.0 * math.tanh(2.0)
    assert found["plateau_ideal"] == pytest.approx(0.4 + 100.0 / 220.0, rel=1e-14)
    assert found["rheobase"] == pytest.approx(rheobase / (1.0 - math.exp(-12.0)), rel=1e-13)
    log = math.log(math.cosh(2.0) - 0.44 * math.sinh(2.0))
    assert found["first_spike"] == pytest.approx(440.0 / (100.0**2 - 44.0**2) * (200.0 + 44.0 * log), rel=1e-4)
    assert 1.17 < found["plateau"] < 1.2
    silent = SiliconMembrane(I=40.0, leak="0.2").readouts()
    assert silent["first_spike"] == math.inf and silent["rate"] == 0.0
    assert SiliconMembrane(comparator=False).readouts()["first_spike"] == math.inf


@pytest.mark.parametrize("leak, I", [("0.0724", 150.0), ("0.2", 50.0), ("0.5", 150.0), ("2.0", 50.0)])
def test_circles_are_the_circuit_simulators(leak, I):
    """Spikes of the reference run lie where the circles fall from above 0.7 to below 0.4 V."""
    (run,) = (run for run in REFERENCE if run["kind"] == "ota_leak" and run["params"]["VLIN"] == float(leak)
              and round(1e9 * run["params"]["IIN"]) == I)
    stored = SiliconMembrane(I=I, leak=leak)._stored()
    assert stored.size == 61 and stored[0] == 0.4
    times = 1e6 * np.array(run["spike_times_s"])
    falls = np.flatnonzero((stored[:-1] > 0.6) & (stored[1:] < 0.5)) + 1
    # The reset switch takes 0.2 µs to empty the capacitor.
    np.testing.assert_array_equal(falls, np.ceil(times[times < 59.5] + 0.05))


def test_no_circles_without_a_run():
    assert SiliconMembrane(I=110.0)._stored().size == 0
    assert SiliconMembrane(V_DD=1.3)._stored().size == 0
    assert SiliconMembrane(I=200.0, comparator=False)._stored()[-1] > 1.1


def test_calibration_numbers():
    """The design's rate by hand; without mismatch only the capacitors differ, and rates follow the log of their 1 %."""
    found = Calibration(I=120.0).readouts()
    assert found["design"] == pytest.approx(
        1000.0 / (2.0 + 10.0 * math.log((0.1 + 120.0 / 220.0) / (120.0 / 220.0 - 0.4))), rel=1e-4)
    assert found["before"] > 10.0 > 2.0 > found["after"]
    same = Calibration(I=120.0, mismatch=0.0, bits=10.0).readouts()
    share = 1.0 - 2.0 * found["design"] / 1000.0
    assert same["before"] == pytest.approx(share, rel=4.0 / math.sqrt(400.0))
    assert same["silent"] == same["out_of_range"] == 0
    assert Calibration(mismatch=40.0).readouts()["out_of_range"] > 0
    assert Calibration(chip=2.0).readouts()["before"] != found["before"]
