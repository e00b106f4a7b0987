"""P4, first half: which leg of an account below maintenance is offered.

``RISKIEST`` is the lenders' venue rule (Kamino: highest borrow factor against lowest liquidation
threshold). ``LARGEST_RELIEF`` offers the leg whose closing lowers the shortage most, by asking the
margin engine; under a netting engine it therefore avoids breaking hedges while another leg helps.
"""

from sim.compile import lean
from sim.liquidation.bonus import bonus_rate
from sim.liquidation.offer import Offer, charge, health_after, nothing
from sim.margin.health import leg_value
from sim.state.codes import BALANCE, MAINTENANCE, OPTION, PERPETUAL, RISKIEST
from sim.state.state import State
from sim.state.world import LONG, SHORT, World


@lean
def pair_offer(world: World, state: State, a: int, debt: int, collateral: int) -> Offer:
    """Debt against collateral, on the terms of the debt's venue, limited by the collateral."""
    venue = world.instruments[debt].venue
    row = world.venues[venue]
    rate = bonus_rate(world, state, venue, a)
    gain = rate * (1.0 - row.protocol_share)
    offer = Offer(debt, collateral, 0.0, gain, row.insurance_fee, rate - gain, 0.0)
    owed = -leg_value(state.g, debt, state.balance[debt, a])
    held = leg_value(state.g, collateral, state.balance[collateral, a])
    full = min(owed, held / (1.0 + charge(offer)))
    return Offer(debt, collateral, full, gain, row.insurance_fee, rate - gain, 0.0)


@lean
def perpetual_offer(world: World, state: State, a: int, k: int) -> Offer:
    """The whole of a perpetual position, on its venue's terms."""
    row = world.venues[world.instruments[k].venue]
    full = abs(state.balance[k, a]) * state.g[2, k]
    return Offer(k, -1, full, row.perp_fee, row.perp_insurance_fee, 0.0, 0.0)


@lean
def score(world: World, state: State, a: int, offer: Offer) -> float:
    """How much an offer is preferred by the rule of the account's venue; higher first."""
    account = world.accounts[a]
    if world.venues[account.venue].selection == RISKIEST:
        if offer.collateral < 0:
            return world.ratio[MAINTENANCE, offer.leg]
        heavy = world.weight[SHORT, MAINTENANCE, account.emode, offer.leg]
        return heavy - world.weight[LONG, MAINTENANCE, account.emode, offer.collateral]
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
