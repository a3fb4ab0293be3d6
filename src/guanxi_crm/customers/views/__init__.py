"""Pages of `customers`: thin, one call into a service or selector each."""
