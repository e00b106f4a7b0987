"""P1: what the margin engine is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.errors import SluicegateError
from sim.world.schema.base import Fraction, NonNegative, Positive, Strict, unit

View = Literal["spot", "ema", "twap", "worse", "worst_source"]
Seconds = Annotated[Positive, unit("seconds")]


class Confidence(Strict):
    """The interval that a feed states around its price, and what the engine makes of it."""

    width: Fraction = 0.0
    """half-width as a fraction of the price at normal depth; it grows as depth falls"""
    multiple: NonNegative = 0.0
    """assets are priced this many half-widths lower, loans higher"""
    cap: Fraction = 1.0
    """largest such bias, as a fraction of the price"""
    zero: Annotated[Positive, Field(le=1.0)] | None = None
    """half-width at which the confidence that the feed states, from 0 to 1, is nought; up to there
    it falls in a straight line, and ``contingency.confidence`` charges for it. null: always 1"""
    max: Fraction | None = None
    """half-width from which the price is not trusted; null: it always is"""


class Source(Strict):
    """P1: a market that a feed is made of.

    Assets that it does not trade do without it; those that no source trades, and the settlement
    asset among them, are read at their reference market.
    """

    market: Annotated[str, Field(min_length=1)] = "spot"
    """spot: the asset's reference market; own: the venue's perpetual of it; others: each perpetual
    of it at another venue of the run; or the name of one such venue"""
    delay: Annotated[NonNegative, Field(le=86_400.0), unit("seconds")] | None = None
    """time between the market's price and its arrival; null: the oracle's"""
    weight: Positive = 1.0
    """in a weighted median"""


class Oracle(Strict):
    """P1: a view of a market for each level, published late and perhaps not to be trusted."""

    delay: Annotated[NonNegative, Field(le=86_400.0), unit("seconds")] = 0.0
    sources: tuple[Source, ...] = Field(default=(), max_length=16)
    """what is published is made of; none: the asset's reference market"""
    combine: Literal["median", "weighted_median"] | None = None
    """how several sources become one price: the middle one, or half of the weight on either side"""
    initial: View = "spot"
    """price that opening is judged on, for whoever holds the leg; worse: of spot and TWAP;
    worst_source: the lowest source for a deposit, the highest for a loan"""
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

    @property
    def latest(self) -> float:
        """Delay of the source that arrives last, s."""
        delays = [s.delay for s in self.sources if s.delay is not None]
        return max([self.delay, *delays])

    @model_validator(mode="after")
    def _made_of_sources(self) -> Oracle:
        several = len(self.sources) > 1 or any(s.market == "others" for s in self.sources)
        if several and self.combine is None:
            raise SluicegateError(
                "several sources, and nothing says how they become one price",
                where="combine",
                value=None,
                allowed="median, weighted_median",
            )
        if self.combine is not None and not several:
            raise SluicegateError(
                "there is nothing to combine",
                where="sources",
                value=[source.market for source in self.sources],
                allowed="at least two sources, or one of others",
                hint="sources: [{market: spot}, {market: own}], or no combine",
            )
        if self.combine != "weighted_median" and any(s.weight != 1.0 for s in self.sources):
            raise SluicegateError(
                "weights count in a weighted median only",
                where="combine",
                value=self.combine,
                allowed="weighted_median",
                hint="combine: weighted_median, or no weights",
            )
        return self

    @model_validator(mode="after")
    def _worst_of_several(self) -> Oracle:
        if "worst_source" not in (self.initial, self.maintenance):
            return self
        if self.combine is None or self.deviation > 0.0:
            raise SluicegateError(
                "the worst of its sources is read off a feed that has several and publishes "
                "every price",
                where="sources" if self.combine is None else "deviation",
                value=[s.market for s in self.sources] if self.combine is None else self.deviation,
                allowed="at least two sources" if self.combine is None else "0",
                hint="worse is the worse of spot and TWAP, and needs no sources",
            )
        return self

    @model_validator(mode="after")
    def _publishes_in_time(self) -> Oracle:
        if self.deviation > 0.0 and self.heartbeat is None:
            raise SluicegateError(
                "a feed that waits for a move needs a time after which it publishes anyway",
                where="heartbeat",
                value=None,
                allowed="seconds",
            )
        if self.max_age is not None and self.max_age <= self.latest:
            raise SluicegateError(
                "every price would be too old when it is published",
                where="max_age",
                value=self.max_age,
                allowed=f"more than the delay, {self.latest:g} s",
            )
        return self
