"""Reads of `customers`: each begins with what the user may see."""
