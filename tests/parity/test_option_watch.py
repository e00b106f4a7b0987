"""Watch lists over option books: bounds by delta and vega, against looking at every account."""

from collections import Counter

import numpy as np
import pytest

from tests.option_worlds import option_run
from tests.parity.lists import EVENTS, compare, looked_at_all

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


def agree(config, seed):
    """Run a world with every skin and without lists; the results must be the same bits."""
    brute = looked_at_all(config)
    if brute is None:
        pytest.skip("a maker too small for the open interest drawn")
    assert np.max(brute["imbalance"]) < 1e-12
    compare(config, brute, f"seed {seed}", seen)


def test_paths_were_eventful():
    if not seen["paths"]:
        pytest.skip("no path was compared")
    for name in EVENTS:
        assert seen[name] >= 0.05 * seen["paths"], dict(seen)
