"""Value, requirement and health of one account, leg by leg."""

import math

from tests.reference.ledger import held, legs
from tests.reference.world import INITIAL, MAINTENANCE, World


def value(w: World, k: str, quantity: float) -> float:
    """USD that the margin engine sees in a quantity of k.

    A deposit that bore a socialised loss since the engine last looked still counts in full.
    """
    leg = w.instruments[k]
    if leg.kind != "balance":
        return quantity * w.seen_value[k]
    price = w.seen_notional[k]
    return quantity * price / w.unseen[k] if quantity >= 0.0 else quantity * price


def size_of(w: World, k: str, quantity: float) -> float:
    """Units that size penalties count: as they were deposited or borrowed, without interest."""
    index = w.deposit_index[k] if quantity >= 0.0 else w.borrow_index[k]
    return abs(quantity) / index


def asset_weight(w: World, level: str, emode: int, k: str, quantity: float) -> float:
    """Share of a deposit that counts; at most 1.1 / (1 + f sqrt(size))."""
    weight = w.weights["asset"][level][emode][k]
    penalty = w.instruments[k].size_penalty
    if penalty == 0.0:
        return weight
    return min(weight, 1.1 / (1.0 + penalty * math.sqrt(size_of(w, k, quantity))))


def larger_with_size(w: World, weight: float, k: str, quantity: float) -> float:
    """Loan weight or margin ratio; at least 0.8 x itself + f sqrt(size)."""
    penalty = w.instruments[k].size_penalty
    if penalty == 0.0:
        return weight
    return max(weight, 0.8 * weight + penalty * math.sqrt(size_of(w, k, quantity)))


def loan_weight(w: World, level: str, emode: int, k: str, quantity: float) -> float:
    """Multiple of a loan that must be covered."""
    return larger_with_size(w, w.weights["liability"][level][emode][k], k, quantity)


def leg_requirement(w: World, level: str, emode: int, k: str, quantity: float) -> float:
    """What the level takes off the plain value of one leg."""
    leg = w.instruments[k]
    if leg.kind == "quote":
        return 0.0
    if leg.kind == "perpetual":
        return perpetual_requirement(w, level, k, quantity)
    if quantity >= 0.0:
        counted = seen(w.seen_low, level, k) * asset_weight(w, level, emode, k, quantity)
        return value(w, k, quantity) * (1.0 - counted)
    counted = seen(w.seen_high, level, k) * loan_weight(w, level, emode, k, quantity)
    return -value(w, k, quantity) * (counted - 1.0)


def seen(table: dict[str, dict[str, float]], level: str, k: str) -> float:
    """What opening, or staying open, makes of a price or weight."""
    return table[INITIAL if level == INITIAL else MAINTENANCE][k]


def perpetual_requirement(w: World, level: str, k: str, quantity: float) -> float:
    """Ratio of notional, by the kind of ratio; then the least, the floor and the rounding."""
    r = w.instruments[k].ratio
    notional = abs(quantity) * w.seen_notional[k]
    name = "initial" if level == INITIAL else "maintenance"
    buffer = r["buffer"] if level not in (INITIAL, MAINTENANCE) else 0.0
    if r["tiers"]:
        required = in_brackets(r["tiers"], name, notional) + buffer * notional
    elif r["skew"]:
        skew = r["skew"]
        ratio = abs(quantity) / r["skew_scale"] * skew["factor"] + skew["minimum"]
        share = 1.0 if level == INITIAL else skew["maintenance_share"]
        required = notional * (ratio * share + buffer)
    elif r["size_slope"]:
        required = notional * (r[name] + buffer + r["size_slope"][name] * abs(quantity))
    elif r["open_interest"] and level == INITIAL:
        ratio = w.ratio[level][k]
        required = notional * (ratio + (1.0 - ratio) * w.seen_band[k])
    else:
        required = notional * larger_with_size(w, w.ratio[level][k], k, quantity)
    if not (r["least"] or r["floor"] or r["rounding"]):
        return required
    if notional <= 1e-6:  # what rounding leaves of a closed position
        return 0.0
    required = max(required, r["least"]) + r["floor"]
    unit = r["rounding"]
    return math.ceil(required / unit) * unit if unit > 0.0 else required


def in_brackets(tiers: list[dict[str, float]], name: str, notional: float) -> float:
    """Each slice of the notional at its own bracket's rate."""
    total = 0.0
    edges = [tier["above"] for tier in tiers[1:]] + [math.inf]
    for tier, end in zip(tiers, edges, strict=True):
        rate = tier[name]
        if tier["max_leverage"]:
            rate = 1.0 / tier["max_leverage"] * (1.0 if name == "initial" else 0.5)
        total += rate * max(0.0, min(notional, end) - tier["above"])
    return total


def gains_requirement(w: World, level: str, quantities: dict[str, float]) -> float:
    """What a level does not count of the gain at each venue's perpetuals."""
    total = 0.0
    for quote, terms in w.instruments.items():
        if terms.kind != "quote":
            continue
        gain = sum(
            value(w, k, q)
            for k, q in quantities.items()
            if k == quote or w.instruments[k].quote == quote
        )
        if gain <= 0.0:
            continue
        rule = terms.gains
        if level != INITIAL:
            total += gain * (1.0 - rule["maintenance"])
            continue
        shrunk = 1.1 / (1.0 + rule["size_penalty"] * math.sqrt(gain))
        share = min(rule["initial"], shrunk) if rule["size_penalty"] else rule["initial"]
        cap = math.inf if rule["cap"] is None else rule["cap"]
        total += gain - min(cap, gain * share)
    return total


def deltas(w: World, quantities: dict[str, float]) -> dict[str, float]:
    """Net delta by underlying, USD."""
    net: dict[str, float] = {}
    for k, quantity in quantities.items():
        leg = w.instruments[k]
        net[leg.group] = net.get(leg.group, 0.0) + delta(w, k, quantity)
    return net


def delta(w: World, k: str, quantity: float) -> float:
    """USD that follow the underlying; an inverse contract is a debt in USD against coin."""
    if w.instruments[k].kind != "perpetual":
        return value(w, k, quantity)
    return 0.0 if w.instruments[k].inverse else quantity * w.seen_notional[k]


def netted_requirement(w: World, level: str, quantities: dict[str, float]) -> float:
    """Rate on net delta by underlying, plus a charge on what is hedged."""
    total = 0.0
    for underlying in w.assets:
        deltas = []
        for k, quantity in quantities.items():
            if w.instruments[k].group == underlying:
                deltas.append(delta(w, k, quantity))
        net, gross = abs(sum(deltas)), sum(abs(x) for x in deltas)
        hedged = (gross - net) / 2.0
        total += net * w.netting["net"][level][underlying]
        total += hedged * w.netting["basis"][level][underlying]
    return total


def assess_quantities(
    w: World, level: str, row: int, quantities: dict[str, float]
) -> tuple[float, float]:
    """Equity and requirement of given quantities, by the engine and weights of a row."""
    account = w.accounts[row]
    equity = sum(value(w, k, q) for k, q in quantities.items())
    charged = liquidity_requirement(w, level, account.venue, quantities)
    if w.venues[account.venue].nets:
        return equity, netted_requirement(w, level, quantities) + charged
    required = sum(leg_requirement(w, level, account.emode, k, q) for k, q in quantities.items())
    return equity, required + gains_requirement(w, level, quantities) + charged


def liquidity_requirement(w: World, level: str, venue: str, quantities: dict[str, float]) -> float:
    """What selling at once would cost, in multiples; by the hub's terms where it nets."""
    piles: dict[tuple[str, str], float] = {}
    for k, quantity in quantities.items():
        leg = w.instruments[k]
        if leg.kind == "quote" or (leg.kind == "balance" and leg.asset == w.cash):
            continue
        terms = venue if w.venues[venue].nets else leg.venue
        where = leg.group if w.liquidity[terms]["per"] == "underlying" else leg.market
        usd = quantity * w.seen_notional[k] if leg.kind == "perpetual" else value(w, k, quantity)
        piles[terms, where] = piles.get((terms, where), 0.0) + usd
    return sum(pile_charge(w, level, *place, usd) for place, usd in piles.items())


def pile_charge(w: World, level: str, terms: str, where: str, usd: float) -> float:
    """The integral of the impact curve over what is not free, times a multiple."""
    rule, m = w.liquidity[terms], w.market_rows[where]
    share = w.seen_depth.get(where, 1.0) if rule["depth"] == "current" else 1.0
    charged = max(0.0, abs(usd) - rule["free"])
    flow = charged / (m.depth * share)
    lasting = m.permanent if m.parent is None else 0.0
    fading = (1.0 - lasting) * flow**m.exponent / (1.0 + m.exponent)
    asked = rule["multiple"][level] * charged * 0.01 * (fading + lasting * flow / 2.0)
    if asked > 0.01 * abs(usd):
        w.seen_events.add("large position charged")
    return asked


def assess(w: World, level: str, row: int) -> tuple[float, float]:
    """Equity and requirement of a row at a level, USD."""
    return assess_quantities(w, level, row, {k: held(w, row, k) for k in legs(w, row)})


def gross(w: World, row: int) -> float:
    """Size of an account for judging how close a decision was: at least a dollar."""
    return max(1.0, sum(abs(value(w, k, held(w, row, k))) for k in legs(w, row)))


def is_below(w: World, row: int) -> bool:
    """Whether an account may be liquidated: no health left, and something to cover.

    A view that prices a debt below the market makes the requirement negative: what is missing at
    the market's price is then no breach while it is not missing at the view's.
    """
    if not legs(w, row):
        return False
    equity, required = assess(w, MAINTENANCE, row)
    if w.venues[w.accounts[row].venue].strict:  # meeting it exactly is enough
        if equity != required:
            w.decide(equity - required, gross(w, row))
        return equity < required
    if required > 0.0:
        w.decide(equity - required, gross(w, row))
        return equity <= required
    w.decide(equity, gross(w, row))
    if required < 0.0:
        w.decide(equity - required, gross(w, row))
    return equity < 0.0 and equity <= required


def spare(w: World, row: int, pool: float) -> float:
    """Settlement tokens, USD, that an account can give away and still meet initial margin."""
    k = w.accounts[row].cash
    equity, initial = assess(w, INITIAL, row)
    available = min(held(w, row, k), pool) * w.seen_notional[k]
    free = max(0.0, min(available, equity - initial))
    closed = w.gate.get(w.instruments[k].venue, 0.0)
    w.decide(closed - w.time, closed)
    if free > 0.0 and closed > w.time:
        w.seen_events.add("gate kept collateral in")
        return 0.0
    return free
