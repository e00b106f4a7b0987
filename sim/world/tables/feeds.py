"""Oracle feeds: P1 as rows."""

from __future__ import annotations

import numpy as np

from sim.state.rows import ORACLE_ROW
from sim.world.layout import Layout


def feeds(layout: Layout) -> list[tuple[str, int]]:
    """(venue, market) of every oracle feed: each venue reads each asset's reference market."""
    return [(v, m) for v in layout.venues for m in range(len(layout.assets))]


def oracle_table(layout: Layout) -> np.ndarray:
    """One row per feed."""
    delays = [(m, layout.config.venue[v].oracle.delay) for v, m in feeds(layout)]
    return np.array(delays, dtype=ORACLE_ROW)
