"""Guessing the token: wrong ones are slowed down, by the address that they come from."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from polyroute import Environment, Plugins
from polyroute.server import create_app, wrong_tokens
from polyroute.server.wrong_tokens import FREE, MAX_NETWORKS, MAX_WAITING, WrongTokens, network_of
from tests.support.http_server import Answer, Client, running

PATH = "/api/dexto-auth/status"
TOKEN = "the-right-token-0123456789"
FAST = 0.001


@pytest.fixture
def client(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A server behind a proxy, which this test is."""
    monkeypatch.setattr(wrong_tokens, "FIRST_PAUSE_SECONDS", FAST)
    app = create_app(plugins=plugins, environment=Environment({}), token=TOKEN)
    with running(app, trusted_proxies=["127.0.0.1"]) as found:
        yield found


def tried(client: Client, address: str, given: str = "wrong") -> Answer:
    return client.get(PATH, authorization=f"Bearer {given}", x_forwarded_for=address)


def test_wrong_tokens_are_slowed_down(client: Client) -> None:
    """After a few wrong tokens an address gets status 429 for wrong ones; the right one is let in at once."""
    statuses = [tried(client, "192.0.2.1").status for _ in range(FREE + 3)]
    assert statuses == [401] * FREE + [429] * 3
    refused = tried(client, "192.0.2.1")
    assert (refused.json["code"], refused.headers["retry-after"]) == ("too_many_wrong_tokens", "5")
    assert tried(client, "192.0.2.1", TOKEN).status == 200
    assert tried(client, "192.0.2.2").status == 401


def test_the_pause_grows() -> None:
    """The responses to wrong tokens are held back longer each time, up to a limit."""
    tokens = WrongTokens()
    pauses = [tokens.add(("192.0.2.1", 1)) for _ in range(FREE + 20)]
    assert pauses[:FREE] == [0.0] * FREE
    assert pauses[FREE : FREE + 6] == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0]
    assert pauses[-1] == wrong_tokens.MAX_PAUSE_SECONDS


def test_a_pause_is_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A response is really held back for its pause."""
    for _ in range(FREE):
        tried(client, "192.0.2.3")
    monkeypatch.setattr(wrong_tokens, "FIRST_PAUSE_SECONDS", 0.5)
    before = time.monotonic()
    assert tried(client, "192.0.2.3").status == 429
    assert time.monotonic() - before >= 0.5


def test_many_guesses_at_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """While several responses to an address are held back its tokens are not compared; others are not affected."""
    for _ in range(FREE):
        tried(client, "192.0.2.4")
    monkeypatch.setattr(wrong_tokens, "FIRST_PAUSE_SECONDS", 2.0)
    guessing = [threading.Thread(target=tried, args=(client, "192.0.2.4")) for _ in range(MAX_WAITING)]
    for each in guessing:
        each.start()
    end = time.monotonic() + 10
    while tried(client, "192.0.2.4", TOKEN).status != 429 and time.monotonic() < end:
        time.sleep(0.01)
    assert tried(client, "192.0.2.4", TOKEN).status == 429
    assert tried(client, "192.0.2.5", TOKEN).status == 200
    for each in guessing:
        each.join()
    assert tried(client, "192.0.2.4", TOKEN).status == 200


def test_a_missing_token_is_no_guess(client: Client) -> None:
    """Requests without a token are refused each time, and not counted."""
    answers = [client.get(PATH, x_forwarded_for="192.0.2.6").status for _ in range(FREE + 3)]
    assert set(answers) == {401}
    assert tried(client, "192.0.2.6").status == 401


def test_this_machine_is_never_slowed_down(plugins: Plugins) -> None:
    """A client of this machine is not slowed down, and can't be another one by a header that it sends."""
    app = create_app(plugins=plugins, environment=Environment({}), token=TOKEN)
    with running(app) as client:
        assert {tried(client, "192.0.2.1").status for _ in range(FREE * 4)} == {401}


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_addresses_of_this_machine(address: str) -> None:
    """Each address of this machine is known, also one that IPv6 writes differently."""
    assert network_of((address, 1)) is None


def test_an_ipv6_network_is_one_client() -> None:
    """All addresses in the network that one customer has count together; IPv4 addresses count each on its own."""
    assert network_of(("2001:db8::1", 1)) == network_of(("2001:db8::ffff:0:1", 2))
    assert network_of(("2001:db8::1", 1)) != network_of(("2001:db8:0:1::1", 1))
    assert network_of(("fe80::1%eth0", 1)) == network_of(("fe80::2", 1))
    assert network_of(("::ffff:192.0.2.1", 1)) == network_of(("192.0.2.1", 1)) == "192.0.2.1"
    assert network_of(("not an address", 1)) == network_of(("another", 1))


def test_the_memory_is_limited() -> None:
    """However many addresses send wrong tokens, a limited number is remembered: those that were active last."""
    tokens = WrongTokens()
    for number in range(MAX_NETWORKS + 100):
        tokens.add((f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 1))
    assert len(tokens) == MAX_NETWORKS
    latest = MAX_NETWORKS + 99
    assert [tokens.add((f"10.0.{latest >> 8}.{latest & 255}", 1)) for _ in range(FREE)][-1] > 0


def test_old_guesses_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong tokens of long ago don't count."""
    tokens = WrongTokens()
    for _ in range(FREE):
        tokens.add(("192.0.2.1", 1))
    monkeypatch.setattr(wrong_tokens, "FORGET_SECONDS", -1.0)
    assert tokens.add(("192.0.2.1", 1)) == 0.0
