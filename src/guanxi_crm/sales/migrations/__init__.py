"""Migrations of `sales`."""
