"""Populations: archetypes of traders, their positions, sizes and habits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.world.schema.base import Count, Fraction, NonNegative, Positive, Strict, unit
from sim.world.schema.provenance import Provenance

Shares = dict[str, Positive]


class Range(Strict):
    """Uniform between two bounds."""

    low: NonNegative
    high: NonNegative

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.high < self.low:
            raise ValueError(f"high {self.high} is below low {self.low}")
        return self


class PerpetualPosition(Strict):
    """Contracts on a perpetual venue, margined by the trader's cash; inverse ones by their coin."""

    kind: Literal["perpetual"]
    venues: Shares
    assets: Shares = {}
    """may be left out for a position that hedges another"""
    side: Literal["long", "short"]
    leverage: Range
    """notional over the trader's wealth; ignored where the position hedges another"""
    share: Fraction = 1.0
    """share of the trader's wealth that is its margin, held as cash; of an inverse contract, in its
    coin"""
    hedges: int | None = None
    """number of the position whose collateral it offsets, asset and quantity taken from it"""


class OptionPosition(Strict):
    """Options bought or sold at their value on the surface; the premium goes into quote."""

    kind: Literal["option"]
    venues: Shares
    assets: Shares = {}
    """may be left out for a position that covers another"""
    side: Literal["long", "short"]
    rights: tuple[Literal["call", "put"], ...] = Field(("call",), min_length=1, max_length=2)
    """one of each per unit of notional: both make a straddle or strangle"""
    strike: Positive = 1.0
    """as a multiple of the start price; the listed strike that is nearest"""
    put_strike: Positive | None = None
    """of the put, where it differs"""
    days: Annotated[Positive, unit("days")] = 30.0
    """to expiry; the listed expiry that is nearest"""
    leverage: Range = Range(low=1.0, high=1.0)
    """notional over the trader's wealth; ignored where the position covers another"""
    share: Fraction = 1.0
    """share of the trader's wealth that is its margin, held as cash"""
    hedges: int | None = None
    """number of the supply position that it covers, asset and quantity taken from it"""


class LoanPosition(Strict):
    """Collateral at a lender and a loan against it."""

    kind: Literal["loan"]
    venues: Shares
    collateral: Shares
    debt: Shares
    leverage: Range
    """loan over the trader's own collateral"""
    share: Fraction = 1.0
    """share of the trader's wealth that is its own collateral"""
    proceeds: Literal["collateral", "cash", "wallet", "spent"] = "spent"
    """what the loan buys: more collateral, margin for other positions, a reserve, nothing here"""
    emode: str | None = None
    """efficiency mode of the venue to use"""


class SupplyPosition(Strict):
    """A plain deposit."""

    kind: Literal["supply"]
    venues: Shares
    assets: Shares
    share: Fraction = 1.0


class PoolPosition(Strict):
    """A deposit in whichever pool needs suppliers to reach its utilisation."""

    kind: Literal["pool"]


Position = Annotated[
    PerpetualPosition | OptionPosition | LoanPosition | SupplyPosition | PoolPosition,
    Field(discriminator="kind"),
]


class Behaviour(Strict):
    """How an owner watches and reacts; parameters of the rule, drawn per account."""

    rule: dict[str, str]
    """``_target_`` names the compiled rule"""
    watch: Range
    """he wakes when equity is below this multiple of maintenance (at least 1)"""
    interval: Annotated[Range, unit("seconds")]
    """time between looks"""
    delay: Annotated[NonNegative, unit("seconds")] = 60.0
    """time that collateral sent to an account takes to arrive"""
    target: Range = Range(low=1.5, high=2.0)
    """multiple of maintenance that a reaction aims at"""
    top_up: Fraction = 1.0
    """share of the wallet and of spare collateral he is ready to send at once"""
    deleverage: Fraction = 1.0
    """share of what is still missing that he closes positions for"""
    panic_loss: Fraction = 1.0
    """loss of opening equity at which he closes everything"""


class ArchetypeConfig(Strict):
    """A kind of trader."""

    provenance: Provenance
    share: Positive
    """relative frequency among traders"""
    wealth: Annotated[Positive, unit("multiple")] = 1.0
    """multiplies the size drawn"""
    wallet: NonNegative = 0.0
    """settlement tokens kept outside, as a share of wealth"""
    positions: tuple[Position, ...] = Field(min_length=1)
    behaviour: Behaviour

    @model_validator(mode="after")
    def _hedges(self) -> ArchetypeConfig:
        for number, position in enumerate(self.positions):
            hedged = getattr(position, "hedges", None)
            if hedged is not None and not 0 <= hedged < number:
                raise ValueError(
                    f"positions[{number}].hedges: {hedged} must number an earlier position"
                )
        return self


class Sizes(Strict):
    """Wealth of a trader: Pareto, truncated."""

    exponent: Positive = 1.1
    """of the tail; smaller is heavier"""
    min: Annotated[Positive, unit("USD")] = 1_000.0
    max: Annotated[Positive, unit("USD")] = 2_000_000.0

    @model_validator(mode="after")
    def _ordered(self) -> Sizes:
        if self.max <= self.min:
            raise ValueError(f"sizes: max {self.max} must exceed min {self.min}")
        return self


class PopulationConfig(Strict):
    """How the accounts of a run are drawn."""

    draw: Literal["once", "per_path"] = "once"
    """one population for all paths, or a new one for each"""
    count: Count = 1
    """populations, when drawn once; the paths are divided over them in consecutive blocks"""
    sizes: Sizes = Sizes()
    split: Literal["equal_headroom", "pro_rata"] = "equal_headroom"
    """rule that divides an owner's cash over his accounts"""
    headroom: Annotated[float, Field(ge=1.0)] = 1.05
    """positions are scaled down at the start until equity is this multiple of initial margin"""


class LiquidatorConfig(Strict):
    """A kind of liquidator."""

    provenance: Provenance
    count: Count = 1
    rule: dict[str, str]
    capital: Annotated[NonNegative, unit("USD")]
    """settlement tokens each brings; half as margin at the perpetual venues, half outside"""
    latency: Annotated[NonNegative, unit("seconds")]
    capacity: Annotated[Positive, unit("USD per block")]
    cost: Annotated[NonNegative, unit("USD per call")]
    unwind: Annotated[Positive, unit("USD/s")]
    """speed at which it sells what it took"""
    min_profit: Annotated[NonNegative, unit("USD")] = 0.0
    """it does not act for less"""
