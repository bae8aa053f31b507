"""The pass-through under a policy of an organisation."""

from __future__ import annotations

import gzip
import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from polyroute.fallback.plan import Policy
from polyroute.organisation import KeyPlace, OrganisationPolicy
from tests.support.endpoint_plugins import Direct
from tests.support.fake_endpoint import Serve
from tests.support.http_server import Client
from tests.support.pass_through import CHAT, PassingTo, asking, passing_to

__all__ = ["passing_to"]

KEY = "sk-organisation-0123456789-Qx7Z"
REFUSAL = {"error": {"message": f"Incorrect API key provided: sk-****{KEY[-4:]}, or {KEY}"}}
MESSAGE = "Incorrect API key provided: sk-****[REDACTED], or [REDACTED]"


def ask(client: Client, path: str = CHAT) -> tuple[int, str]:
    answer = client.post(path, asking("acme/acme-large"))
    return answer.status, f"{dict(answer.headers)} {answer.plain.decode()}"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"allowed_providers": ("umbrella",)}, "the organisation's policy does not allow requests to acme"),
        ({"allowed_models": ("acme/small*",)}, "the organisation's policy does not allow acme/acme-large"),
    ],
)
def test_what_is_not_allowed_is_not_sent(
    serve: Serve, passing_to: PassingTo, rules: dict[str, tuple[str, ...]], said: str
) -> None:
    """A request for a model, or to a provider, that is not allowed is refused, in words, with the contact."""
    upstream = serve("acme-large")
    client = passing_to(Direct(upstream), rules=OrganisationPolicy("#models", **rules))  # type: ignore[arg-type]
    for path in (CHAT, "/v1/messages"):
        status, text = ask(client, path)
        assert status == 400
        assert said in text and "ask #models" in text
    assert upstream.received == []
    assert "acme/acme-large" not in client.get("/v1/models").plain.decode()


@pytest.mark.parametrize("policy", ["never", "auto"])
@pytest.mark.parametrize("is_compressed", [False, True])
def test_an_endpoints_words_about_the_organisations_key_are_masked(
    serve: Serve, passing_to: PassingTo, tmp_path: Path, policy: Policy, is_compressed: bool
) -> None:
    """The key goes to the endpoint; what the endpoint says about it arrives without its last characters."""

    def refuse(handler: BaseHTTPRequestHandler) -> None:
        data = json.dumps(REFUSAL).encode()
        handler.send_response(401)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("X-Key", KEY[-4:])
        if is_compressed:
            data = gzip.compress(data)
            handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    (tmp_path / "key").write_text(KEY)
    upstream = serve("acme-large")
    upstream.next.append(refuse)
    rules = OrganisationPolicy("#models", keys={"ACME_KEY": KeyPlace(file=str(tmp_path / "key"))})
    client = passing_to(Direct(upstream), rules=rules, policy=policy, OTHER="1")
    status, text = ask(client)
    assert upstream.received[0].keys == {"authorization": f"Bearer {KEY}"}
    assert status == 401
    assert KEY[-4:] not in text
    assert MESSAGE in text


def test_a_users_own_key_keeps_its_endpoints_words(serve: Serve, passing_to: PassingTo) -> None:
    """An error about a user's own key is passed on byte by byte, as without a policy."""
    upstream = serve("acme-large")
    upstream.say(401, json.dumps(REFUSAL))
    client = passing_to(Direct(upstream), rules=OrganisationPolicy("#models"))
    assert client.post(CHAT, asking("acme/acme-large")).json == REFUSAL
