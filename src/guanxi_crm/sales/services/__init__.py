"""Writes of `sales`: what an import brings. Nobody changes an order by hand."""
