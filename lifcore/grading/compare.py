"""Two answers are the same when their plain data are: |got − want| ≤ atol + rtol·|want|, number by number.

An answer is first turned into plain data (numbers, text, lists; nothing that could run code), which can be
written as JSON and carried out of the jail in which the answer was computed. Only plain data is compared.
"""

import math

from numpy import generic, ndarray

MAX_NUMBERS = 100_000
MAX_DEPTH = 5
MAX_TEXT = 10_000
NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Unanswered(Exception):
    """The value is the placeholder `...` of a question that nobody has answered yet."""


def encode(value):
    """Turn an answer into plain data.

    Parameters
    ----------
    value : bool, int, float, complex, str, None, list, tuple or numpy.ndarray
        The answer; lists and tuples may be nested up to `MAX_DEPTH` deep.

    Returns
    -------
    bool, int, float, str, None, list or dict
        Arrays and tuples become lists. A number that JSON does not have becomes a dictionary:
        ``{"number": "nan"}``, ``{"number": "inf"}``, ``{"number": "-inf"}`` or ``{"re": ..., "im": ...}``.

    Raises
    ------
    Unanswered
        If the value is `...`, the placeholder in an unanswered cell.
    TypeError
        If the value holds something else than the types above.
    ValueError
        If it is nested too deep or holds more than `MAX_NUMBERS` values.
    """
    remaining = [MAX_NUMBERS]
    return _encode(value, 0, remaining)


def _encode(value, depth, remaining):
    if value is Ellipsis:
        raise Unanswered
    if depth > MAX_DEPTH:
        raise ValueError(f"the answer is nested more than {MAX_DEPTH} levels deep")
    remaining[0] -= 1
    if remaining[0] < 0:
        raise ValueError(f"the answer holds more than {MAX_NUMBERS} values")
    if isinstance(value, ndarray):
        if value.size > MAX_NUMBERS:
            raise ValueError(f"the answer holds more than {MAX_NUMBERS} values")
        value = value.tolist()
    elif isinstance(value, generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)[:MAX_TEXT]
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _encode_float(float(value))
    if isinstance(value, complex):
        return {"re": _encode_float(value.real), "im": _encode_float(value.imag)}
    if isinstance(value, (list, tuple)):
        return [_encode(item, depth + 1, remaining) for item in value]
    raise TypeError(
        f"the answer is a {type(value).__name__}, and a number, a text, a list or an array is needed"
    )


def _encode_float(number):
    if math.isfinite(number):
        return number
    if math.isnan(number):
        return {"number": "nan"}
    return {"number": "inf" if number > 0 else "-inf"}


def same(got, want, rtol=1e-6, atol=1e-12):
    """Say whether two pieces of plain data agree.

    Parameters
    ----------
    got, want : plain data
        As `encode` returns it. `got` may come from an untrusted process: whatever it holds, the answer is
        True or False, never an exception.
    rtol, atol : float
        Relative and absolute tolerance of each number.

    Returns
    -------
    bool
    """
    if want is None or isinstance(want, (bool, str)):
        return type(got) is type(want) and got == want
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            return False
        return all(same(one, other, rtol, atol) for one, other in zip(got, want))
    return _same_number(_number(got), _number(want), rtol, atol)


def _number(data):
    """The complex or real number that plain data stands for; None if it is not a number."""
    if isinstance(data, bool):
        return None
    if isinstance(data, int):
        try:
            return float(data)
        except OverflowError:
            return math.inf if data > 0 else -math.inf
    if isinstance(data, float):
        return data
    if isinstance(data, dict):
        name = data.get("number")
        if isinstance(name, str) and name in NON_FINITE:
            return NON_FINITE[name]
        real, imaginary = _number(data.get("re")), _number(data.get("im"))
        if isinstance(real, float) and isinstance(imaginary, float):
            return complex(real, imaginary)
    return None


def _same_number(got, want, rtol, atol):
    if got is None or want is None:
        return False
    if isinstance(got, complex) or isinstance(want, complex):
        got, want = complex(got), complex(want)
        if not (_finite(got) and _finite(want)):
            return _same_number(got.real, want.real, rtol, atol) and _same_number(
                got.imag, want.imag, rtol, atol
            )
    elif math.isnan(want) or math.isinf(want):
        return (math.isnan(got) and math.isnan(want)) or got == want
    elif not math.isfinite(got):
        return False
    return abs(got - want) <= atol + rtol * abs(want)


def _finite(number):
    return math.isfinite(number.real) and math.isfinite(number.imag)


def show(data):
    """Plain data as the text in which it is shown to the person who answered.

    Every digit is kept: a rounded value could show the expected one to somebody who was only nearly right.
    """
    number = _number(data)
    text = repr(number if isinstance(data, dict) and number is not None else data)
    return text if len(text) <= 120 else text[:117] + "..."
