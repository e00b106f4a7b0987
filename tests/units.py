"""A run in other units: every field that is marked in currency or contracts, multiplied."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig

Config = dict[str, Any]

# Power of the unit of currency in a mark. A token keeps its price, so tokens and contracts count
# as currency does.
POWERS = {
    "USD": 1.0,
    "USD per block": 1.0,
    "USD per call": 1.0,
    "USD/s": 1.0,
    "USD per 1 %": 1.0,
    "contracts": 1.0,
    "1/contracts": -1.0,
    "1/sqrt(USD)": -0.5,
    "1/sqrt(contracts)": -0.5,
    "1/sqrt(units)": -0.5,
}
BY_EXPONENT = ("USD^(1-exponent)", "USD^(1-exponent)/s")  # of the same entry
WITHOUT = frozenset(
    {
        "USD per token", "1/day", "1/day^2", "1/s", "1/s^2", "1/sqrt(year)", "1/year", "annual",
        "days", "hours", "log price", "log-price", "minutes", "multiple", "per day", "per period",
        "per sqrt(year)", "per year", "seconds",
    }
)  # fmt: skip


def marks(annotation: Any) -> Iterator[str]:
    """Units named anywhere in an annotation."""
    for part in get_args(annotation):
        extra = part.json_schema_extra if isinstance(part, FieldInfo) else None
        if isinstance(extra, dict) and "unit" in extra:
            yield str(extra["unit"])
        yield from marks(part)


def unit_of(field: FieldInfo) -> str:
    """Unit of a field's numbers; empty if it has none."""
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "unit" in extra:
        return str(extra["unit"])
    return next(marks(field.annotation), "")


def models(kind: Any, seen: set[type[BaseModel]] | None = None) -> set[type[BaseModel]]:
    """All models that a configuration can hold."""
    seen = set() if seen is None else seen
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        for field in kind.model_fields.values():
            models(field.annotation, seen)
    for part in get_args(kind):
        models(part, seen)
    return seen


def _times(value: Any, factor: float) -> Any:
    """A value with all of its numbers multiplied."""
    if isinstance(value, BaseModel):
        return _model(value, 0.0, factor)
    if isinstance(value, Mapping):
        return {name: _times(entry, factor) for name, entry in value.items()}
    if isinstance(value, tuple | list):
        return [_times(entry, factor) for entry in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value * factor if number and factor != 1.0 else value


def _model(model: BaseModel, unit: float, outer: float = 1.0) -> Config:
    """Fields of a model by their marks; ``unit`` 0: all of them by ``outer``."""
    found = {}
    for name, field in type(model).model_fields.items():
        value, mark = getattr(model, name), unit_of(field)
        power = POWERS.get(mark, 0.0)
        if mark in BY_EXPONENT:
            power = 1.0 - model.exponent
        if name in model.model_fields_set or power != 0.0:  # a default in currency is scaled too
            key = field.alias or name
            found[key] = _times(value, outer) if unit == 0.0 else _scaled(value, unit, power)
    return found


def _scaled(value: Any, unit: float, power: float) -> Any:
    """A value of a field, whose own numbers go with a power of the unit."""
    if isinstance(value, BaseModel):
        return _model(value, unit) if power == 0.0 else _times(value, unit**power)
    if isinstance(value, Mapping):
        return {name: _scaled(entry, unit, power) for name, entry in value.items()}
    if isinstance(value, tuple | list):
        return [_scaled(entry, unit, power) for entry in value]
    return _times(value, unit**power)


def scaled(config: Config, unit: float) -> Config:
    """The same run with everything in currency or contracts multiplied by ``unit``."""
    return _model(validated(RunConfig, config), unit)
