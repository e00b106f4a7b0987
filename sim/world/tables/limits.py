"""Numbers that stand for *no limit*."""

import numpy as np

UNLIMITED = np.inf
