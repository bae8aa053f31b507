"""The trace that a request belongs to, as proxies and clients pass it on.

https://www.w3.org/TR/trace-context/#traceparent-header
"""

from __future__ import annotations

import re

from starlette.types import Scope

_TRACEPARENT = re.compile(rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


def trace_id(scope: Scope) -> str:
    """Return the ID of a request's trace; empty if there is no valid `traceparent`."""
    given = [value for name, value in scope["headers"] if name == b"traceparent"]
    found = _TRACEPARENT.fullmatch(given[0].strip()) if len(given) == 1 else None
    if found is None or (found[3] and found[1] == b"00"):  # version 00 has four parts
        return ""
    return found[2].decode()
