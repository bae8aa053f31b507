"""Remove what is not meant for an endpoint from a request: the server's own token, and the client's secrets."""

from __future__ import annotations

import json
from functools import reduce
from urllib.parse import unquote_to_bytes

from polyroute._internal.redact import SHORTEST, without_secrets
from polyroute.integrations.secret_names import is_secret_header, is_secret_parameter

RawHeaders = list[tuple[bytes, bytes]]

_DECODINGS = 3
"""How many times a value may be percent-encoded, by clients and proxies that encode what is encoded already."""
_SCHEMES = (b"basic ", b"bearer ")
"""How the value of an `Authorization` header begins. Under any other name, it is a credential too."""


class OwnToken:
    """The token that the server's clients send."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        written = json.dumps(token)[1:-1]
        forms = [token, written, written.replace("/", "\\/")]  # as several JSON encoders write it
        forms.append(reduce(lambda text, each: text.replace(each, f"\\u{ord(each):04x}"), "<>&'", written))
        self._forms = [each.encode() for each in dict.fromkeys(forms)] if len(token) >= SHORTEST else []

    def __repr__(self) -> str:
        return "<OwnToken>"

    def cleaned_headers(self, headers: RawHeaders) -> RawHeaders:
        """Return the headers without those that hold the token, and without the client's own secrets."""
        return [each for each in headers if not self._is_secret(*each)]

    def cleaned_query(self, query: bytes) -> bytes:
        """Return a query without parameters that hold the token or a secret; all others stay as they are spelled."""
        return b"&".join(each for each in query.split(b"&") if not self._is_secret_parameter(each))

    def cleaned_body(self, body: bytes) -> bytes:
        """Return a JSON text in which the token is masked: a conversation may contain it, and has to go on."""
        return without_secrets(body, self._forms)

    def _is_secret(self, name: bytes, value: bytes) -> bool:
        is_known = is_secret_header(name.decode("latin-1")) or value.lower().startswith(_SCHEMES)
        return is_known or self._is_in(name) or self._is_in(value)

    def _is_secret_parameter(self, text: bytes) -> bool:
        name, _, value = text.partition(b"=")
        return is_secret_parameter(unquote_to_bytes(name).decode("latin-1")) or self._is_in(name) or self._is_in(value)

    def _is_in(self, value: bytes) -> bool:
        for _ in range(_DECODINGS):
            if value == self._token or any(each in value for each in self._forms):
                return True
            if b"%" not in value:
                return False
            value = unquote_to_bytes(value)
        return False
