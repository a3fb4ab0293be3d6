"""What is read of staff, roles, tokens and the audit trail."""
