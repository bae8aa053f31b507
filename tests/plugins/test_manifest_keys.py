"""What a manifest can declare about a provider without code, as seen by a host and a user."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from polyroute import Catalog, Environment, ModelRef, Plugins, Preferences, UnknownProvider
from polyroute.list_refresh import refresh
from tests.support.distributions import BUNDLED, site_on_path
from tests.support.example_executables import user
from tests.support.file_server import running
from tests.support.manifests import ACME, User
from tests.support.shell import Shell

__all__ = ["user"]

WITH_SLOTS = """\
[providers.acme]
base_url = "https://${region}.acme.example/v1"
headers = { x-org = "team ${org}", x-plain = "1" }
models = ["acme-large"]
groups = [{ slots = ["key", "org", "region"] }, { slots = ["login", "org", "region"], kind = "oauth-token" }]

[providers.acme.slots]
key = { from = ["ACME_API_KEY"], secret = true }
org = { from = ["ACME_ORG"], check = "slug" }
region = { from = ["ACME_REGION"], default = "eu", check = "slug" }

[providers.acme.slots.login]
from = [{ file = "~/.acme/login.json", json_field = "/a.b/token", expires_field = "/until" }]
secret = true
remedy = "Run: acme login."
"""
GATEWAY = """\
[providers.acme]
kind = "gateway"
env = ["ACME_API_KEY"]
base_url = "https://api.acme.example/v1"
routeability = {{ offered = ["anthropic", "oai"], namespaces = {{ openai = "oai" }} }}
mapping = {{ spelled = "{}" }}
"""


# Slots in headers and base URLs


def test_a_header_is_filled_as_a_base_url_is(user: User) -> None:
    """A slot that is not secret fills headers; the call's last header is the key."""
    user.put("acme", WITH_SLOTS)
    catalog = user.catalog("acme", ACME_API_KEY="k", ACME_ORG="org-1", ACME_REGION="us")
    call = catalog.environment.call(catalog.resolve("acme/acme-large"))
    assert call.base_url == "https://us.acme.example/v1"
    assert call.headers == (("x-org", "team org-1"), ("x-plain", "1"), ("Authorization", "Bearer k"))


@pytest.mark.parametrize("org", ["", "a b", "x\r\ny: z", "é"])
def test_a_header_holds_nothing_that_its_slot_refuses(user: User, org: str) -> None:
    """If a slot's value is missing or invalid, the route is not usable, and the remedy names the slot's source."""
    user.put("acme", WITH_SLOTS)
    route = user.catalog("acme", ACME_API_KEY="k", ACME_ORG=org).provider("acme").routes[0]
    assert (route.usable, "ACME_ORG" in f"{route.reason} {route.remedy}") == (False, True)


# Secrets in files


def login(user: User, **fields: object) -> None:
    """Write the login file; its token is at `/a.b/token`."""
    path = user.home / ".acme" / "login.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"a.b": {"token": "file-key"}, **fields}), encoding="utf-8")


def test_a_file_is_sent_only_with_consent(user: User) -> None:
    """A manifest gets a file's secret only after `plugins trust`; the field is given as a JSON pointer."""
    folder = user.put("acme", WITH_SLOTS)
    login(user)
    assert not user.catalog("acme", ACME_ORG="o").provider("acme").routes[0].usable
    user.approve(folder)
    catalog = user.catalog("acme", ACME_ORG="o")
    route = catalog.resolve("acme/acme-large")
    assert (catalog.environment.reveal(route.credential), route.credential and route.credential.kind) == (
        "file-key",
        "oauth-token",
    )


@pytest.mark.parametrize("seconds", [3600, -1])
@pytest.mark.parametrize("form", ["seconds", "milliseconds", "ISO 8601"])
def test_a_file_says_when_its_secret_ends(user: User, seconds: float, form: str) -> None:
    """A secret with an expiry next to it is usable until then.

    Afterwards the reason says that it expired, and the remedy is the manifest's, whatever else is missing.
    """
    user.approve(user.put("acme", WITH_SLOTS))
    until = time.time() + seconds
    iso = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(until))
    login(user, until={"seconds": until, "milliseconds": until * 1000, "ISO 8601": iso}[form])
    catalog = user.catalog("acme", ACME_ORG="o")
    route = catalog.provider("acme").routes[0]
    assert route.usable is (seconds > 0)
    if route.usable:
        assert catalog.environment.secret(route.credential).expires_at == pytest.approx(until, abs=1)
    else:
        assert ("expired on" in route.reason, route.remedy) == (True, "Run: acme login.")


@pytest.mark.parametrize("place", ['{ file = "~/.acme/key" }', '{ file = "~/.acme/a.json", json_field = "key" }'])
def test_a_file_is_told_as_a_file(user: User, place: str) -> None:
    """If a slot can only be filled from a file, the remedy names that file and no variable."""
    text = f"""\
[providers.acme]
base_url = "https://api.acme.example/v1"
models = ["m"]
slots.key = {{ from = [{place}], secret = true }}
"""
    user.approve(user.put("acme", text))
    remedy = user.catalog("acme").provider("acme").routes[0].remedy
    assert ("~/.acme/" in remedy, "Set" in remedy) == (True, False)


# How a gateway maps model IDs


@pytest.mark.parametrize(
    ("spelled", "anthropic", "openai"),
    [("vendor", "claude-x", "gpt-x"), ("provider/id", "anthropic/claude-x", "oai/gpt-x")],
)
def test_a_gateway_spells_as_vendors_do(user: User, spelled: str, anthropic: str, openai: str) -> None:
    """A gateway without a list accepts any ID of a routeable vendor, with or without the vendor's prefix."""
    user.put("acme", GATEWAY.format(spelled))
    catalog = user.catalog("acme", ACME_API_KEY="k")
    routes = [catalog.resolve(reference) for reference in ("anthropic/claude-x", "openai/gpt-x")]
    assert [(route.via, route.model_id, route.mapping) for route in routes] == [
        ("acme", anthropic, "unlisted"),
        ("acme", openai, "unlisted"),
    ]
    assert catalog.problems == ()


def test_a_gateway_that_nobody_has(user: User) -> None:
    """Mapping a model for an unknown gateway raises `UnknownProvider`."""
    with pytest.raises(UnknownProvider, match="acme"):
        user.catalog().mapping("acme", ModelRef("openai", "gpt-x"))


# Lists that are fetched


def test_a_list_is_fetched_from_the_providers_host(user: User) -> None:
    """`refresh` fetches the list without the key; afterwards its models are used, in the core's units."""
    rows = [{"name": "acme-new", "limit": {"ctx": 64_000}, "price": "0.5"}, {"name": "acme-large"}, {"other": 1}]
    with running() as upstream:
        upstream.put("/v1/models", {"data": {"rows": rows}})
        text = ACME.replace("https://api.acme.example", upstream.url) + (
            f'list = {{ url = "{upstream.url}/v1/models", at = "data.rows", price_tokens = 1000,'
            ' fields = { id = "name", context = "limit.ctx", input_price = "price" } }\n'
        )
        user.put("acme", text)
        before = user.catalog("acme", ACME_API_KEY="k")
        (report,) = refresh(
            [each for each in before.plugins.lists if each.name == "acme"], before.environment, force=True
        )
        assert (report.state, report.models) == ("updated", 2), report
        assert "authorization" not in upstream.seen[0][1]
    found = {model.id: model for model in user.catalog("acme").models(provider="acme")}
    assert found.keys() == {"acme-new", "acme-large"}
    assert (found["acme-new"].context, found["acme-new"].input_price) == (64_000, 500.0)


def test_a_list_elsewhere_is_refused(user: User) -> None:
    """A list on another host than the provider's own is an error in the manifest."""
    user.put("acme", ACME + 'list = { url = "https://lists.example/models" }\n')
    (problem,) = user.catalog("acme").problems
    assert (problem.code, "is not on a host of the provider's base URL" in problem.message) == (
        "manifest-refused",
        True,
    )


# Several manifests in one distribution


def test_a_distribution_carries_several_manifests(user: User, tmp_path: Path) -> None:
    """Each manifest is a plugin with its own name and problems; a broken or disabled one does not affect the others."""
    texts = {name: ACME.replace("acme", name).replace("ACME", name.upper()) for name in ("one", "two", "three")}
    with site_on_path(tmp_path / "site") as site:
        (site.folder / "acme_gateways").mkdir()
        for name, text in texts.items():
            (site.folder / "acme_gateways" / f"{name}.toml").write_text(
                text.replace("env", "evn") if name == "two" else text
            )
        site.metadata("acme_gateways", "[polyroute]\nacme-gateways = acme_gateways\n")
        environment = Environment({"POLYROUTE_DISABLE_PLUGINS": "three", "ONE_API_KEY": "k"}, home=tmp_path)
        plugins = Plugins.load(only=[*BUNDLED, "acme-gateways"], environment=environment)
        catalog = Catalog(plugins, environment, Preferences())
        states = {each.name: each.enabled for each in plugins.all if each.distribution == "acme-gateways"}
        assert states == {"one": True, "two": False, "three": False}
        assert catalog.resolve("one/one-large").usable
        (problem,) = catalog.problems
        assert (problem.plugin, problem.code, problem.path.endswith("two.toml")) == ("two", "manifest-refused", True)


# The command


@pytest.mark.slow
def test_the_list_of_plugins_warns(tmp_path: Path) -> None:
    """`polyroute plugins` reports the risks of a plugin, in text and in JSON."""
    shell = Shell(tmp_path)
    folder = shell.ours / "plugins" / "acme"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text(ACME.replace("ACME_API_KEY", "OPENAI_API_KEY"))
    (found,) = [each for each in shell.json("plugins")["plugins"] if each["name"] == "acme"]
    assert [f"CAREFUL  acme {each}" for each in found["warnings"]] == [
        line for line in shell.run("plugins").stdout.splitlines() if line.startswith("CAREFUL")
    ]
    assert len(found["warnings"]) == 1


@pytest.mark.slow
def test_adding_what_can_not_be_used_tells_it_once(tmp_path: Path) -> None:
    """`plugins add` of a provider that another plugin owns is refused with a one-line message."""
    shell = Shell(tmp_path)
    source = tmp_path / "taker"
    source.mkdir()
    (source / "plugin.toml").write_text(ACME.replace("providers.acme", "providers.openai"))
    done = shell.run("plugins", "add", str(source), "--yes")
    assert (done.returncode, f"{done.stdout}{done.stderr}".count("belongs to plugin direct")) == (1, 1)
    assert not (shell.ours / "plugins").exists()
