"""P2, terms O, G and K, as rows."""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.rows import CONTINGENCY, GRID, OPTION_MARGIN, SCENARIO
from sim.world.schema.options import Charge, Contingency, Grid, OptionMargin

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
    return table


def option_margin_rows(spec: OptionMargin) -> np.ndarray:
    """One row per level. (LEVELS,)."""
    table = np.zeros(codes.LEVELS, dtype=OPTION_MARGIN)
    for name in ("highest", "lowest", "call", "put", "put_value", "offset"):
        table[name] = getattr(spec, name)
    table["initial"][codes.INITIAL] = 1
    table["unpaired"] = spec.unpaired.maintenance
    table["unpaired"][codes.INITIAL] = spec.unpaired.initial
    return table
