"""Hedges that liquidation breaks, and what they lose: worlds computed by hand, the definition."""

import math

import numpy as np
import pytest

from sim.cli.run import check, load_config
from sim.errors import SluicegateError
from sim.liquidation.hedges import opened
from sim.state import codes
from sim.state.state import OPEN
from sim.state.world import World
from sim.world.build import Factory
from sim.world.tables.liquidation import SELECTION
from tests.worlds import YEAR, Bench, fall_to, market, ratio, run_dict, venue, weight

STEP = 60.0
FALL = {"BTC": -0.01, "ETH": -0.02}  # log-price per step
# spot hedged by a perpetual, and a bet on the strength of it
HELD = {
    ("balance", "BTC"): 10.0,
    ("perpetual", "BTC"): -10.0,
    ("quote", "USDC"): 1_000.0 - 1_000.0,
    ("perpetual", "ETH"): 100.0,
}
BREACH = 13  # first step at whose end equity is below 8.5 BTC + 4 ETH (see below)


def price(asset: str, step: int, fall=FALL) -> float:
    return {"BTC": 100.0, "ETH": 10.0}[asset] * math.exp(fall[asset] * step)


def bench(selection: str, steps: int, fall=FALL) -> Bench:
    """Spot counts at 0.2, perpetuals of BTC and ETH need 5 % and 4 %, calls close everything."""
    drift = {name: per_step * YEAR / STEP for name, per_step in fall.items()}
    listed = venue(
        {"BTC": weight(0.2)},
        {"selection": selection, "size": "full"},
        perpetuals={"BTC": ratio(0.05), "ETH": ratio(0.04)},
        funding={"offset": 0.0, "cap": 0.0},
        maker={"capital": 1e12},
    )
    world = market({"BTC": 100.0, "ETH": 10.0}, drift=drift)
    return Bench(run_dict(world, {"venue": listed}, steps=steps), [HELD])


def test_the_breach_is_where_it_was_computed():
    """Equity is 1000 + 100 (ETH - 10); spot, BTC and ETH perpetuals need 8 BTC, 0.5 BTC, 4 ETH."""
    for step in range(BREACH + 1):
        equity = 1_000.0 + 100.0 * (price("ETH", step) - 10.0)
        required = 8.5 * price("BTC", step) + 4.0 * price("ETH", step)
        assert (equity <= required) == (step == BREACH)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_broken_hedge_loses_what_the_open_leg_loses(after):
    """The rule of the riskiest leg closes the short: ten BTC are left without cover."""
    path = bench("riskiest", BREACH + after)
    result = path.run()[0]
    assert result["hedges_broken"] == pytest.approx(10.0 * price("BTC", BREACH), rel=1e-9)
    lost = 10.0 * (price("BTC", BREACH) - price("BTC", BREACH + after))
    assert result["hedge_loss"] == pytest.approx(lost, rel=1e-9, abs=1e-9)
    assert result["hedge_loss_positive"] == pytest.approx(lost, rel=1e-9, abs=1e-9)
    assert (path.state.hedges[OPEN] == 0.0).all()


def test_before_the_breach_nothing_is_broken():
    result = bench("riskiest", BREACH - 1).run()[0]
    assert result["liquidations"] == result["hedges_broken"] == result["hedge_loss"] == 0.0


def test_a_rule_that_keeps_hedges_breaks_none():
    result = bench("keep_hedges", BREACH + 2).run()[0]
    assert result["liquidated_notional"] == pytest.approx(100.0 * price("ETH", BREACH), rel=1e-9)
    assert result["hedges_broken"] == result["hedge_loss"] == 0.0


def test_paths_do_not_remember_each_other():
    path = bench("riskiest", BREACH + 2)
    results = path.run(3)
    assert results["hedge_loss"][0] > 0.0
    for name in ("hedges_broken", "hedge_loss"):
        assert results[name] == pytest.approx(results[name][0], rel=1e-9)


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        ((100, 100), (100, 60), 40),  # part of the short closed: long without cover
        ((100, 100), (0, 100), -100),  # the long sold: short without cover
        ((100, 60), (50, 60), -10),  # first what was open, then ten of the hedge
        ((100, 60), (60, 60), 0),  # only what was open
        ((100, 60), (50, 30), 0),  # half of everything
        ((100, 100), (50, 50), 0),
        ((100, 60), (100, 0), 60),
        ((100, 60), (0, 0), 0),
        ((100, 60), (1e-12, 0), 0),
        ((100, 60), (0, 1e-12), 0),
        ((100, 0), (0, 0), 0),  # nothing was hedged
        ((100, 60), (100, 80), 0),  # hedged better
        ((100, 60), (80, 40), 0),  # both sides by as much
        ((100, 60), (90, 40), 10),  # the short by ten more than the long
    ],
)
def test_what_a_call_opens(before, after, units):
    columns = (np.array([[side] for side in sides], dtype=float) for sides in (before, after))
    assert opened(*columns, 0) == pytest.approx(units, abs=1e-12)
    mirrored = (np.array([[s] for s in sides[::-1]], dtype=float) for sides in (before, after))
    assert opened(*mirrored, 0) == pytest.approx(-units, abs=1e-12)


@pytest.mark.parametrize("accounts", [1, 2])
def test_deleveraging_breaks_the_hedge_of_a_winner(accounts):
    """ADL closes a winner's short against a bankrupt long: his spot stays open.

    The long is bankrupt at a 10 % fall, has no liquidator, and the fund is empty; the winner holds
    as much spot as he is short, in the same account or in another one of his.
    """
    drift = {"BTC": fall_to(100.0, 80.0, STEP)}
    rules = {"selection": "largest_relief", "size": "full"}
    listed = venue(
        {"BTC": weight(0.5)},
        rules,
        perpetuals={"BTC": ratio(0.05)},
        funding={"offset": 0.0, "cap": 0.0},
        maker={"capital": 1e12},
        waterfall={"deleveraging": {"ranking": "queue"}},
    )
    long = {("balance", "USDC"): 100.0, ("perpetual", "BTC"): 10.0, ("quote", "USDC"): -1_000.0}
    spot = {("balance", "BTC"): 10.0}
    short = {("perpetual", "BTC"): -10.0, ("quote", "USDC"): 1_000.0}
    winner = [short | spot] if accounts == 1 else [short, spot]
    config = run_dict(market({"BTC": 100.0}, drift=drift), {"venue": listed}, liquidator={})
    path = Bench(config, [long, *winner])
    if accounts == 2:
        path.world.accounts["owner"][2] = 1
        path.world.first_account[:] = [0, 1, 3, 3]
    result = path.run()[0]
    assert result["adl_notional"] == pytest.approx(10.0 * 80.0, rel=1e-9)
    assert result["liquidations"] == 0.0
    assert path.held("perpetual", "BTC", 1) == pytest.approx(0.0, abs=1e-9)
    assert result["hedges_broken"] == pytest.approx(10.0 * 80.0, rel=1e-9)
    assert result["hedge_loss"] == pytest.approx(0.0, abs=1e-9)  # the horizon is now


def experiment_with(*words):
    config = load_config(["experiment=hedges", *words], [])
    check(config)
    return config


def test_worlds_of_the_experiment_differ_in_the_rule_alone():
    config = experiment_with("accounts=30", "archetype=[hedged_bettor,perp_short,pool_supplier]")
    factory = Factory(config)
    base = factory.population(0)
    worlds = config.experiment.worlds
    built = {name: factory.build(base, choice).assembled for name, choice in worlds.items()}
    first = built["venue_rule"]
    for name, other in built.items():
        choice = worlds[name]
        hub = other.world.venues[-1]
        assert hub["selection"] == SELECTION[choice.selection]
        assert (hub["size"] == codes.RESTORE_BUFFER) == (name == "whole_portfolio")
        assert other.world.venues[:-1].tobytes() == first.world.venues[:-1].tobytes()
        for field, mine, theirs in zip(World._fields, first.world, other.world, strict=True):
            assert field == "venues" or mine.tobytes() == theirs.tobytes(), field
        assert (other.opening.balance == first.opening.balance).all()


def test_a_rule_that_lacks_its_auction_is_refused_before_anything_runs():
    with pytest.raises(SluicegateError, match="two_speed") as refused:
        experiment_with("hub.liquidation.auction=null")
    assert "hub.liquidation" in str(refused.value)
