"""What half of the random worlds hold besides: other price views, ratios, accruals and prices."""

from random import Random
from typing import Any

Config = dict[str, Any]


def add_kinds(r: Random, config: Config) -> None:
    """Change some venues of a random world; every second world stays as it was."""
    if r.random() < 0.5:
        return
    for venue in config["venue"].values():
        if r.random() < 0.6:
            venue["oracle"] |= random_oracle(r, config["block_seconds"], config["step_seconds"])
        if r.random() < 0.4:
            maintenance = r.uniform(0.5, 1.0)
            venue["gains"] = {
                "initial": r.uniform(0.3, 1.0) * maintenance,
                "maintenance": maintenance,
                "size_penalty": r.choice([0.0, 0.01]),
                "cap": r.choice([None, 100.0]),
            }
        for listing in venue["assets"].values():
            listing["scale_start"] = r.choice([0.0, 0.0, 1e4, 2e5])
            if listing["interest"] is not None and r.random() < 0.5:
                listing["interest"] = random_curve(r)
        for name, perpetual in venue["perpetuals"].items():
            perpetual["skew_scale"] = r.choice([2e3, 2e4, 2e5]) / price_of(config, name)
            if r.random() < 0.7:
                perpetual["size_penalty"] = 0.0
                ratio = perpetual["margin_ratio"]
                perpetual["margin_ratio"] = random_ratio(r, ratio, price_of(config, name))
            if r.random() < 0.5:
                perpetual["pricing"] = random_pricing(r)
        if r.random() < 0.7:
            venue["funding"] |= random_funding(r)


def price_of(config: Config, name: str) -> float:
    return float(config["market"]["assets"][name]["price"])


def random_oracle(r: Random, block: float, step: float) -> Config:
    """Return views, a confidence interval, a feed that waits, and what is done in doubt."""
    views = ["spot", "ema", "twap", "worse"]
    oracle: Config = {
        "initial": r.choice(views),
        "maintenance": r.choice([*views, "spot", "spot"]),
        "ema_seconds": r.choice([0.7, 3.3]) * step,
        "twap_seconds": r.choice([0.6, 2.7]) * step,
        "confidence": {
            "width": r.choice([0.0, 0.002, 0.01]),
            "multiple": r.choice([0.0, 1.0, 2.12]),
            "cap": r.choice([0.015, 0.05]),
            "max": r.choice([None, 0.013]),
        },
        "max_age": r.choice([None, 3.37 * step]),
        "band": r.choice([None, 0.0513, 0.21]),
        "distrust": r.choice(["ignore", "zero_asset", "block", "pause"]),
    }
    if r.random() < 0.3:
        oracle |= {"deviation": r.choice([0.0051, 0.0203]), "heartbeat": 3.1 * step + 0.4 * block}
    return oracle


def random_ratio(r: Random, plain: Config, price: float) -> Config:
    """Return one of the other kinds of margin ratio, of the same size for small positions."""
    kind = r.choice(["tiers", "leverage", "slope", "interest", "skew", "least"])
    initial, maintenance = plain["initial"], plain["maintenance"]
    extra = {
        "least": r.choice([0.0, 30.0]),
        "floor": r.choice([0.0, 10.0]),
        "rounding": r.choice([0.0, 0.0, 0.01, 1.0]),
    }
    if kind == "tiers":
        steps = [(0.0, 1.0), (r.uniform(500, 3e3), 1.7), (r.uniform(4e3, 2e4), 3.0)]
        tiers = [
            {"above": above, "initial": initial * by, "maintenance": maintenance * by}
            for above, by in steps[: r.choice([1, 2, 3])]
        ]
        return {"tiers": tiers, **extra}
    if kind == "leverage":
        tiers = [{"above": 0.0, "max_leverage": 20.0}, {"above": 2e3, "max_leverage": 8.0}]
        return {"tiers": tiers, **extra}
    if kind == "slope":
        slope = r.choice([1e-5, 1e-6]) * price
        return {**plain, "size_slope": {"initial": 2.0 * slope, "maintenance": slope}, **extra}
    if kind == "interest":
        lower = r.choice([0.0, 1e4, 1e5])
        return {**plain, "open_interest": {"lower": lower, "upper": 4.0 * lower + 1e5}, **extra}
    if kind == "skew":
        return {
            "skew": {"factor": 0.3, "minimum": initial, "maintenance_share": 0.6},
            **extra,
        }
    return {**plain, **extra}


def random_curve(r: Random) -> Config:
    """Return a curve with many points, and fees on top of it."""
    low, middle = sorted(r.uniform(0.05, 0.9) for _ in range(2))
    rates = sorted(r.uniform(0.0, 40.0) for _ in range(4))
    points = [[low, rates[1]], [middle, rates[2]]]
    return {
        "base": rates[0],
        "full": rates[3],
        "points": r.choice([[], points[:1], points]),
        "reserve_factor": r.choice([0.0, 0.2]),
        "fees": {
            "share": r.choice([0.0, 0.1]),
            "fixed": r.choice([0.0, 0.5]),
            "insurance_share": r.choice([0.0, 0.1]),
            "insurance_fixed": r.choice([0.0, 0.5]),
        },
    }


def random_pricing(r: Random) -> Config:
    """Return a price that follows the skew, or the imbalance."""
    worse = r.choice([1e-8, 1e-7])
    better = worse * r.choice([0.0, 0.5, 1.0])
    convex = {"factor_worse": worse, "factor_better": better, "exponent": r.choice([1.0, 1.7, 2.0])}
    return r.choice([{"kind": "skew"}, {"kind": "convex", **convex}])


def random_funding(r: Random) -> Config:
    """Return one of the other kinds of funding, fast enough to be felt within the path."""
    kind = r.choice(["premium", "velocity", "imbalance", "adaptive"])
    return {
        "kind": kind,
        "interest": r.choice([0.0001, 0.01]),
        "clamp": r.choice([0.0005, 0.02]),
        "period_hours": r.choice([1.0, 8.0]),
        "max_velocity": r.choice([9.0, 200.0]),
        "factor": 1e-5,
        "exponent": r.choice([1.0, 1.2]),
        "increase": r.choice([1e-9, 1e-8]),
        "decrease": r.choice([0.0, 1e-9]),
        "threshold_stable": r.choice([0.0533, 0.311]),
        "threshold_decrease": r.choice([0.0, 0.0217]),
        "max_rate": r.choice([1e-6, 1e-4]),
    }


def make_inverse(r: Random, config: Config) -> None:
    """Turn contracts of one venue in three into dollars of their coin, where it is listed."""
    for venue in config["venue"].values():
        if r.random() < 2.0 / 3.0:
            continue
        for name, perpetual in venue["perpetuals"].items():
            if name not in venue["assets"] or r.random() < 0.3:
                continue
            price = price_of(config, name)
            perpetual |= {"contract": "inverse", "pricing": {"kind": "book"}}
            perpetual["size_penalty"] /= price**0.5
            perpetual["step"] *= price
            if "skew_scale" in perpetual:
                perpetual["skew_scale"] *= price
            if perpetual["margin_ratio"].get("size_slope"):
                slope = perpetual["margin_ratio"]["size_slope"]
                slope |= {level: value / price for level, value in slope.items()}


def add_sources(r: Random, config: Config) -> None:
    """Let every third venue make its prices of several markets, some of them late."""
    block, names = config["block_seconds"], list(config["venue"])
    trading = [name for name in names if config["venue"][name]["perpetuals"]]
    for venue in config["venue"].values():
        if r.random() < 2.0 / 3.0:
            continue
        markets = ["spot", "spot", "others", *trading, *(["own"] if venue["perpetuals"] else [])]
        picked = [r.choice(markets) for _ in range(r.choice([1, 2, 3, 3, 5]))]
        weighted = r.random() < 0.5
        oracle = venue["oracle"]
        oracle["sources"] = [
            {
                "market": market,
                "delay": r.choice([None, 0.0, block, 3.0 * block]),
                "weight": r.choice([1.0, 2.0, 3.0]) if weighted else 1.0,
            }
            for market in picked
        ]
        if len(picked) == 1 and picked != ["others"]:
            oracle["sources"][0]["weight"] = 1.0
            continue
        oracle["combine"] = "weighted_median" if weighted else "median"
        if r.random() < 0.5 and not oracle.get("deviation"):
            oracle[r.choice(["initial", "maintenance"])] = "worst_source"


def add_liquidity(r: Random, config: Config) -> None:
    """Let every second world charge for positions that are large for their market's depth."""
    if r.random() < 0.5:
        return
    for place in (*config["venue"].values(), config["hub"]):
        if r.random() < 0.7:
            place["contingency"] = place.get("contingency", {}) | {
                "liquidity": random_liquidity_charge(r)
            }


def random_liquidity_charge(r: Random) -> Config:
    """Return a charge of the size of a margin ratio for positions of the size of depth."""
    return {
        "multiple": {"maintenance": r.choice([3.0, 10.0]), "initial_extra": r.choice([0.0, 3.0])},
        "free": r.choice([0.0, 2e3]),
        "depth": r.choice(["current", "current", "normal"]),
        "per": r.choice(["market", "underlying"]),
    }
