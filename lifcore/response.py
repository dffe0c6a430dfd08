"""Answers of a noisy neuron to an input that changes: susceptibility, spectrum of its spikes, and the response to a step.

A weak modulation mu + eps cos(2 pi f t) gives the rate nu + eps |chi| cos(2 pi f t + arg chi). The susceptibility chi(f) is
known in closed form, and so are the spectrum of the spike train and the Laplace transform of the response to a step.
"""

from __future__ import annotations

import numpy as np

from lifcore._validate import finite_array, one_of
from lifcore.diffusion import _membrane, _noisy, siegert_rate
from lifcore.kernels import diffusion as stationary
from lifcore.kernels import response as kernels
from lifcore.neuron import LARGEST, LIF, SMALLEST, _neuron
from lifcore.simulation import MOST_FREQUENCY

__all__ = ["fast_susceptibility", "spike_spectrum", "static_gain", "step_response", "susceptibility"]

SOURCES = ("mu", "sigma")
# The initial density of a step is followed down to where exp(-BEHIND) of it is left.
BEHIND = 45.0
FURTHEST = 400.0  # of y: the transform is followed across all of them in steps that shorten as 1 / y
RESOLVED = 1e60  # of y in the linear response: its fourth power stays in the range of float64
LEAST_TERMS, MOST_TERMS = 40, 20_000
MOST_PANELS = 20_000
# In tau_m. From here on the sum of the inversion loses more digits than the next term of a series in sqrt(t) has.
EARLIEST = 1e-12


def _modulated(of):
    return 2 * SOURCES.index(one_of("of", of, SOURCES))


def _frequencies(f):
    return finite_array("f", f, "Hz", at_least=0.0, at_most=MOST_FREQUENCY)


def _at_frequencies(n, mu, sigma, f, rows, fill):
    """Call `fill(f, mu, sigma, out)` for each distinct pair of mu and sigma with all its frequencies."""
    mu, sigma = _noisy(n, mu, sigma, RESOLVED)
    f = _frequencies(f)
    try:
        shape = np.broadcast_shapes(mu.shape, sigma.shape, f.shape)
    except ValueError as error:
        shapes = [x.shape for x in (mu, sigma, f)]
        raise ValueError(f"mu, sigma and f must broadcast together, got shapes {shapes}") from error
    mu, sigma, f = (np.broadcast_to(x, shape).reshape(-1) for x in (mu, sigma, f))
    found = np.empty((rows, f.size))
    pairs, place = np.unique(np.stack([mu, sigma]), axis=1, return_inverse=True)
    for k, (m, g) in enumerate(pairs.T):
        at = np.flatnonzero(place.reshape(-1) == k)
        out = np.empty((rows, at.size))
        fill(np.require(f[at], requirements="CW"), m, g, out)
        found[:, at] = out
    return found.reshape(rows, *shape)


def susceptibility(n: LIF, mu, sigma, f, of: str = "mu") -> np.ndarray | np.complex128:
    """Linear response of the firing rate to a weak modulation of the drive or of the noise.

    chi_mu = nu / sigma / (1 + s) [f'(y_th) - f'(y_r)] / [f(y_th) - exp(-s t_ref / tau_m) f(y_r)],    s = i 2 pi f tau_m

    Parameters
    ----------
    n : LIF
    mu : array_like
        Mean drive R I in mV above E_L.
    sigma : array_like
        Amplitude of the noise in mV, positive.
    f : array_like
        Frequency in Hz, at least 0. At 0 it is the static gain.
    of : {"mu", "sigma"}
        What is modulated.

    Returns
    -------
    ndarray or complex128
        Hz/mV, in the common shape, for perturbations exp(+i 2 pi f t): a negative argument is a lag.

    Notes
    -----
    The refractory period enters by its phase exp(-s t_ref / tau_m) and not only through the rate: without it the low
    frequencies are wrong by 1 / (1 - nu t_ref).

    References
    ----------
    Brunel & Hakim (1999), Neural Computation 11: 1621; Brunel, Chance, Fourcaud & Abbott (2001), Physical Review Letters
    86: 2186; Lindner & Schimansky-Geier (2001), Physical Review Letters 86: 2934.
    """
    row = _modulated(of)
    found = _at_frequencies(
        n, mu, sigma, f, 4, lambda f, mu, sigma, out: kernels.susceptibilities(f, mu, sigma, *_membrane(n), out))
    return (found[row] + 1j * found[row + 1])[()]


def fast_susceptibility(n: LIF, mu, sigma, f, of: str = "mu") -> np.ndarray | np.complex128:
    """What the susceptibility tends to at high frequency, to the third order in 1 / sqrt(f).

    To mu it falls as (nu / sigma) sqrt(2 / s), 45 degrees late; to sigma it stays at 2 nu / sigma.

    Parameters
    ----------
    n : LIF
    mu, sigma, of
        As in `susceptibility`.
    f : array_like
        Frequency in Hz, positive.

    Returns
    -------
    ndarray or complex128
        Hz/mV, in the common shape.

    References
    ----------
    Brunel, Chance, Fourcaud & Abbott (2001); Lindner & Schimansky-Geier (2001).
    """
    row = _modulated(of)
    found = _at_frequencies(
        n, mu, sigma, finite_array("f", f, "Hz", at_least=SMALLEST), 4,
        lambda f, mu, sigma, out: kernels.fast_susceptibilities(f, mu, sigma, *_membrane(n), out))
    return (found[row] + 1j * found[row + 1])[()]


def static_gain(n: LIF, mu, sigma, of: str = "mu") -> np.ndarray | np.float64:
    """Slope of the stationary rate, d nu / d mu or d nu / d sigma: the susceptibility at frequency zero.

    Parameters
    ----------
    n : LIF
    mu, sigma, of
        As in `susceptibility`.

    Returns
    -------
    ndarray or float64
        Hz/mV, in the common shape of `mu` and `sigma`.
    """
    return susceptibility(n, mu, sigma, 0.0, of).real


def spike_spectrum(n: LIF, mu, sigma, f) -> np.ndarray | np.float64:
    """Power spectrum of the spike train of one neuron, two-sided.

    S(f) = nu (1 - abs(rho)**2) / abs(1 - rho)**2, with rho the Fourier transform of the interspike interval's density

    Parameters
    ----------
    n : LIF
    mu, sigma
        As in `susceptibility`.
    f : array_like
        Frequency in Hz, at least 0.

    Returns
    -------
    ndarray or float64
        Hz, in the common shape: nu CV**2 at f = 0, nu at high frequency.

    References
    ----------
    Stein, French & Holden (1972), Biophysical Journal 12: 295, for renewal processes; Lindner, Schimansky-Geier & Longtin
    (2002), Physical Review E 66: 031916.
    """
    work = np.empty(4 * stationary.NODES + 4)
    found = _at_frequencies(
        n, mu, sigma, f, 1, lambda f, mu, sigma, out: kernels.spectra(f, mu, sigma, *_membrane(n), out[0], work))
    return found[0][()]


def _pair(name, value):
    """A pair (mu, sigma) of numbers with sigma positive."""
    pair = finite_array(name, value, "mV", at_least=-LARGEST, at_most=LARGEST)
    if pair.shape != (2,):
        raise ValueError(f"{name} must be a pair (mu, sigma) in mV, got {value!r}")
    finite_array(f"sigma in {name}", pair[1], "mV", above=0.0)
    return float(pair[0]), float(pair[1])


def _initial_nodes(n, before, after, earliest):
    """Distances from V_th, decreasing, and probability at the nodes of panels that resolve the stationary density.

    Panels double in width from the threshold down, and again from V_reset, where the density has its kink, until they are
    as wide as the noise. The first at the threshold is narrower than what diffusion covers until the earliest time.
    """
    mu, sigma = before
    y_r = (n.V_reset - n.E_L - mu) / sigma
    reset = n.V_th - n.V_reset
    bottom = n.V_th - n.E_L - mu + sigma * np.sqrt(min(y_r, 0.0) ** 2 + BEHIND)
    finest = min(sigma, after[1])
    edges = [0.0]
    for start, end in ((0.0, reset), (reset, max(bottom, reset))):
        V = n.V_th - start
        # Beside a boundary the density changes over sigma / |y|.
        first = 0.3 * finest / (1.0 + max(abs(V - n.E_L - m) / g for m, g in (before, after)))
        if start == 0.0:
            first = min(first, 0.03 * after[1] * np.sqrt(earliest / n.tau_m))
        while edges[-1] < end:
            edges.append(min(edges[-1] + min(max(edges[-1] - start, first), finest), end))
    edges = np.array(edges)[::-1]
    width = edges[:-1] - edges[1:]
    distances = edges[:-1, None] - 0.5 * width[:, None] * (1.0 + stationary.GAUSS_NODES)
    density = np.empty(distances.size)
    stationary.densities(n.V_th - distances.reshape(-1), mu, sigma, *_membrane(n), density)
    masses = 0.5 * width[:, None] * stationary.GAUSS_WEIGHTS * density.reshape(distances.shape)
    below = int(np.count_nonzero(edges > reset)) * stationary.NODES
    return distances.reshape(-1), masses.reshape(-1), below


def _inversion_terms(n, mu, sigma, t):
    """How many terms the inversion needs at each t: up to where neurons no longer fire in step."""
    y_th, y_r = (n.V_th - n.E_L - mu) / sigma, (n.V_reset - n.E_L - mu) / sigma
    # |rho| at the angular frequency w / tau_m falls as exp(-Re integral of sqrt(y**2 + 2 i w) + y).
    y = np.linspace(y_r, y_th, 201)
    turns = np.geomspace(0.1, 1e8, 400)
    growth = np.sqrt(y**2 + 2j * turns[:, None]).real + y
    attenuation = growth.mean(axis=1) * (y_th - y_r)
    enough = np.flatnonzero(attenuation > 23.0)
    highest = turns[enough[0]] if enough.size else np.inf
    with np.errstate(over="ignore"):
        return np.ceil(highest / n.tau_m * t / np.pi) + LEAST_TERMS


def step_response(n: LIF, before, after, t) -> np.ndarray | np.float64:
    """Firing rate after a sudden change of the drive or of the noise.

    Parameters
    ----------
    n : LIF
    before, after : (float, float)
        mu in mV above E_L and sigma in mV, positive: until t = 0, and from then on.
    t : array_like
        Time in ms since the change. The neuron is stationary until t = 0; at 0 the value is that just after.

    Returns
    -------
    ndarray or float64
        Hz, in the shape of `t`. A change of sigma moves the rate at once, by the factor (sigma after / sigma before)**2;
        a change of mu moves it as sqrt(t). The error is about 1e-10 of the larger of
        the rates before and after; a rate below that may be given as 0.

    Raises
    ------
    ValueError
        For bad arguments, and where the noise is so weak that the neurons fire in step beyond t: then
        `lifcore.fokker_planck` or a simulation serves.

    Notes
    -----
    The Laplace transform of the rate is known: the integral of the initial density times f(y; s), over f(y_th; s), with what
    has fired sent back to the reset. It is inverted along a line by Euler's summation.

    References
    ----------
    Darling & Siegert (1953) for the transform; Abate & Whitt (1995), ORSA Journal on Computing 7: 36, for its inversion.
    """
    _neuron(n)
    before, after = _pair("before", before), _pair("after", after)
    t = finite_array("t", t, "ms", at_least=-LARGEST, at_most=LARGEST)
    rate_before, rate_after = siegert_rate(n, *before), siegert_rate(n, *after)
    out = np.full(t.shape, rate_before)
    # Written so that no rate at all stays none.
    at_once = rate_before * (after[1] / before[1]) ** 2 if rate_before else 0.0
    out[t == 0.0] = at_once
    later = np.require(t[t > 0.0], requirements="CW").reshape(-1)
    if later.size and before != after:
        terms = _inversion_terms(n, *after, later)
        if np.any(terms > MOST_TERMS):
            longest = later[terms <= MOST_TERMS].max(initial=0.0)
            raise ValueError(
                f"t must be at most about {longest:.3g} ms for sigma = {after[1]:g} mV, got {later.max():g} ms: with so "
                "little noise the neurons keep firing in step, and the inversion would need too many terms")
        mean = n.E_L + after[0]
        lowest = min(n.V_reset, n.E_L + before[0]) - 7.0 * before[1]
        furthest = max(abs(lowest - mean), abs(n.V_th - mean))
        if furthest > FURTHEST * after[1]:
            raise ValueError(
                f"after must have a sigma of at least {furthest / FURTHEST:.3g} mV for potentials that lie {furthest:.3g} mV "
                f"from the mean, got {after[1]:g} mV")
        if n.V_th - lowest > MOST_PANELS * before[1]:
            raise ValueError(
                f"before must have a sigma of at least {(n.V_th - lowest) / MOST_PANELS:.3g} mV for potentials from "
                f"{lowest:.3g} to V_th = {n.V_th:g} mV, got {before[1]:g} mV")
        # The rate begins as at_once + c sqrt(t).
        very_soon = np.sqrt(np.minimum(later / (EARLIEST * n.tau_m), 1.0))
        later = np.maximum(later, EARLIEST * n.tau_m)
        distances, masses, below = _initial_nodes(n, before, after, later.min())
        values = np.empty(later.size)
        kernels.step_rates(
            later, rate_before, rate_after, *after, *_membrane(n), distances, masses, below, terms.astype(np.int64), values)
        values = np.where(very_soon < 1.0, at_once + (values - at_once) * very_soon, values)
        # A rate below the rounding error may come out negative.
        out[t > 0.0] = np.maximum(values, 0.0)
    return out[()]
