"""Stochastic resonance: noise that helps a neuron to report a signal too weak to fire it.

The input is mu + eps cos(2 pi f t), with mu below threshold. The spikes have the spectrum S(f) and, on top of it, a line at
the frequency of the signal, whose strength is eps**2 abs(chi(f))**2 / 4 at f and at -f. Two measures are in use:

    signal-to-noise ratio      abs(chi)**2 / S     the line over the noise it stands in
    spectral amplification     abs(chi)**2         the line itself

Both vanish with the noise, for then there are no spikes. Their maxima lie at different noise, and the second need not exist.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lifcore._validate import finite_array, finite_number, one_of, whole_number
from lifcore.diffusion import _membrane, isi_cv, siegert_rate
from lifcore.kernels import diffusion as stationary
from lifcore.kernels import response as kernels
from lifcore.neuron import LARGEST, LIF, SMALLEST, _neuron
from lifcore.response import _frequencies, spike_spectrum, static_gain, susceptibility
from lifcore.simulation import MOST_FREQUENCY, MOST_STEPS, simulate

__all__ = [
    "MeasuredResponse", "adiabatic_signal_to_noise", "measure_response", "optimal_noise", "signal_to_noise",
    "spectral_amplification",
]

MEASURES = ("snr", "amplification")
# The noise that is searched, in units of the distance from the mean to the threshold.
LEAST_NOISE, MOST_NOISE, NOISES = 0.02, 200.0, 240
# Weights of the central difference of sixth order, and its step in log(sigma).
DIFFERENCE, STEP = (0.75, -0.15, 1.0 / 60.0), 0.01


def signal_to_noise(n: LIF, mu, sigma, f) -> np.ndarray | np.float64:
    """Signal-to-noise ratio of the spike train, per square of the signal's amplitude: abs(chi(f))**2 / S(f).

    Parameters
    ----------
    n : LIF
    mu : array_like
        Mean drive R I in mV above E_L.
    sigma : array_like
        Amplitude of the noise in mV, positive.
    f : array_like
        Frequency of the signal in Hz, at least 0.

    Returns
    -------
    ndarray or float64
        Hz/mV**2, in the common shape. Times eps**2 / 4 it is, in Hz, the weight of the line over the height of the noise
        beside it; times eps**2 / 4 and the length of a record, the ratio of the two in that record. 0 where the rate underflows.

    References
    ----------
    McNamara & Wiesenfeld (1989), Physical Review A 39: 4854, for the ratio; Lindner, García-Ojalvo, Neiman &
    Schimansky-Geier (2004), Physics Reports 392: 321, for this neuron.
    """
    gain, spectrum = spectral_amplification(n, mu, sigma, f), np.asarray(spike_spectrum(n, mu, sigma, f))
    return np.divide(gain, spectrum, out=np.zeros_like(spectrum), where=spectrum > 0.0)[()]


def spectral_amplification(n: LIF, mu, sigma, f) -> np.ndarray | np.float64:
    """Power of the response over that of the signal: abs(chi(f))**2.

    Parameters
    ----------
    n : LIF
    mu, sigma, f : array_like
        As in `signal_to_noise`.

    Returns
    -------
    ndarray or float64
        (Hz/mV)**2, in the common shape.

    References
    ----------
    Jung & Hänggi (1991), Physical Review A 44: 8032.
    """
    return np.abs(susceptibility(n, mu, sigma, f)) ** 2


def adiabatic_signal_to_noise(n: LIF, mu, sigma, spikes: str = "renewal") -> np.ndarray | np.float64:
    """The signal-to-noise ratio of a signal that is slow against everything: (d nu / d mu)**2 / S(0).

    Parameters
    ----------
    n : LIF
    mu, sigma : array_like
        As in `signal_to_noise`.
    spikes : {"renewal", "poisson"}
        S(0) of the neuron's own spikes, nu CV**2, or of a Poisson process with its rate, nu, as many texts take it.

    Returns
    -------
    ndarray or float64
        Hz/mV**2, in the common shape.
    """
    one_of("spikes", spikes, ("renewal", "poisson"))
    gain, nu = static_gain(n, mu, sigma), np.asarray(siegert_rate(n, mu, sigma))
    noise = nu * isi_cv(n, mu, sigma) ** 2 if spikes == "renewal" else nu
    return np.divide(gain**2, noise, out=np.zeros_like(nu), where=noise > 0.0)[()]


def _optimum(n, mu, f, row):
    """The sigma in mV at which a measure is largest; inf if it still grows at the upper end of the search."""
    from scipy.optimize import brentq

    work = np.empty(4 * stationary.NODES + 4)

    def value(log_sigma):
        out = np.empty((2, log_sigma.size))
        kernels.log_resonances(np.exp(log_sigma), f, mu, *_membrane(n), out, work)
        return out[row]

    def slope(log_sigma):
        steps = STEP * np.arange(1.0, 4.0)
        return np.dot(DIFFERENCE, value(log_sigma + steps) - value(log_sigma - steps)) / STEP

    distance = n.V_th - n.E_L - mu
    grid = np.log(distance * np.geomspace(LEAST_NOISE, MOST_NOISE, NOISES))
    found = value(grid)
    best = int(np.argmax(found))
    if best >= NOISES - 2:
        return np.inf
    return float(np.exp(brentq(slope, grid[best - 1], grid[best + 1], xtol=1e-13, rtol=1e-14)))


def optimal_noise(n: LIF, mu, f, measure: str = "snr") -> np.ndarray | np.float64:
    """The noise at which a weak subthreshold signal is reported best.

    Parameters
    ----------
    n : LIF
    mu : array_like
        Mean drive R I in mV above E_L, below threshold: less than V_th - E_L.
    f : array_like
        Frequency of the signal in Hz, at least 0; 0 is the adiabatic limit.
    measure : {"snr", "amplification"}
        What is largest: abs(chi)**2 / S, or abs(chi)**2.

    Returns
    -------
    ndarray or float64
        sigma in mV, in the common shape of `mu` and `f`; inf where the measure has no maximum and grows, or stays, with ever
        more noise (the amplification of a neuron without refractory period can).

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed.

    Notes
    -----
    The derivative of the logarithm of the measure is set to zero, for a signal weak enough for linear response; the optimum
    does not depend on its amplitude then. The noise is searched from 0.02 to 200 times V_th - E_L - mu.
    """
    _neuron(n)
    one_of("measure", measure, MEASURES)
    mu = finite_array("mu", mu, "mV", at_least=-LARGEST, at_most=LARGEST)
    threshold = n.V_th - n.E_L
    if np.any(mu >= threshold):
        raise ValueError(
            f"mu must be less than V_th - E_L = {threshold:g} mV, got {mu.max():g} mV: above threshold the neuron fires "
            "without noise")
    f = _frequencies(f)
    try:
        mu, f = np.broadcast_arrays(mu, f)
    except ValueError as error:
        raise ValueError(f"mu and f must broadcast together, got shapes {mu.shape} and {f.shape}") from error
    row = MEASURES.index(measure)
    found = [_optimum(n, float(m), float(frequency), row) for m, frequency in zip(mu.flat, f.flat)]
    return np.array(found).reshape(mu.shape)[()]


class MeasuredResponse(NamedTuple):
    """The response to a signal as it shows in simulated spikes.

    Attributes
    ----------
    rate : float
        Mean firing rate in Hz.
    chi, chi_error : complex, float
        Susceptibility in Hz/mV, and the standard error of its real part and of its imaginary part.
    spectrum, spectrum_error : float
        Spectrum of one neuron's spikes beside the line, in Hz, and its standard error.
    snr, snr_error : float
        abs(chi)**2 / S in Hz/mV**2, without what noise adds to abs(chi)**2 on average, and its standard error.
    """

    rate: float
    chi: complex
    chi_error: float
    spectrum: float
    spectrum_error: float
    snr: float
    snr_error: float


def measure_response(
    n: LIF, mu: float, sigma: float, f: float, amplitude: float, duration: float = 1000.0, size: int = 1000,
    dt: float | None = None, rng=None, settle: float | None = None, **how
) -> MeasuredResponse:
    """Simulate neurons under mu + amplitude cos(2 pi f t) and measure what their spikes say of it.

    Parameters
    ----------
    n : LIF
    mu : float
        Mean drive R I in mV above E_L.
    sigma : float
        Amplitude of the noise in mV, positive.
    f : float
        Frequency of the signal in Hz, positive.
    amplitude : float
        Of the signal, in mV, positive. Susceptibility means a weak one: what is measured is the first harmonic of the rate over
        the amplitude, whatever that is.
    duration : float
        Length of the record in ms; rounded up to whole periods.
    size : int
        Number of neurons, at least 2; each gives an independent estimate, from whose spread the errors come.
    dt : float, optional
        Time step in ms as in `simulate`, at most a tenth of the period; shortened a little so that it divides the period.
    rng : int or numpy.random.Generator, optional
        As in `simulate`.
    settle : float, optional
        Simulated time in ms before the record begins, rounded up to whole periods; ten tau_m if not given.
    **how
        `method`, `crossing`, `threads` and `progress` of `simulate`.

    Returns
    -------
    MeasuredResponse

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed; also if there is no spike in the record.
    """
    _neuron(n)
    mu, sigma = finite_number("mu", mu, "mV"), finite_number("sigma", sigma, "mV", above=0.0)
    f = finite_number("f", f, "Hz", at_least=SMALLEST, at_most=MOST_FREQUENCY)
    amplitude = finite_number("amplitude", amplitude, "mV", at_least=SMALLEST, at_most=LARGEST)
    duration = finite_number("duration", duration, "ms", above=0.0)
    size = whole_number("size", size, at_least=2)
    period = 1000.0 / f
    dt = min(0.5, n.tau_m / 40.0, period / 20.0) if dt is None else finite_number("dt", dt, "ms", above=0.0)
    if dt > 0.1 * period:
        raise ValueError(f"dt must be at most a tenth of the signal's period, {0.1 * period:g} ms, got {dt:g} ms")
    settle = 10.0 * n.tau_m if settle is None else finite_number("settle", settle, "ms", at_least=0.0)
    steps = (duration + settle + 2.0 * period) / dt
    if not steps <= MOST_STEPS:
        raise ValueError(
            f"duration, settle and the signal's period of {period:g} ms must be at most {MOST_STEPS:,} steps of "
            f"dt = {dt:g} ms in all, got {steps:.2g}")
    in_a_period = int(np.ceil(period / dt))
    dt = period / in_a_period
    recorded, before = int(np.ceil(duration / period)), int(np.ceil(settle / period))
    # The value in the middle of each step; held over the step, its first harmonic would be less by this factor.
    phase = (np.arange(in_a_period) + 0.5) / in_a_period
    held = amplitude * np.cos(2.0 * np.pi * phase) / np.sinc(1.0 / in_a_period)
    signal = np.tile(held, before + recorded)
    spikes = simulate(n, mu, sigma, signal.size * dt, size, dt, rng, signal=signal, **how)
    inside = spikes.spike_times > before * period
    times, neurons = spikes.spike_times[inside], spikes.spike_neurons[inside]
    if not times.size:
        raise ValueError(f"sigma must be large enough for a spike in {recorded * period:g} ms, got {sigma:g} mV")
    length = recorded * period / 1000.0
    angle = 2.0 * np.pi * f / 1000.0 * times
    parts = [np.bincount(neurons, wave(angle), size) / length for wave in (np.cos, np.sin)]
    transforms = parts[0] - 1j * parts[1]
    mean = transforms.mean()
    powers = length * np.abs(transforms - mean) ** 2 * size / (size - 1)
    spectrum, spectrum_error = powers.mean(), powers.std(ddof=1) / np.sqrt(size)
    if not spectrum > 0.0:
        raise ValueError(
            f"mu and sigma must let the neurons fire at different times, got mu = {mu:g} mV and sigma = {sigma:g} mV, "
            "with which all fire alike")
    chi = 2.0 * mean / amplitude
    # The mean's variance, half of it in the real part and half in the imaginary.
    chi_error = 2.0 / amplitude * np.sqrt(0.5 * spectrum / (length * size))
    snr = (abs(chi) ** 2 - 2.0 * chi_error**2) / spectrum
    snr_error = np.hypot(2.0 * abs(chi) * chi_error / spectrum, snr * spectrum_error / spectrum)
    return MeasuredResponse(
        times.size / size / length, complex(chi), float(chi_error), float(spectrum), float(spectrum_error), float(snr),
        float(snr_error))
