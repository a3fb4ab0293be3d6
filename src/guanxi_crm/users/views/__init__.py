"""Pages of settings, and the one where an invitation is taken up."""
