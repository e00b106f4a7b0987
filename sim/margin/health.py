"""Equity, requirement and health of one account: f(account row, global vector g).

``g[0, k]`` and ``g[1, k]`` are the USD value of one unit of instrument k held long or short
(price x pool index; for a perpetual, mark less cumulative funding), ``g[2, k]`` the notional of
one contract. Nothing else moves health, which is what makes watch lists possible.

Every term is written as a haircut: equity is the plain value of the balances, the requirement is
what the level takes off. ``weighted assets - weighted liabilities`` of a lending protocol and
``collateral - margin requirement`` of a perpetual venue are then the same number.
"""

from typing import NamedTuple

import numpy as np

from sim.compile import inlined, lean
from sim.margin.books import NOWHERE, books_requirement
from sim.margin.scan import scanned
from sim.margin.weights import asset_weight, liability_weight, sloped_ratio
from sim.state.codes import BALANCE, NET_OF_LEGS, OPTION, PERPETUAL, SCENARIO_GRID
from sim.state.state import State
from sim.state.world import BASIS, LONG, NET, SHORT, World


class Terms(NamedTuple):
    """The parameters that the engines read: few arrays, so that a call stays cheap."""

    instruments: np.ndarray
    weight: np.ndarray
    ratio: np.ndarray
    netting: np.ndarray


class Book(NamedTuple):
    """The balances that the engines read, and the global vector."""

    balance: np.ndarray
    legs: np.ndarray
    g: np.ndarray


class Holder(NamedTuple):
    """Whose balances: ledger row, number of legs, weight table."""

    row: int
    legs: int
    emode: int


@inlined
def leg_value(g: np.ndarray, k: int, quantity: float) -> float:
    """USD value of ``quantity`` of instrument k."""
    return quantity * (g[0, k] if quantity >= 0.0 else g[1, k])


@inlined
def leg_requirement(
    terms: Terms, g: np.ndarray, level: int, emode: int, k: int, quantity: float
) -> float:
    """Requirement of one leg taken alone, USD (W for balances, T for perpetuals)."""
    kind = terms.instruments[k].kind
    penalty = terms.instruments[k].size_penalty
    size = abs(quantity)
    if kind == PERPETUAL:
        ratio = liability_weight(terms.ratio[level, k], penalty, size)
        return size * g[2, k] * sloped_ratio(ratio, terms.instruments[k].size_slope, size)
    if kind != BALANCE:
        return 0.0
    if quantity >= 0.0:
        weight = asset_weight(terms.weight[LONG, level, emode, k], penalty, size)
        return size * g[0, k] * (1.0 - weight)
    weight = liability_weight(terms.weight[SHORT, level, emode, k], penalty, size)
    return size * g[1, k] * (weight - 1.0)


@lean
def summed(terms: Terms, book: Book, level: int, who: Holder) -> tuple[float, float]:
    """Equity and requirement where each leg is charged alone."""
    equity = 0.0
    requirement = 0.0
    for i in range(who.legs):
        k = book.legs[who.row, i]
        quantity = book.balance[k, who.row]
        if quantity != 0.0:
            equity += leg_value(book.g, k, quantity)
            requirement += leg_requirement(terms, book.g, level, who.emode, k, quantity)
    return equity, requirement


@lean
def net_and_gross(terms: Terms, book: Book, who: Holder, n: int) -> tuple[float, float, float]:
    """Value, net delta and gross delta of a row's legs on underlying n, USD.

    A perpetual's delta is its notional, not its value. Options are not netted: their books are
    charged one by one (term O).
    """
    equity = 0.0
    net = 0.0
    gross = 0.0
    for i in range(who.legs):
        k = book.legs[who.row, i]
        quantity = book.balance[k, who.row]
        if terms.instruments[k].group != n or quantity == 0.0:
            continue
        value = leg_value(book.g, k, quantity)
        equity += value
        if terms.instruments[k].kind == OPTION:
            continue
        perpetual = terms.instruments[k].kind == PERPETUAL
        delta = quantity * book.g[2, k] if perpetual else value
        net += delta
        gross += abs(delta)
    return equity, net, gross


@lean
def netted(terms: Terms, book: Book, level: int, who: Holder) -> tuple[float, float]:
    """Equity and requirement where legs on one underlying offset each other.

    Per underlying: rate x |net delta| + basis charge x hedged notional, the hedged notional being
    half of what gross exceeds net.
    """
    equity = 0.0
    requirement = 0.0
    for n in range(terms.netting.shape[2]):
        value, net, gross = net_and_gross(terms, book, who, n)
        equity += value
        requirement += abs(net) * terms.netting[NET, level, n]
        requirement += 0.5 * (gross - abs(net)) * terms.netting[BASIS, level, n]
    return equity, requirement


@inlined
def assess_plain(world: World, state: State, level: int, a: int) -> tuple[float, float]:
    """Equity and requirement where legs add up or net, without option books, USD."""
    terms = Terms(world.instruments, world.weight, world.ratio, world.netting)
    book = Book(state.balance, state.legs, state.g)
    who = Holder(a, state.rows[a].leg_count, world.accounts[a].emode)
    if world.venues[world.accounts[a].venue].engine == NET_OF_LEGS:
        return netted(terms, book, level, who)
    return summed(terms, book, level, who)


@lean
def assess_options(world: World, state: State, level: int, a: int) -> tuple[float, float]:
    """Equity and requirement in a world with options or scenario grids, USD."""
    if world.venues[world.accounts[a].venue].engine == SCENARIO_GRID:
        return scanned(world, state, level, a)
    equity, requirement = assess_plain(world, state, level, a)
    return equity, requirement + books_requirement(world, state, level, a, NOWHERE)


@inlined
def assess(world: World, state: State, level: int, a: int) -> tuple[float, float]:
    """Equity and requirement of ledger row ``a`` at a level, USD, by the engine that margins it."""
    if len(world.scenarios) > 1:
        return assess_options(world, state, level, a)
    return assess_plain(world, state, level, a)


@lean
def below(equity: float, requirement: float) -> bool:
    """Whether liquidation may start: health at or under zero with something to cover."""
    return equity <= requirement and (requirement > 0.0 or equity < 0.0)
