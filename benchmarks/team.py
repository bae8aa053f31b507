"""Two replicas over PostgreSQL: memory of a team's users, processor time of requests, and how soon changes are seen.

    python -m benchmarks.team [--check] [--users N] [--rounds N]

It starts a PostgreSQL server of its own, whose programs have to be installed. Replicas are processes of their own;
their memory and processor time are read from /proc, so this needs Linux.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import http.client
import json
import secrets
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.measuring import Figure, interleaved, judged, medians, new_user, show, throw_away
from benchmarks.pass_through import POLYROUTE
from benchmarks.users import REQUESTS, SMALL, Server, not_modified, plain, serving, spent
from tests.support import database

USERS_MB, NOT_MODIFIED, SEEN_MS = 300, 1.3, 200
_KNOWN = 300
_CHANGES = 20
_WRITERS, _WRITES = 8, 25
_MODELS = "/api/llm/custom-models"


@contextlib.contextmanager
def replica(directory: Path, url: str) -> Iterator[Server]:
    """Run a replica whose users come from the store."""
    key = directory / "store.key"
    if not key.exists():
        key.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
        key.chmod(0o600)
    name = f"replica-{secrets.token_hex(4)}"
    variables = {**new_user(directory, name).variables, "POLYROUTE_STORE": url, "POLYROUTE_OFFLINE": "1"}
    identity = ["--store-key-file", str(key), "--identity-header", "X-User", "--trusted-proxy", "127.0.0.1"]
    command = [POLYROUTE, "serve", "--port", "0", "--ready-json", *identity]
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = urlsplit(json.loads(process.stdout.readline() if process.stdout else "")["url"]).port
            yield Server(process.pid, http.client.HTTPConnection("127.0.0.1", port))
        finally:
            process.terminate()


def send(server: Server, user: int, path: str, body: object) -> None:
    """Send a change of one user over a connection of its own. Raises RuntimeError if it is refused."""
    connection = http.client.HTTPConnection(server.connection.host, server.connection.port)
    headers = {"x-user": str(user), "content-type": "application/json"}
    connection.request("POST", path, json.dumps(body), headers)
    response = connection.getresponse()
    if response.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{response.status} {response.read()!r}")
    connection.close()


def model(number: int) -> dict[str, str]:
    """Return a custom model."""
    return {"provider": "openrouter", "name": f"own/model-{number}"}


def added_megabytes(server: Server, count: int) -> float:
    """Return the memory that the other users add to the first. Three in ten have a model of their own."""
    for user in range(count):
        if user % 10 < 3:
            send(server, user, _MODELS, model(user))
        for path in REQUESTS:
            server.get(user, path)
        if user == 0:
            one = server.megabytes
    return server.megabytes - one


def first_contact(server: Server, users: range) -> float:
    """Return the processor time of a request of a user who is new to a replica, in seconds."""
    before = server.processor
    for user in users:
        server.get(user, SMALL)
    return (server.processor - before) / len(users)


def seen_after(one: Server, other: Server) -> float:
    """Return the median time in seconds until a replica shows a change that was made by another."""
    times = []
    for number in range(_CHANGES):
        user = 10_000_000 + number
        other.get(user, _MODELS)
        send(one, user, _MODELS, model(number))
        started = time.perf_counter()
        while b"own/model" not in other.body(user, _MODELS):
            time.sleep(0.001)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def changes_per_second(server: Server) -> float:
    """Return how many changes of different users a replica makes in a second."""
    started = time.perf_counter()
    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(lambda number: send(server, 20_000_000 + number, _MODELS, model(0)), range(_WRITERS * _WRITES)))
    return _WRITERS * _WRITES / (time.perf_counter() - started)


def times_of_304(directory: Path, server: Server, rounds: int) -> dict[str, float]:
    """Return the processor time of a 304 for one of many users of the store, and for a single user with files."""
    with serving(directory, [plain(directory, 0)], "one") as single:
        cases: dict[str, Callable[[], float]] = {
            "team": partial(not_modified, server, _KNOWN),
            "files": partial(not_modified, single, 1),
            "small": partial(spent, server, _KNOWN, SMALL),
        }
        return medians(interleaved(cases, rounds))


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    parser = argparse.ArgumentParser("python -m benchmarks.team", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    parser.add_argument("--users", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    with throw_away() as directory, database.running() as postgres:
        url = postgres.create()
        with replica(directory, url) as one, replica(directory, url) as other:
            first = first_contact(one, range(30_000_000, 30_000_000 + _KNOWN))
            taken = times_of_304(directory, one, options.rounds)
            seen, rate = seen_after(one, other), changes_per_second(one)
            added = added_megabytes(other, options.users)
    ratio = taken["team"] / taken["files"]
    verdict = f"limit {NOT_MODIFIED}: {'ok' if ratio <= NOT_MODIFIED else 'over'}"
    figures = [
        judged(f"{options.users} users of a store, over one", added, "MB", USERS_MB),
        Figure("a 304 for a user of a store / for a single user with files", f"{ratio:.2f}", verdict),
        Figure("a 304 for a user of a store, processor time", f"{taken['team'] * 1e6:.0f} µs"),
        Figure("a small answer, processor time", f"{taken['small'] * 1e6:.0f} µs"),
        Figure("a user's first contact, processor time", f"{first * 1e3:.1f} ms"),
        judged("until another replica shows a change", seen * 1e3, "ms", SEEN_MS),
        Figure("changes of different users by one replica", f"{rate:.0f}/s"),
    ]
    return int(not show("A team", figures) and options.check)


if __name__ == "__main__":
    raise SystemExit(main())
