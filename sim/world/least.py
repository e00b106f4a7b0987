"""Margin required: the least equity with which an account's obligations meet initial margin.

Every term is a haircut, deposits included, so the initial requirement of an account also charges
collateral that backs nothing: a supplier of a pool who owes nobody anything needs no margin at
all. Here each account's deposits are shrunk together, at fixed obligations, until it only just
meets initial margin; what the engine then requires is what the obligations need.
"""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.world.assemble import Assembled, assess_rows

HALVINGS = 50  # of a share between none and all of the deposits


def with_share(assembled: Assembled, share: np.ndarray) -> np.ndarray:
    """Equity and initial requirement of the accounts with a share of their deposits, (A, 2) USD.

    Parameters
    ----------
    assembled : Assembled
        A world at its opening.
    share : (A,) float64 ndarray
        What is left of each account's deposits.
    """
    world, opening, count = assembled.world, assembled.opening, assembled.rows.accounts
    balance = opening.balance.copy()
    deposits = (balance[:, :count] > 0.0) & (world.instruments["kind"] == codes.BALANCE)[:, None]
    balance[:, :count] *= np.where(deposits, share, 1.0)
    return assess_rows(world, opening._replace(balance=balance), codes.INITIAL, count)


def least_share(assembled: Assembled) -> np.ndarray:
    """Share of its deposits with which each account just meets initial margin, (A,).

    None where it owes nothing; all where it does not meet initial margin with all of them. More
    deposits never lower the slack of an account, so halving finds the least share.
    """

    def meets(share: np.ndarray) -> np.ndarray:
        found = with_share(assembled, share)
        return np.asarray(found[:, 0] >= found[:, 1])

    high = np.ones(assembled.rows.accounts)
    low = 0.0 * high
    bare = meets(low)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        good = meets(middle)
        low, high = np.where(good, low, middle), np.where(good, middle, high)
    return np.where(bare, 0.0, high)


def margin_required(assembled: Assembled) -> np.ndarray:
    """Initial requirement of each account without the deposits that it could do without, USD (A,).

    Where it meets initial margin this is also the equity that it has then: the least with which
    the same obligations do, its deposits kept in their proportions.
    """
    return np.asarray(with_share(assembled, least_share(assembled))[:, 1])
