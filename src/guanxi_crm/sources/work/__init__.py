"""What the jobs of `sources` do with the mine. Imported by their child processes only, never by the web server."""
