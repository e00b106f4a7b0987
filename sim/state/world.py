"""The read-only side of a run: parameters, shared by all workers.

Shapes: N assets, M markets, O oracle feeds, K instruments, V venues (row V is the hub),
A ledger rows (accounts first, then liquidators, makers and system rows), T traders,
L liquidators, R regimes, C weight categories (e-modes), B background levels, P parameters;
S scenarios of all grids, U volatility surfaces, J books (venue, underlying and expiry of options).
"""

from typing import NamedTuple

import numpy as np

Rows = np.ndarray  # a structured array of :mod:`sim.state.rows`
Floats = np.ndarray

# First index of ``World.weight`` and of ``World.netting``
LONG, SHORT = 0, 1
NET, BASIS = 0, 1


class World(NamedTuple):
    """Everything the kernel reads and never writes."""

    settings: Rows  # (1,) SETTINGS
    instruments: Rows  # (K,)
    markets: Rows  # (M,)
    depth_factor: Floats  # (R, M) share of normal depth in each regime
    oracles: Rows  # (O,)
    weight: Floats  # (2, LEVELS, C, K) share of a deposit, multiple of a loan that counts
    ratio: Floats  # (LEVELS, K) requirement per unit of perpetual notional
    netting: Floats  # (2, LEVELS, N) hub: rate on net delta, rate on hedged notional
    venues: Rows  # (V+1,)
    auctions: Rows  # (V+1,) AUCTION_ROW
    accounts: Rows  # (A,) only the first ``settings.accounts`` are margined
    behaviour: Floats  # (A, P) parameters of each account's rule
    first_account: np.ndarray  # (T+1,) int64, accounts of trader t are [t, t+1)
    liquidators: Rows  # (L,)
    strategy: Floats  # (L, P) parameters of each liquidator's rule
    background: Floats  # (2, M, B+1) USD triggered up to each level; side 0 falls, 1 rises
    options: Rows  # (K,) OPTION
    books: Rows  # (J,) BOOK
    surfaces: Rows  # (U,) SURFACE
    surface_level: Floats  # (R, U) volatility to which the level is drawn in each regime
    scenarios: Rows  # (S,) SCENARIO; one row alone: neither options nor grids
    columns: Floats  # (5, S) the same by column, for loops over them
    grids: Rows  # (V+1,) GRID; count 0: none
    contingency: Rows  # (LEVELS, V+1) CONTINGENCY
    option_margin: Rows  # (LEVELS, V+1) OPTION_MARGIN, the listing venue's
    haircut: Floats  # (LEVELS, V+1, K) what a deposit loses under a grid
    offsets: Floats  # (V+1, K) 1: it moves with the underlying in the grid's scenarios
    scan_range: Floats  # (V+1, N) relative move that a scenario's unit stands for
    beliefs: Rows  # (0 or 1,) BELIEF; none: nobody filters prices
    tails: Rows  # (V+1,) TAIL
    samples: Floats  # (S, N) joint returns in units of their deviations; S = 0: none
    unit_move: Floats  # (N,) largest of them, by asset
    vol_samples: Floats  # (S, N) own moves of log-volatilities, in the same units
    unit_vol: Floats  # (N,) largest of them
