"""The conformance kit and the plugins written by `plugins new`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from polyroute import Model, Provider, UsageError, hookimpl
from polyroute.conformance import runner, scaffold
from polyroute.results import Finding
from polyroute.testing import PluginContract, fake_catalog, fake_environment
from tests.support.manifests import ACME, User
from tests.support.shell import Shell


def codes(findings: list[Finding]) -> set[str]:
    """Return the codes of all findings that are not advice."""
    return {each.code for each in findings if each.severity != "advice"}


@pytest.mark.parametrize("kind", scaffold.KINDS)
@pytest.mark.parametrize("name", ["acme", "acme-own-2"])
def test_a_new_plugin_passes_as_it_stands(tmp_path: Path, shell: Shell, kind: str, name: str) -> None:
    """A plugin written by `plugins new` passes `plugins check` without findings, for every kind and name."""
    assert shell.run("plugins", "new", name, "--kind", kind, "--into", str(tmp_path / "new")).returncode == 0
    (folder,) = (tmp_path / "new").iterdir()
    done = shell.run("plugins", "check", str(folder), "--run", "--yes")
    assert (done.returncode, done.stdout) == (0, f"{folder} passes.\n")


def test_a_new_python_plugins_own_tests_pass(tmp_path: Path) -> None:
    """The tests of a new plugin in Python inherit the contract and pass."""
    folder = scaffold.write("my-own", "python", str(tmp_path))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "3 passed" in done.stdout, done.stdout


def test_a_new_manifest_works(tmp_path: Path) -> None:
    """A new manifest in the plugin folder is a provider that is usable with its key."""
    user = User(tmp_path)
    scaffold.write("my-own", "manifest", str(user.folder))
    catalog = user.catalog(MY_OWN_API_KEY="k")
    assert catalog.resolve("my-own/my-own-large").base_url == "https://api.my-own.example/v1"
    assert catalog.problems == ()


@pytest.mark.parametrize("name", ["Acme", "a/b", "../x", "", "a b", "-a"])
def test_a_name_must_be_one(tmp_path: Path, name: str) -> None:
    """A new plugin's name must be a plain slug, and an existing plugin is not overwritten."""
    with pytest.raises(UsageError, match="is not a valid name"):
        scaffold.write(name, "manifest", str(tmp_path))
    scaffold.write("acme", "manifest", str(tmp_path))
    with pytest.raises(UsageError, match="already exists"):
        scaffold.write("acme", "manifest", str(tmp_path))


GATEWAY = ACME.replace("[providers.acme]", "[providers.acme]\nkind = 'gateway'")
FAULTS = {
    "manifest-refused": ACME + "x = 1\n",
    "providers-missing": "version = '1'\n",
    "requirement-missing": ACME.replace("env", "aliases"),
    "base-url-missing": ACME.replace("base_url", "documentation"),
    "plain-http": ACME.replace("https", "http"),
    "name-taken": ACME + 'aliases = ["anthropic"]\n',
    "models-missing": GATEWAY.replace("models", "#") + "routeability = { offered = ['openai'] }\n",
    "routeability-missing": GATEWAY.replace("models", "#"),
    "kind-mismatch": ACME + "routeability = { offered = ['openai'] }\n",
    "methods-unused": "methods = ['detect']\n" + ACME,
    "slot-unchecked": ACME.replace("api.acme", "${r}.acme")
    + "slots.r = { from = ['R'] }\ngroups = [{slots = ['key', 'r']}]",
}


@pytest.mark.parametrize(("code", "text"), FAULTS.items(), ids=FAULTS)
def test_each_fault_of_a_manifest_is_found(tmp_path: Path, code: str, text: str) -> None:
    """The kit finds each possible fault of a manifest and explains it in a message."""
    folder = User(tmp_path).put("acme", text)
    found = runner.check(str(folder))
    assert codes(found) == {code}
    assert all(each.message for each in found)


def test_others_may_not_write(tmp_path: Path) -> None:
    """The kit reports file permissions that a host would refuse."""
    folder = User(tmp_path).put("acme")
    os.chmod(folder / "plugin.toml", 0o666)  # noqa: S103 - this is the fault under test
    assert codes(runner.check(str(folder))) == {"folder-unsafe"}


def test_http_on_the_own_machine_is_fine(tmp_path: Path) -> None:
    """Plain http is allowed for a server on this machine or in the local network."""
    for index, host in enumerate(("localhost:11434", "127.0.0.1", "[::1]:80", "192.168.0.7", "box.local")):
        folder = User(tmp_path / str(index)).put("acme", ACME.replace("https://api.acme.example", f"http://{host}"))
        assert codes(runner.check(str(folder))) == set()


PYTHON = """
from polyroute import *
@hookimpl
def polyroute_providers():
    {}
    key = Slot("key", (Alternative("ACME_API_KEY"),), secret=True)
    return [Provider("acme", "Acme", "host", (Group((key,)),), "https://api.acme.example/v1")]
"""
PYTHON_FAULTS = {
    "not-imported": "import nowhere_to_be_found",
    "ends-its-host": "import os; os._exit(0)",
    "problem": PYTHON.format("raise ValueError('no')"),
    "prints": PYTHON.format("print('hello')"),
    "providers-missing": "from polyroute import hookimpl\n@hookimpl\ndef polyroute_models(): return []\n",
    "base-url-missing": PYTHON.format("pass").replace(', "https://api.acme.example/v1"', ""),
    "secret-told": PYTHON.format("pass").replace(
        "return [", "return [Provider('b', 'B', base_url='https://b.example'), "
    )
    + "@hookimpl\ndef polyroute_credentials(environment):\n"
    + "    return [Detection('b', reason=environment.setting('ACME_API_KEY') or 'none', remedy='Log in.')]\n",
}


@pytest.mark.parametrize(("code", "text"), PYTHON_FAULTS.items(), ids=PYTHON_FAULTS)
def test_each_fault_of_a_module_is_found(tmp_path: Path, code: str, text: str) -> None:
    """The kit finds each fault of a plugin in Python, which it runs in a separate process."""
    path = tmp_path / "acme_module.py"
    path.write_text(text)
    assert code in codes(runner.check(str(path), run=True))
    assert "acme_module" not in sys.modules


CARRYING = """
[project]
name = "acme-polyroute"
version = "1.0"
dependencies = ["polyroute"]
[project.entry-points.polyroute]
acme = "acme_polyroute:plugin.toml"
"""


def test_a_distribution_that_carries_a_manifest(tmp_path: Path) -> None:
    """A distribution without code is checked by the manifest that its entry point names."""
    (tmp_path / "pyproject.toml").write_text(CARRYING)
    assert codes(runner.check(str(tmp_path))) == {"manifest-missing"}
    package = tmp_path / "src" / "acme_polyroute"
    package.mkdir(parents=True, mode=0o755)
    for text, found in ((ACME, set()), (ACME.replace("base_url", "documentation"), {"base-url-missing"})):
        (package / "plugin.toml").write_text(text)
        (package / "plugin.toml").chmod(0o644)
        assert {each.code for each in runner.check(str(tmp_path))} == found


def test_a_gateway_that_spells_by_itself_needs_no_list(tmp_path: Path) -> None:
    """The gateway in docs/hooks.md, which has its own mapper, passes the kit."""
    page = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    (tmp_path / "gateway.py").write_text(code)
    assert runner.check(str(tmp_path / "gateway.py"), run=True) == []


def test_a_project_that_no_host_would_find(tmp_path: Path) -> None:
    """A missing entry point, version or dependency is reported; a folder that is not a plugin is bad input."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'acme'\n")
    assert codes(runner.check(str(tmp_path))) == {"entry-point-missing", "version-missing", "dependency-missing"}
    (tmp_path / "pyproject.toml").unlink()
    with pytest.raises(UsageError, match="is not a plugin"):
        runner.check(str(tmp_path))


class Good:
    """A plugin object that fulfils the contract."""

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return Acme, which needs no key."""
        from polyroute import Group

        return [Provider("acme", "Acme", "own-server", (Group(kind="none"),), "http://localhost:1/v1")]

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> list[Model]:
        """Return one model."""
        return [Model("acme", "m")] if "acme" in provider_ids else []


class TestContract(PluginContract):
    """The contract, inherited as in an author's tests."""

    plugin = Good()


class Forgetful(Good):
    """A plugin whose models differ on each call."""

    count = 0

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> list[Model]:
        """Return a model with a new ID on each call."""
        self.count += 1
        return [Model("acme", f"m-{self.count}")]


class Nowhere(Good):
    """A plugin whose provider has no base URL."""

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return a provider without a base URL."""
        return [Provider("acme", "Acme")]


@pytest.mark.parametrize(
    ("plugin", "test"),
    [(Forgetful(), "test_it_answers_alike_every_time"), (Nowhere(), "test_it_conforms")],
)
def test_the_contract_can_fail(plugin: object, test: str) -> None:
    """A plugin that breaks the contract fails the corresponding test."""
    contract = PluginContract()
    contract.plugin = plugin
    with pytest.raises(AssertionError):
        getattr(contract, test)()


def test_fakes_are_nobody(tmp_path: Path) -> None:
    """The fakes contain only what they are given and nothing from the environment of the test run."""
    environment = fake_environment(tmp_path, {".acme/token": "t"}, ACME_API_KEY="k")
    assert set(environment.names) == {"HOME", "ACME_API_KEY"}
    assert environment.read(environment.path("~/.acme/token")) == "t"
    assert list(fake_catalog(Good()).plugins.providers) == ["acme"]


def test_the_testing_module_needs_no_pytest() -> None:
    """`polyroute.testing` imports neither pytest nor pydantic."""
    code = "import sys, polyroute.testing; sys.exit('pytest' in sys.modules or 'pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
