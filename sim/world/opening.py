"""What options are worth at the start, before there is a world: the premiums that were paid."""

from __future__ import annotations

import numpy as np

from sim.margin.shocks import YEAR, Contract, present_value
from sim.market.surface import SurfaceTerms, implied_volatility
from sim.numerics import exp
from sim.world.layout import Layout
from sim.world.tables.options import option_table, surface_tables


def opening_values(layout: Layout, prices: np.ndarray) -> np.ndarray:
    """Value of one contract of each option at the start prices, quote; others 0. (K,)."""
    rows = option_table(layout, prices)
    surfaces, level = surface_tables(layout)
    values = np.zeros(len(rows))
    for k, row in enumerate(rows):
        if row["sign"] == 0.0:
            continue
        u = row["surface"]
        spec = surfaces[u]
        years = float(row["expiry"]) / YEAR
        spot = float(prices[layout.assets.index(layout.instruments[k].asset)])
        forward = spot * exp(float(row["rate"]) * years)
        terms = SurfaceTerms(*(float(spec[n]) for n in ("skew", "smile", "slope", "reference")))
        strike = float(row["strike"])
        vol = implied_volatility(terms, float(level[0, u]), strike, forward, years)
        values[k] = present_value(
            Contract(
                float(row["sign"]), strike, forward, vol, float(row["expiry"]), float(row["rate"])
            )
        )
    return values
