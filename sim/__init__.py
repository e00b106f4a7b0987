"""Sluicegate: stress tests for margin systems with shared collateral."""

from sim._version import __version__

__all__ = ["__version__"]
