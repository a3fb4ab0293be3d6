"""Template tags of `customers`."""
