"""The benchmark measures what it says: its worlds, its programs, its files and its page."""

import json

import numpy as np
import pytest

from agents.laboratory import OwnerAgent
from sim.cache import repository
from sim.market.paths import simulate
from sim.state import codes
from tests.benchmarks import compare, growth, page
from tests.benchmarks.cases import EVERY, LISTS, MESA, NUMPY, figures
from tests.benchmarks.programs import brute, run_kernel, run_mesa, run_numpy, same
from tests.benchmarks.reference_work import BOOKS, STEPS, WORKS, build, near_share, work

FEW = {"accounts": 400}
SHORT = {"accounts": 60, "steps": 30}


@pytest.mark.parametrize("name", WORKS)
def test_half_of_a_stressed_book_is_near_to_liquidation(name):
    assert 0.45 < near_share(*build(work(name, "stressed", **FEW), name)) < 0.55
    assert near_share(*build(work(name, "calm", **FEW), name)) < 0.15


@pytest.mark.parametrize("name", WORKS)
def test_prices_fall_by_a_third_in_six_hours_of_a_crash(name):
    run = work(name, "crash", accounts=20)
    factory, _ = build(run, name)
    prices, _ = simulate(factory.law, run.seed, 200, STEPS)
    risky = factory.law.risky
    kept = np.exp(np.log(prices[:, -1, risky] / prices[:, 0, risky]).mean())
    assert run.step_seconds * STEPS == pytest.approx(6.0 * 3600.0)
    assert kept == pytest.approx(0.65, abs=0.03)
    calm = work(name, "calm", accounts=20)
    assert run.step_seconds / run.block_seconds == calm.step_seconds / calm.block_seconds


def test_w8_has_eight_marks_and_as_many_as_one_asks_for():
    for marks in (1, 8, 16):
        _, built = build(work("W8", "calm", marks=marks, **SHORT), "W8")
        assert (built.assembled.world.markets["parent"] >= 0).sum() == marks


@pytest.mark.slow
@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("name", WORKS)
def test_programs_end_alike(name, book):
    run = work(name, book, **SHORT)
    factory, built = build(run, name)
    _, results = run_kernel(factory, built, 2)
    same("brute force", run_kernel(*build(brute(run), name), 2)[1], results)
    same("Mesa", run_mesa(factory, built, 1, OwnerAgent)[1], results[:1])
    prices, _ = simulate(factory.law, run.seed, 1, run.steps)
    assert run_numpy(factory, built, prices)[0] > 0.0  # it has compared its first margins itself


def test_numpy_knows_brackets(monkeypatch):
    """Sizes are such that most accounts are beyond the first bracket."""
    sizes = {"sizes": {"exponent": 1.1, "min": 5e5, "max": 2e6}}
    run = work("W8", "calm", population=sizes, **SHORT)
    factory, built = build(run, "W8")
    world = built.assembled.world
    contracts = np.flatnonzero(world.instruments["kind"] == codes.PERPETUAL)
    held = np.abs(built.assembled.opening.balance[contracts, : run.accounts])
    notional = held * built.assembled.opening.g[2, contracts][:, None]
    assert (notional > world.instruments["ratio"]["tier"][contracts, 1][:, None]).sum() > 20
    prices, _ = simulate(factory.law, run.seed, 1, run.steps)
    run_numpy(factory, built, prices)
    monkeypatch.setattr("tests.benchmarks.numpy_world.codes.TIERED_RATIO", -1)
    with pytest.raises(AssertionError):
        run_numpy(factory, built, prices)


def test_different_results_stop_the_benchmark():
    with pytest.raises(SystemExit, match="no figures"):
        same("Mesa", np.zeros(2), np.ones(2))


def test_growth_is_read_off_right():
    points = [{"at": x, LISTS: 3.0 * x**0.5 + 0.0} for x in (1.0, 10.0, 100.0)]
    assert growth.exponent(points) == pytest.approx(0.5)
    points = [{"at": x, LISTS: 40.0 + 0.2 * x} for x in (0.0, 10.0, 1000.0)]
    assert growth.marginal(points)["ns per call"] == pytest.approx(200.0)
    assert growth.marginal(points)["us per path without"] == pytest.approx(40.0)


def test_figures_are_of_a_whole_path():
    found = figures(seconds=2.0, paths=4, steps=STEPS // 2, accounts=500)
    assert found["us per path"] == pytest.approx(1e6)
    assert found["account-steps/s"] == pytest.approx(500 * 4 * (STEPS // 2) / 2.0)


# ------------------------------------------------------------------------------- files and page


def some(cost: float = 100.0) -> dict:
    """A file of figures, small and made up."""
    programs = {
        name: figures(cost * by * 1e-6, 1, STEPS, 5_000) | {"kernel is faster by": by}
        for name, by in ((LISTS, 1.0), (EVERY, 20.0), (NUMPY, 5.0), (MESA, 900.0))
    }
    case = {"world": "W8", "book": "calm", "accounts": 5_000, "liquidation calls per path": 3.0}
    whole = {"threads": 2, "paths run": 20, "seconds": cost}
    rows = [{"at": x, LISTS: cost * x, EVERY: 20.0 * cost * x} for x in (1.0, 10.0)]
    machine = {"cpu": "a processor", "llvm_cpu": "generic", "cores": 2}
    versions = {"numba": "1", "numpy": "2"}
    return {
        "scale": 500.0,
        "works": [case | {"programs": programs, "whole work": whole}],
        "growth": dict.fromkeys(page.PANELS, rows)
        | {"exponents": dict.fromkeys(page.PANELS, 1.0)}
        | {"liquidation": {"ns per call": cost, "us per path without": 1.0}},
        "manifest": {"machine": machine, "started_utc": "2026-11-22T00:00", "versions": versions},
    }


def test_two_files_are_compared(tmp_path, capsys):
    files = [tmp_path / "old.json", tmp_path / "new.json"]
    for file, cost in zip(files, (100.0, 150.0), strict=True):
        file.write_text(json.dumps(some(cost)))
    assert compare.main([str(file) for file in files]) == 0
    lines = [line.rsplit(None, 4) for line in capsys.readouterr().out.splitlines()[1:]]
    found = {line[0]: line[1:] for line in lines}
    label = "works, W8 calm, programs, watch lists, us per path"
    assert found[label] == ["100", "150", "1.50", "worse"]
    label = "works, W8 calm, programs, watch lists, account-steps/s"
    assert found[label][2:] == ["0.67", "worse"]
    assert "works, W8 calm, whole work, seconds" in found
    assert not any("kernel is faster" in name or "manifest" in name for name in found)


def test_better_figures_are_not_marked(capsys):
    assert all("worse" not in line for line in compare.compared(some(100.0), some(80.0)))


def test_other_machines_are_told_apart(tmp_path, capsys):
    other = some()
    other["manifest"]["machine"]["cpu"] = "another"
    files = [tmp_path / "old.json", tmp_path / "new.json"]
    for file, found in zip(files, (some(), other), strict=True):
        file.write_text(json.dumps(found))
    compare.main([str(file) for file in files])
    assert "the machines differ" in capsys.readouterr().out


def test_only_what_stands_between_the_marks_is_written():
    text = f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n"
    written = page.replaced(text, page.measured(some()))
    assert written.startswith("before\n")
    assert written.endswith("\nafter\n")
    assert "old" not in written
    assert "| W8 calm | 3 | 100 | 20.0 × | 5.0 × | 900.0 × | 72,000 million | 100.0 s |" in written
    assert page.replaced(written, page.measured(some())) == written


def test_the_page_has_its_marks_and_the_figure_every_series():
    text = (repository() / page.PAGE).read_text(encoding="utf-8")
    assert text.count(page.BEGIN) == text.count(page.END) == 1
    figure = page.draw(some()["growth"])
    drawn = [axes for axes in figure.axes if axes.lines]
    assert len(drawn) == len(page.PANELS)
    assert all(axes.get_xscale() == axes.get_yscale() == "log" for axes in drawn)
