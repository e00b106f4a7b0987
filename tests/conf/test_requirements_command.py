"""``sluicegate requirements``: what wider scopes and engines ask of the same book."""

import csv
from itertools import pairwise

import pytest

from sim.cli.main import Parser
from sim.cli.requirements import add_arguments, execute
from sim.errors import SluicegateError
from sim.reports.requirements import table
from sim.world.books import load_books, venues_of
from sim.world.compose import compose
from sim.world.example import Examples, placed_run, venue_run
from sim.world.layout import Instrument
from sim.world.requirements import DELTA, SCOPES, engines_of, requirements
from tests.conf.shell import REPOSITORY, shell

MENU = sorted(file.stem for file in (REPOSITORY / "conf" / "book").glob("*.yaml"))
LEVELS = ("initial", "maintenance")
BOOKS = load_books()
NOTIONAL = 100_000.0
SLACK = 1e-9  # relative rounding of sums in another order
# Book -> the narrowest scope that groups legs which offset each other under a scenario grid.
GROUPED = {
    "delta_neutral": ("venue", "unified"),
    "delta_neutral_one_venue": ("isolated", "venue"),
    "covered_call": ("isolated", "venue"),
    "short_straddle": ("isolated", "venue"),
    "hedged_straddle": ("venue", "unified"),
}


def run_of(*names):
    venues = venues_of(BOOKS[name] for name in names)
    return placed_run(compose([f"venue=[{','.join(dict.fromkeys([*venues, 'derive']))}]"]))


def engines(config):
    tail = placed_run(compose(["venue=[derive]", "hub=tail_risk"])).hub
    return engines_of(config, "derive", tail)


def measured(*names):
    config = run_of(*names)
    found = requirements(config, {n: BOOKS[n] for n in names}, engines(config))
    return {(one.book, one.engine): one for one in found}


FOUND = measured(*MENU)
ENGINES = ("legs", "net", "grid", "tail")


def test_every_book_of_the_menu_is_measured():
    assert list(BOOKS) == MENU
    assert set(FOUND) == {(book, engine) for book in MENU for engine in ENGINES}
    assert set(GROUPED) < set(MENU)


def test_columns_stand_beneath_each_other():
    lines = table(list(FOUND.values()), BOOKS, engines(run_of("directional"))).splitlines()
    head = next(line for line in lines if line.startswith("engine"))
    at = head.index("level")
    rows = [line for line in lines if line[at:].startswith(("initial ", "maintenance "))]
    assert len(rows) == len(LEVELS) * len(FOUND)
    assert {len(line) for line in rows} == {len(head)}
    assert len(head) <= 110


@pytest.mark.parametrize("book", MENU)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("level", LEVELS)
def test_never_more_under_a_wider_scope(book, engine, level):
    need = [getattr(FOUND[book, engine].need[scope], level) for scope in SCOPES]
    assert need[0] > 0.0
    for narrow, wide in pairwise(need):
        assert wide <= narrow * (1.0 + SLACK)


@pytest.mark.parametrize(("book", "scopes"), GROUPED.items())
@pytest.mark.parametrize("level", LEVELS)
def test_strictly_less_where_the_grid_groups_legs_anew(book, scopes, level):
    narrow, wide = (getattr(FOUND[book, "grid"].need[scope], level) for scope in scopes)
    assert wide < 0.9 * narrow


@pytest.mark.parametrize(
    ("book", "scopes"), [(b, GROUPED[b]) for b in ("delta_neutral", "delta_neutral_one_venue")]
)
@pytest.mark.parametrize("level", LEVELS)
def test_strictly_less_where_the_tail_groups_legs_anew(book, scopes, level):
    narrow, wide = (getattr(FOUND[book, "tail"].need[scope], level) for scope in scopes)
    assert wide < 0.5 * narrow


@pytest.mark.parametrize("book", ["covered_call", "hedged_straddle"])
@pytest.mark.parametrize("level", LEVELS)
def test_options_offset_under_the_tail_too(book, level):
    need = [getattr(FOUND[book, "tail"].need[scope], level) for scope in SCOPES]
    assert need[2] < 0.9 * need[0]


@pytest.mark.parametrize("book", ["delta_neutral", "delta_neutral_one_venue"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_delta_neutral_book_still_pays_for_its_basis(book, engine):
    one = FOUND[book, engine]
    assert one.delta == pytest.approx(0.0, abs=1e-6)
    for level in range(2):
        assert one.need["unified"][level] >= 0.005 * one.gross
        assert one.need[DELTA][level] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_short_gamma_needs_more_than_its_delta_says(engine):
    """The hedged straddle has no delta; the grid charges its curvature all the same."""
    one = FOUND["hedged_straddle", engine]
    assert one.delta == pytest.approx(0.0, abs=1e-6)
    for level in range(2):
        assert one.need["unified"][level] > 0.04 * one.gross
        assert one.need[DELTA][level] == pytest.approx(0.0, abs=1e-6)
    alone = FOUND["short_straddle", engine]
    assert alone.delta > 0.02 * NOTIONAL
    assert alone.need["unified"].initial > 5.0 * alone.need[DELTA].initial > 0.0


def test_directional_needs_the_same_everywhere():
    for engine in ENGINES:
        need = FOUND["directional", engine].need
        assert len({*need.values()}) == 1


def test_closed_forms_of_the_configured_rates():
    """Derive's standard weights and option terms; the hub's net and basis rates; by hand."""
    call = FOUND["covered_call", "legs"].need["unified"]
    assert call.initial == pytest.approx(NOTIONAL * (1.0 - 0.75 * 0.93 + 0.13))
    assert call.maintenance == pytest.approx(NOTIONAL * (1.0 - 0.75 + 0.09))
    hedged = FOUND["delta_neutral", "net"].need
    assert hedged["venue"] == pytest.approx((2 * 0.05 * NOTIONAL, 2 * 0.03 * NOTIONAL))
    assert hedged["unified"] == pytest.approx((0.02 * NOTIONAL, 0.01 * NOTIONAL))
    # initial: haircut 0.015 + 0.005 and perpetual contingency alike; maintenance without the extra
    grid = FOUND["delta_neutral", "grid"].need["unified"]
    assert grid == pytest.approx((0.04 * NOTIONAL, 0.03 * NOTIONAL))


@pytest.mark.parametrize("book", ["delta_neutral_one_venue", "covered_call", "short_straddle"])
def test_figures_are_those_of_the_margin_engine(book):
    """Under the grid a venue account needs what the venue's own row of the kernel asks for it."""
    config = venue_run("derive")
    price = config.market.assets["BTC"].price
    held = {}
    for leg in BOOKS[book].legs:
        key = (leg.kind, "BTC")
        if leg.kind == "option":
            key = Instrument("option", "derive", "BTC", leg.days, leg.strike, leg.right == "call")
        else:
            key = Instrument(leg.kind, "derive", "BTC")
        held[key] = leg.amount * NOTIONAL / price
    (own,) = Examples(config, [held]).measure()
    assert FOUND[book, "grid"].need["venue"] == pytest.approx((own.initial, own.maintenance))


def test_a_book_of_ones_own_and_keys(tmp_path, capsys):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "mine.yaml").write_text(
        "mine:\n  title: a perpetual of mine\n  notional: 5000\n  legs:\n"
        "    - {kind: perpetual, venue: drift, asset: BTC, amount: -2}\n"
    )
    parser, file = Parser(), tmp_path / "out.csv"
    add_arguments(parser)
    words = ["mine", "hub.netting.BTC.net.initial=0.08", "--csv", str(file)]
    assert execute(parser.parse_args([*words, "--config-dir", str(tmp_path)])) == 0
    assert "a perpetual of mine; gross 10,000 USD" in capsys.readouterr().out
    with file.open() as stream:
        rows = {(r["engine"], r["scope"], r["level"]): r for r in csv.DictReader(stream)}
    assert len(rows) == len(ENGINES) * (len(SCOPES) + 1) * len(LEVELS)
    row = rows["net", "unified", "initial"]
    assert float(row["requirement_usd"]) == pytest.approx(800.0)
    assert float(row["share_of_gross"]) == pytest.approx(0.08)


def test_large_books_need_more_where_depth_is_charged(capsys):
    """1.5 and 1 times what selling all but 10,000 USD costs: 60 MUSD move BTC by 1 %."""
    parser = Parser()
    add_arguments(parser)
    size = 100_000_000.0
    assert execute(parser.parse_args(["directional", "hub=concentration",
                                      f"book.directional.notional={size:.0f}"])) == 0  # fmt: skip
    shown = capsys.readouterr().out
    flow = (size - 1e4) / 60e6
    lost = (size - 1e4) * 0.01 * (0.7 * flow**0.6 / 1.6 + 0.3 * flow / 2.0)
    line = next(line for line in shown.splitlines() if line.startswith("netting hub + K"))
    assert f"{0.05 * size + 1.5 * lost:,.0f} (6.3%)" in line
    assert f"{0.03 * size + lost:,.0f} (3.8%)" in shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{kind: perpetual, venue: drift, asset: DOGE, amount: 1}", "no such asset"),
        ("{kind: perpetual, venue: kamino, asset: BTC, amount: 1}", "does not list BTC as a perp"),
        ("{kind: perpetual, venue: drfit, asset: BTC, amount: 1}", "no such venue"),
        ("{kind: balance, venue: kamino, asset: BTC, amount: hedge}", "legs"),
        (
            "{kind: option, venue: derive, asset: BTC, right: put, strike: 1.03, days: 7,"
            " amount: 1}",
            "no option on BTC of this strike",
        ),
        ("{kind: perpetual, venue: drift, asset: BTC, amont: 1}", "amont"),
    ],
)
def test_wrong_books_are_explained(tmp_path, text, words):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "mine.yaml").write_text(f"mine:\n  title: wrong\n  legs:\n    - {text}\n")
    parser = Parser()
    add_arguments(parser)
    with pytest.raises(SluicegateError, match=words):
        execute(parser.parse_args(["mine", "--config-dir", str(tmp_path)]))


@pytest.mark.parametrize(
    ("words", "code", "parts"),
    [
        (("--help",), 0, ["examples:", "--csv", "its delta alone"]),
        (("short_stradle",), 2, ["no such book", "short_straddle"]),
        (("directional", "--grid", "drift"), 2, ["no scenario grid", "derive"]),
        (("directional", "--csv", "/nowhere/at/all.csv"), 2, ["cannot be written"]),
    ],
)
def test_command(words, code, parts):
    done = shell("requirements", *words)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stdout + done.stderr
