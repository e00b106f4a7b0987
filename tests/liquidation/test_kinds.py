"""Sizes, prices and takers of liquidation in the kernel: one small world per kind.

Prices stand still and markets are infinitely deep, so that every figure follows from the rule.
"""

import pytest

from tests.worlds import Bench, market, perpetual_venue, ratio, run_dict, taker, venue, weight

PRICE = 100.0
ECONOMIC = {"_target_": "agents.liquidator.take_what_pays"}


def still(liquidation, holdings, twin="full", **changes):
    """Run a world of one venue with one BTC loan market; the only price is 100."""
    place = venue({"BTC": weight(0.8, interest={})}, liquidation, utilisation=0.5)
    place["assets"]["USDC"] = weight(1.0, interest={})
    return run(place, holdings, twin, **changes)


def run(place, holdings, twin="full", prices=("BTC",), **changes):
    """Run a world of one venue; its accounts are placed exactly."""
    config = run_dict(market(dict.fromkeys(prices, PRICE)), {"venue": place}, **changes)
    bench = Bench(config, [holdings], twin)
    bench.result = bench.run()[0]
    assert abs(bench.result["imbalance"]) < 1e-9
    return bench


def loan(deposit, debt):
    """So many BTC deposited, so many USDC borrowed."""
    return {("balance", "BTC"): deposit, ("balance", "USDC"): -debt}


def contracts(cash, quantity, asset="BTC"):
    """Contracts entered at the present price, and cash."""
    return {
        ("balance", "USDC"): cash,
        ("perpetual", asset): quantity,
        ("quote", "USDC"): -quantity * PRICE,
    }


def fund(bench):
    """Settlement tokens in the venue's insurance fund."""
    return bench.state.outside[3, bench.factory.layout.cash]


def test_fees_of_what_is_seized():
    rules = {"size": "full", "bonus": {"min": 0.025, "of": "seized"}, "insurance_fee": 0.025}
    bench = still(rules, loan(1.0, 90.0))
    seized = 90.0 / 0.95
    assert bench.held("balance", "USDC") == pytest.approx(0.0, abs=1e-9)
    assert bench.held("balance", "BTC") == pytest.approx(1.0 - seized / PRICE, abs=1e-12)
    assert fund(bench) == pytest.approx(0.025 * seized, abs=1e-9)


AAVE = {
    "size": "close_factor",
    "close_factor": 0.5,
    "close_of": "account",
    "full_health": 0.95,
    "full_below": 2000.0,
    "min_left": 1000.0,
    "strict": True,
    "bonus": {"min": 0.05},
}


@pytest.mark.parametrize(
    ("deposit", "debt", "repaid"),
    [
        (100.0, 8200.0, 4100.0),  # health 0.976: half
        (100.0, 8500.0, 8500.0),  # 0.941: all
        (15.0, 1230.0, 1230.0),  # half would do, but the debt is small
        (23.0, 2190.0, 2190.0),  # 0.840
        (100.0, 8000.0, 0.0),  # exactly healthy
    ],
)
def test_close_factor_and_when_it_is_waived(deposit, debt, repaid):
    bench = still(AAVE, loan(deposit, debt))
    assert bench.held("balance", "USDC") == pytest.approx(repaid - debt, abs=1e-8)
    assert bench.held("balance", "BTC") == pytest.approx(deposit - repaid * 1.05 / PRICE, abs=1e-9)


def test_nothing_small_is_left():
    """Half of 2600 would leave 1300 of debt but 825 of collateral: the call leaves 1000."""
    rules = AAVE | {"full_health": 0.5}
    bench = still(rules, loan(26.0, 2600.0))
    kept = bench.held("balance", "BTC") * PRICE
    assert kept == pytest.approx(2600.0 - 1300.0 * 1.05, abs=1e-6)
    bench = still(rules | {"min_left": 1300.0}, loan(26.0, 2600.0))
    assert bench.held("balance", "BTC") * PRICE == pytest.approx(1300.0, abs=1e-6)


def test_discount_is_the_missing_health():
    rules = {"size": "full", "bonus": {"kind": "health", "min": 0.0, "max_discount": 0.2}}
    bench = still(rules, loan(1.0, 81.0))
    assert bench.held("balance", "USDC") == pytest.approx(0.0, abs=1e-9)
    assert bench.held("balance", "BTC") == pytest.approx(1.0 - 0.81 * 81.0 / 80.0, abs=1e-12)


def test_taker_profit_is_capped():
    rules = {"size": "full", "bonus": {"min": 0.10}, "taker_profit": 0.05}
    bench = still(rules, loan(1.0, 81.0))
    assert bench.held("balance", "BTC") == pytest.approx(1.0 - 0.81 * 1.05, abs=1e-12)


DUTCH = {
    "size": "full",
    "bonus": {"kind": "dutch", "min": 0.0},
    "auction": {"curve": "linear", "start": 1.2, "length": 3600.0, "penalty": 1.13},
}


def test_auction_sells_at_its_first_price_to_whoever_takes_anything():
    """At 120 for what is worth 100, paid from capital: no flash loan could be repaid."""
    bench = still(DUTCH | {"taker": "none"}, loan(1.0, 81.0))
    assert bench.held("balance", "USDC") == pytest.approx(0.0, abs=1e-9)
    assert bench.held("balance", "BTC") == pytest.approx(1.0 - 81.0 * 1.13 / 120.0, abs=1e-9)


def test_auction_waits_until_somebody_gains():
    """At 660 s the price is 98; the lot is sold for the debt and the penalty."""
    man = taker(rule=ECONOMIC, cost=0.5, min_profit=0.0)
    bench = still(DUTCH, loan(1.0, 81.0), steps=11, liquidator={"taker": man})
    assert bench.held("balance", "BTC") == 1.0
    bench = still(DUTCH, loan(1.0, 81.0), steps=12, liquidator={"taker": man})
    assert bench.held("balance", "BTC") == pytest.approx(1.0 - 81.0 * 1.13 / 98.0, abs=1e-9)


def test_auctions_wait_for_room():
    """All auctions together may raise 50, penalty included; the keeper gets the tip."""
    rules = DUTCH | {"taker": "none", "auction": DUTCH["auction"] | {"hole": 50.0}}
    bench = still(rules, loan(1.0, 81.0))
    assert bench.held("balance", "USDC") == pytest.approx(50.0 / 1.13 - 81.0, abs=1e-9)


def perpetual(margin_ratio, liquidation, **extra):
    return perpetual_venue("BTC", margin_ratio, liquidation=liquidation, **extra)


@pytest.mark.parametrize(
    ("equity", "left"),
    [
        (2400.0, 1600.0),  # a fifth of a large position
        (1500.0, 0.0),  # under two thirds of maintenance the vault takes all
        (2600.0, 2000.0),
    ],
)
def test_partial_order_then_vault(equity, left):
    rules = {
        "size": "close_factor",
        "close_factor": 0.2,
        "full_below": 100_000.0,
        "cooldown": 30.0,
        "perp_price": "book",
        "backstop": 0.6667,
        "taker": "none",
    }
    bench = run(perpetual(0.0125, rules), contracts(equity, 2000.0))
    assert bench.held("perpetual", "BTC") == pytest.approx(left, abs=1e-9)
    if left == 0.0:
        assert bench.held("balance", "USDC") == 0.0
        assert bench.result["penalties"] == pytest.approx(equity)


def test_calls_in_the_cooldown_close_everything():
    rules = {"size": "close_factor", "close_factor": 0.2, "cooldown": 90.0, "perp_price": "book"}
    place = perpetual(0.0125, rules)
    first = run(place, contracts(1000.0, 2000.0))
    assert first.held("perpetual", "BTC") == pytest.approx(1600.0)
    second = run(place, contracts(1000.0, 2000.0), steps=2)
    assert second.held("perpetual", "BTC") == 0.0


def test_book_sale_and_the_insurance_fund():
    """Bankruptcy brings 960; the order brings 1000; of the 40 above, 1.5 % of 1000 go to it."""
    rules = {"size": "full", "perp_price": "book", "perp_insurance_fee": 0.015, "strict": True}
    bench = run(perpetual(0.05, rules), contracts(40.0, 10.0))
    assert bench.held("perpetual", "BTC") == 0.0
    assert bench.held("balance", "USDC") == pytest.approx(25.0, abs=1e-9)
    assert fund(bench) == pytest.approx(15.0, abs=1e-9)


def test_book_sale_stops_at_its_limit():
    """With equity 25 of 50 the limit lies 0.5 x 0.1 x 5 % under 100: 0.25 %."""
    rules = {
        "size": "full",
        "perp_price": "book",
        "book": {"bankruptcy_adjustment": 1.0, "spread_to_margin": 0.1},
    }
    place = perpetual(0.05, rules)
    place["perpetuals"]["BTC"]["depth"] = 1000.0
    bench = run(place, contracts(25.0, 10.0))
    left = bench.held("perpetual", "BTC")
    assert 0.0 < left < 10.0
    received = bench.held("quote", "USDC") + 10.0 * PRICE
    assert received / (10.0 - left) == pytest.approx(PRICE * (1.0 - 0.0025), rel=1e-6)


def test_portfolio_auction_restores_the_buffer():
    sale = {"curve": "two_speed", "start": 0.95, "cutoff": 0.7, "length": 900.0}
    sale |= {"buffer": 0.15, "fee": 0.1}
    rules = {"selection": "whole_portfolio", "size": "restore_buffer", "auction": sale}
    bench = run(perpetual(0.065, rules | {"taker": "cash"}), contracts(50.0, 10.0))
    first = 24.75 / (24.75 + 50.0)  # buffer margin -15 - 0.15 x 65
    value = 50.0 - 0.1 * first * 50.0
    short = 65.0 - value + 0.15 * 65.0
    share = short / (short + 0.95 * value)
    assert bench.held("perpetual", "BTC") == pytest.approx(10.0 * (1.0 - share), rel=1e-9)
    equity = bench.held("balance", "USDC") + bench.held("quote", "USDC")
    equity += bench.held("perpetual", "BTC") * PRICE
    assert equity == pytest.approx(value * (1.0 - share) + 0.95 * share * value, rel=1e-9)
    assert fund(bench) == pytest.approx(50.0 - value, rel=1e-9)


WHOLE = {
    "selection": "whole_portfolio",
    "size": "restore_buffer",
    "auction": {
        "curve": "two_speed",
        "start": 0.95,
        "cutoff": 0.7,
        "length": 900.0,
        "buffer": 0.15,
        "insolvent": 600.0,
        "fee": 0.0,
    },
}


@pytest.mark.parametrize("capital", [600.0, 1e12])
def test_whoever_takes_a_portfolio_pays_its_loan_off(capital):
    """Deposits leave only as its loan is repaid: nothing is short while he has the money."""
    buyer = {"taker": taker(capital=capital, unwind=1.0)}
    bench = still(WHOLE, loan(10.0, 900.0), steps=30, liquidator=buyer)
    row = int(bench.world.liquidators["row"][0])
    before = float(bench.opening.balance[:, row].sum())
    assert bench.result["liquidations"] > 0.0
    assert bench.held("balance", "USDC", row) - before == pytest.approx(0.0, abs=1e-9)
    assert bench.held("balance", "BTC", row) == pytest.approx(0.0, abs=1e-9)
    assert bench.result["horizon_shortfall"] == bench.result["bad_debt"] == 0.0


@pytest.mark.parametrize("scope", ["venue", "hub"])
@pytest.mark.parametrize("insurance", [0.0, 30.0, 1e4])
def test_an_insolvent_portfolio_is_paid_for_down_the_waterfall(scope, insurance):
    """It is 100 short: the fund of the venue that lent pays, then its depositors."""
    place = venue({"BTC": weight(0.8, interest={})}, WHOLE, utilisation=0.2, insurance=insurance)
    place["assets"]["USDC"] = weight(1.0, interest={})
    net = {
        "net": {"initial": 0.1, "maintenance": 0.05},
        "basis": {"initial": 0.0, "maintenance": 0},
    }
    hub = {"provenance": {"source": "test"}, "netting": {"BTC": net}, "liquidation": WHOLE}
    worlds = {"worlds": {"w": {"scope": scope}}, "baseline": "w", "twins": ["full"]}
    bench = run(place, loan(10.0, 1100.0), hub=hub, experiment=worlds)
    result = bench.result
    assert result["liquidated_notional"] == pytest.approx(2100.0, rel=1e-9)
    assert result["bad_debt"] == pytest.approx(100.0, rel=1e-9)
    assert result["insurance_used"] == pytest.approx(min(insurance, 100.0), rel=1e-9)
    assert result["socialised_loss"] + result["deficit_left"] == pytest.approx(
        100.0 - min(insurance, 100.0), abs=1e-9
    )
    assert bench.held("balance", "USDC") == bench.held("balance", "BTC") == 0.0
    assert result["horizon_shortfall"] == 0.0


DRIFT = {
    "size": "to_target",
    "target": {"buffer": 0.02},
    "perp_fee": 0.01,
    "perp_insurance_fee": 0.01,
    "insurance_share": 0.95,
}


@pytest.mark.parametrize(
    ("throttle", "closed"),
    [
        (None, 18.0),  # 90 short / (100 x (0.07 - 0.01 - 0.01))
        ({"initial": 0.1, "duration": 60.0}, 1.8),
        ({"initial": 0.105, "duration": 60.0, "resolution": 0.01}, 1.8),
        ({"initial": 0.1, "duration": 60.0, "small": 100.0}, 18.0),
    ],
)
def test_throttle_lets_only_part_through(throttle, closed):
    place = perpetual(0.05, DRIFT | {"throttle": throttle})
    bench = run(place, contracts(50.0, 20.0))
    assert 20.0 - bench.held("perpetual", "BTC") == pytest.approx(closed, abs=1e-9)


def test_insurance_fee_is_what_the_margin_leaves():
    """0.95 x (0.051 - 0.01 - 3.6 / 100) of the notional, as in Drift's own test."""
    rules = DRIFT | {"target": {"buffer": 0.001}}
    place = perpetual(0.05, rules)
    place["perpetuals"]["BTC"]["step"] = 1.0
    bench = run(place, contracts(1.5, 1.0))
    assert bench.held("perpetual", "BTC") == 0.0
    assert fund(bench) == pytest.approx(0.475, abs=1e-9)


def test_liquidator_fee_grows_while_nobody_comes():
    rules = {"size": "full", "perp_fee": 0.01}
    rules["growth"] = {"per_second": 0.0001, "grace": 60.0, "max": 0.03}
    late = taker(latency=120.0)
    bench = run(perpetual(0.05, rules), contracts(40.0, 10.0), steps=3, liquidator={"taker": late})
    assert bench.result["penalties"] == pytest.approx(1000.0 * (0.01 + 120.0 * 0.0001), rel=1e-9)


def test_window_caps_what_may_go():
    window = {"length": 100.0, "maker_fee": 0.01, "taker_fee": 0.02, "skew_scale": 1.0}
    rules = {"size": "full", "window": window, "taker": "none"}
    place = perpetual(0.05, rules)
    for steps, left in ((1, 7.0), (2, 7.0), (3, 4.0)):
        bench = run(place, contracts(1.0, 10.0), steps=steps)
        assert bench.held("perpetual", "BTC") == pytest.approx(left, abs=1e-9)


@pytest.mark.parametrize(
    ("rule", "closed"),
    [("keep_hedges", "ETH"), ("best_for_liquidator", "BTC"), ("relief_per_impact", "ETH")],
)
def test_which_leg_goes_first(rule, closed):
    """Ten BTC hedged by a short, and a smaller ETH long; selling BTC costs impact."""
    rules = {"selection": rule, "size": "full", "max_notional": 1e9, "perp_fee": 0.01}
    perpetuals = {name: ratio(0.6) for name in ("BTC", "ETH")}
    perpetuals["BTC"]["depth"] = 1e6
    place = venue(
        {"BTC": weight(0.8)},
        rules,
        perpetuals=perpetuals,
        funding={"offset": 0.0, "cap": 0.0},
        maker={"capital": 1e12},
    )
    holdings = {
        ("balance", "BTC"): 10.0,
        ("perpetual", "BTC"): -10.0,
        ("perpetual", "ETH"): 5.0,
        ("quote", "USDC"): 500.0,
    }
    bench = run(place, holdings, prices=("BTC", "ETH"), block_seconds=60.0)
    other = "ETH" if closed == "BTC" else "BTC"
    assert bench.held("perpetual", closed) == 0.0
    assert bench.held("perpetual", other) != 0.0


def test_cash_only_taker_cannot_take_more_than_his_cash():
    rules = {"size": "full", "perp_fee": 0.01, "taker": "cash"}
    poor = taker(capital=600.0)
    bench = run(perpetual(0.05, rules), contracts(40.0, 10.0), liquidator={"taker": poor})
    assert bench.held("perpetual", "BTC") == pytest.approx(10.0 - 300.0 / PRICE, rel=1e-6)


def test_a_close_factor_of_the_account_counts_all_its_contracts():
    """Half of 100,000 + 300,000, of which the larger leg gives all."""
    rules = {"size": "close_factor", "close_factor": 0.5, "perp_price": "book"}
    left = []
    for whose in ("leg", "account"):
        place = perpetual(0.0125, rules | {"close_of": whose})
        place["perpetuals"]["ETH"] = ratio(0.0125)
        held = contracts(2500.0, 1000.0) | {("perpetual", "ETH"): 3000.0}
        held["quote", "USDC"] -= 3000.0 * PRICE
        bench = run(place, held, prices=("BTC", "ETH"))
        assert bench.held("perpetual", "BTC") == 1000.0
        left.append(bench.held("perpetual", "ETH"))
    assert left == pytest.approx([1500.0, 1000.0])


@pytest.mark.parametrize("distrust", ["block", "pause"])
def test_a_feed_that_is_fresh_again_wakes_who_waits_for_it(distrust):
    """Too old from 40 s on, published again at 90 s: inside the step, though no price moves."""
    feed = {"deviation": 0.5, "heartbeat": 90.0, "max_age": 40.0, "distrust": distrust}
    place = perpetual(0.05, {"size": "full", "perp_price": "book"}, oracle=feed)
    timing = {"block_seconds": 2.0, "step_seconds": 60.0}
    still = run(place, contracts(40.0, 10.0), **timing, steps=1)
    assert still.state.clock[0]["now"] == 92.0  # sold at 90, and nothing follows
    assert still.held("perpetual", "BTC") == 0.0


def test_a_price_that_stands_still_does_not_age():
    """Markets quote all the time: a late feed's price is as old as its delay, whatever the step."""
    feed = {"delay": 10.0, "max_age": 12.0, "distrust": "block"}
    place = perpetual(0.05, {"size": "full", "perp_price": "book"}, oracle=feed)
    bench = run(place, contracts(40.0, 10.0), block_seconds=2.0, step_seconds=300.0)
    assert bench.held("perpetual", "BTC") == 0.0
    assert bench.state.feeds["distrusted"].sum() == 0
