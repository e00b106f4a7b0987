"""Bad input ends with one clear message and exit code 2, and leaves nothing behind.

What fails before anything is simulated is tried in this process, through the same `main`; exit
codes of real processes, and signals, have tests of their own below.
"""

import os
import signal
import subprocess
import time

import pandas as pd
import pytest
import yaml

from sim.cli import main
from sim.cli.run import check, load_config, reload_config
from sim.errors import SluicegateError
from sim.world.compose import default_config_dir
from tests.calibration.prices import bars, walk, write_csv
from tests.conf.shell import REPOSITORY, SMALL, command, environment, left_behind, shell

FAR = "[[1,.9,-.9,.6,.7],[.9,1,.9,.7,.7],[-.9,.9,1,.7,.7],[.6,.7,.7,1,.7],[.7,.7,.7,.7,1]]"
NEAR = "[[1,.9,.4,.6,.7],[.9,1,.8,.7,.7],[.4,.8,1,.7,.7],[.6,.7,.7,1,.7],[.7,.7,.7,.7,1]]"
RULE = "archetype.perp_long.behaviour.rule._target_"
DOGE = "{margin_ratio: {initial: 0.1, maintenance: 0.05}}"

CASES = {
    "unknown key": ("pahts=3", ["pahts: unknown key", "got:     3", "did you mean 'paths'?"]),
    "a key of a group": ("impact.permanent=0", ["impact: unknown key", "liquidity.impact"]),
    "a key of an entry": ("insurance=3", ["insurance: unknown key", "venue.NAME.insurance"]),
    "a venue that is not chosen": (
        "+venue.euler_evk.insurance=3",
        ["venue.euler_evk.assets: this key is", "venue=[kamino,drift,marginfi,euler_evk]"],
    ),
    "a world taken out": (
        "experiment.worlds.isolated=null",
        ["experiment.worlds.isolated: wrong type", "~experiment.worlds.isolated to leave it out"],
    ),
    "added key": (
        "+venue.typo=1",
        ["venue.typo: unknown venue", "got:     1", "kamino, drift, marginfi", "--config-dir"],
    ),
    "no venue": ("venue=[]", ["venue: too few entries", "at least 1", "venue=[NAME"]),
    "no twin under full feedback": (
        "experiment.twins=[slippage,none]",
        ["experiment.twins: every figure", "'full' in it", "twins=[full,slippage,none]"],
    ),
    "a market without depth": (
        "liquidity.spot.SOL.depth=1e-300",
        ["liquidity.spot.SOL.depth: out of range", "at least 1"],
    ),
    "a venue without depth": (
        "venue.drift.perpetuals.SOL.depth=1e-300",
        ["venue.drift.perpetuals.SOL.depth: out of range", "at least 1"],
    ),
    "a background book beyond sense": (
        "liquidity.spot.SOL.lambda_ratio=1e6",
        ["liquidity.spot.SOL.lambda_ratio: out of range", "at most 100"],
    ),
    "a drift beyond numbers": (
        "market.drift.BTC=1e200",
        ["market.drift.BTC: gives the log-price a drift", "1e+200", "over a step", "shorter step"],
    ),
    "a drift beyond sense": (
        "market.drift.BTC=-1e6",
        ["market.drift.BTC: gives the log-price a drift of -2.74e+03 over a path", "-1000000.0"],
    ),
    "a volatility beyond sense": (
        "market.volatility.BTC=[1,1,1e9]",
        ["market.volatility.BTC (crash): gives", "1000000000.0", "over a step", "shorter step"],
    ),
    "a volatility that the steps add up": (
        "market.volatility.BTC=[1,300,1]",
        ["market.volatility.BTC (stressed)", "standard deviation of 15.7 over a path"],
    ),
    "a peg beyond sense": (
        "market.assets.USDC.peg.volatility=[0,0,1e9]",
        ["market.assets.USDC.peg.volatility (crash)", "over a step"],
    ),
    "a jump beyond numbers": (
        "market.jumps.own.BTC.sd=1e9",
        ["market.jumps.own.BTC.sd: out of range", "at most 3"],
    ),
    "key in a venue": ("venue.drift.typo=1", ["venue.drift.typo: unknown key", "perpetuals"]),
    "unknown choice": ("venue=[kamino,kamno]", ["venue: there is no such choice", "venue=kamino"]),
    "wrong type": ("paths=ten", ["paths: wrong type", "'ten'", "a whole number"]),
    "a list for a number": ("seed=[1,2]", ["seed: wrong type", "a whole number"]),
    "zero paths": ("paths=0", ["paths: out of range", "at least 1"]),
    "zero accounts": ("accounts=0", ["accounts: out of range", "at least 1"]),
    "too many accounts": ("accounts=1e9", ["accounts: out of range", "at most 1000000"]),
    "zero steps": ("steps=0", ["steps: out of range", "at least 1"]),
    "above its range": (
        "venue.kamino.liquidation.close_factor=1.5",
        ["venue.kamino.liquidation.close_factor: out of range", "got:     1.5", "at most 1"],
    ),
    "maintenance above initial, perpetual": (
        "venue.drift.perpetuals.BTC.margin_ratio.maintenance=0.2",
        [
            "venue.drift.perpetuals.BTC.margin_ratio",
            "maintenance 0.2 exceeds initial 0.05",
            "got:     0.2",
            "allowed: maintenance of at most",
        ],
    ),
    "maintenance above initial, loan": (
        "venue.marginfi.assets.SOL.liability_weight.maintenance=2",
        [
            "venue.marginfi.assets.SOL.liability_weight",
            "maintenance 2.0 exceeds initial 1.25",
            "got:     2.0",
            "allowed: ",
        ],
    ),
    "initial above maintenance, deposit": (
        "venue.kamino.assets.SOL.asset_weight.initial=0.9",
        [
            "venue.kamino.assets.SOL.asset_weight",
            "initial 0.9 exceeds maintenance 0.78",
            "got:     0.9",
            "allowed: ",
        ],
    ),
    "maintenance above initial, hub": (
        "hub.netting.BTC.net.maintenance=0.5",
        ["hub.netting.BTC.net", "maintenance 0.5 exceeds initial", "got:     0.5", "allowed: "],
    ),
    "indefinite correlation": (
        f"market.correlation.calm={FAR}",
        ["market.correlation.calm", "not positive semidefinite", "at most", "raise that bound"],
    ),
    "asymmetric correlation": (
        f"market.correlation.calm={NEAR.replace('.4,.8,1', '.5,.8,1')}",
        ["market.correlation.calm[0][2] (BTC, SOL)", "not symmetric", "got:     0.4"],
    ),
    "unknown scope": (
        "experiment.worlds.venue.scope=galaxy",
        ["experiment.worlds.venue.scope", "'galaxy'", "'isolated', 'venue', 'unified' or 'hub'"],
    ),
    "unknown baseline": (
        "experiment.baseline=nobody",
        ["experiment.baseline: unknown name", "'nobody'", "isolated, venue, unified, hub"],
    ),
    "a twin twice": ("experiment.twins=[full,full]", ["experiment.twins: names repeat"]),
    "an asset that the market lacks": (
        f"venue.drift.perpetuals.DOGE={DOGE}",
        ["venue.drift.perpetuals", "'DOGE'", "add the asset to the market file"],
    ),
    "settlement that the market lacks": ("settlement=DOGE", ["settlement: unknown name", "USDC"]),
    "archetypes without their venue": (
        "venue=[drift]",
        [
            "archetype: positions are held at venues that are not in this run",
            "staked_looper (kamino)",
            "archetype=[perp_long,perp_short,",
            "venue=[drift,kamino,marginfi]",
        ],
    ),
    "a foreign function": (f"{RULE}=os.system", [RULE, "may not be named here", "'os.system'"]),
    "a function that is not there": (f"{RULE}=agents.owner.nope", ["no such function"]),
    "a function that is no rule": (f"{RULE}=sim.errors.shorten", ["no rule", "@trader_rule"]),
    "a rule of the other kind": (f"{RULE}=agents.liquidator.take_all", ["no rule of the kind"]),
    "a name that is no folder": ("experiment.name=a/b", ["experiment.name", "'a/b'"]),
    "no folder": ("out=", ["out: too few characters", "at least 1"]),
    "a block longer than a step": ("block_seconds=100", ["block_seconds", "step_seconds = 60"]),
    "far too many rounds": ("block_seconds=1e-9", ["block_seconds: rounds do not fit"]),
    "regimes that do not match": ("~liquidity.depth_factor.calm", ["depth_factor", "'calm'"]),
    "a peg to nothing": ("market.assets.JITOSOL.underlying=SOLL", ["underlying", "'SOL'"]),
    "no override": ("paths", ["this is not an override", "key=value"]),
}


def refused(capsys, *words):
    """Run a command that must fail on its input; return its message."""
    code = main.main(list(words))
    shown = capsys.readouterr()
    assert code == 2, shown.err
    assert shown.out == ""
    assert "Traceback" not in shown.err
    assert shown.err.count("sluicegate: error:") == 1
    return shown.err


@pytest.mark.parametrize("case", CASES)
def test_refused_with_one_message(case, tmp_path, capsys):
    word, parts = CASES[case]
    out = tmp_path / "out"
    words = [word] if word.startswith("out=") else [f"out={out}", word]
    text = refused(capsys, "run", *words)
    for part in parts:
        assert part in text
    assert not out.exists()


def test_several_problems_are_told_at_once(tmp_path, capsys):
    text = refused(capsys, "run", "paths=0", "accounts=0", "venue.drift.typo=1", f"out={tmp_path}")
    assert "3 problems" in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path, capsys):
    tmp_path.chmod(0o500)
    text = refused(capsys, "run", *SMALL, f"out={tmp_path / 'out'}")
    assert "results cannot be written there" in text


def test_a_file_in_the_place_of_results(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    text = refused(capsys, "run", *SMALL, f"out={tmp_path / 'file' / 'below'}")
    assert "out: results cannot be written there" in text
    assert "out=FOLDER" in text
    assert (tmp_path / "file").read_text() == "mine"


def test_price_files(tmp_path, capsys):
    rows = bars("BTC", walk(400))
    (tmp_path / "empty.csv").touch()
    unsorted = write_csv(tmp_path, rows.iloc[::-1], name="unsorted.csv")
    gappy = write_csv(tmp_path, rows.drop(index=range(50, 90)), name="gappy.csv")
    without = write_csv(tmp_path, rows.drop(columns="close"), name="without.csv")
    out = tmp_path / "market.yaml"
    for path, part in (
        (tmp_path / "none.csv", "no such price file"),
        (tmp_path / "empty.csv", "the price file is empty"),
        (unsorted, "out of order"),
        (gappy, "of the bars are missing"),
        (without, "columns are missing: close"),
    ):
        text = refused(capsys, "calibrate", f"data={path}", "assets=[BTC]", f"out={out}")
        assert part in text
        assert "csv" in text
    assert not out.exists()
    assert pd.read_csv(gappy).shape[0] == 360


def test_calibrate_without_data_and_with_a_wrong_key(tmp_path, capsys):
    assert "no price file given" in refused(capsys, "calibrate")
    data = write_csv(tmp_path, bars("BTC", walk(400)))
    text = refused(capsys, "calibrate", f"data={data}", "regmies=2")
    assert "did you mean 'regimes'?" in text


def test_resolved_configurations(tmp_path, capsys):
    file = tmp_path / "config.yaml"
    for content, part in (
        (None, "there is no such configuration file"),
        ("paths: [1", "a YAML file cannot be read"),
        ("- 1", "this is no configuration"),
        ("paths: 3", "market: this key is needed"),
        ("rule: {_target_: os.system}", "may not be named here"),
    ):
        if content is not None:
            file.write_text(content)
        text = refused(capsys, "run", "--config", str(file), f"out={tmp_path / 'out'}")
        assert part in text
    assert not (tmp_path / "out").exists()


def test_a_repaired_correlation_is_reported(capsys):
    repairs = check(load_config([f"market.correlation.calm={NEAR}"], []))
    assert repairs == {"calm": pytest.approx(0.0588, abs=1e-4)}
    text = capsys.readouterr().err
    assert "market.correlation.calm is not positive semidefinite" in text
    assert "0.0588 away" in text


def test_a_market_without_a_stable(tmp_path):
    """What `calibrate` writes without pegs= says what it lacks when it is run."""
    market = yaml.safe_load((default_config_dir() / "market" / "default.yaml").read_text())
    del market["assets"]["USDC"]
    (tmp_path / "market").mkdir()
    (tmp_path / "market" / "bare.yaml").write_text(yaml.safe_dump(market, sort_keys=False))
    with pytest.raises(SluicegateError, match=r"(?s)settlement: unknown name.*USDC.*pegs=FILE"):
        load_config(["market=bare"], [tmp_path])


def test_files_that_are_no_text(tmp_path, capsys):
    (tmp_path / "market").mkdir()
    file = tmp_path / "market" / "latin.yaml"
    file.write_bytes("# Börse\nassets: {}\n".encode("latin-1"))
    text = refused(capsys, "run", "market=latin", "--config-dir", str(tmp_path))
    assert f"{file}: a YAML file cannot be read: it is not in UTF-8" in text


def test_a_file_that_is_no_yaml_is_named(tmp_path, capsys):
    file = tmp_path / "config.yaml"
    file.write_text("paths: [1")
    text = refused(capsys, "run", "--config", str(file))
    assert f'in "{file}", line 1' in text
    assert "<unicode string>" not in text


def test_groups_cannot_be_chosen_for_a_resolved_configuration(tmp_path, capsys):
    file = tmp_path / "config.yaml"
    config = load_config([], []).model_dump(mode="json", by_alias=True)
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    for word in ("venue=[drift]", "market=default", "liquidator=flash_bot"):
        text = refused(capsys, "run", "--config", str(file), word)
        assert "groups cannot be chosen with --config" in text
        assert word in text
    assert reload_config(file, ["venue.drift.insurance=5"], []).venue["drift"].insurance == 5.0


@pytest.mark.parametrize("word", ["venue.drift.typo=1", "venue=[drift]"])
def test_the_exit_code_of_a_process(word, tmp_path):
    done = shell("run", word, f"out={tmp_path / 'out'}")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("sluicegate: error: ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("sign", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_in_mid_run(sign, code, word, tmp_path):
    child = start(tmp_path, environment())
    shown = read_until(child, "simulating:")
    assert left_behind(tmp_path) != []  # the folder that is being written
    stop(child, sign, shown, (code, f"sluicegate: {word}"))
    assert left_behind(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_signal_while_compiling(tmp_path):
    child = start(tmp_path / "out", environment() | {"SLUICEGATE_CACHE_DIR": str(tmp_path / "new")})
    shown = read_until(child, "compiling for this machine")
    stop(child, signal.SIGINT, shown, (130, "sluicegate: interrupted"))
    assert left_behind(tmp_path / "out") == []


def start(out, env):
    """Start a run that would take minutes."""
    words = ("run", "paths=4000", "accounts=200", "steps=1440", "workers=2", f"out={out}")
    return subprocess.Popen(
        command(*words), cwd=REPOSITORY, env=env, stderr=subprocess.PIPE, text=True
    )


def read_until(child, words):
    """Read what the run says up to these words, and give what they announce time to begin.

    On a terminal the bar would count; into a pipe it speaks only every 15 s.
    """
    shown = ""
    while words not in shown:
        assert child.poll() is None, f"the run ended by itself: {shown}"
        shown += child.stderr.read(1)
    time.sleep(3.0)
    return shown


def stop(child, sign, shown, expected):
    """Send a signal; the process must end soon, with this code and these words."""
    code, words = expected
    child.send_signal(sign)
    started = time.monotonic()
    _, rest = child.communicate(timeout=120)
    assert child.returncode == code, shown + rest
    assert time.monotonic() - started < 60.0
    assert words in rest
    assert "Traceback" not in shown + rest
