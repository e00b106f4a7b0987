"""The market of a run: assets, regimes, volatilities, correlations, jumps and pegs.

Rates and volatilities are annual on a year of 365 days unless the key says otherwise; arrays
with one entry per regime follow the order of ``regimes.names``.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from sim.world.schema.base import Finite, Fraction, NonNegative, Positive, Strict

MAX_REGIMES = 8
ROW_SUM_TOLERANCE = 1e-6  # per day; a fitted generator written with rounded digits passes
SYMMETRY_TOLERANCE = 1e-9

Price = Annotated[float, Field(gt=0.0, allow_inf_nan=False, description="start price, USD")]
Rates = tuple[NonNegative, ...]
Matrix = tuple[tuple[Finite, ...], ...]


class Peg(Strict):
    """A log-basis that returns to zero: noise and jumps against a steady pull."""

    reversion_per_day: NonNegative = Field(description="pull towards the peg, per day")
    volatility: Rates = Field(description="noise of the log-basis, annual, one per regime")
    jump_rate: Rates = Field(description="jumps of the log-basis per year, one per regime")
    jump_mean: Finite = Field(0.0, description="mean log size of a jump; negative is a depeg")
    jump_sd: NonNegative = Field(0.0, description="sd of the log size of a jump")


class RiskyAsset(Strict):
    """An asset whose price diffuses and jumps."""

    kind: Literal["risky"]
    price: Price


class StableAsset(Strict):
    """An asset pegged to a fixed price."""

    kind: Literal["stable"]
    price: Price = 1.0
    peg: Peg


class StakedAsset(Strict):
    """A wrapper: underlying x redemption rate x basis."""

    kind: Literal["staked"]
    underlying: str = Field(description="a risky or stable asset listed before this one")
    redemption: Positive = Field(description="units of underlying per unit, at the start")
    staking_yield: Finite = Field(
        0.0, alias="yield", description="growth of the redemption rate, continuous, per year"
    )
    peg: Peg


Asset = Annotated[RiskyAsset | StableAsset | StakedAsset, Field(discriminator="kind")]


class Regimes(Strict):
    """The hidden Markov chain that every asset follows."""

    names: tuple[str, ...] = Field(min_length=1, max_length=MAX_REGIMES)
    generator_per_day: Matrix = Field(
        description="transition rates per day; off-diagonal >= 0, rows sum to 0"
    )
    start: Literal["stationary"] | str | tuple[Fraction, ...] = Field(
        "stationary", description="'stationary', a regime name, or one probability per regime"
    )

    @model_validator(mode="after")
    def _check(self) -> "Regimes":
        _distinct("regimes.names", self.names)
        count = len(self.names)
        _square("regimes.generator_per_day", self.generator_per_day, count)
        for name, row in zip(self.names, enumerate(self.generator_per_day), strict=True):
            _check_generator_row(name, *row)
        if isinstance(self.start, str):
            _known("regimes.start", self.start, ("stationary", *self.names))
        else:
            _length("regimes.start", self.start, count, "regime")
            if abs(sum(self.start) - 1.0) > 1e-9:
                raise ValueError(f"regimes.start: probabilities sum to {sum(self.start)}, not 1")
        return self


class CommonJumps(Strict):
    """Events that hit every risky asset at once, with correlated sizes."""

    rate: Rates = Field(description="events per year, one per regime")
    mean: dict[str, Finite] = Field(description="mean log size by risky asset")
    sd: dict[str, NonNegative] = Field(description="sd of the log size by risky asset")
    correlation: Fraction = Field(description="correlation of the sizes of two assets in one event")


class OwnJumps(Strict):
    """Jumps of one asset alone."""

    rate: Rates = Field(description="jumps per year, one per regime")
    mean: Finite = Field(0.0, description="mean log size")
    sd: NonNegative = Field(description="sd of the log size")


class Jumps(Strict):
    """Common and own jumps; either may be left out."""

    common: CommonJumps | None = None
    own: dict[str, OwnJumps] = Field(default_factory=dict, description="by risky asset")


class Provenance(Strict):
    """Where the figures come from."""

    source: str | None = None
    sha256: str | None = None
    span: str | None = None
    n: int | None = None
    method: str | None = None
    version: str | None = None
    assumed: tuple[str, ...] = Field((), description="keys whose values are assumed, and why")


class MarketConfig(Strict):
    """Everything that determines the law of a price path."""

    assets: dict[str, Asset] = Field(
        min_length=1, description="by name; their order is the order of all arrays"
    )
    regimes: Regimes
    volatility: dict[str, tuple[Positive, ...]] = Field(
        default_factory=dict,
        description="diffusive volatility, annual, by risky asset, one per regime",
    )
    correlation: dict[str, Matrix] = Field(
        default_factory=dict,
        description="correlation of the diffusions, by regime, risky assets in order",
    )
    jumps: Jumps | None = None
    drift: dict[str, Finite] = Field(
        default_factory=dict, description="annual log-drift of the expected price; default 0"
    )
    max_correlation_repair: NonNegative = Field(
        0.1, description="Frobenius distance above which an indefinite correlation is refused"
    )
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
        _exactly("volatility", self.volatility, self.risky, "risky asset")
        for name, values in self.volatility.items():
            _length(f"volatility.{name}", values, len(regimes), "regime")
        if len(self.risky) > 0:
            _exactly("correlation", self.correlation, regimes, "regime")
        for name, matrix in self.correlation.items():
            _check_correlation(f"correlation.{name}", matrix, self.risky)
        for name in self.drift:
            _known("drift", name, self.risky)
        _check_jumps(self.jumps, self.risky, len(regimes))
        return self


def _check_underlyings(assets: Mapping[str, Asset]) -> None:
    seen: dict[str, Asset] = {}
    for name, asset in assets.items():
        if isinstance(asset, StakedAsset):
            key = f"assets.{name}.underlying"
            if asset.underlying in assets and asset.underlying not in seen:
                raise ValueError(f"{key}: {asset.underlying!r} must be listed before {name!r}")
            _known(key, asset.underlying, seen)
            if seen[asset.underlying].kind == "staked":
                raise ValueError(f"{key}: {asset.underlying!r} is itself staked; name its base")
        seen[name] = asset


def _check_pegs(assets: Mapping[str, Asset], regimes: int) -> None:
    for name, asset in assets.items():
        if not isinstance(asset, RiskyAsset):
            key = f"assets.{name}.peg"
            _length(f"{key}.volatility", asset.peg.volatility, regimes, "regime")
            _length(f"{key}.jump_rate", asset.peg.jump_rate, regimes, "regime")


def _check_jumps(jumps: Jumps | None, risky: tuple[str, ...], regimes: int) -> None:
    if jumps is None:
        return
    for name, own in jumps.own.items():
        _known("jumps.own", name, risky)
        _length(f"jumps.own.{name}.rate", own.rate, regimes, "regime")
    if jumps.common is not None:
        _length("jumps.common.rate", jumps.common.rate, regimes, "regime")
        _exactly("jumps.common.mean", jumps.common.mean, risky, "risky asset")
        _exactly("jumps.common.sd", jumps.common.sd, risky, "risky asset")


def _check_generator_row(name: str, index: int, row: tuple[float, ...]) -> None:
    key = f"regimes.generator_per_day[{index}] ({name})"
    for column, rate in enumerate(row):
        if column != index and rate < 0.0:
            raise ValueError(f"{key}: rate {rate} in column {column} is negative")
    if abs(sum(row)) > ROW_SUM_TOLERANCE:
        raise ValueError(
            f"{key}: sums to {sum(row):.9g}, must be 0 within {ROW_SUM_TOLERANCE} per day; "
            "the diagonal entry is minus the sum of the others"
        )


def _check_correlation(key: str, matrix: Matrix, names: tuple[str, ...]) -> None:
    _square(key, matrix, len(names))
    values = np.array(matrix)
    for i, j in np.ndindex(values.shape):
        pair = f"{key}[{i}][{j}] ({names[i]}, {names[j]})"
        if i == j and abs(values[i, i] - 1.0) > SYMMETRY_TOLERANCE:
            raise ValueError(f"{pair}: the diagonal must be 1, not {values[i, i]}")
        if abs(values[i, j]) > 1.0:
            raise ValueError(f"{pair}: {values[i, j]} is outside [-1, 1]")
        if abs(values[i, j] - values[j, i]) > SYMMETRY_TOLERANCE:
            raise ValueError(f"{pair}: {values[i, j]} differs from its mirror {values[j, i]}")


def _known(key: str, name: str, allowed: Iterable[str]) -> None:
    names = tuple(allowed)
    if name not in names:
        raise ValueError(f"{key}: unknown name {name!r}; one of {', '.join(names) or '(none)'}")


def _exactly(key: str, given: Mapping[str, object], names: tuple[str, ...], what: str) -> None:
    for name in given:
        _known(key, name, names)
    for name in names:
        if name not in given:
            raise ValueError(f"{key}: no entry for the {what} {name!r}")


def _distinct(key: str, names: tuple[str, ...]) -> None:
    if len(set(names)) < len(names):
        raise ValueError(f"{key}: names repeat in {', '.join(names)}")


def _length(key: str, values: tuple[object, ...], count: int, what: str) -> None:
    if len(values) != count:
        raise ValueError(f"{key}: has {len(values)} entries, must have {count}, one per {what}")


def _square(key: str, matrix: Matrix, count: int) -> None:
    if len(matrix) != count or any(len(row) != count for row in matrix):
        shape = f"{len(matrix)} rows of length {[len(row) for row in matrix]}"
        raise ValueError(f"{key}: has {shape}, must be {count} x {count}")
