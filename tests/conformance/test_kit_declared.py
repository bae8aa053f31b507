"""What the kit finds in a plugin's declarations, in the terms of each kind of plugin."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from polyroute.conformance import contract, runner
from polyroute.integrations.request_paths import PROTOCOLS
from polyroute.results import Finding
from tests.support.manifests import ACME, User

MODULE = """
from polyroute import *
KEY = Slot("key", (Alternative("ACME_API_KEY"),), secret=True)
REGION = Slot("region", (Alternative("ACME_REGION"),), check="slug")
NEEDS = (Group((KEY, REGION)),)
def provider(**more):
    return Provider(**{"id": "acme", "name": "Acme", "base_url": "https://a.example", "requirement": NEEDS, **more})
"""
PROVIDERS = "@hookimpl\ndef polyroute_providers():\n    return ["
GRANTS = 'version = "1"\n[executable]\nargv = ["./run.sh"]\nvariables = ["ACME_API_KEY"]\nhosts = ["a.example"]\n'
SCRIPT = """#!/bin/sh
while read -r line; do
    id=${line#*'"id":'}
    echo '{"jsonrpc":"2.0","id":'"${id%%,*}"',"result":DESCRIPTION}'
done
"""


def of_manifest(folder: Path, text: str) -> list[Finding]:
    """Return the kit's findings for a manifest."""
    return runner.check(str(User(folder).put("acme", text)))


def of_module(folder: Path, made: str, more: str = "") -> list[Finding]:
    """Return the kit's findings for a plugin in Python that declares these providers, as the kit's process finds them.

    It is looked at here, since a process of its own would first read the bundled lists.
    """
    module = ModuleType("acme_module")
    exec(f"{MODULE}{PROVIDERS}{made}]\n{more}", vars(module))  # noqa: S102
    return [*contract.findings(module, str(folder))]


def of_program(folder: Path, grants: str = GRANTS, **provider: Any) -> list[Finding]:
    """Return the kit's findings for an executable that describes one provider."""
    acme = {"env": ["ACME_API_KEY"], "base_url": "https://a.example", **provider}
    described = json.dumps({"protocol": 1, "providers": {"acme": acme}})
    path = User(folder).put("acme", grants, run_sh=SCRIPT.replace("DESCRIPTION", described))
    (path / "run.sh").chmod(0o755)
    return runner.check(str(path), run=True)


def told(findings: list[Finding], code: str) -> list[str]:
    """Return the messages and remedies of all findings with this code."""
    return [f"{each.message}. {each.remedy}" for each in findings if each.code == code]


KEYED = ACME.replace('env = ["ACME_API_KEY"]', 'slots.key = { from = ["ACME_API_KEY"], secret = true }')
TOML_FAULTS = {
    "name": ("placeholder-unfilled", ACME + 'name = "Acme ${region}"\n', ["providers.acme.name has ${region}"]),
    "unlisted": (
        "placeholder-unfilled",
        ACME + '[[providers.acme.unlisted]]\nmodels = ["${rgion}/${id}"]\n',
        ["providers.acme.unlisted.models has ${rgion}"],
    ),
    "address": (
        "slot-unknown",
        ACME + '[providers.acme.address]\nvariables = ["ACME_BASE_URL"]\nending = "/${rgion}"\n',
        ["providers.acme.address.ending names the slot 'rgion'"],
    ),
    "model": ("placeholder-unfilled", ACME.replace("acme-large", "a-${key}"), ["providers.acme.models[a-${key}].id"]),
    "default": (
        "placeholder-unfilled",
        KEYED + "slots.x = { from = ['X'], default = '${key}' }\n",
        ["providers.acme.slots.x.default has ${key}"],
    ),
    "group": (
        "slot-missing",
        KEYED.replace("api.acme", "${r}.acme")
        + "slots.r = { from = ['R'], check = 'slug' }\ngroups = [{ slots = ['key', 'r'] }, { slots = ['key'] }]\n",
        ["providers.acme.base_url names the slot 'r', which the group (key) in providers.acme.groups lacks"],
    ),
    "group-of-header": (
        "slot-missing",
        KEYED
        + "slots.r = { from = ['R'], check = 'slug' }\ngroups = [{ slots = ['key', 'r'] }, { slots = ['key'] }]\n"
        + "headers = { x-region = '${r}' }\n",
        ["providers.acme.headers.x-region names the slot 'r'"],
    ),
    "protocol": (
        "protocol-unknown",
        ACME + "protocol = 'openai-chats'\n",
        ["providers.acme.protocol is 'openai-chats'", "Did you mean openai-chat?"],
    ),
    "also": (
        "protocol-unknown",
        ACME + "also_speaks = ['anthropic-message']\n",
        ["providers.acme.also_speaks is 'anthropic-message'", "Did you mean anthropic-messages?"],
    ),
    "model-protocol": (
        "protocol-unknown",
        ACME.replace('"acme-large"', '{ id = "a", protocol = "x" }, { id = "b", protocol = "x" }'),
        ["providers.acme.models[a].protocol (and 1 more) is 'x'", "Known are: openai-chat, "],
    ),
    "prefix": (
        "prefix-joined",
        ACME + "auth = { prefix = 'Bearer' }\n",
        ["providers.acme.auth.prefix is", "Authorization: BearerSECRET", 'Set prefix = "Bearer ".'],
    ),
    "prefix-elsewhere": (
        "prefix-joined",
        ACME + "auth = { name = 'x-key', prefix = 'Token' }\n",
        ["x-key: TokenSECRET", 'Set prefix = "Token ".'],
    ),
    "prefix-of-a-model": (
        "prefix-joined",
        ACME.replace('"acme-large"', '{ id = "a", auth = { prefix = "ApiKey" } }'),
        ["providers.acme.models[a].auth.prefix"],
    ),
    "alias-useless": ("alias-useless", ACME + "aliases = ['acme']\n", ["'acme', which is already its ID"]),
    "alias-case": ("alias-case", ACME + "aliases = ['Acme-X']\n", ["'Acme-X'", "Write it as 'acme-x'"]),
    "alias-blank": ("alias-wrong", ACME + "aliases = ['acme x']\n", ["providers.acme.aliases has 'acme x'"]),
    "alias-slash": ("alias-wrong", ACME + "aliases = ['acme/x']\n", ["providers.acme.aliases has 'acme/x'"]),
    "alias-direct": ("alias-wrong", ACME + "aliases = ['direct']\n", ["providers.acme.aliases has 'direct'"]),
    "alias-twice": ("alias-twice", ACME + "aliases = ['ac', 'ac']\n", ["'ac' twice"]),
    "name-twice": (
        "name-twice",
        ACME + "aliases = ['be']\n" + ACME.replace("providers.acme", "providers.be"),
        ["providers.be.id has 'be', which is a name of another provider (acme)"],
    ),
    "like": (
        "like-unknown",
        ACME + "kind = 'gateway'\nrouteability = { like = 'opnrouter' }\n",
        ["providers.acme.routeability.like is 'opnrouter'", "Did you mean openrouter?"],
    ),
    "like-of-a-mapping": (
        "like-unknown",
        ACME + "kind = 'gateway'\nmapping = { like = 'opnrouter' }\n",
        ["providers.acme.mapping.like is 'opnrouter'", "Did you mean openrouter?"],
    ),
    "like-no-gateway": (
        "like-unknown",
        ACME + "kind = 'gateway'\nrouteability = { like = 'anthropic' }\n",
        ["is a provider, not a gateway"],
    ),
    "like-itself": (
        "like-circle",
        ACME + "kind = 'gateway'\nrouteability = { like = 'acme' }\n",
        ["providers.acme.routeability.like leads back to acme: acme → acme"],
    ),
    "extends": (
        "extends-unknown",
        "version = '1'\n[extends.vercl]\nmapping = { like = 'openrouter' }\n",
        ["extends.vercl", "Did you mean vercel?"],
    ),
    "like-of-an-extension": (
        "like-unknown",
        "version = '1'\n[extends.vercel]\nmapping = { like = 'opnrouter' }\n",
        ["extends.vercel.mapping.like is 'opnrouter'"],
    ),
    "shared": (
        "variable-shared",
        ACME.replace("ACME_API_KEY", "OPENAI_API_KEY"),
        [
            "providers.acme.env (or slots.key.from) names OPENAI_API_KEY, which holds the key of openai",
            "https://api.acme.example",
        ],
    ),
    "shared-slot": (
        "variable-shared",
        ACME + "slots.x = { from = ['OPENAI_API_KEY'], secret = true }\n",
        ["providers.acme.slots.x.from names OPENAI_API_KEY"],
    ),
}


@pytest.mark.parametrize(("code", "text", "words"), TOML_FAULTS.values(), ids=TOML_FAULTS)
def test_a_fault_of_a_manifest_is_told_by_its_keys(tmp_path: Path, code: str, text: str, words: list[str]) -> None:
    """Each fault of a manifest has one finding, which names the TOML key and the remedy."""
    (message,) = told(of_manifest(tmp_path, text), code)
    assert [each for each in words if each not in message] == [], message


PYTHON_FAULTS = {
    "name": ("placeholder-unfilled", "provider(name='${x}')", ["Provider('acme').name has ${x}"]),
    "prefix-placeholder": (
        "placeholder-unfilled",
        "provider(auth=AuthHeader(prefix='${region} '))",
        ["Provider('acme').auth.prefix has ${region}"],
    ),
    "url": (
        "slot-unknown",
        "provider(base_url='https://${regoin}.example')",
        ["Provider('acme').base_url names the slot 'regoin'", "Did you mean region?"],
    ),
    "case": (
        "slot-unknown",
        "provider(base_url_cases=(BaseUrlCase('zone', 'eu', 'https://b.example'),))",
        ["Provider('acme').base_url_cases[0].slot is 'zone'", "acme has key, region"],
    ),
    "secret": (
        "slot-secret",
        "provider(headers=(('x-key', '${key}'),))",
        ["Provider('acme').headers.x-key names the slot 'key', which is secret", "AuthHeader(...)"],
    ),
    "group": (
        "slot-missing",
        "provider(base_url='https://${region}.example', requirement=(*NEEDS, Group((KEY,))))",
        ["the group (key) in Provider('acme').requirement lacks"],
    ),
    "unchecked": (
        "slot-unchecked",
        "provider(headers=(('x-y', '${r}'),), requirement=(Group((KEY, Slot('r', (Alternative('R'),)))),))",
        ["r is filled into the headers unchecked", "Set check='slug'"],
    ),
    "protocol": (
        "protocol-unknown",
        "provider(protocol='open-ai-chat')",
        ["Provider('acme').protocol", "openai-chat?"],
    ),
    "prefix": ("prefix-joined", "provider(auth=AuthHeader(prefix='Bearer'))", ["Set prefix='Bearer '."]),
    "alias": ("alias-useless", "provider(aliases=('acme',))", ["Provider('acme').aliases has 'acme'"]),
    "twice": ("name-twice", "provider(), provider()", ["Provider('acme').id has 'acme'"]),
    "taken": ("name-taken", "provider(id='openai')", ["openai belongs to the bundled plugin"]),
    "taken-alias": ("name-taken", "provider(aliases=('openai',))", ["openai belongs to the bundled plugin"]),
    "shared": (
        "variable-shared",
        "provider(requirement=(Group((Slot('k', (Alternative('OPENAI_API_KEY'),), secret=True),)),))",
        ["Slot('k').alternatives of acme names OPENAI_API_KEY, which holds the key of openai"],
    ),
    "shared-detected": (
        "variable-shared",
        "provider(detects=('OPENAI_API_KEY',))",
        ["Provider('acme').detects names OPENAI_API_KEY"],
    ),
    "url-missing": ("base-url-missing", "provider(base_url='')", ["base_url='https://…'"]),
    "requirement": ("requirement-missing", "provider(requirement=())", ['Alternative("NAME_API_KEY")']),
}


@pytest.mark.parametrize(("code", "made", "words"), PYTHON_FAULTS.values(), ids=PYTHON_FAULTS)
def test_a_fault_in_python_is_told_by_its_types(tmp_path: Path, code: str, made: str, words: list[str]) -> None:
    """Each fault of a plugin in Python has one finding, which names the type and the field."""
    findings = of_module(tmp_path, made)
    (message,) = told(findings, code)
    assert [each for each in words if each not in message] == [], message
    assert not told(findings, "problem")


MODELS = "@hookimpl\ndef polyroute_models(provider_ids):\n    return [Model('acme', 'a', protocol='x')]\n"
RULE = "@hookimpl\ndef polyroute_routeability():\n    return [Routeability({})]\n"


def test_a_model_in_python_is_named(tmp_path: Path) -> None:
    """A finding about a model names its provider and its ID."""
    (message,) = told(of_module(tmp_path, "provider()", MODELS), "protocol-unknown")
    assert "Model('acme', 'a').protocol is 'x'" in message


@pytest.mark.parametrize(
    ("made", "rule"),
    [("provider(kind='gateway')", "'acme', like='openrouter'"), ("", "'vercel', like='openrouter', extends=True")],
)
def test_a_gateway_in_python_may_be_like_a_bundled_one(tmp_path: Path, made: str, rule: str) -> None:
    """A plugin in Python that is like a bundled gateway or extends a bundled provider has no findings."""
    assert of_module(tmp_path, made, RULE.format(rule)) == []


@pytest.mark.parametrize(
    ("rule", "code", "words"),
    [
        ("'acme', like='opnrouter'", "like-unknown", "Routeability('acme').like is 'opnrouter'"),
        ("'acme', like='opnrouter'", "like-unknown", "Did you mean openrouter?"),
        ("'acme', like='acme'", "like-circle", "leads back to acme"),
        ("'vercl', like='openrouter', extends=True", "problem", "Did you mean vercel?"),
    ],
)
def test_a_rule_in_python_names_a_gateway(tmp_path: Path, rule: str, code: str, words: str) -> None:
    """A rule that is like an unknown gateway or itself, or extends an unknown provider, has one finding with a hint."""
    findings = of_module(tmp_path, "provider(kind='gateway')", RULE.format(rule))
    (message,) = told(findings, code)
    assert words in message


def test_an_unknown_hook_suggests_the_nearest(tmp_path: Path) -> None:
    """For a function marked as an unknown hook, the finding suggests the closest hook."""
    findings = of_module(tmp_path, "provider()", "@hookimpl\ndef polyroute_provider():\n    return []\n")
    (message,) = told(findings, "problem")
    assert "polyroute_provider: " in message
    assert "Did you mean polyroute_providers?" in message


JSON_FAULTS = {
    "protocol": ("protocol-unknown", {"protocol": "x"}, ["providers.acme.protocol is 'x'"]),
    "prefix": ("prefix-joined", {"auth": {"prefix": "Basic"}}, ['Set "prefix": "Basic ".']),
    "name": ("placeholder-unfilled", {"name": "${x}"}, ["providers.acme.name has ${x}"]),
    "alias": ("alias-wrong", {"aliases": ["a b"]}, ["providers.acme.aliases has 'a b'"]),
    "taken": ("name-taken", {"aliases": ["openai"]}, ["openai belongs to the bundled plugin"]),
    "like": ("like-unknown", {"kind": "gateway", "routeability": {"like": "opnrouter"}}, ["Did you mean openrouter?"]),
    "key": ("key-unknown", {"verfy": {}}, ["providers.acme.verfy is not a known key. Did you mean 'verify'?"]),
    "url": ("base-url-missing", {"base_url": ""}, ['"base_url": ']),
}


@pytest.mark.parametrize(("code", "provider", "words"), JSON_FAULTS.values(), ids=JSON_FAULTS)
def test_a_fault_of_a_description_is_told_by_its_fields(
    tmp_path: Path, code: str, provider: dict[str, Any], words: list[str]
) -> None:
    """Each fault of an executable's description has one finding, which names the JSON field."""
    (message,) = told(of_program(tmp_path, **provider), code)
    assert [each for each in words if each not in message] == [], message


def test_a_variable_that_a_program_is_granted_may_be_shared(tmp_path: Path) -> None:
    """If a program is granted another provider's variable for its own host, the finding names the grant."""
    grants = GRANTS.replace("ACME_API_KEY", "OPENAI_API_KEY")
    (message,) = told(of_program(tmp_path, grants, env=["OPENAI_API_KEY"]), "variable-shared")
    assert "executable.variables names OPENAI_API_KEY" in message


def test_all_faults_are_listed(tmp_path: Path) -> None:
    """Faults of different kinds in one manifest are all found in one run, for each of its providers."""
    text = ACME + "protocol = 'x'\naliases = ['A b', 'acme']\nauth = { prefix = 'Key' }\nname = '${y}'\n"
    both = of_manifest(tmp_path, text + text.replace("providers.acme", "providers.be").replace("'acme'", "'be'"))
    wanted = ("protocol-unknown", "alias-wrong", "alias-useless", "prefix-joined", "placeholder-unfilled")
    assert {code: len(told(both, code)) for code in wanted} == dict.fromkeys(wanted, 2)


def test_what_is_right_is_not_told(tmp_path: Path) -> None:
    """Prefixes with a space or a sign, checked slots in every group and shell variables in remedies are accepted."""
    text = KEYED.replace("api.acme", "${r}.acme") + (
        "slots.r = { from = ['R'], check = 'slug', remedy = 'Run: export R=${YOUR_REGION}' }\n"
        "auth = { prefix = 'Token token=' }\naliases = ['acme_ai']\nalso_speaks = ['anthropic-messages']\n"
        "headers = { x-region = '${r}' }\n"
    )
    assert of_manifest(tmp_path, "version = '1'\n" + text) == []


def test_base_urls_of_models_count_too(tmp_path: Path) -> None:
    """A model's own base URL is checked as another place to which the key is sent."""
    own = '{ id = "a", base_url = "http://b.example" }'
    text = ACME.replace("ACME_API_KEY", "OPENAI_API_KEY").replace("api.acme.example", "api.openai.com")
    assert not told(of_manifest(tmp_path / "without", text), "variable-shared")
    findings = of_manifest(tmp_path / "with", text.replace('"acme-large"', own))
    for code in ("plain-http", "variable-shared", "needs-consent"):
        (message,) = told(findings, code)
        assert "http://b.example" in message


def test_the_documentation_names_the_same_protocols() -> None:
    """The kit knows exactly the wire protocols listed in docs/architecture.md."""
    page = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = page[page.index("## Wire protocols") :].split("`. A base URL")[0]
    assert set(PROTOCOLS) == set(listed.split("`")[1::2]) | {listed.rpartition("`")[2]}


KEYS = {
    "slot": ("slots.key = { from = ['K'], secrt = true }\n", "slots.key.secrt", "Did you mean 'secret'?"),
    "rule": ("routeability = { lke = 'x' }\n", "routeability.lke", "Did you mean 'like'?"),
    "elsewhere": ("verify = { path = '/x', prefix = 'y' }\n", "verify.prefix", ""),
}


@pytest.mark.parametrize(("line", "place", "hint"), KEYS.values(), ids=KEYS)
def test_an_unknown_key_suggests_one_of_its_place(tmp_path: Path, line: str, place: str, hint: str) -> None:
    """For an unknown key, the finding suggests the closest key that is allowed at the same place, and no other."""
    finding, *_ = of_manifest(tmp_path, ACME.replace('env = ["ACME_API_KEY"]\n', "") + line)
    assert f"providers.acme.{place} is not a known key.{' ' if hint else ''}{hint}" == finding.message.split(": ", 1)[1]


def test_a_manifest_that_is_refused_is_told_the_rest_too(tmp_path: Path) -> None:
    """Faults behind an unknown key are found in the same run, so that an author can fix all faults at once."""
    findings = of_manifest(tmp_path / "one", ACME + 'protcol = "openai-chat"\nauth = { prefix = "Bearer" }\n')
    assert {"manifest-refused", "prefix-joined"} <= {each.code for each in findings}
    findings = of_manifest(
        tmp_path / "two", ACME.replace("https://", "https://${regoin}.") + 'protcol = "openai-chat"\n'
    )
    assert [each.code for each in findings] == ["manifest-refused"] * 2
    assert "regoin" in findings[1].message


def test_an_unknown_method_suggests_the_nearest(tmp_path: Path) -> None:
    """For an unknown method in a manifest, the finding suggests the closest method."""
    (finding,) = of_manifest(tmp_path, "methods = ['detct']\n" + ACME)
    assert "methods[0] should be 'detect', " in finding.message
    assert "Did you mean 'detect'?" in finding.message


def package(folder: Path, **manifests: str) -> Path:
    """Write a project whose entry point names a package of these manifests without code, and return the package."""
    inner = folder / "acme_polyroute"
    inner.mkdir(mode=0o755)
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "acme-polyroute"\nversion = "1"\ndependencies = ["polyroute"]\n'
        '[project.entry-points.polyroute]\nacme = "acme_polyroute"\n'
    )
    for name, text in manifests.items():
        (inner / f"{name}.toml").write_text(text, encoding="utf-8")
        (inner / f"{name}.toml").chmod(0o644)
    return inner


BE = ACME.replace("providers.acme", "providers.be").replace("base_url", "documentation")


def test_each_manifest_of_a_package_is_checked(tmp_path: Path) -> None:
    """Each manifest of a package without code is checked, and findings name the file."""
    inner = package(tmp_path, acme=ACME, be=BE, broken="x = 1\n")
    for path in (tmp_path, tmp_path / "pyproject.toml", inner):
        found = {each.code: each.message for each in runner.check(str(path), run=True)}
        assert found.keys() == {"base-url-missing", "manifest-refused"}
        assert found["base-url-missing"].startswith("be.toml: be has no base URL")
        assert found["manifest-refused"].startswith("broken.toml: line 1: x is not a known key")


def test_a_manifest_is_checked_by_its_own_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One manifest of several can be checked by its path, also a relative one; the others are not checked."""
    inner = package(tmp_path, acme=ACME, be=BE)
    monkeypatch.chdir(inner)
    assert runner.check("acme.toml") == []
    assert [each.code for each in runner.check(str(inner / "be.toml"))] == ["base-url-missing"]


def test_manifests_of_one_package_know_each_other(tmp_path: Path) -> None:
    """A gateway may be like a gateway that another manifest of the same distribution declares."""
    gate = ACME.replace("providers.acme]", "providers.gate]\nkind = 'gateway'").replace('"acme-large"', '"x/y"')
    like = BE.replace("documentation", "base_url") + "kind = 'gateway'\nrouteability = { like = 'gate' }\n"
    assert runner.check(str(package(tmp_path, gate=gate, be=like))) == []
