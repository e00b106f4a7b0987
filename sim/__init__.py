"""Sluicegate: stress tests for margin systems with shared collateral."""

import warnings as _warnings

from numba.core.errors import NumbaExperimentalFeatureWarning as _Experimental

from sim import cache as _cache
from sim._version import __version__

__all__ = ["__version__"]

# Rules reach the kernel as first-class functions, which numba calls experimental: hence the exact
# pin of its version, and a test for each promise that we rely on.
_warnings.filterwarnings("ignore", category=_Experimental)

_cache.install()
