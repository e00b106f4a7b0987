"""Margin required: the least equity with which an account's obligations meet initial margin.

Every term is a haircut, deposits included, so the initial requirement of an account also charges
collateral that backs nothing: a supplier of a pool who owes nobody anything needs no margin at
all. Here each account's deposits are thinned together, at fixed obligations, until it only just
meets initial margin; what the engine then requires is what the obligations need.
"""

from __future__ import annotations

import numpy as np

from sim.state import codes
from sim.world.assemble import Assembled, assess_rows

HALVINGS = 50  # of a share between none and all of the deposits


class Thinned:
    """The accounts of a world at its opening, with a share of their deposits."""

    def __init__(self, assembled: Assembled) -> None:
        self.count, self._world = assembled.rows.accounts, assembled.world
        self._opening = assembled.opening
        held = self._opening.balance[:, : self.count]
        pools = self._world.instruments["kind"] == codes.BALANCE
        self._deposits = np.where((held > 0.0) & pools[:, None], held, 0.0)

    def assess(self, share: np.ndarray) -> np.ndarray:
        """Equity and initial requirement with shares (A,) of the deposits left, (A, 2) USD."""
        balance = self._opening.balance.copy()
        balance[:, : self.count] -= self._deposits * (1.0 - share)
        thinned = self._opening._replace(balance=balance)
        return assess_rows(self._world, thinned, codes.INITIAL, self.count)

    def meets(self, share: np.ndarray) -> np.ndarray:
        """Which of them meet initial margin then, (A,) bool."""
        found = self.assess(share)
        return np.asarray(found[:, 0] >= found[:, 1])


def least_share(thinned: Thinned) -> np.ndarray:
    """Share of its deposits with which each account just meets initial margin, (A,).

    None where it owes nothing; all where it does not meet initial margin with all of them. Halving
    rests on more deposits never lowering the slack of an account. That holds unless a charge for
    large positions grows faster than the value, beyond some hundred depths of a deposit's market:
    an account that meets initial margin with a part of its deposits and not with all is then
    counted with all.
    """
    high = np.ones(thinned.count)
    low = 0.0 * high
    bare = thinned.meets(low)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        good = thinned.meets(middle)
        low, high = np.where(good, low, middle), np.where(good, middle, high)
    return np.where(bare, 0.0, high)


def margin_required(assembled: Assembled) -> np.ndarray:
    """Initial requirement of each account without the deposits that it could do without, USD (A,).

    Where it meets initial margin this is also the equity that it has then: the least with which
    the same obligations do, its deposits kept in their proportions.
    """
    thinned = Thinned(assembled)
    return np.asarray(thinned.assess(least_share(thinned))[:, 1])
