"""What every schema is built from: a strict frozen model, and numbers that name their bounds.

A unit is written beside the bound: ``horizon: Annotated[Positive, unit("seconds")] = 60.0``.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


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
