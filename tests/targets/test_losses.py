"""Expected losses against option prices, and the default market against the martingale."""

import numpy as np
import pytest

from sim.market.paths import simulate
from sim.state.world import World
from sim.studies.experiment import run_paths
from sim.world.build import Built, Factory
from sim.world.compose import compose
from sim.world.law import build_law
from sim.world.schema.explain import validated
from sim.world.schema.market import MarketConfig
from sim.world.schema.run import RunConfig, WorldChoice
from tests.reference.basket import basket_put, put
from tests.worlds import Config, market, run_dict, sleeper, venue, weight

PATHS = 20_000
DAYS = 30.0
VOLATILITY = 1.0
CORRELATION = 0.4


def loan(asset: str, leverage: tuple[float, float]) -> Config:
    """Half of a trader's wealth deposited as one asset, dollars borrowed against it."""
    low, high = leverage
    return {
        "kind": "loan",
        "venues": {"venue": 1.0},
        "collateral": {asset: 1.0},
        "debt": {"USDC": 1.0},
        "leverage": {"low": low, "high": high},
        "share": 0.5,
    }


def two_loans() -> RunConfig:
    """Traders with a loan against each of two assets, nobody to liquidate them, no impact."""
    assets = {"BTC": weight(0.95), "ETH": weight(0.95)}
    borrower = sleeper(positions=[loan("BTC", (0.6, 0.9)), loan("ETH", (0.3, 0.8))])
    config = run_dict(
        market({"BTC": 100.0, "ETH": 10.0}, VOLATILITY, correlation=CORRELATION),
        {"venue": venue(assets)},
        accounts=12,
        archetype={"borrower": borrower},
        liquidator={},
        step_seconds=DAYS * 86_400.0,
        block_seconds=DAYS * 86_400.0,
        population={"headroom": 1.0},
    )
    return validated(RunConfig, config)


def built(scope: str) -> tuple[Factory, Built, World]:
    factory = Factory(two_loans())
    world = factory.build(factory.population(0), WorldChoice(scope=scope))
    return factory, world, world.twin(factory.layout, "full")


def legs(factory: Factory, world: Built) -> tuple[np.ndarray, np.ndarray]:
    """Collateral by asset (2, traders) and debt by asset (2, traders), USD at the start."""
    population, k = factory.population(0), factory.layout.instrument
    table = population.legs
    amount = table.base + population.scale[table.trader] * table.risk
    collateral, debt = np.zeros((2, 12)), np.zeros((2, 12))
    for i, asset in enumerate(("BTC", "ETH")):
        price = factory.prices[factory.layout.assets.index(asset)]
        mine = table.instrument == k("balance", "venue", asset)
        np.add.at(collateral[i], table.trader[mine], amount[mine] * price)
        same = np.isin(table.position, table.position[mine])
        owed = same & (table.instrument == k("balance", "venue", "USDC"))
        np.add.at(debt[i], table.trader[owed], -amount[owed])
    return collateral, debt


@pytest.mark.parametrize("scope", ["isolated", "unified"])
def test_expected_loss_is_a_put(scope: str) -> None:
    factory, world, chosen = built(scope)
    losses = run_paths(factory, chosen, world.assembled.opening, (0, PATHS))["horizon_shortfall"]
    collateral, debt = legs(factory, world)
    sd = VOLATILITY * np.sqrt(DAYS / 365.0)
    if scope == "isolated":
        pairs = zip(collateral.ravel(), debt.ravel(), strict=True)
        expected = sum(put(held, owed, sd) for held, owed in pairs)
    else:
        expected = sum(
            basket_put(collateral[:, t], debt[:, t].sum(), sd, CORRELATION) for t in range(12)
        )
    error = losses.std() / np.sqrt(PATHS)
    assert error < 0.05 * expected
    assert abs(losses.mean() - expected) < 4.0 * error


def test_a_basket_of_one_is_a_put() -> None:
    for strike in (0.7, 1.0, 1.4):
        alone = basket_put(np.array([0.6, 0.4]), strike, 0.3, 1.0 - 1e-9)
        assert alone == pytest.approx(put(1.0, strike, 0.3), rel=1e-4)


def test_the_default_market_is_a_martingale() -> None:
    config = MarketConfig.model_validate(compose()["market"])
    assert config.jumps is not None
    law, _ = build_law(config, 900.0)
    prices, _ = simulate(law, seed=99, paths=20_000, steps=96)
    growth = prices[:, -1, :] / prices[:, 0, :]
    error = growth.std(axis=0) / np.sqrt(len(growth))
    for n, name in enumerate(config.assets):
        if name in config.risky:
            assert abs(growth[:, n].mean() - 1.0) < 4.0 * error[n], name
