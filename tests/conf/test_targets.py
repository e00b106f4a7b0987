"""Rules named in YAML: only ours, or those in a folder that the user named."""

import sys

import pytest

from sim.errors import SluicegateError
from sim.world.targets import check_target, check_targets, resolve_target


@pytest.mark.parametrize(
    "path",
    [
        "os.system",
        "subprocess.run",
        "agents",
        "agents.act",
        "agentsx.trader.act",
        "agents..act",
        "",
        "agents.trader.act()",
        "builtins.eval",
        3,
    ],
)
def test_others_are_refused(path):
    with pytest.raises(SluicegateError, match=r"may not be named here|does not name a function"):
        check_target(path)


def test_refused_before_anything_is_imported(tmp_path):
    marker = tmp_path / "imported"
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "planted_evil.py").write_text(f"open({str(marker)!r}, 'w')\ndef act(): ...\n")
    sys.path.insert(0, str(folder))
    try:
        with pytest.raises(SluicegateError, match="may not be named here"):
            resolve_target("planted_evil.act", allowed_roots=[])
    finally:
        sys.path.remove(str(folder))
    assert not marker.exists()


def test_every_target_of_a_configuration_is_checked():
    config = {"venue": {"a": [{"_target_": "sim.errors.shorten"}, {"_target_": "os.system"}]}}
    with pytest.raises(SluicegateError, match=r"venue\.a\.1\._target_"):
        check_targets(config)
    check_targets({"rule": {"_target_": "agents.trader.act", "n": 1}})


def test_ours_are_found():
    from sim.errors import shorten

    assert resolve_target("sim.errors.shorten") is shorten


def test_what_a_module_merely_imports_is_refused():
    with pytest.raises(SluicegateError, match="only imported there"):
        resolve_target("sim.cache.contextmanager")
    with pytest.raises(SluicegateError, match="no such function"):
        resolve_target("sim.cache.nothing")
    with pytest.raises(SluicegateError, match="cannot be imported"):
        resolve_target("sim.nothing.at_all")


def test_a_module_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "planted_own.py").write_text("def act():\n    return 7\n")
    assert resolve_target("planted_own.act", allowed_roots=[tmp_path])() == 7


@pytest.mark.parametrize("name", ["json", "numpy", "sys"])
def test_a_module_of_the_user_must_not_hide_another(tmp_path, name):
    (tmp_path / f"{name}.py").write_text("def act():\n    return 7\n")
    with pytest.raises(SluicegateError, match="already taken"):
        resolve_target(f"{name}.act", allowed_roots=[tmp_path])
