"""What the configuration says about where its values come from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MARKS = ("assumed", "source", "date", "span", "method", "version")
TEXT_LIMIT = 240


@dataclass(frozen=True)
class Origin:
    """Origin of one entry of the configuration; `assumed` is empty when nothing in it is."""

    where: str
    assumed: tuple[str, ...]
    source: str
    date: str


def origins(config: Mapping[str, Any]) -> list[Origin]:
    """Find every entry of the configuration that states a source or an assumption.

    An entry is a mapping with a key `assumed` (true, a name, a list of names, or names with
    reasons) or `source`, with an optional `date` or `span`; `provenance` speaks for its parent.
    """
    return list(_walk(config, ()))


def _walk(node: Any, path: tuple[str, ...]) -> Iterator[Origin]:
    if isinstance(node, Mapping):
        if node.get("assumed") or isinstance(node.get("source"), str):
            yield _origin(node, path)
        for key, child in node.items():
            if key not in MARKS:
                yield from _walk(child, (*path, str(key)))
    elif isinstance(node, list | tuple):
        for place, child in enumerate(node):
            yield from _walk(child, (*path, str(place)))


def _origin(node: Mapping[str, Any], path: tuple[str, ...]) -> Origin:
    parent = path[:-1] if path and path[-1] == "provenance" else path
    when = node.get("date") or node.get("span") or ""
    where = ".".join(parent) or "whole configuration"
    return Origin(where, _assumed(node), shorten(node.get("source", "not stated")), shorten(when))


def _assumed(node: Mapping[str, Any]) -> tuple[str, ...]:
    """Name what is assumed, with its value where the entry holds it."""
    marked = node.get("assumed")
    if not marked:
        return ()
    if marked is True:
        return (f"value {shorten(node['value'])}" if "value" in node else "the whole entry",)
    if isinstance(marked, Mapping):
        return tuple(f"{name}: {shorten(reason)}" for name, reason in marked.items())
    names = [marked] if isinstance(marked, str) else marked
    return tuple(_with_value(node, str(name)) for name in names)


def _with_value(node: Mapping[str, Any], name: str) -> str:
    value: Any = node
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return name
        value = value[part]
    return f"{name} = {shorten(value)}"


def flatten(node: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Dotted keys and values of a nested mapping, as text and in order."""
    rows = []
    for key, value in node.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            rows += flatten(value, f"{name}.")
        elif isinstance(value, list | tuple):
            rows.append((name, " ".join(map(str, value))))
        else:
            rows.append((name, str(value)))
    return rows


def shorten(value: Any) -> str:
    """Write a value on one line of bounded length."""
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = " ".join(str(value).split())
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"
