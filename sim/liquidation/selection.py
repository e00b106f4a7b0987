"""P4, first half: which leg of an account below maintenance is offered.

``RISKIEST`` is the lenders' venue rule (Kamino: highest borrow factor against lowest liquidation
threshold). ``LARGEST_RELIEF`` offers the leg whose closing lowers the shortage most, by asking the
margin engine; under a netting engine it therefore avoids breaking hedges while another leg helps.
``BEST_FOR_LIQUIDATOR`` offers what its taker earns most on, ``RELIEF_PER_IMPACT`` what relieves
most per USD that closing it costs, ``KEEP_HEDGES`` what leaves the least unhedged delta, and
``WHOLE_PORTFOLIO`` a share of everything, which breaks no hedge.
"""

from sim.compile import lean
from sim.liquidation.kick import by_auction, running
from sim.liquidation.offer import (
    Offer,
    apply_pair,
    apply_perpetual,
    charge,
    health_after,
    limited,
    nothing,
)
from sim.liquidation.taker import slippage, true_gain
from sim.liquidation.terms import pair_offer, perpetual_offer, portfolio_offer
from sim.margin.health import net_delta
from sim.state.codes import (
    BALANCE,
    BEST_FOR_LIQUIDATOR,
    KEEP_HEDGES,
    MAINTENANCE,
    OPTION,
    PERPETUAL,
    RELIEF_PER_IMPACT,
    RISKIEST,
    WHOLE_PORTFOLIO,
)
from sim.state.state import State
from sim.state.world import LONG, SHORT, World


@lean
def heaviest(world: World, a: int, offer: Offer) -> float:
    """Ratio of a perpetual, or how much heavier the debt counts than the collateral."""
    if offer.collateral < 0:
        return world.ratio[MAINTENANCE, offer.leg]
    emode = world.accounts[a].emode
    heavy = world.weight[SHORT, MAINTENANCE, emode, offer.leg]
    return heavy - world.weight[LONG, MAINTENANCE, emode, offer.collateral]


@lean
def profit(world: World, state: State, a: int, offer: Offer) -> float:
    """USD that whoever took all of it and sold it at once would keep."""
    whole = limited(offer, offer.full)
    return offer.full * (true_gain(world, state, a, whole) - slippage(world, state, a, whole))


@lean
def relief_per_cost(world: World, state: State, a: int, offer: Offer) -> float:
    """Shortage removed per USD of impact and charges."""
    whole = limited(offer, offer.full)
    relief = health_after(world, state, a, MAINTENANCE, offer, offer.full)
    relief -= health_after(world, state, a, MAINTENANCE, offer, 0.0)
    cost = offer.full * (max(0.0, charge(offer)) + slippage(world, state, a, whole))
    return relief / max(cost, 1e-9 * offer.full)


@lean
def unhedged(world: World, state: State, a: int) -> float:
    """Sum of the absolute net deltas by underlying but cash, USD."""
    total = 0.0
    for n in range(world.netting.shape[2]):
        if n != world.settings[0].cash_asset:
            total += abs(net_delta(world, state, a, n))
    return total


@lean
def unhedged_after(world: World, state: State, a: int, offer: Offer) -> float:
    """`unhedged` if all of the offer were taken."""
    perpetual = offer.collateral < 0
    second = world.instruments[offer.leg].quote if perpetual else offer.collateral
    first_kept = state.balance[offer.leg, a]
    second_kept = state.balance[second, a]
    if perpetual:
        apply_perpetual(world, state, a, offer, offer.full)
    else:
        apply_pair(state, a, offer, offer.full)
    left = unhedged(world, state, a)
    state.balance[offer.leg, a] = first_kept
    state.balance[second, a] = second_kept
    return left


@lean
def score(world: World, state: State, a: int, offer: Offer) -> float:
    """How much an offer is preferred by the rule of the account's venue; higher first."""
    if by_auction(world, offer) and running(state, a, offer.leg, offer.collateral):
        return float("inf")  # a running auction is not dropped for another
    rule = world.venues[world.accounts[a].venue].selection
    if rule == RISKIEST:
        return heaviest(world, a, offer)
    if rule == BEST_FOR_LIQUIDATOR:
        return profit(world, state, a, offer)
    if rule == RELIEF_PER_IMPACT:
        return relief_per_cost(world, state, a, offer)
    if rule == KEEP_HEDGES:
        return -unhedged_after(world, state, a, offer)
    return health_after(world, state, a, MAINTENANCE, offer, offer.full)


@lean
def better(
    world: World, state: State, a: int, best: Offer, best_score: float, offer: Offer
) -> tuple[Offer, float]:
    """The preferred of two offers; the earlier one (lower instrument) wins a tie."""
    if offer.full <= 0.0:
        return best, best_score
    value = score(world, state, a, offer)
    if best.leg < 0 or value > best_score:
        return offer, value
    return best, best_score


@lean
def select(world: World, state: State, a: int) -> Offer:
    """The offer that the selection rule puts first; ``leg = -1`` if nothing can be taken."""
    if world.venues[world.accounts[a].venue].selection == WHOLE_PORTFOLIO:
        return portfolio_offer(world, state, a)
    best = nothing()
    best_score = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        quantity = state.balance[k, a]
        kind = world.instruments[k].kind
        if kind in (PERPETUAL, OPTION) and quantity != 0.0:
            offer = perpetual_offer(world, state, a, k)
            best, best_score = better(world, state, a, best, best_score, offer)
        elif kind == BALANCE and quantity < 0.0:
            for j in range(state.rows[a].leg_count):
                c = state.legs[a, j]
                if world.instruments[c].kind == BALANCE and state.balance[c, a] > 0.0:
                    offer = pair_offer(world, state, a, k, c)
                    best, best_score = better(world, state, a, best, best_score, offer)
    return best
