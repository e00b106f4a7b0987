"""P5: what a liquidator earns on the debt it repays.

``FIXED_BONUS``: a constant, as on marginfi (2.5 % to the liquidator, 2.5 % to insurance) or Aave;
it may grow while nobody comes (Drift). ``LTV_BONUS``: Kamino's, ``min(max(min, LTV - unhealthy
LTV), max, 1 - LTV without borrow factors)`` (hubbleprotocol/klend, ``liquidation_operations.rs``):
the later, the dearer, never more than the collateral can pay. From a plain LTV of 0.99 a small
bad-debt bonus takes over, so that somebody clears what is left. ``HEALTH_BONUS``: Euler's.
``DUTCH``: what the running auction's price leaves; none before it starts.
"""

from sim.compile import lean
from sim.liquidation.pair import health_bonus
from sim.liquidation.shortage import grown
from sim.margin.health import high, low
from sim.margin.terms import leg_value
from sim.margin.weights import asset_weight, liability_weight
from sim.state.codes import (
    BALANCE,
    DUTCH,
    HEALTH_BONUS,
    LTV_BONUS,
    MAINTENANCE,
    OPTION,
    PERPETUAL,
)
from sim.state.rows import Row
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
            counted = value * low(state.g, MAINTENANCE, k)
            weighted_collateral += counted * asset_weight(weight, row.size_penalty, size)
        else:
            weight = world.weight[SHORT, MAINTENANCE, emode, k]
            debt -= value
            counted = value * high(state.g, MAINTENANCE, k)
            weighted_debt -= counted * liability_weight(weight, row.size_penalty, size)
    if collateral <= 0.0:
        return float("inf"), float("inf"), float("inf")
    return weighted_debt / collateral, weighted_collateral / collateral, debt / collateral


@lean
def total_debt(world: World, state: State, a: int) -> float:
    """USD of all loans of an account."""
    debt = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if world.instruments[k].kind == BALANCE:
            debt += max(0.0, -leg_value(state.g, k, state.balance[k, a]))
    return debt


@lean
def total_contracts(world: World, state: State, a: int) -> float:
    """USD of all contracts of an account."""
    notional = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        if world.instruments[k].kind in (PERPETUAL, OPTION):
            notional += abs(state.balance[k, a]) * state.g[2, k]
    return notional


@lean
def ltv_bonus(row: Row, ltv: float, unhealthy: float, plain: float) -> float:
    """Kamino's bonus; loan-to-values as `loan_to_value` returns them."""
    if plain >= BAD_DEBT_LTV:
        return max(row.bonus_bad_debt, 1.0 - plain)
    return min(max(row.bonus_min, ltv - unhealthy), row.bonus_max, 1.0 - plain)


@lean
def age(state: State, a: int) -> float:
    """Seconds since the account's standing breach began; 0 without one."""
    return max(0.0, state.clock[0].now - state.rows[a].breach) if state.rows[a].breach >= 0 else 0.0


@lean
def bonus_rate(world: World, state: State, venue: int, a: int) -> float:
    """Bonus at a venue, as a share of what the venue states it in, the protocol's part included."""
    row = world.venues[venue]
    if row.bonus == DUTCH:
        return 0.0
    if row.bonus in (LTV_BONUS, HEALTH_BONUS):
        ltv, unhealthy, plain = loan_to_value(world, state, a)
        if row.bonus == LTV_BONUS:
            return ltv_bonus(row, ltv, unhealthy, plain)
        return health_bonus(unhealthy / ltv, row.max_discount) if ltv > 0.0 else 0.0
    return grown(row, row.bonus_min, age(state, a))
