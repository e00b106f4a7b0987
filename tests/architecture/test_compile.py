"""Functions are compiled once, and wide arguments are handed on by their address."""

import sys
from typing import NamedTuple

import numba
import numpy as np
import pytest
from numba.core.errors import TypingError

from sim.compile import by_reference, jit, lean
from sim.compile.parts import callees_last


class Wide(NamedTuple):
    """More fields than a tuple that is passed by value may have."""

    a: np.ndarray
    b: np.ndarray
    c: float = 3.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0
    g: float = 0.0
    h: float = 0.0
    i: float = 0.0
    j: float = 0.0
    k: float = 0.0
    m: float = 0.0
    n: float = 0.0


@lean
def bottom(wide: Wide, i: int) -> float:
    return wide.a[i] * wide.c


@lean
def dead(wide: Wide, i: int) -> float:
    return bottom(wide, i) if len(wide.a) < 0 else 0.0


@lean
def left(wide: Wide, i: int) -> float:
    wide.b[i] += 1.0
    return bottom(wide, i) + dead(wide, i)


@lean
def right(wide: Wide, i: int) -> float:
    return left(wide, i) + bottom(wide, 0)


@jit
def top(wide: Wide) -> float:
    total = 0.0
    for i in range(len(wide.a)):
        total += right(wide, i)
    return total


@numba.njit
def not_ours(wide: Wide) -> float:
    return right(wide, 1) + left(wide, 2)


@jit
def typo(wide: Wide) -> float:
    return by_reference(wide).nowhere


def example() -> Wide:
    return Wide(np.arange(4.0), np.zeros(4))


def test_parts_are_linked_into_what_python_calls() -> None:
    wide = example()
    assert top(wide) == sum(3.0 * i for i in range(4))
    assert wide.b.tolist() == [1.0] * 4  # the callee wrote to the caller's own array


def test_parts_have_no_machine_code_and_one_version() -> None:
    top(example())
    for function in (dead, left, right):  # `bottom` has one for the constant 0 as well
        assert not function.overloads
        first = [str(arguments[0]) for arguments in function.part.overloads]
        assert sum(name.startswith("Reference(") for name in first) == 1


def test_callees_are_linked_after_all_of_their_callers() -> None:
    top(example())
    names = {f.__name__: f.part.overloads for f in (bottom, dead, left, right)}
    library = {name: next(iter(found.values())).library for name, found in names.items()}
    order = [known for known in callees_last(library["right"]) if known in library.values()]
    place = {name: order.index(known) for name, known in library.items()}
    assert place["right"] == 0
    assert place["left"] < place["dead"] < place["bottom"]


def test_a_function_compiled_by_numba_alone_may_call_ours() -> None:
    assert not_ours(example()) == 3.0 * 1 + 3.0 * 2


def test_references_are_not_counted() -> None:
    wide = example()
    top(wide)
    before = sys.getrefcount(wide.a)
    for _ in range(1000):
        top(wide)
    after = sys.getrefcount(wide.a)
    assert after == before


def test_an_unknown_field_is_a_typing_error() -> None:
    with pytest.raises(TypingError, match="nowhere"):
        typo(example())
