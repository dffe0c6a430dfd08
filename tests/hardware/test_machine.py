"""What every machine answers: the same questions, the same checks, and agreement with the exact solution.

Bounds come from the step and from what a machine says that it holds, by the closed form of the interval written here.
"""

import math
import subprocess
import sys

import numpy as np
import pytest

import lifcore.hardware
from lifcore import LIF
from lifcore.hardware import MACHINES, Machine, Response, realise
from lifcore.hardware.comparison import stepped_current

n = LIF()
CLOCKED = ("truenorth", "loihi", "spinnaker")


def interval(I, tau_m, t_ref, start=-65.0):
    """Closed form, in ms, for the default neuron with another time constant and refractory period."""
    return t_ref + tau_m * math.log((100.0 * I - 70.0 - start) / (100.0 * I - 20.0))


@pytest.mark.parametrize("name", MACHINES)
def test_each_machine_answers_the_same_questions(name):
    machine = realise(n, name)
    assert isinstance(machine, Machine) and machine.name == name and machine.leak in ("exponential", "linear")
    assert machine.neuron == n and machine.dt == 1.0
    assert machine.parameters and all(type(value) in (int, float) for value in machine.parameters.values())
    low, high = machine.dynamic_range
    assert type(low) is float and type(high) is float and low <= n.E_L < n.V_th <= high
    assert type(machine.resolution) is float and 0.0 <= machine.resolution < 0.1 * (n.V_th - n.E_L)
    assert type(machine.tau_m) is float and abs(machine.tau_m - n.tau_m) < 0.1 * n.tau_m
    assert type(machine.t_ref) is float and 0.0 <= machine.t_ref <= n.t_ref + machine.dt
    assert {"tau_m", "t_ref"} <= set(machine.errors)
    assert machine.errors["tau_m"] == machine.tau_m - n.tau_m and machine.errors["t_ref"] == machine.t_ref - n.t_ref


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_is_fixed_once_made(name):
    machine = realise(n, name)
    with pytest.raises(AttributeError):
        machine.dt = 2.0


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("dt", [1.0, 0.1])
def test_response_lies_on_the_clock_and_in_the_range(name, dt):
    current = stepped_current(dt=dt)
    machine = realise(n, name, dt)
    response = machine.respond(current)
    assert isinstance(response, Response)
    np.testing.assert_allclose(response.t, dt * np.arange(1, current.size + 1), rtol=1e-12)
    assert response.V.shape == response.t.shape and response.V.dtype == np.float64
    low, high = machine.dynamic_range
    assert np.all((response.V >= low) & (response.V <= high))
    spikes = response.spike_times
    assert spikes.dtype == np.float64 and spikes.size > 10 and np.all(np.diff(spikes) > 0.0)
    assert spikes[0] > 0.0 and spikes[-1] <= 300.0 * (1.0 + 1e-12)
    if name in CLOCKED:
        np.testing.assert_allclose(spikes / dt, np.round(spikes / dt), rtol=0.0, atol=1e-9)


@pytest.mark.parametrize("name", MACHINES)
def test_a_constant_current_is_an_array_of_one_value(name):
    machine = realise(n, name)
    whole, steps = machine.respond(0.3, 80.0), machine.respond(np.full(80, 0.3))
    for one, other in ((whole.t, steps.t), (whole.V, steps.V), (whole.spike_times, steps.spike_times)):
        np.testing.assert_array_equal(one, other)
    # Asked a second time it starts from rest again.
    np.testing.assert_array_equal(machine.respond(0.3, 80.0).V, whole.V)


@pytest.mark.parametrize("name", MACHINES)
def test_rest_is_rest(name):
    machine = realise(n, name)
    response = machine.respond(0.0, 200.0)
    assert response.spike_times.size == 0
    # A machine that cannot hold E_L says by how much.
    assert np.max(np.abs(response.V - n.E_L)) <= abs(machine.errors.get("E_L", 0.0)) + 2.0 * machine.resolution + 1e-9


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("call, message", [
    (lambda machine: machine.respond(0.3), "duration must be given in ms for a constant current, got None"),
    (lambda machine: machine.respond(0.3, 10.5), "duration must be a whole number of steps of dt = 1 ms, got 10.5 ms"),
    (lambda machine: machine.respond(0.3, 0.0), "duration must be finite and greater than 0 ms, got 0 ms"),
    (lambda machine: machine.respond(0.3, 1e12), "duration must be at most 100,000,000 steps of dt = 1 ms, got 1e+12 ms"),
    (lambda machine: machine.respond([0.3, 0.3], 2.0), "duration must be left out for an array of currents"),
    (lambda machine: machine.respond([[0.3]]), "I must be a number or a one-dimensional array"),
    (lambda machine: machine.respond([]), "I must be a number or a one-dimensional array"),
    (lambda machine: machine.respond([0.3, np.nan]), "I must be finite"),
    (lambda machine: machine.respond(np.inf, 10.0), "I must be finite"),
    (lambda machine: machine.respond("0.3", 10.0), "I must be a number or an array of numbers in nA"),
])
def test_a_bad_current_is_named(name, call, message):
    with pytest.raises((TypeError, ValueError)) as error:
        call(realise(n, name))
    assert message in str(error.value)


@pytest.mark.parametrize("name", CLOCKED)
def test_a_current_beyond_the_words_is_named(name):
    with pytest.raises(ValueError, match="got"):
        realise(n, name).respond(1e40, 5.0)


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("dt", [0.0, -1.0, np.nan, np.inf])
def test_a_bad_step_is_named(name, dt):
    with pytest.raises(ValueError, match="dt must be finite"):
        realise(n, name, dt)


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_needs_a_neuron(name):
    with pytest.raises(TypeError, match="n must be a LIF neuron"):
        realise("cell", name)


@pytest.mark.parametrize("name", ["loihi2", None, ["loihi"]])
def test_unknown_machine(name):
    with pytest.raises(ValueError, match="machine must be one of 'brainscales', 'truenorth', 'loihi', 'spinnaker', 'processor', got"):
        realise(n, name)


def test_unknown_module_is_named():
    with pytest.raises(AttributeError, match="has no attribute 'loihi2'; it has .*loihi"):
        _ = lifcore.hardware.loihi2
    assert set(MACHINES.values()) < set(dir(lifcore.hardware))


def test_import_compiles_nothing():
    code = "import sys, lifcore.hardware; print(sorted({'numba', 'scipy', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# The exact solution

def test_processor_is_the_closed_form():
    response = realise(n, "processor").respond(0.3, 200.0)
    first, T = 20.0 * math.log(3.0), interval(0.3, 20.0, 2.0)
    np.testing.assert_allclose(response.spike_times, first + T * np.arange(1 + int((200.0 - first) / T)), rtol=1e-13)
    climb = response.t < first
    np.testing.assert_allclose(response.V[climb], -70.0 - 30.0 * np.expm1(-response.t[climb] / 20.0), rtol=1e-14)
    resting = (response.t > first) & (response.t < first + 2.0)
    assert np.all(response.V[resting] == -65.0) and np.any(resting)


def test_processor_does_not_depend_on_the_step():
    coarse, fine = (realise(n, "processor", dt).respond(stepped_current(dt=dt)) for dt in (1.0, 0.1))
    np.testing.assert_allclose(coarse.spike_times, fine.spike_times, rtol=0.0, atol=1e-11)
    np.testing.assert_allclose(coarse.V, fine.V[9::10], rtol=0.0, atol=1e-10)


def test_processor_refuses_a_flood_of_spikes():
    with pytest.raises(ValueError, match="I must give fewer than 2,000,000,000 spikes, got 1e"):
        realise(n.replace(t_ref=0.0), "processor").respond(1e12, 10.0)


# Agreement with the exact solution, within what the clock and the realised parameters allow

@pytest.mark.parametrize("name", ["loihi", "spinnaker"])
@pytest.mark.parametrize("dt", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("I", [0.25, 0.3, 0.5])
def test_intervals_of_a_clock_with_an_exponential_leak(name, dt, I):
    """A clock stamps each spike up to a step late; a potential that is off by a step of the word shifts it a little more."""
    machine = realise(n, name, dt)
    response = machine.respond(I, 400.0)
    drive = 100.0 * I - 20.0
    # dT/dV = tau_m / drive at the threshold; the steady state may be off by the dead zone, tau_m / dt steps of the word.
    slack = machine.resolution * machine.tau_m / drive * (2.0 + machine.tau_m / dt) + 0.02 * dt
    first = interval(I, machine.tau_m, 0.0, start=-70.0)
    assert first - slack <= response.spike_times[0] <= first + dt + slack
    T = interval(I, machine.tau_m, machine.t_ref)
    intervals = np.diff(response.spike_times)
    assert intervals.size > 5
    assert np.all((intervals >= T - slack) & (intervals <= T + dt + slack))


@pytest.mark.parametrize("name", ["loihi", "spinnaker", "processor"])
def test_steady_state_below_threshold(name):
    """0.1 nA holds the membrane 10 mV above rest; a rounded decay stops short by less than tau_m / dt steps of the word.

    Loihi's input is itself a word: a bias of 13 bits, of which the last stands for 2**bias_exp steps of the potential.
    """
    machine = realise(n, name)
    V = machine.respond(0.1, 400.0).V[-1]
    steps = 1.0 + 2.0 ** machine.parameters.get("bias_exp", 0)
    assert abs(V + 60.0) <= machine.resolution * (2.0 + steps * machine.tau_m / machine.dt) + 10.0 * math.exp(-400.0 / 20.0)


@pytest.mark.parametrize("dt", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("I", [0.25, 0.3, 0.5])
def test_intervals_of_a_clock_with_a_linear_leak(dt, I):
    """A pull that is always as strong as the exponential leak at the threshold: V climbs at (R I - 20 mV) / tau_m."""
    machine = realise(n, "truenorth", dt)
    spikes = machine.respond(I, 600.0).spike_times
    T = 15.0 * 20.0 / (100.0 * I - 20.0)
    # The input of a tick is a whole number, and so is the leak; what the one lacks comes with the next.
    slack = machine.resolution * T / dt + 1e-9
    assert np.all((np.diff(spikes) >= T - dt - slack) & (np.diff(spikes) <= T + dt + slack))
    assert abs(np.mean(np.diff(spikes)) - T) <= dt + slack


def test_intervals_of_the_analog_circuit():
    """Without a clock nothing is late: the interval is the closed form at the realised numbers, up to the input's word."""
    machine = realise(n, "brainscales")
    e = machine.errors
    distance, start = 20.0 + e["V_th"] - e["E_L"], 5.0 + e["V_reset"] - e["E_L"]
    for I in (0.25, 0.3, 0.5):
        # By its definition the rheobase lifts the membrane to the threshold.
        drive = I * distance / (0.2 + e["rheobase"])
        T = machine.t_ref + machine.tau_m * math.log((drive - start) / (drive - distance))
        # Half a step of the input's 10 bits, of 1.14 nA; and the source weakens towards the supply.
        slack = machine.tau_m * (0.5 * 1.14 / 1023 / I + 2e-4) * drive / (drive - distance)
        np.testing.assert_allclose(np.diff(machine.respond(I, 300.0).spike_times), T, rtol=0.0, atol=slack)


@pytest.mark.parametrize("name", MACHINES)
def test_realised_numbers_stand_beside_what_was_asked_for(name):
    other = LIF(tau_m=12.0, t_ref=3.0)
    machine = realise(other, name, 0.5)
    assert machine.errors["tau_m"] == machine.tau_m - 12.0
    assert abs(machine.errors["tau_m"]) < 1.2


def test_the_machines_are_there_when_they_are_named():
    """In a fresh Python, after `import lifcore` alone."""
    program = (
        "import sys, lifcore; assert 'lifcore.hardware' not in sys.modules and 'numba' not in sys.modules;"
        "print(lifcore.hardware.loihi.time_constant(200) > 0, callable(lifcore.hardware.truenorth.simulate))")
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "True True\n"
