"""Which plugin owns a provider and gets its key: the user's consent holds, whichever plugins are added later."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from polyroute import Catalog, Detection, Environment, NoEffectiveRoute, Plugins, Provider, Route, Source, hookimpl
from tests.support import ownership
from tests.support.distributions import BUNDLED
from tests.support.ownership import (
    CLAIM,
    CLAIM_IN_PYTHON,
    CLAIMS,
    EVIL,
    HOME,
    KEY,
    LISTED,
    OWNER,
    OWNER_IN_PYTHON,
    RECORDED,
    Machine,
    about,
    answers,
    without_advice,
    written,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared(throw_away_homes: Path) -> Path:
    """Provide a cache for everything that all users share."""
    from polyroute import Environment, Plugins

    Plugins.load(environment=Environment({}, home="/nonexistent")).models("anthropic")
    return Path(os.environ["POLYROUTE_HOME"]) / "cache"


@pytest.fixture
def machine(tmp_path: Path, shared: Path) -> Iterator[Machine]:
    """Provide a user without any recorded owner."""
    with ownership.machine(tmp_path / "user", shared) as found:
        yield found


# A second claim

Owned = tuple[Machine, list[dict[str, Any]]]


def seen(machine: Machine) -> list[dict[str, Any]]:
    """Return all results with the key in a variable, and with what is stored; models depend on neither."""
    return [answers(machine.catalog(ACME_API_KEY=KEY)), answers(machine.catalog(), ("acme", "anthropic", "openai"))]


@pytest.fixture(scope="module", params=RECORDED)
def owned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Owned]:
    """Provide a user with a recorded owner of `acme`, and all results before another plugin claims it."""
    with ownership.machine(tmp_path_factory.mktemp("user") / "home", shared) as machine:
        RECORDED[request.param](machine)
        before = seen(machine)
        assert before[0]["secrets"] == [KEY]
        assert list(map(str, machine.catalog(ACME_API_KEY=KEY).problems)) == []
        yield machine, before


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_second_claim_changes_no_answer(owned: Owned, claim: str) -> None:
    """A second claim of any name, kind or installation changes no key, no host and no other result."""
    machine, before = owned
    with ownership.restored(machine):
        CLAIMS[claim](machine)
        after = seen(machine)
        if "fetched" in claim:
            before, after = [list(map(without_advice, each)) for each in (before, after)]
        assert "evil" not in str([each["secrets"] for each in after])
        for then, now in zip(before, after, strict=True):
            for what, answer in then.items():
                assert now[what] == answer, what


@pytest.mark.parametrize("claim", [each for each in CLAIMS if "fetched" not in each])
def test_a_second_claim_is_told(owned: Owned, claim: str) -> None:
    """A plugin that claims another's provider gets a problem that names the owner and what to do."""
    machine, _ = owned
    with ownership.restored(machine):
        CLAIMS[claim](machine)
        catalog = machine.catalog()
        owner = catalog.plugins.owners["acme"]
        taken = [problem for problem in about(catalog) if problem.code == "provider-taken"]
        assert {problem.plugin for problem in taken} >= {taken[0].plugin} - {owner.name}
        assert owner.name not in {problem.plugin for problem in taken}
        assert all(owner.label in problem.message and problem.remedy for problem in taken)


def test_nobody_extends_what_they_claim(machine: Machine) -> None:
    """A second claimant can't make the provider a gateway either: its rules for it do not count."""
    own = OWNER.replace('kind = "gateway"\n', "").partition("\nmodels =")[0] + '\nmodels = ["acme-large"]\n'
    machine.run("plugins", "add", str(machine.downloaded("acme", own)), "--yes")
    before = seen(machine)
    ownership.python_extending(machine)
    assert [each["rules"] for each in seen(machine)] == [each["rules"] for each in before]
    assert seen(machine) == before


def test_the_command_says_the_same(machine: Machine) -> None:
    """`resolve` prints the same before and after a second claim, and `plugins list` reports the risks of that claim."""
    ownership.by_add(machine)
    command = ("resolve", "acme/acme-large", "--json")
    before = machine.shell.json(*command, ACME_API_KEY=KEY)
    ownership.python(machine)
    after = machine.shell.json(*command, ACME_API_KEY=KEY)
    assert {**after, "problems": None} == {**before, "problems": None}
    plugins = machine.shell.json("plugins", "list")["plugins"]
    (claimant,) = [each for each in plugins if each["name"] == "aaa"]
    assert any("claims acme" in warning for warning in claimant["warnings"])


def test_what_can_not_be_used_is_not_added(machine: Machine) -> None:
    """`plugins add` of a manifest with another plugin's provider reports that, ends with 1, and adds nothing."""
    ownership.by_trust(machine)
    said = machine.run("plugins", "add", str(machine.downloaded("aaa", CLAIM)), "--yes", status=1)
    assert "belongs to plugin acme" in said
    assert not (machine.folder / "aaa").exists()


def test_trusting_a_second_claimant_does_not_take(machine: Machine) -> None:
    """`plugins trust` of a second claimant approves it, but the provider keeps its owner."""
    ownership.by_add(machine)
    before = seen(machine)
    ownership.python(machine)
    machine.run("plugins", "trust", "aaa", "--yes")
    assert seen(machine) == before


def test_a_key_stored_for_an_owner_stays_its_owners(machine: Machine) -> None:
    """The key that `keys set` stores goes to where the provider was called at that time."""
    ownership.by_key(machine)
    ownership.python(machine)
    route = direct(machine.catalog())
    assert route.base_url == f"{HOME}/v1"
    machine.run("keys", "set", "acme", given="second-canary\n")
    assert machine.catalog().environment.reveal(direct(machine.catalog()).credential) == "second-canary"


STRANGER = """\
from polyroute import *


@hookimpl
def polyroute_models(provider_ids):
    return [Model("acme", "acme-large", "Evil", context=1)] if "acme" in provider_ids else []
"""


@pytest.mark.parametrize("record", RECORDED)
def test_an_owner_speaks_first_of_its_models(machine: Machine, record: str) -> None:
    """Another plugin's data for a model that the recorded owner lists is ignored, even if that plugin sorts first."""
    RECORDED[record](machine)
    before = seen(machine)
    machine.install("aaa-stranger", "aaa", STRANGER)
    assert seen(machine) == before


@pytest.mark.parametrize("answer", ["None", "5", "IdMapping(5, 'listed')", "IdMapping(None, 5, 'x')", "1 / 0"])
def test_an_extension_that_fails_hurts_its_gateway_alone(machine: Machine, answer: str) -> None:
    """If a third party's mapper for an extended bundled provider fails, it is its problem; direct routes still work."""
    source = f"""\
from polyroute import *


class Mapper:
    def lookup(self, model):
        return {answer}

    def reverse(self, gateway_id):
        return {answer}


@hookimpl
def polyroute_routeability():
    return [Routeability("vercel", frozenset({{"anthropic"}}), extends=True)]


@hookimpl
def polyroute_model_ids():
    return {{"vercel": Mapper()}}
"""
    machine.install("aaa-extending", "aaa", source)
    machine.run("plugins", "disable", "vercel")  # the bundled manifest that extends it first
    catalog = machine.catalog(AI_GATEWAY_API_KEY="v", ANTHROPIC_API_KEY="a")
    usable = {route.via for route in catalog.routes("anthropic/claude-sonnet-4-5") if route.usable}
    assert usable == {"direct"}
    (problem,) = about(catalog, "vercel")
    assert (problem.code, problem.plugin) == ("mapper-failed", "aaa")


# The recorded owner is missing


def direct(catalog: Catalog, provider: str = "acme") -> Route:
    """Return a provider's direct route."""
    return next(route for route in catalog.provider(provider).routes if route.via == "direct")


def has_key(catalog: Catalog, provider: str = "acme") -> bool:
    """Return whether a provider gets a key; False means that it is withheld from direct and model routes alike."""
    try:
        catalog.resolve(f"{provider}/some-model")
    except NoEffectiveRoute:
        assert not catalog.provider(provider).has_direct_key
        return False
    return catalog.provider(provider).has_direct_key


def removed(machine: Machine) -> None:
    """Remove the owner."""
    machine.run("plugins", "remove", "acme")


def disabled(machine: Machine) -> None:
    """Disable the owner."""
    machine.run("plugins", "disable", "acme")


def deleted(machine: Machine) -> None:
    """Delete the owner's folder by hand."""
    shutil.rmtree(machine.folder / "acme")


@pytest.mark.parametrize("gone", [removed, disabled, deleted])
@pytest.mark.parametrize("claim", ["python", "in_folder", "carried"])
def test_a_newcomer_gets_no_key_until_it_is_trusted(
    machine: Machine, gone: Callable[[Machine], None], claim: str
) -> None:
    """If the recorded owner is missing, a new claimant is listed, but its key is withheld until `plugins trust`."""
    ownership.by_add(machine)
    CLAIMS[claim](machine)
    gone(machine)
    catalog = machine.catalog(ACME_API_KEY=KEY)
    owner = catalog.plugins.owners["acme"]
    assert catalog.provider("acme").provider.base_url == f"{EVIL}/v1"
    assert not has_key(catalog)
    (problem,) = [each for each in about(catalog) if each.code == "key-withheld"]
    assert f"polyroute plugins trust {owner.name}" in problem.remedy
    assert direct(catalog).remedy == problem.remedy
    assert EVIL in problem.message
    machine.run("plugins", "trust", owner.name, "--yes")
    trusted = machine.catalog(ACME_API_KEY=KEY)
    assert (has_key(trusted), direct(trusted).base_url) == (True, f"{EVIL}/v1")
    assert [each.code for each in about(trusted) if each.code == "key-withheld"] == []


def test_a_newcomer_at_the_recorded_hosts_needs_no_word(machine: Machine) -> None:
    """A new claimant at the recorded hosts gets the key without consent: the key goes to no new host."""
    ownership.by_trust(machine)
    machine.run("plugins", "disable", "acme")
    machine.install_manifests("acme-moved", target=":plugin.toml", plugin=OWNER)
    catalog = machine.catalog(ACME_API_KEY=KEY)
    assert (has_key(catalog), direct(catalog).base_url) == (True, f"{HOME}/v1")
    assert about(catalog) == []


def test_an_owner_that_is_back_has_its_key_again(machine: Machine) -> None:
    """A provider whose owner was only disabled belongs to that owner again, with its key, once it is enabled."""
    ownership.by_trust(machine)
    before = seen(machine)
    ownership.python(machine)
    machine.run("plugins", "disable", "acme")
    assert not has_key(machine.catalog(ACME_API_KEY=KEY))
    machine.run("plugins", "enable", "acme")
    assert seen(machine) == before


MOVES: dict[str, Callable[[str], str]] = {
    "base URL": lambda text: (
        text.replace(f'base_url = "{HOME}/v1"', f'base_url = "{EVIL}/v1"').partition("list =")[0] + "models = ['x']"
    ),
    "one model": lambda text: text.replace('id = "acme-large"', f'id = "acme-large", base_url = "{EVIL}/v2"'),
    "another scheme": lambda text: text.replace("https://", "http://"),
    "another port": lambda text: text.replace("api.acme.example", "api.acme.example:444"),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("record", ["plugins add", "keys set"])
def test_an_owner_that_moves_asks_again(machine: Machine, record: str, move: str) -> None:
    """A recorded owner that would send the key to another host gets no key until the user consents."""
    RECORDED[record](machine)
    (machine.folder / "acme" / "plugin.toml").write_text(MOVES[move](OWNER))
    catalog = machine.catalog(ACME_API_KEY=KEY)
    assert not has_key(catalog)
    assert [problem.code for problem in about(catalog)] == ["key-withheld"]
    machine.run("plugins", "trust", "acme", "--yes")
    assert has_key(machine.catalog(ACME_API_KEY=KEY))


ELSEWHERE = OWNER_IN_PYTHON.replace(
    'Model("acme", each, context=128_000)',
    f'Model("acme", each, context=128_000, base_url="{EVIL}/v2" if each == "acme-large" else "")',
)


@pytest.mark.parametrize("distribution", ["zz-acme", "aaa-newcomer"])
def test_a_model_in_python_that_moves_asks_again(machine: Machine, distribution: str) -> None:
    """A model of a recorded provider gets no key at another host before `plugins trust`.

    That holds for an update and for a new claimant; storing a key is not consent to the host.
    """
    ownership.by_trust(machine)
    plugin = "acme" if distribution == "zz-acme" else "newcomer"
    if plugin == "acme":
        machine.site.module("zz_acme_acme", ELSEWHERE)
    else:
        machine.run("plugins", "disable", "acme")
        machine.install(distribution, plugin, ELSEWHERE)
    for _ in range(2):
        catalog = machine.catalog(ACME_API_KEY=KEY)
        assert catalog.resolve("acme/acme-large").base_url == f"{HOME}/v1"
        assert [(problem.code, problem.provider) for problem in catalog.problems] == [("key-withheld", "acme")]
        assert EVIL in catalog.problems[0].message
        machine.run("keys", "set", "acme", given="stored-canary\n")
    machine.run("plugins", "trust", plugin, "--yes")
    catalog = machine.catalog(ACME_API_KEY=KEY)
    assert (catalog.resolve("acme/acme-large").base_url, catalog.problems) == (f"{EVIL}/v2", ())


def test_an_update_at_the_same_hosts_does_not_ask(machine: Machine) -> None:
    """A recorded owner that changes only its models and names keeps its key."""
    ownership.by_add(machine)
    changed = OWNER.replace('name = "Acme"', 'name = "Acme Two"').replace("128_000", "256_000")
    (machine.folder / "acme" / "plugin.toml").write_text(changed)
    catalog = machine.catalog(ACME_API_KEY=KEY)
    assert (has_key(catalog), catalog.provider("acme").provider.name, about(catalog)) == (True, "Acme Two", [])


def test_consent_can_be_taken_back(machine: Machine) -> None:
    """After `plugins untrust` no owner is recorded: the next claimant is treated like the first one."""
    ownership.by_trust(machine)
    machine.run("plugins", "untrust", "acme")
    assert json.loads((machine.state / "plugins.json").read_text())["owners"] == {}


# No owner is recorded


def _install_both(machine: Machine) -> None:
    ownership.python(machine)
    machine.install("zz-acme", "acme", OWNER_IN_PYTHON)


def _put_both(machine: Machine) -> None:
    ownership.in_folder(machine)
    machine.user.put("acme", OWNER)


def _one_each(machine: Machine) -> None:
    ownership.python(machine)
    machine.user.put("acme", OWNER)


RIVALS: dict[str, Callable[[Machine], None]] = {
    "distributions in Python": _install_both,
    "manifests in the folder": _put_both,
    "a distribution and a manifest": _one_each,
}


@pytest.mark.parametrize("rivals", RIVALS)
@pytest.mark.parametrize(("chosen", "url"), [("aaa", f"{EVIL}/v1"), ("acme", f"{HOME}/v1")])
def test_two_strangers_get_no_key(machine: Machine, rivals: str, chosen: str, url: str) -> None:
    """Of two third parties without a user's choice the first is listed; neither gets a key until `plugins trust`."""
    RIVALS[rivals](machine)
    catalog = machine.catalog(ACME_API_KEY=KEY)
    assert catalog.plugins.owners["acme"].name == "aaa"
    assert not has_key(catalog)
    (problem,) = [each for each in about(catalog) if each.code == "key-withheld"]
    assert "acme" in problem.message
    assert "aaa" in problem.message
    machine.run("plugins", "trust", chosen, "--yes")
    catalog = machine.catalog(ACME_API_KEY=KEY)
    assert (catalog.plugins.owners["acme"].name, has_key(catalog)) == (chosen, True)
    assert direct(catalog).base_url == url


def test_a_key_can_not_be_stored_for_a_stranger_unseen(machine: Machine) -> None:
    """`keys set` for a provider with two claimants records no owner: the key stays withheld, which is reported."""
    _install_both(machine)
    said = machine.run("keys", "set", "acme", given="stored-canary\n")
    assert "polyroute plugins trust aaa" in said
    assert not has_key(machine.catalog())


# Bundled plugins


@pytest.mark.parametrize("provider", ["anthropic", "openrouter", "dexto"])
def test_bundled_plugins_own_what_they_declare(machine: Machine, provider: str) -> None:
    """No third party takes over a bundled provider, trusted or not, whatever the record contains."""
    keys = {"ANTHROPIC_API_KEY": "a", "OPENROUTER_API_KEY": "o", "DEXTO_API_KEY": "d"}
    before = machine.catalog(**keys).status().providers[provider]
    owning_text = CLAIM.replace("providers.acme", f"providers.{provider}").replace(
        "ACME_API", f"{provider.upper()}_API"
    )
    machine.user.put("aaa", owning_text)
    machine.install("aaa-claim", "bbb", CLAIM_IN_PYTHON.replace('"acme"', f'"{provider}"'))
    for name in ("aaa", "bbb"):
        machine.run("plugins", "trust", name, "--yes")
    path = machine.state / "plugins.json"
    document = json.loads(path.read_text())
    assert provider not in document["owners"]
    document["owners"][provider] = {"owner": "aaa-claim", "hosts": [EVIL]}
    path.write_text(json.dumps(document))
    catalog = machine.catalog(**keys)
    assert catalog.status().providers[provider] == before
    assert catalog.plugins.owners[provider].is_bundled


# Variables


EVIL_MANIFEST = f"""\
[providers.evil]
env = ["ACME_API_KEY"]
base_url = "{EVIL}/v1"
"""


@pytest.mark.parametrize("record", [None, "plugins add", "keys set"])
@pytest.mark.parametrize("carried", [False, True])
def test_a_manifest_takes_nothing_from_acme_by_naming_its_variable(
    machine: Machine, record: str | None, carried: bool
) -> None:
    """An unapproved manifest that names ACME_API_KEY gets no key, and acme's results do not change, recorded or not."""
    if record:
        RECORDED[record](machine)
    else:
        machine.user.put("acme", OWNER)
    before = seen(machine)
    if carried:
        machine.install_manifests("aaa-carried", target=":plugin.toml", plugin=EVIL_MANIFEST)
    else:
        machine.user.put("aaa", EVIL_MANIFEST)
    for then, now in zip(before, seen(machine), strict=True):
        assert not now["providers"].pop("evil")[1][0].usable
        assert (now["owners"].pop("evil")[:3], now["names"].pop("evil")) == ("aaa", "evil")
        for what, answer in then.items():
            assert now[what] == answer, what
    (problem,) = about(machine.catalog(ACME_API_KEY=KEY), "evil")
    assert (problem.code, "ACME_API_KEY is for acme" in problem.message) == ("key-withheld", True)


NAMING: dict[str, str] = {
    "as its key": 'env = ["{}"]',
    "for a command": 'slots.key = {{ from = [{{ command = ["env"], variables = ["{}"] }}], secret = true }}',
    "in a header": 'headers = {{ x-evil = "${{h}}" }}\nslots.h = {{ from = ["{}"], check = "slug" }}\n'
    "slots.k = {{ from = ['EVIL_KEY'], secret = true }}",
    "in its address": 'slots.h = {{ from = ["{}"], check = "slug" }}\ngroups = [{{ slots = ["h"], kind = "none" }}]',
    "as the key it stores": 'key_variable = "{}"',
    "as one it looks at": 'detects = ["{}"]',
    "as the name of a file": 'slots.key = {{ from = [{{ variable = "{}", names_file = true }}], secret = true }}',
}


@pytest.mark.parametrize("naming", NAMING)
@pytest.mark.parametrize("variable", ["DEXTO_API_KEY", "OPENAI_API_KEY"])
def test_who_detects_by_a_variable_is_a_reader_of_it(machine: Machine, naming: str, variable: str) -> None:
    """However an unapproved manifest names a variable, it gets no key, and no other provider loses one."""
    url = f"{EVIL}/${{h}}" if naming == "in its address" else EVIL
    machine.user.put("aaa", f'[providers.evil]\nbase_url = "{url}"\n' + NAMING[naming].format(variable))
    keys = {"DEXTO_API_KEY": "dexto-canary", "OPENAI_API_KEY": "openai-canary", "EVIL_KEY": "evil"}
    before = Catalog(Plugins.load(only=[*BUNDLED, "gateways"]), machine.environment(**keys)).status().providers
    catalog = machine.catalog(**keys)
    after = catalog.status().providers
    assert {name: after[name] for name in before} == before
    if "evil" in after:
        assert not after["evil"].has_direct_key
        assert "canary" not in str([route.base_url for route in after["evil"].routes])


POLYROUTE = "POLYROUTE_TOKEN"


@pytest.mark.parametrize("naming", NAMING)
def test_a_setting_of_ours_is_nobodys_key(machine: Machine, naming: str) -> None:
    """A manifest that names POLYROUTE_TOKEN in any form is refused completely, approved or not."""
    url = f"{EVIL}/${{h}}" if naming == "in its address" else EVIL
    folder = machine.user.put("aaa", f'[providers.evil]\nbase_url = "{url}"\n' + NAMING[naming].format(POLYROUTE))
    catalog = machine.catalog(POLYROUTE_TOKEN="token-canary", EVIL_KEY="x")
    assert "evil" not in catalog.plugins.providers
    (problem,) = [each for each in catalog.problems if each.plugin == "aaa"]
    assert POLYROUTE in problem.message
    machine.run("plugins", "add", str(folder), "--yes", status=2)


def test_a_program_gets_no_setting_of_ours(machine: Machine) -> None:
    """An executable can't be granted POLYROUTE_TOKEN."""
    granted = ownership.EXECUTABLE.replace("METHODS", "[]").replace("ACME_API_KEY", POLYROUTE)
    machine.user.put("aaa", granted, run_py=ownership.PROGRAM)
    machine.run("plugins", "trust", "aaa", "--yes", status=2)
    (problem,) = [each for each in machine.catalog().problems if each.plugin == "aaa"]
    assert POLYROUTE in problem.message


SOURCES = {
    "a variable": Source("env", POLYROUTE),
    "the keyring": Source("keyring", POLYROUTE),
    "a project's file": Source("project .env", POLYROUTE),
    "the user's file": Source("global .env", POLYROUTE),
    "the host's keys": Source("host", POLYROUTE),
    "a part of it": Source("env", POLYROUTE, field="x"),
}


@pytest.mark.parametrize("source", SOURCES)
def test_no_detection_takes_a_setting_of_ours(machine: Machine, source: str) -> None:
    """A plugin in Python that detects POLYROUTE_TOKEN as a key gets no key and has a problem."""

    class Evil:
        @hookimpl
        def polyroute_providers(self) -> list[Provider]:
            """Return one provider."""
            return [Provider("evil", "Evil", "host", base_url=f"{EVIL}/v1")]

        @hookimpl
        def polyroute_credentials(self, environment: Environment) -> list[Detection]:
            """Detect Polyroute's own token as a key."""
            return [Detection("evil", source=SOURCES[source])]

    environment = machine.environment(POLYROUTE_TOKEN='{"x": "token-canary"}')
    catalog = Catalog(Plugins.load([Evil()], only=[]), environment)
    assert not has_key(catalog, "evil")
    (problem,) = catalog.problems
    assert POLYROUTE in problem.message
    assert "canary" not in str(problem)


def test_no_plugin_in_python_names_a_setting_of_ours(machine: Machine) -> None:
    """A provider whose requirement, key variable or detection names POLYROUTE_TOKEN is refused."""
    for field in ("(Group((Slot('k', (Alternative('{}'),), True),)),)", "key_variable='{}'", "detects=('{}',)"):
        source = f"Provider('evil', 'Evil', 'host', {field.format(POLYROUTE)}, base_url='{EVIL}/v1')"
        head = "from polyroute import *\n\n\n@hookimpl\ndef polyroute_providers():\n    return ["
        with ownership.restored(machine):
            machine.install(f"aaa-{abs(hash(field))}", "aaa", f"{head}{source}]\n")
            catalog = machine.catalog(POLYROUTE_TOKEN="token-canary")
            assert "evil" not in catalog.plugins.providers
            assert [each.plugin for each in catalog.problems] == ["aaa"]


# Providers that only a fetched list has


def fetched(machine: Machine, **changes: Any) -> None:
    machine.fetch({**ownership.bundled_list(), "acme": {**LISTED, **changes}})


def test_a_fetched_provider_gets_no_key_unasked(machine: Machine) -> None:
    """A provider that only a fetched list has gets a key that is set only after `polyroute refresh --accept`."""
    fetched(machine)
    assert about(machine.catalog()) == []
    catalog = machine.catalog(ACME_API_KEY=KEY)
    assert not has_key(catalog)
    (problem,) = about(catalog)
    assert (problem.code, "polyroute refresh --accept acme" in problem.remedy) == ("list-waiting", True)
    machine.run("refresh", "--accept", "acme", ACME_API_KEY=KEY)
    accepted = machine.catalog(ACME_API_KEY=KEY)
    assert (has_key(accepted), about(accepted)) == (True, [])
    fetched(machine, api="https://worse.example/v1")
    assert not has_key(machine.catalog(ACME_API_KEY=KEY))


def test_a_fetched_provider_of_a_name_that_was_anothers_waits(machine: Machine) -> None:
    """If the recorded owner is missing, a fetched provider of the same name waits for the user's consent."""
    ownership.by_add(machine)
    fetched(machine)
    machine.run("plugins", "remove", "acme")
    catalog = machine.catalog(ACME_API_KEY=KEY)
    assert "acme" not in catalog.plugins.providers
    (problem,) = about(catalog)
    assert "another plugin's" in problem.message
    machine.run("refresh", "--accept", "acme")
    assert has_key(machine.catalog(ACME_API_KEY=KEY))


def test_a_key_stored_for_a_fetched_provider_is_withheld_too(machine: Machine) -> None:
    """`keys set` for a provider that only a fetched list has reports that the user must accept it first."""
    fetched(machine)
    said = machine.run("keys", "set", "acme", given="stored-canary\n")
    assert "polyroute refresh --accept acme" in said
    assert not has_key(machine.catalog())


# Custom models


def own_model(machine: Machine, provider: str = "acme") -> None:
    """Add a custom model with its own key."""
    machine.run("custom", "add", f"{provider}/mine", "--key-stdin", given="own-canary\n")


def sent_to(catalog: Catalog) -> set[tuple[str, str]]:
    """Return where the custom model's key goes, over all routes."""
    routes = [route for route in catalog.routes("acme/mine") if route.usable and route.credential]
    return {(route.base_url, catalog.environment.reveal(route.credential)) for route in routes}


def test_a_models_own_key_does_not_go_to_a_newcomer(machine: Machine) -> None:
    """A custom model's key is not sent to a new claimant's host while the provider's key is withheld."""
    ownership.by_add(machine)
    own_model(machine)
    assert sent_to(machine.catalog()) == {(f"{HOME}/v1", "own-canary")}
    ownership.python(machine)
    assert sent_to(machine.catalog()) == {(f"{HOME}/v1", "own-canary")}
    machine.run("plugins", "remove", "acme")
    catalog = machine.catalog()
    assert catalog.plugins.owners["acme"].name == "aaa"
    assert sent_to(catalog) == set()
    assert "polyroute plugins trust aaa" in catalog.routes("acme/mine")[0].remedy
    machine.run("plugins", "trust", "aaa", "--yes")
    assert sent_to(machine.catalog()) == {(f"{EVIL}/v1", "own-canary")}


def test_a_models_own_key_does_not_follow_an_owner_that_moves(machine: Machine) -> None:
    """A custom model's key is not sent to another host of the same owner before the user consents."""
    ownership.by_add(machine)
    own_model(machine)
    (machine.folder / "acme" / "plugin.toml").write_text(MOVES["base URL"](OWNER))
    assert sent_to(machine.catalog()) == set()


def test_a_models_own_key_goes_to_its_own_address(machine: Machine) -> None:
    """A custom model with its own base URL keeps its key, whichever plugin claims the provider."""
    ownership.by_add(machine)
    machine.run(
        "custom", "add", "acme/mine", "--base-url", "https://mine.example/v1", "--key-stdin", given="own-canary\n"
    )
    ownership.python(machine)
    machine.run("plugins", "remove", "acme")
    assert sent_to(machine.catalog()) == {("https://mine.example/v1", "own-canary")}


def test_a_models_own_key_does_not_go_where_only_a_list_says(machine: Machine) -> None:
    """A custom model's key is not sent to an address that only a fetched list has: it accepts no custom models.

    The provider's own key is not sent there either before the user accepts the address.
    """
    ownership.by_add(machine)
    own_model(machine)
    machine.run("plugins", "remove", "acme")
    fetched(machine)
    assert "acme" not in machine.catalog().plugins.providers  # recorded for another owner
    path = machine.state / "plugins.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "owners": {}}))
    catalog = machine.catalog()
    assert catalog.provider("acme").provider.base_url == f"{EVIL}/v1"
    assert sent_to(catalog) == set()
    assert [each.code for each in catalog.problems] == ["custom-model"]
    waiting = machine.catalog(ACME_API_KEY=KEY)
    assert sent_to(waiting) == set()
    assert "polyroute refresh --accept acme" in waiting.routes("acme/mine")[0].remedy
    machine.run("refresh", "--accept", "acme", ACME_API_KEY=KEY)
    assert sent_to(machine.catalog(ACME_API_KEY=KEY)) == {(f"{EVIL}/v1", KEY)}
    assert sent_to(machine.catalog()) == set()


# Reading writes nothing

COMMANDS = (
    ("status",),
    ("status", "--json"),
    ("plugins", "list"),
    ("plugins", "info", "acme"),
    ("resolve", "acme/acme-large"),
    ("explain", "acme"),
    ("models", "acme"),
    ("keys", "list"),
)


@pytest.mark.parametrize("record", [None, "plugins add"])
def test_loading_and_asking_write_nothing_but_caches(machine: Machine, record: str | None) -> None:
    """Whatever is claimed, loading plugins and querying the catalog change none of the user's files."""
    if record:
        RECORDED[record](machine)
    else:
        machine.user.put("acme", OWNER)
    for claim in ("python", "in_folder", "carried", "executable", "fetched"):
        CLAIMS[claim](machine)
    dexto = machine.home / ".dexto"
    dexto.mkdir(exist_ok=True)
    (dexto / ".env").write_text("ACME_API_KEY=k\n")
    everything = (machine.home, *machine.home.iterdir())
    before = _without_caches(machine, *everything)
    for command in COMMANDS:
        done = machine.shell.run(*command)
        assert done.returncode in (0, 1), done.stderr
    seen(machine)
    assert _without_caches(machine, *everything) == before


def _without_caches(machine: Machine, *places: Path) -> dict[str, tuple[int, int]]:
    caches = str(machine.shell.ours / "cache")
    passed = (caches, str(machine.shell.ours) + os.sep + "cache", str(machine.site.folder / "__pycache__"))
    found = written(*places)
    touched = (str(machine.shell.ours), str(machine.site.folder))  # these folders contain the caches
    return {path: each for path, each in found.items() if not path.startswith(passed) and path not in touched}


# A broken record

BROKEN: dict[str, str | bytes] = {
    "bad JSON": "{",
    "no text": b"\xff\xfe",
    "nothing": "",
    "a list": "[]",
    "deep": "[" * 100_000,
    "another schema": '{"schema": 9}',
    "approved is a list": '{"schema": 1, "approved": []}',
    "approved holds a number": '{"schema": 1, "approved": {"a": 1}}',
    "disabled is a text": '{"schema": 1, "disabled": "direct"}',
    "disabled holds a number": '{"schema": 1, "disabled": [1]}',
    "owners is a list": '{"schema": 1, "owners": []}',
    "an owner is a text": '{"schema": 1, "owners": {"acme": "acme"}}',
    "an owner without hosts": '{"schema": 1, "owners": {"acme": {"owner": "x"}}}',
    "hosts hold a number": '{"schema": 1, "owners": {"acme": {"owner": "x", "hosts": [1]}}}',
    "an owner is null": '{"schema": 1, "owners": {"acme": null}}',
    "commands is a text": '{"schema": 1, "commands": "x"}',
    "commands hold a list": '{"schema": 1, "commands": {"x": ["y"]}}',
    "a command is a number": '{"schema": 1, "commands": {"x": {"y": 1}}}',
    "null": '{"schema": 1, "approved": null, "disabled": null, "owners": null, "commands": null}',
}


def assert_one_clear_problem(machine: Machine, path: Path) -> None:
    """Assert that the record is one problem with a remedy, and that everything that needs no record still works."""
    catalog = machine.catalog(OPENAI_API_KEY="k", ACME_API_KEY=KEY)
    (problem,) = [each for each in catalog.problems if each.code == "approvals-unreadable"]
    assert str(path) in problem.message
    assert problem.path == str(path)
    assert "polyroute plugins trust" in problem.remedy
    assert has_key(catalog, "openai")
    assert has_key(catalog, "acme")
    assert [each for each in catalog.problems if each != problem] == []
    done = machine.shell.run("status")
    assert (done.returncode, [str(path) in line for line in done.stderr.splitlines()]) == (0, [True])


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_record_hurts_nothing_else(machine: Machine, broken: str) -> None:
    """A record that can't be read is one clear problem and is not overwritten; everything else works."""
    machine.user.put("acme", OWNER)
    path = machine.state / "plugins.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = BROKEN[broken]
    data = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(data)
    assert_one_clear_problem(machine, path)
    said = machine.run("plugins", "trust", "acme", "--yes", status=3)
    assert str(path) in said
    assert path.read_bytes() == data


def test_a_folder_in_place_of_the_record(machine: Machine) -> None:
    """A folder in place of the record is one clear problem, too."""
    machine.user.put("acme", OWNER)
    path = machine.state / "plugins.json"
    path.mkdir(parents=True)
    assert_one_clear_problem(machine, path)


def test_a_key_is_stored_whole_or_not_at_all(machine: Machine) -> None:
    """If `keys set` can't record the provider's owner, it fails and stores nothing."""
    machine.user.put("acme", OWNER)
    path = machine.state / "plugins.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{")
    done = machine.shell.run("keys", "set", "acme", given="stored-canary\n")
    stored = machine.catalog().provider("acme").has_direct_key
    assert (done.returncode == 0) == stored, done.stderr


# Commands


OP = "#!/bin/sh\necho {}\n"
WITH_COMMAND = """
[providers.op]
base_url = "https://api.op.example/v1"
slots.key = { from = [{ command = ["op", "read", "op://x/y"] }], secret = true }
"""


def program(folder: Path, words: str) -> Path:
    """Return a program `op` in a folder for the PATH."""
    folder.mkdir(exist_ok=True)
    (folder / "op").write_text(OP.format(words))
    (folder / "op").chmod(0o755)
    return folder


def secret_of_op(machine: Machine, path: str) -> str:
    catalog = machine.catalog(PATH=path)
    return catalog.environment.reveal(direct(catalog, "op").credential)


@pytest.mark.parametrize("way", ["plugins add", "plugins trust"])
def test_a_command_is_the_program_that_was_approved(machine: Machine, way: str) -> None:
    """Consent resolves a command to its absolute path: another `op` that is earlier on the PATH later is not run."""
    usual = machine.shell.variables["PATH"]
    good, evil = program(machine.home / "good", "good"), machine.home / "evil"
    path = f"{evil}:{good}:{usual}"
    if way == "plugins add":
        machine.run("plugins", "add", str(machine.downloaded("op", WITH_COMMAND)), "--yes", PATH=path)
    else:
        machine.user.put("op", WITH_COMMAND)
        (refused,) = [each for each in machine.catalog(PATH=path).problems if each.plugin == "op"]
        assert refused.code == "not-approved"
        machine.run("plugins", "trust", "op", "--yes", PATH=path)
    assert secret_of_op(machine, path) == "good"
    program(evil, "evil")
    assert secret_of_op(machine, path) == "good"
    assert secret_of_op(machine, usual) == "good"
    assert secret_of_op(machine, "") == "good"


def test_a_changed_program_asks_again(machine: Machine) -> None:
    """A program that has changed is not run until the user consents to it again."""
    path = f"{program(machine.home / 'good', 'good')}:{machine.shell.variables['PATH']}"
    machine.run("plugins", "add", str(machine.downloaded("op", WITH_COMMAND)), "--yes", PATH=path)
    program(machine.home / "good", "other")
    catalog = machine.catalog(PATH=path)
    assert "op" not in catalog.plugins.providers
    (problem,) = [each for each in catalog.problems if each.plugin == "op"]
    assert (problem.code, "polyroute plugins trust op" in problem.remedy) == ("changed", True)
    machine.run("plugins", "trust", "op", "--yes", PATH=path)
    assert secret_of_op(machine, path) == "other"


def test_a_program_that_is_gone_is_not_looked_for_elsewhere(machine: Machine) -> None:
    """If the approved program is missing, no other program of its name is run."""
    usual = machine.shell.variables["PATH"]
    good, evil = program(machine.home / "good", "good"), program(machine.home / "evil", "evil")
    machine.run("plugins", "add", str(machine.downloaded("op", WITH_COMMAND)), "--yes", PATH=f"{good}:{usual}")
    (good / "op").unlink()
    catalog = machine.catalog(PATH=f"{evil}:{usual}")
    assert "op" not in catalog.plugins.providers
    assert [each.plugin for each in catalog.problems] == ["op"]


def test_a_command_that_is_not_there_is_not_approved(machine: Machine) -> None:
    """`plugins add` of a manifest whose program is not on the PATH reports that and adds nothing."""
    said = machine.run("plugins", "add", str(machine.downloaded("op", WITH_COMMAND)), "--yes", status=2)
    assert "runs 'op' for its key, and there is no such program on your PATH" in said
    assert not (machine.folder / "op").exists()


def test_a_project_does_not_choose_the_program(machine: Machine) -> None:
    """A project's `.env` does not influence which program a command runs."""
    good, evil = program(machine.home / "good", "good"), program(machine.home / "evil", "evil")
    usual = machine.shell.variables["PATH"]
    (machine.project / ".env").write_text(f"PATH={evil}:{usual}\n")
    machine.run("plugins", "add", str(machine.downloaded("op", WITH_COMMAND)), "--yes", PATH=f"{good}:{usual}")
    assert secret_of_op(machine, f"{good}:{usual}") == "good"
