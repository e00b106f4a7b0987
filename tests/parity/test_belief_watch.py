"""Watch lists where requirements follow what engines believe: the same bits without lists."""

from collections import Counter

import pytest

from sim.world.schema.run import RunConfig
from tests.parity.belief_worlds import belief_run, option_belief_run
from tests.parity.lists import EVENTS, agree

SEEDS = range(60)
seen: Counter[str] = Counter()


@pytest.mark.parametrize("seed", SEEDS)
def test_lists_change_no_bit(seed):
    agreed(belief_run(seed), seed)


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_lists_change_no_bit_with_options(seed):
    """Tails over option books, beside responses to volatility, predictions and halts."""
    config = option_belief_run(seed)
    agreed(config, seed)
    seen["option tails"] += any(v.engine == "tail_risk" for v in config.venue.values())


def agreed(config: RunConfig, seed: int) -> None:
    """The same results with lists and without; count worlds that measure tails."""
    agree(config, seed, seen)
    seen["tails"] += any(v.engine == "tail_risk" for v in config.venue.values())


def test_paths_were_eventful():
    if not seen["paths"]:
        pytest.skip("no path was compared")
    for name in EVENTS:
        assert seen[name] >= 0.1 * seen["paths"], dict(seen)
    assert seen["tails"] >= 10
    assert seen["option tails"] >= 5
