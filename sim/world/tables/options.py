"""Options, and P2 terms O, G and K, as rows."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from sim.state import codes
from sim.state.option_rows import BOOK, GRID, OPTION, OPTION_MARGIN, SCENARIO, SURFACE
from sim.state.rows import CONTINGENCY
from sim.world.layout import Layout
from sim.world.schema.hub import HubConfig
from sim.world.schema.options import Charge, Contingency, Grid, OptionMargin
from sim.world.schema.venue import VenueConfig

VOL_RULES = {
    "same": codes.VOL_SAME,
    "up": codes.VOL_UP,
    "down": codes.VOL_DOWN,
    "linear": codes.SKEW_LINEAR,
    "absolute": codes.SKEW_ABSOLUTE,
}
DAY = 86_400.0
MINUTE = 60.0


def scenario_rows(grid: Grid) -> np.ndarray:
    """One row per scenario."""
    rows = [(row.spot, row.move, VOL_RULES[row.vol], row.damping) for row in grid.scenarios]
    return np.array(rows, dtype=SCENARIO)


def grid_row(grid: Grid, first: int = 0) -> np.ndarray:
    """The grid's parameters; its scenarios start at row ``first`` of their table. (1,)."""
    table = np.zeros(1, dtype=GRID)
    row, vol, skew = table[0], grid.volatility, grid.skew
    row["first"], row["count"] = first, len(grid.scenarios)
    row["vol_up"], row["vol_down"], row["vol_minimum"] = vol.up, vol.down, vol.minimum
    row["short_power"], row["long_power"] = vol.short_power, vol.long_power
    row["shortest"] = vol.shortest_days * DAY
    row["reference"] = vol.reference_days * DAY
    for name in ("linear", "absolute"):
        row[f"{name}_base"] = getattr(skew, name).base
        row[f"{name}_slope"] = getattr(skew, name).slope
    row["width_minimum"], row["width_scale"] = skew.width.minimum, skew.width.deviations
    row["width_vol"], row["width_vol_slope"] = skew.width.volatility, skew.width.slope
    for name in ("long", "short"):
        side = getattr(grid, name)
        row[f"{name}_base"] = side.base
        row[f"{name}_multiple"] = side.multiple
        row[f"{name}_added"] = side.added
    row["basis_up"], row["basis_down"] = grid.basis.up, grid.basis.down
    row["basis_added"], row["basis_per_year"] = grid.basis.added, grid.basis.per_year
    row["lookahead"] = grid.lookahead_days * DAY
    row["window"] = grid.settlement_minutes * MINUTE
    row["short_minimum"], row["offset"] = grid.short_minimum, grid.offset
    return table


def by_level(charge: Charge) -> dict[int, float]:
    """Charge of each level; the target is maintenance's."""
    return {
        codes.INITIAL: charge.maintenance + charge.initial_extra,
        codes.MAINTENANCE: charge.maintenance,
        codes.TARGET: charge.maintenance,
    }


def contingency_rows(spec: Contingency) -> np.ndarray:
    """One row per level; doubt and a broken peg weigh on initial margin only. (LEVELS,)."""
    table = np.zeros(codes.LEVELS, dtype=CONTINGENCY)
    table["loss_factor"] = spec.loss_factor.maintenance
    table["loss_factor"][codes.INITIAL] = spec.loss_factor.initial
    for name in ("perpetual", "short_option"):
        for level, value in by_level(getattr(spec, name)).items():
            table[name][level] = value
    first = table[codes.INITIAL]
    first["confidence_threshold"] = spec.confidence.threshold
    first["confidence_scale"] = spec.confidence.scale
    first["peg_threshold"] = spec.peg.threshold
    first["peg_factor"] = spec.peg.factor
    for level, value in by_level(spec.liquidity.multiple).items():
        table["liquidity"][level] = value
    table["free"] = spec.liquidity.free
    table["current"] = spec.liquidity.depth == "current"
    table["pooled"] = spec.liquidity.per == "underlying"
    return table


def option_margin_rows(spec: OptionMargin) -> np.ndarray:
    """One row per level. (LEVELS,)."""
    table = np.zeros(codes.LEVELS, dtype=OPTION_MARGIN)
    for name in ("highest", "lowest", "call", "put", "put_value", "offset"):
        table[name] = getattr(spec, name)
    table["initial"][codes.INITIAL] = 1
    table["unpaired"] = spec.unpaired.maintenance
    table["unpaired"][codes.INITIAL] = spec.unpaired.initial
    put = spec.offset * (1.0 + max(spec.put, spec.put_value))
    isolated = max(spec.highest + 2.0, spec.lowest + 1.0, spec.call + 1.0, put)
    table["steepest"] = 1.0 + np.maximum(isolated, table["unpaired"])
    return table


def option_table(layout: Layout, prices: np.ndarray) -> np.ndarray:
    """One row per instrument; strikes in quote at the start prices. (K,)."""
    table = np.zeros(len(layout.instruments), dtype=OPTION)
    table["book"] = table["surface"] = -1
    listed = [(k, row) for k, row in enumerate(layout.instruments) if row.kind == "option"]
    books = groupby(listed, key=lambda pair: (pair[1].venue, pair[1].asset, pair[1].days))
    for number, (_, members) in enumerate(books):
        for k, row in members:
            table[k]["book"] = number
            table[k]["sign"] = 1.0 if row.call else -1.0
            table[k]["strike"] = row.strike * prices[layout.assets.index(row.asset)]
            table[k]["expiry"] = row.days * DAY
            table[k]["rate"] = layout.config.venue[row.venue].options[row.asset].rate
            table[k]["surface"] = layout.surfaces.index((row.venue, row.asset))
    return table


def book_table(options: np.ndarray, instruments: np.ndarray) -> np.ndarray:
    """One row per book; options of one book stand next to each other. (J,)."""
    table = np.zeros(options["book"].max(initial=-1) + 1, dtype=BOOK)
    for b, row in enumerate(table):
        members = np.flatnonzero(options["book"] == b)
        first = members[0]
        row["first"], row["last"] = first, members[-1] + 1
        row["venue"] = instruments["venue"][first]
        row["feed"] = instruments["oracle"][first]
        row["token_feed"] = instruments["oracle"][instruments["cash"][first]]
        for name in ("surface", "expiry", "rate"):
            row[name] = options[name][first]
        row["lowest"] = options["strike"][members].min()
        row["highest"] = options["strike"][members].max()
    return table


def surface_tables(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """One row per volatility surface, and the level of each regime (R, U)."""
    regimes = layout.config.market.regimes.names
    table = np.zeros(len(layout.surfaces), dtype=SURFACE)
    level = np.zeros((len(regimes), len(layout.surfaces)))
    for u, (venue, asset) in enumerate(layout.surfaces):
        spec = layout.config.venue[venue].options[asset].surface
        table[u]["asset"] = layout.assets.index(asset)
        table[u]["skew"], table[u]["smile"] = spec.skew, spec.smile
        table[u]["slope"], table[u]["beta"] = spec.term_slope, spec.spot_beta
        table[u]["reference"] = spec.reference_days / 365.0
        table[u]["keep"] = 0.5 ** (layout.config.step_seconds / spec.half_life)
        level[:, u] = [spec.level[name] for name in regimes]
    return table, level


def grid_tables(layout: Layout) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All scenarios (S,), a grid per venue and for the hub (V+1,), scan ranges (V+1, N)."""
    specs = [layout.config.venue[v].grid for v in layout.venues] + [layout.config.hub.grid]
    grids = np.zeros(len(specs), dtype=GRID)
    scan = np.zeros((len(specs), len(layout.assets)))
    scenarios = [np.zeros(1, dtype=SCENARIO)]  # one row alone says: no options, no grids
    if layout.surfaces:
        scenarios.append(np.zeros(1, dtype=SCENARIO))
    for v, spec in enumerate(specs):
        if spec is None:
            continue
        first = sum(len(rows) for rows in scenarios)
        grids[v] = grid_row(spec, first)[0]
        scenarios.append(scenario_rows(spec))
        for n, name in enumerate(layout.assets):
            scan[v, n] = spec.scan_range.get(name, 0.0)
    return np.concatenate(scenarios), grids, scan


def contingency_table(layout: Layout) -> np.ndarray:
    """Contingencies by level and venue; the target lies above maintenance. (LEVELS, V+1)."""
    config = layout.config
    specs = [config.venue[v] for v in layout.venues] + [config.hub]
    table = np.zeros((codes.LEVELS, len(specs)), dtype=CONTINGENCY)
    for v, spec in enumerate(specs):
        table[:, v] = contingency_rows(spec.contingency)
        target = spec.liquidation.target
        for name in ("loss_factor", "perpetual", "short_option", "liquidity"):
            table[name][codes.TARGET, v] *= target.health * (1.0 + target.buffer)
    return table


def option_margin_table(layout: Layout) -> np.ndarray:
    """Term O by level and listing venue. (LEVELS, V+1)."""
    table = np.zeros((codes.LEVELS, len(layout.venues) + 1), dtype=OPTION_MARGIN)
    for v, name in enumerate(layout.venues):
        spec = layout.config.venue[name].option_margin
        if spec is not None:
            table[:, v] = option_margin_rows(spec)
    return table


def haircut_tables(layout: Layout, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Haircuts (LEVELS, V+1, K) and offsets (V+1, K) of deposits under each grid.

    A deposit that a contingency does not name keeps the haircut of its listing's weight and hedges
    nothing; where tails are measured, its risk is in the tail and it hedges.
    """
    config = layout.config
    engines: list[VenueConfig | HubConfig] = [config.venue[v] for v in layout.venues]
    engines.append(config.hub)
    specs = [spec.contingency for spec in engines]
    count = len(layout.instruments)
    haircut = np.zeros((codes.LEVELS, len(specs), count))
    offsets = np.zeros((len(specs), count))
    haircut[:] = 1.0 - weight[0, :, 0][:, None, :]
    for v, spec in enumerate(specs):
        if engines[v].engine == "tail_risk":
            haircut[:, v] = 0.0
            offsets[v] = 1.0
        for k, row in enumerate(layout.instruments):
            if row.kind == "balance" and row.asset in spec.collateral:
                named = spec.collateral[row.asset]
                offsets[v, k] = float(named.offsets)
                for level, value in by_level(named).items():
                    haircut[level, v, k] = value
    return haircut, offsets
