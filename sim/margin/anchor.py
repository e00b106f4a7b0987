"""How far everything that moves health has moved since a list was built.

An anchor is a note of the watched rows of g at the time a list was made, each with the scale that
its moves are measured in: relative to itself. Options are followed book by book
(:mod:`sim.margin.book_anchor`).
"""

import numpy as np

from sim.compile import lean
from sim.margin.book_anchor import book_travelled, stamp_book
from sim.state.codes import OPTION
from sim.state.state import State
from sim.state.world import World


@lean
def stamp(world: World, state: State, which: int) -> None:
    """Drop an anchor at the present g."""
    for i in range(state.built_at.shape[1]):
        for k in range(state.g.shape[1]):
            option = world.instruments[k].kind == OPTION
            state.built_at[which, i, k] = state.g[i, k]
            state.scale_at[which, i, k] = np.inf if option else abs(state.g[i, k])
    for m in range(len(state.thinness)):
        state.thinness_at[which, m] = state.thinness[m]
    for b in range(len(world.books)):
        stamp_book(world, state, which, b)


@lean
def row_left(now: np.ndarray, built: np.ndarray, scale: np.ndarray, skin: float) -> bool:
    """Whether some entry of a row has moved by more than a skin; one look at each, no branch."""
    left = 0
    for k in range(now.shape[0]):
        left |= 1 if abs(now[k] - built[k]) > skin * scale[k] else 0
    return left != 0


@lean
def left_skin(world: World, state: State, which: int, skin: float) -> bool:
    """Whether anything that maintenance reads has moved by more than ``skin`` since an anchor.

    Rows of g that only opening reads are never looked at from a list.
    """
    for i in range(state.built_at.shape[1]):
        if row_left(state.g[i], state.built_at[which, i], state.scale_at[which, i], skin):
            return True
    thinness = state.thinness_at[which]
    if row_left(state.thinness, thinness, thinness, skin):
        return True
    left = 0
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
def travelled(world: World, state: State, which: int) -> float:
    """Smallest skin that everything that maintenance reads has not left since an anchor."""
    most = 0.0
    for i in range(state.built_at.shape[1]):
        moved = row_travelled(state.g[i], state.built_at[which, i], state.scale_at[which, i])
        most = max(most, moved)
    thinness = state.thinness_at[which]
    most = max(most, row_travelled(state.thinness, thinness, thinness))
    for b in range(len(world.books)):
        most = max(most, book_travelled(world, state, which, b))
    return most
