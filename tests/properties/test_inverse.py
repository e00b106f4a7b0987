"""Inverse contracts: dollars of a coin, margined and settled in the coin."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from sim.errors import SluicegateError
from sim.margin.greeks import exposures
from sim.state import codes
from sim.state.state import RESULT
from sim.world.assemble import assess_rows
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig
from tests.inverse_worlds import coin_margined, inverse_plays
from tests.properties.test_conservation import TOLERANCE, walk
from tests.properties.test_invariants import (
    UNIT,
    WITHOUT_UNIT,
    infinitely_deep,
    results,
    scaled,
    small,
)
from tests.random_worlds import Play, play
from tests.worlds import (
    Bench,
    Config,
    Holding,
    fall_to,
    market,
    ratio,
    run_dict,
    venue,
    weight,
)

CHECKS = settings(
    deadline=None,
    max_examples=40,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
seen: Counter[str] = Counter()


def coin_venue(**changes: object) -> Config:
    """A venue with one inverse contract on BTC, whose coin counts in full."""
    plain: Config = {
        "perpetuals": {"BTC": ratio(0.05, contract="inverse")},
        "funding": {"offset": 0.0, "cap": 0.0},
        "maker": {"capital": 1e12},
    }
    return venue({"BTC": weight(1.0)}, **(plain | changes))


def position(contracts: float, entry: float, coins: float) -> Holding:
    """Contracts bought (+) or sold at ``entry`` and a deposit of coins."""
    return {
        ("perpetual", "BTC"): contracts,
        ("quote", "BTC"): contracts / entry,
        ("balance", "BTC"): coins,
    }


def bench(holdings: list[Holding], end: float = 100.0, **changes: object) -> Bench:
    """Accounts on the coin venue while the coin goes from 100 to ``end`` in one step."""
    drift = {"BTC": fall_to(100.0, end, 60.0)}
    return Bench(run_dict(market({"BTC": 100.0}, drift=drift), {"venue": coin_venue()}, **changes),
                 holdings)  # fmt: skip


def equity(one: Bench, a: int = 0) -> tuple[float, float]:
    """Equity and maintenance requirement of an account at the end, USD."""
    found = assess_rows(one.world, one.state, codes.MAINTENANCE, a + 1)[a]
    return float(found[0]), float(found[1])


MOVES = pytest.mark.parametrize("end", [8.0, 30.0, 99.0, 130.0, 1500.0])


@MOVES
def test_value_is_the_textbook_one(end: float) -> None:
    """Coins + contracts x (1/entry - 1/price), in USD at the price; 1 USD of notional each."""
    coins = 100.0  # enough at any of these prices
    one = bench([position(50.0, 80.0, coins), position(-50.0, 80.0, coins)], end)
    one.run()
    for a, side in enumerate((1.0, -1.0)):
        gain = side * 50.0 * (1.0 / 80.0 - 1.0 / end)
        assert equity(one, a) == pytest.approx(((coins + gain) * end, 0.05 * 50.0), rel=1e-9)


@MOVES
def test_a_synthetic_dollar_is_never_liquidated(end: float) -> None:
    """Short as many dollars as the coin is worth: equity stays what it was, wherever prices go."""
    one = bench([position(-1_000.0, 100.0, 10.0)], end)
    assert one.run()["liquidations"] == 0.0
    assert equity(one)[0] == pytest.approx(1_000.0, rel=1e-9)
    twice = bench([position(-2_000.0, 100.0, 10.0)], end)
    assert (twice.run()["liquidations"] > 0.0) == (end > 150.0)


def test_the_contract_itself_has_no_delta() -> None:
    """What follows the coin is the quote balance and the deposit, not the contract."""
    one = bench([position(500.0, 100.0, 2.0), position(-200.0, 100.0, 2.0)], 125.0)
    one.run()
    delta = exposures(one.world, one.state, 2, -1)[:, 0]
    assert delta == pytest.approx([(5.0 + 2.0) * 125.0, 0.0], rel=1e-9, abs=1e-9)


def test_the_hub_nets_the_coin_of_contracts_and_deposits() -> None:
    """A synthetic dollar has no net delta: it is charged for what is hedged, 1,000 USD of it."""
    hub = {
        "provenance": {"source": "test"},
        "netting": {"BTC": {
            "net": {"initial": 0.2, "maintenance": 0.2},
            "basis": {"initial": 0.03, "maintenance": 0.03},
        }},
    }  # fmt: skip
    worlds = {"worlds": {"hub": {"scope": "hub"}}, "baseline": "hub", "twins": ["full"]}
    holdings = [position(-1_000.0, 100.0, 10.0), position(500.0, 100.0, 2.0)]
    one = bench(holdings, hub=hub, experiment=worlds)
    one.run()
    assert equity(one, 0) == pytest.approx((1_000.0, 0.03 * 1_000.0), rel=1e-9)
    assert equity(one, 1) == pytest.approx((200.0, 0.2 * 700.0), rel=1e-9)


def test_buying_moves_the_price_up_by_its_dollars() -> None:
    """10,000 contracts bought on a book of 1e6 USD per 1 % move it like 10,000 USD."""
    marks = []
    for contract, size in (("inverse", 10_000.0), ("linear", 100.0)):
        spec = coin_venue(perpetuals={"BTC": ratio(0.05, contract=contract, depth=1e6)})
        one = Bench(run_dict(market({"BTC": 100.0}), {"venue": spec}, liquidator={}),
                    [{("balance", "USDC"): 1.0}])  # fmt: skip
        one.run()
        marks.append(pushed(one, size))
    assert marks[0] == pytest.approx(marks[1], rel=1e-12)
    assert marks[0] > 100.0


def pushed(one: Bench, contracts: float) -> float:
    """Mark of the perpetual after account 0 bought contracts."""
    from sim.market.trade import fill

    layout = one.factory.layout
    k = layout.instrument("perpetual", "venue", "BTC")
    fill(one.world, one.state, k, 0, contracts)
    return float(one.state.markets[layout.market("perpetual", "venue", "BTC")]["mark"])


def test_longs_pay_funding_in_coin() -> None:
    """A day's rate of 1 % on 100 USD at 50 USD a coin is 0.02 coins, from long to short."""
    spec = coin_venue(funding={"offset": 0.01, "cap": 0.01})
    run = run_dict(market({"BTC": 50.0}), {"venue": spec}, step_seconds=86_400.0)
    holdings = [position(100.0, 50.0, 5.0), position(-100.0, 50.0, 5.0)]
    one = Bench(run | {"block_seconds": 86_400.0}, holdings)
    one.run()
    for a, side in enumerate((1.0, -1.0)):
        paid = (250.0 - equity(one, a)[0]) / 50.0
        assert paid == pytest.approx(side * 0.02, rel=1e-9)


@CHECKS
@given(inverse_plays())
def test_every_phase_balances_its_books(path: Play) -> None:
    found = walk(path)
    assert found.max() <= TOLERANCE
    result = path.state.stats[0]
    seen["paths"] += 1
    for name in ("liquidations", "bad_debt", "adl_notional", "socialised_loss", "insurance_used",
                 "deficit_left"):  # fmt: skip
        seen[name] += bool(result[name] > 0.0)


def test_books_were_under_pressure() -> None:
    if not seen["paths"]:
        pytest.skip("no path was played")
    assert seen["liquidations"] >= 0.4 * seen["paths"], dict(seen)
    for name in ("bad_debt", "adl_notional", "socialised_loss", "insurance_used"):
        assert seen[name] > 0, dict(seen)


@pytest.mark.parametrize("scope", ["venue", "hub"])
def test_other_units_leave_ratios_bit_identical(scope: str) -> None:
    base, _ = results(coin_margined(small()), scope, "full")
    big, _ = results(coin_margined(scaled(small(), UNIT)), scope, "full")
    assert base["liquidations"].sum() > 20
    for name in RESULT.names or ():
        factor = 1.0 if name in WITHOUT_UNIT else UNIT
        assert np.array_equal(big[name], factor * base[name]), name


@pytest.mark.parametrize("case", ["twin", "depth"])
def test_zero_impact_returns_the_path_bit_for_bit(case: str) -> None:
    config, twin = coin_margined(small(accounts=200)), "none"
    if case == "depth":
        config, twin = infinitely_deep(config), "full"
    path = play(config, "venue", twin)
    asset = path.world.markets["asset"]
    path.begin()
    for t in range(len(path.regimes) - 1):
        path.step(t)
        course = path.journey.course(t + 1)
        inside = course.prices if course.every else course.prices[:1]
        assert (path.state.markets["mark"] == inside[:, asset]).all(axis=1).any()
    assert path.state.stats[0]["liquidations"] >= 3
    assert path.state.stats[0]["max_displacement"] == 0.0


def test_a_population_holds_coin_and_matched_open_interest() -> None:
    """Contracts and each quote net to zero, positions open at no value, margin is in the coin."""
    config = small(accounts=200)
    brings = {n: a for n, a in config["archetype"].items() if n != "cross_borrower"}  # has none
    path = play(coin_margined(config | {"archetype": brings}), "venue", "full")
    table, balance, g = path.world.instruments, path.opening.balance, path.opening.g
    inverse = np.flatnonzero(table["inverse"])
    assert len(inverse) == 5
    for k in inverse:
        for instrument in (k, table[k]["quote"]):
            held = np.abs(balance[instrument]).sum()
            assert held > 0.0
            assert abs(balance[instrument].sum()) <= 1e-12 * held
        accounts = slice(0, path.built.assembled.rows.accounts)
        worth = balance[k, accounts] * g[0, k]
        worth += balance[table[k]["quote"], accounts] * g[0, table[k]["quote"]]
        notional = np.abs(balance[k, accounts]) * g[2, k]
        assert np.abs(worth).max() <= 1e-9 * notional.max()
        deposits = balance[table[k]["cash"], accounts] * g[0, table[k]["cash"]]
        assert np.all(deposits[notional > 0.0] > 0.0)
        assert np.all(notional <= 21.0 * deposits + 1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"assets": {"USDC": weight(1.0)}}, "settle in BTC, which the venue does not list"),
        ({"waterfall": {"socialise": "providers"}}, "cannot bear losses in coin"),
        (
            {"perpetuals": {"USDC": ratio(0.05, contract="inverse")}},
            "needs a coin that diffuses",
        ),
    ],
)
def test_what_is_not_supported_is_refused(changes: Config, message: str) -> None:
    config = run_dict(market({"BTC": 100.0}), {"venue": coin_venue() | changes})
    with pytest.raises(SluicegateError, match=message):
        Bench(config)


def test_inverse_contracts_trade_at_the_book_only() -> None:
    skewed = ratio(0.05, contract="inverse", pricing={"kind": "skew"}, skew_scale=1e6)
    with pytest.raises(SluicegateError, match=r"pricing\.kind is book"):
        validated(RunConfig, run_dict(market({"BTC": 100.0}),
                  {"venue": coin_venue(perpetuals={"BTC": skewed})}))  # fmt: skip
