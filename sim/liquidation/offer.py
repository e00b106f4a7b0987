"""What a liquidation would do, tried out on the books before anything is done.

An offer names the leg to close: a debt with the collateral seized for it, or a perpetual taken
over. Its effect on health is found by carrying it out on the account's own row, asking the margin
engine, and putting the row back. So selection and size rules hold no margin formula of their own
and work with every engine.
"""

from typing import NamedTuple

from sim.compile import lean
from sim.ledger import HAIR
from sim.margin.health import assess, net_delta
from sim.market.contract import shifted_price
from sim.market.options import quote, token_price
from sim.state.codes import OPTION
from sim.state.state import State
from sim.state.world import World


class Offer(NamedTuple):
    """One leg (or pair of legs) that a venue lets liquidators take."""

    leg: int  # debt or perpetual instrument; -1 when there is nothing to take
    collateral: int  # collateral instrument; -1 for a perpetual, -2 for a whole portfolio
    full: float  # USD of debt or contracts that closing all of it would take
    gain: float  # liquidator's gain per USD taken
    fee: float  # to the insurance fund, per USD taken
    protocol: float  # to the protocol, per USD taken
    notional: float  # USD that one call may take (set by the size rule)


PORTFOLIO = -2  # in place of the collateral: a share of every leg


@lean
def nothing() -> Offer:
    """No leg to take."""
    return Offer(-1, -1, 0.0, 0.0, 0.0, 0.0, 0.0)


@lean
def limited(offer: Offer, notional: float) -> Offer:
    """The offer with the notional that one call may take."""
    return Offer(
        offer.leg, offer.collateral, offer.full, offer.gain, offer.fee, offer.protocol, notional
    )


@lean
def whole_if_near(offer: Offer, notional: float) -> float:
    """A part of an offer, and no more than all of it; all where only rounding is between them.

    A hair of a contract left behind would keep its owner from settling, and his debt from being
    written off.
    """
    return offer.full if notional >= offer.full * (1.0 - HAIR) else notional


@lean
def charge(offer: Offer) -> float:
    """What the account pays per USD taken."""
    return offer.gain + offer.fee + offer.protocol


@lean
def apply_pair(state: State, a: int, offer: Offer, notional: float) -> None:
    """Repay debt and give up collateral on the row, at published prices."""
    g = state.g
    state.balance[offer.leg, a] += notional / g[1, offer.leg]
    state.balance[offer.collateral, a] -= notional * (1.0 + charge(offer)) / g[0, offer.collateral]


@lean
def handover_price(world: World, state: State, k: int, sign: float, cut: float) -> float:
    """Price per contract, in quote, at which a position of that sign is taken over.

    A perpetual at the published price, an option at its value; less ``cut`` of the notional, and
    funding so far. A bought option is never worth less than nothing.
    """
    row = world.instruments[k]
    index = state.feeds[row.oracle].published
    if row.kind == OPTION:
        quote(world, state, k)
        price = state.g[0, k] / token_price(world, state, k) - sign * cut * index
        return max(0.0, price) if sign > 0.0 else price
    return shifted_price(row, index, -sign * cut) - state.pools[k].funding


@lean
def apply_perpetual(world: World, state: State, a: int, offer: Offer, notional: float) -> None:
    """Close contracts at the published price less the charge."""
    g = state.g
    row = world.instruments[offer.leg]
    sign = 1.0 if state.balance[offer.leg, a] >= 0.0 else -1.0
    contracts = sign * notional / g[2, offer.leg]
    price = handover_price(world, state, offer.leg, sign, charge(offer))
    state.balance[offer.leg, a] -= contracts
    state.balance[row.quote, a] += contracts * price


@lean
def second_leg(world: World, offer: Offer) -> int:
    """The other instrument that a call changes: what is seized, or a perpetual's quote side."""
    return world.instruments[offer.leg].quote if offer.collateral < 0 else offer.collateral


@lean
def apply(world: World, state: State, a: int, offer: Offer, notional: float) -> None:
    """Carry the offer out on the row alone."""
    if offer.collateral < 0:
        apply_perpetual(world, state, a, offer, notional)
    else:
        apply_pair(state, a, offer, notional)


@lean
def health_after(
    world: World, state: State, a: int, level: int, offer: Offer, notional: float
) -> float:
    """Health of row ``a`` at a level if ``notional`` of the offer were taken, USD."""
    second = second_leg(world, offer)
    first_kept = state.balance[offer.leg, a]
    second_kept = state.balance[second, a]
    apply(world, state, a, offer, notional)
    equity, requirement = assess(world, state, level, a)
    state.balance[offer.leg, a] = first_kept
    state.balance[second, a] = second_kept
    return equity - requirement


@lean
def turn(world: World, state: State, a: int, offer: Offer, k: int) -> float:
    """USD of the offer that bring the net delta on instrument k's underlying to zero.

    All of the offer where it does not get so far.
    """
    second = second_leg(world, offer)
    first_kept = state.balance[offer.leg, a]
    second_kept = state.balance[second, a]
    now = net_delta(world, state, a, world.instruments[k].group)
    apply(world, state, a, offer, offer.full)
    then = net_delta(world, state, a, world.instruments[k].group)
    state.balance[offer.leg, a] = first_kept
    state.balance[second, a] = second_kept
    crosses = now * then < 0.0 and abs(then) > HAIR * abs(now)
    return offer.full * now / (now - then) if crosses else offer.full
