"""Named unit factors: the only arithmetic that an adapter may do is times or over one of these."""

WAD, RAY, RAD = 1e18, 1e27, 1e45  # Maker's fixed point
E2, E4, E6, E8, E9, E10, E18 = 1e2, 1e4, 1e6, 1e8, 1e9, 1e10, 1e18
BPS = 1e4  # in one
PPM = 1e6  # in one
MICRO = 1e-6  # the unit of a token with six decimals
HOUR, DAY, YEAR = 3_600.0, 86_400.0, 365.0 * 86_400.0  # s
WEIGHT_STEP = 1e-5  # unit in which Drift holds a product of weights
SLOT = 0.4  # s of Solana
TEN = tuple(10.0**power for power in range(37))  # by number of decimals
FLIPPED = -1.0  # seen from the other side
NONE, ONE = 0.0, 1.0  # a quantity that a vector leaves out
UNBOUNDED_64, UNBOUNDED_128 = 2.0**64 - 1.0, 2.0**128 - 1.0  # the largest unsigned integers
