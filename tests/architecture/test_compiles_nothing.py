"""Another set of venues, engines, rules or archetypes runs on the code that is there already."""

import sys
from collections.abc import Iterator

import numpy as np
from numba.core.caching import NullCache
from numba.core.dispatcher import Dispatcher

import agents.liquidator
import sim.step
import sim.world.idle
from sim import kernel
from sim.compile import jit, lean
from sim.state import codes
from sim.studies.experiment import run_paths
from sim.world.build import Factory
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig, WorldChoice
from tests.random_worlds import Config, default
from tests.worlds import (
    SOURCE,
    market,
    perpetual_venue,
    run_dict,
    sleeper,
    taker,
    venue,
    weight,
)

# A rule is compiled when its file is imported; after that, which rules a world names costs nothing.
RULES = (agents.liquidator.take_all, sim.world.idle.decline)


def dispatchers() -> Iterator[Dispatcher]:
    """Every compiled function that the project's modules know, as Python and as code sees it."""
    found: dict[int, Dispatcher] = {}
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("sim", "agents", "scenarios"):
            for value in vars(module).values():
                for known in (value, getattr(value, "part", None)):
                    if isinstance(known, Dispatcher):
                        found[id(known)] = known
    yield from found.values()


def compiled_versions() -> int:
    """Signatures compiled or loaded so far, and entries of the kernel."""
    return len(kernel._entry) + sum(len(f.overloads) for f in dispatchers())


def cache_misses() -> int:
    """Times that something had to be compiled because no file had it."""
    return sum(sum(f.stats.cache_misses.values()) for f in dispatchers())


def simulate(config: Config, scope: str) -> np.ndarray:
    """Build and run one world; return its venues' engines, sizes, bonuses and takers."""
    factory = Factory(validated(RunConfig, config))
    built = factory.build(factory.population(0), WorldChoice(scope=scope))
    run_paths(factory, built.twin(factory.layout, "full"), built.assembled.opening, (0, 2))
    names = ["engine", "selection", "size", "bonus", "taker"]
    return np.unique(built.assembled.world.venues[names])


def other_venues() -> Config:
    """A run that shares no venue, asset, archetype or liquidator rule with the default."""
    rules = {"size": "close_factor", "bonus": {"kind": "ltv", "min": 0.01, "max": 0.2}}
    lender = venue({"DOGE": weight(0.7), "PEPE": weight(0.5)}, rules)
    loan = {
        "kind": "loan",
        "venues": {"lender": 1.0},
        "collateral": {"DOGE": 1.0, "PEPE": 2.0},
        "debt": {"USDC": 1.0},
        "leverage": {"low": 0.2, "high": 0.5},
    }
    contracts = {
        "kind": "perpetual",
        "venues": {"exchange": 1.0},
        "assets": {"DOGE": 1.0},
        "side": "short",
        "leverage": {"low": 1.0, "high": 3.0},
    }
    config = run_dict(
        market({"DOGE": 0.1, "PEPE": 1e-5}, volatility=5.0),
        {"lender": lender, "exchange": perpetual_venue("DOGE", 0.1)},
        accounts=20,
        steps=5,
        archetype={"mixed": sleeper(positions=[loan, contracts])},
        liquidator={"greedy": taker(latency=60.0)},
    )
    config["hub"] = {
        "provenance": SOURCE,
        "netting": {
            name: {"net": {"initial": 0.1, "maintenance": 0.1}}
            | {"basis": {"initial": 0.1, "maintenance": 0.1}}
            for name in ("DOGE", "PEPE")
        },
    }
    return config


def test_swapping_venues_and_rules_compiles_nothing() -> None:
    first = simulate(default({"accounts": 30, "steps": 5}), "venue")
    versions, misses = compiled_versions(), cache_misses()
    second = simulate(other_venues(), "hub")
    third = simulate(default({"accounts": 30, "steps": 5, "liquidator": {}}), "isolated")
    assert compiled_versions() == versions
    assert cache_misses() == misses
    assert len(kernel._entry) == 1
    kinds = {tuple(row) for rows in (first, second, third) for row in rows.tolist()}
    assert len(kinds) >= 5
    assert codes.NET_OF_LEGS in second["engine"]


def test_another_kind_of_array_would_be_noticed() -> None:
    factory = Factory(validated(RunConfig, default({"accounts": 30, "steps": 2})))
    built = factory.build(factory.population(0), WorldChoice(scope="venue"))
    before = compiled_versions()
    world = built.assembled.world
    sim.step.record(world._replace(ratio=np.asfortranarray(world.ratio)), built.assembled.opening)
    assert compiled_versions() > before


def counted(table: np.ndarray) -> float:
    total = 0.0
    for i in range(len(table)):
        row = table[i]
        total += row[row.argmax()]
    return total


def llvm(decorate: object) -> str:
    """Code of `counted` under one of the project's decorators, compiled afresh."""
    function = decorate(counted)  # type: ignore[operator]
    function._cache = NullCache()
    function.compile("float64(float64[:, ::1])")
    (code,) = function.inspect_llvm().values()
    return str(code)


def test_lean_functions_count_no_references() -> None:
    assert "NRT_incref" in llvm(jit)
    assert "NRT_incref" not in llvm(lean)


def test_the_path_loop_is_lean() -> None:
    below = ("sim.margin", "sim.market", "sim.liquidation", "sim.step", "sim.ledger")
    loose = {
        f"{f.py_func.__module__}.{f.py_func.__name__}"
        for f in dispatchers()
        if f.py_func.__module__.startswith(below) and f.targetoptions.get("_nrt", True)
    }
    # What runs before a step (the path, its course and opening), at the horizon or on numbers alone
    # may count.
    exogenous = ("paths", "regimes", "jumps", "pegs", "course")
    allowed = [f"sim.market.{name}" for name in exogenous]
    allowed += ["sim.liquidation.horizon", "sim.margin.greeks", "sim.margin.reopen"]
    inside = {name for name in loose if not name.startswith(tuple(allowed))}
    assert inside == set()
    assert any(f.py_func is sim.step.step.py_func for f in dispatchers())
