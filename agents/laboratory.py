"""The laboratory: one path of a world as a Mesa model, with agents that can be read and replaced.

Mesa owns the scheduling here: the model walks through the phases of a step, asks the owners whose
turn it is, and lets liquidators compete in every round. The phases and the rules are the kernel's
own compiled functions, so that on the same path both agree bit for bit.

Your own agent in plain Python, for everybody, or for one::

    class Stoic(OwnerAgent):
        def decide(self, view):
            return TraderAction(top_up=0.0, close=0.0)

    factory = Factory(config)
    built = factory.build(factory.population(0), config.experiment.worlds["unified"])
    model = LaboratoryModel(factory, built, path=7, owner=Stoic)
    model.owners[3].rule = lambda view, params: TraderAction(view.wallet, 0.0)
    model.run_model()
    model.datacollector.get_model_vars_dataframe()
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from agents.liquidator import Liquidator
from agents.owner import Owner
from sim import kernel
from sim import step as phases
from sim.errors import SluicegateError
from sim.liquidation import rounds
from sim.liquidation.bankrupt import deleverage_winners
from sim.liquidation.horizon import under
from sim.liquidation.offer import Offer
from sim.liquidation.pool import deleverage_pools
from sim.liquidation.sale import on_book, sell
from sim.liquidation.suspend import suspended
from sim.liquidation.unwind import unwind_all
from sim.market.background import fire_all
from sim.market.course import Course, Journey
from sim.market.descent import inherit
from sim.reset import begin, finish, liquidator_wealth, trader_wealth
from sim.rules import LiquidatorAction, TraderAction
from sim.state.state import ACTING, FLAGGED
from sim.world.build import Built, Factory

try:
    import mesa
except ImportError as missing:  # the kernel does not need it
    raise SluicegateError(
        "the laboratory needs mesa, which is not installed", hint="pip install -e '.[lab]'"
    ) from missing


class OwnerAgent(Owner, mesa.Agent):  # type: ignore[misc]
    """The owner of one account, known to Mesa."""

    def __init__(
        self, model: LaboratoryModel, account: int, rule: Callable[..., TraderAction]
    ) -> None:
        mesa.Agent.__init__(self, model)
        Owner.__init__(self, model.world, model.state, account, rule)


class LiquidatorAgent(Liquidator, mesa.Agent):  # type: ignore[misc]
    """One liquidator, known to Mesa."""

    def __init__(
        self, model: LaboratoryModel, number: int, rule: Callable[..., LiquidatorAction]
    ) -> None:
        mesa.Agent.__init__(self, model)
        Liquidator.__init__(self, model.world, model.state, number, rule)


class LaboratoryModel(mesa.Model):  # type: ignore[misc]
    """One path of one world, stepped by Mesa.

    Parameters
    ----------
    factory : Factory
        Of the run: the law of prices, the rules, the seed and the number of steps.
    built : Built
        The world and its population.
    path : int
        Number of the path; the kernel's path of the same number sees the same prices.
    twin : {"full", "slippage", "none"}
        Feedback.
    owner, liquidator : class
        Agent classes; subclasses of the defaults with a `decide` of their own.

    Attributes
    ----------
    world, state
        What the kernel reads and writes.
    owners, liquidators : list of agents
        By account, and by row of the liquidator table. Assign ``rule`` of one to replace it.
    datacollector : mesa.DataCollector
        Per step: marks and displacements of all markets, USD liquidated, accounts under margin.
    """

    def __init__(
        self,
        factory: Factory,
        built: Built,
        path: int = 0,
        twin: str = "full",
        owner: type[OwnerAgent] = OwnerAgent,
        liquidator: type[LiquidatorAgent] = LiquidatorAgent,
    ) -> None:
        config = factory.config
        super().__init__(seed=config.seed)
        self.world = built.twin(factory.layout, twin)
        self._opening = built.assembled.opening
        self.state = kernel.copy_state(self._opening)
        blocks = int(self.world.settings[0]["rounds"])
        self.journey = Journey(factory.law, (config.seed, path), config.steps, blocks)
        world, rules = self.world, factory.rules
        kinds = world.accounts["rule"][: int(world.settings[0]["accounts"])]
        self.owners = [owner(self, a, rules.traders[kind]) for a, kind in enumerate(kinds)]
        kinds = world.liquidators["rule"]
        self.liquidators = [
            liquidator(self, i, rules.liquidators[kind]) for i, kind in enumerate(kinds)
        ]
        begin(world, self.state, self._opening, self.journey.prices[0], self.journey.regimes[0])
        self._wealth = np.array(
            [trader_wealth(world, self.state), liquidator_wealth(world, self.state)]
        )
        self.datacollector = mesa.DataCollector(model_reporters=_reporters(factory))

    def step(self) -> None:
        """Advance by one step: the nine phases in their order."""
        world, state, course = self.world, self.state, self.journey.course(self.steps)
        phases.move(world, state, course)
        phases.relax(world, state)
        phases.observe(world, state)
        phases.deliver(world, state)
        self.ask_owners()
        phases.margin(world, state)
        self.play_rounds(course)
        phases.accrue(world, state)
        phases.record(world, state)
        self.datacollector.collect(self)
        if self.steps == len(self.journey.prices) - 1:
            finish(world, state, self._opening, self._wealth)
            self.running = False

    def ask_owners(self) -> None:
        """Find out whose turn it is and who worries, before anybody acts; then let them act."""
        step = self.steps
        acting = [owner for owner in self.owners if owner.wakes(step)]
        self.state.lists[ACTING, : len(acting)] = [owner.account for owner in acting]
        for owner in acting:
            owner.step()

    def play_rounds(self, course: Course) -> None:
        """Rounds of liquidation until quiet or until the step is over."""
        world, state = self.world, self.state
        number = 0
        while True:
            blocks = rounds.pause(world, state, course, number, self.play_round())
            number += blocks
            if blocks == 0 or number >= int(world.settings[0]["rounds"]):
                return
            rounds.next_block(world, state, course, number, blocks)

    def play_round(self) -> bool:
        """Background book, one call per flagged account, inventories; True if something moved."""
        world, state = self.world, self.state
        rounds.refill(world, state)
        moved = fire_all(world, state) > 0.0
        moved |= deleverage_pools(world, state)
        for a in state.lists[FLAGGED, : int(state.clock[0]["flagged"])].tolist():
            moved |= self.call(a)
        moved |= unwind_all(world, state, float(world.settings[0]["block"]))
        return moved

    def call(self, account: int) -> bool:
        """Offer one account to the liquidators; True if that changed anything."""
        world, state = self.world, self.state
        if not under(world, state, account) or suspended(world, state, account):
            return False
        inherit(state.breaches[account], state.cause)
        bankrupt = rounds.losing(world, state, account)
        if bankrupt and deleverage_winners(world, state, account):
            return True
        if rounds.to_vault(world, state, account):
            return True
        offer = rounds.offered(world, state, account)
        taken, together = 0.0, rounds.INSOLVENT
        if offer.leg >= 0:
            together = rounds.standing_together(world, state, account)
            taken = self.ask_liquidators(account, offer)
        return rounds.conclude(world, state, account, offer, taken, together)

    def ask_liquidators(self, account: int, offer: Offer) -> float:
        """Ask in turn, from a first one that rotates, until one takes; return the USD taken."""
        if on_book(self.world, offer):
            return float(sell(self.world, self.state, account, offer))
        turn = account + self.steps
        for i in range(len(self.liquidators)):
            liquidator = self.liquidators[(turn + i) % len(self.liquidators)]
            taken = liquidator.answer(account, offer)
            if taken > 0.0:
                return taken
        return 0.0


def _reporters(factory: Factory) -> dict[str, Callable[[LaboratoryModel], float]]:
    """What is collected after every step, by column name."""
    layout = factory.layout
    perpetuals = [row for row in layout.instruments if row.kind == "perpetual"]
    names = [*layout.assets, *(f"{row.venue} {row.asset} perpetual" for row in perpetuals)]
    columns: dict[str, Callable[[LaboratoryModel], float]] = {
        "seconds": lambda model: float(model.state.clock[0]["now"]),
        "liquidated_notional": lambda model: float(model.state.stats[0]["liquidated_notional"]),
        "under_margin": lambda model: int(model.state.clock[0]["flagged"]),
    }
    for m, name in enumerate(names):
        columns[f"mark {name}"] = _of_market("mark", m)
        columns[f"displacement {name}"] = _of_market("displacement", m)
    return columns


def _of_market(field: str, m: int) -> Callable[[LaboratoryModel], float]:
    return lambda model: float(model.state.markets[m][field])
