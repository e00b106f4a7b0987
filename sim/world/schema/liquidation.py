"""P4 to P6: which leg, how much, at what price, by whom."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.world.schema.base import AtLeastOne, Fraction, NonNegative, Positive, Strict, unit


class Bonus(Strict):
    """P5: the liquidator's gain per unit of debt repaid."""

    kind: Literal["fixed", "ltv"] = "fixed"
    min: Fraction = 0.025
    """the fixed bonus, or the smallest one"""
    max: Fraction | None = None
    """largest bonus of the ltv kind; the smallest one if not given"""
    bad_debt: Fraction = 0.01
    """ltv kind: paid once debt is 0.99 of collateral or more"""
    protocol_share: Fraction = 0.0
    """share of the bonus kept by the protocol"""

    @model_validator(mode="after")
    def _ordered(self) -> Bonus:
        if self.max is not None and self.max < self.min:
            raise ValueError(f"bonus: max {self.max} is below min {self.min}")
        return self


class Target(Strict):
    """P3: what a shortage-to-target liquidation restores."""

    health: AtLeastOne = 1.0
    """multiple of weighted debt that weighted collateral must reach"""
    buffer: Fraction = 0.0
    """added to every perpetual's maintenance ratio"""


class Sizing(Strict):
    """P4: which leg is offered, and how much of it."""

    selection: Literal["riskiest", "largest_relief"] = "largest_relief"
    size: Literal["close_factor", "to_target"] = "to_target"
    close_factor: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5
    """share of a debt that one call may close"""
    full_ltv: Positive | None = None
    """weighted loan-to-value from which a call may close everything; null: never"""
    dust: Annotated[NonNegative, unit("USD")] = 1.0
    """a leg this small, or a remainder this small, is closed whole"""
    max_notional: Annotated[Positive, unit("USD")] | None = None
    """most that one call may take; null: no limit"""
    target: Target = Target()


class Liquidation(Sizing):
    """P4 to P6: selection and size, price, taker."""

    bonus: Bonus = Bonus()
    insurance_fee: Fraction = 0.0
    """of the debt repaid, to the insurance fund"""
    perp_fee: Fraction = 0.0
    """discount at which a liquidator takes over a perpetual"""
    perp_insurance_fee: Fraction = 0.0
    """of the notional closed, to the insurance fund"""
    taker: Literal["flash", "initial_margin"] = "flash"
