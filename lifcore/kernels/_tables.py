"""Constants of the diffusion kernels, as tools/tables.py writes them with 40-digit arithmetic.

Gauss-Legendre quadrature on [-1, 1], with the matrix whose row i integrates from -1 to node i, and three functions of x >= 0
as polynomials in pieces: u = 1 + x lies in one of OCTAVES octaves, each cut into PIECES equal parts, and on each part the
coefficients belong to powers of a t from -1 to 1.  Coefficient k of the part p stands at k * ROWS + p:

    AREA     A(x) = integral of erfcx from 0 to x
    SCALED   E(x) = exp(-x**2) times the integral of exp(u**2) (1 + erf u) from 0 to x
    ERFCX    exp(x**2) erfc(x)
"""

from pathlib import Path

import numpy as np

__all__ = ["GAUSS_INTEGRAL", "GAUSS_NODES", "GAUSS_WEIGHTS", "TABLES", "AREA", "SCALED", "ERFCX"]

OCTAVES, PIECES, DEGREE, NODES = 10, 32, 7, 16
ROWS = OCTAVES * PIECES
SIZE = (DEGREE + 1) * ROWS

GAUSS_NODES, GAUSS_WEIGHTS, GAUSS_INTEGRAL, TABLES = np.split(
    np.load(Path(__file__).with_name("tables.npy")), [NODES, 2 * NODES, (2 + NODES) * NODES])
# Where each table begins in TABLES.
AREA, SCALED, ERFCX = 0, SIZE, 2 * SIZE
