"""Speed: watch lists beside brute force, plain NumPy and Mesa, in one process and one run.

    make bench
    make bench ARGS="--json bench.json --scale 1000"
    make bench ARGS="--full"                        (all 10,000 paths by watch lists)
    make bench ARGS="--only default market.regimes.start=crash"     (any words of a run)

First W8 and W24, calm, stressed and crashing, with paths scaled down by the factor that is printed;
then how the cost grows; then the default run in detail, options and a warm start. Costs are those
of one thread and its time on the processor; the wall time of the whole work is that of all of them.
An account-step is one margined account over one step, looked at or not. Watch lists, brute force
and Mesa must end with the same results to the last bit, which is checked here. The NumPy world does
less than they do (its file says what), so its ratio errs in its favour.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numba
import numpy as np

from agents.laboratory import OwnerAgent
from sim.market.paths import simulate
from sim.studies.manifest import begin_manifest, end_manifest
from sim.world.build import Built, Factory
from sim.world.compose import compose
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig, WorldChoice
from tests.benchmarks import cases, growth, numpy_paths, option_world, warm_start
from tests.benchmarks.programs import Watchful, run_kernel, run_mesa, run_numpy, same, timed

REPEATS = 5  # of what is over in a moment; the fastest counts
PARTS = ("works", "growth", "default")


def make(words: list[str], scope: str, **engine: str) -> tuple[Factory, Built]:
    """Build the world of one scope."""
    extra = [f"engine.{key}={value}" for key, value in engine.items()]
    factory = Factory(validated(RunConfig, compose([*words, *extra])))
    return factory, factory.build(factory.population(0), WorldChoice(scope=scope))


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
    parser.add_argument("--scale", type=float, default=500.0, help="of W8 and W24: fewer paths")
    parser.add_argument("--full", action="store_true", help="the whole work by watch lists")
    parser.add_argument("--only", choices=PARTS, action="append", help="leave the rest out")
    parser.add_argument("--growth-paths", type=int, default=16, help="per point of a series")
    parser.add_argument("--paths", type=int, default=8, help="of the default run")
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


def default_run(arguments: argparse.Namespace) -> dict[str, object]:
    """The default run in detail, prices alone, options and a warm start."""
    rows, facts = compare(arguments.words, arguments)
    prices = compare_paths(arguments.words, arguments)
    options = option_world.measure(arguments.accounts, arguments.steps, 2, timed)
    warm_start.measure([*arguments.words, "steps=2"])
    warm = warm_start.measure(arguments.words)
    say(f"\nthe default run, scope {arguments.scope}\n")
    say(table(rows))
    say(listing("on these paths", facts))
    say(listing("prices alone", prices))
    say(listing("options: three legs each, a grid at their venue", options))
    say(listing("a second `sluicegate run`, seconds to", warm["seconds"]))
    say(f"  of them on the processor {warm['processor']:.3f}, compiled {len(warm['compiled'])}")
    found = {"throughput": rows, "facts": facts, "prices": prices, "options": options}
    return {**found, "warm start": warm}


def say(text: str) -> None:
    """Print at once, also into a file."""
    print(text, flush=True)


def main() -> None:
    """Measure, print, and write."""
    arguments, start = parse(), time.perf_counter()
    parts = arguments.only or PARTS
    manifest = begin_manifest(sys.argv, vars(arguments))
    found: dict[str, object] = {"scale": arguments.scale}
    say(f"one thread, {numba.config.CPU_NAME or 'host CPU'}\n")
    if "works" in parts:
        say(cases.heading(arguments.scale))
        found["works"] = cases.measure(arguments.scale, arguments.full, say)
        say("\n" + cases.ratios(found["works"]))
    if "growth" in parts:
        found["growth"] = growth.measure(arguments.growth_paths, say)
    if "default" in parts:
        found |= default_run(arguments)
    say(f"\nin {time.perf_counter() - start:.0f} s")
    if arguments.json:
        found["manifest"] = end_manifest(manifest)
        arguments.json.write_text(json.dumps(found, indent=2, default=str) + "\n")


if __name__ == "__main__":
    main()
