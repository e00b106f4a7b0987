"""Watch lists: look only at accounts that some price move could bring to a trigger.

As molecular dynamics keeps neighbour lists, an account whose slack exceeds what a relative move of
``skin`` in every entry of g could cost it cannot reach a trigger until some entry has moved that
far. The list is rebuilt when one has; a touched account is listed at once.

The bound: a leg of value v and requirement r loses at most ``skin * (|v| + watch * rate * |v|)``,
with ``rate`` the steepest change of the requirement per unit of the leg. Terms that net (hub
engine) change by at most net rate + basis rate per unit. So the bound is first order and exact in
direction, not an approximation: values and requirements are linear (or piecewise linear) in g.
"""

import numpy as np

from sim.compile import jit
from sim.margin.health import assess, leg_requirement
from sim.market.oracle import observe_prices
from sim.state.codes import MAINTENANCE, NET_OF_LEGS, PERPETUAL
from sim.state.state import WATCHED, State
from sim.state.world import BASIS, NET, World

ROUNDING = 1e-9  # relative allowance for float rounding in the bound


@jit
def spread(world: World, state: State, a: int) -> float:
    """Most that the slack of account ``a`` can lose per unit of skin, USD."""
    row = world.accounts[a]
    g = state.g
    netted = world.venues[row.venue].engine == NET_OF_LEGS
    total = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        quantity = state.balance[k, a]
        if quantity == 0.0:
            continue
        leg = world.instruments[k]
        size = abs(quantity) * max(abs(g[0, k]), abs(g[1, k]))
        if leg.kind == PERPETUAL:
            size = max(size, abs(quantity) * abs(g[2, k]))
        if netted:
            steepest = world.netting[NET, MAINTENANCE, leg.group]
            steepest += world.netting[BASIS, MAINTENANCE, leg.group]
            total += size * (1.0 + row.watch * steepest)
        else:
            term = leg_requirement(world, g, MAINTENANCE, row.emode, k, quantity)
            total += size + row.watch * abs(term)
    return total


@jit
def near(world: World, state: State, a: int) -> bool:
    """Whether account ``a`` could reach its watch level, or maintenance, inside the skin."""
    if world.settings[0].watch_all:
        return True
    equity, requirement = assess(world, state, MAINTENANCE, a)
    slack = equity - max(world.accounts[a].watch, 1.0) * requirement
    return slack <= spread(world, state, a) * (world.settings[0].skin + ROUNDING)


@jit
def rebuild(world: World, state: State) -> None:
    """List every account that is near, at the present g."""
    count = 0
    for a in range(world.settings[0].accounts):
        listed = near(world, state, a)
        state.rows[a].listed = listed
        if listed:
            state.lists[WATCHED, count] = a
            count += 1
    state.clock[0].watched = count
    state.built_at[:, :] = state.g


@jit
def left_skin(g: np.ndarray, built_at: np.ndarray, skin: float) -> bool:
    """Whether some entry of g has moved by more than ``skin`` since the list was built."""
    for i in range(g.shape[0]):
        for k in range(g.shape[1]):
            if abs(g[i, k] - built_at[i, k]) > skin * abs(built_at[i, k]):
                return True
    return False


@jit
def refresh_list(world: World, state: State) -> None:
    """Rebuild the watch list if prices have left its skin."""
    if left_skin(state.g, state.built_at, world.settings[0].skin):
        rebuild(world, state)


@jit
def look(world: World, state: State) -> None:
    """Publish prices to the margin engine, and keep the watch list in step with them."""
    observe_prices(world, state)
    refresh_list(world, state)
