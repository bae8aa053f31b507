"""Promises about the shape of the code, held by reading it."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pluggy
import pytest

import polyroute
from polyroute import Plugins, hookspecs
from polyroute.requirements import variables
from polyroute.soundness import fault

CORE = Path(polyroute.__file__).parent
MODULES = sorted(CORE.rglob("*.py"))
LAYERS = [
    ["masking", "custom_schema", "custom_shape", "jsonrpc", "children", "plain", "workers"],
    [
        "types",
        "words",
        "dexto_compat",
        "documents",
        "paths",
        "dotenv",
        "entry_points",
        "importing",
        "spelling",
        "processes",
    ],
    ["fields", "lists"],
    ["answers", "cache", "description", "likeness", "schemes", "soundness", "calls"],
    ["forms", "mapping"],
    ["describe"],
    ["errors", "failures"],
    ["config_files", "config_sections", "fetching", "files", "raw_json"],
    ["dotenv_writing", "os_keyring"],
    ["environment"],
    ["hookspecs", "requirements", "preferences", "picker_state", "custom_file"],
    ["downloading", "locating"],
    ["manifests"],
    ["acquiring", "adapters", "grants", "trust"],
    ["approvals", "replies", "remembering"],
    ["executable"],
    ["executables"],
    ["loading"],
    ["asking", "changes", "claims", "refreshing"],
    ["consent"],
    ["plugins"],
    ["credentials", "mappers", "order", "references", "custom_models", "speaking"],
    ["custom_changes", "keys", "own_routes"],
    ["custom_transfer", "key_entries"],
    ["custom_store"],
    ["own_models"],
    ["explaining", "router", "running", "validation", "verifying"],
    ["catalog"],
    ["__init__", "wire"],
    ["custom_wire"],
    ["kit", "integrations"],
    ["server", "testing"],
    ["cli"],
    ["__main__"],
]
LIBRARIES = ("openai", "anthropic", "litellm")
"""Names of client libraries that are also providers' IDs; the integrations, and nothing else, may name them."""
ENGLISH = {"local", "inference", "nova", "poe", "morph", "together"}
"""Provider IDs that are words of the language too."""


def _name(path: Path) -> str:
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def _layer(module: str) -> int:
    return next(index for index, names in enumerate(LAYERS) if module in names)


def _imports(path: Path) -> set[str]:
    """The modules of the core that are imported when this one is, or when its functions run."""
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
            parts = (node.module or "").split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    return {name for name in found if (CORE / f"{name}.py").exists() or (CORE / name).is_dir()}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CORE)))
def test_imports_point_one_way(path: Path) -> None:
    """A module of the core imports only what stands below it."""
    own = _name(path)
    allowed = {own} if (CORE / own).is_dir() else set()
    assert all(_layer(each) < _layer(own) or each in allowed for each in _imports(path))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_knows_no_provider(path: Path, plugins: Plugins) -> None:
    """No provider's name and no provider's variable stands in the core, but for the one package about Dexto.

    The integrations name client libraries, which some providers have given their names.
    """
    if path.parent.name == "dexto_compat":
        return
    text = path.read_text(encoding="utf-8")
    if path.parent.name == "integrations":
        text = re.sub(rf"\b({'|'.join(LIBRARIES)})\b", "", text, flags=re.IGNORECASE)
    known = {name for provider in plugins.providers.values() for name in variables(provider)}
    words = set(re.findall(r"[A-Za-z0-9_-]+", text))
    assert not known & words
    named = (plugins.names.keys() - ENGLISH) & {word.lower() for word in words}
    assert not named


def test_the_table_of_layers_names_every_module() -> None:
    """In the documentation each module of the core stands in a layer."""
    text = (Path(__file__).parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text[text.index("| layer |") : text.index("## Decisions")]
    assert set(re.findall(r"`([a-z_]+)`", table)) == {_name(path) for path in MODULES} - {"__init__", "__main__"}


def test_exports_are_exactly_all() -> None:
    """`polyroute.__all__` is sorted and names every public thing that the package exports."""
    public = [
        name
        for name, value in vars(polyroute).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name != "annotations"
    ]
    assert polyroute.__all__ == sorted(polyroute.__all__)
    assert sorted(public) == sorted(polyroute.__all__)


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
    """Nothing in the core looks at the process's variables, but the environment and what reads our own switches."""
    reading = {path.name for path in MODULES if re.search(r"os\.environ\b(?!/)", path.read_text(encoding="utf-8"))}
    assert reading == {"environment.py", "paths.py", "__init__.py"}


def test_modules_stay_small() -> None:
    """No module of the core or of a bundled plugin is longer than 300 lines."""
    plugin_modules = (Path(__file__).parent.parent / "plugins").rglob("*.py")
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in [*MODULES, *plugin_modules]}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_the_bundled_plugins_answer_soundly(plugins: Plugins) -> None:
    """What the bundled plugins return, which the core trusts unseen, is what its types say."""
    answers = [*plugins.providers.values(), *plugins.rules.values(), *plugins.all_models()]
    assert len(answers) > 4_900
    assert [fault(answer) for answer in answers if fault(answer)] == []
