"""Greeks of accounts: what a book gains per move, curvature, volatility and time, in USD.

Per unit of relative move, so that underlyings add up: delta is the gain per 100 % move, gamma the
change of that delta per 100 % move, vega the gain per 1.00 of volatility, theta per year.
"""

from typing import NamedTuple

import numpy as np

from sim.compile import jit, lean
from sim.margin.exposure import exposure
from sim.margin.shocks import YEAR
from sim.market.black import option_greeks
from sim.market.options import contract_of, token_price
from sim.state.codes import OPTION
from sim.state.state import State
from sim.state.world import World


class Exposure(NamedTuple):
    """Greeks of one leg or account, USD."""

    delta: float
    gamma: float
    vega: float
    theta: float


@lean
def option_exposure(world: World, state: State, k: int) -> Exposure:
    """Greeks of one contract of option k held long; zero once it is settled."""
    if state.options[k].settled != 0:
        return Exposure(0.0, 0.0, 0.0, 0.0)
    now = contract_of(world, state, k)
    years = now.seconds / YEAR
    one = option_greeks(now.sign, now.forward, now.strike, now.volatility, years, now.rate)
    size = token_price(world, state, k)
    delta = size * one.delta * now.forward
    gamma = size * one.gamma * now.forward * now.forward
    return Exposure(delta, gamma, size * one.vega, size * one.theta)


@lean
def linear_delta(world: World, state: State, a: int, k: int) -> float:
    """Delta of a leg of row ``a`` that is no option; balances count as far as they are risky."""
    row = world.instruments[k]
    if row.asset == world.settings[0].cash_asset:
        return 0.0
    return exposure(world, state, row.venue, k, state.balance[k, a])


@lean
def leg_exposure(world: World, state: State, a: int, k: int) -> Exposure:
    """Greeks of one leg of row ``a``."""
    if world.instruments[k].kind == OPTION:
        quantity, one = state.balance[k, a], option_exposure(world, state, k)
        return Exposure(
            quantity * one.delta, quantity * one.gamma, quantity * one.vega, quantity * one.theta
        )
    return Exposure(linear_delta(world, state, a, k), 0.0, 0.0, 0.0)


@lean
def account_exposure(world: World, state: State, a: int, n: int) -> Exposure:
    """Greeks of row ``a`` on underlying n, or on all if n is negative."""
    delta = gamma = vega = theta = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if n >= 0 and world.instruments[k].group != n:
            continue
        leg = leg_exposure(world, state, a, k)
        delta += leg.delta
        gamma += leg.gamma
        vega += leg.vega
        theta += leg.theta
    return Exposure(delta, gamma, vega, theta)


@jit
def exposures(world: World, state: State, rows: int, n: int) -> np.ndarray:
    """Greeks of the first ``rows`` ledger rows on underlying n (negative: all). (rows, 4) USD."""
    out = np.empty((rows, 4))
    for a in range(rows):
        one = account_exposure(world, state, a, n)
        out[a, 0] = one.delta
        out[a, 1] = one.gamma
        out[a, 2] = one.vega
        out[a, 3] = one.theta
    return out
