"""The neuron under white noise: rate, interspike intervals and the density of its potential, in the stationary state.

    tau_m dV/dt = E_L + mu - V + sigma sqrt(tau_m) eta(t),        <eta(t) eta(t')> = delta(t - t')

The free membrane, with its threshold switched off, has the mean E_L + mu and the standard deviation sigma / sqrt(2).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lifcore._validate import finite_array, finite_number, together
from lifcore.kernels import diffusion as kernels
from lifcore.neuron import LARGEST, LIF, _broadcast, _neuron, firing_rate

__all__ = [
    "BoundaryFlux", "boundary_flux", "density_moments", "isi_cv", "isi_moments", "log_isi_moments", "log_siegert_rate",
    "siegert_rate", "stationary_density",
]

# A larger (V - E_L - mu) / sigma has no square in float64.
FURTHEST = 1e150
# So far from the threshold noise that is not 0 does nothing.
ENDLESS = 1e300
# Noise that is weaker needs a look at how far away the threshold is.
FAINT = 1e-200
# From this y on the cube of what the mean interval is divided by exp(S) leaves the range of float64.
RARE = 1e75


def _noise(n, mu, sigma):
    """mu and sigma as arrays, in a range in which nothing leaves that of float64."""
    _neuron(n)
    mu = finite_array("mu", mu, "mV", at_least=-LARGEST, at_most=LARGEST)
    sigma = finite_array("sigma", sigma, "mV", at_least=0.0, at_most=LARGEST)
    return mu, sigma


def _membrane(n):
    return n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref


def _together(mu, sigma):
    """mu and sigma in their common shape, contiguous."""
    return [np.require(x, requirements="CW") for x in together(mu=mu, sigma=sigma)]


def _noisy(n, mu, sigma, furthest=FURTHEST):
    """mu and a positive sigma, not so small that what is made of (V - E_L - mu) / sigma leaves the range of float64."""
    mu, sigma = _noise(n, mu, finite_array("sigma", sigma, "mV", above=0.0))
    distance = np.maximum(abs(n.V_th - n.E_L - mu), abs(n.V_reset - n.E_L - mu))
    if np.max(distance, initial=0.0) / furthest > np.min(sigma, initial=np.inf):
        for far, weak in zip(*(x.flat for x in _together(distance, sigma)), strict=True):
            if weak < far / furthest:
                raise ValueError(
                    f"sigma must be at least {far / furthest:.3g} mV for potentials that lie {far:.3g} mV from the mean "
                    f"E_L + mu, got {weak:g} mV")
    return mu, sigma


def _weak(n, mu, sigma):
    """y = (V_th - E_L - mu) / sigma, and where the noise changes nothing: sigma is 0, or y as good as infinite."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        y = (n.V_th - n.E_L - mu) / sigma
    weak = (sigma == 0.0) | (abs(y) > ENDLESS)
    least = (n.V_th - n.V_reset) / np.finfo(np.float64).max
    if np.any((sigma < least) & ~weak):
        raise ValueError(
            f"sigma must be 0 or at least {least:.3g} mV where E_L + mu is the threshold, got "
            f"{sigma[~weak].min():g} mV")
    return y, weak


def _noiseless_rate(n, mu):
    # With R = 1 MΩ the current in nA is the drive in mV.
    return firing_rate(n.replace(R=1.0), mu)


def siegert_rate(n: LIF, mu, sigma) -> np.ndarray | np.float64:
    """Stationary firing rate under white noise.

    1 / nu = t_ref + tau_m sqrt(pi) integral of exp(u**2) (1 + erf u) from y_r to y_th,        y = (V - E_L - mu) / sigma

    Parameters
    ----------
    n : LIF
    mu : array_like
        Mean drive R I in mV above E_L.
    sigma : array_like
        Amplitude of the noise in mV, at least 0. At 0 the rate is that of the neuron without noise.

    Returns
    -------
    ndarray or float64
        Hz, in the common shape of `mu` and `sigma`. A rate below 5e-324 Hz is 0; `log_siegert_rate` is finite there.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, its value and what is allowed.

    References
    ----------
    Siegert (1951), Physical Review 81: 617; with the refractory period Ricciardi (1977); in this form Brunel (2000),
    Journal of Computational Neuroscience 8: 183, equation 21.
    """
    mu, sigma = _together(*_noise(n, mu, sigma))
    out = np.empty(mu.shape)
    if not np.any(sigma < FAINT):
        kernels.rates(mu.reshape(-1), sigma.reshape(-1), *_membrane(n), out.reshape(-1))
        return out[()]
    _, weak = _weak(n, mu, sigma)
    kernels.rates(mu.reshape(-1), np.where(weak, 1.0, sigma).reshape(-1), *_membrane(n), out.reshape(-1))
    out[weak] = _noiseless_rate(n, mu[weak])
    return out[()]


def log_siegert_rate(n: LIF, mu, sigma) -> np.ndarray | np.float64:
    """Natural logarithm of the stationary firing rate, for rates too small for a float64 as well.

    Parameters
    ----------
    n : LIF
    mu, sigma : array_like
        As in `siegert_rate`, in mV.

    Returns
    -------
    ndarray or float64
        log(rate in Hz), in the common shape. It is -inf only where sigma is 0 and the neuron silent, or where the logarithm
        itself is below -1.8e308.
    """
    mu, sigma = _together(*_noise(n, mu, sigma))
    y, weak = _weak(n, mu, sigma)
    with np.errstate(all="ignore"):
        out = np.asarray(kernels.log_rate.ufunc(mu, np.where(weak, 1.0, sigma), *_membrane(n)))
        # The logarithm is -y**2, and what is added to it less than its rounding error.
        out[(y > 0.0) & np.isinf(y * y)] = -np.inf
        out[weak] = np.log(_noiseless_rate(n, mu[weak]))
    return out[()]


def _cumulants(n, mu, sigma):
    """Cumulants 1 to 3 of the interval divided by exp(S), exp(2 S) and exp(3 S), and S; each in the common shape."""
    mu, sigma = _together(*_noise(n, mu, sigma))
    mu, sigma, shape = mu.reshape(-1), sigma.reshape(-1), mu.shape
    y, weak = _weak(n, mu, sigma)
    rare = (y > RARE) & (sigma > 0.0)
    found = np.empty((mu.size, 4))
    kernels.cumulants_of_intervals(
        mu, np.where(weak | rare, 1.0, sigma), *_membrane(n), found, np.empty(4 * kernels.NODES))
    found[weak] = 0.0
    with np.errstate(divide="ignore", over="ignore"):
        found[weak, 0] = 1000.0 / _noiseless_rate(n, mu[weak])
        # An escape without memory: intervals are exponential, their mean exp(S) within the rounding error of S = y**2.
        found[rare] = np.stack([*np.broadcast_arrays(1.0, 1.0, 2.0, y[rare]**2)], axis=-1)
    return np.moveaxis(found.reshape(*shape, 4), -1, 0)


def _scaled_moments(first, second, third):
    return np.stack([first, second + first**2, third + first * (3.0 * second + first**2)])


def isi_cv(n: LIF, mu, sigma) -> np.ndarray | np.float64:
    """Coefficient of variation of the interspike interval: its standard deviation over its mean, t_ref included.

    Parameters
    ----------
    n : LIF
    mu, sigma : array_like
        As in `siegert_rate`, in mV.

    Returns
    -------
    ndarray or float64
        In the common shape: 0 for a clock, 1 for a Poisson process. Where sigma is 0 it is 0, also for a silent neuron.

    References
    ----------
    Brunel (2000), appendix A.1; Tuckwell (1988), *Introduction to Theoretical Neurobiology*, volume 2, chapter 9.
    """
    first, second, _, _ = _cumulants(n, mu, sigma)
    return (np.sqrt(second) / first)[()]


def log_isi_moments(n: LIF, mu, sigma) -> np.ndarray:
    """Natural logarithms of the first three moments of the interspike interval.

    Parameters
    ----------
    n : LIF
    mu, sigma : array_like
        As in `siegert_rate`, in mV.

    Returns
    -------
    ndarray, shape (3, ...)
        Logarithms of the mean in ms, the mean square in ms**2 and the mean cube in ms**3, each in the common shape of `mu`
        and `sigma`; inf for a neuron that never fires.
    """
    *cumulants, S = _cumulants(n, mu, sigma)
    order = np.arange(1, 4).reshape(3, *[1] * S.ndim)
    return np.log(_scaled_moments(*cumulants)) + order * S


def isi_moments(n: LIF, mu, sigma) -> np.ndarray:
    """First three moments of the interspike interval: the means of T, T**2 and T**3.

    Parameters
    ----------
    n : LIF
    mu, sigma : array_like
        As in `siegert_rate`, in mV.

    Returns
    -------
    ndarray, shape (3, ...)
        In ms, ms**2 and ms**3, each in the common shape of `mu` and `sigma`; inf where a moment leaves the range of float64
        (`log_isi_moments` goes on) or the neuron never fires.

    References
    ----------
    Darling & Siegert (1953), Annals of Mathematical Statistics 24: 624; Ricciardi & Sato (1988), Journal of Applied
    Probability 25: 43.
    """
    *cumulants, S = _cumulants(n, mu, sigma)
    with np.errstate(over="ignore"):
        grow = np.exp(S)
        return _scaled_moments(*cumulants) * np.stack([grow, grow**2, grow**3])


def stationary_density(n: LIF, mu, sigma, V) -> np.ndarray | np.float64:
    """Stationary probability density of the membrane potential.

    P(V) = 2 nu tau_m / sigma exp(-y**2) integral of exp(u**2) from max(y, y_r) to y_th

    Parameters
    ----------
    n : LIF
    mu : array_like
        Mean drive R I in mV above E_L.
    sigma : array_like
        Amplitude of the noise in mV, positive.
    V : array_like
        Membrane potential in mV.

    Returns
    -------
    ndarray or float64
        1/mV, in the common shape of `mu`, `sigma` and `V`; 0 from V_th on. Its integral is the probability 1 - nu t_ref of
        not being refractory.

    References
    ----------
    Brunel & Hakim (1999), Neural Computation 11: 1621; Abbott & van Vreeswijk (1993), Physical Review E 48: 1483.
    """
    mu, sigma = _noisy(n, mu, sigma)
    V = finite_array("V", V, "mV", at_least=-LARGEST, at_most=LARGEST)
    return _broadcast(kernels.density, V, mu, sigma, *_membrane(n))


class BoundaryFlux(NamedTuple):
    """How the stationary density meets its boundaries.

    Attributes
    ----------
    rate : float64
        Probability that leaves at V_th and comes back at V_reset after t_ref, in Hz.
    slope_at_threshold : float64
        dP/dV just below V_th in 1/mV**2, -2 nu tau_m / sigma**2: all flux at an absorbing boundary is diffusion.
    slope_jump_at_reset : float64
        dP/dV just above V_reset less that just below it in 1/mV**2: the same number, for what leaves there comes in here.
    """

    rate: np.float64
    slope_at_threshold: np.float64
    slope_jump_at_reset: np.float64


def boundary_flux(n: LIF, mu: float, sigma: float) -> BoundaryFlux:
    """The flux conditions that the stationary density obeys at threshold and reset.

    Parameters
    ----------
    n : LIF
    mu : float
        Mean drive R I in mV above E_L.
    sigma : float
        Amplitude of the noise in mV, positive.

    Returns
    -------
    BoundaryFlux
    """
    mu, sigma = finite_number("mu", mu, "mV"), finite_number("sigma", sigma, "mV", above=0.0)
    _noisy(n, mu, max(sigma, np.sqrt(np.finfo(np.float64).tiny)))
    rate = siegert_rate(n, mu, sigma)
    slope = -2.0 * rate / 1000.0 * n.tau_m / sigma**2
    return BoundaryFlux(rate, slope, slope)


def density_moments(n: LIF, mu, sigma) -> np.ndarray:
    """Integrals of P, V P and V**2 P over the stationary density.

    Parameters
    ----------
    n : LIF
    mu : array_like
        Mean drive R I in mV above E_L.
    sigma : array_like
        Amplitude of the noise in mV, positive.

    Returns
    -------
    ndarray, shape (3, ...)
        The probability p of not being refractory, the mean potential in mV times p, and the mean square in mV**2 times p.

    Notes
    -----
    Multiplying the stationary Fokker-Planck equation by V and by V**2 and integrating gives the second and third in terms of
    the rate alone:  E_L + mu takes p, less nu tau_m (V_th - V_reset);  and so on.
    """
    mu, sigma = _noise(n, mu, finite_array("sigma", sigma, "mV", above=0.0))
    nu = siegert_rate(n, mu, sigma) / 1000.0
    p = 1.0 - nu * n.t_ref
    mean = n.E_L + mu
    first = mean * p - nu * n.tau_m * (n.V_th - n.V_reset)
    second = mean * first + 0.5 * sigma**2 * p - 0.5 * nu * n.tau_m * (n.V_th - n.V_reset) * (n.V_th + n.V_reset)
    return np.stack(np.broadcast_arrays(p, first, second))
