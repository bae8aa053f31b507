"""The files of other programs: what is right in them passes, and each kind of fault is found in each format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyroute import Catalog, UsageError
from polyroute.validation.checks import validate_as
from polyroute.validation.files import read
from polyroute.validation.sections import ConfigFinding
from tests.support.catalogs import MakeCatalog

KEY = "sk-proj-canary0123456789abcdef"
FAULTS = ("typo", "plaintext key", "unset variable", "doubled prefix", "wrong base URL")
CODES = {
    "typo": "model_not_listed",
    "plaintext key": "plaintext_secret",
    "unset variable": "unresolved_variable",
    "doubled prefix": "doubled_prefix",
    "wrong base URL": "base_url_wrong",
}
FILES: dict[str, str] = {
    "agent.yml": """
llm:
  provider: openai
  model: <MODEL>
  apiKey: <KEY>
mcpServers: {a: {env: {TOKEN: $SET}}}
""",
    "config.toml": """
model = "<MODEL>"
model_provider = "openai"
[model_providers.openai-at]
base_url = "<URL>"
env_key = "<VARIABLE>"
[mcp_servers.a.env]
API_KEY = "<KEY>"
""",
    "opencode.jsonc": """
{ // a comment
  "$schema": "https://opencode.ai/config.json",
  "model": "openai/<MODEL>",
  "provider": {"openai": {"options": {"apiKey": "<KEY>", "baseURL": "<URL>"}}},
}
""",
    ".aider.conf.yml": """
model: openai/<MODEL>
openai-api-key: <KEY>
openai-api-base: <URL>
""",
    "litellm.yaml": """
model_list:
  - model_name: a
    litellm_params:
      model: openai/<MODEL>
      api_key: <KEY>
      api_base: <URL>
""",
    "librechat.yaml": """
version: 1.2.1
endpoints:
  custom:
    - name: openai
      apiKey: <KEY>
      baseURL: <URL>
      models: {default: ["<MODEL>"]}
""",
    "crush.json": """
{"$schema": "https://charm.land/crush.json",
 "models": {"large": {"model": "<MODEL>", "provider": "openai"}},
 "providers": {"openai": {"base_url": "<URL>", "api_key": "<KEY>"}}}
""",
    "continue.yaml": """
name: a
version: 0.0.1
schema: v1
models:
  - name: a
    provider: openai
    model: <MODEL>
    apiKey: <KEY>
    apiBase: <URL>
""",
    "goose.yaml": """
GOOSE_PROVIDER: openai
GOOSE_MODEL: <MODEL>
OPENAI_API_KEY: <KEY>
OPENAI_HOST: <URL>
""",
    ".env": """
OPENAI_MODEL=<MODEL>
OPENAI_API_KEY=<KEY>
OPENAI_BASE_URL=<URL>
""",
}
"""A valid file of each format, with places for what is varied."""
REFERENCES = {
    "agent.yml": "$NAME",
    "config.toml": "NAME",
    "opencode.jsonc": "{env:NAME}",
    ".aider.conf.yml": "''",
    "litellm.yaml": "os.environ/NAME",
    "librechat.yaml": "${NAME}",
    "crush.json": "$NAME",
    "continue.yaml": "${{ secrets.NAME }}",
    "goose.yaml": "$NAME",
    ".env": "${NAME}",
}
WITHOUT = {
    (".aider.conf.yml", "unset variable"): "it reads no references",
    ("continue.yaml", "unset variable"): "its secrets are not variables",
    ("agent.yml", "wrong base URL"): "the provider accepts none: base_url_not_allowed",
}


def written(name: str, fault: str = "") -> str:
    """Return a file of a format, valid or with one fault."""
    reference = REFERENCES[name]
    variable = "NOT_SET" if fault == "unset variable" else "SET"
    used = {
        "MODEL": {"typo": "gpt5-mini", "doubled prefix": "openai/gpt-5-mini"}.get(fault, "gpt-5-mini"),
        "VARIABLE": variable,
        "KEY": KEY if fault == "plaintext key" else reference.replace("NAME", variable),
        "URL": "https://api.openai.com" if fault == "wrong base URL" else "https://api.openai.com/v1",
    }
    if name == "goose.yaml":  # it appends the version to a host
        used["URL"] = "https://api.anthropic.com" if fault == "wrong base URL" else "https://api.openai.com"
    text = FILES[name]
    for place, value in used.items():
        text = text.replace(f"<{place}>", value)
    return text


def checked(folder: Path, name: str, text: str, catalog: Catalog) -> tuple[ConfigFinding, ...]:
    """Return the findings for a file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    file = read(str(path))
    return validate_as(catalog, file.content, file.syntax, name, strict=True)


@pytest.fixture
def catalog(make_catalog: MakeCatalog) -> Catalog:
    """Return a catalog with a key for the provider, and a variable that is set."""
    return make_catalog(OPENAI_API_KEY="k", SET="s")


@pytest.mark.parametrize("name", FILES)
def test_what_is_right_passes(tmp_path: Path, catalog: Catalog, name: str) -> None:
    """A valid file of each format has no finding."""
    assert checked(tmp_path, name, written(name), catalog) == ()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", FILES)
def test_each_fault_is_found_in_each_format(tmp_path: Path, catalog: Catalog, name: str, fault: str) -> None:
    """Each fault is found, and nothing else; no finding repeats a key."""
    if (name, fault) in WITHOUT:
        return
    found = checked(tmp_path, name, written(name, fault), catalog)
    assert {each.code for each in found} == {CODES[fault]}
    assert "canary" not in str(found)
    if fault == "typo":
        assert "openai/gpt-5-mini" in found[0].remedy


@pytest.mark.parametrize(
    "model",
    [
        "azure/my-deployment",
        "azure/gpt-5-mini-of-ours",
        "bedrock/arn:aws:bedrock:eu-west-1:123:inference-profile/x",
        "openai/ft:gpt-4o-mini:acme::abc",
        "openai/*",
        "ollama/anything",
        "gpt-5-mini",
        "openai/gpt-9.5",
        "anthropic/claude-opus-9",
    ],
)
def test_what_works_or_may_work_is_no_error(tmp_path: Path, catalog: Catalog, model: str) -> None:
    """Deployments, names of one's own and models newer than the list are no errors."""
    text = f"model_list:\n  - model_name: a\n    litellm_params: {{model: '{model}'}}\n"
    found = checked(tmp_path, "litellm.yaml", text, catalog)
    assert [each for each in found if each.severity == "error"] == []
    assert all("of 20" in each.message for each in found)


@pytest.mark.parametrize(
    "value",
    [
        "{env:SET}",
        "os.environ/SET",
        "${SET:-}",
        "${{ secrets.SET }}",
        "process.env.SET",
        "%SET%",
        "!pass show x",
        "<<SET>>",
    ],
)
def test_another_programs_reference_is_no_key(tmp_path: Path, catalog: Catalog, value: str) -> None:
    """A reference that the program does not read is told as one, not as a key."""
    text = f"llm: {{provider: openai, model: gpt-5-mini, apiKey: '{value}'}}\n"
    codes = {each.code: each.severity for each in checked(tmp_path, "agent.yml", text, catalog)}
    assert codes in ({"reference_not_understood": "warning"}, {"placeholder_secret": "warning"})


@pytest.mark.parametrize("value", ["op://vault/item/key", "vault:secret/data/x#key", "ENC[AES256_GCM,data:x]"])
@pytest.mark.parametrize("name", ["agent.yml", "litellm.yaml", "opencode.jsonc", ".env"])
def test_secret_managers_are_understood(tmp_path: Path, catalog: Catalog, name: str, value: str) -> None:
    """A reference of a secret manager is replaced before a program reads it, and accepted in each format."""
    text = written(name, "plaintext key").replace(KEY, value)
    assert checked(tmp_path, name, text, catalog) == ()


@pytest.mark.parametrize(
    "line",
    [
        f"general_settings: {{master_key: {KEY}}}",
        f"x: [{{deep: {{openai-api-key: {KEY}}}}}]",
        f"x: {{keys: [{KEY}]}}",
        f"x: {{token: {KEY}}}",
        f"headers: {{Authorization: Bearer {KEY}}}",
        f"set-env: [OPENAI_API_KEY={KEY}]",
        "database_url: postgres://me:canary-password-1@host/db",
    ],
)
def test_a_key_under_any_name(tmp_path: Path, catalog: Catalog, line: str) -> None:
    """A key is found under any name, in lists, nested and in URLs."""
    found = checked(tmp_path, "litellm.yaml", f"model_list: []\n{line}\n", catalog)
    assert [each.code for each in found] == ["plaintext_secret"]
    assert "canary" not in str(found)


@pytest.mark.parametrize(
    ("line", "codes", "remedy"),
    [
        ("GEMINI_KEY=canary-1234", ["variable_unread"], "Did you mean GEMINI_API_KEY?"),
        ("OPENROUTER_KEY=canary-1234", ["variable_unread"], "Did you mean OPENROUTER_API_KEY?"),
        ("GEMINI_KEY=", [], ""),
        ("DATABASE_KEY=canary-1234", [], ""),
        ("OPENAI_API_KEY=sk-ant-canary", ["foreign_key"], "Name it ANTHROPIC_API_KEY, or write another key here."),
        ("GROQ_API_KEY=sk-or-v1-canary", ["foreign_key"], "Name it OPENROUTER_API_KEY, or write another key here."),
        ("ANTHROPIC_API_KEY=sk-ant-canary", [], ""),
        ("MY_OWN_KEY=sk-ant-canary", [], ""),
    ],
)
def test_a_key_in_the_wrong_place(tmp_path: Path, catalog: Catalog, line: str, codes: list[str], remedy: str) -> None:
    """In a `.env` file a key under a name that nobody reads is told, and one that is another provider's."""
    found = [each for each in checked(tmp_path, ".env", f"{line}\n", catalog) if each.code != "plaintext_secret"]
    assert [each.code for each in found] == codes
    assert remedy in [*(each.remedy for each in found), ""]
    assert "canary" not in str(found)


ASSIGNMENTS = [
    ("OPENAI_API_BASE", "https://api.openai.com/v1/chat/completions", "base_url_wrong"),
    ("GEMINI_KEY", "os.environ/MINE", "variable_unread"),
    ("GROQ_API_KEY", "sk-or-v1-canary", "foreign_key"),
    ("OPENAI_MODEL", "gpt-5-minni", "model_not_listed"),
]


@pytest.mark.parametrize(("variable", "value", "code"), ASSIGNMENTS)
@pytest.mark.parametrize("name", ["my.aider.conf.yml", "litellm.yaml"])
def test_variables_that_a_file_sets(
    tmp_path: Path, catalog: Catalog, name: str, variable: str, value: str, code: str
) -> None:
    """A variable that a configuration sets for its program is checked as in a `.env` file, and told where it stands."""
    text, where = {
        "my.aider.conf.yml": (f"set-env: [A=b, {variable}={value}]", "set-env[1]"),
        "litellm.yaml": (
            f"model_list: []\nenvironment_variables: {{{variable}: {value}}}",
            f"environment_variables.{variable}",
        ),
    }[name]
    found = checked(tmp_path, name, f"{text}\n", catalog)
    assert (code, where) in [(each.code, each.path) for each in found]


def test_a_variable_that_the_file_sets_itself(tmp_path: Path, catalog: Catalog) -> None:
    """A reference to a variable that the same file sets is no reference to one that is not set."""
    text = """\
model_list: [{model_name: m, litellm_params: {model: openai/gpt-5-mini, api_key: os.environ/OF_THE_FILE}}]
environment_variables: {OF_THE_FILE: os.environ/HOME}
"""
    assert [
        each for each in checked(tmp_path, "litellm.yaml", text, catalog) if each.code == "unresolved_variable"
    ] == []


def test_what_is_no_known_configuration(tmp_path: Path, catalog: Catalog) -> None:
    """A file of another form is refused, and the known formats are named."""
    with pytest.raises(UsageError, match=r"not a configuration that is known.*opencode"):
        checked(tmp_path, "compose.yaml", "services: {web: {image: nginx}}\n", catalog)


def test_a_url_of_another(tmp_path: Path, catalog: Catalog) -> None:
    """A vendor's own model at another vendor's address is wrong; another's model at its own address is right."""
    text = "model_list:\n  - model_name: a\n    litellm_params: {{model: {}, api_base: {}}}\n"
    wrong = text.format("anthropic/claude-sonnet-4-5", "https://api.openai.com/v1")
    right = text.format("openai/llama-3.3-70b-versatile", "https://api.groq.com/openai/v1")
    assert {each.code for each in checked(tmp_path, "litellm.yaml", wrong, catalog)} == {"base_url_wrong"}
    assert checked(tmp_path, "litellm.yaml", right, catalog) == ()


@pytest.mark.parametrize(
    ("name", "url", "meant"),
    [
        ("opencode.jsonc", "https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1"),
        ("litellm.yaml", "https://api.openai.com/v1/v1", "https://api.openai.com/v1"),
        (".env", "api.openai.com/v1", "https://api.openai.com/v1"),
        ("goose.yaml", "https://api.openai.com/v1", "https://api.openai.com"),
    ],
)
def test_a_base_url_as_users_type_it(tmp_path: Path, catalog: Catalog, name: str, url: str, meant: str) -> None:
    """A base URL that the program can't use is found, and the right one is named."""
    text = written(name).replace("https://api.openai.com/v1", url)
    text = text.replace("OPENAI_HOST: https://api.openai.com", f"OPENAI_HOST: {url}")
    (found,) = checked(tmp_path, name, text, catalog)
    assert (found.code.startswith("base_url_"), found.remedy) == (True, f"Write {meant}.")


@pytest.mark.parametrize(
    ("name", "text", "remedies"),
    [
        (".env", "ANTHROPIC_BASE_URL=https://api.anthropic.com\nOLLAMA_BASE_URL=http://host:11434\n", []),
        (".env", "GROQ_BASE_URL=https://api.groq.com\n", []),
        ("a.yml", "llm: {provider: ollama, model: m, baseURL: 'host:11434'}", ["Write http://host:11434/v1."]),
        ("a.yml", "llm: {provider: ollama, model: m, baseURL: 'http://h:1/api/chat'}", ["Write http://h:1/v1."]),
        (
            *("extra-openai-models.yaml", "[{model_id: a, model_name: m, api_base: 'http://gpu:8000'}]"),
            ["Write http://gpu:8000/v1 if the server answers there."],
        ),
        (
            "opencode.json",
            '{"provider": {"groq": {"options": {"baseURL": "https://api.groq.com/v1"}}}}',
            ["Write https://api.groq.com/openai/v1."],
        ),
        (
            "litellm.yaml",
            "model_list: [{litellm_params: {model: ollama/m, api_base: 'http://host:11434/v1'}}]",
            ["Write http://host:11434."],
        ),
        (
            "config.yaml",
            "{name: a, version: 1, schema: v1, models: [{provider: ollama, model: m, apiBase: 'http://host:11434/v1'}]}",
            ["Write http://host:11434."],
        ),
        (
            "opencode.json",
            '{"model": "mine/q2", "provider": {"mine": {"npm": "x", "options": {"baseURL": "http://host:1"},'
            ' "models": {"q": {}}}}}',
            ["Did you mean q?", "Write http://host:1/v1 if the server answers there."],
        ),
    ],
)
def test_addresses_and_models_of_ones_own(
    tmp_path: Path, catalog: Catalog, name: str, text: str, remedies: list[str]
) -> None:
    """What each program adds to a base URL counts, and a model that a file declares is the one that it may name."""
    assert [each.remedy for each in checked(tmp_path, name, text, catalog)] == remedies


def test_every_format_says_its_source() -> None:
    """Each row of the table names where its facts are from."""
    from polyroute.validation.formats import formats

    assert all(each.facts["source"] for each in formats())
    assert len(json.dumps([dict(each.facts) for each in formats()])) > 1000
