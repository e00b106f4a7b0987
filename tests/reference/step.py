"""One step, phase by phase, and the beginning and end of a path."""

from copy import deepcopy
from types import SimpleNamespace

from tests.reference import (
    contract,
    deleveraging,
    generations,
    hedges,
    ledger,
    liquidation,
    margin,
    market,
    trading,
    waterfall,
)
from tests.reference.world import INITIAL, MAINTENANCE, World

HOUR = 3600.0


def begin(w: World, prices: dict[str, float], regime: str) -> None:
    """Undisplaced marks at the start prices; everything published is the start price."""
    w.regime, w.fundamental = regime, dict(prices)
    w.depth_share = {m: row.depth_factor[regime] for m, row in w.market_rows.items()}
    market.remark(w)
    w.opening_mark = dict(w.mark)
    market.look(w)
    w.start_wealth = trader_wealth(w), liquidator_wealth(w)


def step(w: World, course: list[dict[str, float]], regime: str) -> None:
    """Nine phases; the course holds the fundamental prices at every block of the step."""
    w.step_number += 1
    w.regime, w.fundamental = regime, dict(course[0])
    w.time = w.step_number * w.step_length
    market.relax(w)
    market.look(w)
    trading.deliver(w)
    trading.act(w)
    find_breaches(w)
    liquidate(w, course)
    market.accrue(w)
    hours = w.step_length / HOUR
    w.results["under_margin_hours"] += len(w.flagged) * hours
    for closed in w.gate.values():
        w.decide(closed - w.time, closed)
        w.results["gated_hours"] += hours * (closed > w.time)


def find_breaches(w: World) -> None:
    """Every account is looked at; a breach starts or ends."""
    w.flagged = []
    for row in range(w.margined):
        if not margin.is_below(w, row):
            w.breach.pop(row, None)
            w.freed.pop(row, None)
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
    if w.venues[w.accounts[row].venue].throttle_duration > 0.0:
        return True
    legs = [w.instruments[k].venue for k in ledger.legs(w, row)]
    for leg in w.instruments.values():
        acts = leg.venue in legs and w.feed_rows[leg.feed].distrust != "ignore"
        if acts and not w.averages[leg.feed].trusted:
            return True
    return any(w.venues[venue].fee_growth > 0.0 for venue in legs)


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
    moved = unwind(w) or moved
    w.cause = generations.FIRST
    return moved


def all_had_time(w: World, row: int) -> bool:
    """Whether no liquidator's answer to a breach can still be under way."""
    return all(w.time - w.breach[row] >= him.latency for him in w.liquidators)


def liquidate_account(w: World, row: int) -> bool:
    """One call on an account, and its write-off if nothing is left; whether it changed."""
    if not margin.is_below(w, row) or market.suspended(w, row):
        return False
    w.cause = w.generation[row]
    if deleveraging.winners_pay(w, row):
        return True
    if taken_by_vault(w, row):
        return True
    changed, before_call = False, hedges.sides(w, row)
    offer = liquidation.chosen(w, row)
    if offer is not None:
        offer.notional = liquidation.size_of_call(w, row, offer)
        regret, solvent = together(w, row)
        before = liquidation.missing(w, row)
        taken = liquidation.answered(w, row, offer)
        if taken > 0.0:
            gain = max(0.0, before - liquidation.missing(w, row))
            w.freed[row] = w.freed.get(row, 0.0) + gain
            count_call(w, row, taken, regret, solvent)
            changed = True
        elif row not in w.refused and all_had_time(w, row):
            w.refused.add(row)
            w.results["unfilled_notional"] += offer.notional
    if waterfall.exhausted(w, row):
        waterfall.write_off(w, row)
        changed = True
    if changed:
        hedges.note(w, row, before_call)
    return changed


def taken_by_vault(w: World, row: int) -> bool:
    """Far below maintenance, but not below nothing: the maker takes every leg and pays nothing."""
    venue = w.venues[w.accounts[row].venue]
    if venue.backstop <= 0.0 or venue.maker < 0:
        return False
    equity, required = margin.assess(w, MAINTENANCE, row)
    w.decide(equity, margin.gross(w, row))
    w.decide(equity - venue.backstop * required, margin.gross(w, row))
    if equity < 0.0 or equity >= venue.backstop * required:
        return False
    (regret, solvent), before = together(w, row), hedges.sides(w, row)
    w.seen_events.add("taken by the vault")
    gross = 0.0
    for k in ledger.legs(w, row):
        leg, quantity = w.instruments[k], ledger.held(w, row, k)
        if leg.kind == "perpetual":
            gross += abs(quantity) * w.seen_notional[k]
        elif leg.kind == "balance":
            gross += abs(margin.value(w, k, quantity))
        w.holdings[row][k] = 0.0
        ledger.post(w, k, venue.maker, quantity)
    w.results["penalties"] += equity
    hedges.note(w, row, before)
    count_call(w, row, gross, regret, solvent)
    return True


def together(w: World, row: int) -> tuple[bool, bool]:
    """Whether the owner's accounts would have met maintenance as one, and were worth something."""
    total = size = worth = 0.0
    for sibling in w.owned[w.accounts[row].owner]:
        equity, required = margin.assess(w, MAINTENANCE, sibling)
        total += equity - required
        worth += equity
        size += margin.gross(w, sibling)
    w.decide(total, size)
    w.decide(worth, size)
    return total > 0.0, worth > 0.0


def count_call(w: World, row: int, taken: float, regret: bool, solvent: bool) -> None:
    """Statistics of a call."""
    new = row not in w.liquidated
    w.liquidated.add(row)
    w.results["liquidations"] += 1.0
    w.results["liquidated_notional"] += taken
    w.results["liquidated_accounts"] += new
    generations.book(w, taken, w.generation[row])
    w.results["cascade_notional"] += taken * (1.0 - w.generation[row][0])
    if solvent:
        w.results["solvent_notional"] += taken
    if regret:
        w.results["regret_notional"] += taken
        w.results["regret_accounts"] += new


def unwind(w: World) -> bool:
    """Liquidators sell tokens and contracts they hold, each at their speed."""
    moved = False
    for number, him in enumerate(w.liquidators):
        w.cause = generations.shares(w.carried[number])
        budget = him.unwind * w.block
        moved = take_out(w, him, budget) or moved
        for asset in w.assets:
            tokens = w.outside[him.holder][asset]
            if asset != w.cash and tokens != 0.0:
                most = budget / w.mark[asset]
                market.swap(w, him.holder, asset, -max(-most, min(most, tokens)))
                moved = True
        for k, leg in w.instruments.items():
            contracts = ledger.held(w, him.row, k)
            if leg.kind == "perpetual" and contracts != 0.0:
                most = budget / contract.dollars(leg, w.mark[leg.market])
                part = -max(-most, min(most, contracts))
                moved = trading.take_from_book(w, k, him.row, part) != 0.0 or moved
    return moved


def take_out(w: World, him: SimpleNamespace, budget: float) -> bool:
    """Coin that contracts settled in leaves the venue; coin and cash owed there are repaid."""
    moved = repay_cash(w, him)
    for k, leg in w.instruments.items():
        amount = ledger.held(w, him.row, k)
        if leg.kind != "balance" or leg.asset == w.cash or amount == 0.0:
            continue
        most = budget / w.mark[leg.asset]
        part = max(-most, min(most, amount))
        if part > 0.0:
            payable = ledger.pool_cash(w, k)
            if payable <= 1e-12 * ledger.deposits(w, k):
                continue
            equity, initial = margin.assess(w, INITIAL, him.row)
            w.decide(equity - initial, margin.gross(w, him.row))
            part = min(part, payable, max(0.0, equity - initial) / w.mark[leg.asset])
        else:
            market.swap(w, him.holder, leg.asset, -part)
        if part == 0.0:
            continue
        ledger.post(w, k, him.row, -part)
        ledger.hand(w, him.holder, leg.asset, part)
        moved = True
    return moved


def repay_cash(w: World, him: SimpleNamespace) -> bool:
    """Cash that a liquidator owes at a venue is paid back from what he has outside."""
    moved = False
    for k, leg in w.instruments.items():
        owed = -ledger.held(w, him.row, k)
        if leg.kind == "balance" and leg.asset == w.cash and owed > 0.0:
            part = min(owed, w.outside[him.holder][w.cash])
            if part > 0.0:
                ledger.hand(w, him.holder, w.cash, -part)
                ledger.post(w, k, him.row, part)
                moved = True
    return moved


def finish(w: World) -> dict[str, float]:
    """Results as they would be if the path ended now."""
    seen = deepcopy((w.seen_value, w.seen_notional, w.unseen, w.published))
    counted = deepcopy((w.seen_low, w.seen_high, w.seen_band, w.averages, w.source_price))
    kept = deepcopy((w.results, w.uncovered))
    w.published = {name: w.mark[feed.market] for name, feed in w.feed_rows.items()}
    for name, feed in w.feed_rows.items():
        w.averages[name].ema = w.averages[name].twap = w.mark[feed.market]
        for place, source in enumerate(feed.read):
            w.source_price[name, place] = w.mark[source["market"]]
    market.read_prices(w)
    hedges.close_all(w)
    results = dict(w.results)
    results["horizon_shortfall"] = waterfall.horizon_shortfall(w)
    results["trader_loss"] = w.start_wealth[0] - trader_wealth(w)
    results["liquidator_profit"] = liquidator_wealth(w) - w.start_wealth[1]
    w.seen_value, w.seen_notional, w.unseen, w.published = seen
    w.seen_low, w.seen_high, w.seen_band, w.averages, w.source_price = counted
    w.results, w.uncovered = kept
    return results


def trader_wealth(w: World) -> float:
    """USD of all owners: accounts, wallets, and what is under way."""
    accounts = sum(max(0.0, margin.assess(w, MAINTENANCE, row)[0]) for row in range(w.margined))
    tokens = w.outside["transit"][w.cash] + sum(w.wallet)
    return accounts + tokens * w.mark[w.cash]


def liquidator_wealth(w: World) -> float:
    """USD of all liquidators: margin accounts and tokens outside."""
    total = 0.0
    for him in w.liquidators:
        total += margin.assess(w, MAINTENANCE, him.row)[0]
        total += sum(n * w.mark[asset] for asset, n in w.outside[him.holder].items())
    return total
