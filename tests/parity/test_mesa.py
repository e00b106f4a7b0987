"""The laboratory and the kernel agree bit for bit on the same path, and a changed agent shows.

The laboratory asks every account whose turn it is, the kernel only those on its watch list, so
agreement says as much about the watch list as about the scheduling.
"""

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from agents.laboratory import LaboratoryModel, LiquidatorAgent, OwnerAgent
from sim.rules import LiquidatorAction, TraderAction
from sim.state.state import State
from sim.studies.experiment import run_paths
from sim.world.build import Built, Factory
from sim.world.compose import compose
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig, WorldChoice
from tests.parity.stepper import Stepper
from tests.random_worlds import stressed

ACCOUNTS, STEPS = 240, 300
SCOPES = ("venue", "unified", "hub")
PATH = 0
REPOSITORY = Path(__file__).resolve().parents[2]


@cache
def factory() -> Factory:
    """Return the default population in two days of crash, so rough that any path has everything.

    Volatilities are four times and depths a thirtieth of the default: each of the first ten paths
    then shows all that is asked for below, in every scope, and none has to be chosen.
    """
    times = ["step_seconds=600", "block_seconds=20"]
    config = compose([f"accounts={ACCOUNTS}", f"steps={STEPS}", *times])
    return Factory(validated(RunConfig, stressed(config, 4.0, 0.03)))


@cache
def built(scope: str) -> Built:
    return factory().build(factory().population(0), WorldChoice(scope=scope))


def differing(one: State, other: State) -> list[str]:
    """Name the arrays that are not the same to the last bit."""
    pairs = zip(State._fields, one, other, strict=True)
    return [name for name, a, b in pairs if a.tobytes() != b.tobytes()]


def first_difference(model: LaboratoryModel) -> tuple[int, list[str]]:
    """Step both to the end or to the first step after which they differ."""
    stepper = Stepper(factory(), built(model.scope), PATH)
    for t in range(1, STEPS + 1):
        model.step()
        found = differing(stepper.step(t), model.state)
        if found:
            return t, found
    return STEPS, []


def laboratory(scope: str, **agents: type) -> LaboratoryModel:
    model = LaboratoryModel(factory(), built(scope), path=PATH, **agents)
    model.scope = scope
    return model


@pytest.mark.parametrize("scope", SCOPES)
def test_laboratory_and_kernel_agree_to_the_last_bit(scope):
    model = laboratory(scope)
    assert len(model.owners) >= 200
    assert first_difference(model) == (STEPS, [])
    assert not model.running
    result = model.state.stats[0]
    for happened in ("liquidations", "liquidated_accounts", "insurance_used"):
        assert result[happened] > 0.0
    for happened in ("topped_up", "deleveraged_notional", "background_notional", "bad_debt"):
        assert result[happened] > 0.0
    whole = run_paths(factory(), model.world, built(scope).assembled.opening, (PATH, 1))
    assert whole[0].tobytes() == result.tobytes()


class Stoic(OwnerAgent):
    """Never does anything."""

    def decide(self, view):
        return TraderAction(0.0, 0.0)


class Shy(LiquidatorAgent):
    """Takes half of what the rule says."""

    def decide(self, view):
        return LiquidatorAction(0.5 * super().decide(view).notional)


def test_owners_with_another_rule_diverge():
    step, found = first_difference(laboratory("venue", owner=Stoic))
    assert 1 <= step < STEPS
    assert "balance" in found or "wallet" in found


def test_liquidators_with_another_rule_diverge():
    step, found = first_difference(laboratory("venue", liquidator=Shy))
    assert 1 <= step < STEPS
    assert "balance" in found


def test_one_owner_with_a_plain_python_rule_diverges():
    model = laboratory("venue")
    asked = first_asked()

    def panics(view, params):
        return TraderAction(top_up=0, close=1)

    model.owners[asked].rule = panics
    step, found = first_difference(model)
    assert 1 <= step < STEPS
    assert "balance" in found


def test_a_plain_python_copy_of_the_rule_agrees():
    """What is compared is behaviour: the same rule, interpreted, changes nothing."""
    model = laboratory("venue")
    for agent in [*model.owners, *model.liquidators]:
        agent.rule = agent.rule.py_func
    assert first_difference(model) == (STEPS, [])


def first_asked() -> int:
    """Return the first account whose owner acts on the path."""
    model = laboratory("venue")
    while True:
        step = model.steps + 1
        model.step()
        acting = [o.account for o in model.owners if model.state.rows[o.account]["arriving"] > 0.0]
        if acting:
            return acting[0]
        assert step < STEPS, "nobody topped up"


def test_collected_columns_follow_the_state():
    model = laboratory("venue")
    model.run_model()
    frame = model.datacollector.get_model_vars_dataframe()
    assert len(frame) == STEPS
    names = factory().layout.assets
    assert np.array_equal(
        frame[[f"mark {name}" for name in names]].iloc[-1],
        model.state.markets["mark"][: len(names)],
    )
    assert frame["liquidated_notional"].iloc[-1] == model.state.stats[0]["liquidated_notional"]
    assert frame["liquidated_notional"].is_monotonic_increasing
    assert frame["under_margin"].max() > 0


def test_the_kernel_does_not_load_mesa():
    program = (
        "import sys; import sim.studies.experiment, agents.owner, agents.liquidator; "
        "sys.exit('mesa' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=False)
    assert done.returncode == 0
