"""`plugins check` looks at files only, until the user agrees that the plugin is run; other commands look alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyroute.conformance import runner, scaffold
from tests.support.in_process import Commander
from tests.support.manifests import ACME

PROJECT = """\
[project]
name = "acme-polyroute"
version = "1"
dependencies = ["polyroute"]

[project.entry-points.polyroute]
acme = "acme_polyroute"
"""
RAN = "from pathlib import Path\nPath({!r}).touch()\n"

WORDS = {"LIKE": "openrouter", "SAMPLES": '"anthropic/claude-sonnet-4.5"'}
"""What `plugins new` writes into a new gateway."""


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commander:
    """Return a user who runs commands."""
    return Commander(tmp_path, monkeypatch, capsys)


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """Return a file that exists once a plugin has been run."""
    return tmp_path / "ran"


def program(user: Commander, ran: Path, *, in_project: bool = False) -> Path:
    """Return the folder of a plugin that is a program."""
    text = '[executable]\nargv = ["./run"]\n' + ACME
    if in_project:
        folder = user.put("acme", text, in_project=True, run=f"#!/bin/sh\ntouch {ran}\n")
    else:
        folder = user.download("acme", text, run=f"#!/bin/sh\ntouch {ran}\n")
    (folder / "run").chmod(0o755)
    return folder


def python(user: Commander, ran: Path) -> Path:
    """Return the project of a plugin in Python."""
    folder = user.home / "acme-py"
    (folder / "acme_polyroute").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PROJECT)
    hook = "import polyroute\n@polyroute.hookimpl\ndef polyroute_providers():\n    return []\n"
    (folder / "acme_polyroute" / "__init__.py").write_text(RAN.format(str(ran)) + hook)
    return folder


@pytest.mark.parametrize("kind", [program, python])
def test_a_check_runs_nothing_unasked(user: Commander, ran: Path, kind: object) -> None:
    """Without `--run` no program is run and no Python imported, and the output says so; with it the user is asked."""
    folder = kind(user, ran)  # type: ignore[operator]
    done = user.run("plugins", "check", str(folder))
    assert (done.status, "--run" in done.out, ran.exists()) == (0, True, False)
    asked = user.run("plugins", "check", str(folder), "--run")
    assert (asked.status, "as you" in asked.err, "--yes" in asked.err, ran.exists()) == (2, True, True, False)
    user.run("plugins", "check", str(folder), "--run", "--yes")
    assert ran.exists()


@pytest.mark.parametrize("command", ["check .polyroute/plugins/acme", "info acme", "list", "doctor"])
def test_no_command_runs_a_projects_plugin_that_is_not_approved(user: Commander, ran: Path, command: str) -> None:
    """In a project, `check`, `info`, `list` and `doctor` report what waits for approval without running it."""
    program(user, ran, in_project=True)
    assert user.run("plugins", *command.split()).status in (0, 1)
    assert not ran.exists()


def test_a_module_in_the_working_directory_is_not_imported(user: Commander, ran: Path) -> None:
    """Neither a check of files nor one that runs a plugin imports what merely lies in the working directory."""
    (user.project / "polyroute.py").write_text(RAN.format(str(ran)))
    (user.project / "json.py").write_text(RAN.format(str(ran)))
    folder = Path(scaffold.write("own", "python", str(user.home)))
    assert user.run("plugins", "check", str(folder)).status == 0
    assert user.run("plugins", "check", str(folder), "--run", "--yes").status == 0
    assert not ran.exists()


FAULTS = {
    "syntax": ("def f(:\n", "line 1 is not valid Python"),
    "nesting": ("(" * 5000 + ")" * 5000, "is not valid Python"),
    "NUL": ("x = '\0'\n", "is not valid Python"),
    "a name": ("@hookimpl\ndef polyroute_provider(): ...\n", "polyroute_providers"),
    "an argument": ("@polyroute.hookimpl\ndef polyroute_providers(x): ...\n", "takes x, which the hook does not have"),
    "a method": ("class A:\n    @hookimpl\n    def polyroute_lists(self, x): ...\n", "takes x"),
}


@pytest.mark.parametrize(("text", "words"), FAULTS.values(), ids=FAULTS)
def test_faults_of_python_are_found_in_its_text(tmp_path: Path, text: str, words: str) -> None:
    """Invalid Python, unknown hooks and unknown arguments are found without importing the module."""
    (tmp_path / "acme.py").write_text(text)
    found = [each for each in runner.check(str(tmp_path / "acme.py")) if each.severity == "error"]
    assert [words in str(each) for each in found] == [True]


def test_a_module_that_is_not_there_is_told(user: Commander, ran: Path) -> None:
    """An entry point that names no module is an error."""
    folder = python(user, ran)
    (folder / "acme_polyroute" / "__init__.py").unlink()
    (folder / "acme_polyroute").rmdir()
    document = json.loads(user.run("plugins", "check", str(folder), "--json").out)
    assert "module-missing" in {each["code"] for each in document["findings"]}


def test_the_kit_passes_its_own_templates_by_their_files(tmp_path: Path) -> None:
    """Plugins written by `plugins new` pass without being run; only that they were not run is noted."""
    for kind in scaffold.KINDS:
        folder = scaffold.write(f"own-{kind}", kind, str(tmp_path), WORDS if kind == "gateway" else {})
        assert {each.code for each in runner.check(folder)} <= {"not-run"}
