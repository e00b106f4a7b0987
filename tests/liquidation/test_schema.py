"""What a liquidation section may not say, and that the menu's venues say what they should."""

import pytest

from sim.errors import SluicegateError
from sim.state import codes
from sim.world.tables.liquidation import auction_row, liquidation_row
from tests.conformance.configured import MENU, configured


@pytest.mark.parametrize(
    ("system", "changes", "words"),
    [
        ("aave_v3", {"bonus.kind": "dutch"}, "needs an auction"),
        ("aave_v3", {"bonus": {"kind": "ltv", "of": "seized"}}, "share of the debt"),
        ("marginfi", {"insurance_fee": 0.98}, "must leave some"),
        ("maker", {"auction.cut": 1.0}, "between 0 and 1"),
        ("derive", {"auction.cutoff": 0.99}, "above start"),
        ("derive", {"auction.curve": "linear"}, "two_speed"),
        ("derive", {"size": "full"}, "go together"),
        ("drift", {"size": "restore_buffer"}, "go together"),
        ("drift", {"throttle.duration": 0}, "greater than 0"),
        ("kamino", {"close_factor": 1.5}, "at most 1"),
        ("drift", {"taker": "anyone"}, "initial_margin"),
    ],
)
def test_bad_sections_are_refused(system, changes, words):
    with pytest.raises(SluicegateError) as error:
        configured(system, {f"liquidation.{key}": value for key, value in changes.items()})
    text = str(error.value)
    assert "liquidation" in text
    assert words in text


@pytest.mark.parametrize("file", sorted(MENU.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_venue_of_the_menu_makes_rows(file):
    spec = configured(file.stem).liquidation
    row = liquidation_row(spec)
    assert row["selection"] >= 0
    assert auction_row(spec.auction)["chop"] >= 1.0


def test_kinds_of_the_systems():
    """The table of real venues in the design, as far as liquidation goes."""

    def kind(system, name):
        return liquidation_row(configured(system).liquidation)[name]

    assert kind("maker", "bonus") == codes.DUTCH
    assert kind("euler_evk", "bonus") == codes.HEALTH_BONUS
    assert kind("kamino", "bonus") == codes.LTV_BONUS
    assert kind("marginfi", "basis") == codes.OF_SEIZED
    assert kind("dydx_v4", "perp_price") == codes.BOOK
    assert kind("hyperliquid", "backstop") > 0.0
    assert kind("derive", "selection") == codes.WHOLE_PORTFOLIO
    assert kind("drift", "throttle_duration") > 0.0
    assert kind("synthetix_v3", "window") > 0.0
    assert kind("aave_v3", "full_below") == 2000.0
