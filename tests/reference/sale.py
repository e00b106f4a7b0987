"""Contracts sold on their venue's book, instead of to a liquidator, and no worse than a limit.

dYdX v4's rule (``protocol/x/clob/keeper/liquidations.go``). The limit moves from the oracle's price
towards bankruptcy and past it as health falls. Bankruptcy is the price at which the contracts take
their share of the account's equity with them, by requirement: what the sale brings above, the
insurance fund keeps up to a fee; what it brings less, the fund pays.
"""

import math
from types import SimpleNamespace

from tests.reference import contract, ledger, margin, market, trading, waterfall
from tests.reference.world import MAINTENANCE, World

HALVINGS = 24  # of an order that does not fit within its limit


def on_book(w: World, offer: SimpleNamespace) -> bool:
    """Whether contracts are on offer at a venue that sells them itself."""
    here = w.venues[w.instruments[offer.leg].venue]
    return offer.collateral is None and here.perp_price == "book"


def average_price(w: World, k: str, quantity: float) -> float:
    """Quote tokens per contract of an order, its own impact and the venue's pricing included."""
    leg = w.instruments[k]
    mark = w.mark[leg.market]
    moved = market.price_move(w, leg.market, quantity * contract.dollars(leg, mark))
    skew = -ledger.held(w, w.venues[leg.venue].maker, k)
    price = market.own_price(w, k, mark * math.exp(moved), skew, quantity)
    return contract.costs(leg, price)


def limit(w: World, row: int, k: str) -> float:
    """Worst price, quote tokens per contract."""
    leg, quantity = w.instruments[k], ledger.held(w, row, k)
    terms, index = w.venues[leg.venue], w.published[leg.feed]
    equity, required = margin.assess(w, MAINTENANCE, row)
    missing = 1.0 - equity / required if required > 0.0 else 1.0
    urgency = min(1.0, max(0.0, terms.book["bankruptcy_adjustment"] * missing))
    own = margin.perpetual_requirement(w, MAINTENANCE, k, quantity)
    ratio = own / (abs(quantity) * w.seen_notional[k])
    lost = urgency * terms.book["spread_to_margin"] * ratio * contract.worth(leg, index)
    return contract.costs(leg, index) - (lost if quantity > 0.0 else -lost)


def within(w: World, k: str, quantity: float, worst: float) -> float:
    """Largest part of an order that fills at the limit or better, by halving."""

    def gap(part: float) -> float:
        better = worst - average_price(w, k, part * quantity)
        return better if quantity > 0.0 else -better

    span = abs(gap(1.0) - gap(1e-9))
    w.decide(gap(1.0), span)
    if gap(1.0) >= 0.0:
        return quantity
    fits, tried = 0.0, 1.0
    for _ in range(HALVINGS):
        tried /= 2.0
        w.decide(gap(fits + tried), span)
        if gap(fits + tried) >= 0.0:
            fits += tried
    w.seen_events.add("held back by the limit" if fits > 0.0 else "nothing within the limit")
    return fits * quantity


def bankruptcy(w: World, row: int, k: str, quantity: float) -> float:
    """Quote tokens that a trade must bring so that nobody loses.

    The contracts at the price at which the account's equity counts them, less their share of it.
    """
    leg, held = w.instruments[k], ledger.held(w, row, k)
    freed = margin.perpetual_requirement(w, MAINTENANCE, k, held)
    freed -= margin.perpetual_requirement(w, MAINTENANCE, k, held + quantity)
    equity, required = margin.assess(w, MAINTENANCE, row)
    share = freed / required if required > freed else 1.0
    token = w.seen_notional[leg.cash]
    counted = w.seen_value[k] / token + w.funding[k]
    return -quantity * counted - equity * share / token


def sell(w: World, row: int, offer: SimpleNamespace) -> float:
    """Close what is on offer on the book; return the USD that were."""
    k = offer.leg
    part = 1.0 if offer.notional >= offer.full else offer.notional / offer.full
    quantity = -ledger.held(w, row, k) * part
    if quantity != 0.0:
        quantity *= trading.room_of_maker(w, k, quantity)
    if quantity != 0.0:
        quantity = within(w, k, quantity, limit(w, row, k))
    if quantity == 0.0:
        return 0.0
    enough = bankruptcy(w, row, k, quantity)
    brought = -quantity * trading.exchange(w, k, row, quantity)
    w.seen_events.add("sold on the book")
    if brought > enough:
        fee = w.venues[w.instruments[k].venue].perp_insurance_fee
        fund_keeps(w, row, k, min(brought - enough, fee * abs(brought)))
    else:
        fund_pays(w, row, k, enough - brought)
    return abs(quantity) * w.seen_notional[k]


def fund_keeps(w: World, row: int, k: str, tokens: float) -> None:
    """The insurance fund gets tokens of what the contracts settle in; coin it sells."""
    leg = w.instruments[k]
    asset, fund = w.instruments[leg.cash].asset, "insurance " + leg.venue
    ledger.post(w, leg.cash, row, -tokens)
    ledger.hand(w, fund, asset, tokens)
    market.swap(w, fund, asset, -tokens)
    w.results["penalties"] += tokens * w.seen_notional[leg.cash]


def fund_pays(w: World, row: int, k: str, tokens: float) -> None:
    """The insurance fund pays tokens, as far as it can in one event: a hole, filled at once."""
    cash = w.instruments[k].cash
    paid = waterfall.repaid_by(w, "insurance", row, cash, tokens)
    w.results["bad_debt"] += paid * w.seen_notional[cash]
    if paid > 0.0:
        w.seen_events.add("fund paid at the sale")
