"""The `polyroute map` command, which prints a gateway's IDs for many models, one line per model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polyroute import Catalog, Mapped, Plugins, UnknownProvider
from tests.support.catalogs import MakeCatalog, MakeEnvironment
from tests.support.shell import Shell

CLAUDE = "anthropic/claude-sonnet-4-5"


def lines(*asked: tuple[str, str]) -> str:
    return "".join(json.dumps({"provider": provider, "model": model}) + "\n" for provider, model in asked)


def answers(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_has_what_was_asked_and_the_answer(shell: Shell) -> None:
    """Each line of JSON has exactly the given model, the gateway, its ID, the evidence for it and suggestions."""
    done = shell.run("map", "--json", given=lines(("gemini", "gemini-2.5-pro"), ("openai", "gpt-99")))
    mapped, missing = answers(done.stdout)
    expected = {"provider": "gemini", "model": "gemini-2.5-pro", "via": "openrouter", "id": "google/gemini-2.5-pro"}
    assert mapped == expected | {"evidence": "listed", "suggestions": []}
    assert (missing["provider"], missing["id"], missing["evidence"]) == ("openai", None, "not_offered")
    assert missing["suggestions"][0].startswith("openrouter/openai/gpt-")
    assert (done.returncode, done.stderr) == (0, "")


def test_arguments_are_answered_as_lines_are(shell: Shell) -> None:
    """A reference given as an argument has the same result as one on stdin, which is then not read; `--via` applies."""
    by_argument = shell.run("map", CLAUDE, "--via", "dexto", "--json", given="no JSON\n")
    by_line = shell.run("map", "--via", "dexto", "--json", given=lines(("anthropic", "claude-sonnet-4-5")))
    assert by_argument.stdout == by_line.stdout
    (answer,) = answers(by_argument.stdout)
    assert (answer["via"], answer["id"]) == ("dexto", "anthropic/claude-sonnet-4.5")
    assert by_argument.returncode == 0


def test_people_read_a_table(shell: Shell) -> None:
    """Without `--json`, the output is a table, with suggestions for models without an ID."""
    done = shell.run("map", CLAUDE, "openai/gpt-99")
    title, claude, missing = done.stdout.splitlines()
    assert title.split() == ["Model", "Via", "openrouter", "Known", "Otherwise"]
    assert claude.split() == [CLAUDE, "anthropic/claude-sonnet-4.5", "listed"]
    assert "not_offered" in missing
    assert "openrouter/openai/gpt-" in missing


def test_bad_lines_are_told_and_the_others_answered(shell: Shell) -> None:
    """Invalid lines are reported on stderr with their line numbers, others get results, and the exit status is 2."""
    bad = [
        "nonsense",
        "[]",
        '{"provider": "openai"}',
        '{"provider": "openai", "model": 7}',
        '{"provider":"","model":"x"}',
    ]
    done = shell.run("map", "--json", given="\n".join([*bad, "", lines(("openai", "gpt-5"))]))
    assert [each["id"] for each in answers(done.stdout)] == ["openai/gpt-5"]
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [f"line {number}" for number in range(1, 6)]
    assert done.returncode == 2


def test_a_bad_argument_is_told(shell: Shell) -> None:
    """An argument without a provider is reported, and the others get results."""
    done = shell.run("map", "gpt-5", CLAUDE, "--json")
    assert "argument 1: 'gpt-5' is not provider/model" in done.stderr
    assert (done.returncode, len(answers(done.stdout))) == (2, 1)


@pytest.mark.parametrize(
    ("models", "expected"),
    [(["openai/gpt-99"], 1), (["openai/gpt-99", CLAUDE], 0), (["nobody/x"], 1), ([], 0)],
)
def test_exit_statuses(shell: Shell, models: list[str], expected: int) -> None:
    """The exit status is 0 if any model has an ID or none was given, and 1 if no model has an ID."""
    given = lines(*[(each.partition("/")[0], each.partition("/")[2]) for each in models])
    assert shell.run("map", given=given).returncode == expected


def test_nothing_asked_on_a_terminal(shell: Shell) -> None:
    """With no arguments and a terminal as stdin, the command doesn't wait; the usage error shows the input format."""
    status, shown = shell.on_terminal("map")
    assert status == 2
    assert '{"provider": "…", "model": "…"}' in " ".join(shown.split())


@pytest.mark.parametrize("via", ["anthropic", "nobody"])
def test_a_gateway_that_is_none(shell: Shell, via: str) -> None:
    """Models can be mapped only to a gateway."""
    done = shell.run("map", CLAUDE, "--via", via)
    assert (done.returncode, done.stdout) == (2, "")
    assert via in done.stderr


def test_ten_thousand_lines_have_ten_thousand_answers(shell: Shell) -> None:
    """A single run gives one result per line, in the order of the lines, even for ten thousand lines."""
    asked = [
        (("openai", "groq", "nobody", "google")[n % 4], f"gpt-{n}-chat" if n % 5 else "gpt-5") for n in range(10_000)
    ]
    found = answers(shell.run("map", "--json", given=lines(*asked)).stdout)
    assert [(each["provider"], each["model"]) for each in found] == asked
    assert {each["id"] for each in found if each["provider"] == "openai"} == {"openai/gpt-5", None}


# --- In Python ---


def mapped(catalog: Catalog, provider: str, model: str) -> Mapped:
    return catalog.mapped("openrouter", provider, model)


@pytest.mark.parametrize(
    ("provider", "model", "suggested"),
    [
        ("x-ai", "grok-4.3", "openrouter/x-ai/grok-4.3"),  # a namespace of the gateway's list
        ("antropic", "claude-sonnet-4-5", "openrouter/anthropic/claude-sonnet-4.5"),  # a misspelled provider
        ("nobody", "llama-3.3-70b", "openrouter/meta-llama/llama-3.3-70b-instruct"),  # found by its name alone
    ],
)
def test_an_unknown_provider_has_suggestions(
    make_catalog: MakeCatalog, provider: str, model: str, suggested: str
) -> None:
    """For an unknown provider there is no ID, only suggestions of what the user may mean."""
    found = mapped(make_catalog(), provider, model)
    assert (found.id, found.evidence, found.provider) == (None, "unknown", provider)
    assert found.suggestions[0] == suggested
    assert provider in found.why


def test_every_suggestion_can_be_selected(make_catalog: MakeCatalog, plugins: Plugins) -> None:
    """Suggestions are references to listed models, whatever the requested model."""
    catalog, listed = make_catalog(), plugins.models("openrouter")
    for model in list(plugins.all_models())[::40]:
        for each in mapped(catalog, model.provider, model.id).suggestions:
            assert each.partition("/")[2] in listed


def test_a_likeness_needs_more_than_one_letter(make_catalog: MakeCatalog) -> None:
    """For an unknown provider and a name that shares no word with any model, there are no suggestions."""
    assert mapped(make_catalog(), "nobody", "q w e r t y").suggestions == ()


def test_the_gateway_must_be_known(make_catalog: MakeCatalog, make_environment: MakeEnvironment) -> None:
    """An unknown gateway raises UnknownProvider; for a gateway without a mapper, the evidence is `unknown`."""
    with pytest.raises(UnknownProvider):
        make_catalog().mapped("nobody", "openai", "gpt-5")
    assert make_catalog().mapped("vercel", "openai", "gpt-5").evidence == "unknown"
