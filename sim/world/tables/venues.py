"""A row per venue, and one for the hub; the same of their auctions."""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.rows import AUCTION_ROW, VENUE_ROW
from sim.world.layout import Layout, LedgerRows
from sim.world.tables.liquidation import auction_row, fill_pricing, fill_sizing


def venue_table(layout: Layout, rows: LedgerRows, hub_nets: bool) -> np.ndarray:
    """One row per venue, and one for the hub."""
    table = np.zeros(len(layout.venues) + 1, dtype=VENUE_ROW)
    table["maker"] = -1
    table["clearing"] = -1
    for v, name in enumerate(layout.venues):
        fill_sizing(table[v], layout.config.venue[name].liquidation)
        fill_pricing(table[v], layout.config.venue[name].liquidation)
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
