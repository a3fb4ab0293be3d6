"""Staff: users, teams, roles with permissions down to the field, sign-in, invitations, API tokens."""
