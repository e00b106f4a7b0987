"""Watch lists where large positions are charged for thin depth: the same bits without lists."""

from collections import Counter

import numpy as np
import pytest

from sim.world.schema.run import RunConfig
from tests.parity.charged_worlds import charged_option_run, charged_run, uncharged
from tests.parity.lists import EVENTS, SKINS, compare, looked_at_all, results, with_watch

SEEDS = range(50)
UNCHARGED = range(8)  # of which it is also asked whether the charge changes anything
FEWEST = 200  # paths that must be compared, of 280
seen: Counter[str] = Counter()


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


def test_paths_were_eventful():
    if not seen["paths"]:
        pytest.skip("no path was compared")
    assert seen["paths"] >= FEWEST, dict(seen)
    assert seen["changed"] >= 10, dict(seen)
    for name in EVENTS:
        assert seen[name] >= 0.1 * seen["paths"], dict(seen)
