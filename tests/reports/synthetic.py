"""A made-up study of the right shape: numbers without meaning, for tests of tables and figures."""

import numpy as np
import pandas as pd

from sim.studies.result import StudyResult

WORLDS = {  # name: (scope, arm, scale of losses)
    "isolated": ("isolated", "same legs", 1.6),
    "venue": ("venue", "same legs", 1.0),
    "unified": ("unified", "same legs", 0.55),
    "hub": ("unified", "same legs", 0.7),
    "unified_relevered": ("unified", "re-levered", 1.1),
    "hub_relevered": ("unified", "re-levered", 1.5),
}
BEARERS = {
    "isolated": "pool suppliers of the venue where the position sits",
    "venue": "insurance fund, then suppliers of that venue",
    "unified": "insurance funds of all venues, then their suppliers pro rata",
}
TWINS = {"full": 1.0, "slippage": 0.7, "none": 0.6}


def synthetic_study(paths: int = 300, populations: int = 1, seed: int = 7) -> StudyResult:
    """Draw a study with `paths` paths; losses are zero on most of them."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(paths)
    frames = [
        _frame(world, twin, TWINS[twin] * WORLDS[world][2], common, rng)
        for world in WORLDS
        for twin in TWINS
    ]
    table = pd.concat(frames, ignore_index=True)
    table["population"] = table["path"] % populations
    return StudyResult(table, _worlds())


def _frame(
    world: str, twin: str, scale: float, common: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    n = common.size
    severity = np.exp(1.2 * (0.9 * common + 0.44 * rng.standard_normal(n))) * scale
    loss = np.where(severity > 3.0, (severity - 3.0) * 2.5e5, 0.0)
    notional = severity * 4e6
    frame = pd.DataFrame({"path": np.arange(n), "creditor_loss": loss, "bad_debt": 0.6 * loss})
    frame["horizon_shortfall"] = 0.4 * loss
    frame["insurance_used"] = np.minimum(0.6 * loss, 4e5)
    frame["socialised_loss"] = 0.6 * loss - frame["insurance_used"]
    frame["trader_loss"] = severity * 2.2e6 - 1e6
    frame["penalties"] = 0.03 * notional
    frame["liquidated_notional"] = notional
    frame["liquidated_accounts"] = np.floor(severity * 40)
    frame["regret_notional"] = 0.0 if world.startswith(("unified", "hub")) else 0.3 * notional
    frame["background_notional"] = 5 * notional
    frame["max_displacement"] = 0.01 * severity / (1 + 0.1 * severity)
    for generation in range(8):
        frame[f"generation_{generation}"] = notional * 0.6 * 0.4**generation
    frame["some_new_metric"] = rng.random(n)
    scope, arm, _ = WORLDS[world]
    return frame.assign(world=world, scope=scope, arm=arm, twin=twin)


def _worlds() -> pd.DataFrame:
    rows = []
    for world, (scope, arm, scale) in WORLDS.items():
        margin = 4.2e7 * {"isolated": 1.2, "venue": 1.0, "unified": 0.72}[scope]
        rows.append(
            {
                "world": world,
                "scope": scope,
                "arm": arm,
                "loss_bearer": BEARERS[scope],
                "margin_required": margin,
                "gross_notional": 2.1e8 * (1.0 if arm == "same legs" else 1.2),
                "equity": 9.0e7,
                "free_collateral": 9.0e7 - margin,
                "capital_required": margin * 1.1,
                "achievable_leverage": 9.0e7 / margin * 2,
                "accounts": 5000 * (3 if scope == "isolated" else 1),
                "traders": 5000,
                "effective_accounts": 412.0 / scale,
                "day0_accounts": 0,
                "day0_notional": 0.0,
                "freed_margin": 4.2e7 - margin,
                "lambda_ratio": 0.35,
                "lambda_stressed": 0.6,
                "lambda_worst": 0.7,
                "wealth": 1.0e8,
            }
        )
    return pd.DataFrame(rows)
