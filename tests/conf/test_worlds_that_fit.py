"""What a user learns of a population and venues that do not fit: who is idle, who too small."""

import re

import pytest

from sim.cli.run import load_config
from sim.errors import SluicegateError
from sim.studies.experiment import Experiment

SMALL = ("accounts=60", "population.draw=once")
CROWD = ("accounts=1500", "experiment.worlds.hub_relevered.relever=1.0")


def experiment(*words):
    return Experiment(load_config([*words], []))


def test_a_venue_at_which_nobody_trades_is_found():
    idle = experiment(*SMALL, "venue=[kamino,drift,marginfi,euler_evk]")
    idle.build(0)
    assert idle.idle == ("euler_evk",)
    busy = experiment(*SMALL)
    busy.build(0)
    assert busy.idle == ()
    assert busy.factory.fitter.shrunk == {}


def test_positions_that_no_maker_could_face_are_said():
    little = experiment(*SMALL, "venue.drift.maker.capital=100")
    little.factory.population(0)
    assert "SOL" in little.factory.fitter.shrunk["drift"]


@pytest.mark.parametrize("capital", [0.0, 2e4])
def test_a_maker_that_is_too_small_is_told_what_would_do(capital):
    key = "venue.drift.maker.capital"
    with pytest.raises(SluicegateError, match=r"1,500 traders") as refused:
        experiment(*CROWD, f"{key}={capital}").build(0)
    assert refused.value.where == key
    assert refused.value.value == capital
    tried = re.search(rf"{re.escape(key)}=(\d+)", refused.value.hint or "")
    enough = experiment(*CROWD, f"{key}={tried[1]}")
    assert set(enough.build(0)) == set(enough.config.experiment.worlds)
    assert enough.factory.fitter.shrunk == {}
