"""A population under one margin scope, as the arrays that the kernel reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.compile import jit
from sim.margin.grid import by_column
from sim.margin.health import assess
from sim.state import codes
from sim.state.rows import ACCOUNT_ROW, SETTINGS
from sim.state.state import State
from sim.state.world import World
from sim.world import tables
from sim.world.draws import Draws
from sim.world.layout import Layout, LedgerRows
from sim.world.population import Population
from sim.world.schema.requirement import Gains
from sim.world.scopes import Grouping, group
from sim.world.start_state import deposit, empty_state, list_legs, opening_prices

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
    ratios = [p.margin_ratio for venue in config.venue.values() for p in venue.perpetuals.values()]
    stepped = any(r.least > 0.0 or r.floor > 0.0 or r.rounding > 0.0 for r in ratios)
    row["steady"] = not row["scans"] and not stepped
    return table


def market_side(layout: Layout, prices: np.ndarray) -> dict[str, np.ndarray]:
    """What is sold where, and what is told of its price."""
    markets, depth_factor = tables.market_tables(layout)
    surfaces, surface_level = tables.surface_tables(layout)
    instruments, options = tables.instrument_table(layout), tables.option_table(layout, prices)
    return {
        "instruments": instruments,
        "markets": markets,
        "depth_factor": depth_factor,
        "oracles": tables.oracle_table(layout),
        "background": tables.background_table(layout),
        "options": options,
        "books": tables.book_table(options, instruments),
        "surfaces": surfaces,
        "surface_level": surface_level,
    }


def margin_side(layout: Layout) -> dict[str, np.ndarray]:
    """What the engines of the venues and of the hub ask for."""
    weight, ratio = tables.margin_tables(layout)
    scenarios, grids, scan_range = tables.grid_tables(layout)
    haircut, offsets = tables.haircut_tables(layout, weight)
    samples, unit_move = tables.sample_tables(layout)
    vol_samples, unit_vol = tables.vol_sample_tables(layout)
    return {
        "weight": weight,
        "ratio": ratio,
        "netting": tables.netting_table(layout),
        "auctions": tables.auction_table(layout),
        "scenarios": scenarios,
        "columns": by_column(scenarios),
        "grids": grids,
        "contingency": tables.contingency_table(layout),
        "option_margin": tables.option_margin_table(layout),
        "haircut": haircut,
        "offsets": offsets,
        "scan_range": scan_range,
        "beliefs": tables.belief_table(layout.config),
        "tails": tables.tail_table(layout),
        "samples": samples,
        "unit_move": unit_move,
        "vol_samples": vol_samples,
        "unit_vol": unit_vol,
    }


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
    world = World(
        settings=settings(layout, rows, "full"),
        venues=tables.venue_table(layout, rows, hub_nets=scope == "hub"),
        accounts=accounts,
        behaviour=behaviour,
        first_account=grouping.first,
        liquidators=liquidators,
        strategy=strategy,
        **market_side(layout, prices),
        **margin_side(layout),
    )
    state = empty_state(layout, rows, population.traders)
    opening_prices(layout, world, state, prices)
    legs = population.legs
    deposit(state, legs.instrument, grouping.of_leg, legs.amount(population.scale))
    list_legs(state)
    return Assembled(world, state, rows, grouping)
