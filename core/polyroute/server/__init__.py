"""The HTTP API, as an ASGI application that runs on its own (`polyroute serve`) or inside a host application.

>>> from polyroute.server import create_app
>>> app = create_app()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyroute.errors import MissingExtra

try:
    import starlette  # noqa: F401 - to report the missing extra by name
except ImportError:
    raise MissingExtra("The HTTP API", "server") from None

from polyroute.choices.current_model import CurrentModels, Selection
from polyroute.server.app import App
from polyroute.server.creation import create_app

if TYPE_CHECKING:
    from polyroute.organisation.policy_file import PolicyFile
    from polyroute.server.metrics import Metrics
    from polyroute.server.passthrough.app import PassThrough

__all__ = ["App", "CurrentModels", "Metrics", "PassThrough", "PolicyFile", "Selection", "create_app"]


def __getattr__(name: str) -> object:
    if name == "PassThrough":
        from polyroute.server.passthrough.app import PassThrough  # its HTTP client is slow to import

        return PassThrough
    if name == "PolicyFile":
        from polyroute.organisation.policy_file import PolicyFile  # what reads the file is slow to import

        return PolicyFile
    if name == "Metrics":
        from polyroute.server.metrics import Metrics  # it needs an extra

        return Metrics
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
