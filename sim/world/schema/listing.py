"""What a venue lists."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from sim.world.schema.accrual import Interest, Pricing
from sim.world.schema.base import AtLeastOne, NonNegative, Positive, Strict, unit
from sim.world.schema.requirement import AssetWeight, LiabilityWeight, MarginRatio


class Listing(Strict):
    """An asset that can be deposited and, if ``interest`` is given, borrowed."""

    asset_weight: AssetWeight
    liability_weight: LiabilityWeight = LiabilityWeight()
    size_penalty: Annotated[NonNegative, unit("1/sqrt(units)")] = 0.0
    """how fast the weight worsens with size"""
    scale_start: Annotated[NonNegative, unit("USD")] = 0.0
    """deposits above which the initial asset weight falls as start over deposits; 0: never"""
    interest: Interest | None = None


class Perpetual(Strict):
    """A perpetual. A linear one is quoted and settled in the settlement asset."""

    contract: Literal["linear", "inverse"] = "linear"
    """inverse: one contract is 1 USD of the asset, margined and settled in the asset itself"""
    margin_ratio: MarginRatio
    size_penalty: Annotated[NonNegative, unit("1/sqrt(contracts)")] = 0.0
    """how fast the ratio grows with size"""
    step: Annotated[NonNegative, unit("contracts")] = 0.0
    """liquidations close multiples of this, rounded up; 0: any amount"""
    depth: Annotated[AtLeastOne, unit("USD per 1 %")] | None = None
    """flow that moves the venue's price by 1 % against spot; null: no impact"""
    skew_scale: Annotated[Positive, unit("contracts")] | None = None
    """skew that counts as one in skew pricing, skew margin and velocity funding"""
    pricing: Pricing = Pricing()

    @model_validator(mode="after")
    def _inverse_on_the_book(self) -> Perpetual:
        if self.contract == "inverse" and self.pricing.kind != "book":
            raise ValueError("an inverse contract trades at its book's price: pricing.kind is book")
        return self

    @model_validator(mode="after")
    def _scale_given(self) -> Perpetual:
        skewed = self.pricing.kind == "skew" or self.margin_ratio.skew is not None
        if skewed and self.skew_scale is None:
            raise ValueError("skew pricing and skew margin need a skew_scale")
        ratio = self.margin_ratio
        scaled = ratio.tiers or ratio.skew or ratio.size_slope or ratio.open_interest
        if self.size_penalty > 0.0 and (scaled or ratio.least or ratio.floor or ratio.rounding):
            raise ValueError("size_penalty goes with two plain margin ratios only")
        return self


class Maker(Strict):
    """The finite market maker on the other side of the venue's book."""

    capital: Annotated[NonNegative, unit("USD")]
    """settlement tokens it has deposited"""
