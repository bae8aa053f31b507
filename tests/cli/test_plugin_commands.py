"""The `polyroute plugins` command and its actions, in real processes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jsonschema
import pytest

from polyroute import Unavailable, UsageError
from polyroute.plugins.manifests.parser import schema
from polyroute.plugins.trust import download, install
from tests.support.commands import Commands
from tests.support.distributions import Site
from tests.support.manifests import ACME, EVIL, PROGRAM
from tests.support.shell import POLYROUTE

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.fixture
def user(tmp_path: Path) -> Commands:
    """A user with an empty plugin folder, in a project."""
    return Commands(tmp_path)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A plugin outside every plugin folder."""
    folder = tmp_path / "downloads" / "acme"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text(ACME)
    return folder


def test_add_asks_and_puts_it_to_use(user: Commands, elsewhere: Path) -> None:
    """`add` shows providers, hosts and variables, does nothing without approval, and adds the plugin with `--yes`."""
    asked = user.run("plugins", "add", str(elsewhere))
    assert asked.returncode == 2
    assert "sends      ACME_API_KEY to https://api.acme.example" in asked.stderr
    assert "--yes" in asked.stderr
    assert user.usable() == set()
    done = user.run("plugins", "add", str(elsewhere), "--yes")
    assert (done.returncode, user.usable()) == (0, {"acme"})
    assert user.run("resolve", "acme/acme-large", ACME_API_KEY="k").returncode == 0


def test_add_says_what_it_would_take_from_where(user: Commands, elsewhere: Path) -> None:
    """`add` shows the folder as given; a plugin in Python is refused with the `pip install` command for its path."""
    asked = user.run("plugins", "add", str(elsewhere))
    assert f"  from       {elsewhere}\n" in asked.stderr
    (elsewhere / "plugin.toml").rename(elsewhere / "pyproject.toml")
    refused = user.run("plugins", "add", str(elsewhere), "--yes")
    assert (refused.returncode, f"pip install {elsewhere}\n" in refused.stderr) == (2, True)


def test_an_answer_is_taken_on_a_terminal(user: Commands, elsewhere: Path) -> None:
    """On a terminal, `add` continues after yes and changes nothing after any other answer."""
    script = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
    environment = {"PATH": os.environ["PATH"], "HOME": str(user.home), "POLYROUTE_HOME": str(user.ours)}
    for answer, status, used in (("n\n", 1, set()), ("y\n", 0, {"acme"})):
        command = [sys.executable, "-c", script, POLYROUTE, "plugins", "add", str(elsewhere)]
        done = subprocess.run(command, env=environment, input=answer, text=True, capture_output=True, check=False)
        assert (done.returncode, user.usable()) == (status, used), done.stdout


@pytest.mark.parametrize("suffix", [".tar.gz", ".zip"])
def test_add_unpacks(user: Commands, elsewhere: Path, suffix: str) -> None:
    """An archive of a plugin's folder is added like the folder, and the program in it stays executable."""
    (elsewhere / "plugin.toml").write_text(PROGRAM + ACME)
    (elsewhere / "run").write_text("#!/bin/sh\n")
    (elsewhere / "run").chmod(0o775)
    archive = elsewhere.parent / f"acme-1.0{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as packed:
            for path in elsewhere.iterdir():
                packed.write(path, f"acme-1.0/{path.name}")
    else:
        with tarfile.open(archive, "w:gz") as packed_too:
            packed_too.add(elsewhere, "acme-1.0")
    done = user.run("plugins", "add", str(archive), "--yes")
    assert (done.returncode, "was added, but can't be used" in done.stdout) == (1, True)  # `run` describes nothing
    assert (user.folder / "acme-1.0" / "run").stat().st_mode & 0o777 == 0o700


class Files(SimpleHTTPRequestHandler):
    """A quiet server of a folder's files, where `/away.zip` redirects to another address."""

    def do_GET(self) -> None:
        """Send a file or a redirect."""
        if self.path == "/away.zip":
            self.send_response(302)
            self.send_header("Location", "http://example.com/acme.zip")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *arguments: object) -> None:
        """Log nothing."""


@pytest.fixture
def server(elsewhere: Path) -> Iterator[str]:
    """The address of a server of the folder with the downloads."""
    served = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(elsewhere.parent)))
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    thread.join()
    served.server_close()


def test_add_fetches(user: Commands, elsewhere: Path, server: str) -> None:
    """An archive or a manifest at an address is fetched and added; plain http needs `--insecure`."""
    with zipfile.ZipFile(elsewhere.parent / "acme.zip", "w") as packed:
        packed.write(elsewhere / "plugin.toml", "plugin.toml")
    refused = user.run("plugins", "add", f"{server}/acme.zip", "--yes")
    assert (refused.returncode, "is not https" in refused.stderr) == (2, True)
    assert user.run("plugins", "add", f"{server}/acme.zip", "--yes", "--insecure").returncode == 0
    assert user.usable() == {"acme"}


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("none.zip", 3, "404"),
        ("away.zip", 2, "http://example.com/acme.zip is not https"),
        ("acme/", 2, "TOML"),
    ],
)
def test_what_cannot_be_fetched_is_told(user: Commands, server: str, path: str, status: int, words: str) -> None:
    """A download that is missing, redirects elsewhere or is not a plugin is reported, and nothing changes."""
    done = user.run("plugins", "add", f"{server}/{path}", "--yes", "--insecure")
    assert (done.returncode, words in done.stderr) == (status, True), done.stderr
    assert not user.folder.exists()


def test_fetching_needs_its_extra(user: Commands, elsewhere: Path, server: str) -> None:
    """Without httpx2, adding from an address reports the missing extra; adding a folder works without it."""
    site = Site(user.home / "site")
    site.module("httpx2", "raise ImportError('not there')\n")
    without = {"PYTHONPATH": str(site.folder)}
    refused = user.run("plugins", "add", f"{server}/acme.zip", "--yes", "--insecure", **without)
    assert (refused.returncode, "pip install 'polyroute[http]'" in refused.stderr) == (3, True)
    assert user.run("plugins", "add", str(elsewhere), "--yes", **without).returncode == 0


@pytest.mark.parametrize(
    "address", ["http://example.com/a.zip", "https://me:key@example.com/a.zip", "http://127.0.0.1.example.com/"]
)
def test_some_addresses_are_never_asked(address: str) -> None:
    """Plain http to other machines and addresses with a password are refused before a request is sent."""
    with pytest.raises(UsageError), install.at_hand(address, insecure=True):
        pass


def test_a_flood_is_cut_off(server: str, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download larger than the limit for plugins is aborted."""
    (elsewhere.parent / "large.zip").write_bytes(bytes(100_000))
    monkeypatch.setattr(download, "MOST_BYTES", 70_000)
    with pytest.raises(Unavailable, match="is larger than"), install.at_hand(f"{server}/large.zip", insecure=True):
        pass


HOSTILE = ["../out", "/out", "a/../../out", "C:/out", "a\\..\\..\\out"]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("suffix", [".tar.gz", ".zip"])
def test_an_archive_cannot_write_elsewhere(tmp_path: Path, name: str, suffix: str) -> None:
    """An archive with a path that leads out of it is refused."""
    archive = tmp_path / f"x{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr(name, "x")
    else:
        with tarfile.open(archive, "w:gz") as packed_too:
            packed_too.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(UsageError, match="leads out"), install.at_hand(str(archive)):
        pass


@pytest.mark.parametrize("name", ["plugin.toml\0.exe", "a\0/b", "a\nb", "a\x1b[2J"])
@pytest.mark.parametrize("suffix", [".tar.gz", ".zip"])
def test_an_archive_with_control_characters_in_a_name(user: Commands, tmp_path: Path, name: str, suffix: str) -> None:
    """A name with a NUL or another control character in it is refused (exit 2), and is printed without it."""
    archive = tmp_path / f"x{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("@" * len(name), "x")  # zipfile itself would cut the name
        archive.write_bytes(archive.read_bytes().replace(b"@" * len(name), name.encode()))
    else:
        with tarfile.open(archive, "w:gz") as packed_too:
            each = tarfile.TarInfo("plain")
            each.pax_headers = {"path": name}
            packed_too.addfile(each, io.BytesIO())
    done = user.run("plugins", "add", str(archive), "--yes")
    assert (done.returncode, "contains a control character" in done.stderr) == (2, True), done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.strip().isprintable()


@pytest.mark.parametrize("name", ["../state", "..", "a/b", "/out", ".hidden", "a\\\\b", "Ac\\u202eme", "a,b"])
def test_a_plugin_is_named_for_its_own_folder(user: Commands, elsewhere: Path, name: str) -> None:
    """A name that leads out of the plugin folder or is not listed there is refused, and no file changes."""
    user.put("approved", in_project=True)
    user.run("plugins", "trust", "approved", "--yes")
    before = {path: path.read_bytes() for path in user.ours.rglob("*.json") if path.parent.name == "state"}
    (elsewhere / "plugin.toml").write_text(f'name = "{name}"\n' + ACME)
    done = user.run("plugins", "add", str(elsewhere), "--yes")
    assert (done.returncode, "is not a valid name for a plugin" in done.stderr) == (2, True)
    assert before
    assert {path: path.read_bytes() for path in before} == before
    assert not user.folder.exists()


def test_a_folder_whose_name_no_plugin_can_have_is_not_added(user: Commands, elsewhere: Path) -> None:
    """If the manifest gives no name, the folder's name is used and must be valid too; the remedy fixes it."""
    folder = elsewhere.rename(elsewhere.with_name(".acme"))
    refused = user.run("plugins", "add", str(folder), "--yes")
    assert (refused.returncode, 'name = "acme"' in refused.stderr) == (2, True)
    (folder / "plugin.toml").write_text('name = "acme"\n' + ACME)
    assert user.run("plugins", "add", str(folder), "--yes").returncode == 0
    assert user.usable() == {"acme"}


def test_an_archive_holds_plain_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Archives are refused if they contain links or devices, unpack to too much data, or are not archives."""
    link = tarfile.TarInfo("plugin.toml")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(tmp_path / "link.tar.gz", "w:gz") as packed:
        packed.addfile(link)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("plugin.toml", b"\0" * 5000)
    with tarfile.open(tmp_path / "folders.tar.gz", "w:gz") as folders:
        for _ in range(install.MOST_FILES + 1):
            entry = tarfile.TarInfo("folder")
            entry.type = tarfile.DIRTYPE
            folders.addfile(entry)
    with tarfile.open(tmp_path / "names.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as names:
        names.addfile(tarfile.TarInfo("x" * (24 << 20)))
    torn = (tmp_path / "names.tar.gz").read_bytes()
    (tmp_path / "torn.tar.gz").write_bytes(torn[:40] + b"\xff" * 40 + torn[80:])
    (tmp_path / "text.zip").write_text("no archive")
    (tmp_path / "text.tar.gz").write_text("no archive")
    monkeypatch.setattr(install, "MOST_BYTES", 4000)
    said = {"link.tar.gz": "is a link", "bomb.zip": "MiB", "text.zip": "zip", "text.tar.gz": "gz"}
    said |= {"folders.tar.gz": "10000 files", "names.tar.gz": "MiB", "torn.tar.gz": "can't be unpacked"}
    for name, words in said.items():
        with pytest.raises(UsageError, match=words), install.at_hand(str(tmp_path / name)):
            pass


def test_a_folder_with_links_is_not_copied(elsewhere: Path) -> None:
    """A folder that contains a link is refused, since the link's target is not part of the plugin."""
    (elsewhere / "link").symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match="is a link"), install.at_hand(str(elsewhere)):
        pass


def test_what_is_broken_is_not_added(user: Commands, elsewhere: Path) -> None:
    """A plugin that can't be used is refused with the line of each fault, as is a folder without a manifest."""
    (elsewhere / "plugin.toml").write_text(ACME + "kind = 'shop'\n")
    done = user.run("plugins", "add", str(elsewhere), "--yes")
    assert done.returncode == 2
    assert "line 5: providers.acme.kind should be" in done.stderr
    (elsewhere / "plugin.toml").unlink()
    assert "contains no plugin.toml" in user.run("plugins", "add", str(elsewhere), "--yes").stderr
    assert user.usable() == set()


def test_adding_again_replaces_it(user: Commands, elsewhere: Path) -> None:
    """Adding a plugin again replaces it with the new version."""
    user.run("plugins", "add", str(elsewhere), "--yes")
    (elsewhere / "plugin.toml").write_text('version = "2"\n' + ACME)
    user.run("plugins", "add", str(elsewhere), "--yes")
    assert user.plugins_json("info", "acme")["version"] == "2"
    assert [path.name for path in user.folder.iterdir()] == ["acme"]


def test_what_of_an_added_plugin_is_not_used_is_told(user: Commands, elsewhere: Path) -> None:
    """`add` refuses a provider of another plugin, shows the folder that it replaces, and names the source of faults."""
    (elsewhere / "plugin.toml").write_text(ACME.replace("providers.acme", "providers.openai"))
    refused = user.run("plugins", "add", str(elsewhere), "--yes")
    assert (refused.returncode, refused.stderr) == (1, "")
    assert "acme was not added: openai belongs to plugin direct" in refused.stdout
    assert not (user.folder / "acme").exists()
    (elsewhere / "plugin.toml").write_text(ACME)
    first, again = (user.run("plugins", "add", str(elsewhere), "--yes") for _ in range(2))
    assert "replaces" not in first.stderr
    assert f"  replaces   {user.folder / 'acme'}\n" in again.stderr
    (elsewhere / "plugin.toml").write_text("x = 1")
    assert f"polyroute: {elsewhere}:\n" in user.run("plugins", "add", str(elsewhere), "--yes").stderr


def test_what_is_trusted_is_what_was_shown(user: Commands) -> None:
    """If a plugin changes while the user is asked, the approval doesn't apply to the changed plugin."""
    folder = user.put("acme", PROGRAM + ACME, in_project=True, run="#!/bin/sh\n")
    change = f"echo 'echo other' >> {folder / 'run'}"
    script = (
        "import os, pty, sys\n"
        "def read(number):\n"
        "    data = os.read(number, 1024)\n"
        f"    if b'[y/N]' in data: os.system({change!r}); os.write(number, b'y\\n')\n"
        "    return data\n"
        "sys.exit(pty.spawn(sys.argv[1:], read) >> 8)"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(user.home), "POLYROUTE_HOME": str(user.ours)}
    command = [sys.executable, "-c", script, POLYROUTE, "plugins", "trust", "acme"]
    done = subprocess.run(
        command, env=environment, cwd=user.project, input="", text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert user.plugins_json("info", "acme")["reason"] == "has changed since it was approved"


def test_a_new_plugin_has_a_name_of_its_own(user: Commands) -> None:
    """`new` refuses the name or alias of an existing provider and names the plugin that has it."""
    for name in ("openai", "amazon-bedrock"):
        refused = user.run("plugins", "new", name, "--into", str(user.home))
        assert (refused.returncode, "of plugin direct" in refused.stderr) == (2, True)
        assert not (user.home / name).exists()


def test_trust_and_untrust(user: Commands) -> None:
    """A plugin in a project is in use between `trust` and `untrust`; without a terminal, `trust` requires `--yes`."""
    user.put("acme", in_project=True)
    assert user.run("plugins", "trust", "acme").returncode == 2
    assert user.usable() == set()
    assert user.plugins_json("trust", "acme", "--yes") == {"schema": 1, "plugin": "acme", "trusted": True}
    assert user.usable() == {"acme"}
    assert user.run("plugins", "untrust", "acme").returncode == 0
    assert user.usable() == set()


def test_without_a_terminal_it_is_skipped_and_told(user: Commands) -> None:
    """A plugin that waits for approval never makes a command prompt or fail, and is reported as a problem."""
    user.put("acme", in_project=True)
    done = user.run("status", "--json", ACME_API_KEY="k")
    assert done.returncode == 0
    assert "acme" not in json.loads(done.stdout)["providers"]
    assert [each["message"] for each in json.loads(done.stdout)["problems"]] == ["waits for your approval"]


def test_consent_by_trust(user: Commands) -> None:
    """`info` shows that a manifest sends another provider's key to its own host; the key is sent only after `trust`."""
    user.put("evil", EVIL)
    assert "sends      OPENAI_API_KEY to https://evil.example" in user.run("plugins", "info", "evil").stdout
    assert user.run("resolve", "evil/x", OPENAI_API_KEY="k").returncode == 1
    user.run("plugins", "trust", "evil", "--yes")
    assert user.run("resolve", "evil/x", OPENAI_API_KEY="k").returncode == 0


def test_enable_disable_remove(user: Commands) -> None:
    """A plugin can be disabled, enabled and removed; an installed plugin can't be removed."""
    user.put("acme")
    user.run("plugins", "disable", "acme")
    assert user.usable() == set()
    user.run("plugins", "enable", "acme")
    assert user.usable() == {"acme"}
    assert user.run("plugins", "remove", "acme").returncode == 0
    assert not (user.folder / "acme").exists()
    done = user.run("plugins", "remove", "direct")
    assert (done.returncode, "pip uninstall polyroute-direct" in done.stderr) == (2, True)


@pytest.mark.parametrize("action", ["info", "remove", "trust", "untrust", "enable", "disable"])
def test_a_name_that_nobody_has(user: Commands, action: str) -> None:
    """An action on an unknown plugin is bad input and changes nothing."""
    done = user.run("plugins", action, "nobody")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nobody" in done.stderr
    assert not (user.ours / "state").exists()


def test_list_and_info_run_nothing(user: Commands, tmp_path: Path) -> None:
    """Listing and describing plugins runs no program, even if plugins wait for approval."""
    mark = tmp_path / "ran"
    folder = user.put("acme", PROGRAM, run=f"#!/bin/sh\ntouch {mark}\n")
    (folder / "run").chmod(0o755)
    for arguments in (["list"], ["info", "acme"], ["doctor"]):
        user.run("plugins", *arguments)
    assert "./run" in user.run("plugins", "info", "acme").stdout
    assert not mark.exists()


def test_listing_runs_nothing_that_is_trusted_either(user: Commands, tmp_path: Path) -> None:
    """A trusted program is not run to list or describe it, but only when its response is needed."""
    mark = tmp_path / "ran"
    folder = user.put("acme", PROGRAM, run=f"#!/bin/sh\n: > {mark}\n")
    (folder / "run").chmod(0o755)
    assert user.run("plugins", "trust", "acme", "--yes").returncode == 0
    mark.unlink()  # `trust` has asked it at once for its description
    (user.ours / "cache" / "executables.json").unlink()
    for arguments in ([], ["list"], ["info", "acme"]):
        assert user.run("plugins", *arguments).returncode == 0
    assert not mark.exists()
    user.run("status")
    assert mark.exists()


def test_doctor_says_what_to_do(user: Commands) -> None:
    """`doctor` reports that nothing is wrong, or gives the remedy for each plugin and exits with 1."""
    user.put("acme")
    done = user.run("plugins", "doctor")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Nothing is wrong.")
    user.put("broken", "[")
    user.put("waits", ACME.replace("acme", "waits"), in_project=True)
    user.put("plain", "[providers.plain]\nenv = ['PLAIN_KEY']\nbase_url = 'http://plain.example'\n")
    done = user.run("plugins", "doctor")
    assert done.returncode == 1
    for words in ("not valid TOML", "polyroute plugins trust waits", "unencrypted"):
        assert words in done.stdout
    report = user.plugins_json("doctor", status=1)
    sick = {each["name"] for each in report["plugins"] if not each["healthy"]}
    assert sick == {"broken", "waits", "plain"}


def test_refresh_forgets(user: Commands) -> None:
    """`refresh` removes what is cached about plugins, and nothing else."""
    user.put("acme")
    user.run("plugins")
    kept = {path.name for path in (user.ours / "cache").iterdir()}
    assert "manifests.json" in kept
    user.run("plugins", "refresh")
    left = {path.name for path in (user.ours / "cache").iterdir()}
    assert left
    assert kept - left == {name for name in kept if name.startswith("manifest")}


def test_the_published_schema() -> None:
    """docs/schemas/plugin.schema.json is what `plugins schema` prints and agrees with the parser."""
    published = json.loads((SCHEMAS / "plugin.schema.json").read_text())
    assert published == schema()
    jsonschema.Draft202012Validator.check_schema(published)
    validator = jsonschema.Draft202012Validator(published)
    provider = {"env": ["A"], "base_url": "https://a.example", "models": ["m", {"id": "n"}]}
    slots = {"k": {"from": ["A", {"file": "~/x"}]}}
    assert validator.is_valid({"providers": {"acme": provider}})
    assert validator.is_valid({"providers": {"acme": {"slots": slots, "models": "models.json"}}})
    assert not validator.is_valid({"providers": {"acme": {**provider, "base_ulr": "x"}}})


def test_plain_plugins_is_the_list(user: Commands) -> None:
    """Without an action, the plugins are listed; `--json` may come before or after the action."""
    user.put("acme")
    documents = [
        user.run(*line.split()).stdout for line in ("plugins --json", "plugins list --json", "plugins --json list")
    ]
    assert len(set(documents)) == 1
    found = next(each for each in json.loads(documents[0])["plugins"] if each["name"] == "acme")
    assert (found["kind"], found["origin"], found["folder"]) == ("manifest", "folder", str(user.folder / "acme"))


def test_no_bidi_character_reaches_a_terminal(user: Commands) -> None:
    """Names and remedies from plugins are printed without control and bidirectional characters everywhere."""
    text = ACME.replace("env", 'name = "Ac\u202eme"\nenv').replace('"ACME_API_KEY"', '"ACME_KEY"')
    text += 'slots.more = { from = ["MORE"], remedy = "Do\u2066 this." }\n'
    user.put("acme", text)
    for line in ("status acme", "status --all", "explain acme", "plugins", "plugins info acme", "plugins doctor"):
        done = user.run(*line.split(), ACME_KEY="k")
        shown = done.stdout + done.stderr
        assert "acme" in shown
        assert not {"\u202e", "\u2066", "\x1b"} & set(shown)
    assert "Do this." in user.run("explain", "acme", ACME_KEY="k").stdout


def test_what_is_for_a_shell_is_exact_but_on_a_terminal(user: Commands) -> None:
    """An ID with bidirectional characters is exact in piped output and is printed without them on a terminal."""
    user.put("acme", ACME.replace("acme-large", "a\u202em"))
    line = ["resolve", "acme/a\u202em", "--format", "env"]
    assert "MODEL_ID='a\u202em'\n" in user.run(*line, ACME_API_KEY="k").stdout
    script = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
    own = {"HOME": str(user.home), "POLYROUTE_HOME": str(user.ours), "ACME_API_KEY": "k"}
    command = [sys.executable, "-c", script, POLYROUTE, *line]
    done = subprocess.run(
        command, env={"PATH": os.environ["PATH"], **own}, input="", text=True, capture_output=True, check=True
    )
    assert "MODEL_ID='am'" in done.stdout


def test_an_executables_grants_are_shown_before_it_is_trusted(user: Commands) -> None:
    """`trust` shows what a program would be granted, and that trusting it means trusting it with the user's account."""
    user.put("acme", "methods = ['detect']\n" + PROGRAM, run="#!/bin/sh\n")
    shown = user.run("plugins", "trust", "acme").stderr
    for words in (
        "runs       ./run",
        "reads      ACME_API_KEY",
        "answers    describe, detect",
        "trusting it with your",
    ):
        assert words in shown
    assert user.usable() == set()
