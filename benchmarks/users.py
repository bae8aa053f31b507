"""Many users of one server: memory, the processor time of a 304, and that of a user's first contact.

    python -m benchmarks.users [--check] [--users N] [--rounds N]

Each server is a process of its own; its memory and processor time are read from /proc, so this needs Linux.
The limit of the first contact is for a machine on which `python -I -c pass` takes 10.6 ms, and is scaled.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import PASS, PASS_SECONDS, Figure, interleaved, judged, medians, show, throw_away

PLAIN_MB, MIXED_MB, NOT_MODIFIED, FIRST_MS = 120, 150, 1.3, 3
REQUESTS = (
    "/api/llm/catalog?scope=all",
    "/api/llm/models?limit=60",
    "/api/llm/custom-models",
    "/api/llm/model-picker-state",
    "/api/llm/preferences",
    "/api/llm/current",
)
"""What the page requests when a user opens it."""
SMALL = "/api/llm/status?provider=anthropic"
_TIMED = 2_000
_SERVER = """
import json, sys
from polyroute import Environment, Plugins
from polyroute.server import create_app, process

users = [Environment(variables, home=home) for variables, home in json.load(sys.stdin)]
plugins = Plugins.load()


def environment(scope):
    return users[int(dict(scope["headers"])[b"x-user"])]


chosen = environment if sys.argv[1] == "many" else users[0]
listening = process.listen("127.0.0.1", 0)
ready = lambda: print(listening.getsockname()[1], flush=True)
process.run(create_app(plugins=plugins, environment=chosen), listening, ready)
"""
_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY", "DEXTO_API_KEY", "GROQ_API_KEY")


class Server(NamedTuple):
    """A running server, with a connection to it."""

    process: int
    connection: http.client.HTTPConnection

    def get(self, user: int, path: str, tag: str = "") -> http.client.HTTPResponse:
        """Send one request and read the response."""
        headers = {"x-user": str(user), "accept-encoding": "gzip", **({"if-none-match": tag} if tag else {})}
        self.connection.request("GET", path, headers=headers)
        response = self.connection.getresponse()
        response.read()
        return response

    def body(self, user: int, path: str) -> bytes:
        """Send one request and return the body of the response."""
        self.connection.request("GET", path, headers={"x-user": str(user)})
        return self.connection.getresponse().read()

    @property
    def megabytes(self) -> float:
        """The memory that it has now."""
        pages = int(Path(f"/proc/{self.process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    @property
    def processor(self) -> float:
        """The processor time that it has taken, in seconds."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(directory: Path, users: list[tuple[dict[str, str], str]], kind: str = "many") -> Iterator[Server]:
    """Run a server for these users."""
    own = {"PATH": os.environ.get("PATH", ""), "HOME": str(directory), "POLYROUTE_HOME": str(directory / "polyroute")}
    own["POLYROUTE_OFFLINE"] = "1"
    command = [sys.executable, "-c", _SERVER, kind]
    with subprocess.Popen(command, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = _told(process, users)
            yield Server(process.pid, http.client.HTTPConnection("127.0.0.1", port))
        finally:
            process.terminate()


def _told(process: subprocess.Popen[str], users: list[tuple[dict[str, str], str]]) -> int:
    """Tell a server its users, and return its port."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the server has no pipes")
    process.stdin.write(json.dumps(users))
    process.stdin.close()
    return int(process.stdout.readline())


def plain(directory: Path, number: int) -> tuple[dict[str, str], str]:
    """Return a user without content of their own: the host's key and an empty home."""
    home = directory / f"user-{number}"
    home.mkdir(exist_ok=True)
    return {"OPENROUTER_API_KEY": f"key-of-{number}"}, str(home)


def mixed(directory: Path, number: int) -> tuple[dict[str, str], str]:
    """Return a user of whom three in ten have keys of their own, and three in ten models of their own."""
    variables, home = plain(directory, number)
    if number % 10 < 3:
        first, second = _KEYS[number % 6], _KEYS[number // 6 % 6]
        return {first: f"own-{number}", second: f"own-{number}"}, home
    if number % 10 < 6:
        name = "z-ai/glm-4.5-air:free" if number % 2 else f"own/model-{number}"
        path = Path(home, ".dexto", "models", "custom-models.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        model = {"provider": "openrouter", "name": name, "displayName": f"Mine {number}", "apiKey": f"key-{number}"}
        path.write_text(json.dumps({"version": 1, "models": [model]}))
    return variables, home


def added_megabytes(directory: Path, make: Callable[[Path, int], tuple[dict[str, str], str]], count: int) -> float:
    """Return the memory that the other users add to the first, after each has opened the page."""
    users = [make(directory, number) for number in range(count)]
    with serving(directory, users) as server:
        for user in range(count):
            for path in REQUESTS:
                server.get(user, path)
            if user == 0:
                one = server.megabytes
        return server.megabytes - one


def times(directory: Path, rounds: int) -> dict[str, float]:
    """Return the processor time of a first contact, and of a 304 for one of many known users and for a single one."""
    users = [plain(directory, number) for number in range(300)]
    with serving(directory, users) as many, serving(directory, users[:1], "one") as single:
        many.get(0, SMALL)
        before = many.processor
        for user in range(1, 300):
            many.get(user, SMALL)
        first = (many.processor - before) / 299
        cases = {"many": partial(not_modified, many, 300), "single": partial(not_modified, single, 1)}
        return {"first": first, **medians(interleaved(cases, rounds))}


def not_modified(server: Server, users: int) -> float:
    """Return the processor time of a 304 in seconds, sent to these users in turn."""
    return spent(server, users, REQUESTS[0], server.get(0, REQUESTS[0]).headers["etag"])


def spent(server: Server, users: int, path: str, tag: str = "") -> float:
    """Return the processor time of a response in seconds, sent to these users in turn; with `tag`, of a 304."""
    wanted = http.HTTPStatus.NOT_MODIFIED if tag else http.HTTPStatus.OK
    before = server.processor
    for number in range(_TIMED):
        if server.get(number % users, path, tag).status != wanted:
            raise RuntimeError("nothing was measured: an answer is not the same for all users")
    return (server.processor - before) / _TIMED


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    parser.add_argument("--users", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    with throw_away() as directory:
        taken = times(directory, options.rounds)
        started = time.perf_counter()
        alike = added_megabytes(directory, plain, options.users)
        seconds = time.perf_counter() - started
        different = added_megabytes(directory, mixed, options.users)
    ratio = taken["many"] / taken["single"]
    figures = [
        judged(f"{options.users} users without own content, over one", alike, "MB", PLAIN_MB),
        Figure("  requests/s while they open the page", f"{options.users * len(REQUESTS) / seconds:.0f}"),
        judged("three in ten with own keys, three with own models", different, "MB", MIXED_MB),
        Figure("a 304 for a single user, processor time", f"{taken['single'] * 1e6:.0f} µs"),
        Figure(
            "a 304 for one of 300 known users / for a single user",
            f"{ratio:.2f}",
            f"limit {NOT_MODIFIED}: {'ok' if ratio <= NOT_MODIFIED else 'over'}",
        ),
        judged("a user's first contact, processor time", taken["first"] * 1e3, "ms", FIRST_MS * _scale()),
    ]
    return int(not show("Many users", figures) and options.check)


def _scale() -> float:
    """Return how much more processor time this machine takes than the one where the limit in time was set."""
    before = os.times()
    for _ in range(20):
        subprocess.run(PASS, check=True)
    after = os.times()
    return (
        (after.children_user + after.children_system - before.children_user - before.children_system)
        / 20
        / PASS_SECONDS
    )


if __name__ == "__main__":
    sys.exit(main())
