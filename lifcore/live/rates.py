"""The live figures of the chapter on rates: an input that is slow or not, and the plane of two rates."""

from __future__ import annotations

import math

import numpy as np

from lifcore.kernels import diffusion, fokker_planck, response, slow_input, wilson_cowan
from lifcore.live._drawing import color
from lifcore.live._figure import Control, LiveFigure, Readout

__all__ = ["PhasePlane", "SlowInput"]

# The neuron of the papers on networks.
MEMBRANE = {"tau_m": 20.0, "E_L": -70.0, "V_th": -50.0, "V_reset": -60.0, "t_ref": 2.0}
KERNELS = (
    diffusion.rates, fokker_planck.cell_faces, fokker_planck.follow, fokker_planck.stationary_start,
    response.susceptibilities, slow_input.cosine_stages, slow_input.first_order_cycle, slow_input.relative_difference,
    wilson_cowan.crossings, wilson_cowan.orbit, wilson_cowan.resting_lines, wilson_cowan.slowest_mode,
)


def _membrane(n):
    return n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref


class SlowInput(LiveFigure):
    """A population under a sine, from the Fokker-Planck equation, and three rate models of it.

    Controls: `f` in Hz, `mu`, `sigma` and `depth` in mV.
    """

    title = "How slow is slow?"
    caption = (
        "Begin on the left, with a slow input, and make it faster. First all lines lie on each other. Which leaves "
        "the others first, and to which side? Then come back to 1 Hz and make the swing of the drive as large as it "
        "gets: does the static gain still do? Last, at 10 Hz, raise the drive above the threshold distance of 20 mV, "
        "and watch τ_eff. Points are errors of this cycle, lines those for weak signals."
    )
    description = (
        "Two plots. Above, the firing rate of a population in the course of one cycle of a sine in its drive: the "
        "exact rate from the Fokker-Planck equation, the static gain, and two filters of first order. Below, the "
        "error of the three models against the frequency, on logarithmic axes, with the present frequency marked. The"
        " errors of the static gain and of the membrane's time constant rise in proportion to the frequency, that of "
        "the effective time constant with its square."
    )
    entry = "rates.js"
    kernels = KERNELS
    fixed = MEMBRANE | {
        "cells": 300, "places": 64, "fewest": 80, "longest": 10.0, "settling": 150.0, "piece": 100, "most": 1001,
        "f_min": 0.1, "f_max": 300.0}
    heights = (824, 1104)
    shown = (
        Readout("static", "error, static gain", "%", 1),
        Readout("tau_eff_error", "error, τ_eff", "%", 1, "none"),
        Readout("tau_m_error", "error, τ_m", "%", 1),
        Readout("tau_eff", "τ_eff", "ms", 2),
        Readout("rate", "mean rate", "Hz", 2),
    )

    f = Control(10.0, 0.1, 300.0, 0.02, "frequency", "f", "Hz", "log")
    mu = Control(15.0, 10.0, 25.0, 0.5, "mean drive", "μ", "mV")
    sigma = Control(5.0, 2.0, 15.0, 0.1, "noise", "σ", "mV")
    depth = Control(1.0, 0.5, 8.0, 0.1, "swing of the drive", "ε", "mV")

    def _steps(self):
        """Steps in a cycle, and their length in ms."""
        period = 1000.0 / self.f
        steps = max(self.fixed["fewest"], math.ceil(period / self.fixed["longest"]))
        return steps, period / steps

    def _exact(self):
        """The rate at the end of each step of a cycle, from the density."""
        fixed, n = self.fixed, self.neuron
        steps, dt = self._steps()
        faces = np.zeros(fixed["cells"] + 1)
        lowest = min(n.V_reset, n.E_L + self.mu - self.depth) - 6.0 * self.sigma
        reset = fokker_planck.cell_faces(n.V_th, n.V_reset, lowest, faces)
        probability, state = np.zeros(fixed["cells"]), np.zeros(fokker_planck.STATE)
        release, waiting = np.zeros(fixed["places"]), np.zeros(fixed["places"])
        work = np.zeros(fokker_planck.WORK_ARRAYS * fixed["cells"])
        first = -math.ceil(fixed["settling"] / dt)
        start = np.zeros(2)
        slow_input.cosine_stages(self.mu, self.depth, steps, first - 1, start)
        fokker_planck.stationary_start(
            start[1], self.sigma, n.tau_m, n.E_L, n.t_ref, faces, reset, probability, release, waiting, state, work)
        rates = []
        while first < steps:
            count = min(fixed["piece"], steps - first)
            drive, new = np.zeros(2 * count), np.zeros(count)
            slow_input.cosine_stages(self.mu, self.depth, steps, first, drive)
            fokker_planck.follow(
                np.full(count, dt), drive, np.full(2 * count, self.sigma), n.tau_m, n.E_L, n.t_ref, faces, reset,
                probability, release, waiting, state, work, new)
            rates.append(new)
            first += count
        return np.concatenate(rates)[-steps:]

    def _tau_eff(self):
        n, found = self.neuron, np.zeros((4, 1))
        omega = 1e-6 / n.tau_m
        response.susceptibilities(np.array([1000.0 * omega / (2.0 * math.pi)]), self.mu, self.sigma, *_membrane(n), found)
        return float(-found[1, 0] / (omega * found[0, 0]))

    def _models(self):
        """The cycles of the static gain, of tau_eff and of tau_m; None where there is no such filter."""
        steps, dt = self._steps()
        drive, static = np.zeros(2 * steps), np.zeros(steps)
        slow_input.cosine_stages(self.mu, self.depth, steps, 0, drive)
        diffusion.rates(np.ascontiguousarray(drive[1::2]), np.full(steps, self.sigma), *_membrane(self.neuron), static)
        found = [static]
        for tau in (self._tau_eff(), self.neuron.tau_m):
            found.append(np.zeros(steps) if tau > 0.0 else None)
            if tau > 0.0:
                slow_input.first_order_cycle(static, dt, tau, found[-1])
        return found

    def _errors(self, exact, models):
        return [math.inf if one is None else 100.0 * float(slow_input.relative_difference(one, exact)) for one in models]

    def readouts(self) -> dict:
        exact = self._exact()
        static, with_tau_eff, with_tau_m = self._errors(exact, self._models())
        total = 0.0
        for each in exact:
            total += each
        return {
            "static": static, "tau_eff_error": with_tau_eff, "tau_m_error": with_tau_m, "tau_eff": self._tau_eff(),
            "rate": float(total / exact.size)}

    def draw(self, figure):
        n, fixed = self.neuron, self.fixed
        exact, models = self._exact(), self._models()
        above, below = figure.subplots(2, 1, height_ratios=[3, 3])
        steps, dt = self._steps()
        times = dt * np.arange(steps + 1)
        looks = (("static gain", "drive", "-"), (r"$\tau_{eff}$", "theory", "--"), (r"$\tau_m$", "membrane", "-"))
        for one, (name, role, style) in zip(models, looks, strict=True):
            if one is not None:
                above.plot(times, np.append(one[-1], one), style, color=color(role), label=name)
        above.plot(times, np.append(exact[-1], exact), color=color("theory"), label="density")
        above.legend(loc="upper center", ncols=4)
        above.set(xlim=(0.0, times[-1]), xlabel="time in the cycle (ms)", ylabel="firing rate (Hz)")
        f = np.geomspace(fixed["f_min"], fixed["f_max"], 120)
        found = np.zeros((4, f.size + 1))
        response.susceptibilities(np.append(f, 0.0), self.mu, self.sigma, *_membrane(n), found)
        chi = found[0] + 1j * found[1]
        taus = (0.0, self._tau_eff(), n.tau_m)
        for tau, error, (name, role, style) in zip(taus, self._errors(exact, models), looks, strict=True):
            if tau >= 0.0:
                line = 100.0 * np.abs(chi[-1].real / (1.0 + 2e-3j * np.pi * f * tau) / chi[:-1] - 1.0)
                below.loglog(f, line, style, color=color(role))
                below.plot(self.f, error, "o", color=color(role), markersize=7)
        below.axvline(self.f, color=color("drive"), linewidth=1.1, linestyle=":")
        below.set(xlim=(f[0], f[-1]), ylim=(0.1, 1000.0), xlabel="frequency (Hz)", ylabel="error (%)")
        for axis in (below.xaxis, below.yaxis):
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("")


class PhasePlane(LiveFigure):
    """Wilson and Cowan's two equations in the plane of the rates, with the rate of a noisy neuron for their sigmoid.

    Controls: `tau_I` in ms, `mu_E` in mV, `w_EI` in mV/Hz, `start_E` and `start_I` in Hz.
    """

    title = "Two rates"
    caption = (
        "Drag the point: where does the trajectory end, and does it matter where it began? Then make the inhibition "
        "slower, up to 30 ms. The lines stay where they are, and so does their crossing. At which τ_I does the "
        "trajectory stop returning to it? Find other ways across that border: more drive, and weaker inhibition."
    )
    description = (
        "Two plots. Above, the plane of the excitatory and the inhibitory rate, with the two lines on which one of "
        "them does not change, the point where they cross, filled if it is stable and hollow if not, and a "
        "trajectory. Below, both rates over 400 ms. With fast inhibition the trajectory spirals into the crossing; "
        "with slow inhibition it goes round for ever."
    )
    entry = "rates.js"
    kernels = KERNELS
    fixed = MEMBRANE | {
        "sigma": 5.0, "mu_I": 12.0, "w_EE": 0.8, "w_IE": 0.8, "w_II": 0.2, "tau_E": 7.0, "dt": 0.2, "steps": 2000,
        "drives": 600, "lowest": -10.0, "near": 40.0, "far": 360.0}
    heights = (910, 1124)
    shown = (
        Readout("nu_E", "rests at ν_E", "Hz", 2),
        Readout("nu_I", "and ν_I", "Hz", 2),
        Readout("growth", "growth rate", "1/s", 1),
        Readout("frequency", "frequency", "Hz", 1),
    )

    tau_I = Control(10.0, 3.0, 30.0, 0.5, "time constant of inhibition", "τ_I", "ms")
    mu_E = Control(15.0, 10.0, 20.0, 0.1, "drive of excitation", "μ_E", "mV")
    w_EI = Control(0.8, 0.5, 1.5, 0.01, "inhibition of it", "w_EI", "mV/Hz")
    start_E = Control(12.0, 0.0, 60.0, 0.5, "start, excitation", "ν_E", "Hz")
    start_I = Control(6.0, 0.0, 60.0, 0.5, "start, inhibition", "ν_I", "Hz")

    def _network(self):
        n, fixed = self.neuron, self.fixed
        return np.array([
            *_membrane(n), fixed["sigma"], self.mu_E, fixed["mu_I"], fixed["w_EE"], self.w_EI, fixed["w_IE"], fixed["w_II"],
            fixed["tau_E"], self.tau_I])

    def _orbit(self):
        out = np.zeros((2, self.fixed["steps"] + 1))
        out[:, 0] = self.start_E, self.start_I
        wilson_cowan.orbit(self._network(), self.fixed["dt"], out)
        return out

    def _drives(self):
        """From below rest to where neurons fire nearly as fast as they can; closer together where rates are low."""
        fixed = self.fixed
        u = np.array([k / (fixed["drives"] - 1.0) for k in range(fixed["drives"])])
        return fixed["lowest"] + fixed["near"] * u + fixed["far"] * u * u * u

    def _rests(self):
        """Points of rest, and of each the growth rate and the frequency of its slowest mode."""
        network, grid = self._network(), self._drives()
        points = np.zeros((2, 5))
        count = wilson_cowan.crossings(network, grid, points)
        modes = np.zeros((count, 2))
        for k in range(count):
            wilson_cowan.slowest_mode(points[0, k], points[1, k], network, modes[k])
        return points[:, :count], modes

    def readouts(self) -> dict:
        points, modes = self._rests()
        return {
            "nu_E": float(points[0, 0]), "nu_I": float(points[1, 0]), "growth": float(modes[0, 0]),
            "frequency": float(modes[0, 1])}

    def draw(self, figure):
        fixed, orbit = self.fixed, self._orbit()
        points, modes = self._rests()
        plane, time = figure.subplots(2, 1, height_ratios=[5, 3])
        highest = 1.1 * np.maximum(orbit.max(axis=1), points.max(axis=1))
        lines = np.zeros((4, fixed["drives"]))
        wilson_cowan.resting_lines(self._network(), self._drives(), lines)
        plane.plot(lines[0], lines[1], color=color("drive"), label=r"$\nu_E$ rests")
        plane.plot(lines[2], lines[3], color=color("membrane"), label=r"$\nu_I$ rests")
        plane.plot(*orbit, color=color("theory"), linewidth=1.2)
        plane.legend(loc="upper right")
        plane.plot(*orbit[:, 0], "o", color=color("theory"), markersize=8)
        for point, mode in zip(points.T, modes, strict=True):
            plane.plot(*point, "o", color=color("spike"), markersize=8, markerfacecolor="none" if mode[0] > 0.0 else None)
        plane.set(xlim=(0.0, highest[0]), ylim=(0.0, highest[1]))
        plane.set(xlabel="excitatory rate (Hz)", ylabel="inhibitory rate (Hz)")
        times = fixed["dt"] * np.arange(orbit.shape[1])
        for rate, name, role in zip(orbit, (r"$\nu_E$", r"$\nu_I$"), ("drive", "membrane"), strict=True):
            time.plot(times, rate, color=color(role), label=name)
        time.legend(loc="upper right", ncols=2)
        time.set(xlim=(0.0, times[-1]), ylim=(0.0, None), xlabel="time (ms)", ylabel="rate (Hz)")
