"""What the README and the documentation show works as written."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from polyroute import PolyrouteError
from polyroute.cli import main
from tests.support.fake_endpoint import Serve
from tests.support.pages import PAGES, blocks, named, with_block
from tests.support.wheels import PUBLISHED, ROOT

NOT_RUN = {
    "CONTRIBUTING.md": "they install the packages and run the tests, as .ci/run does",
    "docs/ci.md": "tests/clients/test_pre_commit.py runs it",
    "docs/first-route.md": "one line for each kind of shell; tests/cli/test_completion.py runs them",
    "docs/team.md": "a database and a proxy of the reader's; the lane `team` runs examples/team",
    "examples/plugin-kinds/README.md": "tests/conformance/test_kit_executables.py builds and checks them",
    "examples/team/README.md": "the lane `team` runs it",
}
"""The pages with commands that are not run here, and why. Blocks of `sh` are run, except for those of `ONLY_SHOWN`."""
ONLY_SHOWN = ("CONTRIBUTING.md", "examples/plugin-kinds/README.md", "examples/team/README.md")
READER = ROOT / "tests" / "support" / "reader.sh"

by_name = pytest.mark.parametrize("page", PAGES, ids=named)


# --- Commands ---


def command_lines(script: str) -> Iterator[list[str]]:
    """Yield the arguments of each call of `polyroute` in a script."""
    for line in script.replace("\\\n", " ").splitlines():
        for inner in re.findall(r"\$\((polyroute [^()]*)\)", line):
            yield shlex.split(inner)[1:]
        lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        yield from _calls(list(lexer))


def _calls(words: list[str]) -> Iterator[list[str]]:
    while words:
        end = next((at for at, word in enumerate(words) if set(word) <= set("|&;<>()")), len(words))
        call, words = words[:end], words[end + 1 :]
        while call and re.match(r"\w+=", call[0]):
            call.pop(0)
        if call and call[0].rpartition("/")[2] == "polyroute":
            yield call[1:]


def accepted(arguments: list[str]) -> bool:
    """Return whether the command's parser takes these arguments."""
    try:
        main.parse(arguments)
    except (PolyrouteError, SystemExit):
        return False
    return True


@by_name
def test_every_command_exists(page: Path) -> None:
    """The parser accepts each call of `polyroute` in the blocks of a page, with its options."""
    shown = [each for script in blocks(page, "sh", "console", "text") for each in command_lines(script)]
    assert [" ".join(each) for each in shown if each and not accepted(each)] == []


def test_a_wrong_command_is_found() -> None:
    """A call with an option that does not exist is found, after variables, behind pipes and in `$(…)`."""
    script = (
        'A=1 polyroute status --none | .venv/bin/polyroute nothing\nx "$(polyroute pick --odd)"  # polyroute lost\n'
    )
    found = sorted(command_lines(script))
    assert found == [["nothing"], ["pick", "--odd"], ["status", "--none"]]
    assert not any(map(accepted, found))


@by_name
def test_every_extra_exists(page: Path) -> None:
    """Each extra that a page installs is one of the distribution."""
    extras = next(each.project["optional-dependencies"] for each in PUBLISHED if each.name == "polyroute")
    named = re.findall(r"polyroute\[([a-z0-9,-]+)\]", page.read_text(encoding="utf-8"))
    assert {extra for each in named for extra in each.split(",")} <= extras.keys()


def prepared(home: Path) -> dict[str, str]:
    """Make the files that pages expect their reader to have, and return the variables to run them with."""
    programs, agents = Path(sys.executable).parent, home / "agents"
    (home / ".venv").mkdir()
    (home / ".venv" / "bin").symlink_to(programs)
    (home / "examples").symlink_to(ROOT / "examples")
    agents.mkdir()
    for name, variable in (("claude", "ANTHROPIC_BASE_URL"), ("codex", "POLYROUTE_TOKEN")):
        (agents / name).write_text(f'#!/bin/sh\ntest -n "${variable}"\n')
        (agents / name).chmod(0o755)
    (home / "models").mkdir()
    (home / "models" / "mistral.gguf").write_bytes(b"GGUF")
    (home / "key.txt").write_text("made-up-0123456789\n")
    (home / "agent.yml").write_text(blocks(ROOT / "docs" / "validation.md", "yaml")[0])
    policy = blocks(ROOT / "docs" / "policy.md", "toml")[0]
    (home / "policy.toml").write_text(policy.replace("/run/secrets/openrouter", str(home / "key.txt")))
    path = f"{agents}:{programs}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "TERM": "dumb", "ACME_ANTHROPIC_KEY": "made-up"}


@pytest.mark.slow
@pytest.mark.parametrize("page", [each for each in with_block("sh") if named(each) not in ONLY_SHOWN], ids=named)
def test_the_commands_of_a_page_work(page: Path, serve: Serve, tmp_path: Path) -> None:
    """The commands of a page, run in order by a user with a gateway's key, work as written."""
    gateway = serve("anthropic/claude-sonnet-4.5")
    variables = prepared(tmp_path) | {"DEXTO_API_KEY": gateway.key, "DEXTO_API_URL": gateway.url}
    scripts = [each for each in blocks(page, "sh") if "pip install" not in each]  # tests/repository/test_installs.py
    done = subprocess.run(
        ["sh", "-c", f'. "{READER}"\n' + "\n".join(scripts)],
        cwd=tmp_path,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    checked = sum(arguments[:2] == ["plugins", "check"] for each in scripts for arguments in command_lines(each))
    assert done.stdout.count(" passes.") == checked


@by_name
def test_no_command_is_left_out_without_a_reason(page: Path) -> None:
    """Commands are in blocks that are run, or the page is among those with a reason."""
    shown = [each for block in blocks(page, "text", "") for each in command_lines(block)]
    assert not shown or named(page) in NOT_RUN
    assert not re.search(r"^(    |\t)polyroute ", page.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.slow
@by_name
def test_what_a_command_prints(page: Path, tmp_path: Path) -> None:
    """A command that is shown with its output prints that."""
    for block in blocks(page, "console"):
        line, printed = block.removeprefix("$ ").split("\n", 1)
        variables = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        done = subprocess.run(["sh", "-c", line], env=variables, capture_output=True, text=True, check=True)
        assert done.stdout == printed


# --- Data and programs ---


@by_name
def test_data_is_well_formed(page: Path) -> None:
    """Every block of JSON, TOML and YAML can be parsed."""
    for parse, language in ((json.loads, "json"), (tomllib.loads, "toml"), (yaml.safe_load, "yaml")):
        for block in blocks(page, language):
            assert parse(block)


@by_name
def test_python_is_python(page: Path) -> None:
    """Every block of Python compiles."""
    for block in blocks(page, "python"):
        compile(block, str(page), "exec")


@pytest.mark.slow
def test_every_name_is_defined(tmp_path: Path) -> None:
    """No program of a page uses a name that neither it nor an earlier program of the page defines or imports."""
    for page in PAGES:
        text = "\n".join(blocks(page, "python"))
        (tmp_path / f"{page.parent.name}-{page.stem}.py").write_text("" if page.stem == "api" else text)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=F821", "--output-format=concise", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", with_block("python"), ids=named)
def test_the_programs_of_a_page_run(page: Path, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs of a page, run in order, end without an error; a gateway on this machine answers their requests."""
    gateway = serve("anthropic/claude-sonnet-4.5")
    for variable, value in {
        "HOME": tmp_path,
        "POLYROUTE_HOME": tmp_path / "ours",
        "DEXTO_HOME": tmp_path / "d",
    }.items():
        monkeypatch.setenv(variable, str(value))
    monkeypatch.setenv("DEXTO_API_KEY", gateway.key)
    monkeypatch.setenv("DEXTO_API_URL", gateway.url)
    monkeypatch.syspath_prepend(ROOT / "examples" / "python-plugin")
    for each in ("acme_login", "acme_polyroute.table"):  # a plugin author's own
        module = types.ModuleType(each)
        monkeypatch.setitem(sys.modules, each, module)
        vars(module).update(PATH=str(tmp_path / "table.toml"), models=list)
    program = types.ModuleType("program")
    for block in blocks(page, "python"):
        exec(compile(block, named(page), "exec"), vars(program))  # noqa: S102 - our own pages
        if "client" in vars(program):
            program.client.close()
    for test in (each for each in vars(program).copy() if each.startswith("test_")):
        vars(program)[test]()
