"""Generations of a cascade: a background book whose branching is known, and what must add up."""

import numpy as np
import pytest

from sim.compile import jit
from sim.market.impact import push
from sim.state.state import GENERATIONS
from tests.worlds import Bench, fall_to, market, run_dict, venue, weight

STEP = 60.0
DEPTH = 1e6  # USD per 1 %


def falling(share: float, to: float, **changes):
    """SOL falls in one step of thirty blocks; impact is linear and stays; Λ is given."""
    spot = {"SOL": {"depth": DEPTH, "lambda_ratio": share}}
    liquidity = {
        "provenance": {"source": "test"},
        "spot": spot,
        "depth_factor": {"calm": 1.0},
        "impact": {"permanent": 1.0, "exponent": 1.0, "half_life": 1800},
        "background": {"reach": 1e6, "levels": 400, "width": 0.001},
    }
    plain = {
        "block_seconds": 2.0,
        "resolution": 1.0,
        "liquidity": liquidity,
    }
    prices = market({"SOL": 100.0}, drift={"SOL": fall_to(100.0, to, STEP)})
    return run_dict(prices, {"venue": venue({"SOL": weight(0.9)})}, **plain, **changes)


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_a_linear_background_book_shrinks_by_lambda_per_generation(share):
    result = Bench(falling(share, 99.0)).run()[0]
    found = result["generation"]
    first = share * DEPTH * -np.log(0.99) / 0.01
    expected = first * share ** np.arange(GENERATIONS)
    expected[-1] /= 1.0 - share  # and all later ones
    np.testing.assert_allclose(found, expected, rtol=1e-5)  # rounds end at a basis point
    assert found.sum() == pytest.approx(result["background_notional"], rel=1e-12)
    assert result["max_displacement"] == pytest.approx(
        -np.expm1(np.log(0.99) * share / (1.0 - share)), rel=1e-6
    )


def held(loan: float) -> dict:
    return {("balance", "SOL"): 100.0, ("balance", "USDC"): -loan}


@pytest.mark.parametrize("delay", [0.0, 10.0])
def test_only_what_the_flow_brought_about_is_a_later_generation(delay):
    """The fall itself puts one borrower below maintenance; only his sale does so to the other."""
    loans = [held(8_940.0), held(8_908.0), {("balance", "USDC"): 1e5}]
    config = falling(0.0, 99.0)  # where 8,910 USD of loan are covered
    config["liquidity"]["spot"]["SOL"]["depth"] = 1e4
    config["venue"]["venue"]["liquidation"]["bonus"]["min"] = 0.03
    config["venue"]["venue"]["oracle"] = {"delay": delay}
    full, slippage = (Bench(config, loans, twin).run()[0] for twin in ("full", "slippage"))
    assert (slippage["liquidated_accounts"], full["liquidated_accounts"]) == (1.0, 2.0)
    assert slippage["cascade_notional"] == 0.0
    assert slippage["generation"][0] == pytest.approx(slippage["liquidated_notional"], rel=1e-12)
    assert full["generation"][1] == full["cascade_notional"] > 0.0
    assert full["generation"][0] >= slippage["generation"][0]  # his own sale deepens his breach
    assert full["generation"].sum() == pytest.approx(full["liquidated_notional"], rel=1e-12)


def test_flow_against_a_displacement_cancels_it_whatever_its_descent():
    """What stands after a purchase that is smaller than the sale before it is still the sale's."""
    bench = Bench(falling(0.0, 99.0))
    world, state, shares = bench.world, bench.state, np.zeros(GENERATIONS)
    for flow, generation in ((-10.0, 0), (9.0, 3), (-1.0, 2), (5.0, 1)):
        shares[:] = 0.0
        shares[generation] = 1.0
        arrive(world, state, flow, shares)
        if generation == 3:
            assert state.descent[0, 0] == 1.0
        if generation == 2:  # one unit of each stands
            np.testing.assert_allclose(state.descent[0, [0, 2]], 0.5)
    assert state.descent[0, 1] == 1.0  # three of five units were more than stood


@jit
def arrive(world, state, flow, shares):
    push(world, state, 0, flow, shares)
