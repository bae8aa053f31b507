"""The documentation says what is so."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from polyroute import Catalog, Plugins, Preferences
from polyroute.conformance import runner
from polyroute.documents import schemas
from polyroute.plugins import hookspecs
from polyroute.plugins.manifests.parser import parse
from polyroute.server.table import OPERATIONS
from tests.support.catalogs import MakeEnvironment
from tests.support.pages import blocks

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_page_is_in_the_contents() -> None:
    """docs/index.md has every page of the documentation once, in the site's navigation and in the text."""
    index = ROOT / "docs" / "index.md"
    pages = sorted({page.stem for page in (ROOT / "docs").glob("*.md")} - {"index"})
    listed = re.findall(r"^([a-z-]+)$", "".join(blocks(index, "{toctree}")), re.MULTILINE)
    linked = re.findall(r"\]\(([a-z-]+)\.md\)", index.read_text(encoding="utf-8"))
    assert (sorted(listed), sorted(linked)) == (pages, pages)


def test_no_decision_is_explained_on_two_pages() -> None:
    """No paragraph of docs/decisions.md begins as one of docs/architecture.md does."""
    pages = [(ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("architecture", "decisions")]
    headings, leads = (set(re.findall(r"^(?:\*\*|## )(.*?)(?:\*\*|$)", page, re.MULTILINE)) for page in pages)
    assert headings & leads == set()
    assert "Decisions" not in headings


def test_ci_runs_the_readmes_test_command() -> None:
    """`.ci/run` contains the README's test command unchanged."""
    tests = next(line for line in "".join(blocks(ROOT / "README.md", "sh")).splitlines() if "pytest" in line)
    assert tests in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_readmes_promise_is_kept(make_environment: MakeEnvironment) -> None:
    """The model in the README's second line runs with the gateway's key alone, as that line says."""
    (line,) = [each for each in README.splitlines() if each.startswith("after ")]
    route = Catalog.load(environment=make_environment(DEXTO_API_KEY="k")).resolve(line.split()[1])
    assert line.endswith(f"   runs via {route.via} as {route.model_id}")


def test_the_smallest_plugin_works() -> None:
    """The plugin in Python in docs/writing-a-plugin.md, unchanged, provides a provider without problems."""
    source = next(block for block in blocks(WRITING, "python") if "polyroute_providers" in block)
    module: dict[str, object] = {}
    exec(source, module)  # noqa: S102 - our own README
    plugin = type("Acme", (), {"polyroute_providers": staticmethod(module["polyroute_providers"])})()  # type: ignore[arg-type]
    plugins = Plugins.load([plugin], only=[])
    assert list(plugins.providers) == ["acme"]
    assert plugins.problems == ()


def test_the_documented_gateway_works(make_environment: MakeEnvironment) -> None:
    """The gateway in docs/hooks.md, unchanged, carries OpenAI's models."""
    module = types.ModuleType("acme")
    exec(blocks(ROOT / "docs" / "hooks.md", "python")[0], vars(module))  # noqa: S102 - our own page
    catalog = Catalog.load([module], only=["direct"], environment=make_environment(ACME_API_KEY="k"))
    assert catalog.resolve("openai/gpt-5").via == "acme"
    assert catalog.problems == ()


def test_every_hook_is_listed_with_its_signature() -> None:
    """docs/hooks.md lists each hook with its exact arguments."""
    page = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
    for name, function in inspect.getmembers(hookspecs, inspect.isfunction):
        if name.startswith("polyroute_"):
            assert f"`{name}({', '.join(inspect.signature(function).parameters)})`" in page


@pytest.mark.parametrize("module", ["", ".types", ".lists", ".model_ids", ".organisation", ".server"])
def test_every_public_name_is_documented(module: str) -> None:
    """docs/api.md has every name in `__all__` of the public modules."""
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    names = importlib.import_module(f"polyroute{module}").__all__
    assert [name for name in names if not re.search(rf"^(#+ |- `|`){name}\b", page, re.MULTILINE)] == []


def test_every_operation_is_documented() -> None:
    """docs/http.md has each operation of the HTTP API, with its method."""
    page = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    shown = {f"{each.method} {each.path.replace('{model_id}', '{modelId}')}" for each in OPERATIONS}
    assert {each for each in shown if not re.search(rf"`{re.escape(each)}(?![\w/])", page)} == set()


def properties(schema: object) -> Iterator[str]:
    """Yield the names of all properties in a schema."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
    for each in inner:
        yield from properties(each)


def test_every_field_of_a_document_is_documented() -> None:
    """docs/json.md, or a page that it names, has each field of the documents that commands print."""
    names = ("json", "keys", "custom-models", "validation")
    pages = "".join((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in names)
    fields = {field for name in schemas.DOCUMENTS for field in properties(schemas.document(name))}
    assert len(fields) > 100
    assert {field for field in fields if not re.search(rf"\b{field}\b", pages)} == set()


def test_every_key_of_a_manifest_is_documented() -> None:
    """docs/manifest.md, or docs/mapping.md for schemes, has each key that a manifest can have."""
    pages = "".join((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("manifest", "mapping"))
    known = set(properties(json.loads((ROOT / "docs" / "schemas" / "plugin.schema.json").read_text(encoding="utf-8"))))
    assert len(known) > 80
    assert {key for key in known if not re.search(rf"\b{key}\b", pages)} == set()


def test_every_variable_is_documented() -> None:
    """docs/configuration.md names each Polyroute variable that the code reads."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    sources = [
        path.read_text(encoding="utf-8") for path in [*(ROOT / "core").rglob("*.py"), *ROOT.glob("plugins/*/*/*.py")]
    ]
    names = {name for source in sources for name in re.findall(r'"((?:POLYROUTE|DEXTO)_[A-Z_]+)"', source)}
    assert len(names) >= 8
    assert {name for name in names - {"DEXTO_API_KEY"} if f"`{name}`" not in page} == set()


def test_the_documented_config_is_read(make_environment: MakeEnvironment) -> None:
    """The config.toml in the documentation is read without any problem."""
    text = blocks(ROOT / "docs" / "configuration.md", "toml")[0]
    loaded = Preferences.load(make_environment({".config/polyroute/config.toml": text}))
    assert loaded.problems == ()
    assert loaded.pins == tomllib.loads(text)["pins"]


WRITING = ROOT / "docs" / "writing-a-plugin.md"


def test_the_distribution_in_the_page_carries_a_manifest(tmp_path: Path) -> None:
    """The `pyproject.toml` of a distribution without code, unchanged, packages a manifest, and the kit accepts it."""
    (text,) = [block for block in blocks(WRITING, "toml") if "project" in tomllib.loads(block)]
    packages = tomllib.loads(text)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    (tmp_path / "pyproject.toml").write_text(text)
    package = tmp_path / packages[0]
    package.mkdir(mode=0o755)
    (package / "plugin.toml").write_text(blocks(WRITING, "toml")[0])
    (package / "plugin.toml").chmod(0o644)
    assert runner.check(str(tmp_path)) == []


@pytest.mark.parametrize(
    "page", [WRITING, ROOT / "docs" / "manifest.md", ROOT / "README.md"], ids=lambda page: page.name
)
def test_the_manifests_in_the_pages_are_sound(page: Path) -> None:
    """Every manifest in the documentation is read without an error."""
    found = [tomllib.loads(block) for block in blocks(page, "toml")]
    manifests = [each for each in found if "providers" in each]
    assert manifests
    assert all(parse(each).providers for each in manifests)
    assert len(blocks(ROOT / "README.md", "toml")[0].splitlines()) < 10
