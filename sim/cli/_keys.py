"""The everyday keys of a run, for the help: read from the schema, so that nothing is said twice."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any, get_args

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.world.compose import CONFIG_NAME, choices, default_config_dir, groups
from sim.world.schema.base import unit_of

_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


def everyday_keys(model: type[BaseModel], given: Mapping[str, Any] | None = None) -> str:
    """Describe the keys at the top level that are plain values, one line or more for each.

    ``given`` are values that stand in for the schema's defaults; those of ``conf/config.yaml``, if
    left out.
    """
    given = _given() if given is None else given
    lines = ["everyday keys (key=value):"]
    for name, field in model.model_fields.items():
        if _is_plain(field):
            lines += _describe(name, field, given)
    return "\n".join(lines)


def all_keys(model: type[BaseModel]) -> str:
    """Describe every key of a model, with its default."""
    lines = ["keys (key=value):"]
    for name, field in model.model_fields.items():
        lines += _describe(name, field, {name: _default(field)})
    return "\n".join(lines)


def _default(field: FieldInfo) -> str:
    """Write a default as the command line would have it."""
    if field.is_required():
        return "none: it must be given"
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, tuple | dict):
        return f"[{','.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def menu(model: type[BaseModel]) -> str:
    """List the groups of ``conf/`` that a model has keys for, with their choices."""
    folder = default_config_dir()
    lines = ["groups (group=choice, or group=[one,two] where several are meant):"]
    for group in groups([folder]):
        if group not in model.model_fields:
            continue
        text = f"{group:<14} {', '.join(choices(group, [folder]))}"
        lines += textwrap.wrap(
            text, 96, initial_indent="  ", subsequent_indent=" " * 17, break_on_hyphens=False
        )
    return "\n".join(lines)


def bounds(field: FieldInfo) -> str:
    """Write the bounds of a field, such as ``>= 1, <= 8``."""
    found = []
    for rule in field.metadata:
        for name, sign in _SIGNS.items():
            value = getattr(rule, name, None)
            if value is not None:
                found.append(f"{sign} {value}")
    return ", ".join(found)


def _describe(name: str, field: FieldInfo, given: Mapping[str, Any]) -> list[str]:
    unit = unit_of(field)
    default = given.get(name, None if field.is_required() else field.default)
    default = "none" if default is None else default
    facts = [
        fact
        for fact in (f"unit: {unit}" if unit else "", bounds(field), f"default {default}")
        if fact
    ]
    text = f"{' '.join((field.description or '').split())} [{'; '.join(facts)}]"
    return textwrap.wrap(f"{name:<14} {text}", 96, initial_indent="  ", subsequent_indent=" " * 17)


def _is_plain(field: FieldInfo) -> bool:
    kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)]
    kind = kinds[0] if len(kinds) == 1 and type(None) in get_args(field.annotation) else None
    kind = field.annotation if kind is None else kind
    return isinstance(kind, type) and issubclass(kind, int | float | str)


def _given() -> dict[str, Any]:
    file = default_config_dir() / f"{CONFIG_NAME}.yaml"
    return yaml.safe_load(file.read_text()) if file.is_file() else {}
