"""Promises about the shape of the code, held by reading it."""

from __future__ import annotations

import ast
import graphlib
import inspect
import re
from collections.abc import Collection
from pathlib import Path

import pluggy
import pytest

import polyroute
from polyroute import Plugins
from polyroute.integrations.request_paths import MODEL_IN_BODY, PROTOCOLS
from polyroute.plugins import hookspecs
from polyroute.types.result_check import find_fault
from tests.support.provider_names import ProviderNames

CORE = Path(polyroute.__file__).parent
MODULES = sorted(CORE.rglob("*.py"))
LAYERS = [
    ["_internal"],
    ["constraints"],
    ["dexto_compat", "fields", "json_form", "result_check", "spelling", "types", "words", "workers"],
    ["_internal"],
    ["likeness", "logins", "plugin", "schemes", "spelled"],
    ["answers"],
    ["errors", "scheme_index"],
    ["_internal"],
    ["failures", "fetching", "mapping", "system"],
    ["cache", "lists", "secret_values"],
    ["hookspecs", "user_files"],
    ["environment"],
    ["base_url"],
    ["manifests", "picker_state", "preferences", "running", "slots", "verifying"],
    ["requirements"],
    ["executables", "trust"],
    ["loading"],
    ["changes", "refreshing"],
    ["plugins"],
    ["custom"],
    ["keys", "routing"],
    ["key_entries", "validation"],
    ["catalog"],
    ["__init__", "documents", "integrations"],
    ["kit"],
    ["server", "testing"],
    ["cli"],
    ["__main__"],
]
ORDER = {
    "_internal": "file_names platform posix_process",
    "system": "masking plain documents paths dotenv toml files raw_json dotenv_writing os_keyring",
    "manifests": "description finding reader reading locating manifests fetched plugin",
    "executables": "jsonrpc children processes calls grants replies remembering plugin programs command",
    "trust": "trust approvals dangers downloading acquiring",
    "loading": "entry_points importing manager admission loading asking claims consent listings secrets",
    "custom": "file schema shape models editing transfer store routes known",
    "routing": "credentials order mappers speaking references router explaining",
    "validation": "sections files checking",
    "documents": "facts types list_types own_types plugin_types http_types http_own_types parts catalog keys plugins "
    "custom_models schemas",
}
"""The modules of a package, each with what it imports of the package before it."""
MAY_NAME_PROVIDERS = ("dexto_compat/", "integrations/", "clients.toml")
"""The paths in the core that may name providers: what Dexto's clients expect, client libraries, and clients."""


FILES = sorted(
    path.relative_to(CORE).as_posix()
    for path in CORE.rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
    if not path.relative_to(CORE).as_posix().startswith(MAY_NAME_PROVIDERS)
)


@pytest.fixture(scope="module")
def providers(plugins: Plugins) -> ProviderNames:
    """The names of all bundled providers."""
    return ProviderNames(plugins.providers.values())


def _name(path: Path) -> str:
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def _layer(module: str) -> int:
    return next(index for index, names in enumerate(LAYERS) if module in names)


def _imports(path: Path) -> set[str]:
    """What of the core is imported when this module is, or when its functions run: `module`, or `package.module`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in typing_only and (node.module or "").startswith("poly"):
            _, _, inner = (node.module or "").partition(".")
            found |= {f"{inner}.{alias.name}".lstrip(".") for alias in node.names}
    return found


def _module(name: str) -> str | None:
    """The module or package, directly in the core, that a dotted name begins with."""
    first = name.split(".", maxsplit=1)[0]
    return first if (CORE / f"{first}.py").exists() or (CORE / first).is_dir() else None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CORE)))
def test_imports_point_one_way(path: Path) -> None:
    """A module of the core imports only its own package and what stands below that."""
    own = _name(path)
    others = {_module(name) for name in _imports(path)} - {None, own}
    assert all(_layer(each) < _layer(own) for each in others if each)


@pytest.mark.parametrize("package", ORDER)
def test_imports_within_a_package_point_one_way(package: str) -> None:
    """A module of a package imports only those of the package's modules that stand before it."""
    order = ORDER[package].split()
    assert sorted(order) == sorted(path.stem for path in (CORE / package).glob("*.py") if path.stem != "__init__")
    for index, module in enumerate(order):
        names = (name.split(".") for name in _imports(CORE / package / f"{module}.py"))
        assert {name[1] for name in names if name[0] == package} <= set(order[:index])


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
    """IDs, aliases, display names and variables count, joined in whatever way."""
    assert name in providers.named_in(text)


@pytest.mark.parametrize(
    "text", ["local files on localhost", "put together", "disappear", "a clients' fields", "gateway"]
)
def test_ordinary_words_name_no_provider(providers: ProviderNames, text: str) -> None:
    """Words that only look like a provider's name are taken for what they are."""
    assert providers.named_in(text) == {}


def test_each_wire_protocol_that_is_passed_on_has_one_designer(plugins: Plugins) -> None:
    """A protocol belongs to exactly one of the bundled providers, or to none that Polyroute could ask."""
    own = [name for provider in plugins.providers.values() for name in provider.own_protocols]
    assert len(own) == len(set(own))
    assert set(MODEL_IN_BODY) <= set(own) <= set(PROTOCOLS)


def _imported_at_once(path: Path, modules: Collection[str]) -> set[str]:
    """The modules that one names where it is imported, or where its types are checked."""
    found: set[str] = set()
    todo: list[ast.stmt] = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If | ast.Try):
            todo += [*node.body, *node.orelse]
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= whole if whole <= set(modules) else {*whole, node.module or ""}
    return found & set(modules)


def test_imports_have_no_circle() -> None:
    """No module of the core imports, be it for type checkers alone or through others, one that imports it."""
    dotted = {".".join(("polyroute", *path.relative_to(CORE).with_suffix("").parts)): path for path in MODULES}
    paths = {name.removesuffix(".__init__"): path for name, path in dotted.items()}
    graph = {name: _imported_at_once(path, paths.keys()) for name, path in paths.items()}
    assert sum(map(len, graph.values())) > 300
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names them


def test_the_table_of_layers_names_every_module() -> None:
    """In the documentation each module of the core stands in a layer, and each of a package beside the package."""
    text = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text[text.index("| layer |") : text.index("## Decisions")]
    modules = {_name(path) for path in MODULES} - {"__init__", "__main__"}
    assert set(re.findall(r"`([a-z_]+)`", table)) == modules | set(" ".join(ORDER.values()).split())


def test_exports_are_exactly_all() -> None:
    """`polyroute.__all__` is sorted and names every public thing that the package exports."""
    public = {
        name
        for name, value in vars(polyroute).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name not in ("annotations", "TYPE_CHECKING")
    }
    assert polyroute.__all__ == sorted(polyroute.__all__)
    assert public | {"Explanation", "explain", "suggestions", "validate", "verify"} == set(polyroute.__all__)
    assert [name for name in polyroute.__all__ if inspect.ismodule(getattr(polyroute, name))] == []


def test_every_hook_is_documented() -> None:
    """Each hook says its purpose, has an example that parses, and says what it returns."""
    manager = pluggy.PluginManager("polyroute")
    manager.add_hookspecs(hookspecs)
    hooks = [name for name in vars(manager.hook) if name.startswith("polyroute_")]
    assert len(hooks) == 8
    for name in hooks:
        documentation = inspect.getdoc(getattr(hookspecs, name)) or ""
        example = "\n".join(line[4:] for line in documentation.splitlines() if line.startswith("    "))
        ast.parse(example)
        assert f"def {name}(" in example
        assert "Returns" in documentation


def test_only_the_environment_reads_variables() -> None:
    """Nothing in the core looks at the process's variables, but the environment, what reads our own switches, what
    hands on the variables without which the system starts no process, and what checks the CA files that they name.
    """
    reading = {path.name for path in MODULES if re.search(r"os\.environ\b(?!/)", path.read_text(encoding="utf-8"))}
    assert reading == {"environment.py", "http_client.py", "paths.py", "platform.py", "__init__.py"}


def test_modules_stay_small() -> None:
    """No module of the core or of a bundled plugin is longer than 300 lines."""
    plugin_modules = (Path(__file__).parents[2] / "plugins").rglob("*.py")
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in [*MODULES, *plugin_modules]}
    assert {path: length for path, length in lengths.items() if length > 300} == {}


def test_the_bundled_plugins_answer_soundly(plugins: Plugins) -> None:
    """What the bundled plugins return, which the core trusts unseen, is what its types say."""
    answers = [*plugins.providers.values(), *plugins.rules.values(), *plugins.all_models()]
    assert len(answers) > 4_900
    assert [find_fault(answer) for answer in answers if find_fault(answer)] == []


def test_every_problem_has_a_documented_code() -> None:
    """Whoever makes a `Problem` says by a code what kind it is, and docs/json.md lists the code."""
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
    """The texts that a code may be, where it is written out; a remedy in its place is no code."""
    each = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    texts = (one.value for one in each if isinstance(one, ast.Constant))
    return {text for text in texts if isinstance(text, str) and re.fullmatch(r"[a-z_-]+", text)}
