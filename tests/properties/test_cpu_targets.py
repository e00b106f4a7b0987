"""The same bits from code compiled for this processor and for any processor of its kind."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.properties import cpu_target

REPOSITORY = Path(__file__).resolve().parents[2]


def on_any_processor(what: str, cache: Path) -> dict[str, Any]:
    """What a process finds whose code uses no feature that some processor may lack."""
    here = {"NUMBA_CPU_NAME": "generic", "SLUICEGATE_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.properties.cpu_target", what],
        env=os.environ | here, cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["target"] == "generic"
    return found


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What such a process finds of prices."""
    return on_any_processor("prices", tmp_path_factory.mktemp("generic"))


@pytest.mark.slow
def test_prices_do_not_depend_on_the_processor(plain):
    assert plain["hash"] == cpu_target.prices()


@pytest.mark.slow
def test_results_do_not_depend_on_the_processor(tmp_path):
    """The whole kernel is compiled once more, which takes a minute or two."""
    assert on_any_processor("kernel", tmp_path)["hash"] == cpu_target.kernel()


def test_fused_arithmetic_would_be_seen(plain):
    """What the comparison must be able to catch does differ, where processors can do it."""
    if cpu_target.target() == "generic" or not has_fused_arithmetic():
        pytest.skip("this processor fuses nothing")
    assert plain["fused"] != cpu_target.fused()


def has_fused_arithmetic() -> bool:
    """Whether code for this processor may use such instructions."""
    from llvmlite.binding import get_host_cpu_features

    return bool(get_host_cpu_features().get("fma"))
