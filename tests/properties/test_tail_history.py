"""Samples of term V from a price file: filtered, mapped, dated, or refused."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest

from sim.cli.run import pinned_samples
from sim.errors import SluicegateError
from sim.margin.health import assess
from sim.state.codes import MAINTENANCE
from sim.world.build import Factory
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from sim.world.tables import samples_from
from tests.calibration.prices import bars, walk, write_csv
from tests.properties.test_beliefs import PRICES, contracts, tail
from tests.worlds import market, perpetual_venue, place, run_dict

HOUR = 3600.0
BARS = 1200
SPEC = {"method": "samples", "measure": "var", "level": 0.95, "horizon": 4.0 * HOUR, "samples": 200}
MAP = {"ETH": "ether", "USDC": None}


@pytest.fixture
def file(tmp_path):
    return write_csv(tmp_path, bars("BTC", walk(BARS)), bars("ether", walk(BARS, seed=1)))


def beliefs(file, **changes):
    history = {"data": str(file), "assets": MAP} | changes
    return {"every": 60.0, "half_life": 12.0 * HOUR, "history": history}


def run_of(file, spec=SPEC, **changes):
    venue = perpetual_venue("BTC", 0.05) | tail(**spec)
    config = run_dict(
        market(PRICES, volatility=0.8), {"venue": venue}, step_seconds=60.0, accounts=1
    )
    return validated(RunConfig, config | {"beliefs": beliefs(file, **changes)})


def bench_of(file):
    """Ten contracts sold: the world, its opening, and what they need."""
    config = run_of(file)
    factory = Factory(config)
    built = factory.build(factory.population(0), config.experiment.worlds["venue"])
    place(factory, built, [contracts(1e5, BTC=-10.0)])
    world, opening = built.assembled.world, built.assembled.opening
    return world, opening, assess(world, opening, MAINTENANCE, 0)[1]


def by_hand(closes):
    """The last 200 blocks of four hours, each over the deviation believed before it."""
    move = np.diff(np.log(closes))
    variance, believed = np.mean(move**2), []
    keep = 0.5 ** (1.0 / 12.0)
    for one in move:
        believed.append(variance)
        variance = keep * variance + (1.0 - keep) * one * one
    starts = range(len(move) - 800, len(move), 4)
    return [move[t : t + 4].sum() / math.sqrt(4.0 * believed[t]) for t in starts]


def test_samples_and_requirement_by_hand(file):
    world, opening, need = bench_of(file)
    samples = world.samples
    assert samples.shape == (200, 3)
    assert samples[:, 0] == pytest.approx(by_hand(walk(BARS)), rel=1e-6)
    assert samples[:, 1] == pytest.approx(by_hand(walk(BARS, seed=1)), rel=1e-6)
    assert not samples[:, 2].any()
    sd = math.sqrt(opening.belief[0, 0] * 4.0 * HOUR)
    worst = np.sort(1000.0 * samples[:, 0] * sd)[189]
    assert 5.0 < need == pytest.approx(worst, rel=1e-9)


def test_another_file_gives_another_requirement(file, tmp_path):
    other = write_csv(tmp_path, *(bars(n, walk(BARS, 5)) for n in ("BTC", "ether")), name="b.csv")
    assert bench_of(file)[2] != bench_of(other)[2]


def test_provenance(file):
    config = run_of(file)
    found = samples_from(config)
    digest = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    assert (found["file"], found["sha256"], found["periods"]) == ("prices.csv", digest, 200)
    assert found["from"] == "2024-01-17T15:00:00+00:00"  # 800 bars before the last
    assert found["to"] == "2024-02-19T23:00:00+00:00"
    assert found["assets"] == {"BTC": "BTC", "ETH": "ether", "USDC": None}
    plain = config.model_dump(mode="json", by_alias=True)
    assert json.dumps(pinned_samples(config, plain))
    assert plain["beliefs"]["history"]["sha256"] == digest
    assert samples_from(validated(RunConfig, plain)) == found


def test_gaps_are_left_out(tmp_path):
    first = bars("BTC", walk(BARS)).drop(index=[1000, 1001])
    file = write_csv(tmp_path, first, bars("ether", walk(BARS, seed=1)))
    whole = by_hand(walk(BARS))
    samples = bench_of(file)[0].samples
    assert samples[-10:, 0] == pytest.approx(whole[-10:], rel=0.05)
    assert samples[1:11, 0] == pytest.approx(whole[:10], rel=0.05)  # one period earlier


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"assets": {"USDC": None}}, "has no ETH"),
        ({"assets": {"ETH": "ether"}}, "has no USDC"),
        ({"assets": MAP | {"DOGE": "BTC"}}, "no such asset in the market"),
        ({"data": "/nowhere.csv"}, "no such price file"),
        ({"sha256": "0" * 64}, "another price file"),
        ({"start": "2024-02-01"}, "too short"),
    ],
)
def test_bad_files_are_refused_with_their_reason(file, changes, words):
    with pytest.raises(SluicegateError, match=words):
        samples_from(run_of(file, **changes))


def test_a_horizon_that_is_no_multiple_of_the_bars(file):
    with pytest.raises(SluicegateError, match="no multiple of the file's bars"):
        samples_from(run_of(file, SPEC | {"horizon": 1.5 * HOUR}))


def test_a_history_that_nobody_asks_for(file):
    with pytest.raises(SluicegateError, match="no engine measures its tail by samples"):
        run_of(file, {"measure": "var"})
