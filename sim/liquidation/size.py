"""P4, second half: how much of the offered leg one call may take."""

from sim.compile import lean
from sim.liquidation.bonus import loan_to_value
from sim.liquidation.offer import Offer, health_after, limited, second_leg, turn
from sim.margin.health import leg_value
from sim.state.codes import CLOSE_FACTOR, NET_OF_LEGS, TARGET
from sim.state.state import State
from sim.state.world import World


@lean
def close_factor_size(world: World, state: State, a: int, offer: Offer, venue: int) -> float:
    """A share of the debt; everything once loan-to-value says that the account is nearly gone."""
    row = world.venues[venue]
    owed = abs(leg_value(state.g, offer.leg, state.balance[offer.leg, a]))
    if offer.collateral < 0:
        owed = offer.full
    ltv, _, _ = loan_to_value(world, state, a)
    share = 1.0 if ltv >= row.full_ltv else row.close_factor
    return owed * share


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

    Linear interpolation between the points at which health turns, exact for both engines. If the
    leg cannot restore it (a bonus larger than the requirement it frees), all of it is taken.
    """
    first, second = turns(world, state, a, offer)
    start, low = 0.0, health_after(world, state, a, TARGET, offer, 0.0)
    for end in (first, second, offer.full):
        high = health_after(world, state, a, TARGET, offer, end)
        if high >= 0.0 and high > low:
            return start + (end - start) * max(0.0, -low / (high - low))
        start, low = end, high
    return offer.full


@lean
def size(world: World, state: State, a: int, offer: Offer) -> Offer:
    """The offer with the notional that one call may take, by the rule of the account's venue."""
    venue = world.accounts[a].venue
    row = world.venues[venue]
    if row.size == CLOSE_FACTOR:
        notional = close_factor_size(world, state, a, offer, venue)
    else:
        notional = target_size(world, state, a, offer)
    notional = min(notional, row.max_notional)
    if offer.full <= row.dust or offer.full - notional <= row.dust:
        notional = offer.full
    return limited(offer, min(notional, offer.full))
