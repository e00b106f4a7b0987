"""P4: limits on what one call may take.

Close factor with the conditions under which it is waived (Aave ``LiquidationLogic.sol``: low health
factor, small reserve; Kamino: insolvent loan-to-value; Hyperliquid documentation: 20 % of a large
position, then a cooldown in which everything goes); what may be left over (Aave); how much may go
in a window of time (synthetix-v3 ``GlobalPerpsMarket``/``PerpsMarketConfiguration``).
"""

from typing import NamedTuple

import numpy as np

from sim.compile import lean
from sim.ledger import HAIR
from sim.state.rows import Row

LONG_AGO = np.inf  # s since something that never happened
ROUNDING = 1e-9  # of a window: less is what rounding leaves of it, and no room for a call


class Case(NamedTuple):
    """What a close factor looks at."""

    ltv: float  # weighted debt over plain collateral
    health: float  # weighted collateral over weighted debt; infinite without debt
    debt: float  # USD of the leg
    collateral: float  # USD of the collateral leg; infinite for a perpetual
    since: float  # s since the last partial call


@lean
def closable_share(row: Row, case: Case) -> float:
    """Share that one call may close."""
    if case.ltv >= row.full_ltv or case.health <= row.full_health:
        return 1.0
    if case.debt < row.full_below or case.collateral < row.full_below:
        return 1.0
    if case.since < row.cooldown:
        return 1.0
    return row.close_factor


@lean
def closable(row: Row, case: Case, owed: float, total: float) -> float:
    """USD that one call may close, of what the leg owes or of the account's ``total``."""
    share = closable_share(row, case)
    if share >= 1.0 or row.close_of == 0:
        return owed * share
    return min(owed, total * share)


@lean
def leaving_enough(
    row: Row, notional: float, owed: float, held: float, seized_per_usd: float
) -> float:
    """Shrink a call so that it leaves nothing or enough of both debt and collateral, USD."""
    left = owed - notional
    kept = held - notional * seized_per_usd
    if row.min_left <= 0.0 or left <= HAIR * owed or kept <= HAIR * held:
        return notional
    most = min(owed - row.min_left, (held - row.min_left) / seized_per_usd)
    return min(notional, most) if most > HAIR * owed else 0.0


@lean
def window_limit(row: Row) -> float:
    """Contracts that may be liquidated in one window; infinite without one."""
    return row.window_rate * row.window if row.window > 0.0 else np.inf


@lean
def left_in_window(row: Row, used: float, wanted: float) -> tuple[float, float]:
    """Contracts that may go now of those ``wanted``, and those that must wait."""
    left = window_limit(row) - used
    now = min(wanted, left) if left > ROUNDING * used else 0.0
    return now, wanted - now
