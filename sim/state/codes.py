"""The integer kinds of the compiled layer: what a parameter row selects.

Swapping one venue, engine or rule for another changes a number in a row and compiles nothing.
"""

# Instruments
BALANCE = 0  # a deposit (positive) or a loan (negative) of an asset at a venue
PERPETUAL = 1  # contracts of a linear perpetual
QUOTE = 2  # the quote side of a venue's perpetuals: -quantity x (entry price - funding), gains

# Levels of the margin requirement (P3)
INITIAL = 0
MAINTENANCE = 1
TARGET = 2
LEVELS = 3

# Margin engines (P2): how the legs' terms combine into one requirement
SUM_OF_LEGS = 0  # W and T terms added leg by leg
NET_OF_LEGS = 1  # rate on net delta per underlying, plus a basis charge on what is hedged

# Leg selection (P4)
RISKIEST = 0  # venue rule: heaviest-weighted debt against lightest-weighted collateral
LARGEST_RELIEF = 1  # the leg whose removal lowers the shortage most

# Size of one liquidation (P4)
CLOSE_FACTOR = 0
TO_TARGET = 1

# Transfer price (P5)
FIXED_BONUS = 0
LTV_BONUS = 1  # bonus grows with loan-to-value

# Taker constraint (P6)
FLASH = 0  # seizes, sells and repays within one block: needs no capital
INITIAL_MARGIN = 1  # pays from capital, holds what it took, must meet initial margin

# Order-flow feedback: the three twins of a path
NO_IMPACT = 0
OWN_SLIPPAGE = 1  # a trade pays its own impact, nobody else sees it
FULL_FEEDBACK = 2

# Holders of tokens outside the venues (rows of ``Ledger.outside``)
MARKET = 0
PROTOCOL = 1
TRANSIT = 2
FIRST_INSURANCE = 3  # one per venue; the liquidators follow

# Options, P2 term G: what a scenario does to volatility
VOL_SAME = 0
VOL_UP = 1
VOL_DOWN = 2
SKEW_LINEAR = 3  # wings turn about the forward; each expiry's result counts as a loss
SKEW_ABSOLUTE = 4  # both wings rise; each expiry's result counts as a loss
