"""Carrying out a call: what changes hands between account, liquidator, funds and market."""

import math
from types import SimpleNamespace

from tests.reference import auction, contract, ledger, market, portfolio
from tests.reference.offers import handover
from tests.reference.sizes import HAIR
from tests.reference.world import World


def pay(w: World, giver: str, taker: str, usd: float) -> None:
    """Settlement tokens from one holder outside to another."""
    tokens = usd / w.mark[w.cash]
    ledger.hand(w, giver, w.cash, -tokens)
    ledger.hand(w, taker, w.cash, tokens)


def take(w: World, him: SimpleNamespace, row: int, offer: SimpleNamespace, usd: float) -> float:
    """Carry out a call."""
    usd = offer.full if usd >= offer.full * (1.0 - HAIR) else usd
    if portfolio.is_one(offer):
        return portfolio.take(w, him, row, offer, usd)
    if offer.collateral is None:
        return take_contracts(w, him, row, offer, usd)
    return take_loan(w, him, row, offer, usd)


def worth_of_trade(w: World, asset: str, quantity: float) -> float:
    """USD moved by buying (+) or selling (-) tokens, impact included."""
    usd = quantity * w.mark[asset]
    return usd if asset == w.cash else usd * math.exp(market.price_move(w, asset, usd))


def take_loan(
    w: World, him: SimpleNamespace, row: int, offer: SimpleNamespace, usd: float
) -> float:
    """Repay debt, seize collateral; a flash liquidator sells it at once."""
    debt, seized = w.instruments[offer.leg], w.instruments[offer.collateral]
    cash = ledger.pool_cash(w, offer.collateral)
    w.decide(cash, ledger.deposits(w, offer.collateral))
    cash *= w.seen_notional[offer.collateral]
    payable = max(0.0, cash) / (1.0 + offer.charge)
    w.decide(usd - payable, usd)
    usd = min(usd, payable)
    auctioned = w.venues[debt.venue].bonus == "dutch"
    if auctioned:
        usd = auction.accepted(w, offer, usd)
    if usd <= 0.0:
        return 0.0
    held, owed = ledger.held(w, row, offer.collateral), -ledger.held(w, row, offer.leg)
    given = min(held, usd * (1.0 + offer.charge) / w.seen_notional[offer.collateral])
    repaid = min(owed, usd / w.seen_notional[offer.leg])
    if usd >= offer.full:  # the smaller of the two legs goes to the last bit
        w.decide(offer.for_sale - offer.covered, offer.full)
        if offer.covered < offer.for_sale:
            given = held
            w.seen_events.add("collateral emptied")
        elif offer.for_sale == offer.owed:
            repaid = owed
            w.seen_events.add("debt closed")
    flash = w.venues[debt.venue].taker == "flash"
    if flash:  # the loan must be paid back out of the sale
        sold = -worth_of_trade(w, seized.asset, -given)
        fees = repaid * w.seen_notional[offer.leg] * (offer.fee + offer.protocol)
        spent = worth_of_trade(w, debt.asset, repaid) + fees
        w.decide(sold - spent, usd)
        if sold < spent:
            return 0.0
    w.seen_events.add("seized collateral")
    ledger.post(w, offer.collateral, row, -given)
    ledger.hand(w, him.holder, seized.asset, given)
    if flash:
        market.swap(w, him.holder, seized.asset, -given)
    market.swap(w, him.holder, debt.asset, repaid)
    ledger.hand(w, him.holder, debt.asset, -repaid)
    ledger.post(w, offer.leg, row, repaid)
    if auctioned:
        auction.note_bid(w, row, repaid)
        w.seen_events.add("bought at an auction")
    pay(w, him.holder, "insurance " + debt.venue, usd * offer.fee)
    pay(w, him.holder, "protocol", usd * offer.protocol)
    w.results["penalties"] += usd * offer.charge
    return usd


def take_contracts(
    w: World, him: SimpleNamespace, row: int, offer: SimpleNamespace, usd: float
) -> float:
    """Take contracts over at the published price less the discount, past funding settled."""
    k, leg = offer.leg, w.instruments[offer.leg]
    clearing = w.venues[leg.venue].clearing
    held, index = ledger.held(w, row, k), w.published[leg.feed]
    sign = math.copysign(1.0, held)
    contracts = held if usd >= offer.full else sign * usd / w.seen_notional[k]
    price = handover(w, k, sign, offer.gain)
    w.seen_events.add("liquidated contracts")
    for who, side in ((row, -1.0), (him.row, 1.0)):
        ledger.post(w, k, who, side * contracts)
        ledger.post(w, leg.quote, who, -side * contracts * price)
    fee = abs(contracts) * contract.worth(leg, index) * offer.fee
    ledger.post(w, leg.quote, row, -fee)
    ledger.post(w, leg.quote, clearing, fee)
    ledger.post(w, leg.cash, clearing, -fee)
    coin, fund = w.instruments[leg.cash].asset, "insurance " + leg.venue
    ledger.hand(w, fund, coin, fee)
    if coin != w.cash:
        market.swap(w, fund, coin, -fee)
    w.results["penalties"] += usd * offer.charge
    ledger.settle_if_flat(w, row, k)
    return usd
