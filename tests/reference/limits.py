"""What limits one call besides what restores health: shares, cooldowns, windows, remainders."""

import math
from types import SimpleNamespace

from tests.reference import ledger, margin
from tests.reference.offers import loan_to_value
from tests.reference.world import World


def debts(w: World, row: int) -> float:
    """USD of all loans of an account."""
    balances = [k for k in ledger.legs(w, row) if w.instruments[k].kind == "balance"]
    return sum(max(0.0, -margin.value(w, k, ledger.held(w, row, k))) for k in balances)


def contracts(w: World, row: int) -> float:
    """USD of all contracts of an account."""
    perpetuals = [k for k in ledger.legs(w, row) if w.instruments[k].kind == "perpetual"]
    return sum(abs(ledger.held(w, row, k)) * w.seen_notional[k] for k in perpetuals)


def share_closable(w: World, terms: SimpleNamespace, row: int, offer: SimpleNamespace) -> float:
    """The close factor, or all of it where the venue no longer insists on a part."""
    ltv, liquidated_at, _ = loan_to_value(w, row)
    health = 0.0 if math.isinf(ltv) else liquidated_at / ltv if ltv > 0.0 else math.inf
    if math.isfinite(ltv) and math.isfinite(terms.full_ltv):
        w.decide(ltv - terms.full_ltv, 1.0)
    if ltv >= terms.full_ltv:
        return 1.0
    if terms.full_health is not None:
        w.decide(health - terms.full_health, 1.0)
        if health <= terms.full_health:
            w.seen_events.add("closed whole at low health")
            return 1.0
    sizes = [offer.owed]
    if offer.collateral is not None:
        sizes.append(margin.value(w, offer.collateral, ledger.held(w, row, offer.collateral)))
    for size in sizes:
        w.decide(size - terms.full_below, terms.full_below)
        if size < terms.full_below:
            w.seen_events.add("closed whole because it is small")
            return 1.0
    if terms.cooldown > 0.0 and row in w.partial:
        w.decide(w.time - w.partial[row] - terms.cooldown, terms.cooldown)
        if w.time - w.partial[row] < terms.cooldown:
            w.seen_events.add("closed whole in the cooldown")
            return 1.0
    return terms.close_factor


def close_factor_size(w: World, terms: SimpleNamespace, row: int, offer: SimpleNamespace) -> float:
    """A share of the leg, or of all the account owes of its kind, as far as the leg goes."""
    share = share_closable(w, terms, row, offer)
    if share >= 1.0 or terms.close_of == "leg":
        return offer.owed * share
    total = contracts(w, row) if offer.collateral is None else debts(w, row)
    return min(offer.owed, total * share)


def left_in_window(w: World, k: str) -> float:
    """Contracts that may still be liquidated in the window that runs, or in a new one."""
    rule = w.venues[w.instruments[k].venue].window
    if rule is None:
        return math.inf
    fees = rule["maker_fee"] + rule["taker_fee"]
    most = fees * rule["skew_scale"] * rule["multiplier"] * rule["length"]
    start, used = w.window.get(k, (-math.inf, 0.0))
    w.decide(w.time - start - rule["length"], rule["length"])
    if w.time - start >= rule["length"]:
        return most
    return most - used if most - used > 1e-9 * used else 0.0  # less is what rounding leaves


def note_window(w: World, k: str, taken: float) -> None:
    """Count contracts in the window; the first call after one has ended opens the next."""
    rule = w.venues[w.instruments[k].venue].window
    if rule is None:
        return
    start, used = w.window.get(k, (-math.inf, 0.0))
    if w.time - start >= rule["length"]:
        start, used = w.time, 0.0
    w.window[k] = start, used + taken


def leaving_enough(w: World, row: int, offer: SimpleNamespace, usd: float) -> float:
    """A call closes debt or collateral whole, or leaves enough of both."""
    least = w.venues[w.accounts[row].venue].min_left
    if least <= 0.0 or offer.collateral is None:
        return usd
    held = margin.value(w, offer.collateral, ledger.held(w, row, offer.collateral))
    kept, left = held - usd * (1.0 + offer.charge), offer.owed - usd
    closed = offer.covered < offer.for_sale or offer.for_sale == offer.owed
    if usd >= offer.full and closed:  # one of the two is closed whole, but for rounding
        return usd
    w.decide(kept, held)
    w.decide(left, offer.owed)
    most = min(offer.owed - least, (held - least) / (1.0 + offer.charge))
    most = most if most > 1e-12 * offer.owed else 0.0  # just enough was left
    if most < usd:
        w.seen_events.add("call cut so that enough is left")
    return min(usd, most)
