"""P4 to P6: which leg, how much, at what price, by whom."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.errors import SluicegateError
from sim.world.schema.auction import Auction
from sim.world.schema.base import AtLeastOne, Fraction, NonNegative, Positive, Strict, unit

Seconds = Annotated[NonNegative, unit("seconds")]


class Bonus(Strict):
    """P5: the liquidator's gain per unit of debt repaid."""

    kind: Literal["fixed", "ltv", "health", "dutch"] = "fixed"
    of: Literal["debt", "seized"] = "debt"
    """what bonus and insurance fee are shares of"""
    min: Fraction = 0.025
    """the fixed bonus, or the smallest one"""
    max: Fraction | None = None
    """largest bonus of the ltv kind; the smallest one if not given"""
    bad_debt: Fraction = 0.01
    """ltv kind: paid once debt is 0.99 of collateral or more"""
    max_discount: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.2
    """health kind: largest discount"""
    protocol_share: Fraction = 0.0
    """share of the bonus kept by the protocol"""

    @model_validator(mode="after")
    def _ordered(self) -> Bonus:
        if self.max is not None and self.max < self.min:
            raise ValueError(f"bonus: max {self.max} is below min {self.min}")
        if self.of == "seized" and self.kind != "fixed":
            raise ValueError(f"bonus: a {self.kind} bonus is a share of the debt, not of: seized")
        return self


class Growth(Strict):
    """P5: a bonus or discount that grows while nobody answers."""

    per_second: NonNegative = 0.0
    grace: Seconds = 0.0
    """until it starts"""
    period: Seconds = 0.0
    """whole periods count; 0: every moment"""
    max: Fraction = 1.0
    """largest bonus or discount"""


class Target(Strict):
    """P3: what a shortage-to-target liquidation restores."""

    health: AtLeastOne = 1.0
    """multiple of weighted debt that weighted collateral must reach"""
    buffer: Fraction = 0.0
    """added to every perpetual's maintenance ratio"""


class Throttle(Strict):
    """P4: only part of a shortage may be cleared at first."""

    initial: Fraction = 0.1
    """share that may be cleared at once"""
    duration: Annotated[Positive, unit("seconds")] = 60.0
    """until all of it may"""
    small: Annotated[NonNegative, unit("USD")] = 50.0
    """shortage below which nothing is throttled"""
    resolution: NonNegative = 0.0
    """shares are cut to multiples of this"""


class Window(Strict):
    """P4: how much of a perpetual may be liquidated in a window of time (Synthetix v3)."""

    length: Annotated[Positive, unit("seconds")]
    maker_fee: Fraction
    taker_fee: Fraction
    skew_scale: Annotated[Positive, unit("contracts")]
    multiplier: Positive = 1.0


class BookLimit(Strict):
    """P5: the limit price of an order that closes a perpetual on the book (dYdX v4)."""

    bankruptcy_adjustment: Positive = 1.0
    """how fast the limit moves to its end as health falls"""
    spread_to_margin: Positive = 1.5
    """its end: distance to the oracle price over the maintenance requirement"""


Selection = Literal[
    "riskiest",
    "largest_relief",
    "best_for_liquidator",
    "relief_per_impact",
    "keep_hedges",
    "whole_portfolio",
]


class Sizing(Strict):
    """P4: which leg is offered, and how much of it."""

    selection: Selection = "largest_relief"
    size: Literal["close_factor", "to_target", "full", "restore_buffer"] = "to_target"
    close_factor: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5
    """share of a debt that one call may close"""
    close_of: Literal["leg", "account"] = "leg"
    """whose debt (or contracts, for a contract): the leg's, or the whole account's"""
    full_ltv: Positive | None = None
    """weighted loan-to-value from which a call may close everything; null: never"""
    full_health: Positive | None = None
    """weighted collateral over weighted debt at which it may; null: never"""
    full_below: Annotated[NonNegative, unit("USD")] = 0.0
    """debt or collateral of a leg below which it may"""
    cooldown: Seconds = 0.0
    """after a partial call; calls in it close everything"""
    min_left: Annotated[NonNegative, unit("USD")] = 0.0
    """a call leaves nothing, or this much of both debt and collateral"""
    dust: Annotated[NonNegative, unit("USD")] = 1.0
    """a leg this small, or a remainder this small, is closed whole"""
    max_notional: Annotated[Positive, unit("USD")] | None = None
    """most that one call may take; null: no limit"""
    strict: bool = False
    """liquidation starts below the requirement; if not set, already at it"""
    target: Target = Target()
    throttle: Throttle | None = None
    window: Window | None = None
    auction: Auction | None = None
    """of collateral (bonus kind dutch) or of the portfolio (selection whole_portfolio)"""

    @model_validator(mode="after")
    def _portfolio(self) -> Sizing:
        whole = self.selection == "whole_portfolio"
        if whole and (self.auction is None or self.auction.curve != "two_speed"):
            raise ValueError("selection: whole_portfolio needs an auction with a two_speed curve")
        if (self.size == "restore_buffer") != whole:
            raise SluicegateError(
                "size: restore_buffer and selection: whole_portfolio go together",
                value=f"size: {self.size}, selection: {self.selection}",
                allowed="both, or neither",
                hint="size: restore_buffer"
                if whole
                else "selection: whole_portfolio with it, or another size: to_target",
            )
        return self


class Liquidation(Sizing):
    """P4 to P6: selection and size, price, taker."""

    bonus: Bonus = Bonus()
    insurance_fee: Fraction = 0.0
    """of the debt repaid (or, as the bonus, of what is seized), to the insurance fund"""
    perp_fee: Fraction = 0.0
    """discount at which a liquidator takes over a perpetual"""
    perp_insurance_fee: Fraction = 0.0
    """of the notional closed, to the insurance fund; the largest one if something limits it"""
    insurance_share: Fraction = 0.0
    """of what a perpetual's margin leaves after fee and shortage; 0: the whole fee always"""
    growth: Growth = Growth()
    perp_price: Literal["oracle", "book"] = "oracle"
    """taken over by a liquidator less a fee, or sold on the venue's book"""
    book: BookLimit = BookLimit()
    backstop: Fraction = 0.0
    """share of maintenance below which the venue's maker takes everything over; 0: never"""
    taker: Literal["flash", "initial_margin", "cash", "none"] = "flash"
    taker_profit: Positive | None = None
    """largest gain per USD repaid; null: no limit"""

    @model_validator(mode="after")
    def _priced(self) -> Liquidation:
        if self.bonus.kind == "dutch" and self.auction is None:
            raise ValueError("bonus.kind: dutch needs an auction")
        if self.bonus.of == "seized" and self.bonus.min + self.insurance_fee >= 1.0:
            raise ValueError("bonus and insurance_fee must leave some of what is seized")
        return self
