"""Contracts sold on a venue's book: what its insurance fund pays and keeps."""

import pytest

from sim.state.codes import FIRST_INSURANCE
from tests.liquidation.test_kinds import contracts, perpetual, run
from tests.worlds import SOURCE

RULES = {"size": "full", "perp_price": "book", "perp_insurance_fee": 0.015, "taker": "none"}
OWES = contracts(-20.0, 10.0)  # 1000 USD of contracts, and 20 short
# 205 are required of 1000, not 1 %
TIERS = [{"above": 0.0, "initial": 0.01, "maintenance": 0.01}]
TIERS += [{"above": 500.0, "initial": 0.4, "maintenance": 0.4}]


def sold(holdings=OWES, waterfall=None, perpetual_terms=None, **changes):
    place = perpetual(0.05, RULES, insurance=1e4, waterfall=waterfall or {})
    place["perpetuals"]["BTC"] |= perpetual_terms or {}
    bench = run(place, holdings, **changes)
    assert bench.held("perpetual", "BTC") == 0.0
    return bench


def fund_paid(bench):
    cash = bench.factory.layout.cash
    fund = bench.state.outside[FIRST_INSURANCE, cash]
    return float(bench.opening.outside[FIRST_INSURANCE, cash] - fund)


HUB = {
    "hub": {
        "provenance": SOURCE,
        "netting": {
            "BTC": {
                "net": {"initial": 0.01, "maintenance": 0.01},
                "basis": {"initial": 0.0, "maintenance": 0.0},
            }
        },
        "liquidation": {"size": "full"},
    },
    "experiment": {"worlds": {"w": {"scope": "hub"}}, "baseline": "w", "twins": ["full"]},
}


@pytest.mark.parametrize(
    ("terms", "changes", "impact"),
    [
        ({}, {}, 0.0),
        ({}, HUB, 0.0),  # the hub requires a fifth of what the venue would
        ({"pricing": {"kind": "skew"}, "skew_scale": 1000.0}, {}, -5.0),  # 10 / 1000 to nothing
    ],
    ids=["plain", "hub", "skew"],
)
def test_the_fund_pays_the_hole_and_no_more(terms, changes, impact):
    bench = sold(perpetual_terms=terms, **changes)
    assert bench.held("balance", "USDC") == pytest.approx(0.0, abs=1e-6)
    assert fund_paid(bench) == pytest.approx(20.0 + impact, rel=1e-6)
    assert bench.result["insurance_used"] == pytest.approx(20.0 + impact, rel=1e-6)


def test_the_fund_pays_no_more_than_its_cap_per_event():
    capped = {"insurance_cap": 7.0}
    bench = sold(waterfall=capped)
    assert bench.result["liquidations"] == 1.0
    assert bench.result["insurance_used"] == pytest.approx(2 * 7.0)  # the sale, and the write-off
    assert fund_paid(bench) == pytest.approx(2 * 7.0)


def test_equity_is_shared_by_what_positions_require():
    """All of it goes with the only position, whatever its brackets: the fund keeps 1.5 %."""
    bench = sold(contracts(20.0, 10.0), perpetual_terms={"margin_ratio": {"tiers": TIERS}})
    assert fund_paid(bench) == pytest.approx(-15.0)
    assert bench.held("balance", "USDC") == pytest.approx(5.0)
