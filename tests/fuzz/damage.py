"""Right files damaged: JSON of which one value is another, and text of which a piece is gone, doubled or replaced."""

import copy

from hypothesis import strategies as st

WORDS = st.text(max_size=6)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.sampled_from([10**400, -1, 0, "", "__class__"]))
JSON_VALUES = st.recursive(
    LEAVES, lambda values: st.one_of(st.lists(values, max_size=3), st.dictionaries(WORDS, values, max_size=3)), max_leaves=6)
PIECES = st.one_of(
    st.text(max_size=4),
    st.sampled_from(["[", "{", '"', "'", ":", "-", "```", "\n", "\x00", "\t", "&a", "*a", "!!"]))


def places(value, path=()):
    """Where the parts of a JSON value are, itself included."""
    yield path
    if isinstance(value, (dict, list)):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(part, (*path, key))


@st.composite
def changed_json(draw, whole):
    """`whole` with another value in one place, or without what was there."""
    whole = copy.deepcopy(listed(whole))
    *above, last = draw(st.sampled_from([place for place in places(whole) if place]))
    holder = whole
    for key in above:
        holder = holder[key]
    if draw(st.integers(0, 4)) == 0:
        del holder[last]
    else:
        holder[last] = draw(JSON_VALUES)
    return whole


def listed(value):
    """A JSON value whose tuples are lists."""
    if isinstance(value, dict):
        return {key: listed(part) for key, part in value.items()}
    return [listed(part) for part in value] if isinstance(value, (list, tuple)) else value


@st.composite
def damaged_text(draw, whole):
    """`whole` with up to three pieces deleted, doubled or replaced."""
    text = whole
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, max(0, len(text) - 1)))
        end = min(len(text), begin + draw(st.sampled_from([1, 1, 3, 20, 200])))
        kind = draw(st.integers(0, 2))
        piece = "" if kind == 0 else 2 * text[begin:end] if kind == 1 else draw(PIECES)
        text = text[:begin] + piece + text[end:]
    return text
