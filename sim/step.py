"""One step of the world: nine phases, in this order, each one function.

All act on ``state``; ``world`` is read-only. The laboratory calls the same phases one by one.
"""

from sim.compile import lean
from sim.liquidation.hedges import note_closed
from sim.liquidation.rounds import flag_breaches, run_rounds
from sim.margin.anchor import travelled
from sim.margin.beliefs import learn
from sim.margin.book_anchor import survey_books
from sim.margin.greek_path import note_greeks
from sim.margin.health import assess, assess_here
from sim.margin.watch import OUTER, look
from sim.market.accrual import accrue_all
from sim.market.course import Course, move_prices
from sim.market.deleverage import deleverage
from sim.market.impact import relax_now
from sim.market.option_books import turn_books
from sim.market.options import move_volatility, quote_legs
from sim.market.transfers import deliver_due, send, spare_elsewhere
from sim.rules import Rules, TraderAction, TraderView
from sim.state.codes import INITIAL, MAINTENANCE
from sim.state.state import ACTING, ALARM, WATCHED, State
from sim.state.world import World

HOUR = 3600.0


@lean
def step(world: World, state: State, rules: Rules, course: Course) -> None:
    """Advance the world by one step, along the course of its fundamental prices."""
    move(world, state, course)
    relax(world, state)
    observe(world, state)
    deliver(world, state)
    act(world, state, rules)
    margin(world, state)
    liquidate(world, state, rules, course)
    accrue(world, state)
    record(world, state)


@lean
def move(world: World, state: State, course: Course) -> None:
    """Regime and fundamental prices of this step, drawn beforehand; volatility follows them."""
    state.clock[0].step += 1
    state.clock[0].regime = course.regime
    state.clock[0].now = state.clock[0].step * world.settings[0].step
    move_prices(state, course, 0)
    move_volatility(world, state)


@lean
def relax(world: World, state: State) -> None:
    """Displacements decay, depth recovers, arbitrage pulls markets together; then re-mark."""
    relax_now(world, state)


@lean
def observe(world: World, state: State) -> None:
    """Oracles sample and publish; the margin engine sees it, learns, and the lists keep up."""
    learn(world, state)
    turn_books(world, state)
    survey_books(world, state)
    look(world, state)


@lean
def deliver(world: World, state: State) -> None:
    """Collateral under way arrives."""
    deliver_due(world, state)


@lean
def act(world: World, state: State, rules: Rules) -> None:
    """Owners whose turn it is, and whose account fell below their own watch level, act."""
    count = find_acting(world, state)
    for i in range(count):
        a = state.lists[ACTING, i]
        row = world.accounts[a]
        action = rules.traders[row.rule](view_of(world, state, a), world.behaviour[a])
        carry_out(world, state, a, action)


@lean
def margin(world: World, state: State) -> None:
    """Which accounts are below maintenance, on what the margin engine can see."""
    flag_breaches(world, state)


@lean
def liquidate(world: World, state: State, rules: Rules, course: Course) -> None:
    """Rounds of liquidation, as many blocks as fit into the step, while prices move on."""
    run_rounds(world, state, rules, course)


@lean
def accrue(world: World, state: State) -> None:
    """Interest, funding and expiry."""
    accrue_all(world, state)


@lean
def record(world: World, state: State) -> None:
    """Streaming statistics of the step."""
    hours = state.clock[0].flagged * world.settings[0].step / HOUR
    state.stats[0].under_margin_hours += hours
    for v in range(len(state.gates)):
        if state.gates[v] > state.clock[0].now:
            state.stats[0].gated_hours += world.settings[0].step / HOUR
    note_greeks(world, state)


@lean
def find_acting(world: World, state: State) -> int:
    """Accounts whose owner looks now and finds them below his watch level; returns how many.

    No prices have gone as far as those he need not look at survive.
    """
    count = 0
    step_number = state.clock[0].step
    moved = travelled(world, state, OUTER)
    for i in range(state.clock[0].watched):
        a = state.lists[WATCHED, i]
        row = world.accounts[a]
        if state.radius[ALARM, a] > moved or (step_number + row.phase) % row.interval != 0:
            continue
        equity, required = assess_here(world, state, MAINTENANCE, a)
        if equity < row.watch * required:
            state.lists[ACTING, count] = a
            count += 1
    return count


@lean
def view_of(world: World, state: State, a: int) -> TraderView:
    """Account ``a`` as its owner sees it."""
    row = world.accounts[a]
    equity, maintenance = assess(world, state, MAINTENANCE, a)
    _, initial = assess(world, state, INITIAL, a)
    price = state.markets[world.settings[0].cash_asset].mark
    wallet = state.wallet[row.owner] * price
    pending = state.rows[a].arriving * price
    elsewhere = spare_elsewhere(world, state, a)
    return TraderView(equity + pending, maintenance, initial, wallet, elsewhere, row.opening)


@lean
def carry_out(world: World, state: State, a: int, action: TraderAction) -> None:
    """What an owner decided, in the order: close, then top up, one transfer at a time."""
    quote_legs(world, state, a)
    if action.close > 0.0:
        deleverage(world, state, a, min(action.close, 1.0))
        note_closed(world, state, a)
    if action.top_up > 0.0 and state.rows[a].arriving == 0.0:
        send(world, state, a, action.top_up)
