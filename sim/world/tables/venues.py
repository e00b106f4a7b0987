"""P4 to P6: a row per venue, and one for the hub."""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.rows import VENUE_ROW
from sim.world.layout import Layout, LedgerRows
from sim.world.schema.liquidation import Liquidation, Sizing
from sim.world.tables.limits import UNLIMITED

ENGINE = {
    "sum_of_legs": codes.SUM_OF_LEGS,
    "net_of_legs": codes.NET_OF_LEGS,
    "scenario_grid": codes.SCENARIO_GRID,
}
SELECTION = {"riskiest": codes.RISKIEST, "largest_relief": codes.LARGEST_RELIEF}
SIZE = {"close_factor": codes.CLOSE_FACTOR, "to_target": codes.TO_TARGET}
BONUS = {"fixed": codes.FIXED_BONUS, "ltv": codes.LTV_BONUS}
TAKER = {"flash": codes.FLASH, "initial_margin": codes.INITIAL_MARGIN}


def venue_table(layout: Layout, rows: LedgerRows, hub_nets: bool) -> np.ndarray:
    """One row per venue, and one for the hub."""
    table = np.zeros(len(layout.venues) + 1, dtype=VENUE_ROW)
    table["maker"] = -1
    table["clearing"] = -1
    for v, name in enumerate(layout.venues):
        _sizing(table[v], layout.config.venue[name].liquidation)
        _pricing(table[v], layout.config.venue[name].liquidation)
        table[v]["engine"] = ENGINE[layout.config.venue[name].engine]
        if name in layout.perpetual_venues:
            place = layout.perpetual_venues.index(name)
            table[v]["maker"] = rows.first_maker + place
            table[v]["clearing"] = rows.first_clearing + place
    _sizing(table[-1], layout.config.hub.liquidation)
    if hub_nets:
        table[-1]["engine"] = ENGINE[layout.config.hub.engine]
    return table


def _sizing(row: np.void, spec: Sizing) -> None:
    row["selection"] = SELECTION[spec.selection]
    row["size"] = SIZE[spec.size]
    row["close_factor"] = spec.close_factor
    row["full_ltv"] = np.nan if spec.full_ltv is None else spec.full_ltv  # nan: never
    row["dust"] = spec.dust
    row["max_notional"] = UNLIMITED if spec.max_notional is None else spec.max_notional


def _pricing(row: np.void, spec: Liquidation) -> None:
    row["bonus"] = BONUS[spec.bonus.kind]
    row["bonus_min"] = spec.bonus.min
    row["bonus_max"] = spec.bonus.min if spec.bonus.max is None else spec.bonus.max
    row["bonus_bad_debt"] = spec.bonus.bad_debt
    row["protocol_share"] = spec.bonus.protocol_share
    row["insurance_fee"] = spec.insurance_fee
    row["perp_fee"] = spec.perp_fee
    row["perp_insurance_fee"] = spec.perp_insurance_fee
    row["taker"] = TAKER[spec.taker]
