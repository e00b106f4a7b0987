"""Markets: impact, decay, arbitrage, oracles, the background book, interest and funding."""

import math

from tests.reference import ledger
from tests.reference.world import World

YEAR, DAY = 365.0 * 86_400.0, 86_400.0
ONE_PERCENT = 0.01


def lasting_share(w: World, m: str) -> float:
    """Share of flow that moves a market for good; none where the price only follows another."""
    row = w.market_rows[m]
    return row.permanent if row.parent is None else 0.0


def transient_move(w: World, m: str, flow: float) -> float:
    """Concave log displacement of a decaying flow, in units of depth."""
    size = ONE_PERCENT * (1.0 - lasting_share(w, m)) * abs(flow) ** w.market_rows[m].exponent
    return math.copysign(size, flow)


def average_transient_move(w: World, m: str, start: float, end: float) -> float:
    """Mean of the curve between two flows, from its antiderivative."""
    if start == end:
        return transient_move(w, m, start)
    e = w.market_rows[m].exponent
    scale = ONE_PERCENT * (1.0 - lasting_share(w, m)) / (e + 1.0)
    return scale * (abs(end) ** (e + 1.0) - abs(start) ** (e + 1.0)) / (end - start)


def remark(w: World) -> None:
    """Every mark from fundamentals and displacements, parents first."""
    for m, row in w.market_rows.items():
        shift = ONE_PERCENT * lasting_share(w, m) * w.permanent[m]
        shift += transient_move(w, m, w.transient[m])
        if row.parent is not None:
            shift += w.displacement[row.parent]
        w.displacement[m] = shift
        w.mark[m] = w.fundamental[row.asset] * math.exp(shift)
        size = abs(math.exp(shift) - 1.0)
        w.results["max_displacement"] = max(w.results["max_displacement"], size)


def depth(w: World, m: str) -> float:
    """USD that move a market by 1 % now."""
    return w.market_rows[m].depth * w.depth_share[m]


def price_move(w: World, m: str, usd: float) -> float:
    """Average log move that an order pays; bought if positive."""
    if w.feedback == "none":
        return 0.0
    flow, start = usd / depth(w, m), w.transient[m]
    move = average_transient_move(w, m, start, start + flow) - transient_move(w, m, start)
    return move + 0.5 * ONE_PERCENT * lasting_share(w, m) * flow


def trade(w: World, m: str, quantity: float) -> float:
    """Buy (+) or sell (-) on a market; the average price paid."""
    usd = quantity * w.mark[m]
    price = w.mark[m] * math.exp(price_move(w, m, usd))
    if w.feedback == "full":
        push(w, m, usd / depth(w, m))
        remark(w)
    return price


def push(w: World, m: str, flow: float) -> None:
    """Flow arrives at a market; only reference markets remember it for good."""
    w.transient[m] += flow
    if w.market_rows[m].parent is None:
        w.permanent[m] += flow


def swap(w: World, holder: str, asset: str, quantity: float) -> None:
    """Buy (+) or sell (-) an asset for settlement tokens against the outside market."""
    if asset == w.cash or quantity == 0.0:
        return
    price = trade(w, asset, quantity)
    paid = quantity * price / w.mark[w.cash]
    for who, sign in ((holder, 1.0), ("market", -1.0)):
        ledger.hand(w, who, asset, sign * quantity)
        ledger.hand(w, who, w.cash, -sign * paid)


def relax(w: World) -> None:
    """The time since the last call acts on depth, gaps and displacements; then all is re-marked."""
    elapsed = w.time - w.relaxed
    w.relaxed = w.time
    for m, row in w.market_rows.items():
        goal = row.depth_factor[w.regime]
        w.depth_share[m] = goal + (w.depth_share[m] - goal) * math.exp(-row.recovery * elapsed)
        if w.transient[m] == 0.0:
            continue
        if row.parent is not None:
            arbitrage(w, m, elapsed)
        w.transient[m] *= math.exp(-row.decay * elapsed)
    remark(w)


def arbitrage(w: World, m: str, elapsed: float) -> None:
    """Carry part of a market's flow to its parent, as much as arbitrageurs can in USD."""
    row = w.market_rows[m]
    usd = w.transient[m] * (1.0 - math.exp(-row.arbitrage * elapsed)) * depth(w, m)
    most = row.arbitrage_cap * elapsed
    usd = max(-most, min(most, usd))
    w.transient[m] -= usd / depth(w, m)
    push(w, row.parent, usd / depth(w, row.parent))


def look(w: World) -> None:
    """Oracles sample the marks, publish what is old enough, and the margin engine reads them."""
    w.samples.append((w.time, dict(w.mark), w.wave))
    for name, feed in w.feed_rows.items():
        old_enough = [s for s in w.samples if s[0] <= w.time - feed.delay]
        sample = old_enough[-1][1] if old_enough else w.opening_mark
        w.published[name] = sample[feed.market]
        w.shown_at[name] = old_enough[-1][0] if old_enough else -math.inf
        w.shown_wave[name] = old_enough[-1][2] if old_enough else 0
    read_prices(w)


def blocks_until_news(w: World) -> int:
    """Blocks until some feed will show another price than its market's, to a basis point."""
    waits = []
    for name, feed in w.feed_rows.items():
        mark, shown = w.mark[feed.market], w.published[name]
        later = [s for s in w.samples if s[0] > w.shown_at[name]]
        w.decide(abs(shown - mark) - 1e-4 * mark, mark)
        if later and abs(shown - mark) > 1e-4 * mark:
            wait = (later[0][0] + feed.delay - w.time) / w.block
            waits.append(max(1, math.ceil(wait - 1e-9)))
    return min(waits, default=0)


def read_prices(w: World) -> None:
    """What one unit of each instrument is worth to the margin engine."""
    for k, leg in w.instruments.items():
        w.unseen[k] = 1.0
        if leg.kind == "balance":
            w.seen_value[k] = w.seen_notional[k] = w.published[leg.feed]
            continue
        token = w.published[w.instruments[leg.cash].feed]
        w.seen_value[k] = w.seen_notional[k] = token
        if leg.kind == "perpetual":
            w.seen_value[k] = (w.mark[leg.market] - w.funding[k]) * token
            w.seen_notional[k] = w.published[leg.feed] * token


def triggered(w: World, side: str, m: str, distance: float) -> float:
    """USD of the background book between the opening price and a log distance."""
    levels = w.background[side][m]
    position = distance / w.level_width
    if position >= len(levels) - 1:
        return levels[-1]
    below = math.floor(position)
    return levels[below] + (levels[below + 1] - levels[below]) * (position - below)


def fire_background(w: World) -> bool:
    """Each market's book trades what its mark reaches for the first time."""
    if w.feedback != "full":
        return False
    fired = False
    for m in w.market_rows:
        move = math.log(w.mark[m] / w.opening_mark[m])
        side, reached = ("falls", w.fell) if move < 0.0 else ("rises", w.rose)
        before, now = reached[m], abs(move)
        if now != before:
            w.decide(now - before, max(now, before))
        if now <= before:
            continue
        reached[m] = now
        usd = triggered(w, side, m, now) - triggered(w, side, m, before)
        if usd > 0.0:
            quantity = usd / w.mark[m]
            trade(w, m, -quantity if side == "falls" else quantity)
            w.results["background_notional"] += usd
            fired = True
    return fired


def accrue(w: World) -> None:
    """Interest on every balance of every pool, funding on every perpetual, for one step."""
    for k, leg in w.instruments.items():
        if leg.kind == "balance":
            accrue_interest(w, k)
        elif leg.kind == "perpetual":
            accrue_funding(w, k)


def borrow_rate(leg: object, utilisation: float) -> float:
    """Two lines that meet at the kink."""
    u = min(1.0, max(0.0, utilisation))
    if u > leg.kink:
        return leg.kink_rate + (leg.full_rate - leg.kink_rate) * (u - leg.kink) / (1.0 - leg.kink)
    if leg.kink == 0.0:
        return leg.kink_rate
    return leg.base_rate + (leg.kink_rate - leg.base_rate) * u / leg.kink


def accrue_interest(w: World, k: str) -> None:
    """Every loan grows; every deposit grows by its share of that, less the protocol's cut."""
    leg = w.instruments[k]
    lent, deposited = ledger.loans(w, k), ledger.deposits(w, k)
    if lent <= 0.0 or deposited <= 0.0:
        return
    growth = borrow_rate(leg, lent / deposited) * w.step_length / YEAR
    interest = lent * growth
    reserve = interest * leg.reserve_factor
    earned = (interest - reserve) / deposited
    for row in w.holdings:
        balance = row.get(k, 0.0)
        row[k] = balance * (1.0 + (earned if balance >= 0.0 else growth))
    w.borrow_index[k] *= 1.0 + growth
    w.deposit_index[k] *= 1.0 + earned
    ledger.post(w, k, w.protocol, reserve)


def accrue_funding(w: World, k: str) -> None:
    """Longs owe shorts the averaged premium plus the interest part, within the cap."""
    leg = w.instruments[k]
    index = w.published[leg.feed]
    premium = w.mark[leg.market] / index - 1.0
    keep = math.exp(-w.step_length / leg.premium_time)
    w.premium[k] = keep * w.premium[k] + (1.0 - keep) * premium
    rate = min(leg.funding_cap, max(-leg.funding_cap, w.premium[k] + leg.funding_offset))
    w.funding[k] += rate * index * w.step_length / DAY
