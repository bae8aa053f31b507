"""The methods of the APIs that the pass-through accepts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from polyroute.named_tuples import NamedTuple

CHAT, RESPONSES, MESSAGES, GENERATE = "openai-chat", "openai-responses", "anthropic-messages", "google-generate-content"
PROTOCOL_HEADERS = (b"anthropic-beta", b"anthropic-version")
"""The headers that belong to an API itself."""
PREFIX, GENERATE_PREFIX = "/v1", "/v1beta"
"""The paths under which the APIs are served. Google's SDKs use either."""
TOKEN_HEADERS = (b"authorization", b"x-api-key", b"x-goog-api-key")
"""The headers in which the SDKs send their key, and so this server's token."""
_API_HEADERS = {b"anthropic-version": MESSAGES, b"x-goog-api-key": GENERATE, b"x-goog-api-client": GENERATE}
"""Headers that only the SDKs of one API send."""


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

_REPEATED = re.compile(r"(?:/v1(?:beta)?)+(?=/v1(?:beta)?/)")
_GENERATE_PATH = re.compile(r"(?:/v1)?(/models/.+:(?:generateContent|streamGenerateContent|countTokens))", re.DOTALL)
_BARE = frozenset(each.path for each in METHODS if not each.names_model_in_path)


def served_path(path: str) -> str:
    """Return the path that a client means which was given a base URL with a version too many, or without one."""
    if match := _REPEATED.match(path):
        path = path[match.end() :]
    if match := _GENERATE_PATH.fullmatch(path):
        return GENERATE_PREFIX + match[1]
    return PREFIX + path if path in _BARE else path


def api_of(path: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the protocol of the API that a request is for. Some paths, such as that of the models, are in several."""
    for prefix, protocol in ((GENERATE_PREFIX, GENERATE), (f"{PREFIX}/messages", MESSAGES)):
        if f"{path}/".startswith(f"{prefix}/"):
            return protocol
    return next((_API_HEADERS[name] for name, _ in headers if name in _API_HEADERS), CHAT)


def base_url_for(protocol: str, root: str) -> str:
    """Return the base URL for the SDK of an API, given the URL of this server: some SDKs add the version."""
    return root if protocol in (MESSAGES, GENERATE) else root + PREFIX
