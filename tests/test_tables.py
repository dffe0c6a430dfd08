"""The constants of the diffusion kernels, computed a second way: numpy for the quadrature, mpmath for the functions."""

import mpmath as mp
import numpy as np
import pytest

from lifcore.kernels import _tables as tables


def test_gauss_legendre():
    nodes, weights = np.polynomial.legendre.leggauss(tables.NODES)
    assert np.allclose(tables.GAUSS_NODES, nodes, rtol=0, atol=1e-15)
    assert np.allclose(tables.GAUSS_WEIGHTS, weights, rtol=0, atol=1e-15)


@pytest.mark.parametrize("power", range(16))
def test_integration_matrix_integrates_polynomials(power):
    x = tables.GAUSS_NODES
    matrix = tables.GAUSS_INTEGRAL.reshape(tables.NODES, tables.NODES)
    exact = (x ** (power + 1) - (-1.0) ** (power + 1)) / (power + 1)
    assert np.allclose(matrix @ x**power, exact, rtol=0, atol=3e-15)


def polynomial(start, x):
    """A table's function at x, with numpy."""
    u = 1.0 + x
    octave = int(np.floor(np.log2(u)))
    piece = int((u / 2.0**octave - 1.0) * tables.PIECES)
    t = 2.0 * ((u / 2.0**octave - 1.0) * tables.PIECES - piece) - 1.0
    row = octave * tables.PIECES + piece
    return np.polynomial.polynomial.polyval(t, tables.TABLES[start + row:start + tables.SIZE:tables.ROWS])


def area(x):
    """Integral of erfcx from 0 to x; a closed form whose terms cancel, with digits to spare."""
    with mp.workdps(30 + int(0.9 * x * x)):
        x = mp.mpf(x)
        return (mp.pi / 2 * mp.erfi(x) - x * x * mp.hyp2f2(1, 1, mp.mpf(3) / 2, 2, x * x)) / mp.sqrt(mp.pi)


def scaled(x):
    with mp.workdps(30 + int(0.9 * x * x)):
        x = mp.mpf(x)
        total = mp.pi / 2 * mp.erfi(x) + x * x * mp.hyp2f2(1, 1, mp.mpf(3) / 2, 2, x * x)
        return mp.exp(-x * x) * total / mp.sqrt(mp.pi)


def erfcx(x):
    with mp.workdps(40):
        return mp.exp(mp.mpf(x) ** 2) * mp.erfc(x)


@pytest.mark.parametrize("start, exact", [(tables.AREA, area), (tables.SCALED, scaled), (tables.ERFCX, erfcx)])
def test_functions(start, exact):
    for x in [*np.random.default_rng(11).uniform(0.0, 4.0, 60), *np.random.default_rng(12).uniform(4.0, 28.0, 30)]:
        x = float(x)
        assert abs(float(polynomial(start, x) - exact(x))) <= 1.2e-15 * max(1.0, float(exact(x))), x


def test_far_end():
    # A(x) = log(2 x) / sqrt(pi) + gamma / (2 sqrt(pi)) - 1 / (4 sqrt(pi) x**2) + ..., the asymptotic series.
    for x in (150.0, 400.0, 1000.0):
        with mp.workdps(30):
            exact = (mp.log(2 * x) + mp.euler / 2 + 1 / mp.mpf(2 * x) ** 2 - 3 / (16 * mp.mpf(x) ** 4)) / mp.sqrt(mp.pi)
        assert polynomial(tables.AREA, x) == pytest.approx(float(exact), rel=1e-14)
        assert polynomial(tables.ERFCX, x) == pytest.approx(float(erfcx(x)), rel=5e-16)
