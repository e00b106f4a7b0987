"""P2 and P3: weights, ratios and netting rates by level."""

from __future__ import annotations

import numpy as np

from sim.errors import SluicegateError
from sim.state import codes
from sim.state.world import BASIS, LONG, NET, SHORT
from sim.world.layout import Layout
from sim.world.tables.ratios import LEVEL_NAMES, small_ratios

LEVEL_CODES = {name: level for level, name in LEVEL_NAMES.items()}


def margin_tables(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Weights (2, LEVELS, C, K) and perpetual ratios (LEVELS, K)."""
    modes, count = 1 + len(layout.emodes), len(layout.instruments)
    weight = np.ones((2, codes.LEVELS, modes, count))
    long_weight, short_weight = weight[LONG], weight[SHORT]
    ratio = np.zeros((codes.LEVELS, count))
    for k, row in enumerate(layout.instruments):
        venue = layout.config.venue[row.venue]
        if row.kind == "perpetual":
            spec = venue.perpetuals[row.asset].margin_ratio
            ratio[:, k] = small_ratios(spec, venue.liquidation.target.buffer)
        elif row.kind == "option" and venue.option_margin is not None:
            # What makers and liquidators keep free per unit of notional taken on.
            ratio[:, k] = venue.option_margin.highest
        elif row.kind == "balance":
            listing = venue.assets[row.asset]
            for level, name in LEVEL_NAMES.items():
                long_weight[level, :, k] = getattr(listing.asset_weight, name)
                short_weight[level, :, k] = getattr(listing.liability_weight, name)
            long_weight[codes.INITIAL, :, k] *= listing.asset_weight.initial_scale
    _emodes(layout, long_weight, short_weight)
    long_weight[codes.TARGET] = long_weight[codes.MAINTENANCE]
    health = [
        layout.config.venue[row.venue].liquidation.target.health for row in layout.instruments
    ]
    short_weight[codes.TARGET] = short_weight[codes.MAINTENANCE] * np.array(health)
    return weight, ratio


def _emodes(layout: Layout, long_weight: np.ndarray, short_weight: np.ndarray) -> None:
    for number, (venue, mode) in enumerate(layout.emodes, start=1):
        for asset, weights in layout.config.venue[venue].emodes[mode].items():
            k = layout.instrument("balance", venue, asset)
            for level, name in LEVEL_NAMES.items():
                if weights.asset_weight is not None:
                    long_weight[level, number, k] = getattr(weights.asset_weight, name)
                    if level == codes.INITIAL:
                        long_weight[level, number, k] *= weights.asset_weight.initial_scale
                if weights.liability_weight is not None:
                    short_weight[level, number, k] = getattr(weights.liability_weight, name)


def netting_table(layout: Layout) -> np.ndarray:
    """The hub's rates on net delta and on hedged notional, (2, LEVELS, N)."""
    table = np.zeros((2, codes.LEVELS, len(layout.assets)))
    for name, rate in layout.config.hub.netting.items():
        if name not in layout.assets:
            raise SluicegateError(
                f"{name!r} is not an asset of the market",
                where="hub.netting",
                allowed=", ".join(layout.assets),
            )
        n = layout.assets.index(name)
        for level, key in LEVEL_NAMES.items():
            table[NET, level, n] = getattr(rate.net, key)
            table[BASIS, level, n] = getattr(rate.basis, key)
    target = layout.config.hub.liquidation.target
    table[:, codes.TARGET] = table[:, codes.MAINTENANCE] * target.health
    charged = table[NET, codes.MAINTENANCE] > 0.0
    table[NET, codes.TARGET] += np.where(charged, target.buffer, 0.0)
    return table
