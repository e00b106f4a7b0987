"""At how many removes of our own flow something was brought about: shares by generation."""

import math
from types import SimpleNamespace

from tests.reference import ledger, margin
from tests.reference.world import World

FIRST = [1.0] + [0.0] * 7

Shares = list[float]


def mixed(parts: list[tuple[float, Shares]]) -> Shares:
    """Weighted mean of shares; all of generation 0 if nothing weighs anything."""
    weight = sum(size for size, _ in parts)
    if weight == 0.0:
        return FIRST
    return [sum(size * shares[g] for size, shares in parts) / weight for g in range(8)]


def shares(usd: list[float]) -> Shares:
    """Shares of amounts by generation."""
    return [x / sum(usd) for x in usd] if sum(usd) else FIRST


def children(parents: Shares) -> Shares:
    """One generation later; the last one holds all that come after."""
    return [0.0, *parents[:6], parents[6] + parents[7]]


def behind(w: World, m: str) -> Shares:
    """Of what follows from a market's displacement: from its own flow and that of its parents."""
    parts: list[tuple[float, Shares]] = []
    here: str | None = m
    while here is not None:
        parent = w.market_rows[here].parent
        above = w.displacement[parent] if parent is not None else 0.0
        parts.append((abs(w.displacement[here] - above), children(w.descent[here])))
        here = parent
    return total(parts)


def total(parts: list[tuple[float, Shares]]) -> Shares:
    """Weighted mean of shares; nothing of any generation if nothing weighs anything."""
    return mixed(parts) if any(size for size, _ in parts) else [0.0] * 8


def note_alone(w: World, m: str, move: float) -> None:
    """How far a price would have come without our flow, each way."""
    w.alone["falls", m] = max(w.alone["falls", m], -move)
    w.alone["rises", m] = max(w.alone["rises", m], move)


def of_background(w: World, key: tuple[str, str], usd: float, due: tuple[float, float]) -> Shares:
    """All that was due up to here, alone and by displacement, less what was called for before."""
    alone, more = due
    total = [more * share for share in behind(w, key[1])]
    total[0] += alone
    found = shares([max(0.0, x - y) for x, y in zip(total, w.called[key], strict=True)])
    w.called[key] = [x + usd * share for x, share in zip(w.called[key], found, strict=True)]
    return found


def of_breach(w: World, row: int) -> Shares:
    """Generation 0 if it would be there at prices without our flow; else by what displaced them."""
    if w.feedback != "full":
        return FIRST
    kept = dict(w.seen_value), dict(w.seen_notional)
    parts = []
    for k in ledger.legs(w, row):
        leg = w.instruments[k]
        value, notional = shifts(w, k)
        cost = -margin.value(w, k, ledger.held(w, row, k)) * value
        market = leg.market if leg.kind == "perpetual" else w.feed_rows[priced_by(w, leg)].market
        if cost > 0.0:
            parts.append((cost, behind(w, market)))
        w.seen_value[k] *= math.exp(-value)
        w.seen_notional[k] *= math.exp(-notional)
    anyway = margin.is_below(w, row)
    w.seen_value, w.seen_notional = kept
    if anyway:
        return FIRST
    found = total(parts)
    return shares(found) if any(found) else children(FIRST)


def priced_by(w: World, leg: SimpleNamespace) -> str:
    """Feed that values a balance, or a quote balance in its token."""
    return w.instruments[leg.cash].feed if leg.kind == "quote" else leg.feed


def shifts(w: World, k: str) -> tuple[float, float]:
    """Log displacement of the price that values an instrument, and of the one that sizes it."""
    leg = w.instruments[k]
    if leg.kind == "balance":
        return (w.shown_shift[leg.feed],) * 2
    token = w.shown_shift[w.instruments[leg.cash].feed]
    if leg.kind == "quote":
        return token, token
    mark = w.displacement[leg.market]
    if leg.inverse:
        return token - mark, 0.0
    return token + mark, token + w.shown_shift[leg.feed]


def book(w: World, usd: float, by: Shares) -> None:
    """Count notional that was called for, by generation."""
    for g in range(8):
        w.results_by_generation[g] += usd * by[g]
