"""Headers and query parameters in which clients send secrets of their own, or name their own account.

Clients of many kinds send requests to the pass-through, each with what it is configured to send to some endpoint. None
of it is meant for the endpoint of a route, which gets the route's own key.
"""

from __future__ import annotations

import re

HEADERS = frozenset(
    {
        # What the libraries for these APIs send as their key.
        "authorization", "x-api-key", "api-key", "x-goog-api-key", "xi-api-key", "x-functions-key",
        # Log-ins of browsers, and of proxies between clients and servers. All that begin with `proxy-` are, too.
        "cookie", "cookie2", "cf-access-client-id", "cf-access-client-secret", "x-serverless-authorization",
        # Keys for gateways that count or store requests: the client has them for another base URL than the route's.
        "helicone-auth", "cf-aig-authorization",
        # Accounts of the client's own key. Endpoints refuse them together with the key of another account.
        "openai-organization", "openai-project", "chatgpt-account-id", "x-goog-user-project",
    }
)  # fmt: skip
"""The names of headers, in lower case."""

PREFIXES = (
    "proxy-",  # for the next proxy only
    "x-amz-",  # parts of a signature by a cloud identity, among them its session token
    "x-portkey-",  # the key, the virtual key and a configuration that may hold further keys
    "x-goog-iam-",
    "x-ms-token-",  # log-ins that a cloud's authenticating proxy adds
    "cf-access-",
    "x-amzn-oidc-",
    "x-goog-iap-",
    "x-auth-request-",
)
"""What the names of further headers begin with."""

_WORDS = (
    r"(?:api|access|secret|subscription|virtual|private|master|account|auth)[-_]?key"
    r"|(?:auth|access|id|refresh|session|security|bearer|csrf|xsrf|api)[-_]?token|token|secret|client[-_]?secret"
    r"|authorization|auth|password|passwd|credentials?|jwt|assertion|signature"
)
"""Words that say that a value is secret. A bare `key` is none: `Idempotency-Key` is for the endpoint."""
_NAME = rf"(?:.*[-_.])?(?:{_WORDS})"
_IN_QUERIES = r"key|sig|code"
"""Further names of keys in queries, as some cloud services have them."""


def is_secret_header(name: str) -> bool:
    """Return whether a header, with its name in lower case, is known to hold a secret or the client's own account."""
    return name in HEADERS or name.startswith(PREFIXES) or re.fullmatch(_NAME, name) is not None


def is_secret_parameter(name: str) -> bool:
    """Return whether a query parameter is known to hold a secret."""
    return re.fullmatch(rf"{_NAME}|{_IN_QUERIES}", name.lower()) is not None
