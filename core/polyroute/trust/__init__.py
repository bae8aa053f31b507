"""Decide which plugins may be used, and copy plugins into the plugin folder."""
