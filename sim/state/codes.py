"""The integer kinds of the compiled layer: what a parameter row selects.

Swapping one venue, engine or rule for another changes a number in a row and compiles nothing.
"""

# Instruments
BALANCE = 0  # a deposit (positive) or a loan (negative) of an asset at a venue
PERPETUAL = 1  # contracts of a perpetual, linear or inverse
QUOTE = 2  # the quote side of a venue's perpetuals: -quantity x (entry price - funding), gains;
# of an inverse one in its coin, the entry price then being -1 / price

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
TAIL_RISK = 3  # value at risk or expected shortfall of the book, plus contingencies

# How a tail is measured (P2, term V)
NO_TAIL = 0
BY_COVARIANCE = 1  # deviations of the book under the covariance that the engine believes
BY_SAMPLES = 2  # sampled returns, scaled to the volatility that it believes

# Margin ratio of a perpetual (P2, term T)
FLAT_RATIO = 0  # the level's ratio; a size penalty may raise it with the square root of size
TIERED_RATIO = 1  # brackets of notional, with deductions that keep the requirement continuous
LINEAR_RATIO = 2  # grows with contracts held (Deribit; Synthetix: contracts over skew scale)
INTEREST_RATIO = 3  # the initial ratio rises to one with open interest (dYdX)

# Price views (P1)
SPOT_VIEW = 0
EMA_VIEW = 1
TWAP_VIEW = 2
WORSE_VIEW = 3  # worse of spot and TWAP for whoever holds the leg
SOURCES_VIEW = 4  # worst of the feed's sources for whoever holds the leg

# How several sources of a price become one (P1)
MEDIAN = 0
WEIGHTED_MEDIAN = 1

# What a venue does about a price that it cannot trust (P1)
IGNORE = 0
ZERO_ASSET = 1  # worth nothing when a position is opened
BLOCK = 2  # accounts that hold it cannot be liquidated
PAUSE = 3  # the venue liquidates nobody

# Funding (P8)
TWAP_FUNDING = 0  # averaged premium plus an offset, within a cap (Drift, dYdX, Derive)
PREMIUM_FUNDING = 1  # premium + clamp(interest - premium) (Hyperliquid)
VELOCITY_FUNDING = 2  # the rate moves with the skew (Synthetix v3)
IMBALANCE_FUNDING = 3  # a power of the imbalance over open interest (GMX v2)
ADAPTIVE_FUNDING = 4  # the rate climbs while the imbalance is large (GMX v2)

# Price of a trade in a perpetual (P8)
BOOK_PRICE = 0  # the market's, displaced by the flow through it
SKEW_PRICE = 1  # index x mean premium of the skew before and after (Synthetix v3)
CONVEX_PRICE = 2  # index plus a power of the imbalance before and after (GMX v2)

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

# Options, P2 term G: what a scenario does to volatility
VOL_SAME = 0
VOL_UP = 1
VOL_DOWN = 2
SKEW_LINEAR = 3  # wings turn about the forward; each expiry's result counts as a loss
SKEW_ABSOLUTE = 4  # both wings rise; each expiry's result counts as a loss

# Whose grid a scenario value belongs to (first index of the shelf)
OWN_GRID = 0  # the venue's where the option is listed
HUB_GRID = 1
GRIDS = 2  # rows of the shelf beyond belong to the rule of early liquidation
