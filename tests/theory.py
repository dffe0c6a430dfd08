"""Noise theory a second time, with mpmath: closed forms at the very float64 inputs, with as many digits as they need.

Nothing of lifcore is used here but the parameters of a neuron.
"""

import csv
from pathlib import Path

import mpmath as mp

REFERENCE = Path(__file__).parent / "reference"


def table(name):
    """Rows of a table in tests/reference."""
    with (REFERENCE / name).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def ends(n, mu, sigma):
    """y_th and y_r, exactly from the float64 parameters."""
    mean = mp.mpf(n.E_L) + mp.mpf(float(mu))
    return [(mp.mpf(V) - mean) / mp.mpf(float(sigma)) for V in (n.V_th, n.V_reset)]


def digits(n, mu, sigma):
    """Enough for the cancellation of exp(y**2) in the closed forms."""
    return 40 + int(0.9 * float(max(abs(y) for y in ends(n, mu, sigma))) ** 2)


def siegert_integral(y):
    """Integral of sqrt(pi) exp(u**2) (1 + erf u) from 0 to y: pi/2 erfi(y) + y**2 2F2(1, 1; 3/2, 2; y**2)."""
    return mp.pi / 2 * mp.erfi(y) + y * y * mp.hyp2f2(1, 1, mp.mpf(3) / 2, 2, y * y)


def interval(n, mu, sigma):
    """Mean interspike interval in ms."""
    with mp.workdps(digits(n, mu, sigma)):
        y_th, y_r = ends(n, mu, sigma)
        return mp.mpf(n.t_ref) + mp.mpf(n.tau_m) * (siegert_integral(y_th) - siegert_integral(y_r))


def log_rate(n, mu, sigma):
    """Logarithm of the rate in Hz."""
    T = interval(n, mu, sigma)
    with mp.workdps(40):
        return mp.log(1000 / T)


def rate(n, mu, sigma):
    """The rate in Hz by quadrature, for mu and sigma that may be mpmath's numbers, so that it can be differentiated."""
    y_th, y_r = (n.V_th - n.E_L - mu) / sigma, (n.V_reset - n.E_L - mu) / sigma
    integral = mp.quad(lambda u: mp.exp(u * u) * mp.erfc(-u), [y_r, (y_r + y_th) / 2, y_th])
    return 1000 / (n.t_ref + n.tau_m * mp.sqrt(mp.pi) * integral)


def hermite(s, y):
    """f(y; s) = H_{-s}(-y) and its derivative 2 s H_{-s-1}(-y), through parabolic cylinder functions."""

    def at(order):
        return mp.power(2, -order / 2) * mp.exp(y * y / 2) * mp.pcfd(-order, -mp.sqrt(2) * y)

    return at(s), 2 * s * at(s + 1)


def variation(n, mu, sigma):
    """Coefficient of variation: the second derivative of the logarithm of the interval's Laplace transform at 0."""
    T = interval(n, mu, sigma)
    with mp.workdps(80 + int(0.5 * max(float(abs(y)) for y in ends(n, mu, sigma)) ** 2)):
        y_th, y_r = ends(n, mu, sigma)
        h = mp.mpf(10) ** -20
        f = [mp.log(hermite(k * h, y_r)[0] / hermite(k * h, y_th)[0]) for k in (-1, 0, 1)]
        return mp.mpf(n.tau_m) * mp.sqrt((f[0] - 2 * f[1] + f[2]) / h**2) / T


def response(n, mu, sigma, f):
    """Susceptibilities to mu and to sigma in Hz/mV, and the spectrum of the spikes in Hz, at f > 0."""
    T = interval(n, mu, sigma)
    with mp.workdps(60 + int(0.5 * max(float(abs(y)) for y in ends(n, mu, sigma)) ** 2)):
        y_th, y_r = ends(n, mu, sigma)
        tau, sigma = mp.mpf(n.tau_m) / 1000, mp.mpf(float(sigma))
        s = mp.mpc(0, 2 * mp.pi * mp.mpf(float(f)) * tau)
        (f_th, d_th), (f_r, d_r) = hermite(s, y_th), hermite(s, y_r)
        c_th, c_r = 2 * y_th * d_th + 2 * s * f_th, 2 * y_r * d_r + 2 * s * f_r
        nu = 1000 / T
        wait = mp.exp(-s * mp.mpf(n.t_ref) / mp.mpf(n.tau_m))
        loop = f_th - wait * f_r
        rho = wait * f_r / f_th
        return (nu / sigma / (1 + s) * (d_th - d_r) / loop, nu / sigma / (2 + s) * (c_th - c_r) / loop,
                nu * (1 - abs(rho) ** 2) / abs(1 - rho) ** 2)


def relative(value, exact):
    """|value / exact - 1| as a float."""
    with mp.workdps(40):
        return float(abs(mp.mpmathify(value) / exact - 1))
