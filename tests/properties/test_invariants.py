"""What must hold in every world: no impact, other units, more collateral, more insurance."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.state import codes
from sim.state.state import RESULT
from sim.studies.experiment import run_paths
from sim.world.build import Built, Factory
from sim.world.compose import choices, compose, default_config_dir
from sim.world.schema.explain import validated
from sim.world.schema.run import RunConfig, WorldChoice
from tests.random_worlds import SCOPES, Config, Play, default, play, stressed
from tests.units import BY_EXPONENT, POWERS, WITHOUT, models, scaled, unit_of

UNIT = 1024.0
WITHOUT_UNIT = (
    "liquidated_accounts",
    "regret_accounts",
    "max_displacement",
    "under_margin_hours",
    "liquidations",
    "gated_hours",
    "imbalance",
)
CHECKS = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def small(**changes: Any) -> Config:
    """A stressed run of 40 traders over a few hours."""
    config = default({"accounts": 40, "steps": 24, "step_seconds": 600.0, "block_seconds": 20.0})
    return stressed(config, 5.0, 0.02) | changes


def results(config: Config, scope: str, twin: str, paths: int = 8) -> tuple[np.ndarray, Built]:
    """Results of a few paths of one world, and the world."""
    factory = Factory(validated(RunConfig, config))
    built = factory.build(factory.population(0), WorldChoice(scope=scope, relever=0.3))
    world = built.twin(factory.layout, twin)
    return run_paths(factory, world, built.assembled.opening, (0, paths)), built


def infinitely_deep(config: Config) -> Config:
    """The same run with no market named in liquidity, and no depth on any perpetual."""
    liquidity = config["liquidity"] | {"spot": {}}
    venues = {name: dict(spec) for name, spec in config["venue"].items()}
    for spec in venues.values():
        if spec.get("perpetuals"):
            spec["perpetuals"] = {
                n: {k: v for k, v in p.items() if k != "depth"}
                for n, p in spec["perpetuals"].items()
            }
    return config | {"liquidity": liquidity, "venue": venues}


@pytest.mark.parametrize("case", ["twin", "depth"])
def test_zero_impact_returns_the_path_bit_for_bit(case: str) -> None:
    """Every mark is the path's, or inside a step the bridge's, which starts on the path."""
    config, twin = small(accounts=200), "none"
    if case == "depth":
        config, twin = infinitely_deep(config), "full"
    path = play(config, "venue", twin)
    asset = path.world.markets["asset"]
    path.begin()
    for t in range(len(path.regimes) - 1):
        path.step(t)
        course = path.journey.course(t + 1)
        assert np.array_equal(course.prices[0], path.prices[t + 1])
        inside = course.prices if course.every else course.prices[:1]
        assert (path.state.markets["mark"] == inside[:, asset]).all(axis=1).any()
    assert path.state.stats[0]["liquidations"] >= 3
    assert path.state.stats[0]["max_displacement"] == 0.0


def test_every_unit_of_the_schema_is_known() -> None:
    """So that no field in currency or contracts is left out when a run is scaled."""
    found = {unit_of(f) for model in models(RunConfig) for f in model.model_fields.values()} - {""}
    assert found == {*POWERS, *BY_EXPONENT} | WITHOUT


# Fields without a unit whose words speak of currency or contracts: shares, ratios and choices
PLAIN_NUMBERS = {
    "Auction.penalty", "Confidence.scale", "ArchetypeConfig.wallet", "Liquidation.taker_profit",
    "Liquidation.perp_insurance_fee", "PerpetualPosition.leverage", "PerpetualPosition.share",
    "OptionPosition.leverage", "Funding.exponent", "Grid.short_minimum", "Depth.lambda_ratio",
    "Contingency.perpetual", "Contingency.short_option", "NettingRate.basis", "MarginRatio.tiers",
}  # fmt: skip


def test_fields_in_currency_bear_their_unit() -> None:
    words = ("USD", "contract", "token", "notional")
    for model in models(RunConfig):
        for name, field in model.model_fields.items():
            said = any(word in (field.description or "") for word in words)
            choice = "Literal" in str(field.annotation)
            if said and not choice and not unit_of(field):
                assert f"{model.__name__}.{name}" in PLAIN_NUMBERS


def everywhere() -> Config:
    """A stressed run in which traders hold positions at all venues of the menu, options too."""
    names = choices("venue", [default_config_dir()])
    people = ("perp_long", "perp_short", "stable_borrower", "pool_supplier", "option_seller",
              "option_buyer")  # fmt: skip
    config = compose([f"venue=[{','.join(names)}]", f"archetype=[{','.join(people)}]"])
    venues = config["venue"]
    perpetual = {n: 1.0 for n, v in venues.items() if "BTC" in v.get("perpetuals", {})}
    lends = {n: 1.0 for n, v in venues.items() if "interest" in v["assets"]["USDC"]
             and "BTC" in v["assets"]}  # fmt: skip
    for spec in config["archetype"].values():
        for position in spec["positions"]:
            if position["kind"] == "perpetual":
                position |= {"venues": perpetual, "assets": {"BTC": 1.0}}
            elif position["kind"] == "loan":
                position |= {"venues": lends, "collateral": {"BTC": 1.0}}
    small = {"workers": 1, "accounts": 120, "steps": 24, "step_seconds": 600.0}
    return stressed(config | small | {"block_seconds": 20.0}, 5.0, 0.02)


def in_other_units(config: Config, scope: str, tolerance: float) -> None:
    """Play a run in both units; differences are at most a share of the largest figure."""
    base, small_world = results(config, scope, "full")
    big, big_world = results(scaled(config, UNIT), scope, "full")
    assert base["liquidations"].sum() > 20
    for name in RESULT.names or ():
        factor = 1.0 if name in WITHOUT_UNIT else UNIT
        wanted = factor * base[name]
        assert np.abs(big[name] - wanted).max() <= tolerance * np.abs(wanted).max(), name
    same = {"achievable_leverage", "accounts", "traders", "effective_accounts", "day0_accounts"}
    for name, value in small_world.facts.items():
        factor = 1.0 if name in same or name.startswith("lambda_") else UNIT
        assert big_world.facts[name] == factor * value, name


@pytest.mark.parametrize("scope", SCOPES)
def test_other_units_leave_ratios_bit_identical(scope: str) -> None:
    in_other_units(small(), scope, 0.0)


@pytest.mark.parametrize("scope", SCOPES)
def test_other_units_change_nothing_at_any_venue(scope: str) -> None:
    """To rounding: what counts as dust of a closed contract is fixed, in `ratio` and `accrual`."""
    in_other_units(everywhere(), scope, 1e-12)


def first_liquidation(path: Play, a: int) -> int:
    """Step in which account ``a`` is first liquidated; one past the last if never."""
    path.begin()
    for t in range(len(path.regimes) - 1):
        path.step(t)
        if path.state.rows[a]["liquidated"]:
            return t
    return len(path.regimes)


def with_collateral(path: Play, a: int, k: int, usd: float) -> Play:
    """The same path with more of instrument k in account ``a``."""
    opening = type(path.opening)(*(np.copy(x) for x in path.opening))
    tokens = usd / opening.g[0, k]
    opening.balance[k, a] += tokens
    opening.pools["deposits"][k] = np.maximum(opening.balance[k], 0.0).sum()
    opening.pools["loans"][k] = np.maximum(-opening.balance[k], 0.0).sum()
    legs = np.flatnonzero(opening.balance[:, a])
    opening.legs[a, : len(legs)] = legs
    opening.rows["leg_count"][a] = len(legs)
    return Play(path.built, path.world, opening, path.state, path.factory, path.journey)


def passive() -> Config:
    """Owners who do nothing, and no interest: only prices move an account's health."""
    config = small()
    archetypes = {name: dict(spec) for name, spec in config["archetype"].items()}
    for spec in archetypes.values():
        idle = {"watch": {"low": 1.0, "high": 1.0}, "top_up": 0.0, "deleverage": 0.0}
        spec["behaviour"] = spec["behaviour"] | idle | {"panic_loss": 1.0}
    venues = {name: dict(spec) for name, spec in config["venue"].items()}
    for spec in venues.values():
        spec["assets"] = {
            n: {k: v for k, v in a.items() if k != "interest"} for n, a in spec["assets"].items()
        }
    return config | {"archetype": archetypes, "venue": venues}


@CHECKS
@given(st.integers(0, 2**31), st.sampled_from(SCOPES), st.floats(1.0, 1e5), st.data())
def test_more_collateral_never_brings_liquidation_forward(
    seed: int, scope: str, usd: float, data: st.DataObject
) -> None:
    path = play(passive() | {"seed": seed, "accounts": 15}, scope, "none")
    path.begin()
    for t in range(len(path.regimes) - 1):
        path.step(t)
    hit = np.flatnonzero(path.state.rows["liquidated"][: path.built.assembled.rows.accounts])
    if len(hit) == 0:
        return
    a = int(data.draw(st.sampled_from(list(hit))))
    deposit = (path.opening.balance[:, a] > 0.0) & (path.world.instruments["kind"] == codes.BALANCE)
    choices = [*np.flatnonzero(deposit), path.world.accounts[a]["cash"]]
    k = int(data.draw(st.sampled_from(choices)))
    before = first_liquidation(path, a)
    assert first_liquidation(with_collateral(path, a, k, usd), a) >= before


@pytest.mark.parametrize("twin", ["full", "none"])
def test_more_insurance_never_costs_depositors_more(twin: str) -> None:
    losses = []
    for fund in (0.0, 1e4, 1e5, 1e6):
        bare = {"insurance": fund, "waterfall": {"socialise": "share_value"}}  # no other layer
        venues = {n: s | bare for n, s in small()["venue"].items()}
        rough = stressed(small(venue=venues, accounts=300), 2.0, 1.0)
        found, _ = results(rough, "venue", twin)
        again, _ = results(rough, "venue", twin)
        assert found.tobytes() == again.tobytes()
        losses.append(found["socialised_loss"])
    assert losses[0].sum() > 0.0
    for more, less in zip(losses[1:], losses[:-1], strict=True):
        assert np.all(more <= less)
