"""What must hold of options and their margin whatever the numbers are."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.market.black import option_greeks, option_value
from sim.market.surface import SurfaceTerms, implied_volatility, next_level
from sim.world.portfolio import grid_margin, standard_margin
from sim.world.portfolio_parts import Deposit, Expiry, Option, Perpetual, Portfolio
from tests.conformance.configured import configured

price = st.floats(1.0, 1e5)
ratio = st.floats(0.3, 3.0)
deviation = st.floats(1e-4, 3.0)
WEEK = 7.0 * 86_400.0
MONTH = 30.0 * 86_400.0


@given(price, ratio, deviation, st.floats(0.2, 1.2))
@settings(max_examples=200, deadline=None)
def test_parity_and_bounds(forward, moneyness, w, discount):
    strike = forward * moneyness
    call = option_value(1.0, forward, strike, w, discount)
    put = option_value(-1.0, forward, strike, w, discount)
    assert call - put == pytest.approx(discount * (forward - strike), abs=1e-12 * forward * 4)
    assert discount * max(0.0, forward - strike) <= call + 1e-12 * forward
    assert call <= discount * forward * (1.0 + 1e-15)


@given(ratio, st.floats(0.1, 2.0), st.floats(0.01, 2.0), st.sampled_from([1.0, -1.0]))
@settings(max_examples=100, deadline=None)
def test_greeks_are_the_derivatives(moneyness, vol, years, sign):
    def value(f=100.0, v=vol, t=years):
        return option_greeks(sign, f, 100.0 * moneyness, v, t, 0.03).value

    g = option_greeks(sign, 100.0, 100.0 * moneyness, vol, years, 0.03)
    h, e = 1e-3, 1e-5
    assert g.delta == pytest.approx((value(100 + h) - value(100 - h)) / (2 * h), abs=1e-6)
    assert g.vega == pytest.approx((value(v=vol + e) - value(v=vol - e)) / (2 * e), abs=1e-4)
    t = 1e-6
    theta = -(value(t=years + t) - value(t=years - t)) / (2 * t)
    assert g.theta == pytest.approx(theta, abs=1e-3, rel=1e-4)
    assert abs(g.delta) <= 1.0
    assert g.vega <= 100.0 * math.sqrt(years) / math.sqrt(2.0 * math.pi) * (1 + 1e-12)


def test_at_expiry_only_the_payoff_is_left():
    g = option_greeks(1.0, 120.0, 100.0, 0.8, 0.0, 0.05)
    assert (g.value, g.delta, g.gamma, g.vega) == (20.0, 1.0, 0.0, 0.0)
    assert option_greeks(-1.0, 120.0, 100.0, 0.8, 0.0, 0.05).delta == 0.0


def test_the_surface_follows_regime_spot_and_term():
    flat = SurfaceTerms(0.0, 0.0, 0.0, 30.0 / 365.0)
    smile = SurfaceTerms(-0.1, 0.05, -0.2, 30.0 / 365.0)
    assert implied_volatility(flat, 0.6, 80.0, 100.0, 0.5) == pytest.approx(0.6)
    low = implied_volatility(smile, 0.6, 80.0, 100.0, 30.0 / 365.0)
    high = implied_volatility(smile, 0.6, 125.0, 100.0, 30.0 / 365.0)
    assert low > high > 0.6 * (1 - 0.1 * math.log(1.25))
    moved = implied_volatility(smile, 0.6, 88.0, 110.0, 30.0 / 365.0)
    assert moved == pytest.approx(low)  # the smile travels with spot
    near = implied_volatility(smile, 0.6, 100.0, 100.0, 7.0 / 365.0)
    assert near == pytest.approx(0.6 * (7.0 / 30.0) ** -0.2)
    assert next_level(0.6, 1.2, 0.5, 0.0) == pytest.approx(0.9)
    assert next_level(0.6, 0.6, 0.5, 0.1) == pytest.approx(0.6 * math.exp(0.1))


def portfolio(*options, perp=0.0, eth=0.0, cash=0.0):
    """A portfolio at a spot of 2000; options are (seconds, strike, call, quantity)."""
    lines = [Option(t, k, call, 0.7, q) for t, k, call, q in options]
    return Portfolio(
        spot=2000.0,
        cash=cash,
        perpetual=Perpetual(perp, 2000.0),
        deposits=[Deposit("ETH", eth, 2000.0)],
        options=lines,
        expiries=[Expiry(t, 2000.0) for t in dict.fromkeys(o.seconds for o in lines)],
        underlying="ETH",
    )


def needs(holding):
    margin = grid_margin(configured("derive"), holding)
    return margin.equity - margin.maintenance


line = st.tuples(
    st.sampled_from([WEEK, MONTH]),
    st.sampled_from([1600.0, 2000.0, 2400.0]),
    st.booleans(),
    st.sampled_from([-2.0, -1.0, 1.0, 3.0]),
)


@given(st.lists(line, max_size=5), st.floats(-3.0, 3.0), st.sampled_from([0.0, 2.0]))
@settings(max_examples=60, deadline=None)
def test_initial_is_never_below_maintenance(options, perp, eth):
    margin = grid_margin(configured("derive"), portfolio(*options, perp=perp, eth=eth))
    assert margin.initial <= margin.maintenance + 1e-9


@given(st.lists(line, max_size=4), st.lists(line, max_size=4))
@settings(max_examples=60, deadline=None)
def test_span_never_asks_more_for_two_books_together(one, other):
    venue = configured("cme_span", {"grid.short_minimum": 0.0})

    def risk(*lines):
        return grid_margin(venue, portfolio(*lines)).scan_risk

    assert risk(*one, *other) <= risk(*one) + risk(*other) + 1e-6


def test_a_hedged_book_needs_less_and_never_nothing():
    short = portfolio(perp=-5.0)
    hedged = portfolio(perp=-5.0, eth=5.0)
    assert 0.0 < needs(hedged) < 0.5 * needs(short)


def test_covered_call_and_short_straddle():
    call = (MONTH, 2200.0, True, -5.0)
    assert needs(portfolio(call, eth=5.0)) < needs(portfolio(call)) + needs(portfolio(eth=5.0))
    straddle = portfolio((MONTH, 2000.0, True, -5.0), (MONTH, 2000.0, False, -5.0))
    assert needs(straddle) > 0.02 * 5.0 * 2000.0


def standard(*options):
    holding = portfolio(*options)
    return standard_margin(configured("derive_standard"), {"ETH": holding})


def test_a_spread_is_charged_its_largest_loss():
    spread = standard((MONTH, 2000.0, True, -1.0), (MONTH, 2100.0, True, 1.0))
    assert spread.maintenance == pytest.approx(-100.0)
    naked = standard((MONTH, 2000.0, True, -1.0))
    assert naked.maintenance < naked.equity < 0.0
    assert standard((MONTH, 2000.0, True, 1.0)).initial == 0.0
    assert standard((MONTH, 1600.0, True, 1.0), (MONTH, 1600.0, False, 1.0)).initial == 0.0


def test_a_netted_short_is_not_naked():
    def extra(*options):
        free = configured("derive", {"contingency.short_option": {}})
        margin = grid_margin(free, portfolio(*options))
        return needs(portfolio(*options)) - (margin.equity - margin.maintenance)

    call, put = (MONTH, 2000.0, True, -3.0), (MONTH, 2000.0, False, 2.0)
    other = (MONTH, 1600.0, False, 2.0)
    assert extra(call) == pytest.approx(3.0 * 2000.0 * 0.003)
    assert extra(call, put) == pytest.approx(1.0 * 2000.0 * 0.003)
    assert extra(call, other) == pytest.approx(3.0 * 2000.0 * 0.003)
