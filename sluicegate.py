"""The command ``sluicegate`` as a process: Ctrl-C ends it in one line, whenever it is pressed.

This file lies outside of the packages because reading them takes about a second, in which Python's
own answer to Ctrl-C is a traceback out of some library. It imports nothing before its handler
stands.
"""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130  # as shells count it: 128 and the number of the signal


def stop(signum: int, frame: FrameType | None) -> None:
    """End the process at once; an exception could be dropped or turned into another one.

    While results are being written a handler of :mod:`sim.interrupts` stands instead, so that
    what is half written is put away first.
    """
    os.write(2, b"sluicegate: interrupted\n")
    os._exit(INTERRUPTED)


def entry() -> int:
    """Run the command line; the console script starts here."""
    signal.signal(signal.SIGINT, stop)
    from sim.cli.main import entry as command

    code = command()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # done: nothing is left to interrupt
    return code


if __name__ == "__main__":
    sys.exit(entry())
