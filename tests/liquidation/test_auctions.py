"""Auctions of collateral in the kernel: where several meet, where one has to start again."""

import pytest

from sim.liquidation.kick import auctioned as auctioned_offer
from sim.state.codes import PROTOCOL
from tests.liquidation.test_kinds import DUTCH, ECONOMIC, PRICE, loan
from tests.worlds import Bench, market, run_dict, taker, venue, weight

AUCTION = DUTCH["auction"]


def auctioned(holdings, taker_of="none", steps=1, **auction):
    """Accounts at a lender that auctions: the only price is 100 and a deposit counts 80 %."""
    rules = DUTCH | {"taker": taker_of, "auction": AUCTION | auction}
    place = venue({"BTC": weight(0.8, interest={})}, rules, utilisation=0.5)
    place["assets"]["USDC"] = weight(1.0, interest={})

    def played(**changes):
        config = run_dict(market({"BTC": PRICE}), {"venue": place}, steps=steps, **changes)
        bench = Bench(config, holdings)
        bench.result = bench.run()[0]
        assert abs(bench.result["imbalance"]) < 1e-9
        return bench

    return played


def paid_by_protocol(bench):
    """Settlement tokens that keepers were paid; the protocol gets no penalty in these tests."""
    cash = bench.factory.layout.cash
    return float(bench.opening.outside[PROTOCOL, cash] - bench.state.outside[PROTOCOL, cash])


WAITING = {"taker": taker(latency=1e6)}


def test_where_nobody_liquidates_nobody_is_paid_for_starting_an_auction():
    bench = auctioned([loan(1.0, 81.0)], tip=5.0)(liquidator={})
    assert bench.state.rows[0]["auction"] == 60.0
    assert paid_by_protocol(bench) == 0.0


def test_whoever_starts_an_auction_gets_a_share_of_all_that_is_to_be_raised():
    """Of the debt and its penalty, not of what the collateral might fetch."""
    bench = auctioned([loan(1.0, 200.0)], tip=5.0, chip=0.1, penalty=1.13)(liquidator=WAITING)
    assert paid_by_protocol(bench) == pytest.approx(5.0 + 0.1 * 200.0 * 1.13)


@pytest.mark.parametrize(("tail", "started"), [(None, 6), (90.0, 3), (150.0, 2)])
def test_an_auction_whose_price_has_come_to_nothing_starts_again(tail, started):
    """It costs nothing after 30 s; too cheap below 40 % of the start, or too old by its tail.

    Six rounds, a minute apart: it starts in each, in every other, in every third.
    """
    cusp = 0.4 if tail is None else 0.0
    play = auctioned([loan(1.0, 81.0)], steps=6, tip=5.0, length=30.0, tail=tail, cusp=cusp)
    assert paid_by_protocol(play(liquidator=WAITING)) == pytest.approx(5.0 * started)


def test_an_auction_that_runs_keeps_its_room():
    """50 may be raised: 45.8 by the first; the second puts up what is left and blocks nobody."""
    man = {"taker": taker(rule=ECONOMIC, cost=0.01, min_profit=0.0)}
    play = auctioned([loan(0.5, 40.5), loan(1.0, 81.0)], "flash", steps=12, hole=50.0)
    bench = play(liquidator=man)
    room = 50.0 / 1.13 - 40.5
    assert bench.held("balance", "USDC", 0) == pytest.approx(0.0, abs=1e-9)
    assert bench.held("balance", "USDC", 1) == pytest.approx(room - 81.0, abs=1e-9)
    assert bench.result["liquidations"] == 2.0


def test_a_bid_may_leave_what_the_collateral_does_not_fetch():
    """Of 200 to be raised 60 are bid: 140 are left, though the collateral fetches only 40."""
    play = auctioned([loan(1.0, 200.0)], start=1.0, penalty=1.0, dust=50.0)
    bench = play(liquidator={"taker": taker(capacity=60.0)})
    assert bench.held("balance", "USDC") == pytest.approx(-140.0)


def test_a_bid_may_not_leave_dust():
    play = auctioned([loan(1.0, 81.0)], start=1.0, penalty=1.0, dust=50.0)
    bench = play(liquidator={"taker": taker(capacity=60.0)})
    assert bench.held("balance", "USDC") == pytest.approx(-50.0)


def test_the_price_asked_is_that_of_a_token_though_depositors_lost_some():
    """Shares of the pool are worth half as many tokens as when the auction began, not half as much.

    The account still owns one token; 600 s later 100 are asked for it.
    """
    rules = DUTCH | {"taker": "none"}
    place = venue({"BTC": weight(0.8, interest={})}, rules, utilisation=0.5)
    place["assets"]["USDC"] = weight(1.0, interest={})
    bench = Bench(
        run_dict(market({"BTC": PRICE}), {"venue": place}, liquidator=WAITING), [loan(1.0, 81.0)]
    )
    bench.run()
    state, world = bench.state, bench.world
    debt, collateral = (
        bench.factory.layout.instrument("balance", "venue", asset) for asset in ("USDC", "BTC")
    )
    state.pools[collateral]["deposit_index"] *= 0.5
    state.g[0, collateral] *= 0.5
    state.balance[collateral, 0] *= 2.0
    state.clock[0]["now"] += 600.0
    offer = auctioned_offer(world, state, 0, debt, collateral)
    assert offer.gain + 1.13 == pytest.approx(1.13 * 100.0 / 100.0)
