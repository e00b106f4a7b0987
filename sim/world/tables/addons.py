"""P2, term K: which add-ons some engine of a run asks for."""

from __future__ import annotations

from sim.world.schema.options import Contingency, LiquidityCharge
from sim.world.schema.run import RunConfig


def charges_doubt(config: RunConfig) -> bool:
    """Whether some engine charges for feeds in doubt or a settlement asset below its peg."""
    return any(k.confidence.scale > 0.0 or k.peg.factor > 0.0 for k in _all(config))


def charges_liquidity(config: RunConfig) -> bool:
    """Whether some engine charges for what selling would cost."""
    return any(map(_asks, (k.liquidity for k in _all(config))))


def sees_depth(config: RunConfig) -> bool:
    """Whether some engine does so at the depth that it saw last."""
    return any(_asks(k.liquidity) and k.liquidity.depth == "current" for k in _all(config))


def _all(config: RunConfig) -> list[Contingency]:
    return [venue.contingency for venue in config.venue.values()] + [config.hub.contingency]


def _asks(charge: LiquidityCharge) -> bool:
    return charge.multiple.maintenance + charge.multiple.initial_extra > 0.0
