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
from sim.world.tables.sources import Read, sources

VIEWS = {
    "spot": codes.SPOT_VIEW,
    "ema": codes.EMA_VIEW,
    "twap": codes.TWAP_VIEW,
    "worse": codes.WORSE_VIEW,
    "worst_source": codes.SOURCES_VIEW,
}
COMBINE = {None: codes.MEDIAN, "median": codes.MEDIAN, "weighted_median": codes.WEIGHTED_MEDIAN}
DISTRUST = {
    "ignore": codes.IGNORE,
    "zero_asset": codes.ZERO_ASSET,
    "block": codes.BLOCK,
    "pause": codes.PAUSE,
}


def feeds(layout: Layout) -> list[tuple[str, int]]:
    """(venue, asset number) of every oracle feed: each venue reads each asset."""
    return [(v, m) for v in layout.venues for m in range(len(layout.assets))]


def oracle_row(spec: Oracle) -> np.void:
    """How a venue reads a price, without saying which."""
    row = np.zeros(1, dtype=ORACLE_ROW)[0]
    row["delay"] = spec.delay
    row["combine"] = COMBINE[spec.combine]
    row["part_of"] = -1
    row["deviation"] = spec.deviation
    row["heartbeat"] = _or_never(spec.heartbeat)
    row["ema_time"] = spec.ema_seconds
    row["twap_time"] = spec.twap_seconds
    row["shows"] = (VIEWS[spec.initial], VIEWS[spec.maintenance], VIEWS[spec.maintenance])
    shown = {spec.initial, spec.maintenance}
    row["reads_ema"] = "ema" in shown
    row["reads_twap"] = bool(shown & {"twap", "worse"}) or spec.band is not None
    row["confidence"] = spec.confidence.width
    row["bias"] = spec.confidence.multiple
    row["bias_cap"] = spec.confidence.cap
    row["no_confidence"] = _or_never(spec.confidence.zero)
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
    doubted = oracle.distrust != "ignore" or oracle.confidence.zero is not None
    return viewed or biased or scaled or bool(open_interest) or doubted


def oracle_table(layout: Layout) -> np.ndarray:
    """One row per feed, then one per source of those that have several."""
    rows: list[np.void] = []
    parts: list[np.void] = []
    count = len(feeds(layout))
    for o, (venue, asset) in enumerate(feeds(layout)):
        row = oracle_row(layout.config.venue[venue].oracle)
        row["venue"] = layout.venues.index(venue)
        found = sources(layout, venue, asset)
        row["market"] = found[0].market if len(found) == 1 else asset
        row["delay"] = max(source.delay for source in found)
        if len(found) > 1:
            row["sources"], row["first"] = len(found), count + len(parts)
            parts += [_part(row, o, source) for source in found]
        rows.append(row)
    return np.array(rows + parts, dtype=ORACLE_ROW)


def _part(row: np.void, o: int, source: Read) -> np.void:
    """What a source does by itself: it is late, and weighs something."""
    part = np.zeros(1, dtype=ORACLE_ROW)[0]
    part["venue"], part["part_of"] = row["venue"], o
    part["market"], part["delay"], part["weight"] = source
    return part


def longest_delay(config: RunConfig) -> float:
    """Of all that feeds read, s."""
    return max(venue.oracle.latest for venue in config.venue.values())
