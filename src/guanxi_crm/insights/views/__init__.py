"""Pages of `insights`."""
