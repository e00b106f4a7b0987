"""What could be taken from an account, on whose terms, and which of it is offered first."""

import math
from types import SimpleNamespace

from tests.reference import auction, contract, ledger, margin
from tests.reference.world import MAINTENANCE, TARGET, World


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
    """Bonus per USD repaid: fixed, the missing health, or what loan-to-value makes of it."""
    terms = w.venues[venue]
    if terms.bonus == "fixed":
        return grown(w, terms, row, terms.bonus_min)
    ltv, allowed, plain = loan_to_value(w, row)
    if terms.bonus == "health":  # the discount is the health that is missing, up to a largest one
        return 1.0 / max(min(1.0, allowed / ltv), 1.0 - terms.max_discount) - 1.0
    if math.isfinite(plain):
        w.decide(plain - 0.99, 1.0)
    if plain >= 0.99:
        return max(terms.bonus_bad_debt, 1.0 - plain)
    return min(max(terms.bonus_min, ltv - allowed), terms.bonus_max, 1.0 - plain)


def loan_offer(w: World, row: int, debt: str, collateral: str) -> SimpleNamespace:
    """Repay a debt for collateral worth that much and the charge, on the lender's terms."""
    venue = w.instruments[debt].venue
    terms = w.venues[venue]
    if terms.bonus == "dutch":
        return auction.offer(w, row, debt, collateral)
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
        owed=owed, for_sale=owed, covered=covered,
    )  # fmt: skip


def perpetual_offer(w: World, row: int, k: str) -> SimpleNamespace:
    """Take contracts over at a discount."""
    terms = w.venues[w.instruments[k].venue]
    gain = grown(w, terms, row, terms.perp_fee)
    fee = insurance_rate(w, terms, row, (k, None), gain)
    size = abs(ledger.held(w, row, k)) * w.seen_notional[k]
    return SimpleNamespace(
        leg=k, collateral=None, full=size, owed=size, notional=0.0,
        gain=gain, fee=fee, protocol=0.0, charge=gain + fee,
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
