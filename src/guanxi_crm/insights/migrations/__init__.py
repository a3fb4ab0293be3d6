"""Migrations of `insights`."""
