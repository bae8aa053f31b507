"""Validate the configurations of hosts."""
