"""`polyroute resolve MODEL --format …`: output that a shell, curl and the LiteLLM proxy accept unchanged."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from polyroute import (
    AuthHeader,
    Catalog,
    Detection,
    Environment,
    ModelRef,
    Preferences,
    Source,
    UnsupportedRoute,
    hookimpl,
)
from polyroute._internal.paths import keyring_index
from polyroute.integrations import proxy
from polyroute.integrations.formats import formatted
from polyroute.organisation import KeyPlace, MemberEnvironment, OrganisationPolicy
from tests.support.canary_user import PLACES, CanaryUser
from tests.support.endpoint_plugins import BUNDLED, CLAUDE, CLAUDE_AT_GATEWAYS, Direct, Gateway, catalog_of
from tests.support.fake_endpoint import Upstream
from tests.support.shell import POLYROUTE, Shell

ODD = "-n%s\\n$HOME'`id`\"!*?[a]{b}#;&|<>~=^"
"""A key with what is special in a shell, in its `printf` and in curl's headers."""
REQUESTS = {
    "curl": "",
    "env": 'curl -sH "$POLYROUTE_AUTH_HEADER: $POLYROUTE_AUTH_PREFIX$POLYROUTE_API_KEY" "$POLYROUTE_BASE_URL/x"',
    "openai": 'curl -sH "Authorization: Bearer $OPENAI_API_KEY" "$OPENAI_BASE_URL/x"',
}
"""What follows the text of each format, so that a request is sent."""
SINGLE = tuple(place for place in PLACES if place != "by-headers")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A local stand-in for Dexto's endpoint."""
    with Upstream(CLAUDE_AT_GATEWAYS).running() as upstream:
        yield upstream


def dexto(upstream: Upstream) -> dict[str, str]:
    return {"DEXTO_API_KEY": "secret-1", "DEXTO_API_URL": upstream.url}


def test_curl_asks_the_model(shell: Shell, upstream: Upstream) -> None:
    """The curl command runs unchanged in a shell, sends the route's ID and key, and contains only the key's name."""
    text = shell.run("resolve", CLAUDE, "--format", "curl", **dexto(upstream)).stdout
    done = shell.start(["sh", "-c", text], **dexto(upstream))
    assert json.loads(done.stdout)["choices"][0]["message"]["content"] == f"Hello from {CLAUDE_AT_GATEWAYS}"
    assert upstream.received[0].keys == {"authorization": "Bearer secret-1"}
    assert "secret-1" not in text
    assert '"$DEXTO_API_KEY"' in text


@pytest.mark.parametrize(("form", "prefix", "model"), [("env", "POLYROUTE", "MODEL_ID"), ("openai", "OPENAI", "MODEL")])
def test_a_shell_takes_the_variables(shell: Shell, upstream: Upstream, form: str, prefix: str, model: str) -> None:
    """`eval` of the output sets base URL, model ID and key; the output itself contains no key."""
    text = shell.run("resolve", CLAUDE, "--format", form, **dexto(upstream)).stdout
    names = [f"${prefix}_{name}" for name in ("BASE_URL", model, "API_KEY")]
    done = shell.start(["sh", "-c", f'eval "$1"; echo {" ".join(names)}', "sh", text], **dexto(upstream))
    assert done.stdout.split() == [upstream.url, CLAUDE_AT_GATEWAYS, "secret-1"]
    assert "secret-1" not in text


def test_a_key_from_a_file_is_brought_by_a_command(shell: Shell, upstream: Upstream) -> None:
    """For a key that is not a variable of the shell, the output contains the command that reveals it."""
    (shell.home / ".dexto").mkdir()
    (shell.home / ".dexto" / ".env").write_text("DEXTO_API_KEY=secret-1\n", encoding="utf-8")
    done = shell.run("resolve", CLAUDE, "--format", "env", DEXTO_API_URL=upstream.url)
    assert f'POLYROUTE_API_KEY="$(polyroute credential {CLAUDE} --via dexto --reveal --raw)"' in done.stdout


def test_openais_variables_cant_say_another_header(shell: Shell) -> None:
    """A model that OpenAI's SDK can't call by variables alone is refused, with the reason and exit status 1 or 2."""
    done = shell.run("resolve", "anthropic/claude-sonnet-4-5", "--format", "openai", ANTHROPIC_API_KEY="secret-1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "it speaks anthropic-messages" in done.stderr


def test_no_route_is_a_clear_no(shell: Shell) -> None:
    """Without any key, stdout is empty, stderr gives the reasons, and the exit status is 1."""
    done = shell.run("resolve", CLAUDE, "--format", "curl")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Set ANTHROPIC_API_KEY" in done.stderr


def test_the_proxys_configuration_names_its_keys(upstream: Upstream) -> None:
    """A `config.yaml` of several models has the routes' IDs and base URLs, and keys as `os.environ/NAME`."""
    catalog = catalog_of(Gateway(upstream), UMBRELLA_KEY="secret-1", OPENAI_API_KEY="secret-2")
    text = proxy.config(catalog, [CLAUDE, "openai/gpt-5"])
    written = yaml.safe_load(text)
    assert written["general_settings"] == {"master_key": "os.environ/LITELLM_MASTER_KEY"}
    entries = {each["model_name"]: each["litellm_params"] for each in written["model_list"]}
    assert entries[CLAUDE] == {
        "model": f"openai/{CLAUDE_AT_GATEWAYS}",
        "api_base": upstream.url,
        "api_key": "os.environ/UMBRELLA_KEY",
    }
    assert entries["openai/gpt-5"]["api_key"] == "os.environ/OPENAI_API_KEY"
    assert "secret" not in text


def test_the_proxy_gets_the_base_url_that_it_completes(upstream: Upstream) -> None:
    """Anthropic's base URL is written without /v1, because LiteLLM adds it."""
    catalog = catalog_of(ANTHROPIC_API_KEY="secret-1")
    (entry,) = proxy.model_list(catalog, [CLAUDE])
    assert entry["litellm_params"] == {
        "model": "anthropic/claude-sonnet-4-5",
        "api_base": "https://api.anthropic.com",
        "api_key": "os.environ/ANTHROPIC_API_KEY",
        "extra_headers": {"anthropic-version": "2023-06-01"},
    }


def test_the_proxy_is_not_given_what_it_cant_send(upstream: Upstream) -> None:
    """A key in a file or for another header is refused, rather than written down or sent wrongly."""
    upstream.auth = AuthHeader("X-Acme", "")
    with pytest.raises(UnsupportedRoute, match="header X-Acme"):
        proxy.config(catalog_of(Direct(upstream), ACME_KEY="secret-1"), ["acme/acme-large"])


def test_the_proxy_gets_the_organisations_keys_from_the_variables_that_hold_them(upstream: Upstream) -> None:
    """Under a policy a key is named by the variable of the process that holds it; one in a file is refused."""
    for place, named in ((KeyPlace("ACME_POOL"), "os.environ/ACME_POOL"), (KeyPlace(file="/run/secrets/acme"), "")):
        catalog = shared_catalog(upstream, {"ACME_KEY": place})
        if named:
            (entry,) = proxy.model_list(catalog, ["acme/acme-large"])
            assert entry["litellm_params"]["api_key"] == named
        else:
            with pytest.raises(UnsupportedRoute, match="it is in a file"):
                proxy.config(catalog, ["acme/acme-large"])


class Login(Direct):
    """A vendor with a login that its plugin found."""

    @hookimpl
    def polyroute_credentials(self, environment: Environment) -> list[Detection]:
        """Return the login."""
        return [Detection("acme", "oauth-token", Source("plugin", "login"))]


def test_the_proxy_gets_no_key_of_a_single_user(upstream: Upstream, tmp_path: Path) -> None:
    """What only one user has is refused: an own key under a policy, a key in the keyring, a login."""
    with_keyring = Environment({"POLYROUTE_HOME": str(tmp_path / "polyroute")}, home=tmp_path)
    index = Path(keyring_index({"POLYROUTE_HOME": str(tmp_path / "polyroute")}))
    index.parent.mkdir(parents=True, exist_ok=True)
    index.write_text("ACME_KEY\n")
    refused = {
        "it is a user's own": shared_catalog(upstream, {}, ACME_KEY="secret-1"),
        "it is in a keyring": Catalog.load([Direct(upstream)], only=BUNDLED, environment=with_keyring.again()),
        "it is a login": catalog_of(Login(upstream)),
    }
    for why, catalog in refused.items():
        with pytest.raises(UnsupportedRoute, match=why):
            proxy.config(catalog, ["acme/acme-large"])


def shared_catalog(upstream: Upstream, keys: dict[str, KeyPlace], **own: str) -> Catalog:
    """Return the catalog of a user under a policy with these keys."""
    member = MemberEnvironment(Environment(own), OrganisationPolicy("us", keys=keys), {"ACME_POOL": "secret-2"})
    return Catalog.load([Direct(upstream)], only=BUNDLED, environment=member, preferences=Preferences())


def test_the_endpoint_gets_exactly_the_key(shell: Shell, upstream: Upstream) -> None:
    """Whatever place a key is in, the text of each format, run in a shell, sends the key and nothing else."""
    odd = dict.fromkeys([place.replace("-", "_") for place in SINGLE if place != "by-dotenv"], ODD)  # which refuses it
    user = CanaryUser(shell, upstream.url, **odd)
    path = f"{Path(POLYROUTE).parent}{os.pathsep}{shell.variables['PATH']}"
    for form, request in REQUESTS.items():
        ran = [shell.run("resolve", user.models[place], "--format", form) for place in SINGLE]
        assert [done.stderr for done in ran if done.returncode] == []
        texts = [done.stdout for done in ran]
        assert not [text for place, text in zip(SINGLE, texts, strict=True) if user.key(place) in text]
        upstream.received.clear()
        done = shell.start(["sh", "-c", "\n".join([*(f"{text}\n{request}" for text in texts)])], PATH=path)
        assert len(upstream.received) == len(SINGLE), done.stderr
        sent = {place: found.headers["authorization"] for place, found in zip(SINGLE, upstream.received, strict=True)}
        assert sent == {place: f"Bearer {user.key(place)}" for place in SINGLE}, done.stderr


def test_a_variable_with_blanks_around_the_key(shell: Shell, upstream: Upstream) -> None:
    """If a variable has a blank or a line end after the key, which a shell would send, the command prints the key."""
    variables = dexto(upstream) | {"DEXTO_API_KEY": "secret-1 \n"}
    text = shell.run("resolve", CLAUDE, "--format", "env", **variables).stdout
    assert '"$(polyroute credential' in text


def test_a_key_of_the_program_alone_is_not_for_a_shell(upstream: Upstream) -> None:
    """A key that only the host has can be referenced by no text, so a format is refused."""
    environment = Environment({}, keys={"UMBRELLA_KEY": "secret-1"})
    catalog = Catalog.load([Gateway(upstream)], only=["direct"], environment=environment)
    with pytest.raises(UnsupportedRoute, match="known to this program only"):
        formatted(catalog, ModelRef.parse(CLAUDE), "env")
