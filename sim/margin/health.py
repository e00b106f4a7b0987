"""Equity, requirement and health of one account: f(account row, global vector g).

``g[VALUE_LONG, k]`` and ``g[VALUE_SHORT, k]`` are the USD value of one unit of instrument k held
long or short (price x pool index; for a perpetual, mark less cumulative funding; for an inverse
one, a debt of about 1 USD), ``g[NOTIONAL, k]`` the notional of one contract. Where some venue
judges on other prices than spot, four more rows hold what each level makes of them. Nothing else
moves health, which is what makes watch lists possible.

Every term is written as a haircut: equity is the plain value of the balances, the requirement is
what the level takes off. ``weighted assets - weighted liabilities`` of a lending protocol and
``collateral - margin requirement`` of a perpetual venue are then the same number.
"""

import numpy as np

from sim.compile import inlined, lean, merged
from sim.margin.books import NOWHERE, books_requirement
from sim.margin.doubt import doubt_by_leg
from sim.margin.foresight import predicted_loss
from sim.margin.gains import gains_requirement
from sim.margin.liquidity import liquidity_charge
from sim.margin.ratio import scaled_requirement
from sim.margin.scan import scanned
from sim.margin.terms import Book, Holder, Terms, leg_value
from sim.margin.weights import asset_weight, liability_weight
from sim.market.options import quote_legs
from sim.state.codes import (
    BALANCE,
    FLAT_RATIO,
    INITIAL,
    INTEREST_RATIO,
    MAINTENANCE,
    NET_OF_LEGS,
    OPTION,
    PERPETUAL,
    SCENARIO_GRID,
    TAIL_RISK,
)
from sim.state.state import HIGH, HIGH_INITIAL, LOW, LOW_INITIAL, RISK, State
from sim.state.world import BASIS, LONG, NET, SHORT, World


@merged
def low(g: np.ndarray, level: int, k: int) -> float:
    """Share of a deposit's value that a level counts before its weight."""
    if g.shape[0] <= LOW:
        return 1.0
    return g[LOW_INITIAL if level == INITIAL else LOW, k]


@merged
def high(g: np.ndarray, level: int, k: int) -> float:
    """Multiple of a loan's value that a level counts before its weight."""
    if g.shape[0] <= LOW:
        return 1.0
    return g[HIGH_INITIAL if level == INITIAL else HIGH, k]


@inlined
def leg_requirement(
    terms: Terms, g: np.ndarray, level: int, emode: int, k: int, quantity: float
) -> float:
    """Requirement of one leg taken alone, USD (W for balances, T for perpetuals)."""
    kind = terms.instruments[k].kind
    penalty = terms.instruments[k].size_penalty
    size = abs(quantity)
    if kind == PERPETUAL:
        notional = size * g[2, k]
        if terms.instruments[k].ratio.kind != FLAT_RATIO:
            row = terms.instruments[k].ratio
            shared = row.kind == INTEREST_RATIO and level == INITIAL
            share = g[LOW_INITIAL, k] if shared else 0.0
            return scaled_requirement(row, level, terms.ratio[level, k], size, notional, share)
        return notional * liability_weight(terms.ratio[level, k], penalty, size)
    if kind != BALANCE:
        return 0.0
    if quantity >= 0.0:
        weight = asset_weight(terms.weight[LONG, level, emode, k], penalty, size)
        return size * g[0, k] * (1.0 - weight)
    weight = liability_weight(terms.weight[SHORT, level, emode, k], penalty, size)
    return size * g[1, k] * (weight - 1.0)


@merged
def risk(g: np.ndarray, k: int) -> float:
    """Multiple of a leg's requirement in the present volatility, where its venue responds to it."""
    return g[RISK, k] if g.shape[0] > RISK else 1.0


@merged
def viewed_term(
    terms: Terms, g: np.ndarray, level: int, emode: int, k: int, quantity: float
) -> float:
    """Requirement of a leg where levels may read prices of their own, USD."""
    return risk(g, k) * calm_term(terms, g, level, emode, k, quantity)


@merged
def calm_term(
    terms: Terms, g: np.ndarray, level: int, emode: int, k: int, quantity: float
) -> float:
    """The same before any response to volatility."""
    if terms.instruments[k].kind != BALANCE or g.shape[0] <= LOW:
        return leg_requirement(terms, g, level, emode, k, quantity)
    penalty = terms.instruments[k].size_penalty
    size = abs(quantity)
    if quantity >= 0.0:
        weight = asset_weight(terms.weight[LONG, level, emode, k], penalty, size)
        return size * g[0, k] * (1.0 - low(g, level, k) * weight)
    weight = liability_weight(terms.weight[SHORT, level, emode, k], penalty, size)
    return size * g[1, k] * (high(g, level, k) * weight - 1.0)


@merged
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


@merged
def summed_viewed(terms: Terms, book: Book, level: int, who: Holder) -> tuple[float, float]:
    """The same with views of prices and discounts on gains.

    A loop of its own, so that venues without either do not pay for them.
    """
    equity = 0.0
    requirement = 0.0
    for i in range(who.legs):
        k = book.legs[who.row, i]
        quantity = book.balance[k, who.row]
        if quantity != 0.0:
            equity += leg_value(book.g, k, quantity)
            requirement += viewed_term(terms, book.g, level, who.emode, k, quantity)
    if terms.gains != 0:
        requirement += gains_requirement(terms, book, level, who)
    return equity, requirement


@merged
def net_and_gross(terms: Terms, book: Book, who: Holder, n: int) -> tuple[float, float, float]:
    """Value, net delta and gross delta of a row's legs on underlying n, USD.

    A linear perpetual's delta is its notional, not its value; that of an inverse one is in its
    quote balance, which is coin. Options are not netted: their books are charged one by one (term
    O).
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
        if terms.instruments[k].kind == OPTION or terms.instruments[k].inverse != 0:
            continue
        perpetual = terms.instruments[k].kind == PERPETUAL
        delta = quantity * book.g[2, k] if perpetual else value
        net += delta
        gross += abs(delta)
    return equity, net, gross


@inlined
def terms_of(world: World) -> Terms:
    """The margin parameters of a world."""
    gains = world.settings[0].gains
    return Terms(world.instruments, world.weight, world.ratio, world.netting, gains)


@lean
def net_delta(world: World, state: State, a: int, n: int) -> float:
    """Net delta of ledger row ``a`` on underlying n, USD."""
    book = Book(state.balance, state.legs, state.g)
    _, net, _ = net_and_gross(terms_of(world), book, Holder(a, state.rows[a].leg_count, 0), n)
    return net


@merged
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
    terms = terms_of(world)
    book = Book(state.balance, state.legs, state.g)
    who = Holder(a, state.rows[a].leg_count, world.accounts[a].emode)
    if world.venues[world.accounts[a].venue].engine == NET_OF_LEGS:
        return netted(terms, book, level, who)
    if state.g.shape[0] > LOW or terms.gains != 0:
        return summed_viewed(terms, book, level, who)
    return summed(terms, book, level, who)


@lean
def assess_scanned(world: World, state: State, level: int, a: int) -> tuple[float, float]:
    """Equity and requirement in a world whose engines do more than add up or net legs, USD."""
    quote_legs(world, state, a)
    venue = world.accounts[a].venue
    if scans(world.venues[venue].engine):
        equity, requirement = scanned(world, state, level, a)
    else:
        equity, requirement = assess_plain(world, state, level, a)
        requirement += books_requirement(world, state, level, a, NOWHERE)
        requirement += doubt_by_leg(world, state, level, a)
    if world.settings[0].liquidity != 0:
        requirement += liquidity_charge(world, state, level, a)
    if world.tails[venue].predictive > 0.0:
        requirement = max(requirement, predicted_loss(world, state, a))
    return equity, requirement


@inlined
def scans(engine: int) -> bool:
    """Whether an engine looks at the book as a whole, under its scenarios or by its tail."""
    return engine in (SCENARIO_GRID, TAIL_RISK)


@inlined
def assess_here(world: World, state: State, level: int, a: int) -> tuple[float, float]:
    """Equity and requirement of ledger row ``a`` at a level, USD, by the engine that margins it.

    Compiled into its caller, for the loops over many accounts.
    """
    if world.settings[0].scans != 0:
        return assess_scanned(world, state, level, a)
    return assess_plain(world, state, level, a)


@lean
def assess(world: World, state: State, level: int, a: int) -> tuple[float, float]:
    """`assess_here`, called: code that looks at one account need not hold all the engines."""
    return assess_here(world, state, level, a)


@lean
def worth(world: World, state: State, a: int) -> float:
    """What the legs of ledger row ``a`` are worth together, USD: equity under every engine."""
    quote_legs(world, state, a)
    total = 0.0
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        total += leg_value(state.g, k, state.balance[k, a])
    return total


@lean
def below(equity: float, requirement: float, strict: int) -> bool:
    """Whether liquidation may start: health at or under zero with something to cover.

    Under a ``strict`` rule (dYdX v4, Aave) health of exactly zero is still enough.
    """
    if strict:
        return equity < requirement
    return equity <= requirement and (requirement > 0.0 or equity < 0.0)


@lean
def in_breach(world: World, state: State, a: int) -> bool:
    """Whether ledger row ``a`` may be liquidated."""
    equity, requirement = assess_here(world, state, MAINTENANCE, a)
    return below(equity, requirement, world.venues[world.accounts[a].venue].strict)
