"""The loss waterfall in the kernel: layers within their sizes, which add up to the hole."""

import numpy as np
import pytest

from sim.ledger import post
from sim.liquidation.bankrupt import deleverage_winners
from sim.liquidation.socialise import socialise
from sim.state import codes
from tests.random_worlds import Config, Play, default, play, stressed

VENUE = "drift"
STEPS = 8
INSURANCE, BACKSTOP = 2_000.0, 3_000.0
RANKINGS = ("queue", "pro_rata", "leverage_weighted")
BEARERS = ("share_value", "cash_print", "funding_index", "providers", "deficit")
BOOK = {
    "size": "full",
    "perp_price": "book",
    "book": {"bankruptcy_adjustment": 1.0, "spread_to_margin": 1.5},
    "taker": "none",
}
PORTFOLIO = {
    "selection": "whole_portfolio",
    "size": "restore_buffer",
    "auction": {
        "curve": "two_speed", "start": 0.95, "cutoff": 0.7, "length": 900.0, "slow": 3600.0,
        "insolvent": 600.0, "buffer": 0.15, "fee": 0.1,
    },
    "taker": "cash",
}  # fmt: skip
LAYERS = ("insurance_used", "backstop_used", "adl_loss", "socialised_loss", "deficit_left")


def rough(waterfall: Config, liquidation: Config | None = None) -> Config:
    """A crash in thin markets, liquidators too slow to help, small funds, one perpetual venue.

    The dollar stays at one and oracles are prompt, so that every event has one price.
    """
    config = default(
        {"accounts": 150, "steps": STEPS, "step_seconds": 900.0, "block_seconds": 60.0}
    )
    config = stressed(config, 6.0, 0.02)
    still = {"volatility": [0.0, 0.0, 0.0], "jump_rate": [0.0, 0.0, 0.0]}
    dollar = config["market"]["assets"]["USDC"]
    dollar = dollar | {"peg": dollar["peg"] | still}
    config["market"]["assets"] = config["market"]["assets"] | {"USDC": dollar}
    terms = {"insurance": INSURANCE, "waterfall": waterfall, "oracle": {"delay": 0}}
    if liquidation is not None:
        still_priced = {"strict": True, "bonus": {"kind": "fixed", "min": 0.0}}
        terms["liquidation"] = still_priced | liquidation
    slow = {n: s | {"latency": 300.0} for n, s in config["liquidator"].items()}
    people = ("perp_long", "perp_short")
    return config | {
        "venue": {VENUE: config["venue"][VENUE] | terms},
        "liquidator": slow,
        "archetype": {n: config["archetype"][n] for n in people},
    }


def played(waterfall: Config, liquidation: Config | None = None) -> Play:
    """The world after its last step; every phase balanced its books."""
    path = play(rough(waterfall, liquidation), "venue", "full")
    path.begin()
    for t in range(STEPS):
        assert path.step(t).max() <= 1e-9
    return path


def left_in(path: Play, layer: int) -> float:
    """Settlement tokens that a fund still holds."""
    row = codes.FIRST_INSURANCE + layer * (len(path.world.venues) - 1)
    return float(path.state.outside[row, path.factory.layout.cash])


@pytest.mark.parametrize("bearer", BEARERS)
@pytest.mark.parametrize("ranking", ["none", *RANKINGS])
def test_layers_add_up_to_the_hole(ranking: str, bearer: str) -> None:
    terms = {"ranking": ranking}
    path = played({"backstop": BACKSTOP, "deleveraging": terms, "socialise": bearer})
    result = path.state.stats[0]
    assert (result["adl_loss"] > 0.0) == (ranking != "none")
    assert (result["adl_notional"] > 0.0) == (ranking != "none")
    if bearer == "deficit":
        assert result["socialised_loss"] == 0.0
    check_sum(path)


@pytest.mark.parametrize("liquidation", [BOOK, PORTFOLIO], ids=["book", "whole_portfolio"])
@pytest.mark.parametrize("ranking", ["none", "pro_rata"])
@pytest.mark.parametrize("bearer", ["share_value", "deficit"])
def test_holes_that_a_fund_fills_at_the_sale_are_in_the_sum(
    liquidation: Config, ranking: str, bearer: str
) -> None:
    terms = {"backstop": BACKSTOP, "deleveraging": {"ranking": ranking}, "socialise": bearer}
    path = played(terms, liquidation)
    assert path.state.stats[0]["insurance_used"] > 0.0
    check_sum(path)


def check_sum(path: Play) -> None:
    """The layers paid what was booked as bad debt, and the deficit row owes what they left."""
    result = path.state.stats[0]
    assert result["bad_debt"] > 0.0
    total = sum(float(result[name]) for name in LAYERS)
    assert total == pytest.approx(result["bad_debt"], rel=1e-9)
    row = int(path.world.settings[0]["deficit"])
    owed = -float(path.state.balance[:, row] @ path.state.g[1])
    assert owed == pytest.approx(result["deficit_left"], rel=1e-9, abs=1e-6)


def test_funds_pay_first_and_no_more_than_they_have() -> None:
    path = played({"backstop": BACKSTOP})
    result = path.state.stats[0]
    assert 0.0 <= left_in(path, 0) <= 1e-9
    assert 0.0 <= left_in(path, 1) <= 1e-9
    assert result["backstop_used"] == pytest.approx(BACKSTOP, rel=1e-12)
    assert result["insurance_used"] >= INSURANCE * (1.0 - 1e-12)  # it also earns fees
    assert result["socialised_loss"] > 0.0


def test_a_cap_per_event_saves_the_fund() -> None:
    cap = 1.0
    result = played({"insurance_cap": cap}).state.stats[0]
    events = result["insurance_used"] / cap
    assert 1.0 <= events <= result["liquidated_accounts"] + 1.0
    assert result["insurance_used"] < INSURANCE


@pytest.mark.parametrize("ranking", RANKINGS)
def test_deleveraging_leaves_derivatives_net_zero_and_winners_solvent(ranking: str) -> None:
    path = played({"deleveraging": {"ranking": ranking}})
    result = path.state.stats[0]
    assert result["adl_notional"] > 0.0
    kind = path.world.instruments["kind"]
    for k in np.flatnonzero(kind == codes.PERPETUAL):
        gross = np.abs(path.state.balance[k]).sum()
        assert abs(path.state.balance[k].sum()) <= 1e-9 * max(gross, 1.0)


def test_a_gate_is_counted_while_it_is_closed() -> None:
    result = played({"gate_hours": 1.0}).state.stats[0]
    assert result["socialised_loss"] > 0.0
    assert 0.25 <= result["gated_hours"] <= STEPS * 0.25
    assert played({}).state.stats[0]["gated_hours"] == 0.0


def test_a_pool_that_owes_too_much_closes_its_winners() -> None:
    assert played({}).state.stats[0]["adl_notional"] == 0.0
    thresholds = {"enable": 0.02, "target": 0.01}
    result = played({"deleveraging": {"pool": thresholds}}).state.stats[0]
    assert result["adl_notional"] > 0.0
    assert result["adl_loss"] == 0.0


@pytest.mark.parametrize("ranking", RANKINGS)
def test_deleveraging_leaves_no_hair_of_a_contract(ranking: str) -> None:
    """A hair would keep its owner from settling, and his debts from being written off."""
    path = played({"deleveraging": {"ranking": ranking, "capped": False}})
    people = int(path.world.settings[0]["accounts"])
    for k in np.flatnonzero(path.world.instruments["kind"] == codes.PERPETUAL):
        held = np.abs(path.state.balance[k, :people])
        assert held.max() > 0.0
        assert not ((held > 0.0) & (held < 1e-9 * held.max())).any()


def opened(waterfall: Config) -> Play:
    """The world at its opening, where nobody has won or lost; no fund has anything."""
    path = play(rough(waterfall), "venue", "full")
    path.begin()
    path.state.outside[codes.FIRST_INSURANCE : codes.FIRST_INSURANCE + 2] = 0.0
    return path


def indebted(path: Play, tokens: float) -> tuple[int, int]:
    """Let the first account that opened with contracts owe so much; return it and its balance."""
    kinds = path.world.instruments["kind"]
    contracts = path.opening.balance[kinds == codes.PERPETUAL]
    a = int(np.flatnonzero(np.abs(contracts).sum(axis=0))[0])
    k = int(path.world.accounts[a]["cash"])
    post(path.state, k, a, -tokens - float(path.state.balance[k, a]))
    post(path.state, k, int(path.world.settings[0]["protocol"]), tokens)
    return a, k


def test_where_nobody_has_won_an_account_is_left_to_the_liquidators() -> None:
    path = opened({"deleveraging": {"ranking": "queue"}})
    a, _ = indebted(path, 1e6)
    before = path.state.balance.copy()
    assert not deleverage_winners(path.world, path.state, a)
    assert (path.state.balance == before).all()
    assert path.state.stats[0]["bad_debt"] == 0.0


def test_a_hair_of_open_interest_bears_nothing() -> None:
    """Running totals of contracts that all have closed are rounding: depositors bear the loss."""
    path = opened({"socialise": "funding_index"})
    kinds = path.world.instruments["kind"]
    path.state.balance[kinds != codes.BALANCE] = 0.0
    path.state.pools["deposits"][kinds == codes.PERPETUAL] = 1e-17
    path.state.pools["loans"][kinds == codes.PERPETUAL] = 0.0
    a, k = indebted(path, 100.0)
    clearing = int(path.world.venues[0]["clearing"])
    before = float(path.state.pools[k]["deposit_index"])
    assert socialise(path.world, path.state, k, a, 100.0) == pytest.approx(100.0)
    assert path.state.pools[k]["deposit_index"] < before
    assert path.state.balance[k, clearing] == 0.0
