"""Writes lifcore/hardware/data/circuits.json: what ngspice makes of the netlists, for readers who do not have it.

    python tools/circuits.py

Each run keeps its spike times, the membrane's potential twice a µs, its last value and the length of the first
pulse of the one-shot.  The rheobase of a circuit is found as an experimenter would, by halving the interval between a current
that is silent for a millisecond and one that fires, until they are a tenth of a nA apart.  Takes about a minute.
"""

import json
from pathlib import Path

import numpy as np

from lifcore.hardware.circuit import simulate_circuit

TARGET = Path(__file__).parents[1] / "lifcore" / "hardware" / "data" / "circuits.json"
STEP, SHOWN = 0.5, 80.0  # between two points of a trace and what they cover, in µs
# Where the reset switch opens, in V: the lower end of a hysteresis, and half the supply at a transistor's gate.
OPENS = {"rc": 0.1, "ota": 0.1, "mos": 0.6}

RUNS = [
    *(("rc", {"I": I}) for I in (50.0, 70.0, 80.0, 88.5, 90.0, 100.0, 150.0, 200.0, 300.0, 400.0, 600.0, 800.0)),
    *(("ota", {"I": I, "V_lin": V_lin, "V_comp": 0.001}) for V_lin in (0.0724, 0.15, 0.2, 0.5, 2.0)
      for I in (10.0, 20.0, 50.0, 80.0, 100.0, 150.0, 400.0)),
    *(("ota", {"I": I, "V_lin": V_lin, "V_th": 5.0, "duration": 80.0}) for V_lin in (0.0724, 0.2, 0.5, 2.0)
      for I in (50.0, 100.0, 150.0, 200.0, 400.0)),
    *(("mos", {"I": I}) for I in (20.0, 50.0, 100.0, 150.0, 200.0, 400.0)),
]
RHEOBASES = [("rc", {}), *(("ota", {"V_lin": V_lin}) for V_lin in (0.0724, 0.2, 0.5, 2.0)), ("mos", {})]


def first_pulse(name, result):
    """How long the switch stays closed, in µs; 0 without a spike."""
    above = result.switch > OPENS[name]
    if not above.any():
        return 0.0
    begin = int(np.argmax(above))
    closed = above[begin:]
    if closed.all():
        return 0.0
    return _passage(result, begin + int(np.argmin(closed)), OPENS[name]) - _passage(result, begin, OPENS[name])


def _passage(result, k, level):
    """Time in µs at which the switch's potential passes the level between the points k - 1 and k."""
    part = (level - result.switch[k - 1]) / (result.switch[k] - result.switch[k - 1])
    return result.t[k - 1] + part * (result.t[k] - result.t[k - 1])


def run(name, parameters):
    result = simulate_circuit(name, **parameters)
    t = np.arange(0.0, SHOWN + STEP / 2, STEP)
    return {
        "name": name, "parameters": parameters, "spike_times": [round(x, 6) for x in result.spike_times],
        "step": STEP, "V": [round(x, 4) for x in np.interp(t, result.t, result.V)],
        "final": round(float(result.V[-1]), 7), "pulse": round(float(first_pulse(name, result)), 5)}


def rheobase(name, parameters):
    silent, firing = 1.0, 150.0
    while firing - silent > 0.1:
        I = 0.5 * (silent + firing)
        if simulate_circuit(name, I=I, duration=1000.0, **parameters).spike_times.size:
            firing = I
        else:
            silent = I
    return {"name": name, "parameters": parameters, "bracket": [round(silent, 3), round(firing, 3)]}


def main():
    runs = [run(*case) for case in RUNS]
    rheobases = [rheobase(*case) for case in RHEOBASES]
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in runs)
    brackets = ",\n".join(json.dumps(entry) for entry in rheobases)
    TARGET.write_text(f'{{"runs": [\n{lines}\n],\n"rheobases": [\n{brackets}\n]}}\n', encoding="utf-8")
    print(f"{len(runs)} runs, {len(rheobases)} rheobases, {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
