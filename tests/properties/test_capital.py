"""Margin required and freed: figures worked out by hand for accounts placed exactly."""

import numpy as np
import pytest

from sim.world.build import Factory
from sim.world.least import margin_required
from sim.world.schema.run import WorldChoice
from tests.worlds import (
    SOURCE,
    Bench,
    Config,
    Holding,
    market,
    perpetual_venue,
    run_config,
    run_dict,
    sleeper,
    venue,
    weight,
)  # fmt: skip

EXACT = 1e-9
PRICES = {"BTC": 1.0, "ETH": 1.0}
HALF = {"BTC": weight(0.5, 1.25), "ETH": weight(0.8, 1.1)}


def required(holdings: list[Holding], spec: Config) -> np.ndarray:
    """Margin required of accounts placed at a venue."""
    bench = Bench(run_dict(market(PRICES), {"venue": spec}), holdings)
    return margin_required(bench.built.assembled)


def test_margin_is_what_obligations_need_of_the_deposits() -> None:
    found = required(
        [
            {("balance", "BTC"): 100.0},  # owes nothing
            {("balance", "BTC"): 100.0, ("balance", "USDC"): -20.0},  # 40 x 0.5 covers 20
            {("balance", "BTC"): 100.0, ("balance", "ETH"): -20.0},  # 44 x 0.5 covers 20 x 1.1
            # Both shrink alike, to a share of 26 / (50 + 80): 40 of 200
            {("balance", "BTC"): 100.0, ("balance", "ETH"): 100.0, ("balance", "USDC"): -26.0},
            {("balance", "BTC"): 100.0, ("balance", "USDC"): -60.0},  # short: all of the haircut
            {("balance", "USDC"): 1000.0},
        ],
        venue(HALF),
    )
    expected = [0.0, 40.0 - 20.0, 44.0 - 20.0, 40.0 - 26.0, 50.0, 0.0]
    assert found == pytest.approx(expected, abs=EXACT)
    assert found[0] == found[5] == 0.0


def test_margin_of_contracts_is_their_requirement_and_the_haircut_behind_it() -> None:
    spec = perpetual_venue("BTC", 0.1)
    spec["assets"] |= {"ETH": weight(0.8)}
    position = {("perpetual", "BTC"): 80.0, ("quote", "USDC"): -80.0}
    found = required(
        [
            {("balance", "USDC"): 500.0} | position,
            {("balance", "ETH"): 500.0} | position,  # 10 x 0.8 covers 8
        ],
        spec,
    )
    assert found == pytest.approx([8.0, 10.0], abs=EXACT)


def facts(scope: str, position: Config) -> Config:
    """What is known of a world of twenty alike; its hub takes a tenth of the net delta."""
    rates = {"initial": 0.1, "maintenance": 0.05}
    hub = {"provenance": SOURCE, "netting": {"BTC": {"net": rates, "basis": rates}}}
    config = run_config(
        market({"BTC": 1.0}), {"venue": venue({"BTC": weight(0.5)})}, hub=hub, accounts=20,
        archetype={"alike": sleeper(positions=[{"venues": {"venue": 1.0}} | position])},
    )  # fmt: skip
    factory = Factory(config)
    return factory.build(factory.population(0), WorldChoice(scope=scope)).facts


@pytest.mark.parametrize("scope", ["isolated", "venue", "unified", "hub"])
def test_deposits_that_back_nothing_need_no_margin_and_free_none(scope: str) -> None:
    found = facts(scope, {"kind": "supply", "assets": {"BTC": 1.0}})
    assert found["equity"] > 0.0
    assert found["margin_required"] == found["freed_margin"] == 0.0
    assert np.isnan(found["achievable_leverage"])


def test_leverage_counts_collateral_in_kind() -> None:
    """Nobody lacks cash, so gross over the cash to bring would have no bound."""
    alike = {"low": 0.25, "high": 0.25}
    loan = {"kind": "loan", "collateral": {"BTC": 1.0}, "debt": {"USDC": 1.0}, "leverage": alike}
    venue_scope, hub = facts("venue", loan), facts("hub", loan)
    assert venue_scope["capital_required"] == hub["capital_required"] == 0.0
    # A loan of 1 needs a deposit of 2 at a weight of 0.5, or of 1/0.9 at a rate of 0.1
    assert venue_scope["achievable_leverage"] == pytest.approx(1.0, rel=EXACT)
    assert hub["achievable_leverage"] == pytest.approx(9.0, rel=EXACT)
    loans = venue_scope["gross_notional"]
    assert hub["freed_margin"] == pytest.approx(loans - loans / 9.0, rel=EXACT)
