"""One random world through watch lists of several skins, dealt over threads, and by brute force."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from random import Random
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed

from sim.errors import SluicegateError
from sim.state.state import RESULT
from sim.studies.stage import stage_of
from sim.studies.work import Task
from sim.world.build import Built, Factory
from sim.world.schema.run import RunConfig
from tests.parity.families import FAMILIES
from tests.parity.features import features
from tests.parity.lists import with_watch
from tests.parity.worlds import maker_too_small

# A skin from each: lists that hardly outlive a step, usual ones, and lists that never end
SKINS = ((5e-4, 5e-3), (5e-3, 5e-2), (5e-2, 0.45))
THREADS = (1, 1, 2, 3, 4)
EVENTS = (
    "liquidations",
    "liquidated_accounts",
    "topped_up",
    "deleveraged_notional",
    "bad_debt",
    "adl_notional",
    "insurance_used",
    "socialised_loss",
    "hedges_broken",
    "gated_hours",
    "halted_hours",
    "regret_accounts",
)


class Case(NamedTuple):
    """A world, by the family and the seed that make it, and how many of its paths are compared."""

    family: str
    seed: int
    paths: int


class Look(NamedTuple):
    """One way to run the paths of a world."""

    watch: str
    skin: float
    threads: int
    chunk: int  # paths handed to a thread at once


@dataclass
class Finding:
    """What came of a case."""

    case: Case
    features: tuple[str, ...] = ()
    compared: int = 0  # paths
    comparisons: int = 0  # paths times looks
    calls: int = 0  # liquidations on the paths
    events: Counter[str] = field(default_factory=Counter)  # paths on which something happened
    refused: str | None = None
    wrong: list[str] = field(default_factory=list)


def looks(case: Case) -> list[Look]:
    """Draw a look from each range of skins; only the case decides them."""
    r = Random(f"{case.family} {case.seed}")
    drawn = []
    for low, high in SKINS:
        skin = math.exp(r.uniform(math.log(low), math.log(high)))
        drawn.append(Look("lists", skin, r.choice(THREADS), r.choice((1, 2, case.paths))))
    return drawn


def run(config: RunConfig, built: Built, look: Look, paths: int) -> np.ndarray:
    """Return the results of the first paths, dealt over threads as a run deals them."""
    factory = Factory(with_watch(config, look.watch, look.skin))
    fresh = replace(built, desks=deque())  # what a desk has learned holds for one skin
    stage = stage_of(factory, {"w": fresh})
    tasks = [
        Task("w", config.experiment.twins[0], 0, first, min(look.chunk, paths - first))
        for first in range(0, paths, look.chunk)
    ]
    threads = Parallel(n_jobs=look.threads, backend="threading")
    return np.concatenate([rows for rows, _ in threads(delayed(stage.run)(task) for task in tasks)])


def refusal(error: SluicegateError) -> str | None:
    """Return why a random world may be refused; None if it may not be."""
    if maker_too_small(error):
        return "a maker too small for the open interest drawn"
    if "no figure of it means anything" in str(error):
        return "a price ran away in a market too thin"
    return None


def outcome(config: RunConfig, built: Built, look: Look, paths: int) -> np.ndarray | str:
    """Return results, or why there are none."""
    try:
        return run(config, built, look, paths)
    except SluicegateError as error:
        if (why := refusal(error)) is None:
            raise
        return why


def difference(listed: np.ndarray | str, brute: np.ndarray | str) -> str:
    """Say in what two outcomes differ; nothing if they are the same to the bit."""
    if isinstance(listed, str) or isinstance(brute, str):
        return "" if str(listed) == str(brute) else "one of them refused the world"
    fields = [n for n in RESULT.names or () if listed[n].tobytes() != brute[n].tobytes()]
    if not fields:
        return ""
    rows = [i for i in range(len(brute)) if listed[i].tobytes() != brute[i].tobytes()]
    return f"paths {rows}: {', '.join(fields)}"


def examine(case: Case) -> Finding:
    """Run a case every way; nothing is raised, whatever happens."""
    finding = Finding(case)
    try:
        _examine(case, finding)
    except SluicegateError as error:
        finding.refused = refusal(error)
        if finding.refused is None:
            finding.wrong.append(f"refused: {error}")
    except Exception as error:  # a defect, to be reported with its seed beside the others
        finding.wrong.append(f"{type(error).__name__}: {error}")
    return finding


def _examine(case: Case, finding: Finding) -> None:
    config = FAMILIES[case.family](case.seed)
    finding.features = features(config)
    factory = Factory(config)
    built = factory.build(factory.population(0), config.experiment.worlds["w"])
    brute = outcome(config, built, Look("all", SKINS[0][0], 1, case.paths), case.paths)
    for look in looks(case):
        if found := difference(outcome(config, built, look, case.paths), brute):
            finding.wrong.append(f"skin {look.skin:.4g}, {look.threads} threads, {found}")
    if isinstance(brute, str):
        finding.refused = brute
        return
    finding.compared, finding.comparisons = case.paths, case.paths * len(SKINS)
    finding.calls = int(brute["liquidations"].sum())
    for name in EVENTS:
        finding.events[name] += int(np.count_nonzero(brute[name]))
