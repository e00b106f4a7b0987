"""P2 and P3: how much of a leg counts, at which level."""

from __future__ import annotations

from pydantic import model_validator

from sim.world.schema.base import AtLeastOne, Fraction, Strict


class AssetWeight(Strict):
    """Share of a deposit's value that counts as collateral."""

    initial: Fraction
    maintenance: Fraction
    initial_scale: Fraction = 1.0
    """multiplies the initial weight, where a venue states it as a share of the other one"""

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


class EmodeWeights(Strict):
    """Weights that replace the listing's for accounts in an efficiency mode."""

    asset_weight: AssetWeight | None = None
    liability_weight: LiabilityWeight | None = None


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
