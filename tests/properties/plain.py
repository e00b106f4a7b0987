"""Play a small world as plain Python, with a ledger function replaced: ``plain.py NAME``.

Compiled callers keep the callee that they were compiled with, so a planted fault shows only where
nothing is compiled. Prints the number of liquidations and the largest imbalance after any phase.

A record's own attribute ``size`` hides the field of that name, so every venue sizes to target here:
the books must balance all the same.
"""

import math
import os
import sys

os.environ["NUMBA_DISABLE_JIT"] = "1"

import numpy as np

import sim.conservation
import sim.ledger
import sim.world.build
import sim.world.contracts
import sim.world.fitting
import sim.world.least
from sim import step as phases
from sim.liquidation import transfer, waterfall
from sim.market import accrual, deleverage, trade, transfers
from sim.reset import begin
from sim.world.assemble import assess_rows
from tests.phases import PHASES
from tests.random_worlds import Play, default, play, stressed

compiled_row = sim.world.contracts.kind_row
sim.world.contracts.kind_row = lambda spec: np.rec.array(compiled_row(spec))[()]
USERS = (transfer, waterfall, accrual, deleverage, trade, transfers)
LEAK = 1e-7  # small enough that a busy path must add it up to be seen


def records(rows: tuple) -> tuple:
    """The same arrays with fields as attributes, as compiled code sees them."""
    plain = [a.view(np.recarray) if a.dtype.names else a for a in rows]
    return type(rows)(*plain)


def assess_records(world, state, level, rows):
    """`assess_rows` on records, for the factory."""
    return assess_rows(records(world), records(state), level, rows)


def leaky_post(state, k, a, amount):
    """Half of an entry loses a ten-millionth on the way."""
    sim.ledger.post(state, k, a, amount if amount < 0.0 else (1.0 - LEAK) * amount)


def leaky_hand(state, holder, asset, amount):
    """The same outside the venues."""
    sim.ledger.hand(state, holder, asset, amount if amount < 0.0 else (1.0 - LEAK) * amount)


def silent_settle(world, state, a, k):
    """Quote balances turn into cash that nobody pays."""
    quote = world.instruments[k].quote
    if state.balance[k, a] == 0.0:
        amount = sim.ledger.clear(state, quote, a)
        sim.ledger.post(state, world.instruments[k].cash, a, amount)


FAULTS = {"none": None, "post": leaky_post, "hand": leaky_hand, "settle_flat": silent_settle}


def world() -> Play:
    """A world in which all prices halve within four hours.

    An imbalance is stated on the scale of all that is held and has moved. So the world has to be
    busy on any path: what liquidators hand over must not be small beside what lies still.
    """
    times = {"steps": 4, "step_seconds": 3600.0, "block_seconds": 600.0}
    config = stressed(default({"accounts": 120} | times), 5.0, 0.05)
    risky = config["market"]["volatility"]
    halving = dict.fromkeys(risky, math.log(0.5) * 365.0 * 24.0 / 4.0)
    return play(config | {"market": config["market"] | {"drift": halving}}, "venue", "full")


def largest_imbalance(path: Play) -> float:
    """Play the path phase by phase."""
    rules = path.factory.rules
    arguments = {"act": (rules,)}
    world, state, opening = (records(x) for x in (path.world, path.state, path.opening))
    begin(world, state, opening, path.prices[0], path.regimes[0])
    worst = 0.0
    for t in range(len(path.regimes) - 1):
        course = path.journey.course(t + 1)
        arguments |= {"move": (course,), "liquidate": (rules, course)}
        for name in PHASES:
            getattr(phases, name)(world, state, *arguments.get(name, ()))
            worst = max(worst, sim.conservation.imbalance(world, state, opening))
    return worst


def main(name: str) -> None:
    """Plant the fault and play."""
    for module in USERS:
        if FAULTS[name] is not None and hasattr(module, name):
            setattr(module, name, FAULTS[name])
    sim.world.build.assess_rows = assess_records
    sim.world.fitting.assess_rows = assess_records
    sim.world.least.assess_rows = assess_records
    path = world()
    worst = largest_imbalance(path)
    print(path.state.stats[0]["liquidations"], worst)


if __name__ == "__main__":
    main(sys.argv[1])
