"""Watch lists over option books: bounds by delta and vega, against looking at every account."""

from collections import Counter

import numpy as np
import pytest

from sim.errors import SluicegateError
from sim.state.state import RESULT
from tests.option_worlds import option_run
from tests.parity.test_watch import SKINS, results, with_watch

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
    try:
        brute = results(with_watch(config, "all", SKINS[0]))
    except SluicegateError:  # a maker too small for the open interest drawn
        pytest.skip("no such world")
    assert np.max(brute["imbalance"]) < 1e-12
    for skin in SKINS:
        listed = results(with_watch(config, "lists", skin))
        different = [n for n in RESULT.names if listed[n].tobytes() != brute[n].tobytes()]
        assert not different, f"seed {seed}, skin {skin}: {different}"
    seen["paths"] += len(brute)
    for name in ("liquidations", "topped_up", "bad_debt"):
        seen[name] += int(np.count_nonzero(brute[name]))


def test_paths_were_eventful():
    if not seen["paths"]:
        pytest.skip("no path was compared")
    for name in ("liquidations", "topped_up", "bad_debt"):
        assert seen[name] >= 0.05 * seen["paths"], dict(seen)
