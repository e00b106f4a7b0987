"""Which markets a venue's feed of an asset is made of."""

from __future__ import annotations

from typing import NamedTuple

from sim.errors import SluicegateError, closest
from sim.world.layout import Layout
from sim.world.schema.oracle import Source

REFERENCE, OWN, OTHERS = "spot", "own", "others"


class Read(NamedTuple):
    """A market as a feed reads it."""

    market: int
    delay: float  # s
    weight: float


def sources(layout: Layout, venue: str, asset: int) -> list[Read]:
    """Markets that make a venue's price of an asset; its reference market if none trades it.

    Raises
    ------
    SluicegateError
        If a source is no venue of the run, or one that trades no perpetual at all.
    """
    spec = layout.config.venue[venue].oracle
    found = [
        Read(market, spec.delay if source.delay is None else source.delay, source.weight)
        for place, source in enumerate(spec.sources)
        for market in _markets(layout, venue, asset, (place, source))
    ]
    return found or [Read(asset, spec.delay, 1.0)]


def _markets(layout: Layout, venue: str, asset: int, given: tuple[int, Source]) -> list[int]:
    """Numbers of the markets that a source stands for."""
    place, source = given
    if source.market == REFERENCE:
        return [asset]
    if source.market == OTHERS:
        venues = [name for name in layout.venues if name != venue]
    else:
        venues = [_named(layout, venue, f"venue.{venue}.oracle.sources[{place}].market", source)]
    name = layout.assets[asset]
    listing = [v for v in venues if name in layout.config.venue[v].perpetuals]
    return [layout.market("perpetual", v, name) for v in listing]


def _named(layout: Layout, venue: str, key: str, source: Source) -> str:
    """Venue that a source names; it must be in the run and list perpetuals."""
    name = venue if source.market == OWN else source.market
    trading = [v for v in layout.venues if layout.config.venue[v].perpetuals]
    if name in trading:
        return name
    meant = closest(name, [REFERENCE, OWN, OTHERS, *trading])
    what = "lists no perpetual" if name in layout.venues else "is no venue of this run"
    raise SluicegateError(
        f"{name} {what}, so no price can be read there",
        where=key,
        value=source.market,
        allowed=", ".join([REFERENCE, OWN, OTHERS, *trading]),
        hint=f"did you mean {meant!r}?" if meant and meant != name else None,
    )
