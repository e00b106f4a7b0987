"""One call on an account below maintenance: deleveraging, vault, offer, write-off; its count."""

from types import SimpleNamespace

from tests.reference import (
    auction,
    deleveraging,
    generations,
    hedges,
    ledger,
    limits,
    margin,
    market,
    offers,
    portfolio,
    selection,
    sizes,
    taking,
    waterfall,
)
from tests.reference.world import MAINTENANCE, World


def all_had_time(w: World, row: int) -> bool:
    """Whether no liquidator's answer to a breach can still be under way."""
    return all(w.time - w.breach[row] >= him.latency for him in w.liquidators)


def liquidate_account(w: World, row: int) -> bool:
    """One call on an account, and its write-off if nothing is left; whether it changed."""
    if not margin.is_below(w, row) or market.suspended(w, row):
        return False
    w.cause = w.generation[row]
    if deleveraging.winners_pay(w, row):
        return True
    if taken_by_vault(w, row):
        return True
    before_call = hedges.sides(w, row)
    changed = call(w, row)
    if waterfall.exhausted(w, row):
        waterfall.write_off(w, row)
        changed = True
    if changed:
        hedges.note(w, row, before_call)
    return changed


def call(w: World, row: int) -> bool:
    """One call on an account; whether anybody took something."""
    offer = offered(w, row)
    if offer is None:
        return False
    offer.notional = sizes.size_of_call(w, row, offer)
    (regret, solvent), before = together(w, row), offers.missing(w, row)
    taken = taking.answered(w, row, offer)
    if taken > 0.0:
        gain = max(0.0, before - offers.missing(w, row))
        w.freed[row] = w.freed.get(row, 0.0) + gain
        if offer.collateral is None:
            limits.note_window(w, offer.leg, taken / w.seen_notional[offer.leg])
        if taken < offer.full:
            w.partial[row] = w.time
        count_call(w, row, taken, regret, solvent)
        return True
    if offer.notional > 0.0 and row not in w.refused and all_had_time(w, row):
        w.refused.add(row)
        w.results["unfilled_notional"] += offer.notional
    return False


def offered(w: World, row: int) -> SimpleNamespace | None:
    """What is put first, after the auction has begun that it may need."""
    offer = selection.chosen(w, row)
    if offer is None:
        return None
    if portfolio.is_one(offer):
        begun = portfolio.begins(w, row)
    else:
        loan = offer.collateral is not None
        lender = w.venues[w.instruments[offer.leg].venue]
        begun = loan and lender.bonus == "dutch" and auction.begins(w, row, offer)
    return selection.chosen(w, row) if begun else offer


def taken_by_vault(w: World, row: int) -> bool:
    """Far below maintenance, but not below nothing: the maker takes every leg and pays nothing."""
    venue = w.venues[w.accounts[row].venue]
    if venue.backstop <= 0.0 or venue.maker < 0:
        return False
    equity, required = margin.assess(w, MAINTENANCE, row)
    w.decide(equity, margin.gross(w, row))
    w.decide(equity - venue.backstop * required, margin.gross(w, row))
    if equity < 0.0 or equity >= venue.backstop * required:
        return False
    (regret, solvent), before = together(w, row), hedges.sides(w, row)
    w.seen_events.add("taken by the vault")
    gross = 0.0
    for k in ledger.legs(w, row):
        leg, quantity = w.instruments[k], ledger.held(w, row, k)
        if leg.kind == "perpetual":
            gross += abs(quantity) * w.seen_notional[k]
        elif leg.kind == "balance":
            gross += abs(margin.value(w, k, quantity))
        w.holdings[row][k] = 0.0
        ledger.post(w, k, venue.maker, quantity)
    w.results["penalties"] += equity
    hedges.note(w, row, before)
    count_call(w, row, gross, regret, solvent)
    return True


def together(w: World, row: int) -> tuple[bool, bool]:
    """Whether the owner's accounts would have met maintenance as one, and were worth something."""
    total = size = worth = 0.0
    for sibling in w.owned[w.accounts[row].owner]:
        equity, required = margin.assess(w, MAINTENANCE, sibling)
        total += equity - required
        worth += equity
        size += margin.gross(w, sibling)
    w.decide(total, size)
    w.decide(worth, size)
    return total > 0.0, worth > 0.0


def count_call(w: World, row: int, taken: float, regret: bool, solvent: bool) -> None:
    """Statistics of a call."""
    new = row not in w.liquidated
    w.liquidated.add(row)
    w.results["liquidations"] += 1.0
    w.results["liquidated_notional"] += taken
    w.results["liquidated_accounts"] += new
    generations.book(w, taken, w.generation[row])
    w.results["cascade_notional"] += taken * (1.0 - w.generation[row][0])
    if solvent:
        w.results["solvent_notional"] += taken
    if regret:
        w.results["regret_notional"] += taken
        w.results["regret_accounts"] += new
