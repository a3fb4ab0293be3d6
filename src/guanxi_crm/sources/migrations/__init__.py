"""Migrations of `sources`."""
