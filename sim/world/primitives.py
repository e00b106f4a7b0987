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

from sim.world.schema.base import unit_of
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
    "liquidation.target": "P3",
    "liquidation.strict": "P3",
    "liquidation.backstop": "P3",
    "liquidation.insurance_fee": "P5",
    "liquidation.insurance_share": "P5",
    "liquidation.perp_fee": "P5",
    "liquidation.perp_insurance_fee": "P5",
    "liquidation.perp_price": "P5",
    "liquidation.book": "P5",
    "liquidation.auction": "P5",
    "liquidation.growth": "P5",
    "liquidation.taker": "P6",
    "liquidation.taker_profit": "P6",
    "predictive": "P3",
    "halt": "P4",
    "insurance": "P7",
    "maker": "P7",
    "utilisation": "P8",
    "perpetuals.depth": "P8",
}
# Terms of P2, by the section of the YAML that they are made of (DESIGN's letters).
TERMS = {
    "assets": "W",
    "emodes": "pair weights",
    "perpetuals": "T",
    "option_margin": "O",
    "grid": "G",
    "tail": "V",
}
UNUSED = {
    "scenario_grid": ("T", "O", "V"),
    "sum_of_legs": ("G", "V"),
    "tail_risk": ("T", "O", "G"),
}
NO_VARIANT = ("none", "ignore")  # values of a choice that stand for its absence
# Choices that are worth a word only where they differ from the default.
QUIET = frozenset(
    ("of", "close_of", "perp_price", "initial", "maintenance", "engine", "depth", "per")
)
# What is worth a word as soon as it is there and not at its default, by part of the path.
NOTABLE = {
    "contingency": "K",
    "confidence": "confidence",
    "deviation": "deviation threshold",
    "heartbeat": "heartbeat",
    "max_age": "staleness",
    "band": "divergence band",
    "tiers": "tiers",
    "size_slope": "linear in size",
    "open_interest": "open interest",
    "skew": "skew",
    "size_penalty": "√size",
    "scale_start": "deposits",
    "gains": "gains weighted",
    "full_ltv": "full from LTV",
    "full_health": "full from health",
    "throttle": "time throttle",
    "window": "window cap",
    "max_notional": "cap per call",
    "min_left": "dust",
    "growth": "growing",
    "protocol_share": "protocol share",
    "perp_fee": "fee",
    "insurance_fee": "insurance fee",
    "perp_insurance_fee": "insurance fee",
    "strict": "strict",
    "target": "target",
    "pool": "pool deleverages",
    "gate_hours": "withdrawal gate",
    "insurance_cap": "capped fund",
    "points": "piecewise curve",
    "fees": "rate fees",
}
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
        return unit_of(self.field)


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
    unused = UNUSED.get(getattr(venue, "engine", "sum_of_legs"), ())
    terms = (term for section, term in TERMS.items() if getattr(venue, section, None))
    found["P2"] += [term for term in terms if term not in unused]
    found["P3"] += ["initial", "maintenance"]
    if venue.insurance > 0.0:
        found["P7"].append("insurance")
    if venue.waterfall.backstop > 0.0:
        found["P7"].append("backstop")
    if _lends(venue):
        found["P8"].append("interest")
    for parameter in parameters(venue):
        word = _word(parameter) if _matters(parameter, venue) else None
        if word and word not in found[parameter.primitive]:
            found[parameter.primitive].append(word)
    return found


def _lends(venue: VenueConfig) -> bool:
    return any(listing.interest is not None for listing in venue.assets.values())


def _matters(parameter: Parameter, venue: VenueConfig) -> bool:
    """Whether anything at the venue uses a parameter."""
    if parameter.path[0] == "funding":
        return bool(venue.perpetuals)
    if parameter.path[:2] == ("liquidation", "bonus"):
        return _lends(venue)
    return parameter.path[0] not in (
        "options",
        "grid",
        "tail",
        "option_margin",
    )  # named by their terms


Found = tuple[str, tuple[str, ...], Any, FieldInfo, bool]


def _walk(model: BaseModel, path: tuple[str, ...], above: str, given: bool) -> Iterator[Found]:
    """Yield the leaves below a model: primitive, path, value, field, whether given."""
    for name, field in type(model).model_fields.items():
        value, here = getattr(model, name), (*path, field.alias or name)
        mine = given and name in model.model_fields_set
        tag = ELSEWHERE.get(name if len(here) == 1 else f"{here[0]}.{name}", above)
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


def _word(parameter: Parameter) -> str | None:
    """Word for a choice that was made, or for something that is there and might not be."""
    value, name, default = parameter.value, parameter.path[-1], parameter.field.default
    if isinstance(value, str) and _is_choice(parameter.field.annotation):
        hidden = value in NO_VARIANT or (name in QUIET and value == default)
        return None if hidden else value.replace("_", " ")
    if name == "delay" and value > 0.0:
        return f"{value:g} s late"
    if value in (None, default, 0.0, (), {}):
        return None
    return next((NOTABLE[part] for part in parameter.path if part in NOTABLE), None)


def _is_choice(annotation: Any) -> bool:
    if get_origin(annotation) is Literal:
        return True
    return any(get_origin(part) is Literal for part in get_args(annotation))
