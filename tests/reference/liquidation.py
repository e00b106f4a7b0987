"""Which leg is offered, how much of it, to whom, and what changes hands."""

import math
from types import SimpleNamespace

from tests.reference import contract, ledger, margin, market
from tests.reference.world import INITIAL, MAINTENANCE, TARGET, World


def loan_to_value(w: World, row: int) -> tuple[float, float, float]:
    """Weighted debt, weighted collateral and plain debt, each over the collateral's value."""
    emode = w.accounts[row].emode
    debt = heavy = collateral = light = 0.0
    for k in ledger.legs(w, row):
        quantity = ledger.held(w, row, k)
        if w.instruments[k].kind != "balance":
            continue
        worth = abs(margin.value(w, k, quantity))
        if quantity > 0.0:
            collateral += worth
            light += (
                worth
                * w.seen_low[MAINTENANCE][k]
                * margin.asset_weight(w, MAINTENANCE, emode, k, quantity)
            )
        else:
            debt += worth
            heavy += (
                worth
                * w.seen_high[MAINTENANCE][k]
                * margin.loan_weight(w, MAINTENANCE, emode, k, quantity)
            )
    if collateral == 0.0:
        return math.inf, math.inf, math.inf
    return heavy / collateral, light / collateral, debt / collateral


def grown(w: World, terms: SimpleNamespace, row: int, fee: float) -> float:
    """Return a bonus or discount after growing in whole periods while nobody answered."""
    age = w.time - w.breach[row] if row in w.breach else 0.0
    if terms.fee_growth <= 0.0 or age < terms.fee_grace:
        return fee
    if terms.fee_period > 0.0:
        age = math.floor(age / terms.fee_period + 1e-9) * terms.fee_period
    return max(fee, min(terms.fee_max, fee + age * terms.fee_growth))


def missing(w: World, row: int) -> float:
    """USD short of the target level."""
    equity, required = margin.assess(w, TARGET, row)
    return max(0.0, required - equity)


def insurance_rate(
    w: World, terms: SimpleNamespace, row: int, leg: tuple[str, str | None], gain: float
) -> float:
    """Insurance fee: the whole one, or what the margin of the legs has left for it."""
    k, collateral = leg
    whole = terms.insurance_fee if collateral else terms.perp_insurance_fee
    if terms.insurance_share <= 0.0 or whole <= 0.0:
        return whole
    quantity, emode = ledger.held(w, row, k), w.accounts[row].emode
    if collateral is None:
        size = abs(quantity) * w.seen_notional[k]
        ratio = margin.larger_with_size(w, w.ratio[TARGET][k], k, quantity)
        left = ratio - gain - missing(w, row) / size
        return min(whole, terms.insurance_share * max(0.0, left))
    heavy = margin.loan_weight(w, TARGET, emode, k, quantity)
    light = margin.asset_weight(w, TARGET, emode, collateral, ledger.held(w, row, collateral))
    if light >= heavy:
        return 0.0
    left = max(0.0, heavy - light * (1.0 + terms.bonus_min))
    owed = -margin.value(w, k, quantity)
    return min(whole, max(0.0, left - missing(w, row) / owed) / heavy)


def bonus(w: World, venue: str, row: int) -> float:
    """Bonus per USD repaid: fixed, or growing with loan-to-value up to what collateral can pay."""
    terms = w.venues[venue]
    if terms.bonus == "fixed":
        return grown(w, terms, row, terms.bonus_min)
    ltv, allowed, plain = loan_to_value(w, row)
    if math.isfinite(plain):
        w.decide(plain - 0.99, 1.0)
    if plain >= 0.99:
        return max(terms.bonus_bad_debt, 1.0 - plain)
    return min(max(terms.bonus_min, ltv - allowed), terms.bonus_max, 1.0 - plain)


def loan_offer(w: World, row: int, debt: str, collateral: str) -> SimpleNamespace:
    """Repay a debt for collateral worth that much and the charge, on the lender's terms."""
    venue = w.instruments[debt].venue
    terms = w.venues[venue]
    rate = bonus(w, venue, row)
    fee = terms.insurance_fee
    if terms.of_seized:  # the shares are of what is seized: bring them to what is repaid
        credited = 1.0 - rate - fee
        rate, fee = rate / credited, fee / credited
    if terms.insurance_share > 0.0:
        fee = insurance_rate(w, terms, row, (debt, collateral), 0.0)
    gain, protocol = rate * (1.0 - terms.protocol_share), rate * terms.protocol_share
    if terms.taker_profit is not None:
        if gain > terms.taker_profit:
            w.seen_events.add("gain capped")
        gain = min(gain, terms.taker_profit)  # the account keeps what is above
    charge = gain + protocol + fee
    owed = -margin.value(w, debt, ledger.held(w, row, debt))
    covered = margin.value(w, collateral, ledger.held(w, row, collateral)) / (1.0 + charge)
    return SimpleNamespace(
        leg=debt, collateral=collateral, full=min(owed, covered), gain=gain,
        fee=fee, protocol=protocol, charge=charge, notional=0.0,
        owed=owed, covered=covered,
    )  # fmt: skip


def perpetual_offer(w: World, row: int, k: str) -> SimpleNamespace:
    """Take contracts over at a discount."""
    terms = w.venues[w.instruments[k].venue]
    gain = grown(w, terms, row, terms.perp_fee)
    fee = insurance_rate(w, terms, row, (k, None), gain)
    return SimpleNamespace(
        leg=k, collateral=None, full=abs(ledger.held(w, row, k)) * w.seen_notional[k],
        gain=gain, fee=fee, protocol=0.0, charge=gain + fee, notional=0.0,
    )  # fmt: skip


def offers(w: World, row: int) -> list[SimpleNamespace]:
    """Everything that could be taken from an account, in the order of the instruments."""
    found = []
    for k in ledger.legs(w, row):
        quantity = ledger.held(w, row, k)
        if w.instruments[k].kind == "perpetual":
            found.append(perpetual_offer(w, row, k))
        elif w.instruments[k].kind == "balance" and quantity < 0.0:
            for c in ledger.legs(w, row):
                if w.instruments[c].kind == "balance" and ledger.held(w, row, c) > 0.0:
                    found.append(loan_offer(w, row, k, c))
    return [offer for offer in found if offer.full > 0.0]


def health_after(w: World, level: str, row: int, offer: SimpleNamespace, usd: float) -> float:
    """Health of the account if so much of the offer had been taken."""
    equity, required = margin.assess_quantities(w, level, row, left_after(w, row, offer, usd))
    return equity - required


def left_after(w: World, row: int, offer: SimpleNamespace, usd: float) -> dict[str, float]:
    """What the account would hold if so much of the offer had been taken."""
    after = {k: ledger.held(w, row, k) for k in ledger.legs(w, row)}
    k = offer.leg
    if offer.collateral is None:
        leg = w.instruments[k]
        sign = math.copysign(1.0, after[k])
        contracts = sign * usd / w.seen_notional[k]
        price = handover(w, k, sign, offer.charge)
        after[k] -= contracts
        after[leg.quote] = after.get(leg.quote, 0.0) + contracts * price
    else:
        given = usd * (1.0 + offer.charge)
        after[k] += usd / w.seen_notional[k]
        after[offer.collateral] *= 1.0 - given / margin.value(
            w, offer.collateral, after[offer.collateral]
        )
    return after


def handover(w: World, k: str, sign: float, cut: float) -> float:
    """Quote tokens per contract: the published price, a share of the notional worse."""
    leg, index = w.instruments[k], w.published[w.instruments[k].feed]
    lost = sign * cut * contract.worth(leg, index)
    return contract.costs(leg, index) - lost - w.funding[k]


def chosen(w: World, row: int) -> SimpleNamespace | None:
    """The offer that the rule of the account's venue puts first; the earlier one of equals."""
    account = w.accounts[row]
    best, best_score = None, 0.0
    by_weight = w.venues[account.venue].selection == "riskiest"
    for offer in offers(w, row):
        if not by_weight:
            score = health_after(w, MAINTENANCE, row, offer, offer.full)
            if best is not None:
                w.decide(score - best_score, margin.gross(w, row))
        elif offer.collateral is None:
            score = w.ratio[MAINTENANCE][offer.leg]
        else:
            heavy = w.weights["liability"][MAINTENANCE][account.emode][offer.leg]
            score = heavy - w.weights["asset"][MAINTENANCE][account.emode][offer.collateral]
        if best is None or score > best_score:
            best, best_score = offer, score
    return best


def near_whole(w: World, count: float) -> None:
    """Note how near a count is to where it is rounded otherwise: 1e-9 beside a whole number."""
    gap = (count + 0.5) % 1.0 - 0.5
    w.decide(min(abs(gap - 1e-9), abs(gap + 1e-9)), 0.1)


def allowed_now(w: World, row: int) -> float:
    """Share of a call that a throttle lets through."""
    terms = w.venues[w.accounts[row].venue]
    short = missing(w, row)
    if terms.throttle_duration <= 0.0 or short <= 0.0:
        return 1.0
    w.decide(short - terms.throttle_small, max(short, terms.throttle_small))
    if short < terms.throttle_small:
        return 1.0
    cut = terms.throttle_step
    share = (w.time - w.breach[row]) / terms.throttle_duration
    share = math.floor(share / cut + 1e-9) * cut if cut > 0.0 else share
    share = min(1.0, share + terms.throttle_initial)
    freed = w.freed.get(row, 0.0)
    now = max(0.0, share * (short + freed) - freed) / short
    if cut > 0.0:
        near_whole(w, now / cut)
        now = math.floor(now / cut + 1e-9) * cut
    return min(1.0, now)


def size_of_call(w: World, row: int, offer: SimpleNamespace) -> float:
    """USD that one call may take, by the rule of the account's venue."""
    terms = w.venues[w.accounts[row].venue]
    if terms.size == "close_factor":
        ltv, _, _ = loan_to_value(w, row)
        if math.isfinite(ltv) and math.isfinite(terms.full_ltv):
            w.decide(ltv - terms.full_ltv, 1.0)
        share = 1.0 if ltv >= terms.full_ltv else terms.close_factor
        owed = offer.full if offer.collateral is None else offer.owed
        notional = owed * share
    else:
        notional = least_that_restores(w, row, offer)
    notional = min(notional, terms.max_notional) * allowed_now(w, row)
    leg = w.instruments[offer.leg]
    if offer.collateral is None and leg.step > 0.0:
        steps = notional / w.seen_notional[offer.leg] / leg.step
        near_whole(w, steps)
        notional = math.ceil(steps - 1e-9) * leg.step * w.seen_notional[offer.leg]
    notional = min(notional, offer.full)
    for rest in (offer.full, offer.full - notional):
        if rest != terms.dust:
            w.decide(rest - terms.dust, max(offer.full, terms.dust))
    if offer.full <= terms.dust or offer.full - notional <= terms.dust:
        return offer.full
    return notional


def least_that_restores(w: World, row: int, offer: SimpleNamespace) -> float:
    """USD that bring health at the target level to zero, be it more than the offer.

    Health is a chain of straight lines, bent where a net delta changes sign. All of the offer if
    the last of them does not rise.
    """
    bends = bends_of(w, row, offer) if w.venues[w.accounts[row].venue].nets else []
    points = [0.0, *sorted(bends), offer.full]
    health = [health_after(w, TARGET, row, offer, usd) for usd in points]
    for left, right, low, high in zip(points, points[1:], health, health[1:], strict=False):
        if right in bends:  # at the end of the offer it makes no difference which way it goes
            w.decide(high, margin.gross(w, row))
        if low < 0.0 <= high:
            enough = left + (right - left) * low / (low - high)
            return closer_to_least(w, row, offer, health[0], enough)
    w.decide(high - low, margin.gross(w, row))
    return left + (right - left) * low / (low - high) if high > low else offer.full


def closer_to_least(
    w: World, row: int, offer: SimpleNamespace, missing_now: float, enough: float
) -> float:
    """A size that is enough, less what twelve chords from nothing find to be too much of it.

    Where large positions are charged, each dollar taken relieves less than the one before.
    """
    if not any(rule["multiple"][TARGET] > 0.0 for rule in w.liquidity.values()):
        return enough
    tolerance = 1e-9 * offer.full
    for _ in range(12):
        over = health_after(w, TARGET, row, offer, enough)
        w.decide(over - tolerance, tolerance)
        if over <= tolerance:
            break
        enough *= missing_now / (missing_now - over)
    return enough


def bends_of(w: World, row: int, offer: SimpleNamespace) -> list[float]:
    """USD taken at which the account is neither long nor short of an underlying."""
    before = margin.deltas(w, left_after(w, row, offer, 0.0))
    after = margin.deltas(w, left_after(w, row, offer, offer.full))
    found = []
    for underlying, net in before.items():
        rest = after.get(underlying, 0.0)
        if net * rest < 0.0:
            found.append(offer.full * net / (net - rest))
    return found


def means_of(w: World, number: int, offer: SimpleNamespace) -> float:
    """USD of an offer that a liquidator's own means allow."""
    him = w.liquidators[number]
    if offer.collateral is None:
        equity, initial = margin.assess(w, INITIAL, him.row)
        if ledger.legs(w, him.row):
            w.decide(equity - initial, margin.gross(w, him.row))
        ratio = w.ratio[INITIAL][offer.leg]
        return max(0.0, (equity - initial) / ratio if ratio > 0.0 else offer.full)
    if w.venues[w.instruments[offer.leg].venue].taker == "flash":
        return offer.full
    cash = w.outside[him.holder][w.cash] * w.mark[w.cash]
    if cash != 0.0:
        w.decide(cash, 1.0)  # what rounding leaves to somebody without means
    return max(0.0, cash / (1.0 + offer.fee + offer.protocol))


def true_gain(w: World, row: int, offer: SimpleNamespace) -> float:
    """Gain per USD taken where tokens and contracts are worth what their markets say."""

    def lead(k: str) -> float:
        return w.mark[w.instruments[k].market] / w.published[w.instruments[k].feed]

    if offer.collateral is None:
        side = 1.0 if ledger.held(w, row, offer.leg) >= 0.0 else -1.0
        return offer.gain + side * contract.gain(w.instruments[offer.leg], lead(offer.leg))
    return (1.0 + offer.gain) * (lead(offer.collateral) / lead(offer.leg)) - 1.0


def cost_of_selling(w: World, row: int, offer: SimpleNamespace) -> float:
    """Log-price cost of trading away all that an offer brings."""
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
    """Liquidators who had time to react answer in turn; the first who takes something wins."""
    count = len(w.liquidators)
    for i in range(count):
        number = (row + w.step_number + i) % count
        him = w.liquidators[number]
        if w.time - w.breach[row] < him.latency:
            continue
        usd = wanted(w, number, row, offer)
        if usd <= 0.0:
            continue
        taken = take(w, him, row, offer, usd)
        w.room[number] -= taken
        if taken > 0.0:
            old = w.carried[number]
            w.carried[number] = [
                usd + taken * share for usd, share in zip(old, w.generation[row], strict=True)
            ]
            pay(w, him.holder, "market", him.cost)
            return taken
    return 0.0


def pay(w: World, giver: str, taker: str, usd: float) -> None:
    """Settlement tokens from one holder outside to another."""
    tokens = usd / w.mark[w.cash]
    ledger.hand(w, giver, w.cash, -tokens)
    ledger.hand(w, taker, w.cash, tokens)


def take(w: World, him: SimpleNamespace, row: int, offer: SimpleNamespace, usd: float) -> float:
    """Carry out a call."""
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
    if usd <= 0.0:
        return 0.0
    held, owed = ledger.held(w, row, offer.collateral), -ledger.held(w, row, offer.leg)
    given = min(held, usd * (1.0 + offer.charge) / w.seen_notional[offer.collateral])
    repaid = min(owed, usd / w.seen_notional[offer.leg])
    if usd >= offer.full:  # the smaller of the two legs goes to the last bit
        w.decide(offer.owed - offer.covered, offer.full)
        w.seen_events.add("debt closed" if offer.owed <= offer.covered else "collateral emptied")
        if offer.owed <= offer.covered:
            repaid = owed
        else:
            given = held
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
