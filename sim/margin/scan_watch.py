"""How far an account under a scenario grid can fall while prices stay inside a skin.

No scenario is valued for it. A Black-76 value changes by at most one unit per unit of forward (its
delta) and by ``forward x 0.4`` per unit of deviation (its vega, at the normal density's peak); the
watched drivers move by at most a skin each (prices relative to the option's notional, deviations
absolutely), so every scenario value is bounded, and so is the worst of them. What only time changes
(discounts, basis shares) is bounded over the age at which lists are rebuilt in any case.
"""

from sim.compile import lean
from sim.margin.books import books_spread
from sim.margin.exposure import hub_row, is_here, moves
from sim.margin.shocks import YEAR
from sim.margin.tail import tail_slope
from sim.margin.trials import OLDEST, PEAK, trial_ageing, trial_reach
from sim.numerics import exp
from sim.state.codes import (
    BALANCE,
    FIRST_DEVIATION,
    FORWARD,
    HUB_GRID,
    MAINTENANCE,
    OPTION,
    OWN_GRID,
    TAIL_RISK,
)
from sim.state.state import State
from sim.state.world import World


@lean
def shaken(spot: float, damping: float, factor: float, vega: float) -> float:
    """Most that a unit of option changes a damped scenario, per unit of skin and of notional."""
    delta = 1.0 + abs(spot - 1.0)
    return damping * (factor * (delta + vega * delta) + 1.0)


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
    worst = 0.0
    for s in range(grid.count):
        row = world.scenarios[grid.first + s]
        spot = row.spot + row.move * scan
        worst = max(worst, shaken(spot, row.damping, factor, vega))
    share = grid.basis_added + grid.basis_per_year * years
    worst = max(worst, shaken(grid.basis_up, share, 1.0, vega))
    return notional * max(worst, shaken(grid.basis_down, share, 1.0, vega))


@lean
def widest(world: World, state: State, venue: int, k: int) -> float:
    """Most that the worst result can change per USD of instrument k's value, under either engine.

    For a grid the largest damped relative move of its underlying.
    """
    if world.venues[venue].engine == TAIL_RISK:
        return tail_slope(world, state, venue, k)
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
def leg_reach(world: World, state: State, a: int, k: int, skin: float) -> tuple[float, float]:
    """Most that one leg changes equity, and the requirement, inside a skin, USD."""
    venue = world.accounts[a].venue
    terms = world.contingency[MAINTENANCE, venue]
    engine = world.venues[venue].engine
    quantity = state.balance[k, a]
    size = abs(quantity)
    if world.instruments[k].kind == OPTION:
        notional = size * state.g[2, k]
        if not is_here(world, venue, k):
            return 0.0, 0.0
        if engine == TAIL_RISK:
            worse = trial_reach(world, state, venue, k, skin) * skin
            worse += trial_ageing(world, state, venue, k)
        else:
            worse = option_reach(world, state, venue, k, skin) * skin
            worse += ageing(world, state, venue, k)
        need = terms.loss_factor * size * worse
        short = max(terms.short_option, world.grids[venue].short_minimum)
        return notional * skin, need + notional * short * skin
    value = size * max(abs(state.g[0, k]), abs(state.g[1, k]), abs(state.g[2, k])) * skin
    need = 0.0
    if moves(world, venue, k, quantity) and is_here(world, venue, k):
        need = terms.loss_factor * value * widest(world, state, venue, k)
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


@lean
def drivers_left(world: World, state: State, which: int, skin: float) -> bool:
    """Whether an option's value or a driver of its scenarios has left the skin."""
    drivers = state.drivers
    built = state.drivers_at
    for k in range(len(world.options)):
        if world.options[k].sign == 0.0 or state.options[k].settled != 0:
            continue
        bound = skin * state.built_at[which, 2, k]
        if abs(state.g[0, k] - state.built_at[which, 0, k]) > bound:
            return True
        for i in range(drivers.shape[0]):
            for d in range(drivers.shape[1]):
                change = abs(drivers[i, d, k] - built[which, i, d, k])
                if change > (bound if d < FIRST_DEVIATION else skin):
                    return True
    return False


@lean
def stamp_drivers(state: State, which: int) -> None:
    """Note the drivers that a list was built at."""
    for i in range(state.drivers.shape[0]):
        for d in range(state.drivers.shape[1]):
            for k in range(state.drivers.shape[2]):
                state.drivers_at[which, i, d, k] = state.drivers[i, d, k]
