"""Fetching a packed plugin, within bounds of time and size, and from nowhere that the user has not named."""

from __future__ import annotations

import time
from typing import IO, Any
from urllib.parse import urlsplit

from polyroute.base_url import is_loopback
from polyroute.errors import Unavailable, UsageError

MOST_BYTES = 64 << 20
MOST_SECONDS = 60.0
_STALLED_SECONDS = 10.0
_CHUNK = 1 << 16


def is_address(source: str) -> bool:
    """Whether a source is an address, and no path."""
    return source.startswith(("https://", "http://"))


def fetch(url: str, path: str, *, insecure: bool) -> None:
    """Write what is at `url` to `path`. Only https, but for this machine where `insecure` allows it.

    Raises UsageError for another address, Unavailable where it can't be fetched within the bounds.
    """
    from http.client import HTTPException
    from urllib.request import HTTPRedirectHandler, build_opener

    class Careful(HTTPRedirectHandler):
        """Follows redirects, but to no address that could not have been given."""

        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
            _check(newurl, insecure=insecure)
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    _check(url, insecure=insecure)
    try:
        with build_opener(Careful()).open(url, timeout=_STALLED_SECONDS) as answer, open(path, "wb") as file:
            _copy(answer, file, url)
    except (OSError, HTTPException, ValueError) as error:
        raise Unavailable(f"{url} can't be fetched: {error}") from None


def _check(url: str, *, insecure: bool) -> None:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise UsageError("Give an address without user and password: keys never go in URLs.")
    if parts.scheme != "https" and not (insecure and parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise UsageError(f"{url} is not https. (http is taken from this machine alone, with --insecure.)")


def _copy(answer: IO[bytes], file: IO[bytes], url: str) -> None:
    deadline, left = time.monotonic() + MOST_SECONDS, MOST_BYTES
    while chunk := answer.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            raise Unavailable(f"{url} is larger than {MOST_BYTES >> 20} MiB.")
        if time.monotonic() > deadline:
            raise Unavailable(f"{url} has not come within {MOST_SECONDS:g} seconds.")
        file.write(chunk)
