"""The assets of a market: risky, stable and staked, and how far the last two stray from par."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from sim.errors import SluicegateError
from sim.world.schema.base import Finite, NonNegative, Positive, Strict, unit
from sim.world.schema.checks import check_known, check_length

PerYear = Annotated[NonNegative, unit("per year")]
Volatility = Annotated[NonNegative, unit("annual")]
LogSize = Annotated[Finite, unit("log price"), Field(ge=-10.0, le=10.0)]
LogSpread = Annotated[NonNegative, unit("log price"), Field(le=3.0)]
Price = Annotated[Positive, unit("USD per token"), Field(ge=1e-12, le=1e12)]


class Peg(Strict):
    """A log-basis that returns to zero: noise and jumps against a steady pull."""

    reversion_per_day: Annotated[NonNegative, unit("per day")]
    """Pull towards the peg: the basis decays as exp(-reversion t)."""
    volatility: tuple[Volatility, ...]
    """Noise of the log-basis, one per regime."""
    jump_rate: tuple[PerYear, ...]
    """Jumps of the log-basis, one per regime."""
    jump_mean: LogSize = 0.0
    """Mean log size of a jump; negative is a depeg."""
    jump_sd: LogSpread = 0.0
    """Standard deviation of the log size of a jump."""


class RiskyAsset(Strict):
    """An asset whose price diffuses and jumps."""

    kind: Literal["risky"]
    price: Price
    """Price at the start."""


class StableAsset(Strict):
    """An asset pegged to a fixed price."""

    kind: Literal["stable"]
    price: Price = 1.0
    """Price at the peg, which is where it starts."""
    peg: Peg


class StakedAsset(Strict):
    """A wrapper: underlying x redemption rate x basis."""

    kind: Literal["staked"]
    underlying: str
    """A risky or stable asset that is listed before this one."""
    redemption: Positive
    """Units of the underlying per unit, at the start."""
    staking_yield: Annotated[Finite, unit("per year")] = Field(0.0, alias="yield")
    """Growth of the redemption rate, continuously compounded."""
    peg: Peg


Asset = Annotated[RiskyAsset | StableAsset | StakedAsset, Field(discriminator="kind")]


def check_underlyings(assets: Mapping[str, Asset]) -> None:
    """Refuse a wrapper whose underlying is unknown, itself staked or listed after it."""
    names = list(assets)
    for name, asset in assets.items():
        if isinstance(asset, StakedAsset):
            key, base = f"assets.{name}.underlying", asset.underlying
            allowed = [n for n in names[: names.index(name)] if assets[n].kind != "staked"]
            if base in assets and base not in allowed:
                why = "is itself staked" if assets[base].kind == "staked" else "is listed later"
                raise SluicegateError(
                    f"{base!r} {why}", where=key, value=base, allowed=", ".join(allowed) or "(none)"
                )
            check_known(key, base, allowed)


def check_pegs(assets: Mapping[str, Asset], regimes: int) -> None:
    """Refuse a peg without one value per regime."""
    for name, asset in assets.items():
        if not isinstance(asset, RiskyAsset):
            key = f"assets.{name}.peg"
            check_length(f"{key}.volatility", asset.peg.volatility, regimes, "regime")
            check_length(f"{key}.jump_rate", asset.peg.jump_rate, regimes, "regime")
