"""Margin engines over a history: they look back only, and they fail where they should."""

import numpy as np
import pandas as pd
import pytest

from sim.errors import SluicegateError
from sim.reports.backtest import console_table
from sim.studies.backtest import judged, run_backtest
from sim.studies.backtest_settings import (
    BOOKS,
    ENGINES,
    AntiProcyclical,
    FixedEngine,
    HistoricalEngine,
    ParametricEngine,
    parse,
)
from sim.studies.engines import Case, calmed, filtered, fixed_share, requirement
from sim.studies.history import load_history, periods
from sim.studies.procyclicality import largest_rise, peak_to_trough
from sim.world.multipliers import var_multiplier
from tests.calibration.prices import bars, walk, write_csv

PARAMETRIC = ParametricEngine(kind="parametric")
HISTORICAL = HistoricalEngine(kind="historical", window=250)
PAIR = np.array([0.5, -0.5])


def normal(count, correlation=0.0, seed=1, scale=0.02):
    noise = np.random.default_rng(seed).standard_normal((count, 2)) * scale
    noise[:, 1] = correlation * noise[:, 0] + np.sqrt(1 - correlation**2) * noise[:, 1]
    return noise


def case(returns, exposure=(1.0, 0.0), first=250):
    return Case(("BTC", "ETH"), np.array(exposure), returns, first)


def settings(level=0.99):
    return parse([f"level={level}"])


@pytest.mark.parametrize("engine", [PARAMETRIC, HISTORICAL], ids=lambda e: e.kind)
def test_no_engine_looks_ahead(engine):
    returns = normal(600)
    changed = returns.copy()
    changed[400:] *= 30.0
    before, after = (requirement(engine, case(r, PAIR)) for r in (returns, changed))
    assert (before[:401] == after[:401]).all()  # at 400 the loss of period 400 is not known
    assert after[401] > 2.0 * before[401]


def test_no_anti_procyclical_tool_looks_ahead():
    raw = np.abs(normal(100)[:, 0])
    engine = AntiProcyclical(floor=0.8, stress_weight=0.25, buffer=0.25)
    changed = raw.copy()
    changed[50:] *= 10.0
    assert (calmed(engine, raw)[:50] == calmed(engine, changed)[:50]).all()
    assert (calmed(AntiProcyclical(), raw) == raw).all()


@pytest.mark.parametrize("engine", [PARAMETRIC, HISTORICAL], ids=lambda e: e.kind)
def test_right_engines_pass_and_wrong_ones_do_not(engine):
    slow = engine.model_copy(update={"decay": 0.995})
    returns = normal(3000, seed=4)
    needed = requirement(slow, case(returns))[250:]
    loss = -returns[250:, 0]
    right, wrong = (judged(settings(), share * needed, loss) for share in (1.0, 0.7))
    assert right["kupiec_p"] > 0.05
    assert right["zone"] == "green"
    assert wrong["kupiec_p"] < 1e-6
    assert wrong["zone"] == "red"
    assert wrong["exceedances"] > right["exceedances"]
    assert wrong["mean_excess"] <= wrong["worst_excess"]


def test_parametric_var_is_the_closed_form_where_nothing_changes():
    engine = PARAMETRIC.model_copy(update={"decay": 0.9999, "correlation_decay": 0.9999})
    needed = requirement(engine, case(normal(900, correlation=0.6, seed=2), PAIR, first=800))
    spread = 0.02 * np.sqrt(0.25 + 0.25 - 2 * 0.25 * 0.6)
    assert needed[-1] == pytest.approx(var_multiplier(0.99) * spread, rel=0.08)


def test_plain_history_is_the_quantile_of_past_losses():
    engine = HISTORICAL.model_copy(update={"filtered": False, "window": 100})
    returns = normal(400, seed=3)
    needed = requirement(engine, case(returns, first=200))
    worst = np.sort(-returns[299:399, 0])
    assert needed[399] == pytest.approx(worst[98])  # 99 of 100 do not exceed it


def test_filtered_history_follows_volatility():
    returns = normal(600, seed=5)
    returns[400:] *= 4.0
    plain = HISTORICAL.model_copy(update={"filtered": False})
    quick, slow = (requirement(e, case(returns)) for e in (HISTORICAL, plain))
    assert quick[440] / quick[399] > 2.0 > slow[420] / slow[399]


def test_offsets_fail_when_correlation_jumps_and_beliefs_are_late():
    returns = normal(600, correlation=0.95, seed=6)
    returns[400:, 1] *= -1.0  # a hedged pair becomes one bet
    engines = [PARAMETRIC.model_copy(update={"correlation_lag": lag}) for lag in (0, 60)]
    quick, late = (requirement(engine, case(returns, PAIR)) for engine in engines)
    assert late[430] < 0.5 * quick[430]
    loss = -(returns @ PAIR)
    assert (loss > late)[400:450].sum() > (loss > quick)[400:450].sum()


def test_beliefs_are_correlations():
    beliefs = filtered(normal(300, correlation=0.5), 250, (0.94, 0.97))
    assert np.allclose(np.diagonal(beliefs.correlation, axis1=1, axis2=2), 1.0)
    assert np.linalg.eigvalsh(beliefs.correlation).min() > -1e-12


def test_tools_calm_the_requirement():
    raw = 0.1 + 0.08 * np.sin(np.linspace(0.0, 40.0, 800)) + 0.01
    rough = calmed(AntiProcyclical(), raw)
    for tool in ({"floor": 0.9}, {"stress_weight": 0.5}, {"buffer": 0.25}):
        smooth = calmed(AntiProcyclical(**tool), raw)
        assert (smooth >= rough - 1e-15).all()
        assert peak_to_trough(smooth[200:]) < peak_to_trough(rough[200:])
        assert largest_rise(smooth[200:], 50) < largest_rise(rough[200:], 50)


def test_fixed_engine_asks_what_the_venue_asks():
    """Drift asks 5 % of a small perpetual's notional initially, 3 % for maintenance."""
    exposure = np.array([0.5, -0.5])
    engine = FixedEngine(kind="fixed", notional=1000.0)
    assert fixed_share(engine, ("BTC", "ETH"), exposure) == pytest.approx(0.05, rel=1e-9)
    held = engine.model_copy(update={"at": "maintenance"})
    assert fixed_share(held, ("BTC", "ETH"), exposure) == pytest.approx(0.03, rel=1e-9)


def test_fixed_engine_of_a_lender_takes_the_haircut():
    engine = FixedEngine(kind="fixed", venue="kamino", at="maintenance")
    assert fixed_share(engine, ("BTC",), np.array([1.0])) == pytest.approx(0.2)
    with pytest.raises(SluicegateError, match="not listed there"):
        fixed_share(engine, ("LINK",), np.array([1.0]))


def test_periods_add_up_and_gaps_are_left_out():
    log_returns = np.log1p(np.array([[0.1], [0.1], [np.nan], [0.2], [0.3], [0.0], [0.5]]))
    found = periods(log_returns, 2)
    assert found.shape == (3, 1)
    assert found[0, 0] == pytest.approx(0.21)
    assert np.isnan(found[1, 0])
    assert found[2, 0] == pytest.approx(0.3)


def test_simulation_is_reproducible_and_follows_its_seed():
    words = ["days=120", "warmup=30", "book=pair"]
    first, again, other = (
        load_history(parse([*words, f"seed={seed}"])).returns for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()
    assert first.shape == (120, 2)


def test_a_backtest_of_a_price_file(tmp_path):
    path = write_csv(tmp_path, bars("BTC", walk(4000)), bars("ETH", walk(4000, seed=1)))
    words = [f"data={path}", "hours=6", "warmup=100", "book=[long_btc,two]", "engine=[var,fhs]"]
    found = run_backtest(parse([*words, "books.two.BTC=1", "books.two.ETH=1"]))
    assert len(found.table) == 4
    assert (found.table["periods"] == 3999 // 6 - 100).all()
    assert set(found.series.columns) == {"time", "engine", "book", "requirement", "loss"}
    one = found.series[(found.series["engine"] == "var") & (found.series["book"] == "two")]
    row = found.table[(found.table["engine"] == "var") & (found.table["book"] == "two")].iloc[0]
    assert row["exceedances"] == (one["loss"] > one["requirement"]).sum()
    assert one["time"].is_monotonic_increasing
    assert one["time"].diff().dropna().min() == pd.Timedelta(hours=6)


def test_choosing_changing_and_adding():
    plain = parse([])
    assert list(plain.engines) == list(ENGINES)
    assert list(plain.books) == list(BOOKS)
    words = ["engine=[fhs,mine]", "engines.mine.kind=historical", "engines.fhs.window=60"]
    chosen = parse(words)
    assert list(chosen.engines) == ["fhs", "mine"]
    assert chosen.engines["fhs"].window == 60
    assert "pair" not in parse(["books.pair=null"]).books


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["engine=fsh"], "did you mean 'fhs'"),
        (["engines.fhs.windw=60"], "windw"),
        (["engines.fhs.window=10"], "at least 50"),
        (["level=1.5"], "level"),
        (["book=none", "books.none.BTC=0"], "holds nothing"),
        (["engines.es.freedom=2"], "freedom"),
        (["engines=fhs"], "names with settings"),
        (["data"], "expected key=value"),
        (["data="], "no price file is named"),
    ],
)
def test_bad_settings_are_explained(words, message):
    with pytest.raises(SluicegateError, match=message):
        parse(words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["data=/nowhere.csv"], "no such price file"),
        (["data=/"], "a folder, where a price file is meant"),
        (["days=100", "warmup=120"], "too short"),
        (["hours=1.5", "days=120"], "no multiple of the bars"),
        (["books.odd.DOGE=1", "book=odd"], "unknown name"),
    ],
)
def test_bad_histories_are_explained(words, message):
    with pytest.raises(SluicegateError, match=message):
        load_history(parse(words))


@pytest.mark.parametrize(("days", "short"), [(300, True), (500, False)])
def test_a_light_on_few_periods_says_how_little_it_shows(days, short):
    words = [f"days={days}", "warmup=250", "engine=var", "book=long_btc"]
    text = console_table(run_backtest(parse(words)))
    assert ("green†" in text) == short
    assert ("† fewer than the 250 periods" in text) == short
    assert f"n = {days - 250} periods" in text
    if short:  # at n = 50: P(at most 1 of 50) is 74 % at 2 %, and 56 % at 3 %
        assert "yellow from 2, red from 5" in text
        assert "twice as often as promised in 74% of cases, three times in 56%" in text
