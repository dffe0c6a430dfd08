"""The measures of stochastic resonance, by theory and from the spikes of a population.

The transform of one neuron's spikes over a record of length T is

    z = 1/T sum over spikes of exp(-2 pi i f t)

Its mean over the neurons is half the amplitude of the rate's first harmonic, chi eps / 2, and T times its variance is the
spectrum S(f).
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.diffusion import rate
from lifcore.kernels.elementary import cos_sin_turns
from lifcore.kernels.response import _relative

__all__ = ["fold_spikes", "measures", "response_of_parts", "sine_steps"]


@kernel("void(f8, f8, f8, f8, f8, f8, f8, f8, f8[::1])")
def measures(f, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref, out):
    """|chi|**2 / S in Hz/mV**2 and |chi|**2 in (Hz/mV)**2 at f > 0, into `out`; 0 without noise, below threshold."""
    out[0] = out[1] = 0.0
    if sigma > 0.0:
        to_mu, _, spectrum = _relative(f, mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)
        nu = rate(mu, sigma, tau_m, E_L, V_th, V_reset, t_ref)
        gain = to_mu.real * to_mu.real + to_mu.imag * to_mu.imag
        out[0] = nu * gain / spectrum
        out[1] = nu * nu * gain


@kernel("void(f8, i8, f8[::1])")
def sine_steps(amplitude, in_a_period, out):
    """amplitude cos(2 pi f t) as a drive that is constant within each step, `in_a_period` of them to a period.

    The value in the middle of each step; held over the step, its first harmonic alone would be less by sin(x)/x.
    """
    sine = cos_sin_turns(0.5 / in_a_period)[1]
    size = amplitude * np.pi / in_a_period / sine
    for k in range(out.size):
        out[k] = size * cos_sin_turns((k % in_a_period + 0.5) / in_a_period)[0]


@kernel("void(f8[::1], i4[::1], i8, f8, f8, f8[:, ::1], i8[::1])")
def fold_spikes(spike_times, spike_neurons, count, start, period, parts, histogram):
    """Adds the first `count` spikes, where they come after `start`, to what the others have left.

    parts : shape (2, neurons), the sums of cos and of -sin of 2 pi t / period
    histogram : spikes in equal parts of the period
    """
    for m in range(min(count, spike_times.size)):
        t = spike_times[m]
        if t <= start:
            continue
        turns = t / period
        phase = turns - np.floor(turns)
        cosine, sine = cos_sin_turns(phase)
        i = spike_neurons[m]
        parts[0, i] += cosine
        parts[1, i] -= sine
        histogram[min(np.int64(phase * histogram.size), histogram.size - 1)] += 1


@kernel("void(f8[:, ::1], f8, f8, f8[::1])")
def response_of_parts(parts, length, amplitude, out):
    """Susceptibility and spectrum from the sums of `fold_spikes`, for a record of `length` ms and an amplitude in mV.

    out : chi (real, imaginary part) and the standard error of each, in Hz/mV; S and its standard error in Hz; |chi|**2 / S
        without what noise adds to it on average, and its standard error, in Hz/mV**2; 0 where there is no spike
    """
    size = parts.shape[1]
    T = 0.001 * length
    real = imaginary = 0.0
    for i in range(size):
        real += parts[0, i]
        imaginary += parts[1, i]
    real /= size
    imaginary /= size
    total = squares = 0.0
    for i in range(size):
        x, y = parts[0, i] - real, parts[1, i] - imaginary
        power = (x * x + y * y) / T * size / (size - 1.0)
        total += power
        squares += power * power
    S = total / size
    S_error = np.sqrt(max(squares / size - S * S, 0.0) / (size - 1.0))
    chi_real, chi_imaginary = 2.0 * real / T / amplitude, 2.0 * imaginary / T / amplitude
    chi_error = 2.0 / amplitude * np.sqrt(0.5 * S / (T * size))
    gain = chi_real * chi_real + chi_imaginary * chi_imaginary
    snr = snr_error = 0.0
    if S > 0.0:
        snr = (gain - 2.0 * chi_error * chi_error) / S
        a, b = 2.0 * np.sqrt(gain) * chi_error / S, snr * S_error / S
        snr_error = np.sqrt(a * a + b * b)
    out[0] = chi_real
    out[1] = chi_imaginary
    out[2] = chi_error
    out[3] = S
    out[4] = S_error
    out[5] = snr
    out[6] = snr_error
