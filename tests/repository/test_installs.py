"""What each choice of extras gives, in an environment of its own."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.distributions import sound
from tests.support.shell import Shell
from tests.support.wheels import PUBLISHED, ROOT, Built, environment, required

pytestmark = pytest.mark.slow

ALONE, WITH_CLI, ALL = "polyroute", "polyroute[cli]", "polyroute[all]"
PLUGIN = ROOT / "examples" / "acme-manifest"
MODEL = "acme/acme-large"
KEY = {"ACME_API_KEY": "k"}

Install = Callable[[str], Shell]


@pytest.fixture(scope="session")
def pythons(distributions: dict[str, Built], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that gives the interpreter of an environment with a requirement, created once each."""
    wheels = [distributions[each.name].wheel for each in PUBLISHED]
    made: dict[str, Path] = {}

    def python(requirement: str) -> Path:
        if requirement not in made:
            made[requirement] = environment(tmp_path_factory.mktemp("installed"), wheels, requirement)
        return made[requirement]

    return python


@pytest.fixture
def install(pythons: Callable[[str], Path], tmp_path: Path) -> Install:
    """Return a function that gives a shell in a temporary home, with polyroute installed by a requirement."""
    return lambda requirement: Shell(tmp_path, (str(pythons(requirement)), "-m", "polyroute"))


@contextmanager
def nothing_written(folder: Path) -> Iterator[None]:
    """Check that nothing in the folder changes within the block."""

    def content() -> dict[Path, bytes]:
        return {
            each: each.read_bytes() if each.is_file() else b"" for each in folder.rglob("*") if "site" not in each.parts
        }

    before = content()
    yield
    assert content() == before


def shown_requirements() -> list[str]:
    """Return what the README, the documentation and the examples tell readers to install of our distributions."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.*")]
    texts = [page.read_text(encoding="utf-8") for page in pages if page.suffix in (".md", ".py", ".mjs")]
    return sorted({each for text in texts for each in re.findall(r"pip install '(polyroute[^']*)'", text)})


def test_what_the_pages_install_can_be_installed(distributions: dict[str, Built]) -> None:
    """Each `pip install` of our distributions is met by the built wheels and what these require."""
    wheels = {name: built.wheel for name, built in distributions.items()}
    shown = shown_requirements()
    assert len(shown) > 5
    assert all("pluggy" in set(required(Requirement(each), wheels)) for each in shown)


def test_the_core_alone_says_what_is_missing(install: Install) -> None:
    """Without any plugin, `status` says so and how to install some, and `resolve` does not know the provider."""
    shell = install(ALONE)
    status, resolved = shell.run("status"), shell.run("resolve", MODEL)
    assert "pip install 'polyroute[all]'" in status.stderr
    assert (status.returncode, resolved.returncode) == (0, 2)
    assert "There is no provider 'acme'" in resolved.stderr


def test_without_the_store_no_plugin_is_added(install: Install) -> None:
    """`plugins add` names the missing extra before it prompts, and changes nothing."""
    shell = install(ALONE)
    with nothing_written(shell.home):
        done = shell.run("plugins", "add", str(PLUGIN))
    assert done.returncode == 3
    assert "pip install 'polyroute[store]'" in done.stderr
    assert done.stdout == ""


def test_without_the_store_no_plugin_is_removed(install: Install) -> None:
    """`plugins remove` leaves a plugin in place if it can't revoke its approval."""
    shell = install(ALONE)
    shutil.copytree(PLUGIN, shell.ours / "plugins" / "acme")
    with nothing_written(shell.home):
        done = shell.run("plugins", "remove", "acme")
    assert done.returncode == 3
    assert "pip install 'polyroute[store]'" in done.stderr


def test_the_core_alone_uses_an_installed_plugin(install: Install) -> None:
    """`status`, `resolve`, `explain` and `doctor` work without any extra, which `doctor` does not miss either."""
    shell = install(ALONE)
    shell.site.install("acme", "acme", sound("acme"))
    assert "acme-vendor" in shell.run("status", ACME_KEY="k").stdout
    assert shell.json("resolve", "acme-vendor/large", ACME_KEY="k")["route"]["via"] == "direct"
    assert shell.run("explain", "acme-vendor/large", ACME_KEY="k").returncode == 0
    diagnosed = shell.run("doctor", ACME_KEY="k")
    assert (diagnosed.returncode, diagnosed.stdout, diagnosed.stderr) == (0, "Nothing is wrong.\n", "")


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("prefer", "direct"), "cli"),
        (("serve",), "server"),
        (("verify",), "verify"),
        (("check", "agent.yml"), "check"),
        (("custom", "add", "acme-vendor/own"), "store"),
        (("keys", "set", "acme-vendor"), "store"),
        (("plugins", "disable", "acme"), "store"),
    ],
)
def test_a_command_names_the_extra_that_it_needs(arguments: tuple[str, ...], extra: str, install: Install) -> None:
    """A command that needs an extra names it in one sentence, and writes nothing."""
    shell = install(ALONE)
    shell.site.install("acme", "acme", sound("acme"))
    file = shell.home / "agent.yml"
    file.write_text("llm: {}\n")
    with nothing_written(shell.home):
        done = shell.run(*(str(file) if each == file.name else each for each in arguments), given="k3y-of-acme")
    assert done.returncode == 3
    assert done.stderr.endswith(f"pip install 'polyroute[{extra}]'.\n")
    assert done.stderr.count("\n") == 1


def test_damaged_files_are_repaired_without_the_server(install: Install) -> None:
    """`doctor --repair` needs no extra of the server, also for the files that only a server and the picker write."""
    shell = install(WITH_CLI)
    damaged = shell.ours / "state" / "model-picker.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{")
    done = json.loads(shell.run("doctor", "--repair", "--json").stdout)["repaired"]
    assert [each["file"] for each in done] == [str(damaged)]


@pytest.mark.parametrize("requirement", [WITH_CLI, ALL])
def test_a_plugin_is_added_and_used(requirement: str, install: Install) -> None:
    """With `[cli]`, and with all extras, an added plugin's provider is in `status`, and its models can be resolved."""
    shell = install(requirement)
    assert shell.run("plugins", "add", str(PLUGIN), "--yes").returncode == 0
    assert "acme" in shell.run("status", **KEY).stdout
    assert shell.json("resolve", MODEL, **KEY)["route"]["via"] == "direct"
    assert shell.run("prefer", "direct").returncode == 0


def test_all_brings_the_bundled_plugins(install: Install) -> None:
    """With all extras the bundled plugins are installed, have no problem, and are marked as bundled."""
    document = install(ALL).json("plugins")
    assert {each["origin"] for each in document["plugins"]} == {"bundled"}
    names = {each["name"] for each in document["plugins"]}
    assert names >= {"direct", "openrouter", "dexto", "vercel", "302ai"}
    assert len(names) == 21
    assert document["problems"] == []


@pytest.mark.parametrize("kind", ["manifest", "python", "sh", "node"])
def test_templates_are_installed(kind: str, install: Install) -> None:
    """`plugins new` of the installed core writes every kind of plugin."""
    shell = install(ALONE)
    done = shell.run("plugins", "new", "mine", "--kind", kind, "--into", str(shell.home / "new"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert [each for each in (shell.home / "new").rglob("*") if each.is_file()]
