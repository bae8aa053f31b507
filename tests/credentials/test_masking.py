"""Secrets within texts of others: of endpoints, programs and clients. One function masks them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from polyroute import Credential, Environment, Source
from polyroute._internal.redact import REDACTED, SHORTEST, redacted, without_secrets
from polyroute.plugins.executables.client import rendered
from polyroute.server.passthrough.client_secrets import OwnToken

SAID = "the request of the user was rejected"
LONG = "sk-12345"
CORE = Path(redacted.__code__.co_filename).parents[1]


def masked_by_environment(text: str, secret: str) -> str:
    """Return a text as the environment masks it once the secret was read."""
    environment = Environment({"ACME_KEY": secret})
    environment.reveal(Credential("acme", "https://acme.example/v1", source=Source("env", "ACME_KEY")))
    return environment.without_secrets(text)


def masked_for_endpoints(text: str, secret: str) -> str:
    """Return a body as the pass-through masks the server's own token in it."""
    return OwnToken(secret).cleaned_body(text.encode()).decode()


Place = Callable[[str, str], str]
PLACES: tuple[Place, ...] = (
    masked_by_environment,
    masked_for_endpoints,
    lambda text, secret: rendered(text, (secret,)),
)


@pytest.mark.parametrize("place", PLACES, ids=["endpoints", "clients", "programs"])
@pytest.mark.parametrize("secret", ["e", "user", "request", LONG[:-1]])
def test_a_short_secret_hides_no_words(place: Place, secret: str) -> None:
    """A secret of fewer than eight characters is part of ordinary words, so nothing is masked because of it."""
    assert len(secret) < SHORTEST
    assert place(SAID, secret) == SAID


@pytest.mark.parametrize("place", PLACES, ids=["endpoints", "clients", "programs"])
def test_a_secret_is_masked_wherever_it_is_in_a_text(place: Place) -> None:
    """Each occurrence of a secret of eight characters or more is masked, also within a word."""
    assert place(f"no {LONG}, x{LONG}y", LONG) == f"no {REDACTED}, x{REDACTED}y"


def test_a_secret_within_a_secret() -> None:
    """Of two secrets one of which contains the other, no part of either is left."""
    assert without_secrets(f"{LONG}-and-more {LONG}", (LONG, f"{LONG}-and-more")) == f"{REDACTED} {REDACTED}"


def test_one_function_masks() -> None:
    """No module of the core replaces secrets in texts by itself."""
    masks = [path.name for path in CORE.rglob("*.py") if REDACTED in path.read_text(encoding="utf-8")]
    assert masks == ["redact.py"]
