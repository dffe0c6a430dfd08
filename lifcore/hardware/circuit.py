"""Circuit simulation with ngspice: the neuron from its parts, and how far each idealisation of it is off.

Three netlists lie beside this module, in `data/netlists`, and can be run by themselves (``ngspice -b rc.cir``):

    rc     a resistor as leak, a behavioural comparator, one-shot and switch
    ota    an amplifier as leak, an input that fades near the rails, clamping diodes; comparator, one-shot and switch as in rc
    mos    transistors throughout, by the square law

`simulate_circuit` runs one of them.  ngspice is a program of its own and need not be there: what the course shows is stored
in `data/circuits.json`, which `tools/circuits.py` writes.

Units: µs, V, pF, nA, nS.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from lifcore._validate import finite_number, instance_of, one_of
from lifcore.hardware import analog

__all__ = [
    "CircuitResult", "Deviation", "NETLISTS", "StoredResult", "deviation", "find_ngspice", "idealised", "netlist",
    "simulate_circuit", "stored_results", "stored_rheobase",
]

# Unit and scale suffix of each parameter, and whether it must be positive.
UNITS = {
    "I": ("nA", "n", False), "C": ("pF", "p", True), "g_L": ("nS", "n", True), "E_L": ("V", "", False),
    "V_th": ("V", "", False), "V_reset": ("V", "", False), "t_ref": ("µs", "u", True), "V_DD": ("V", "", True),
    "V_lin": ("V", "", True), "V_comp": ("V", "", True), "duration": ("µs", "u", True), "I_leak": ("nA", "n", True),
    "I_comparator": ("nA", "n", True), "I_refractory": ("nA", "n", True),
}
SUFFIXES = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "": 1.0}
NETLISTS = ("rc", "ota", "mos")
SWITCHES = {"rc": "timer", "ota": "timer", "mos": "on"}
PARAMETER = re.compile(r"^\.param (\w+) = ([\d.]+)([a-z]?)$", re.MULTILINE)
LARGEST = 1e9
LINES_SHOWN = 12


@dataclass(frozen=True)
class CircuitResult:
    """What a circuit simulator found.

    Attributes
    ----------
    t : ndarray, shape (points,)
        Time in µs, at the simulator's own steps.
    V : ndarray, shape (points,)
        Potential of the membrane in V.
    comparator : ndarray, shape (points,)
        Output of the comparator in V.
    switch : ndarray, shape (points,)
        Potential in V that closes the reset switch: of the one-shot's capacitor, in mos of the transistor's gate.
    supply : float
        V_DD in V.
    """

    t: np.ndarray
    V: np.ndarray
    comparator: np.ndarray
    switch: np.ndarray
    supply: float

    @property
    def spike_times(self) -> np.ndarray:
        """Times in µs at which the comparator's output rises through half the supply, between two points on a line."""
        level = 0.5 * self.supply
        k = np.flatnonzero((self.comparator[:-1] < level) & (self.comparator[1:] >= level))
        part = (level - self.comparator[k]) / (self.comparator[k + 1] - self.comparator[k])
        return self.t[k] + part * (self.t[k + 1] - self.t[k])


def find_ngspice() -> str | None:
    """Path of the program ngspice, or None."""
    return shutil.which("ngspice")


def _check_name(name):
    one_of("name", name, NETLISTS)


def netlist(name: str) -> str:
    """The text of a netlist.

    Parameters
    ----------
    name : {"rc", "ota", "mos"}
    """
    _check_name(name)
    return _text(name)


@cache
def _text(name):
    return resources.files("lifcore.hardware").joinpath("data", "netlists", f"{name}.cir").read_text(encoding="utf-8")


@cache
def _defaults(name):
    """Parameters of a netlist and their values in the units of this module."""
    return {
        key: float(number) * (SUFFIXES[suffix] / SUFFIXES[UNITS[key][1]])
        for key, number, suffix in PARAMETER.findall(netlist(name))}


def _checked(name, parameters):
    """All parameters of a netlist, those given instead of its own."""
    found = dict(_defaults(name))
    for key, value in parameters.items():
        if key not in found:
            raise TypeError(f"the netlist {name!r} has no parameter {key!r}; its parameters are {', '.join(found)}")
        unit, _, positive = UNITS[key]
        bound = {"above": 0.0} if positive else {"at_least": -LARGEST}
        found[key] = finite_number(key, value, unit, **bound, at_most=LARGEST)
    if not found["V_reset"] < found["V_th"]:
        raise ValueError(f"V_reset must be less than V_th = {found['V_th']:g} V, got {found['V_reset']:g} V")
    return found


def _with(name, parameters):
    """The netlist with these parameters, and the commands that run it and write what the membrane and the comparator did."""
    text = PARAMETER.sub(lambda found: f".param {found[1]} = {parameters[found[1]]!r}{UNITS[found[1]][1]}", netlist(name))
    commands = (
        ".control\nset wr_singlescale\nset numdgt=12\nrun\n"
        f"wrdata result.dat v(m) v(spike) v({SWITCHES[name]})\nquit\n.endc\n")
    return text.replace(".end\n", f"{commands}.end\n")


def simulate_circuit(name: str, timeout: float = 60.0, **parameters: float) -> CircuitResult:
    """Run a netlist in ngspice.

    Parameters
    ----------
    name : {"rc", "ota", "mos"}
    timeout : float
        Seconds after which the run is given up.
    parameters : float
        Instead of the netlist's own, in the units of this module: I (nA), C (pF), g_L (nS), E_L, V_th, V_reset, V_DD, V_lin,
        V_comp (V), t_ref, duration (µs). A threshold above the supply switches the comparator off.

    Returns
    -------
    CircuitResult

    Raises
    ------
    RuntimeError
        If ngspice is missing, fails, or does not come to an end; what it said last is part of the message.

    References
    ----------
    Nagel (1975), *SPICE2: A Computer Program to Simulate Semiconductor Circuits*; Shichman & Hodges (1968), IEEE Journal of
    Solid-State Circuits 3: 285, for the square law of the transistors.
    """
    _check_name(name)
    found = _checked(name, parameters)
    timeout = finite_number("timeout", timeout, "s", above=0.0)
    program = find_ngspice()
    if program is None:
        raise RuntimeError(
            "ngspice is not installed: on Debian and Ubuntu `apt-get install ngspice`, elsewhere see "
            "https://ngspice.sourceforge.io; stored_results() needs no simulator")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "neuron.cir").write_text(_with(name, found), encoding="utf-8")
        try:
            run = subprocess.run(
                [program, "-b", "neuron.cir"], cwd=folder, capture_output=True, text=True, errors="replace",
                timeout=timeout, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"ngspice did not finish the netlist {name!r} within {timeout:g} s") from error
        result = Path(folder, "result.dat")
        if run.returncode != 0 or not result.exists():
            said = "\n".join((run.stdout + run.stderr).strip().splitlines()[-LINES_SHOWN:])
            raise RuntimeError(f"ngspice failed with the netlist {name!r} (exit status {run.returncode}):\n{said}")
        columns = np.loadtxt(result, ndmin=2).T
    t = columns[0] * 1e6
    if t[-1] < 0.999 * found["duration"]:
        raise RuntimeError(f"ngspice stopped at {t[-1]:g} µs of {found['duration']:g} µs with the netlist {name!r}")
    return CircuitResult(t, *(np.ascontiguousarray(column) for column in columns[1:]), found["V_DD"])


# What was found once

@dataclass(frozen=True)
class StoredResult:
    """A run of ngspice that is stored with the course.

    Attributes
    ----------
    name : str
        The netlist.
    parameters : dict
        Those that differ from the netlist's own.
    spike_times : ndarray
        In µs.
    t, V : ndarray, shape (points,)
        Time in µs and potential of the membrane in V, twice a µs.
    final : float
        Potential in V at the end.
    pulse : float
        Length in µs of the first pulse of the one-shot, as long as it held the reset switch closed; 0 where there was none.
    """

    name: str
    parameters: dict[str, float]
    spike_times: np.ndarray
    t: np.ndarray
    V: np.ndarray
    final: float
    pulse: float


@cache
def _stored():
    return json.loads(
        resources.files("lifcore.hardware").joinpath("data", "circuits.json").read_text(encoding="utf-8"))


def stored_results(name: str | None = None) -> list[StoredResult]:
    """The stored runs of ngspice.

    Parameters
    ----------
    name : {"rc", "ota", "mos"}, optional
        Those of one netlist only.

    Returns
    -------
    list of StoredResult
        In the order in which `tools/circuits.py` made them.
    """
    if name is not None:
        _check_name(name)
    return [
        StoredResult(
            run["name"], dict(run["parameters"]), np.array(run["spike_times"]), run["step"] * np.arange(len(run["V"])),
            np.array(run["V"]), run["final"], run["pulse"])
        for run in _stored()["runs"] if name in (None, run["name"])]


def stored_rheobase(name: str, V_lin: float | None = None) -> tuple[float, float]:
    """Two currents in nA, less than a tenth of a nA apart: for a millisecond the lower leaves the circuit silent, the higher does not.

    Parameters
    ----------
    name : {"rc", "ota", "mos"}
    V_lin : float, optional
        Linear range in V of the amplifier; the netlist's own if not given.
    """
    _check_name(name)
    V_lin = _defaults(name).get("V_lin") if V_lin is None else finite_number("V_lin", V_lin, "V", above=0.0)
    for found in _stored()["rheobases"]:
        if found["name"] == name and found["parameters"].get("V_lin") == V_lin:
            return tuple(found["bracket"])
    raise ValueError(f"no rheobase is stored for the netlist {name!r} with V_lin = {V_lin!r}")


def _result(result):
    return instance_of("result", result, StoredResult, "a StoredResult, as stored_results lists them")


def idealised(result: StoredResult) -> analog.Circuit:
    """The circuit that a run stands for, as the equation has it.

    The transistors of mos have no g_L; it stands for the resistor's circuit, which it was drawn to be.
    """
    found = _checked(_result(result).name, result.parameters)
    ideal = analog.Circuit(V_comp=0.0)
    keys = [key for key in ("C", "g_L", "E_L", "V_th", "V_reset", "t_ref", "V_DD", "V_lin", "V_comp") if key in found]
    values = {key: found[key] for key in keys}
    if values["V_th"] >= values["V_DD"]:
        # The threshold was switched off.
        values["V_th"] = ideal.V_th
    return ideal.replace(**values)


@dataclass(frozen=True)
class Deviation:
    """A circuit simulation against the equation; None where there is nothing to compare.

    Attributes
    ----------
    I : float
        Current in nA.
    first_spike : float or None
        Time of the first spike minus that of the equation in µs.
    interval : float or None
        Mean interspike interval over that of the equation, minus 1.
    pulse : float or None
        Length of the one-shot's pulse minus t_ref in µs.
    plateau : float or None
        Final potential of a run without spikes minus that of the equation at the same time, in V.
    """

    I: float
    first_spike: float | None
    interval: float | None
    pulse: float | None
    plateau: float | None


def deviation(result: StoredResult, ideal: analog.Circuit | None = None) -> Deviation:
    """How far a run of the circuit simulator is from an idealisation.

    Parameters
    ----------
    result : StoredResult
    ideal : Circuit, optional
        What to compare with; `idealised(result)` if not given.

    Returns
    -------
    Deviation
    """
    given, times = _checked(_result(result).name, result.parameters), result.spike_times
    c = idealised(result) if ideal is None else instance_of("ideal", ideal, analog.Circuit, "an analog.Circuit")
    I, duration = given["I"], given["duration"]
    first = analog.first_spike(c, I)
    fires = times.size > 0 and np.isfinite(first)
    return Deviation(
        I,
        float(times[0] - first) if fires else None,
        float(np.diff(times).mean() / analog.interspike_interval(c, I) - 1.0) if fires and times.size > 1 else None,
        float(result.pulse - c.t_ref) if result.pulse else None,
        float(result.final - analog.trace(c, I, duration, duration, comparator=False).V[-1]) if times.size == 0 else None)
