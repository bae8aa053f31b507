"""Which plugins are enabled, in which order of ownership, and how plugins that can't be loaded are reported."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from polyroute import Catalog, Environment, Plugins, Provider, UnknownProvider, hookimpl
from tests.support.distributions import BUNDLED, KEYS, Picture, Site, load, picture, problem_of, site_on_path, sound

EXTRA_PROVIDER = """
from polyroute import *

@hookimpl
def polyroute_providers():
    return [Provider({id!r}, {name!r}, base_url="https://{name}.example/v1", aliases={aliases!r})]
"""
WRAPPER = "\n@hookimpl({how}=True)\ndef {hook}():\n    {body}\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Provide a folder on `sys.path`."""
    with site_on_path(tmp_path / "site") as site:
        yield site


def claiming(provider_id: str, name: str, aliases: tuple[str, ...] = ()) -> str:
    """Return the source of a plugin with one provider."""
    return EXTRA_PROVIDER.format(id=provider_id, name=name, aliases=aliases)


def host_object(provider_id: str, aliases: tuple[str, ...] = ()) -> object:
    """Return a plugin object with one provider."""

    class Brought:
        @hookimpl
        def polyroute_providers(self) -> list[Provider]:
            """Return one provider."""
            return [Provider(provider_id, "Brought", base_url="https://brought.example/v1", aliases=aliases)]

    return Brought()


def of(catalog: Catalog, name: str) -> str:
    """Return the name of the plugin that owns the provider with this ID or alias."""
    return catalog.plugins.owners[catalog.provider(name).provider.id].name


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("def", "SyntaxError"),
        ("x = '\x00'", "null bytes"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import sys; sys.exit()", "SystemExit"),
        ("def f(): f()\nf()", "RecursionError"),
    ],
)
def test_a_module_that_fails_on_import(site: Site, source: str, words: str, expected: Picture) -> None:
    """A module that can't be imported is a problem that contains the error, and its plugin is not enabled."""
    site.install("zz-good", "good", sound("good"))
    site.install("hurt-plugin", "hurt", source, version="1.2")
    catalog = load("hurt", "good")
    problem = problem_of(catalog, "hurt")
    assert (problem.distribution, problem.version, problem.hook) == ("hurt-plugin", "1.2", "")
    assert problem.message.startswith("can't be imported: ")
    assert words in problem.message
    assert [plugin.enabled for plugin in catalog.plugins.all if plugin.name == "hurt"] == [False]
    assert picture(catalog) == expected


@pytest.mark.parametrize("target", ["hurt_missing", "hurt_plugin_hurt:missing", "hurt_plugin_hurt:Mapper.missing", ""])
def test_a_target_that_is_not_there(site: Site, target: str, expected: Picture) -> None:
    """An entry point that names a missing module or attribute, or nothing, is a problem."""
    site.install("zz-good", "good", sound("good"))
    site.module("hurt_plugin_hurt", sound("hurt"))
    site.metadata("hurt_plugin", f"[polyroute]\nhurt = {target}\n")
    catalog = load("hurt", "good")
    assert problem_of(catalog, "hurt").message.startswith("can't be imported: ")
    assert picture(catalog) == expected


def test_a_target_within_a_module(site: Site) -> None:
    """An entry point may name an object, or an attribute of an object, instead of a module."""
    source = "class Outer:\n    class Inner:\n        {}\n    plugin = Inner()\n"
    method = "@hookimpl\n        def polyroute_providers(self): return [Provider('inner', 'Inner')]"
    source = "from polyroute import *\n\n" + source.format(method)
    site.install("deep", "deep", source, target="deep_deep:Outer.plugin")
    catalog = load("deep")
    assert of(catalog, "inner") == "deep"
    assert catalog.problems == ()


@pytest.mark.parametrize(
    "function",
    [
        "def polyroute_models(provider_ids, prices): return []",
        "def polyroute_credentials(env): return []",
        "def polyroute_verifications(one, two, three): return []",
    ],
)
def test_a_wrong_signature_refuses_the_whole_plugin(site: Site, function: str, expected: Picture) -> None:
    """A hook with an unknown argument disables all hooks of its plugin, and the problem says so."""
    site.install("zz-good", "good", sound("good"))
    site.install("hurt-plugin", "hurt", f"{sound('hurt')}\n@hookimpl\n{function}\n", version="1.2")
    catalog = load("hurt", "good")
    problem = problem_of(catalog, "hurt")
    assert (problem.distribution, problem.version) == ("hurt-plugin", "1.2")
    assert "refused" in problem.message
    assert "as a whole" in problem.message
    assert function.removeprefix("def ").partition("(")[0] in problem.message
    assert "arguments" in problem.remedy
    assert not any(catalog.plugins.hooks_of(plugin) for plugin in catalog.plugins.all if plugin.name == "hurt")
    assert "hurt" not in catalog.status().providers
    assert picture(catalog) == expected


def test_arguments_may_be_left_out(site: Site) -> None:
    """A hook that takes none of the available arguments is called without them."""
    source = f"{sound('good')}\n@hookimpl\ndef polyroute_models(): return [Model('good-vendor', 'other')]\n"
    site.install("good", "good", source)
    catalog = load("good")
    assert [model.id for model in catalog.models(provider="good-vendor")] == ["other"]
    assert catalog.problems == ()


def test_an_unknown_hook_leaves_the_rest_in_use(site: Site, expected: Picture) -> None:
    """An unknown hook is a problem that names it; the plugin's other hooks are used."""
    site.install("zz-good", "good", sound("good"))
    site.install("hurt-plugin", "hurt", f"{sound('hurt')}\n@hookimpl\ndef polyroute_colours(): return []\n")
    catalog = load("hurt", "good")
    problem = problem_of(catalog, "hurt")
    assert (problem.distribution, problem.version, problem.hook) == ("hurt-plugin", "1.0", "polyroute_colours")
    assert picture(catalog, "hurt").secret == "secret of hurt"
    assert picture(catalog) == expected


def test_an_unknown_hook_marked_optional_is_no_problem(site: Site) -> None:
    """A plugin for a later Polyroute can mark its newer hooks as optional; these are not a problem."""
    site.install("good", "good", f"{sound('good')}\n@hookimpl(optionalhook=True)\ndef polyroute_later(): return []\n")
    assert load("good").problems == ()


@pytest.mark.parametrize("how", ["wrapper", "hookwrapper"])
@pytest.mark.parametrize("hook", ["polyroute_providers", "polyroute_colours"])
@pytest.mark.parametrize("body", ["return (yield)", "return []"])
def test_wrappers_are_refused(site: Site, how: str, hook: str, body: str, expected: Picture) -> None:
    """A plugin with a hook wrapper of either style, for a known hook or not, is refused completely and never called."""
    site.install("zz-good", "good", sound("good"))
    site.install("hurt-plugin", "hurt", sound("hurt") + WRAPPER.format(how=how, hook=hook, body=body))
    catalog = load("hurt", "good")
    problem = problem_of(catalog, "hurt")
    assert problem.distribution == "hurt-plugin"
    assert "wrap" in problem.message
    assert "hurt" not in catalog.status().providers
    assert [plugin.enabled for plugin in catalog.plugins.all if plugin.name == "hurt"] == [False]
    assert picture(catalog) == expected


def test_nothing_of_a_refused_wrapper_stays(site: Site) -> None:
    """No function of a refused plugin is called, even if a second one implements the wrapped hook."""
    wrapper = "\n@hookimpl(specname='polyroute_providers', wrapper=True)\ndef around():\n    return (yield)\n"
    site.install("hurt-plugin", "hurt", sound("hurt") + wrapper)
    catalog = load("hurt")
    assert problem_of(catalog, "hurt").hook == "polyroute_providers"
    assert "hurt" not in catalog.status().providers


def test_modules_of_disabled_plugins_are_not_imported(site: Site, tmp_path: Path) -> None:
    """The module of a disabled plugin is not imported; the plugin is listed with the reason."""
    marker = tmp_path / "was-imported"
    site.install("marked", "marked", f"open({str(marker)!r}, 'w').close()\n" + sound("marked"))
    disabling = Environment({"POLYROUTE_DISABLE_PLUGINS": " marked ,dexto"}, home=tmp_path)
    for plugins, reason in (
        (Plugins.load(environment=disabling), "disabled by name"),
        (Plugins.load(only=["direct"]), "not among the plugins selected"),
    ):
        (plugin,) = [plugin for plugin in plugins.all if plugin.name == "marked"]
        assert (plugin.enabled, plugin.reason, plugin.origin) == (False, reason, "installed")
        assert "marked_marked" not in sys.modules
        assert not marker.exists()
    assert Plugins.load(only=["marked"]).problems == ()
    assert marker.exists()


@pytest.mark.parametrize("variables", [{"POLYROUTE_PLUGINS": "direct, good"}, {"POLYROUTE_PLUGINS": "good,direct,"}])
def test_the_allow_list(site: Site, variables: dict[str, str]) -> None:
    """POLYROUTE_PLUGINS names the installed plugins to use; the others are listed as not requested."""
    site.install("good", "good", sound("good"))
    plugins = Plugins.load(environment=Environment(variables, home="/nonexistent"))
    assert {plugin.name for plugin in plugins.all if plugin.enabled} == {"direct", "good"}
    assert {plugin.reason for plugin in plugins.all if not plugin.enabled} == {"not among the plugins selected"}
    assert plugins.problems == ()


def test_only_comes_before_the_allow_list(site: Site) -> None:
    """The argument `only` overrides POLYROUTE_PLUGINS, but not POLYROUTE_DISABLE_PLUGINS."""
    site.install("good", "good", sound("good"))
    variables = {"POLYROUTE_PLUGINS": "direct", "POLYROUTE_DISABLE_PLUGINS": "dexto"}
    plugins = Plugins.load(only=["good", "dexto"], environment=Environment(variables, home="/nonexistent"))
    assert [plugin.name for plugin in plugins.all if plugin.enabled] == ["good"]


def test_variables_of_the_process_count_by_default(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an environment argument, the variables of the process enable and disable plugins."""
    site.install("good", "good", sound("good"))
    monkeypatch.setenv("POLYROUTE_PLUGINS", "good,direct")
    monkeypatch.setenv("POLYROUTE_DISABLE_PLUGINS", "direct")
    assert [plugin.name for plugin in Plugins.load().all if plugin.enabled] == ["good"]


def test_a_project_does_not_switch_plugins(tmp_path: Path) -> None:
    """A project's `.env`, trusted or not, does not decide which code runs."""
    (tmp_path / ".env").write_text("POLYROUTE_DISABLE_PLUGINS=direct\nPOLYROUTE_PLUGINS=dexto\n")
    environment = Environment({}, home="/nonexistent", trusted_project=tmp_path)
    assert {"direct", "openrouter", "dexto"} <= {
        plugin.name for plugin in Plugins.load(environment=environment).all if plugin.enabled
    }


@pytest.mark.parametrize("only", [[*BUNDLED, "typo"], None])
def test_an_unknown_name_is_a_problem(only: list[str] | None) -> None:
    """An unknown plugin name that is requested or disabled is a problem that lists the available names."""
    variables = {"POLYROUTE_DISABLE_PLUGINS": "typo"} if only is None else {}
    problems = Plugins.load(only=only, environment=Environment(variables, home="/nonexistent")).problems
    (problem,) = [problem for problem in problems if "typo" in problem.message]
    assert all(name in problem.remedy for name in BUNDLED)


def test_no_plugin_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without installed plugins there are no providers, and the problem names what to install."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    catalog = Catalog.load(environment=Environment({}, home=tmp_path))
    assert catalog.status().providers == {}
    (problem,) = catalog.problems
    assert "polyroute[all]" in problem.remedy
    with pytest.raises(UnknownProvider):
        catalog.resolve("anthropic/claude-sonnet-4-5")


def test_exactly_the_plugins_that_a_host_names(site: Site) -> None:
    """A host may pass plugin objects and select no installed plugins: then only these objects are used."""
    site.install("good", "good", sound("good"))
    catalog = Catalog(Plugins.load([host_object("mine")], only=[]), Environment({}, home="/nonexistent"))
    assert list(catalog.status().providers) == ["mine"]
    assert [plugin.origin for plugin in catalog.plugins.all if plugin.enabled] == ["host"]
    assert catalog.problems == ()


def test_a_module_and_a_class_may_be_brought(site: Site) -> None:
    """A host may pass a module or a class as a plugin; the plugin has the name of that module or class."""
    site.module("brought_module", claiming("from-module", "module"))
    module = __import__("brought_module")

    class Brought:
        @staticmethod
        @hookimpl
        def polyroute_providers() -> list[Provider]:
            """Return one provider."""
            return [Provider("from-class", "Class")]

    catalog = load(add=(module, Brought))
    assert (of(catalog, "from-module"), of(catalog, "from-class")) == ("brought_module", "Brought")
    assert catalog.problems == ()


def test_a_host_object_can_be_disabled_by_name() -> None:
    """POLYROUTE_DISABLE_PLUGINS disables plugins that the host passes, too."""
    environment = Environment({"POLYROUTE_DISABLE_PLUGINS": "Brought"}, home="/nonexistent")
    plugins = Plugins.load([host_object("mine")], only=[], environment=environment)
    assert "mine" not in plugins.providers
    assert plugins.problems == ()


def test_host_objects_of_one_class_are_different_plugins() -> None:
    """Two objects of one class are two plugins: the second may not map IDs for the first one's gateway."""

    class Mapper:
        def lookup(self, model: object) -> None:
            """Return nothing."""

        def reverse(self, gateway_id: str) -> None:
            """Return nothing."""

    class Adapter:
        def __init__(self, name: str) -> None:
            self.name = name

        @hookimpl
        def polyroute_providers(self) -> list[Provider]:
            """Return one provider of its own."""
            return [Provider(self.name, self.name, "gateway")]

        @hookimpl
        def polyroute_model_ids(self) -> dict[str, Any]:
            """Return a mapper for the first plugin's gateway."""
            return {"first": Mapper()}

    catalog = load(add=(Adapter("first"), Adapter("second")))
    assert {"first", "second"} <= catalog.status().providers.keys()
    assert "first" in catalog.plugins.mappers
    assert ["mapper for 'first'" in problem.message for problem in catalog.problems] == [True]


def test_an_installed_plugin_brought_once_more() -> None:
    """If the host passes an installed plugin, there is one problem about it and nothing else changes."""
    module = importlib.import_module("polyroute_direct")
    catalog = load(add=(module,))
    assert catalog.provider("anthropic") == load().provider("anthropic")
    assert of(catalog, "anthropic") == "polyroute_direct"
    problem = problem_of(catalog, "direct")
    assert "already" in problem.message
    assert "arguments" not in problem.remedy
    assert len(str(problem)) < 300


def test_host_objects_may_come_one_by_one() -> None:
    """Objects that only the iterator references are not confused with each other."""

    class Silent:
        """A plugin that implements no hook."""

    plugins = Plugins.load((Silent() for _ in range(50)), only=[])
    assert len([plugin for plugin in plugins.all if plugin.enabled]) == 50
    assert {problem.message for problem in plugins.problems} == {"implements no hook"}


def test_a_thousand_host_objects_of_one_class() -> None:
    """Any number of host objects of one class are separate plugins with distinct names."""

    class Adapter:
        def __init__(self, name: str) -> None:
            self.name = name

        @hookimpl
        def polyroute_providers(self) -> list[Provider]:
            """Return one provider of its own."""
            return [Provider(self.name, self.name)]

    plugins = Plugins.load([Adapter(f"provider-{number}") for number in range(1200)], only=[])
    assert len(plugins.providers) == 1200
    assert len({plugin.label for plugin in plugins.all if plugin.enabled}) == 1200
    assert plugins.problems == ()


@pytest.mark.parametrize("answer", ["True", "1 / 0"])
def test_how_an_installed_plugin_compares_does_not_matter(site: Site, answer: str, expected: Picture) -> None:
    """A plugin object that equals every other, or raises when compared, does not affect other plugins."""
    odd = f"class Odd:\n    def __eq__(self, other): return {answer}\n    __hash__ = object.__hash__\n\nodd = Odd()\n"
    site.install("zz-good", "good", sound("good"))
    site.install("aa-odd", "odd", odd, target="aa_odd_odd:odd")
    site.install("zzz-odd", "odder", odd, target="zzz_odd_odder:odd")
    catalog = load("odd", "good", "odder")
    assert not [problem for problem in catalog.problems if problem.plugin not in ("odd", "odder")]
    assert picture(catalog) == expected


def test_how_a_host_object_compares_does_not_matter(site: Site, expected: Picture) -> None:
    """Two host objects that compare equal are two plugins."""

    class Odd:
        def __init__(self, name: str) -> None:
            self.name = name

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = object.__hash__

        @hookimpl
        def polyroute_providers(self) -> list[Provider]:
            """Return one provider of its own."""
            return [Provider(self.name, self.name)]

    site.install("zz-good", "good", sound("good"))
    catalog = load("good", add=(Odd("first"), Odd("second")))
    assert {"first", "second"} <= catalog.status().providers.keys()
    assert catalog.problems == ()
    assert picture(catalog) == expected


@pytest.mark.parametrize("marker", ["@hookimpl", "@hookimpl(tryfirst=True)", "@hookimpl(trylast=True)"])
@pytest.mark.parametrize(("first", "second"), [("aa-plugin", "zz-plugin"), ("zz-plugin", "aa-plugin")])
def test_ownership_goes_by_distribution(site: Site, tmp_path: Path, marker: str, first: str, second: str) -> None:
    """Of two third parties the distribution that sorts first owns a provider.

    The plugin's name, the order of folders on the path and `tryfirst` do not count.
    """
    names = {"aa-plugin": "zoe", "zz-plugin": "abe"}
    source = {name: claiming("contested", plugin) for name, plugin in names.items()}
    source["zz-plugin"] = source["zz-plugin"].replace("@hookimpl", marker)
    with site_on_path(tmp_path / "other") as other:
        site.install(first, names[first], source[first], version="1.5")
        other.install(second, names[second], source[second], version="1.5")
        catalog = load("abe", "zoe")
    assert of(catalog, "contested") == "zoe"
    assert catalog.provider("contested").provider.name == "zoe"
    problem = problem_of(catalog, "abe")
    assert (problem.distribution, problem.version, problem.hook) == ("zz-plugin", "1.5", "polyroute_providers")
    assert "zoe (aa-plugin 1.5)" in problem.message


def test_ownership_does_not_depend_on_the_order_in_a_folder(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ownership does not depend on the order in which the system lists a folder."""
    for name in ("aa", "bb", "cc", "dd"):
        site.install(f"{name}-plugin", f"plugin-{name}", claiming("contested", name))
    site.metadata("aa_plugin", "[polyroute]\nplugin-aa = aa_plugin_plugin_aa\n", "0.9")  # left over from an upgrade
    scandir, seen = os.scandir, []
    for backwards in (False, True):
        monkeypatch.setattr(
            os, "scandir", lambda path, way=backwards: sorted(scandir(path), key=lambda each: each.name, reverse=way)
        )
        catalog = load("plugin-aa", "plugin-bb", "plugin-cc", "plugin-dd")
        assert of(catalog, "contested") == "plugin-aa"
        seen.append((catalog.plugins.all, catalog.problems))
    assert seen[0] == seen[1]


def test_bundled_plugins_come_before_third_parties(site: Site) -> None:
    """A third-party plugin that claims a bundled provider gets a problem and changes nothing."""
    expected = load().provider("anthropic")
    site.install("aaa-plugin", "aaa", claiming("anthropic", "stolen"))
    catalog = load("aaa")
    assert catalog.provider("anthropic") == expected
    assert "'anthropic' belongs to plugin direct (polyroute-direct " in problem_of(catalog, "aaa").message


def test_a_host_comes_before_the_bundled_plugins() -> None:
    """The host owns a provider that it passes; the bundled provider of that ID is a problem."""
    catalog = load(add=(host_object("anthropic"),))
    assert of(catalog, "anthropic") == "Brought"
    assert len(catalog.models(provider="anthropic")) > 1
    assert "'anthropic' belongs to plugin Brought already" in problem_of(catalog, "direct").message
    assert catalog.provider("openai") == load().provider("openai")


@pytest.mark.parametrize(
    ("provider_id", "aliases"),
    [("extra", ("amazon-bedrock",)), ("amazon-bedrock", ()), ("extra", ("anthropic",)), ("extra", ("dexto-nova",))],
)
def test_a_name_once_taken_stays_taken(site: Site, provider_id: str, aliases: tuple[str, ...]) -> None:
    """A later plugin can't use an existing ID or alias, neither as an ID nor as an alias."""
    before = load()
    (name,) = aliases or (provider_id,)
    site.install("late", "late", claiming(provider_id, "late", aliases))
    catalog = load("late")
    assert catalog.provider(name) == before.provider(name)
    assert f"{name!r} belongs to plugin {of(before, name)} (polyroute-" in problem_of(catalog, "late").message


def test_an_alias_that_clashes_costs_only_the_alias(site: Site) -> None:
    """A provider with a taken alias is kept with its other aliases."""
    site.install("late", "late", claiming("extra", "late", ("anthropic", "free-name")))
    catalog = load("late")
    assert of(catalog, "extra") == of(catalog, "free-name") == "late"


@pytest.mark.parametrize(("provider_id", "aliases"), [("extra", ("direct",)), ("direct", ()), ("extra", ("",))])
def test_no_provider_is_called_direct_or_nothing(site: Site, provider_id: str, aliases: tuple[str, ...]) -> None:
    """A provider can't be named `direct` or "": preferences use these names."""
    variables = {**KEYS, "POLYROUTE_PREFER": "direct"}
    site.install("hurt-plugin", "hurt", claiming(provider_id, "hurt", aliases))
    for environment in (Environment(variables, home="/nonexistent"), Environment(KEYS, home="/nonexistent")):
        plugins = Plugins.load(only=[*BUNDLED, "hurt"])
        catalog = Catalog.load(only=[*BUNDLED, "hurt"], environment=environment)
        expected = Catalog.load(only=BUNDLED, environment=environment)
        assert catalog.provider("anthropic").routes == expected.provider("anthropic").routes
        assert catalog.status().preferred == expected.status().preferred
        assert problem_of(catalog, "hurt").hook == "polyroute_providers"
        assert plugins.names.keys().isdisjoint({"", "direct"})


def test_two_plugins_of_one_name_are_told_apart(site: Site) -> None:
    """If two distributions use one plugin name, each plugin is asked only for its own secrets."""
    for distribution, name in (("aa", "first"), ("bb", "second")):
        site.install(distribution, "same", sound(name))
    catalog = load("same", "same@bb")
    for name in ("first", "second"):
        credential = catalog.provider(name).routes[0].credential
        assert credential
        assert catalog.environment.reveal(credential) == f"secret of {name}"
    assert catalog.problems == ()


def test_a_plugin_named_as_a_bundled_one(site: Site) -> None:
    """A third-party plugin with a bundled plugin's name is distinguished, and disabled, by its distribution."""
    site.install("zeta", "direct", claiming("openai", "stolen"))
    problem = problem_of(load("direct@zeta"), "direct@zeta")
    assert "POLYROUTE_DISABLE_PLUGINS=direct@zeta" in problem.remedy
    off = Environment({"POLYROUTE_DISABLE_PLUGINS": "direct@zeta"}, home="/nonexistent")
    assert Catalog.load(environment=off).provider("openai").provider.name == "OpenAI"


@pytest.mark.slow
def test_nothing_is_loaded_on_import() -> None:
    """Importing polyroute loads no plugin."""
    script = "import sys, polyroute; sys.exit(any('polyroute_' in name for name in sys.modules))"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
