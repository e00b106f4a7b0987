"""P2, term K in the world: what is added for positions that are large for their market's depth.

What an account holds in one market is a pile. Its net notional above a free amount is charged a
multiple of what selling it at once would cost, by the impact function that sales on that market
pay (:mod:`sim.market.impact`), from a market at rest. So the charge grows faster than the position
(concentration), and where the depth that the engine saw last is used, as depth falls (liquidity).

Sources: CPMI-IOSCO (2012), Principles for financial market infrastructures, Principle 6 (margin
takes position concentration into account); Almgren and Chriss (2000), Optimal execution of
portfolio transactions (cost of selling by permanent and temporary impact).
"""

from typing import NamedTuple

from sim.compile import lean
from sim.margin.exposure import hub_row
from sim.margin.terms import leg_value
from sim.market.impact import mean_log
from sim.state.codes import BALANCE, INITIAL, MAINTENANCE, PERPETUAL, SUM_OF_LEGS
from sim.state.state import State
from sim.state.world import World


class Pile(NamedTuple):
    """What an account has in one market under the same terms."""

    venue: int  # row of the venue table whose terms hold
    market: int  # where it would be sold; -1: nowhere, or for no charge
    net: float  # USD, signed
    gross: float  # USD, sizes of its legs


@lean
def charging_venue(world: World, a: int, k: int) -> int:
    """Row of the venue table by whose terms leg k of row ``a`` is charged.

    Where requirements of several venues are added up, each venue charges what is there.
    """
    venue = world.accounts[a].venue
    if venue == hub_row(world) and world.venues[venue].engine != SUM_OF_LEGS:
        return venue
    return int(world.instruments[k].venue)


@lean
def sold_at(world: World, venue: int, k: int) -> int:
    """Market that has to take instrument k, as a venue sees it; -1 if it charges nothing for it.

    Its own; or its underlying's reference market (that of asset n is n), to which arbitrage carries
    all flow in the end. Cash and options are not sold.
    """
    row = world.instruments[k]
    terms = world.contingency[INITIAL, venue]  # none here: none at any level
    if terms.liquidity <= 0.0 or row.kind not in (BALANCE, PERPETUAL):
        return -1
    if row.kind == BALANCE and row.asset == world.settings[0].cash_asset:
        return -1
    return int(row.group if terms.pooled != 0 else row.market)


@lean
def pile_of(world: World, state: State, a: int, i: int) -> Pile:
    """The pile that leg ``i`` of row ``a`` opens; empty if an earlier leg did."""
    first = state.legs[a, i]
    venue = charging_venue(world, a, first)
    market = sold_at(world, venue, first)
    net = 0.0
    gross = 0.0
    if market < 0:
        return Pile(venue, market, 0.0, 0.0)
    for j in range(state.rows[a].leg_count):
        k = state.legs[a, j]
        if charging_venue(world, a, k) != venue or sold_at(world, venue, k) != market:
            continue
        if j < i:
            return Pile(venue, market, 0.0, 0.0)
        quantity = state.balance[k, a]
        perpetual = world.instruments[k].kind == PERPETUAL
        part = quantity * state.g[2, k] if perpetual else leg_value(state.g, k, quantity)
        net += part
        gross += abs(part)
    return Pile(venue, market, net, gross)


@lean
def charge_on(world: World, state: State, level: int, pile: Pile, moved: float) -> float:
    """Charge on a pile once prices and depth have moved against it by ``moved``, relative, USD."""
    if pile.market < 0:
        return 0.0
    terms = world.contingency[level, pile.venue]
    thinness = state.thinness[pile.market] * (1.0 + moved) if terms.current != 0 else 1.0
    charged = max(0.0, abs(pile.net) + moved * pile.gross - terms.free)
    flow = charged * thinness / world.markets[pile.market].depth
    return terms.liquidity * charged * mean_log(world, pile.market, 0.0, flow)


@lean
def liquidity_charge(world: World, state: State, level: int, a: int) -> float:
    """Charge on all piles of row ``a``, USD."""
    total = 0.0
    for i in range(state.rows[a].leg_count):
        total += charge_on(world, state, level, pile_of(world, state, a, i), 0.0)
    return total


@lean
def liquidity_reach(world: World, state: State, a: int, skin: float) -> float:
    """Most that the charge at maintenance can rise inside a skin, USD.

    Each leg's value moves by at most the skin, and so does thinness; the charge rises with both. It
    is convex in the skin (a power above one of a pile that grows no slower, in relation to itself,
    than thinness does), so that the chord to zero bounds smaller moves.
    """
    most = 0.0
    for i in range(state.rows[a].leg_count):
        pile = pile_of(world, state, a, i)
        most += charge_on(world, state, MAINTENANCE, pile, skin)
        most -= charge_on(world, state, MAINTENANCE, pile, 0.0)
    return most
