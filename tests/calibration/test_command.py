"""The command, end to end on small synthetic files."""

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml

from sim.calibration.command import run
from sim.calibration.settings import CalibrateConfig, parse
from sim.cli import main
from sim.errors import SluicegateError
from sim.world.law import build_law
from sim.world.schema.market import MarketConfig
from tests.calibration.prices import bars, walk, write_csv


@pytest.fixture
def data(tmp_path):
    own = [0.5 * np.log(walk(1500, seed)) for seed in (1, 2)]
    shared = np.log(walk(1500, 7))
    frames = [
        bars(asset, np.exp(shared + one)) for asset, one in zip(("BTC", "SOL"), own, strict=True)
    ]
    return write_csv(tmp_path, *frames)


def pegs_file(tmp_path, data):
    """Write a stable with a two-day depeg, and a wrapper of SOL that grows 4 % a year."""
    random = np.random.Generator(np.random.PCG64(4))
    basis = np.zeros(1500)
    for t in range(1, 1500):
        basis[t] = 0.96 * basis[t - 1] + 2e-4 * random.standard_normal()
    hours = np.arange(1500)
    depeg = np.where(hours >= 700, -0.08 * np.exp(-(hours - 700) / 30.0), 0.0)
    sol = pd.read_csv(data).query("asset == 'SOL'")["close"].to_numpy()
    wrapper = sol * 1.05 * np.exp(0.04 * hours / 8760.0 + basis)
    return write_csv(
        tmp_path, bars("USDC", np.exp(basis + depeg)), bars("WSOL", wrapper), name="pegs.csv"
    )


def words(data, tmp_path, *more):
    common = ["assets=[BTC,SOL]", "regimes=2", "restarts=1", "checks=2"]
    return [f"data={data}", *common, f"out={tmp_path / 'market.yaml'}", *more]


PEGGED = (
    "pegged.JITOSOL.proxy=WSOL",
    "pegged.JITOSOL.proxy_underlying=SOL",
)


def test_writes_a_valid_market_with_provenance_and_quality(tmp_path, data, capsys):
    pegs = pegs_file(tmp_path, data)
    out = tmp_path / "new" / "market"  # made by the command
    assert run([*words(data, tmp_path, f"pegs={pegs}", *PEGGED), f"out={out}/market.yaml"]) == 0
    text = (out / "market.yaml").read_text()
    market = MarketConfig.model_validate(yaml.safe_load(text))
    build_law(market, 60.0)
    assert list(market.assets) == ["BTC", "SOL", "USDC", "JITOSOL"]
    source = market.provenance
    assert source.source == "prices.csv + pegs.csv"
    assert len(source.sha256.split(" + ")[0]) == 64
    assert source.n == 1499
    assert "2-regime" in source.method
    assert any(line.startswith("USDC:") for line in source.assumed)
    assert "sluicegate calibrate data=" in text
    table = pd.read_csv(out / "market.quality.csv")
    assert {"annual volatility", "joint 1 % tail"} <= set(table["statistic"])
    assert (out / "market.quality.svg").read_text().startswith("<?xml")
    printed = capsys.readouterr().out
    assert "one regime" in printed
    occupied = re.findall(r"^regime occupancy, (\w+) +([\d.]+) +([\d.]+)", printed, re.M)
    assert [name for name, *_ in occupied] == ["calm", "stressed"]
    assert sum(float(share) for _, share, _ in occupied) == pytest.approx(1.0, abs=0.002)
    assert f"run market=market --config-dir {tmp_path / 'new'}" in printed
    assert "ACF of squares, 168 h" in printed


def test_pegs_are_measured(tmp_path, data):
    """Reversion of a depeg with a 30-hour decay; growth of the wrapper; depegs as assumed."""
    pegs = pegs_file(tmp_path, data)
    run(words(data, tmp_path, "checks=0", f"pegs={pegs}", "pegged.USDC.depegs_per_year=1", *PEGGED))
    market = MarketConfig.model_validate(yaml.safe_load((tmp_path / "market.yaml").read_text()))
    usdc, wrapper = market.assets["USDC"].peg, market.assets["JITOSOL"].peg
    assert usdc.reversion_per_day == pytest.approx(24.0 / 30.0, rel=0.05)
    assert usdc.jump_mean == pytest.approx(-0.08, abs=0.002)
    assert usdc.jump_rate[0] == 0.0
    # Noise of 2e-4 an hour under a pull of 4 % an hour, seen through short samples.
    assert max(wrapper.volatility) == pytest.approx(2e-4 * np.sqrt(8760.0), rel=0.5)
    assert not (tmp_path / "market.quality.csv").exists()
    assert any("grew 4.0% a year" in line for line in market.provenance.assumed)


def test_equal_inputs_give_equal_bytes(tmp_path, data):
    files = ("market.yaml", "market.quality.csv", "market.quality.svg")
    run(words(data, tmp_path))
    first = [(tmp_path / name).read_bytes() for name in files]
    run(words(data, tmp_path))
    assert first == [(tmp_path / name).read_bytes() for name in files]


@pytest.mark.parametrize("regimes", [1, 4])
def test_other_numbers_of_regimes(tmp_path, data, regimes):
    changed = [w for w in words(data, tmp_path, "checks=0") if not w.startswith("regimes=")]
    run([*changed, f"regimes={regimes}"])
    market = MarketConfig.model_validate(yaml.safe_load((tmp_path / "market.yaml").read_text()))
    assert len(market.regimes.names) == regimes


def test_one_asset_without_jumps(tmp_path, data):
    changed = [w for w in words(data, tmp_path) if not w.startswith("assets=")]
    run([*changed, "assets=[BTC]", "jumps=false"])
    market = MarketConfig.model_validate(yaml.safe_load((tmp_path / "market.yaml").read_text()))
    assert market.jumps is None


@pytest.mark.parametrize(
    ("word", "match"),
    [
        ("asets=[BTC]", "(?s)unknown key.*did you mean 'assets'"),
        ("pegged.USDC.prxy=X", "did you mean 'proxy'"),
        ("regimes=0", "at least 1"),
        ("regimes=9", "at most 8"),
        ("assets=[BTC,BTC]", "assets repeat"),
        ("assets=[]", "assets"),
        ("start=soon", "no ISO date"),
        ("jumps=perhaps", "true or false"),
        ("nonsense", "expected key=value"),
        ("assets=[BTC", "cannot read the settings"),
        ("jump_share=2", "at most 1"),
    ],
)
def test_wrong_settings_are_refused(word, match):
    with pytest.raises(SluicegateError, match=match):
        parse(["data=prices.csv", word])


def test_data_are_needed():
    with pytest.raises(SluicegateError, match="no price file"):
        parse([])
    with pytest.raises(SluicegateError, match="no price file is named"):
        parse(["data="])


@pytest.mark.parametrize(
    ("word", "match"),
    [
        ("assets=[BTC,DOGE]", "unknown asset"),
        ("out=FOLDER/prices.csv/market.yaml", "is a file, and no folder"),
        ("out=FOLDER", "no file name"),
        ("pegs=FOLDER/prices.csv", "unknown asset"),
        ("pegs=FOLDER/none.csv", "no such price file"),
        ("data=FOLDER", "a folder, where a price file is meant"),
        ("start=2030-01-01", "no bar between"),
    ],
)
def test_nothing_is_written_when_refused(tmp_path, data, word, match):
    with pytest.raises(SluicegateError, match=match):
        run(words(data, tmp_path, word.replace("FOLDER", str(tmp_path))))
    assert [path.name for path in tmp_path.iterdir()] == ["prices.csv"]


def test_a_staked_asset_needs_its_underlying_in_the_market(tmp_path, data):
    with pytest.raises(SluicegateError, match=r"(?s)not among the assets.*pegged\.JITOSOL=null"):
        parse([f"data={data}", "assets=[BTC]", "pegs=x.csv"])
    assert "JITOSOL" not in parse([f"data={data}", "pegs=x.csv", "pegged.JITOSOL=null"]).pegged


def test_the_help_lists_every_key_with_its_default(capsys):
    with pytest.raises(SystemExit):
        main.main(["calibrate", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for name in CalibrateConfig.model_fields:
        assert f" {name} " in shown
    assert "[default [BTC,ETH,SOL,LINK,AVAX]]" in shown
    assert "[<= 8, >= 1; default 3]" in shown


def test_from_the_command_line(tmp_path, data):
    command = [sys.executable, "-m", "sim.cli.main", "calibrate", f"data={data}x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such price file" in done.stderr
