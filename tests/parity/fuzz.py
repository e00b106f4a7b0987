"""Random worlds through watch lists and by brute force: the same bits, as many as one likes.

    make fuzz ARGS="--paths 50000 --seed 1"
    make fuzz ARGS="--only steep:1234 --only everything:99"     these worlds again

Every world is run once by brute force, which looks at every account at every turn, and three times
through watch lists: skins of every size, one to four threads, chunks of one path or more. All
results must be the same bytes. Which worlds are run follows from the seed alone, not from how many
processes share the work. Ends with 1 if anything differed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from random import Random

from numba.core.errors import NumbaExperimentalFeatureWarning
from tqdm import tqdm

from sim import cache
from tests.parity.examine import EVENTS, Case, Finding, examine
from tests.parity.families import FAMILIES
from tests.parity.features import FEATURES


def cases(seed: int, families: list[str], paths: int) -> Iterator[Case]:
    """Draw worlds without end, of every family in turn."""
    r = Random(seed)
    while True:
        for family in families:
            yield Case(family, r.getrandbits(31), paths)


@dataclass
class Tally:
    """What all cases together came to."""

    worlds: int = 0
    compared: int = 0
    comparisons: int = 0
    calls: int = 0
    events: Counter[str] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[Case, str]] = field(default_factory=list)

    def add(self, found: Finding) -> None:
        """Count one case."""
        self.worlds += 1
        self.compared += found.compared
        self.comparisons += found.comparisons
        self.calls += found.calls
        self.events += found.events
        self.families[found.case.family] += found.compared
        self.features.update(dict.fromkeys(found.features, found.compared))
        if found.refused:
            self.refused[found.refused] += 1
        self.wrong += [(found.case, what) for what in found.wrong]


def columns(title: str, counts: Iterable[tuple[str, int]]) -> list[str]:
    """Names and counts below each other."""
    return [f"\n{title}", *(f"  {name:46}{count:12,d}" for name, count in counts)]


def report(tally: Tally, seconds: float) -> str:
    """What is printed at the end."""
    lines = [
        f"{tally.compared:,} paths of {tally.worlds:,} worlds compared with brute force, "
        f"{tally.comparisons:,} comparisons, in {seconds:,.0f} s",
        *columns("paths by family", ((name, tally.families[name]) for name in FAMILIES)),
        *columns("paths by what their world holds", ((f, tally.features[f]) for f in FEATURES)),
        *columns("paths on which there was", ((name, tally.events[name]) for name in EVENTS)),
        f"\nliquidation calls on them{tally.calls:35,d}",
        *columns("worlds refused", sorted(tally.refused.items()) or [("none", 0)]),
        f"\ndifferences: {len(tally.wrong)}",
    ]
    for case, what in tally.wrong:
        lines.append(f"  --only {case.family}:{case.seed}  {what}")
    return "\n".join(lines)


def compare(arguments: argparse.Namespace) -> Tally:
    """Examine cases until enough paths are compared."""
    tally, each = Tally(), arguments.each
    if arguments.only:
        named = [word.rsplit(":", 1) for word in arguments.only]
        for family, seed in named:
            tally.add(examine(Case(family, int(seed), each)))
        return tally
    source = cases(arguments.seed, arguments.family or list(FAMILIES), each)
    if not cache.is_warm():
        print("the first world takes minutes if it must compile", file=sys.stderr, flush=True)
    # The first one here, so that the others find what it compiled.
    tally.add(examine(next(source)))
    seconds = 1.0 if sys.stderr.isatty() else 30.0  # a log file needs a line now and then
    with tqdm(
        total=arguments.paths, unit=" paths", mininterval=seconds, maxinterval=seconds
    ) as bar:
        bar.update(tally.compared)
        for found in examined(source, arguments, tally):
            tally.add(found)
            bar.set_postfix(differences=len(tally.wrong), refresh=False)
            bar.update(found.compared)
    return tally


def examined(
    source: Iterator[Case], arguments: argparse.Namespace, tally: Tally
) -> Iterator[Finding]:
    """Findings of as many cases as are still missing; `tally` grows as the caller counts them."""
    if arguments.processes == 0:
        while tally.compared < arguments.paths:
            yield examine(next(source))
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(arguments.processes, mp_context=spawn, initializer=quieten) as pool:
        while (missing := arguments.paths - tally.compared) > 0:
            batch = [next(source) for _ in range(-(-missing // arguments.each))]
            yield from pool.map(examine, batch)


def quieten() -> None:
    """Numba calls rules as function values experimental; see CONTRIBUTING."""
    warnings.simplefilter("ignore", NumbaExperimentalFeatureWarning)


def parse(words: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--paths", type=int, default=2000, help="to be compared, at least")
    parser.add_argument("--seed", type=int, default=1, help="which worlds")
    parser.add_argument("--each", type=int, default=8, help="paths of each world")
    parser.add_argument("--family", action="append", choices=FAMILIES, help="of these alone")
    parser.add_argument("--only", action="append", metavar="FAMILY:SEED", help="this world alone")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="0: all in this process"
    )
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Compare, report, and return the exit code."""
    quieten()
    arguments, start = parse(words), time.monotonic()
    tally = compare(arguments)
    print(report(tally, time.monotonic() - start))
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
