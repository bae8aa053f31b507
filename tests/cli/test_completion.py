"""Completion: what the command offers, and that the shells' scripts work by the lines in docs/first-route.md."""

from __future__ import annotations

import shutil

import pytest

from polyroute.cli.completion_scripts import SCRIPTS
from tests.support.shell import POLYROUTE, Shell

COMPLETE = f"""\
PATH="$(dirname {POLYROUTE}):$PATH"
eval "$(polyroute completion bash)"
COMP_LINE=$1 COMP_POINT=${{#1}}
_polyroute
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("before", "word", "expected"),
    [
        ("", "expl", {"explain"}),
        ("status", "anthr", {"anthropic"}),
        ("status", "amazon-b", {"amazon-bedrock"}),
        ("resolve", "anthr", {"anthropic/"}),
        (
            "explain",
            "anthropic/claude-sonnet-4-5",
            {"anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5-20250929"},
        ),
        ("resolve --format", "cu", {"curl"}),
        ("models --provider", "mistr", {"mistral"}),
        ("models --sort", "pr", {"price"}),
        ("models", "--av", {"--available"}),
        ("credential openai/gpt-5 --via", "d", {"direct", "dexto"}),
        ("prefer", "che", {"cheapest"}),
        ("custom", "re", {"remove", "rename", "repair"}),
        ("custom remove", "openr", {"openrouter/"}),
        ("run", "ai", {"aider"}),
        ("completion", "po", {"powershell"}),
        ("nonsense", "x", set()),
        ("run aider --", "x", set()),
    ],
)
def test_what_a_word_may_become(shell: Shell, before: str, word: str, expected: set[str]) -> None:
    """Commands, options, choices, providers, aliases, models, routes and clients are completed."""
    done = shell.run("completion", f"--complete={word}", "--", *before.split())
    assert (done.returncode, set(done.stdout.split()), done.stderr) == (0, expected, "")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("polyroute resolve anthropic/claude-opus-4-1-2", ["anthropic/claude-opus-4-1-20250805"]),
        ("polyroute explain openrouter/z-ai/glm-4.5-air:f", ["free"]),
        ("polyroute keys ", ["list", "remove", "set"]),
    ],
)
def test_bash(shell: Shell, line: str, expected: list[str]) -> None:
    """In bash, words are completed as bash breaks them: at colons too."""
    done = shell.start(["bash", "--norc", "-c", COMPLETE, "bash", line])
    assert (done.stdout.split(), done.stderr) == (expected, "")


@pytest.mark.parametrize(("name", "check"), [("bash", "bash -n"), ("zsh", "zsh -n"), ("fish", "fish -n")])
def test_a_script_has_no_fault(shell: Shell, name: str, check: str) -> None:
    """Each script is what its shell can parse."""
    script = shell.run("completion", name).stdout
    assert script == SCRIPTS[name]
    if shutil.which(name):
        assert shell.start(check.split(), given=script).stderr == ""
