"""The statement of who bears a loss follows each venue's own waterfall."""

import pytest

from sim.studies.bearers import bearers, layers
from sim.world.compose import compose
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig


def configured(*words: str) -> RunConfig:
    """A run of the menu."""
    return validated(RunConfig, compose(list(words)))


def test_default_venues_are_said_one_by_one() -> None:
    config = configured()
    assert bearers(config, "venue") == (
        "at the venue of the account: "
        "kamino: depositors of the pool that lent; "
        "drift: the insurance fund, then the backstop pool, then all positions by notional (a loan "
        "of another token: its depositors); "
        "marginfi: the insurance fund, then depositors of the pool that lent"
    )
    assert bearers(config, "hub").startswith("at each venue that the account still owes: ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("waterfall.backstop=0", "the insurance fund, then all positions by notional"),
        ("waterfall.socialise=providers", "the backstop pool, then the market maker's pool"),
        ("waterfall.deleveraging.ranking=queue", "pool, then winners of its contracts"),
        ("liquidation.perp_insurance_fee=0", "the insurance fund, then"),  # it has capital
    ],
)
def test_a_change_of_the_waterfall_changes_the_statement(change: str, said: str) -> None:
    assert said in layers(configured(f"venue.drift.{change}").venue["drift"])


def test_a_fund_that_nothing_fills_is_not_named() -> None:
    bare = ("venue.drift.insurance=0", "venue.drift.liquidation.perp_insurance_fee=0")
    assert "insurance" not in layers(configured(*bare).venue["drift"])
    assert "insurance" in layers(configured(bare[0]).venue["drift"])
