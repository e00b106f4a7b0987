"""Watch lists where venues call before maintenance, and accounts hold options."""

import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from tests.parity.early_worlds import early_run, steep_run
from tests.parity.lists import EVENTS, SKINS, agree, results, with_watch

SEEDS = range(40)
STEEP = range(16)
CAUGHT = ("7", "11", "13", "14")  # steep worlds whose results a bound that sees no options changes
seen: Counter[str] = Counter()


@pytest.mark.parametrize("seed", SEEDS)
def test_lists_change_no_bit(seed):
    config = early_run(seed)
    brute = agree(config, seed, seen)
    late = results(with_watch(without_the_rule(config), "all", SKINS[0]))
    seen["early"] += int(np.count_nonzero(brute["liquidations"] != late["liquidations"]))


@pytest.mark.parametrize("seed", STEEP)
def test_lists_change_no_bit_where_predictions_are_steep(seed):
    brute = agree(steep_run(seed), seed, seen)
    seen["steep"] += int(np.count_nonzero(brute["liquidations"]))


def without_the_rule(config):
    """The same world, in which nobody is called before maintenance."""
    venues = {n: v.model_copy(update={"predictive": None}) for n, v in config.venue.items()}
    return config.model_copy(update={"venue": venues})


def test_paths_were_eventful():
    if not seen["paths"]:
        pytest.skip("no path was compared")
    for name in EVENTS:
        assert seen[name] >= 0.05 * seen["paths"], dict(seen)
    assert seen["early"] >= 10
    assert seen["steep"] >= 5


@pytest.mark.slow
def test_a_planted_bound_without_options_is_caught(tmp_path):
    """The kernel is compiled anew, with the bound as it was when the rule saw no options."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.parity.early_worlds", *CAUGHT]
    environment = os.environ | {"SLUICEGATE_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    changed = [int(line.split()[1]) for line in done.stdout.splitlines()]
    assert len(changed) == len(CAUGHT)
    assert min(changed) > 0
