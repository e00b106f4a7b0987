"""How far everything that moves health has moved since a list was built.

An anchor is a note of the watched rows of g, and of what scenario values of options depend on, at
the time a list was made, each with the scale that its moves are measured in: relative to itself;
for an option's value and forward relative to its notional, for deviations absolutely. Prices of
the token that options are quoted in count `TOKEN_WEIGHT`-fold, since scenario values move with them
too. An option that nobody holds moves nobody's health, however far it goes.
"""

import numpy as np

from sim.compile import lean
from sim.state.codes import DRIVERS, FIRST_DEVIATION, OPTION, TOKEN
from sim.state.state import NOTIONAL, State
from sim.state.world import World

TOKEN_WEIGHT = 5.0  # moves of a quote token that fill a skin are this many times smaller


@lean
def stamp(world: World, state: State, which: int) -> None:
    """Drop an anchor at the present g."""
    for i in range(state.built_at.shape[1]):
        for k in range(state.g.shape[1]):
            state.built_at[which, i, k] = state.g[i, k]
            state.scale_at[which, i, k] = abs(state.g[i, k])
    for m in range(len(state.thinness)):
        state.thinness_at[which, m] = state.thinness[m]
    for k in range(len(world.options)):
        if world.instruments[k].kind == OPTION:
            stamp_option(state, which, k)


@lean
def stamp_option(state: State, which: int, k: int) -> None:
    """The part of an anchor that belongs to option k."""
    held = state.pools[k].deposits != 0.0 or state.pools[k].loans != 0.0
    notional = abs(state.g[NOTIONAL, k]) if held else np.inf
    for i in range(NOTIONAL):
        state.scale_at[which, i, k] = notional
    for i in range(state.drivers.shape[0]):
        for d in range(DRIVERS):
            state.drivers_at[which, i, d, k] = state.drivers[i, d, k]
            state.reach_at[which, i, d, k] = notional
            if held and d >= FIRST_DEVIATION:
                state.reach_at[which, i, d, k] = 1.0
        if held:
            state.reach_at[which, i, TOKEN, k] = state.drivers[i, TOKEN, k] / TOKEN_WEIGHT


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
    if len(world.surfaces) == 0:
        return False
    for i in range(state.drivers.shape[0]):
        for d in range(DRIVERS):
            built, scale = state.drivers_at[which, i, d], state.reach_at[which, i, d]
            if row_left(state.drivers[i, d], built, scale, skin):
                return True
    return False


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
    if len(world.surfaces) == 0:
        return most
    for i in range(state.drivers.shape[0]):
        for d in range(DRIVERS):
            built, scale = state.drivers_at[which, i, d], state.reach_at[which, i, d]
            most = max(most, row_travelled(state.drivers[i, d], built, scale))
    return most
