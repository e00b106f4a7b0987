"""P5: auctions whose price falls with time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from sim.world.schema.base import AtLeastOne, Fraction, NonNegative, Positive, Strict, unit


class Auction(Strict):
    """A falling price, and when the auction starts again."""

    curve: Literal["linear", "stairs", "exponential", "two_speed"] = "linear"
    start: Positive = 1.0
    """first price, in units of the oracle price (collateral) or of the marked value (portfolio)"""
    length: Annotated[Positive, unit("seconds")] = 3600.0
    """until the price is zero (linear) or at the cutoff (two_speed)"""
    cut: Fraction = 0.99
    """factor per stair, or per second of the exponential curve"""
    step: Annotated[Positive, unit("seconds")] = 90.0
    """length of a stair"""
    cutoff: Fraction = 0.7
    """two_speed: price at the end of the fast part"""
    slow: Annotated[Positive, unit("seconds")] = 43_200.0
    """two_speed: from the cutoff to zero"""
    tail: Annotated[Positive, unit("seconds")] | None = None
    """age at which the auction must be restarted; null: never"""
    cusp: Fraction = 0.0
    """share of the first price below which it must be"""
    penalty: AtLeastOne = 1.0
    """to be raised per USD of debt; what exceeds one goes to the protocol"""
    hole: Annotated[Positive, unit("USD")] | None = None
    """most that the venue's auctions raise at a time; null: no limit"""
    dust: Annotated[NonNegative, unit("USD")] = 0.0
    """debt that is too small to be auctioned or left"""
    tip: Annotated[NonNegative, unit("USD")] = 0.0
    """to whoever starts it"""
    chip: Fraction = 0.0
    """and this share of what is to be raised"""
    buffer: Fraction = 0.0
    """portfolio: share of the requirement by which a sale exceeds maintenance"""
    fee: Fraction = 0.0
    """portfolio: share of the largest first sale, to the insurance fund at the start"""
    insolvent: Annotated[NonNegative, unit("seconds")] = 3600.0
    """portfolio: until the payout for an insolvent one reaches its whole requirement"""

    @model_validator(mode="after")
    def _falls(self) -> Auction:
        if self.curve == "two_speed" and self.cutoff > self.start:
            raise ValueError(f"auction: cutoff {self.cutoff} is above start {self.start}")
        if self.curve in ("stairs", "exponential") and not 0.0 < self.cut < 1.0:
            raise ValueError(f"auction: cut {self.cut} must lie between 0 and 1, both excluded")
        return self
