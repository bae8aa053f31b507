"""Clients that send what no client library sends, byte by byte."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit


def connected(url: str) -> socket.socket:
    """Return a new connection to the server at `url`."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)


def received(connection: socket.socket, end: bytes = b"") -> bytes:
    """Return what arrives until `end` has arrived, or until the server closes the connection."""
    found = b""
    try:
        while not (end and end in found) and (part := connection.recv(65_536)):
            found += part
    except ConnectionResetError:
        return found
    return found


def status_of(answer: bytes) -> int:
    """Return the status of a response; 0 if there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0
