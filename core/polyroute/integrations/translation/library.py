"""LiteLLM, told to read, fetch and report nothing."""

from __future__ import annotations

import importlib
import logging
import sys
from functools import cache
from typing import Any

from polyroute.integrations.translation import LIBRARY

LOOPBACK = "127.0.0.1"
_PROXY = "litellm.proxy.proxy_server"


@cache
def litellm() -> Any:
    """Return LiteLLM. Raises ImportError if it is not installed."""
    library: Any = importlib.import_module(LIBRARY)
    sys.modules[_PROXY] = None  # type: ignore[assignment]  # each request would try to import it, which takes 20 ms
    logging.getLogger("LiteLLM").handlers.clear()
    library.telemetry = False
    library.suppress_debug_info = True
    library.disable_hf_tokenizer_download = True
    library.disable_aiohttp_transport = True
    library.drop_params = True
    library.modify_params = True
    library.num_retries = 0
    library.use_chat_completions_url_for_anthropic_messages = True  # its other way requires the packages of its proxy
    library.success_callback = library.failure_callback = library.callbacks = []
    return library


_ABILITIES = ("function_calling", "native_streaming", "response_schema", "system_messages", "tool_choice", "vision")


def know_model(prefix: str, model_id: str, *, reasons: bool) -> None:
    """Let LiteLLM assume that a model that it does not know can do what is usual.

    Otherwise it would pretend to stream, and make a user's message of the system's.
    """
    library = litellm()
    name = prefix + model_id
    if name in library.model_cost or model_id in library.model_cost:
        return
    facts: dict[str, Any] = {f"supports_{each}": True for each in _ABILITIES}
    facts |= {"litellm_provider": prefix.rstrip("/"), "mode": "chat", "supports_reasoning": reasons}
    library.register_model({name: facts})


class NoConnection(ConnectionRefusedError):
    """An address that the translator may not connect to."""


def connect_only_to(port: int) -> None:
    """Refuse all connections of this process except to `port` on this machine, and look no name up."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and arguments[1] != (LOOPBACK, port):
            raise NoConnection("The translator connects to its own server only.")
        if event == "socket.getaddrinfo" and arguments[0] not in (LOOPBACK, None):
            raise NoConnection("The translator looks up no name.")

    sys.addaudithook(refuse)
