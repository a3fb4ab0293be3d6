"""Template tags of `sources`."""
