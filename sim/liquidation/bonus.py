"""P5: what a liquidator earns on the debt it repays.

``FIXED_BONUS``: a constant, as on marginfi (2.5 % to the liquidator, 2.5 % to insurance) or Aave.
``LTV_BONUS``: Kamino's, ``min(max(min, LTV - unhealthy LTV), max, 1 - LTV without borrow factors)``
(hubbleprotocol/klend, ``liquidation_operations.rs``): the later, the dearer, never more than the
collateral can pay. From a plain LTV of 0.99 a small bad-debt bonus takes over, so that somebody
clears what is left.
"""

import numpy as np

from sim.compile import lean
from sim.margin.health import leg_value
from sim.margin.weights import asset_weight, liability_weight
from sim.state.codes import BALANCE, LTV_BONUS, MAINTENANCE
from sim.state.state import State
from sim.state.world import LONG, SHORT, World

BAD_DEBT_LTV = 0.99  # debt / collateral, without weights


@lean
def loan_to_value(world: World, state: State, a: int) -> tuple[float, float, float]:
    """Weighted loan-to-value, the one at which liquidation starts, and the plain one.

    All three are infinite without collateral.
    """
    emode = world.accounts[a].emode
    debt = weighted_debt = collateral = weighted_collateral = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        row = world.instruments[k]
        if row.kind != BALANCE:
            continue
        value = leg_value(state.g, k, state.balance[k, a])
        size = abs(state.balance[k, a])
        if value >= 0.0:
            weight = world.weight[LONG, MAINTENANCE, emode, k]
            collateral += value
            weighted_collateral += value * asset_weight(weight, row.size_penalty, size)
        else:
            weight = world.weight[SHORT, MAINTENANCE, emode, k]
            debt -= value
            weighted_debt -= value * liability_weight(weight, row.size_penalty, size)
    if collateral <= 0.0:
        return float("inf"), float("inf"), float("inf")
    return weighted_debt / collateral, weighted_collateral / collateral, debt / collateral


@lean
def ltv_bonus(row: np.void, ltv: float, unhealthy: float, plain: float) -> float:
    """Kamino's bonus; loan-to-values as `loan_to_value` returns them."""
    if plain >= BAD_DEBT_LTV:
        return max(row.bonus_bad_debt, 1.0 - plain)
    return min(max(row.bonus_min, ltv - unhealthy), row.bonus_max, 1.0 - plain)


@lean
def bonus_rate(world: World, state: State, venue: int, a: int) -> float:
    """Bonus per USD of debt repaid at a venue, before the protocol's share."""
    row = world.venues[venue]
    if row.bonus != LTV_BONUS:
        return row.bonus_min
    ltv, unhealthy, plain = loan_to_value(world, state, a)
    return ltv_bonus(row, ltv, unhealthy, plain)
