"""Who answers an offer, and with how much."""

from types import SimpleNamespace

from tests.reference import contract, ledger, margin, market, portfolio, sale, transfer
from tests.reference.world import INITIAL, World


def means_of(w: World, number: int, offer: SimpleNamespace) -> float:
    """USD of an offer that a liquidator's own means allow, as the venue asks for them."""
    him = w.liquidators[number]
    asked = w.venues[w.instruments[offer.leg].venue].taker
    if asked == "none":
        return offer.full
    cash = w.outside[him.holder][w.cash] * w.mark[w.cash]
    if portfolio.is_one(offer):
        return portfolio.means(offer, cash)
    if offer.collateral is not None and asked == "flash":
        return offer.full
    if offer.collateral is None and asked != "cash":
        equity, initial = margin.assess(w, INITIAL, him.row)
        if ledger.legs(w, him.row):
            w.decide(equity - initial, margin.gross(w, him.row))
        ratio = w.ratio[INITIAL][offer.leg]
        return max(0.0, (equity - initial) / ratio if ratio > 0.0 else offer.full)
    if cash != 0.0:
        w.decide(cash, 1.0)  # what rounding leaves to somebody without means
    return max(0.0, cash / (1.0 + offer.fee + offer.protocol))


def true_gain(w: World, row: int, offer: SimpleNamespace) -> float:
    """Gain per USD taken where tokens and contracts are worth what their markets say."""

    def lead(k: str) -> float:
        return w.mark[w.instruments[k].market] / w.published[w.instruments[k].feed]

    if portfolio.is_one(offer):
        return offer.gain
    if offer.collateral is None:
        side = 1.0 if ledger.held(w, row, offer.leg) >= 0.0 else -1.0
        return offer.gain + side * contract.gain(w.instruments[offer.leg], lead(offer.leg))
    return (1.0 + offer.gain) * (lead(offer.collateral) / lead(offer.leg)) - 1.0


def cost_of_selling(w: World, row: int, offer: SimpleNamespace) -> float:
    """Log-price cost of trading away all that an offer brings."""
    if portfolio.is_one(offer):
        return portfolio.cost_of_selling(w, row, offer)
    where = w.instruments[offer.leg].market
    if offer.collateral is None:
        side = -1.0 if ledger.held(w, row, offer.leg) >= 0.0 else 1.0
        return abs(market.price_move(w, where, side * offer.notional))
    source = w.instruments[offer.collateral].market
    bought = abs(market.price_move(w, where, offer.notional))
    return bought + abs(market.price_move(w, source, -offer.notional))


def wanted(w: World, number: int, row: int, offer: SimpleNamespace) -> float:
    """USD that a liquidator takes of an offer."""
    him, means, room = w.liquidators[number], means_of(w, number, offer), w.room[number]
    if room != 0.0:
        w.decide(room, him.capacity)
    if him.rule == "take_all":
        return min(offer.notional, room, means)
    slippage, gain = cost_of_selling(w, row, offer), true_gain(w, row, offer)
    share = min(1.0, max(0.0, gain) / (2.0 * slippage)) if slippage > 0.0 else 1.0
    usd = min(share * offer.notional, room, means)
    if usd <= 0.0:
        return 0.0
    profit = usd * (gain - usd / offer.notional * slippage) - him.cost
    if profit != him.least_profit:  # where nothing is earned or asked, it is exactly equal
        w.decide(profit - him.least_profit, max(1.0, usd))
    return usd if profit >= him.least_profit else 0.0


def answered(w: World, row: int, offer: SimpleNamespace) -> float:
    """Liquidators who had time to react answer in turn; the first who takes something wins.

    A venue that closes contracts on its own book asks none of them.
    """
    if sale.on_book(w, offer):
        return sale.sell(w, row, offer)
    count = len(w.liquidators)
    for i in range(count):
        number = (row + w.step_number + i) % count
        him = w.liquidators[number]
        if w.time - w.breach[row] < him.latency:
            continue
        usd = wanted(w, number, row, offer)
        if usd <= 0.0:
            continue
        taken = transfer.take(w, him, row, offer, usd)
        w.room[number] -= taken
        if taken > 0.0:
            old = w.carried[number]
            w.carried[number] = [
                usd + taken * share for usd, share in zip(old, w.generation[row], strict=True)
            ]
            transfer.pay(w, him.holder, "market", him.cost)
            return taken
    return 0.0
