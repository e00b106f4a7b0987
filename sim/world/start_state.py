"""The state in which every path of a world begins: nobody holds anything, all prices as fed."""

from __future__ import annotations

import numpy as np

from sim.compile import jit
from sim.liquidation.adl import CLAIMS
from sim.margin.beliefs import respond
from sim.market.option_books import refresh_books, turn_books
from sim.market.options import quote_all
from sim.state import codes
from sim.state.state import (
    ACCOUNT_STATE,
    BOOK_STATE,
    CLOCK,
    FEED,
    GENERATIONS,
    HIGH_INITIAL,
    LENS,
    LISTS,
    LOW_INITIAL,
    MARKET_STATE,
    OPENING_VARIANCE,
    OPTION_STATE,
    POOL,
    RESULT,
    RISK,
    VARIANCE,
    WATCHED_ROWS,
    WAY,
    State,
)
from sim.state.world import World
from sim.world import tables
from sim.world.layout import Layout, LedgerRows


@jit
def value_options(world: World, state: State) -> None:
    """Write the opening values of all options."""
    turn_books(world, state)
    refresh_books(world, state)
    quote_all(world, state)


@jit
def first_response(world: World, state: State) -> None:
    """Write what venues that respond to volatility ask for at the start."""
    respond(world, state)


def empty_state(layout: Layout, rows: LedgerRows, traders: int) -> State:
    """A state with nobody holding anything, indices at one."""
    k, m, n = len(layout.instruments), layout.markets, len(layout.assets)
    feeds = len(tables.oracle_table(layout))
    a, margined = rows.total, rows.accounts
    config = layout.config
    delay = tables.longest_delay(config)
    views = tables.reads_views(config) or tables.responds(config)
    seen = m if tables.sees_depth(config) else 0
    ring = int(np.ceil(delay / config.block_seconds) + np.ceil(delay / config.step_seconds)) + 4
    state = State(
        balance=np.zeros((k, a)),
        legs=np.zeros((a, k), dtype=np.int64),
        wallet=np.zeros(traders),
        outside=np.zeros((layout.holders, n)),
        gross=np.zeros(k + n),
        pools=np.zeros(k, dtype=POOL),
        markets=np.zeros(m, dtype=MARKET_STATE),
        feeds=np.zeros(feeds, dtype=FEED),
        fundamental=np.zeros(n),
        history=np.zeros((ring, 2 * m + 1)),
        g=np.zeros((8 if tables.responds(config) else 7 if views else 3, k)),
        thinness=np.ones(seen),
        thinness_at=np.ones((3, seen)),
        built_at=np.zeros((3, WATCHED_ROWS if views else 3, k)),
        scale_at=np.zeros((3, WATCHED_ROWS if views else 3, k)),
        radius=np.zeros((4, margined)),
        rows=np.zeros(a, dtype=ACCOUNT_STATE),
        lists=np.zeros((LISTS, margined), dtype=np.int64),
        changed=np.zeros(a, dtype=np.int64),
        capacity=np.zeros(len(layout.liquidators)),
        descent=np.zeros((m, GENERATIONS)),
        demanded=np.zeros((2, m, GENERATIONS)),
        breaches=np.zeros((margined, GENERATIONS)),
        carried=np.zeros((len(layout.liquidators), GENERATIONS)),
        cause=np.zeros(GENERATIONS),
        mixture=np.zeros(GENERATIONS),
        aside=np.zeros((3, k)),
        claims=np.zeros((CLAIMS, a)),
        hedges=np.zeros((2, traders, n)),
        sides=np.zeros((3, 2, n)),
        gates=np.zeros(len(layout.venues)),
        stats=np.zeros(1, dtype=RESULT),
        clock=np.zeros(1, dtype=CLOCK),
        **option_state(layout),
        **belief_state(layout),
        halts=np.zeros(len(layout.venues)),
        anchors=np.zeros((2, feeds)),
    )
    state.pools["deposit_index"] = 1.0
    state.pools["borrow_index"] = 1.0
    for name in ("breach", "partial", "auction"):
        state.rows[name] = -1.0
    return state


def option_state(layout: Layout) -> dict[str, np.ndarray]:
    """The arrays of options, sized for the largest grid and the number of books."""
    k, u = len(layout.instruments), len(layout.surfaces)
    books = len({(r.venue, r.asset, r.days) for r in layout.instruments if r.kind == "option"})
    grids = [layout.config.venue[v].grid for v in layout.venues] + [layout.config.hub.grid]
    scenarios = max(0 if grid is None else len(grid.scenarios) for grid in grids)
    rows = codes.GRIDS
    if u:
        scenarios = max(scenarios, tables.trials_kept(layout.config))
        rows += len(tables.predictions(layout.config))
    return {
        "options": np.zeros(k, dtype=OPTION_STATE),
        "books": np.zeros(books, dtype=BOOK_STATE),
        "books_at": np.zeros((3, books), dtype=BOOK_STATE),
        "lenses": np.zeros((codes.GRIDS, books), dtype=LENS),
        "lenses_at": np.zeros((3, codes.GRIDS, books), dtype=LENS),
        "ways": np.zeros((3, books), dtype=WAY),
        "greeks": np.zeros((4, k)),
        "levels": np.ones((2, u)),
        "shelf": np.zeros((rows, k, scenarios + 2)),
        "shelf_now": np.zeros((codes.GRIDS, k)),
        "shelf_factor": np.zeros((codes.GRIDS, 3, books)),
        "reaches": np.zeros((rows, 3, k)),
        "reached": np.full((rows, k), -1, dtype=np.int64),
        "shelf_desk": np.zeros((3, scenarios + 2)),
        "shelf_at": np.full((rows, k), -1, dtype=np.int64),
    }


def belief_state(layout: Layout) -> dict[str, np.ndarray]:
    """What engines believe at the start; empty where none filters prices."""
    config = layout.config
    n = len(layout.assets) if tables.learns(config) else 0
    covariance = tables.long_run(layout) if n else np.zeros((0, 0))
    history = np.zeros((config.beliefs.correlation_lag + 1, n, n))
    history[:] = covariance
    belief = np.zeros((4, n))
    belief[[VARIANCE, OPENING_VARIANCE]] = np.diag(covariance)
    return {
        "belief": belief,
        "covariance": history,
        "correlation": np.zeros((n, n)),
        "believed": covariance,
        "worst": np.zeros(tables.worst_kept(config)),
        "curved": np.zeros((4, n)),
        "curve_order": np.zeros(n, dtype=np.int64),
        "curve_work": np.zeros((2, n, n)),
    }


def deposit(state: State, k: np.ndarray, a: np.ndarray, amount: np.ndarray) -> None:
    """Add opening amounts (indices are one, so tokens are shares); legs are listed later."""
    np.add.at(state.balance, (k, a), amount)


def list_legs(state: State) -> None:
    """Write each row's leg list and the pools' totals from the balances."""
    held = state.balance != 0.0
    state.rows["leg_count"] = held.sum(axis=0)
    state.legs[:] = 0
    place = np.cumsum(held, axis=0) - 1
    k, a = np.nonzero(held)
    state.legs[a, place[k, a]] = k
    state.pools["deposits"] = np.maximum(state.balance, 0.0).sum(axis=1)
    state.pools["loans"] = np.maximum(-state.balance, 0.0).sum(axis=1)


def opening_prices(layout: Layout, world: World, state: State, prices: np.ndarray) -> None:
    """Undisplaced marks, feeds and health vector at the start prices, in markets of full depth."""
    state.fundamental[:] = prices
    mark = prices[world.markets["asset"]]
    state.markets["mark"] = mark
    state.markets["opening"] = mark
    state.markets["depth_factor"] = 1.0
    state.markets["factor"] = 1.0
    state.feeds["published"] = mark[world.oracles["market"]]
    state.feeds["width"] = world.oracles["confidence"]
    table = world.instruments
    unit = state.feeds["published"][table["oracle"]]
    unit = np.where(table["kind"] == codes.PERPETUAL, unit * prices[layout.cash], unit)
    state.g[:3] = unit
    inverse = table["inverse"] != 0
    state.g[:2, inverse] = -1.0  # a debt of one dollar against a quote balance of coin
    state.g[2, inverse] = 1.0
    state.g[3:] = 1.0
    state.g[LOW_INITIAL:HIGH_INITIAL, table["kind"] == codes.PERPETUAL] = 0.0  # nobody holds any
    for name in ("standing", "ema", "twap"):
        state.feeds[name] = state.feeds["published"]
    if state.g.shape[0] > RISK:
        first_response(world, state)
    state.levels[0] = world.surface_level[0]
    state.levels[1] = prices[world.surfaces["asset"]]
    if len(world.surfaces) > 0:
        value_options(world, state)
