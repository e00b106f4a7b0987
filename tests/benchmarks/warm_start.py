"""A second start of ``sluicegate run``, in a process of its own: until when, and what compiled.

Run as a program it goes through the real command up to the moment at which the first path starts,
prints the time of each stage since ``START`` (seconds of the clock, from the environment) and what
numba compiled on the way, and stops there.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Lock

REPOSITORY = Path(__file__).resolve().parents[2]


def measure(overrides: list[str]) -> dict:
    """Start the command once more; return seconds to each stage and functions compiled."""
    with tempfile.TemporaryDirectory() as folder:
        paths = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            [sys.executable, __file__, *overrides, f"out={folder}"],
            env=os.environ | {"START": repr(time.time()), "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0 or not done.stdout:
        raise RuntimeError(f"the command failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main(overrides: list[str]) -> None:
    """Run the command with marks at its stages."""
    from numba.core import event

    start, stages = float(os.environ["START"]), {}

    def mark(name: str) -> None:
        stages.setdefault(name, time.time() - start)

    recorder = event.RecordingListener()
    event.register("numba:compile", recorder)
    from sim import kernel
    from sim.cli import run
    from sim.cli.main import main as command
    from sim.studies import experiment

    mark("imports")
    load_config, build, compiled = run.load_config, experiment.Experiment.build, kernel.compiled

    def composed(*arguments):
        config = load_config(*arguments)
        mark("configuration")
        return config

    def built(*arguments):
        worlds = build(*arguments)
        mark("worlds")
        return worlds

    once = Lock()

    def first_path(*arguments):
        once.acquire()  # the other workers wait for the end of the process
        mark("first path")
        found = {"seconds": stages, "processor": time.process_time(), "compiled": names(recorder)}
        print(json.dumps(found), flush=True)
        os._exit(0)

    def loaded(*arguments):
        compiled(*arguments)
        return first_path

    run.load_config, experiment.Experiment.build, kernel.compiled = composed, built, loaded
    if "compile=something" in overrides:  # a check that compiling is noticed
        import numba

        numba.njit(lambda x: x + 1.0)(1.0)
        overrides = [word for word in overrides if word != "compile=something"]
    sys.exit(command(["run", *overrides]))  # only if something was wrong


def names(recorder) -> list[str]:
    """What was compiled, by name."""
    events = [record for _, record in recorder.buffer]
    return sorted({str(e.data["dispatcher"]) for e in events if e.is_start})


if __name__ == "__main__":
    main(sys.argv[1:])
