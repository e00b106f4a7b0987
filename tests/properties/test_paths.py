"""Price paths: parity with the plain reference, martingales, and draws that nothing shifts."""

import copy
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import typeof

from sim.market.jumps import poisson
from sim.market.paths import BLOCK, simulate
from sim.random import MAX_SEED
from sim.state.law import PathLaw
from sim.world.law import build_law
from sim.world.schema.market import MarketConfig
from tests.markets import Config, full, one_asset, peg
from tests.reference import paths as reference

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
NAMES = ("BTC", "ETH", "SOL", "LINK")


def law_of(config: Config, step: float = MINUTE) -> PathLaw:
    law, repairs = build_law(MarketConfig.model_validate(config), step)
    assert repairs == []
    return law


@st.composite
def markets(draw: st.DrawFn) -> Config:
    """Random small markets: one to three regimes, one to four risky assets, pegs, jumps."""
    regimes = [f"r{k}" for k in range(draw(st.integers(1, 3)))]
    risky = NAMES[: draw(st.integers(1, 4))]
    number = st.floats(0.05, 3.0)

    def rates(top: float) -> list[float]:
        return [draw(st.floats(0.0, top)) for _ in regimes]

    generator = np.array([[draw(st.floats(0.5, 50.0)) for _ in regimes] for _ in regimes])
    np.fill_diagonal(generator, 0.0)
    np.fill_diagonal(generator, -generator.sum(axis=1))
    rho = draw(st.floats(0.0, 0.95))
    matrix = (np.full((len(risky),) * 2, rho) + (1.0 - rho) * np.eye(len(risky))).tolist()

    def basis() -> dict[str, Any]:
        values = {"volatility": rates(0.2), "jump_rate": rates(2_000.0)}
        pull = draw(st.floats(0.1, 20.0))
        return values | {"reversion_per_day": pull, "jump_mean": -0.01, "jump_sd": 0.02}

    assets: Config = {name: {"kind": "risky", "price": draw(number) * 100.0} for name in risky}
    if draw(st.booleans()):
        assets["USDC"] = {"kind": "stable", "price": 1.0, "peg": basis()}
    if draw(st.booleans()):
        staked = {"underlying": risky[0], "redemption": draw(number), "yield": 0.05}
        assets["LST"] = {"kind": "staked", "peg": basis()} | staked
    jumps: Config = {
        "own": {name: {"rate": rates(2e3), "mean": 0.01, "sd": 0.02} for name in risky}
    }
    if draw(st.booleans()):
        jumps["common"] = {
            "rate": rates(2_000.0),
            "mean": {name: draw(st.floats(-0.1, 0.1)) for name in risky},
            "sd": {name: draw(st.floats(0.0, 0.1)) for name in risky},
            "correlation": draw(st.floats(0.0, 1.0)),
        }
    return {
        "assets": assets,
        "regimes": {"names": regimes, "generator_per_day": generator.tolist()},
        "volatility": {name: [draw(number) for _ in regimes] for name in risky},
        "correlation": dict.fromkeys(regimes, matrix),
        "jumps": draw(st.sampled_from([None, jumps])),
        "drift": {risky[0]: draw(st.floats(-1.0, 1.0))},
    }


@given(
    markets(),
    st.sampled_from([2.0, MINUTE, HOUR, DAY]),
    st.integers(0, MAX_SEED),
    st.integers(0, 10**9),
    st.integers(0, 40),
)
@settings(max_examples=60, deadline=None)
def test_parity_with_the_reference(
    config: Config, step: float, seed: int, path: int, steps: int
) -> None:
    prices, regimes = simulate(law_of(config, step), seed, 1, steps, first_path=path)
    plain_prices, plain_regimes = reference.Reference(config, step).path(seed, path, steps)
    assert regimes[0].tolist() == plain_regimes.tolist()
    np.testing.assert_allclose(prices[0], plain_prices, rtol=1e-9)


def test_parity_over_several_blocks() -> None:
    steps = 2 * BLOCK + 87
    prices, regimes = simulate(law_of(full(), HOUR), 11, 1, steps, first_path=3)
    plain_prices, plain_regimes = reference.Reference(full(), HOUR).path(11, 3, steps)
    assert regimes[0].tolist() == plain_regimes.tolist()
    np.testing.assert_allclose(prices[0], plain_prices, rtol=1e-9)


@pytest.mark.parametrize("start", ["stationary", "crash", [0.5, 0.5]], ids=str)
def test_expected_price_stays_with_jumps_on(start: Any) -> None:
    """E[S_T]/S_0 = 1 within 4 standard errors, regimes switching, three correlated assets."""
    config = full()
    config["regimes"]["start"] = start
    prices, _ = simulate(law_of(config, HOUR), 2, paths=100_000, steps=48)
    ratio = prices[:, -1, :3] / prices[:, 0, :3]
    error = ratio.std(axis=0) / math.sqrt(len(ratio))
    assert np.all(np.abs(ratio.mean(axis=0) - 1.0) < 4.0 * error)


def test_drift_moves_the_expected_price() -> None:
    config = full() | {"drift": {"BTC": 2.0, "SOL": -1.0}}
    prices, _ = simulate(law_of(config, DAY), 3, paths=100_000, steps=10)
    ratio = prices[:, -1, :3] / prices[:, 0, :3]
    wanted = np.exp(np.array([2.0, 0.0, -1.0]) * 10.0 / 365.0)
    error = ratio.std(axis=0) / math.sqrt(len(ratio))
    assert np.all(np.abs(ratio.mean(axis=0) - wanted) < 4.0 * error)


def test_a_path_is_the_same_alone_and_in_any_chunk() -> None:
    law = law_of(full())
    prices, regimes = simulate(law, 9, paths=12, steps=300)
    alone, alone_regimes = simulate(law, 9, paths=1, steps=300, first_path=7)
    assert prices[7].tobytes() == alone[0].tobytes()
    assert regimes[7].tobytes() == alone_regimes[0].tobytes()
    with ThreadPoolExecutor(4) as pool:
        rows = pool.map(lambda p: simulate(law, 9, 1, 300, first_path=p)[0][0], range(12))
    assert prices.tobytes() == np.stack(list(rows)).tobytes()


@pytest.mark.parametrize("steps", [0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1])
def test_a_shorter_path_is_the_beginning_of_a_longer_one(steps: int) -> None:
    law = law_of(full())
    longer, longer_regimes = simulate(law, 4, paths=2, steps=2 * BLOCK)
    shorter, shorter_regimes = simulate(law, 4, paths=2, steps=steps)
    assert shorter.tobytes() == longer[:, : steps + 1].tobytes()
    assert shorter_regimes.tobytes() == longer_regimes[:, : steps + 1].tobytes()


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1, 2**63, MAX_SEED])
def test_every_seed_is_its_own_world(seed: int) -> None:
    law = law_of(full())
    prices, _ = simulate(law, seed, paths=1, steps=5)
    other, _ = simulate(law, (seed + 1) % 2**64, paths=1, steps=5)
    assert np.all(np.isfinite(prices))
    assert np.all(prices[0, 1:] != other[0, 1:])


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        simulate(law_of(full()), seed, paths=1, steps=1)


def test_one_asset_more_shifts_nobody() -> None:
    config = full()
    before, regimes = simulate(law_of(config), 5, paths=3, steps=400)
    config["assets"]["AVAX"] = {"kind": "risky", "price": 30.0}
    config["assets"]["USDT"] = {"kind": "stable", "price": 1.0, "peg": peg(rate=50.0)}
    config["volatility"]["AVAX"] = [0.5, 1.5]
    config["jumps"]["own"]["AVAX"] = {"rate": [100.0, 100.0], "sd": 0.05}
    config["jumps"]["common"]["mean"]["AVAX"] = -0.01
    config["jumps"]["common"]["sd"]["AVAX"] = 0.05
    for matrix in config["correlation"].values():
        for row in matrix:
            row.append(0.4)
        matrix.append([0.4, 0.4, 0.4, 1.0])
    after, same_regimes = simulate(law_of(config), 5, paths=3, steps=400)
    assert before.tobytes() == np.ascontiguousarray(after[:, :, :5]).tobytes()
    assert regimes.tobytes() == same_regimes.tobytes()


def test_the_order_of_assets_does_not_move_their_draws() -> None:
    """Uncorrelated assets, listed the other way round, keep their own paths."""
    config = full()
    config["correlation"] = dict.fromkeys(("calm", "crash"), np.eye(3).tolist())
    swapped = copy.deepcopy(config)
    swapped["assets"] = {n: config["assets"][n] for n in ("SOL", "JITOSOL", "ETH", "USDC", "BTC")}
    prices, _ = simulate(law_of(config), 6, paths=2, steps=300)
    mirrored, _ = simulate(law_of(swapped), 6, paths=2, steps=300)
    np.testing.assert_allclose(mirrored[:, :, [4, 2, 0, 3, 1]], prices, rtol=1e-13)


def test_jumps_leave_the_diffusion_alone() -> None:
    """Two parameter sets see the same world: away from jumps only the compensator differs."""
    config = full()
    calm = config | {"jumps": None}
    with_jumps, regimes = simulate(law_of(config), 8, paths=20, steps=500)
    without, same_regimes = simulate(law_of(calm), 8, paths=20, steps=500)
    assert regimes.tobytes() == same_regimes.tobytes()
    gap = np.diff(np.log(with_jumps[:, :, :3]) - np.log(without[:, :, :3]), axis=1)
    quiet = np.abs(gap) < 1e-4  # the compensators are below 1e-5 per minute
    assert 0.98 < quiet.mean() < 1.0


def test_more_frequent_jumps_keep_the_old_ones() -> None:
    for u in np.linspace(0.001, 0.999, 200):
        counts = [poisson(u, rate, math.exp(-rate)) for rate in (0.0, 0.01, 0.5, 1.0, 3.0, 30.0)]
        assert counts == sorted(counts)


@pytest.mark.parametrize("rate", [0.02, 1.0, 12.0, 90.0])
def test_poisson_counts(rate: float) -> None:
    u = (np.arange(100_000) + 0.5) / 100_000  # every quantile once: no sampling error
    counts = np.array([poisson(x, rate, math.exp(-rate)) for x in u])
    assert counts.mean() == pytest.approx(rate, rel=2e-3)
    assert counts.var() == pytest.approx(rate, rel=1e-2)
    assert poisson(1.0 - 2.0**-53, rate, math.exp(-rate)) < 200


def test_volatility_scales_the_same_noise() -> None:
    one, _ = simulate(law_of(one_asset((0.5,))), 1, paths=5, steps=100)
    two, _ = simulate(law_of(one_asset((1.0,))), 1, paths=5, steps=100)
    dt = MINUTE / (365.0 * DAY)
    noise = [
        np.diff(np.log(prices), axis=1) + volatility**2 / 2.0 * dt
        for prices, volatility in ((one, 0.5), (two, 1.0))
    ]
    np.testing.assert_allclose(noise[1], 2.0 * noise[0], rtol=1e-9, atol=1e-14)


def test_prices_scale_by_powers_of_two_exactly() -> None:
    config = full()
    prices, _ = simulate(law_of(config), 1, paths=3, steps=300)
    for name in ("BTC", "ETH", "SOL"):
        config["assets"][name]["price"] *= 1_024.0
    scaled, _ = simulate(law_of(config), 1, paths=3, steps=300)
    factors = np.array([1_024.0, 1_024.0, 1_024.0, 1.0, 1_024.0])
    assert (prices * factors).tobytes() == scaled.tobytes()


def test_paths_start_at_the_given_prices() -> None:
    prices, _ = simulate(law_of(full()), 1, paths=2, steps=3)
    assert prices[:, 0].tolist() == [[65_000.0, 3_000.0, 150.0, 1.0, 150.0 * 1.2]] * 2


def test_the_first_regime_follows_its_law() -> None:
    config = full()
    _, regimes = simulate(law_of(config), 1, paths=40_000, steps=0)
    share = 0.2  # of the crash regime: 1 / (1 + 4)
    assert abs(regimes.mean() - share) < 4.0 * math.sqrt(share * (1.0 - share) / 40_000)
    config["regimes"]["start"] = "crash"
    _, regimes = simulate(law_of(config), 1, paths=100, steps=0)
    assert np.all(regimes == 1)


@pytest.mark.parametrize("step", [HOUR, DAY])
def test_a_basis_has_its_stationary_spread_at_any_step(step: float) -> None:
    config = one_asset()
    one_regime = {"volatility": [0.05], "jump_rate": [0.0], "reversion_per_day": 2.0}
    config["assets"]["USDC"] = {"kind": "stable", "peg": one_regime}
    days = 20
    prices, _ = simulate(law_of(config, step), 1, paths=20_000, steps=round(days * DAY / step))
    sd = 0.05 / math.sqrt(2.0 * 2.0 * 365.0)
    spread = np.log(prices[:, -1, 1])
    assert spread.std() == pytest.approx(sd, rel=4.0 / math.sqrt(2.0 * 20_000))


def test_a_wrapper_accrues_its_yield() -> None:
    config = one_asset()
    still = {"volatility": [0.0], "jump_rate": [0.0], "reversion_per_day": 6.0}
    wrapper = {"kind": "staked", "underlying": "BTC", "redemption": 1.1, "yield": 0.073}
    config["assets"]["LST"] = wrapper | {"peg": still}
    prices, _ = simulate(law_of(config, DAY), 1, paths=2, steps=365)
    ratio = prices[:, :, 1] / prices[:, :, 0]
    wanted = 1.1 * np.exp(0.073 * np.arange(366) / 365.0)
    np.testing.assert_allclose(ratio, np.broadcast_to(wanted, ratio.shape), rtol=1e-12)


def test_every_market_has_the_same_type() -> None:
    """Or the kernel would be compiled anew for another market."""
    stables = {"assets": {"USDC": full()["assets"]["USDC"]}, "regimes": full()["regimes"]}
    kinds = {typeof(law_of(config)) for config in (full(), one_asset(), stables)}
    three = one_asset((0.5, 0.6, 0.7), [[-1.0, 1.0, 0.0], [0.0, -1.0, 1.0], [1.0, 0.0, -1.0]])
    assert kinds == {typeof(law_of(three))}


def test_a_market_of_stables_alone() -> None:
    config = full()
    config["assets"] = {"USDC": config["assets"]["USDC"]}
    for key in ("volatility", "correlation", "jumps"):
        del config[key]
    prices, _ = simulate(law_of(config), 1, paths=2, steps=300)
    assert np.all(np.abs(prices - 1.0) < 0.2)
