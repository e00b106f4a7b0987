"""The venue library in words: a line per venue, and one venue explained with worked examples."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sim.world.example import REACH
from sim.world.primitives import NAMES, Parameter, parameters, variants
from sim.world.samples import Worked
from sim.world.schema.venue import VenueConfig

WIDTH = 100
ASSUMED = "*"  # marks a value whose source is nobody
FAR = 10.0  # a price this many times higher or lower is said as a multiple
_KEY = 40


def library(venues: Mapping[str, VenueConfig], broken: Mapping[str, str]) -> str:
    """List venues with the variants of each primitive that they use, one line for each."""
    head = ", ".join(f"{key} {name}" for key, name in NAMES.items())
    wide = max((len(name) for name in (*venues, *broken)), default=0)
    lines = [f"{name:<{wide}}  {_line(venue)}" for name, venue in venues.items()]
    lines += [f"{name:<{wide}}  cannot be used: {why}" for name, why in broken.items()]
    return "\n".join([f"primitives: {head}", *sorted(lines)])


def explained(
    name: str, venue: VenueConfig, worked: Sequence[Worked], everything: bool = False
) -> str:
    """Explain one venue: sources, parameters by primitive, worked examples."""
    parts = [_sources(name, venue), _parameters(venue, everything), _examples(worked)]
    return "\n\n".join(part for part in parts if part)


def _line(venue: VenueConfig) -> str:
    found = variants(venue)
    return " | ".join(f"{key} {', '.join(words)}" for key, words in found.items() if words)


def _sources(name: str, venue: VenueConfig) -> str:
    known = venue.provenance
    when = f" ({known.date})" if isinstance(known.date, date) else ""
    text = [f"{name}: {known.source}{when}"]
    if known.assumed:
        text.append(f"assumed, marked {ASSUMED} below: {', '.join(known.assumed)}")
    return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in text)


def _parameters(venue: VenueConfig, everything: bool) -> str:
    listed = parameters(venue)
    lines, left_out = [], sum(not p.given for p in listed)
    for key, name in NAMES.items():
        mine = [p for p in listed if p.primitive == key and (p.given or everything)]
        words = ", ".join(variants(venue)[key])
        lines.append(f"{key} {name}" + (f": {words}" if words else ""))
        lines += [line for group in _grouped(mine) for line in _row(group)]
    if left_out and not everything:
        lines.append(f"({left_out} further parameters stand at their defaults: --all shows them)")
    return "\n".join(lines)


def _grouped(listed: Sequence[Parameter]) -> list[list[Parameter]]:
    """Put the same parameter of several assets together."""
    groups: dict[tuple[str, ...], list[Parameter]] = {}
    for parameter in listed:
        path = parameter.path
        key = (path[0], *path[2:]) if _by_asset(parameter) else path
        groups.setdefault(key, []).append(parameter)
    return list(groups.values())


def _by_asset(parameter: Parameter) -> bool:
    return parameter.path[0] in ("assets", "perpetuals", "options") and len(parameter.path) > 2


def _row(group: Sequence[Parameter]) -> list[str]:
    first = group[0]
    if _by_asset(first):
        key = ".".join((first.path[0], "*", *first.path[2:]))
        values = ", ".join(f"{p.path[1]} {_value(p)}" for p in group)
    else:
        key, values = first.key, _value(first)
    note = f"  ({first.unit})" if first.unit else ""
    return textwrap.wrap(
        f"{key:<{_KEY}} {values}{note}",
        WIDTH,
        initial_indent="  ",
        subsequent_indent=" " * (_KEY + 3),
        break_on_hyphens=False,
    )


def _value(parameter: Parameter) -> str:
    return _shown(parameter.value) + (ASSUMED if parameter.assumed else "")


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_shown(entry) for entry in value) + "]"
    if hasattr(value, "model_dump"):
        return _shown(value.model_dump(exclude_none=True, exclude_defaults=True))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(entry)}" for key, entry in value.items()) + "}"
    return "none" if value is None else str(value)


def _examples(worked: Sequence[Worked]) -> str:
    if not worked:
        return ""
    lines = ["worked examples, at the start prices of the default market, by the margin engine"]
    for one in worked:
        at = one.measured
        lines.append(f"  {one.title}")
        lines.append(
            f"    equity {at.equity:,.2f}, initial {at.initial:,.2f}, maintenance "
            f"{at.maintenance:,.2f}, health {at.health:,.2f} USD"
            + ("" if at.opens else "; could not be opened")
        )
        lines.append(f"    {_liquidation(one)}")
    return "\n".join(lines)


def _liquidation(one: Worked) -> str:
    if one.measured.health <= 0.0:
        return "can be liquidated at once"
    if not one.liquidation:
        low, high = (one.price * factor for factor in REACH)
        return (
            f"no price of {one.moved} from {low:,.6g} to {high:,.0f} liquidates it "
            f"({REACH[0]:g} to {REACH[1]:,.0f} times the present one)"
        )
    moves = " or ".join(_move(one.price, price) for price in one.liquidation)
    return f"liquidated when {one.moved} {moves}"


def _move(now: float, then: float) -> str:
    way = "rises" if then > now else "falls"
    times = then / now
    far = not 1.0 / FAR < times < FAR
    shown = f"{then:,.0f}" if then >= 1e6 else f"{then:,.6g}"
    return f"{way} to {shown} ({f'{times:,.3g} times the present' if far else f'{times - 1:+.1%}'})"
