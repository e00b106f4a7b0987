"""P8: what time costs. Interest on a kinked curve, funding on the averaged premium."""

from sim.compile import lean
from sim.ledger import post
from sim.market.options import settle_expired
from sim.numerics import exp
from sim.state.codes import BALANCE, PERPETUAL
from sim.state.state import State
from sim.state.world import World

YEAR = 365.0 * 86400.0
DAY = 86400.0


@lean
def borrow_rate(kink: float, base: float, at_kink: float, full: float, utilisation: float) -> float:
    """Kinked curve: two straight lines that meet at the kink, 1/year."""
    u = min(max(utilisation, 0.0), 1.0)
    if u <= kink:
        return base + (at_kink - base) * u / kink if kink > 0.0 else at_kink
    return at_kink + (full - at_kink) * (u - kink) / (1.0 - kink)


@lean
def accrue_interest(world: World, state: State, k: int, seconds: float) -> None:
    """Grow both indices of a pool; what borrowers owe more, depositors and protocol own more."""
    row = world.instruments[k]
    loans = state.pools[k].loans * state.pools[k].borrow_index
    deposits = state.pools[k].deposits * state.pools[k].deposit_index
    if loans <= 0.0 or deposits <= 0.0:
        return
    utilisation = loans / deposits
    rate = borrow_rate(row.kink, row.base_rate, row.kink_rate, row.full_rate, utilisation)
    growth = rate * seconds / YEAR
    interest = loans * growth
    reserve = interest * row.reserve_factor
    state.pools[k].borrow_index *= 1.0 + growth
    state.pools[k].deposit_index *= 1.0 + (interest - reserve) / deposits
    post(state, k, world.settings[0].protocol, reserve)


@lean
def accrue_funding(world: World, state: State, k: int, seconds: float) -> None:
    """Longs pay shorts the averaged premium of mark over index (Drift: a day's premium per day).

    Paid through a cumulative index per contract, so it is zero-sum by construction.
    """
    row = world.instruments[k]
    index = state.feeds[row.oracle].published
    premium = state.markets[row.market].mark / index - 1.0
    keep = exp(-seconds / row.premium_time)
    averaged = premium + (state.pools[k].premium - premium) * keep
    state.pools[k].premium = averaged
    rate = max(-row.funding_cap, min(row.funding_cap, averaged + row.funding_offset))
    state.pools[k].funding += rate * index * seconds / DAY


@lean
def accrue_all(world: World, state: State) -> None:
    """One step of interest and funding on every pool and book; options that expire are paid."""
    for k in range(len(world.instruments)):
        kind = world.instruments[k].kind
        if kind == BALANCE:
            accrue_interest(world, state, k, world.settings[0].step)
        elif kind == PERPETUAL:
            accrue_funding(world, state, k, world.settings[0].step)
    if len(world.surfaces) > 0:
        settle_expired(world, state)
