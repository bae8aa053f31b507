"""`python -m polyroute`."""

from polyroute.cli import main

raise SystemExit(main())
