"""Template tags of `insights`."""
