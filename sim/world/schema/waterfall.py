"""P7: who pays when an account cannot."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from sim.world.schema.base import NonNegative, Positive, Strict, unit


class PoolTrigger(Strict):
    """A pool that owes winners too much of itself closes their positions."""

    enable: Positive
    """traders' open profit over the pool's equity from which it does"""
    target: Positive
    """the ratio at which it stops"""

    @model_validator(mode="after")
    def _ordered(self) -> PoolTrigger:
        if self.target > self.enable:
            raise ValueError(f"pool: target {self.target} is above enable {self.enable}")
        return self


class Deleveraging(Strict):
    """Auto-deleveraging."""

    ranking: Literal["none", "queue", "pro_rata", "leverage_weighted"] = "none"
    """who closes against a bankrupt account once the funds cannot pay its hole"""
    capped: bool = True
    """whether nobody gives more than his own profit"""
    pool: PoolTrigger | None = None
    """the pool itself deleverages its winners, at the mark; null: never"""


class Waterfall(Strict):
    """Layers after the insurance fund, in their order."""

    insurance_cap: Annotated[Positive, unit("USD")] | None = None
    """most that the insurance fund pays in one event; null: all it has"""
    backstop: Annotated[NonNegative, unit("USD")] = 0.0
    """capital of the backstop pool, in settlement tokens outside the venue"""
    deleveraging: Deleveraging = Deleveraging()
    socialise: Literal["share_value", "cash_print", "funding_index", "providers", "deficit"] = (
        "share_value"
    )
    """who bears the rest: depositors of the pool that lent (share value; a print of cash where
    that pool is cash), all positions by notional (depositors, for a loan that is not of cash), the
    market maker's pool, or nobody yet"""
    gate_hours: Annotated[NonNegative, unit("hours")] = 0.0
    """for how long a socialised loss stops withdrawals from the venue"""
