"""What most random worlds hold besides: other ways to sell what an account must give up."""

from random import Random
from typing import Any

Config = dict[str, Any]
SELECTIONS = ("best_for_liquidator", "relief_per_impact", "keep_hedges", "riskiest")
KINDS = (*["auction"] * 3, *["book"] * 2, *["portfolio"] * 2, "limits", "health")


def add_liquidations(r: Random, config: Config) -> None:
    """Change how some venues, or the hub, liquidate; every fourth world stays as it was."""
    if r.random() < 0.25:
        return
    step, block = config["step_seconds"], config["block_seconds"]
    for venue in config["venue"].values():
        rules = venue["liquidation"]
        kind = r.choice(KINDS)
        if kind == "auction":
            rules |= random_auction(r, step)
        elif kind == "portfolio":
            rules |= random_portfolio(r, step)
        elif kind == "health":
            rules |= {"size": "full", "bonus": {"kind": "health", "min": 0.0}}
            rules["bonus"]["max_discount"] = r.choice([0.05, 0.2])
        if kind == "book" or r.random() < 0.3:
            rules |= random_book(r)
        if kind != "portfolio" and r.random() < 0.7:
            rules |= random_limits(r, block, auctions=kind == "auction")
            rules["window"] = r.choice([None, random_window(r, venue, config)])
        rules["taker"] = r.choice(["flash", "initial_margin", "cash", "none"])
        rules["strict"] = r.random() < 0.5
        if kind != "portfolio" and r.random() < 0.3:
            rules["selection"] = r.choice(SELECTIONS)
    if r.random() < 0.6:
        hub = config["hub"]["liquidation"]
        hub |= random_portfolio(r, step) if r.random() < 0.5 else random_limits(r, block)
        if hub["selection"] != "whole_portfolio":
            hub["selection"] = r.choice(SELECTIONS)
        hub["strict"] = r.random() < 0.5


def random_auction(r: Random, step: float) -> Config:
    """Return a falling price that comes below the market's within a few steps."""
    auction = {
        "curve": r.choice(["linear", "stairs", "exponential"]),
        "start": r.choice([1.0, 1.1, 1.2]),
        "length": r.choice([0.71, 3.3]) * step,
        "cut": 0.97,
        "step": 0.0931 * step,
        "tail": r.choice([None, 0.83 * step, 4.7 * step]),
        "cusp": r.choice([0.0, 0.413, 0.8]),
        "penalty": r.choice([1.0, 1.05, 1.13]),
        "hole": r.choice([None, None, 3_000.0, 12_000.0]),
        "dust": r.choice([0.0, 50.0, 400.0]),
        "tip": r.choice([0.0, 3.0]),
        "chip": r.choice([0.0, 0.001]),
    }
    if auction["curve"] == "exponential":
        auction["cut"] = 0.6 ** (1.0 / step)
    sizes = {"size": r.choice(["full", "full", "close_factor"]), "insurance_share": 0.0}
    return {**sizes, "bonus": {"kind": "dutch", "min": 0.0}, "auction": auction, "throttle": None}


def random_portfolio(r: Random, step: float) -> Config:
    """Return an auction of whole portfolios that ends within the path."""
    auction = {
        "curve": "two_speed",
        "start": r.choice([0.95, 1.0]),
        "cutoff": 0.7,
        "length": r.choice([0.61, 2.3]) * step,
        "slow": r.choice([1.7, 20.3]) * step,
        "insolvent": r.choice([0.0, 0.57, 2.9]) * step,
        "buffer": r.choice([0.0, 0.15]),
        "fee": r.choice([0.0, 0.1]),
    }
    return {"selection": "whole_portfolio", "size": "restore_buffer", "auction": auction}


def random_book(r: Random) -> Config:
    """Return orders that are held back by their limit, and orders that have none to speak of."""
    return {
        "perp_price": "book",
        "book": {
            "bankruptcy_adjustment": r.choice([0.5, 1.0, 2.0]),
            "spread_to_margin": r.choice([0.1, 1.5, 1000.0]),
        },
        "perp_insurance_fee": r.choice([0.0, 0.015]),
    }


def random_limits(r: Random, block: float, *, auctions: bool = False) -> Config:
    """Return what lets a call close all of a leg, and what it may not leave."""
    return {
        "size": r.choice(["close_factor", "close_factor", "full"]),
        "close_of": r.choice(["leg", "account"]),
        "full_health": r.choice([None, 0.93]),
        "full_below": r.choice([0.0, 900.0]),
        "cooldown": r.choice([0.0, 1.3 * block, 6.3 * block]),
        "min_left": 0.0 if auctions else r.choice([0.0, 0.0, 300.0]),
    }


def random_window(r: Random, venue: Config, config: Config) -> Config:
    """Return a window in which a few thousand dollars of a contract may be liquidated."""
    prices = [config["market"]["assets"][name]["price"] for name in venue["perpetuals"]] or [1.0]
    length = r.choice([0.37, 2.7]) * config["step_seconds"]
    most = r.choice([500.0, 5_000.0]) / max(prices)
    return {
        "length": length,
        "maker_fee": 0.001,
        "taker_fee": 0.004,
        "skew_scale": most / 0.005 / length,
        "multiplier": 1.0,
    }
