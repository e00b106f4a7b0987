"""What counts as equal: a vector's own tolerance, and what tolerance zero means for floats.

The simulator works in floats. A vector whose inputs are all whole numbers is stated in its
protocol's own integers (quanta, basis points, 1e-6), and tolerance 0 there asserts a rounding
direction, which is compared at 1 unit of the last place, above 2^53 at 4 ulp. Where an input is
a fraction the amounts are in natural units, one unit of which would be no comparison at all
(a position of 1 against 0): there, and for expected fractions, tolerance 0 means twelve digits.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

DIGITS = 1e-12  # of the value, or of one where that is larger
WHOLE = 2.0**53  # up to here a float tells neighbouring integers apart


class Outcome(NamedTuple):
    """How an adapter's answer compares with the expected values."""

    misses: tuple[str, ...]  # one line each; empty when the vector is passed
    exact: bool  # equal to twelve digits throughout: no tolerance, no unit was needed


def compare(vector: Mapping[str, Any], answer: Any) -> Outcome:
    """Compare an answer with the expected values of a vector, key by key."""
    if not isinstance(answer, Mapping):
        return Outcome((f"the adapter returned {type(answer).__name__}, not a mapping",), False)
    whole = all(isinstance(n, int) for n in _leaves(vector["inputs"]))
    rule = _Rule(vector["tolerance"]["abs"], vector["tolerance"]["rel"], whole)
    misses, exact = [], True
    for key, wanted in vector["expected"].items():
        if key not in answer:
            misses.append(f"{key}: not in the answer, which has {', '.join(answer) or 'nothing'}")
            continue
        for place, want, got in _pairs(key, wanted, plain(answer[key])):
            exact &= _equal(got, want, _Rule(0.0, 0.0, False))
            if not _equal(got, want, rule):
                misses.append(f"{place}: expected {want!r}, got {got!r}{_gap(want, got)}")
    return Outcome(tuple(misses), exact and not misses)


def plain(value: Any) -> Any:
    """Turn numpy values and tuples into Python's own numbers and lists."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return [plain(entry) for entry in value] if isinstance(value, list | tuple) else value


class _Rule(NamedTuple):
    absolute: float
    relative: float
    whole: bool  # whether the vector is stated in whole numbers


def _pairs(place: str, want: Any, got: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield what has to be equal, element by element; lists of unequal length as they are."""
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for position, (one, other) in enumerate(zip(want, got, strict=True)):
            yield from _pairs(f"{place}[{position}]", one, other)
    else:
        yield place, want, got


def _equal(got: Any, want: Any, rule: _Rule) -> bool:
    if not _is_number(want) or not _is_number(got):
        return type(got) is type(want) and bool(got == want)
    return abs(got - want) <= _allowed(want, rule)  # a NaN fails


def _allowed(want: float, rule: _Rule) -> float:
    given = rule.absolute + rule.relative * abs(want)
    if given > 0.0:
        return float(given)
    if rule.whole and isinstance(want, int):
        return 1.0 if abs(want) <= WHOLE else 4.0 * math.ulp(float(want))
    return DIGITS * max(1.0, abs(want))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _gap(want: Any, got: Any) -> str:
    return f", off by {got - want:.3g}" if _is_number(want) and _is_number(got) else ""


def _leaves(value: Any) -> Iterator[Any]:
    """Yield the numbers of nested inputs; flags and texts are none."""
    if isinstance(value, Mapping | list):
        for entry in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(entry)
    elif _is_number(value):
        yield value
