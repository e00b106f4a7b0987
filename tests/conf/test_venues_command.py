"""``sluicegate venues`` and ``venue NAME``: nothing is left out, and the examples are right."""

import pytest

from sim.reports.venues import explained, library
from sim.world.example import Examples, Measured, venue_run
from sim.world.library import load_library
from sim.world.primitives import NAMES, parameters, variants
from sim.world.samples import worked
from tests.conf.shell import REPOSITORY, shell

MENU = sorted(file.stem for file in (REPOSITORY / "conf" / "venue").glob("*.yaml"))
VENUES, BROKEN = load_library()


def lone(tmp_path, text):
    """Write a venue into a folder of its own, and return the run with it alone."""
    folder = tmp_path / "venue"
    folder.mkdir()
    (folder / "mine.yaml").write_text(f"mine:\n  provenance: {{source: test}}\n{text}")
    return venue_run("mine", [tmp_path])


PERPETUAL = """\
  assets: {USDC: {asset_weight: {initial: 1, maintenance: 1}}}
  perpetuals: {BTC: {margin_ratio: {initial: 0.1, maintenance: 0.03}}}
"""
INVERSE = """\
  assets:
    USDC: {asset_weight: {initial: 1, maintenance: 1}}
    BTC: {asset_weight: {initial: 1, maintenance: 1}}
  perpetuals: {BTC: {contract: inverse, margin_ratio: {initial: 0.1, maintenance: 0.03}}}
"""
LENDER = """\
  assets:
    USDC: {asset_weight: {initial: 1, maintenance: 1}, interest: {}}
    ETH: {asset_weight: {initial: 0.7, maintenance: 0.8}}
"""


CHARGED = """\
  contingency:
    liquidity: {multiple: {maintenance: 2}, free: 1000, per: underlying}
"""


def test_a_charge_for_large_positions_is_shown(tmp_path):
    config = lone(tmp_path, PERPETUAL + CHARGED)
    (venue,) = config.venue.values()
    assert {"K", "underlying"} <= set(variants(venue)["P2"])
    shown = " ".join(explained("mine", venue, worked(config)).split())
    assert "contingency.liquidity.multiple.maintenance 2 " in shown
    assert "contingency.liquidity.free 1,000 (USD)" in shown
    assert not {"current", "market"} & set(variants(venue)["P2"])


def test_every_venue_has_its_line():
    assert BROKEN == {}
    assert sorted(VENUES) == MENU
    lines = library(VENUES, {"odd": "no such key"}).splitlines()
    assert len(lines) == 1 + len(MENU) + 1
    for name in MENU:
        (line,) = (line for line in lines if line.startswith(f"{name} "))
        assert "P2" in line
    assert any(line.startswith("odd") and "no such key" in line for line in lines)


@pytest.mark.parametrize("name", MENU)
def test_every_parameter_belongs_to_a_primitive(name):
    listed = parameters(VENUES[name])
    assert {p.primitive for p in listed} <= set(NAMES)
    assert {"P1", "P2", "P4", "P5", "P6", "P7"} <= {p.primitive for p in listed}
    assert len({p.path for p in listed}) == len(listed)
    assert set(variants(VENUES[name])) == set(NAMES)


@pytest.mark.parametrize("name", MENU)
def test_assumed_keys_exist(name):
    paths = [p.path for p in parameters(VENUES[name])]
    for key in VENUES[name].provenance.assumed:
        parts = tuple(key.split("."))
        assert any(path[: len(parts)] == parts for path in paths), key


@pytest.mark.parametrize("name", MENU)
def test_every_venue_is_explained(name):
    config = venue_run(name)
    text = explained(name, config.venue[name], worked(config), everything=True)
    assert VENUES[name].provenance.source.split()[0] in text
    for key, words in NAMES.items():
        assert f"{key} {words}" in text


def test_perpetual_example_is_the_closed_form(tmp_path):
    """10,000 USD on 2,000: long dies at P0 (1 - 1/L)/(1 - m), short at P0 (1 + 1/L)/(1 + m)."""
    config = lone(tmp_path, PERPETUAL)
    long, short = worked(config)
    price = config.market.assets["BTC"].price
    assert long.measured == pytest.approx((2000.0, 1000.0, 300.0))
    assert long.liquidation == pytest.approx([price * (1 - 0.2) / (1 - 0.03)], rel=1e-9)
    assert short.liquidation == pytest.approx([price * (1 + 0.2) / (1 + 0.03)], rel=1e-9)


def test_inverse_example_is_the_closed_form(tmp_path):
    """In coin: long dies at P0 (1 + m)/(1 + 1/L), short at P0 (1 - m)/(1 - 1/L); hedged, never."""
    config = lone(tmp_path, INVERSE)
    long, short, dollar = worked(config)
    price = config.market.assets["BTC"].price
    assert long.measured == pytest.approx((2000.0, 1000.0, 300.0))
    assert "2,000 BTC" not in long.title
    assert long.liquidation == pytest.approx([price * (1 + 0.03) / (1 + 0.2)], rel=1e-9)
    assert short.liquidation == pytest.approx([price * (1 - 0.03) / (1 - 0.2)], rel=1e-9)
    assert dollar.measured == pytest.approx((10_000.0, 1000.0, 300.0))
    assert dollar.liquidation == []


def test_loan_example_is_the_closed_form(tmp_path):
    """10,000 USD of ETH against 5,000: health is zero where 0.8 x collateral is the debt."""
    config = lone(tmp_path, LENDER)
    (loan,) = worked(config)
    price = config.market.assets["ETH"].price
    assert loan.measured == pytest.approx((5000.0, 3000.0, 2000.0))
    assert loan.liquidation == pytest.approx([price * 5000.0 / 8000.0], rel=1e-9)


def test_target_d08_through_the_examples(tmp_path):
    """Cross margin with a haircut: the price at which one account's two legs run out together."""
    config = lone(tmp_path, PERPETUAL)
    price = config.market.assets["BTC"].price
    held = {
        ("balance", "USDC"): 0.1 * price,
        ("perpetual", "BTC"): 1.0,
        ("quote", "USDC"): -price,
    }
    examples = Examples(config, [held, {**held, ("balance", "USDC"): 2.0 * price}])
    assert examples.liquidation_prices(0, "BTC") == pytest.approx([price * 0.9 / 0.97], rel=1e-9)
    assert examples.liquidation_prices(1, "BTC") == []


HEDGED = """\
  assets:
    USDC: {{asset_weight: {{initial: 1, maintenance: 1}}}}
    BTC: {{asset_weight: {{initial: 1, maintenance: 1}}}}
  perpetuals: {{BTC: {{margin_ratio: {{initial: 0.1, maintenance: {ratio}}}}}}}
"""


@pytest.mark.parametrize("ratio", [0.03, 0.0002])
def test_a_far_liquidation_price_is_found(tmp_path, ratio):
    """Coin and short of 10,000 USD: health is 10,000 (1 - ratio x P/P0), zero at 1/ratio."""
    config = lone(tmp_path, HEDGED.format(ratio=ratio))
    hedged = worked(config)[-1]
    assert hedged.liquidation == pytest.approx([hedged.price / ratio], rel=1e-9)
    text = explained("mine", config.venue["mine"], [hedged])
    assert f"({1 / ratio:,.3g} times the present)" in text


def test_where_no_liquidation_price_is_found_the_range_is_said(tmp_path):
    config = lone(tmp_path, HEDGED.format(ratio=1e-5))
    hedged = worked(config)[-1]
    assert hedged.liquidation == []
    text = explained("mine", config.venue["mine"], [hedged])
    assert "liquidates it (0.0001 to 10,000 times the present one)" in text


@pytest.mark.parametrize(
    ("name", "example", "times"),
    [
        ("binance_pm", "short as much perpetual", 13.1),
        ("derive", "short as much perpetual", 33.3),
        ("deribit", "short as much perpetual", 167.0),
        ("gmx_v2", "short as much perpetual", 192.0),
        ("derive", "covered call", 23.9),
    ],
)
def test_books_of_the_menu_that_only_a_far_price_liquidates(name, example, times):
    (one,) = (one for one in worked(venue_run(name)) if example in one.title)
    (price,) = (price for price in one.liquidation if price > one.price)
    assert price / one.price == pytest.approx(times, rel=0.02)


def test_a_tie_opens_on_both_sides():
    """Weights such as 1 - 0.82 round: equity is initial, but for the last digit of one side."""
    initial = 10_000 * (1 - 0.8)
    assert initial != 2_000.0
    assert Measured(2_000.0, initial, 1.0).opens
    assert Measured(2_000.0, initial + 4.5e-13, 1.0).opens
    assert not Measured(2_000.0, 2_000.01, 1.0).opens
    long, short = worked(venue_run("derive"))[:2]
    assert long.measured.opens and short.measured.opens


def test_an_account_already_short_says_so(tmp_path):
    config = lone(tmp_path, PERPETUAL)
    price = config.market.assets["BTC"].price
    held = {("perpetual", "BTC"): 1.0, ("quote", "USDC"): -price}
    assert Examples(config, [held]).liquidation_prices(0, "BTC") == [price]


@pytest.mark.parametrize(
    ("words", "code", "parts"),
    [
        (("venues",), 0, MENU),
        (("venues", "--help"), 0, ["examples:", "--config-dir"]),
        (("venue", "--help"), 0, ["examples:", "assumed"]),
        (("venue", "drift"), 0, ["P1", "worked examples", "liquidated when BTC falls to"]),
        (("venue", "dirft"), 2, ["no such venue", "sluicegate venue drift"]),
        (("venue",), 2, ["NAME"]),
        (("venues", "--config-dir", "/nowhere/at/all"), 2, ["no such configuration folder"]),
    ],
)
def test_commands(words, code, parts):
    done = shell(*words)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stdout + done.stderr
