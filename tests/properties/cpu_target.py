"""Hashes of results, for comparing processors that machine code was compiled for.

    NUMBA_CPU_NAME=generic python -m tests.properties.cpu_target prices

with a cache folder of its own prints a line of JSON: the target, the hash, and the last bits of a
sum in which the compiler was free to fuse multiplications and additions, which is what would differ
between processors.
"""

import hashlib
import json
import sys
import warnings

import numpy as np
from numba import njit
from numba.core.errors import NumbaExperimentalFeatureWarning
from numba.core.registry import cpu_target

from sim.market.paths import simulate
from sim.world.law import build_law
from sim.world.schema.explain import validated
from sim.world.schema.market import MarketConfig
from tests.markets import full

LEAST_CALLS = 100


def digest(*arrays: np.ndarray) -> str:
    """Hash of the bytes of some arrays."""
    whole = hashlib.sha256()
    for array in arrays:
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()


def prices() -> str:
    """Prices and regimes of some paths with every kind of move."""
    law, _ = build_law(validated(MarketConfig, full()), 600.0)
    return digest(*simulate(law, 3, 20, 500))


def kernel() -> str:
    """Results of a few paths of the default world under pressure, in two scopes."""
    from sim.studies.experiment import run_paths
    from sim.world.build import Factory
    from sim.world.schema.run import RunConfig, WorldChoice
    from tests.random_worlds import default, stressed

    config = default({"accounts": 200, "paths": 4, "steps": 40, "step_seconds": 600.0})
    config = stressed(config, 8.0, 0.02) | {"block_seconds": 20.0}
    factory = Factory(validated(RunConfig, config))
    found = []
    for scope in ("venue", "hub"):
        built = factory.build(factory.population(0), WorldChoice(scope=scope))
        world, opening = built.twin(factory.layout, "full"), built.assembled.opening
        found.append(run_paths(factory, world, opening, (0, 4)))
        if found[-1]["liquidations"].sum() < LEAST_CALLS:
            raise RuntimeError(f"paths of scope {scope} are too quiet to say anything")
    return digest(*found)


@njit(fastmath={"contract"})
def contracted(values: np.ndarray) -> float:
    """A sum of products that may be fused."""
    total = 0.0
    for i in range(len(values) - 1):
        total = values[i] * values[i + 1] + total
    return total


def fused() -> str:
    """Last bits of it."""
    return contracted(np.random.default_rng(1).standard_normal(1_000)).hex()


def target() -> str:
    """Processor that code is compiled for."""
    return str(cpu_target.target_context.codegen()._get_host_cpu_name())


def main(what: str) -> None:
    """Print what was found."""
    warnings.simplefilter("ignore", NumbaExperimentalFeatureWarning)
    found = {"prices": prices, "kernel": kernel}[what]()
    print(json.dumps({"target": target(), "hash": found, "fused": fused()}))


if __name__ == "__main__":
    main(sys.argv[1])
