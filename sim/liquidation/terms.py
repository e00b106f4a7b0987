"""P5: the terms on which an account's venue offers a leg, before anybody is asked.

A pair of debt and collateral, a perpetual, or a share of everything.
"""

from typing import NamedTuple

from sim.compile import lean
from sim.liquidation.bonus import age, bonus_rate
from sim.liquidation.curves import ramp, two_speed
from sim.liquidation.kick import auctioned
from sim.liquidation.offer import PORTFOLIO, Offer, charge, nothing
from sim.liquidation.pair import rates
from sim.liquidation.portfolio import Portfolio, buffer_margin, largest_share
from sim.liquidation.shortage import grown, insurance_fee, insurance_fee_of_debt
from sim.margin.health import assess, risk
from sim.margin.terms import leg_value
from sim.margin.weights import asset_weight, liability_weight
from sim.state.codes import DUTCH, MAINTENANCE, PERPETUAL, QUOTE, TARGET
from sim.state.state import State
from sim.state.world import LONG, SHORT, World


@lean
def shortage(world: World, state: State, a: int) -> float:
    """What the account misses at the target level, USD; not below zero."""
    equity, required = assess(world, state, TARGET, a)
    return max(0.0, required - equity)


@lean
def fee_of_debt(world: World, state: State, a: int, debt: int, collateral: int) -> float:
    """Insurance fee of a loan: the venue's, or what the weights leave of it."""
    row = world.venues[world.instruments[debt].venue]
    if row.insurance_share <= 0.0 or row.insurance_fee <= 0.0:
        return row.insurance_fee
    emode = world.accounts[a].emode
    held, owed = abs(state.balance[collateral, a]), abs(state.balance[debt, a])
    light, heavy = world.instruments[collateral], world.instruments[debt]
    weight = asset_weight(world.weight[LONG, TARGET, emode, collateral], light.size_penalty, held)
    load = liability_weight(world.weight[SHORT, TARGET, emode, debt], heavy.size_penalty, owed)
    weight = 1.0 - (1.0 - weight) * risk(state.g, collateral)
    load = 1.0 + (load - 1.0) * risk(state.g, debt)
    value = owed * state.g[1, debt]
    asset = (weight, 1.0 + row.bonus_min)
    return insurance_fee_of_debt(
        shortage(world, state, a), value, asset, (load, 1.0), row.insurance_fee
    )


@lean
def pair_offer(world: World, state: State, a: int, debt: int, collateral: int) -> Offer:
    """Debt against collateral, on the terms of the debt's venue, limited by the collateral."""
    venue = world.instruments[debt].venue
    row = world.venues[venue]
    if row.bonus == DUTCH:
        return auctioned(world, state, a, debt, collateral)
    terms = rates(row, bonus_rate(world, state, venue, a))
    fee = terms.fee
    if row.insurance_share > 0.0:
        fee = fee_of_debt(world, state, a, debt, collateral)
    gain = min(terms.gain, row.taker_profit)
    offer = Offer(debt, collateral, 0.0, gain, fee, terms.protocol, 0.0)
    owed = -leg_value(state.g, debt, state.balance[debt, a])
    held = leg_value(state.g, collateral, state.balance[collateral, a])
    full = min(owed, held / (1.0 + charge(offer)))
    return Offer(debt, collateral, full, gain, fee, terms.protocol, 0.0)


@lean
def perpetual_offer(world: World, state: State, a: int, k: int) -> Offer:
    """The whole of a perpetual position, on its venue's terms."""
    leg = world.instruments[k]
    row = world.venues[leg.venue]
    size = abs(state.balance[k, a])
    full = size * state.g[2, k]
    gain = grown(row, row.perp_fee, age(state, a))
    fee = row.perp_insurance_fee
    if row.insurance_share > 0.0:
        ratio = liability_weight(world.ratio[TARGET, k], leg.size_penalty, size)
        ratio *= risk(state.g, k)
        fee = insurance_fee(row, shortage(world, state, a), full, ratio, gain, fee)
    return Offer(k, -1, full, gain, fee, 0.0, 0.0)


class Block(NamedTuple):
    """A portfolio as it goes under the hammer."""

    account: Portfolio
    gross: float  # USD, sizes of all legs
    leg: int  # the first of them; -1 without any


@lean
def on_the_block(world: World, state: State, a: int) -> Block:
    """Value, margin and size of an account's legs."""
    gross = 0.0
    leg = -1
    for i in range(state.rows[a].leg_count):
        k = state.legs[a, i]
        kind = world.instruments[k].kind
        if kind == QUOTE or state.balance[k, a] == 0.0:
            continue
        leg = k if leg < 0 else leg
        quantity = state.balance[k, a]
        value = leg_value(state.g, k, quantity)
        gross += abs(quantity * state.g[2, k] if kind == PERPETUAL else value)
    equity, required = assess(world, state, MAINTENANCE, a)
    cash = state.markets[world.settings[0].cash_asset].mark
    reserved = min(state.rows[a].reserved * cash, max(0.0, equity))
    return Block(Portfolio(equity, equity - required, reserved), gross, leg)


@lean
def portfolio_offer(world: World, state: State, a: int) -> Offer:
    """A share of every leg at the auction's price; the gain is per USD of gross size."""
    row = world.auctions[world.accounts[a].venue]
    block = on_the_block(world, state, a)
    if block.leg < 0 or block.gross <= 0.0:
        return nothing()
    account = block.account
    elapsed = 0.0
    if state.rows[a].auction >= 0.0:
        elapsed = state.clock[0].now - state.rows[a].auction
    if account.value <= 0.0:
        payout = ramp(row, account.value, account.maintenance, elapsed)
        gain = (account.value + payout) / block.gross
        return Offer(block.leg, PORTFOLIO, block.gross, gain, 0.0, 0.0, block.gross)
    discount = two_speed(row, elapsed)
    share = largest_share(buffer_margin(row, account.value, account.maintenance), account, discount)
    gain = (1.0 - discount) * (account.value - account.reserved) / block.gross
    return Offer(block.leg, PORTFOLIO, block.gross, gain, 0.0, 0.0, share * block.gross)
