"""pre-commit installs the hook from a clone of this repository, and runs it on the files of another one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.pages import blocks
from tests.support.wheels import ROOT

pytestmark = pytest.mark.clients

FOLDER = Path(os.environ.get("POLYROUTE_TEST_PRE_COMMIT", ""))
"""An environment with pre-commit, and in `wheels` all that the hook's environment is installed from."""
EXAMPLE = ROOT / "examples" / "pre-commit"
AUTHOR = ("-c", "user.name=A", "-c", "user.email=a@example.com")


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, by a user without a key and with nothing but the wheels to install from."""
    given = {"PATH": f"{FOLDER / 'bin'}:{os.environ['PATH']}", "HOME": str(folder.parent), "PIP_NO_INDEX": "1"}
    given |= {"PIP_FIND_LINKS": str(FOLDER / "wheels"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(command, cwd=folder, env=given | variables, capture_output=True, text=True, check=False)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone of this repository."""
    if not (FOLDER / "bin" / "pre-commit").is_file():
        pytest.skip("POLYROUTE_TEST_PRE_COMMIT names no folder with pre-commit")
    subprocess.run(["git", "clone", "--quiet", ROOT, tmp_path / "polyroute"], check=True)
    return tmp_path / "polyroute"


def test_the_example_is_checked_before_a_commit(clone: Path, tmp_path: Path) -> None:
    """With the example's configuration its file may be committed without a key, and one with a wrong model may not."""
    own = tmp_path / "own"
    own.mkdir()
    config = yaml.safe_load((EXAMPLE / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    revision = run(clone, "git", "rev-parse", "HEAD").stdout.strip()
    config["repos"][0] |= {"repo": str(clone), "rev": revision}
    (own / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    agent = own / "agent.yml"
    agent.write_text((EXAMPLE / "agent.yml").read_text(encoding="utf-8"))
    run(own, "git", "init", "--quiet")
    assert run(own, "pre-commit", "install").returncode == 0
    run(own, "git", "add", ".")
    committed = run(own, "git", *AUTHOR, "commit", "-m", "An agent")
    assert committed.returncode == 0, committed.stdout + committed.stderr
    assert "Passed" in committed.stderr
    agent.write_text(agent.read_text().replace("provider: anthropic", "provider: antropic"))
    refused = run(own, "git", *AUTHOR, "commit", "-am", "A misspelled provider")
    assert refused.returncode == 1
    assert "unknown_provider" in refused.stderr


def test_the_hook_is_tried_as_the_page_says(clone: Path) -> None:
    """The command in docs/ci.md checks the example with a key in a variable."""
    (command,) = blocks(ROOT / "docs" / "ci.md", "text")
    tried = run(clone, *command.split(), DEXTO_API_KEY="made-up")
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "Passed" in tried.stdout
