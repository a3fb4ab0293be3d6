"""Sales: products, orders and their lines, as imported."""
