"""What changes staff, roles, teams, tokens and the company's settings."""
