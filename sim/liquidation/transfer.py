"""P5 and P6: carrying out a call.

Account to liquidator at the venue's price; then liquidator to the world at the market's price, for
a flash liquidator at once, for the others later.
"""

from sim.compile import lean
from sim.ledger import hand, pool_cash, post, settle_flat, tokens
from sim.liquidation.auction import bid
from sim.liquidation.funds import put_aside
from sim.liquidation.kick import by_auction, note_bid, put_up
from sim.liquidation.offer import PORTFOLIO, Offer, charge, handover_price, whole_if_near
from sim.liquidation.takeover import pay, take_portfolio
from sim.margin.terms import leg_value
from sim.market.contract import quote_notional
from sim.market.impact import quote_log
from sim.market.trade import swap
from sim.numerics import exp
from sim.state.codes import FIRST_INSURANCE, FLASH, PROTOCOL
from sim.state.state import State
from sim.state.world import World

ROUNDING = 1e-9  # relative: a lot this near to all of the collateral is all of it


@lean
def pair_amounts(state: State, a: int, offer: Offer, notional: float) -> tuple[float, float]:
    """Tokens of debt repaid and of collateral seized; whole balances are taken to the last bit."""
    g = state.g
    owed = -tokens(state, offer.leg, a)
    held = tokens(state, offer.collateral, a)
    repaid = min(notional / g[2, offer.leg], owed)
    seized = min(notional * (1.0 + charge(offer)) / g[2, offer.collateral], held)
    if notional >= offer.full:
        # Written as the offer was: any other order of products can round past it. What a cap on
        # auctions holds back takes neither whole.
        value = leg_value(g, offer.collateral, state.balance[offer.collateral, a])
        if -leg_value(g, offer.leg, state.balance[offer.leg, a]) <= offer.full:
            repaid = owed
        elif value <= offer.full * (1.0 + charge(offer)) * (1.0 + ROUNDING):
            seized = held
    return repaid, seized


@lean
def payable(state: State, offer: Offer, notional: float) -> float:
    """Part of a seizure that the collateral's pool can pay out now."""
    cash = pool_cash(state, offer.collateral) * state.g[2, offer.collateral]
    return min(notional, max(0.0, cash) / (1.0 + charge(offer)))


@lean
def proceeds(world: World, state: State, asset: int, quantity: float) -> float:
    """USD that buying (+) or selling (-) tokens would move, impact included."""
    usd = quantity * state.markets[asset].mark
    if asset == world.settings[0].cash_asset:
        return usd
    return usd * exp(quote_log(world, state, asset, usd))


@lean
def repays(world: World, state: State, offer: Offer, seized: float, repaid: float) -> bool:
    """Whether a flash loan can be paid back out of the sale; otherwise the transaction reverts."""
    sold = -proceeds(world, state, world.instruments[offer.collateral].asset, -seized)
    asset = world.instruments[offer.leg].asset
    owed = proceeds(world, state, asset, repaid)
    return sold >= owed + repaid * state.g[2, offer.leg] * (offer.fee + offer.protocol)


@lean
def accepted(world: World, state: State, a: int, offer: Offer, notional: float) -> float:
    """What an auction accepts of a bid: nothing may be left that is too small to be raised.

    What is to be raised is the debt that was put up, with its penalty, though the collateral may
    not fetch it. Whoever takes all that is on offer takes the lot, or ends the auction.
    """
    if notional >= offer.full:
        return notional
    venue = world.instruments[offer.leg].venue
    chop = world.auctions[venue].chop
    price = chop / (1.0 + charge(offer))  # USD paid per USD of collateral
    held = leg_value(state.g, offer.collateral, state.balance[offer.collateral, a])
    least = world.venues[venue].dust_debt * chop
    tab = put_up(world, state, a, offer.leg, offer.collateral) * chop
    sale = bid(notional * chop / price, price, tab, held, least)
    paid = sale.paid / chop
    if sale.paid <= ROUNDING * tab:  # as much as may be left is left already, but for rounding
        return 0.0
    return notional if paid >= notional * (1.0 - ROUNDING) else paid


@lean
def take_pair(
    world: World, state: State, liquidator: int, a: int, offer: Offer, notional: float
) -> float:
    """Repay debt, seize collateral, split the bonus; return the USD of debt repaid."""
    notional = payable(state, offer, notional)
    if by_auction(world, offer):
        notional = accepted(world, state, a, offer, notional)
    if notional <= 0.0:
        return 0.0
    debt = world.instruments[offer.leg]
    seized_asset = world.instruments[offer.collateral].asset
    holder = world.liquidators[liquidator].holder
    repaid, seized = pair_amounts(state, a, offer, notional)
    flash = world.venues[debt.venue].taker == FLASH
    if flash and not repays(world, state, offer, seized, repaid):
        return 0.0
    post(state, offer.collateral, a, -seized)
    hand(state, holder, seized_asset, seized)
    if flash:
        swap(world, state, holder, seized_asset, -seized)
    swap(world, state, holder, debt.asset, repaid)
    hand(state, holder, debt.asset, -repaid)
    post(state, offer.leg, a, repaid)
    if by_auction(world, offer):
        note_bid(state, a, repaid)
    pay(world, state, holder, FIRST_INSURANCE + debt.venue, notional * offer.fee)
    pay(world, state, holder, PROTOCOL, notional * offer.protocol)
    state.stats[0].penalties += notional * charge(offer)
    return notional


@lean
def take_perpetual(
    world: World, state: State, liquidator: int, a: int, offer: Offer, notional: float
) -> float:
    """Take contracts over at the published price less the fee; return the USD taken over.

    As on the book, funding so far is settled with the price.
    """
    k = offer.leg
    row = world.instruments[k]
    clearing = world.venues[row.venue].clearing
    taker = world.liquidators[liquidator].row
    held = state.balance[k, a]
    sign = 1.0 if held >= 0.0 else -1.0
    contracts = held if notional >= offer.full else sign * notional / state.g[2, k]
    notional_each = quote_notional(row, state.feeds[row.oracle].published)
    price = handover_price(world, state, k, sign, offer.gain)
    post(state, k, a, -contracts)
    post(state, k, taker, contracts)
    post(state, row.quote, a, contracts * price)
    post(state, row.quote, taker, -contracts * price)
    fee = abs(contracts) * notional_each * offer.fee
    post(state, row.quote, a, -fee)
    post(state, row.quote, clearing, fee)
    post(state, row.cash, clearing, -fee)
    put_aside(world, state, FIRST_INSURANCE + row.venue, world.instruments[row.cash].asset, fee)
    state.stats[0].penalties += notional * charge(offer)
    settle_flat(world, state, a, k)
    return notional


@lean
def take(
    world: World, state: State, liquidator: int, a: int, offer: Offer, notional: float
) -> float:
    """Carry out a call of ``notional`` USD; return what was taken."""
    notional = whole_if_near(offer, notional)
    if offer.collateral == PORTFOLIO:
        return take_portfolio(world, state, liquidator, a, offer, notional)
    if offer.collateral < 0:
        return take_perpetual(world, state, liquidator, a, offer, notional)
    return take_pair(world, state, liquidator, a, offer, notional)
