"""Watch lists where large positions are charged for thin depth: the same bits without lists."""

from collections import Counter
from random import Random

import numpy as np
import pytest

from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.option_worlds import option_run
from tests.parity.kinds import add_kinds, make_inverse, random_liquidity_charge
from tests.parity.lists import EVENTS, SKINS, compare, looked_at_all, results, with_watch
from tests.parity.worlds import Config, random_config

SEEDS = range(50)
UNCHARGED = range(8)  # of which it is also asked whether the charge changes anything
FEWEST = 200  # paths that must be compared, of 280
seen: Counter[str] = Counter()


def charge_all(r: Random, config: Config) -> None:
    """Let all venues and the hub charge, in markets that a crash leaves with a tenth of depth."""
    for place in (*config["venue"].values(), config["hub"]):
        terms = place.get("contingency", {})
        place["contingency"] = terms | {"liquidity": random_liquidity_charge(r)}
    config["liquidity"]["depth_factor"]["crash"] = 0.1
    config["liquidity"]["depth_half_life"] = r.choice([60.0, 600.0, 3600.0])
    thin(r.choice([0.02, 0.2]), config)
    if r.random() < 0.5:
        calm_prices(config)


def thin(share: float, config: Config) -> None:
    """Leave so little depth that requirements follow it more than prices."""
    markets = list(config["liquidity"]["spot"].values())
    for venue in config["venue"].values():
        markets += venue["perpetuals"].values()
    for market in markets:
        if market.get("depth"):
            market["depth"] = max(1.0, share * market["depth"])


def calm_prices(config: Config) -> None:
    """Let little move but depth: neither prices nor what is sold move the market."""
    law = config["market"]
    law["volatility"] = {n: [0.1 * v for v in row] for n, row in law["volatility"].items()}
    law.pop("jumps", None)
    config["experiment"]["twins"] = ["none"]


def charged_run(seed: int) -> RunConfig:
    """Return a random run whose engines add up or net legs, and charge."""
    config = random_config(Random(seed))
    add_kinds(Random(seed + 1), config)
    make_inverse(Random(seed + 2), config)
    charge_all(Random(seed + 3), config)
    return validated(RunConfig, config)


def charged_option_run(seed: int) -> RunConfig:
    """Return a world with option books whose grids, or tails, charge beside."""
    run = option_run(seed, tails=seed % 2 == 1)
    config = run.model_dump(mode="json", by_alias=True, exclude_unset=True)
    config["liquidity"]["spot"] = {name: {"depth": 1e5} for name in ("BTC", "ETH")}
    for venue in config["venue"].values():
        for perpetual in venue["perpetuals"].values():
            perpetual["depth"] = 1e5
    charge_all(Random(seed + 3), config)
    return validated(RunConfig, config)


@pytest.mark.parametrize("seed", SEEDS)
def test_lists_change_no_bit(seed):
    agree(charged_run(seed), seed)


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_lists_change_no_bit_with_options(seed):
    agree(charged_option_run(seed), seed)


def agree(config: RunConfig, seed: int) -> None:
    """Run a world with every skin and without lists; the results must be the same bits."""
    brute = looked_at_all(config)
    if brute is None:
        pytest.skip("a maker too small for the open interest drawn, and what it is charged")
    assert np.max(brute["imbalance"]) < 1e-12
    compare(config, brute, f"seed {seed}", seen)
    if seed in UNCHARGED:
        free = results(with_watch(uncharged(config), "all", SKINS[0]))
        differs = [brute[name] != free[name] for name in ("liquidated_notional", "topped_up")]
        seen["changed"] += int(np.count_nonzero(np.any(differs, axis=0)))


def uncharged(config: RunConfig) -> RunConfig:
    """Return the same world without the charge."""
    plain = config.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for place in (*plain["venue"].values(), plain["hub"]):
        del place["contingency"]["liquidity"]
    return validated(RunConfig, plain)


def test_paths_were_eventful():
    if not seen["paths"]:
        pytest.skip("no path was compared")
    assert seen["paths"] >= FEWEST, dict(seen)
    assert seen["changed"] >= 10, dict(seen)
    for name in EVENTS:
        assert seen[name] >= 0.1 * seen["paths"], dict(seen)
