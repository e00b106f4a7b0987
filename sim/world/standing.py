"""One account of perpetuals at one venue, outside of any run: what the margin engine says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from sim.liquidation.book import Closing, Standing
from sim.margin.health import summed
from sim.margin.terms import Book, Holder, Terms
from sim.state import codes
from sim.state.rows import INSTRUMENT
from sim.state.state import LOW_INITIAL
from sim.world.contracts import contract_and_quote
from sim.world.schema.venue import VenueConfig
from sim.world.tables.ratios import ratio_row, small_ratios


class Contracts(NamedTuple):
    """A holding of one perpetual."""

    quantity: float
    price: float  # USD


def standing(
    venue: VenueConfig, quote: float, held: Mapping[str, Contracts], level: int
) -> Standing:
    """Equity and requirement at a level, by the engine that adds up legs.

    Parameters
    ----------
    venue : VenueConfig
    quote : float
        USD of cash and of the quote side of the contracts.
    held : mapping
        Contracts by the name of the perpetual's asset.
    level : int
        One of :mod:`sim.state.codes`.
    """
    count = 1 + len(held)
    instruments = np.zeros(count, dtype=INSTRUMENT)
    instruments["kind"] = codes.QUOTE
    ratio = np.zeros((codes.LEVELS, count))
    g = np.ones((7, count))
    g[LOW_INITIAL, 1:] = 0.0  # no open interest beside the account's own
    balance = np.full((count, 1), float(quote))
    for k, (asset, position) in enumerate(held.items(), start=1):
        spec = venue.perpetuals[asset]
        instruments[k]["kind"] = codes.PERPETUAL
        instruments[k]["inverse"] = spec.contract == "inverse"
        instruments[k]["size_penalty"] = spec.size_penalty
        instruments[k]["ratio"] = ratio_row(spec, venue.liquidation.target.buffer)
        ratio[:, k] = small_ratios(spec.margin_ratio, venue.liquidation.target.buffer)
        usd, quoted = contract_and_quote(spec, float(position.price))
        g[:2, k] = usd * np.sign(quoted)
        g[2, k] = usd
        balance[k, 0] = position.quantity
    weight = np.ones((2, codes.LEVELS, 1, count))
    netting = np.zeros((2, codes.LEVELS, 0))
    terms = Terms(instruments, weight, ratio, netting, 0)
    book = Book(balance, np.arange(count)[None, :], g)
    return Standing(*summed(terms, book, level, Holder(0, count, 0)))


def closing(venue: VenueConfig, asset: str, held: Contracts) -> Closing:
    """Return a position as the order that closes it sees it."""
    ratio = venue.perpetuals[asset].margin_ratio.at("maintenance")
    return Closing(float(held.quantity), float(held.price), ratio)
