import gzip

import numpy as np
import pandas as pd
import pytest

from sim.calibration.settings import parse
from sim.errors import SluicegateError
from sim.world.prices.bars import take_bars
from sim.world.prices.read import read_prices
from tests.calibration.prices import bars, walk, write_csv


def frame(count=400, asset="BTC", **more):
    return bars(asset, walk(count), **more)


@pytest.mark.parametrize("name", ["prices.csv", "prices.csv.gz", "prices.parquet"])
def test_formats_give_the_same_bars(tmp_path, name):
    path = tmp_path / name
    if name.endswith("parquet"):
        frame().to_parquet(path)
    else:
        frame().to_csv(path, index=False)
    taken = take_bars(read_prices(str(path)), ("BTC",))
    assert taken.seconds == 3600.0
    np.testing.assert_allclose(taken.returns[:, 0], np.diff(np.log(walk(400))), rtol=1e-9)


def refused(path, match, *assets, **more):
    with pytest.raises(SluicegateError, match=match):
        take_bars(read_prices(str(path)), assets or ("BTC",), **more)


def test_missing_empty_and_unknown_files(tmp_path):
    refused(tmp_path / "none.csv", "no such price file")
    (tmp_path / "empty.csv").touch()
    refused(tmp_path / "empty.csv", "is empty")
    (tmp_path / "prices.txt").write_text("x")
    refused(tmp_path / "prices.txt", "unknown format")
    refused(write_csv(tmp_path, frame(0)), "holds no bar")
    (tmp_path / "broken.parquet").write_text("no parquet")
    refused(tmp_path / "broken.parquet", "cannot be read")
    (tmp_path / "broken.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n")[:-9])
    refused(tmp_path / "broken.csv.gz", "cannot be read")


def test_missing_columns_are_named(tmp_path):
    refused(write_csv(tmp_path, frame().drop(columns=["venue", "low"])), "missing: venue, low")


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf, "x"])
def test_prices_must_be_positive_numbers(tmp_path, value):
    rows = frame()
    rows["low"] = rows["low"].astype(object)
    rows.loc[7, "low"] = value
    refused(write_csv(tmp_path, rows), "line 9.*low must be a positive number")


def test_high_below_low(tmp_path):
    rows = frame()
    rows.loc[5, "high"] = rows.loc[5, "low"] / 2.0
    refused(write_csv(tmp_path, rows), "line 7.*high is below low")


def test_order_and_repeats(tmp_path):
    rows = frame()
    swapped = rows.iloc[[0, 2, 1, *range(3, 400)]]
    refused(write_csv(tmp_path, swapped), "line 4 .*BTC on spot at 2024-01-01 01.*out of order")
    refused(write_csv(tmp_path, rows.iloc[[0, 1, 1, 2]]), "duplicate timestamp")
    refused(write_csv(tmp_path, rows.iloc[[0, 1, 2, 3, 1]]), "line 6.*duplicate timestamp")


@pytest.mark.parametrize("close", [1e300, 1e-300, 1e5])
def test_an_impossible_bar_is_refused(tmp_path, close):
    """What the fit did with it: warnings, then an index error deep inside."""
    rows = frame()
    rows.loc[7, "close"] = close
    path = write_csv(tmp_path, rows)
    refused(path, r"(?s)prices.csv, BTC at 2024-01-01 07:00.*impossible bar.*at most 5 in logs")
    with pytest.raises(SluicegateError) as caught:
        take_bars(read_prices(path), ("BTC",))
    assert f"got:     {close}" in str(caught.value)


def test_timestamps(tmp_path):
    rows = frame()
    rows["timestamp"] = rows["timestamp"].astype(str)
    rows.loc[9, "timestamp"] = "yesterday"
    refused(write_csv(tmp_path, rows), "line 11 .*: unreadable timestamp")
    rows["timestamp"] = 1_700_000_000
    refused(write_csv(tmp_path, rows), "unknown unit")


def test_other_zones_are_read_as_utc(tmp_path):
    rows = frame()
    rows["timestamp"] = rows["timestamp"].dt.tz_convert("Asia/Tokyo")
    taken = take_bars(read_prices(write_csv(tmp_path, rows)), ("BTC",))
    assert taken.times[0] == pd.Timestamp("2024-01-01", tz="UTC")


def test_unknown_asset_lists_the_known(tmp_path):
    path = write_csv(tmp_path, frame(), frame(asset="ETH"))
    refused(path, "(?s)the file has no DOGE.*allowed: BTC, ETH$", "DOGE")
    hint = r"(?s)no SOL and no LINK.*try:     assets=\[BTC,ETH\]"
    refused(path, hint, "BTC", "ETH", "SOL", "LINK")


def test_gaps_are_reported_and_never_filled(tmp_path):
    rows = frame().drop(index=[10, 11, 12, 50])
    path = write_csv(tmp_path, rows)
    taken = take_bars(read_prices(path), ("BTC",), max_gap_share=0.02)
    assert "4 missing in 2 gap(s), longest 3 h" in taken.notes[1]
    assert np.isnan(taken.returns[[9, 10, 11, 12, 49, 50], 0]).all()
    assert np.isfinite(np.delete(taken.returns, [9, 10, 11, 12, 49, 50])).all()
    refused(path, "1.0% of the bars are missing", max_gap_share=0.005)


def test_mixed_bar_sizes(tmp_path):
    quick = frame(300)
    quick["timestamp"] = quick["timestamp"].iloc[0] + pd.to_timedelta(np.arange(300) * 15, "min")
    late = frame(300, start="2024-02-01")
    refused(write_csv(tmp_path, quick, late), "mixed bar sizes: mostly")
    refused(write_csv(tmp_path, quick, frame(300, asset="ETH")), "mixed.*15 min: BTC", "BTC", "ETH")


def test_bars_off_the_clock(tmp_path):
    other = frame(asset="ETH")
    other["timestamp"] += pd.Timedelta("7min")
    refused(write_csv(tmp_path, frame(), other), "off the clock of 1 h", "BTC", "ETH")


def test_too_few_bars_and_empty_spans(tmp_path):
    path = write_csv(
        tmp_path, frame(), frame(200, asset="ETH"), frame(asset="SOL", start="2023-01-01")
    )
    refused(path, "too few bars: 199", "ETH")
    refused(path, "no common span", "BTC", "SOL")
    refused(path, "no bar between", span=("2030-01-01", None))


def test_venues_are_joined_without_returns_between_them(tmp_path):
    """The venue with most bars leads; another fills in; no return crosses from one to the other."""
    spot, perp = frame(400), frame(350, venue="perp", start="2024-01-10")
    perp["close"] *= 2.0
    perp["high"] *= 2.0
    taken = take_bars(read_prices(write_csv(tmp_path, spot, perp)), ("BTC",))
    assert "spot 400 bars, perp 166 bars" in taken.notes[1]
    assert np.isnan(taken.returns[:, 0]).sum() == 1
    assert np.nanmax(np.abs(taken.returns)) < 0.2


def test_a_span_takes_both_ends_and_a_last_day_whole(tmp_path):
    path = write_csv(tmp_path, frame(1000))
    config = parse([f"data={path}", "start=2024-01-02", "end=2024-01-20"])
    taken = take_bars(read_prices(path), ("BTC",), (config.start, config.end))
    assert taken.times[0] == pd.Timestamp("2024-01-02", tz="UTC")
    assert taken.times[-1] == pd.Timestamp("2024-01-20T23:00", tz="UTC")
