"""`polyroute serve` as a process: started by other programs, stopped by signals, shared by many clients."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.http_server import Client
from tests.support.raw_sockets import connected, received
from tests.support.serving import MOST_TO_END, Endless, resident, started, within
from tests.support.shell import POLYROUTE, Shell

SECONDS_OF_LOAD = float(os.environ.get("POLYROUTE_TEST_LOAD_SECONDS", "4"))
"""Duration of the load test in seconds; 20 for a thorough run."""
DEXTO = {"DEXTO_API_KEY": "dexto-secret"}
TOKEN = "token-canary-0123456789"
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - refused without a token


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell in a temporary home directory."""
    return Shell(tmp_path)


def test_the_line_for_the_program_that_starts_it(shell: Shell) -> None:
    """--ready-json prints one line with the address; nothing else is written to stdout or stderr."""
    with started(shell) as server:
        assert server.client.json("/health") == {"ok": True}
        assert server.ready.keys() >= {"url", "pid", "version"}
        assert server.ready["pid"] == server.process.pid
        server.end()
        assert server.process.stdout is not None
        assert server.process.stderr is not None
        assert (server.process.stdout.read(), server.process.stderr.read()) == ("", "")


def test_an_idle_server_prepares_the_list_of_models(shell: Shell, tmp_path: Path) -> None:
    """Which listings are one model is worked out before anybody asks for the list of models."""
    cache = tmp_path / "alone" / "cache"
    with started(shell, POLYROUTE_HOME=str(cache.parent)):
        assert within(60, lambda: any(cache.glob("models-*.json")))


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it(shell: Shell, number: int, status: int) -> None:
    """SIGTERM (exit status 0) and Ctrl+C (130) stop the server despite open streams and idle connections."""
    with (
        started(shell) as server,
        socket.create_connection(("127.0.0.1", int(server.ready["url"].rpartition(":")[2]))) as idle,
    ):
        idle.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"event: hello" in read_until(idle, b"event: hello")
        server.process.send_signal(number)
        assert server.process.wait(10) == status  # two seconds suffice unless the machine is busy


def test_a_signal_ends_it_within_two_seconds(shell: Shell) -> None:
    """With streams of events and of an endpoint, half a head and half a body open, SIGTERM ends it in two seconds."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as endpoint, contextlib.ExitStack() as stack:
        endpoint.daemon_threads = True
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        stack.callback(endpoint.shutdown)
        url = f"http://127.0.0.1:{endpoint.server_port}/v1"
        added = shell.run("custom", "add", "openai-compatible/m", "--base-url", url)
        assert added.returncode == 0, added.stderr
        server = stack.enter_context(started(shell, "--pass-through", POLYROUTE_TOKEN=TOKEN))
        common = f"Host: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
        body = '{"model": "openai-compatible/m", "messages": []}'
        requests = [
            (f"POST /v1/chat/completions HTTP/1.1\r\n{common}Content-Length: {len(body)}\r\n\r\n{body}", b": more"),
            (f"GET /api/events HTTP/1.1\r\n{common}\r\n", b"event: hello"),
            (f"POST /api/llm/switch HTTP/1.1\r\n{common}Content-Length: 9\r\n\r\n", b""),
            ("GET / HTTP/1.1\r\nHost:", b""),
        ]
        for text, reply in requests:
            connection = stack.enter_context(connected(server.ready["url"]))
            connection.sendall(text.encode())
            assert reply in received(connection, reply) if reply else True
        assert server.client.get("/health").status == 200
        before = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
        assert time.monotonic() - before < MOST_TO_END


def test_a_request_is_finished(shell: Shell) -> None:
    """A request whose body is still arriving when the signal comes is answered."""
    with started(shell, **DEXTO) as server:
        address = ("127.0.0.1", int(server.ready["url"].rpartition(":")[2]))
        body = b'{"provider":"openrouter","name":"a/b"}'
        with socket.create_connection(address) as connection:
            head = "POST /api/llm/custom-models HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            head += f"Content-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body[:5])
            assert within(10, lambda: server.client.json("/api/llm/custom-models") == {"models": []})
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            connection.sendall(body[5:])
            assert read_until(connection, b"}").startswith(b"HTTP/1.1 200 ")
        server.process.wait(30)
    assert "a/b" in (shell.home / ".dexto/models/custom-models.json").read_text()


def test_a_request_that_takes_too_long_is_told(shell: Shell) -> None:
    """A request that is unfinished when the server stops waiting gets an error of the usual shape."""
    with started(shell) as server:
        address = ("127.0.0.1", int(server.ready["url"].rpartition(":")[2]))
        with socket.create_connection(address) as connection:
            head = "POST /api/llm/key HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            connection.sendall(f"{head}Content-Length: 50\r\n\r\n".encode())
            assert within(10, lambda: server.client.json("/health") == {"ok": True})
            server.process.send_signal(signal.SIGTERM)
            answer = read_until(connection, b"}")
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b'"code":"ending"' in answer
        assert server.process.wait(10) == 0


def read_until(connection: socket.socket, end: bytes) -> bytes:
    connection.settimeout(30)
    found = b""
    while end not in found and (part := connection.recv(65_536)):
        found += part
    return found


def test_a_port_in_use(shell: Shell) -> None:
    """A port in use is reported, with what to do, and exit status 3."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = shell.run("serve", "--port", port)
    assert done.returncode == 3
    assert f"port {port}" in done.stderr
    assert "--port 0" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", ANY_ADDRESS], "secrets.token_urlsafe()"),
        (["--host", "::"], "token"),
        (["--host", ANY_ADDRESS, "--token", "nineteen-characters"], "20 characters or more"),
        (["--host", ANY_ADDRESS, "--token", "a token with spaces in it"], "visible ASCII"),
        (["--trusted-proxy", "127.0.0.1"], "behind a proxy"),
        (["--trusted-proxy", "10.0.0.0/8", "--token", "short"], "20 characters or more"),
        (["--trusted-proxy", "proxy.example", "--token", TOKEN], "proxy.example"),
        (["--store", "postgresql:///x"], "--identity-header NAME"),
        (["--store", "postgresql:///x", "--identity-header", "x-user"], "--trusted-proxy ADDRESS"),
        (["--store", "postgresql:///x", "--identity-header", "x-user", "--trusted-proxy", "::1"], "--store-key-file"),
        (["--identity-header", "x-user", "--trusted-proxy", "::1"], "--store"),
        (["--identity-header", "x user"], "x user"),
        (["--store-key-file", "keys"], "--store"),
        (["--port", "70000"], "70000"),
        (["--ui-dir", "/nonexistent"], "index.html"),
    ],
)
def test_what_it_refuses(shell: Shell, options: list[str], said: str) -> None:
    """Being reached from other machines without a token or with a short one, and invalid options, end with status 2."""
    done = shell.run("serve", *options)
    assert done.returncode == 2
    assert said in done.stderr


def test_for_other_machines_with_a_token(shell: Shell) -> None:
    """With a token in the environment, the server listens on all addresses and requires the token."""
    with started(shell, "--host", ANY_ADDRESS, "--trusted-proxy", "127.0.0.1", POLYROUTE_TOKEN=TOKEN) as server:
        client = Client(server.ready["url"].replace(ANY_ADDRESS, "127.0.0.1"))
        assert client.get("/api/plugins").status == 401
        assert client.get("/api/plugins", authorization=f"Bearer {TOKEN}").status == 200
        assert TOKEN not in json.dumps(server.ready)
        wrong = {"authorization": "Bearer wrong", "x_forwarded_for": "192.0.2.1"}
        assert [client.get("/api/plugins", **wrong).status for _ in range(6)] == [401] * 5 + [429]
        assert {client.get("/api/plugins", authorization="Bearer wrong").status for _ in range(8)} == {401}


BROWSER = """#!/bin/sh
echo "$@" > "$HOME/arguments"
path="${1#file://}"
cp -p "$path" "$HOME/page"
"""


def test_a_browser_is_not_told_the_token(shell: Shell) -> None:
    """--open gives a browser the address of a private file that leads to the page, and removes it at the end."""
    browser = shell.home / "browser"
    browser.write_text(BROWSER)
    browser.chmod(0o755)
    state = shell.ours / "state"
    state.mkdir()
    stray = state / "open-old.html"
    stray.write_text(TOKEN)
    os.utime(stray, (0, 0))
    with started(shell, "--open", BROWSER=f"{browser} %s", POLYROUTE_TOKEN=TOKEN) as server:
        page = shell.home / "page"
        assert within(30, lambda: page.exists() and "</a>" in page.read_text())
        assert TOKEN not in (shell.home / "arguments").read_text()
        assert f'url={server.ready["url"]}/#token={TOKEN}"' in page.read_text()
        assert page.stat().st_mode & 0o777 == 0o600
        assert not stray.exists()
        assert server.end() == 0
    assert list(state.glob("open-*")) == []
    with started(shell, "--open", BROWSER=f"{browser} %s") as server:
        url = server.ready["url"]
        assert within(30, lambda: (shell.home / "arguments").read_text() == f"{url}\n")


def test_it_ends_with_its_parent(shell: Shell) -> None:
    """With --exit-with-parent, the server stops when the program that started it is killed."""
    command = [POLYROUTE, "serve", "--port", "0", "--ready-json", "--exit-with-parent"]
    source = f"import subprocess, time; subprocess.Popen({command!r}); time.sleep(600)"
    with subprocess.Popen(
        [sys.executable, "-c", source],
        env=shell.variables | {"POLYROUTE_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        ready = json.loads(parent.stdout.readline())
        parent.kill()
        parent.wait()
        assert within(20, lambda: not is_alive(ready["pid"]))


def is_alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_others_changes_are_seen(shell: Shell) -> None:
    """Changes by the command, another server or an editor are in the next response, without a restart."""
    with started(shell) as one, started(shell) as other:
        assert one.client.json("/api/llm/preferences")["prefer"] is None
        shell.run("prefer", "direct")
        assert one.client.json("/api/llm/preferences")["prefer"] == "direct"
        assert other.client.post("/api/llm/custom-models", {"provider": "openrouter", "name": "a/b"}).status == 200
        time.sleep(0.02)  # files are checked again after 10 ms
        assert [model["name"] for model in one.client.json("/api/llm/custom-models")["models"]] == ["a/b"]
        path = shell.home / ".dexto" / ".env"
        path.write_text("MISTRAL_API_KEY=from-an-editor\n")
        time.sleep(0.02)
        assert one.client.json("/api/llm/catalog?provider=mistral")["providers"]["mistral"]["hasDirectKey"]
        path.unlink()
        time.sleep(0.02)
        assert not one.client.json("/api/llm/catalog?provider=mistral")["providers"]["mistral"]["hasDirectKey"]


def test_a_restart_keeps_everything(shell: Shell) -> None:
    """Custom models, favourites and the current model survive a restart."""
    model = {"provider": "openrouter", "model": "z-ai/glm-4.5-air:free"}
    with started(shell, **DEXTO) as server:
        client = server.client
        assert client.post("/api/llm/custom-models", {"provider": "openrouter", "name": model["model"]}).status == 200
        assert client.post("/api/llm/model-picker-state/favorites/toggle", model).json["isFavorite"]
        assert client.post("/api/llm/switch", model).status == 200
        before = state(client)
        server.end()
    with started(shell, **DEXTO) as server:
        assert state(server.client) == before
        assert before[0]["config"]["model"] == model["model"]


def state(client: Client) -> tuple[Any, ...]:
    paths = ("current", "custom-models", "model-picker-state")
    return tuple(client.json(f"/api/llm/{path}") for path in paths)


def test_many_writers_and_readers(shell: Shell) -> None:
    """With 8 writers and 32 readers, no request fails, no write is lost, and every response is consistent."""
    with started(shell, **DEXTO) as server:
        end = time.monotonic() + SECONDS_OF_LOAD
        written: dict[int, int] = {}
        faults: list[str] = []

        def write(writer: int) -> None:
            count = 0
            while time.monotonic() < end:
                count += 1
                name = f"maker/model-{writer}-{count}"
                answer = server.client.post("/api/llm/custom-models", {"provider": "openrouter", "name": name})
                if answer.status != 200:
                    faults.append(f"write {answer.status} {answer.body!r}")
            written[writer] = count

        def read() -> None:
            known: dict[int, int] = {}
            while time.monotonic() < end:
                answer = server.client.get("/api/llm/custom-models")
                if answer.status != 200:
                    faults.append(f"read {answer.status} {answer.body!r}")
                    continue
                seen = counted(answer.json["models"])
                if any(seen.get(writer, 0) < count for writer, count in known.items()):
                    faults.append("a reader went back in time")
                known = seen

        jobs = [
            *(threading.Thread(target=write, args=(each,)) for each in range(8)),
            *(threading.Thread(target=read) for _ in range(32)),
        ]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
        assert faults == []
        assert counted(server.client.json("/api/llm/custom-models")["models"]) == written


def counted(models: list[dict[str, Any]]) -> dict[int, int]:
    """Return the number of models per writer; assert that each writer's models are complete."""
    numbers: dict[int, list[int]] = {}
    for model in models:
        _, writer, number = model["name"].rsplit("-", 2)
        numbers.setdefault(int(writer), []).append(int(number))
    assert all(sorted(each) == list(range(1, len(each) + 1)) for each in numbers.values())
    return {writer: len(each) for writer, each in numbers.items()}


REQUESTS = 3_000
MOST_GROWTH = 6 << 20
"""In bytes. Without garbage collection each refused request leaves some 14,000 bytes, 20 MB in total."""


@pytest.mark.skipif(sys.platform != "linux", reason="its memory is read from /proc")
def test_memory_stays_as_it_is(shell: Shell) -> None:
    """Thousands of refused and accepted requests do not increase the memory in use."""
    refused = ("POST", "/v1/chat/completions", b'{"model": "nobody/x"}')
    accepted = ("GET", "/api/llm/custom-models", b"")
    with started(shell, "--pass-through", "--token", "t") as server:
        address = urlsplit(server.ready["url"])
        connection = http.client.HTTPConnection(address.netloc, timeout=30)

        def ask(times: int) -> None:
            for count in range(times):
                method, path, body = (refused, accepted)[count % 2]
                connection.request(method, path, body, {"authorization": "Bearer t"})
                with connection.getresponse() as answer:
                    assert answer.status == (400, 200)[count % 2]
                    answer.read()

        ask(500)
        before = resident(server)
        ask(REQUESTS)
        connection.close()
        assert resident(server) - before < MOST_GROWTH


def test_a_single_user_needs_nothing_of_a_team(shell: Shell) -> None:
    """Without a store, a server imports nothing that only a team needs."""
    command = [sys.executable, "-X", "importtime", POLYROUTE, "serve", "--port", "0", "--ready-json"]
    with subprocess.Popen(
        command, env={**shell.variables, "POLYROUTE_OFFLINE": "1"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        imported = process.communicate(timeout=60)[1]
    assert b"polyroute.server.app" in imported
    for name in (b"psycopg", b"cryptography", b"polyroute.postgres", b"polyroute.server.team", b"server.identity"):
        assert name not in imported
