"""Cost of options: 5,000 accounts with three option legs each, under a grid of 33 scenarios.

Scenario values belong to instruments and are shared by all accounts, and watch lists decide who is
looked at; brute force shows what either saves.
"""

from typing import Any

import numpy as np

from sim.studies.experiment import run_paths
from sim.world.build import Factory
from sim.world.compose import compose
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig, WorldChoice

HABITS = {
    "rule": {"_target_": "agents.owner.act"},
    "watch": {"low": 1.05, "high": 1.6},
    "interval": {"low": 60, "high": 3600},
    "delay": 60,
    "target": {"low": 1.4, "high": 2.0},
    "top_up": 0.8,
    "deleverage": 0.5,
    "panic_loss": 0.7,
}


def leg(side: str, right: str, strike: float) -> dict[str, Any]:
    """One option position of an archetype."""
    return {
        "kind": "option",
        "venues": {"derive": 1},
        "assets": {"BTC": 1, "ETH": 1},
        "side": side,
        "rights": [right],
        "strike": strike,
        "days": 7,
        "leverage": {"low": 1, "high": 3},
        "share": 1.0 / 3.0,
    }


def archetype(sides: str) -> dict[str, Any]:
    """Three options each: sold strangle and bought wing, or the other way round."""
    sold, bought = ("short", "long") if sides == "sells" else ("long", "short")
    return {
        "provenance": {"source": "benchmark"},
        "share": 0.5,
        "wallet": 0.2,
        "positions": [leg(sold, "call", 1.1), leg(sold, "put", 0.9), leg(bought, "call", 1.2)],
        "behaviour": HABITS,
    }


def config(accounts: int, steps: int, watch: str, *more: str) -> RunConfig:
    """The run: one venue, its own grid, options alone."""
    words = ["venue=[derive]", f"accounts={accounts}", f"steps={steps}", f"engine.watch={watch}"]
    plain = compose([*words, *more])
    plain["archetype"] = {"seller": archetype("sells"), "buyer": archetype("buys")}
    return validated(RunConfig, plain)


def cost(run: RunConfig, paths: int, timed: Any) -> tuple[float, np.ndarray]:
    """Nanoseconds per account-step, prices included, and the results."""
    factory = Factory(run)
    built = factory.build(factory.population(0), WorldChoice(scope="venue"))
    world, opening = built.twin(factory.layout, "full"), built.assembled.opening
    run_paths(factory, world, opening, (0, 1))
    seconds, results = timed(lambda: run_paths(factory, world, opening, (0, paths)))
    return seconds / (paths * run.steps * built.assembled.rows.accounts) * 1e9, results


def measure(accounts: int, steps: int, paths: int, timed: Any) -> dict[str, float]:
    """Figures of both ways of looking, which must end with the same results.

    Prices move inside steps, by the default resolution, and everybody is margined after each
    move, several times a step. The second figure is of prices that stand still until the next step.
    """
    usual = config(accounts, steps, "lists")
    lists, results = cost(usual, paths, timed)
    still, _ = cost(config(accounts, steps, "lists", "resolution=1"), paths, timed)
    few = max(1, steps // 24)
    short = cost(config(accounts, few, "lists"), 1, timed)
    brute, found = cost(config(accounts, few, "all"), 1, timed)
    if found.tobytes() != short[1].tobytes():
        raise SystemExit("options: brute force ends with different results: no figures")
    venue = usual.venue["derive"]
    assert venue.grid is not None
    return {
        "scenarios": float(len(venue.grid.scenarios)),
        "paths": float(paths),
        "liquidation calls per path": float(results["liquidations"].mean()),
        "watch lists, ns per account-step": lists,
        "the same, prices standing inside steps": still,
        f"as the first, over {few} steps": short[0],
        f"every account every round, over {few} steps": brute,
    }
