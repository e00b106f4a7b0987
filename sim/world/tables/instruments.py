"""What can be held, as rows."""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.rows import INSTRUMENT
from sim.world.contracts import quote_asset
from sim.world.layout import Layout
from sim.world.schema.venue import VenueConfig
from sim.world.tables.accruals import curve_row, funding_row, pricing_row
from sim.world.tables.feeds import feeds
from sim.world.tables.limits import UNLIMITED
from sim.world.tables.ratios import ratio_row

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
    config = layout.config
    for k, row in enumerate(layout.instruments):
        venue = layout.config.venue[row.venue]
        table[k]["kind"] = KINDS[row.kind]
        table[k]["venue"] = layout.venues.index(row.venue)
        table[k]["asset"] = layout.assets.index(row.asset)
        table[k]["group"] = layout.group(row.asset)
        table[k]["market"] = layout.market(row.kind, row.venue, row.asset)
        table[k]["oracle"] = order.index((row.venue, layout.assets.index(row.asset)))
        settled = row.asset if row.kind == "quote" else config.settlement
        table[k]["quote"] = -1
        if row.kind == "perpetual":
            settled = quote_asset(config, row.venue, row.asset)
            table[k]["step"] = venue.perpetuals[row.asset].step
        if row.kind in ("perpetual", "option"):
            table[k]["quote"] = layout.instrument("quote", row.venue, settled)
        table[k]["cash"] = layout.instrument("balance", row.venue, settled)
        _terms(table[k], venue, row.kind, row.asset)
    return table


def instrument_row(venue: VenueConfig, kind: str, asset: str) -> np.void:
    """The terms of one instrument, without its place in a run."""
    row = np.zeros(1, dtype=INSTRUMENT)[0]
    row["kind"] = KINDS[kind]
    _terms(row, venue, kind, asset)
    return row


def _terms(row: np.void, venue: VenueConfig, kind: str, asset: str) -> None:
    if kind == "perpetual":
        perpetual = venue.perpetuals[asset]
        row["inverse"] = perpetual.contract == "inverse"
        row["size_penalty"] = perpetual.size_penalty
        row["ratio"] = ratio_row(perpetual, venue.liquidation.target.buffer)
        row["funding"] = funding_row(venue.funding, perpetual)
        row["pricing"] = pricing_row(perpetual)
    elif kind == "quote":
        gains = venue.gains
        row["gain_weight"] = (gains.initial, gains.maintenance, gains.maintenance)
        row["gain_penalty"] = gains.size_penalty
        row["gain_cap"] = UNLIMITED if gains.cap is None else gains.cap
    elif kind == "balance":
        listing = venue.assets[asset]
        row["size_penalty"] = listing.size_penalty
        row["scale_start"] = listing.scale_start
        if listing.interest is not None:
            row["curve"] = curve_row(listing.interest)
