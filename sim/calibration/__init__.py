"""From price files to a market configuration, with its provenance and its quality."""
