"""Circuit breaker: a venue stands still for a while after one of its prices has moved too far.

Nobody trades contracts or is liquidated there until it re-opens; deposits can still be moved. A
move is measured from the price at the start of the present window, or at the last re-opening.
"""

import math

from sim.compile import lean
from sim.state.state import State
from sim.state.world import World

PRICE, SINCE = 0, 1  # rows of ``State.anchors``
ROUNDING = 1e-9  # blocks
HOUR = 3600.0


@lean
def halted(state: State, venue: int) -> bool:
    """Whether a venue stands still."""
    return state.halts[venue] > state.clock[0].now


@lean
def anchor(state: State, o: int) -> None:
    """Measure feed ``o`` from its present price."""
    state.anchors[PRICE, o] = state.feeds[o].published
    state.anchors[SINCE, o] = state.clock[0].now


@lean
def check_move(world: World, state: State, venue: int, o: int) -> None:
    """Halt a venue if one of its feeds has moved too far within the window."""
    if halted(state, venue):
        return
    row = world.venues[venue]
    since = state.anchors[SINCE, o]
    if since < state.halts[venue] or state.clock[0].now - since >= row.halt_window:
        anchor(state, o)
    move = abs(state.feeds[o].published / state.anchors[PRICE, o] - 1.0)
    if move > row.halt_move:
        state.halts[venue] = state.clock[0].now + row.halt_time
        state.stats[0].halted_hours += row.halt_time / HOUR


@lean
def check_moves(world: World, state: State) -> None:
    """All venues that have a breaker, on the feeds of what they list."""
    for k in range(len(world.instruments)):
        row = world.instruments[k]
        if world.venues[row.venue].halt_move > 0.0:
            check_move(world, state, row.venue, row.oracle)


@lean
def blocks_until_open(world: World, state: State) -> int:
    """Blocks until the next venue re-opens; 0 if none stands still."""
    soonest = 0
    for v in range(len(state.halts)):
        left = state.halts[v] - state.clock[0].now
        if left > 0.0:
            blocks = max(1, math.ceil(left / world.settings[0].block - ROUNDING))
            soonest = blocks if soonest == 0 else min(soonest, blocks)
    return soonest


@lean
def end_halts(world: World, state: State) -> None:
    """At the horizon: halts are counted no further than to the end of the last step."""
    end = (state.clock[0].step + 1) * world.settings[0].step
    for v in range(len(state.halts)):
        state.stats[0].halted_hours -= max(0.0, state.halts[v] - end) / HOUR
