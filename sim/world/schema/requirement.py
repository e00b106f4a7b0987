"""P2 and P3: how much of a leg counts, at which level."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from sim.errors import SluicegateError
from sim.world.schema.base import AtLeastOne, Fraction, NonNegative, Strict, unit
from sim.world.schema.checks import maintenance_above_initial


class AssetWeight(Strict):
    """Share of a deposit's value that counts as collateral."""

    initial: Fraction
    maintenance: Fraction
    initial_scale: Fraction = 1.0
    """multiplies the initial weight, where a venue states it as a share of the other one"""

    @model_validator(mode="after")
    def _ordered(self) -> AssetWeight:
        if self.initial > self.maintenance:
            raise SluicegateError(
                f"asset weight: initial {self.initial} exceeds maintenance {self.maintenance}; "
                "opening must not be easier than staying open",
                value=self.initial,
                allowed=f"initial of at most maintenance = {self.maintenance:g}",
                hint="a lower initial weight, or a higher maintenance weight",
            )
        return self


class LiabilityWeight(Strict):
    """Multiple of a loan's value that must be covered."""

    initial: AtLeastOne = 1.0
    maintenance: AtLeastOne = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> LiabilityWeight:
        if self.maintenance > self.initial:
            raise maintenance_above_initial("liability weight: ", self.maintenance, self.initial)
        return self


class EmodeWeights(Strict):
    """Weights that replace the listing's for accounts in an efficiency mode."""

    asset_weight: AssetWeight | None = None
    liability_weight: LiabilityWeight | None = None


class Tier(Strict):
    """A bracket of notional."""

    above: Annotated[NonNegative, unit("USD")]
    """notional from which the bracket holds"""
    max_leverage: AtLeastOne | None = None
    """initial ratio is one over it, maintenance half of that"""
    initial: Fraction | None = None
    maintenance: Fraction | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Tier:
        given = (self.initial is None, self.maintenance is None, self.max_leverage is not None)
        if given not in ((False, False, False), (True, True, True)):
            raise ValueError("tier: give either max_leverage, or initial and maintenance")
        return self

    def at(self, level: str) -> float:
        """Requirement per USD inside the bracket."""
        if self.max_leverage is None:
            return float(getattr(self, level))
        return 1.0 / self.max_leverage if level == "initial" else 0.5 / self.max_leverage


class LevelPair(Strict):
    """A value for opening and one for staying open."""

    initial: NonNegative
    maintenance: NonNegative

    @model_validator(mode="after")
    def _ordered(self) -> LevelPair:
        if self.maintenance > self.initial:
            raise maintenance_above_initial("", self.maintenance, self.initial)
        return self


class Band(Strict):
    """Open interest between whose bounds the initial ratio climbs to one."""

    lower: Annotated[NonNegative, unit("USD")]
    upper: Annotated[NonNegative, unit("USD")]

    @model_validator(mode="after")
    def _ordered(self) -> Band:
        if self.upper < self.lower:
            raise ValueError(f"open interest: upper {self.upper} is below lower {self.lower}")
        return self


class SkewRatio(Strict):
    """Initial ratio = contracts / skew scale x factor + minimum; maintenance is a share of it."""

    factor: NonNegative
    minimum: Fraction
    maintenance_share: Fraction


class MarginRatio(Strict):
    """Requirement per unit of notional, and how it scales.

    Either two ratios (which may grow with contracts held or with open interest), or tiers, or a
    ratio that follows the position's part of the skew scale.
    """

    initial: Fraction | None = None
    maintenance: Fraction | None = None
    tiers: Annotated[tuple[Tier, ...], Field(max_length=12)] = ()
    """brackets of notional; the requirement is continuous between them"""
    size_slope: Annotated[LevelPair | None, unit("1/contracts")] = None
    """growth of the ratios per contract held"""
    open_interest: Band | None = None
    skew: SkewRatio | None = None
    least: Annotated[NonNegative, unit("USD")] = 0.0
    """smallest requirement of a position"""
    floor: Annotated[NonNegative, unit("USD")] = 0.0
    """requirement of every position on top of its ratio"""
    rounding: Annotated[NonNegative, unit("USD")] = 0.0
    """requirements are rounded up to whole ones; 0: not rounded"""

    @model_validator(mode="after")
    def _one_kind(self) -> MarginRatio:
        flat = self.initial is not None and self.maintenance is not None
        if (self.initial is None) != (self.maintenance is None) or (
            flat + bool(self.tiers) + (self.skew is not None) != 1
        ):
            raise ValueError("margin ratio: give initial and maintenance, or tiers, or skew")
        scaled = self.size_slope is not None, self.open_interest is not None
        if sum(scaled) > 1 or (any(scaled) and not flat):
            raise ValueError(
                "margin ratio: size_slope or open_interest, with initial and maintenance"
            )
        if flat and self.at("maintenance") > self.at("initial"):
            raise maintenance_above_initial(
                "margin ratio: ", self.at("maintenance"), self.at("initial")
            )
        return self

    @model_validator(mode="after")
    def _tiers_ascend(self) -> MarginRatio:
        if self.tiers and self.tiers[0].above != 0.0:
            raise SluicegateError(
                "tiers: the first starts at 0",
                where="tiers.0.above",
                value=self.tiers[0].above,
                allowed="0",
            )
        for number, (small, large) in enumerate(pairwise(self.tiers), start=1):
            if large.above <= small.above:
                raise SluicegateError(
                    f"tiers cross: number {number} starts at {small.above:g}, "
                    f"the next at {large.above:g}; they must ascend",
                    where=f"tiers.{number}.above",
                    value=large.above,
                    allowed=f"more than {small.above:g}",
                    hint="list tiers by `above`, each value once",
                )
            for level in ("initial", "maintenance"):
                if large.at(level) < small.at(level):
                    raise SluicegateError(
                        f"tiers: the {level} ratio falls from {small.at(level):g} to "
                        f"{large.at(level):g} at {large.above:g}; larger must not be safer",
                        where=f"tiers.{number}",
                        value=large.at(level),
                        allowed=f"at least {small.at(level):g}",
                        hint="a higher ratio there, or a lower one in the tier before",
                    )
        return self

    def at(self, level: str) -> float:
        """Ratio of a small position at ``initial`` or ``maintenance``."""
        if self.tiers:
            return self.tiers[0].at(level)
        if self.skew is not None:
            share = 1.0 if level == "initial" else self.skew.maintenance_share
            return self.skew.minimum * share
        return float(getattr(self, level))


class Gains(Strict):
    """How much of a venue's unrealised gains counts as collateral; losses count in full."""

    initial: Fraction = 1.0
    maintenance: Fraction = 1.0
    size_penalty: Annotated[NonNegative, unit("1/sqrt(USD)")] = 0.0
    """how fast the initial weight falls with the gain"""
    cap: Annotated[NonNegative, unit("USD")] | None = None
    """most that counts for opening; null: no limit"""

    @model_validator(mode="after")
    def _ordered(self) -> Gains:
        if self.initial > self.maintenance:
            raise ValueError(
                f"gains: initial {self.initial} exceeds maintenance {self.maintenance}"
            )
        return self
