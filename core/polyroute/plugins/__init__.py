"""Plugins: finding, loading and asking them, and what they declare."""
