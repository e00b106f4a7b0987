"""Units of time that configuration files are written in."""

DAYS_PER_YEAR = 365.0
SECONDS_PER_DAY = 86_400.0
SECONDS_PER_YEAR = SECONDS_PER_DAY * DAYS_PER_YEAR
