"""uvicorn's HTTP protocol with bounds on what comes before a body, and with errors as JSON."""

from __future__ import annotations

import uuid

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from polyroute.server.faults import Fault
from polyroute.server.prepared import encode

MAX_HEAD_BYTES = 32_000
"""The request line and all headers. Browsers send two; cookies of other servers on this machine may come too."""

_TOO_LARGE = Fault("head_too_large", f"The headers are longer than {MAX_HEAD_BYTES} bytes.", scope="http", status=431)
_UNREADABLE = Fault("bad_request", "This is not an HTTP request that can be read.", scope="http")


class BoundedProtocol(HttpToolsProtocol):
    """Ends connections whose request's head is too long or is no HTTP."""

    _head = 0
    _unfinished = 0

    def data_received(self, data: bytes) -> None:
        """Bytes from the client. A header without end is not told to `on_header`, so they are counted here too."""
        super().data_received(data)
        if self._unfinished and not self.transport.is_closing():
            self._unfinished += len(data)
            if self._unfinished > MAX_HEAD_BYTES:
                self._end(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self._head, self._unfinished = 0, 1

    def on_url(self, url: bytes) -> None:
        """A piece of the request line."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._count(name + value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole; a body may be longer, and is counted by whoever reads it."""
        self._unfinished = 0
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Say that this is no request that could be read, and end the connection."""
        self._end(_TOO_LARGE if self._head > MAX_HEAD_BYTES else _UNREADABLE)

    def _count(self, part: bytes) -> None:
        self._head += len(part)
        if self._head > MAX_HEAD_BYTES:
            raise ValueError("too long")  # httptools makes its own error of it, and uvicorn calls send_400_response

    def _end(self, fault: Fault) -> None:
        body = encode(fault.told.document("", "", uuid.uuid4().hex))
        lines = [STATUS_LINE[fault.status], b"content-type: application/json\r\n"]
        lines += [b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body), body]
        self.transport.write(b"".join(lines))
        self.transport.close()
