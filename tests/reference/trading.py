"""What owners do: trade perpetuals, repay from collateral, send collateral, and when."""

import math

from tests.reference import contract, hedges, ledger, margin, market
from tests.reference.world import INITIAL, MAINTENANCE, World


def take_from_book(w: World, k: str, row: int, quantity: float) -> float:
    """Trade contracts against the venue's market maker, as far as his margin goes."""
    quantity *= room_of_maker(w, k, quantity)
    if quantity != 0.0:
        exchange(w, k, row, quantity)
    return quantity


def room_of_maker(w: World, k: str, quantity: float) -> float:
    """Share of an order that the market maker takes: what enlarges his position, he must margin."""
    leg = w.instruments[k]
    maker = w.venues[leg.venue].maker
    his = ledger.held(w, maker, k)
    growth = abs(his - quantity) - abs(his)
    if growth <= 0.0:
        return 1.0
    equity, initial = margin.assess(w, INITIAL, maker)
    w.decide(equity - initial, margin.gross(w, maker))
    free = max(0.0, equity - initial)
    need = growth * w.seen_notional[k] * w.ratio[INITIAL][k]
    if not is_flat(leg.ratio):
        after = margin.perpetual_requirement(w, INITIAL, k, his - quantity)
        need = after - margin.perpetual_requirement(w, INITIAL, k, his)
    return min(1.0, free / need) if need > 0.0 else 1.0


def exchange(w: World, k: str, row: int, quantity: float) -> float:
    """Contracts change hands with the market maker; return quote tokens per contract.

    Past funding is settled with the trade: a contract bought at a price is worth that price less
    what has been paid on it so far, so only funding from now on is the buyer's.
    """
    leg = w.instruments[k]
    maker = w.venues[leg.venue].maker
    units = quantity / w.mark[leg.market] * contract.dollars(leg, w.mark[leg.market])
    skew = -ledger.held(w, maker, k)
    traded = market.own_price(w, k, market.trade(w, leg.market, units), skew, quantity)
    price = contract.costs(leg, traded)
    for who, sign in ((row, 1.0), (maker, -1.0)):
        ledger.post(w, k, who, sign * quantity)
        ledger.post(w, leg.quote, who, -sign * quantity * (price - w.funding[k]))
    ledger.settle_if_flat(w, row, k)
    return price


def is_flat(ratio: dict) -> bool:
    """Whether a margin ratio is two numbers and nothing else."""
    scaled = ratio["tiers"] or ratio["skew"] or ratio["size_slope"] or ratio["open_interest"]
    return not (scaled or ratio["least"] or ratio["floor"] or ratio["rounding"])


def most_valuable_deposit(w: World, row: int) -> str | None:
    """The deposit that the engine values most; the first of equals."""
    best, most = None, 0.0
    for k in ledger.legs(w, row):
        if w.instruments[k].kind == "balance":
            worth = margin.value(w, k, ledger.held(w, row, k))
            if best is not None and worth > 0.0:
                w.decide(worth - most, most)
            if worth > most:
                best, most = k, worth
    return best


def repay_from_collateral(w: World, row: int, k: str, usd: float) -> float:
    """Withdraw collateral, sell it, buy what is owed, repay; the rest goes to the wallet."""
    source = most_valuable_deposit(w, row)
    if source is None or usd <= 0.0:
        return 0.0
    payable = max(0.0, ledger.pool_cash(w, source))
    amount = min(usd / w.seen_notional[source], ledger.held(w, row, source), payable)
    sold, owed = w.instruments[source].asset, w.instruments[k].asset
    ledger.post(w, source, row, -amount)
    proceeds = amount
    if sold != w.cash and amount != 0.0:
        price = market.trade(w, sold, -amount)
        proceeds = amount * price / w.mark[w.cash]
        ledger.hand(w, "market", sold, amount)
        ledger.hand(w, "market", w.cash, -proceeds)
    bought, paid = buy(w, owed, proceeds, -ledger.held(w, row, k))
    ledger.post(w, k, row, bought)
    w.wallet[w.accounts[row].owner] += proceeds - paid
    return bought * w.seen_notional[k]


def buy(w: World, asset: str, cash: float, most: float) -> tuple[float, float]:
    """Spend settlement tokens on at most so much of an asset; what was bought, what was paid."""
    if asset == w.cash:
        bought = min(cash, most)
        return bought, bought
    usd = cash * w.mark[w.cash]
    bought = min(usd / (w.mark[asset] * math.exp(market.price_move(w, asset, usd))), most)
    if bought == 0.0:
        return 0.0, 0.0
    price = market.trade(w, asset, bought)
    paid = bought * price / w.mark[w.cash]
    ledger.hand(w, "market", asset, -bought)
    ledger.hand(w, "market", w.cash, paid)
    return bought, paid


def close_share(w: World, row: int, share: float) -> None:
    """Close a share of every perpetual and every loan, in the order of the instruments."""
    for k, leg in w.instruments.items():
        quantity = ledger.held(w, row, k)
        if leg.kind == "perpetual" and quantity != 0.0:
            part = -quantity if share >= 1.0 else -share * quantity
            filled = take_from_book(w, k, row, part)
            w.results["deleveraged_notional"] += abs(filled) * w.seen_notional[k]
        if leg.kind == "balance" and quantity < 0.0:
            usd = -margin.value(w, k, quantity) * share
            w.results["deleveraged_notional"] += repay_from_collateral(w, row, k, usd)


def top_up(w: World, row: int, usd: float) -> None:
    """Send settlement tokens: the owner's wallet first, then his other accounts' spare."""
    account, price = w.accounts[row], w.mark[w.cash]
    wanted = usd / price
    sent = min(wanted, w.wallet[account.owner])
    w.wallet[account.owner] -= sent
    for sibling in w.owned[account.owner]:
        if sibling != row:
            k = w.accounts[sibling].cash
            free = margin.spare(w, sibling, ledger.pool_cash(w, k))
            part = min(wanted - sent, free / price)
            if part > 0.0:
                ledger.post(w, k, sibling, -part)
                sent += part
    if sent > 0.0:
        ledger.hand(w, "transit", w.cash, sent)
        tokens, _ = w.coming.get(row, (0.0, 0.0))
        w.coming[row] = (tokens + sent, w.time + account.delay)
        w.results["topped_up"] += sent * price


def deliver(w: World) -> None:
    """Collateral on the way arrives when it is due."""
    for row, (tokens, due) in list(w.coming.items()):
        if due <= w.time:
            del w.coming[row]
            ledger.hand(w, "transit", w.cash, -tokens)
            ledger.post(w, w.accounts[row].cash, row, tokens)


def owner_decides(w: World, row: int) -> tuple[float, float]:
    """USD that an owner sends and share that he closes, looking at an account in trouble."""
    account, price = w.accounts[row], w.mark[w.cash]
    target, willing, closing, panic = account.habits
    equity, maintenance = margin.assess(w, MAINTENANCE, row)
    equity += w.coming.get(row, (0.0, 0.0))[0] * price
    if account.opening > 0.0:
        worst = (1.0 - panic) * account.opening
        w.decide(equity - worst, max(abs(account.opening), margin.gross(w, row)))
        if equity <= worst:
            return 0.0, 1.0
    missing = target * maintenance - equity
    w.decide(missing, margin.gross(w, row))
    if missing <= 0.0:
        return 0.0, 0.0
    siblings = [b for b in w.owned[account.owner] if b != row]
    means = w.wallet[account.owner] * price
    means += sum(margin.spare(w, b, ledger.pool_cash(w, w.accounts[b].cash)) for b in siblings)
    sent = min(missing, willing * means)
    lacking = missing - sent
    if lacking <= 0.0:
        return sent, 0.0
    return sent, closing * min(1.0, lacking / (target * maintenance))


def act(w: World) -> None:
    """Owners whose turn it is and whose account fell below their watch level, in order."""
    worried = []
    for row in range(w.margined):
        account = w.accounts[row]
        if (w.step_number + account.phase) % account.interval == 0 and ledger.legs(w, row):
            equity, required = margin.assess(w, MAINTENANCE, row)
            w.decide(equity - account.watch * required, margin.gross(w, row))
            if equity < account.watch * required:
                worried.append(row)
    for row in worried:
        sent, closed = owner_decides(w, row)
        if closed > 0.0:
            close_share(w, row, min(1.0, closed))
            hedges.note_closed(w, row)
        if sent > 0.0 and row not in w.coming:
            top_up(w, row, sent)
