"""`python -m polyroute`."""

from polyroute.cli import script

raise SystemExit(script())
