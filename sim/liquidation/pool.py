"""P7 without a bankruptcy: a pool that owes its winners too much closes their positions.

GMX v2: once traders' open profit is above a share of the pool (85 % there), keepers close the
largest winners at the oracle's price until it is below a second one (77 %). Nobody loses at that
moment; who was hedged with the position no longer is.
"""

from sim.compile import lean
from sim.ledger import next_leg, post, settle_flat
from sim.liquidation.adl import must_deleverage, pool_profit_ratio
from sim.liquidation.bankrupt import standing_at
from sim.liquidation.hedges import note_broken, note_sides
from sim.margin.health import assess
from sim.state.codes import MAINTENANCE, PERPETUAL
from sim.state.state import CALLED, State
from sim.state.world import World


@lean
def profit_owed(world: World, state: State, v: int) -> float:
    """Open profit of all traders who are ahead at a venue, USD."""
    total = 0.0
    for a in range(world.settings[0].accounts):
        profit, _ = standing_at(world, state, v, a)
        total += max(0.0, profit)
    return total


@lean
def largest_winner(world: World, state: State, v: int) -> int:
    """Account with the largest open profit and contracts left; -1 if none is ahead."""
    best, most = -1, 0.0
    for a in range(world.settings[0].accounts):
        profit, notional = standing_at(world, state, v, a)
        if notional > 0.0 and profit > most:
            best, most = a, profit
    return best


@lean
def close_at_mark(world: World, state: State, v: int, a: int) -> None:
    """Close all contracts of a row against the pool at the mark; its profit becomes cash."""
    maker = world.venues[v].maker
    note_sides(world, state, a, CALLED)
    i = 0
    while i < state.rows[a].leg_count:
        k = state.legs[a, i]
        row = world.instruments[k]
        held = state.balance[k, a]
        if row.kind == PERPETUAL and row.venue == v and held != 0.0:
            price = state.g[0, k] / state.g[2, row.cash]
            post(state, k, a, -held)
            post(state, k, maker, held)
            post(state, row.quote, a, held * price)
            post(state, row.quote, maker, -held * price)
            settle_flat(world, state, a, k)
            state.stats[0].adl_notional += abs(held) * state.g[2, k]
        i = next_leg(state, a, i, k)
    note_broken(world, state, a, CALLED)


@lean
def ratio_of(world: World, state: State, v: int) -> float:
    """Traders' open profit over the equity of the pool on the other side."""
    equity, _ = assess(world, state, MAINTENANCE, world.venues[v].maker)
    owed = profit_owed(world, state, v)
    return pool_profit_ratio(owed, equity + owed)


@lean
def deleverage_pools(world: World, state: State) -> bool:
    """Let every pool that must deleverage its winners; True if one did."""
    changed = False
    for v in range(len(world.venues) - 1):
        row = world.venues[v]
        if row.maker < 0 or row.adl_pool == float("inf"):
            continue
        if not must_deleverage(ratio_of(world, state, v), row.adl_pool):
            continue
        while ratio_of(world, state, v) > row.adl_pool_target:
            a = largest_winner(world, state, v)
            if a < 0:
                break
            close_at_mark(world, state, v, a)
            changed = True
    return changed
