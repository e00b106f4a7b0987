"""What `sluicegate calibrate` accepts, and how its ``key=value`` words are read."""

from datetime import UTC, date, datetime, time
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from sim.errors import SluicegateError
from sim.world.schema.base import Count, Finite, Fraction, Natural, NonNegative, Positive, Strict
from sim.world.schema.explain import validated
from sim.world.words import read_words


class PeggedAsset(Strict):
    """A pegged asset to be added, and the price file's asset that stands in for it."""

    kind: Literal["stable", "staked"]
    """`stable`: a fixed price times a basis; `staked`: an underlying times rate times basis."""
    proxy: str
    """asset of the `pegs` file whose basis is measured"""
    proxy_underlying: str | None = None
    """staked only: asset of `data` that the proxy wraps"""
    underlying: str | None = None
    """staked only: risky asset of the market that this asset wraps"""
    redemption: Positive = 1.0
    """staked only, assumed: units of underlying per unit"""
    staking_yield: Finite = Field(0.0, alias="yield")
    """staked only, assumed: continuous growth of the redemption rate per year"""
    depegs_per_year: NonNegative
    """assumed: how often the basis jumps, over all regimes; placed in the last regime"""
    depeg_mean: float | None = Field(None, lt=0.0)
    """assumed: mean log size of a depeg; left out, the proxy's deepest basis is taken"""
    depeg_spread: Fraction = 0.5
    """assumed: standard deviation of a depeg's log size as a share of its mean"""
    why: str
    """where the assumed values come from, with a date; copied into the provenance"""

    @model_validator(mode="after")
    def _whole(self) -> "PeggedAsset":
        if self.kind == "staked" and not (self.underlying and self.proxy_underlying):
            raise ValueError("a staked asset needs `underlying` and `proxy_underlying`")
        return self


USDC = PeggedAsset(
    kind="stable",
    proxy="USDC",
    depegs_per_year=0.2,
    why="one depeg beyond 5 % (2023-03-11) in the about five years USDC traded until then; "
    "that it falls in the last regime and the spread of its size are assumed",
)
JITOSOL = PeggedAsset.model_validate(
    {
        "kind": "staked",
        "underlying": "SOL",
        "proxy": "WBETH",
        "proxy_underlying": "ETH",
        "redemption": 1.2,
        "yield": 0.07,
        "depegs_per_year": 0.5,
        "depeg_mean": -0.06,
        "why": "its basis is taken to behave as WBETH's did; redemption 1.2 and yield 7 % are "
        "round figures for 2025; a depeg is sized as the 5 to 7 % discount of stETH of "
        "2022-06-13 (reported, low confidence), its frequency and spread are assumed",
    }
)


class Span(Strict):
    """What is taken out of a price file."""

    start: str | None = None
    """first day or UTC time used; left out, as early as all assets have bars"""
    end: str | None = None
    """last day or UTC time used; left out, as late as all assets have bars"""
    max_gap_share: Fraction = 0.02
    """refuse a file in which more than this share of an asset's bars is missing"""

    @field_validator("start", "end", mode="before")
    @classmethod
    def _moment(cls, value: object, info: ValidationInfo) -> object:
        """Read a time, UTC where no zone is given; a day as `end` includes the whole day."""
        if value is None:
            return None
        text = value.isoformat() if isinstance(value, date) else str(value)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is no ISO date or time, e.g. 2021-04-05") from None
        if info.field_name == "end" and len(text) == len("2021-04-05"):
            moment = datetime.combine(moment, time.max)
        whole = moment.replace(tzinfo=moment.tzinfo or UTC)
        return whole.astimezone(UTC).isoformat()


class CalibrateConfig(Span):
    """Settings of a calibration; every key is an everyday key of the command line."""

    data: str
    """price file: CSV, CSV.gz or Parquet with timestamp, asset, venue, open, high, low, close"""
    assets: tuple[str, ...] = Field(("BTC", "ETH", "SOL", "LINK", "AVAX"), min_length=1)
    """risky assets, in the order of the market's arrays"""
    regimes: Count = Field(3, le=8)
    """number of hidden regimes"""
    jumps: bool = True
    """whether common and own jumps are fitted"""
    jump_share: Fraction = 0.0625
    """at most this share of a regime's bars may hold a jump of any one kind"""
    restarts: Count = Field(3, le=50)
    """starting points of the fit, of which the likeliest is refined"""
    seed: Natural = 1
    """of the starting points, the bootstrap and the simulated check"""
    checks: Natural = 20
    """simulated paths, each as long as the data, behind the quality table; 0 leaves it out"""
    out: str = "market.yaml"
    """file to write; `NAME.quality.csv` and `NAME.quality.svg` are written beside it"""
    pegs: str | None = None
    """price file with the proxies of the pegged assets; left out, none are added"""
    pegged: dict[str, PeggedAsset] = Field(default={"USDC": USDC, "JITOSOL": JITOSOL})
    """pegged assets to add when `pegs` is given"""

    @field_validator("assets")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"assets repeat in {', '.join(value)}")
        return value

    @model_validator(mode="after")
    def _underlyings(self) -> "CalibrateConfig":
        for name, asset in self.pegged.items() if self.pegs is not None else ():
            if name in self.assets:
                raise SluicegateError(
                    "is a risky asset already",
                    where=f"pegged.{name}",
                    hint=f"take {name} out of assets, or give the pegged asset another name",
                )
            if asset.underlying is not None and asset.underlying not in self.assets:
                raise SluicegateError(
                    "the underlying is not among the assets",
                    where=f"pegged.{name}.underlying",
                    value=asset.underlying,
                    allowed=", ".join(self.assets),
                    hint=f"pegged.{name}=null to leave this asset out",
                )
        return self


def parse(words: list[str]) -> CalibrateConfig:
    """Read ``key=value`` words into validated settings.

    Parameters
    ----------
    words : list of str
        e.g. ``["data=prices.csv", "assets=[BTC,ETH]", "pegged.USDC.depegs_per_year=1"]``.

    Raises
    ------
    SluicegateError
        For a word that is no ``key=value``, an unknown key, or a value out of range.
    """
    given = read_words(words, "calibrate", "assets=[BTC,ETH]")
    if "data" not in given:
        raise SluicegateError("no price file given", where="calibrate", hint="data=prices.parquet")
    _complete_pegged(given)
    return validated(CalibrateConfig, given, "calibrate")


def _complete_pegged(given: dict[str, Any]) -> None:
    """Lay what is given over the defaults: one value may change, and `NAME=null` drops one."""
    defaults = CalibrateConfig.model_fields["pegged"].default
    changes = given.get("pegged")
    if isinstance(changes, dict):
        base = {name: asset.model_dump(by_alias=True) for name, asset in defaults.items()}
        for name, change in changes.items():
            if isinstance(change, dict):
                changes[name] = base.get(name, {}) | change
        whole = base | changes
        given["pegged"] = {name: asset for name, asset in whole.items() if asset is not None}
