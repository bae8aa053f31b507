"""Behind a balancer: whether to send requests to a server, and how a server leaves without an error."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from polyroute import Plugins
from polyroute.server import create_app
from tests.support.catalogs import MakeEnvironment
from tests.support.http_server import Serve, running
from tests.support.raw_sockets import connected, received
from tests.support.serving import Server, started, within
from tests.support.shell import Shell

TOKEN = "token-canary-0123456789"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell in a temporary home directory."""
    return Shell(tmp_path)


def test_ready_once_the_state_is_loaded(serve: Serve) -> None:
    """The first `GET /ready` starts to load the state and is refused; once it is loaded, it is accepted."""
    client = serve.app(token=TOKEN)
    refused = client.get("/ready", authorization="")
    assert (refused.status, refused.json["code"]) == (503, "loading")
    assert within(30, lambda: client.get("/ready", authorization="").status == 200)
    assert client.json("/ready") == {"ok": True}
    assert client.send("POST", "/ready").status == 405


def test_ready_after_any_request(serve: Serve) -> None:
    """A server that has answered a request is ready."""
    client = serve()
    client.json("/api/llm/current")
    assert client.get("/ready").status == 200


def test_ready_for_many_users(plugins: Plugins, make_environment: MakeEnvironment) -> None:
    """A server whose users each have an environment of their own is ready once what they share is prepared."""
    environment = make_environment()
    with running(create_app(plugins=plugins, environment=lambda _: environment)) as client:
        assert client.get("/ready").status == 503
        assert within(30, lambda: client.get("/ready").status == 200)


def test_a_balancer_names_no_host(serve: Serve) -> None:
    """Probes by HTTP/1.0 have no `Host`; requests to the API need one."""
    client = serve()
    client.json("/api/llm/current")
    for path, status in ("/ready", b"200"), ("/health", b"200"), ("/api/llm/current", b"403"):
        with connected(client.url) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            assert received(connection, b"}").startswith(b"HTTP/1.1 " + status)


def test_draining(shell: Shell) -> None:
    """With --drain, SIGTERM makes /ready refuse at once; requests are answered for that long, then it ends with 0."""
    with started(shell, "--drain", "1") as server:
        before = time.monotonic()
        drain(server)
        answer = server.client.get("/api/llm/current")
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert server.process.wait(30) == 0
        assert time.monotonic() - before >= 1


class Held(BaseHTTPRequestHandler):
    """An endpoint that ends its response when it is told to."""

    end = threading.Event()

    def do_POST(self) -> None:
        """Stream a first event, and the last one later."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b": first\n\n")
        self.end.wait(60)
        self.wfile.write(b": last\n\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Log nothing."""


def test_streams_are_finished(shell: Shell) -> None:
    """A response of a model that is still being streamed when the server has drained reaches its end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Held) as endpoint, contextlib.ExitStack() as stack:
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        stack.callback(endpoint.shutdown)
        stack.callback(Held.end.set)
        url = f"http://127.0.0.1:{endpoint.server_port}/v1"
        added = shell.run("custom", "add", "openai-compatible/m", "--base-url", url)
        assert added.returncode == 0, added.stderr
        server = stack.enter_context(started(shell, "--pass-through", "--drain", "1", POLYROUTE_TOKEN=TOKEN))
        connection = stack.enter_context(connected(server.ready["url"]))
        body = '{"model": "openai-compatible/m", "messages": []}'
        head = f"Host: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        connection.sendall(f"POST /v1/chat/completions HTTP/1.1\r\n{head}{body}".encode())
        assert b": first" in received(connection, b": first")
        server.process.send_signal(signal.SIGTERM)
        assert within(30, lambda: not listens(server))
        time.sleep(1.5)  # longer than a server that does not drain would wait
        Held.end.set()
        assert b": last" in received(connection, b": last")
        assert server.process.wait(30) == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_second_signal_ends_it_at_once(shell: Shell, number: int, status: int) -> None:
    """While a server drains, with a request half received, another signal ends it without waiting."""
    with started(shell, "--drain", "600") as server, connected(server.ready["url"]) as connection:
        head = "POST /api/llm/switch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: 9\r\n\r\n".encode())
        drain(server)
        server.process.send_signal(number)
        assert server.process.wait(10) == status


def drain(server: Server) -> None:
    """Send SIGTERM, and wait until the server says so."""
    server.process.send_signal(signal.SIGTERM)
    assert within(10, lambda: server.client.get("/ready").status == 503 and draining(server))


def draining(server: Server) -> bool:
    return bool(server.client.get("/ready").json["code"] == "draining")


def listens(server: Server) -> bool:
    try:
        connected(server.ready["url"]).close()
    except (TimeoutError, ConnectionRefusedError):
        return False
    return True


@pytest.mark.parametrize("seconds", ["-1", "1.5", "3601", "soon"])
def test_what_is_no_number_of_seconds(shell: Shell, seconds: str) -> None:
    """Seconds that are no whole number from 0 to an hour are refused."""
    done = shell.run("serve", f"--drain={seconds}")
    assert done.returncode == 2
    assert f"{seconds} is not a number of seconds up to 3600" in done.stderr
