"""The fuzz command: what it compares, counts and refuses, and that it sees what it should."""

import numpy as np
import pytest

from tests.parity import examine, fuzz
from tests.parity.examine import Case, looks
from tests.parity.families import FAMILIES
from tests.parity.features import FEATURES, features

HERE = ["--processes", "0", "--each", "2"]


@pytest.mark.parametrize(
    "family",
    [f if f == "everything" else pytest.param(f, marks=pytest.mark.slow) for f in FAMILIES],
)
def test_every_family_agrees(family, capsys):
    assert fuzz.main([*HERE, "--family", family, "--paths", "4", "--seed", "3"]) == 0
    assert "differences: 0" in capsys.readouterr().out


def test_what_is_drawn_covers_every_feature():
    seen = {name for family in FAMILIES for seed in range(12)
            for name in features(FAMILIES[family](seed))}  # fmt: skip
    assert seen == set(FEATURES)


def test_looks_follow_from_the_case():
    case = Case("steep", 5, 8)
    assert looks(case) == looks(case)
    assert looks(case) != looks(case._replace(seed=6))
    for (low, high), look in zip(examine.SKINS, looks(case), strict=True):
        assert low <= look.skin <= high


def test_the_same_seed_draws_the_same_worlds():
    first, again, other = (fuzz.cases(seed, ["plain"], 8) for seed in (1, 1, 2))
    drawn = [next(first) for _ in range(5)]
    assert drawn == [next(again) for _ in range(5)]
    assert drawn != [next(other) for _ in range(5)]


@pytest.fixture
def one_bit_off(monkeypatch):
    """Flip the last bit of one figure of one path wherever lists are used."""
    plain = examine.run

    def flipped(config, built, look, paths):
        rows = plain(config, built, look, paths)
        if look.watch == "lists" and look.skin < examine.SKINS[0][1]:
            rows["penalties"][1] = np.nextafter(rows["penalties"][1], np.inf)
        return rows

    monkeypatch.setattr(examine, "run", flipped)


@pytest.mark.usefixtures("one_bit_off")
def test_one_bit_is_reported_with_its_seed(capsys):
    assert fuzz.main([*HERE, "--only", "options:3"]) == 1
    printed = capsys.readouterr().out
    assert "differences: 1" in printed
    assert "--only options:3" in printed
    assert "paths [1]: penalties" in printed


def test_a_crash_is_reported_with_its_seed(capsys, monkeypatch):
    def broken(seed):
        raise ZeroDivisionError("of this world")

    monkeypatch.setitem(FAMILIES, "plain", broken)
    assert fuzz.main([*HERE, "--only", "plain:4"]) == 1
    assert "--only plain:4  ZeroDivisionError: of this world" in capsys.readouterr().out


def test_a_world_that_only_one_of_them_refuses_is_a_difference():
    rows = np.zeros(1)
    assert examine.difference("ran away", rows)
    assert examine.difference(rows, "ran away")
    assert not examine.difference("ran away", "ran away")
