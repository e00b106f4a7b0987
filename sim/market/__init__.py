"""Prices: the exogenous path, and what order flow does to it."""
