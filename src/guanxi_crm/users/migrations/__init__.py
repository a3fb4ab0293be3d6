"""Migrations of `users`."""
