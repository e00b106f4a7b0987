"""Composition: choices, overrides, a user's own folder, and what is refused."""

from pathlib import Path

import pytest

from sim.errors import SluicegateError
from sim.world.compose import choices, compose, groups, reopen

FILES = {
    "config.yaml": "defaults:\n  - market: calm\n  - venue: [kamino, drift]\n  - _self_\n"
    "paths: 10\n",
    "market/calm.yaml": "assets: {BTC: 65000.0}\n",
    "market/wild.yaml": "assets: {BTC: 1.0}\n",
    "venue/kamino.yaml": "kamino: {close: 0.2, twice: '${paths}'}\n",
    "venue/drift.yaml": "drift: {rule: {_target_: agents.trader.act}}\n",
    "venue/lost.yaml": "lost: {value: '${nowhere}'}\n",
    "venue/empty.yaml": "empty:\n  value: ???\n",
    "venue/bad.yaml": "bad: {value: [1\n",
    "venue/twice.yaml": "twice: 1\ntwice: 2\n",
    "experiment/small.yaml": "name: small\n",
}


def fill(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


@pytest.fixture
def conf(tmp_path):
    return fill(tmp_path / "conf", FILES)


def test_defaults_and_references(conf):
    assert compose([], conf) == {
        "market": {"assets": {"BTC": 65000.0}},
        "venue": {
            "kamino": {"close": 0.2, "twice": 10},
            "drift": {"rule": {"_target_": "agents.trader.act"}},
        },
        "paths": 10,
    }


def test_overrides_of_values_and_choices(conf):
    config = compose(["paths=3", "venue=[kamino]", "market=wild", "venue.kamino.close=0.5"], conf)
    assert config["paths"] == 3
    assert config["venue"] == {"kamino": {"close": 0.5, "twice": 3}}
    assert config["market"]["assets"]["BTC"] == 1.0


def test_a_key_that_no_file_mentions_reaches_the_schema(conf):
    assert compose(["workers=4", "market.drift.BTC=0.1"], conf)["workers"] == 4
    assert compose(["+venue.typo=1"], conf)["venue"]["typo"] == 1


@pytest.mark.parametrize("name", ["own", "my conf, with = signs 'and' quotes"])
def test_a_folder_of_the_user_adds_choices(conf, tmp_path, name):
    own = fill(tmp_path / name, {"venue/mine.yaml": "mine: {close: 0.9}\n"})
    config = compose(["venue=[kamino,mine]"], conf, [own])
    assert list(config["venue"]) == ["kamino", "mine"]
    assert choices("venue", [conf, own]) == sorted([*choices("venue", [conf]), "mine"])
    assert groups([conf]) == ["experiment", "market", "venue"]


@pytest.mark.parametrize(
    ("overrides", "parts"),
    [
        (
            ["market=clam"],
            ["market: there is no such choice", "'clam'", "calm, wild", "market=calm"],
        ),
        (["venue=[kamino,dritf]"], ["'dritf'", "kamino", "venue=drift"]),
        (["paths"], ["this is not an override", "'paths'", "key=value"]),
        (["paths=[1"], ["this is not an override", "'paths=[1'"]),
        (["paths=1,2"], ["one value is needed", "[a,b]"]),
        (["venue=[lost]"], ["venue.lost.value", "a reference leads nowhere", "nowhere"]),
        (["paths=${nowhere}"], ["a reference leads nowhere"]),
        (["venue=[empty]"], ["venue.empty.value", "a value is needed"]),
        (["venue=[bad]"], ["a YAML file cannot be read", "bad.yaml", "line"]),
        (["venue=[twice]"], ["a YAML file cannot be read", "duplicate key twice"]),
        (["~nothing"], ["nothing", "does not exist"]),
        (["experiment=small"], ["experiment", "+experiment=small"]),
        (["hydra.run.dir=/tmp/x"], ["Hydra's own settings", "--config-dir"]),
        (["venue.drift.rule._target_=os.system"], ["venue.drift.rule._target_", "'os.system'"]),
    ],
)
def test_refusals_say_what_and_what_else(conf, overrides, parts):
    with pytest.raises(SluicegateError) as caught:
        compose(overrides, conf)
    for part in parts:
        assert part in str(caught.value)


def test_missing_folders_and_hidden_files_are_refused(conf, tmp_path):
    with pytest.raises(SluicegateError, match="no such configuration folder"):
        compose([], conf, [tmp_path / "nowhere"])
    with pytest.raises(SluicegateError, match=r"config\.yaml is missing"):
        compose([], fill(tmp_path / "other", {"venue/x.yaml": "x: 1\n"}))
    same = fill(tmp_path / "same", {"venue/kamino.yaml": FILES["venue/kamino.yaml"]})
    assert compose([], conf, [same])["paths"] == 10
    hiding = fill(tmp_path / "hiding", {"venue/kamino.yaml": "kamino: {close: 1.0}\n"})
    with pytest.raises(SluicegateError, match="would hide"):
        compose([], conf, [hiding])


@pytest.mark.parametrize("path", ["/x/Büro", "/x/a [1], b's {x}", "a(b)", "data", "/x/a=b"])
def test_a_path_is_taken_as_the_shell_has_it(conf, path):
    assert compose([f"out={path}"], conf)["out"] == path
    (conf / "resolved.yaml").write_text("out: results\n")
    assert reopen(conf / "resolved.yaml", [f"out={path}"])["out"] == path


def test_a_quoted_path_stays_as_it_was(conf):
    assert compose(["out='/x/a b'"], conf)["out"] == "/x/a b"
