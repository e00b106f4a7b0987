"""Markets apart from venues: depth, impact, recovery, and the background book."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.world.schema.base import AtLeastOne, Fraction, NonNegative, Positive, Strict, unit
from sim.world.schema.provenance import Provenance

Exponent = Annotated[float, Field(gt=0.0, le=1.0)]


class Depth(Strict):
    """How hard one market is to move."""

    depth: Annotated[AtLeastOne, unit("USD per 1 %")] | None = None
    """flow that moves the price by 1 % in calm; null: infinite, no impact"""
    lambda_ratio: Annotated[NonNegative, Field(le=100.0)] = 0.0
    """background book: notional triggered by a 1 % move over the flow that moves 1 %"""


class Impact(Strict):
    """Shape of impact, shared by all markets."""

    permanent: Fraction = 0.3
    """share of the impact of a unit of depth that never decays"""
    exponent: Exponent = 0.6
    """concavity of the transient part"""
    half_life: Annotated[Positive, unit("seconds")] = 1800.0
    """decay of the transient part"""


class Arbitrage(Strict):
    """What pulls a market towards its parent."""

    half_life: Annotated[Positive, unit("seconds")] | None = None
    """of a gap; null: nobody arbitrages"""
    cap: Annotated[NonNegative, unit("USD/s")] | None = None
    """largest flow; null: no limit"""


class Background(Strict):
    """Shape of the background book."""

    reach: Annotated[Positive, unit("log-price")] = 0.1
    """distance over which trigger density falls by a factor e"""
    levels: Annotated[int, Field(ge=2, le=1000)] = 100
    width: Annotated[Positive, unit("log-price")] = 0.01
    """width of one level"""


class LiquidityConfig(Strict):
    """All markets of a run."""

    provenance: Provenance
    spot: dict[str, Depth]
    """reference market of each asset; an asset not named has infinite depth"""
    depth_factor: dict[str, Annotated[float, Field(gt=0.0, le=1.0)]]
    """share of calm depth left in each regime"""
    depth_half_life: Annotated[Positive, unit("seconds")] = 600.0
    """time in which depth moves halfway to its regime's level"""
    impact: Impact = Impact()
    perpetual: Arbitrage = Arbitrage(half_life=60.0)
    staked: Arbitrage = Arbitrage()
    background: Background = Background()
