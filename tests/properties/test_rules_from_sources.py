"""Rules of liquidation and loss against figures worked out by hand from what venues publish.

Nothing here is computed by the simulator or by the reference: each expected number stands beside
the sum that gives it. Prices stand still, so every figure is one division away from the rule.
"""

import math

import pytest

from tests.worlds import Bench, Config, Holding, market, run_dict, taker, venue, weight

EXACT = 1e-12
BORROW_FACTOR = 1.25
KAMINO = {"kind": "ltv", "min": 0.02, "max": 0.10, "bad_debt": 0.01}


def still(prices: dict[str, float], spec: Config, holdings: list[Holding], **run: object) -> Bench:
    """One block of one venue at fixed prices, played."""
    bench = Bench(run_dict(market(prices), {"venue": spec}, **run), holdings)
    bench.result = bench.run()[0]
    return bench


def kamino(debt: dict[str, float], bonus: Config, collateral: dict[str, float]) -> float:
    """Collateral seized per dollar repaid, less one, of a call for one dollar.

    BTC counts to 0.75 at liquidation, USDC to 0.90; ETH has a borrow factor of 1.25. All cost a
    dollar, and others have lent what is owed.
    """
    rules = {"size": "close_factor", "close_factor": 1.0, "max_notional": 1.0, "bonus": bonus}
    spec = venue({"BTC": weight(0.75), "ETH": weight(0.5, BORROW_FACTOR)}, rules)
    spec["assets"]["USDC"] = weight(0.90)
    (owed, amount), (held, _) = next(iter(debt.items())), next(iter(collateral.items()))
    account = {("balance", n): q for n, q in collateral.items()} | {("balance", owed): -amount}
    bench = still({"BTC": 1.0, "ETH": 1.0}, spec, [account, {("balance", owed): 1000.0}])
    assert bench.result["liquidations"] == 1.0
    repaid = amount + bench.held("balance", owed)
    assert repaid == pytest.approx(1.0, abs=EXACT)
    return (collateral[held] - bench.held("balance", held)) / repaid - 1.0


# Loan to value over 100 of BTC, whose unhealthy LTV is 0.75, and min(max(min, excess), max, rest).
@pytest.mark.parametrize(
    ("debt", "expected"),
    [
        (75.0, 0.02),  # at the edge the excess is 0: the minimum
        (76.0, 0.02),  # excess 0.01, below the minimum
        (77.0, 0.02),  # excess 0.02, the minimum itself
        (80.0, 0.05),  # excess 0.05
        (85.0, 0.10),  # excess 0.10, the maximum itself
        (88.0, 0.10),  # excess 0.13, above the maximum
        (90.0, 0.10),  # excess 0.15; the rest, 1 - 0.90, is the maximum too
        (93.0, 0.07),  # the rest, 1 - 0.93, binds
        (98.5, 0.015),  # the rest, 1 - 0.985, binds below the minimum
        (99.0, 0.01),  # bad debt from here: max(0.01, 1 - 0.99)
        (99.5, 0.01),  # max(0.01, 0.005)
        (100.0, 0.01),  # nothing is left over, and it is paid all the same
        (130.0, 0.01),
    ],
)
def test_kamino_bonus_without_borrow_factor(debt: float, expected: float) -> None:
    found = kamino({"USDC": debt}, KAMINO, {"BTC": 100.0})
    assert found == pytest.approx(expected, abs=EXACT)


# The excess is weighted by the borrow factor, the rest and the bad-debt branch are not.
@pytest.mark.parametrize(
    ("debt", "expected"),
    [
        (60.0, 0.02),  # LTV 0.75
        (62.0, 0.025),  # LTV 0.775, excess 0.025
        (76.0, 0.20),  # LTV 0.95, excess 0.20; rest 0.24
        (79.2, 0.208),  # LTV 0.99 is no bad debt: plainly 0.792; excess 0.24, rest 0.208
        (82.0, 0.18),  # LTV 1.025, excess 0.275; rest 0.18
        (98.0, 0.02),  # LTV 1.225; rest 0.02
        (99.0, 0.01),  # plainly 0.99: bad debt
    ],
)
def test_kamino_bonus_with_borrow_factor(debt: float, expected: float) -> None:
    found = kamino({"ETH": debt}, KAMINO | {"max": 0.25}, {"BTC": 100.0})
    assert found == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize(
    ("rate", "debt", "expected"),
    [
        (0.002, 98.5, 0.015),  # not yet
        (0.002, 99.0, 0.01),  # max(0.002, 1 - 0.99)
        (0.002, 99.5, 0.005),  # max(0.002, 1 - 0.995)
        (0.002, 99.9, 0.002),  # max(0.002, 1 - 0.999)
        (0.002, 120.0, 0.002),  # beyond 1 only the rate itself
        (0.03, 98.9, 0.011),  # just before: the rest
        (0.03, 99.0, 0.03),  # from there more than the collateral can bear
    ],
)
def test_kamino_bonus_on_bad_debt(rate: float, debt: float, expected: float) -> None:
    found = kamino({"USDC": debt}, KAMINO | {"bad_debt": rate}, {"BTC": 100.0})
    assert found == pytest.approx(expected, abs=EXACT)


def test_kamino_unhealthy_ltv_is_weighted_by_deposits() -> None:
    # (60 x 0.75 + 40 x 0.90) / 100 = 0.81; LTV 67.2 x 1.25 / 100 = 0.84; excess 0.03.
    found = kamino({"ETH": 67.2}, KAMINO, {"BTC": 60.0, "USDC": 40.0})
    assert found == pytest.approx(0.03, abs=EXACT)


# 50 are repaid. With linear impact, selling S dollars fetches S exp(-0.005 S / depth).
FLASH = {
    # 52.5 seized, 50 to repay: depth 0.005 x 52.5 / ln(52.5 / 50)
    "bonus": ({"bonus": {"kind": "fixed", "min": 0.05}}, 5.380269, 52.5, 50.0),
    # 53 seized, 50.5 to pay: depth 0.005 x 53 / ln(53 / 50.5)
    "insurance": (
        {"bonus": {"kind": "fixed", "min": 0.05}, "insurance_fee": 0.01}, 5.484272, 53.0, 50.5,
    ),
    # two fifths of the bonus go to the protocol, 51 to pay: depth 0.005 x 52.5 / ln(52.5 / 51)
    "protocol": (
        {"bonus": {"kind": "fixed", "min": 0.05, "protocol_share": 0.4}}, 9.055609, 52.5, 51.0,
    ),
}  # fmt: skip


def flash_call(rules: Config, depth: float, kind: str = "flash") -> Bench:
    """A call for 50 of a loan of 60, on a market so thin that selling may not pay for it."""
    size = {"size": "close_factor", "close_factor": 1.0, "max_notional": 50.0, "taker": kind}
    return still(
        {"BTC": 1.0},
        venue({"BTC": weight(0.5)}, size | rules),
        [{("balance", "BTC"): 100.0, ("balance", "USDC"): -60.0}, {("balance", "USDC"): 500.0}],
        liquidity={
            "provenance": {"source": "test"},
            "spot": {"BTC": {"depth": depth}},
            "depth_factor": {"calm": 1.0},
            "impact": {"permanent": 1.0},
        },
        liquidator={"taker": taker(capital=0.0 if kind == "flash" else 1e4)},
    )


@pytest.mark.parametrize("case", FLASH)
def test_a_flash_loan_that_cannot_be_repaid_reverts(case: str) -> None:
    rules, edge, _, _ = FLASH[case]
    bench = flash_call(rules, 0.999 * edge)
    for now, then in ((bench.state.balance, bench.opening.balance),
                      (bench.state.outside, bench.opening.outside)):  # fmt: skip
        assert now.tobytes() == then.tobytes()
    assert bench.state.gross.max() == 0.0
    assert bench.state.markets["mark"][0] == pytest.approx(1.0, abs=1e-9)
    for nothing in ("liquidations", "penalties", "liquidator_profit", "bad_debt"):
        assert bench.result[nothing] == 0.0
    assert bench.result["unfilled_notional"] == pytest.approx(50.0, abs=EXACT)


@pytest.mark.parametrize("case", FLASH)
def test_a_flash_loan_that_can_be_repaid_goes_through(case: str) -> None:
    rules, edge, seized, owed = FLASH[case]
    bench = flash_call(rules, 1.001 * edge)
    assert bench.held("balance", "USDC") == pytest.approx(-10.0, abs=EXACT)
    assert bench.held("balance", "BTC") == pytest.approx(100.0 - seized, abs=EXACT)
    left = seized * math.exp(-0.005 * seized / (1.001 * edge)) - owed
    assert 0.0 < left < 0.01
    assert bench.result["liquidator_profit"] == pytest.approx(left, abs=1e-9)


def test_who_pays_from_capital_need_not_sell_at_once() -> None:
    rules, edge, seized, _ = FLASH["bonus"]
    bench = flash_call(rules, 0.9 * edge, "initial_margin")
    assert bench.held("balance", "BTC") == pytest.approx(100.0 - seized, abs=EXACT)
