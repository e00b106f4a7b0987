"""How far a market's prices may move in a step and over a path before no model is meant."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from sim.errors import SluicegateError
from sim.world.schema.market import MarketConfig, RiskyAsset, StakedAsset
from sim.world.units import SECONDS_PER_YEAR


class Limit(NamedTuple):
    """Largest moves of a log-price over some time, and what to do about larger ones."""

    over: str
    spread: float  # standard deviation
    drift: float
    hint: str


STEP = Limit("a step", 1.0, 3.0, "a shorter step (step_seconds), or a rate that is meant per year")
# A factor of 22,000, and room before a price leaves the range of numbers.
PATH = Limit("a path", 10.0, 10.0, "fewer or shorter steps, or a rate that is meant per year")


def check_extent(market: MarketConfig, seconds: float, limit: Limit) -> None:
    """Refuse a volatility or drift that moves a log-price too far in a time.

    Raises
    ------
    SluicegateError
        Naming the key and its value, the move, and the largest value that is allowed.
    """
    years = seconds / SECONDS_PER_YEAR
    for key, volatility in _volatilities(market):
        most = limit.spread / math.sqrt(years)
        if volatility > most:
            moved = f"a standard deviation of {volatility * math.sqrt(years):.3g}"
            raise _too_far(key, volatility, moved, most, limit)
    for key, drift in _drifts(market):
        most = limit.drift / years
        if abs(drift) > most:
            raise _too_far(key, drift, f"a drift of {drift * years:.3g}", most, limit)


def _too_far(key: str, value: float, moved: str, most: float, limit: Limit) -> SluicegateError:
    return SluicegateError(
        f"gives the log-price {moved} over {limit.over}",
        where=key,
        value=value,
        allowed=f"a size of at most {most:.4g} per year"
        f" (over {limit.over}: standard deviation {limit.spread:g}, drift {limit.drift:g})",
        hint=limit.hint,
    )


def _volatilities(market: MarketConfig) -> Iterator[tuple[str, float]]:
    for name, values in market.volatility.items():
        for regime, value in zip(market.regimes.names, values, strict=True):
            yield f"market.volatility.{name} ({regime})", value
    for name, asset in market.assets.items():
        if not isinstance(asset, RiskyAsset):
            for regime, value in zip(market.regimes.names, asset.peg.volatility, strict=True):
                yield f"market.assets.{name}.peg.volatility ({regime})", value


def _drifts(market: MarketConfig) -> Iterator[tuple[str, float]]:
    for name, value in market.drift.items():
        yield f"market.drift.{name}", value
    for name, asset in market.assets.items():
        if isinstance(asset, StakedAsset):
            yield f"market.assets.{name}.yield", asset.staking_yield
