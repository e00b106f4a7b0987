"""Books: small portfolios written down by hand, whose requirement is compared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.world.schema.base import Finite, Positive, Strict, unit

Amount = Annotated[Finite, unit("x notional")]


class BalanceLeg(Strict):
    """A deposit, or a loan."""

    kind: Literal["balance"]
    venue: str
    asset: str
    amount: Amount
    """USD of it as a multiple of the book's notional; negative: owed"""


class PerpetualLeg(Strict):
    """Contracts of a perpetual, entered at the present mark."""

    kind: Literal["perpetual"]
    venue: str
    asset: str
    amount: Amount | Literal["hedge"]
    """notional as a multiple of the book's; negative: short. ``hedge``: what brings the book's net
    delta on the asset to zero"""


class OptionLeg(Strict):
    """European options, bought or sold at their value."""

    kind: Literal["option"]
    venue: str
    asset: str
    right: Literal["call", "put"]
    strike: Positive = 1.0
    """as a multiple of the present price; it must be listed"""
    days: Annotated[Positive, unit("days")]
    """to expiry; it must be listed"""
    amount: Amount
    """notional of the underlying as a multiple of the book's; negative: sold"""


BookLeg = Annotated[BalanceLeg | PerpetualLeg | OptionLeg, Field(discriminator="kind")]


class BookConfig(Strict):
    """A book."""

    title: Annotated[str, Field(min_length=1)]
    """what it is, for people"""
    notional: Annotated[Positive, Field(le=1e12), unit("USD")] = 100_000.0
    """that amounts are multiples of; margins that grow with size see it"""
    legs: tuple[BookLeg, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_hedge_each(self) -> BookConfig:
        hedged = [leg.asset for leg in self.legs if leg.amount == "hedge"]
        if len(set(hedged)) < len(hedged):
            raise ValueError("legs: one perpetual at most can hedge an asset")
        return self
