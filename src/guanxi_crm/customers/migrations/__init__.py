"""Migrations of `customers`."""
