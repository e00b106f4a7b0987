"""A venue: what it lists, how it margins, how it liquidates, who bears the loss.

Every number is a parameter of one of the eight primitives; ``provenance`` says where it comes from
and which ones are assumed.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.world.schema.accrual import Funding
from sim.world.schema.base import NonNegative, Strict, unit
from sim.world.schema.beliefs import Halt, Predictive, Tail, VolatilityResponse
from sim.world.schema.liquidation import Liquidation
from sim.world.schema.listing import Listing, Maker, Perpetual
from sim.world.schema.options import Contingency, Grid, OptionListing, OptionMargin
from sim.world.schema.oracle import Oracle
from sim.world.schema.provenance import Provenance
from sim.world.schema.requirement import EmodeWeights, Gains
from sim.world.schema.waterfall import Waterfall


class VenueConfig(Strict):
    """One venue."""

    provenance: Provenance
    assets: dict[str, Listing] = Field(min_length=1)
    emodes: dict[str, dict[str, EmodeWeights]] = {}
    perpetuals: dict[str, Perpetual] = {}
    gains: Gains = Gains()
    options: dict[str, OptionListing] = {}
    engine: Literal["sum_of_legs", "scenario_grid", "tail_risk"] = "sum_of_legs"
    """P2: requirements added leg by leg, the worst loss over ``grid``, or ``tail`` of the book"""
    option_margin: OptionMargin | None = None
    """term O: what option books need where legs are added up"""
    grid: Grid | None = None
    """term G: what the scenario engine tries"""
    tail: Tail | None = None
    """term V: which tail of the book's return"""
    volatility: VolatilityResponse = VolatilityResponse()
    """how requirements of single legs follow volatility"""
    predictive: Predictive | None = None
    """liquidation before maintenance is reached"""
    halt: Halt | None = None
    """circuit breaker"""
    contingency: Contingency = Contingency()
    """term K: what is added to either"""
    funding: Funding = Funding()
    maker: Maker = Maker(capital=0.0)
    oracle: Oracle = Oracle()
    liquidation: Liquidation = Liquidation()
    insurance: Annotated[NonNegative, unit("USD")] = 0.0
    """size of the venue's insurance fund, in settlement tokens outside the venue"""
    waterfall: Waterfall = Waterfall()
    utilisation: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.7
    """loans over deposits that pool suppliers bring each pool to at the start"""

    @model_validator(mode="after")
    def _known_assets(self) -> VenueConfig:
        for emode, weights in self.emodes.items():
            for name in weights:
                if name not in self.assets:
                    raise ValueError(
                        f"emodes.{emode}: {name!r} is not listed; "
                        f"listed are {', '.join(self.assets)}"
                    )
        return self

    @model_validator(mode="after")
    def _skew_scales(self) -> VenueConfig:
        bare = [name for name, perp in self.perpetuals.items() if perp.skew_scale is None]
        if self.funding.kind == "velocity" and bare:
            raise ValueError(f"velocity funding needs a skew_scale for {', '.join(bare)}")
        return self

    @model_validator(mode="after")
    def _margined_options(self) -> VenueConfig:
        if self.engine == "scenario_grid" and self.grid is None:
            raise ValueError("engine: scenario_grid needs a grid, and none is given")
        if self.engine == "tail_risk" and self.tail is None:
            raise ValueError("engine: tail_risk needs a tail, and none is given")
        if self.options and self.option_margin is None:
            raise ValueError(
                "options: nothing says what option books need where legs are added up; "
                "give option_margin"
            )
        return self
