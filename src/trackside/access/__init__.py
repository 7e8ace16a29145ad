"""Roles, assignments and denials: what a caller may do."""
