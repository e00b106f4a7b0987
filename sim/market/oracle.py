"""P1: what the margin engine is told. A spot view of a market, published after a delay."""

import math

from sim.compile import lean
from sim.market.options import refresh_options
from sim.state.codes import BALANCE, OPTION, PERPETUAL
from sim.state.state import State
from sim.state.world import World

SETTLED = 1e-4  # relative difference of published price and mark that calls for no further round
ROUNDING = 1e-9  # blocks


@lean
def remember(state: State) -> None:
    """Append the present marks to the ring that delayed feeds read."""
    head = (state.clock[0].head + 1) % state.history.shape[0]
    state.clock[0].head = head
    state.history[head, 0] = state.clock[0].now
    for m in range(len(state.markets)):
        state.history[head, 1 + m] = state.markets[m].mark


@lean
def publish(world: World, state: State) -> None:
    """Each feed moves on to the newest price that is at least its delay old."""
    size = state.history.shape[0]
    head = state.clock[0].head
    for o in range(len(world.oracles)):
        row = world.oracles[o]
        cutoff = state.clock[0].now - row.delay
        at = state.feeds[o].at
        while at != head and state.history[(at + 1) % size, 0] <= cutoff:
            at = (at + 1) % size
        state.feeds[o].at = at
        state.feeds[o].published = state.history[at, 1 + row.market]


@lean
def blocks_until_news(world: World, state: State) -> int:
    """Blocks until a delayed feed shows a price that differs from its market's; 0 if none will.

    A difference of ``SETTLED`` or less is no news: markets that relax move that little at any time.
    """
    size = state.history.shape[0]
    soonest = 0
    for o in range(len(world.oracles)):
        mark = state.markets[world.oracles[o].market].mark
        at = state.feeds[o].at
        if at == state.clock[0].head or abs(state.feeds[o].published - mark) <= SETTLED * mark:
            continue
        due = state.history[(at + 1) % size, 0] + world.oracles[o].delay - state.clock[0].now
        blocks = max(1, math.ceil(due / world.settings[0].block - ROUNDING))
        soonest = blocks if soonest == 0 else min(soonest, blocks)
    return soonest


@lean
def refresh_g(world: World, state: State) -> None:
    """Rewrite the vector that health reads, from published prices and pool indices.

    Perpetuals value at the venue's own mark, requirements and balances at the oracle's price.
    """
    for k in range(len(world.instruments)):
        row = world.instruments[k]
        if row.kind == BALANCE:
            price = state.feeds[row.oracle].published
            state.g[0, k] = price * state.pools[k].deposit_index
            state.g[1, k] = price * state.pools[k].borrow_index
            state.g[2, k] = price
        elif row.kind == PERPETUAL:
            token = state.feeds[world.instruments[row.cash].oracle].published
            value = (state.markets[row.market].mark - state.pools[k].funding) * token
            state.g[0, k] = value
            state.g[1, k] = value
            state.g[2, k] = state.feeds[row.oracle].published * token
        elif row.kind != OPTION:
            token = state.feeds[world.instruments[row.cash].oracle].published
            state.g[0, k] = token
            state.g[1, k] = token
            state.g[2, k] = token
    if len(world.surfaces) > 0:
        refresh_options(world, state)
    state.clock[0].version += 1


@lean
def observe_prices(world: World, state: State) -> None:
    """Sample, delay, publish; then let the margin engine see it."""
    remember(state)
    publish(world, state)
    refresh_g(world, state)
