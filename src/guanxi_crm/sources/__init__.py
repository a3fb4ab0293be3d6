"""Data in: files through the mine's intake into the warehouse, and from there to customers and sales."""
