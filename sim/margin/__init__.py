"""Margin: what an account is worth and what it must hold, at each level (P2, P3)."""
