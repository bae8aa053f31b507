"""The local pass-through: accepts requests in the form of known APIs and sends them along the model's route.

>>> from polyroute.server import PassThrough, create_app
>>> app = create_app(token="a secret", pass_through=PassThrough())
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from starlette.routing import Route as Path

from polyroute._internal.threads import Workers
from polyroute.errors import MissingExtra
from polyroute.fallback.plan import Policy
from polyroute.integrations.api_methods import METHODS, ApiMethod
from polyroute.server.passthrough.client_secrets import OwnToken
from polyroute.server.state import States

try:
    from polyroute.server.passthrough.forwarding import ForwardedMethod, Forwarding
    from polyroute.server.passthrough.model_lists import ModelListing
    from polyroute.server.passthrough.translation.process_translator import ProcessTranslator
    from polyroute.server.passthrough.upstream import Upstream
except ImportError:
    raise MissingExtra("The pass-through", "server") from None

if TYPE_CHECKING:
    from polyroute.server.passthrough.translator import Translator

SECONDS = 600.0
"""How long an endpoint may send nothing: models may think for minutes."""


class PassThrough:
    """Forwards requests of known APIs to the endpoint that the model's route leads to."""

    def __init__(
        self,
        policy: Policy = "never",
        *,
        seconds: float = SECONDS,
        translate: bool = True,
        start_early: Callable[[], bool] | None = None,
        shortcuts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Create a pass-through, to be given to `create_app`.

        `policy` determines whether a request is repeated along the next route when one fails: `never` or `auto`.
        `seconds` limits how long an endpoint may send nothing. With `translate`, routes that speak another API than
        the client are taken too, after all others; this needs the extra `translate`. `start_early` is called in a
        thread when the server starts: if it returns True, the process that translates is started then, and not by the
        first request that needs it. `shortcuts` are names for models, in addition to those in the user's preferences.
        """
        self._policy: Policy = policy
        self._shortcuts = shortcuts
        self._upstream = Upstream(seconds)
        self._translator: Translator | None = ProcessTranslator(start_early=start_early) if translate else None

    def routes(self, holders: States, lane: Workers, token: str) -> list[Path]:
        """Return the HTTP routes. Blocking work runs in `lane`; `token` is the server's own, which no endpoint gets."""
        forwarding = Forwarding(
            self._policy,
            self._upstream,
            self._translator,
            holders,
            lane,
            OwnToken(token),
            self._shortcuts,
            WeakKeyDictionary(),
        )
        posts = [Path(_path(each), ForwardedMethod(each, forwarding), methods=["POST"]) for each in METHODS]
        lists = ModelListing(holders, lane, self._shortcuts, self._translator)
        return [*posts, *lists.routes()]

    def begin(self) -> None:
        """Start what should be ready before the first request. The event loop runs already."""
        if self._translator is not None:
            self._translator.begin()

    async def close(self) -> None:
        """Close the connections to endpoints."""
        await self._upstream.close()
        if self._translator is not None:
            await self._translator.close()


def _path(method: ApiMethod) -> str:
    return method.prefix + method.path.replace("{model}", "{model:rest}")
