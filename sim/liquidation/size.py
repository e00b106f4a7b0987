"""P4, second half: how much of the offered leg one call may take."""

from sim.compile import lean
from sim.liquidation.bonus import age, loan_to_value, total_contracts, total_debt
from sim.liquidation.caps import LONG_AGO, Case, closable, leaving_enough, left_in_window
from sim.liquidation.offer import (
    PORTFOLIO,
    Offer,
    charge,
    health_after,
    limited,
    second_leg,
    turn,
    whole_if_near,
)
from sim.liquidation.rounding import ceiled
from sim.liquidation.shortage import throttle
from sim.margin.terms import leg_value
from sim.state.codes import CLOSE_FACTOR, FULL, NET_OF_LEGS, TARGET
from sim.state.state import State
from sim.state.world import World

CHORDS = 12
CLOSE_ENOUGH = 1e-9  # health over the size of the leg


@lean
def since_partial(state: State, a: int) -> float:
    """Seconds since the last partial call on an account."""
    last = state.rows[a].partial
    return state.clock[0].now - last if last >= 0.0 else LONG_AGO


@lean
def close_factor_size(world: World, state: State, a: int, offer: Offer, venue: int) -> float:
    """A share of the debt; everything once the account is nearly gone, or the leg is small."""
    if offer.collateral < 0:
        owed, total, held = offer.full, total_contracts(world, state, a), LONG_AGO
    else:
        owed = abs(leg_value(state.g, offer.leg, state.balance[offer.leg, a]))
        total = total_debt(world, state, a)
        held = leg_value(state.g, offer.collateral, state.balance[offer.collateral, a])
    ltv, unhealthy, _ = loan_to_value(world, state, a)
    health = unhealthy / ltv if ltv < LONG_AGO else 0.0  # nothing stands against the debt
    case = Case(ltv, health, owed, held, since_partial(state, a))
    return closable(world.venues[venue], case, owed, total)


@lean
def turns(world: World, state: State, a: int, offer: Offer) -> tuple[float, float]:
    """Where health stops being linear in what is taken, in ascending order.

    A netting engine charges |net delta|, so relief turns into charge where a delta changes sign.
    """
    if world.venues[world.accounts[a].venue].engine != NET_OF_LEGS:
        return offer.full, offer.full
    one = turn(world, state, a, offer, offer.leg)
    other = turn(world, state, a, offer, second_leg(world, offer))
    return min(one, other), max(one, other)


@lean
def target_size(world: World, state: State, a: int, offer: Offer) -> float:
    """What restores health at the target level: the shortage over the relief per USD taken.

    Linear interpolation between the points at which health turns, exact for engines that add up or
    net; it may come to more than there is. If the leg cannot help (a bonus larger than the
    requirement it frees), all of it is taken. Health is looked at in the turning points alone.
    Where large positions are charged, health bends between them: closing a leg that hedges
    enlarges what is left, so health may rise and then fall, and a size that would restore it
    between two points at which it is short is missed: all of the leg is taken.
    """
    first, second = turns(world, state, a, offer)
    start, low = 0.0, health_after(world, state, a, TARGET, offer, 0.0)
    needed = offer.full
    for end in (first, second, offer.full):
        if end <= start:
            continue
        high = health_after(world, state, a, TARGET, offer, end)
        needed = offer.full
        if high > low:
            needed = start + (end - start) * max(0.0, -low / (high - low))
            if high >= 0.0:
                return refined(world, state, a, offer, needed)
        start, low = end, high
    return needed


@lean
def refined(world: World, state: State, a: int, offer: Offer, enough: float) -> float:
    """The least size that is enough, where the engine sees the book as a whole.

    Health is then concave in what is taken, so a chord from nothing to a size that is enough meets
    zero where it still is; a few chords come close.
    """
    if world.settings[0].scans == 0:
        return enough
    low = health_after(world, state, a, TARGET, offer, 0.0)
    for _ in range(CHORDS):
        high = health_after(world, state, a, TARGET, offer, enough)
        if high <= CLOSE_ENOUGH * offer.full:
            return enough
        enough *= low / (low - high)
    return enough


@lean
def paced(world: World, state: State, a: int, offer: Offer, notional: float) -> float:
    """What throttle and window leave of a size."""
    row = world.venues[world.accounts[a].venue]
    if row.throttle_duration > 0.0:
        missing = max(0.0, -health_after(world, state, a, TARGET, offer, 0.0))
        notional *= throttle(row, missing, state.rows[a].freed, age(state, a))
    if offer.collateral >= 0:
        return notional
    leg = world.instruments[offer.leg]
    contract = state.g[2, offer.leg]
    notional = ceiled(notional / contract, leg.step) * contract if leg.step > 0.0 else notional
    terms = world.venues[leg.venue]
    if terms.window > 0.0:
        pool = state.pools[offer.leg]
        fresh = state.clock[0].now - pool.window_start >= terms.window
        used = 0.0 if fresh else pool.window_used
        now, _ = left_in_window(terms, used, notional / contract)
        notional = min(notional, now * contract)
    return notional


@lean
def not_dust(world: World, state: State, a: int, offer: Offer, notional: float) -> float:
    """What a size becomes so that it leaves nothing or enough."""
    row = world.venues[world.accounts[a].venue]
    if offer.full <= row.dust or offer.full - notional <= row.dust:
        notional = offer.full
    notional = whole_if_near(offer, notional)
    if row.min_left > 0.0 and offer.collateral >= 0:
        owed = -leg_value(state.g, offer.leg, state.balance[offer.leg, a])
        held = leg_value(state.g, offer.collateral, state.balance[offer.collateral, a])
        notional = leaving_enough(row, notional, owed, held, 1.0 + charge(offer))
    return notional


@lean
def in_window(world: World, state: State, offer: Offer, notional: float) -> None:
    """Count what was taken in the perpetual's window."""
    length = world.venues[world.instruments[offer.leg].venue].window
    if length <= 0.0 or offer.collateral >= 0 or offer.collateral == PORTFOLIO:
        return
    pool = state.pools[offer.leg]
    if pool.window_used <= 0.0 or state.clock[0].now - pool.window_start >= length:
        pool.window_start = state.clock[0].now
        pool.window_used = 0.0
    pool.window_used += notional / state.g[2, offer.leg]


@lean
def size(world: World, state: State, a: int, offer: Offer) -> Offer:
    """The offer with the notional that one call may take, by the rule of the account's venue."""
    if offer.collateral == PORTFOLIO:
        return offer
    venue = world.accounts[a].venue
    row = world.venues[venue]
    if row.size == CLOSE_FACTOR:
        notional = close_factor_size(world, state, a, offer, venue)
    elif row.size == FULL:
        notional = offer.full
    else:
        notional = target_size(world, state, a, offer)
    notional = paced(world, state, a, offer, min(notional, row.max_notional))
    return limited(offer, not_dust(world, state, a, offer, notional))
