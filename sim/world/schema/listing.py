"""What a venue lists."""

from __future__ import annotations

from typing import Annotated

from sim.world.schema.accrual import Interest
from sim.world.schema.base import NonNegative, Positive, Strict, unit
from sim.world.schema.requirement import AssetWeight, LiabilityWeight, MarginRatio


class Listing(Strict):
    """An asset that can be deposited and, if ``interest`` is given, borrowed."""

    asset_weight: AssetWeight
    liability_weight: LiabilityWeight = LiabilityWeight()
    size_penalty: Annotated[NonNegative, unit("1/sqrt(units)")] = 0.0
    """how fast the weight worsens with size"""
    interest: Interest | None = None


class Perpetual(Strict):
    """A linear perpetual, quoted and settled in the settlement asset."""

    margin_ratio: MarginRatio
    size_penalty: Annotated[NonNegative, unit("1/sqrt(contracts)")] = 0.0
    """how fast the ratio grows with size"""
    size_slope: Annotated[NonNegative, unit("1/contracts")] = 0.0
    """growth of the ratio per contract"""
    depth: Annotated[Positive, unit("USD per 1 %")] | None = None
    """flow that moves the venue's price by 1 % against spot; null: no impact"""


class Maker(Strict):
    """The finite market maker on the other side of the venue's book."""

    capital: Annotated[NonNegative, unit("USD")]
    """settlement tokens it has deposited"""
