"""Watch lists over option books: bounds by delta and vega, against looking at every account."""

from collections import Counter

import numpy as np
import pytest

from tests.option_worlds import option_run
from tests.parity.lists import EVENTS, SKINS, compare, looked_at_all, results, with_watch

SEEDS = range(40)
seen: Counter[str] = Counter()


@pytest.mark.parametrize("seed", SEEDS)
def test_lists_change_no_bit(seed):
    agree(option_run(seed), seed)


@pytest.mark.parametrize("seed", SEEDS[:15])
def test_lists_change_no_bit_with_inverse_perpetuals(seed):
    """Under a grid the coin of an inverse contract's quote moves in the scenarios."""
    agree(option_run(seed, "inverse"), seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_lists_change_no_bit_under_tails(seed):
    """Options are valued again in samples, or at the moves of a covariance's multiple."""
    config = option_run(seed, tails=True)
    agree(config, seed)
    seen["tails"] += 1


@pytest.mark.parametrize("seed", SEEDS)
def test_lists_change_no_bit_under_early_liquidation(seed):
    """Predictions see options; every other world measures tails besides."""
    config = option_run(seed, tails=seed % 2 == 1, early=True)
    brute = agree(config, seed)
    late = results(with_watch(without_the_rule(config), "all", SKINS[0]))
    seen["early"] += int(np.count_nonzero(brute["liquidations"] != late["liquidations"]))


def without_the_rule(config):
    """The same world, in which nobody is called before maintenance."""
    venues = {n: v.model_copy(update={"predictive": None}) for n, v in config.venue.items()}
    return config.model_copy(update={"venue": venues})


def agree(config, seed):
    """Run a world with every skin and without lists; the results must be the same bits."""
    brute = looked_at_all(config)
    if brute is None:
        pytest.skip("a maker too small for the open interest drawn")
    assert np.max(brute["imbalance"]) < 1e-12
    compare(config, brute, f"seed {seed}", seen)
    return brute


def test_paths_were_eventful():
    if not seen["paths"]:
        pytest.skip("no path was compared")
    for name in EVENTS:
        assert seen[name] >= 0.05 * seen["paths"], dict(seen)
    print(dict(seen))
