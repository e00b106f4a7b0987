"""The command ``sluicegate``: finds the commands in this folder and runs one.

A command is a file of this folder, without an underscore in front, with a docstring (its first
line is the help), a function ``add_arguments(parser)`` and a function ``execute(arguments) -> int``
that returns the exit code.
"""

from __future__ import annotations

import argparse
import os
import pkgutil
import sys
import textwrap
import threading
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType

import sim.cli
from sim import __version__
from sim.cli import _placement
from sim.errors import SluicegateError, Terminated

DEBUG = "SLUICEGATE_DEBUG"
_EXAMPLES = """\
examples:
  sluicegate run                                the default experiment
  sluicegate run paths=100 accounts=1000        a smaller one
  sluicegate run venue=[kamino,drift,marginfi,mine] --config-dir my_conf
                                                with a venue of your own: my_conf/venue/mine.yaml
  sluicegate resume                             unfinished runs, and how to go on with them
  sluicegate venues                             the venues there are
  sluicegate venue drift                        one of them explained, with worked examples
  sluicegate requirements                       what books need, by margin scope and engine
  sluicegate backtest data=prices.parquet       does a margin requirement cover what it claims to?
  sluicegate calibrate data=prices.parquet      fit a market to price files
  sluicegate run --help                         the everyday keys, with units and bounds
"""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0: done; 1: a bug of ours; 2: something given was wrong; 130: Ctrl-C; 143: terminated.
    """
    try:
        _placement.check()
        return _dispatch(list(sys.argv[1:] if words is None else words))
    except (SluicegateError, MemoryError) as error:
        short = "not enough memory: " if isinstance(error, MemoryError) else ""
        notes = "".join(f"\n  {note}" for note in getattr(error, "__notes__", ()))
        return _fail(f"error: {short}{error}{notes}", 2)
    except KeyboardInterrupt as signal:
        return _fail("; ".join(["interrupted", *map(str, signal.args)]), 130)
    except Terminated as signal:
        return _fail("; ".join(["terminated", *map(str, signal.args)]), 143)
    except BrokenPipeError:  # the reader of our output went away, as in `sluicegate … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        reason = textwrap.shorten(f"{type(error).__name__}: {error}", 300, placeholder=" …")
        notes = "".join(f"\n  {note}" for note in getattr(error, "__notes__", ()))
        return _fail(f"this is a bug, please report it: {reason} (traceback: {DEBUG}=1){notes}", 1)


def entry() -> int:
    """Run the command line as the whole of a process; ``sluicegate.py`` calls this.

    An interrupted run may have a thread inside the compiler, which cannot be stopped and aborts
    when Python is taken down around it. Everything is put away by then, so the process just ends.
    """
    code = main()
    if code in (130, 143) and threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def command_names() -> list[str]:
    """List the commands: the files of this folder that are not helpers."""
    names = (module.name for module in pkgutil.iter_modules(sim.cli.__path__))
    return sorted(name for name in names if name != "main" and not name.startswith("_"))


class Parser(argparse.ArgumentParser):
    """A parser whose epilogue is made only when help is asked for."""

    lazy_epilog: Callable[[], str] | None = None

    def format_help(self) -> str:
        """Return the help, with the epilogue."""
        if self.lazy_epilog is not None:
            self.epilog = self.lazy_epilog()
        return super().format_help()


def layout(prog: str) -> argparse.HelpFormatter:
    """Lay the help out: paragraphs as they were written, and room for long names."""
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=18, width=98)


def _dispatch(words: list[str]) -> int:
    parser = Parser(
        prog="sluicegate",
        description="Stress tests for margin systems with shared collateral.",
        epilog=_EXAMPLES,
        formatter_class=layout,
    )
    parser.add_argument("--version", action="version", version=f"sluicegate {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name in command_names():
        _add(commands, name, import_module(f"sim.cli.{name}"))
    arguments, rest = parser.parse_known_args(words)
    if arguments.command is None:
        parser.print_help()
        return 0
    # argparse takes positionals in one block only; overrides may stand between options
    unknown = [word for word in rest if word.startswith("-") or not hasattr(arguments, "overrides")]
    if unknown:
        parser.error(f"unknown argument: {' '.join(unknown)}")
    arguments.overrides = [*getattr(arguments, "overrides", []), *rest]
    arguments.command_line = ["sluicegate", *words]
    return int(arguments.execute(arguments))


def _add(commands: argparse._SubParsersAction[Parser], name: str, module: ModuleType) -> None:
    text = (module.__doc__ or "").strip()
    parser = commands.add_parser(
        name,
        help=text.split("\n", 1)[0].rstrip("."),
        description=text,
        formatter_class=layout,
    )
    module.add_arguments(parser)
    parser.set_defaults(execute=module.execute)


def _fail(message: str, code: int) -> int:
    sys.stdout.flush()
    print(f"sluicegate: {message}", file=sys.stderr)
    if os.environ.get(DEBUG):
        traceback.print_exc()
    return code


if __name__ == "__main__":
    sys.exit(entry())
