"""Server-sent events: a `changed` event tells clients to fetch again."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.support.catalogs import MakeEnvironment
from tests.support.http_server import Client, Serve


class Stream:
    """An open stream of events."""

    def __init__(self, client: Client) -> None:
        host, port = client.address.split(":")
        self.connection = socket.create_connection((host, int(port)), timeout=30)
        self.connection.sendall(f"GET /api/events HTTP/1.1\r\nHost: {client.address}\r\n\r\n".encode())
        self.heard = b""

    def until(self, text: bytes) -> bytes:
        """Read until `text` has arrived, and return everything that was read."""
        while text not in self.heard:
            part = self.connection.recv(65_536)
            assert part, self.heard
            self.heard += part
        heard, self.heard = self.heard, b""
        return heard


def test_a_write_is_told(serve: Serve) -> None:
    """A write through the server causes an event at once, and the next response contains the change."""
    client = serve()
    stream = Stream(client)
    assert b"content-type: text/event-stream" in stream.until(b"event: hello")
    client.post("/api/llm/custom-models", {"provider": "openrouter", "name": "a/b"})
    stream.until(b"event: changed")
    assert client.json("/api/llm/custom-models")["models"][0]["name"] == "a/b"
    stream.connection.close()


def test_an_edit_is_told(serve: Serve, make_environment: MakeEnvironment, tmp_path: Path) -> None:
    """An edited file causes an event without any request."""
    client = serve.app(environment=make_environment({".dexto/.env": ""}))
    stream = Stream(client)
    stream.until(b"event: hello")
    assert not client.json("/api/llm/catalog?provider=mistral")["providers"]["mistral"]["hasDirectKey"]
    (tmp_path / ".dexto" / ".env").write_text("MISTRAL_API_KEY=x\n")
    stream.until(b"event: changed")
    assert client.json("/api/llm/catalog?provider=mistral")["providers"]["mistral"]["hasDirectKey"]
    stream.connection.close()


def test_a_token_is_asked_for(serve: Serve) -> None:
    """The event stream requires the token too."""
    assert Client(serve.app(token="t").url).get("/api/events").status == 401
