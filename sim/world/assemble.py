"""A population under one margin scope, as the arrays that the kernel reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.compile import jit
from sim.liquidation.adl import CLAIMS
from sim.margin.beliefs import respond
from sim.margin.grid import by_column
from sim.margin.health import assess
from sim.market.options import refresh_options
from sim.state import codes
from sim.state.rows import ACCOUNT_ROW, SETTINGS
from sim.state.state import (
    ACCOUNT_STATE,
    CLOCK,
    FEED,
    FORWARD_QUOTED,
    HIGH_INITIAL,
    LISTS,
    LOW_INITIAL,
    MARKET_STATE,
    OPENING_VARIANCE,
    OPTION_STATE,
    POOL,
    QUOTED,
    RESULT,
    RISK,
    STRIKE_QUOTED,
    VARIANCE,
    WATCHED_ROWS,
    State,
)
from sim.state.world import World
from sim.world import tables
from sim.world.draws import Draws
from sim.world.layout import Layout, LedgerRows
from sim.world.population import Population
from sim.world.schema.requirement import Gains
from sim.world.scopes import Grouping, group

TWINS = {
    "none": codes.NO_IMPACT,
    "slippage": codes.OWN_SLIPPAGE,
    "full": codes.FULL_FEEDBACK,
}
BEHAVIOUR_PARAMETERS = 4  # target, top_up, deleverage, panic_loss


@dataclass(frozen=True)
class Assembled:
    """A world ready to run."""

    world: World
    opening: State
    rows: LedgerRows
    grouping: Grouping


@jit
def assess_rows(world: World, state: State, level: int, rows: int) -> np.ndarray:
    """Equity and requirement of the first ``rows`` ledger rows at a level, (rows, 2) USD."""
    out = np.empty((rows, 2))
    for a in range(rows):
        out[a, 0], out[a, 1] = assess(world, state, level, a)
    return out


@jit
def value_options(world: World, state: State) -> None:
    """Write the opening values of all options."""
    refresh_options(world, state)


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
        history=np.zeros((ring, m + 2)),
        g=np.zeros((8 if tables.responds(config) else 7 if views else 3, k)),
        thinness=np.ones(seen),
        thinness_at=np.ones((3, seen)),
        built_at=np.zeros((3, WATCHED_ROWS if views else 3, k)),
        scale_at=np.zeros((3, WATCHED_ROWS if views else 3, k)),
        radius=np.zeros((4, margined)),
        rows=np.zeros(a, dtype=ACCOUNT_STATE),
        lists=np.zeros((LISTS, margined), dtype=np.int64),
        capacity=np.zeros(len(layout.liquidators)),
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
    books = {(r.venue, r.asset, r.days) for r in layout.instruments if r.kind == "option"}
    grids = [layout.config.venue[v].grid for v in layout.venues] + [layout.config.hub.grid]
    scenarios = max(0 if grid is None else len(grid.scenarios) for grid in grids)
    if u:
        scenarios = max(scenarios, tables.trials_kept(layout.config))
    return {
        "options": np.zeros(k, dtype=OPTION_STATE),
        "quotes": no_quotes(k),
        "greeks": np.zeros((4, k)),
        "levels": np.ones((2, u)),
        "drivers": np.zeros((codes.GRIDS, codes.DRIVERS, k)),
        "drivers_at": np.zeros((3, codes.GRIDS, codes.DRIVERS, k)),
        "reach_at": np.zeros((3, codes.GRIDS, codes.DRIVERS, k)),
        "shelf": np.zeros((codes.GRIDS, k, scenarios + 2)),
        "shelf_now": np.zeros((codes.GRIDS, k)),
        "shelf_factor": np.zeros((codes.GRIDS, 3, max(1, len(books)))),
        "reaches": np.zeros((codes.GRIDS, 3, k)),
        "shelf_desk": np.zeros((2, scenarios)),
        "shelf_at": np.full((codes.GRIDS, k), -1, dtype=np.int64),
    }


def no_quotes(instruments: int) -> np.ndarray:
    """Quotes of instruments that are no options: worth nothing, and safe to divide by."""
    quotes = np.zeros((QUOTED, instruments))
    quotes[[FORWARD_QUOTED, STRIKE_QUOTED]] = 1.0
    return quotes


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


def account_table(
    layout: Layout,
    population: Population,
    grouping: Grouping,
    rows: LedgerRows,
    kinds: dict[str, int],
) -> tuple[np.ndarray, np.ndarray]:
    """Account rows with their owners' habits drawn, and the parameters of the rules."""
    config = layout.config
    table = np.zeros(rows.total, dtype=ACCOUNT_ROW)
    behaviour = np.zeros((rows.total, BEHAVIOUR_PARAMETERS))
    table["watch"] = 1.0
    table["interval"] = 1
    margined = [layout.venues.index(name) for name in layout.perpetual_venues]
    # A liquidator has one account for all perpetual venues: the first one's engine looks at it.
    table["venue"] = margined[0] if margined else 0
    table["venue"][rows.first_maker : rows.first_maker + len(margined)] = margined
    count = rows.accounts
    for name in ("owner", "venue", "emode", "cash"):
        table[name][:count] = getattr(grouping, name)
    draws = Draws(config.seed, population.number, population.traders)
    for number, (name, spec) in enumerate(config.archetype.items()):
        mine = np.flatnonzero(population.archetype[grouping.owner] == number)
        owner = grouping.owner[mine]
        habit = spec.behaviour
        key = f"archetype.{name}.behaviour"
        step = config.step_seconds
        interval = draws.between(f"{key}.interval", habit.interval)[owner] / step
        table["interval"][mine] = np.maximum(1, np.rint(interval)).astype(np.int64)
        offset = draws.uniform(f"{key}.phase")[owner] * table["interval"][mine]
        table["phase"][mine] = offset.astype(np.int64)
        table["watch"][mine] = np.maximum(1.0, draws.between(f"{key}.watch", habit.watch)[owner])
        table["rule"][mine] = kinds[habit.rule["_target_"]]
        table["delay"][mine] = habit.delay
        behaviour[mine, 0] = draws.between(f"{key}.target", habit.target)[owner]
        behaviour[mine, 1] = habit.top_up
        behaviour[mine, 2] = habit.deleverage
        behaviour[mine, 3] = habit.panic_loss
    return table, behaviour


def discounts_gains(gains: Gains) -> bool:
    """Whether unrealised gains count at less than their value at some level."""
    plain = gains.initial == 1.0 and gains.maintenance == 1.0
    return not plain or gains.size_penalty > 0.0 or gains.cap is not None


def settings(layout: Layout, rows: LedgerRows, twin: str) -> np.ndarray:
    """Scalars of the run, as a table of one row."""
    config = layout.config
    table = np.zeros(1, dtype=SETTINGS)
    row = table[0]
    row["step"] = config.step_seconds
    row["rounds"] = max(1, int(config.step_seconds / config.block_seconds + 1e-9))
    row["block"] = config.block_seconds
    row["feedback"] = TWINS[twin]
    row["cash_asset"] = layout.cash
    row["accounts"] = rows.accounts
    row["deficit"] = rows.deficit
    row["protocol"] = rows.protocol
    row["watch_all"] = config.engine.watch == "all"
    row["skin"] = config.engine.skin
    row["gains"] = any(discounts_gains(v.gains) for v in config.venue.values())
    row["level_width"] = config.liquidity.background.width
    engines = [venue.engine for venue in config.venue.values()] + [config.hub.engine]
    whole = any(engine in ("scenario_grid", "tail_risk") for engine in engines)
    predictive = any(venue.predictive is not None for venue in config.venue.values())
    row["liquidity"] = tables.charges_liquidity(config)
    charged = tables.charges_doubt(config) or row["liquidity"]
    row["scans"] = whole or predictive or charged or bool(layout.surfaces)
    return table


def assemble(
    layout: Layout,
    population: Population,
    scope: str,
    prices: np.ndarray,
    kinds: tuple[dict[str, int], dict[str, int]],
) -> Assembled:
    """Group a population by scope and load its fixed legs; cash and counterparties come later.

    Parameters
    ----------
    layout : Layout
        Index of the run's configuration.
    population : Population
        Traders and legs.
    scope : {"isolated", "venue", "unified", "hub"}
        Grouping; ``unified`` adds the venues' requirements, ``hub`` nets legs by underlying.
    prices : (N,) float64 ndarray
        Start prices, USD.
    kinds : tuple of dict
        Number of each trader rule and of each liquidator rule, by dotted name.
    """
    grouping = group(layout, population, scope)
    makers = len(layout.perpetual_venues)
    rows = LedgerRows(len(grouping.owner), len(layout.liquidators), makers)
    accounts, behaviour = account_table(layout, population, grouping, rows, kinds[0])
    liquidators, strategy = tables.liquidator_tables(layout, rows, kinds[1])
    markets, depth_factor = tables.market_tables(layout)
    weight, ratio = tables.margin_tables(layout)
    surfaces, surface_level = tables.surface_tables(layout)
    scenarios, grids, scan_range = tables.grid_tables(layout)
    haircut, offsets = tables.haircut_tables(layout, weight)
    samples, unit_move = tables.sample_tables(layout)
    vol_samples, unit_vol = tables.vol_sample_tables(layout)
    world = World(
        settings=settings(layout, rows, "full"),
        instruments=tables.instrument_table(layout),
        markets=markets,
        depth_factor=depth_factor,
        oracles=tables.oracle_table(layout),
        weight=weight,
        ratio=ratio,
        netting=tables.netting_table(layout),
        venues=tables.venue_table(layout, rows, hub_nets=scope == "hub"),
        auctions=tables.auction_table(layout),
        accounts=accounts,
        behaviour=behaviour,
        first_account=grouping.first,
        liquidators=liquidators,
        strategy=strategy,
        background=tables.background_table(layout),
        options=tables.option_table(layout, prices),
        surfaces=surfaces,
        surface_level=surface_level,
        scenarios=scenarios,
        columns=by_column(scenarios),
        grids=grids,
        contingency=tables.contingency_table(layout),
        option_margin=tables.option_margin_table(layout),
        haircut=haircut,
        offsets=offsets,
        scan_range=scan_range,
        beliefs=tables.belief_table(layout.config),
        tails=tables.tail_table(layout),
        samples=samples,
        unit_move=unit_move,
        vol_samples=vol_samples,
        unit_vol=unit_vol,
    )
    state = empty_state(layout, rows, population.traders)
    opening_prices(layout, world, state, prices)
    legs = population.legs
    amount = legs.base + population.scale[legs.trader] * legs.risk
    deposit(state, legs.instrument, grouping.of_leg, amount)
    list_legs(state)
    return Assembled(world, state, rows, grouping)
