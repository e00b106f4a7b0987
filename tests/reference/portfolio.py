"""A whole portfolio by auction: every bidder takes the same share of each leg.

Derive's (derivexyz/v2-core, ``DutchAuction.sol``). While the portfolio is worth something, what is
asked of its value falls fast and then slowly; a bidder may take no more than restores the buffer
margin. Once it is worth nothing, whoever assumes it is paid: first its hole, in the end its whole
requirement.
"""

import math
from types import SimpleNamespace

from tests.reference import ledger, margin, market, waterfall
from tests.reference.world import MAINTENANCE, World

ALL = "every leg"  # in place of the collateral of an offer


def is_one(offer: SimpleNamespace) -> bool:
    """Whether an offer is a share of every leg."""
    return offer.collateral == ALL


def sizes(w: World, row: int) -> dict[str, float]:
    """USD of each leg, signed; a quote balance is no leg of its own."""
    found = {}
    for k in ledger.legs(w, row):
        leg, quantity = w.instruments[k], ledger.held(w, row, k)
        if leg.kind == "perpetual":
            found[k] = quantity * w.seen_notional[k]
        elif leg.kind == "balance":
            found[k] = margin.value(w, k, quantity)
    return found


def share_asked(rule: dict, seconds: float) -> float:
    """Share of a portfolio's value that is asked: fast to the cutoff, then slowly to nothing."""
    if seconds < rule["length"]:
        return rule["start"] - (rule["start"] - rule["cutoff"]) * seconds / rule["length"]
    return rule["cutoff"] * max(0.0, 1.0 - (seconds - rule["length"]) / rule["slow"])


def largest_share(buffered: float, value: float, reserved: float, discount: float) -> float:
    """Share f whose sale leaves no buffer margin missing.

    ``0 = (1 - f) buffered + f discount (value - reserved) + f reserved``
    """
    brought = discount * (value - reserved) + reserved
    if buffered >= 0.0:
        return 0.0
    return min(1.0, buffered / (buffered - brought)) if brought > 0.0 else 1.0


def standing(w: World, row: int) -> tuple[float, float, float]:
    """Value, buffer margin and cash of earlier bidders, USD."""
    value, required = margin.assess(w, MAINTENANCE, row)
    buffered = value - required - w.venues[w.accounts[row].venue].auction["buffer"] * required
    w.decide(value, margin.gross(w, row))
    paid_in = w.reserved.get(row, 0.0) * w.mark[w.cash]
    return value, buffered, min(paid_in, max(0.0, value))


def offer(w: World, row: int) -> SimpleNamespace | None:
    """A share of every leg at what the auction asks now; gains are per USD of gross size."""
    legs = sizes(w, row)
    gross = sum(abs(usd) for usd in legs.values())
    if not gross:
        return None
    rule = w.venues[w.accounts[row].venue].auction
    value, buffered, reserved = standing(w, row)
    seconds = w.time - w.auction[row].since if row in w.auction else 0.0
    if value > 0.0:
        discount = share_asked(rule, seconds)
        share = largest_share(buffered, value, reserved, discount)
        price = discount * (value - reserved)
        gain = (value - reserved - price) / gross
    else:
        _, required = margin.assess(w, MAINTENANCE, row)
        grown = min(1.0, seconds / rule["insolvent"]) if rule["insolvent"] > 0.0 else 1.0
        share, gain = 1.0, grown * required / gross
        price = value - gain * gross
    return SimpleNamespace(
        leg=next(iter(legs)), collateral=ALL, full=gross, notional=share * gross, gain=gain,
        fee=0.0, protocol=0.0, charge=gain, price=price, asked=abs(buffered - reserved),
    )  # fmt: skip


def begins(w: World, row: int) -> bool:
    """Start the auction, or the ramp once the portfolio is worth nothing."""
    value, buffered, _ = standing(w, row)
    before = w.auction.get(row)
    if before and before.solvent == (value > 0.0):
        return False
    if value > 0.0 and not before:
        fee = w.venues[w.accounts[row].venue].auction["fee"]
        charge(w, row, fee * largest_share(buffered, value, 0.0, 1.0) * value)
    w.seen_events.add("portfolio auctioned" if value > 0.0 else "insolvent portfolio auctioned")
    w.auction[row] = SimpleNamespace(since=w.time, solvent=value > 0.0, left=0.0, debt=None)
    return True


def charge(w: World, row: int, usd: float) -> None:
    """The fee at the start, out of the account's cash, to its venue's insurance fund."""
    account = w.accounts[row]
    if usd <= 0.0 or account.venue == "hub":
        return
    cash = ledger.held(w, row, account.cash)
    tokens = min(usd / w.mark[w.cash], max(0.0, cash))
    ledger.post(w, account.cash, row, -tokens)
    ledger.hand(w, "insurance " + account.venue, w.cash, tokens)
    w.results["penalties"] += tokens * w.mark[w.cash]


def means(offer: SimpleNamespace, cash: float) -> float:
    """USD of a portfolio that a bidder's cash pays for, with the buffer margin he must hold."""
    whole = max(0.0, offer.price) + offer.asked
    return offer.full * max(0.0, cash) / whole if whole > 0.0 else offer.full


def cost_of_selling(w: World, row: int, offer: SimpleNamespace) -> float:
    """Log-price cost of trading away the share on offer, per USD of it."""
    share, cost = offer.notional / offer.full, 0.0
    for k, usd in sizes(w, row).items():
        leg = w.instruments[k]
        if leg.asset != w.cash:
            cost += abs(usd) * abs(market.price_move(w, leg.market, -share * usd))
    return cost / offer.full


def take(w: World, him: SimpleNamespace, row: int, offer: SimpleNamespace, usd: float) -> float:
    """A share of every leg changes hands, and its price, or what he is paid to assume it."""
    share = min(1.0, usd / offer.full)
    price = share * offer.price if abs(offer.price) > 1e-12 * offer.full else 0.0
    if price < 0.0:
        assumed(w, him.row, row, -price)
    hand_over(w, row, him.row, share)
    if price >= 0.0:
        cash, tokens = w.accounts[row].cash, price / w.mark[w.cash]
        ledger.hand(w, him.holder, w.cash, -tokens)
        ledger.post(w, cash, row, tokens)
        w.reserved[row] = w.reserved.get(row, 0.0) + tokens
    w.seen_events.add("share of a portfolio taken" if share < 1.0 else "portfolio taken whole")
    w.results["penalties"] += share * offer.gain * offer.full
    return min(usd, offer.full)


def hand_over(w: World, row: int, to: int, share: float) -> None:
    """Give a share of each leg; what earlier bidders paid in stays with the account."""
    kept = w.reserved.get(row, 0.0)
    for k in ledger.legs(w, row):
        amount = ledger.held(w, row, k)
        if k == w.accounts[row].cash and amount > 0.0:
            amount = max(0.0, amount - kept)
        if amount != 0.0:
            ledger.post(w, k, row, -share * amount)
            ledger.post(w, k, to, share * amount)


def assumed(w: World, to: int, row: int, usd: float) -> None:
    """Pay a row for assuming an insolvent one: the venues that lent do, by their loans.

    Where it owes nothing but to contracts, the venue that keeps its cash does.
    """
    owing = {k: -usd for k, usd in sizes(w, row).items() if usd < 0.0}
    loans = {k: usd for k, usd in owing.items() if w.instruments[k].kind == "balance"}
    if not loans:
        loans = {w.accounts[row].cash: 1.0}
    total = math.fsum(loans.values())
    for k, owed in loans.items():
        waterfall.bear(w, to, k, usd * owed / total / w.seen_notional[k])
