"""P2, term K in the world: what an oracle in doubt and a settlement asset off its peg add.

Both weigh on initial margin only, so no watch list knows of them: the tables hold zeros at the
other levels. Sources: Derive, derivexyz/v2-core ``PMRMLib_2.sol`` (``_getConfidenceContingency``)
and ``StandardManager.sol`` (oracle contingency, depeg contingency).
"""

from sim.compile import lean
from sim.margin.addons import confidence_charge, depeg_charge
from sim.margin.exposure import hub_row, is_here
from sim.market.view import certainty
from sim.state.codes import BALANCE, OPTION, PERPETUAL
from sim.state.state import State
from sim.state.world import World


@lean
def peg_price(world: World, state: State, venue: int) -> float:
    """Price of the settlement asset that an engine sees, USD; the hub reads the first venue's."""
    place = 0 if venue == hub_row(world) else venue
    feed = place * len(state.fundamental) + world.settings[0].cash_asset
    return state.feeds[feed].published


@lean
def doubt_charge(world: World, state: State, level: int, venue: int, k: int) -> float:
    """Charge per USD of instrument k for the doubt of the feed that it is read from."""
    terms = world.contingency[level, venue]
    row = world.instruments[k]
    if terms.confidence_scale <= 0.0 or (
        row.kind == BALANCE and row.asset == world.settings[0].cash_asset
    ):
        return 0.0
    sure = certainty(state.feeds[row.oracle].width, world.oracles[row.oracle].no_confidence)
    return confidence_charge(terms, sure)


@lean
def doubted_leg(world: World, state: State, level: int, a: int, k: int) -> float:
    """What doubt and a broken peg add to a leg where requirements add up, USD.

    Contracts and options sold by their notional, deposits by their value and for doubt alone.
    """
    venue = world.accounts[a].venue
    quantity = state.balance[k, a]
    row = world.instruments[k]
    if row.kind == BALANCE:
        value = max(0.0, quantity) * state.g[0, k]
        return value * doubt_charge(world, state, level, venue, k)
    if row.kind not in (PERPETUAL, OPTION):
        return 0.0
    size = max(0.0, -quantity) if row.kind == OPTION else abs(quantity)
    broken = depeg_charge(world.contingency[level, venue], peg_price(world, state, venue))
    return size * state.g[2, k] * (doubt_charge(world, state, level, venue, k) + broken)


@lean
def doubt_by_leg(world: World, state: State, level: int, a: int) -> float:
    """The same for all legs of row ``a`` that its own engine margins, USD."""
    venue = world.accounts[a].venue
    terms = world.contingency[level, venue]
    if terms.confidence_scale <= 0.0 and terms.peg_factor <= 0.0:
        return 0.0
    total = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if is_here(world, venue, k):
            total += doubted_leg(world, state, level, a, k)
    return total
