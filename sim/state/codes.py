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
BEST_FOR_LIQUIDATOR = 2  # the leg that earns its taker most after slippage
RELIEF_PER_IMPACT = 3  # shortage removed per USD that selling the leg costs
KEEP_HEDGES = 4  # the leg that leaves the least unhedged delta
WHOLE_PORTFOLIO = 5  # a share of every leg at once

# Size of one liquidation (P4)
CLOSE_FACTOR = 0
TO_TARGET = 1
FULL = 2
RESTORE_BUFFER = 3  # the largest fraction of a portfolio whose sale restores the buffer margin

# What a close factor is a share of
OF_LEG = 0
OF_ACCOUNT = 1

# Transfer price (P5)
FIXED_BONUS = 0
LTV_BONUS = 1  # bonus grows with loan-to-value
HEALTH_BONUS = 2  # discount equals the missing health
DUTCH = 3  # the collateral's price falls with time

# What bonus and insurance fee are shares of
OF_DEBT = 0
OF_SEIZED = 1

# Price of a perpetual (P5)
ORACLE_LESS_FEE = 0  # a liquidator takes it over
BOOK = 1  # an order on the venue's book, with a limit

# Price curves of auctions
LINEAR = 0
STAIRS = 1
EXPONENTIAL = 2
TWO_SPEED = 3

# Taker constraint (P6)
FLASH = 0  # seizes, sells and repays within one block: needs no capital
INITIAL_MARGIN = 1  # pays from capital, holds what it took, must meet initial margin
CASH_ONLY = 2  # pays out of cash it holds, whatever its margin
UNCONSTRAINED = 3

# Auto-deleveraging (P7): who closes against a bankrupt account
NO_ADL = 0
QUEUE = 1  # by profit x leverage, one after the other
PRO_RATA = 2  # all, in proportion to profit
LEVERAGE_WEIGHTED = 3  # all, in proportion to profit x leverage

# Socialised loss (P7): who bears what no fund paid
BY_DEPOSITORS = 0
BY_OPEN_INTEREST = 1
BY_PROVIDERS = 2
BY_NOBODY = 3

# Order-flow feedback: the three twins of a path
NO_IMPACT = 0
OWN_SLIPPAGE = 1  # a trade pays its own impact, nobody else sees it
FULL_FEEDBACK = 2

# Holders of tokens outside the venues (rows of ``Ledger.outside``)
MARKET = 0
PROTOCOL = 1
TRANSIT = 2
FIRST_INSURANCE = 3  # one per venue; as many backstop pools, then the liquidators follow
