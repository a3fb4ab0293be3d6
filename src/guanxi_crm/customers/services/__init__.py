"""Writes of `customers`: each asks the policy, writes, and tells the audit trail, in one transaction."""
