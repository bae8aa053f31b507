"""Completion: what the command offers, and that the shells' scripts work by the lines in docs/first-route.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyroute.cli.completion_scripts import SCRIPTS
from tests.support.machine import needed
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


ZSH = """\
compdef() { : }
compadd() { while [[ $1 != -- ]]; do shift; done; shift; print -rl -- "$@" }
eval "$(polyroute completion zsh)"
words=(polyroute resolve anthropic/claude-opus-4-1-2) CURRENT=3
_polyroute
"""
FISH = "polyroute completion fish | source; complete -C 'polyroute resolve anthropic/claude-opus-4-1-2'"


@pytest.mark.parametrize(("name", "program", "option"), [("zsh", ZSH, "-f"), ("fish", FISH, "--no-config")])
def test_zsh_and_fish(shell: Shell, name: str, program: str, option: str) -> None:
    """In zsh and fish, the script that the command prints offers the same models."""
    variables = {"PATH": f"{Path(POLYROUTE).parent}:{shell.variables['PATH']}"}
    done = shell.start([needed(name), option, "-c", program], **variables)
    assert (done.stdout.split(), done.stderr) == (["anthropic/claude-opus-4-1-20250805"], "")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_printed(shell: Shell, name: str) -> None:
    """Each shell's script is printed as it is."""
    assert shell.run("completion", name).stdout == SCRIPTS[name]
