"""Customers: who they are, how to reach them, who looks after them, and what the mine says of each."""
