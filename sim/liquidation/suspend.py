"""When a venue calls nobody: on prices that it does not trust (P1), and while it stands still."""

from sim.compile import lean
from sim.market.halt import halted
from sim.state.codes import BLOCK, IGNORE, PAUSE
from sim.state.state import LOW, State
from sim.state.world import World


@lean
def venue_paused(world: World, state: State, venue: int) -> bool:
    """Whether some price that a venue pauses for is not to be trusted."""
    for k in range(len(world.instruments)):
        row = world.instruments[k]
        if row.venue != venue or world.oracles[row.oracle].distrust != PAUSE:
            continue
        if state.feeds[row.oracle].distrusted:
            return True
    return False


@lean
def suspended(world: World, state: State, a: int) -> bool:
    """Whether account ``a`` cannot be liquidated: a venue where it has a leg is halted or pauses.

    Or the price of a leg is blocked.
    """
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        row = world.instruments[k]
        if state.balance[k, a] == 0.0:
            continue
        if halted(state, row.venue):
            return True
        if state.g.shape[0] <= LOW:
            continue
        if state.feeds[row.oracle].distrusted and world.oracles[row.oracle].distrust == BLOCK:
            return True
        if venue_paused(world, state, row.venue):
            return True
    return False


@lean
def venue_doubts(world: World, state: State, venue: int) -> bool:
    """Whether a venue acts on its distrust of the price of something it lists."""
    for k in range(len(world.instruments)):
        row = world.instruments[k]
        acts = row.venue == venue and world.oracles[row.oracle].distrust != IGNORE
        if acts and state.feeds[row.oracle].distrusted:
            return True
    return False


@lean
def doubted(world: World, state: State, a: int) -> bool:
    """Whether a venue of account ``a`` acts on its distrust of some price: time may end that."""
    if state.g.shape[0] <= LOW:
        return False
    for i in range(state.rows[a].leg_count):
        if state.balance[state.legs[a, i], a] == 0.0:
            continue
        if venue_doubts(world, state, world.instruments[state.legs[a, i]].venue):
            return True
    return False
