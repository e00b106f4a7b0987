"""How far everything that moves health has moved since a list was built.

An anchor is a note of the watched rows of g at the time a list was made. Moves are relative to it,
and beside those of what an entry follows (:mod:`sim.world.tables.skins`): a late feed or a wrapper
leaves a skin by going its own way, not with its coin. Each has a unit, its share of a skin. Options
are followed book by book (:mod:`sim.margin.book_anchor`).

Distances measured from one anchor add up from another one almost, for the units are relative to
other prices there and followers go along with leaders; see `beyond`.
"""

import numpy as np

from sim.compile import lean
from sim.margin.book_anchor import book_travelled, stamp_book
from sim.state.codes import OPTION
from sim.state.state import NOTIONAL, State
from sim.state.world import World


@lean
def stamp(world: World, state: State, which: int) -> None:
    """Drop an anchor at the present g."""
    for i in range(state.built_at.shape[1]):
        for k in range(state.g.shape[1]):
            option = world.instruments[k].kind == OPTION
            state.built_at[which, i, k] = state.g[i, k]
            scale = abs(state.g[i, k]) * world.own[i, k]
            state.scale_at[which, i, k] = np.inf if option else scale
    for m in range(len(state.thinness)):
        state.thinness_at[which, m] = state.thinness[m]
    for b in range(len(world.books)):
        stamp_book(world, state, which, b)


@lean
def beyond(moved: float, skin: float) -> float:
    """How far from an anchor prices may be that have moved by a skin from a distance of ``moved``.

    Relative to the anchor, a price P' that was at P has moved by ``(P'/P - 1) P/P0 + P/P0 - 1``;
    beside its leader, by as much as P/P0 differs from the leader's more. Either adds at most
    ``moved x skin`` to the sum of both.
    """
    return moved + skin * (1.0 + 2.0 * moved)


@lean
def lead(world: World, state: State, which: int) -> None:
    """Write how far every leader has moved since an anchor, relative."""
    for f in range(len(world.leaders)):
        k = world.leaders[f]
        state.led[f] = state.g[NOTIONAL, k] / state.built_at[which, NOTIONAL, k] - 1.0


@lean
def row_left(now: np.ndarray, built: np.ndarray, scale: np.ndarray, skin: float) -> bool:
    """Whether some entry of a row has moved by more than a skin; one look at each, no branch."""
    left = 0
    for k in range(now.shape[0]):
        left |= 1 if abs(now[k] - built[k]) > skin * scale[k] else 0
    return left != 0


@lean
def followers_left(world: World, state: State, which: int, i: int, skin: float) -> bool:
    """The same of a row of g, beside what its entries follow."""
    follows, led = world.follows[i], state.led
    now, built, scale = state.g[i], state.built_at[which, i], state.scale_at[which, i]
    left = 0
    for k in range(now.shape[0]):
        gone = now[k] - built[k] * (1.0 + led[follows[k]])
        left |= 1 if abs(gone) > skin * scale[k] else 0
    return left != 0


@lean
def left_skin(world: World, state: State, which: int, skin: float) -> bool:
    """Whether anything that maintenance reads has moved by more than ``skin`` since an anchor.

    Rows of g that only opening reads are never looked at from a list.
    """
    lead(world, state, which)
    left = 0
    for f in range(len(world.leaders)):
        left |= 1 if abs(state.led[f]) > skin * world.lead[f] else 0
    if left != 0:
        return True
    for i in range(state.built_at.shape[1]):
        if followers_left(world, state, which, i, skin):
            return True
    thinness = state.thinness_at[which]
    if row_left(state.thinness, thinness, thinness, skin):
        return True
    for b in range(len(world.books)):
        left |= 1 if book_travelled(world, state, which, b) > skin else 0
    return left != 0


@lean
def row_travelled(now: np.ndarray, built: np.ndarray, scale: np.ndarray) -> float:
    """Largest move of an entry of a row, in units of its scale."""
    most = 0.0
    for k in range(now.shape[0]):
        change = abs(now[k] - built[k])
        if change > most * scale[k]:
            most = change / scale[k]
    return most


@lean
def followers_travelled(world: World, state: State, which: int, i: int) -> float:
    """The same of a row of g, beside what its entries follow."""
    follows, led = world.follows[i], state.led
    now, built, scale = state.g[i], state.built_at[which, i], state.scale_at[which, i]
    most = 0.0
    for k in range(now.shape[0]):
        gone = abs(now[k] - built[k] * (1.0 + led[follows[k]]))
        if gone > most * scale[k]:
            most = gone / scale[k]
    return most


@lean
def travelled(world: World, state: State, which: int) -> float:
    """Smallest skin that everything that maintenance reads has not left since an anchor."""
    lead(world, state, which)
    most = 0.0
    for f in range(len(world.leaders)):
        most = max(most, abs(state.led[f]) / world.lead[f])
    for i in range(state.built_at.shape[1]):
        most = max(most, followers_travelled(world, state, which, i))
    thinness = state.thinness_at[which]
    most = max(most, row_travelled(state.thinness, thinness, thinness))
    for b in range(len(world.books)):
        most = max(most, book_travelled(world, state, which, b))
    return most
