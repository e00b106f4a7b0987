"""Oracle feeds: P1 as rows."""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.rows import ORACLE_ROW
from sim.world.layout import Layout
from sim.world.schema.oracle import Oracle
from sim.world.schema.run import RunConfig
from sim.world.schema.venue import VenueConfig
from sim.world.tables.limits import UNLIMITED

VIEWS = {
    "spot": codes.SPOT_VIEW,
    "ema": codes.EMA_VIEW,
    "twap": codes.TWAP_VIEW,
    "worse": codes.WORSE_VIEW,
}
DISTRUST = {
    "ignore": codes.IGNORE,
    "zero_asset": codes.ZERO_ASSET,
    "block": codes.BLOCK,
    "pause": codes.PAUSE,
}


def feeds(layout: Layout) -> list[tuple[str, int]]:
    """(venue, market) of every oracle feed: each venue reads each asset's reference market."""
    return [(v, m) for v in layout.venues for m in range(len(layout.assets))]


def oracle_row(spec: Oracle) -> np.void:
    """How a venue reads a price, without saying which."""
    row = np.zeros(1, dtype=ORACLE_ROW)[0]
    row["delay"] = spec.delay
    row["deviation"] = spec.deviation
    row["heartbeat"] = _or_never(spec.heartbeat)
    row["ema_time"] = spec.ema_seconds
    row["twap_time"] = spec.twap_seconds
    row["shows"] = (VIEWS[spec.initial], VIEWS[spec.maintenance], VIEWS[spec.maintenance])
    row["confidence"] = spec.confidence.width
    row["bias"] = spec.confidence.multiple
    row["bias_cap"] = spec.confidence.cap
    row["max_confidence"] = _or_never(spec.confidence.max)
    row["max_age"] = _or_never(spec.max_age)
    row["band"] = _or_never(spec.band)
    row["distrust"] = DISTRUST[spec.distrust]
    return row


def _or_never(limit: float | None) -> float:
    return UNLIMITED if limit is None else limit


def reads_views(config: RunConfig) -> bool:
    """Whether some venue judges positions on anything but the published price and the weights."""
    return any(_reads_views(venue) for venue in config.venue.values())


def _reads_views(venue: VenueConfig) -> bool:
    oracle = venue.oracle
    viewed = (oracle.initial, oracle.maintenance) != ("spot", "spot")
    biased = oracle.confidence.width > 0.0 and oracle.confidence.multiple > 0.0
    scaled = any(listing.scale_start > 0.0 for listing in venue.assets.values())
    open_interest = any(p.margin_ratio.open_interest for p in venue.perpetuals.values())
    return viewed or biased or scaled or bool(open_interest) or oracle.distrust != "ignore"


def oracle_table(layout: Layout) -> np.ndarray:
    """One row per feed."""
    order = feeds(layout)
    table = np.zeros(len(order), dtype=ORACLE_ROW)
    for o, (venue, market) in enumerate(order):
        table[o] = oracle_row(layout.config.venue[venue].oracle)
        table[o]["market"] = market
        table[o]["venue"] = layout.venues.index(venue)
    return table
