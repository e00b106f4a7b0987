"""The market of a run: assets, regimes, volatilities, correlations, jumps and pegs.

Rates and volatilities are annual, on a year of 365 days, unless the key says otherwise; lists
with one entry per regime follow the order of ``regimes.names``.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from sim.errors import SluicegateError
from sim.world.schema.base import Finite, Fraction, NonNegative, Positive, Strict, unit
from sim.world.schema.checks import (
    check_distinct,
    check_exactly,
    check_known,
    check_length,
    check_square,
)

MAX_REGIMES = 8
ROW_SUM_TOLERANCE = 1e-6  # per day: a fitted generator written with rounded digits passes
SYMMETRY_TOLERANCE = 1e-9

PerYear = Annotated[NonNegative, unit("per year")]
Volatility = Annotated[NonNegative, unit("annual")]
LogSize = Annotated[Finite, unit("log price")]
LogSpread = Annotated[NonNegative, unit("log price")]
Price = Annotated[Positive, unit("USD")]
Matrix = tuple[tuple[Finite, ...], ...]


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


class Regimes(Strict):
    """The hidden Markov chain that every asset follows."""

    names: tuple[str, ...] = Field(min_length=1, max_length=MAX_REGIMES)
    generator_per_day: Annotated[Matrix, unit("per day")]
    """Transition rates; off the diagonal not negative, every row sums to 0."""
    start: str | tuple[Fraction, ...] = "stationary"
    """Law of the first regime: ``stationary``, a regime's name, or one probability per regime."""

    @model_validator(mode="after")
    def _check(self) -> "Regimes":
        count = len(self.names)
        check_distinct("regimes.names", self.names)
        check_square("regimes.generator_per_day", self.generator_per_day, count, "regime")
        for index, row in enumerate(self.generator_per_day):
            _check_generator_row(self.names[index], index, row)
        if isinstance(self.start, str):
            check_known("regimes.start", self.start, ("stationary", *self.names))
        else:
            check_length("regimes.start", self.start, count, "regime")
            if abs(sum(self.start) - 1.0) > SYMMETRY_TOLERANCE:
                raise SluicegateError(
                    "probabilities do not sum to 1",
                    where="regimes.start",
                    value=list(self.start),
                    allowed=f"a sum of 1 within {SYMMETRY_TOLERANCE:g}",
                )
        return self


class CommonJumps(Strict):
    """Events that hit every risky asset at once, with correlated sizes."""

    rate: tuple[PerYear, ...]
    """Events, one rate per regime."""
    mean: dict[str, LogSize]
    """Mean log size, by risky asset."""
    sd: dict[str, LogSpread]
    """Standard deviation of the log size, by risky asset."""
    correlation: Fraction
    """Correlation of the sizes of any two assets in one event."""


class OwnJumps(Strict):
    """Jumps of one asset alone."""

    rate: tuple[PerYear, ...]
    """Jumps, one rate per regime."""
    mean: LogSize = 0.0
    """Mean log size."""
    sd: LogSpread
    """Standard deviation of the log size."""


class Jumps(Strict):
    """Common and own jumps; either may be left out."""

    common: CommonJumps | None = None
    own: dict[str, OwnJumps] = Field(default_factory=dict)
    """By risky asset; an asset that is left out has none."""


class Provenance(Strict):
    """Where the figures come from."""

    source: str | None = None
    sha256: str | None = None
    span: str | None = None
    n: int | None = None
    method: str | None = None
    version: str | None = None
    assumed: tuple[str, ...] = ()
    """Keys whose values are assumed rather than fitted or published."""


class MarketConfig(Strict):
    """Everything that determines the law of a price path."""

    assets: dict[str, Asset] = Field(min_length=1)
    """By name; their order is the order of all arrays."""
    regimes: Regimes
    volatility: dict[str, tuple[Annotated[Positive, unit("annual")], ...]] = Field(
        default_factory=dict
    )
    """Volatility of the diffusion, without jumps: by risky asset, one per regime."""
    correlation: dict[str, Matrix] = Field(default_factory=dict)
    """Correlation of the diffusions: by regime, risky assets in order."""
    jumps: Jumps | None = None
    drift: dict[str, Annotated[Finite, unit("per year")]] = Field(default_factory=dict)
    """Log growth of the expected price, by risky asset; 0 (a martingale) where left out."""
    max_correlation_repair: NonNegative = 0.1
    """Frobenius distance above which an indefinite correlation matrix is refused."""
    provenance: Provenance | None = None

    @property
    def risky(self) -> tuple[str, ...]:
        """Names of the risky assets, in order."""
        return tuple(name for name, asset in self.assets.items() if asset.kind == "risky")

    @model_validator(mode="after")
    def _check(self) -> "MarketConfig":
        regimes = self.regimes.names
        _check_underlyings(self.assets)
        _check_pegs(self.assets, len(regimes))
        check_exactly("volatility", self.volatility, self.risky, "risky asset")
        for name, values in self.volatility.items():
            check_length(f"volatility.{name}", values, len(regimes), "regime")
        check_exactly("correlation", self.correlation, regimes if self.risky else (), "regime")
        for name, matrix in self.correlation.items():
            _check_correlation(f"correlation.{name}", matrix, self.risky)
        for name in self.drift:
            check_known("drift", name, self.risky)
        _check_jumps(self.jumps, self.risky, len(regimes))
        return self


def _check_underlyings(assets: Mapping[str, Asset]) -> None:
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


def _check_pegs(assets: Mapping[str, Asset], regimes: int) -> None:
    for name, asset in assets.items():
        if not isinstance(asset, RiskyAsset):
            key = f"assets.{name}.peg"
            check_length(f"{key}.volatility", asset.peg.volatility, regimes, "regime")
            check_length(f"{key}.jump_rate", asset.peg.jump_rate, regimes, "regime")


def _check_jumps(jumps: Jumps | None, risky: tuple[str, ...], regimes: int) -> None:
    if jumps is None:
        return
    for name, own in jumps.own.items():
        check_known("jumps.own", name, risky)
        check_length(f"jumps.own.{name}.rate", own.rate, regimes, "regime")
    if jumps.common is not None:
        check_length("jumps.common.rate", jumps.common.rate, regimes, "regime")
        check_exactly("jumps.common.mean", jumps.common.mean, risky, "risky asset")
        check_exactly("jumps.common.sd", jumps.common.sd, risky, "risky asset")


def _check_generator_row(name: str, index: int, row: tuple[float, ...]) -> None:
    key = f"regimes.generator_per_day[{index}] ({name})"
    if any(rate < 0.0 for column, rate in enumerate(row) if column != index):
        raise SluicegateError(
            "a rate off the diagonal is negative", where=key, value=list(row), allowed=">= 0"
        )
    if abs(sum(row)) > ROW_SUM_TOLERANCE:
        raise SluicegateError(
            f"the row sums to {sum(row):.9g}",
            where=key,
            value=list(row),
            allowed=f"a sum of 0 within {ROW_SUM_TOLERANCE:g} per day",
            hint=f"{sum(row[:index]) + sum(row[index + 1 :]):.9g} negated on the diagonal",
        )


def _check_correlation(key: str, matrix: Matrix, names: tuple[str, ...]) -> None:
    check_square(key, matrix, len(names), "risky asset")
    values = np.array(matrix)
    for i, j in np.ndindex(values.shape):
        value, mirror, what = values[i, j], values[j, i], None
        if i == j and abs(value - 1.0) > SYMMETRY_TOLERANCE:
            what, allowed = "the diagonal is not 1", "1"
        elif abs(value) > 1.0 + SYMMETRY_TOLERANCE:
            what, allowed = "a correlation is beyond 1", "-1 to 1"
        elif abs(value - mirror) > SYMMETRY_TOLERANCE:
            what, allowed = "the matrix is not symmetric", f"{float(mirror)!r}, as its mirror"
        if what is not None:
            where = f"{key}[{i}][{j}] ({names[i]}, {names[j]})"
            raise SluicegateError(what, where=where, value=float(value), allowed=allowed)
