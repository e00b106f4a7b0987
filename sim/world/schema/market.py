"""The market of a run: assets, regimes, volatilities, correlations, jumps and pegs.

Rates and volatilities are annual, on a year of 365 days, unless the key says otherwise; lists
with one entry per regime follow the order of ``regimes.names``.
"""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from sim.errors import SluicegateError
from sim.world.schema.assets import (
    Asset,
    LogSize,
    LogSpread,
    PerYear,
    RiskyAsset,
    StableAsset,
    StakedAsset,
    check_pegs,
    check_underlyings,
)
from sim.world.schema.base import Finite, Fraction, NonNegative, Positive, Strict, unit
from sim.world.schema.checks import (
    check_distinct,
    check_exactly,
    check_known,
    check_length,
    check_square,
)

__all__ = ["MarketConfig", "Regimes", "RiskyAsset", "StableAsset", "StakedAsset"]

MAX_REGIMES = 8
ROW_SUM_TOLERANCE = 1e-6  # per day: a fitted generator written with rounded digits passes
SYMMETRY_TOLERANCE = 1e-9

Matrix = tuple[tuple[Finite, ...], ...]


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
        check_distinct("names", self.names)
        check_square("generator_per_day", self.generator_per_day, count, "regime")
        for index, row in enumerate(self.generator_per_day):
            _check_generator_row(self.names[index], index, row)
        if isinstance(self.start, str):
            check_known("start", self.start, ("stationary", *self.names))
        else:
            check_length("start", self.start, count, "regime")
            if abs(sum(self.start) - 1.0) > SYMMETRY_TOLERANCE:
                raise SluicegateError(
                    "probabilities do not sum to 1",
                    where="start",
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
        check_underlyings(self.assets)
        check_pegs(self.assets, len(regimes))
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
    key = f"generator_per_day[{index}] ({name})"
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
