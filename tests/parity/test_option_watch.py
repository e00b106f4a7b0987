"""Watch lists over option books: bounds by delta and vega, against looking at every account."""

from collections import Counter

import pytest

from tests.option_worlds import option_run
from tests.parity.lists import EVENTS, agree

SEEDS = range(40)
seen: Counter[str] = Counter()


@pytest.mark.parametrize("seed", SEEDS)
def test_lists_change_no_bit(seed):
    agree(option_run(seed), seed, seen)


@pytest.mark.parametrize("seed", SEEDS[:15])
def test_lists_change_no_bit_with_inverse_perpetuals(seed):
    """Under a grid the coin of an inverse contract's quote moves in the scenarios."""
    agree(option_run(seed, "inverse"), seed, seen)


@pytest.mark.parametrize("seed", SEEDS)
def test_lists_change_no_bit_under_tails(seed):
    """Options are valued again in samples, or at the moves of a covariance's multiple."""
    config = option_run(seed, tails=True)
    agree(config, seed, seen)
    seen["tails"] += 1


def test_paths_were_eventful():
    if not seen["paths"]:
        pytest.skip("no path was compared")
    for name in EVENTS:
        assert seen[name] >= 0.05 * seen["paths"], dict(seen)
