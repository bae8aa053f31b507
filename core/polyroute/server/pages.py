"""The pages under `/`: our own, or a built single-page application."""

from __future__ import annotations

import os

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

OWN_PAGE = os.path.join(os.path.dirname(__file__), "page")
_SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
}
_OWN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_FOREIGN_POLICY = "object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
"""Another application brings its own scripts and styles, inline ones too."""


class Pages(StaticFiles):
    """Files of a folder; of an application's own paths, its first page."""

    def __init__(self, folder: str) -> None:
        super().__init__(directory=folder or OWN_PAGE, html=True)
        self._is_foreign = bool(folder)
        self._headers = {**_SAFE, "content-security-policy": _FOREIGN_POLICY if folder else _OWN_POLICY}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or the first page where an application has a path of its own."""
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or not self._is_foreign or "." in os.path.basename(path):
                raise
            response = await super().get_response("index.html", scope)
        response.headers.update(self._headers)
        return response
