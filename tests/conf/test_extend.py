"""A new venue, archetype or rule is a file in a folder of one's own; the repository is left alone.

As CONTRIBUTING.md tells it. The runs go through the command's own functions in this process, so
that what was compiled for other tests is used again, and one of them through the command itself.
"""

import hashlib
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml

from sim.cli.run import check, load_config
from sim.errors import SluicegateError
from sim.studies.experiment import run_experiment
from sim.world.compose import default_config_dir
from tests.conf.shell import REPOSITORY, SMALL, shell

RULE = '''"""An owner who closes everything as soon as he is woken."""

import numpy as np

from sim.rules import TraderAction, TraderView, trader_rule


@trader_rule
def act(view: TraderView, params: np.ndarray) -> TraderAction:
    """Close everything; send nothing."""
    return TraderAction(0.0, 1.0)
'''


def snapshot():
    """Hashes of every file that belongs to the repository, and what git says of the tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    files = [REPOSITORY / name for name in listed.stdout.splitlines()]
    return {f: hashlib.sha256(f.read_bytes()).hexdigest() for f in files if f.is_file()}


@pytest.fixture
def untouched():
    before = snapshot()
    yield
    assert snapshot() == before


def given(group, name):
    file = default_config_dir() / group / f"{name}.yaml"
    return yaml.safe_load(file.read_text())[name]


def module(folder):
    """Name of the rule file: another one in each test, since Python imports a name once."""
    return f"rules_{folder.parent.name}"


def put(folder: Path, group, name, content):
    file = folder / group / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump({name: content}))


@pytest.fixture
def mine(tmp_path):
    """Return a folder with a venue, an archetype there, and one with a rule of its own."""
    folder = tmp_path / "my_conf"
    venue = given("venue", "drift")
    venue["perpetuals"]["SOL"]["margin_ratio"] = {"initial": 0.2, "maintenance": 0.1}
    put(folder, "venue", "mine", venue)
    trader = given("archetype", "perp_long")
    trader["positions"][0]["venues"] = {"mine": 1}
    trader["positions"][0]["assets"] = {"SOL": 1}
    trader["positions"][0]["leverage"] = {"low": 3, "high": 5}
    put(folder, "archetype", "mine_long", trader)
    trader["behaviour"]["rule"] = {"_target_": f"{module(folder)}.act"}
    trader["behaviour"]["watch"] = {"low": 50.0, "high": 50.0}
    trader["behaviour"]["interval"] = {"low": 60, "high": 60}
    put(folder, "archetype", "mine_nervous", trader)
    (folder / f"{module(folder)}.py").write_text(RULE)
    return folder


def run(folder, *words):
    config = load_config([*SMALL, *words], [folder])
    check(config)
    return config, run_experiment(config, lambda paths: None)


@pytest.mark.usefixtures("untouched")
def test_a_venue_and_an_archetype_of_ones_own(mine):
    words = ["venue=[kamino,drift,mine]", "archetype=[mine_long,perp_short,staked_looper]"]
    config, result = run(mine, *words)
    assert list(config.venue) == ["kamino", "drift", "mine"]
    assert next(iter(config.archetype)) == "mine_long"
    assert np.isfinite(result.per_path["trader_loss"]).all()
    assert (result.worlds["gross_notional"] > 0.0).all()


@pytest.mark.usefixtures("untouched")
def test_a_rule_of_ones_own_is_what_acts(mine):
    words = ["venue=[kamino,drift,mine]", "steps=10"]
    _, calm = run(mine, *words, "archetype=[mine_long,perp_short]")
    _, nervous = run(mine, *words, "archetype=[mine_nervous,perp_short]")
    assert (calm.per_path["deleveraged_notional"] == 0.0).all()
    assert (nervous.per_path["deleveraged_notional"] > 0.0).any()


@pytest.mark.usefixtures("untouched")
def test_by_command(mine, tmp_path):
    words = ("run", *SMALL, "venue=[drift,mine]", "archetype=[mine_long,perp_short]")
    worlds = "experiment.twins=[full,slippage]"
    done = shell(*words, worlds, "--config-dir", str(mine), f"out={tmp_path / 'out'}")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out" / "scopes").iterdir())) == 1


def test_a_rule_of_the_wrong_kind_is_refused(mine):
    (mine / f"{module(mine)}.py").write_text(RULE.replace("@trader_rule\n", ""))
    words = ["venue=[drift,mine]", "archetype=[mine_nervous]"]
    with pytest.raises(SluicegateError, match="no rule of the kind"):
        check(load_config([*SMALL, *words], [mine]))


SCENARIO = """\
# @package _global_
defaults:
  - /experiment/scopes@experiment
  - _self_
experiment: {name: crash}
market:
  regimes: {start: crash}
liquidity:
  depth_factor: {crash: 0.1}
"""


def test_a_scenario_of_ones_own(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "crash.yaml").write_text(SCENARIO)
    config, result = run(tmp_path, "experiment=crash")
    assert config.experiment.name == "crash"
    assert config.market.regimes.start == "crash"
    assert config.liquidity.depth_factor == {"calm": 1.0, "stressed": 0.8, "crash": 0.1}
    assert set(result.worlds["world"]) == set(config.experiment.worlds)
