"""How far an account under a scenario grid can fall while prices stay inside a skin.

No scenario is valued for it. A Black-76 value changes by at most one unit per unit of forward (its
delta) and by ``forward x 0.4`` per unit of deviation (its vega, at the normal density's peak); the
watched drivers move by at most a skin each (prices relative to the option's notional, deviations
absolutely), so every scenario value is bounded, and so is the worst of them. What only time changes
(discounts, basis shares) is bounded over the age at which lists are rebuilt in any case.
"""

from sim.compile import lean
from sim.margin.anchor import TOKEN_WEIGHT
from sim.margin.books import books_spread
from sim.margin.exposure import hub_row, is_here, moves
from sim.margin.shocks import YEAR
from sim.margin.tail import tail_slope
from sim.margin.trials import OLDEST, PEAK, trial_ageing, trial_reach
from sim.numerics import exp
from sim.state.codes import (
    BALANCE,
    FORWARD,
    GRIDS,
    HUB_GRID,
    MAINTENANCE,
    OPTION,
    OWN_GRID,
    TAIL_RISK,
)
from sim.state.state import AGED, SHAKEN, State
from sim.state.world import World


@lean
def shaken(spot: float, damping: float, factor: float, vega: float, strike: float) -> float:
    """Most that a unit of option changes a damped scenario, per unit of skin and of notional.

    By its delta, its vega, and (at a given forward in USD) by the token that its strike, here per
    unit of forward, is quoted in.
    """
    delta = 1.0 + abs(spot - 1.0)
    token = max(delta, strike) / TOKEN_WEIGHT
    return damping * (factor * (delta + vega * delta + token) + 1.0)


@lean
def option_reach(world: World, state: State, venue: int, k: int, skin: float) -> float:
    """Most that any scenario's result changes per unit of option k, USD, and per unit of skin."""
    i = HUB_GRID if venue == hub_row(world) else OWN_GRID
    grid = world.grids[venue]
    notional = state.g[2, k]
    scan = world.scan_range[venue, world.instruments[k].group]
    factor = max(1.0, grid.long_base, grid.short_base)
    years = state.options[k].seconds / YEAR
    rates = max(0.0, world.options[k].rate) * grid.short_multiple + grid.short_added
    factor *= exp(rates * years)
    vega = PEAK * (state.drivers[i, FORWARD, k] / notional + 2.0 * skin)
    strike = world.options[k].strike / max(state.options[k].forward, 1e-300)
    worst = 0.0
    for s in range(grid.count):
        row = world.scenarios[grid.first + s]
        spot = row.spot + row.move * scan
        worst = max(worst, shaken(spot, row.damping, factor, vega, strike))
    share = grid.basis_added + grid.basis_per_year * years
    worst = max(worst, shaken(grid.basis_up, share, 1.0, vega, strike))
    return notional * max(worst, shaken(grid.basis_down, share, 1.0, vega, strike))


@lean
def widest(world: World, state: State, venue: int, k: int) -> float:
    """Most that the worst result can change per USD of instrument k's value.

    The largest damped relative move of its underlying.
    """
    grid = world.grids[venue]
    scan = world.scan_range[venue, world.instruments[k].group]
    most = 0.0
    for s in range(grid.count):
        row = world.scenarios[grid.first + s]
        most = max(most, abs(row.spot - 1.0 + row.move * scan) * row.damping)
    return most


@lean
def ageing(world: World, state: State, venue: int, k: int) -> float:
    """Most that time alone changes a scenario's result per unit of option k, USD."""
    grid = world.grids[venue]
    row = world.options[k]
    rates = abs(row.rate) * (2.0 + grid.long_multiple + grid.short_multiple)
    rates += grid.long_added + grid.short_added + grid.basis_per_year
    notional = state.g[2, k]
    top = notional * (2.0 + widest(world, state, venue, k))
    top += notional * row.strike / max(state.options[k].forward, 1e-300) * 2.0
    return top * rates * 2.0 * OLDEST / YEAR


@lean
def note_reaches(world: World, state: State, skin: float) -> None:
    """Write, per instrument and grid, what `leg_reach` reads: shared by all accounts."""
    for k in range(len(world.instruments)):
        option = world.instruments[k].kind == OPTION
        for i in range(GRIDS):
            venue = hub_row(world) if i == HUB_GRID else world.instruments[k].venue
            if world.venues[venue].engine == TAIL_RISK:
                if option:
                    state.reaches[i, SHAKEN, k] = trial_reach(world, state, venue, k, skin)
                    state.reaches[i, AGED, k] = trial_ageing(world, state, venue, k)
            elif world.grids[venue].count > 0 and option:
                state.reaches[i, SHAKEN, k] = option_reach(world, state, venue, k, skin)
                state.reaches[i, AGED, k] = ageing(world, state, venue, k)
            elif world.grids[venue].count > 0:
                state.reaches[i, SHAKEN, k] = widest(world, state, venue, k)


@lean
def leg_reach(world: World, state: State, a: int, k: int, skin: float) -> tuple[float, float]:
    """Most that one leg changes equity, and the requirement, inside a skin, USD."""
    venue = world.accounts[a].venue
    i = HUB_GRID if venue == hub_row(world) else OWN_GRID
    terms = world.contingency[MAINTENANCE, venue]
    tail = world.venues[venue].engine == TAIL_RISK
    size = abs(state.balance[k, a])
    if world.instruments[k].kind == OPTION:
        notional = size * state.g[2, k]
        if not is_here(world, venue, k):
            return 0.0, 0.0
        worst = state.reaches[i, SHAKEN, k] * skin + state.reaches[i, AGED, k]
        short = max(terms.short_option, world.grids[venue].short_minimum)
        return notional * skin, terms.loss_factor * size * worst + notional * short * skin
    value = size * max(abs(state.g[0, k]), abs(state.g[1, k]), abs(state.g[2, k])) * skin
    need = 0.0
    if moves(world, venue, k, state.balance[k, a]) and is_here(world, venue, k):
        swing = tail_slope(world, state, venue, k) if tail else state.reaches[i, SHAKEN, k]
        need = terms.loss_factor * value * swing
    return value, need + value * steepest_charge(world, a, k)


@lean
def steepest_charge(world: World, a: int, k: int) -> float:
    """Largest share of its value that a leg that is no option is charged."""
    row = world.accounts[a]
    terms = world.contingency[MAINTENANCE, row.venue]
    if world.instruments[k].kind != BALANCE:
        return max(terms.perpetual, 1.0)
    heavy = world.weight[1, MAINTENANCE, row.emode, k]
    return max(1.0, heavy - 1.0, world.haircut[MAINTENANCE, row.venue, k])


@lean
def grid_spread(world: World, state: State, a: int, watch: float, skin: float) -> float:
    """Most that the slack of row ``a`` can lose inside a skin, USD."""
    venue = world.accounts[a].venue
    total = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if state.balance[k, a] != 0.0:
            equity, need = leg_reach(world, state, a, k, skin)
            total += equity + watch * need
    if venue != hub_row(world):
        total += books_spread(world, state, a, watch, venue) * skin
    return total
