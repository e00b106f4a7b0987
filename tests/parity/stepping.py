"""Both programs on one path, side by side, and what differs between them after a step."""

from collections.abc import Iterator
from copy import deepcopy
from typing import NamedTuple

import numpy as np

from sim import kernel
from sim.market.course import Course, Journey
from sim.state.state import RESULT, State
from sim.world.build import Built, Factory
from sim.world.schema.run import RunConfig
from tests.parity.export import (
    describe,
    feed_names,
    holder_names,
    instrument_names,
    market_names,
)
from tests.reference import ledger
from tests.reference.step import begin, finish, step
from tests.reference.world import World

TINY = 1e-300


class Snapshot(NamedTuple):
    """The simulator after some steps."""

    state: State
    results: np.void
    prices: np.ndarray
    regimes: np.ndarray


class Pair:
    """A world in both programs.

    The simulator's state after t steps is that of a path of t steps, in whose last step prices
    stand still; so every prefix is run from the start, by the entry that production runs use.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.factory = Factory(config)
        self.layout = self.factory.layout
        choice, self.twin = config.experiment.worlds["w"], config.experiment.twins[0]
        self.built: Built = self.factory.build(self.factory.population(0), choice)
        self.world = self.built.twin(self.layout, self.twin)
        self.plain = World(describe(self.factory, self.built, self.twin))

    def run(self, steps: int) -> Snapshot:
        """Run the simulator for so many steps."""
        opening = self.built.assembled.opening
        scratch = kernel.scratch_for(self.world, self.factory.law, steps)
        out = np.zeros(1, dtype=RESULT)
        scene = kernel.Scene(self.world, self.factory.law, opening)
        desk = kernel.Desk(kernel.copy_state(opening), scratch)
        simulate = kernel.compiled(scene, desk)
        simulate(scene, self.factory.rules, desk, np.uint64(self.config.seed), 0, out)
        return Snapshot(desk.state, out[0], scratch.prices, scratch.regimes)

    def steps(self) -> Iterator[tuple[int, Snapshot, dict[str, float]]]:
        """Step both programs; yield the step number, the simulator's state, our results."""
        whole = self.run(self.config.steps)
        regimes = [self.config.market.regimes.names[r] for r in whole.regimes]
        prices = [dict(zip(self.layout.assets, map(float, row), strict=True))
                  for row in whole.prices]  # fmt: skip
        blocks = int(self.world.settings[0]["rounds"])
        journey = Journey(self.factory.law, (self.config.seed, 0), self.config.steps, blocks)
        begin(self.plain, prices[0], regimes[0])
        for t in range(self.config.steps):
            going_on, self.plain = self.plain, deepcopy(self.plain)
            step(self.plain, prices[t + 1 : t + 2], regimes[t])
            yield t + 1, self.run(t + 1), finish(self.plain)
            self.plain = going_on
            step(self.plain, self.course(journey.course(t + 1)), regimes[t])

    def course(self, course: Course) -> list[dict[str, float]]:
        """Prices by name at every block; one block if they stand still."""
        rows = course.prices if course.every else course.prices[:1]
        return [dict(zip(self.layout.assets, map(float, row), strict=True)) for row in rows]

    def differences(self, snapshot: Snapshot, results: dict[str, float]) -> list[str]:
        """Return what is not equal to 1e-9 of its gross scale, as lines for people."""
        found: list[str] = []
        for what, theirs, ours, scale in self.figures(snapshot, results):
            if not abs(theirs - ours) <= 1e-9 * scale:
                found.append(f"{what}: simulator {theirs!r}, reference {ours!r}, scale {scale:g}")
        return found

    def figures(
        self, snapshot: Snapshot, results: dict[str, float]
    ) -> Iterator[tuple[str, float, float, float]]:
        """Yield name, simulator's figure, reference's figure, gross scale."""
        yield from self._holdings(snapshot.state)
        yield from self._markets(snapshot.state)
        yield from self._results(snapshot, results)

    def _holdings(self, state: State) -> Iterator[tuple[str, float, float, float]]:
        """What everybody has, in tokens: shares at a pool's index.

        The index itself is no figure: the simulator's totals are running sums, and what rounding
        leaves of a pool that all have left is still charged interest.
        """
        plain = self.plain
        for k, name in enumerate(instrument_names(self.layout)):
            index = state.pools[k]
            ours = [ledger.held(plain, a, name) for a in range(len(plain.holdings))]
            ever = float(np.abs(self.built.assembled.opening.balance[k]).max())
            # A top-up is a difference of USD values: it is as exact as what it came from.
            source = max(plain.wallet) if name.endswith(f" {self.config.settlement}") else 0.0
            scale = max(*map(abs, ours), ever, source) + float(state.gross[k]) / max(1, len(ours))
            for a, mine in enumerate(ours):
                shares = float(state.balance[k, a])
                unit = index["deposit_index"] if shares >= 0.0 else index["borrow_index"]
                yield f"{name} of row {a}", shares * float(unit), mine, max(scale, TINY)
            if sum(map(abs, ours)) < 1e-9 * float(state.gross[k]):
                continue  # what a hair of open interest pays is nothing, its rate ill-conditioned
            unit = float(np.abs(state.g[2, k]))
            yield f"funding of {name}", float(index["funding"]), plain.funding[name], unit
            yield f"premium of {name}", float(index["premium"]), plain.premium[name], 1.0
        for t, mine in enumerate(plain.wallet):
            yield f"wallet {t}", float(state.wallet[t]), mine, max(plain.wallet) + 1.0
        for h, holder in enumerate(holder_names(self.layout)):
            for n, asset in enumerate(self.layout.assets):
                moved = float(state.gross[len(state.pools) + n])
                mine = plain.outside[holder][asset]
                yield (
                    f"{asset} of {holder}",
                    float(state.outside[h, n]),
                    mine,
                    moved + abs(mine) + 1,
                )

    def _markets(self, state: State) -> Iterator[tuple[str, float, float, float]]:
        plain = self.plain
        for m, name in enumerate(market_names(self.layout)):
            row, mark = state.markets[m], plain.mark[name]
            yield f"mark of {name}", float(row["mark"]), mark, mark
            for field, ours in (
                ("transient", plain.transient[name]),
                ("permanent", plain.permanent[name]),
                ("depth_factor", plain.depth_share[name]),
                ("fell", plain.fell[name]),
                ("rose", plain.rose[name]),
            ):
                yield f"{field} of {name}", float(row[field]), ours, 1.0 + abs(ours)
        for o, name in enumerate(feed_names(self.layout)):
            ours = plain.published[name]
            yield f"published {name}", float(state.feeds[o]["published"]), ours, ours

    def _results(
        self, snapshot: Snapshot, results: dict[str, float]
    ) -> Iterator[tuple[str, float, float, float]]:
        wealth = sum(self.plain.start_wealth)
        for name, ours in results.items():
            yield name, float(snapshot.results[name]), ours, abs(ours) + abs(wealth) + 1.0
        yield "imbalance", float(snapshot.results["imbalance"]), 0.0, 1.0
        for g, ours in enumerate(self.plain.results_by_generation):
            theirs = float(snapshot.results["generation"][g])
            yield f"generation {g}", theirs, ours, abs(ours) + abs(wealth) + 1.0
