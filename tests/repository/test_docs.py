"""The documentation says what is so."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
import sys
import tomllib
import types
from pathlib import Path

import pytest

from polyroute import Catalog, Plugins, Preferences
from polyroute.cli.main import build
from polyroute.conformance import runner
from polyroute.plugins import hookspecs
from polyroute.plugins.manifests.parser import parse
from tests.support.catalogs import MakeEnvironment

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "plugins").glob("*/README.md"))]


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{re.escape(language)}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_every_page_is_in_the_contents() -> None:
    """docs/index.md lists every page of the documentation, once."""
    pages = {page.stem for page in (ROOT / "docs").glob("*.md")} - {"index"}
    listed = re.findall(r"^([a-z-]+)$", "".join(blocks(ROOT / "docs" / "index.md", "{toctree}")), re.MULTILINE)
    assert sorted(listed) == sorted(pages)


def test_ci_runs_the_readmes_test_command() -> None:
    """`.ci/run` contains the README's test command unchanged."""
    tests = next(line for line in "".join(blocks(ROOT / "README.md", "sh")).splitlines() if "pytest" in line)
    assert tests in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_in_the_pages_is_python(page: Path) -> None:
    """Every Python block in the documentation compiles."""
    for block in blocks(page, "python"):
        compile(block, str(page), "exec")


def test_the_readmes_plugin_works() -> None:
    """The plugin in the README, unchanged, provides a provider without problems."""
    source = next(block for block in blocks(ROOT / "README.md", "python") if "polyroute_providers" in block)
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


@pytest.mark.parametrize("module", ["", ".types", ".lists", ".model_ids", ".server"])
def test_every_public_name_is_documented(module: str) -> None:
    """docs/api.md has every name in `__all__` of the public modules."""
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    names = importlib.import_module(f"polyroute{module}").__all__
    assert [name for name in names if not re.search(rf"^(#+ |- `|`){name}\b", page, re.MULTILINE)] == []


def test_every_command_is_in_the_readme() -> None:
    """The README names each command."""
    usage = build().format_help()
    commands = re.findall(r"^    (\w+)  ", usage, re.MULTILINE)
    assert len(commands) >= 6
    assert all(f"`polyroute {command}" in README for command in commands)


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


def sections(page: Path) -> dict[str, list[str]]:
    """Return the shell commands of each section of a page."""
    parts = re.split(r"^## (.*)\n", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {
        title: re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }
    return {title: scripts for title, scripts in found.items() if scripts}


WRITING = ROOT / "docs" / "writing-a-plugin.md"


@pytest.mark.slow
@pytest.mark.parametrize("title", sections(WRITING))
def test_from_nothing_to_a_working_provider(title: str, tmp_path: Path) -> None:
    """The commands for each kind of plugin, run in order, do what the page says."""
    variables = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    script = "set -e\n" + "\n".join(sections(WRITING)[title])
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passes." in done.stdout


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
