"""`polyroute keys set PROVIDER` on a terminal: it asks for all that a provider needs, and sees whether it works."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from polyroute._internal.dotenv import parse
from tests.support.fake_endpoint import Serve, Upstream
from tests.support.shell import Shell

KEY = "secret-1"
OFFLINE = {"POLYROUTE_OFFLINE": "1"}
PLUGIN = """
from polyroute import Alternative, Group, Probe, Provider, Slot, hookimpl

@hookimpl
def polyroute_providers():
    key, team = Slot("key", (Alternative("ACME_KEY"),), secret=True), Slot("team", (Alternative("ACME_TEAM"),))
    yield Provider("acme", "Acme", "host", (Group((key, team)),), {url!r}, keys_page="https://acme.example/keys")

@hookimpl
def polyroute_verifications():
    yield Probe("acme", "/balance", remaining="left", currency="USD")
"""


def stored(shell: Shell) -> dict[str, str]:
    path = shell.home / ".dexto" / ".env"
    return parse(path.read_text(encoding="utf-8")) if path.exists() else {}


@pytest.fixture
def upstream(serve: Serve, shell: Shell) -> Upstream:
    """Return the endpoint of the provider `acme`, which accepts the key `secret-1` alone."""
    upstream = serve()
    upstream.documents["/balance"] = {"left": "4.50"}
    shell.site.install("acme-dist", "acme_plugin", PLUGIN.format(url=upstream.url))
    return upstream


def test_all_that_a_provider_needs(shell: Shell, upstream: Upstream) -> None:
    """Each setting is asked for, a key unseen; where keys are made, what is stored, and whether it works is said."""
    status, shown = shell.on_terminal("keys", "set", "acme", typed={"ACME_KEY (": f"{KEY}\n", "ACME_TEAM": "blue\n"})
    assert status == 0
    assert "Acme needs 2 settings. Keys are made at https://acme.example/keys." in shown
    assert "Stored: global .env ACME_TEAM." in shown
    assert "acme accepts the key, with 4.50 USD left." in shown
    assert KEY not in shown
    assert stored(shell) == {"ACME_KEY": KEY, "ACME_TEAM": "blue"}


def test_a_key_that_is_not_accepted(shell: Shell, upstream: Upstream) -> None:
    """A key that the endpoint refuses is stored, and is told as a clear no (exit 1)."""
    typed = {"ACME_KEY (": "wrong-secret\n", "ACME_TEAM": "blue\n"}
    status, shown = shell.on_terminal("keys", "set", "acme", typed=typed)
    assert (status, "acme does not accept the key: HTTP 401" in shown) == (1, True)
    assert stored(shell)["ACME_KEY"] == "wrong-secret"


def test_what_is_there_may_be_kept(shell: Shell, upstream: Upstream) -> None:
    """Enter keeps a value that was found; only what is typed is stored."""
    typed = {"ACME_KEY (not shown; Enter keeps": "\n", "ACME_TEAM": "green\n"}
    status, _ = shell.on_terminal("keys", "set", "acme", typed=typed, ACME_KEY=KEY, **OFFLINE)
    assert (status, stored(shell)) == (0, {"ACME_TEAM": "green"})
    assert upstream.received == []


def test_a_missing_answer(shell: Shell, upstream: Upstream) -> None:
    """Without a value for each setting nothing is stored (exit 2), and the message names those that lack one."""
    status, shown = shell.on_terminal("keys", "set", "acme", typed={"ACME_KEY (": f"{KEY}\n", "ACME_TEAM": "\x04"})
    assert (status, stored(shell)) == (2, {})
    assert "ACME_TEAM must have a value: nothing was stored." in shown


def test_a_key_from_a_pipe_sends_no_request(shell: Shell, upstream: Upstream) -> None:
    """From a pipe only the key is read, and no endpoint is asked; what else is needed is said."""
    document = shell.json("keys", "set", "acme", given=KEY)
    assert (document["settings"], "verification" in document, upstream.received) == ({}, False, [])
    assert any("ACME_TEAM" in note for note in document["notes"])


def test_ctrl_c_at_a_prompt(shell: Shell, tmp_path: Path) -> None:
    """Ctrl+C at a prompt stores nothing, and ends with 130 without a traceback."""
    status, shown = shell.on_terminal("keys", "set", "azure", typed={"API_KEY (": "k123\n", "RESOURCE_NAME": "\x03"})
    assert (status, "Traceback" in shown, stored(shell)) == (130, False, {})


def test_ctrl_c_while_the_endpoint_is_asked(shell: Shell) -> None:
    """Ctrl+C while a silent endpoint is asked ends at once with 130, and what was typed is stored."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        shell.site.install("acme-dist", "acme_plugin", PLUGIN.format(url=url))
        typed = {"ACME_KEY (": f"{KEY}\n", "ACME_TEAM": "blue\n", "1 s": "\x03"}
        status, shown = shell.on_terminal("keys", "set", "acme", typed=typed)
    assert (status, "Traceback" in shown, stored(shell)["ACME_KEY"]) == (130, False, KEY)
    assert "asking Acme whether it works … 2 s" not in shown
