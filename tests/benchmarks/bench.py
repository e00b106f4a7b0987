"""Account-steps per second: the kernel beside brute force, plain NumPy and Mesa, in one run.

    make bench
    python tests/benchmarks/bench.py --paths 8 --accounts 5000 --json bench.json
    python tests/benchmarks/bench.py market.regimes.start=crash        (any words of a run)

All run in one thread of one process, on the same world, path numbers and prices. An account-step is
one margined account over one step, looked at or not. The kernel, its brute force and Mesa must end
with the same results to the last bit, which is checked here. The NumPy world does less than they do
(its file says what), so its ratio errs in its favour.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import numpy_paths
import option_world
import warm_start
from numpy_world import NumpyWorld

from agents.laboratory import LaboratoryModel, OwnerAgent
from sim import kernel
from sim.market.paths import simulate
from sim.reset import begin
from sim.state import codes
from sim.studies.experiment import run_paths
from sim.world.assemble import assess_rows
from sim.world.build import Built, Factory
from sim.world.compose import compose
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig, WorldChoice

REPEATS = 5  # of what is over in a moment; the fastest counts


class Watchful(OwnerAgent):
    """Works out its own margin at every step, turn or not, as a plain agent would."""

    def wakes(self, step: int) -> bool:
        equity, required = self.margin
        return (step + self.phase) % self.interval == 0 and equity < self.watch * required


def timed(work: Callable[[], object], repeats: int = 1) -> tuple[float, object]:
    """Shortest time of some repeats, and the last result.

    Seconds are the thread's own on the processor: a busy machine does not change the ratios.
    """
    seconds = []
    for _ in range(repeats):
        start = time.thread_time()
        result = work()
        seconds.append(time.thread_time() - start)
    return min(seconds), result


def make(words: list[str], scope: str, **engine: str) -> tuple[Factory, Built]:
    """Build the world of one scope."""
    extra = [f"engine.{key}={value}" for key, value in engine.items()]
    factory = Factory(validated(RunConfig, compose([*words, *extra])))
    return factory, factory.build(factory.population(0), WorldChoice(scope=scope))


def run_kernel(
    factory: Factory, built: Built, paths: int, repeats: int
) -> tuple[float, np.ndarray]:
    """Time the compiled path loop, price paths included, after one path to load it."""
    world, opening = built.twin(factory.layout, "full"), built.assembled.opening
    run_paths(factory, world, opening, (0, 1))
    return timed(lambda: run_paths(factory, world, opening, (0, paths)), repeats)


def run_mesa(factory: Factory, built: Built, paths: int, owner: type) -> tuple[float, np.ndarray]:
    """Time the laboratory from its first to its last step; making the agents is not counted."""
    LaboratoryModel(factory, built, owner=owner).step()  # loads what it calls
    results, seconds = [], 0.0
    for path in range(paths):
        model = LaboratoryModel(factory, built, path=path, owner=owner)
        seconds += timed(model.run_model)[0]
        results.append(model.state.stats[0])
    return seconds, np.array(results)


def run_numpy(factory: Factory, built: Built, prices: np.ndarray) -> tuple[float, float]:
    """Time the NumPy world on given prices; its first margin figures must be the kernel's."""
    world, opening = built.twin(factory.layout, "full"), built.assembled.opening
    state = kernel.copy_state(opening)
    begin(world, state, opening, prices[0, 0], 0)
    exact = assess_rows(world, state, codes.MAINTENANCE, built.assembled.rows.accounts)
    first = NumpyWorld(world, opening)
    for mine, theirs in zip(
        first.margin(first.prices(state.markets["mark"])), exact.T, strict=True
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-6)
    liquidated, seconds = 0.0, 0.0
    for path in prices:
        one = NumpyWorld(world, opening)
        seconds += timed(lambda one=one, path=path: [one.step(row) for row in path[1:]])[0]
        liquidated += one.liquidated
    return seconds, liquidated


def same(name: str, one: np.ndarray, other: np.ndarray) -> None:
    """Refuse to print figures of programs that did different things."""
    if one.tobytes() != other.tobytes():
        raise SystemExit(f"{name} and the kernel end with different results: no figures")


def compare(words: list[str], arguments: argparse.Namespace) -> tuple[list[dict], dict]:
    """Run everything on one world; return lines of the table and facts."""
    words = [*words, f"steps={arguments.steps}", f"accounts={arguments.accounts}"]
    paths, scope = arguments.paths, arguments.scope
    factory, built = make(words, scope)
    accounts = built.assembled.rows.accounts
    rows = []

    def note(name: str, seconds: float, paths: int, steps: int) -> None:
        rate = accounts * paths * steps / seconds
        rows.append(
            {"what": name, "paths": paths, "steps": steps, "seconds": seconds, "rate": rate}
        )

    prices, _ = simulate(factory.law, factory.config.seed, paths, arguments.steps)
    seconds, results = run_kernel(factory, built, paths, REPEATS)
    note("kernel, watch lists", seconds, paths, arguments.steps)
    brute, brute_built = make(words, scope, watch="all")
    seconds, found = run_kernel(brute, brute_built, paths, 1)
    same("brute force", found, results)
    note("kernel, every account every round", seconds, paths, arguments.steps)
    seconds, liquidated = run_numpy(factory, built, prices)
    note("NumPy, one round, no agents", seconds, paths, arguments.steps)
    seconds, found = run_mesa(factory, built, arguments.mesa_paths, OwnerAgent)
    same("Mesa", found, results[: len(found)])
    note("Mesa, owners asked when it is their turn", seconds, len(found), arguments.steps)
    few = min(arguments.mesa_steps, arguments.steps)
    short, short_built = make([*words, f"steps={few}"], scope)
    seconds, found = run_mesa(short, short_built, 1, Watchful)
    same("Mesa", found, run_kernel(short, short_built, 1, 1)[1])
    note("Mesa, every owner every step", seconds, 1, few)
    facts = {
        "accounts": accounts,
        "liquidation calls per path": float(results["liquidations"].mean()),
        "USD liquidated per path": float(results["liquidated_notional"].mean()),
        "USD liquidated per path, NumPy": liquidated / paths,
    }
    return rows, facts


def compare_paths(words: list[str], arguments: argparse.Namespace) -> dict[str, float]:
    """Cost of prices alone, ns per step of a whole path of all assets."""
    law = make([*words, f"steps={arguments.steps}", "accounts=10"], arguments.scope)[0].law
    paths, steps = arguments.price_paths, arguments.steps
    simulate(law, 1, 1, steps)
    ours, mine = timed(lambda: simulate(law, 1, paths, steps)[0], 3)
    theirs, plain = timed(lambda: numpy_paths.simulate(law, 1, paths, steps)[0], 1)
    spread = [np.log(p[:, -1, law.risky]).std(axis=0).mean() for p in (mine, plain)]
    return {
        "assets": float(len(law.price)),
        "paths": float(paths),
        "ours, ns per step": ours / (paths * steps) * 1e9,
        "NumPy, ns per step": theirs / (paths * steps) * 1e9,
        "NumPy over ours": theirs / ours,
        "sd of final log-price, NumPy over ours": float(spread[1] / spread[0]),
    }


def table(rows: list[dict]) -> str:
    """Lines of text, slowest last, with ratios to the kernel."""
    lines = [
        f"{'':42}{'paths':>6}{'steps':>7}{'seconds':>9}{'account-steps/s':>18}{'kernel is':>12}"
    ]
    for row in rows:
        ratio = rows[0]["rate"] / row["rate"]
        lines.append(
            f"{row['what']:42}{row['paths']:6d}{row['steps']:7d}{row['seconds']:9.3f}"
            f"{row['rate']:18,.0f}{ratio:10,.1f} x"
        )
    return "\n".join(lines)


def listing(title: str, facts: dict[str, float]) -> str:
    """Lines of names and numbers."""
    return "\n".join(
        [f"\n{title}", *(f"  {name:42}{value:14,.3f}" for name, value in facts.items())]
    )


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="settings of the run, key=value")
    parser.add_argument("--paths", type=int, default=8)
    parser.add_argument("--mesa-paths", type=int, default=2, help="of these, run by Mesa")
    parser.add_argument("--mesa-steps", type=int, default=120, help="where every owner is asked")
    parser.add_argument("--price-paths", type=int, default=200, help="for prices alone")
    parser.add_argument("--accounts", type=int, default=5000, help="traders")
    parser.add_argument("--steps", type=int, default=1440)
    parser.add_argument("--scope", default="unified", choices=["isolated", "venue", "unified"])
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    arguments = parser.parse_args()
    arguments.mesa_paths = min(arguments.mesa_paths, arguments.paths)
    return arguments


def main() -> None:
    """Measure, print, and write."""
    arguments = parse()
    rows, facts = compare(arguments.words, arguments)
    prices = compare_paths(arguments.words, arguments)
    options = option_world.measure(arguments.accounts, arguments.steps, 2, timed)
    warm_start.measure([*arguments.words, "steps=2"])
    warm = warm_start.measure(arguments.words)
    print(f"one thread, {numba.config.CPU_NAME or 'host CPU'}, scope {arguments.scope}\n")
    print(table(rows))
    print(listing("on these paths", facts))
    print(listing("prices alone", prices))
    print(listing("options: three legs each, a grid at their venue", options))
    print(listing("a second `sluicegate run`, seconds to", warm["seconds"]))
    print(f"  of them on the processor {warm['processor']:.3f}, compiled {len(warm['compiled'])}")
    if arguments.json:
        figures = {"throughput": rows, "facts": facts, "prices": prices, "options": options}
        figures["warm start"] = warm
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
