"""Openings: radii and lists of the paths' start, made once for each regime that paths begin in.

Every path of a world begins with the same accounts at the same prices; depth, and with it what some
venues show, depends on the first regime alone.
"""

from typing import NamedTuple

import numpy as np

from sim.compile import jit
from sim.ledger import note_change
from sim.margin.anchor import stamp
from sim.margin.scan_watch import prepare
from sim.margin.watch import BASE, BASE_SKINS, INNER, OUTER
from sim.state.state import CLOSE, WATCHED, State
from sim.state.world import World

UNKNOWN = -1  # as the number of watched accounts: no path has begun there yet


class Opened(NamedTuple):
    """What is known of the start, by first regime."""

    radius: np.ndarray  # (R, 4, margined accounts)
    lists: np.ndarray  # (R, 2, margined accounts) int64: watched, close
    counts: np.ndarray  # (R, 2) int64, their lengths
    watch_most: np.ndarray  # (R,)
    wealth: np.ndarray  # (R, 2) USD of traders and of liquidators


def unknown(regimes: int, accounts: int) -> Opened:
    """Nothing yet."""
    return Opened(
        radius=np.zeros((regimes, 4, accounts)),
        lists=np.zeros((regimes, 2, accounts), dtype=np.int64),
        counts=np.full((regimes, 2), UNKNOWN, dtype=np.int64),
        watch_most=np.ones(regimes),
        wealth=np.zeros((regimes, 2)),
    )


@jit
def note_opening(state: State, opened: Opened) -> None:
    """Keep the radii and lists with which a path has just begun."""
    regime = state.clock[0].regime
    opened.radius[regime] = state.radius
    opened.lists[regime, WATCHED] = state.lists[WATCHED]
    opened.lists[regime, CLOSE] = state.lists[CLOSE]
    opened.counts[regime, WATCHED] = state.clock[0].watched
    opened.counts[regime, CLOSE] = state.clock[0].close
    opened.watch_most[regime] = state.clock[0].watch_most


@jit
def reopen(world: World, state: State, opened: Opened) -> None:
    """Begin a path with the radii and lists of an earlier one, as `open_lists` would make them."""
    regime = state.clock[0].regime
    prepare(state, BASE_SKINS * world.settings[0].skin)
    state.radius[:] = opened.radius[regime]
    state.clock[0].watch_most = opened.watch_most[regime]
    state.clock[0].surveyed = state.clock[0].now
    state.clock[0].watched = opened.counts[regime, WATCHED]
    state.clock[0].close = opened.counts[regime, CLOSE]
    for i in range(state.clock[0].watched):
        a = opened.lists[regime, WATCHED, i]
        state.lists[WATCHED, i] = a
        state.rows[a].listed = 1
        note_change(state, a)
    for i in range(state.clock[0].close):
        a = opened.lists[regime, CLOSE, i]
        state.lists[CLOSE, i] = a
        state.rows[a].close = 1
    for which in (BASE, OUTER, INNER):
        stamp(world, state, which)
