"""`polyroute serve` as a process, and waiting for what it does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.support.http_server import Client
from tests.support.shell import POLYROUTE, Shell

MOST_TO_END = 2.0 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
"""In seconds: two, and more on a machine where more processes wait than it has processors."""


class Server:
    """A running `polyroute serve`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.ready = json.loads(process.stdout.readline())
        self.client = Client(self.ready["url"])

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(30)


@contextlib.contextmanager
def started(shell: Shell, *options: str, **variables: str) -> Iterator[Server]:
    command = [POLYROUTE, "serve", "--port", "0", "--ready-json", *options]
    environment = {**shell.variables, "POLYROUTE_OFFLINE": "1", **variables}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Server(process)
        finally:
            process.kill()


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Poll `holds` until it is true, for at most `seconds`; return its last result."""
    end = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


class Endless(BaseHTTPRequestHandler):
    """An endpoint whose responses do not end."""

    def do_POST(self) -> None:
        """Stream until the client leaves."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b": more\n\n")
                time.sleep(0.05)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Log nothing."""


def resident(server: Server) -> int:
    """Return the server's current resident memory in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024
