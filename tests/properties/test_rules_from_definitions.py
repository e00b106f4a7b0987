"""Target of the hub and regret: what their definitions say, in figures worked out by hand.

As in ``test_rules_from_sources.py`` no expected number comes from a program.
"""

import pytest

from tests.worlds import (
    Bench,
    Holding,
    market,
    perpetual_venue,
    run_dict,
    sleeper,
    venue,
    weight,
)

EXACT = 1e-9
WHOLE_ACCOUNT = {"worlds": {"hub": {"scope": "hub"}}, "baseline": "hub", "twins": ["full"]}
BY_POSITION = {"worlds": {"own": {"scope": "isolated"}}, "baseline": "own", "twins": ["full"]}


def hub(buffer: float, fee: float, bonus: float, holding: Holding) -> Bench:
    """One account under the hub: 5 % of net delta and 1 % of what is hedged; BTC costs 100."""
    spec = perpetual_venue(
        "BTC", 0.05, liquidation={"perp_fee": fee, "bonus": {"kind": "fixed", "min": bonus}}
    )
    spec["assets"]["BTC"] = weight(0.9)
    rates = {"net": {"initial": 0.05, "maintenance": 0.05}}
    rates |= {"basis": {"initial": 0.01, "maintenance": 0.01}}
    sizing = {"size": "to_target", "dust": 0.0, "target": {"buffer": buffer}}
    config = run_dict(
        market({"BTC": 100.0}),
        {"venue": spec},
        hub={"provenance": {"source": "test"}, "netting": {"BTC": rates}, "liquidation": sizing},
        experiment=WHOLE_ACCOUNT,
    )
    bench = Bench(config, [holding])
    assert bench.run()["liquidations"] == 1.0
    return bench


def net_and_hedged(bench: Bench) -> tuple[float, float, float]:
    """Equity, net delta and hedged notional of account 0, USD at 100 a bitcoin."""
    spot, contracts = bench.held("balance", "BTC"), bench.held("perpetual", "BTC")
    cash = bench.held("balance", "USDC") + bench.held("quote", "USDC")
    net = abs(spot + contracts)
    hedged = 0.5 * (abs(spot) + abs(contracts) - net)
    return cash + 100.0 * (spot + contracts), 100.0 * net, 100.0 * hedged


def long_ten(equity: float) -> Holding:
    """Ten contracts bought at 100 on so much margin."""
    return {
        ("perpetual", "BTC"): 10.0,
        ("quote", "USDC"): -1000.0,
        ("balance", "USDC"): equity,
    }


@pytest.mark.parametrize(
    ("buffer", "fee", "closed"),
    [
        (0.0, 0.0, 100.0),  # health zero: 45 = 0.05 (1000 - x)
        (0.02, 0.0, 2500.0 / 7.0),  # 45 = 0.07 (1000 - x)
        (0.02, 0.01, 1250.0 / 3.0),  # 45 - 0.01 x = 0.07 (1000 - x)
    ],
)
def test_hub_closes_contracts_until_the_buffer_is_restored(
    buffer: float, fee: float, closed: float
) -> None:
    bench = hub(buffer, fee, 0.0, long_ten(45.0))
    assert 100.0 * (10.0 - bench.held("perpetual", "BTC")) == pytest.approx(closed, abs=EXACT)
    equity, net, _ = net_and_hedged(bench)
    assert equity == pytest.approx((0.05 + buffer) * net, abs=EXACT)
    assert equity - 0.05 * net == pytest.approx(buffer * net, abs=EXACT)


def half_hedged(debt: float) -> Holding:
    """Ten bitcoins bought on credit, four of them sold forward: net 600, hedged 400."""
    return {
        ("balance", "BTC"): 10.0,
        ("balance", "USDC"): -debt,
        ("perpetual", "BTC"): -4.0,
        ("quote", "USDC"): 400.0,
    }


@pytest.mark.parametrize(
    ("buffer", "bonus", "repaid"),
    [
        # 30 of equity against 0.05 x 600 + 0.01 x 400 = 34
        (0.0, 0.0, 80.0),  # 30 = 0.05 (600 - x) + 4
        (0.02, 0.0, 600.0 - 2600.0 / 7.0),  # 30 = 0.07 (600 - x) + 4
        (0.02, 0.025, 16.0 / 0.04675),  # 30 - 0.025 x = 0.07 (600 - 1.025 x) + 4
    ],
)
def test_hub_sells_no_more_than_the_buffer_needs_of_a_hedged_position(
    buffer: float, bonus: float, repaid: float
) -> None:
    # Selling it all would leave the hedge as a naked short: relief turns into a charge at 600.
    bench = hub(buffer, 0.0, bonus, half_hedged(970.0))
    assert 970.0 + bench.held("balance", "USDC") == pytest.approx(repaid, abs=EXACT)
    assert bench.held("perpetual", "BTC") == -4.0
    equity, net, hedged = net_and_hedged(bench)
    assert hedged == pytest.approx(400.0, abs=EXACT)
    assert equity == pytest.approx((0.05 + buffer) * net + 0.01 * hedged, abs=EXACT)


def two_accounts(elsewhere: float, **run: object) -> Bench:
    """An owner with a loan that is one dollar short and dollars in a second account.

    0.8 x 100 of collateral against 81 of debt. The third account is another owner's.
    """
    supply = {"kind": "supply", "venues": {"venue": 1.0}, "assets": {"USDC": 1.0}, "share": 0.5}
    config = run_dict(
        market({"BTC": 1.0}),
        {"venue": venue({"BTC": weight(0.8)}, run.pop("liquidation", None))},
        archetype={"sleeper": sleeper(positions=[supply, supply])},
        experiment=BY_POSITION,
        **run,
    )
    loan: Holding = {("balance", "BTC"): 100.0, ("balance", "USDC"): -81.0}
    bench = Bench(config, [loan, {("balance", "USDC"): elsewhere}, {("balance", "USDC"): 1000.0}])
    assert list(bench.world.accounts["owner"][:3]) == [0, 0, 1]
    bench.result = bench.run()[0]
    # What restores 0.8 (100 - x) = 81 - x
    assert bench.result["liquidated_notional"] == pytest.approx(5.0, abs=EXACT)
    return bench


@pytest.mark.parametrize(
    ("elsewhere", "regret", "solvent"),
    [
        (2.0, 5.0, 5.0),  # -1 + 2: together above maintenance
        (1.01, 5.0, 5.0),
        (0.99, 0.0, 5.0),  # -1 + 0.99: short together as well, though equity is 19.99
        (0.0, 0.0, 5.0),
        (-18.0, 0.0, 5.0),  # 100 - 81 - 18: equity is 1
        (-20.0, 0.0, 0.0),  # and here it is negative
    ],
)
def test_regret_asks_whether_the_owner_met_maintenance_altogether(
    elsewhere: float, regret: float, solvent: float
) -> None:
    result = two_accounts(elsewhere).result
    assert result["regret_notional"] == pytest.approx(regret, abs=EXACT)
    assert result["solvent_notional"] == pytest.approx(solvent, abs=EXACT)
    assert result["regret_accounts"] == (regret > 0.0)
    assert result["liquidated_accounts"] == 1.0


def test_regret_is_judged_call_by_call() -> None:
    # Three calls of 2, 2 and 1. Health here -1, -0.6, -0.2; with 0.5 elsewhere only the last of
    # them falls on an owner who was solvent.
    parts = {"size": "to_target", "max_notional": 2.0}
    result = two_accounts(0.5, block_seconds=10.0, liquidation=parts).result
    assert result["liquidations"] == 3.0
    assert result["regret_notional"] == pytest.approx(1.0, abs=EXACT)
