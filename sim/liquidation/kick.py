"""Auctions of an account: which one runs, at what price, and when it starts again.

The auction is a property of the account: its collateral stays on the books until it is bought, so
margin and loss are those of the account at every moment.
"""

import math

from sim.compile import lean
from sim.ledger import HAIR
from sim.liquidation.auction import debt_to_auction, first_price, incentive
from sim.liquidation.curves import price, stale
from sim.liquidation.offer import Offer
from sim.margin.terms import leg_value
from sim.state.codes import DUTCH, WHOLE_PORTFOLIO
from sim.state.state import FLAGGED, State
from sim.state.world import World

ROUNDING = 1e-9  # of a bid: less than that is not left to raise


@lean
def running(state: State, a: int, debt: int, collateral: int) -> bool:
    """Whether this pair of legs is being auctioned, with something left to raise."""
    row = state.rows[a]
    pair = row.auction_debt == debt and row.auction_collateral == collateral
    return row.auction >= 0.0 and row.auction_left > 0.0 and pair


@lean
def raised_by_others(world: World, state: State, a: int, venue: int) -> float:
    """USD that the other running auctions of a venue still have to raise.

    Of a debt that a cap let in part only, the part.
    """
    total = 0.0
    for i in range(state.clock[0].flagged):
        b = state.lists[FLAGGED, i]
        whole = world.venues[world.accounts[b].venue].selection == WHOLE_PORTFOLIO
        if b == a or whole or state.rows[b].auction < 0.0:
            continue
        debt = state.rows[b].auction_debt
        if world.instruments[debt].venue == venue:
            total += offered_debt(state, b, debt)
    return total * world.auctions[venue].chop


@lean
def offered_debt(state: State, a: int, debt: int) -> float:
    """USD of a debt that the running auction of account ``a`` offers."""
    owed = max(0.0, -leg_value(state.g, debt, state.balance[debt, a]))
    return min(owed, state.rows[a].auction_left * state.g[2, debt])


@lean
def put_up(world: World, state: State, a: int, debt: int, collateral: int) -> float:
    """USD of a debt that is to be auctioned: of a running auction, or of one that starts now.

    One that runs goes on with what it was given, whoever came since.
    """
    if running(state, a, debt, collateral):
        return offered_debt(state, a, debt)
    venue = world.instruments[debt].venue
    owed = -leg_value(state.g, debt, state.balance[debt, a])
    if not math.isfinite(world.venues[venue].hole):
        return owed
    others = raised_by_others(world, state, a, venue)
    debt = debt_to_auction(world.venues[venue], world.auctions[venue].chop, owed, others)
    return debt if debt > HAIR * world.venues[venue].hole else 0.0


@lean
def asked(world: World, state: State, a: int, venue: int) -> float:
    """Price asked for the collateral now, USD."""
    row = world.auctions[venue]
    top = first_price(row, state.rows[a].auction_price)
    return price(row, top, state.clock[0].now - state.rows[a].auction)


@lean
def auctioned(world: World, state: State, a: int, debt: int, collateral: int) -> Offer:
    """Debt against collateral at the auction's price; at its first price before it starts (again).

    A USD of debt repaid costs the penalty on top, which goes to the protocol, and brings collateral
    at the asked price: early in the auction that may be a loss.
    """
    venue = world.instruments[debt].venue
    row = world.auctions[venue]
    here = state.g[2, collateral]
    at = first_price(row, here)
    if running(state, a, debt, collateral) and not run_out(world, state, a, venue):
        at = asked(world, state, a, venue)
    owed = put_up(world, state, a, debt, collateral)
    held = leg_value(state.g, collateral, state.balance[collateral, a])
    if at <= 0.0:
        return Offer(debt, collateral, 0.0, 0.0, 0.0, 0.0, 0.0)
    seized = row.chop * here / at  # USD of collateral per USD of debt
    full = min(owed, held / seized)
    return Offer(debt, collateral, full, seized - row.chop, 0.0, row.chop - 1.0, 0.0)


@lean
def run_out(world: World, state: State, a: int, venue: int) -> bool:
    """Whether the running auction has become too old or too cheap, be it that it costs nothing."""
    row = world.auctions[venue]
    top = first_price(row, state.rows[a].auction_price)
    return stale(row, top, state.clock[0].now - state.rows[a].auction)


@lean
def must_start(world: World, state: State, a: int, offer: Offer) -> bool:
    """Whether the pair on offer needs an auction that does not run, or has run out."""
    venue = world.instruments[offer.leg].venue
    if not running(state, a, offer.leg, offer.collateral):
        return True
    return run_out(world, state, a, venue)


@lean
def by_auction(world: World, offer: Offer) -> bool:
    """Whether what is on offer is auctioned collateral."""
    return offer.collateral >= 0 and world.venues[world.instruments[offer.leg].venue].bonus == DUTCH


@lean
def start(world: World, state: State, a: int, offer: Offer) -> float:
    """Start or restart an auction now; return what whoever did so is to be paid, USD."""
    debt = put_up(world, state, a, offer.leg, offer.collateral)
    if not running(state, a, offer.leg, offer.collateral):
        whole = -leg_value(state.g, offer.leg, state.balance[offer.leg, a]) <= debt
        state.rows[a].auction_left = math.inf if whole else debt / state.g[2, offer.leg]
    state.rows[a].auction = state.clock[0].now
    state.rows[a].auction_debt = offer.leg
    state.rows[a].auction_collateral = offer.collateral
    state.rows[a].auction_price = state.g[2, offer.collateral]
    row = world.auctions[world.instruments[offer.leg].venue]
    return incentive(row, debt * row.chop)


@lean
def note_bid(state: State, a: int, repaid: float) -> None:
    """Take what a bid repaid, in tokens, off what the auction still offers."""
    left = state.rows[a].auction_left - repaid
    state.rows[a].auction_left = left if left > ROUNDING * repaid else 0.0
