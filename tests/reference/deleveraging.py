"""Winners close against a bankrupt account, or against a pool that owes them too much.

A bankrupt account's contracts are closed at the price that leaves it nothing: it is paid its hole
on top of the mark. Whoever takes the other side loses that against the mark.
"""

import math
from itertools import pairwise
from types import SimpleNamespace

from tests.reference import hedges, ledger, margin, market
from tests.reference.world import MAINTENANCE, World

DUST = 1e-6  # USD that rounding leaves


def perpetuals(w: World, venue: str, row: int) -> list[str]:
    """Contracts that a row holds at a venue."""
    legs = [k for k in ledger.legs(w, row) if w.instruments[k].venue == venue]
    return [k for k in legs if w.instruments[k].kind == "perpetual"]


def notional(w: World, venue: str, row: int) -> float:
    """USD of a row's contracts at a venue."""
    return sum(abs(ledger.held(w, row, k)) * w.seen_notional[k] for k in perpetuals(w, venue, row))


def open_profit(w: World, venue: str, row: int) -> float:
    """USD that a row's contracts at a venue have gained, at the marks."""
    return sum(
        margin.value(w, k, ledger.held(w, row, k))
        for k in ledger.legs(w, row)
        if w.instruments[k].venue == venue and w.instruments[k].kind in ("perpetual", "quote")
    )


def winners_pay(w: World, row: int) -> bool:
    """Deleverage the winners of every venue that does so; whether the account changed."""
    changed = False
    for name, venue in w.venues.items():
        if venue.waterfall is None or venue.waterfall["deleveraging"]["ranking"] == "none":
            continue
        if not perpetuals(w, name, row):
            continue
        equity, _ = margin.assess(w, MAINTENANCE, row)
        here = sum(
            margin.value(w, k, ledger.held(w, row, k))
            for k in ledger.legs(w, row)
            if w.instruments[k].venue == name
        )
        hole = min(-equity, -here)
        w.decide(hole - DUST, 1.0)
        if hole > DUST and close_at(w, name, row, hole):
            changed = True
    return changed


def close_at(w: World, name: str, row: int, hole: float) -> bool:
    """All that the funds have, then the winners, for a hole that the funds alone cannot fill."""
    venue = w.venues[name]
    cash = purse(w, "insurance", name) + purse(w, "backstop", name)
    at_hand = cash * w.published[f"{name} {w.cash}"]
    w.decide(at_hand - hole, max(at_hand, hole))
    if at_hand >= hole:
        return False
    paid = sum(empty(w, layer, name, row) for layer in ("insurance", "backstop"))
    size = notional(w, name, row)
    given = 0.0
    for k in perpetuals(w, name, row):
        contracts = ledger.held(w, row, k)
        part = (hole - paid) * abs(contracts) * w.seen_notional[k] / size
        if part > 0.0:
            asked = SimpleNamespace(row=row, leg=k, contracts=contracts, usd=part)
            given += share_out(w, venue, asked)
    w.results["bad_debt"] += paid + given
    w.decide(paid + given - DUST, 1.0)
    return paid + given > DUST


def purse(w: World, layer: str, name: str) -> float:
    """Settlement tokens that a fund can pay in one event."""
    cap = w.venues[name].waterfall["insurance_cap"]
    most = math.inf if cap is None or layer != "insurance" else cap / w.mark[w.cash]
    return max(0.0, min(w.outside[f"{layer} {name}"][w.cash], most))


def empty(w: World, layer: str, name: str, row: int) -> float:
    """A fund pays all it can into what the row's contracts settle in; return USD."""
    k = w.instruments[perpetuals(w, name, row)[0]].cash
    fund, asset, cash = f"{layer} {name}", w.instruments[k].asset, purse(w, layer, name)
    if cash <= 0.0:
        return 0.0
    spent = cash * w.mark[w.cash]
    tokens = cash
    if asset != w.cash:
        tokens = spent / (w.mark[asset] * math.exp(market.price_move(w, asset, spent)))
        before = w.outside[fund][w.cash]
        market.swap(w, fund, asset, tokens)
        spent = (before - w.outside[fund][w.cash]) * w.mark[w.cash]  # not all that was put up
    usd = tokens * w.seen_notional[k]
    w.results[f"{layer}_used"] += usd if asset == w.cash else spent
    ledger.hand(w, fund, asset, -tokens)
    ledger.post(w, k, row, tokens)
    w.seen_events.add("fund drawn before winners")
    return usd


def share_out(w: World, venue: SimpleNamespace, hole: SimpleNamespace) -> float:
    """Ask all holders of the other side for the hole of one leg; return USD that they gave."""
    name = w.instruments[hole.leg].venue
    rule = venue.waterfall["deleveraging"]
    asked = []
    for b in range(len(w.holdings)):
        held = ledger.held(w, b, hole.leg)
        if b == hole.row or held * hole.contracts >= 0.0:
            continue
        size = notional(w, name, b)
        mine = open_profit(w, name, b) * abs(held) * w.seen_notional[hole.leg] / size
        equity, _ = margin.assess(w, MAINTENANCE, b)
        w.decide(mine, margin.gross(w, b))
        w.decide(equity, margin.gross(w, b))
        if mine <= 0.0 or equity <= 0.0:
            continue
        most = hole.usd * abs(held / hole.contracts)
        if rule["capped"]:
            most = min(most, mine)
        rank = mine if rule["ranking"] == "pro_rata" else mine * size / equity
        asked.append(SimpleNamespace(row=b, profit=mine, most=most, rank=rank, gives=0.0))
    if rule["ranking"] == "queue":
        in_turn(w, asked, hole.usd)
    else:
        together(asked, hole.usd)
    for winner in asked:
        if winner.gives > 0.0:
            w.seen_events.add("deleveraged by " + rule["ranking"])
            if winner.gives == winner.profit:
                w.seen_events.add("winner gave all of his profit")
            close_against(w, hole, winner)
    return sum(winner.gives for winner in asked)


def in_turn(w: World, asked: list[SimpleNamespace], usd: float) -> None:
    """The highest rank first, each all that he can give; the lower row of equals."""
    queue = sorted(asked, key=lambda winner: -winner.rank)
    for winner, after in pairwise(queue):
        if usd > 0.0:
            w.decide(winner.rank - after.rank, winner.rank)
        winner.gives = min(winner.most, usd)
        usd -= winner.gives
    if queue:
        queue[-1].gives = min(queue[-1].most, usd)


def together(asked: list[SimpleNamespace], usd: float) -> None:
    """In proportion to rank, nobody more than he can: whoever reaches his most first is done."""
    ranks = sum(winner.rank for winner in asked)
    for winner in sorted(asked, key=lambda winner: winner.most / winner.rank):
        winner.gives = min(winner.most, usd * winner.rank / ranks)
        usd -= winner.gives
        ranks -= winner.rank


def close_against(w: World, hole: SimpleNamespace, winner: SimpleNamespace) -> None:
    """Both give up contracts at the price that pays for this part of the hole."""
    leg, a, b = w.instruments[hole.leg], hole.row, winner.row
    before, his = hedges.sides(w, a), hedges.sides(w, b)
    part = hole.contracts * winner.gives / hole.usd
    price = (w.seen_value[hole.leg] + hole.usd / hole.contracts) / w.seen_notional[leg.cash]
    close_out(w, hole.leg, a, -part)
    close_out(w, hole.leg, b, part)
    ledger.post(w, leg.quote, a, part * price)
    ledger.post(w, leg.quote, b, -part * price)
    ledger.settle_if_flat(w, b, hole.leg)
    ledger.settle_if_flat(w, a, hole.leg, DUST / w.seen_notional[leg.cash])
    w.results["adl_notional"] += abs(part) * w.seen_notional[hole.leg]
    w.results["adl_loss"] += winner.gives
    hedges.note(w, a, before)
    if b >= w.margined or w.accounts[b].owner != w.accounts[a].owner:
        hedges.note(w, b, his)


def close_out(w: World, k: str, row: int, amount: float) -> None:
    """Add to a row's contracts; what rounding leaves of them is none."""
    ledger.post(w, k, row, amount, 1e-12 * abs(ledger.held(w, row, k)))


def pools_pay(w: World) -> bool:
    """Pools that owe their winners too much close them, the largest first; whether one did."""
    changed = False
    for name, venue in w.venues.items():
        trigger = venue.waterfall and venue.waterfall["deleveraging"]["pool"]
        if not trigger or venue.maker < 0:
            continue
        if not owes_more(w, name, trigger["enable"]):
            continue
        while owes_more(w, name, trigger["target"]):
            ahead = [b for b in range(w.margined) if perpetuals(w, name, b)]
            profits = {b: open_profit(w, name, b) for b in ahead}
            best = max(ahead, key=profits.__getitem__, default=None)
            if best is None or profits[best] <= 0.0:
                break
            for b in ahead:
                if b != best and profits[b] > 0.0:
                    w.decide(profits[best] - profits[b], profits[best])
            close_at_mark(w, name, best)
            changed = True
    return changed


def owes_more(w: World, name: str, share: float) -> bool:
    """Whether traders' open profit is more than a share of the pool that owes it."""
    owed = sum(max(0.0, open_profit(w, name, b)) for b in range(w.margined))
    equity, _ = margin.assess(w, MAINTENANCE, w.venues[name].maker)
    pool = equity + owed
    w.decide(owed - share * pool, max(owed, abs(pool), 1.0))
    return owed > share * pool


def close_at_mark(w: World, name: str, row: int) -> None:
    """All contracts of a row go back to the pool at the mark."""
    w.seen_events.add("pool closed a winner")
    maker, before = w.venues[name].maker, hedges.sides(w, row)
    for k in perpetuals(w, name, row):
        leg, held = w.instruments[k], ledger.held(w, row, k)
        price = w.seen_value[k] / w.seen_notional[leg.cash]
        for who, sign in ((row, -1.0), (maker, 1.0)):
            ledger.post(w, k, who, sign * held)
            ledger.post(w, leg.quote, who, -sign * held * price)
        w.results["adl_notional"] += abs(held) * w.seen_notional[k]
        ledger.settle_if_flat(w, row, k)
    hedges.note(w, row, before)
