"""A secret with a line end or another control character in it is handed out by no door: it could forge a header."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from polyroute import (
    Alternative,
    Catalog,
    Credential,
    Detection,
    Environment,
    Group,
    NoEffectiveRoute,
    Plugins,
    Provider,
    Secret,
    SecretUnavailable,
    Slot,
    Source,
    hookimpl,
)
from tests.support.shell import Shell

FORGED = "canary-1\r\nX-Forged: 1"
URL = "https://acme.example/v1"
LAYERS = ("host", "env", "project .env", "global .env", "file")
VALUES = ("canary\nX: 1", "canary\rX: 1", FORGED, "canary\x00", "canary\x1b[2J", "canary\x7f")


class Acme:
    """A provider whose key is in a variable or a field of a file, and one whose login the plugin owns."""

    def __init__(self, secret: Secret | None = None) -> None:
        self.secret = secret or Secret("fine")

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return both providers."""
        places = (Alternative("ACME_KEY"), Alternative(file="~/key.json", json_field="a.key"))
        group = Group((Slot("key", places, secret=True),))
        return [Provider("acme", "Acme", "host", (group,), URL), Provider("login", "Login", "host", (), URL)]

    @hookimpl
    def polyroute_credentials(self) -> list[Detection]:
        """Return the login."""
        return [Detection("login", "oauth-token", Source("plugin", "login of Acme"))]

    @hookimpl
    def polyroute_secrets(self, environment: Environment, credential: Credential) -> Secret:
        """Return the token of the login."""
        return self.secret


def refusal(catalog: Catalog, model: str) -> str:
    """Return the message of the error with which each door refuses the secret of a usable route."""
    route = catalog.resolve(model)
    messages = set()
    doors: list[Callable[[], object]] = [
        lambda: catalog.environment.reveal(route.credential),
        lambda: catalog.environment.secret(route.credential),
        lambda: catalog.environment.call(route),
    ]
    for door in doors:
        with pytest.raises(SecretUnavailable) as raised:
            door()
        messages.add(str(raised.value))
    (message,) = messages
    assert "canary" not in message
    return message


def unused(catalog: Catalog, variable: str) -> str:
    """Return why a variable is not used, which is also said by the door that would hand out its value."""
    with pytest.raises(NoEffectiveRoute) as none:
        catalog.resolve("acme/m")
    with pytest.raises(SecretUnavailable) as refused:
        catalog.environment.secret(Credential("acme", URL, source=catalog.environment.source(variable)))
    assert "canary" not in f"{none.value} {refused.value}"
    return str(none.value)


@pytest.mark.parametrize(
    ("layer", "value"),
    [
        (layer, value)
        for layer in LAYERS
        for value in VALUES
        if "X: 1" in value or not layer.endswith(".env")  # which has escapes for line ends only
    ],
)
def test_a_value_of_the_user(tmp_path: Path, layer: str, value: str) -> None:
    """The key of a host, a variable, a `.env` or a file is refused by every door, with the place it came from."""
    written = value.encode("unicode_escape").decode()
    texts = {
        "project .env": ("project/.env", f'ACME_KEY="{written}"\n'),
        "global .env": (".dexto/.env", f'ACME_KEY="{written}"\n'),
        "file": ("key.json", json.dumps({"a": {"key": value}})),
    }
    if layer in texts:
        name, text = texts[layer]
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    given = {"ACME_KEY": value}
    environment = Environment(
        given if layer == "env" else {},
        home=tmp_path,
        keys=given if layer == "host" else {},
        trusted_project=tmp_path / "project",
    )
    catalog = Catalog(Plugins.load([Acme()], only=[]), environment)
    message = refusal(catalog, "acme/m") if layer == "file" else unused(catalog, "ACME_KEY")
    assert "a line end" in message or "a control character" in message
    assert layer in message


@pytest.mark.parametrize(
    "secret",
    [
        *(Secret(value) for value in VALUES),
        Secret("fine", headers=(("X-Account", FORGED),)),
        Secret("fine", headers=(("X-Account\r\nX: 1", "fine"),)),
    ],
)
def test_a_value_of_a_plugin(tmp_path: Path, secret: Secret) -> None:
    """A token that a plugin returns, or a header with it, is refused by every door, and the plugin is named."""
    catalog = Catalog(Plugins.load([Acme(secret)], only=[]), Environment({}, home=tmp_path))
    assert "login of Acme" in refusal(catalog, "login/m")


@pytest.mark.slow
def test_other_programs_get_none(shell: Shell) -> None:
    """`credential --reveal` of such a key ends with status 1 and prints only from where the key came."""
    done = shell.run("credential", "groq/llama-3.3-70b-versatile", "--reveal", GROQ_API_KEY=FORGED)
    assert (done.returncode, done.stdout) == (1, "")
    assert "env GROQ_API_KEY" in done.stderr
    assert "a line end" in done.stderr
    assert "canary" not in done.stderr
