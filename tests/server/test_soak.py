"""A minute of everything at once, with faults: no 5xx but 503 with a reason, no lost update, flat memory.

Started by hand: `pytest -m soak tests/server/test_soak.py -n 0 -s`. It prints figures for benchmarks/README.md.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.support.raw_sockets import connected, received
from tests.support.serving import MOST_TO_END, Endless, Server, resident, started
from tests.support.shell import Shell

SECONDS = float(os.environ.get("POLYROUTE_TEST_SOAK_SECONDS", "60"))
TOKEN = "token-canary-0123456789"
WRITERS, READERS = 4, 6
MOST_GROWTH = 24 << 20
"""In bytes, between a third of the time and the end: allocators give back less than was freed."""
HANGING = """\
import os
import time
from polyroute import *

KEY = Slot("key", (Alternative("SOAK_KEY"),), secret=True)


@hookimpl
def polyroute_providers():
    return [Provider("soak", "Soak", "host", (Group((KEY,)),), os.environ["SOAK_URL"])]


@hookimpl
def polyroute_models(environment):
    while os.path.exists(os.path.join(environment.home, "hang")):
        time.sleep(0.05)
    return []


@hookimpl
def polyroute_verifications():
    return [Probe("soak", "/drip")]
"""
"""A plugin that hangs while a file exists."""
FULL = """\
import errno
import os
import tempfile

_make = tempfile.mkstemp


def mkstemp(*arguments, **options):
    if os.path.exists(os.path.join(os.environ["HOME"], "full")):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return _make(*arguments, **options)


tempfile.mkstemp = mkstemp
"""
"""What a full disk does to files that are written, while a file exists."""


class Load:
    """What the threads of the test have seen and done."""

    def __init__(self, url: str, home: Path) -> None:
        self.home, self.end = home, time.monotonic() + SECONDS
        self.statuses: Counter[int] = Counter()
        self.faults: list[str] = []
        self.written: set[str] = set()
        self._url, self._address = url, url.removeprefix("http://")

    @property
    def is_on(self) -> bool:
        """Whether the time is not over."""
        return time.monotonic() < self.end

    def note(self, status: int, body: bytes) -> int:
        """Count a response; report a 5xx that is not a 503 with a reason."""
        self.statuses[status] += 1
        if status >= 500 and not (status == 503 and json.loads(body)["message"]):
            self.faults.append(f"{status} {body!r}")
        return status

    def send(self, method: str, path: str, document: Any = None) -> int:
        """Send a request, and return the status of the response."""
        body = None if document is None else json.dumps(document)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(self._address, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return self.note(answer.status, answer.read())

    def drop(self, text: str, reply: bytes = b"", wait: float = 0.0) -> None:
        """Send a part of a request, read until `reply`, and go away."""
        common = f"Host: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
        with connected(self._url) as connection, contextlib.suppress(OSError):
            connection.sendall(text.replace("@", common).encode())
            if reply:
                received(connection, reply)
            time.sleep(wait)


def write(load: Load, writer: int) -> None:
    for count in itertools.count():
        if not load.is_on:
            return
        name = f"maker/model-{writer}-{count}"
        if load.send("POST", "/api/llm/custom-models", {"provider": "openrouter", "name": name}) == 200:
            load.written.add(name)


def read(load: Load, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    model = {"provider": "openrouter", "model": "z-ai/glm-4.5-air:free"}
    requests: list[tuple[str, str, Any]] = [
        *(
            ("GET", f"/api/llm/{path}", None)
            for path in ("catalog", "status", "current", "custom-models", "preferences")
        ),
        *(
            ("GET", path, None)
            for path in ("/", "/health", "/nothing", "/api/openapi.json", "/api/plugins", "/v1/models")
        ),
        ("GET", "/api/llm/model-picker-state", None),
        ("GET", "/api/llm/resolve?model=openai/gpt-5", None),
        ("POST", "/api/llm/switch", model),
        ("POST", "/api/llm/model-picker-state/favorites/toggle", model),
        ("PUT", "/api/llm/preferences", {"prefer": "direct"}),
        ("POST", "/api/llm/key", {"provider": "groq", "apiKey": "key-of-the-soak-test"}),
        ("POST", "/v1/chat/completions", {"model": "nobody/x"}),
        ("POST", "/v1/chat/completions", {}),
        ("GET", "/api/llm/status?provider=" + "x" * 9_000, None),
    ]
    while load.is_on:
        load.send(*rng.choice(requests))


def leave(load: Load, seed: int) -> None:
    """Begin requests of every kind, and go away in the middle."""
    rng = random.Random(seed)  # noqa: S311
    body = '{"model": "soak/m", "messages": []}'
    kinds: list[Callable[[], None]] = [
        lambda: load.drop(
            f"POST /v1/chat/completions HTTP/1.1\r\n@Content-Length: {len(body)}\r\n\r\n{body}", b": more"
        ),
        lambda: load.drop("GET /api/events HTTP/1.1\r\n@\r\n", b"event: hello", 0.2),
        lambda: load.drop(
            "POST /api/llm/verify HTTP/1.1\r\n@Content-Length: 22\r\n\r\n" + '{"providers":["soak"]}', b"", 0.2
        ),
        lambda: load.drop("POST /api/llm/switch HTTP/1.1\r\n@Content-Length: 900\r\n\r\n{", b"", 0.1),
        lambda: load.drop("GET /api/llm/catalog HTTP/1.1\r\nHost:", b"", 0.1),
        lambda: load.drop("GET /api/llm/catalog HTTP/1.1\r\n@\r\n"),
        lambda: load.drop("nonsense\r\n\r\n", b"}"),
        lambda: load.drop("GET /api/plugins HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: wrong\r\n\r\n", b"}"),
    ]
    while load.is_on:
        rng.choice(kinds)()


@contextlib.contextmanager
def broken(path: Path) -> Iterator[None]:
    """Replace a file that others write with one that is not understood, and put it back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(path.parent / f".{path.name}.lock")):
        before = path.read_bytes() if path.exists() else None
        path.write_bytes(b"\xff{ broken")
    yield
    if before is None:
        path.unlink()
    else:
        aside = path.with_name(f"{path.name}.aside")
        aside.write_bytes(before)
        aside.replace(path)


@contextlib.contextmanager
def marked(path: Path) -> Iterator[None]:
    """Let a file exist for the block."""
    path.touch()
    yield
    path.unlink()


def fail(load: Load) -> None:
    """Break one thing after another."""
    shared, ours = load.home / ".dexto", load.home / "ours"
    files = [
        shared / "models/custom-models.json",
        shared / ".env",
        ours / "config.toml",
        ours / "state/model-picker.json",
    ]
    faults: list[Callable[[], contextlib.AbstractContextManager[None]]] = [
        *(lambda path=path: broken(path) for path in files),
        lambda: marked(load.home / "full"),
        lambda: marked(load.home / "hang"),
    ]
    for fault in itertools.cycle(faults):
        if not load.is_on:
            return
        with fault():
            time.sleep(0.7)
        time.sleep(0.7)


def descriptors(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="memory and descriptors are read from /proc")
def test_a_minute_of_everything(shell: Shell) -> None:
    """Under mixed load and faults, no response is a fault of the server's, nothing is lost, and nothing grows."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as endpoint, contextlib.ExitStack() as stack:
        endpoint.daemon_threads = True
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        stack.callback(endpoint.shutdown)
        shell.site.install("soak", "soak", HANGING)
        shell.site.module("sitecustomize", FULL)
        variables = {"POLYROUTE_TOKEN": TOKEN, "SOAK_KEY": "k", "OPENROUTER_API_KEY": "k"}
        variables["SOAK_URL"] = f"http://127.0.0.1:{endpoint.server_port}/v1"
        server = stack.enter_context(started(shell, "--pass-through", **variables))
        load = Load(server.ready["url"], shell.home)
        jobs = [threading.Thread(target=write, args=(load, each)) for each in range(WRITERS)]
        jobs += [threading.Thread(target=read, args=(load, each)) for each in range(READERS)]
        jobs += [threading.Thread(target=leave, args=(load, each)) for each in range(READERS)]
        jobs.append(threading.Thread(target=fail, args=(load,)))
        for job in jobs:
            job.start()
        time.sleep(SECONDS / 3)
        before = resident(server)
        for job in jobs:
            job.join()
        time.sleep(2.0)
        after, opened = resident(server), descriptors(server)
        stored = json.loads((shell.home / ".dexto/models/custom-models.json").read_text())["models"]
        with connected(server.ready["url"]) as stream:
            stream.sendall(f"GET /api/events HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {TOKEN}\r\n\r\n".encode())
            assert b"event: hello" in received(stream, b"event: hello")
            begun = time.monotonic()
            assert server.end(signal.SIGTERM) == 0
            ended = time.monotonic() - begun
        print(f"\n{sum(load.statuses.values())} responses {dict(load.statuses)}, {len(load.written)} models written,")
        print(f"memory {before >> 20} -> {after >> 20} MiB, {opened} descriptors, ended in {ended:.1f} s")
        assert load.faults == []
        assert load.written <= {each["name"] for each in stored}
        assert after - before < MOST_GROWTH
        assert opened < 60
        assert ended < MOST_TO_END
