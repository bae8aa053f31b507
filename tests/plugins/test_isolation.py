"""A plugin's errors affect only that plugin, and catalogs are independent of each other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from polyroute import (
    Alternative,
    Catalog,
    Credential,
    Detection,
    Environment,
    Group,
    IdMapping,
    Mapper,
    Model,
    ModelRef,
    Plugins,
    Preferences,
    Provider,
    Routeability,
    SecretUnavailable,
    Slot,
    Source,
    explain,
    hookimpl,
)
from tests.support.distributions import BUNDLED, KEYS, Picture, Site, load, picture, problem_of, site_on_path, sound

ARGUMENTS = {
    "polyroute_providers": "",
    "polyroute_credentials": "environment",
    "polyroute_routeability": "",
    "polyroute_model_ids": "",
    "polyroute_models": "provider_ids",
    "polyroute_secrets": "credential",
}
LISTS = {
    "polyroute_providers": "Provider",
    "polyroute_credentials": "Detection",
    "polyroute_routeability": "Routeability",
    "polyroute_models": "Model",
}
RAISING = {
    "an error": "raise RuntimeError('out of\\norder')",
    "an exit": "raise SystemExit(7)",
    "half way": "yield from ()\n    raise RuntimeError('half way')",
    "an error whose message can't be read": "raise Untold()",
    "an endless recursion": "return polyroute_{name}()",
}
UNTOLD = """
class Untold(Exception):
    def __str__(self):
        raise ValueError('no words')
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Provide a folder on `sys.path` with a valid third-party plugin that comes last in ownership."""
    with site_on_path(tmp_path / "site") as site:
        site.install("zz-good", "good", sound("good"))
        yield site


def hurt(site: Site, hook: str, body: str, prelude: str = "", how: str = "def") -> Catalog:
    """Install a plugin that is valid except for one hook; return a catalog with it, after use."""
    source = f"{sound('hurt')}\n{prelude}\n@hookimpl\n{how} {hook}({ARGUMENTS[hook]}):\n    {body}\n"
    site.install("hurt-plugin", "hurt", source, version="1.2")
    catalog = load("hurt", "good")
    use(catalog)
    return catalog


def use(catalog: Catalog) -> None:
    """Query everything in a catalog that plugins contribute to."""
    catalog.status()
    for name in {"hurt", "hurt-vendor"} & catalog.plugins.providers.keys():
        catalog.models(provider=name, available=True)
        explain(catalog, name)
        explain(catalog, f"{name}/large")
        for route in catalog.provider(name).routes:
            if route.credential:
                reveal(catalog, route.credential)


def reveal(catalog: Catalog, credential: Credential) -> str | None:
    """Return the secret of a credential, or None if it can't be read."""
    try:
        return catalog.environment.reveal(credential)
    except SecretUnavailable:
        return None


def assert_named(catalog: Catalog, hook: str, *words: str) -> None:
    """Assert that the broken plugin has one problem, with all its names and at least one of the words."""
    problem = problem_of(catalog, "hurt", hook)
    assert (problem.distribution, problem.version) == ("hurt-plugin", "1.2")
    assert any(word in problem.message for word in words), problem.message
    assert "\n" not in str(problem)


@pytest.mark.parametrize("hook", ARGUMENTS)
@pytest.mark.parametrize("how", RAISING)
def test_a_hook_that_raises(site: Site, hook: str, how: str, expected: Picture) -> None:
    """Whatever a hook raises, immediately or while its result is iterated, is a problem of its plugin alone."""
    body = RAISING[how].replace("polyroute_{name}()", f"{hook}({ARGUMENTS[hook]})")
    catalog = hurt(site, hook, body, UNTOLD)
    # A mapping or a secret is not an iterable: a generator in its place is a wrong type.
    assert_named(catalog, hook, "RuntimeError", "SystemExit", "Untold", "RecursionError", "returned generator")
    assert picture(catalog) == expected


def test_the_other_hooks_of_a_plugin_stay_in_use(site: Site) -> None:
    """When one hook of a plugin raises, the plugin's other hooks are still called."""
    catalog = hurt(site, "polyroute_models", "raise RuntimeError('no list today')")
    assert catalog.provider("hurt-vendor").can_route_via("hurt")
    assert [route.model_id for route in catalog.routes("hurt-vendor/large") if route.via == "hurt"] == ["made-large"]


@pytest.mark.parametrize("hook", LISTS)
@pytest.mark.parametrize(
    "answer", ["'text'", "5", "{'a': 1}", "[5]", "[None]", "(object(),)", "ITEM", "[[ITEM]]", "iter([ITEM])"]
)
def test_a_hook_that_returns_something_else(site: Site, hook: str, answer: str, expected: Picture) -> None:
    """Where a list of one type is required, any other value is a problem that names both types."""
    catalog = hurt(site, hook, f"return {answer.replace('ITEM', LISTS[hook])}")
    assert_named(catalog, hook, f"where {LISTS[hook]} items were expected", "is not iterable")
    assert picture(catalog) == expected


@pytest.mark.parametrize("answer", ["'text'", "5", "[('hurt', Mapper())]", "Mapper()", "{}.items()"])
def test_model_ids_that_are_no_mapping(site: Site, answer: str, expected: Picture) -> None:
    """Mappers must be in a mapping by gateway; anything else is a problem."""
    catalog = hurt(site, "polyroute_model_ids", f"return {answer}")
    assert_named(catalog, "polyroute_model_ids", "where a mapping were expected", "where a mapping was expected")
    assert picture(catalog) == expected


@pytest.mark.parametrize("answer", ["5", "b'secret'", "['secret']", "credential"])
def test_a_secret_that_is_no_text(site: Site, answer: str, expected: Picture) -> None:
    """A secret that is not a string is not used; the problem does not contain it."""
    catalog = hurt(site, "polyroute_secrets", f"return {answer}")
    assert_named(catalog, "polyroute_secrets", "returned")
    assert "b'secret'" not in str(catalog.problems)
    assert picture(catalog) == expected


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")  # Python's own warning about the same mistake
@pytest.mark.parametrize("hook", ARGUMENTS)
def test_a_coroutine(site: Site, hook: str, expected: Picture) -> None:
    """A hook written as a coroutine is a problem: hooks are ordinary functions."""
    catalog = hurt(site, hook, "return []", how="async def")
    assert_named(catalog, hook, "coroutine")
    assert picture(catalog) == expected


@pytest.mark.parametrize("hook", ARGUMENTS)
def test_a_hook_that_has_no_answer(site: Site, hook: str, expected: Picture) -> None:
    """A hook may return None, which means an empty result and is not a problem."""
    catalog = hurt(site, hook, "return None")
    silent = [problem.message for problem in catalog.problems if problem.hook == hook]
    assert all("its plugin returned none" in message for message in silent)  # a gateway needs a mapper
    assert picture(catalog) == expected


@pytest.mark.parametrize("hook", [*LISTS, "polyroute_model_ids"])
def test_an_answer_that_raises_when_looked_at(site: Site, hook: str, expected: Picture) -> None:
    """A result that raises when it is inspected, such as a proxy without its context, is a problem."""
    prelude = """
class Proxy:
    @property
    def __class__(self):
        raise RuntimeError('working outside of context')

class Lazy(dict):
    def items(self):
        raise RuntimeError('working outside of context')
    __iter__ = items
"""
    answer = "Lazy(hurt=Mapper())" if hook == "polyroute_model_ids" else "[Proxy()]"
    catalog = hurt(site, hook, f"return {answer}", prelude)
    assert_named(catalog, hook, "RuntimeError: working outside of context", "returned Proxy")
    assert picture(catalog) == expected


OWN = "Provider('hurt', 'Hurt', 'host', {}, 'https://hurt.example/v1')"
SLOT = OWN.format("(Group((Slot('key', {}),)),)")
KEY = "(Alternative('HURT_KEY'),), True"


@pytest.mark.parametrize(
    ("provider", "field"),
    [
        ("Provider('Hurt', 'Hurt')", "'Hurt' is not a lower-case slug"),
        ("Provider('hurt me', 'Hurt')", "'hurt me' is not a lower-case slug"),
        ("Provider(' hurt', 'Hurt')", "' hurt' is not a lower-case slug"),
        ("Provider('hurt\\n', 'Hurt')", "is not a lower-case slug"),
        ("Provider('hurt/me', 'Hurt')", "'hurt/me' is not a lower-case slug"),
        ("Provider('-hurt', 'Hurt')", "'-hurt' is not a lower-case slug"),
        ("Provider('', 'Hurt')", "'' is not a lower-case slug"),
        ("Provider(5, 'Hurt')", "5 is not a string"),
        ("Provider(None, 'Hurt')", "None is not a string"),
        ("Provider(['hurt'], 'Hurt')", "['hurt'] is not a string"),
        ("Provider('hurt', '')", "name"),
        ("Provider('hurt', None)", "name"),
        ("Provider('hurt', 'Hurt', 'cloud')", "kind"),
        ("Provider('hurt', 'Hurt', None)", "kind"),
        ("Provider('hurt', 'Hurt', ['vendor'])", "kind"),
        (OWN.format("[Group((Slot('key', (Alternative('HURT_KEY'),)),))]"), "requirement"),
        (OWN.format("Group((Slot('key', (Alternative('HURT_KEY'),)),))"), "requirement"),
        (OWN.format("('HURT_KEY',)"), "requirement"),
        (OWN.format("None"), "requirement"),
        (OWN.format("(Group(Slot('key', (Alternative('HURT_KEY'),))),)"), "requirement"),
        (OWN.format("(Group('HURT_KEY'),)"), "requirement"),
        (OWN.format(f"(Group((Slot('key', {KEY}),), 'password'),)"), "requirement"),
        (OWN.format(f"(Group((Slot('key', {KEY}),), ['api-key']),)"), "requirement"),
        (SLOT.format("'HURT_KEY'"), "requirement"),
        (SLOT.format("['HURT_KEY']"), "requirement"),
        (SLOT.format("Alternative('HURT_KEY')"), "requirement"),
        (SLOT.format("(Alternative(5),)"), "requirement"),
        (SLOT.format("(Alternative(['HURT_KEY']),)"), "requirement"),
        (SLOT.format("(Alternative(('HURT_KEY', 'OTHER')),)"), "requirement"),
        (SLOT.format("(Alternative(None, file='~/x'),)"), "requirement"),
        (SLOT.format("(Alternative(file=5),)"), "requirement"),
        (SLOT.format("(Alternative(file='~/x', section=5),)"), "requirement"),
        (SLOT.format("(Alternative(file='~/x', section='s', keys='key'),)"), "requirement"),
        (SLOT.format("(Alternative('HURT_KEY', json_field=5),)"), "requirement"),
        (OWN.format("(Group((Slot(5, (Alternative('HURT_KEY'),)),)),)"), "requirement"),
        (SLOT.format(f"{KEY}, 5"), "requirement"),
        (SLOT.format(f"{KEY}, '', 'email'"), "requirement"),
        (SLOT.format(f"{KEY}, '', ['slug']"), "requirement"),
        (SLOT.format(f"{KEY}, '', '', 5"), "requirement"),
        ("Provider('hurt', 'Hurt', base_url=None)", "base_url"),
        ("Provider('hurt', 'Hurt', base_url_cases=[BaseUrlCase('a', 'b', 'c')])", "base_url_cases"),
        ("Provider('hurt', 'Hurt', base_url_cases=(('a', 'b', 'c'),))", "base_url_cases"),
        ("Provider('hurt', 'Hurt', base_url_cases=(BaseUrlCase('a', 'b', 5),))", "base_url_cases"),
        ("Provider('hurt', 'Hurt', protocol=None)", "protocol"),
        ("Provider('hurt', 'Hurt', auth='Bearer')", "auth"),
        ("Provider('hurt', 'Hurt', auth=AuthHeader(None))", "auth"),
        ("Provider('hurt', 'Hurt', headers={'a': 'b'})", "headers"),
        ("Provider('hurt', 'Hurt', headers=(('a',),))", "headers"),
        ("Provider('hurt', 'Hurt', headers=(('a', 5),))", "headers"),
        ("Provider('hurt', 'Hurt', aliases='ouch')", "aliases"),
        ("Provider('hurt', 'Hurt', aliases=['ouch'])", "aliases"),
        ("Provider('hurt', 'Hurt', aliases=(5,))", "aliases"),
        ("Provider('hurt', 'Hurt', selectable={'yes'})", "selectable"),
        ("Provider('hurt', 'Hurt', custom_models='optional')", "custom_models"),
        ("Provider('hurt', 'Hurt', custom_models=CustomModelRules('maybe'))", "custom_models"),
        ("Provider('hurt', 'Hurt', documentation=5)", "documentation"),
    ],
)
def test_a_malformed_provider(site: Site, provider: str, field: str, expected: Picture) -> None:
    """A provider with a value of a wrong type is refused before it is used, and the problem names the field."""
    body = f"return [{provider}, Provider('hurt-too', 'Sound')]"
    source = f"from polyroute import *\n\n@hookimpl\ndef polyroute_providers():\n    {body}\n"
    site.install("hurt-plugin", "hurt", source, version="1.2")
    for variables in (KEYS, {**KEYS, "HURT_KEY": "k"}):
        catalog = load("hurt", "good", environment=Environment(variables, home="/nonexistent"))
        assert_named(catalog, "polyroute_providers", field)
        assert catalog.plugins.names.keys() & {"hurt", "Hurt", 5, "ouch"} == set()
        assert catalog.provider("hurt-too").provider.name == "Sound"
        assert picture(catalog) == expected


@pytest.mark.parametrize("place", ["json_field='x'", "section='x', keys=('y',)", ""])
def test_a_requirement_that_can_not_be_evaluated(site: Site, place: str, expected: Picture) -> None:
    """If a provider's requirement can't be evaluated, only that provider has no credential."""
    source = sound("hurt").replace('Alternative("HURT_KEY")', f"Alternative(file='~/no\\ud800file', {place})")
    site.install("hurt-plugin", "hurt", source, version="1.2")
    catalog = load("hurt", "good")
    use(catalog)
    assert not catalog.provider("hurt-vendor").has_direct_key
    assert picture(catalog) == expected


@pytest.mark.parametrize(
    "rule",
    [
        "Routeability('hurt', offered=['openai'])",
        "Routeability('hurt', offered={'openai'})",
        "Routeability('hurt', offered='openai')",
        "Routeability('hurt', namespaces=[('zai', 'z-ai')])",
        "Routeability('hurt', frozenset({'z-ai'}), {'zai': ['z-ai', 'zai']})",
        "Routeability('hurt', providers='openai')",
        "Routeability('hurt', providers=['openai'])",
        "Routeability('hurt', providers=(5,))",
        "Routeability('hurt', providers=(['openai'],))",
        "Routeability('hurt', like=['openrouter'])",
        "Routeability('hurt', like=None)",
        "Routeability(['hurt'])",
        "Routeability(None)",
    ],
)
def test_a_malformed_rule(site: Site, rule: str, expected: Picture) -> None:
    """A rule with a value of a wrong type is refused and makes nothing routeable."""
    catalog = hurt(site, "polyroute_routeability", f"return [{rule}]")
    assert_named(catalog, "polyroute_routeability", "invalid")
    assert not catalog.provider("openai").can_route_via("hurt")
    assert picture(catalog) == expected


@pytest.mark.parametrize(
    "detection",
    [
        "Detection(['hurt'], source=Source('env', 'HURT_KEY'))",
        "Detection(None, source=Source('env', 'HURT_KEY'))",
        "Detection('hurt', source='env HURT_KEY')",
        "Detection('hurt', source=('env', 'HURT_KEY'))",
        "Detection('hurt', source=Source('plugin', 5))",
        "Detection('hurt', 'password', Source('plugin', 'x'))",
        "Detection('hurt', source=Source('plugin', 'x'), endpoint=5)",
        "Detection('hurt', reason=5)",
        "Detection('hurt', remedy=['log in'])",
    ],
)
def test_a_malformed_detection(site: Site, detection: str, expected: Picture) -> None:
    """A detection with a value of a wrong type is refused and is not a credential."""
    catalog = hurt(site, "polyroute_credentials", f"return [{detection}]")
    assert_named(catalog, "polyroute_credentials", "invalid")
    assert not catalog.provider("hurt").has_direct_key
    assert picture(catalog) == expected


@pytest.mark.parametrize(
    "model",
    [
        "Model(['hurt-vendor'], 'x')",
        "Model('hurt-vendor', ['x'])",
        "Model('hurt-vendor', 5)",
        "Model('hurt-vendor', '')",
        "Model('hurt-vendor', None)",
        "Model('hurt-vendor', 'x', 5)",
        "Model('hurt-vendor', 'x', base_url=5)",
        "Model('hurt-vendor', 'x', protocol=['openai-chat'])",
        "Model('hurt-vendor', 'x', input_modalities=5)",
        "Model('hurt-vendor', 'x', context={5})",
        "Model('hurt-vendor', 'x', input_price=float('nan'))",
        "Model('hurt-vendor', 'x', output_price=float('inf'))",
    ],
)
def test_a_malformed_model(site: Site, model: str, expected: Picture) -> None:
    """A model with a value of a wrong type is refused; the others of the same list are kept."""
    catalog = hurt(site, "polyroute_models", f"return [{model}, Model('hurt-vendor', 'sound')]")
    assert_named(catalog, "polyroute_models", "invalid")
    assert [model.id for model in catalog.models(provider="hurt-vendor")] == ["sound"]
    assert picture(catalog) == expected


@pytest.mark.parametrize("mapper", ["None", "5", "'text'", "len", "object()", "lambda model: model", "Closed()"])
def test_a_mapper_that_is_none(site: Site, mapper: str, expected: Picture) -> None:
    """An object without `lookup` and `reverse` is not a mapper: it is a problem, and the gateway maps no model."""
    prelude = "class Closed:\n    def __getattr__(self, name): raise RuntimeError('closed')\n"
    catalog = hurt(site, "polyroute_model_ids", f"return {{'hurt': {mapper}}}", prelude)
    assert_named(catalog, "polyroute_model_ids", "mapper for 'hurt'", "closed")
    (route,) = [route for route in catalog.routes("hurt-vendor/large") if route.via == "hurt"]
    assert not route.usable
    assert picture(catalog) == expected


@pytest.mark.parametrize(
    "lookup",
    [
        "raise RuntimeError('no')",
        "raise SystemExit(3)",
        "raise Untold()",
        "return None",
        "return model.id",
        "return ('made', 'listed', '')",
        "return IdMapping(5, 'listed', '')",
        "return IdMapping(['x'], 'listed', '')",
        "return IdMapping(None, 'unknown', None)",
        "return IdMapping('x', 'guessed', '')",
    ],
)
def test_a_mapper_that_fails_to_look_up(site: Site, lookup: str, expected: Picture) -> None:
    """A mapper that raises, or returns something else, makes only its own route unusable and is one problem."""
    prelude = f"{UNTOLD}\nclass Failing(Mapper):\n    def lookup(self, model):\n        {lookup}\n"
    catalog = hurt(site, "polyroute_model_ids", "return {'hurt': Failing()}", prelude)
    assert_named(catalog, "polyroute_model_ids", "mapper")
    routes = catalog.routes("hurt-vendor/large")
    assert [(route.via, route.usable) for route in routes if route.via == "hurt"] == [("hurt", False)]
    assert len([problem for problem in catalog.problems if problem.plugin == "hurt"]) == 1
    assert picture(catalog) == expected


@pytest.mark.parametrize(
    "reverse", ["raise RuntimeError('no')", "raise SystemExit(3)", "return 5", "return ('hurt-vendor', 'large')"]
)
def test_a_mapper_that_fails_on_the_way_back(site: Site, reverse: str, expected: Picture) -> None:
    """A mapper whose `reverse` fails does not affect the direct route; the model is not in any list."""
    prelude = f"""
class Failing(Mapper):
    def lookup(self, model):
        return IdMapping('made/' + model.id, 'listed', 'it is listed')
    def reverse(self, gateway_id):
        {reverse}
"""
    model_ids = "@hookimpl\ndef polyroute_model_ids():\n    return {'hurt': Failing()}\n"
    site.install("hurt-plugin", "hurt", f"{sound('hurt')}\n{prelude}\n{model_ids}", version="1.2")
    catalog = load("hurt", "good")
    assert {route.via for route in catalog.routes("hurt-vendor/other")} == {"direct", "hurt"}
    assert_named(catalog, "polyroute_model_ids", "mapper")
    assert picture(catalog) == expected


@pytest.mark.parametrize("gateway", ["openrouter", "good", "anthropic", "nobody"])
def test_a_mapper_for_somebody_else(site: Site, gateway: str, expected: Picture) -> None:
    """Only the owner of a gateway may map IDs for it."""
    catalog = hurt(site, "polyroute_model_ids", f"return {{{gateway!r}: Mapper()}}")
    assert_named(catalog, "polyroute_model_ids", f"mapper for {gateway!r}")
    assert picture(catalog) == expected


@pytest.mark.parametrize("gateway", ["openrouter", "good", "anthropic", "nobody"])
def test_a_rule_for_somebody_else(site: Site, gateway: str, expected: Picture) -> None:
    """Only the owner of a gateway may declare what is routeable via it."""
    rule = f"Routeability({gateway!r}, providers=('cohere', 'good-vendor'), preferred=True)"
    catalog = hurt(site, "polyroute_routeability", f"return [{rule}]")
    assert_named(catalog, "polyroute_routeability", f"{gateway!r}")
    assert picture(catalog) == expected


@pytest.mark.parametrize("name", ["groq", "good-vendor", "openrouter"])
def test_an_endpoint_for_somebody_else(site: Site, name: str, expected: Picture) -> None:
    """Only the owner of a provider may change its endpoint: no other plugin decides where a key is sent."""
    detection = f"Detection({name!r}, source=Source('env', 'GROQ_API_KEY'), endpoint='https://evil.example')"
    catalog = hurt(site, "polyroute_credentials", f"return [{detection}]")
    assert_named(catalog, "polyroute_credentials", f"set an endpoint of {name}, which only the provider's owner may do")
    assert picture(catalog) == expected


def test_a_failed_login_for_somebody_else(site: Site, expected: Picture) -> None:
    """A failed detection for another plugin's provider does not replace the owner's reason."""
    detection = "Detection('cohere', reason='you are not worthy', remedy='Pay me.')"
    catalog = hurt(site, "polyroute_credentials", f"return [{detection}]")
    assert "worthy" not in str(catalog.provider("cohere").routes)
    assert picture(catalog) == expected


@pytest.mark.parametrize("field", ["base_url='https://evil.example'", "headers=(('X-To', 'evil'),)"])
def test_a_model_of_somebody_else(site: Site, field: str, expected: Picture) -> None:
    """A plugin may list another provider's models, but may not set their base URL or headers."""
    answer = f"[Model('cohere', 'new-model', {field}), Model('cohere', 'plain', 'Plain')]"
    catalog = hurt(site, "polyroute_models", f"return {answer}")
    (direct,) = [route for route in catalog.routes("cohere/new-model") if route.via == "direct"]
    (usual,) = [route for route in catalog.provider("cohere").routes if route.via == "direct"]
    assert (direct.base_url, direct.headers) == (usual.base_url, usual.headers)
    assert_named(catalog, "polyroute_models", "cohere/new-model")
    assert [model.name for model in catalog.models("plain", provider="cohere")] == ["Plain"]
    assert picture(catalog) == expected


@pytest.mark.parametrize("hook", ARGUMENTS)
def test_a_keyboard_interrupt_passes(site: Site, hook: str) -> None:
    """Ctrl-C during a hook is not caught."""
    with pytest.raises(KeyboardInterrupt):
        hurt(site, hook, "raise KeyboardInterrupt")


def test_a_keyboard_interrupt_on_import_passes(site: Site) -> None:
    """Ctrl-C during the import of a plugin is not caught either."""
    site.install("hurt-plugin", "hurt", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load("hurt")


def test_catalogs_of_two_environments(plugins: Plugins) -> None:
    """Two users' catalogs of the same plugins in one process do not see each other's credentials."""
    ann = Catalog(plugins, Environment({"ANTHROPIC_API_KEY": "ann"}, home="/nonexistent/ann"))
    bob = Catalog(plugins, Environment({"GROQ_API_KEY": "bob"}, home="/nonexistent/bob"))
    for catalog, has, lacks, secret in ((ann, "anthropic", "groq", "ann"), (bob, "groq", "anthropic", "bob")):
        assert catalog.provider(has).has_direct_key
        assert not catalog.provider(lacks).has_effective_credentials
        credential = next(route.credential for route in catalog.provider(has).routes if route.credential)
        assert catalog.environment.reveal(credential) == secret


def test_a_failure_stays_in_the_catalog_where_it_happened(site: Site) -> None:
    """An error while one user's secret is read is not reported to another user."""
    site.install("hurt-plugin", "hurt", sound("hurt").replace('return "secret of hurt"', "raise OSError('/home/ann')"))
    plugins = Plugins.load(only=[*BUNDLED, "hurt"])
    ann, bob = (Catalog(plugins, Environment({}, home="/nonexistent")) for _ in range(2))
    credential = ann.provider("hurt").routes[0].credential
    assert credential
    with pytest.raises(SecretUnavailable):
        ann.environment.reveal(credential)
    assert ["OSError" in problem.message for problem in ann.problems] == [True]
    assert bob.problems == ()


def test_threads_share_plugins(site: Site) -> None:
    """Catalogs created from one set of plugins in many threads at once equal one created alone."""
    alone = load("good")
    expected = [(picture(alone), alone.status())] * 32
    plugins = Plugins.load(only=[*BUNDLED, "good"])
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            catalogs = list(pool.map(lambda _: Catalog(plugins, Environment(KEYS, home="/nonexistent")), range(32)))
            found = list(pool.map(lambda catalog: (picture(catalog), catalog.status()), catalogs))
    finally:
        sys.setswitchinterval(interval)
    assert found == expected


SEEDED = """
from polyroute import Catalog, Environment
catalog = Catalog.load(environment=Environment({"GROQ_API_KEY": "g", "GITHUB_TOKEN": "t"}, home="/nonexistent"))
print(catalog.status())
print(catalog.models("sonnet", available=True))
print(*catalog.problems, sep="\\n")
"""


@pytest.mark.slow
def test_every_run_says_the_same(site: Site) -> None:
    """No result depends on the iteration order of sets, and neither does the order of problems."""
    body = (
        "return [Provider(f'p{n}', 'P', 'host', (Group((Slot('key', (Alternative(file=FILE),)),)),)) for n in range(9)]"
    )
    source = f"from polyroute import *\nFILE = '~/no\\ud800file'\n\n@hookimpl\ndef polyroute_providers():\n    {body}\n"
    site.install("hurt-plugin", "hurt", source.replace("file=FILE", "file=FILE, json_field='x'"))
    runs = [
        subprocess.run(
            [sys.executable, "-c", SEEDED],
            env={**os.environ, "PYTHONPATH": str(site.folder), "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        for seed in range(4)
    ]
    assert {run.stderr for run in runs} == {""}
    assert "'p8'" in runs[0].stdout
    assert len({run.stdout for run in runs}) == 1


def test_reload_sees_a_changed_global_dotenv(plugins: Plugins, tmp_path: Path) -> None:
    """A key added to the user's `.env` is seen after `reload`, and not before."""
    catalog = Catalog(plugins, Environment({"PATH": "/bin"}, home=tmp_path))
    (tmp_path / ".dexto").mkdir()
    (tmp_path / ".dexto" / ".env").write_text("GROQ_API_KEY=k\n")
    assert not catalog.provider("groq").has_direct_key
    again = catalog.reload()
    assert str(again.provider("groq").routes[0].credential) == "global .env GROQ_API_KEY"
    assert again.plugins is plugins
    assert not catalog.provider("groq").has_direct_key


def test_reload_sees_a_changed_project(plugins: Plugins, tmp_path: Path) -> None:
    """The `.env` of a trusted project is read again, too."""
    catalog = Catalog(plugins, Environment({}, home="/nonexistent", trusted_project=tmp_path))
    (tmp_path / ".env").write_text("GROQ_API_KEY=k\n")
    assert str(catalog.reload().provider("groq").routes[0].credential) == "project .env GROQ_API_KEY"


def test_reload_sees_variables_of_the_process(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the environment came from the process, `reload` reads the variables of the process again."""
    catalog = Catalog(plugins, Environment.load())
    monkeypatch.setenv("GROQ_API_KEY", "k")
    assert catalog.reload().provider("groq").has_direct_key
    assert not catalog.provider("groq").has_direct_key


@pytest.mark.parametrize(("loaded", "expected"), [(True, "direct"), (False, "dexto")])
def test_reload_reads_preferences_only_where_they_were_read(tmp_path: Path, loaded: bool, expected: str) -> None:
    """`reload` reads `config.toml` again if the catalog had read it; preferences passed by the host are kept."""
    environment = Environment({"PATH": "/bin"}, home=tmp_path)
    preferences = None if loaded else Preferences()
    catalog = Catalog.load(only=BUNDLED, environment=environment, preferences=preferences)
    assert catalog.status().preferred == "dexto"
    config = Path(environment.config_path)
    config.parent.mkdir(parents=True)
    config.write_text('prefer = "direct"\n')
    assert catalog.reload().status().preferred == expected
    assert catalog.reload().reload().status().preferred == expected


class Counting:
    """A plugin that counts the calls of each of its hooks."""

    def __init__(self, size: int) -> None:
        self.calls: Counter[str] = Counter()
        self.names = ["counting", *(f"counting-{number}" for number in range(size))]

    @hookimpl
    def polyroute_providers(self) -> Iterable[Provider]:
        """Return a gateway and the requested number of vendors."""
        self.calls["providers"] += 1
        key = Slot("key", (Alternative("COUNTING_KEY"),), secret=True)
        for name in self.names:
            yield Provider(
                name,
                name,
                "gateway" if name == "counting" else "vendor",
                (Group((key,)),),
                "https://counting.example/v1",
            )

    @hookimpl
    def polyroute_credentials(self, environment: Environment) -> Iterable[Detection]:
        """Return a detection for every provider."""
        self.calls["credentials"] += 1
        return [Detection(name, "oauth-token", Source("plugin", name)) for name in self.names]

    @hookimpl
    def polyroute_routeability(self) -> Iterable[Routeability]:
        """Make every vendor routeable."""
        self.calls["routeability"] += 1
        return [Routeability("counting", providers=tuple(self.names[1:]))]

    @hookimpl
    def polyroute_model_ids(self) -> Mapping[str, Mapper]:
        """Return itself as the mapper."""
        self.calls["model_ids"] += 1
        return {"counting": self}

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> Iterable[Model]:
        """Return one model per provider."""
        self.calls["models"] += 1
        return [Model(name, "large") for name in self.names if name in provider_ids]

    @hookimpl
    def polyroute_secrets(self, credential: Credential) -> str:
        """Return a constant secret."""
        self.calls["secrets"] += 1
        return "secret"

    @hookimpl
    def polyroute_verifications(self) -> list[object]:
        """Count a call that must not happen: no test verifies credentials."""
        self.calls["verifications"] += 1
        return []

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """Return the same ID."""
        return IdMapping(model.id, "listed")

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """Return None: no ID has a certain origin."""
        return None


@pytest.mark.parametrize("size", [1, 50])
def test_every_hook_is_called_once(size: int) -> None:
    """A hook is called once per plugin, and once more per catalog if it looks at the environment.

    The number of providers, models and queries does not matter.
    """
    counting = Counting(size)
    plugins = Plugins.load([counting], only=BUNDLED)
    catalog = Catalog(plugins, Environment({}, home="/nonexistent"))
    catalog.status()
    assert counting.calls == {"providers": 1, "routeability": 1, "credentials": 1}
    for _ in range(2):
        assert len(catalog.models("large", available=True)) >= size
        for name in counting.names:
            catalog.provider(name)
            catalog.resolve(f"{name}/large")
            explain(catalog, f"{name}/large")
    Catalog(plugins, Environment({}, home="/nonexistent")).status()
    assert counting.calls == {"providers": 1, "routeability": 1, "credentials": 2, "model_ids": 1, "models": 1}
    credential = catalog.resolve("counting-0/large").credential
    assert credential
    assert catalog.environment.reveal(credential) == "secret"
    assert counting.calls["secrets"] == 1
