"""Hooks of the whole test suite: the table of the conformance vectors."""

from tests.conformance.table import pytest_runtest_logreport, pytest_terminal_summary

__all__ = ["pytest_runtest_logreport", "pytest_terminal_summary"]
