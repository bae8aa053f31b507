"""The methods of the APIs that the pass-through accepts."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

CHAT, RESPONSES, MESSAGES, GENERATE = "openai-chat", "openai-responses", "anthropic-messages", "google-generate-content"
PROTOCOL_HEADERS = (b"anthropic-beta", b"anthropic-version")
"""The headers that belong to an API itself."""
PREFIX, GENERATE_PREFIX = "/v1", "/v1beta"
"""The paths under which the APIs are served: Google's SDKs use another one."""


class ApiMethod(NamedTuple):
    """One method of an API: what clients request here, and what is requested of an endpoint with the same API."""

    protocol: str
    path: str
    """The path below the prefix of the API here, and below the base URL of a route."""
    has_equivalents: bool = False
    """Whether other APIs have a method for the same purpose, so that requests can be translated."""
    streams: bool = False
    """Whether it always streams; otherwise `stream` in the body decides."""
    counts: bool = False
    """Whether it only counts tokens."""

    @property
    def prefix(self) -> str:
        """The prefix of its API here."""
        return GENERATE_PREFIX if self.protocol == GENERATE else PREFIX

    @property
    def names_model_in_path(self) -> bool:
        """Whether the path names the model, and not the body."""
        return "{model}" in self.path

    def path_for(self, model_id: str) -> str:
        """Return the path to append to the base URL of a route."""
        return self.path.replace("{model}", quote(model_id, safe=":")) if self.names_model_in_path else self.path


METHODS = (
    ApiMethod(CHAT, "/chat/completions", has_equivalents=True),
    ApiMethod(CHAT, "/completions"),
    ApiMethod(CHAT, "/embeddings"),
    ApiMethod(RESPONSES, "/responses", has_equivalents=True),
    ApiMethod(MESSAGES, "/messages", has_equivalents=True),
    ApiMethod(MESSAGES, "/messages/count_tokens", counts=True),
    ApiMethod(GENERATE, "/models/{model}:generateContent", has_equivalents=True),
    ApiMethod(GENERATE, "/models/{model}:streamGenerateContent", has_equivalents=True, streams=True),
    ApiMethod(GENERATE, "/models/{model}:countTokens", counts=True),
)
PROTOCOLS = (CHAT, RESPONSES, MESSAGES, GENERATE)
