"""Validation whose failures are written for people: key, value, what is allowed, what to try."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from sim.errors import SluicegateError, closest, gather

Model = TypeVar("Model", bound=BaseModel)

_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
CHOSEN = ("venue", "archetype", "liquidator")  # groups of which several choices are taken
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "a text",
    "dict": "keys with values",
    "list": "a list",
    "tuple": "a list",
    "model": "keys with values",
    "finite": "a finite number",
}


def validated(model: type[Model], data: Any, where: str = "") -> Model:
    """Validate `data`, with `where` as the path of the keys above it.

    Raises
    ------
    SluicegateError
        Naming every key that is wrong.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise explain(error, model, data, where) from None


def explain(
    error: ValidationError, model: type[BaseModel], data: Any, where: str = ""
) -> SluicegateError:
    """Turn a pydantic error into one message that lists every problem once."""
    problems: dict[str, SluicegateError] = {}
    for detail in error.errors(include_url=False):
        if _follows(dict(detail)):
            continue
        problem = _problem(dict(detail), model, data, where)
        problems.setdefault(problem.render(), problem)
    return gather(list(problems.values()))


def _follows(detail: dict[str, Any]) -> bool:
    """Whether a list only counts as too short because an entry of it was refused already."""
    given = detail["input"]
    if detail["type"] != "too_short" or not isinstance(given, list | tuple | Mapping):
        return False
    return len(given) >= detail["ctx"]["min_length"]


def _problem(
    detail: dict[str, Any], model: type[BaseModel], data: Any, where: str
) -> SluicegateError:
    kind, context = detail["type"], detail.get("ctx", {})
    keys = _real_keys(detail["loc"], data, missing=kind == "missing")
    place = ".".join(part for part in [where, *map(str, keys)] if part)
    path = place or "configuration"
    if kind == "extra_forbidden":
        known = sorted(set(_names(model, keys[:-1])))
        meant = closest(str(keys[-1]), known)
        deeper = [] if meant or len(keys) > 1 else list(_one_down(model, str(keys[0])))
        hint = f"did you mean {meant!r}?" if meant else " or ".join(deeper) or None
        return SluicegateError("unknown key", path, detail["input"], ", ".join(known) or None, hint)
    if kind == "missing":
        hint = f"{path}=VALUE" + _or_choose(keys, data)
        return SluicegateError("this key is needed and was not given", path, hint=hint)
    inner = context.get("error")
    if isinstance(inner, SluicegateError):
        place = ".".join(part for part in (place, inner.where) if part) or path
        return SluicegateError(inner.what, place, inner.value, inner.allowed, inner.hint)
    if inner is not None:
        if isinstance(
            detail["input"], Mapping | BaseModel
        ):  # a rule on several keys: it names them
            return SluicegateError(str(inner), path)
        return SluicegateError(str(inner), path, detail["input"])
    what, allowed = _what(kind, context, detail["msg"])
    empty = kind == "too_short" and isinstance(detail["input"], Mapping)
    hint = f"{path}=[NAME,…]; the help lists the names" if empty and len(keys) == 1 else None
    if kind == "model_type" and detail["input"] is None:
        hint = f"~{path} to leave it out"
    return SluicegateError(what, path, detail["input"], allowed, hint)


def _or_choose(keys: list[Any], data: Any) -> str:
    """What else may have been meant by setting keys of a venue that the run does not hold."""
    if len(keys) != 3 or keys[0] not in CHOSEN:
        return ""
    group, name = str(keys[0]), str(keys[1])
    names = [*(other for other in data[group] if other != name), name]
    return f", or choose it from the menu: {group}=[{','.join(names)}]"


def _one_down(model: type[BaseModel], name: str) -> Iterator[str]:
    """Find a name that belongs one level deeper: liquidity.impact, venue.NAME.insurance."""
    for key, field in model.model_fields.items():
        for inner in _models(field.annotation):
            if name in inner.model_fields:
                yield f"{key}.{name}"
        for content in _contents(field.annotation):
            if any(name in inner.model_fields for inner in _models(content)):
                yield f"{key}.NAME.{name}"


def _what(kind: str, context: Mapping[str, Any], message: str) -> tuple[str, str | None]:
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return "out of range", f"{words} {context[name]}"
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        return "not one of the choices", str(context.get("expected") or context["expected_tags"])
    if kind == "string_pattern_mismatch":
        return "not of the form that is needed", f"what matches {context['pattern']}"
    if kind in ("too_short", "string_too_short"):
        what = "too few entries" if kind == "too_short" else "too few characters"
        return what, f"at least {context['min_length']}"
    for prefix, words in _TYPES.items():
        if kind.startswith(prefix + "_"):
            return "wrong type", words
    return message[:1].lower() + message[1:], None


def _real_keys(location: tuple[Any, ...], data: Any, missing: bool) -> list[Any]:
    """Drop from a pydantic location what is no key of the data: union members and validators."""
    keys: list[Any] = []
    for position, part in enumerate(location):
        last = position == len(location) - 1
        if _holds(data, part):
            data = data[part]
        elif not (last and missing):
            continue
        keys.append(part)
    return keys


def _holds(data: Any, part: Any) -> bool:
    if isinstance(data, Mapping):
        return part in data
    return isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)


def _names(annotation: Any, keys: list[Any]) -> Iterator[str]:
    """Yield the keys that the schema knows below the path `keys`."""
    for model in _models(annotation):
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if not keys:
            yield from fields
        elif str(keys[0]) in fields:
            yield from _names(fields[str(keys[0])].annotation, keys[1:])
    for inner in _contents(annotation):
        if keys:
            yield from _names(inner, keys[1:])


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that a value of this annotation may be."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from _models(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _models(member)


def _contents(annotation: Any) -> Iterator[Any]:
    """Yield what a dictionary or list of this annotation may hold."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _contents(arguments[0])
    elif origin in (Union, types.UnionType):
        for member in arguments:
            yield from _contents(member)
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield arguments[1]
    elif origin in (list, tuple):
        yield from (argument for argument in arguments if argument is not Ellipsis)
