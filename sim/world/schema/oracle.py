"""P1: what the margin engine is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.errors import SluicegateError
from sim.world.schema.base import Fraction, NonNegative, Positive, Strict, unit

View = Literal["spot", "ema", "twap", "worse"]
Seconds = Annotated[Positive, unit("seconds")]


class Confidence(Strict):
    """The interval that a feed states around its price, and what the engine makes of it."""

    width: Fraction = 0.0
    """half-width as a fraction of the price at normal depth; it grows as depth falls"""
    multiple: NonNegative = 0.0
    """assets are priced this many half-widths lower, loans higher"""
    cap: Fraction = 1.0
    """largest such bias, as a fraction of the price"""
    max: Fraction | None = None
    """half-width from which the price is not trusted; null: it always is"""


class Oracle(Strict):
    """P1: a view of a market for each level, published late and perhaps not to be trusted."""

    delay: Annotated[NonNegative, Field(le=86_400.0), unit("seconds")] = 0.0
    initial: View = "spot"
    """price that opening is judged on; worse: of spot and TWAP, for whoever holds the leg"""
    maintenance: View = "spot"
    """price that requirements of standing positions are judged on"""
    ema_seconds: Seconds = 3600.0
    """averaging time of the exponential average"""
    twap_seconds: Seconds = 300.0
    """averaging time of the time-weighted average"""
    confidence: Confidence = Confidence()
    deviation: Fraction = 0.0
    """relative move from which a new price is published; 0: every one"""
    heartbeat: Seconds | None = None
    """time after which a price is published anyway; null: never"""
    max_age: Seconds | None = None
    """age of a published price from which it is not trusted; null: it always is"""
    band: Positive | None = None
    """relative distance from the TWAP from which a price is not trusted; null: it always is"""
    distrust: Literal["ignore", "zero_asset", "block", "pause"] = "ignore"
    """then: nothing; worth nothing for opening; its holders, or nobody, can be liquidated"""

    @model_validator(mode="after")
    def _publishes_in_time(self) -> Oracle:
        if self.deviation > 0.0 and self.heartbeat is None:
            raise SluicegateError(
                "a feed that waits for a move needs a time after which it publishes anyway",
                where="heartbeat",
                value=None,
                allowed="seconds",
            )
        if self.max_age is not None and self.max_age <= self.delay:
            raise SluicegateError(
                "every price would be too old when it is published",
                where="max_age",
                value=self.max_age,
                allowed=f"more than the delay, {self.delay:g} s",
            )
        return self
