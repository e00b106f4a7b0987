"""When an account is written off and who bears it, in figures worked out by hand.

As in ``test_rules_from_sources.py`` no expected number comes from a program.
"""

from collections.abc import Sequence

import pytest

from tests.worlds import Bench, Config, Holding, fall_to, market, run_dict, venue, weight

EXACT = 1e-9


def abandoned(holdings: Sequence[Holding], **extra: object) -> Bench:
    """A venue with dust of one dollar, where nobody liquidates. BTC costs 1, ETH 2 dollars."""
    spec: Config = venue({"BTC": weight(0.5), "ETH": weight(0.5)}, {"dust": 1.0}, **extra)
    config = run_dict(market({"BTC": 1.0, "ETH": 2.0}), {"venue": spec}, liquidator={})
    bench = Bench(config, holdings)
    bench.result = bench.run()[0]
    return bench


def indebted(collateral: float, debt: float, asset: str = "USDC") -> list[Holding]:
    """A borrower, and two lenders with 300 and 100 tokens."""
    loan: Holding = {("balance", "BTC"): collateral, ("balance", asset): -debt}
    return [loan, {("balance", asset): 300.0}, {("balance", asset): 100.0}]


def test_just_above_dust_nothing_is_written_off() -> None:
    bench = abandoned(indebted(1.001, 100.0), insurance=30.0)
    for nothing in ("bad_debt", "insurance_used", "socialised_loss"):
        assert bench.result[nothing] == 0.0
    assert bench.held("balance", "USDC") == -100.0
    assert bench.held("balance", "USDC", 1) == 300.0
    # What creditors would lose if it were closed now: 100 - 1.001
    assert bench.result["horizon_shortfall"] == pytest.approx(98.999, abs=EXACT)


@pytest.mark.parametrize("collateral", [0.999, 0.0])
def test_just_below_dust_insurance_pays_first_then_lenders_pro_rata(collateral: float) -> None:
    bench = abandoned(indebted(collateral, 100.0), insurance=30.0)
    assert bench.result["bad_debt"] == pytest.approx(100.0, abs=EXACT)
    assert bench.result["insurance_used"] == pytest.approx(30.0, abs=EXACT)
    assert bench.result["socialised_loss"] == pytest.approx(70.0, abs=EXACT)
    assert bench.result["horizon_shortfall"] == 0.0
    assert bench.held("balance", "USDC") == 0.0
    # 70 of 400 is 17.5 % of each deposit
    assert bench.held("balance", "USDC", 1) == pytest.approx(247.5, abs=EXACT)
    assert bench.held("balance", "USDC", 2) == pytest.approx(82.5, abs=EXACT)
    assert bench.held("balance", "BTC") == pytest.approx(collateral, abs=EXACT)


def test_insurance_that_suffices_spares_the_lenders() -> None:
    bench = abandoned(indebted(0.5, 100.0), insurance=150.0)
    assert bench.result["insurance_used"] == pytest.approx(100.0, abs=EXACT)
    assert bench.result["socialised_loss"] == 0.0
    assert bench.held("balance", "USDC", 1) == 300.0


def test_insurance_buys_the_token_that_is_owed() -> None:
    # 20 ETH owed, worth 40; 10 dollars buy 5; the other 15 are 3.75 % of 400
    bench = abandoned(indebted(0.5, 20.0, "ETH"), insurance=10.0)
    assert bench.result["bad_debt"] == pytest.approx(40.0, abs=EXACT)
    assert bench.result["insurance_used"] == pytest.approx(10.0, abs=EXACT)
    assert bench.result["socialised_loss"] == pytest.approx(30.0, abs=EXACT)
    assert bench.held("balance", "ETH", 1) == pytest.approx(288.75, abs=EXACT)
    assert bench.held("balance", "ETH", 2) == pytest.approx(96.25, abs=EXACT)


@pytest.mark.parametrize(("debt", "lost"), [(0.89, 0.0), (0.91, 0.91)])
def test_dust_that_covers_its_debt_is_no_loss(debt: float, lost: float) -> None:
    # 0.5 x 0.90 of collateral is below either debt, but only the second exceeds the collateral.
    bench = abandoned(indebted(0.90, debt))
    assert bench.result["bad_debt"] == pytest.approx(lost, abs=EXACT)
    assert bench.held("balance", "USDC") == pytest.approx(lost - debt, abs=EXACT)


@pytest.mark.parametrize("asset", ["USDC", "ETH"])
def test_depositors_bear_what_no_position_can(asset: str) -> None:
    """Drift's index of funding takes losses of cash; here nobody holds contracts."""
    bench = abandoned(indebted(0.5, 20.0, asset), waterfall={"socialise": "funding_index"})
    price = 2.0 if asset == "ETH" else 1.0
    assert bench.result["socialised_loss"] == pytest.approx(20.0 * price, abs=EXACT)
    assert bench.result["deficit_left"] == 0.0
    assert bench.held("balance", asset, 1) == pytest.approx(285.0, abs=EXACT)


def test_an_average_hides_no_hole_at_the_horizon():
    """Nobody is called on a price that lags, but what is missing at the market's is counted."""
    place = venue(
        {"BTC": weight(0.8)},
        oracle={"initial": "ema", "maintenance": "ema", "ema_seconds": 1e6},
    )
    rise = {"BTC": fall_to(100.0, 200.0, 60.0)}
    config = run_dict(market({"BTC": 100.0}, drift=rise), {"venue": place})
    bench = Bench(config, [{("balance", "USDC"): 150.0, ("balance", "BTC"): -1.0}])
    result = bench.run()[0]
    assert result["liquidations"] == 0.0
    assert result["horizon_shortfall"] == pytest.approx(50.0, rel=1e-6)
