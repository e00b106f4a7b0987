"""Liquidation: which leg, how much, at what price, by whom, and who bears what is left (P4-P7)."""
