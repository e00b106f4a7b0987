"""What a random world holds, by name, read off its configuration."""

from collections.abc import Callable, Iterable

from sim.world.schema.hub import HubConfig
from sim.world.schema.run import RunConfig
from sim.world.schema.venue import VenueConfig

Place = VenueConfig | HubConfig


def places(config: RunConfig) -> tuple[Place, ...]:
    """Return who margins accounts in the one world of the run: its venues, or the hub."""
    scope = config.experiment.worlds["w"].scope
    return (config.hub,) if scope == "hub" else tuple(config.venue.values())


def any_venue(says: Callable[[VenueConfig], object]) -> Callable[[RunConfig], bool]:
    """Return whether some venue has it."""
    return lambda config: any(says(venue) for venue in config.venue.values())


def any_place(says: Callable[[Place], object]) -> Callable[[RunConfig], bool]:
    """Return whether somebody who margins accounts has it."""
    return lambda config: any(says(place) for place in places(config))


def in_scope(name: str) -> Callable[[RunConfig], bool]:
    """Return whether the world groups legs so."""
    return lambda config: config.experiment.worlds["w"].scope == name


def contracts(venue: VenueConfig) -> Iterable[object]:
    """Return the perpetuals of a venue."""
    return venue.perpetuals.values()


def charges_liquidity(place: Place) -> bool:
    """Return whether large positions are charged for."""
    multiple = place.contingency.liquidity.multiple
    return multiple.maintenance > 0.0 or multiple.initial_extra > 0.0


FEATURES: dict[str, Callable[[RunConfig], bool]] = {
    "isolated": in_scope("isolated"),
    "venue": in_scope("venue"),
    "unified": in_scope("unified"),
    "hub": in_scope("hub"),
    "re-levered": lambda c: c.experiment.worlds["w"].relever > 0.0,
    "full feedback": lambda c: c.experiment.twins[0] == "full",
    "moves inside steps": lambda c: c.resolution < 1.0,
    "options": any_venue(lambda v: v.options),
    "grids": any_place(lambda p: p.engine == "scenario_grid"),
    "tails": any_place(lambda p: p.engine == "tail_risk"),
    "inverse": any_venue(lambda v: any(p.contract == "inverse" for p in contracts(v))),
    "tiers and slopes": any_venue(lambda v: any(p.margin_ratio.tiers for p in contracts(v))),
    "skew pricing": any_venue(lambda v: any(p.pricing.kind != "book" for p in contracts(v))),
    "views": any_venue(lambda v: {v.oracle.initial, v.oracle.maintenance} != {"spot"}),
    "sources": any_venue(lambda v: v.oracle.sources),
    "late oracles": any_venue(lambda v: v.oracle.latest > 0.0),
    "distrust": any_venue(lambda v: v.oracle.distrust != "ignore"),
    "discounted gains": any_venue(lambda v: v.gains.maintenance < 1.0),
    "responses": any_venue(lambda v: v.volatility.gain > 0.0),
    "predictive": any_venue(lambda v: v.predictive),
    "breakers": any_venue(lambda v: v.halt),
    "liquidity charges": any_place(charges_liquidity),
    "auctions": any_venue(lambda v: v.liquidation.bonus.kind == "dutch"),
    "portfolio auctions": any_place(lambda p: p.liquidation.selection == "whole_portfolio"),
    "sales on the book": any_venue(lambda v: v.liquidation.perp_price == "book"),
    "windows": any_place(lambda p: p.liquidation.window),
    "throttles": any_place(lambda p: p.liquidation.throttle),
    "deleveraging": any_venue(lambda v: v.waterfall.deleveraging.ranking != "none"),
    "gates": any_venue(lambda v: v.waterfall.gate_hours > 0.0),
    "liquidators": lambda c: bool(c.liquidator),
}


def features(config: RunConfig) -> tuple[str, ...]:
    """Return the names of what a run of one world ``w`` holds."""
    return tuple(name for name, holds in FEATURES.items() if holds(config))
