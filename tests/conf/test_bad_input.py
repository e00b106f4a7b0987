"""Bad input ends with one clear message and exit code 2, and leaves nothing behind.

What fails before anything is simulated is tried in this process, through the same `main`; exit
codes of a real process and signals have tests of their own below.
"""

import os
import signal
import subprocess
import time

import numpy as np
import pytest

from sim.cli import main
from tests.conf.shell import REPOSITORY, SMALL, command, environment, left_behind, shell
from tests.evidence import SHARED  # noqa: F401

UNLIKE = "[[1,0.9,-0.9,0.6,0.7],[0.9,1,0.9,0.7,0.7],[-0.9,0.9,1,0.7,0.7],[0.6,0.7,0.7,1,0.7],[0.7,0.7,0.7,0.7,1]]"
