"""Margin scope: how a trader's legs are grouped into accounts, and his cash split over them.

The scopes share traders, wealth, legs and prices; only the grouping differs. Cash is split by a
named rule with the same total in every scope.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.world.layout import Layout
from sim.world.population import Population

Ints = np.ndarray
Floats = np.ndarray
BISECTIONS = 60  # halvings of the water level; the bracket then is far below a cent


@dataclass(frozen=True)
class Grouping:
    """Accounts of a scope; rows are sorted by owner."""

    owner: Ints  # (A,)
    venue: Ints  # (A,) row of the venue table; the hub is the last
    emode: Ints  # (A,)
    cash: Ints  # (A,) instrument that receives cash
    of_leg: Ints  # (legs,) account of each leg
    first: Ints  # (T+1,) accounts of trader t are [first[t], first[t+1])


def group(layout: Layout, population: Population, scope: str) -> Grouping:
    """Group legs into accounts: one per position, per venue, or per trader."""
    legs = population.legs
    venue_of = np.array([layout.venues.index(row.venue) for row in layout.instruments])
    leg_venue = venue_of[legs.instrument]
    if scope == "isolated":
        within = legs.position
    elif scope == "venue":
        within = leg_venue
    else:
        within = np.zeros_like(leg_venue)
    key = np.stack([legs.trader, within])
    unique, first_leg, of_leg = np.unique(key, axis=1, return_index=True, return_inverse=True)
    owner = unique[0]
    count = len(owner)
    of_leg = of_leg.reshape(-1)
    unified = scope in ("unified", "hub")
    venue = np.full(count, len(layout.venues)) if unified else leg_venue[first_leg]
    emode = np.zeros(count, dtype=np.int64)
    np.maximum.at(emode, of_leg, legs.emode)
    home = _home_venue(layout, leg_venue, of_leg, count)
    cash = np.array([_cash_instrument(layout, v) for v in range(len(layout.venues))])
    first = np.searchsorted(owner, np.arange(population.traders + 1))
    return Grouping(owner, venue, emode, cash[home], of_leg, first)


def _home_venue(layout: Layout, leg_venue: Ints, of_leg: Ints, count: int) -> Ints:
    """Venue that keeps an account's cash: a perpetual venue if it has a leg there."""
    rank = np.array([v in layout.perpetual_venues for v in layout.venues], dtype=np.int64)
    code = rank[leg_venue] * len(layout.venues) + (len(layout.venues) - 1 - leg_venue)
    best = np.full(count, -1)
    np.maximum.at(best, of_leg, code)
    return len(layout.venues) - 1 - best % len(layout.venues)


def _cash_instrument(layout: Layout, venue: int) -> int:
    """Balance in the settlement asset at a venue, else at the first venue that lists it."""
    settlement = layout.config.settlement
    for name in (layout.venues[venue], *layout.venues):
        k = layout.instrument("balance", name, settlement)
        if k >= 0:
            return k
    return -1


def split_cash(
    grouping: Grouping, need: Floats, requirement: Floats, cash: Floats, rule: str
) -> Floats:
    """Divide each owner's cash over his accounts.

    Parameters
    ----------
    grouping : Grouping
        The accounts.
    need : (A,) float64 ndarray
        USD that each account lacks for initial margin without cash; negative if it has some over.
    requirement : (A,) float64 ndarray
        Initial requirement of each account, USD.
    cash : (T,) float64 ndarray
        USD of each owner.
    rule : {"equal_headroom", "pro_rata"}
        ``equal_headroom``: equal equity above initial margin wherever cash goes (water filling).
        ``pro_rata``: in proportion to the initial requirement.

    Returns
    -------
    (A,) float64 ndarray
        USD given to each account; sums to ``cash`` per owner.
    """
    if rule == "pro_rata":
        weight = requirement
        total = np.bincount(grouping.owner, weight, len(cash))[grouping.owner]
        alone = 1.0 / np.diff(grouping.first)[grouping.owner]
        share = np.where(total > 0.0, weight / np.where(total > 0.0, total, 1.0), alone)
        return cash[grouping.owner] * share
    level = _water_level(grouping, need, cash)
    filled = np.maximum(need + level[grouping.owner], 0.0)
    total = np.bincount(grouping.owner, filled, len(cash))
    scale = np.where(total > 0.0, cash / np.where(total > 0.0, total, 1.0), 0.0)
    return filled * scale[grouping.owner]


def _water_level(grouping: Grouping, need: Floats, cash: Floats) -> Floats:
    """Per owner, the level h with sum of max(need + h, 0) equal to his cash."""
    largest = np.full(len(cash), -np.inf)
    np.maximum.at(largest, grouping.owner, need)
    low = -largest
    high = low + cash
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        filled = np.maximum(need + middle[grouping.owner], 0.0)
        over = np.bincount(grouping.owner, filled, len(cash)) > cash
        high = np.where(over, middle, high)
        low = np.where(over, low, middle)
    return high


def capital_required(grouping: Grouping, need: Floats, traders: int) -> Floats:
    """Cash that each owner must bring so that all his accounts meet initial margin, USD (T,)."""
    return np.bincount(grouping.owner, np.maximum(need, 0.0), traders)
