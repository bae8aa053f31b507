"""What error responses mean: statuses, headers and bodies that providers document or really send."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyroute_direct
from polyroute import Catalog, Failure, Provider, hookimpl
from polyroute.types import DIRECT
from tests.support.endpoint_plugins import catalog_of

NOW = 1795824000.0
"""The time at which the responses are received: 2026-11-28 at midnight, UTC."""
LEADS_ON = {"no_credit", "invalid", "not_offered", "unavailable"}
ERRORS = [400, 403, 404, 413, 422, 429]
TRAPS = [
    "You have insufficient credits, please recharge.",
    "insufficient_quota",
    "The model `gpt-99` does not exist or you do not have access to it.",
    "Invalid API key. Your account has been suspended.",
    "I don't know why: quota exceeded",
    "余额不足, 请充值。模型不存在",
]
"""Texts of a user that read like an error."""


class Case(NamedTuple):
    """A response of a provider's endpoint, and what it means."""

    name: str
    provider: str
    """Whose endpoint it is; empty for an endpoint without rules of its own."""
    status: int
    body: Any
    """JSON, or a text."""
    means: str | None
    source: str
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    retry_after: float | None = None


_LINES = (Path(__file__).parents[1] / "data" / "error_responses.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [Case(**json.loads(line)) for line in _LINES]


class Acme:
    """A plugin with an endpoint that has no rules of its own."""

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return the provider."""
        provider = Provider("acme", "Acme", base_url="https://acme.example/v1")
        return [provider._replace(billing_page="https://acme.example/billing", keys_page="https://acme.example/keys")]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return catalog_of(Acme())


@pytest.fixture(autouse=True)
def midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW)


def failure(catalog: Catalog, status: int, body: Any, provider: str = "", headers: Any = None) -> Failure | None:
    """Return what a response of a provider's endpoint means to a user of httpx."""
    text = body if isinstance(body, str) else json.dumps(body)
    request = httpx.Request("POST", "https://127.0.0.1/v1")
    response = httpx.Response(status, headers=headers, text=text, request=request)
    error = httpx.HTTPStatusError("it failed", request=request, response=response)
    (route,) = [each for each in catalog.provider(provider or "acme").routes if each.via == DIRECT]
    return catalog.failure(f"{provider or 'acme'}/some-model" if provider != "dexto" else "openrouter/x", route, error)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_real_responses_are_understood(case: Case, catalog: Catalog) -> None:
    """A real response has its meaning, leads on or not, and says when to try again if the endpoint does."""
    found = failure(catalog, case.status, case.body, case.provider, case.headers)
    assert (found.means if found else None) == case.means
    assert bool(found and found.leads_on) is (case.means in LEADS_ON)
    assert (found.retry_after if found else None) == (
        pytest.approx(case.retry_after) if case.retry_after is not None else None
    )


def test_the_cases_cover_every_kind_and_have_sources() -> None:
    """There are many cases of each meaning, of providers of all kinds and of none; each has its source."""
    assert len(CASES) >= 250
    assert all(case.source for case in CASES)
    for means in (*LEADS_ON, "rate_limited", "caller", None):
        assert sum(case.means == means for case in CASES) >= 15, means
    assert len({case.provider for case in CASES}) >= 45


def test_each_own_row_is_of_known_providers_and_has_a_source(catalog: Catalog) -> None:
    """Each row of the direct plugin's table names known providers and its source, and each page is of a known one."""
    failures, pages = (
        tomllib.loads((Path(polyroute_direct.__file__).parent / name).read_text(encoding="utf-8"))
        for name in ("failures.toml", "pages.toml")
    )
    for row in failures["failure"]:
        assert row["source"].startswith("https://"), row
        assert set(row["providers"]) <= catalog.plugins.providers.keys(), row
        assert row.keys() & {"codes", "says"} or row["status"] == [498], row
        assert not {500, 504, 524} & set(row["status"]), "the request may have been carried out"
    assert pages.keys() <= catalog.plugins.providers.keys()


@pytest.mark.parametrize(
    ("provider", "status", "body", "remedy"),
    [
        ("", 402, "", "Add credits or raise the limit at https://acme.example/billing."),
        ("", 401, "", "Check the key or make another at https://acme.example/keys."),
        ("", 503, "", ""),
        ("anthropic", 402, "", "Add credits or raise the limit at https://console.anthropic.com/settings/billing."),
        ("ollama", 404, {"error": "model 'x' not found"}, "Fetch the model: `ollama pull MODEL`."),
    ],
)
def test_a_remedy_names_the_page(provider: str, status: int, body: Any, remedy: str, catalog: Catalog) -> None:
    """The remedy is that of the rule, else it names the page of the endpoint's provider."""
    found = failure(catalog, status, body, provider)
    assert found is not None
    assert found.remedy == remedy


FORMS: list[Callable[[str], Any]] = [
    lambda text: {"error": {"message": "Bad request"}, "input": text, "messages": [{"role": "user", "content": text}]},
    lambda text: {"detail": [{"msg": "Input should be a valid string", "loc": ["body", "messages"], "input": text}]},
    lambda text: {"error": {"message": "Bad request", "code": "bad", "failed_generation": text, "prompt": text}},
    lambda text: {"error": {"message": "Bad request", "metadata": {"flagged_input": text, "reasons": ["violence"]}}},
    lambda text: {"error": {"message": f"Invalid value: '{text}'."}},
    lambda text: {"error": {"message": f'Could not read "{text.replace(chr(34), "")}" as a prompt'}},
    lambda text: {"message": f"Invalid content “{text}” in messages[0]"},
    lambda text: f"1 validation error: {{'type': 'string_type', 'msg': 'Input should be a string', 'input': {text!r}}}",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("text", [trap for trap in TRAPS if " " in trap])
def test_what_the_endpoint_repeats_of_the_request_is_not_read(
    form: Callable[[str], Any], status: int, text: str, catalog: Catalog
) -> None:
    """A user's text that an endpoint repeats, in a field or in quotation marks, is not taken for its own words."""
    found = failure(catalog, status, form(text))
    assert found is None or not found.leads_on


@pytest.mark.parametrize("text", TRAPS)
@pytest.mark.parametrize("status", [400, 403, 429])
def test_the_endpoints_own_words_are_read(text: str, status: int, catalog: Catalog) -> None:
    """The same texts as an endpoint's own message are read."""
    found = failure(catalog, status, {"error": {"message": text.replace("'", "")}})
    assert found is not None
    assert found.means != "caller"


_KEYS = "error message code type detail details status retryDelay retry_after headers input".split()
_BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(_KEYS), inner),
)


@cache
def plain() -> Catalog:
    """Return the same catalog for all examples of a property."""
    return catalog_of(Acme())


@given(_BODIES, st.sampled_from([*ERRORS, 401, 402, 500, 503]))
def test_any_body_is_read_without_an_error(body: Any, status: int) -> None:
    """No body makes reading fail, and 500 never leads on."""
    found = failure(plain(), status, body)
    assert found is None or found.status == status
    assert status != 500 or found is None


@given(st.text("{}[]()\"'`“”:,\\ aA1*<>", max_size=300), st.sampled_from(ERRORS))
def test_any_text_is_read_without_an_error(text: str, status: int) -> None:
    """No text makes reading fail, however its quotation marks and brackets are arranged."""
    failure(plain(), status, {"error": {"message": text}})
    failure(plain(), status, text)


@pytest.mark.parametrize(
    "text", ["'" * 4000, "{'" * 2000, "“a " * 1500, "model " * 800, '{"error":' * 500, "again " * 700]
)
def test_long_texts_are_read_quickly(text: str, catalog: Catalog) -> None:
    """A message that repeats what the rules look for does not take long: no search is repeated at each place."""
    assert failure(catalog, 400, {"error": {"message": text}}) is None


@given(st.integers(0, 86400), st.sampled_from(["header", "ms", "go", "field", "words", "rpc", "http"]))
def test_the_time_to_wait_is_read_in_every_form(seconds: int, form: str) -> None:
    """The seconds to wait are the same in each form in which endpoints give them."""
    minutes, rest = divmod(seconds, 60)
    headers = {
        "header": {"Retry-After": str(seconds)},
        "ms": {"retry-after-ms": str(seconds * 1000)},
        "go": {"x-ratelimit-reset-requests": f"{minutes}m{rest}s"},
    }
    bodies = {
        "field": {"error": {"message": "slow down", "resets_in_seconds": seconds}},
        "words": {"error": {"message": f"Please try again in {seconds} seconds."}},
        "rpc": {"error": {"details": [{"@type": "type.example/rpc.RetryInfo", "retryDelay": f"{seconds}s"}]}},
        "http": {"error": {"message": "slow down", "resets_at": NOW + seconds}},
    }
    found = failure(plain(), 429, bodies.get(form, {}), headers=headers.get(form))
    assert found is not None
    assert found.retry_after == pytest.approx(seconds)
