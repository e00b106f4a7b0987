"""One step, phase by phase, and the beginning and end of a path."""

from copy import deepcopy

from tests.reference import hedges, margin, market, rounds, trading, waterfall
from tests.reference.world import MAINTENANCE, World

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
    rounds.find_breaches(w)
    rounds.liquidate(w, course)
    market.accrue(w)
    hours = w.step_length / HOUR
    w.results["under_margin_hours"] += len(w.flagged) * hours
    for closed in w.gate.values():
        w.decide(closed - w.time, closed)
        w.results["gated_hours"] += hours * (closed > w.time)


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
