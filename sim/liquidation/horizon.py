"""The end of a path: what would be short if every under-margined row were closed now.

Halting or throttling liquidations cannot hide a hole: rows below maintenance are valued at the
average price that selling all of them at once would fetch.
"""

import numpy as np

from sim.compile import jit, lean
from sim.margin.health import in_breach
from sim.margin.terms import leg_value
from sim.market.contract import gain_of
from sim.market.impact import quote_log
from sim.numerics import exp
from sim.state.codes import OPTION, PERPETUAL
from sim.state.state import State
from sim.state.world import World


@lean
def under(world: World, state: State, a: int) -> bool:
    """Whether row ``a`` is below maintenance."""
    return in_breach(world, state, a)


@jit
def closing_flow(world: World, state: State, rows: int) -> np.ndarray:
    """USD per market (M,) that closing every under-margined row would trade, + buys."""
    flow = np.zeros(len(world.markets))
    for a in range(rows):
        if not under(world, state, a):
            continue
        for i in range(state.rows[a].leg_count):
            k = state.legs[a, i]
            leg = world.instruments[k]
            if leg.kind == OPTION or leg.asset == world.settings[0].cash_asset:
                continue
            quantity = state.balance[k, a]
            value = leg_value(state.g, k, quantity)
            if leg.kind != PERPETUAL:
                flow[leg.market] -= value
            else:
                flow[leg.market] -= quantity * state.g[2, k]
                if leg.inverse != 0:  # settles in coin, which is sold
                    flow[leg.asset] -= value
    return flow


@lean
def closed_equity(world: World, state: State, a: int, factor: np.ndarray) -> float:
    """Equity of row ``a`` with every leg at mark times its market's closing factor, USD.

    What inverse contracts settle in is coin, and is sold as a deposit of it is.
    """
    g = state.g
    equity = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        leg = world.instruments[k]
        quantity = state.balance[k, a]
        value = leg_value(g, k, quantity)
        if leg.kind == PERPETUAL:
            closed = value + quantity * g[2, k] * gain_of(leg, factor[leg.market])
            equity += closed if leg.inverse == 0 else closed * factor[leg.asset]
        elif leg.kind != OPTION and leg.asset != world.settings[0].cash_asset:
            equity += value * factor[leg.market]
        else:
            equity += value
    return equity


@jit
def book_shortfall(world: World, state: State) -> None:
    """Add up what the creditors of under-margined rows would lose at executable depth."""
    rows = world.settings[0].deficit
    flow = closing_flow(world, state, rows)
    factor = np.empty(len(world.markets))
    for m in range(len(world.markets)):
        factor[m] = exp(quote_log(world, state, m, flow[m]))
    for a in range(rows):
        if under(world, state, a):
            loss = -closed_equity(world, state, a, factor)
            state.stats[0].horizon_shortfall += max(0.0, loss)
