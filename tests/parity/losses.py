"""What most random worlds hold besides: who pays when an account cannot, and often a crash."""

from random import Random
from typing import Any

Config = dict[str, Any]
RANKINGS = ("none", "queue", "pro_rata", "leverage_weighted")
BEARERS = ("share_value", "cash_print", "funding_index", "providers", "deficit")


def add_losses(r: Random, config: Config) -> None:
    """Change the loss waterfall of every venue of a random world; every fourth stays as it was."""
    if r.random() < 0.25:
        return
    if r.random() < 0.5:
        for jump in config["market"]["jumps"]["own"].values():
            jump |= {"rate": [0.0, 2.0 * jump["rate"][1]], "mean": -0.3}
    mix(r, config["archetype"])
    for venue in config["venue"].values():
        venue["waterfall"] = random_waterfall(r, config["step_seconds"] / 3600.0)
        if venue["waterfall"]["socialise"] == "providers" and settles_in_coin(venue):
            venue["waterfall"]["socialise"] = "funding_index"
        venue["liquidation"]["taker_profit"] = r.choice([None, 0.004, 0.02])
        venue["liquidation"]["backstop"] = r.choice([0.0, 0.0, 0.6])
        if r.random() < 0.8:
            venue["insurance"] = r.choice([0.0, 200.0])


def settles_in_coin(venue: Config) -> bool:
    """Return whether a contract of the venue is inverse: its maker's pool bears no losses."""
    return any(p.get("contract") == "inverse" for p in venue["perpetuals"].values())


def mix(r: Random, archetypes: Config) -> None:
    """In every second world most accounts hold two positions, and nothing beside them.

    Then contracts fall with a loan at their venue, and owners send from one account to another.
    """
    if r.random() < 0.5:
        for name in {"mixed", "mixed2"} & set(archetypes):
            archetypes[name] |= {"share": 4.0, "wallet": 0.0}
            archetypes[name]["behaviour"] |= {"top_up": 1.0}


def random_waterfall(r: Random, hours: float) -> Config:
    """Return layers of every kind, small enough to be used up; gates end between two steps."""
    pool = {"enable": r.choice([0.02, 0.1, 0.3]), "target": 0.013}
    return {
        "insurance_cap": r.choice([None, None, 150.0]),
        "backstop": r.choice([0.0, 0.0, 400.0, 400.0, 5e4]),
        "deleveraging": {
            "ranking": r.choice(RANKINGS),
            "capped": r.random() < 0.7,
            "pool": r.choice([None, None, None, pool]),
        },
        "socialise": r.choice([*BEARERS, "funding_index", "providers"]),
        "gate_hours": r.choice([0.0, 0.73 * hours, 30.31 * hours, 30.31 * hours]),
    }
