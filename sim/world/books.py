"""Books of the menu: loaded, and placed leg by leg on the instruments of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.errors import SluicegateError, closest
from sim.world.compose import choices, compose, default_config_dir
from sim.world.layout import Instrument, Layout
from sim.world.opening import opening_values
from sim.world.schema.book import BalanceLeg, BookConfig, BookLeg, OptionLeg, PerpetualLeg
from sim.world.schema.explain import validated

GROUP = "book"
Legs = Mapping[Instrument, float]


@dataclass(frozen=True)
class Placed:
    """A leg of a book, with the quote balance that paid for it."""

    venue: str
    holding: Legs


def load_books(
    names: Sequence[str] = (), search_path: Sequence[Path] = (), words: Sequence[str] = ()
) -> dict[str, BookConfig]:
    """Validate books of the menu, all of them if none is named.

    Raises
    ------
    SluicegateError
        If there is no such book, or something is wrong with one.
    """
    folders = [default_config_dir(), *(folder.expanduser() for folder in search_path)]
    known = choices(GROUP, folders)
    for name in names:
        if name not in known:
            meant = closest(name, known)
            raise SluicegateError(
                "there is no such book",
                value=name,
                allowed=", ".join(known),
                hint=f"did you mean {meant!r}?"
                if meant
                else f"a file {GROUP}/{name}.yaml below --config-dir DIR",
            )
    chosen = ",".join(dict.fromkeys(names or known))
    plain = compose([f"+{GROUP}=[{chosen}]", *words], search_path=search_path)[GROUP]
    return {name: validated(BookConfig, data, f"{GROUP}.{name}") for name, data in plain.items()}


def venues_of(books: Iterable[BookConfig]) -> list[str]:
    """List the venues at which books have legs."""
    return list(dict.fromkeys(leg.venue for book in books for leg in book.legs))


class Placer:
    """Turns legs of books into quantities of instruments.

    Parameters
    ----------
    layout : Layout
        Index of the run, which holds all venues of the books.
    prices : (N,) float64 ndarray
        Present prices, USD.
    """

    def __init__(self, layout: Layout, prices: np.ndarray) -> None:
        self.layout, self.prices = layout, prices
        self._values = opening_values(layout, prices)
        self._cash = layout.config.settlement

    def price(self, asset: str) -> float:
        """USD of one unit."""
        return float(self.prices[self.layout.assets.index(asset)])

    def place(self, leg: BookLeg, notional: float, key: str) -> Placed:
        """One leg of ``notional`` USD, signed; ``key`` is where it is written."""
        instrument = _instrument(leg)
        self._check(instrument, key)
        quantity = notional / self.price(leg.asset)
        holding = {instrument: quantity}
        if isinstance(leg, OptionLeg):
            worth = float(self._values[self.layout.instruments.index(instrument)])
            holding[self._quote(leg.venue)] = -quantity * worth
        elif isinstance(leg, PerpetualLeg):
            holding[self._quote(leg.venue)] = -notional / self.price(self._cash)
        return Placed(leg.venue, holding)

    def delta_alone(self, delta: Mapping[str, float]) -> dict[Instrument, float] | None:
        """Perpetuals of these net deltas by underlying, USD; None where there is no perpetual."""
        held: dict[Instrument, float] = {}
        for asset, usd in delta.items():
            listed = [r for r in self.layout.instruments if (r.kind, r.asset) == (PERP, asset)]
            if not listed:
                return None
            contracts = usd / (self.price(asset) * self.price(self._cash))
            quote = self._quote(listed[0].venue)
            held[listed[0]] = contracts
            held[quote] = held.get(quote, 0.0) - contracts * self.price(asset)
        return held

    def _quote(self, venue: str) -> Instrument:
        return Instrument("quote", venue, self._cash)

    def _check(self, instrument: Instrument, key: str) -> None:
        if instrument in self.layout.instruments:
            return
        asset, kind, venue = instrument.asset, instrument.kind, instrument.venue
        rows = [r for r in self.layout.instruments if (r.venue, r.kind) == (venue, kind)]
        known = list(dict.fromkeys(r.asset for r in rows))
        what = f"{venue} does not list {asset} as a {kind}"
        if kind == "option" and asset in known:
            what = f"{venue} lists no option on {asset} of this strike and expiry"
            known = [f"strike {r.strike:g} in {r.days:g} days" for r in rows if r.asset == asset]
        allowed = ", ".join(dict.fromkeys(known)) or f"none of this kind at {venue}"
        raise SluicegateError(what, key, allowed=allowed)


PERP = "perpetual"


def _instrument(leg: BookLeg) -> Instrument:
    if isinstance(leg, OptionLeg):
        call = leg.right == "call"
        return Instrument("option", leg.venue, leg.asset, leg.days, leg.strike, call)
    return Instrument(leg.kind, leg.venue, leg.asset)


def merged(legs: Iterable[Placed]) -> dict[Instrument, float]:
    """All legs in one account."""
    held: dict[Instrument, float] = {}
    for leg in legs:
        for instrument, quantity in leg.holding.items():
            held[instrument] = held.get(instrument, 0.0) + quantity
    return held


def is_hedge(leg: BookLeg) -> bool:
    """Whether a leg's size follows from the others."""
    return not isinstance(leg, BalanceLeg | OptionLeg) and leg.amount == "hedge"
