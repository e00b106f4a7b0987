"""The liquidation loop inside a step: breaches, calls in turn, and when it comes to rest."""

from tests.reference import deleveraging, generations, ledger, margin, market, unwinding
from tests.reference.calls import all_had_time, liquidate_account
from tests.reference.world import World


def find_breaches(w: World) -> None:
    """Every account is looked at; a breach starts or ends."""
    w.flagged = []
    for row in range(w.margined):
        if not margin.is_below(w, row):
            for kept in (w.breach, w.freed, w.partial, w.auction, w.reserved):
                kept.pop(row, None)
            continue
        if row not in w.breach:
            w.breach[row] = w.time
            w.generation[row] = generations.of_breach(w, row)
            w.refused.discard(row)
        w.flagged.append(row)


def liquidate(w: World, course: list[dict[str, float]]) -> None:
    """Rounds on the block clock until nothing moves, nobody waits and nothing new is to come."""
    number = 0
    while True:
        moved = one_round(w)
        waiting = not all(all_had_time(w, row) for row in w.flagged)
        waiting = waiting or any(terms_move(w, row) for row in w.flagged)
        news, move = market.blocks_until_news(w), ahead(course, number)
        blocks = 1 if moved or waiting else soonest(news, move)
        number += blocks
        if blocks == 0 or number >= w.rounds:
            return
        w.time += blocks * w.block
        prices = course[min(number, len(course) - 1)]
        if prices != w.fundamental:
            w.fundamental = dict(prices)
        market.relax(w)
        market.look(w)
        find_breaches(w)


def terms_move(w: World, row: int) -> bool:
    """Whether what is offered of an account changes with time."""
    terms = w.venues[w.accounts[row].venue]
    if terms.throttle_duration > 0.0 or terms.cooldown > 0.0:
        return True
    if terms.selection == "whole_portfolio":
        return True
    legs = [w.instruments[k].venue for k in ledger.legs(w, row)]
    for leg in w.instruments.values():
        acts = leg.venue in legs and w.feed_rows[leg.feed].distrust != "ignore"
        if acts and not w.averages[leg.feed].trusted:
            return True
    lenders = [w.venues[venue] for venue in legs]
    return any(v.fee_growth > 0.0 or v.window or v.bonus == "dutch" for v in lenders)


def ahead(course: list[dict[str, float]], number: int) -> int:
    """Blocks until the fundamental prices are others than now; 0 if they stay."""
    for later in range(number + 1, len(course)):
        if course[later] != course[number]:
            return later - number
    return 0


def soonest(one: int, other: int) -> int:
    """Return the smaller of two waits, of which 0 means never."""
    return min(one, other) if one and other else one + other


def one_round(w: World) -> bool:
    """The background book, one call per flagged account, inventories; whether anything moved."""
    w.room = [him.capacity for him in w.liquidators]
    moved = market.fire_background(w)
    moved = deleveraging.pools_pay(w) or moved
    for row in w.flagged:
        moved = liquidate_account(w, row) or moved
    moved = unwinding.unwind(w) or moved
    w.cause = generations.FIRST
    return moved
