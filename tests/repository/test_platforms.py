"""What works on Windows, and what says that it does not: simulated in real processes, and by the rules for names."""

from __future__ import annotations

import ast
import json
import ntpath
import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

import polyroute
from polyroute import UsageError
from polyroute._internal import file_names, platform
from polyroute.plugins.manifests import discovery
from polyroute.plugins.trust import install
from polyroute.plugins.trust.policy import fingerprint
from tests.support import windows
from tests.support.distributions import Site, sound
from tests.support.manifests import ACME, User, manifest

pytestmark = pytest.mark.slow

CORE = Path(polyroute.__file__).parent
SEAM = "posix_process.py"
RUNS_A_PROGRAM = "runs a program, which needs Linux or macOS"
PROGRAM = "[executable]\nargv = ['./run']\n"
COMMAND = """\
[providers.acme]
base_url = "https://api.acme.example/v1"
slots.key = { from = [{ command = ["true"] }], secret = true }
"""


class Windows(User):
    """A user whose system lacks everything that Windows lacks."""

    def command(self, *arguments: str) -> tuple[list[str], dict[str, str]]:
        """Return the command line, and the variables to run it with."""
        own = {"PATH": os.environ["PATH"], "HOME": str(self.home), "POLYROUTE_HOME": str(self.ours)}
        own |= {
            "PYTHONPATH": str(self.home / "site"),
            "PYTHONWARNINGS": "error",
            "ACME_API_KEY": "key-canary",
            "GOOD_KEY": "key-canary",
        }
        return [sys.executable, windows.__file__, *arguments], own

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run `polyroute` to its end."""
        command, own = self.command(*arguments)
        return subprocess.run(
            command, env=own, cwd=self.project, input=given, capture_output=True, text=True, check=False
        )

    def done(self, *arguments: str, given: str = "") -> str:
        """Run `polyroute`, check that it succeeds, and return its output."""
        ran = self.run(*arguments, given=given)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def write(self, name: str, text: str) -> str:
        """Write a plugin outside the plugin folder."""
        path = self.home / "elsewhere" / name / discovery.MANIFEST
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        return str(path.parent)


@pytest.fixture
def user(tmp_path: Path) -> Windows:
    """Return a user with an empty plugin folder."""
    return Windows(tmp_path)


def test_the_simulation_takes_away_what_windows_lacks() -> None:
    """Under the simulation these modules and names don't exist, which makes the other tests here meaningful."""
    names = {module.__name__: names.split() for module, names in windows.NAMES.items()}
    source = f"""
import importlib, sys
sys.path.insert(0, {os.path.dirname(windows.__file__)!r})
import windows
windows.become()
left = [n for m, ns in {names!r}.items() for n in ns if hasattr(importlib.import_module(m), n)]
for name in {windows.MODULES!r}:
    try:
        importlib.import_module(name)
    except ImportError:
        continue
    left.append(name)
import os
print(left, os.name, sys.platform)
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == "[] nt win32\n"
    assert all(hasattr(os, name) for name in ("killpg", "waitid", "set_blocking"))


def test_every_module_is_imported(user: Windows) -> None:
    """All modules of the core can be imported.

    The modules of the integrations import the libraries that they are named for, and are covered by the next test.
    """
    paths = (path.relative_to(CORE.parent).with_suffix("") for path in CORE.rglob("*.py"))
    modules = [".".join(path.parts).removesuffix(".__init__") for path in paths if "integrations" not in path.parts]
    assert len(modules) > 150
    user.done(given="\n".join(name for name in modules if not name.endswith("__main__")))


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_only_one_module_uses_what_windows_lacks(path: Path) -> None:
    """Only one module uses names and modules of POSIX, and only the module next to it reads `os.name`."""
    lacking = {f"{module.__name__}.{name}" for module, names in windows.NAMES.items() for name in names.split()}
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    used = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    used |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    used |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    found = used & (lacking | {*windows.MODULES, "os.name"})
    assert bool(found) is (path.parent.name == "_internal" and path.name in (SEAM, "platform.py"))
    assert path.name == SEAM or found <= {"os.name"}


def test_a_manifest_is_checked_added_and_used(user: Windows) -> None:
    """A plugin without code is checked, added, listed, resolved, disabled and removed."""
    folder = user.write("acme", ACME)
    assert f"{folder} passes." in user.done("plugins", "check", folder)
    assert "acme was added and is in use" in user.done("plugins", "add", folder, "--yes")
    resolved = json.loads(user.done("resolve", "acme/acme-large", "--json"))
    assert [route["baseUrl"] for route in resolved["routes"]] == ["https://api.acme.example/v1"]
    user.done("plugins", "disable", "acme")
    assert user.run("resolve", "acme/acme-large").returncode != 0
    user.done("plugins", "remove", "acme")
    assert os.listdir(user.folder) == []


def test_a_changed_manifest_of_a_project_asks_again(user: Windows) -> None:
    """A project's plugin is used once it is trusted, until it changes."""
    path = user.put("acme", in_project=True) / discovery.MANIFEST
    user.done("plugins", "trust", "acme", "--yes")
    user.done("resolve", "acme/acme-large")
    path.write_text(ACME.replace("api.acme", "api.evil"), encoding="utf-8")
    assert "has changed since it was approved" in user.run("resolve", "acme/acme-large").stderr


@pytest.mark.parametrize("knows", [True, False])
def test_without_a_change_time_files_are_read_each_time(
    user: User, monkeypatch: pytest.MonkeyPatch, knows: bool
) -> None:
    """Without a change time, as on Windows, a change that keeps size and times is detected too."""
    real = os.stat

    def stat(path: str, **options: bool) -> os.stat_result:
        """Return the system's result with a constant change time, like a creation time."""
        found = real(path, **options)
        times = {"st_atime_ns": found.st_atime_ns, "st_mtime_ns": found.st_mtime_ns, "st_ctime_ns": 0}
        return os.stat_result(tuple(found), times)

    path = user.put("acme") / discovery.MANIFEST
    acme, before = manifest(path.parent), path.stat()
    monkeypatch.setattr(platform, "KNOWS_CHANGE_TIME", knows)
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", stat)
        first = fingerprint(acme)
        path.write_text(ACME.replace("api.acme", "api.evil"), encoding="utf-8")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        second = fingerprint(acme)
    assert (first == second) is knows


def test_an_archive_is_added(user: Windows) -> None:
    """A packed plugin is unpacked and added."""
    archive = user.home / "acme.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("acme-1.0\\plugin.toml", ACME)
    assert "acme-1.0 was added and is in use" in user.done("plugins", "add", str(archive), "--yes")


def test_a_python_plugin_is_used(user: Windows) -> None:
    """An installed plugin in Python is loaded and its models can be resolved; a new one passes its check."""
    Site(user.home / "site").install("zz-good", "good", sound("good"))
    assert "zz-good" in user.done("plugins", "list")
    resolved = json.loads(user.done("resolve", "good-vendor/large", "--json"))
    assert resolved["routes"][0]["usable"]
    user.done("plugins", "new", "fresh", "--kind", "python")
    assert "fresh-polyroute passes." in user.done("plugins", "check", "fresh-polyroute")


def test_keys_custom_models_and_hosts_configurations(user: Windows) -> None:
    """Keys and custom models are stored and read back, and `check` reads a host's file."""
    user.done("keys", "set", "openai", given="key-canary-2")
    assert "openai" in user.done("keys", "list")
    user.done("custom", "add", "openrouter/made/up", "--display-name", "Made up")
    assert "made/up" in user.done("custom", "list")
    path = user.project / "host.yml"
    path.write_text("llm:\n  provider: no-such-provider\n  model: gpt-5\n", encoding="utf-8")
    checked = user.run("check", str(path))
    assert (checked.returncode, "no-such-provider" in checked.stdout) == (1, True)
    path.write_text("llm:\n  provider: openai\n  model: gpt-5\n", encoding="utf-8")
    user.done("check", str(path))
    assert "openai" in user.done("status")


def test_the_server_answers(user: Windows) -> None:
    """`serve` listens and responds."""
    command, own = user.command("serve", "--port", "0", "--ready-json")
    with subprocess.Popen(command, env=own | {"POLYROUTE_OFFLINE": "1"}, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["url"]
            with urllib.request.urlopen(f"{url}/api/plugins", timeout=60) as answer:  # noqa: S310 - our own server
                assert json.load(answer)["plugins"]
        finally:
            server.terminate()


def test_the_server_cannot_watch_its_parent(user: Windows) -> None:
    """`serve --exit-with-parent` reports in one sentence that it is not supported, instead of never ending."""
    refused = user.run("serve", "--port", "0", "--exit-with-parent")
    assert (refused.returncode, "--exit-with-parent needs Linux or macOS" in refused.stderr) == (3, True)
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("text", [PROGRAM, COMMAND])
def test_a_program_is_not_added(user: Windows, text: str) -> None:
    """A plugin that is an executable, or names a command, is refused in one line before any prompt."""
    refused = user.run("plugins", "add", user.write("acme", text))
    assert (refused.returncode, RUNS_A_PROGRAM in refused.stderr) == (3, True)
    assert len(refused.stderr.splitlines()) == 1
    assert not user.folder.exists()


@pytest.mark.parametrize("text", [PROGRAM, COMMAND])
def test_a_program_that_is_there_is_a_problem(user: Windows, text: str) -> None:
    """An executable in the plugin folder is skipped, and a problem says so; the other plugins are used."""
    user.put("runs", text.replace("acme", "runs"))
    user.put("acme")
    said = json.loads(user.done("resolve", "acme/acme-large", "--json"))
    assert [(each["plugin"], each["code"]) for each in said["problems"]] == [("runs", "unsupported")]
    assert RUNS_A_PROGRAM in said["problems"][0]["message"]
    assert user.run("plugins", "trust", "runs", "--yes").returncode == 3


def test_a_program_is_not_checked(user: Windows) -> None:
    """`plugins check` reports that an executable can't be run here; it can still be created."""
    user.done("plugins", "new", "fresh", "--kind", "sh")
    refused = user.run("plugins", "check", "fresh", "--run", "--yes")
    assert (refused.returncode, "needs Linux or macOS, so it was not run" in refused.stdout) == (1, True)


def test_a_command_of_a_python_plugin_is_not_run(user: Windows) -> None:
    """If a plugin in Python names a command, the key is not available, and the reason says why."""
    source = sound("good").replace('Alternative("GOOD_KEY")', 'Alternative(command=("true",))')
    Site(user.home / "site").install("zz-good", "good", source)
    refused = user.run("credential", "good-vendor/large", "--via", "direct", "--reveal")
    assert (refused.returncode, "a command that prints a key needs Linux or macOS" in refused.stderr) == (3, True)


@pytest.mark.parametrize("left", [1, 1000])
def test_a_file_in_use_is_replaced_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int) -> None:
    """A file that another process has open on Windows can't be replaced; replacing is retried for a limited time."""
    tries = []

    def refuse(temporary: str, path: str) -> None:
        tries.append(path)
        if len(tries) <= left:
            raise PermissionError

    monkeypatch.setattr(platform, "_IS_POSIX", False)
    monkeypatch.setattr(platform, "_IN_USE_SECONDS", 0)
    monkeypatch.setattr(os, "replace", refuse)
    if left == 1:
        platform.put_in_place("new", "old")
        assert len(tries) == 2
    else:
        with pytest.raises(PermissionError):
            platform.put_in_place("new", "old")
        assert 2 < len(tries) < left


@pytest.mark.parametrize(
    ("path", "is_within"),
    [
        ("C:\\plugins\\acme\\plugin.toml", True),
        ("c:\\PLUGINS\\acme\\x\\y", True),
        ("C:\\plugins\\acme", True),
        ("C:\\plugins\\acme-2\\x", False),
        ("C:\\plugins\\acme\\..\\other", False),
        ("D:\\plugins\\acme\\x", False),
        ("\\\\server\\share\\acme\\x", False),
    ],
)
def test_what_is_within_a_folder(monkeypatch: pytest.MonkeyPatch, path: str, is_within: bool) -> None:
    """A path is in a folder or not, whatever its case and its drive."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "path", ntpath)
        found = platform.is_within(path, "C:\\Plugins\\acme")
    assert found is is_within


def test_manifests_are_found_where_add_puts_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of a manifest in the plugin folder has the system's separator, as for `plugins add`."""
    (tmp_path / "plugins" / "acme").mkdir(parents=True)
    expected = f"{tmp_path}/plugins\\acme\\plugin.toml"
    Path(expected).touch()
    with monkeypatch.context() as patch:
        patch.setattr(os, "path", ntpath)
        found = discovery.in_folders(f"{tmp_path}/plugins")
    assert found == [expected]


@pytest.mark.parametrize(
    "path",
    ["plugin.toml", "./a/b.json", "a/", "a//b", "console.txt", "com10", "a/.hidden", "nul-1.txt", "a b/c.d.e", "é"],
)
def test_names_that_every_system_has(path: str) -> None:
    """Plain names are accepted."""
    assert file_names.fault(path) == ""


@pytest.mark.parametrize(
    "path",
    ["/a", "\\a", "../a", "a/../b", "a\\..\\b", "C:a", "C:\\a", "./C:/a", "a/b:stream", "\\\\server\\share", "..", ""],
)
def test_names_that_lead_elsewhere(path: str) -> None:
    """Absolute paths, drives, streams and parent steps lead out of the folder, with either separator."""
    assert file_names.fault(path) == "it leads out of the plugin's folder"


@pytest.mark.parametrize("path", ["nul", "a/CON", "aux.txt", "Com1.tar.gz", "lpt²", "nul .txt", "conin$", "a.", "b "])
def test_names_that_windows_has_not(path: str) -> None:
    """Names of devices, and names that Windows would shorten, are not valid file names."""
    assert "on Windows" in file_names.fault(path)


@pytest.mark.parametrize("name", ["./C:/out", "a/b:stream", "\\\\server\\share\\out", "a/nul", "a./plugin.toml"])
def test_archives_have_names_for_every_system(tmp_path: Path, name: str) -> None:
    """An archive that on Windows would be another plugin, or write elsewhere, is refused on every system."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.writestr("plugin.toml", ACME)
        packed.writestr(name, "x")
    with pytest.raises(UsageError, match=r"leads out|on Windows"), install.at_hand(str(tmp_path / "x.zip")):
        pass


@pytest.mark.parametrize("name", ["nul", "acme.", "COM1.x"])
def test_plugins_have_names_for_every_system(user: User, name: str) -> None:
    """A plugin's name must not be invalid as a folder on Windows, or mean another plugin's folder there."""
    folder = user.put("source")
    with pytest.raises(UsageError, match="is not a valid name for a plugin"):
        install.install(str(folder), str(user.home / "target"), name)
    assert not (user.home / "target").exists()


@pytest.mark.parametrize("address", ["https://acme.example/C:/plugin.zip", "https://acme.example/nul/x.zip"])
def test_an_address_names_a_plain_file(address: str) -> None:
    """A download is stored under a plain file name; an address without one is refused before any request."""
    with pytest.raises(UsageError, match="Download it yourself"), install.at_hand(address):
        pass
