"""Liquidation against closed forms: published targets D08 and D09, by driving prices in the kernel.

D09's automated market maker is not modelled yet.
"""

from collections.abc import Callable

import pytest

from tests.evidence import check_target, target
from tests.worlds import (
    Bench,
    Holding,
    fall_to,
    market,
    perpetual_venue,
    ratio,
    run_dict,
    venue,
    weight,
)

STEP = 60.0


def first_true(happens: Callable[[float], bool], safe: float, gone: float) -> float:
    """Boundary between a value at which something does not happen and one at which it does."""
    assert happens(gone)
    assert not happens(safe)
    for _ in range(60):
        middle = 0.5 * (safe + gone)
        if middle in (safe, gone):
            break
        if happens(middle):
            gone = middle
        else:
            safe = middle
    return 0.5 * (safe + gone)


def long_or_short(sign: float, end: float, mmr: float, leverage: float) -> Bench:
    """One contract opened at 100 with margin 100 / leverage; the price goes to ``end``."""
    drift = {"BTC": fall_to(100.0, end, STEP)}
    config = run_dict(market({"BTC": 100.0}, drift=drift), {"venue": perpetual_venue("BTC", mmr)})
    holding: Holding = {
        ("perpetual", "BTC"): sign,
        ("quote", "USDC"): -sign * 100.0,
        ("balance", "USDC"): 100.0 / leverage,
    }
    return Bench(config, [holding])


@pytest.mark.parametrize(
    ("key", "sign", "far"), [("linear_long", 1.0, 80.0), ("linear_short", -1.0, 120.0)]
)
def test_d08_linear_liquidation_price(key: str, sign: float, far: float) -> None:
    entry = target("D08")
    p = entry["params"]
    assert p["P0"] == 100

    def liquidated(end: float) -> bool:
        return bool(long_or_short(sign, end, p["mmr"], p["L"]).run()["liquidations"] > 0)

    check_target(entry, key, first_true(liquidated, p["P0"], far))


def inverse_at(sign: float, end: float, mmr: float, leverage: float) -> Bench:
    """100 one-dollar contracts opened at 100 with margin 1 / leverage coins; prices as above."""
    drift = {"BTC": fall_to(100.0, end, STEP)}
    spec = venue(
        {"BTC": weight(1.0)},
        perpetuals={"BTC": ratio(mmr, contract="inverse")},
        funding={"offset": 0.0, "cap": 0.0},
        maker={"capital": 1e12},
    )
    holding: Holding = {
        ("perpetual", "BTC"): sign * 100.0,
        ("quote", "BTC"): sign * 1.0,
        ("balance", "BTC"): 1.0 / leverage,
    }
    return Bench(run_dict(market({"BTC": 100.0}, drift=drift), {"venue": spec}), [holding])


@pytest.mark.parametrize(
    ("key", "sign", "far"), [("inverse_long", 1.0, 80.0), ("inverse_short", -1.0, 120.0)]
)
def test_d08_inverse_liquidation_price(key: str, sign: float, far: float) -> None:
    entry = target("D08")
    p = entry["params"]

    def liquidated(end: float) -> bool:
        return bool(inverse_at(sign, end, p["mmr"], p["L"]).run()["liquidations"] > 0)

    check_target(entry, key, first_true(liquidated, p["P0"], far))


def cross_account(fall: float) -> Bench:
    """Dollars, haircut ether and a bitcoin perpetual in one account; ether falls beta times it."""
    p = target("D08")["params"]["cross"]
    ends = {
        "BTC": fall_to(p["btc_px"], p["btc_px"] * (1.0 - fall), STEP),
        "ETH": fall_to(p["eth_px"], p["eth_px"] * (1.0 - p["beta_eth"] * fall), STEP),
    }
    spec = venue(
        {"ETH": weight(1.0 - p["haircut"])},
        perpetuals={"BTC": ratio(p["mmr"])},
        funding={"offset": 0.0, "cap": 0.0},
        maker={"capital": 1e12},
    )
    prices = market({"BTC": p["btc_px"], "ETH": p["eth_px"]}, drift=ends)
    holding: Holding = {
        ("balance", "USDC"): p["usdc"],
        ("balance", "ETH"): p["eth"],
        ("perpetual", "BTC"): p["btc_perp_long"],
        ("quote", "USDC"): -p["btc_perp_long"] * p["btc_px"],
    }
    return Bench(run_dict(prices, {"venue": spec}), [holding])


def test_d08_cross_margin_with_haircut_and_beta() -> None:
    entry = target("D08")

    def liquidated(fall: float) -> bool:
        return bool(cross_account(fall).run()["liquidations"] > 0)

    fall = first_true(liquidated, 0.0, 0.6)
    check_target(entry, "cross_fall", fall)
    bench = cross_account(fall)
    bench.run()
    check_target(entry, "cross_BTC_liq", bench.price("BTC"))


def borrower(collateral: float, debt: float, threshold: float, **rules: object) -> Bench:
    """Collateral at a dollar apiece, a loan in dollars, and who lends them; up to 120 calls."""
    liquidation = {"selection": "riskiest", **rules}
    spec = venue({"BTC": weight(threshold)}, liquidation)
    config = run_dict(market({"BTC": 1.0}), {"venue": spec}, block_seconds=STEP / 120.0)
    loan: Holding = {("balance", "BTC"): collateral, ("balance", "USDC"): -debt}
    return Bench(config, [loan, {("balance", "USDC"): 10.0 * debt}])


def test_d08_partial_repay_restores_the_target() -> None:
    entry = target("D08")
    p = entry["params"]["partial"]
    bench = borrower(
        p["C"],
        p["D"],
        p["LT"],
        size="to_target",
        bonus={"kind": "fixed", "min": p["bonus"]},
        target={"health": p["H"]},
    )
    result = bench.run()
    assert result["liquidations"] == 1.0
    debt, collateral = -bench.held("balance", "USDC"), bench.held("balance", "BTC")
    check_target(entry, "partial_repay", p["D"] - debt)
    check_target(entry, "partial_seize", p["C"] - collateral)
    check_target(entry, "HF_after", p["LT"] * collateral / debt)


def ltv_after(ltv: float, repaid: float) -> float:
    """Loan-to-value after one call that repays a given share of the collateral's value."""
    entry = target("D09")["params"]
    spec = venue(
        {"BTC": weight(0.5)},
        {"size": "close_factor", "close_factor": 1.0, "max_notional": repaid}
        | {"bonus": {"kind": "fixed", "min": entry["i"]}},
    )
    loan: Holding = {("balance", "BTC"): entry["C"], ("balance", "USDC"): -ltv}
    config = run_dict(market({"BTC": 1.0}), {"venue": spec}, block_seconds=STEP)
    bench = Bench(config, [loan, {("balance", "USDC"): 10.0}])
    assert bench.run()["liquidations"] == 1.0
    return -bench.held("balance", "USDC") / bench.held("balance", "BTC")


@pytest.mark.parametrize("case", ["ltv.85_after_d.05", "ltv.92_after_d.05", "ltv.92_after_d.20"])
def test_d09_one_call_moves_loan_to_value(case: str) -> None:
    ltv, repaid = (float("0" + part) for part in case.removeprefix("ltv").split("_after_d"))
    check_target(target("D09"), case, ltv_after(ltv, repaid))


def test_d09_toxic_threshold() -> None:
    edge = first_true(lambda ltv: ltv_after(ltv, 0.5) > ltv, 0.85, 0.95)
    check_target(target("D09"), "threshold", edge)


@pytest.mark.parametrize("ltv", [0.90, 0.92, 0.95])
def test_d09_spiral_to_exhaustion(ltv: float) -> None:
    entry = target("D09")
    bench = borrower(
        entry["params"]["C"],
        ltv,
        0.5,
        size="close_factor",
        close_factor=0.5,
        bonus={"kind": "fixed", "min": entry["params"]["i"]},
    )
    result = bench.run()[0]
    assert result["liquidations"] > 3.0
    check_target(entry, f"final_bad_debt_ltv.{ltv:.2f}".replace("0.", "", 1), result["bad_debt"])
    assert result["bad_debt"] == pytest.approx(result["socialised_loss"], abs=1e-15)
    assert result["horizon_shortfall"] == 0.0
    if ltv > 0.91:
        assert bench.held("balance", "BTC") == 0.0
        assert bench.held("balance", "USDC") == 0.0
