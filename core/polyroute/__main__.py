"""Run the command line with `python -m polyroute`."""

from polyroute.cli.main import script

script()
