"""The pages under `/`: Polyroute's own page, or a built single-page application."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from polyroute.server.cached_response import CachedResponse

OWN_PAGE = os.path.join(os.path.dirname(__file__), "page")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}
_SECURITY_HEADERS = {
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_UNCACHED = {"x-content-type-options": "nosniff", "cache-control": "no-cache"}
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
_APPLICATION_POLICY = "object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
"""Other applications may use their own scripts and styles, including inline ones."""
_FIRST_REQUESTS = ("models", "current")
"""The page's first requests. The browser sends them early if a `link` header of the page lists them."""
_FOR_READERS = re.compile(rb"^[ \t]*(?:(?://.*|/\*.*\*/)$)?", re.MULTILINE)
"""The indentation of a line of a script or style, or a line that is only a comment. No text depends on them."""
_PRELOAD = {"link": ", ".join(f"<api/llm/{path}>; rel=preload; as=fetch; crossorigin" for path in _FIRST_REQUESTS)}


class OwnPage:
    """The files of Polyroute's own page, read and compressed once."""

    def __init__(self, *, token: bool) -> None:
        """Prepare the files. With a `token`, nothing is preloaded, since the browser would not send the token."""
        self._files = {name: _prepared(name, {}) for name in _names()}
        if not token:
            self._files["index.html"] = _prepared("index.html", _PRELOAD)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file. Raises HTTPException if there is no such file."""
        name = path_within(scope).removeprefix("/") or "index.html"
        if name not in self._files:
            raise HTTPException(404)
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        await self._files[name](scope, receive, send)


def _names() -> Iterator[str]:
    """Yield the paths of all files of the page, relative to its folder."""
    for folder, _, names in os.walk(OWN_PAGE):
        yield from (os.path.relpath(os.path.join(folder, name), OWN_PAGE).replace(os.sep, "/") for name in names)


def path_within(scope: Scope) -> str:
    """Return the path relative to this application, which may be mounted in another."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _prepared(name: str, more: dict[str, str]) -> CachedResponse:
    headers = {
        "content-type": _TYPES[os.path.splitext(name)[1]],
        **_SECURITY_HEADERS,
        "content-security-policy": _PAGE_POLICY,
        **more,
    }
    return CachedResponse(_content(name), tuple((key.encode(), value.encode()) for key, value in headers.items()))


def _content(name: str) -> bytes:
    """Return what is sent of a file: no comments or indentation. Lines keep their numbers for a browser's messages."""
    with open(os.path.join(OWN_PAGE, name), "rb") as file:
        data = file.read()
    return _FOR_READERS.sub(b"", data) if name.endswith((".js", ".css")) else data


_PUBLIC = ".well-known"
"""The only hidden folder that is meant to be served (RFC 8615)."""


class Application(StaticFiles):
    """A built single-page application: its files, and `index.html` for its client-side paths.

    Hidden files and folders, such as `.env` and `.git`, are not served, and neither is anything that a link outside of
    the folder leads to.
    """

    def __init__(self, folder: str) -> None:
        super().__init__(directory=folder, html=True)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Return the path of a file, with all links resolved, and its status; None if there is none or it is hidden."""
        found, status = super().lookup_path(path)
        root = os.path.realpath(str(self.directory))
        is_hidden = status is not None and _is_hidden(os.path.relpath(os.path.realpath(found), root))
        return ("", None) if is_hidden else (found, status)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or `index.html` for a client-side path."""
        if _is_hidden(path):
            raise HTTPException(404)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            is_file = "." in os.path.basename(path) and "text/html" not in Headers(scope=scope).get("accept", "")
            if error.status_code != 404 or is_file:
                raise
            response = await super().get_response("index.html", scope)
        response.headers.update({**_SECURITY_HEADERS, **_UNCACHED, "content-security-policy": _APPLICATION_POLICY})
        return response


def _is_hidden(path: str) -> bool:
    """Return whether a relative path leads through a hidden file or folder."""
    names = path.replace(os.sep, "/").split("/")
    return any(name.startswith(".") and name not in (".", _PUBLIC) for name in names)
