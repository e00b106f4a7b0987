"""Equity, requirement and health of one account: f(account row, global vector g).

``g[0, k]`` and ``g[1, k]`` are the USD value of one unit of instrument k held long or short
(price x pool index; for a perpetual, mark less cumulative funding), ``g[2, k]`` the notional of
one contract. Nothing else moves health, which is what makes watch lists possible.

Every term is written as a haircut: equity is the plain value of the balances, the requirement is
what the level takes off. ``weighted assets - weighted liabilities`` of a lending protocol and
``collateral - margin requirement`` of a perpetual venue are then the same number.
"""

import numpy as np

from sim.compile import jit
from sim.margin.weights import asset_weight, liability_weight
from sim.state.codes import BALANCE, NET_OF_LEGS, PERPETUAL
from sim.state.state import State
from sim.state.world import BASIS, LONG, NET, SHORT, World


@jit
def leg_value(g: np.ndarray, k: int, quantity: float) -> float:
    """USD value of ``quantity`` of instrument k."""
    return quantity * (g[0, k] if quantity >= 0.0 else g[1, k])


@jit
def leg_requirement(
    world: World, g: np.ndarray, level: int, emode: int, k: int, quantity: float
) -> float:
    """Requirement of one leg taken alone, USD (W for balances, T for perpetuals)."""
    row = world.instruments[k]
    size = abs(quantity)
    if row.kind == PERPETUAL:
        ratio = liability_weight(world.ratio[level, k], row.size_penalty, size)
        return size * g[2, k] * ratio
    if row.kind != BALANCE:
        return 0.0
    if quantity >= 0.0:
        weight = asset_weight(world.weight[LONG, level, emode, k], row.size_penalty, size)
        return size * g[0, k] * (1.0 - weight)
    weight = liability_weight(world.weight[SHORT, level, emode, k], row.size_penalty, size)
    return size * g[1, k] * (weight - 1.0)


@jit
def summed(
    world: World, state: State, level: int, a: int
) -> tuple[float, float]:
    """Equity and requirement where each leg is charged alone."""
    emode = world.accounts[a].emode
    g = state.g
    equity = 0.0
    requirement = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        quantity = state.balance[k, a]
        if quantity != 0.0:
            equity += leg_value(g, k, quantity)
            requirement += leg_requirement(world, g, level, emode, k, quantity)
    return equity, requirement


@jit
def netted(
    world: World, state: State, level: int, a: int
) -> tuple[float, float]:
    """Equity and requirement where legs on one underlying offset each other.

    Per underlying: rate x |net delta| + basis charge x hedged notional, the hedged notional being
    half of what gross exceeds net. A perpetual's delta is its notional, not its value.
    """
    g = state.g
    equity = 0.0
    requirement = 0.0
    for n in range(world.netting.shape[2]):
        net = 0.0
        gross = 0.0
        for i in range(state.rows[a].leg_count):
            k = state.legs[a, i]
            row = world.instruments[k]
            quantity = state.balance[k, a]
            if row.group != n or quantity == 0.0:
                continue
            value = leg_value(g, k, quantity)
            equity += value
            delta = quantity * g[2, k] if row.kind == PERPETUAL else value
            net += delta
            gross += abs(delta)
        hedged = 0.5 * (gross - abs(net))
        requirement += abs(net) * world.netting[NET, level, n]
        requirement += hedged * world.netting[BASIS, level, n]
    return equity, requirement


@jit
def assess(
    world: World, state: State, level: int, a: int
) -> tuple[float, float]:
    """Equity and requirement of ledger row ``a`` at a level, USD, by the engine that margins it."""
    if world.venues[world.accounts[a].venue].engine == NET_OF_LEGS:
        return netted(world, state, level, a)
    return summed(world, state, level, a)


@jit
def below(equity: float, requirement: float) -> bool:
    """Whether liquidation may start: health at or under zero with something to cover."""
    return equity <= requirement and (requirement > 0.0 or equity < 0.0)
