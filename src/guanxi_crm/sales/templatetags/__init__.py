"""Template tags of `sales`."""
