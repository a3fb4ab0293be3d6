"""From a delivered file to clean rows: read, map, check, clean, load."""
