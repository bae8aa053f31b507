"""The file of a policy: what is refused with its line, and what is only a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyroute import Plugins, UsageError
from polyroute.organisation.policy_file import ReadPolicy, read
from tests.support.shell import Shell

CONTACT = 'contact = "#models"\n'
UNLISTED = "matches no model in any list now."


def policy_in(tmp_path: Path, text: str, plugins: Plugins, variables: dict[str, str] | None = None) -> ReadPolicy:
    """Return the policy in a file with this text after its contact."""
    file = tmp_path / "policy.toml"
    file.write_text(CONTACT + text)
    return read(str(file), plugins, variables)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("allowed = []", "line 2: allowed is not a known key"),
        ('allowed_providers = "openai"', "line 2: allowed_providers"),
        ('allowed_providers = ["opnai"]', "line 2: allowed_providers[0] 'opnai' matches no provider. Did you mean"),
        ('allowed_providers = ["openai/gpt-5"]', "names a model: put it into allowed_models"),
        ('allowed_models = [\n"openai/*",\n"anthropc/*"]', "line 2: allowed_models[1] 'anthropc/*' names no provider."),
        ('allowed_models = ["gpt-5"]', "is no pattern of provider/model"),
        ('allowed_hosts = ["https://llm.acme.example"]', "is an address: write its host"),
        ('allowed_hosts = ["a b"]', "is no host"),
        ('[preferences]\nprefer = "nowhere"', "line 3: preferences.prefer 'nowhere' is no route"),
        ('[preferences]\norder = ["cheapest"]', "'cheapest' is no route"),
        ('[preferences]\ndisable_providers = ["nobody"]', "'nobody' is no provider"),
        ('[preferences.pins]\nnobody = "direct"', "'nobody' is no provider"),
        ('[keys]\nNOBODYS_KEY = { variable = "OWN" }', "is no variable from which a provider reads a key"),
        ('[keys]\nOPENAI_API_KEY = { file = "key" }', "names a file by a path that is not absolute"),
        ('[keys]\nOPENAI_API_KEY = { variable = "OTHER" }', "names a variable that is not set for this process"),
        ('[settings]\nOPENAI_API_KEY = "x"', "holds a key: put it under [keys]"),
        ('[settings]\nNOTHING = "x"', "is no setting that a provider reads"),
        ("allowed_models = [", "it is not valid TOML"),
    ],
)
def test_faults_are_named_with_their_lines(tmp_path: Path, plugins: Plugins, text: str, said: str) -> None:
    """Whatever is unknown, misspelled, of another form or missing is refused, with its line and how to fix it."""
    with pytest.raises(UsageError) as refused:
        policy_in(tmp_path, text, plugins, {"OWN": "k"})
    assert said in str(refused.value)


def test_a_model_that_no_list_has_is_a_warning(tmp_path: Path, plugins: Plugins) -> None:
    """A pattern that matches no listed model, be it misspelled or withdrawn, is told with its line, and is in force."""
    text = 'allowed_models = [\n"anthropic/claude-*",\n"anthropic/claud-*",\n"openai/gpt-1",\n"openai-compatible/own"]'
    found = policy_in(tmp_path, text, plugins)
    assert found.policy.allowed_models[1:] == ("anthropic/claud-*", "openai/gpt-1", "openai-compatible/own")
    assert [each.partition(". ")[0] for each in found.warnings] == [
        "line 2: allowed_models[1] 'anthropic/claud-*' matches no model in any list now",
        "line 2: allowed_models[2] 'openai/gpt-1' matches no model in any list now",
    ]


def test_keys_are_not_looked_for_without_variables(tmp_path: Path, plugins: Plugins) -> None:
    """A file can be checked on a machine that has no keys."""
    text = '[keys]\nOPENAI_API_KEY = { variable = "OWN" }\nGROQ_API_KEY = { file = "/nowhere/key" }'
    assert policy_in(tmp_path, text, plugins).warnings == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "status", "said"),
    [
        ("anthropic/claude-*", 0, "each pattern matches a listed model"),
        ("anthropic/claud-*", 1, f"policy.toml: line 2: allowed_models[0] 'anthropic/claud-*' {UNLISTED} Did you mean"),
        ("anthropc/*", 2, "line 2: allowed_models[0] 'anthropc/*' names no provider."),
    ],
)
def test_a_policy_is_checked_by_a_command(shell: Shell, tmp_path: Path, pattern: str, status: int, said: str) -> None:
    """`policy check` ends with 0 if all is well, 1 if a pattern matches no listed model, and 2 for a wrong file."""
    file = tmp_path / "policy.toml"
    file.write_text(f'{CONTACT}allowed_models = ["{pattern}"]\n[keys]\nOPENAI_API_KEY = {{ variable = "MISSING" }}\n')
    done = shell.run("policy", "check", str(file))
    assert done.returncode == status, done.stderr
    assert said in done.stdout + done.stderr
