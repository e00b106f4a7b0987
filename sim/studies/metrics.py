"""What the columns of the per-path table are called and counted in.

A metric that is not listed still flows through every table: it is then shown by its column name.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """Name and unit of a column; `signed` where negative values are possible."""

    label: str
    unit: str = "USD"
    signed: bool = False


KEYS = ("world", "scope", "arm", "twin", "path", "population")
GENERATION = re.compile(r"generation_(\d+)$")

METRICS: dict[str, Metric] = {
    "creditor_loss": Metric("Creditor loss"),
    "bad_debt": Metric("Bad debt"),
    "horizon_shortfall": Metric("Horizon shortfall"),
    "insurance_used": Metric("Insurance used"),
    "backstop_used": Metric("Backstop used"),
    "adl_notional": Metric("Auto-deleveraged notional"),
    "adl_loss": Metric("Auto-deleveraging haircut"),
    "socialised_loss": Metric("Socialised loss"),
    "deficit_left": Metric("Deficit that nobody bore"),
    "gated_hours": Metric("Withdrawals stopped", "venue-hours"),
    "halted_hours": Metric("Venues halted by a circuit breaker", "venue-hours"),
    "trader_loss": Metric("Trader loss", signed=True),
    "penalties": Metric("Liquidation penalties"),
    "liquidated_notional": Metric("Liquidated notional"),
    "liquidations": Metric("Liquidations", "number"),
    "liquidated_accounts": Metric("Liquidated accounts", "accounts"),
    "regret_notional": Metric("Regret liquidations"),
    "regret_accounts": Metric("Accounts liquidated in regret", "accounts"),
    "solvent_notional": Metric("Liquidated while the owner's whole equity was positive"),
    "cascade_notional": Metric("Liquidated in breaches that own flow brought about"),
    "hedges_broken": Metric("Hedges broken by liquidation or deleveraging"),
    "hedge_loss": Metric("Loss on broken hedges, gains set off", signed=True),
    "hedge_loss_positive": Metric("Loss on broken hedges, gains left out"),
    "unfilled_notional": Metric("Unfilled notional"),
    "liquidator_profit": Metric("Liquidator profit", signed=True),
    "background_notional": Metric("Background book triggered"),
    "deleveraged_notional": Metric("Deleveraged by owners"),
    "topped_up": Metric("Collateral topped up"),
    "max_displacement": Metric("Worst displacement", "fraction"),
    "under_margin_hours": Metric("Time under margin", "account-hours"),
}

GREEK = re.compile(r"(net|gross)_(delta|gamma|vega|theta)(?:_(mean|peak|end))?$")
GREEK_UNITS = {
    "delta": "USD per 100 % move",
    "gamma": "USD of delta per 100 % move",
    "vega": "USD per 1.00 of volatility",
    "theta": "USD per year",
}
GREEK_FIGURES = {
    "opening": "at the opening",
    "mean": "mean along the path",
    "peak": "largest size",
    "end": "at the horizon",
}

CAPITAL: dict[str, Metric] = {
    "margin_required": Metric("Margin required"),
    "gross_notional": Metric("Gross notional"),
    "margin_ratio": Metric("Margin required ÷ gross notional", "fraction"),
    "equity": Metric("Equity in accounts", signed=True),
    "wealth": Metric("Wealth in accounts and wallets", signed=True),
    "free_collateral": Metric("Free collateral", signed=True),
    "freed_margin": Metric("Margin freed", signed=True),
    "capital_required": Metric("Capital required"),
    "achievable_leverage": Metric("Achievable leverage (gross ÷ margin required)", "×"),
    "traders": Metric("Traders", "traders"),
    "accounts": Metric("Accounts", "accounts"),
    "effective_accounts": Metric("Effective accounts", "accounts"),
    "protocol_deposits": Metric("Deposits that only the protocol brings"),
    "day0_accounts": Metric("Liquidatable on day 0", "accounts"),
    "day0_notional": Metric("Liquidatable on day 0, notional"),
    "lambda_ratio": Metric("Background ratio Λ at normal depth", "×"),
    "lambda_stressed": Metric("Λ ÷ depth factor of the thinnest regime", "×"),
    "lambda_worst": Metric("the same, largest of any market", "×"),
}


def describe(name: str) -> Metric:
    """Look up a metric; one that is not listed is shown by its column name."""
    found = METRICS.get(name) or CAPITAL.get(name)
    if found:
        return found
    generation = GENERATION.match(name)
    if generation:
        return Metric(f"Liquidated or triggered, generation {generation[1]}")
    greek = GREEK.match(name)
    if greek:
        side, kind, figure = greek.groups(default="opening")
        label = f"{side.capitalize()} {kind}, {GREEK_FIGURES[figure]}"
        return Metric(label, GREEK_UNITS[kind], side == "net" and figure != "peak")
    return Metric(name.replace("_", " ").capitalize(), "", signed=True)
