"""Writes lifcore/kernels/tables.npy: the constants of the diffusion kernels, from 40-digit arithmetic.

    python tools/tables.py

Two functions carry the Siegert rate, both on x >= 0:

    A(x) = integral of erfcx from 0 to x                     P(-x) = -A(x)
    E(x) = exp(-x**2) P(x) = 2 dawson(x) - exp(-x**2) A(x)   P(x) = exp(x**2) E(x)

with P(y) the integral of exp(u**2) (1 + erf u) from 0 to y.  They and erfcx itself are stored as polynomials in pieces:
u = 1 + x lies in an octave [2**o, 2**(o + 1)), each octave is cut into PIECES equal parts, and on each part the function is
interpolated at Chebyshev points.  The part is then named by the leading bits of u, so that a kernel finds it without a
logarithm and without a branch.  `lifcore/kernels/_tables.py` says how the numbers lie in the file; tests/test_tables.py
computes them a second way.
"""

from pathlib import Path

import mpmath as mp
import numpy as np

OCTAVES, PIECES, DEGREE, NODES = 10, 32, 7, 16
TARGET = Path(__file__).parents[1] / "lifcore" / "kernels" / "tables.npy"


def erfcx(x):
    return mp.exp(x * x) * mp.erfc(x)


def gauss_legendre(count):
    """Nodes and weights on [-1, 1], and the matrix that integrates from -1 to each node."""
    nodes = []
    for k in range(count):
        x = mp.cos(mp.pi * (count - k - mp.mpf(1) / 4) / (count + mp.mpf(1) / 2))
        for _ in range(8):  # Newton's method, which doubles the digits each time
            slope = count * (mp.legendre(count - 1, x) - x * mp.legendre(count, x)) / (1 - x * x)
            x -= mp.legendre(count, x) / slope
        nodes.append(x)
    derivative = [count * mp.legendre(count - 1, x) / (1 - x * x) for x in nodes]
    weights = [2 / ((1 - x * x) * d * d) for x, d in zip(nodes, derivative)]
    matrix = []
    for x in nodes:
        # A function's Legendre coefficients from its values at the nodes, each polynomial integrated from -1 to x.
        integrals = [x + 1] + [
            (mp.legendre(n + 1, x) - mp.legendre(n - 1, x)) / (2 * n + 1) for n in range(1, count)]
        matrix.append([
            sum(w * mp.legendre(n, z) * (2 * n + 1) / 2 * integrals[n] for n in range(count))
            for z, w in zip(nodes, weights)])
    return nodes, weights, matrix


def edges():
    """Where one piece ends and the next begins, in x."""
    return [mp.mpf(2) ** o * (1 + mp.mpf(k) / PIECES) - 1 for o in range(OCTAVES) for k in range(PIECES)] + [
        mp.mpf(2) ** OCTAVES - 1]


def chebyshev_points():
    return [mp.cos(mp.pi * (k + mp.mpf(1) / 2) / (DEGREE + 1)) for k in range(DEGREE + 1)]


def values():
    """A, E and erfcx at the Chebyshev points of every piece."""
    nodes, weights, _ = gauss_legendre(30)

    def integral(low, high):
        half, middle = (high - low) / 2, (high + low) / 2
        return half * sum(w * erfcx(middle + half * z) for z, w in zip(nodes, weights))

    tables, total, ends = ([], [], []), mp.mpf(0), edges()
    for low, high in zip(ends, ends[1:]):
        xs = [(low + high) / 2 + (high - low) / 2 * t for t in chebyshev_points()]
        area = [total + integral(low, x) for x in xs]
        tables[0].append(area)
        tables[1].append([mp.sqrt(mp.pi) * mp.exp(-x * x) * mp.erfi(x) - mp.exp(-x * x) * a for x, a in zip(xs, area)])
        tables[2].append([erfcx(x) for x in xs])
        total += integral(low, high)
    return tables


def polynomials(pieces):
    """Coefficients of the interpolating polynomials in t from -1 to 1: degree after degree, piece after piece."""
    points = chebyshev_points()
    inverse = mp.matrix([[t ** k for k in range(DEGREE + 1)] for t in points]) ** -1
    fitted = [list(inverse * mp.matrix(ys)) for ys in pieces]
    return [float(piece[k]) for k in range(DEGREE + 1) for piece in fitted]


def main():
    with mp.workdps(40):
        nodes, weights, matrix = gauss_legendre(NODES)
        numbers = [*nodes, *weights, *(x for row in matrix for x in row)]
        for pieces in values():
            numbers += polynomials(pieces)
    np.save(TARGET, np.array([float(x) for x in numbers]))


if __name__ == "__main__":
    main()
