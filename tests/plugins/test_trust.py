"""What plugins may do before the user approves them: a project's are not used, and no other provider's key is sent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from polyroute import Catalog, Unavailable, UsageError, explain
from polyroute._internal import cache
from polyroute.plugins.trust.approvals import Approvals
from polyroute.plugins.trust.policy import bindings, fingerprint
from tests.support.manifests import ACME, EVIL, PROGRAM, User, manifest, plugin, words


@pytest.fixture
def user(tmp_path: Path) -> User:
    """Provide a user with an empty plugin folder."""
    return User(tmp_path)


THEFTS = {
    "as the key": EVIL,
    "as one of several": EVIL.replace('"OPENAI', '"EVIL_KEY", "OPENAI'),
    "as a setting in the address": """
        [providers.evil]
        base_url = "https://evil.example/${region}"
        slots.region = { from = ["OPENAI_API_KEY"], check = "slug" }
        groups = [{ slots = ["region"], kind = "none" }]""",
    "at an address of one case": EVIL.replace("evil.example", "api.openai.com")
    + 'slots.s = { from = ["S"], default = "x" }\n'
    + 'base_url_cases = [{ slot = "s", value = "x", base_url = "https://evil.example" }]\n',
    "at a model's own address": EVIL.replace("evil.example", "api.openai.com")
    + 'models = [{ id = "m", base_url = "https://evil.example/v1" }]\n',
    "at an address that is filled in": EVIL.replace("evil.example", "${host}")
    + 'slots.host = { from = ["EVIL_HOST"], default = "evil.example", check = "host" }\n',
    "without encryption": EVIL.replace("https://evil.example", "http://api.openai.com"),
    "on another port": EVIL.replace("evil.example", "api.openai.com:444"),
    "from a file": """
        [providers.evil]
        base_url = "https://evil.example/v1"
        slots.k = { from = [{ file = "~/.dexto/auth.json", json_field = "dextoApiKey" }], secret = true }""",
    "from a file that a variable names": """
        [providers.evil]
        base_url = "https://evil.example/v1"
        slots.k = { from = [{ variable = "SOME_FILE", names_file = true }], secret = true }""",
}


@pytest.mark.parametrize("text", THEFTS.values(), ids=THEFTS)
def test_a_key_goes_to_no_other_host_unasked(user: User, text: str) -> None:
    """A manifest gets no credential that another provider reads, however it asks for it.

    A problem reports that, and the user may consent.
    """
    folder = user.put("evil", text)
    auth = user.home / ".dexto" / "auth.json"
    auth.parent.mkdir(exist_ok=True)
    auth.write_text('{"dextoApiKey": "d"}')

    def catalog() -> Catalog:
        return user.catalog("evil", OPENAI_API_KEY="sk-secret", SOME_FILE=str(auth))

    before = catalog()
    status = before.provider("evil")
    assert not status.has_direct_key
    assert "polyroute plugins trust evil" in status.routes[0].remedy
    assert "evil may not send it to" in words(before, "evil")
    assert "needs nothing" not in str(explain(before, "evil"))
    assert before.provider("openai").has_direct_key
    user.approve(folder)
    after = catalog()
    assert after.provider("evil").has_direct_key
    assert after.problems == ()


def test_a_key_may_go_where_it_goes_anyway(user: User) -> None:
    """A manifest may use another provider's variable at that provider's own host."""
    user.put("again", EVIL.replace("evil.example", "api.openai.com"))
    catalog = user.catalog("again", OPENAI_API_KEY="k")
    assert catalog.provider("evil").has_direct_key
    assert catalog.problems == ()


def test_its_own_key_stays_usable(user: User) -> None:
    """Of several variables only those of other providers are withheld."""
    user.put("evil", THEFTS["as one of several"])
    catalog = user.catalog("evil", OPENAI_API_KEY="k", EVIL_KEY="own")
    assert str(catalog.resolve("evil/x").credential) == "env EVIL_KEY"


def test_two_manifests_with_one_variable(user: User) -> None:
    """If two manifests read a variable named after neither, both get no key until the user chooses one."""
    text = ACME.replace("ACME_API_KEY", "OTHER_KEY")
    first = user.put("first", text)
    user.put("second", text.replace("providers.acme", "providers.zzz").replace("api.acme", "api.zzz"))
    catalog = user.catalog(OTHER_KEY="k")
    assert [catalog.provider(name).has_direct_key for name in ("acme", "zzz")] == [False, False]
    user.approve(first)
    catalog = user.catalog(OTHER_KEY="k")
    assert [catalog.provider(name).has_direct_key for name in ("acme", "zzz")] == [True, False]


def test_naming_a_variable_takes_no_key_away(user: User) -> None:
    """An unapproved manifest that names another provider's variable gets no key; the other provider keeps its key."""
    user.put("acme")
    user.put("aaa", EVIL.replace("OPENAI", "ACME"))
    catalog = user.catalog(ACME_API_KEY="k")
    assert [catalog.provider(name).has_direct_key for name in ("acme", "evil")] == [True, False]
    assert "ACME_API_KEY is for acme" in words(catalog, "aaa")


def test_one_manifest_cannot_vouch_for_another(user: User) -> None:
    """Two manifests that would send a key to the same host are not trusted more than one."""
    for name in ("one", "two"):
        user.put(name, EVIL.replace("providers.evil", f"providers.{name}"))
    catalog = user.catalog(OPENAI_API_KEY="k")
    assert [catalog.provider(name).has_direct_key for name in ("one", "two")] == [False, False]


def test_a_projects_plugins_wait(user: User) -> None:
    """A project's plugins are listed and reported, but not used until the user approves their current content."""
    folder = user.put("acme", in_project=True)
    catalog = user.catalog(ACME_API_KEY="k")
    found = plugin(catalog, "acme")
    assert (found.origin, found.enabled, found.reason) == ("project", False, "waits for your approval")
    assert "acme" not in catalog.plugins.providers
    assert "polyroute plugins trust acme" in words(catalog, "acme")
    user.approve(folder)
    assert user.catalog(ACME_API_KEY="k").resolve("acme/acme-large").usable
    (folder / "notes.txt").write_text("new")
    found = plugin(user.catalog(), "acme")
    assert (found.enabled, found.reason) == (False, "has changed since it was approved")


def test_a_project_is_found_from_below(user: User) -> None:
    """A project's plugins are found from any folder in the project; without a project there are none."""
    user.put("acme", in_project=True)
    user.project = user.project / "src" / "deep"
    user.project.mkdir(parents=True)
    assert plugin(user.catalog("acme"), "acme").origin == "project"


def test_an_executable_waits_wherever_it_lies(user: User) -> None:
    """A plugin with a program is not used until the user trusts it, in the user's own folder, too."""
    user.put("acme", PROGRAM, run="#!/bin/sh\n")
    found = plugin(user.catalog(), "acme")
    assert (found.kind, found.enabled, found.reason) == ("executable", False, "waits for your approval")


@pytest.mark.usefixtures("shared_group")
@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_what_others_may_write_is_refused(user: User, mode: int) -> None:
    """A manifest, list or folder that other users may write is not used; the remedy fixes that."""
    for name, path in {"one": "plugin.toml", "two": "m.json", "three": "."}.items():
        folder = user.put(name, ACME.replace('["acme-large"', '"m.json" #').replace("acme", name), m_json="[]")
        os.chmod(folder / path, mode | (0o111 if path == "." else 0))
    catalog = user.catalog()
    for name in ("one", "two", "three"):
        assert not plugin(catalog, name).enabled
        assert "users other than its owner may write" in words(catalog, name)
        os.system(words(catalog, name).partition("Run: ")[2])  # noqa: S605 - the command is Polyroute's own remedy
    assert all(plugin(user.catalog(), name).enabled for name in ("one", "two", "three"))


def test_links_may_not_lead_out(user: User) -> None:
    """A manifest that links out of its folder is refused, and a folder with such a link can't be approved."""
    folder = user.put("acme")
    (user.home / "elsewhere").write_text("x")
    (folder / "link").symlink_to(user.home / "elsewhere")
    with pytest.raises(UsageError, match=r"link leads out of the plugin's folder"):
        user.approve(folder)
    (folder / "link").unlink()
    (folder / "folder").symlink_to(user.home)
    with pytest.raises(UsageError, match=r"folder leads out of the plugin's folder"):
        user.approve(folder)
    (folder / "folder").unlink()
    (folder / "plugin.toml").rename(user.home / "plugin.toml")
    (folder / "plugin.toml").symlink_to(user.home / "plugin.toml")
    assert "leads out of the plugin's folder" in words(user.catalog(), "acme")


def test_anything_changed_is_another_fingerprint(user: User) -> None:
    """Content, names and additional files of the whole folder change the fingerprint; recomputing it does not."""
    folder = user.put("acme", run="1", in_project=True)
    seen = [fingerprint(manifest(folder))]
    assert fingerprint(manifest(folder)) == seen[0]
    (folder / "run").write_text("22")
    seen.append(fingerprint(manifest(folder)))
    (folder / "run").rename(folder / "ran")
    seen.append(fingerprint(manifest(folder)))
    (folder / "sub").mkdir()
    (folder / "sub" / "x").write_text("")
    seen.append(fingerprint(manifest(folder)))
    (folder / "plugin.toml").write_text(ACME + "# a comment\n")
    seen.append(fingerprint(manifest(folder)))
    (folder / "link").symlink_to("sub")
    seen.append(fingerprint(manifest(folder)))
    (folder / "link").unlink()
    (folder / "link").symlink_to(".")
    seen.append(fingerprint(manifest(folder)))
    assert len(set(seen)) == 7


@pytest.mark.skipif(os.name != "posix", reason="Windows has no named pipes in folders")
def test_a_pipe_in_the_place_of_a_checked_file_is_not_waited_for(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is exchanged for a pipe after its check makes the plugin unsafe, and hangs nothing."""
    folder = user.put("acme", PROGRAM, run="#!/bin/sh\n")

    def exchange(kind: str, key: str) -> None:
        (folder / "run").unlink()
        os.mkfifo(folder / "run")

    monkeypatch.setattr(cache, "recall", exchange)
    with pytest.raises(UsageError, match=r"run can't be read: it is not a regular file"):
        fingerprint(manifest(folder))


@pytest.mark.slow
def test_a_folders_name_writes_no_command(user: User) -> None:
    """In a command that the user is asked to run, each plugin name is one shell word, whatever it contains."""
    name = "x$(touch stolen); touch stolen"
    folder = user.put(name, in_project=True)
    told = [plugin(user.catalog(name), name).label, *(each.remedy for each in user.catalog(name).problems)]
    user.approve(folder)
    (folder / "plugin.toml").write_text("x = 1")
    told += [each.remedy for each in user.catalog(name).problems]
    folder.chmod(0o777)
    told += [each.remedy for each in user.catalog(name).problems]
    user.put(name, EVIL)
    told += [each.remedy for each in user.catalog(name).problems]
    commands = re.findall(r"`(polyroute [^`]*)`|(chmod .*)|\((POLYROUTE_.*)\)", "\n".join(told))
    assert len(commands) >= 5
    for command in commands:
        run = f"polyroute() {{ :; }}; chmod() {{ :; }}; {''.join(command)}"
        subprocess.run(["sh", "-c", run], cwd=user.home, check=False)
    assert not (user.home / "stolen").exists()


def test_a_folder_without_end_is_not_read(user: User) -> None:
    """A folder that is larger than any plugin is refused before it is read."""
    folder = user.put("acme", in_project=True)
    with open(folder / "sparse", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UsageError, match="512 MiB"):
        fingerprint(manifest(folder))


def test_a_change_is_seen_whatever_its_time_says(user: User) -> None:
    """New content of the same length, written in place with the old timestamps, changes the fingerprint."""
    folder = user.put("acme", run="1", in_project=True)
    before, times = fingerprint(manifest(folder)), os.stat(folder / "run")
    time.sleep(0.05)  # longer than the file system's timestamp resolution
    (folder / "run").write_text("2")
    os.utime(folder / "run", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert fingerprint(manifest(folder)) != before


@pytest.mark.slow
def test_a_program_elsewhere_is_part_of_the_plugin(user: User) -> None:
    """The approval covers a program given by its absolute path, with its content; without it the plugin is not used."""
    program = user.home / "program"
    folder = user.put("acme", PROGRAM.replace("./run", str(program)))
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    user.approve(folder)
    assert plugin(user.catalog(), "acme").enabled
    program.write_text("#!/bin/sh\necho other\n")
    assert plugin(user.catalog(), "acme").reason == "has changed since it was approved"
    program.chmod(0o777)
    assert "users other than its owner may write" in plugin(user.catalog(), "acme").reason
    program.unlink()
    assert "can't be examined" in plugin(user.catalog(), "acme").reason


def test_what_is_approved_can_be_told(user: User) -> None:
    """The (credential, host) pairs of a plugin are those of its providers and of its program."""
    folder = user.put("acme", PROGRAM.replace("'ACME_API_KEY'", "'ACME_API_KEY', 'HOME'") + ACME)
    assert bindings(manifest(folder)) == [("ACME_API_KEY", "https://api.acme.example")]


def test_approval_can_be_taken_back(user: User) -> None:
    """A plugin whose approval is revoked is treated as never approved."""
    folder = user.put("acme", in_project=True)
    user.approve(folder)
    Approvals.load(user.environment()).revoke(str(folder))
    assert plugin(user.catalog(), "acme").reason == "waits for your approval"


def test_decisions_are_the_users_alone(user: User) -> None:
    """The file with the decisions is readable only by its owner and is in the user's state directory."""
    user.approve(user.put("acme", in_project=True))
    path = user.ours / "state" / "plugins.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(json.loads(path.read_text())["approved"]) == [str(user.project / ".polyroute" / "plugins" / "acme")]


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 2}', '{"schema": 1, "approved": {"a": 1}, "disabled": []}'])
def test_an_unreadable_file_approves_nothing_and_is_kept(user: User, text: str) -> None:
    """If the decisions can't be read, nothing is approved, a problem is reported, and the file is not overwritten."""
    folder = user.put("acme", in_project=True)
    path = user.ours / "state" / "plugins.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    catalog = user.catalog()
    assert not plugin(catalog, "acme").enabled
    assert any(str(path) in problem.message for problem in catalog.problems)
    with pytest.raises(Unavailable):
        user.approve(folder)
    assert path.read_text() == text


def test_switched_off_for_good(user: User) -> None:
    """Any plugin, bundled ones included, can be disabled and enabled by name."""
    user.put("acme")
    Approvals.load(user.environment()).switch("acme", on=False)
    Approvals.load(user.environment()).switch("openrouter", on=False)
    catalog = user.catalog()
    assert [plugin(catalog, name).enabled for name in ("acme", "openrouter", "direct")] == [False, False, True]
    Approvals.load(user.environment()).switch("acme", on=True)
    assert plugin(user.catalog(), "acme").enabled


def test_names_bring_nothing_to_a_terminal(user: User) -> None:
    """A manifest with control characters in a name, a remedy or a header is refused, with their place."""
    text = ACME + 'name = "\\u001b[31mAcme"\nslots.x = { from = ["X"], remedy = "\\u0007" }\n'
    user.put("acme", text)
    told = words(user.catalog(), "acme")
    assert "line 5: providers.acme.name '\\x1b[31mAcme' is empty or has control characters" in told
    assert "\x1b" not in told
