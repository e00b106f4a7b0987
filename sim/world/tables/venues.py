"""A row per venue, and one for the hub; the same of their auctions."""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.rows import AUCTION_ROW, VENUE_ROW
from sim.world.layout import Layout, LedgerRows
from sim.world.schema.waterfall import Waterfall
from sim.world.tables.limits import UNLIMITED
from sim.world.tables.liquidation import auction_row, fill_pricing, fill_sizing

RANKING = {
    "none": codes.NO_ADL,
    "queue": codes.QUEUE,
    "pro_rata": codes.PRO_RATA,
    "leverage_weighted": codes.LEVERAGE_WEIGHTED,
}
SOCIALISE = {
    "share_value": codes.BY_DEPOSITORS,
    "cash_print": codes.BY_DEPOSITORS,
    "funding_index": codes.BY_OPEN_INTEREST,
    "providers": codes.BY_PROVIDERS,
    "deficit": codes.BY_NOBODY,
}


def venue_table(layout: Layout, rows: LedgerRows, hub_nets: bool) -> np.ndarray:
    """One row per venue, and one for the hub."""
    table = np.zeros(len(layout.venues) + 1, dtype=VENUE_ROW)
    table["maker"] = -1
    table["clearing"] = -1
    table["cash"] = -1
    for v, name in enumerate(layout.venues):
        fill_sizing(table[v], layout.config.venue[name].liquidation)
        fill_pricing(table[v], layout.config.venue[name].liquidation)
        _losses(table[v], layout.config.venue[name].waterfall)
        table[v]["cash"] = layout.instrument("balance", name, layout.config.settlement)
        if name in layout.perpetual_venues:
            place = layout.perpetual_venues.index(name)
            table[v]["maker"] = rows.first_maker + place
            table[v]["clearing"] = rows.first_clearing + place
    fill_sizing(table[-1], layout.config.hub.liquidation)
    table[-1]["engine"] = codes.NET_OF_LEGS if hub_nets else codes.SUM_OF_LEGS
    return table


def auction_table(layout: Layout) -> np.ndarray:
    """One row per venue, and one for the hub."""
    specs = [layout.config.venue[name].liquidation.auction for name in layout.venues]
    specs = [*specs, layout.config.hub.liquidation.auction]
    table = np.zeros(len(specs), dtype=AUCTION_ROW)
    for v, spec in enumerate(specs):
        table[v] = auction_row(spec)
    return table


def losses_row(spec: Waterfall) -> np.void:
    """Parameters of the loss waterfall, in a row whose other fields are zero."""
    row = np.zeros(1, dtype=VENUE_ROW)[0]
    _losses(row, spec)
    return row


def _losses(row: np.void, spec: Waterfall) -> None:
    row["insurance_cap"] = UNLIMITED if spec.insurance_cap is None else spec.insurance_cap
    row["adl"] = RANKING[spec.deleveraging.ranking]
    row["adl_capped"] = spec.deleveraging.capped
    pool = spec.deleveraging.pool
    row["adl_pool"] = UNLIMITED if pool is None else pool.enable
    row["adl_pool_target"] = UNLIMITED if pool is None else pool.target
    row["socialise"] = SOCIALISE[spec.socialise]
    row["gate"] = spec.gate_hours * 3600.0
