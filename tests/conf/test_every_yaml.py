"""Every file of the menu is composed, validated and run: each choice of each group, by listing."""

import numpy as np
import pytest
import yaml

from sim.cli.run import check, load_config
from sim.state.state import RESULT
from sim.studies.experiment import run_experiment
from sim.world.books import GROUP as BOOKS  # tests/conf/test_requirements_command.py measures each
from sim.world.compose import CONFIG_NAME, choices, default_config_dir, groups

SMALL = ["paths=2", "steps=5", "accounts=80", "workers=1"]
CONF = default_config_dir()
DEFAULTS = {
    group: choice
    for entry in yaml.safe_load((CONF / f"{CONFIG_NAME}.yaml").read_text())["defaults"]
    if isinstance(entry, dict)
    for group, choice in entry.items()
}
LISTED = [(group, choice) for group in groups([CONF]) for choice in choices(group, [CONF])]
CASES = [case for case in LISTED if case[0] != BOOKS]


def words(group, choice):
    """Choose one file; where several stand side by side, it comes first and others follow.

    Venues come all together, since archetypes hold positions at most of them. An archetype gets
    one companion, since pool suppliers alone have nobody to lend to, and all venues.
    """
    if not isinstance(DEFAULTS.get(group), list):
        known = group in DEFAULTS
        return [f"{group}={choice}" if known else f"+{group}={choice}"]
    others = [name for name in choices(group, [CONF]) if name != choice]
    company = {"venue": others, "archetype": others[:1]}.get(group, [])
    chosen = [f"{group}=[{','.join([choice, *company])}]"]
    if group == "archetype":
        chosen.append(f"venue=[{','.join(choices('venue', [CONF]))}]")
    return chosen


def simulate(*given):
    config = load_config([*SMALL, *given], [])
    check(config)
    done = []
    result = run_experiment(config, done.append)
    runs = config.paths * len(config.experiment.worlds) * len(config.experiment.twins)
    assert sum(done) == len(result.per_path) == runs
    numbers = result.per_path[
        [name for name in RESULT.names if name not in ("generation", "greeks", "imbalance")]
    ]
    assert np.isfinite(numbers.to_numpy()).all()
    assert (result.worlds["equity"] > 0.0).all()
    return config, result


@pytest.mark.parametrize(("group", "choice"), CASES, ids=[f"{g}={c}" for g, c in CASES])
def test_every_choice_runs(group, choice):
    config, _ = simulate(*words(group, choice))
    if isinstance(DEFAULTS.get(group), list):
        content = yaml.safe_load((CONF / group / f"{choice}.yaml").read_text())
        assert next(iter(getattr(config, group))) == next(iter(content))


@pytest.mark.parametrize(
    ("venue", "archetypes"),
    [("drift", "perp_long,perp_short,pool_supplier"), ("kamino", "staked_looper,pool_supplier")],
)
def test_a_venue_alone_runs(venue, archetypes):
    config, result = simulate(f"venue=[{venue}]", f"archetype=[{archetypes}]")
    assert list(config.venue) == [venue]
    assert (result.worlds["gross_notional"] > 0.0).all()


def test_without_liquidators_it_runs():
    _, result = simulate("liquidator=[]")
    assert (result.per_path["liquidated_notional"] == 0.0).all()


def test_nothing_of_the_menu_is_left_out():
    assert {tuple(case) for case in LISTED} == {
        (file.parent.name, file.stem) for file in CONF.glob("*/*.yaml")
    }
    assert set(DEFAULTS) <= set(groups([CONF]))
