"""The example of a team, as its script starts it: PostgreSQL, and three replicas behind HAProxy."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed
from prometheus_client.samples import Sample

from tests.support import team_processes
from tests.support.http_server import Client
from tests.support.machine import needed
from tests.support.serving import within
from tests.support.shell import POLYROUTE
from tests.support.team_processes import MODELS, names

pytestmark = pytest.mark.team
EXAMPLE = Path(__file__).parents[2] / "examples/team/run"
NAMES = ("one", "two", "three")
LEAST_REQUESTS = 960


class Example(NamedTuple):
    """The running example."""

    folder: Path
    ports: list[int]
    """That of the balancer, and those of the replicas."""

    def client(self, user: str = "", **headers: str) -> Client:
        """Return a client of the balancer that signs in with the name as the password."""
        signed_in = {"authorization": f"Basic {basic(user)}"} if user else {}
        return Client(f"http://127.0.0.1:{self.ports[0]}", **signed_in, **headers)

    def replica(self, number: int, **headers: str) -> Client:
        """Return a client of one replica, past the balancer, whose place it takes."""
        return Client(f"http://127.0.0.1:{self.ports[number + 1]}", **headers)

    def changes(self, number: int) -> float:
        """Return how many models were added by one replica."""
        found = self._samples(number)
        wanted = {"operation": f"POST {MODELS}", "status": "2xx"}
        return sum(each.value for each in found if each.name == "polyroute_requests_total" and each.labels == wanted)

    def answers(self) -> bool:
        """Return whether the balancer runs, and sends requests to every replica."""
        try:
            is_up = self.client("ann").get(MODELS).status == 200
        except OSError:
            return False
        return is_up and all(map(self._is_used, range(len(NAMES))))

    def restart(self, number: int) -> bool:
        """End a replica; return whether the script has started it again, and the balancer sends it requests."""
        os.kill(before := self._process(number), signal.SIGTERM)
        return within(60, lambda: self._process(number) not in (0, before) and self._is_used(number))

    def _process(self, number: int) -> int:
        return int((self.folder / f"{NAMES[number]}.pid").read_text() or 0)

    def _is_used(self, number: int) -> bool:
        try:
            samples = self._samples(number)
        except OSError:
            return False
        return any(each.name == "polyroute_requests_total" and "llm" in each.labels["operation"] for each in samples)

    def _samples(self, number: int) -> list[Sample]:
        text = self.replica(number).get("/metrics").body.decode()
        return [each for family in parsed(text) for each in family.samples]


def basic(user: str) -> str:
    return base64.b64encode(f"{user}:{user}".encode()).decode()


@pytest.fixture(scope="module")
def example() -> Iterator[Example]:
    """Start the example in a folder of its own, and wait until it answers."""
    if not Path("/usr/sbin/haproxy").exists():  # a folder that not every PATH has
        needed("haproxy")
    folder = Path(tempfile.mkdtemp(prefix="polyroute-team-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user than root
    (folder / "home").mkdir()
    ports = free_ports(4)
    variables = {
        "PATH": f"{Path(POLYROUTE).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "PORTS": " ".join(map(str, ports)),
        "POLYROUTE_OFFLINE": "1",
        "PYTHONWARNINGS": "error",
    }
    with subprocess.Popen([EXAMPLE, folder / "data"], env=variables, stderr=subprocess.PIPE, text=True) as process:
        try:
            found = Example(folder / "data", ports)
            assert process.stderr is not None
            assert "as ann or bob" in process.stderr.readline()
            assert within(60, found.answers)
            yield found
        finally:
            process.terminate()
            process.wait(60)
            shutil.rmtree(folder)


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in taken]


def test_each_user_has_their_own(example: Example) -> None:
    """A user who has signed in has models of their own, whichever replica answers, and nobody else has them."""
    ann, bob = example.client("ann"), example.client("bob")
    assert ann.post(MODELS, {"provider": "openrouter", "name": "acme/own"}).status == 200
    assert within(10, lambda: all("acme/own" in names(ann) for _ in range(6)))
    assert "acme/own" not in names(bob)


def test_no_addition_overwrites_another(example: Example) -> None:
    """When one user adds 400 models at once, all of them are there, in each replica, and each has stored some."""
    before = [example.changes(number) for number in range(len(NAMES))]
    written = team_processes.write([example.client("bob")], 8, 50)
    assert (written.statuses, written.broken, len(written.acknowledged)) == ({200}, 0, 400)
    assert all(example.changes(number) > count for number, count in enumerate(before))
    for number in range(len(NAMES)):
        bob = example.replica(number, x_forwarded_user="bob")
        assert within(10, lambda bob=bob: names(bob) >= written.acknowledged)  # type: ignore[misc]


def test_nobody_can_name_another_user(example: Example) -> None:
    """Without signing in there is no answer, and a name that a client sends is replaced."""
    assert example.client().get(MODELS).status == 401
    assert example.client(x_forwarded_user="ann").get(MODELS).status == 401
    example.client("ann").post(MODELS, {"provider": "openrouter", "name": "acme/of-ann"})
    assert "acme/of-ann" not in names(example.client("bob", x_forwarded_user="ann"))
    assert example.replica(0).get(MODELS).status == 401


def test_metrics_are_for_the_operator(example: Example) -> None:
    """Each replica has its metrics, also of the store, without a user's name; the balancer does not pass them on."""
    assert example.client("ann").get("/metrics").status == 403
    text = example.replica(0).get("/metrics").body.decode()
    found = {(each.name, *each.labels.values()): each.value for family in parsed(text) for each in family.samples}
    assert found["polyroute_store_up",] == 1
    assert found["polyroute_store_connections", "open"] >= 1
    assert found["polyroute_plugin_problems",] == 0
    assert "ann" not in text


def test_logs_name_nobody(example: Example) -> None:
    """The log of a replica is lines of JSON with what was requested, and has no user's name."""
    example.client("ann").get("/api/llm/key/openai")
    assert within(10, lambda: any("/api/llm/key/{provider}" in log(example, each) for each in NAMES))
    for each in NAMES:
        lines = [json.loads(line) for line in log(example, each).splitlines()]
        assert lines[0]["event"] == "started"
        assert "ann" not in {str(value) for line in lines for value in line.values()}


def log(example: Example, name: str) -> str:
    return (example.folder / f"{name}.log").read_text()


def test_a_rolling_restart(example: Example) -> None:
    """While every replica is restarted in turn, no request fails, and every write that was acknowledged is kept."""
    ended, faults = threading.Event(), list[str]()
    counts = dict.fromkeys(("ann", "bob"), 0)
    jobs = [threading.Thread(target=write, args=(example, user, counts, faults, ended)) for user in counts]
    jobs += [threading.Thread(target=read, args=(example, faults, ended)) for _ in range(2)]
    for job in jobs:
        job.start()
    try:
        for number in range(len(NAMES)):
            assert example.restart(number), faults
        assert within(60, lambda: bool(faults) or sum(counts.values()) >= LEAST_REQUESTS)
    finally:
        ended.set()
        for job in jobs:
            job.join()
    assert faults == []
    for user, count in counts.items():
        assert {f"acme/{user}-{each}" for each in range(count)} <= names(example.client(user))


def write(example: Example, user: str, counts: dict[str, int], faults: list[str], ended: threading.Event) -> None:
    """Add models, each by a connection of its own."""
    while not ended.is_set():
        model = {"provider": "openrouter", "name": f"acme/{user}-{counts[user]}"}
        try:
            answer = example.client(user).post(MODELS, model)
        except (OSError, http.client.HTTPException) as error:
            faults.append(f"write: {error!r}")
            return
        if answer.status != 200:
            faults.append(f"write: {answer.status} {answer.body!r}")
        counts[user] += 1


def read(example: Example, faults: list[str], ended: threading.Event) -> None:
    """Send requests by one connection that stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", example.ports[0], timeout=30)
    while not ended.is_set():
        try:
            connection.request("GET", "/api/llm/current", headers={"authorization": f"Basic {basic('ann')}"})
            with connection.getresponse() as answer:
                body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            faults.append(f"read: {error!r}")
            return
        if answer.status != 200:
            faults.append(f"read: {answer.status} {body!r}")
    connection.close()
