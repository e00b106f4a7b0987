"""Who bears what an emptied account still owes, and what would be short at the horizon."""

import math

from tests.reference import contract, ledger, margin, market
from tests.reference.deleveraging import purse
from tests.reference.socialising import socialised
from tests.reference.world import World


def exhausted(w: World, row: int) -> bool:
    """No contracts, deposits of no more than dust, and a debt larger than they are."""
    dust = w.venues[w.accounts[row].venue].dust
    kinds = {k: w.instruments[k].kind for k in ledger.legs(w, row)}
    if "perpetual" in kinds.values():
        return False
    balances = {k: ledger.held(w, row, k) for k, kind in kinds.items() if kind == "balance"}
    if all(q > 0.0 for q in balances.values()):
        return False
    worth = sum(margin.value(w, k, q) for k, q in balances.items() if q > 0.0)
    owed = -sum(margin.value(w, k, q) for k, q in balances.items() if q < 0.0)
    dust = max(dust, 1e-12 * owed)  # what rounding leaves of collateral is none
    if worth != dust:
        w.decide(worth - dust, max(worth, dust))
    if worth <= dust:
        w.decide(owed - worth, max(owed, worth))
    return worth <= dust and owed > worth


def write_off(w: World, row: int) -> None:
    """Every debt of an emptied account goes down the waterfall of the venue that lent."""
    for k, leg in w.instruments.items():
        owed = -ledger.held(w, row, k)
        if leg.kind == "balance" and owed > 0.0:
            bear(w, row, k, owed)


def bear(w: World, row: int, k: str, owed: float) -> None:
    """A row is to get tokens that nobody owes it.

    From the insurance fund, the backstop, whoever bears the rest, the deficit account.
    """
    venue = w.instruments[k].venue
    w.results["bad_debt"] += owed * w.seen_notional[k]
    owed -= repaid_by(w, "insurance", row, k, owed)
    owed -= repaid_by(w, "backstop", row, k, owed)
    if owed > 0.0:
        hours = w.venues[venue].waterfall["gate_hours"]
        if hours > 0.0:
            w.gate[venue] = w.time + hours * 3600.0
        owed -= socialised(w, row, k, owed)
    if owed > 0.0:
        ledger.post(w, k, row, owed)
        ledger.post(w, k, w.deficit, -owed)
        w.results["deficit_left"] += owed * w.seen_notional[k]


def repaid_by(w: World, layer: str, row: int, k: str, owed: float) -> float:
    """Tokens that a fund of the venue buys and repays."""
    leg = w.instruments[k]
    fund, cash = f"{layer} {leg.venue}", purse(w, layer, leg.venue)
    covered = min(owed, cash)
    if leg.asset != w.cash:
        usd = cash * w.mark[w.cash]
        price = w.mark[leg.asset] * math.exp(market.price_move(w, leg.asset, usd))
        covered = min(owed, usd / price)
    if covered <= 0.0:
        return 0.0
    before = w.outside[fund][w.cash]
    market.swap(w, fund, leg.asset, covered)
    ledger.hand(w, fund, leg.asset, -covered)
    ledger.post(w, k, row, covered)
    if leg.asset == w.cash:  # nothing is bought: what was owed, at the price it was owed at
        w.results[f"{layer}_used"] += covered * w.seen_notional[k]
    else:
        w.results[f"{layer}_used"] += (before - w.outside[fund][w.cash]) * w.mark[w.cash]
    return covered


def horizon_shortfall(w: World) -> float:
    """What creditors would lose if every row below maintenance were closed at once."""
    rows = [row for row in range(w.deficit) if margin.is_below(w, row)]
    orders = dict.fromkeys(w.market_rows, 0.0)
    for row in rows:
        for k in traded_legs(w, row):
            quantity = ledger.held(w, row, k)
            leg, worth = w.instruments[k], margin.value(w, k, quantity)
            if leg.kind == "perpetual":
                orders[leg.market] -= quantity * w.seen_notional[k]
            if leg.kind != "perpetual" or leg.inverse:
                orders[leg.asset] -= worth
    factor = {m: math.exp(market.price_move(w, m, usd)) for m, usd in orders.items()}
    return sum(max(0.0, -closed_equity(w, row, factor)) for row in rows)


def traded_legs(w: World, row: int) -> list[str]:
    """Legs that have to be sold or bought to close a row."""
    found = []
    for k in ledger.legs(w, row):
        leg = w.instruments[k]
        if leg.kind == "perpetual" or leg.asset != w.cash:
            found.append(k)
    return found


def closed_equity(w: World, row: int, factor: dict[str, float]) -> float:
    """Equity of a row at the prices that closing all of them would fetch."""
    traded = traded_legs(w, row)
    equity = 0.0
    for k in ledger.legs(w, row):
        quantity = ledger.held(w, row, k)
        worth = margin.value(w, k, quantity)
        if k in traded:
            leg = w.instruments[k]
            if leg.kind == "perpetual":
                gain = contract.gain(leg, factor[leg.market])
                worth += quantity * w.seen_notional[k] * gain
            if leg.kind != "perpetual" or leg.inverse:  # the coin itself is sold
                worth *= factor[leg.asset]
        equity += worth
    return equity
