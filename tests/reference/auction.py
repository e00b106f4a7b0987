"""Collateral sold by auction: a price that starts high and falls until somebody buys.

Maker's (makerdao/dss, ``dog.sol``, ``clip.sol``, ``abaci.sol``), but the collateral stays with its
owner until it is bought, and the auction ends when he meets maintenance again. All of a debt is put
up, or what room the venue's other auctions leave of it; per dollar of debt the penalty is raised.
"""

import math
from types import SimpleNamespace

from tests.reference import ledger, margin
from tests.reference.world import World


def asked(rule: dict, top: float, seconds: float) -> float:
    """Price so many seconds after the start, by the kind of curve."""
    if rule["curve"] == "linear":
        return top * max(0.0, 1.0 - seconds / rule["length"])
    if rule["curve"] == "stairs":
        return top * rule["cut"] ** math.floor(seconds / rule["step"])
    if rule["curve"] == "exponential":
        return top * rule["cut"] ** seconds
    raise AssertionError


def worth(w: World, row: int, k: str) -> float:
    """USD of a leg, whatever its sign."""
    return abs(margin.value(w, k, ledger.held(w, row, k)))


def runs(w: World, row: int, debt: str, collateral: str) -> bool:
    """Whether this pair is being auctioned, with something left to raise."""
    sale = w.auction.get(row)
    return bool(sale) and (sale.debt, sale.collateral) == (debt, collateral) and sale.left > 0.0


def price_now(w: World, row: int) -> float:
    """What the running auction of an account asks for its collateral, USD."""
    sale = w.auction[row]
    rule = w.venues[w.instruments[sale.debt].venue].auction
    return asked(rule, rule["start"] * sale.price, w.time - sale.since)


def run_out(w: World, row: int) -> bool:
    """Whether the running auction is too old, or has become too cheap, and must start again."""
    sale = w.auction[row]
    rule = w.venues[w.instruments[sale.debt].venue].auction
    top, price, age = rule["start"] * sale.price, price_now(w, row), w.time - sale.since
    w.decide(price - rule["cusp"] * top, top if price > 0.0 else 0.0)
    if rule["tail"] is not None:
        w.decide(age - rule["tail"], rule["tail"])
        if age > rule["tail"]:
            return True
    return price < rule["cusp"] * top


def put_up_by_others(w: World, row: int, venue: str) -> float:
    """USD of debt that the venue's other auctions still have on offer."""
    total = 0.0
    for other, sale in w.auction.items():
        if other != row and sale.left > 0.0 and w.instruments[sale.debt].venue == venue:
            owed = max(0.0, -ledger.held(w, other, sale.debt))
            total += min(owed, sale.left) * w.seen_notional[sale.debt]
    return total


def allowed(w: World, row: int, debt: str) -> float:
    """USD of a debt that an auction may put up now; no dust is auctioned, and none is left."""
    venue = w.instruments[debt].venue
    rule, owed = w.venues[venue].auction, worth(w, row, debt)
    if rule["hole"] is None:
        return owed
    room = max(0.0, rule["hole"] / rule["penalty"] - put_up_by_others(w, row, venue))
    w.decide(room - owed, max(room, owed))
    if room >= owed:
        return owed
    w.seen_events.add("auction cut to the room left")
    w.decide(owed - room - rule["dust"], owed)
    if owed - room < rule["dust"]:
        return owed
    if room <= 1e-12 * rule["hole"]:
        return 0.0
    if room > 0.0:
        w.decide(room - rule["dust"], room)
    return 0.0 if room < rule["dust"] else room


def offer(w: World, row: int, debt: str, collateral: str) -> SimpleNamespace:
    """Debt and penalty for collateral at the price asked; at the first price before it starts."""
    rule = w.venues[w.instruments[debt].venue].auction
    here, owed = w.seen_notional[collateral], worth(w, row, debt)
    price = rule["start"] * here
    if runs(w, row, debt, collateral):
        if not run_out(w, row):
            price = price_now(w, row)
        for_sale = min(owed, w.auction[row].left * w.seen_notional[debt])
    else:
        for_sale = allowed(w, row, debt)
    per_usd = rule["penalty"] * here / price if price > 0.0 else math.inf  # of collateral
    covered = worth(w, row, collateral) / per_usd
    protocol = rule["penalty"] - 1.0
    return SimpleNamespace(
        leg=debt, collateral=collateral, full=min(for_sale, covered), gain=per_usd - 1.0 - protocol,
        fee=0.0, protocol=protocol, charge=per_usd - 1.0, notional=0.0,
        owed=owed, for_sale=for_sale, covered=covered,
    )  # fmt: skip


def begins(w: World, row: int, offer: SimpleNamespace) -> bool:
    """Start the auction that an offer needs, or start it again; whoever does so is paid."""
    here = w.instruments[offer.leg].venue
    rule = w.venues[here].auction
    pair = offer.leg, offer.collateral
    again = runs(w, row, *pair)
    if again and not run_out(w, row):
        return False
    part = offer.for_sale < offer.owed
    left = offer.for_sale / w.seen_notional[offer.leg] if part else math.inf
    w.seen_events.add("auction started again" if again else "auction started")
    w.auction[row] = SimpleNamespace(
        debt=offer.leg,
        collateral=offer.collateral,
        since=w.time,
        price=w.seen_notional[offer.collateral],
        left=w.auction[row].left if again else left,
    )
    if w.liquidators:
        reward = rule["tip"] + rule["chip"] * offer.for_sale * rule["penalty"]
        tokens, keeper = reward / w.mark[w.cash], w.liquidators[row % len(w.liquidators)]
        ledger.hand(w, "protocol", w.cash, -tokens)
        ledger.hand(w, keeper.holder, w.cash, tokens)
    return True


def accepted(w: World, offer: SimpleNamespace, usd: float) -> float:
    """USD of debt that a bid may repay: not so much that less than dust is left to raise."""
    dust = w.venues[w.instruments[offer.leg].venue].auction["dust"]
    if usd >= offer.full:
        return usd
    left = offer.for_sale - usd
    w.decide(left - dust, offer.for_sale)
    if left >= dust:
        return usd if usd > 1e-9 * offer.for_sale else 0.0
    w.seen_events.add("bid cut so that no dust is left")
    rest = offer.for_sale - dust
    return rest if rest > 1e-9 * offer.for_sale else 0.0


def note_bid(w: World, row: int, repaid: float) -> None:
    """Take what was repaid, in tokens, off what the auction has left to raise."""
    sale = w.auction[row]
    sale.left -= repaid
    if sale.left <= 1e-9 * repaid:  # what rounding leaves
        sale.left = 0.0
    elif math.isfinite(sale.left):
        w.decide(sale.left, repaid)
