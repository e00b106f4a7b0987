"""What happens to the world: shocks, faults, replays; one file per family."""
