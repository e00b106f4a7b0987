"""P2, term V, and what else margin engines make of the volatility that they have filtered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.errors import SluicegateError
from sim.world.schema.base import AtLeastOne, Finite, Fraction, Positive, Strict, unit

Between = Annotated[Finite, Field(gt=0.0, lt=1.0)]


class SampleHistory(Strict):
    """Returns of a price file, from which engines that measure tails by samples take them.

    The file is one that ``sluicegate calibrate`` reads. The latest whole periods of the tail's
    horizon are taken, as many as it asks samples.
    """

    data: Annotated[str, Field(min_length=1)]
    """CSV, CSV.gz or Parquet with timestamp, asset, venue, open, high, low, close, volume"""
    assets: dict[str, str | None] = {}
    """name in the file of an asset of the market, where it is another; null: it stands still"""
    start: str | None = None
    """first time taken, UTC where no zone is given"""
    end: str | None = None
    max_gap_share: Fraction = 0.05
    """largest share of an asset's bars that may be missing"""
    sha256: str | None = None
    """of the file; a run writes it, and one that is given must agree"""


class Beliefs(Strict):
    """How margin engines filter prices; one filter serves all venues and the hub.

    Engines start every path from the market's long-run covariance.
    """

    every: Annotated[Positive, unit("seconds")] = 300.0
    """time between observations; where it is not given, at least a step"""
    half_life: Annotated[Positive, unit("seconds")] = 21600.0
    """in which an observation loses half of its weight in the variances"""
    correlation_half_life: Annotated[Positive, unit("seconds")] = 604800.0
    """the same for correlations"""
    correlation_lag: Annotated[int, Field(ge=0, le=1000)] = 0
    """observations by which believed correlations are late"""
    history: SampleHistory | None = None
    """price file that samples are taken from; null: they are drawn from the market's law"""


class Tail(Strict):
    """P2, term V: the tail of a book's return over a horizon."""

    method: Literal["covariance", "samples"] = "covariance"
    """the largest loss within so many deviations under the believed covariance (delta and gamma),
    or sampled joint returns of the market scaled to the believed volatilities, with every option
    valued again in each (filtered historical simulation)"""
    measure: Literal["var", "es"] = "es"
    level: Between = 0.99
    horizon: Annotated[Positive, unit("seconds")] = 86400.0
    freedom: Annotated[Finite, Field(gt=2.0)] | None = None
    """degrees of freedom of Student's t; null: normal. With ``covariance`` only"""
    samples: Annotated[int, Field(ge=50, le=2000)] = 500
    """with ``samples``: how many joint returns are drawn from the market's law, or taken from
    ``beliefs.history``"""

    vol_of_vol: Annotated[Finite, Field(ge=0.0, le=5.0), unit("per sqrt(year)")] = 0.0
    """deviation of an implied volatility's logarithm beside what its surface's spot_beta explains;
    underlyings' volatilities move independently"""

    @model_validator(mode="after")
    def _enough(self) -> Tail:
        if self.method == "samples" and (1.0 - self.level) * self.samples < 1.0:
            raise SluicegateError(
                "no sample lies in the tail",
                where="samples",
                value=self.samples,
                allowed=f"at least {1.0 / (1.0 - self.level):.0f} at level {self.level:g}",
            )
        if self.method == "samples" and self.freedom is not None:
            raise SluicegateError(
                "samples have tails of their own",
                where="freedom",
                value=self.freedom,
                hint="leave it out, or method: covariance",
            )
        return self


class VolatilityResponse(Strict):
    """Requirements that follow volatility: (believed / long-run volatility) ^ gain, bounded.

    The last four are the tools against procyclicality of Commission Delegated Regulation (EU)
    153/2013, Article 28, in the order stressed weight, floor, buffer.
    """

    gain: Annotated[Finite, Field(ge=0.0, le=10.0)] = 0.0
    """0 switches it off"""
    lowest: Annotated[Positive, Field(le=1.0)] = 1.0
    """smallest multiple: 1 never asks for less than the stated requirement"""
    highest: Annotated[AtLeastOne, Field(le=100.0)] = 3.0
    stress_weight: Fraction = 0.0
    """weight on the requirement of a stressed period"""
    stress: Annotated[AtLeastOne, Field(le=100.0)] = 1.0
    """that requirement, as a multiple of the one under long-run volatility"""
    floor: Fraction = 0.0
    """least requirement, as a share of the one under long-run volatility"""
    buffer: Fraction = 0.0
    """share on top in calm, used up while the requirement rises"""

    @model_validator(mode="after")
    def _calms_something(self) -> VolatilityResponse:
        tools = {name: getattr(self, name) for name in ("stress_weight", "floor", "buffer")}
        given = [name for name, value in tools.items() if value > 0.0]
        if given and self.gain == 0.0:
            raise SluicegateError(
                "requirements that do not follow volatility need nothing against procyclicality",
                where=given[0],
                value=tools[given[0]],
                hint="gain: 1, or leave it out",
            )
        if self.stress_weight > 0.0 and self.stress == 1.0:
            raise SluicegateError(
                "a weight on a stressed period, and nothing says what was asked for then",
                where="stress",
                value=self.stress,
                allowed="a multiple above 1",
            )
        return self


class Predictive(Strict):
    """Early liquidation: insolvency of a whole book before a liquidation is done is too likely."""

    probability: Annotated[Finite, Field(gt=0.0, lt=0.5)]
    """of insolvency within the delay, above which an account is called"""
    delay: Annotated[Positive, unit("seconds")]
    """time that a liquidation takes"""


class Halt(Strict):
    """Circuit breaker: trading in contracts and liquidations stop, and re-open."""

    move: Annotated[Fraction, Field(gt=0.0)]
    """relative move of a price within the window that halts the venue"""
    window: Annotated[Positive, unit("seconds")]
    seconds: Annotated[Positive, unit("seconds")]
    """how long it stands still"""
