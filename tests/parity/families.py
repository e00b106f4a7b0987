"""Every generator of random worlds, by name: what the fuzz draws from.

The last two families switch on whatever a world can hold beside each other; the others stay as
the tests know them, so that one rule at a time is pressed hard.
"""

from collections.abc import Callable
from random import Random

from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.option_worlds import option_config, option_run
from tests.parity.belief_worlds import add_beliefs, add_tools, belief_run, option_belief_run
from tests.parity.charged_worlds import charge_all, charged_option_run, charged_run
from tests.parity.early_worlds import early_run, steep_run
from tests.parity.kinds import add_kinds, add_sources, make_inverse
from tests.parity.liquidations import add_liquidations
from tests.parity.losses import add_losses
from tests.parity.worlds import Config, random_config, random_run

Family = Callable[[int], RunConfig]


def inverse_options(seed: int) -> RunConfig:
    """Return a random world with options beside inverse perpetuals."""
    return option_run(seed, "inverse")


def option_tails(seed: int) -> RunConfig:
    """Return a random world with options in which tails are measured."""
    return option_run(seed, tails=True)


def everything(seed: int) -> RunConfig:
    """Return a random world of venues that may use every rule that needs no options."""
    config = random_config(Random(seed))
    add_kinds(Random(seed + 1), config)
    make_inverse(Random(seed + 2), config)
    add_sources(Random(seed + 3), config)
    add_losses(Random(seed + 4), config)
    charge_all(Random(seed + 5), config)
    add_liquidations(Random(seed + 6), config)
    add_beliefs(Random(seed + 7), config)
    add_tools(Random(seed + 8), config)
    return validated(RunConfig, config)


def option_everything(seed: int) -> RunConfig:
    """Return the same with option books."""
    r = Random(seed + 9)
    config = complete(option_config(seed))
    add_kinds(Random(seed + 1), config)
    make_inverse(Random(seed + 2), config)
    add_sources(Random(seed + 3), config)
    add_losses(Random(seed + 4), config)
    if r.random() < 0.5:
        charge_all(Random(seed + 5), config)
    add_liquidations(Random(seed + 6), config)
    add_beliefs(Random(seed + 7), config)
    add_tools(Random(seed + 8), config)
    return validated(RunConfig, config)


def complete(config: Config) -> Config:
    """Write out what a world with options leaves to the schema and other generators look up."""
    config["market"]["jumps"] = {"own": {}}
    config["liquidity"]["spot"] = {name: {"depth": 1e6} for name in ("BTC", "ETH")}
    config["hub"]["liquidation"] = {"selection": "largest_relief"}
    for venue in config["venue"].values():
        for listing in venue["assets"].values():
            listing.setdefault("interest", None)
        for perpetual in venue["perpetuals"].values():
            perpetual |= {"size_penalty": 0.0, "step": 0.0}
    return config


FAMILIES: dict[str, Family] = {
    "plain": random_run,
    "beliefs": belief_run,
    "charged": charged_run,
    "options": option_run,
    "inverse_options": inverse_options,
    "option_tails": option_tails,
    "option_beliefs": option_belief_run,
    "option_charged": charged_option_run,
    "early": early_run,
    "steep": steep_run,
    "everything": everything,
    "option_everything": option_everything,
}
