"""One frozen, validated model per concept: defaults, units, bounds and help."""
