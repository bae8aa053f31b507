"""The examples run as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.fake_endpoint import Serve

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"


class FakeGateway(BaseHTTPRequestHandler):
    """A server that responds to chat completions with the request that it received."""

    def do_POST(self) -> None:
        """Return path, key and model of the request."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = f"{self.path} {self.headers['Authorization']} {body['model']}"
        message = {"role": "assistant", "content": text}
        answer = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"message": message}]}
        answer["choices"][0] |= {"index": 0, "finish_reason": "stop"}  # type: ignore[index]
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Log nothing."""


@pytest.fixture
def gateway() -> Iterator[str]:
    """Run a gateway on this machine and return its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeGateway)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def run(example: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / example), *arguments]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)


def test_openai_client_sends_the_routes_id_and_key(gateway: str) -> None:
    """The OpenAI SDK, configured from a route, calls the gateway with the gateway's ID and key."""
    variables = {"DEXTO_API_KEY": "secret-1", "DEXTO_API_URL": gateway}
    done = run("openai_client.py", "anthropic/claude-sonnet-4-5", "Hello?", **variables)
    assert done.stdout.split() == ["/v1/chat/completions", "Bearer", "secret-1", "anthropic/claude-sonnet-4.5"]


def test_two_hundred_users_have_their_own_routes(tmp_path: Path) -> None:
    """One process answers two hundred users, each by their own key."""
    done = run("many_users.py", TMPDIR=str(tmp_path))
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            "50 users: direct, host OPENAI_API_KEY",
            "100 users: no route",
            "50 users: openrouter, host OPENROUTER_API_KEY",
        ],
    )


def test_the_example_plugin_is_found_once_installed(tmp_path: Path) -> None:
    """`pip install ./examples/python-plugin` adds its provider to Polyroute."""
    offline = dict.fromkeys(("PIP_NO_INDEX", "PIP_NO_DEPS"), "1") | {"PIP_NO_BUILD_ISOLATION": "0"}  # "0": no isolation
    command = [sys.executable, "-m", "pip", "install", "--quiet", "./examples/python-plugin"]
    variables = {**os.environ, **offline, "PIP_TARGET": str(tmp_path)}
    subprocess.run(command, cwd=EXAMPLES.parent, env=variables, check=True)
    command = [str(Path(sys.executable).parent / "polyroute"), "resolve", "acme/acme-large", "--json"]
    variables = {**os.environ, "PYTHONPATH": str(tmp_path), "ACME_API_KEY": "k"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["route"]["baseUrl"] == "https://api.acme.example/v1"


def test_the_chat_agent_answers_and_asks_before_it_goes_on(serve: Serve, tmp_path: Path) -> None:
    """The agent answers each line and keeps the conversation; without credits it asks the user, and "n" ends it."""
    upstream = serve("anthropic/claude-sonnet-4.5")
    variables = {"DEXTO_API_KEY": "secret-1", "DEXTO_API_URL": upstream.url, "OPENROUTER_API_KEY": "secret-2"}
    command = [sys.executable, str(EXAMPLES / "chat.py"), "anthropic/claude-sonnet-4-5"]
    environment = {**os.environ, **variables}
    done = subprocess.run(command, env=environment, input="Hi\nAgain\n", capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["Hello from anthropic/claude-sonnet-4.5"] * 2
    assert [message["content"] for message in upstream.received[1].body["messages"]][::2] == ["Hi", "Again"]
    upstream.fail("openrouter-credits")
    done = subprocess.run(command, env=environment, input="Hi\nn\n", capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no credits are left" in done.stderr
    assert "Next would be via openrouter" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize("example", ["openai_client.py", "chat.py"])
def test_an_example_without_arguments_or_keys_says_what_to_do(example: str) -> None:
    """Without arguments an example takes its own model; without a key it prints the remedies, and no traceback."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / example)], input="Hi\n", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Set ANTHROPIC_API_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_chat_for_node_says_that_it_needs_a_token(node: str) -> None:
    """Without a token the agent for Node says where to set one."""
    done = subprocess.run([node, str(EXAMPLES / "node" / "chat.mjs")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "Set POLYROUTE_TOKEN, here and for: polyroute serve --pass-through\n")


def test_every_example_is_listed() -> None:
    """examples/README.md has each example, and its commands exist."""
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    listed = {link.partition("/")[0] for link in re.findall(r"\]\(([^)]*)\)", page)}
    assert listed == {each.name for each in EXAMPLES.iterdir() if each.name not in ("README.md", "__pycache__")}
    for command in re.findall(r"`(?:python|node|polyroute plugins check) (examples/\S*)`", page):
        assert (EXAMPLES.parent / command).exists()
