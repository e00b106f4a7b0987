"""A venue's parameters by primitive, read off the schema: nothing about a venue is said twice.

A model belongs to the primitive that its docstring (or its module's) names first, and so does
what lies in it; the few fields that stand in a model of another primitive are listed here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.world.schema.venue import VenueConfig

NAMES = {
    "P1": "price view",
    "P2": "requirement",
    "P3": "levels",
    "P4": "selection and size",
    "P5": "transfer price",
    "P6": "taker",
    "P7": "waterfall",
    "P8": "accruals",
}
# Fields that stand in a model of another primitive.
ELSEWHERE = {
    "target": "P3",
    "strict": "P3",
    "backstop": "P3",
    "insurance_fee": "P5",
    "insurance_share": "P5",
    "perp_fee": "P5",
    "perp_insurance_fee": "P5",
    "perp_price": "P5",
    "book": "P5",
    "auction": "P5",
    "growth": "P5",
    "taker": "P6",
    "taker_profit": "P6",
    "insurance": "P7",
    "maker": "P7",
    "utilisation": "P8",
    "depth": "P8",
}
# Terms of P2, by the section of the YAML that they are made of (DESIGN's letters).
TERMS = {"assets": "W", "emodes": "pair weights", "perpetuals": "T"}
NO_VARIANT = ("none", "ignore")  # values of a choice that stand for its absence
_TAG = re.compile(r"\s*(P[1-8])\b")


class Parameter(NamedTuple):
    """One value of a venue's YAML, or a default in its place."""

    primitive: str
    path: tuple[str, ...]
    value: Any
    field: FieldInfo
    given: bool  # in the YAML
    assumed: bool

    @property
    def key(self) -> str:
        """Dotted path below ``venue.NAME``."""
        return ".".join(self.path)

    @property
    def unit(self) -> str:
        """Unit, or nothing."""
        extra = self.field.json_schema_extra
        return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def parameters(venue: VenueConfig) -> list[Parameter]:
    """List all parameters of a venue, given and default, in the order of the schema."""
    assumed = tuple(tuple(key.split(".")) for key in venue.provenance.assumed)
    return [
        Parameter(tag, path, value, field, given, any(path[: len(a)] == a for a in assumed))
        for tag, path, value, field, given in _walk(venue, (), "P2", True)
        if path[0] != "provenance"
    ]


def variants(venue: VenueConfig) -> dict[str, list[str]]:
    """Name the variants of each primitive that a venue uses."""
    found: dict[str, list[str]] = {name: [] for name in NAMES}
    found["P2"] += [term for section, term in TERMS.items() if getattr(venue, section, None)]
    found["P3"] += ["initial", "maintenance"]
    for parameter in parameters(venue):
        for word in _words(parameter):
            if word not in found[parameter.primitive]:
                found[parameter.primitive].append(word)
    if venue.insurance > 0.0:
        found["P7"].insert(0, "insurance")
    return found


Found = tuple[str, tuple[str, ...], Any, FieldInfo, bool]


def _walk(model: BaseModel, path: tuple[str, ...], above: str, given: bool) -> Iterator[Found]:
    """Yield the leaves below a model: primitive, path, value, field, whether given."""
    for name, field in type(model).model_fields.items():
        value, here = getattr(model, name), (*path, field.alias or name)
        mine = given and name in model.model_fields_set
        tag = ELSEWHERE.get(name, above)
        if isinstance(value, BaseModel):
            yield from _walk(value, here, _tag(type(value)) or tag, mine)
        elif isinstance(value, Mapping) and any(map(_is_model, value.values())):
            for key, entry in value.items():
                yield from _entry(entry, (*here, str(key)), tag, (field, mine))
        else:
            yield tag, here, value, field, mine


def _entry(
    entry: Any, path: tuple[str, ...], tag: str, found: tuple[FieldInfo, bool]
) -> Iterator[Found]:
    """Yield the leaves of a dictionary's entry, which may be a dictionary again."""
    if isinstance(entry, BaseModel):
        yield from _walk(entry, path, _tag(type(entry)) or tag, found[1])
    elif isinstance(entry, Mapping):
        for key, inner in entry.items():
            yield from _entry(inner, (*path, str(key)), tag, found)
    else:
        yield tag, path, entry, *found


def _is_model(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_model, value.values()))
    return isinstance(value, BaseModel)


def _tag(model: type[BaseModel]) -> str | None:
    """Primitive that a model's docstring names first, or else its module's."""
    module = sys.modules[model.__module__]
    for text in (model.__doc__, module.__doc__):
        match = _TAG.match(text or "")
        if match:
            return match[1]
    return None


def _words(parameter: Parameter) -> list[str]:
    """Words for a choice that was made, and for an optional part that is there."""
    value = parameter.value
    if isinstance(value, str) and _is_choice(parameter.field.annotation):
        words = [] if value in NO_VARIANT else [value.replace("_", " ")]
        return words
    if parameter.path[-1] == "size_penalty" and value > 0.0:
        return ["√size"]
    if parameter.path[-1] == "delay" and value > 0.0:
        return [f"delay {value:g} s"]
    return []


def _is_choice(annotation: Any) -> bool:
    if get_origin(annotation) is Literal:
        return True
    return any(get_origin(part) is Literal for part in get_args(annotation))
