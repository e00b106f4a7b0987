"""Markets: impact, decay, arbitrage, oracles, the background book, interest and funding."""

import math
import statistics
from itertools import pairwise
from types import SimpleNamespace

from tests.reference import contract, generations, ledger
from tests.reference.world import INITIAL, MAINTENANCE, World

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
        push(w, m, usd / depth(w, m), w.cause)
        remark(w)
    return price


def push(w: World, m: str, flow: float, cause: list[float]) -> None:
    """Flow arrives at a market; only reference markets remember it for good."""
    if flow != 0.0:
        lasting = lasting_share(w, m)
        there = lasting * w.permanent[m] + (1.0 - lasting) * w.transient[m]
        if there * flow >= 0.0:
            w.descent[m] = generations.mixed([(abs(there), w.descent[m]), (abs(flow), cause)])
        elif abs(flow) > abs(there):
            w.descent[m] = cause
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
    push(w, row.parent, usd / depth(w, row.parent), w.descent[m])


def look(w: World) -> None:
    """Oracles sample the marks, publish what is old enough, and the margin engine reads them."""
    w.samples.append((w.time, dict(w.mark), dict(w.displacement)))
    for name, feed in w.feed_rows.items():
        for place, source in enumerate(feed.read):
            read(w, (name, place), source)
        publish(w, name, feed, made(w, name, feed))
    read_prices(w)


def read(w: World, key: tuple[str, int], source: dict) -> None:
    """One source shows the newest mark of its market that is as old as its delay."""
    old_enough = [s for s in w.samples if s[0] <= w.time - source["delay"]]
    marks = old_enough[-1][1] if old_enough else w.opening_mark
    w.source_price[key] = marks[source["market"]]
    w.shown_at[key] = old_enough[-1][0] if old_enough else -math.inf
    shifts = old_enough[-1][2] if old_enough else dict.fromkeys(w.market_rows, 0.0)
    w.source_shift[key] = shifts[source["market"]]


def made(w: World, name: str, feed: object, *, without_flow: bool = False) -> float:
    """What the sources of a feed make: the only one, the median, or where half of the weight is."""
    pairs = []
    for i, source in enumerate(feed.read):
        shift = w.source_shift[name, i] if without_flow else 0.0
        pairs.append((w.source_price[name, i] * math.exp(-shift), source["weight"]))
    if len(pairs) == 1:
        return pairs[0][0]
    if feed.combine == "median":
        return statistics.median(price for price, _ in pairs)
    half, below = 0.5 * sum(weight for _, weight in pairs), 0.0
    for price, weight in sorted(pairs):
        below += weight
        if below >= half:
            return price
    raise AssertionError


def publish(w: World, name: str, feed: object, sampled: float) -> None:
    """A feed shows a price if it is worth it, averages it, and is trusted or not."""
    past = w.averages.setdefault(
        name,
        SimpleNamespace(
            standing=sampled, shift=0.0, updated=0.0, time=0.0, ema=sampled, twap=sampled
        ),
    )
    shift = math.log(sampled / made(w, name, feed, without_flow=True))
    latest = max(source["delay"] for source in feed.read)
    if feed.deviation > 0.0:
        w.decide(abs(sampled - past.standing) - feed.deviation * past.standing, past.standing)
        if w.time - past.updated != feed.heartbeat:
            w.decide(w.time - past.updated - feed.heartbeat, feed.heartbeat)
        moved = abs(sampled - past.standing) >= feed.deviation * past.standing
        if moved or w.time - past.updated >= feed.heartbeat:
            past.standing, past.updated = sampled, max(0.0, w.time - latest)
            past.shift = shift
        price, shift = past.standing, past.shift
    else:
        price, past.updated = sampled, max(0.0, w.time - latest)
    w.published[name], w.shown_shift[name] = price, shift
    elapsed, past.time = w.time - past.time, w.time
    keep = math.exp(-elapsed / feed.ema_seconds)
    past.ema = keep * past.ema + (1.0 - keep) * price
    past.twap += (price - past.twap) * min(1.0, elapsed / feed.twap_seconds)
    past.width = feed.confidence["width"] / w.depth_share[feed.market]
    past.trusted = trusted(w, feed, past, price)


def trusted(w: World, feed: object, past: object, price: float) -> bool:
    """Young enough, certain enough, and near enough to its average."""
    fine = True
    for figure, limit in (
        (w.time - past.updated, feed.max_age),
        (past.width, feed.confidence["max"]),
        (abs(price - past.twap) / past.twap, feed.band),
    ):
        if limit is not None:
            w.decide(figure - limit, limit)
            fine = fine and figure < limit
    return fine


def blocks_until_news(w: World) -> int:
    """Blocks until some feed will show another price than its market's, to a basis point.

    Of several sources, each is looked at; a price that waits, waits for what they make together.
    """
    waits = []
    for name, feed in w.feed_rows.items():
        if len(feed.read) > 1:
            for place, source in enumerate(feed.read):
                mark = w.mark[source["market"]]
                if differ(w, mark, w.source_price[name, place]):
                    waits += pipeline(w, (name, place), source)
            goal = made(w, name, feed)
        else:
            goal = w.mark[feed.read[0]["market"]]
        if not differ(w, goal, w.published[name]):
            continue
        due = pipeline(w, (name, 0), feed.read[0]) if len(feed.read) == 1 else []
        if not due and feed.deviation > 0.0:
            due = [w.averages[name].updated + feed.heartbeat - w.time]
        waits += due
    return min((max(1, math.ceil(wait / w.block - 1e-9)) for wait in waits), default=0)


def differ(w: World, goal: float, shown: float) -> bool:
    """Whether a price is news."""
    w.decide(abs(shown - goal) - 1e-4 * goal, goal)
    return abs(shown - goal) > 1e-4 * goal


def pipeline(w: World, key: tuple[str, int], source: dict) -> list[float]:
    """Time until a source shows its next sample, if there is one."""
    later = [s for s in w.samples if s[0] > w.shown_at[key]]
    return [later[0][0] + source["delay"] - w.time] if later else []


def read_prices(w: World) -> None:
    """What one unit of each instrument is worth to the margin engine, and what levels count."""
    w.seen_depth = dict(w.depth_share)
    for k, leg in w.instruments.items():
        w.unseen[k] = 1.0
        if leg.kind == "balance":
            w.seen_value[k] = w.seen_notional[k] = w.published[leg.feed]
            view(w, k, leg)
            continue
        token = w.published[w.instruments[leg.cash].feed]
        w.seen_value[k] = w.seen_notional[k] = token
        if leg.kind == "perpetual":
            w.seen_value[k] = (contract.costs(leg, w.mark[leg.market]) - w.funding[k]) * token
            w.seen_notional[k] = contract.worth(leg, w.published[leg.feed]) * token
            band = leg.ratio["open_interest"]
            if band:
                used = ledger.deposits(w, k) * w.seen_notional[k] - band["lower"]
                w.seen_band[k] = min(1.0, max(0.0, used / (band["upper"] - band["lower"])))


def view(w: World, k: str, leg: object) -> None:
    """Prices that opening and staying open read, over the published one; the pool's own scale."""
    feed, past, price = w.feed_rows[leg.feed], w.averages[leg.feed], w.published[leg.feed]
    terms = feed.confidence
    bias = min(terms["multiple"] * past.width, terms["cap"])
    for level, kind in ((INITIAL, feed.initial), (MAINTENANCE, feed.maintenance)):
        shown = {"spot": [price], "ema": [past.ema], "twap": [past.twap]}
        sources = [w.source_price[leg.feed, i] for i in range(len(feed.read))]
        shown["worst_source"] = sources if len(sources) > 1 else [price]
        pair = shown.get(kind, [price, past.twap])
        w.seen_low[level][k] = min(pair) * (1.0 - bias) / price
        w.seen_high[level][k] = max(pair) * (1.0 + bias) / price
    value = ledger.deposits(w, k) * price
    if leg.scale_start and value > leg.scale_start:
        w.seen_low[INITIAL][k] *= leg.scale_start / value
    if feed.distrust == "zero_asset" and not past.trusted:
        w.seen_low[INITIAL][k] = 0.0


def suspended(w: World, row: int) -> bool:
    """Whether a leg's price is blocked, or some price of a leg's venue pauses the venue."""
    for k in ledger.legs(w, row):
        leg = w.instruments[k]
        if w.feed_rows[leg.feed].distrust == "block" and not w.averages[leg.feed].trusted:
            return True
        for other in w.instruments.values():
            pauses = other.venue == leg.venue and w.feed_rows[other.feed].distrust == "pause"
            if pauses and not w.averages[other.feed].trusted:
                return True
    return False


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
        generations.note_alone(w, m, move - w.displacement[m])
        before, now = reached[m], abs(move)
        if now != before:
            w.decide(now - before, max(now, before))
        if now <= before:
            continue
        reached[m] = now
        usd = triggered(w, side, m, now) - triggered(w, side, m, before)
        if usd > 0.0:
            alone = triggered(w, side, m, min(now, w.alone[side, m]))
            more = triggered(w, side, m, now) - alone
            w.cause = generations.of_background(w, (side, m), usd, (alone, more))
            generations.book(w, usd, w.cause)
            quantity = usd / w.mark[m]
            trade(w, m, -quantity if side == "falls" else quantity)
            w.cause = generations.FIRST
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


def borrow_rate(curve: dict, utilisation: float) -> float:
    """Straight lines between points."""
    u = min(1.0, max(0.0, utilisation))
    middle = curve["points"]
    if middle is None:
        middle = [(curve["kink"], curve["at_kink"])]
    points = [(0.0, curve["base"]), *middle, (1.0, curve["full"])]
    for (left, low), (right, high) in pairwise(points):
        if u <= right:
            return low + (high - low) * (u - left) / (right - left) if right > left else high
    return points[-1][1]


def accrue_interest(w: World, k: str) -> None:
    """Every loan grows by the curve and the fees; every deposit by its share of the curve's part.

    The protocol gets the rest; of that, the insurance fund's part leaves the pool as cash.
    """
    leg = w.instruments[k]
    lent, deposited = ledger.loans(w, k), ledger.deposits(w, k)
    if leg.curve is None or lent <= 0.0 or deposited <= 0.0:
        return
    fees = leg.curve["fees"]
    base = borrow_rate(leg.curve, lent / deposited)
    share, fixed = fees["share"] + fees["insurance_share"], fees["fixed"] + fees["insurance_fixed"]
    years = w.step_length / YEAR
    charged = (base * share + fixed) * years
    growth = base * years + charged
    reserve = lent * base * years * leg.curve["reserve_factor"]
    earned = (lent * base * years - reserve) / deposited
    for row in w.holdings:
        balance = row.get(k, 0.0)
        row[k] = balance * (1.0 + (earned if balance >= 0.0 else growth))
    w.borrow_index[k] *= 1.0 + growth
    w.deposit_index[k] *= 1.0 + earned
    ledger.post(w, k, w.protocol, reserve + lent * charged)
    insured = lent * (base * fees["insurance_share"] + fees["insurance_fixed"]) * years
    if insured > 0.0 and leg.asset == w.cash:
        paid = min(insured, max(0.0, ledger.pool_cash(w, k)))
        ledger.post(w, k, w.protocol, -paid)
        ledger.hand(w, "insurance " + leg.venue, w.cash, paid)


def accrue_funding(w: World, k: str) -> None:
    """Longs owe shorts by the venue's kind of funding, within its cap."""
    leg, rule = w.instruments[k], w.instruments[k].funding
    index = w.published[leg.feed]
    premium = w.mark[leg.market] / index - 1.0
    keep = math.exp(-w.step_length / (rule["premium_hours"] * 3600.0))
    w.premium[k] = keep * w.premium[k] + (1.0 - keep) * premium
    days = w.step_length / DAY
    if rule["kind"] == "twap":
        paid = within(w.premium[k] + rule["offset"], rule["cap"]) * days
    elif rule["kind"] == "premium":
        pull = within(rule["interest"] - w.premium[k], rule["clamp"])
        paid = within((w.premium[k] + pull) * 24.0 / rule["period_hours"], rule["cap"]) * days
    else:
        paid = within(skewed_funding(w, k, index), rule["cap"] * days)
    w.funding[k] += paid * contract.worth(leg, index)


def within(x: float, bound: float) -> float:
    """Return x, but no further from zero than the bound."""
    return math.copysign(min(abs(x), bound), x)


def skewed_funding(w: World, k: str, index: float) -> float:
    """Funding of one step that follows what traders hold, the market maker left out."""
    rule, maker = w.instruments[k].funding, w.venues[w.instruments[k].venue].maker
    held = [row.get(k, 0.0) for number, row in enumerate(w.holdings) if number != maker]
    long, short = sum(max(0.0, q) for q in held), sum(max(0.0, -q) for q in held)
    if rule["kind"] == "velocity":
        days, before = w.step_length / DAY, w.own_rate[k]
        change = within((long - short) / rule["skew_scale"], 1.0) * rule["max_velocity"] * days
        w.own_rate[k] = within(before + change, rule["cap"])
        return (before + 0.5 * change) * days
    if long + short <= 1e-9:
        return 0.0
    if rule["kind"] == "imbalance":
        usd = contract.dollars(w.instruments[k], index)
        skew = (long - short) * usd
        size = rule["factor"] * abs(skew) ** rule["exponent"] / ((long + short) * usd)
        return math.copysign(size, skew) * w.step_length
    w.own_rate[k] += adapted(w, rule, w.own_rate[k], (long - short) / (long + short))
    return w.own_rate[k] * w.step_length


def adapted(w: World, rule: dict, rate: float, skew: float) -> float:
    """Change of a rate that climbs with the imbalance, or fades in balance."""
    w.decide(abs(skew) - rule["threshold_stable"], 1.0)
    w.decide(abs(skew) - rule["threshold_decrease"], 1.0)
    if rate != 0.0:
        w.decide(skew, 1.0)
    if abs(skew) > rule["threshold_stable"] or rate * skew < 0.0:
        moved = rate + skew * rule["increase"] * w.step_length
        return within(moved, rule["max_rate"]) - rate
    if abs(skew) < rule["threshold_decrease"]:
        return -within(rate, min(abs(rate), rule["decrease"] * w.step_length))
    return 0.0


def own_price(w: World, k: str, traded: float, skew: float, quantity: float) -> float:
    """What a venue makes of the market's price, from what traders hold before the trade."""
    rule = w.instruments[k].pricing
    if rule["kind"] == "skew":
        return traded * (1.0 + (skew + 0.5 * quantity) / rule["skew_scale"])
    if rule["kind"] == "book":
        return traded
    before, after = skew * traded, (skew + quantity) * traded
    crossed = before * after < 0.0
    e, worse, better = rule["exponent"], rule["factor_worse"], rule["factor_better"]
    if crossed:
        gained = better * abs(before) ** e - worse * abs(after) ** e
    else:
        factor = better if abs(after) < abs(before) else worse
        gained = factor * (abs(before) ** e - abs(after) ** e)
    share = within(-gained / (abs(quantity) * traded), 0.5)
    return traded / (1.0 - share) if quantity > 0.0 else traded * (1.0 - share)
