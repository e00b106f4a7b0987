"""What people read when something they gave is wrong."""

from typing import Annotated, Literal

import numpy as np
import pytest
from pydantic import Field, model_validator

from sim.errors import SluicegateError, closest, gather, shorten
from sim.world.schema.base import Count, Fraction, Positive, Strict, unit
from sim.world.schema.explain import validated


class Lender(Strict):
    kind: Literal["lender"]
    penalty: Fraction
    rate: float = Field(0.0, alias="yield")


class Perpetual(Strict):
    kind: Literal["perpetual"]
    depth: Positive


class Run(Strict):
    paths: Count = 3
    horizon: Annotated[Positive, unit("seconds")] = 60.0
    weights: tuple[float, ...] = (1.0,)
    venue: dict[str, Annotated[Lender | Perpetual, Field(discriminator="kind")]] = {}
    levels: tuple[Fraction, Fraction] = (0.1, 0.2)

    @model_validator(mode="after")
    def _ordered(self) -> "Run":
        if self.levels[0] > self.levels[1]:
            raise SluicegateError(
                "maintenance is above initial", "levels", self.levels, "first <= second", "swap"
            )
        if self.paths == 13:
            raise ValueError("thirteen paths are refused")
        return self


LENDER = {"kind": "lender", "penalty": 0.1}


def message(data: dict[str, object], where: str = "") -> str:
    with pytest.raises(SluicegateError) as caught:
        validated(Run, data, where)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        ({"pahts": 4}, ["pahts: unknown key", "got:     4", "did you mean 'paths'?"]),
        ({"paths": 0}, ["paths: out of range", "got:     0", "at least 1"]),
        ({"paths": 2.5}, ["paths: wrong type", "got:     2.5", "a whole number"]),
        ({"paths": "ten"}, ["paths: wrong type", "'ten'", "a whole number"]),
        ({"paths": True}, ["paths: a number is needed, not a truth value", "True"]),
        ({"horizon": float("nan")}, ["horizon: wrong type", "a finite number"]),
        ({"horizon": float("inf")}, ["horizon: wrong type", "a finite number"]),
        ({"weights": [1.0, "x"]}, ["weights.1: wrong type", "'x'", "a number"]),
        ({"weights": 3}, ["weights: wrong type", "a list"]),
        ({"venue": 3}, ["venue: wrong type", "keys with values"]),
        ({"venue": {"k": {"kind": "lender"}}}, ["venue.k.penalty: this key is needed"]),
        ({"venue": {"k": {"kind": "amm"}}}, ["venue.k: not one of the choices", "'lender'"]),
        (
            {"venue": {"k": LENDER | {"penatly": 1}}},
            ["venue.k.penatly: unknown key", "did you mean 'penalty'?", "yield"],
        ),
        ({"venue": {"k": LENDER | {"yield": "x"}}}, ["venue.k.yield: wrong type"]),
        ({"venue": {"k": LENDER | {"penalty": 1.5}}}, ["venue.k.penalty", "at most 1"]),
        ({"levels": [0.3, 0.2]}, ["levels: maintenance is above initial", "first <= second"]),
        ({"paths": 13}, ["configuration: thirteen paths are refused"]),
        ({"paths": 0, "horizon": -1}, ["2 problems", "paths: out of", "horizon: out of"]),
    ],
)
def test_message_names_key_value_and_what_is_allowed(data, parts):
    text = message(data)
    for part in parts:
        assert part in text


def test_path_begins_where_it_is_told():
    assert message({"paths": 0}, "experiment.base").startswith("experiment.base.paths:")


def test_no_two_problems_are_the_same():
    assert message({"paths": 0}).count("out of range") == 1


def test_valid_data_pass_and_stay_frozen():
    run = validated(Run, {"venue": {"k": LENDER}})
    assert run.venue["k"].penalty == 0.1
    with pytest.raises(ValueError, match="frozen"):
        run.paths = 4


def test_unit_and_bound_are_both_kept():
    field = Run.model_fields["horizon"]
    assert field.json_schema_extra == {"unit": "seconds"}
    assert any(getattr(rule, "gt", None) == 0.0 for rule in field.metadata)


def test_error_shows_only_what_is_known():
    assert str(SluicegateError("no file")) == "no file"
    full = str(SluicegateError("no file", "data", None, "CSV", "data=x.csv"))
    assert full.splitlines() == [
        "data: no file",
        "  got:     None",
        "  allowed: CSV",
        "  try:     data=x.csv",
    ]


def test_many_problems_are_cut():
    text = str(gather([SluicegateError(f"problem {number}") for number in range(12)], limit=3))
    assert "problem 2" in text
    assert "problem 3" not in text
    assert text.endswith("… and 9 more")
    with pytest.raises(ValueError, match="no problem"):
        gather([])


def test_helpers_of_messages():
    assert closest("Kamnio", ["kamino", "drift"]) == "kamino"
    assert closest("zzz", ["kamino", "drift"]) is None
    assert len(shorten("x" * 1000)) == 160
    assert "\n" not in shorten({"a": "line\nline"})
    assert shorten(np.float64("nan")) == "nan"
    assert shorten(np.int64(3)) == "3"
