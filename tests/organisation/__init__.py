"""Policies of organisations."""
