"""Small market configurations for tests, as plain dictionaries."""

from collections.abc import Sequence
from typing import Any

Config = dict[str, Any]


def one_asset(
    volatility: Sequence[float] = (0.6,),
    generator: Sequence[Sequence[float]] = ((0.0,),),
    price: float = 100.0,
) -> Config:
    """Return a market of one risky asset without jumps."""
    names = [f"regime{k}" for k in range(len(volatility))]
    return {
        "assets": {"BTC": {"kind": "risky", "price": price}},
        "regimes": {"names": names, "generator_per_day": generator},
        "volatility": {"BTC": volatility},
        "correlation": {name: [[1.0]] for name in names},
    }


def peg(rate: float = 0.0) -> Config:
    """Return a peg of two regimes, with jumps at ``rate`` per year in the first."""
    return {
        "reversion_per_day": 6.0,
        "volatility": [0.02, 0.08],
        "jump_rate": [rate, 10.0 * rate],
        "jump_mean": -0.01,
        "jump_sd": 0.02,
    }


def full() -> Config:
    """Return two regimes, three risky assets, a stable and a wrapper, with all jumps on."""
    names = ["BTC", "ETH", "SOL"]
    return {
        "assets": {
            "BTC": {"kind": "risky", "price": 65_000.0},
            "ETH": {"kind": "risky", "price": 3_000.0},
            "SOL": {"kind": "risky", "price": 150.0},
            "USDC": {"kind": "stable", "price": 1.0, "peg": peg(rate=5.0)},
            "JITOSOL": {
                "kind": "staked",
                "underlying": "SOL",
                "redemption": 1.2,
                "yield": 0.07,
                "peg": peg(rate=5.0),
            },
        },
        "regimes": {"names": ["calm", "crash"], "generator_per_day": [[-1.0, 1.0], [4.0, -4.0]]},
        "volatility": {"BTC": [0.4, 1.6], "ETH": [0.5, 2.0], "SOL": [0.7, 2.4]},
        "correlation": {
            "calm": [[1.0, 0.7, 0.5], [0.7, 1.0, 0.6], [0.5, 0.6, 1.0]],
            "crash": [[1.0, 0.9, 0.8], [0.9, 1.0, 0.85], [0.8, 0.85, 1.0]],
        },
        "jumps": {
            "common": {
                "rate": [10.0, 200.0],
                "mean": dict.fromkeys(names, -0.02),
                "sd": dict.fromkeys(names, 0.03),
                "correlation": 0.8,
            },
            "own": {name: {"rate": [20.0, 100.0], "mean": 0.01, "sd": 0.04} for name in names},
        },
    }
