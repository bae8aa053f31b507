"""Promises about the shape of the code, held by reading it."""

from __future__ import annotations

import ast
import graphlib
import inspect
import re
from collections import Counter
from pathlib import Path

import pluggy
import pytest

import polyroute
from polyroute import Plugins
from polyroute.integrations.request_paths import MODEL_IN_BODY, PROTOCOLS
from polyroute.plugins import hookspecs
from polyroute.requirements.defaults import wrong_default
from polyroute.types.result_check import find_fault
from tests.support.provider_names import ProviderNames

CORE = Path(polyroute.__file__).parent
MODULES = sorted(CORE.rglob("*.py"))
LAYERS = {
    "": """
        lazy named_tuples | types | model_ids results | errors | dexto_compat _internal | environment
        | base_url fallback preferences | choices requirements | lists | plugins | custom_models organisation | routing
        | catalog | model_list model_names model_reference local_servers
        | credentials explanation list_refresh repairs shortcuts verification | validation | __init__
        | documents integrations | clients conformance postgres | diagnosis | server testing | cli | __main__
    """,
    "types": """
        constraints | result_check serialization scopes | declarations failures | credentials id_mapping models policies
        | model_rows
    """,
    "plugins": """
        entry_points hookspecs marker registered shared | foreign manifests | manager | executables hook_calls trust
        | admission failures registry secrets | loader same_models | model_lists | consent | loaded | switching
    """,
    "server": """
        cached_response cross_origin errors fingerprint known_servers measures path_templates
        removed_keys schemas trace_context wrong_tokens
        | known_keys policy_source
        | request_log answers connection identity loader model_lookup pages request_parsing security | listing team
        | state
        | background_refresh events operations passthrough probes | openapi routes
        | metrics table | app | creation process
    """,
}
"""The layers of the core and of its largest packages, lowest first: a module imports from lower layers only."""
PUBLIC = "base_url credentials errors integrations lists model_ids server testing types".split()
"""What other code may import, besides `polyroute` itself."""
MAY_NAME_PROVIDERS = ("dexto_compat/", "integrations/", "clients.toml", "server/page/assets/")
"""The paths in the core that may name providers: what Dexto's clients expect, client libraries, clients, and marks."""


FILES = sorted(
    path.relative_to(CORE).as_posix()
    for path in CORE.rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
    if not path.relative_to(CORE).as_posix().startswith(MAY_NAME_PROVIDERS)
)


@pytest.fixture(scope="module")
def providers(plugins: Plugins) -> ProviderNames:
    """Return the names of all bundled providers."""
    return ProviderNames(plugins.providers.values())


def _dotted(path: Path) -> str:
    """Return the name of a module within the core; empty for the core itself."""
    return ".".join(path.relative_to(CORE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


NAMES = {_dotted(path): path for path in MODULES}


def _imports(path: Path) -> set[str]:
    """Return the modules of the core that a module imports, at any time or for type checkers."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "polyroute":
            package = (node.module or "").partition(".")[2]
            inner = {f"{package}.{alias.name}".lstrip(".") for alias in node.names}
            found |= {name if name in NAMES else package for name in inner}
    return found - {_dotted(path)}


def _below(package: str, name: str) -> str | None:
    """Return the direct child of `package` that `name` is or is inside of; None if it is elsewhere."""
    if package and not name.startswith(f"{package}."):
        return None
    return name.removeprefix(f"{package}.").partition(".")[0] or "__init__"


@pytest.mark.parametrize("package", LAYERS)
def test_imports_point_one_way(package: str) -> None:
    """Modules import only from lower layers of the core and of its packages."""
    layers = [layer.split() for layer in LAYERS[package].split("|")]
    level = {name: index for index, names in enumerate(layers) for name in names}
    inside = {name: path for name, path in NAMES.items() if name != package or not package}
    own = {name: below for name in inside if (below := _below(package, name))}
    assert set(own.values()) == level.keys()
    upwards = [
        (name, imported)
        for name, below in own.items()
        for imported in _imports(NAMES[name])
        if (other := _below(package, imported)) and other != below and level[other] >= level[below]
    ]
    assert upwards == []


def test_imports_have_no_circle() -> None:
    """No module of the core imports itself through others, even for type checkers or inside functions."""
    graph = {name: _imports(path) - {""} for name, path in NAMES.items() if name}
    assert sum(map(len, graph.values())) > 800
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the modules


def test_no_two_classes_have_one_name() -> None:
    """The name of a class is unique in the core."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in MODULES]
    classes = [node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    assert len(classes) > 250
    assert [name for name, count in Counter(classes).items() if count > 1] == []


def test_no_module_repeats_the_name_of_its_package() -> None:
    """A module does not repeat the name of its package, as in `plugins.plugins`."""
    assert [name for name in NAMES if len(set(parts := name.split("."))) < len(parts)] == []


def test_the_bundled_plugins_use_public_modules_alone() -> None:
    """Bundled plugins import only the public modules that third parties may import."""
    modules = list((Path(__file__).parents[2] / "plugins").rglob("*.py"))
    used = {_below("", name) for path in modules for name in _imported_names(path)}
    assert {"__init__", "lists", "model_ids"} <= used <= {"__init__", *PUBLIC}


def _imported_names(path: Path) -> set[str]:
    """Return the modules of the core that a file outside of it imports."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[2] for name in names if name.partition(".")[0] == "polyroute"}


@pytest.mark.parametrize("path", FILES)
def test_the_core_knows_no_provider(path: str, providers: ProviderNames) -> None:
    """No file of the core names a provider or its variables, in any spelling, outside the exempt paths."""
    assert providers.named_in((CORE / path).read_text(encoding="utf-8")) == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hasDextoKey", "dexto"),
        ("preferDextoCredits", "dexto"),
        ("prefers_dextos_credits", "dexto"),
        ("OpenRouter", "openrouter"),
        ("open_router", "openrouter"),
        ("data-open-router-id", "openrouter"),
        ("openRouterApiKey", "openrouter"),
        ("https://api.deepseek.com", "deepseek"),
        ("xAIKey", "xai"),
        ("Sign in to Together AI.", "togetherai"),
        ("amazon-bedrock", "amazonbedrock"),
        ("GROQ_API_KEY", "GROQ_API_KEY"),
        ("HF_TOKEN", "HF_TOKEN"),
    ],
)
def test_every_spelling_of_a_provider_is_found(providers: ProviderNames, text: str, name: str) -> None:
    """IDs, aliases, display names and variables are found, whatever joins their words."""
    assert name in providers.named_in(text)


@pytest.mark.parametrize(
    "text", ["local files on localhost", "put together", "disappear", "a clients' fields", "gateway"]
)
def test_ordinary_words_name_no_provider(providers: ProviderNames, text: str) -> None:
    """Words that only look like a provider's name are not taken for one."""
    assert providers.named_in(text) == {}


def test_each_wire_protocol_that_is_passed_on_has_one_designer(plugins: Plugins) -> None:
    """No two bundled providers design the same protocol, and each protocol that is passed on has a designer."""
    own = [name for provider in plugins.providers.values() for name in provider.own_protocols]
    assert len(own) == len(set(own))
    assert set(MODEL_IN_BODY) <= set(own) <= set(PROTOCOLS)


def test_the_table_of_layers_names_every_module() -> None:
    """The documentation's table has each module of the core in a layer, and those of a package next to the package."""
    text = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text[text.index("| layer |") : text.index("## Where a fact lives")]
    modules = {part for name in NAMES for part in name.split(".")} - {"", "__main__"}
    assert set(re.findall(r"`([a-z_][a-z0-9_]*)`", table)) == modules


def test_the_picture_of_the_layers_is_what_is_checked() -> None:
    """The documentation shows the layers of the core as `LAYERS` has them, the highest first."""
    text = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
    picture = text.partition("## The layers")[2].split("```")[1].removeprefix("text\n")
    shown = [{*row.partition("#")[0].split()} for row in picture.splitlines()]
    layers = [{*layer.split()} - {"__init__", "__main__"} for layer in LAYERS[""].split("|")]
    assert shown == [layer for layer in reversed(layers) if layer]


def test_exports_are_exactly_all() -> None:
    """`polyroute.__all__` is sorted and names every public object that the package exports."""
    public = {
        name
        for name, value in vars(polyroute).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name not in ("annotations", "TYPE_CHECKING")
    }
    assert polyroute.__all__ == sorted(polyroute.__all__)
    assert public | polyroute._ON_FIRST_USE.keys() == set(polyroute.__all__)
    assert [name for name in polyroute.__all__ if inspect.ismodule(getattr(polyroute, name))] == []


def test_every_hook_is_documented() -> None:
    """Each hook's docstring has its purpose, an example that parses, and what it returns."""
    manager = pluggy.PluginManager("polyroute")
    manager.add_hookspecs(hookspecs)
    hooks = [name for name in vars(manager.hook) if name.startswith("polyroute_")]
    assert len(hooks) == 9
    for name in hooks:
        documentation = inspect.getdoc(getattr(hookspecs, name)) or ""
        example = "\n".join(line[4:] for line in documentation.splitlines() if line.startswith("    "))
        ast.parse(example)
        assert f"def {name}(" in example
        assert "Returns" in documentation


def test_only_the_environment_reads_variables() -> None:
    """Only a few modules of the core read the process's variables.

    They are the environment, the modules that read our own switches, the one that passes on the variables without which
    the system starts no process, those that read what variables name as proxies and CA files, the one that cleans
    Python's path, the command that starts a client with the user's variables, and what is known of the terminal.
    `python_code` only writes programs that do.
    """
    reading = {path.name for path in MODULES if re.search(r"os\.environ\b(?!/)", path.read_text(encoding="utf-8"))}
    system = {"certificates.py", "platform.py", "proxies.py", "startup.py"}
    own = {"environment.py", "main.py", "paths.py", "screen.py"}
    assert reading == {*own, "python_code.py", "run.py", *system}


def test_modules_stay_small() -> None:
    """No module of the core or of a bundled plugin is longer than 300 lines."""
    plugin_modules = (Path(__file__).parents[2] / "plugins").rglob("*.py")
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in [*MODULES, *plugin_modules]}
    assert {path: length for path, length in lengths.items() if length > 300} == {}


def test_the_bundled_plugins_answer_soundly(plugins: Plugins) -> None:
    """The results of the bundled plugins, which the core does not validate, conform to their types."""
    answers = [*plugins.providers.values(), *plugins.rules.values(), *plugins.all_models()]
    assert len(answers) > 4_900
    assert [find_fault(answer) for answer in answers if find_fault(answer)] == []
    assert [each.id for each in plugins.providers.values() if wrong_default(each)] == []


def test_every_problem_has_a_documented_code() -> None:
    """Every `Problem` is created with a code for its kind, and docs/json.md lists the code."""
    root = Path(__file__).parents[2]
    page = (root / "docs" / "json.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`([a-z_-]+)`", page[page.index("## Problems") :]))
    codes: set[str] = set()
    for path in [*MODULES, *(root / "plugins").rglob("*.py")]:
        for call in (
            node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
        ):
            given = {each.arg: each.value for each in call.keywords}
            if getattr(call.func, "id", "") == "Problem":
                assert "code" in given or any(isinstance(each, ast.Starred) for each in call.args), (path, call.lineno)
            if getattr(call.func, "id", getattr(call.func, "attr", "")) in ("Problem", "problem"):
                codes.update(_words(given.get("code", call.args[2] if len(call.args) > 2 else None)))
    assert len(codes) > 25
    assert codes <= documented


def _words(value: ast.expr | None) -> set[str]:
    """Return the texts that a code may be, if it is a literal; a remedy in its position is not a code."""
    each = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    texts = (one.value for one in each if isinstance(one, ast.Constant))
    return {text for text in texts if isinstance(text, str) and re.fullmatch(r"[a-z_-]+", text)}
