"""What an approval covers of the files outside its folder that a plugin runs: whatever changes there asks again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from polyroute import UsageError
from polyroute.plugins.manifests.loader import Manifest, load
from polyroute.plugins.manifests.parser import parse
from polyroute.plugins.manifests.validators import InvalidDocument
from polyroute.plugins.trust import programs
from polyroute.plugins.trust.approvals import Approvals
from polyroute.plugins.trust.programs import Unsafe
from polyroute.types import Alternative
from polyroute.types.result_check import find_fault
from tests.support.manifests import ACME, User, manifest

COMMAND = """\
[providers.acme]
base_url = "https://api.acme.example/v1"
slots.key = {{ from = [{{ command = {} }}], secret = true }}
"""


class Box(User):
    """A user with programs in folders of their own."""

    def script(self, name: str, text: str = "#!/bin/sh\n") -> Path:
        """Write a program."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def approvals(self) -> Approvals:
        """Return the approvals of this user, with a folder of theirs on the PATH."""
        return Approvals.load(self.environment(PATH=f"{self.home}/first:{self.home}/bin:/usr/bin:/bin"))

    def state(self, folder: Path) -> str:
        """Return the state of the plugin's approval now."""
        return self.approvals().state(manifest(folder))


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """Return the user."""
    return Box(tmp_path)


def executable(box: Box, argv: list[str]) -> Path:
    """Write a plugin that is a program."""
    return box.put("acme", f"[executable]\nargv = {json.dumps(argv)}\n" + ACME, run="#!/bin/sh\n")


def command(box: Box, argv: list[str]) -> Path:
    """Write a manifest with a command for its key."""
    return box.put("acme", COMMAND.format(json.dumps(argv)))


ARGUMENTS = {
    "an argument": ["sh", "{}"],
    "an option": ["node", "--require={}", "x"],
    "a short option": ["cc", "-I{}"],
    "a variable": ["env", "LD_PRELOAD={}", "true"],
    "one of several": ["java", "-cp", "/none:{}", "Main"],
    "text for a shell": ["sh", "-c", "cd /; . {}; go"],
    "quoted text": ["sh", "-c", "exec '{}' x"],
}


@pytest.mark.parametrize("write", [executable, command])
@pytest.mark.parametrize("argv", ARGUMENTS.values(), ids=ARGUMENTS)
def test_a_file_that_an_argument_names_is_approved_with_it(
    box: Box, write: Callable[[Box, list[str]], Path], argv: list[str]
) -> None:
    """Wherever in its arguments a plugin names a file by its absolute path, another content asks again."""
    for name in (argv[0], "true"):
        box.script(f"bin/{name}")
    file = box.script("elsewhere/x.sh")
    folder = write(box, [each.format(file) for each in argv])
    box.approvals().approve(manifest(folder))
    assert box.state(folder) == "approved"
    file.write_text("#!/bin/sh\necho other\n")
    assert box.state(folder) == "changed"


def test_a_file_that_appears_later_asks_again(box: Box) -> None:
    """A file that an argument names and that did not exist at consent is not run once it exists."""
    folder = executable(box, ["sh", str(box.home / "later.sh")])
    box.approvals().approve(manifest(folder))
    assert box.state(folder) == "approved"
    box.script("later.sh")
    assert box.state(folder) == "changed"


@pytest.mark.parametrize("argv", [["python3", "{}"], ["env", "PATH={}", "tool"], ["node", "--prefix={}"]])
def test_a_folder_elsewhere_is_refused(box: Box, argv: list[str]) -> None:
    """A plugin that names a folder outside its own can't be approved, since files could be added to it unseen."""
    inside = box.home / "folder"
    inside.mkdir()
    folder = executable(box, [each.format(inside) for each in argv])
    with pytest.raises(UsageError, match="names the folder"):
        box.approvals().consent_to(manifest(folder))
    assert box.approvals().state(manifest(folder)) == "unknown"


def test_a_folder_of_its_own_may_be_named(box: Box) -> None:
    """The plugin's own folder is covered as a whole, so its arguments may name it."""
    folder = executable(box, ["sh", "./run", f"--root={box.folder / 'acme'}"])
    box.approvals().approve(manifest(folder))
    assert box.state(folder) == "approved"


@pytest.mark.parametrize("first", ["#!{bin}/tool\n", "#!/usr/bin/sh {bin}/tool\n", "#!{bin}/wrapper\n"])
def test_the_interpreter_of_a_script_is_approved_with_it(box: Box, first: str) -> None:
    """An interpreter outside the system's folders that a script names, also through another script, is covered."""
    folder_of_programs = box.home / "bin"
    tool = box.script("bin/tool")
    box.script("bin/wrapper", f"#!{tool}\n")
    box.script("bin/op", first.format(bin=folder_of_programs))
    folder = command(box, ["op"])
    box.approvals().approve(manifest(folder))
    assert box.state(folder) == "approved"
    tool.write_text("#!/bin/sh\necho other\n")
    assert box.state(folder) == "changed"


FINDING = [["op"], ["env", "-i", "tool"], ["sh", "-c", "tool | head -1"], ["timeout", "5", "tool"]]


@pytest.mark.parametrize("argv", FINDING, ids=" ".join)
@pytest.mark.parametrize("change", ["content", "earlier"])
def test_what_is_found_on_the_path_is_approved_with_it(box: Box, argv: list[str], change: str) -> None:
    """A program that a command's script, shell or wrapper finds on the PATH is covered: its content and its place."""
    box.script("bin/op", "#!/usr/bin/env -S tool --x\n")
    tool = box.script("bin/tool")
    folder = command(box, argv)
    box.approvals().approve(manifest(folder))
    assert box.state(folder) == "approved"
    if change == "earlier":
        box.script("first/tool")
    else:
        tool.write_text("#!/bin/sh\necho other\n")
    assert box.state(folder) == "changed"


def test_a_relative_entry_of_the_path_finds_no_program(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH with `.` or an empty entry does not let the working directory choose the program of a command."""
    box.script("project/op")
    monkeypatch.chdir(box.project)
    folder = command(box, ["op"])
    for path in (".:/usr/bin", ":/usr/bin", "/usr/bin:"):
        with pytest.raises(UsageError, match="no such program on your PATH"):
            programs.resolved(manifest(folder), path)


@pytest.mark.parametrize("name", ["./op", "bin/op", "../op"])
def test_a_command_is_a_bare_name_or_an_absolute_path(name: str) -> None:
    """A command that is relative to an unknown folder is refused in manifests and in Python."""
    said = {"providers": {"acme": {"slots": {"key": {"from": [{"command": [name]}], "secret": True}}}}}
    with pytest.raises(InvalidDocument, match="should be a bare name or an absolute path"):
        parse(said)
    assert "should be a bare name or an absolute path" in find_fault(Alternative(command=(name,)))


def test_a_program_of_one_of_several_manifests_is_covered(box: Box) -> None:
    """If a package holds several manifests, the files beside one with a program are part of its approval."""
    package = box.put("package", "", run="#!/bin/sh\n", helper="x")
    (package / "plugin.toml").unlink()
    path = package / "acme.toml"
    path.write_text('[executable]\nargv = ["./run"]\n' + ACME)

    def found() -> Manifest:
        return load([str(path)])[0]

    box.approvals().approve(found())
    assert box.approvals().state(found()) == "approved"
    for name in ("run", "helper"):
        before = (package / name).read_text()
        (package / name).write_text("other")
        assert box.approvals().state(found()) == "changed"
        (package / name).write_text(before)


def test_a_program_that_others_may_write_is_refused(box: Box) -> None:
    """A program outside the folder is refused if others may write it; the remedy names the program alone."""
    tool = box.script("bin/op")
    tool.chmod(0o777)
    with pytest.raises(Unsafe, match=f"chmod go-w {tool}"):
        box.approvals().consent_to(manifest(command(box, ["op"])))
