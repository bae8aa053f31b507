"""Plugins that are data: found, parsed, kept, and made into hooks."""
