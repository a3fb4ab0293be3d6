"""The API: one entry, with the routers of all apps."""
