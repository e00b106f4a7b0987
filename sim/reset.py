"""Beginning and end of a path."""

import numpy as np

from sim.compile import jit, lean
from sim.conservation import imbalance
from sim.liquidation.hedges import close_all
from sim.liquidation.horizon import book_shortfall
from sim.margin.beliefs import forget
from sim.margin.greek_path import close_greeks
from sim.margin.health import worth
from sim.margin.watch import open_lists
from sim.market.descent import nobodys
from sim.market.halt import end_halts
from sim.market.impact import remark
from sim.market.option_books import turn_books
from sim.market.options import quote_all
from sim.market.oracle import observe_prices, publish, refresh_g
from sim.state.codes import TRANSIT
from sim.state.state import State
from sim.state.world import World

LONG_AGO = -1e300


@jit
def restore_row(state: State, opening: State, a: int) -> None:
    """Put back what row ``a`` held."""
    state.balance[:, a] = opening.balance[:, a]
    state.legs[a] = opening.legs[a]
    state.rows[a] = opening.rows[a]


@jit
def restore_ledger(state: State, opening: State, whole: bool) -> None:
    """Put back who held what, of the rows those that the last path may have changed, or all."""
    if whole:
        for a in range(len(state.rows)):
            restore_row(state, opening, a)
    else:
        for i in range(state.clock[0].changed):
            restore_row(state, opening, state.changed[i])
    state.wallet[:] = opening.wallet
    state.outside[:] = opening.outside
    state.gross[:] = 0.0
    for k in range(len(state.pools)):
        state.pools[k] = opening.pools[k]


@jit
def restore_clock(state: State, opening: State, regime: int) -> None:
    """Time zero, empty lists, no results."""
    state.clock[0] = opening.clock[0]
    state.clock[0].regime = regime
    state.stats[0] = opening.stats[0]
    state.gates[:] = 0.0
    state.hedges[:] = 0.0
    state.sides[:] = 0.0
    for o in range(len(state.feeds)):
        state.feeds[o].at = 0


@jit
def restore_prices(world: World, state: State, opening: State, fundamental: np.ndarray) -> None:
    """Undisplaced marks at the start prices, depth at its regime's level, no expiry yet.

    Volatility starts at the first regime's level, at which premiums were paid.
    """
    state.fundamental[:] = fundamental
    for m in range(len(world.markets)):
        market = state.markets[m]
        market.transient = 0.0
        market.permanent = 0.0
        market.fell = 0.0
        market.rose = 0.0
        market.fell_alone = 0.0
        market.rose_alone = 0.0
        market.own = 0.0
        market.stirred = 0
        market.displacement = 0.0
        market.factor = 1.0
        market.depth_factor = world.depth_factor[state.clock[0].regime, m]
    remark(world, state)
    for u in range(len(world.surfaces)):
        state.levels[0, u] = world.surface_level[0, u]
        state.levels[1, u] = fundamental[world.surfaces[u].asset]
    state.options[:] = opening.options
    state.books[:] = opening.books
    state.lenses[:] = opening.lenses
    state.shelf_at[:] = -1
    state.reached[:] = -1
    for o in range(len(world.oracles)):
        price = state.markets[world.oracles[o].market].mark
        state.feeds[o].standing = price
        state.feeds[o].standing_displaced = 0.0
        state.feeds[o].ema = price
        state.feeds[o].twap = price
        state.feeds[o].updated = 0.0
        state.feeds[o].averaged = 0.0
    state.halts[:] = 0.0
    state.descent[:] = 0.0
    state.demanded[:] = 0.0
    state.carried[:] = 0.0
    nobodys(state.cause)
    state.anchors[:] = LONG_AGO
    state.history[:] = 0.0
    state.history[:, 0] = LONG_AGO
    for m in range(len(world.markets)):
        alone = fundamental[world.markets[m].asset]
        state.markets[m].opening = state.markets[m].mark
        state.markets[m].lowest = state.markets[m].highest = state.markets[m].mark
        state.markets[m].lowest_alone = state.markets[m].highest_alone = alone
        state.history[:, 1 + m] = state.markets[m].mark


@jit
def restore(
    world: World, state: State, opening: State, start: tuple[np.ndarray, int], whole: bool
) -> None:
    """Set the state to the start of a path, prices published, lists not made yet.

    ``start`` holds the fundamental prices, USD, and the regime. ``whole``: nothing is known of the
    state; otherwise it is that of a path which began with the same opening.
    """
    fundamental, regime = start
    restore_ledger(state, opening, whole)
    restore_clock(state, opening, regime)
    restore_prices(world, state, opening, fundamental)
    forget(world, state, opening)
    turn_books(world, state)
    observe_prices(world, state)
    refresh_g(world, state)
    quote_all(world, state)


@jit
def begin(world: World, state: State, opening: State, fundamental: np.ndarray, regime: int) -> None:
    """Set the state to the start of a path."""
    restore(world, state, opening, (fundamental, regime), True)
    open_lists(world, state)


@lean
def trader_wealth(world: World, state: State) -> float:
    """USD that all owners have: accounts (none counts below zero), wallets, what is under way."""
    cash = world.settings[0].cash_asset
    total = 0.0
    for a in range(world.settings[0].accounts):
        total += max(worth(world, state, a), 0.0)
    tokens = state.outside[TRANSIT, cash]
    for t in range(len(state.wallet)):
        tokens += state.wallet[t]
    return total + tokens * state.markets[cash].mark


@lean
def liquidator_wealth(world: World, state: State) -> float:
    """USD that all liquidators have: margin accounts and tokens outside."""
    total = 0.0
    for i in range(len(world.liquidators)):
        row = world.liquidators[i]
        total += worth(world, state, row.row)
        for n in range(state.outside.shape[1]):
            total += state.outside[row.holder, n] * state.markets[n].mark
    return total


@jit
def finish(world: World, state: State, opening: State, wealth: np.ndarray) -> None:
    """Close the books of a path; ``wealth`` holds the traders' and liquidators' at its start."""
    state.stats[0].imbalance = imbalance(world, state, opening)
    for o in range(len(world.oracles)):  # valued at the markets' prices, not late or averaged ones
        mark = state.markets[world.oracles[o].market].mark
        state.feeds[o].published = mark
        state.feeds[o].ema = mark
        state.feeds[o].twap = mark
    turn_books(world, state)
    refresh_g(world, state)
    quote_all(world, state)
    book_shortfall(world, state)
    close_all(state)
    close_greeks(world, state)
    end_halts(world, state)
    state.stats[0].trader_loss = wealth[0] - trader_wealth(world, state)
    state.stats[0].liquidator_profit = liquidator_wealth(world, state) - wealth[1]
    publish(world, state)
