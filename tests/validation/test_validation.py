"""What `polyroute.validate` and `polyroute check` report for a host's configuration, and what they accept."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from polyroute import Catalog, Environment, Plugins, UsageError, validate
from polyroute.validation.files import LARGEST, read
from polyroute.validation.sections import ConfigFinding
from tests.support.catalogs import MakeCatalog
from tests.support.shell import Shell

ROOT = Path(__file__).parents[2]
NOVA = "amazon.nova-pro-v1:0"
SECRET = "sk-canary-0123456789abcdef"
CLAUDE = {"provider": "anthropic", "model": "claude-sonnet-4-5"}
GLM = {"provider": "openrouter", "model": "z-ai/glm-4.5-air:free"}
SERVER = {"provider": "openai-compatible", "model": "x", "baseURL": "http://localhost:1234/v1"}

Config = dict[str, Any]


def codes(found: tuple[ConfigFinding, ...]) -> list[tuple[str, str, str]]:
    return [(each.code, each.severity, each.path) for each in found]


# --- Valid configurations ---


def test_a_gateways_key_is_enough(make_catalog: MakeCatalog) -> None:
    """With only DEXTO_API_KEY, `provider: openrouter` is valid in strict mode."""
    assert validate(make_catalog(DEXTO_API_KEY="d"), {"llm": GLM}) == ()


def test_without_any_key(make_catalog: MakeCatalog) -> None:
    """The missing key is an error at `apiKey` when strict and a warning when relaxed, with every remedy."""
    for strict, severity in ((True, "error"), (False, "warning")):
        found = validate(make_catalog(), {"llm": GLM}, strict=strict)
        assert codes(found) == [("llm_api_key_missing", severity, "llm.apiKey")]
        assert "dexto login" in found[0].remedy
        assert "OPENROUTER_API_KEY" in found[0].remedy


@pytest.mark.parametrize(
    ("section", "variables"),
    [
        (CLAUDE, {"ANTHROPIC_API_KEY": "a"}),
        (CLAUDE, {"OPENROUTER_API_KEY": "o"}),
        ({"provider": "gemini", "model": "gemini-2.5-pro"}, {"GEMINI_API_KEY": "g"}),
        ({"model": "anthropic/claude-sonnet-4-5"}, {"DEXTO_API_KEY": "d"}),
        ({**CLAUDE, "apiKey": "$MINE"}, {"MINE": "m"}),
        ({**CLAUDE, "apiKey": "${MINE}"}, {"MINE": "m"}),
        ({**CLAUDE, "apiKey": ""}, {"DEXTO_API_KEY": "d"}),
        ({**CLAUDE, "apiKey": None}, {"DEXTO_API_KEY": "d"}),
        ({**CLAUDE, "routing": "direct", "maxOutputTokens": 100, "temperature": 0}, {"ANTHROPIC_API_KEY": "a"}),
        ({**CLAUDE, "routing": ["dexto-nova", "direct"]}, {"ANTHROPIC_API_KEY": "a"}),
        ({"provider": "dexto-nova", "model": "openai/gpt-5"}, {"DEXTO_API_KEY": "d"}),
        ({"model": "dexto-nova/openai/gpt-5"}, {"DEXTO_API_KEY": "d"}),
        ({"provider": "ollama", "model": "anything"}, {}),
        (SERVER, {}),
        ({**SERVER, "baseURL": "$SERVER"}, {"SERVER": "http://localhost:9/v1"}),
        ({"provider": "openai-compatible", "model": "x"}, {"OPENAI_BASE_URL": "http://localhost:9/v1"}),
        (
            {"provider": "bedrock", "model": NOVA},
            {"AWS_BEARER_TOKEN_BEDROCK": "b", "AWS_REGION": "r"},
        ),
    ],
)
def test_what_is_valid(make_catalog: MakeCatalog, section: Config, variables: dict[str, str]) -> None:
    """A section that can run in the environment is valid in strict mode, both on its own and in a file."""
    catalog = make_catalog(**variables)
    assert validate(catalog, {"llm": section}) == ()
    assert validate(catalog, section) == ()


def test_a_users_own_model_is_offered(make_catalog: MakeCatalog) -> None:
    """A custom model is accepted with its own key and by its own name."""
    models = [{"name": "my-own", "provider": "bedrock"}]
    files = {".dexto/models/custom-models.json": json.dumps({"version": 1, "models": models})}
    catalog = make_catalog(files=files, AWS_BEARER_TOKEN_BEDROCK="b", AWS_REGION="eu-west-1")
    assert validate(catalog, {"provider": "bedrock", "model": "my-own"}) == ()
    assert validate(catalog, {"provider": "bedrock", "model": "your-own"}) == ()


def test_a_users_own_model_brings_its_base_url(make_catalog: MakeCatalog) -> None:
    """A custom model of a provider that requires a base URL needs only its name in the configuration."""
    models = [{"name": "mine", **{name: value for name, value in SERVER.items() if name != "model"}}]
    files = {".dexto/models/custom-models.json": json.dumps({"version": 1, "models": models})}
    assert validate(make_catalog(files=files), {"provider": SERVER["provider"], "model": "mine"}) == ()


# --- Invalid configurations ---

WRONG: list[tuple[Config, str, str]] = [
    ({"provider": "anthropi", "model": "x"}, "unknown_provider", "provider"),
    ({"model": "anthropi/x"}, "unknown_provider", "model"),
    ({"provider": "nobody"}, "unknown_provider", "provider"),
    ({"provider": "dexto", "model": "x"}, "provider_not_selectable", "provider"),
    ({"provider": "anthropic"}, "model_missing", "model"),
    ({"provider": "anthropic", "model": ""}, "model_missing", "model"),
    ({"model": "gpt-5"}, "model_missing", "model"),
    ({"model": "openai/"}, "model_missing", "model"),
    ({"provider": "anthropic", "model": "gpt-5"}, "model_incompatible", "model"),
    ({**CLAUDE, "baseURL": "https://elsewhere.example"}, "base_url_not_allowed", "baseURL"),
    ({**SERVER, "baseURL": "localhost:1234"}, "base_url_invalid", "baseURL"),
    ({**SERVER, "baseURL": f"https://me:{SECRET}@a.example"}, "base_url_invalid", "baseURL"),
    ({**SERVER, "baseURL": f"https://a.example/v1?key={SECRET}"}, "base_url_invalid", "baseURL"),
    ({**SERVER, "baseURL": "https://${HOST}/v1"}, "base_url_invalid", "baseURL"),
    ({**SERVER, "baseURL": "$HOST"}, "base_url_invalid", "baseURL"),
    ({**SERVER, "baseURL": "http://a.example/v1/chat/completions"}, "base_url_wrong", "baseURL"),
    ({**CLAUDE, "apiKey": "[REDACTED]"}, "masked_secret", "apiKey"),
    ({**CLAUDE, "apiKey": "****cdef"}, "masked_secret", "apiKey"),
    ({**CLAUDE, "routing": "nowhere"}, "unknown_route", "routing"),
    ({**CLAUDE, "routing": ["direct", 5]}, "unknown_route", "routing[1]"),
    ({"provider": "ollama", "model": "x", "routing": "dexto"}, "route_not_possible", "routing"),
    ({**CLAUDE, "maxInputTokens": "many"}, "wrong_type", "maxInputTokens"),
    ({**CLAUDE, "maxInputTokens": True}, "wrong_type", "maxInputTokens"),
    ({**CLAUDE, "routing": {"first": "direct"}}, "wrong_type", "routing"),
    ({"provider": 5, "model": "x"}, "wrong_type", "provider"),
    ({"provider": "openai", "model": 4.5}, "wrong_type", "model"),
]
WHEN_STRICT: list[tuple[Config, str, str]] = [
    ({"provider": "groq", "model": "llama-3.3-70b-versatile"}, "llm_api_key_missing", "apiKey"),
    ({"provider": "openai-compatible", "model": "x"}, "base_url_missing", "baseURL"),
    ({**SERVER, "baseURL": "$NOT_SET"}, "unresolved_variable", "baseURL"),
    ({"provider": "groq", "model": "llama-3.3-70b-versatile", "apiKey": "$NO"}, "unresolved_variable", "apiKey"),
    ({"provider": "groq", "model": "llama-3.3-70b-versatile", "apiKey": "keyring:no"}, "unresolved_variable", "apiKey"),
    ({**CLAUDE, "apiKey": SECRET}, "plaintext_secret", "apiKey"),
    ({"provider": "openai", "model": "openai/gpt-5"}, "doubled_prefix", "model"),
    ({"provider": "vertex", "model": "vertex_ai/gemini-2.5-pro"}, "doubled_prefix", "model"),
    ({"provider": "azure", "model": "azure/mine"}, "doubled_prefix", "model"),
    ({"provider": "mistral", "model": "no-such-model"}, "llm_api_key_missing", "apiKey"),
]


ONLY_WARNINGS = {
    "foreign_key",
    "model_not_listed",
    "placeholder_secret",
    "reference_not_understood",
    "unknown_field",
    "variable_unread",
}
"""`model_not_listed` is an error with a list of the day."""


@pytest.mark.parametrize(("section", "code", "field"), WRONG, ids=lambda value: str(value)[:60])
def test_what_is_an_error_in_any_case(make_catalog: MakeCatalog, section: Config, code: str, field: str) -> None:
    """What no environment could fix is an error in both modes, at the field that is wrong, with a remedy."""
    catalog = make_catalog(ANTHROPIC_API_KEY="a", HOST="evil.example")
    for strict in (True, False):
        found = validate(catalog, {"llm": section}, strict=strict)
        assert codes(found) == [(code, "error", f"llm.{field}")]
        assert found[0].message
        assert found[0].remedy
        assert SECRET not in str(found)


@pytest.mark.parametrize(("section", "code", "field"), WHEN_STRICT, ids=lambda value: str(value)[:60])
def test_what_is_an_error_when_strict(make_catalog: MakeCatalog, section: Config, code: str, field: str) -> None:
    """What another environment could fix is an error when strict and a warning when relaxed."""
    catalog = make_catalog(ANTHROPIC_API_KEY="a")
    strict, relaxed = (validate(catalog, {"llm": section}, strict=strict) for strict in (True, False))
    assert (code, "error", f"llm.{field}") in codes(strict)
    assert {each.severity for each in relaxed} == {"warning"}
    assert [each._replace(severity="error") for each in relaxed] == [each._replace(severity="error") for each in strict]
    assert SECRET not in str(strict)


@pytest.mark.parametrize("field", ["api_key", "APIKEY", "api-key"])
def test_a_secret_under_another_spelling(make_catalog: MakeCatalog, field: str) -> None:
    """A plaintext key is reported even if the host spells the field differently; a reference is not a plaintext key."""
    catalog = make_catalog(ANTHROPIC_API_KEY="a")
    unknown = ("unknown_field", "warning", f"llm.{field}")
    found = validate(catalog, {"llm": {**CLAUDE, field: SECRET}}, strict=True)
    assert codes(found) == [unknown, ("plaintext_secret", "error", f"llm.{field}")]
    assert SECRET not in str(found)
    assert codes(validate(catalog, {"llm": {**CLAUDE, field: "$ANTHROPIC_API_KEY"}}, strict=True)) == [unknown]


def test_closest_names(make_catalog: MakeCatalog) -> None:
    """For a misspelled provider, model or field, the remedy suggests the closest name."""
    catalog = make_catalog(ANTHROPIC_API_KEY="a")
    wrong = {"provider": "anthropi", "model": "x", "base_url": "x"}
    assert [each.remedy for each in validate(catalog, wrong)] == ["Did you mean `baseURL`?", "Did you mean anthropic?"]
    (found,) = validate(catalog, {**CLAUDE, "model": "claude-sonet-4-5"})
    assert found.code == "model_not_listed"
    assert "anthropic/claude-sonnet-4-5" in found.remedy


@pytest.mark.parametrize(
    ("section", "meant"),
    [
        ({"provider": "openai", "model": "openai/gpt-5"}, "Write gpt-5."),
        ({"model": "openai/openai/gpt-5"}, "Write openai/gpt-5."),
        ({"provider": "ollama", "model": "ollama/mine"}, "Write mine."),
        ({"provider": "openrouter", "model": "openrouter/openai/gpt-5"}, "Write openai/gpt-5."),
        ({"provider": "openrouter", "model": "openrouter/unlisted-yet"}, ""),
        ({"provider": "openai-compatible", "model": "openai/mine", "baseURL": "http://h:1/v1"}, ""),
    ],
)
def test_a_prefix_that_stands_twice(make_catalog: MakeCatalog, section: Config, meant: str) -> None:
    """What is to be written instead of a doubled prefix fits the field; a gateway's own models have its name."""
    found = [each for each in validate(make_catalog(), section) if each.code == "doubled_prefix"]
    assert [each.remedy for each in found] == [meant][: bool(meant)]


def test_an_unknown_field_is_a_warning(make_catalog: MakeCatalog) -> None:
    """An unknown field is only a warning, since the host may define fields of its own."""
    section: dict[Any, Any] = {**CLAUDE, "ourOwn": 1, 5: 6}
    found = validate(make_catalog(ANTHROPIC_API_KEY="a"), section)
    assert codes(found) == [("unknown_field", "warning", "ourOwn"), ("unknown_field", "warning", "5")]


def test_a_key_is_optional_on_this_machine(make_catalog: MakeCatalog) -> None:
    """A key's variable that is not set is a warning for a server on this machine or in a private network."""
    for url in ("http://localhost:1234/v1", "http://192.168.1.5:1234/v1", "http://vllm:8000/v1"):
        found = validate(make_catalog(), {**SERVER, "baseURL": url, "apiKey": "$NOT_SET"})
        assert codes(found) == [("unresolved_variable", "warning", "apiKey")]


def test_a_variable_that_is_not_set_where_a_gateway_runs_it(make_catalog: MakeCatalog) -> None:
    """An unset key variable is a warning if the model can run by another route."""
    found = validate(make_catalog(DEXTO_API_KEY="d"), {**CLAUDE, "apiKey": "$ANTHROPIC_API_KEY"})
    assert codes(found) == [("unresolved_variable", "warning", "apiKey")]
    assert "The model still runs via dexto." in found[0].remedy


def test_a_keyrings_entry_is_known_from_the_index(plugins: Plugins, tmp_path: Path) -> None:
    """A keyring reference is resolved by the index of names."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "keyring.names").write_text("mine\n", encoding="utf-8")
    catalog = Catalog(plugins, Environment({"POLYROUTE_HOME": str(tmp_path)}, home=tmp_path))
    assert validate(catalog, {**SERVER, "apiKey": "keyring:mine"}) == ()


def test_a_key_of_the_environment_is_not_for_a_base_url_in_a_file(make_catalog: MakeCatalog) -> None:
    """The environment's key for a hosted provider goes to a base URL in a file only if the section names the key."""
    section = {"provider": "litellm", "model": "x", "baseURL": "https://elsewhere.example/v1"}
    catalog = make_catalog(LITELLM_API_KEY="l", LITELLM_BASE_URL="http://localhost:4000")
    check = validate(catalog, section)
    assert check == ()  # no key may be needed: the server is called without the environment's key
    assert validate(catalog, {**section, "apiKey": "$LITELLM_API_KEY"}) == ()


def test_a_disabled_provider_has_no_route(make_catalog: MakeCatalog) -> None:
    """If keys are set but all routes are disabled, the code is `no_route`, not a missing key."""
    from polyroute import Preferences

    off = Preferences(disabled_providers=frozenset(["groq"]))
    catalog = make_catalog(off, GROQ_API_KEY="g", DEXTO_API_KEY="d", OPENROUTER_API_KEY="o")
    found = validate(catalog, {"provider": "groq", "model": "openai/gpt-oss-120b"})
    assert codes(found) == [("no_route", "error", "model")]


# --- Sections ---


def test_paths_say_where(make_catalog: MakeCatalog) -> None:
    """Sections are found at the top level and in agents, listed or named, and each finding has the section's path."""
    catalog, bad = make_catalog(), {"provider": "nobody", "model": "x"}
    listed = {"llm": bad, "agents": [{"name": "a"}, {"llm": bad}, 5]}
    named = {"agents": {"writer": {"llm": bad}, "other": None}}
    assert [each.path for each in validate(catalog, listed)] == ["llm.provider", "agents[1].llm.provider"]
    assert [each.path for each in validate(catalog, named)] == ["agents.writer.llm.provider"]
    assert codes(validate(catalog, {"llm": []})) == [("wrong_type", "error", "llm")]


@pytest.mark.parametrize("config", [None, [], "text", {}, {"agents": []}, {"agents": 5}, {"other": 1}])
def test_what_is_no_configuration(make_catalog: MakeCatalog, config: object) -> None:
    """A configuration that names no model is refused."""
    with pytest.raises(UsageError):
        validate(make_catalog(), config)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["provider", "model", "baseURL", "apiKey", "routing", "temperature"])
TEXTS = st.sampled_from(
    ["anthropic", "openrouter", "litellm", "dexto", "gpt-5", "a/b", "$X", "${X", "keyring:", "http://a"]
)


@given(st.dictionaries(FIELDS, JSON | TEXTS, max_size=6))
def test_any_section_at_all(plugins: Plugins, section: dict[str, Any]) -> None:
    """For any section, every finding is complete, and relaxed mode has the same findings."""
    catalog = Catalog(plugins, Environment({}, home="/nonexistent"))
    strict, relaxed = (validate(catalog, {"llm": section}, strict=strict) for strict in (True, False))
    assert all(all(each) for each in strict)
    assert [each.code for each in relaxed] == [each.code for each in strict]


def test_every_code_is_documented(make_catalog: MakeCatalog) -> None:
    """docs/validation.md lists exactly the codes that the checks use."""
    sources = (ROOT / "core" / "polyroute" / "validation").glob("*.py")
    given = set()
    for source in sources:
        text = source.read_text(encoding="utf-8")
        given |= set(re.findall(r'(?:_error|_strict|_warning|Finding|Unlisted|AddressFault)\(\s*"(\w+)"', text))
    page = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == given
    assert {code for _, code, _ in [*WRONG, *WHEN_STRICT]} | ONLY_WARNINGS | {"no_route"} == given


# --- Files ---


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yml", "llm:\n  provider: nobody\n  model: x\n"),
        ("a.YAML", "\ufeffllm: {provider: nobody, model: x}\n"),
        ("a.toml", '[llm]\nprovider = "nobody"\nmodel = "x"\n'),
        ("a.json", '{"llm": {"provider": "nobody", "model": "x"}}'),
    ],
)
def test_formats(shell: Shell, name: str, text: str) -> None:
    """YAML, TOML and JSON are read; errors exit with 1 and are printed on stdout with file, path, code and remedy."""
    (shell.home / name).write_text(text, encoding="utf-8")
    path = str(shell.home / name)
    done = shell.run("check", path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(path)
    assert "error: llm.provider: there is no provider 'nobody'." in " ".join(done.stdout.split())
    document = shell.json("check", path)
    assert (document["schema"], document["valid"], document["problems"]) == (1, False, [])
    (found,) = document["findings"]
    assert found["file"] == path
    assert (found["code"], found["severity"], found["path"]) == ("unknown_provider", "error", "llm.provider")
    assert found["message"]
    assert found["remedy"]


def test_lines_of_yaml(shell: Shell) -> None:
    """A finding in YAML has the line of the field, or of the section that lacks it."""
    path = shell.home / "a.yml"
    path.write_text(
        "agents:\n  - llm:\n      provider: groq\n      model: llama-3.3-70b-versatile\n      odd: 1\n",
        encoding="utf-8",
    )
    lines = {found["path"]: found["line"] for found in shell.json("check", str(path))["findings"]}
    assert lines == {"agents[0].llm.odd": 5, "agents[0].llm.apiKey": 2}


def test_warnings_are_no_no(shell: Shell) -> None:
    """Warnings are printed, but the exit status is 0; without findings, the output says that there are no errors."""
    path = shell.home / "a.json"
    path.write_text(json.dumps({"llm": CLAUDE}), encoding="utf-8")
    done = shell.run("check", str(path), "--relaxed")
    assert (done.returncode, "warning: llm.apiKey" in done.stdout) == (0, True)
    assert shell.json("check", str(path), "--relaxed")["valid"]
    done = shell.run("check", str(path), DEXTO_API_KEY="d")
    assert (done.returncode, done.stdout) == (0, f"{path}: no errors.\n")


def test_several_files(shell: Shell) -> None:
    """Several files are checked at once; a single invalid file makes the exit status 1."""
    good, bad = shell.home / "good.json", shell.home / "bad.json"
    good.write_text(json.dumps({"llm": {"provider": "ollama", "model": "x"}}), encoding="utf-8")
    bad.write_text(json.dumps({"llm": {"provider": "nobody", "model": "x"}}), encoding="utf-8")
    done = shell.run("check", str(good), str(bad), "--json")
    assert done.returncode == 1
    assert [found["file"] for found in json.loads(done.stdout)["findings"]] == [str(bad)]


def test_one_unreadable_file_takes_nothing_from_the_others(shell: Shell) -> None:
    """The findings of readable files are printed, the unreadable file is named, and the exit status is 2."""
    bad, broken = shell.home / "bad.json", shell.home / "broken.json"
    bad.write_text(json.dumps({"llm": {"provider": "nobody", "model": "x"}}), encoding="utf-8")
    broken.write_text("{", encoding="utf-8")
    done = shell.run("check", str(broken), str(bad), "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["valid"]) == (2, False)
    assert [found["file"] for found in document["findings"]] == [str(bad)]
    assert [each["file"] for each in document["unreadable"]] == [str(broken)]
    assert str(broken) in done.stderr


def test_formats_for_ci(shell: Shell) -> None:
    """GitHub's annotations are escaped, and SARIF has rule, level, place and message of each finding."""
    bad = shell.home / "50%,bad.yml"
    bad.write_text("llm:\n  provider: nobody\n  model: x\n", encoding="utf-8")
    done = shell.run("check", str(bad), "--format", "github")
    assert done.returncode == 1
    assert done.stdout.startswith(
        f"::error file={shell.home}/50%25%2Cbad.yml,line=2,col=3,title=unknown_provider::llm."
    )
    report = json.loads(shell.run("check", str(bad), "--format", "sarif").stdout)
    (run,) = report["runs"]
    (result,) = run["results"]
    assert (report["version"], run["invocations"][0]["executionSuccessful"]) == ("2.1.0", True)
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "unknown_provider"
    place = result["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 2, "startColumn": 3}
    assert place["artifactLocation"]["uri"].endswith("/50%25%2Cbad.yml")
    assert (result["level"], bool(result["message"]["text"])) == ("error", True)
    assert shell.run("check", str(bad), "--json", "--format", "sarif").returncode == 2


def test_sarif_is_what_the_standard_says(shell: Shell) -> None:
    """A log with findings at lines, a finding without one, and a file that can't be read follows SARIF's schema."""
    texts = {"a b.yml": "llm:\n  provider: nobody\n  model: x\n", "c.json": "{", "d.env": f"OPENAI_API_KEY={SECRET}\n"}
    for name, text in texts.items():
        (shell.home / name).write_text(text, encoding="utf-8")
    given = "llm: {provider: openai, model: gpt5-mini}\n"
    done = shell.run("check", *(str(shell.home / name) for name in texts), "-", "--format", "sarif", given=given)
    log = json.loads(done.stdout)
    schema = json.loads((ROOT / "tests" / "data" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
    (run,) = log["runs"]
    assert {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]} >= {"stdin"}
    assert (len(run["invocations"][0]["toolExecutionNotifications"]), done.returncode) == (1, 2)


def test_stdin_and_folders(shell: Shell) -> None:
    """Stdin is recognised by its form, and of a folder every file that has a known one is checked."""
    folder = shell.home / "project"
    (folder / "sub").mkdir(parents=True)
    (folder / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    text = '{"$schema": "https://opencode.ai/config.json", "model": "nobody/x"}'
    (folder / "sub" / "opencode.json").write_text(text, encoding="utf-8")
    done = shell.run("check", "-", "--json", given=text)
    assert [each["file"] for each in json.loads(done.stdout)["findings"]] == ["-"]
    found = shell.json("check", str(folder))["findings"]
    assert [(each["file"], each["code"]) for each in found] == [
        (str(folder / "sub" / "opencode.json"), "unknown_provider")
    ]
    assert all(len(line) <= 100 for line in shell.run("check", str(folder)).stdout.splitlines() if "/" not in line)


def bomb(levels: int) -> str:
    """Return a few lines of YAML whose aliases expand to 10 to the power of `levels` values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join([*lines, "llm: {provider: ollama, model: x}"])


def merging(levels: int) -> str:
    """Return the same as `bomb`, with merge keys, which copy what they refer to."""
    lines = ["a0: &a0 {k: v}"] + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, levels)]
    return "\n".join([*lines, "llm: {provider: ollama, model: x}"])


UNREADABLE: list[tuple[str, str | bytes]] = [
    ("a.yml", "llm: [unclosed"),
    ("a.yml", "llm: !!python/object/apply:os.system [touch /tmp/polyroute-owned]"),
    ("a.yml", f"x: '{SECRET}"),
    ("a.yml", "a: *nothing"),
    ("a.yml", "a: &a [*a]\nllm: {provider: ollama, model: x}"),
    ("a.yml", "--- 1\n--- 2\n"),
    ("a.yml", bomb(9)),
    ("a.yml", merging(9)),
    ("a.yml", "[" * LARGEST),
    ("a.yml", ""),
    ("a.yml", "- 1"),
    ("a.yml", "other: 1"),
    ("a.yml", b"\xff\xfe"),
    ("a.toml", f'llm = "{SECRET}'),
    ("a.toml", "a." * 500_000 + "a = 1"),
    ("a.json", f'{{"llm": "{SECRET}'),
    ("a.json", "[" * 100_000),
    ("a.json", " " * (LARGEST + 1)),
    ("a.txt", "some text"),
    ("a", "- 1"),
]


@pytest.mark.parametrize(("name", "content"), UNREADABLE, ids=lambda value: str(value)[:30])
def test_what_is_not_readable_as_a_configuration(shell: Shell, name: str, content: str | bytes) -> None:
    """A file that can't be read as a configuration is refused (exit 2) without running its code or quoting it."""
    path = shell.home / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = shell.run("check", str(path), "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{path} is not readable as a configuration" in done.stderr
    assert SECRET not in done.stderr
    assert not Path("/tmp/polyroute-owned").exists()  # noqa: S108 - the file that the YAML above would create


def test_a_file_that_is_not_there(shell: Shell) -> None:
    """A missing file and a folder are refused (exit 2)."""
    for path in (shell.home / "nothing.yml", shell.ours):
        assert shell.run("check", str(path)).returncode == 2
    folder = shell.home / "folder.yml"
    folder.mkdir()
    assert "no configuration that is known" in shell.run("check", str(folder)).stderr


def test_aliases_within_bounds(tmp_path: Path) -> None:
    """Aliases and merge keys in an ordinary file are read."""
    path = tmp_path / "a.yml"
    path.write_text(
        "base: &b {provider: ollama}\nagents: [{llm: {<<: *b, model: x}}, {llm: {<<: *b, model: y}}]", encoding="utf-8"
    )
    assert read(str(path)).content["agents"][1]["llm"] == {"provider": "ollama", "model": "y"}


def test_without_the_extra_yaml_is_not_read(shell: Shell) -> None:
    """Without the extra `check`, YAML is refused (exit 3) with the name of the extra, and JSON is read."""
    (shell.site.folder / "yaml.py").write_text("raise ImportError\n", encoding="utf-8")
    for name, status in (("a.yml", 3), ("a.json", 0)):
        (shell.home / name).write_text(json.dumps({"llm": {"provider": "ollama", "model": "x"}}), encoding="utf-8")
        done = shell.run("check", str(shell.home / name))
        assert done.returncode == status
    assert "polyroute[check]" in shell.run("check", str(shell.home / "a.yml")).stderr


# --- Examples ---


def test_the_pre_commit_example(shell: Shell) -> None:
    """The hook used by the example exists, matches the example's file, and passes on a machine without keys."""
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    example = ROOT / "examples" / "pre-commit"
    config = yaml.safe_load((example / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (asked,) = config["repos"][0]["hooks"]
    hook = hooks[asked["id"]]
    files = [str(path) for path in sorted(example.iterdir()) if re.search(hook["files"], path.name)]
    assert [Path(path).name for path in files] == ["agent.yml"]
    command = [*hook["entry"].split(), *asked["args"], *files]
    assert command[0] == "polyroute"
    done = shell.run(*command[1:])
    assert (done.returncode, "warning" in done.stdout) == (0, True)


def test_the_ci_example(shell: Shell) -> None:
    """The workflow's command fails without the key from the repository's secrets and passes with it."""
    workflow = yaml.safe_load((ROOT / "examples" / "ci" / "check-models.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["check"]
    (line,) = [step["run"] for step in job["steps"] if step.get("run", "").startswith("polyroute ")]
    example = ROOT / "examples" / "pre-commit"
    words = [str(example / word) if word == "agent.yml" else word for word in line.split()[1:]]
    assert shell.run(*words).returncode == 1
    assert shell.run(*words, **dict.fromkeys(job["env"], "k")).returncode == 0
