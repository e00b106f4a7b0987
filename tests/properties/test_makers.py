"""Each market maker is margined by his own venue, under its engine and its strictness."""

import pytest

from sim.state import codes
from sim.world.assemble import assess_rows
from sim.world.build import Factory
from sim.world.compose import compose
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig, WorldChoice


@pytest.mark.parametrize("scope", ["venue", "hub"])
def test_a_maker_is_an_account_of_his_own_venue(scope: str) -> None:
    config = compose(["venue=[drift,kamino,marginfi,cme_span]", "accounts=60", "workers=1"])
    config["archetype"]["perp_long"]["positions"][0] |= {
        "venues": {"drift": 1.0, "cme_span": 1.0}, "assets": {"BTC": 1.0},
    }  # fmt: skip
    factory = Factory(validated(RunConfig, config))
    assembled = factory.build(factory.population(0), WorldChoice(scope=scope)).assembled
    world, layout, rows = assembled.world, factory.layout, assembled.rows
    found = assess_rows(world, assembled.opening, codes.INITIAL, rows.deficit)
    for name in layout.perpetual_venues:
        v = layout.venues.index(name)
        maker = int(world.venues[v]["maker"])
        assert world.accounts["venue"][maker] == v, name
        held = assembled.opening.balance[:, maker]
        assert (held[world.instruments["kind"] == codes.PERPETUAL] != 0.0).any(), name
        assert found[maker, 1] > 0.0
        # By hand: what the same book needs where legs are added up
        perpetual = world.instruments["kind"] == codes.PERPETUAL
        notional = abs(held) * assembled.opening.g[2]
        plain = float((notional * world.ratio[codes.INITIAL])[perpetual].sum())
        summed = world.venues[v]["engine"] == codes.SUM_OF_LEGS
        assert (abs(found[maker, 1] / plain - 1.0) < 0.05) == summed, name
