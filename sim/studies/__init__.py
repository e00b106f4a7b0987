"""Experiments over many paths, and the folders they are written to."""
