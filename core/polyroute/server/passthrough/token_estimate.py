"""Estimate how many tokens a request has, for endpoints that don't count them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from polyroute.integrations.api_methods import GENERATE

_BYTES_PER_TOKEN = 3.5
"""Of English text and code, tokenizers make one token of 3.5 to 4.5 bytes."""
_TOKENS_PER_MEDIUM = 1_600
"""For an image of the largest size that is not scaled down. Documents may have more, or less."""
_TOKENS_PER_PART = 4
_ENCODED = ("data", "image_url", "file_data")
"""Fields whose long texts are encoded media."""
_LONG = 1_000


def estimate(body: bytes) -> int:
    """Return about how many tokens a request has, rather too many than too few. Raises ValueError if it is not JSON."""
    return max(1, round(sum(_tokens(json.loads(body)))))


def document(protocol: str, tokens: int) -> dict[str, int]:
    """Return the response of the API `protocol`."""
    return {"totalTokens": tokens} if protocol == GENERATE else {"input_tokens": tokens}


def _tokens(value: Any, name: str = "") -> Iterator[float]:
    if isinstance(value, dict):
        yield _TOKENS_PER_PART
        for key, each in value.items():
            yield len(key) / _BYTES_PER_TOKEN
            yield from _tokens(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from _tokens(each, name)
    elif isinstance(value, str):
        is_medium = name in _ENCODED and len(value) > _LONG
        yield _TOKENS_PER_MEDIUM if is_medium else len(value.encode(errors="replace")) / _BYTES_PER_TOKEN
    else:
        yield 1
