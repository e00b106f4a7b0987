"""What single calls come to where something is missing, used up or left by rounding."""

import numpy as np
import pytest

from sim.ledger import touch
from sim.liquidation.caps import left_in_window
from sim.liquidation.pair import health_bonus
from sim.liquidation.takeover import vault_takes
from sim.liquidation.taker import slippage_of_all
from sim.liquidation.terms import portfolio_offer
from sim.state.rows import VENUE_ROW
from tests.liquidation.test_kinds import ECONOMIC, WHOLE, contracts, loan, perpetual, run
from tests.worlds import market, run_dict, taker, venue, weight

WAITING = {"taker": taker(latency=1e6)}


def test_no_discount_where_no_health_is_missing():
    assert health_bonus(1.25, 0.2) == 0.0
    assert health_bonus(0.9, 0.2) == pytest.approx(1.0 / 0.9 - 1.0)


def test_the_cost_of_a_portfolio_counts_tokens_and_not_shares():
    """The same deposit and loan, in half as many shares of twice the index."""
    rules = WHOLE | {"bonus": {"kind": "fixed", "min": 0.0}}
    place = venue({"BTC": weight(0.8, interest={})}, rules, utilisation=0.5)
    depth = {"BTC": {"depth": 1000.0, "lambda_ratio": 0.0}}
    bench = run(
        place,
        loan(10.0, 900.0),
        liquidator=WAITING,
        liquidity=run_dict(market({}), {})["liquidity"] | {"spot": depth},
    )
    before = slippage_of_all(
        bench.world, bench.state, 0, portfolio_offer(bench.world, bench.state, 0)
    )
    for k in range(len(bench.state.pools)):
        for name in ("deposit_index", "borrow_index"):
            bench.state.pools[k][name] *= 2.0
        bench.state.balance[k] /= 2.0
        bench.state.g[:2, k] *= 2.0
    after = slippage_of_all(
        bench.world, bench.state, 0, portfolio_offer(bench.world, bench.state, 0)
    )
    assert after == pytest.approx(before, rel=1e-12)
    assert before > 0.0


def test_the_vault_takes_what_bidders_paid_in():
    bench = run(perpetual(0.05, {"backstop": 0.6}), contracts(2000.0, 10.0))
    bench.state.rows[0]["reserved"] = 30.0
    k = bench.factory.layout.instrument("balance", "venue", "USDC")
    bench.state.balance[k, 0] -= 1990.0
    touch(bench.state, 0, k)
    assert vault_takes(bench.world, bench.state, 0) > 0.0
    assert bench.held("balance", "USDC") == 0.0


def test_a_call_that_nothing_may_take_does_not_count_as_refused():
    """The window is used up by the first call, and nothing is on offer after it."""
    window = {"length": 100.0, "maker_fee": 0.01, "taker_fee": 0.02, "skew_scale": 1.0}
    place = perpetual(0.05, {"size": "full", "window": window, "taker": "none"})
    once = {"taker": taker(capacity=300.0, rule=ECONOMIC, min_profit=0.0, cost=0.0)}
    bench = run(place, contracts(1.0, 10.0), liquidator=once, steps=2)
    assert bench.held("perpetual", "BTC") == pytest.approx(7.0)
    assert bench.state.rows[0]["refused"] == 0


def test_what_rounding_leaves_of_a_window_is_no_room():
    row = np.zeros(1, dtype=VENUE_ROW)
    row["window"], row["window_rate"] = 30.0, 0.1
    assert left_in_window(row[0], 3.0 * (1.0 - 1e-15), 1.0) == (0.0, 1.0)
    assert left_in_window(row[0], 2.5, 1.0) == (0.5, 0.5)
    assert left_in_window(np.zeros(1, dtype=VENUE_ROW)[0], 0.0, 4.0) == (4.0, 0.0)


def test_without_a_deposit_there_is_no_health_to_keep_to_a_part():
    rules = {"size": "close_factor", "close_factor": 0.2, "full_health": 0.9, "perp_price": "book"}
    bench = run(perpetual(0.05, rules), contracts(-20.0, 10.0))
    assert bench.held("perpetual", "BTC") == 0.0
