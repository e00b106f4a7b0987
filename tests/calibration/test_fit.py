"""The fit against brute force, against planted models, and against itself."""

from itertools import pairwise, product

import numpy as np
import pytest
from scipy.linalg import expm

from sim.calibration.fit import fit_market
from sim.calibration.generator import generator_per_day
from sim.calibration.hmm import smooth
from sim.calibration.mixture import expect, maximise, weighted_sums
from sim.calibration.settings import parse
from sim.errors import SluicegateError
from sim.market.paths import simulate
from sim.world.law import build_law
from sim.world.schema.market import MarketConfig
from tests.calibration.prices import planted_hmm

HOURS_PER_YEAR = 8760.0


def settings(*words):
    return parse(["data=none.csv", *words])


def brute_force(log_density, transition, start):
    """Sum over all regime sequences."""
    times, regimes = log_density.shape
    weights, moves, total = np.zeros((times, regimes)), np.zeros((regimes, regimes)), 0.0
    for path in product(range(regimes), repeat=times):
        mass = start[path[0]] * np.exp(sum(log_density[t, k] for t, k in enumerate(path)))
        mass *= np.prod([transition[a, b] for a, b in pairwise(path)])
        total += mass
        for t, k in enumerate(path):
            weights[t, k] += mass
        for a, b in pairwise(path):
            moves[a, b] += mass
    return weights / total, moves / total, np.log(total)


def test_smoothing_agrees_with_the_sum_over_all_sequences():
    random = np.random.Generator(np.random.PCG64(1))
    log_density = random.normal(size=(7, 3)) * 2.0
    log_density[3] = 0.0  # a bar without data
    transition = random.dirichlet(np.ones(3), size=3)
    start = random.dirichlet(np.ones(3))
    got = smooth(log_density, transition, start)
    weights, moves, log_likelihood = brute_force(log_density, transition, start)
    np.testing.assert_allclose(got.weights, weights, rtol=1e-12)
    np.testing.assert_allclose(got.moves, moves, rtol=1e-12)
    assert got.log_likelihood == pytest.approx(log_likelihood, rel=1e-12)


def test_extreme_data_do_not_underflow():
    got = smooth(np.full((5, 2), -1e5), np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([0.5, 0.5]))
    assert got.log_likelihood == pytest.approx(-5e5)


def test_plain_regimes_are_recovered_also_with_bars_missing():
    returns, covariance, transition = planted_hmm(20_000)
    random = np.random.Generator(np.random.PCG64(9))
    returns[random.random(len(returns)) < 0.05] = np.nan
    fit = fit_market(returns, settings("regimes=2", "jumps=false"))
    assert fit.converged
    np.testing.assert_allclose(fit.parameters.covariance, covariance, rtol=0.08)
    np.testing.assert_allclose(fit.parameters.transition, transition, atol=0.015)
    assert (fit.parameters.share == 1.0).all()


def test_likelihood_never_falls_where_no_bound_binds():
    """With one asset nothing is projected, so each step must raise the likelihood."""
    returns = planted_hmm(3_000)[0][:, :1]
    config = settings("regimes=2", "jump_share=1", "restarts=1")
    parameters = fit_market(returns, config).parameters
    parameters = parameters._replace(covariance=parameters.covariance * 1.5)
    last = -np.inf
    for _ in range(25):
        estimate = expect(parameters, returns)
        assert estimate.log_likelihood >= last - 1e-8
        last = estimate.log_likelihood
        sums = weighted_sums(estimate.kinds, returns)
        parameters = maximise(parameters, estimate, sums, 1.0)


def planted_jumps() -> MarketConfig:
    names = ["BTC", "ETH"]
    return MarketConfig.model_validate(
        {
            "assets": {name: {"kind": "risky", "price": 100.0} for name in names},
            "regimes": {
                "names": ["calm", "crash"],
                "generator_per_day": [[-1.0, 1.0], [2.0, -2.0]],
            },
            "volatility": {"BTC": [0.4, 1.0], "ETH": [0.5, 1.4]},
            "correlation": {"calm": [[1.0, 0.6], [0.6, 1.0]], "crash": [[1.0, 0.9], [0.9, 1.0]]},
            "jumps": {
                "common": {
                    "rate": [30.0, 150.0],
                    "mean": {"BTC": -0.02, "ETH": -0.03},
                    "sd": {"BTC": 0.04, "ETH": 0.05},
                    "correlation": 0.8,
                },
                "own": {"ETH": {"rate": [60.0, 60.0], "mean": 0.0, "sd": 0.06}},
            },
        }
    )


def test_planted_jumps_are_recovered():
    law, _ = build_law(planted_jumps(), 3600.0)
    prices, _ = simulate(law, 5, 1, 50_000)
    returns = np.diff(np.log(prices[0]), axis=0)
    fit = fit_market(returns, settings("regimes=2", "restarts=1"))
    got, per_year = fit.parameters, HOURS_PER_YEAR
    volatility = np.sqrt(np.diagonal(got.covariance, axis1=1, axis2=2) * per_year)
    np.testing.assert_allclose(volatility, [[0.4, 0.5], [1.0, 1.4]], rtol=0.05)
    kinds, rate = got.kinds, got.share * per_year
    np.testing.assert_allclose(rate[:, 1], [30.0, 150.0], rtol=0.25)  # common
    np.testing.assert_allclose(kinds.mean[1], [-0.02, -0.03], atol=0.006)
    np.testing.assert_allclose(np.sqrt(np.diag(kinds.covariance[1])), [0.04, 0.05], rtol=0.15)
    assert kinds.correlation == pytest.approx(0.8, abs=0.08)
    assert kinds.own.tolist() == [-1, -1, 0, 1]
    assert np.sqrt(kinds.covariance[3, 1, 1]) == pytest.approx(0.06, rel=0.15)
    np.testing.assert_allclose(rate[:, 3], 60.0, rtol=0.35)


def test_second_moments_of_each_regime_are_exact():
    """Diffusion and jumps together have the data's weighted second moments."""
    law, _ = build_law(planted_jumps(), 3600.0)
    prices, _ = simulate(law, 6, 1, 6_000)
    returns = np.diff(np.log(prices[0]), axis=0)
    fit = fit_market(returns, settings("regimes=2", "restarts=1"))
    kinds = fit.parameters.kinds
    size = kinds.covariance + np.einsum("ji,jl->jil", kinds.mean, kinds.mean)
    model = fit.parameters.covariance + np.einsum("kj,jil->kil", fit.parameters.share, size)
    weights = expect(fit.parameters, returns).weights.mean(axis=0)
    data = returns.T @ returns / len(returns)
    np.testing.assert_allclose(np.einsum("k,kil->il", weights, model), data, rtol=0.03)


def test_the_fit_is_deterministic():
    returns = planted_hmm(2_000)[0]
    first, second = (fit_market(returns, settings("regimes=2")) for _ in range(2))
    assert first.log_likelihood == second.log_likelihood
    assert np.array_equal(first.parameters.covariance, second.parameters.covariance)


def test_regimes_come_in_order_of_volatility():
    returns = planted_hmm(3_000)[0]
    variance = np.trace(fit_market(returns, settings()).parameters.covariance, axis1=1, axis2=2)
    assert (np.diff(variance) > 0.0).all()


def test_a_constant_price_is_refused():
    with pytest.raises(SluicegateError, match="cannot be told apart"):
        fit_market(np.zeros((500, 2)), settings())


@pytest.mark.parametrize("hours", [1.0, 0.25])
def test_generator_of_an_embeddable_matrix_is_exact(hours):
    rates = np.array([[-2.0, 1.5, 0.5], [1.0, -3.0, 2.0], [0.1, 5.0, -5.1]])
    got, cost = generator_per_day(expm(rates * hours / 24.0), hours / 24.0)
    np.testing.assert_allclose(got, rates, atol=1e-9)
    assert cost < 1e-12


def test_generator_of_any_step_matrix_is_valid():
    transition = np.array([[0.92, 0.08, 0.0], [0.04, 0.88, 0.08], [0.0, 0.3, 0.7]])
    got, cost = generator_per_day(transition, 1.0 / 24.0)
    assert (got[~np.eye(3, dtype=bool)] >= 0.0).all()
    np.testing.assert_allclose(got.sum(axis=1), 0.0, atol=1e-12)
    assert 0.0 < cost < 0.02
