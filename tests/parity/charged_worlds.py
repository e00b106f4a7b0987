"""Random worlds whose engines charge large positions for thin depth."""

from random import Random

from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.option_worlds import option_run
from tests.parity.kinds import add_kinds, make_inverse, random_liquidity_charge
from tests.parity.worlds import Config, random_config


def charge_all(r: Random, config: Config) -> None:
    """Let all venues and the hub charge, in markets that a crash leaves with a tenth of depth."""
    for place in (*config["venue"].values(), config["hub"]):
        terms = place.get("contingency", {})
        place["contingency"] = terms | {"liquidity": random_liquidity_charge(r)}
    config["liquidity"]["depth_factor"]["crash"] = 0.1
    config["liquidity"]["depth_half_life"] = r.choice([60.0, 600.0, 3600.0])
    thin(r.choice([0.02, 0.2]), config)
    if r.random() < 0.5:
        calm_prices(config)


def thin(share: float, config: Config) -> None:
    """Leave so little depth that requirements follow it more than prices."""
    markets = list(config["liquidity"]["spot"].values())
    for venue in config["venue"].values():
        markets += venue["perpetuals"].values()
    for market in markets:
        if market.get("depth"):
            market["depth"] = max(1.0, share * market["depth"])


def calm_prices(config: Config) -> None:
    """Let little move but depth: neither prices nor what is sold move the market."""
    law = config["market"]
    law["volatility"] = {n: [0.1 * v for v in row] for n, row in law["volatility"].items()}
    law.pop("jumps", None)
    config["experiment"]["twins"] = ["none"]


def charged_run(seed: int) -> RunConfig:
    """Return a random run whose engines add up or net legs, and charge."""
    config = random_config(Random(seed))
    add_kinds(Random(seed + 1), config)
    make_inverse(Random(seed + 2), config)
    charge_all(Random(seed + 3), config)
    return validated(RunConfig, config)


def charged_option_run(seed: int) -> RunConfig:
    """Return a world with option books whose grids, or tails, charge beside."""
    run = option_run(seed, tails=seed % 2 == 1)
    config = run.model_dump(mode="json", by_alias=True, exclude_unset=True)
    config["liquidity"]["spot"] = {name: {"depth": 1e5} for name in ("BTC", "ETH")}
    for venue in config["venue"].values():
        for perpetual in venue["perpetuals"].values():
            perpetual["depth"] = 1e5
    charge_all(Random(seed + 3), config)
    return validated(RunConfig, config)


def uncharged(config: RunConfig) -> RunConfig:
    """Return the same world without the charge."""
    plain = config.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for place in (*plain["venue"].values(), plain["hub"]):
        del place["contingency"]["liquidity"]
    return validated(RunConfig, plain)
