"""The unified margin layer."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from sim.world.schema.base import Fraction, Strict
from sim.world.schema.beliefs import Tail
from sim.world.schema.checks import maintenance_above_initial
from sim.world.schema.liquidation import Sizing
from sim.world.schema.options import Contingency, Grid
from sim.world.schema.provenance import Provenance


class Rates(Strict):
    """A hub rate by level."""

    initial: Fraction
    maintenance: Fraction

    @model_validator(mode="after")
    def _ordered(self) -> Rates:
        if self.maintenance > self.initial:
            raise maintenance_above_initial("", self.maintenance, self.initial)
        return self


class NettingRate(Strict):
    """What the hub's netting engine asks for one underlying."""

    net: Rates
    """per unit of net delta"""
    basis: Rates
    """per unit of hedged notional"""


class HubConfig(Strict):
    """The unified margin layer."""

    provenance: Provenance
    netting: dict[str, NettingRate]
    """rates by underlying, for the netting engine; the settlement asset needs none"""
    engine: Literal["net_of_legs", "scenario_grid", "tail_risk"] = "net_of_legs"
    """P2 in the ``hub`` scope: rates on net and hedged notional, the worst loss over ``grid``, or
    ``tail`` of the book"""
    grid: Grid | None = None
    tail: Tail | None = None
    contingency: Contingency = Contingency()
    """added to the grid's loss; a deposit that it does not name keeps its venue's weight"""
    liquidation: Sizing = Sizing()
    """selection and size; price and taker are those of the venue where the leg is"""

    @model_validator(mode="after")
    def _is_complete(self) -> HubConfig:
        if self.engine == "scenario_grid" and self.grid is None:
            raise ValueError("engine: scenario_grid needs a grid, and none is given")
        if self.engine == "tail_risk" and self.tail is None:
            raise ValueError("engine: tail_risk needs a tail, and none is given")
        return self
