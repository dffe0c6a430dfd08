"""Every number of the ledger, recomputed from lifcore and compared with its independent source.

The source of each expected value is the entry's own: a closed form evaluated by mpmath with 50 digits, a table in
tests/reference, a number printed in a paper, or a function of tests/independent.py.
"""

import csv
import re
from decimal import Decimal
from pathlib import Path

import mpmath
import numpy as np
import pytest

import independent
import lifcore
import lifcore.bombardment
import lifcore.conventions
import lifcore.hardware
import lifcore.network
import lifcore.neuron
import lifcore.photocurrent
import lifcore.policy
import lifcore.rates
import lifcore.reduction
import lifcore.resonance
import lifcore.snn
from lifbook.ledger import read_ledger

ROOT = Path(__file__).parents[1]
LEDGER = read_ledger(ROOT / "numbers.yml")
DIGITS = 50

DEFAULT_NEURON = {"tau_m": "20", "R": "100", "E_L": "-70", "V_th": "-50", "V_reset": "-65", "t_ref": "2"}


def made(entry):
    """The number as lifcore makes it."""
    names = {name: thing for name, thing in vars(lifcore).items() if not name.startswith("_")}
    names.update(np=np, n=lifcore.LIF())
    return float(eval(entry["make"], names))


def from_closed_form(source):
    with mpmath.workdps(DIGITS):
        names = {name: getattr(mpmath, name) for name in dir(mpmath) if not name.startswith("_")}
        names.update({name: mpmath.mpf(value) for name, value in DEFAULT_NEURON.items()})
        return mpmath.mpf(eval(exact_numbers(source["expression"]), names))


def exact_numbers(expression):
    """Decimal numbers of an expression as exact decimals: 0.3 becomes mpf('0.3'), not the nearest double."""
    return re.sub(r"(?<![\w.])(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)(?![\w.])", r"mpf('\1')", expression)


def from_table(source):
    path = ROOT / "tests" / "reference" / source["file"]
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    fitting = [
        row for row in rows
        if all(Decimal(row[column]) == Decimal(str(value)) for column, value in source["where"].items())
    ]
    assert len(fitting) == 1, f"{path.name}: {len(fitting)} rows fit {source['where']}, one must"
    return mpmath.mpf(fitting[0][source["column"]])


def expected(entry):
    """The number as its independent source has it."""
    source = entry["source"]
    with mpmath.workdps(DIGITS):
        return {
            "closed form": from_closed_form,
            "table": from_table,
            "paper": lambda source: mpmath.mpf(source["stated"]),
            "simulation": lambda source: mpmath.mpf(getattr(independent, source["function"])()),
            "definition": lambda source: mpmath.mpf(entry["value"]),
        }[source["kind"]](source)


def agree(value, reference, tolerance):
    """Whether two numbers differ by at most the tolerance, relative to the second unless that is zero."""
    with mpmath.workdps(DIGITS):
        scale = abs(reference) if reference else mpmath.mpf(1)
        return abs(mpmath.mpf(value) - reference) <= mpmath.mpf(str(tolerance)) * scale


def is_rounding_of(printed, value):
    """Whether a printed number is another, rounded to the printed digits."""
    unit_in_last_place = Decimal(1).scaleb(Decimal(printed).as_tuple().exponent)
    error = abs(Decimal(printed) - Decimal(str(mpmath.nstr(mpmath.mpf(value), 20))))
    return error <= unit_in_last_place / 2 * (1 + Decimal("1e-9"))


@pytest.mark.parametrize("name", LEDGER)
def test_lifcore_agrees_with_the_source(name):
    entry = LEDGER[name]
    value, reference = made(entry), expected(entry)
    assert agree(value, reference, entry["tolerance"]), (
        f"{name}: {entry['make']} gives {value!r}, the {entry['source']['kind']} {mpmath.nstr(reference, 20)}"
    )


@pytest.mark.parametrize("name", LEDGER)
def test_the_printed_number_is_the_source_rounded(name):
    entry = LEDGER[name]
    assert is_rounding_of(entry["value"], expected(entry))


@pytest.mark.parametrize(
    "printed, value, right",
    [
        ("0.2", 0.2, True),
        ("13.86", 13.862943611198906, True),
        ("13.87", 13.862943611198906, False),
        ("49.20", 49.1956, True),
        ("49.2", 49.26, False),
        ("1.2e-5", 1.249e-5, True),
        ("1.2e-5", 1.26e-5, False),
        ("-65", -65.4, True),
        ("0.12", 0.125, True),
        ("0.13", 0.125, True),
    ],
)
def test_rounding_rule(printed, value, right):
    # Expected by hand: half a unit in the last printed place, either way at a tie.
    assert is_rounding_of(printed, value) is right


def test_a_wrong_number_is_caught():
    # The default rheobase is 20 mV / 100 MΩ = 0.2 nA by hand.
    source = {"kind": "closed form", "text": "", "expression": "(V_th - E_L) / R"}
    assert agree(0.2, from_closed_form(source), 1e-14)
    assert not agree(0.2000001, from_closed_form(source), 1e-14)
    assert not is_rounding_of("0.21", from_closed_form(source))


def test_decimals_of_an_expression_are_exact():
    # 0.1 + 0.2 is 0.3 in decimals; in doubles it is off by 6e-17.
    assert abs(from_closed_form({"expression": "0.1 + 0.2 - 0.3"})) < 1e-48
    assert exact_numbers("tau_m2 * log(1e-3) + x1") == "tau_m2 * log(mpf('1e-3')) + x1"


def test_independent_simulation_meets_a_known_time():
    # From V_reset under 0.3 nA the membrane reaches threshold after tau_m ln(25/10) ms.
    time = independent.time_to_threshold(lambda t: 0.3, independent.V_RESET)
    assert time == pytest.approx(20 * float(mpmath.log(mpmath.mpf("2.5"))), rel=1e-10)
