"""Black-76 and SPAN against published numbers."""

import math
from dataclasses import replace

import pytest

from sim.market.black import normal_cdf, option_greeks
from sim.world.portfolio import grid_margin
from sim.world.portfolio_parts import Expiry, Option, Perpetual, Portfolio
from tests.conformance.configured import configured
from tests.evidence import check_target, target

D13 = target("D13")
YEAR = 365.0 * 86_400.0
MONTH = 30.0 * 86_400.0
GREEKS = ("delta", "gamma", "vega", "theta", "vanna", "volga")


def greeks(sign):
    given = D13["params"]["greeks"]
    strike = given["call_K"] if sign > 0 else given["put_K"]
    return option_greeks(
        sign, float(given["F"]), float(strike), given["sigma"], 30.0 / 365.0, given["r"]
    )


@pytest.mark.parametrize("name", GREEKS)
def test_greeks_of_a_call(name):
    key = "call_theta_per_yr" if name == "theta" else f"call_{name}"
    check_target(D13, key, getattr(greeks(1.0), name))


def test_values_and_the_delta_of_a_put():
    check_target(D13, "call_price", greeks(1.0).value)
    check_target(D13, "put_price", greeks(-1.0).value)
    check_target(D13, "put_delta", greeks(-1.0).delta)


def span(lookahead=None):
    """The clearing house's YAML with the target's ranges."""
    given = D13["params"]["span"]
    return configured(
        "cme_span",
        {
            "grid.scan_range": {"X": given["PSR"]},
            "grid.volatility": {"up": given["VSR_rel"], "down": given["VSR_rel"]},
            "grid.lookahead_days": given["lookahead_d"] if lookahead is None else lookahead,
        },
    )


def book(*lines):
    """A portfolio of ("perp" | "C" | "P", quantity, strike) on a forward of 100."""
    given = D13["params"]["span"]
    options = [
        Option(MONTH, strike, kind == "C", given["sigma"], quantity)
        for kind, quantity, strike in lines
        if kind != "perp"
    ]
    perpetual = sum(quantity for kind, quantity, _ in lines if kind == "perp")
    return Portfolio(
        spot=given["F"],
        perpetual=Perpetual(perpetual, given["F"]),
        options=options,
        expiries=[Expiry(MONTH, given["F"], given["r"])],
        underlying="X",
    )


def test_the_sixteen_scenarios():
    margin = grid_margin(span(), book(*D13["params"]["span"]["book"]))
    losses = [-pnl for pnl in margin.scenarios]
    assert losses == pytest.approx(D13["independent_check"]["all_losses"], abs=1e-6)
    for number in (1, 11, 13, 16):
        check_target(D13, f"span_s{number}", losses[number - 1])
    check_target(D13, "scan_risk", margin.scan_risk)
    check_target(D13, "worst_scenario", margin.worst + 1)


def test_a_straddle_and_no_lookahead():
    straddle = book(("C", -10.0, 100.0), ("P", -10.0, 100.0))
    check_target(D13, "straddle_-10C100_-10P100", grid_margin(span(), straddle).scan_risk)
    mixed = book(*D13["params"]["span"]["book"])
    check_target(D13, "scan_no_lookahead", grid_margin(span(0.0), mixed).scan_risk)


def test_the_normal_distribution_is_exact_to_fourteen_digits():
    points = [-38.0 + 76.0 * i / 50_000 for i in range(50_001)]
    worst = max(abs(normal_cdf(x) - 0.5 * math.erfc(-x / math.sqrt(2.0))) for x in points)
    assert worst <= 1e-14


def test_a_gamma_short_book_needs_more_than_its_delta_says():
    flat = book(("C", -10.0, 100.0), ("P", -10.0, 100.0))
    delta = sum(
        o.quantity * option_greeks(o.sign, 100.0, o.strike, 0.8, 30.0 / 365.0, 0.0).delta
        for o in flat.options
    )
    hedged = replace(flat, perpetual=Perpetual(-delta, 100.0))
    needed = grid_margin(span(), hedged).scan_risk
    assert needed > 5.0 * 0.15 * 100.0 * abs(delta)
