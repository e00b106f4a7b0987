"""P8: what time costs, and how a venue prices trades in its own perpetuals."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.errors import SluicegateError
from sim.world.schema.base import Finite, Fraction, NonNegative, Positive, Strict, unit

Point = tuple[Annotated[float, Field(gt=0.0, lt=1.0)], Annotated[NonNegative, unit("1/year")]]
PerSecond = Annotated[NonNegative, unit("1/s")]


class InterestFees(Strict):
    """What borrowers pay on top of the curve."""

    share: NonNegative = 0.0
    """protocol: share of the curve's rate"""
    fixed: Annotated[NonNegative, unit("1/year")] = 0.0
    """protocol: constant"""
    insurance_share: NonNegative = 0.0
    """insurance fund: share of the curve's rate"""
    insurance_fixed: Annotated[NonNegative, unit("1/year")] = 0.0
    """insurance fund: constant"""


class Interest(Strict):
    """P8: borrow curve of straight lines, the protocol's cut and fees.

    With a kink, or with ``points`` between the rates at zero and at full utilisation.
    """

    kink: Fraction = 0.8
    """utilisation at which the slope changes"""
    base: Annotated[NonNegative, unit("1/year")] = 0.0
    """borrow rate at zero utilisation"""
    at_kink: Annotated[NonNegative, unit("1/year")] = 0.1
    """borrow rate at the kink"""
    full: Annotated[NonNegative, unit("1/year")] = 1.0
    """borrow rate at full utilisation"""
    points: Annotated[tuple[Point, ...], Field(max_length=14)] | None = None
    """[utilisation, borrow rate] between empty and full, instead of the kink"""
    reserve_factor: Fraction = 0.1
    """share of interest kept by the protocol"""
    fees: InterestFees = InterestFees()

    @model_validator(mode="after")
    def _ascending(self) -> Interest:
        if self.points is None:
            return self
        chain = [(0.0, self.base), *self.points, (1.0, self.full)]
        for (left, low), (right, high) in pairwise(chain):
            if right <= left or high < low:
                raise SluicegateError(
                    f"the curve falls or turns back between {left:g} and {right:g}",
                    where="points",
                    value=[[left, low], [right, high]],
                    allowed="ascending utilisation, rates that do not decrease from base to full",
                )
        return self


class Funding(Strict):
    """P8: funding of a venue's perpetuals; longs pay where the rate is positive.

    ``twap`` averaged premium plus offset; ``premium`` premium pulled towards an interest rate;
    ``velocity`` the rate moves with the skew; ``imbalance`` a power of the imbalance over open
    interest; ``adaptive`` the rate climbs while the imbalance stays large.
    """

    kind: Literal["twap", "premium", "velocity", "imbalance", "adaptive"] = "twap"
    offset: Annotated[Finite, unit("1/day")] = 0.0002
    """twap kind: interest part added to the premium"""
    cap: Annotated[NonNegative, unit("1/day")] = 0.03
    """largest rate paid"""
    premium_hours: Annotated[Positive, unit("hours")] = 1.0
    """averaging time of the premium"""
    interest: Annotated[Finite, unit("per period")] = 0.0001
    """premium kind: rate that the premium is pulled towards"""
    clamp: Annotated[NonNegative, unit("per period")] = 0.0005
    """premium kind: most that it is pulled"""
    period_hours: Annotated[Positive, unit("hours")] = 8.0
    """premium kind: time over which a premium is paid"""
    max_velocity: Annotated[NonNegative, unit("1/day^2")] = 0.0
    """velocity kind: change of the daily rate per day when the skew is the whole skew scale"""
    factor: Annotated[NonNegative, unit("USD^(1-exponent)/s")] = 0.0
    """imbalance kind: rate if all open interest is on one side (exponent 1)"""
    exponent: Positive = 1.0
    """imbalance kind: of the difference of open interest in USD"""
    increase: Annotated[NonNegative, unit("1/s^2")] = 0.0
    """adaptive kind: growth of the rate per unit of imbalance"""
    decrease: Annotated[NonNegative, unit("1/s^2")] = 0.0
    """adaptive kind: fall of the rate in balance"""
    threshold_stable: Fraction = 0.0
    """adaptive kind: imbalance above which the rate grows"""
    threshold_decrease: Fraction = 0.0
    """adaptive kind: imbalance below which it falls"""
    max_rate: PerSecond = 1.0
    """adaptive kind: largest rate"""

    @model_validator(mode="after")
    def _ordered(self) -> Funding:
        if self.threshold_decrease > self.threshold_stable:
            raise SluicegateError(
                "the rate would grow and fall at once",
                where="threshold_decrease",
                value=self.threshold_decrease,
                allowed=f"at most threshold_stable, {self.threshold_stable}",
            )
        return self


class Pricing(Strict):
    """P8: what a trade on the venue's own book costs.

    ``book`` the market's price, displaced by the flow through it; ``skew`` the index times the mean
    of skew over skew scale before and after; ``convex`` the index and a power of the imbalance.
    """

    kind: Literal["book", "skew", "convex"] = "book"
    factor_worse: Annotated[NonNegative, unit("USD^(1-exponent)")] = 0.0
    """convex kind: impact in USD per USD^exponent of imbalance added"""
    factor_better: Annotated[NonNegative, unit("USD^(1-exponent)")] = 0.0
    """convex kind: the same for imbalance taken away"""
    exponent: Annotated[float, Field(ge=1.0, le=4.0)] = 2.0
    """convex kind"""

    @model_validator(mode="after")
    def _no_free_money(self) -> Pricing:
        if self.factor_better > self.factor_worse:
            raise SluicegateError(
                "a round trip would earn money",
                where="factor_better",
                value=self.factor_better,
                allowed=f"at most factor_worse, {self.factor_worse}",
            )
        return self
