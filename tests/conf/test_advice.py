"""Messages name the true key, and what they advise works."""

import numpy as np
import pandas as pd
import pytest

from sim.cli import main
from sim.cli._keys import everyday_keys
from sim.errors import SluicegateError
from sim.studies.backtest import Backtest, run_backtest
from sim.studies.backtest_settings import BacktestConfig, parse
from sim.studies.history import History, load_history
from sim.world.library import load_library
from sim.world.prices.read import read_prices
from sim.world.primitives import parameters
from sim.world.schema.base import unit_of
from tests.calibration.prices import bars, walk, write_csv


def refused(capsys, *words):
    assert main.main(list(words)) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("venue.derive.grid.scenarios=[]", "venue.derive.grid.scenarios"),
        (
            "venue.hyperliquid.perpetuals.BTC.margin_ratio.tiers=[]",
            "venue.hyperliquid.perpetuals.BTC.margin_ratio",
        ),
    ],
)
def test_an_empty_list_below_a_venue_is_one_problem(capsys, word, key):
    text = refused(capsys, "run", "venue=[derive,hyperliquid]", word)
    assert text.startswith(f"sluicegate: error: {key}: ")
    assert "problems" not in text
    assert "unknown key" not in text


@pytest.mark.parametrize("word", ["~venue", "~nothing.at.all"])
def test_what_cannot_be_removed_says_what_can(capsys, word):
    text = refused(capsys, "run", word)
    assert "does not exist as a key that could be removed" in text
    assert f"got:     '{word[1:]}'" in text
    assert "venue=[NAME" in text
    assert "Could not delete" not in text


@pytest.mark.parametrize("grid", ["kamino", "drift"])
def test_all_venues_with_a_grid_are_offered(capsys, grid):
    text = refused(capsys, "requirements", "directional", "--grid", grid)
    venues, _ = load_library()
    offered = sorted(name for name, venue in venues.items() if venue.grid is not None)
    assert {"derive", "deribit", "cme_span"} <= set(offered)
    assert f"allowed: {', '.join(offered)}" in text


def test_the_book_that_a_backtest_offers_can_be_taken(tmp_path):
    path = write_csv(tmp_path, bars("BTC", walk(800)), bars("ETH", walk(800, seed=1)))
    with pytest.raises(SluicegateError) as caught:
        load_history(parse([f"data={path}"]))
    assert caught.value.hint == "book=[long_btc]"
    assert "assets=" not in str(caught.value)
    taken = parse([f"data={path}", "hours=1", "warmup=30", caught.value.hint])
    assert load_history(taken).assets == ("BTC",)


def test_without_a_book_that_fits_one_is_written(tmp_path):
    path = write_csv(tmp_path, bars("LINK", walk(800)))
    with pytest.raises(SluicegateError) as caught:
        load_history(parse([f"data={path}"]))
    words = str(caught.value.hint).split()
    assert load_history(parse([f"data={path}", "hours=1", "warmup=30", *words])).assets == ("LINK",)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["engine=fixed", "engines.fixed.venue=nope"], "engines.fixed.venue: "),
        (["engine=mine", "engines.mine.kind=fixed", "engines.mine.venue=x"], "engines.mine.venue"),
        (["market=nope"], "market: "),
    ],
)
def test_names_off_the_menu_have_their_true_key(words, key):
    with pytest.raises(SluicegateError) as caught:
        parse(words)
    text = str(caught.value)
    assert text.startswith(key)
    assert "--config-dir" not in text


def test_a_book_that_a_venue_does_not_list_has_the_engines_key(tmp_path):
    path = write_csv(tmp_path, bars("LINK", walk(800)))
    words = ["engine=fixed", "engines.fixed.venue=kamino", "books.mine.LINK=1", "book=mine"]
    with pytest.raises(SluicegateError, match=r"^engines\.fixed\.venue: LINK is not listed there"):
        run_backtest(parse([f"data={path}", "hours=1", "warmup=30", *words]))


@pytest.mark.parametrize(("hours", "least"), [(24, 52), (36, 78)])
def test_the_bound_on_days_is_the_one_that_holds(hours, least):
    words = ["warmup=50", f"hours={hours}", "book=long_btc"]
    with pytest.raises(SluicegateError, match=f"allowed: at least {least}, .*52 periods"):
        load_history(parse([*words, f"days={least - 1}"]))
    assert len(load_history(parse([*words, f"days={least}"])).start) == 52
    assert ">= 100" not in everyday_keys(BacktestConfig, {})


def test_a_line_is_that_of_the_file(tmp_path):
    """Blank lines count too, as an editor counts them."""
    rows = bars("BTC", walk(20))
    rows.loc[7, "low"] = -1.0
    plain = write_csv(tmp_path, rows)
    with pytest.raises(SluicegateError, match=r"prices.csv, line 9 \(the header is line 1\), BTC"):
        read_prices(plain)
    zipped = tmp_path / "prices.csv.gz"
    rows.to_csv(zipped, index=False)
    with pytest.raises(SluicegateError, match="line 9 "):
        read_prices(str(zipped))
    lines = (tmp_path / "prices.csv").read_text().splitlines()
    (tmp_path / "blank.csv").write_text("\n".join([*lines[:4], "", "", *lines[4:]]) + "\n")
    with pytest.raises(SluicegateError, match="line 11 "):
        read_prices(str(tmp_path / "blank.csv"))


def test_a_row_of_a_table_counts_from_one(tmp_path):
    rows = bars("BTC", walk(20))
    rows.loc[7, "low"] = -1.0
    path = tmp_path / "prices.parquet"
    rows.to_parquet(path)
    with pytest.raises(SluicegateError, match=r"row 8 \(the first is 1\), BTC on spot"):
        read_prices(str(path))


def notes(engine, count):
    """What stands beneath a backtest of one engine with so many of 1,600 periods beyond."""
    from sim.reports.backtest import console_table
    from sim.studies.backtest import judged

    config = parse([f"engine={engine}", "book=long_btc"])
    loss = np.where(np.arange(1600) % 1600 < count, 2.0, 0.0)
    row = {"engine": engine, "book": "long_btc", **judged(config, np.ones(1600), loss)}
    start = pd.date_range("2000", periods=1600, tz="UTC")
    history = History(("BTC",), start, np.zeros((1600, 1)), "planted", ())
    text = console_table(Backtest(config, history, pd.DataFrame([row]), pd.DataFrame()))
    return text, " ".join(text.split())


def test_an_engine_that_promises_nothing_is_only_compared():
    assert "fixed: a venue's own ratio, which promises no coverage" in notes("fixed", 16)[1]
    assert "promises no coverage" not in notes("var", 16)[1]


@pytest.mark.parametrize(("count", "much"), [(3, True), (16, False), (40, False)])
def test_a_row_that_asks_too_much_is_explained(count, much):
    """3 of 16 expected: Kupiec refuses, and the light is green; 40 are too many, and it is not."""
    text, words = notes("var", count)
    assert ("more than a coverage of 99.0% needs" in words) == much
    assert ("var on long_btc" in words) == much
    assert "promised coverage" not in text
    assert "judged against a coverage of 99.0%" in text
    assert max(map(len, text.split("\n\n")[0].splitlines())) <= 100


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        (("oracle", "max_age"), "seconds"),
        (("oracle", "heartbeat"), "seconds"),
        (("liquidation", "auction", "tail"), "seconds"),
        (("liquidation", "max_notional"), "USD"),
        (("options", "BTC", "expiries"), "days"),
    ],
)
def test_units_stand_beside_what_may_be_null_or_several(key, unit):
    listed = {p.path: p for p in parameters(load_library()[0]["derive"])}
    assert listed[key].unit == unit
    assert unit_of(listed["oracle", "sources"].field) == ""


def crossed(capsys, second):
    tiers = f"[{{above: 0, max_leverage: 20}}, {second}]"
    key = "venue.hyperliquid.perpetuals.BTC.margin_ratio"
    return refused(capsys, "run", "venue=[hyperliquid]", f"{key}={{tiers: {tiers}}}")


def test_wrong_tiers_say_what_is_allowed(capsys):
    text = crossed(capsys, "{above: 0, max_leverage: 10}")
    for part in ("margin_ratio.tiers.1.above: tiers cross", "got:     0.0", "more than 0", "try:"):
        assert part in text
    text = crossed(capsys, "{above: 5, max_leverage: 40}")
    for part in ("margin_ratio.tiers.1: tiers: ", "got:     0.025", "at least 0.05", "try:"):
        assert part in text


def test_sizes_that_belong_to_portfolios_say_so(capsys):
    text = refused(capsys, "run", "venue=[drift]", "venue.drift.liquidation.size=restore_buffer")
    for part in ("go together", "got:     'size: restore_buffer", "both, or neither", "to_target"):
        assert part in text


def test_the_example_of_the_help_has_an_effect(capsys):
    """One that named a book without anything hedged against it changed nothing."""
    from sim.cli.requirements import _EPILOG

    (line,) = (line for line in _EPILOG.splitlines() if "hub.netting" in line)
    words = line.split()[1:]
    assert "=" not in words[1]  # it names the book on which it acts
    assert main.main(words) == 0
    changed = capsys.readouterr().out
    assert main.main([word for word in words if "hub.netting" not in word]) == 0
    assert capsys.readouterr().out != changed
