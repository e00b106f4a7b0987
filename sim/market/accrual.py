"""P8: what time costs, step by step: interest on every pool, funding on every perpetual."""

from sim.compile import lean
from sim.ledger import hand, pool_cash, post
from sim.market.contract import contract_usd, quote_notional
from sim.market.funding import (
    DAY,
    adaptive_change,
    averaged,
    clamped,
    imbalance,
    imbalance_rate,
    premium_rate,
    twap_rate,
    velocity_accrual,
)
from sim.market.interest import YEAR, growth, rates
from sim.market.options import settle_expired
from sim.state.codes import (
    BALANCE,
    FIRST_INSURANCE,
    IMBALANCE_FUNDING,
    PERPETUAL,
    PREMIUM_FUNDING,
    VELOCITY_FUNDING,
)
from sim.state.state import State
from sim.state.world import World

DUST = 1e-9  # contracts: less is what rounding leaves of a book that all have left


@lean
def accrue_interest(world: World, state: State, k: int, seconds: float) -> None:
    """Grow both indices of a pool; what borrowers owe more, depositors and protocol own more."""
    row = world.instruments[k].curve
    loans = state.pools[k].loans * state.pools[k].borrow_index
    deposits = state.pools[k].deposits * state.pools[k].deposit_index
    if row.count == 0 or loans <= 0.0 or deposits <= 0.0:
        return
    found = rates(row, loans / deposits)
    base = growth(found.base, seconds, YEAR)
    fees = growth(found.protocol + found.insurance, seconds, YEAR)
    interest = loans * base
    reserve = interest * row.reserve_factor
    state.pools[k].borrow_index *= 1.0 + (base + fees)
    state.pools[k].deposit_index *= 1.0 + (interest - reserve) / deposits
    post(state, k, world.settings[0].protocol, reserve + loans * fees)
    insure(world, state, k, loans * growth(found.insurance, seconds, YEAR))


@lean
def insure(world: World, state: State, k: int, fee: float) -> None:
    """Hand the insurance fund its part of the fees, as far as the pool has cash.

    The fund pays in the settlement asset, so only fees in it leave the protocol's deposit.
    """
    row = world.instruments[k]
    if fee <= 0.0 or row.asset != world.settings[0].cash_asset:
        return
    paid = min(fee, max(0.0, pool_cash(state, k)))
    post(state, k, world.settings[0].protocol, -paid)
    hand(state, FIRST_INSURANCE + row.venue, row.asset, paid)


@lean
def open_sides(world: World, state: State, k: int) -> tuple[float, float]:
    """Contracts that traders hold long and short: everybody but the venue's market maker."""
    made = 0.0
    maker = world.venues[world.instruments[k].venue].maker
    if maker >= 0:
        made = state.balance[k, maker]
    return state.pools[k].deposits - max(made, 0.0), state.pools[k].loans - max(-made, 0.0)


@lean
def skewed_funding(world: World, state: State, k: int, index: float, seconds: float) -> float:
    """Funding of the kinds that follow the skew or the imbalance, fraction of notional."""
    row = world.instruments[k].funding
    long, short = open_sides(world, state, k)
    most = row.cap * seconds / DAY
    if row.kind == VELOCITY_FUNDING:
        days = seconds / DAY
        rate, accrued = velocity_accrual(row, state.pools[k].rate, long - short, days)
        state.pools[k].rate = clamped(rate, row.cap)
        return clamped(accrued, most)
    if long + short <= DUST:
        return 0.0
    if row.kind == IMBALANCE_FUNDING:
        usd = contract_usd(world.instruments[k], index)
        return clamped(imbalance_rate(row, long * usd, short * usd) * seconds, most)
    state.pools[k].rate += adaptive_change(
        row, state.pools[k].rate, imbalance(long, short), seconds
    )
    return clamped(state.pools[k].rate * seconds, most)


@lean
def accrue_funding(world: World, state: State, k: int, seconds: float) -> None:
    """Longs pay shorts, by the venue's kind of funding.

    Paid through a cumulative index per contract, so it is zero-sum by construction; the market
    maker, who takes the other side of the skew, receives what its side is due.
    """
    row = world.instruments[k].funding
    index = state.feeds[world.instruments[k].oracle].published
    premium = state.markets[world.instruments[k].market].mark / index - 1.0
    premium = averaged(premium, state.pools[k].premium, seconds, row.premium_time)
    state.pools[k].premium = premium
    notional = quote_notional(world.instruments[k], index)
    if row.kind >= VELOCITY_FUNDING:
        state.pools[k].funding += skewed_funding(world, state, k, index, seconds) * notional
        return
    rate = premium_rate(row, premium) if row.kind == PREMIUM_FUNDING else twap_rate(row, premium)
    state.pools[k].funding += rate * notional * seconds / DAY


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
