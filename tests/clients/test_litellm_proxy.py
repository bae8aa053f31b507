"""LiteLLM's proxy runs the configuration that is exported for it, and lets in who has its master key only."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from polyroute import Catalog, Environment, Preferences
from polyroute.integrations import proxy
from polyroute.organisation import KeyPlace, MemberEnvironment, OrganisationPolicy
from tests.support.endpoint_plugins import BUNDLED, Direct
from tests.support.fake_endpoint import Serve
from tests.support.http_server import Client
from tests.support.serving import within

pytestmark = pytest.mark.clients

PROGRAM = os.path.join(os.environ.get("POLYROUTE_TEST_LITELLM_PROXY", ""), "bin", "litellm")
MASTER, POOL = "sk-master-of-the-proxy", "secret-1"
QUESTION = {"model": "acme/acme-large", "messages": [{"role": "user", "content": "Hello?"}]}


@contextmanager
def running(config: Path, home: Path) -> Iterator[str]:
    """Run the proxy until the end of the block, and yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = {"PATH": os.environ["PATH"], "HOME": str(home), "LITELLM_MASTER_KEY": MASTER, "ACME_POOL": POOL}
    variables |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "127.0.0.1"}
    command = [PROGRAM, "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    with subprocess.Popen(command, env=variables, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as ran:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            ran.terminate()


def is_alive(url: str) -> bool:
    try:
        return Client(url).get("/health/liveliness").status == 200
    except OSError:
        return False


def test_the_proxy_runs_what_is_exported(serve: Serve, tmp_path: Path) -> None:
    """A client with the master key gets an answer, for which the organisation's key was sent; others are refused."""
    if not os.path.isfile(PROGRAM):
        pytest.skip("POLYROUTE_TEST_LITELLM_PROXY names no folder with its program")
    upstream = serve("acme-large")
    rules = OrganisationPolicy("us", keys={"ACME_KEY": KeyPlace("ACME_POOL")})
    member = MemberEnvironment(Environment({}), rules, {"ACME_POOL": POOL})
    catalog = Catalog.load([Direct(upstream)], only=BUNDLED, environment=member, preferences=Preferences())
    config = tmp_path / "config.yaml"
    config.write_text(proxy.config(catalog, ["acme/acme-large"]))
    assert POOL not in config.read_text()
    with running(config, tmp_path) as url:
        assert within(120, lambda: is_alive(url))
        refused = [Client(url, **headers).post("/v1/chat/completions", QUESTION).status for headers in ({}, OTHER)]
        assert set(refused) <= {400, 401, 403}
        assert upstream.received == []
        answer = Client(url, authorization=f"Bearer {MASTER}").post("/v1/chat/completions", QUESTION)
    assert answer.status == 200, answer.body
    assert [each.keys for each in upstream.received] == [{"authorization": f"Bearer {POOL}"}]


OTHER = {"authorization": "Bearer sk-somebody-else"}
