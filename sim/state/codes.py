"""The integer kinds of the compiled layer: what a parameter row selects.

Swapping one venue, engine or rule for another changes a number in a row and compiles nothing.
"""

# Instruments
BALANCE = 0  # a deposit (positive) or a loan (negative) of an asset at a venue
PERPETUAL = 1  # contracts of a linear perpetual
QUOTE = 2  # the quote side of a venue's perpetuals: -quantity x (entry price - funding), gains

OPTION = 3  # European options, cash-settled at expiry in the venue's quote

# Levels of the margin requirement (P3)
INITIAL = 0
MAINTENANCE = 1
TARGET = 2
LEVELS = 3

# Margin engines (P2): how the legs' terms combine into one requirement
SUM_OF_LEGS = 0  # W and T terms added leg by leg
NET_OF_LEGS = 1  # rate on net delta per underlying, plus a basis charge on what is hedged

SCENARIO_GRID = 2  # worst loss over a table of scenarios, plus contingencies

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

# What an option's scenario values depend on (rows of ``State.drivers``)
SPOT = 0  # USD
FORWARD = 1  # USD
FREE = 2  # USD, the part of the forward that can still move
FIRST_DEVIATION = 3  # volatility x sqrt(time), one row per volatility rule from VOL_SAME on
DRIVERS = 8

# Whose grid a scenario value belongs to (first index of the shelf)
OWN_GRID = 0  # the venue's where the option is listed
HUB_GRID = 1
GRIDS = 2
