"""What watched prices follow, and how far each may go while a watch list stands.

Lists are asked about moves of a *skin*. What leads an underlying may move by `lead` of it, and
anything else by `own` of it beside what it follows: a wrapper of a coin, a late feed or a perpetual
follows the coin. Together they are at most one, so that nothing moves by more than the skin. The
units only decide how often lists are made, not what happens.
"""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.state.state import NOTIONAL, WATCHED_ROWS
from sim.world.layout import Layout
from sim.world.schema.market import MarketConfig, RiskyAsset

LEAD = 0.7  # of the most volatile underlying, and so on
OWN = 0.3
BESIDE = 0.1  # what is published at the same time
LEAST = 0.1  # of what hardly moves at most times, like a stable or a basis
LEADER = 1e-6  # a leader beside itself: rounding


def volatility(market: MarketConfig, asset: str) -> float:
    """Annual volatility of an underlying, averaged over regimes; of a peg, its basis."""
    spec = market.assets[asset]
    own = market.volatility[asset] if isinstance(spec, RiskyAsset) else spec.peg.volatility
    return float(np.mean(own))


def leaders(layout: Layout, instruments: np.ndarray) -> dict[tuple[int, int], int]:
    """By venue and underlying, the instrument whose published price leads.

    A deposit in the underlying itself where the venue lists it, else one that follows it, else a
    contract on it. An inverse contract is worth a dollar whatever the price.
    """
    found: dict[tuple[int, int], int] = {}
    ranks: dict[tuple[int, int], tuple[bool, bool]] = {}
    for k, row in enumerate(instruments):
        if row["kind"] in (codes.OPTION, codes.QUOTE) or row["inverse"]:
            continue
        place = int(row["venue"]), int(row["group"])
        rank = bool(row["kind"] != codes.BALANCE), bool(row["asset"] != row["group"])
        if place not in found or rank < ranks[place]:
            found[place], ranks[place] = k, rank
    return found


def skin_tables(layout: Layout, instruments: np.ndarray) -> dict[str, np.ndarray]:
    """`leaders` and `lead`, (F,) and (F + 1,); `follows` and `own`, (5, K).

    The last entry of `lead` stands for what follows nothing, and does not move.
    """
    moves = np.array([volatility(layout.config.market, name) for name in layout.assets])
    share = np.maximum(moves / max(moves.max(), 1e-300), LEAST)
    found = leaders(layout, instruments)
    first = np.array(list(found.values()), dtype=np.int64)
    place = {key: f for f, key in enumerate(found)}
    lead = np.append(LEAD * share[instruments["group"][first]], 0.0)
    follows = np.full((WATCHED_ROWS, len(instruments)), len(first), dtype=np.int64)
    own = np.ones((WATCHED_ROWS, len(instruments)))
    for k, row in enumerate(instruments):
        at = place.get((int(row["venue"]), int(row["group"])))
        if at is None or row["kind"] == codes.OPTION or row["inverse"]:
            continue
        contract = row["kind"] == codes.PERPETUAL
        follows[: NOTIONAL + 1, k] = at
        own[: NOTIONAL + 1, k] = (OWN if contract else BESIDE) * share[row["asset"]]
    own[NOTIONAL, first] = LEADER
    return {"leaders": first, "lead": lead, "follows": follows, "own": own}
