"""Text as it may reach a terminal: see `polyroute.plain`."""

from polyroute.plain import clean

__all__ = ["clean"]
