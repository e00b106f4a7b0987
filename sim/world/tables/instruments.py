"""What can be held, as rows."""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.rows import INSTRUMENT
from sim.world.layout import Layout
from sim.world.schema.venue import VenueConfig
from sim.world.tables.feeds import feeds

KINDS = {
    "balance": codes.BALANCE,
    "quote": codes.QUOTE,
    "perpetual": codes.PERPETUAL,
    "option": codes.OPTION,
}


def instrument_table(layout: Layout) -> np.ndarray:
    """One row per instrument."""
    table = np.zeros(len(layout.instruments), dtype=INSTRUMENT)
    order = feeds(layout)
    settlement = layout.config.settlement
    for k, row in enumerate(layout.instruments):
        venue = layout.config.venue[row.venue]
        table[k]["kind"] = KINDS[row.kind]
        table[k]["venue"] = layout.venues.index(row.venue)
        table[k]["asset"] = layout.assets.index(row.asset)
        table[k]["group"] = layout.group(row.asset)
        table[k]["market"] = layout.market(row.kind, row.venue, row.asset)
        table[k]["oracle"] = order.index((row.venue, layout.assets.index(row.asset)))
        table[k]["cash"] = layout.instrument("balance", row.venue, settlement)
        table[k]["quote"] = -1
        if row.kind == "perpetual":
            table[k]["quote"] = layout.instrument("quote", row.venue, settlement)
            table[k]["size_penalty"] = venue.perpetuals[row.asset].size_penalty
            table[k]["size_slope"] = venue.perpetuals[row.asset].size_slope
        if row.kind == "option":
            table[k]["quote"] = layout.instrument("quote", row.venue, settlement)
        _accruals(table[k], venue, row.kind, row.asset)
    return table


def _accruals(row: np.void, venue: VenueConfig, kind: str, asset: str) -> None:
    row["funding_offset"] = venue.funding.offset
    row["funding_cap"] = venue.funding.cap
    row["premium_time"] = venue.funding.premium_hours * 3600.0
    if kind != "balance":
        return
    listing = venue.assets[asset]
    row["size_penalty"] = listing.size_penalty
    if listing.interest is not None:
        row["kink"] = listing.interest.kink
        row["base_rate"] = listing.interest.base
        row["kink_rate"] = listing.interest.at_kink
        row["full_rate"] = listing.interest.full
        row["reserve_factor"] = listing.interest.reserve_factor
