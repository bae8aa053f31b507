"""`catalog.run`: on by the next route when one can't be taken, and never twice for what may have been carried out."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from typing import Any

import boto3 as real_boto3
import httpx as real_httpx
import pytest
from google import genai

from polyroute import (
    Catalog,
    FailureRule,
    GatewayUnavailable,
    InsufficientCredits,
    InvalidCredential,
    ModelNotOffered,
    ModelRef,
    NoEffectiveRoute,
    Plugins,
    Preferences,
    Route,
    RouteFailed,
    UsageError,
)
from polyroute.fallback.failures import classify
from polyroute.fallback.plan import FallbackPlan, Switch
from polyroute.integrations import boto3, httpx, openai
from tests.support.endpoint_plugins import CLAUDE, CLAUDE_AT_GATEWAYS, Direct, Gateway, catalog_of, every_failure
from tests.support.fake_endpoint import FAILURES, Serve, Upstream
from tests.support.sdks import OPENAI_CHAT, QUESTION, Ask, openai_chat

MEANINGS = {"InsufficientCredits", "InvalidCredential", "ModelNotOffered", "GatewayUnavailable", ""}
FIRST_THEN_SECOND = Preferences(order=("umbrella", "vector", "direct"))
SAID_BY_EACH = (
    "openai-quota openai-rate-limit openai-key openai-model openai-bad-request openai-server-error openrouter-credits"
    " openrouter-no-provider"
).split()


class Two:
    """Two gateways with the same models, of which the first fails."""

    def __init__(self, serve: Serve) -> None:
        self.first = serve(CLAUDE_AT_GATEWAYS)
        self.second = serve(CLAUDE_AT_GATEWAYS, key="secret-2")

    def catalog(self) -> Catalog:
        """Return a catalog in which the first gateway is preferred."""
        plugins = Gateway(self.first), Gateway(self.second, "vector")
        return catalog_of(*plugins, preferences=FIRST_THEN_SECOND, UMBRELLA_KEY="secret-1", VECTOR_KEY="secret-2")


@pytest.fixture
def two(serve: Serve) -> Two:
    return Two(serve)


def asked(catalog: Catalog, ask: Ask = openai_chat, **options: Any) -> str:
    return catalog.run(CLAUDE, lambda route: ask(catalog, route), **options)


def test_every_documented_failure_has_a_meaning() -> None:
    """The tests' table of failures names only the four errors, or none."""
    assert {each.means for each in FAILURES.values()} == MEANINGS
    assert all(each.source for each in FAILURES.values())


@pytest.mark.parametrize("name", FAILURES)
def test_documented_failures_are_recognised(two: Two, name: str) -> None:
    """A documented failure raises the matching error, or the library's own where another route would not help."""
    two.first.fail(name)
    with pytest.raises(Exception) as caught:
        asked(two.catalog())
    expected = FAILURES[name].means
    assert (type(caught.value).__name__ if isinstance(caught.value, RouteFailed) else "") == expected
    assert two.second.received == []


@pytest.mark.parametrize("name", SAID_BY_EACH)
@pytest.mark.parametrize("ask", OPENAI_CHAT)
def test_each_library_moves_on_for_the_same_failures(two: Two, name: str, ask: Ask) -> None:
    """With every library, `auto` takes the next route if the route can't be used, and only then."""
    two.first.fail(name)
    if FAILURES[name].means:
        assert asked(two.catalog(), ask, policy="auto") == f"Hello from {CLAUDE_AT_GATEWAYS}"
        assert two.second.received[0].keys == {"authorization": "Bearer secret-2"}
    else:
        with pytest.raises(Exception) as caught:
            asked(two.catalog(), ask, policy="auto")
        assert not isinstance(caught.value, RouteFailed)
        assert two.second.received == []


@pytest.mark.parametrize("ask", OPENAI_CHAT)
def test_an_endpoint_that_nobody_serves_is_moved_on_from(two: Two, ask: Ask) -> None:
    """If a connection is refused, nothing was sent, and the next route is taken."""
    two.first = Upstream(CLAUDE_AT_GATEWAYS)
    two.first.stop()
    assert asked(two.catalog(), ask, policy="auto") == f"Hello from {CLAUDE_AT_GATEWAYS}"


def test_a_timeout_after_sending_is_never_sent_again(two: Two) -> None:
    """A request that timed out after sending may have been carried out, and is never sent again."""
    two.first.hang()
    with pytest.raises(Exception, match="timed out"):
        asked(two.catalog(), _impatient, policy="auto")
    assert len(two.first.received) == 1
    assert two.second.received == []


def _impatient(catalog: Catalog, route: Any) -> str:
    client, model_id = openai.client(catalog, route, max_retries=0, timeout=real_httpx.Timeout(60, read=3))
    with client:
        return str(client.chat.completions.create(model=model_id, messages=QUESTION))


def test_a_cut_stream_is_never_sent_again(two: Two) -> None:
    """A stream that breaks off raises the library's own error, and the request is never sent again."""
    two.first.cut()
    with pytest.raises(Exception, match=r"closed|incomplete|Connection error"):
        asked(two.catalog(), _streamed, policy="auto")
    assert two.second.received == []


def _streamed(catalog: Catalog, route: Any) -> str:
    client, model_id = openai.client(catalog, route, max_retries=0)
    with client:
        parts: Any = client.chat.completions.create(model=model_id, messages=QUESTION, stream=True)
        return "".join(part.choices[0].delta.content or "" for part in parts)


def test_an_error_within_a_stream_is_never_sent_again(two: Two) -> None:
    """An error within a stream, after its first chunks, does not cause another request."""
    two.first.break_stream(FAILURES["openrouter-credits"].body)
    with pytest.raises(Exception, match="Insufficient credits") as caught:
        asked(two.catalog(), _streamed, policy="auto")
    assert not isinstance(caught.value, RouteFailed)
    assert two.second.received == []


def test_an_error_that_is_no_answer_is_the_hosts_own(two: Two) -> None:
    """An error that is not a response, raised by the callback itself, is raised unchanged."""

    def wrong(_: Route) -> str:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        two.catalog().run(CLAUDE, wrong, policy="auto")


def test_the_error_says_what_failed_and_what_is_next(two: Two) -> None:
    """The error has the model, the route, the routes tried, the next route and the endpoint's message."""
    two.first.fail("openrouter-credits")
    with pytest.raises(InsufficientCredits) as caught:
        asked(two.catalog())
    error = caught.value
    assert str(error.model) == CLAUDE
    assert (error.route.via, [route.via for route in error.tried]) == ("umbrella", ["umbrella"])
    assert error.next_route is not None
    assert error.next_route.via == "vector"
    assert str(error) == (
        f"{CLAUDE} via umbrella with env UMBRELLA_KEY: no credits are left (HTTP 402: Insufficient credits. Add more"
        " using https://openrouter.ai/settings/credits). Next would be via vector with env VECTOR_KEY."
    )
    assert getattr(error.error, "status_code", None) == 402


@pytest.mark.parametrize(
    ("policy", "answer", "moves"),
    [("never", True, False), ("ask", True, True), ("ask", None, False), ("ask", 1, False), ("auto", None, True)],
)
def test_the_policy_decides(two: Two, policy: str, answer: object, moves: bool) -> None:
    """`never` stops, `ask` continues if the callback returns True, and `auto` always continues."""
    two.first.fail("openrouter-credits")
    if moves:
        assert asked(two.catalog(), policy=policy, on_switch=lambda _: answer)
    else:
        with pytest.raises(InsufficientCredits):
            asked(two.catalog(), policy=policy, on_switch=lambda _: answer)
    assert bool(two.second.received) is moves


def test_nothing_goes_on_unless_asked(two: Two) -> None:
    """Without policy and callback, the first failure is raised."""
    two.first.fail("openrouter-credits")
    with pytest.raises(InsufficientCredits):
        asked(two.catalog())
    assert two.second.received == []


def test_an_unknown_policy_is_refused(two: Two) -> None:
    """An unknown policy is refused before any call."""
    with pytest.raises(UsageError, match="never, ask or auto"):
        asked(two.catalog(), policy="always")
    assert two.first.received == []


@pytest.mark.parametrize(("policy", "moves"), [("ask", False), ("auto", True)])
def test_from_an_own_key_to_credits_only_where_the_policy_says_so(serve: Serve, policy: str, moves: bool) -> None:
    """The switch from a user's own key to a gateway's credits needs `auto`, or approval of exactly this switch."""
    own, gateway = serve("claude-sonnet-4-5"), serve(CLAUDE_AT_GATEWAYS, key="secret-2")
    plugins = Direct(own, id="anthropic", failures=every_failure()), Gateway(gateway)
    order = Preferences(order=("direct", "umbrella"))
    catalog = catalog_of(*plugins, preferences=order, ACME_KEY="secret-1", UMBRELLA_KEY="secret-2")
    own.fail("anthropic-credit")
    switches: list[Switch] = []
    if moves:
        asked(catalog, policy=policy, on_switch=switches.append)
    else:
        with pytest.raises(InsufficientCredits):
            asked(catalog, policy=policy, on_switch=switches.append)
    assert bool(gateway.received) is moves
    assert [switch.spends_credits for switch in switches] == [True]


def test_each_switch_is_logged_and_told(two: Two, caplog: pytest.LogCaptureFixture) -> None:
    """The callback gets every switch, and the log has one line for it, without a key."""
    two.first.fail("openrouter-key")
    switches: list[Switch] = []
    with caplog.at_level(logging.WARNING, "polyroute"):
        asked(two.catalog(), policy="auto", on_switch=switches.append)
    assert [(switch.error.route.via, switch.to.via, switch.spends_credits) for switch in switches] == [
        ("umbrella", "vector", False)
    ]
    assert [record.getMessage() for record in caplog.records if record.name == "polyroute"] == [
        f"{CLAUDE} via umbrella with env UMBRELLA_KEY: its key is not accepted (HTTP 401: User not found.)."
        " Continuing with vector."
    ]


def test_the_last_route_ends_it(two: Two) -> None:
    """If every route fails, the last error names all routes that were tried, and no next one."""
    two.first.fail("openrouter-credits")
    two.second.fail("openrouter-no-provider")
    with pytest.raises(GatewayUnavailable, match="No other route is left") as caught:
        asked(two.catalog(), policy="auto")
    assert [route.via for route in caught.value.tried] == ["umbrella", "vector"]


def test_a_key_that_failed_is_not_taken_by_another_route() -> None:
    """A second route with the same credential would fail too, and is skipped."""
    catalog = catalog_of(OPENAI_API_KEY="secret-1")
    (route,) = [each for each in catalog.routes("openai/gpt-5") if each.usable]
    course = FallbackPlan(ModelRef("openai", "gpt-5"), [route, route], "auto", catalog.environment)
    with pytest.raises(InvalidCredential, match="No other route"):
        course.switch(_answered(401, {}))


def test_without_a_usable_route_nothing_is_called(two: Two) -> None:
    """Without a usable route `run` raises the same error as `resolve`, also for a protocol that no route has."""
    with pytest.raises(NoEffectiveRoute):
        two.catalog().run("openai/gpt-5", lambda route: route, protocols=["anthropic-messages"])


def test_run_hands_on_the_protocol_that_was_asked_for() -> None:
    """A route with several protocols is passed to the callback with the requested one."""
    catalog = catalog_of(OPENAI_API_KEY="secret-1")
    assert catalog.run("openai/gpt-5", lambda route: route.protocol, protocols=["openai-chat"]) == "openai-chat"


def test_run_async_asks_an_async_callback(two: Two) -> None:
    """The async form awaits the call and the callback, and decides in the same way."""
    two.first.fail("openrouter-credits")
    catalog = two.catalog()

    async def call(route: Route) -> str:
        client, path, model_id = httpx.async_client(catalog, route)
        async with client:
            answer = await client.post(path, json={"model": model_id, "messages": QUESTION})
        return str(answer.raise_for_status().json()["choices"][0]["message"]["content"])

    async def yes(switch: Switch) -> bool:
        await asyncio.sleep(0)
        return switch.to.via == "vector"

    assert asyncio.run(catalog.run_async(CLAUDE, call, on_switch=yes)) == f"Hello from {CLAUDE_AT_GATEWAYS}"


@pytest.mark.parametrize("ask", OPENAI_CHAT)
def test_an_endpoint_that_quotes_the_key_shows_it_nowhere(two: Two, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """A key in the endpoint's message is in none of our errors, tracebacks or log lines."""
    two.first.say(401, json.dumps({"error": {"message": "No such key: secret-1", "code": "invalid_api_key"}}))
    with (
        caplog.at_level(logging.DEBUG, "polyroute"),
        pytest.raises(InvalidCredential, match=r"No such key: \[REDACTED\]") as caught,
    ):
        asked(two.catalog(), ask)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    told += "".join(record.getMessage() for record in caplog.records if record.name == "polyroute")
    assert "secret-1" not in told


OUT_OF_CREDIT = FailureRule("no_credit", (418,), ("purse * empty",))


@pytest.mark.parametrize(
    ("rules", "status", "said", "means"),
    [
        ({"failures": (OUT_OF_CREDIT,)}, 418, "Your PURSE is empty", InsufficientCredits),
        ({"failures": (OUT_OF_CREDIT,)}, 418, "Your empty purse", None),
        ({"failures": (OUT_OF_CREDIT,)}, 400, "Your purse is empty", None),
        ({"failures": (FailureRule("unavailable", (418,)),)}, 418, "whatever", GatewayUnavailable),
        ({"failures": (FailureRule("caller", (402,)),)}, 402, "whatever", None),
        ({}, 418, "Your purse is empty", None),
        ({}, 402, "whatever", InsufficientCredits),
    ],
)
def test_a_provider_says_how_its_errors_are_worded(
    serve: Serve, rules: dict[str, Any], status: int, said: str, means: type[RouteFailed] | None
) -> None:
    """At a provider's endpoint, the provider's failure rules are applied before the general ones."""
    catalog = catalog_of(Direct(serve("acme-large"), **rules), ACME_KEY="secret-1")
    assert _meaning(catalog, "acme/acme-large", _answered(status, said)) is means


def test_rules_count_for_who_speaks_the_protocol_and_who_made_the_model(serve: Serve) -> None:
    """The rules of a protocol's designer apply to all that use it, the maker's at a gateway; no other rules apply."""
    empty = _answered(400, "Your credit balance is too low")
    speaks = catalog_of(Direct(serve("acme-large", protocols=("anthropic-messages",))), ACME_KEY="secret-1")
    assert _meaning(speaks, "acme/acme-large", empty) is InsufficientCredits
    other = catalog_of(Direct(serve("acme-large")), ACME_KEY="secret-1")
    assert _meaning(other, "acme/acme-large", empty) is None
    gateway = catalog_of(OPENROUTER_API_KEY="secret-1")
    assert _meaning(gateway, CLAUDE, empty) is InsufficientCredits
    assert _meaning(gateway, "openai/gpt-5", empty) is None


def _meaning(catalog: Catalog, model: str, error: Exception) -> type[RouteFailed] | None:
    """Return the class of an error of the model's first route, or None if it is the caller's own."""

    def call(route: Route) -> None:
        raise error

    with pytest.raises(Exception) as caught:
        catalog.run(model, call, policy="never")
    return type(caught.value) if isinstance(caught.value, RouteFailed) else None


def test_botos_errors_are_recognised(serve: Serve) -> None:
    """Bedrock's errors are recognized in boto3's ClientError: a wrong model and a wrong key."""
    upstream = serve("acme.large", protocols=("bedrock-converse",), base="")
    catalog = catalog_of(Direct(upstream), ACME_KEY="secret-1")
    config = real_boto3.session.Config(retries={"max_attempts": 0})
    client, model_id = boto3.client(catalog, "acme/acme.large", region_name="us-east-1", config=config)
    for name, means in {"bedrock-model": "not_offered", "bedrock-token": "invalid"}.items():
        upstream.fail(name)
        with pytest.raises(Exception) as caught:
            client.converse(modelId=model_id, messages=[{"role": "user", "content": [{"text": "Hello?"}]}])
        failure = classify(caught.value, catalog.plugins.failures["bedrock"])
        assert failure is not None
        assert failure.means == means
    client.close()


@pytest.mark.parametrize("name", [name for name in FAILURES if name.startswith("google-")])
def test_googles_errors_are_recognised(serve: Serve, plugins: Plugins, name: str) -> None:
    """Each of Google's documented failures is recognized as Google's own SDK raises it."""
    upstream = serve("gemini-9", protocols=("google-generate-content",), base="/v1beta")
    options = {"base_url": upstream.url.removesuffix("/v1beta"), "retry_options": {"attempts": 1}}
    upstream.fail(name)
    with genai.Client(api_key="secret-1", http_options=options) as client, pytest.raises(Exception) as caught:  # type: ignore[arg-type]
        client.models.generate_content(model="gemini-9", contents="Hello?")
    failure = classify(caught.value, plugins.failures["google"])
    errors = {
        "no_credit": InsufficientCredits,
        "invalid": InvalidCredential,
        "not_offered": ModelNotOffered,
        "unavailable": GatewayUnavailable,
    }
    assert (errors[failure.means].__name__ if failure else "") == FAILURES[name].means


def _answered(status: int, body: Any) -> Exception:
    """Return an error as the OpenAI SDK raises it."""
    error = Exception("refused")
    error.status_code = status  # type: ignore[attr-defined]
    error.body = body  # type: ignore[attr-defined]
    return error
