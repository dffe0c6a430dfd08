"""A right call of every public function, class and method of lifcore: what the fuzz changes one or two arguments of.

Arguments that the house calls by the same name everywhere mean the same, so most functions need no entry of their own.
`CALLS` has those that do. An argument that a function does not require is left out here and tried all the same.
"""

import functools
import importlib
import inspect
import pkgutil
import tempfile
from pathlib import Path

import numpy as np

import lifcore
from lifcore import LIF, cloud, hardware, policy
from lifcore.hardware import analog, circuit, published
from lifcore.network import Connection, Network, Population
from lifcore.policy import EscapeNoiseLIF
from lifcore.rates import MeanField
from lifcore.simulation import simulate
from lifcore.snn import event_files, events, layers, network, nir, operations, surrogate, training, unrolled

# Modules whose functions are not called with what a stranger brings: the kernels (checked by the floors above), figures
# (traits, tests/test_live.py) and the grader (tests/grading).
NOT_HERE = ("kernels", "live", "grading")
n = LIF()
POPULATIONS = {"E": Population(20, n, mu=15.0, sigma=5.0), "I": Population(10, n, mu=15.0, sigma=5.0)}
CONNECTIONS = [Connection("E", "I", J=0.1, delay=1.0, indegree=5), Connection("I", "E", J=-0.1, delay=1.0, indegree=5)]


@functools.cache
def net():
    return network.Sequential(
        layers.Linear(4, 3), layers.LIF(beta=0.9, reset_mechanism="zero"), layers.Linear(3, 2), input_shape=(4,), rng=1)


@functools.cache
def field():
    return MeanField(POPULATIONS, CONNECTIONS)


@functools.cache
def point():
    return field().fixed_points()[0]


@functools.cache
def spikes():
    return simulate(n, 30.0, 0.0, 100.0, size=2)


@functools.cache
def activity():
    return Network(POPULATIONS, CONNECTIONS, rng=1).run(20.0, rng=2)


def chip():
    return analog.fabricate(analog.Circuit(), size=3, rng=1)


def stream():
    return events.Events(np.array([0.0, 1.0]), np.array([0, 1]), np.array([0, 1]), np.array([0, 1]), (2, 2), 4.0)


def images():
    return np.full((1, 8, 8), 0.5)


def fresh():
    return network.Sequential(layers.Linear(4, 2), layers.LI(beta=0.9), input_shape=(4,), rng=1)


def convolutional():
    return network.Sequential(
        layers.Conv2d(2, 1, 2, bias=False), layers.LIF(beta=0.9), layers.Flatten(), layers.Linear(1, 2, bias=False),
        input_shape=(2, 2, 2), rng=1)


def samples():
    return np.full((2, 5, 4), 0.5)


def figures():
    return list(published.FIGURES.values())


UNROLLED = {"x": [[0.5], [0.5], [0.5]], "w": [1.0], "neuron": layers.LIF(beta=0.9, surrogate=surrogate.Sigmoid())}


def saved():
    training.save(fresh(), path := file("net.npz"))
    return path


def written():
    event_files.write_events(stream(), path := file("events.npz"))
    return path


def exchanged():
    nir.write_nir(net(), path := file("net.nir"))
    return path


def file(name):
    return Path(tempfile.mkdtemp(dir=".")) / name


ONE_NEURON = {
    "n": n, "neuron": n, "mu": 15.0, "sigma": 5.0, "f": 10.0, "I": 0.3, "t": 5.0, "V": -60.0, "dt": 0.5,
    "duration": 20.0, "size": 2, "rng": 1, "tau_m": 20.0, "beta": 0.9, "gap": 5.0, "tau_decay": 5.0, "tau_rise": 1.0,
    "slope": 0.1, "light": 0.5, "amplitude": 0.5, "window": 50.0, "before": (15.0, 5.0), "after": (18.0, 5.0),
    "bin": 1.0, "spikes": spikes, "jumps": [0.1], "rates": [1000.0], "C_m": 0.2, "g_L": 10.0, "deviation": 3.0,
    "s": 5.0, "m": 0.5, "D": 0.1, "c": analog.Circuit, "delay": 2.0, "net": net, "J": 0.1, "N": 1000,
    "machine": "loihi", "steps": 5, "edges": [0.0, 5.0, 10.0], "x": lambda: np.full((2, 4), 0.5), "labels": [0, 1],
    "events": stream, "streams": lambda: [stream()], "dv": 200, "du": 4095, "bias": 100, "tau": 20.0, "w_exc": [[0]],
    "tau_syn": 5.0, "exp_TC": 31170, "t_ref": 2.0,
}

EVENTS = {"t": [0.0, 1.0], "x": [0, 1], "y": [0, 1], "polarity": [0, 1], "sensor": (2, 2), "duration": 4.0}
SPINNAKER = {
    "w_exc": [0, 0, 0], "w_inh": [0, 0, 0], "R": 32768, "exp_TC": 31170, "V_rest": -65 << 15, "V_reset": -65 << 15,
    "V_th": -50 << 15, "I_offset": 32768, "decay_e": 1 << 30, "init_e": 1 << 30, "decay_i": 1 << 30, "init_i": 1 << 30,
    "T_ref": 2, "V0": -65 << 15,
}
TRUENORTH = {
    "A": [[1, 0], [0, 1]], "w": [1, 1], "G": [0, 1], "s": [10, 5, 0, 0], "b": [0, 0, 0, 0], "eps": 0, "lam": 1, "c": 0,
    "alpha": 20, "beta": 0, "M": 0, "gamma": 0, "kappa": 0, "R": 0, "V0": 0, "rho_s": [[0, 0], [0, 0]],
    "rho_l": [0, 0], "rho_t": [0, 0],
}
FLOATING = {
    "w_exc": [0.0, 0.0], "w_inh": [0.0, 0.0], "R": 100.0, "tau_m": 20.0, "V_rest": -70.0, "V_reset": -70.0,
    "V_th": -50.0, "I_offset": 0.3, "tau_e": 5.0, "tau_i": 5.0, "t_ref": 2.0, "V0": -70.0,
}
ESCAPE = EscapeNoiseLIF((0.1, 0.1, 0.1, 0.1))

CALLS = {
    "bombardment.equal_kicks": {"size": 0.1},
    "cloud.snapshot": {"t": 5.0},
    "cloud.Snapshot.density": {
        "self": lambda: cloud.snapshot(n, 15.0, 5.0, 5.0, size=20, rng=1), "edges": [-80.0, -60.0, -50.0]},
    "conventions.from_nest": {
        "parameters": {"C_m": 200.0, "tau_m": 20.0, "E_L": -70.0, "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0}},
    "fokker_planck.evolve": {"t": [0.0, 1.0]},
    "fokker_planck.step_rate": {"t": [1.0, 2.0]},
    **{f"hardware.{home}.{name}.respond": {"self": functools.partial(hardware.realise, n, machine), "I": 0.3} for
       home, name, machine in (
           ("analog", "Analog", "brainscales"), ("loihi", "Loihi", "loihi"), ("processor", "Processor", "processor"),
           ("spinnaker", "Spinnaker", "spinnaker"), ("truenorth", "TrueNorth", "truenorth"))},
    "hardware.analog.calibrate": {"chip": chip},
    "hardware.analog.Chip.firing_rate": {"self": chip, "I": 100.0},
    "hardware.analog.Circuit.replace": {"self": analog.Circuit()},
    "hardware.analog.firing_rate": {"I": 100.0},
    "hardware.analog.first_spike": {"I": 100.0},
    "hardware.analog.interspike_interval": {"I": 100.0},
    "hardware.analog.leak_current": {"V": 0.6},
    "hardware.analog.one_shot": {"C": 2.2, "I": 100.0, "swing": 0.5},
    "hardware.analog.plateau": {"I": 100.0},
    "hardware.analog.source_current": {"I": 100.0, "V": 0.6},
    "hardware.analog.trace": {"I": 100.0},
    "hardware.circuit.deviation": {"result": lambda: circuit.stored_results()[0]},
    "hardware.circuit.idealised": {"result": lambda: circuit.stored_results()[0]},
    "hardware.circuit.netlist": {"name": "rc"},
    "hardware.circuit.stored_rheobase": {"name": "rc"},
    "hardware.comparison.compare": {"I": 0.3},
    "hardware.comparison.spike_distance": {"first": [1.0, 5.0], "second": [2.0]},
    "hardware.energy.energy_per_event": {"events": [1e3, 1e6], "idle": 0.1, "marginal": 1e-9},
    "hardware.energy.idle_and_marginal": {"events": [1e3, 1e6], "power": [0.1, 0.2]},
    "hardware.energy.synaptic_events": {"neurons": 10, "rate": 10.0, "synapses": 100},
    "hardware.fixed_point.add": {"a": 1, "b": 2},
    "hardware.fixed_point.divide": {"a": 32768, "b": 32768},
    "hardware.fixed_point.Format": {"bits": 32, "fraction": 15, "signed": True},
    "hardware.fixed_point.multiply": {"a": 32768, "b": 32768},
    "hardware.fixed_point.scale": {"a": 32768, "factor": 1 << 30},
    "hardware.fixed_point.subtract": {"a": 1, "b": 2},
    "hardware.fixed_point.to_fixed": {"x": 0.5},
    "hardware.fixed_point.to_float": {"words": 100},
    "hardware.floating_point.simulate": FLOATING,
    "hardware.loihi.dense_input": {"weights": [[2]], "spikes": [[1], [0]]},
    "hardware.loihi.quantise_weights": {"w": [[5]]},
    "hardware.loihi.simulate": {
        "a_in": [[0], [0]], "du": [4095], "dv": [200], "vth": [100], "bias_mant": [100], "bias_exp": [0],
        "u0": [0], "v0": [0]},
    "hardware.published.PublishedFigure": {
        "machine": "Loihi", "value": 2.0, "unit": "mJ", "definition": "digit", "kind": "measured", "conditions": "",
        "source": "davies2018"},
    "hardware.published.ratio": {"first": lambda: figures()[0], "second": lambda: figures()[1]},
    "hardware.published.with_definition": {"definition": lambda: figures()[0].definition},
    "hardware.spinnaker.decay_word": {"tau_m": 20.0},
    "hardware.spinnaker.realise": {"rounding": "stochastic"},
    "hardware.spinnaker.simulate": SPINNAKER,
    "hardware.truenorth.simulate": TRUENORTH,
    "intervals.interval_density": {"duration": 50.0, "dt": 1.0},
    "network.Activity.raster": {"self": activity, "name": "E"},
    "network.Activity.rate": {"self": activity, "name": "E"},
    "network.Activity.rates": {"self": activity},
    "network.Activity.single_spectrum": {"self": activity, "name": "E", "f": [100.0]},
    "network.Activity.spectrum": {"self": activity, "name": "E", "segments": 2},
    "network.brunel_network": {"g": 5.0, "eta": 2.0, "excitatory": 80, "indegree": 20},
    "network.Connection": {"source": "E", "target": "I", "indegree": 2},
    "network.Network": {"populations": POPULATIONS, "connections": CONNECTIONS},
    "network.Network.run": {"self": lambda: Network(POPULATIONS, CONNECTIONS, rng=1)},
    "network.Population": {"size": 10},
    "neuron.LIF.replace": {"self": n},
    "neuron.waveform_threshold": {"t": [0.0, 1.0, 2.0], "I": [0.0, 1.0, 1.0]},
    "photocurrent.transient_light_threshold": {},
    "policy.balance": {"n": ESCAPE, "episodes": 2, "most": 20},
    "policy.bias_for_interval": {"n": ESCAPE, "interval": 100.0},
    "policy.CartPole": {},
    "policy.CartPole.push": {"self": lambda: policy.CartPole(rng=1), "force": 1.0},
    "policy.CartPole.step": {"self": lambda: policy.CartPole(rng=1), "action": 1},
    "policy.confidence_band": {"curves": [[1.0, 2.0], [2.0, 3.0]]},
    "policy.EscapeNoiseLIF": {"weights": (0.1, 0.1, 0.1, 0.1)},
    "policy.EscapeNoiseLIF.replace": {"self": ESCAPE},
    "policy.EscapeNoiseLIF.spike_probability": {"self": ESCAPE, "V": -55.0},
    "policy.evaluate": {"n": ESCAPE, "episodes": 2},
    "policy.log_likelihood": {"n": ESCAPE, "x": [[0.1] * 4] * 3, "spikes": [0, 1, 0]},
    "policy.record": {"n": ESCAPE, "most": 20},
    "policy.reinforce": {"n": ESCAPE, "episodes": 2, "most": 20},
    "policy.running_mean": {"returns": [1.0, 2.0, 3.0], "window": 2},
    "policy.sample": {"n": ESCAPE, "x": [[0.1] * 4] * 3},
    "policy.score": {"n": ESCAPE, "x": [[0.1] * 4] * 3, "spikes": [0, 1, 0]},
    "rates.MeanField": {"populations": POPULATIONS, "connections": CONNECTIONS},
    **{f"rates.MeanField.{name}": {
        "self": field, "point": point, "nu": [5.0, 5.0], "duration": 10.0, "f": [10.0, 20.0]} for name in (
        "activity_spectrum", "closed_loop", "critical_couplings", "fixed_point", "fixed_points", "inputs", "integrate",
        "loop", "nyquist", "rate_error", "response", "susceptibilities", "unstable_modes")},
    "resonance.measure_response": {"duration": 50.0, "f": 100.0},
    "response.step_response": {"t": 1.0},
    "simulation.integrate": {"I": [0.3] * 10},
    "simulation.population_rate": {"duration": 100.0},
    "simulation.simulate_piecewise": {"I": [0.3, 0.1]},
    "simulation.spike_train_spectrum": {"duration": 100.0, "f": [50.0]},
    "simulation.Spikes.of": {"self": spikes, "neuron": 1},
    "snn.augmentation.shift": {"x": images, "rng": lambda: np.random.default_rng(1)},
    "snn.augmentation.warp": {"x": images, "rng": lambda: np.random.default_rng(1)},
    "snn.encoders.latency_code": {"x": [[0.5, 0.9]]},
    "snn.encoders.rate_code": {"x": [[0.5, 0.9]]},
    "snn.encoders.saccades": {"images": images, "samples": 4},
    "snn.event_driven.event_driven": {"net": convolutional, "x": lambda: [stream()], "steps": 4},
    "snn.event_files.read_events": {"path": written},
    "snn.event_files.write_events": {"path": lambda: file("events.npz")},
    "snn.events.Events": EVENTS,
    "snn.events.Events.frames": {"self": stream},
    "snn.events.Events.steps": {"self": stream},
    "snn.layers.AvgPool2d": {},
    "snn.layers.Conv2d": {"in_channels": 1, "out_channels": 2},
    "snn.layers.LI": {"beta": 0.9},
    "snn.layers.LIF": {"beta": 0.9},
    "snn.layers.Linear": {"in_features": 4, "out_features": 3},
    "snn.layers.SumPool2d": {},
    "snn.network.Sequential.set_parameters": {"self": net, "given": lambda: net().parameters},
    **{f"snn.network.Sequential.{name}": {"self": net, "x": samples} for name in (
        "accuracy", "gradients", "predict", "run")},
    "snn.nir.from_nir": {"graph": lambda: nir.to_nir(net())},
    "snn.nir.read_nir": {"path": exchanged},
    "snn.nir.to_nir": {"net": net},
    "snn.nir.write_nir": {"net": net, "path": lambda: file("net.nir")},
    "snn.operations.count_operations": {"x": samples},
    "snn.operations.Energy.of": {"self": operations.Energy(), "counts": operations.Counts(1.0, 2.0, 3.0)},
    **{f"snn.surrogate.{name}.{method}": {"self": getattr(surrogate, name)(), "u": [0.1, -0.2]} for name in (
        "ATan", "FastSigmoid", "Sigmoid", "StraightThrough", "Triangular") for method in ("derivative", "smoothed")},
    "snn.trained.trained": {"name": "quiet-0"},
    "snn.training.fit": {"net": fresh, "x": samples, "epochs": 1},
    "snn.training.load": {"path": saved},
    "snn.training.save": {"path": lambda: file("net.npz")},
    "snn.unrolled.average_over_noise": {**UNROLLED, "loss": lambda: lambda trains: trains.sum(axis=-1)},
    "snn.unrolled.spike_trains": {"steps": 3},
    "snn.unrolled.unroll": UNROLLED,
    "snn.unrolled.Unrolled.gradient": {"self": lambda: unrolled.unroll(**UNROLLED)},
    "snn.unrolled.Unrolled.sensitivities": {"self": lambda: unrolled.unroll(**UNROLLED)},
}
# Why no wrong arguments are tried.
LEFT_OUT = {
    "hardware.circuit.find_ngspice": "takes no argument",
    "hardware.circuit.simulate_circuit": "starts ngspice, a program that need not be there",
    "snn.events.EventError": "is an error, and takes any message",
    "snn.layers.Conv2d.output_shape": "is called by Sequential, with a shape that it has checked",
    "snn.layers.Conv2d.weight_shapes": "is called by Sequential, with a shape that it has checked",
    "snn.layers.Flatten.output_shape": "is called by Sequential, with a shape that it has checked",
    "snn.layers.Layer.output_shape": "is called by Sequential, with a shape that it has checked",
    "snn.layers.Layer.weight_shapes": "is called by Sequential, with a shape that it has checked",
    "snn.layers.Linear.output_shape": "is called by Sequential, with a shape that it has checked",
    "snn.layers.Linear.weight_shapes": "is called by Sequential, with a shape that it has checked",
    "snn.network.Sequential": "takes its layers by position; tests/snn/test_network.py has wrong ones",
    "snn.network.Sequential.prepared": "is called by the threads of a run, with what that has checked",
    "snn.surrogate.Surrogate": "is what its subclasses share",
    "snn.surrogate.Surrogate.derivative": "is what its subclasses do",
    "snn.surrogate.Surrogate.smoothed": "is what its subclasses do",
    "sweep.sweep": "runs a function of the caller's in other processes; tests/test_sweep.py has wrong calls",
}

# What errors name that is made of arguments, or is a part of one.
DERIVED = (
    "E_L", "I_offset", "R", "T_ref", "V_reset", "V_th", "arguments", "bias", "bias_mant", "g_L", "parameters",
    "population", "refractory", "tau", "tau_m")


def made(value):
    """An argument, which may be a function without arguments that makes it."""
    return value() if callable(value) and not isinstance(value, np.generic) else value


def public():
    """Every public callable: its name after ``lifcore.``, and the callable; methods take their object as ``self``."""
    found = {}
    for module in pkgutil.walk_packages(lifcore.__path__, "lifcore."):
        parts = module.name.split(".")[1:]
        if any(part.startswith("_") or part in NOT_HERE for part in parts):
            continue
        home = importlib.import_module(module.name)
        for name in getattr(home, "__all__", ()):
            thing = getattr(home, name)
            if getattr(thing, "__module__", None) != module.name:
                continue
            path = f"{module.name.removeprefix('lifcore.')}.{name}"
            if inspect.isfunction(thing):
                found[path] = thing
            elif inspect.isclass(thing):
                found |= class_calls(path, thing)
    return found


def class_calls(path, thing):
    """A class that checks what it is made of, and its public methods."""
    found = {
        f"{path}.{name}": method for name, method in inspect.getmembers(thing, inspect.isfunction)
        if not name.startswith("_") and (name in vars(thing) or f"{path}.{name}" in CALLS)}
    if "__init__" in vars(thing) and not hasattr(thing, "__dataclass_fields__") or hasattr(thing, "__post_init__"):
        found[path] = thing
    return found


def parameters(thing):
    """Names of what a callable takes, but for any number of arguments."""
    return [
        parameter.name for parameter in inspect.signature(thing).parameters.values()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)]


def right_call(path, thing):
    """Arguments of a call that works, by name, some of them functions that make the argument."""
    own, call = CALLS.get(path, {}), {}
    for name in parameters(thing):
        required = inspect.signature(thing).parameters[name].default is inspect.Parameter.empty
        if name in own:
            call[name] = own[name]
        elif required or name in ("rng", "duration", "size") and name in ONE_NEURON:
            call[name] = ONE_NEURON[name]
    return call
