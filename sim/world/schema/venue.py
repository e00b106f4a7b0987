"""A venue: what it lists, how it margins, how it liquidates, who bears the loss.

Every number is a parameter of one of the eight primitives; ``provenance`` says where it comes from
and which ones are assumed.
"""

from __future__ import annotations

from datetime import date as Date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.world.schema.base import Finite, Fraction, NonNegative, Positive, Strict, unit

AtLeastOne = Annotated[float, Field(ge=1.0, allow_inf_nan=False)]


class Provenance(Strict):
    """Where a file's figures come from."""

    source: str
    """documents, repositories or files the figures were read from"""
    date: Date | None = None
    """when they were read or published"""
    assumed: tuple[str, ...] = ()
    """keys whose values are not public; chosen, not read"""


class AssetWeight(Strict):
    """Share of a deposit's value that counts as collateral."""

    initial: Fraction
    maintenance: Fraction

    @model_validator(mode="after")
    def _ordered(self) -> AssetWeight:
        if self.initial > self.maintenance:
            raise ValueError(
                f"asset weight: initial {self.initial} exceeds maintenance {self.maintenance}; "
                "opening must not be easier than staying open"
            )
        return self


class LiabilityWeight(Strict):
    """Multiple of a loan's value that must be covered."""

    initial: AtLeastOne = 1.0
    maintenance: AtLeastOne = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> LiabilityWeight:
        if self.maintenance > self.initial:
            raise ValueError(
                f"liability weight: maintenance {self.maintenance} exceeds initial {self.initial}"
            )
        return self


class MarginRatio(Strict):
    """Requirement per unit of notional."""

    initial: Fraction
    maintenance: Fraction

    @model_validator(mode="after")
    def _ordered(self) -> MarginRatio:
        if self.maintenance > self.initial:
            raise ValueError(
                f"margin ratio: maintenance {self.maintenance} exceeds initial {self.initial}"
            )
        return self


class Interest(Strict):
    """P8: kinked borrow curve and the protocol's cut."""

    kink: Fraction = 0.8
    """utilisation at which the slope changes"""
    base: Annotated[NonNegative, unit("1/year")] = 0.0
    """borrow rate at zero utilisation"""
    at_kink: Annotated[NonNegative, unit("1/year")] = 0.1
    """borrow rate at the kink"""
    full: Annotated[NonNegative, unit("1/year")] = 1.0
    """borrow rate at full utilisation"""
    reserve_factor: Fraction = 0.1
    """share of interest kept by the protocol"""


class Listing(Strict):
    """An asset that can be deposited and, if ``interest`` is given, borrowed."""

    asset_weight: AssetWeight
    liability_weight: LiabilityWeight = LiabilityWeight()
    size_penalty: Annotated[NonNegative, unit("1/sqrt(units)")] = 0.0
    """how fast the weight worsens with size"""
    interest: Interest | None = None


class EmodeWeights(Strict):
    """Weights that replace the listing's for accounts in an efficiency mode."""

    asset_weight: AssetWeight | None = None
    liability_weight: LiabilityWeight | None = None


class Perpetual(Strict):
    """A linear perpetual, quoted and settled in the settlement asset."""

    margin_ratio: MarginRatio
    size_penalty: Annotated[NonNegative, unit("1/sqrt(contracts)")] = 0.0
    """how fast the ratio grows with size"""
    depth: Annotated[Positive, unit("USD per 1 %")] | None = None
    """flow that moves the venue's price by 1 % against spot; null: no impact"""


class Funding(Strict):
    """P8: premium funding."""

    offset: Annotated[Finite, unit("1/day")] = 0.0002
    """interest part added to the premium"""
    cap: Annotated[NonNegative, unit("1/day")] = 0.03
    """largest rate paid"""
    premium_hours: Annotated[Positive, unit("hours")] = 1.0
    """averaging time of the premium"""


class Maker(Strict):
    """The finite market maker on the other side of the venue's book."""

    capital: Annotated[NonNegative, unit("USD")]
    """settlement tokens it has deposited"""


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


class Oracle(Strict):
    """P1: a spot view, published late."""

    delay: Annotated[NonNegative, Field(le=86_400.0), unit("seconds")] = 0.0


class VenueConfig(Strict):
    """One venue."""

    provenance: Provenance
    assets: dict[str, Listing] = Field(min_length=1)
    emodes: dict[str, dict[str, EmodeWeights]] = {}
    perpetuals: dict[str, Perpetual] = {}
    funding: Funding = Funding()
    maker: Maker = Maker(capital=0.0)
    oracle: Oracle = Oracle()
    liquidation: Liquidation = Liquidation()
    insurance: Annotated[NonNegative, unit("USD")] = 0.0
    """size of the venue's insurance fund, in settlement tokens outside the venue"""
    utilisation: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.7
    """loans over deposits that pool suppliers bring each pool to at the start"""

    @model_validator(mode="after")
    def _known_assets(self) -> VenueConfig:
        for emode, weights in self.emodes.items():
            for name in weights:
                if name not in self.assets:
                    raise ValueError(
                        f"emodes.{emode}: {name!r} is not listed; "
                        f"listed are {', '.join(self.assets)}"
                    )
        return self


class Rates(Strict):
    """A hub rate by level."""

    initial: Fraction
    maintenance: Fraction

    @model_validator(mode="after")
    def _ordered(self) -> Rates:
        if self.maintenance > self.initial:
            raise ValueError(f"maintenance {self.maintenance} exceeds initial {self.initial}")
        return self


class NettingRate(Strict):
    """What the hub's netting engine asks for one underlying."""

    net: Rates
    """per unit of net delta"""
    basis: Rates
    """per unit of hedged notional"""


class HubConfig(Strict):
    """The unified margin layer."""

    provenance: Provenance
    netting: dict[str, NettingRate]
    """rates by underlying, for the netting engine; the settlement asset needs none"""
    liquidation: Sizing = Sizing()
    """selection and size; price and taker are those of the venue where the leg is"""
