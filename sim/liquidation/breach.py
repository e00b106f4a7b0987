"""Descent of a breach: whether our own flow brought it about, and at how many removes.

A breach that would stand at prices which our flow has not displaced is of generation 0. Any other
follows from the flow that now stands behind the displacements of its legs' prices, each weighted by
what it costs the account; where none costs it anything by itself, from generation 0. Averages of a
feed keep their ratio to its price when the displacement is taken out; options keep their value.
"""

from sim.compile import lean
from sim.margin.health import in_breach
from sim.margin.terms import leg_value
from sim.market.descent import add_children, clear, nobodys, whole, write_shares
from sim.market.impact import add_behind
from sim.numerics import exp
from sim.state.codes import BALANCE, FULL_FEEDBACK, OPTION, PERPETUAL, QUOTE
from sim.state.state import State
from sim.state.world import World

READ = 3  # rows of g that hold a price


@lean
def own_shift(world: World, state: State, k: int) -> float:
    """What our flow did to the log of the price at which instrument k is valued."""
    row = world.instruments[k]
    if row.kind == OPTION:
        return 0.0
    if row.kind == BALANCE:
        return state.feeds[row.oracle].displaced
    token = state.feeds[world.instruments[row.cash].oracle].displaced
    if row.kind != PERPETUAL:
        return token
    mark = state.markets[row.market].displacement
    return token - mark if row.inverse != 0 else token + mark


@lean
def notional_shift(world: World, state: State, k: int) -> float:
    """The same for the price by which its requirement is counted."""
    row = world.instruments[k]
    if row.kind != PERPETUAL:
        return own_shift(world, state, k)
    token = state.feeds[world.instruments[row.cash].oracle].displaced
    return 0.0 if row.inverse != 0 else state.feeds[row.oracle].displaced + token


@lean
def market_of(world: World, k: int) -> int:
    """The market whose displacement moves the value of instrument k."""
    row = world.instruments[k]
    if row.kind == PERPETUAL:
        return row.market
    feed = world.instruments[row.cash].oracle if row.kind == QUOTE else row.oracle
    return world.oracles[feed].market


@lean
def take_out_flow(world: World, state: State, a: int) -> None:
    """Let the legs of an account stand at prices without our flow."""
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        for row in range(READ):
            state.aside[row, k] = state.g[row, k]
        factor = exp(-own_shift(world, state, k))
        state.g[0, k] *= factor
        state.g[1, k] *= factor
        state.g[2, k] *= exp(-notional_shift(world, state, k))


@lean
def put_back(state: State, a: int) -> None:
    """Give an account's legs the prices that its venue sees."""
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        for row in range(READ):
            state.g[row, k] = state.aside[row, k]


@lean
def stands_alone(world: World, state: State, a: int) -> bool:
    """Whether account ``a`` would be below maintenance without our flow."""
    take_out_flow(world, state, a)
    found = in_breach(world, state, a)
    put_back(state, a)
    return found


@lean
def trace_breach(world: World, state: State, a: int) -> None:
    """Write the descent of the breach of account ``a``."""
    nobodys(state.breaches[a])
    if world.settings[0].feedback != FULL_FEEDBACK or stands_alone(world, state, a):
        return
    clear(state.mixture)
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        cost = -leg_value(state.g, k, state.balance[k, a]) * own_shift(world, state, k)
        if cost > 0.0:
            add_behind(world, state, market_of(world, k), cost)
    if whole(state.mixture) == 0.0:
        add_children(state.breaches[a], 1.0, state.mixture)
    write_shares(state.mixture, state.breaches[a])
