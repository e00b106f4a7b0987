"""Options in the world: what they are worth now, and what they pay at expiry.

The volatility level of an underlying is drawn to its regime's and jumps with spot, step by step;
values follow the prices that the venue publishes. What scenario values depend on is kept beside
them, so that watch lists can tell when a scenario's result may have changed.
"""

import math

from sim.compile import lean
from sim.ledger import post, settle_flat
from sim.margin.shocks import YEAR, Contract, free_share, present_value, shocked_volatility
from sim.market.surface import SurfaceTerms, implied_volatility, next_level
from sim.numerics import exp, log
from sim.state.codes import (
    DRIVERS,
    FIRST_DEVIATION,
    FORWARD,
    FREE,
    GRIDS,
    HUB_GRID,
    SPOT,
    TAIL_RISK,
)
from sim.state.state import State
from sim.state.world import World


@lean
def move_volatility(world: World, state: State) -> None:
    """One step of every volatility level, after the fundamental prices have moved."""
    regime = state.clock[0].regime
    for u in range(len(world.surfaces)):
        row = world.surfaces[u]
        price = state.fundamental[row.asset]
        shock = -row.beta * log(price / state.levels[1, u])
        target = world.surface_level[regime, u]
        state.levels[0, u] = next_level(state.levels[0, u], target, row.keep, shock)
        state.levels[1, u] = price


@lean
def token_price(world: World, state: State, k: int) -> float:
    """USD per unit of the quote in which instrument k settles."""
    return state.feeds[world.instruments[world.instruments[k].cash].oracle].published


@lean
def contract_of(world: World, state: State, k: int) -> Contract:
    """Option k as the market sees it now."""
    row = world.options[k]
    now = state.options[k]
    return Contract(row.sign, row.strike, now.forward, now.vol, now.seconds, row.rate)


@lean
def quote_option(world: World, state: State, k: int) -> None:
    """Forward, implied volatility and time to expiry of option k, from the published price."""
    row = world.options[k]
    surface = world.surfaces[row.surface]
    spot = state.feeds[world.instruments[k].oracle].published
    seconds = max(0.0, row.expiry - state.clock[0].now)
    years = seconds / YEAR
    forward = spot * exp(row.rate * years)
    terms = SurfaceTerms(surface.skew, surface.smile, surface.slope, surface.reference)
    level = state.levels[0, row.surface]
    state.options[k].forward = forward
    state.options[k].seconds = seconds
    state.options[k].vol = implied_volatility(terms, level, row.strike, forward, years)


@lean
def note_drivers(world: World, state: State, k: int, token: float) -> None:
    """Write what the scenario values of option k depend on, for the venue's grid and the hub's."""
    option = contract_of(world, state, k)
    spot = state.feeds[world.instruments[k].oracle].published
    for i in range(GRIDS):
        venue = len(world.grids) - 1 if i == HUB_GRID else world.instruments[k].venue
        grid = world.grids[venue]
        state.drivers[i, SPOT, k] = spot * token
        state.drivers[i, FORWARD, k] = option.forward * token
        if world.venues[venue].engine == TAIL_RISK:
            root = math.sqrt(option.seconds / YEAR)
            state.drivers[i, FIRST_DEVIATION, k] = option.volatility * root
        if grid.count == 0 or world.venues[venue].engine == TAIL_RISK:
            continue
        state.drivers[i, FREE, k] = option.forward * token * free_share(grid, option.seconds)
        root = math.sqrt(max(0.0, option.seconds - grid.lookahead) / YEAR)
        for d in range(FIRST_DEVIATION, DRIVERS):
            vol = shocked_volatility(grid, d - FIRST_DEVIATION, option)
            state.drivers[i, d, k] = vol * root


@lean
def refresh_options(world: World, state: State) -> None:
    """Value every option, and note what its scenario values depend on."""
    for k in range(len(world.options)):
        if world.options[k].sign == 0.0 or state.options[k].settled != 0:
            continue
        quote_option(world, state, k)
        token = token_price(world, state, k)
        value = present_value(contract_of(world, state, k)) * token
        state.g[0, k] = value
        state.g[1, k] = value
        state.g[2, k] = state.feeds[world.instruments[k].oracle].published * token
        note_drivers(world, state, k, token)


@lean
def retire(state: State, k: int) -> None:
    """An expired option is worth nothing, to nobody."""
    state.options[k].settled = 1
    state.g[0, k] = 0.0
    state.g[1, k] = 0.0
    state.clock[0].version += 1


@lean
def settle_expired(world: World, state: State) -> None:
    """Pay out options that expire within this step, in quote, at the published price.

    Every holder is paid what the writers pay: contracts sum to zero, so payments do.
    """
    until = (state.clock[0].step + 1) * world.settings[0].step
    for k in range(len(world.options)):
        row = world.options[k]
        if row.sign == 0.0 or state.options[k].settled != 0 or row.expiry > until:
            continue
        price = state.feeds[world.instruments[k].oracle].published
        payoff = max(0.0, row.sign * (price - row.strike))
        for a in range(state.balance.shape[1]):
            held = state.balance[k, a]
            if held != 0.0:
                post(state, world.instruments[k].quote, a, held * payoff)
                post(state, k, a, -held)
                settle_flat(world, state, a, k)
        retire(state, k)
