"""Reads of `sales`: each begins with what the user may see."""
