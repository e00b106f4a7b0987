"""What every schema is built from: a strict frozen model, and numbers that name their bounds.

A unit is written beside the bound: ``horizon: Annotated[Positive, unit("seconds")] = 60.0``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo


class Strict(BaseModel):
    """A frozen model that refuses unknown keys, infinities and changes after validation."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        validate_default=True,
        use_attribute_docstrings=True,
    )


def unit(name: str) -> Any:
    """Name the unit of a field; the help and the JSON schema show it."""
    return Field(json_schema_extra={"unit": name})


def unit_of(field: FieldInfo) -> str:
    """Name the unit of a field, or of what it holds where it may also be null or is a list."""
    return _unit_in([field]) or _unit_of_kind(field.annotation)


def _unit_of_kind(annotation: Any) -> str:
    inner = (_unit_of_kind(part) for part in get_args(annotation))
    own = _unit_in(getattr(annotation, "__metadata__", ()))
    return own or next((name for name in inner if name), "")


def _unit_in(facts: Iterable[Any]) -> str:
    for fact in facts:
        extra = getattr(fact, "json_schema_extra", None)
        if isinstance(extra, dict) and "unit" in extra:
            return str(extra["unit"])
    return ""


def _no_truth(value: Any) -> Any:
    """Refuse ``true`` and ``false`` where a number is meant: Python would read them as 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("a number is needed, not a truth value")
    return value


_number = BeforeValidator(_no_truth)

Finite = Annotated[float, _number, Field(allow_inf_nan=False)]
Positive = Annotated[float, _number, Field(gt=0.0, allow_inf_nan=False)]
NonNegative = Annotated[float, _number, Field(ge=0.0, allow_inf_nan=False)]
Fraction = Annotated[float, _number, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
AtLeastOne = Annotated[float, _number, Field(ge=1.0, allow_inf_nan=False)]
Signed = Annotated[float, _number, Field(ge=-1.0, le=1.0, allow_inf_nan=False)]
Count = Annotated[int, _number, Field(ge=1)]
Natural = Annotated[int, _number, Field(ge=0)]
