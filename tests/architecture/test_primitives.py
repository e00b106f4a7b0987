"""Every variant of the eight primitives can be configured and acts in the path loop.

``docs/primitives.md`` is the list; what is reached is read off the sources: from the kernel's loop
along the names that functions use.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from sim.world.schema.run import RunConfig
from sim.world.schema.venue import VenueConfig

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "primitives.md"
ROOTS = (("sim.kernel", "run_chunk"), ("sim.kernel", "run_path"))
COMPILED = {"lean", "jit", "merged", "inlined"}
RULES = ("sim.market", "sim.margin", "sim.liquidation")  # whose rules must act in the loop
ROW = re.compile(r"^\| (?P<variant>[^|]*)\| `(?P<key>[^`]+)` \| `(?P<function>[^`]+)` \|")
ABSENT = {"none", "ignore"}  # choices that stand for no variant

UNITS = "turns the units of a protocol's own tests into ours"
ONE_CALL = "one call of a protocol on two balances, rounded as there; the loop does the same by row"
BY_ARRAY = "the same measure over arrays, for backtests"
REPORTED = "for tables and facts, not for decisions"
OPENING = "premiums paid before the path begins"
# Compiled rules that no path runs, each with its reason.
BESIDE_THE_LOOP = {
    "liquidation.adl.contracts_of": UNITS,
    "liquidation.adl.open_profit": UNITS,
    "liquidation.auction.debt_of": UNITS,
    "liquidation.auction.put_up": "a lot taken away; here it stays with its owner until sold",
    "liquidation.book.quote_of": UNITS,
    "liquidation.pair.above_par": UNITS,
    "liquidation.pair.biased": UNITS,
    "liquidation.pair.exchange": ONE_CALL,
    "liquidation.pair.exhausted": ONE_CALL,
    "liquidation.pair.given_for": UNITS,
    "liquidation.pair.health_factor": ONE_CALL,
    "liquidation.pair.saturated": UNITS,
    "liquidation.pair.seize": ONE_CALL,
    "liquidation.pair.split": ONE_CALL,
    "liquidation.pair.transfer": ONE_CALL,
    "liquidation.pair.value_left": ONE_CALL,
    "liquidation.perpetual.cancel_orders": "accounts in the loop have no resting orders",
    "liquidation.perpetual.liquidate": ONE_CALL,
    "liquidation.perpetual.opened": UNITS,
    "liquidation.perpetual.shortage_of": ONE_CALL,
    "liquidation.perpetual.size_of": ONE_CALL,
    "liquidation.perpetual.waited": UNITS,
    "liquidation.perpetual.with_orders": "accounts in the loop have no resting orders",
    "liquidation.portfolio.bid_for": ONE_CALL,
    "liquidation.rounding.nearest": UNITS,
    "liquidation.rounding.part_of": UNITS,
    "liquidation.rounding.whole_of": UNITS,
    "liquidation.shortage.contracts_to_cover": "Drift's closed form; the loop tries sizes",
    "liquidation.shortage.debt_to_cover": "Drift's closed form; the loop tries sizes",
    "liquidation.socialise.charged_sides": UNITS,
    "margin.carry.borrow_limit": "losses of perpetuals are not lent against spot",
    "margin.carry.borrowed": "losses of perpetuals are not lent against spot",
    "margin.carry.limit_price": "losses of perpetuals are not lent against spot",
    "margin.greeks.account_exposure": REPORTED,
    "margin.greeks.exposures": REPORTED,
    "margin.shocks.present_value": OPENING,
    "market.surface.implied_volatility": OPENING,
    "margin.orders.filled": "accounts in the loop have no resting orders",
    "margin.orders.health": "accounts in the loop have no resting orders",
    "margin.orders.together": "accounts in the loop have no resting orders",
    "margin.orders.weighted": "accounts in the loop have no resting orders",
    "margin.orders.worst_case": "accounts in the loop have no resting orders",
    "margin.portfolio.added_on": "of a portfolio given as arrays; the loop sums over the row",
    "margin.portfolio.at_least": "the same",
    "margin.portfolio.collateral_charge": "the same",
    "margin.portfolio.option_charge": "the same",
    "margin.portfolio.perpetual_charge": "the same",
    "margin.remaining.liquidatable": "GMX's isolated position; the loop assesses accounts",
    "margin.remaining.remaining": "GMX's isolated position; the loop assesses accounts",
    "margin.sampled.deviation": BY_ARRAY,
    "margin.sampled.expected_shortfall": BY_ARRAY,
    "margin.sampled.rescaled": BY_ARRAY,
    "margin.sampled.sampled_losses": BY_ARRAY,
    "margin.sampled.value_at_risk": BY_ARRAY,
    "market.funding.funding_paid": UNITS,
    "market.funding.impact_premium": "of a book with two sides; a market here has one price",
    "market.funding.received_rate": "funding here is zero-sum by contract, not by side",
    "market.funding.velocity_course": "a course of skews given beforehand",
    "market.interest.grown": UNITS,
    "market.paths._simulate": "paths alone, for `simulate`; the loop fills one at a time",
    "market.skew.position_profit": UNITS,
    "market.view.decode": UNITS,
}

Place = tuple[str, str]  # module and function


@cache
def modules() -> dict[str, ast.Module]:
    """Return the parsed modules of the simulator by dotted name."""
    found = {}
    for file in (REPOSITORY / "sim").rglob("*.py"):
        parts = file.relative_to(REPOSITORY).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = ast.parse(file.read_text())
    return found


@cache
def names() -> dict[str, dict[str, Place]]:
    """Return what each module's names of functions stand for."""
    table: dict[str, dict[str, Place]] = {}
    for module, tree in modules().items():
        mine = table.setdefault(module, {})
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module:
                mine.update({a.asname or a.name: (node.module, a.name) for a in node.names})
            elif isinstance(node, ast.FunctionDef):
                mine[node.name] = (module, node.name)
    return table


@cache
def functions() -> dict[Place, ast.FunctionDef]:
    """Return all functions of all modules."""
    return {
        (module, node.name): node
        for module, tree in modules().items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def is_compiled(function: ast.FunctionDef) -> bool:
    return any(isinstance(d, ast.Name) and d.id in COMPILED for d in function.decorator_list)


@cache
def reached() -> frozenset[Place]:
    """Return the functions that the loop over paths can come to."""
    seen: set[Place] = set()
    waiting = list(ROOTS)
    while waiting:
        place = waiting.pop()
        if place in seen or place not in functions():
            continue
        seen.add(place)
        known = names()[place[0]]
        used = {n.id for n in ast.walk(functions()[place]) if isinstance(n, ast.Name)}
        waiting += [known[name] for name in used if name in known]
    return frozenset(seen)


def rows() -> list[dict[str, str]]:
    """Return the rows of the page's tables."""
    found = [ROW.match(line) for line in PAGE.read_text().splitlines()]
    return [match.groupdict() for match in found if match]


def inner(annotation: Any) -> Iterator[Any]:
    """Yield what a value of this annotation may be, unions and bounds taken off."""
    if get_origin(annotation) is Annotated:
        yield from inner(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from inner(member)
    elif annotation is not NoneType:
        yield annotation


def below(annotation: Any, key: str) -> Iterator[Any]:
    """Yield the annotations of a key below a value of this annotation."""
    for kind in inner(annotation):
        if key == "*" and get_origin(kind) is dict:
            yield get_args(kind)[1]
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, field in kind.model_fields.items():
                if key == (field.alias or name):
                    yield field.annotation


def at(key: str) -> list[Any]:
    """Return the annotations that a dotted key leads to."""
    found: list[Any] = [RunConfig if key.startswith("/") else VenueConfig]
    for part in key.removeprefix("/").split("."):
        found = [one for kind in found for one in below(kind, part)]
    return found


def choices(annotation: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every choice of a schema, as its key and a value."""
    for kind in inner(annotation):
        if get_origin(kind) is Literal:
            yield from ((path, value) for value in get_args(kind) if isinstance(value, str))
        elif get_origin(kind) is dict:
            yield from choices(get_args(kind)[1], f"{path}.*")
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, field in kind.model_fields.items():
                yield from choices(field.annotation, f"{path}.{field.alias or name}".lstrip("."))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["key"])
def test_variant_is_configured_and_acts(row):
    key, _, value = row["key"].partition(": ")
    found = at(key)
    assert found, f"{key} is no key of the schema"
    if value:
        allowed = {v for kind in found for _, v in choices(kind)}
        assert value in allowed, f"{key} is one of {sorted(allowed)}"
    module, _, name = f"sim.{row['function']}".rpartition(".")
    assert (module, name) in functions(), f"there is no {row['function']}"
    assert is_compiled(functions()[module, name])
    assert (module, name) in reached(), f"{row['function']} is not reached from the kernel"


def test_every_primitive_has_its_variants():
    page = PAGE.read_text()
    for n in range(1, 9):
        section = page.split(f"## P{n} ", 1)[1].split("\n## ", 1)[0]
        assert len(re.findall(r"^\| .*`.*`.*\|$", section, re.MULTILINE)) >= 5, f"P{n}"
    assert len(rows()) == len(re.findall(r"^\|.*\| `", page, re.MULTILINE))


def test_every_choice_of_a_venue_is_listed():
    listed = {row["key"] for row in rows()}
    offered = {f"{key}: {value}" for key, value in choices(VenueConfig) if value not in ABSENT}
    assert sorted(offered - listed) == []


def test_rules_beside_the_loop_have_a_reason():
    idle = {
        f"{module}.{name}".removeprefix("sim.")
        for (module, name), function in functions().items()
        if is_compiled(function) and module.startswith(RULES) and (module, name) not in reached()
    }
    assert sorted(idle - set(BESIDE_THE_LOOP)) == []
    assert sorted(set(BESIDE_THE_LOOP) - idle) == [], "these act in the loop, or are gone"


def test_a_variant_that_only_serves_vectors_is_noticed():
    assert ("sim.margin.carry", "borrowed") not in reached()
    assert ("sim.market.view", "weighted_median") in reached()
    assert at("oracle.no_such_key") == []
