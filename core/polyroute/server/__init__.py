"""The HTTP API, as an ASGI application that runs by itself (`polyroute serve`) or inside a host's.

>>> from polyroute.server import create_app
>>> app = create_app()
"""

from __future__ import annotations

from polyroute.errors import MissingExtra

try:
    import starlette  # noqa: F401 - only to say in words what is missing
except ImportError:
    raise MissingExtra("The HTTP API", "server") from None

from polyroute.server.app import App, create_app
from polyroute.server.current import CurrentModels, Selection

__all__ = ["App", "CurrentModels", "Selection", "create_app"]
