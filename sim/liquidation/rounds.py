"""The liquidation loop inside a step: rounds on the block-time clock.

Between rounds prices move on and are seen again, displacements decay and latency passes. Blocks are
passed over while a round changed nothing, nobody waits for a transaction to land, no delayed feed
has news to come and prices stand still.
"""

from sim.compile import lean
from sim.liquidation.bankrupt import deleverage_winners
from sim.liquidation.breach import trace_breach
from sim.liquidation.hedges import note_broken, note_sides
from sim.liquidation.offer import Offer
from sim.liquidation.pace import begin_auction, note_progress, note_shortage, terms_move
from sim.liquidation.pool import deleverage_pools
from sim.liquidation.selection import select
from sim.liquidation.size import size
from sim.liquidation.suspend import suspended
from sim.liquidation.takeover import vault_takes
from sim.liquidation.taker import answer
from sim.liquidation.unwind import unwind_all
from sim.liquidation.waterfall import exhausted, write_off
from sim.margin.health import assess, in_breach
from sim.margin.watch import look
from sim.market.background import fire_all
from sim.market.course import Course, blocks_until_move, move_prices
from sim.market.descent import book, inherit
from sim.market.halt import blocks_until_open
from sim.market.impact import relax_now
from sim.market.options import quote_all
from sim.market.oracle import blocks_until_news
from sim.rules import Rules
from sim.state.codes import MAINTENANCE
from sim.state.state import CALLED, CLOSE, FLAGGED, State
from sim.state.world import World

# How an owner stands with all his accounts taken together
INSOLVENT = 0
SOLVENT = 1  # positive equity, but below maintenance
MARGINED = 2  # meets maintenance


@lean
def end_breach(state: State, a: int) -> None:
    """Account ``a`` meets maintenance: clocks, throttle and auction of its breach are over."""
    state.rows[a].breach = -1.0
    state.rows[a].freed = 0.0
    state.rows[a].partial = -1.0
    state.rows[a].auction = -1.0
    state.rows[a].reserved = 0.0


@lean
def forget_the_safe(state: State) -> None:
    """End the breach of those flagged last time who are not even close any more."""
    for i in range(state.clock[0].flagged):
        a = state.lists[FLAGGED, i]
        if not state.rows[a].close:
            end_breach(state, a)


@lean
def flag_breaches(world: World, state: State) -> None:
    """List accounts below maintenance in ascending id; start or end their breach clocks."""
    forget_the_safe(state)
    count = 0
    for i in range(state.clock[0].close):
        a = state.lists[CLOSE, i]
        if not in_breach(world, state, a):
            end_breach(state, a)
            continue
        if state.rows[a].breach < 0.0:
            state.rows[a].breach = state.clock[0].now
            trace_breach(world, state, a)
            state.rows[a].refused = 0
        state.lists[FLAGGED, count] = a
        count += 1
    state.clock[0].flagged = count


@lean
def standing_together(world: World, state: State, a: int) -> int:
    """How the owner of an account stands if all his accounts are taken together."""
    owner = world.accounts[a].owner
    total = health = 0.0
    for b in range(world.first_account[owner], world.first_account[owner + 1]):
        equity, required = assess(world, state, MAINTENANCE, b)
        total += equity
        health += equity - required
    if health > 0.0:
        return MARGINED
    return SOLVENT if total > 0.0 else INSOLVENT


@lean
def latency_over(world: World, state: State, a: int) -> bool:
    """Whether every liquidator has had time to answer the account's breach."""
    waited = state.clock[0].now - state.rows[a].breach
    for liquidator in range(len(world.liquidators)):
        if waited < world.liquidators[liquidator].latency:
            return False
    return True


@lean
def book_call(state: State, a: int, taken: float, together: int) -> None:
    """Statistics of one liquidation call; ``together``: how its owner stood before it."""
    regret = together == MARGINED
    state.stats[0].liquidations += 1.0
    state.stats[0].liquidated_notional += taken
    book(state, taken, state.breaches[a])
    state.stats[0].cascade_notional += taken * (1.0 - state.breaches[a, 0])
    if together != INSOLVENT:
        state.stats[0].solvent_notional += taken
    if regret:
        state.stats[0].regret_notional += taken
    if not state.rows[a].liquidated:
        state.rows[a].liquidated = 1
        state.stats[0].liquidated_accounts += 1.0
        state.stats[0].regret_accounts += 1.0 if regret else 0.0


@lean
def offered(world: World, state: State, a: int) -> Offer:
    """What the account's venue lets liquidators take now; ``leg = -1`` if nothing."""
    note_sides(world, state, a, CALLED)
    offer = select(world, state, a)
    if offer.leg < 0:
        return offer
    if begin_auction(world, state, a, offer):
        offer = select(world, state, a)
    note_shortage(world, state, a)
    return size(world, state, a, offer)


@lean
def conclude(world: World, state: State, a: int, offer: Offer, taken: float, together: int) -> bool:
    """Book what came of a call, then the waterfall if nothing is left; True if it changed."""
    changed = taken > 0.0
    if changed:
        book_call(state, a, taken, together)
        note_progress(world, state, a, offer, taken)
    elif offer.notional > 0.0 and not state.rows[a].refused and latency_over(world, state, a):
        state.rows[a].refused = 1
        state.stats[0].unfilled_notional += offer.notional
    if exhausted(world, state, a):
        write_off(world, state, a)
        changed = True
    if changed:
        note_broken(world, state, a, CALLED)
    return changed


@lean
def liquidate_account(world: World, state: State, rules: Rules, a: int) -> bool:
    """One call on one account, and the waterfall if that leaves nothing; True if it changed."""
    if not in_breach(world, state, a) or suspended(world, state, a):
        return False
    quote_all(world, state)
    inherit(state.breaches[a], state.cause)
    if losing(world, state, a) and deleverage_winners(world, state, a):
        return True
    if to_vault(world, state, a):
        return True
    offer = offered(world, state, a)
    taken = 0.0
    together = INSOLVENT
    if offer.leg >= 0:
        together = standing_together(world, state, a)
        taken = answer(world, state, rules, a, offer)
    return conclude(world, state, a, offer, taken, together)


@lean
def losing(world: World, state: State, a: int) -> bool:
    """Whether the account is worth less than nothing."""
    equity, _ = assess(world, state, MAINTENANCE, a)
    return equity < 0.0


@lean
def to_vault(world: World, state: State, a: int) -> bool:
    """Let the venue's vault take the account over if it has fallen far enough."""
    if world.venues[world.accounts[a].venue].backstop <= 0.0:
        return False
    together = standing_together(world, state, a)
    note_sides(world, state, a, CALLED)
    taken = vault_takes(world, state, a)
    if taken > 0.0:
        note_broken(world, state, a, CALLED)
        book_call(state, a, taken, together)
    return taken > 0.0


@lean
def someone_waits(world: World, state: State) -> bool:
    """Whether a transaction that answers a standing breach is still under way."""
    for i in range(state.clock[0].flagged):
        if not latency_over(world, state, state.lists[FLAGGED, i]):
            return True
    return False


@lean
def refill(world: World, state: State) -> None:
    """A new block: liquidators may take on their capacity again."""
    for liquidator in range(len(world.liquidators)):
        state.capacity[liquidator] = world.liquidators[liquidator].capacity


@lean
def play_round(world: World, state: State, rules: Rules) -> bool:
    """Background book, calls in ascending account id, inventories; True if something moved."""
    refill(world, state)
    moved = fire_all(world, state) > 0.0
    if deleverage_pools(world, state):
        moved = True
    for i in range(state.clock[0].flagged):
        if liquidate_account(world, state, rules, state.lists[FLAGGED, i]):
            moved = True
    if unwind_all(world, state, world.settings[0].block):
        moved = True
    return moved


@lean
def next_block(world: World, state: State, course: Course, number: int, blocks: int) -> None:
    """Let time pass up to block ``number``: prices move, markets relax, breaches are seen."""
    state.clock[0].now += blocks * world.settings[0].block
    if course.every > 0:
        move_prices(state, course, number)
    relax_now(world, state)
    look(world, state)
    flag_breaches(world, state)


@lean
def pause(world: World, state: State, course: Course, number: int, moved: bool) -> int:
    """Blocks from block ``number`` to the next that can change something; 0 if none will."""
    if moved or someone_waits(world, state) or terms_move(world, state):
        return 1
    news = sooner(blocks_until_news(world, state), blocks_until_open(world, state))
    return sooner(news, blocks_until_move(course, number))


@lean
def sooner(one: int, other: int) -> int:
    """The smaller number of blocks, 0 standing for never."""
    return min(one, other) if one > 0 and other > 0 else max(one, other)


@lean
def run_rounds(world: World, state: State, rules: Rules, course: Course) -> None:
    """Rounds until the step has come to rest or is over; blocks without news are passed over."""
    number = 0
    while True:
        blocks = pause(world, state, course, number, play_round(world, state, rules))
        number += blocks
        if blocks == 0 or number >= world.settings[0].rounds:
            return
        next_block(world, state, course, number, blocks)
