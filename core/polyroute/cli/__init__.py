"""The command `polyroute`."""
