"""The request path of each wire protocol, relative to a route's base URL."""

from __future__ import annotations

from urllib.parse import quote

_PATHS = {
    "openai-chat": "/chat/completions",
    "openai-responses": "/responses",
    "anthropic-messages": "/messages",
    "google-generate-content": "/models/{model}:{method}",
    "bedrock-converse": "/model/{model}/{converse}",
}
PROTOCOLS = (*_PATHS, "vertex-generate-content", "vertex-anthropic", "gitlab-duo", "sap-ai-core")
"""All wire protocols; those without a path here are spoken by client libraries of their own."""
MODEL_IN_BODY = ("openai-chat", "openai-responses", "anthropic-messages")
"""Protocols whose requests name the model in their body, under `model`."""
HTTP = (*MODEL_IN_BODY, "google-generate-content")
"""Protocols that need no more than a header with a key: plain HTTP can speak them."""


def request_path(protocol: str, model_id: str, *, stream: bool = False) -> str:
    """Return the path to append to the base URL. Raises KeyError for a protocol without a known path."""
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    converse = "converse-stream" if stream else "converse"
    path = _PATHS[protocol]
    return path.format(model=quote(model_id, safe=":"), method=method, converse=converse) if "{" in path else path
