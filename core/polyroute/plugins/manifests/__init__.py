"""Plugins that are data: manifests found, read, and made into plugin objects."""
