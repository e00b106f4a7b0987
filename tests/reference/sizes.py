"""How much of an offer one call may take."""

import math
from types import SimpleNamespace

from tests.reference import limits, margin
from tests.reference.offers import health_after, left_after, missing
from tests.reference.world import TARGET, World

HAIR = 1e-12  # relative: a part of an offer that near to all of it is all of it


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
    if terms.size == "restore_buffer":
        return offer.notional
    if terms.size == "close_factor":
        notional = limits.close_factor_size(w, terms, row, offer)
    elif terms.size == "full":
        notional = offer.full
    else:
        notional = least_that_restores(w, row, offer)
    notional = min(notional, terms.max_notional) * allowed_now(w, row)
    if offer.collateral is None:
        notional = contracts_now(w, offer, notional)
    notional = offer.full if notional >= offer.full * (1.0 - HAIR) else notional
    for rest in (offer.full, offer.full - notional):
        if rest != terms.dust:
            w.decide(rest - terms.dust, max(offer.full, terms.dust))
    if offer.full <= terms.dust or offer.full - notional <= terms.dust:
        notional = offer.full
    return limits.leaving_enough(w, row, offer, notional)


def contracts_now(w: World, offer: SimpleNamespace, notional: float) -> float:
    """A size in whole steps of a contract, as far as its window goes."""
    leg, price = w.instruments[offer.leg], w.seen_notional[offer.leg]
    if leg.step > 0.0:
        steps = notional / price / leg.step
        near_whole(w, steps)
        notional = math.ceil(steps - 1e-9) * leg.step * price
    most = limits.left_in_window(w, offer.leg) * price
    if most < notional:
        w.seen_events.add("held back by the window")
    return min(notional, most)


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
