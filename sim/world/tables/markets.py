"""Where things are sold, as rows, and the background book."""

from __future__ import annotations

import math

import numpy as np

from sim.errors import SluicegateError
from sim.state.rows import MARKET_ROW
from sim.world.layout import Layout
from sim.world.schema.liquidity import Arbitrage
from sim.world.schema.market import StakedAsset
from sim.world.tables.limits import UNLIMITED


def speed(half_life: float | None) -> float:
    """Decay rate of a half-life, 1/s; none decays never."""
    return 0.0 if half_life is None else math.log(2.0) / half_life


def market_tables(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """One row per market, and the depth factor of each regime (R, M)."""
    liquidity = layout.config.liquidity
    table = np.zeros(layout.markets, dtype=MARKET_ROW)
    table["parent"] = -1
    table["permanent"] = liquidity.impact.permanent
    table["exponent"] = liquidity.impact.exponent
    table["decay"] = speed(liquidity.impact.half_life)
    table["depth_recovery"] = speed(liquidity.depth_half_life)
    table["arbitrage_cap"] = UNLIMITED
    for name in liquidity.spot:
        if name not in layout.assets:
            raise SluicegateError(
                f"{name!r} is not an asset of the market",
                where="liquidity.spot",
                allowed=", ".join(layout.assets),
            )
    for n, name in enumerate(layout.assets):
        spec = liquidity.spot.get(name)
        table[n]["asset"] = n
        table[n]["depth"] = UNLIMITED if spec is None or spec.depth is None else spec.depth
        if isinstance(layout.config.market.assets[name], StakedAsset):
            _child(table[n], layout.group(name), liquidity.staked)
    for row in layout.instruments:
        if row.kind == "perpetual":
            m = layout.market(row.kind, row.venue, row.asset)
            depth = layout.config.venue[row.venue].perpetuals[row.asset].depth
            table[m]["asset"] = layout.assets.index(row.asset)
            table[m]["depth"] = UNLIMITED if depth is None else depth
            _child(table[m], layout.assets.index(row.asset), liquidity.perpetual)
    return table, _depth_factors(layout)


def _child(row: np.void, parent: int, arbitrage: Arbitrage) -> None:
    row["parent"] = parent
    row["arbitrage"] = speed(arbitrage.half_life)
    row["arbitrage_cap"] = UNLIMITED if arbitrage.cap is None else arbitrage.cap


def _depth_factors(layout: Layout) -> np.ndarray:
    regimes = layout.config.market.regimes.names
    given = layout.config.liquidity.depth_factor
    missing = [name for name in regimes if name not in given]
    unknown = [name for name in given if name not in regimes]
    if missing or unknown:
        raise SluicegateError(
            f"regimes do not match the market's (missing: {missing}, unknown: {unknown})",
            where="liquidity.depth_factor",
            allowed=", ".join(regimes),
        )
    column = np.array([given[name] for name in regimes])
    return np.repeat(column[:, None], layout.markets, axis=1)


def background_table(layout: Layout) -> np.ndarray:
    """Cumulative trigger notional: density falls off exponentially with distance."""
    shape = layout.config.liquidity.background
    distance = np.arange(shape.levels + 1) * shape.width
    notional = np.zeros((2, layout.markets, shape.levels + 1))
    for name, spec in layout.config.liquidity.spot.items():
        if spec.depth is not None and spec.lambda_ratio > 0.0:
            density = spec.lambda_ratio * spec.depth / 0.01
            total = density * shape.reach * -np.expm1(-distance / shape.reach)
            notional[:, layout.assets.index(name), :] = total
    return notional
