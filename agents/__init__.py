"""Who acts: one file per population, with its parameters and its rule, written once."""
