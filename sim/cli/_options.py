"""Options that several commands have."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_config_dir(parser: argparse.ArgumentParser) -> None:
    """Declare ``--config-dir``, the folders with further choices."""
    parser.add_argument(
        "--config-dir",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="a folder with further choices, laid out as conf/ (may be repeated)",
    )
