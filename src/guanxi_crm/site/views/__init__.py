"""Pages joined from all apps."""
