"""`polyroute serve` as a process, and waiting for what it does."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

from tests.support.http_server import Client
from tests.support.shell import POLYROUTE, Shell


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
