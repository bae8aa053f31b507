"""The CA certificates that variables of the process name."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from polyroute.errors import Unavailable

if TYPE_CHECKING:
    import ssl

_INSTEAD = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables of OpenSSL: these certificates are used instead of the system's."""
_IN_ADDITION = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables of other HTTP libraries, set where a company's proxy has certificates of its own: used in addition."""
_HASHED = r"[0-9a-fA-F]{8}\.\d+"
"""Matches the file names that OpenSSL looks up in a folder."""


def context() -> ssl.SSLContext | None:
    """Return a context with the certificates that variables name; None if there are no such variables.

    Raises Unavailable, naming the variable, if its file or folder does not exist or contains no certificate: OpenSSL
    does not report which.
    """
    import ssl

    instead = {name: path for name in _INSTEAD if (path := os.environ.get(name))}
    added = {name: path for name in _IN_ADDITION if (path := os.environ.get(name))}
    if not (instead or added):
        return None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if instead else _of_the_system()
    for name, path in (instead | added).items():
        _load(made, name, path)
    return made


def _of_the_system() -> ssl.SSLContext:
    try:
        from httpx2 import create_ssl_context
    except ImportError:
        from ssl import create_default_context

        return create_default_context()
    return create_ssl_context(trust_env=False)


def _load(context: ssl.SSLContext, name: str, path: str) -> None:
    import ssl

    folders = path.split(os.pathsep) if name == "SSL_CERT_DIR" else [path]
    used = [folder for folder in folders if os.path.isdir(folder) and _has_certificates(folder)]
    try:
        for folder in used:
            context.load_verify_locations(capath=folder)
        if not used:
            context.load_verify_locations(cafile=None if name == "SSL_CERT_DIR" else path)
    except (OSError, ssl.SSLError, TypeError, ValueError):
        message = f"{name} is set to {path}, where no CA certificates exist."
        raise Unavailable(message, "Correct the variable, or unset it.") from None


def _has_certificates(folder: str) -> bool:
    try:
        return any(re.fullmatch(_HASHED, name) for name in os.listdir(folder))
    except OSError:
        return False
