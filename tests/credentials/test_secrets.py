"""No secret in any output, text form, pickle or error; `reveal()` is the only way to one.

Every place where a secret can lie holds a canary: a long value of its own that starts like all the others.
"""

from __future__ import annotations

import copy
import json
import os
import pickle
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from polyroute import (
    Alternative,
    Catalog,
    Credential,
    Detection,
    Environment,
    Group,
    InvalidModelReference,
    ModelRef,
    NoEffectiveRoute,
    Plugins,
    PolyrouteError,
    Preferences,
    Provider,
    SecretUnavailable,
    Slot,
    Source,
    UnknownProvider,
    explain,
    hookimpl,
)
from polyroute.documents import catalog as catalog_documents
from polyroute.documents import models as model_documents
from polyroute.documents import plugins as plugin_documents
from polyroute.documents.model_rows import RowDocuments
from polyroute.model_list.order import ModelOrder
from polyroute.model_list.rows import ModelRows
from tests.support import fork_server
from tests.support.shell import POLYROUTE

MARK = "sk-canary-7f3a9c"
SETTINGS = {
    "AWS_REGION": "eu-west-1",
    "AZURE_RESOURCE_NAME": "name",
    "DATABRICKS_HOST": "host.example",
    "GOOGLE_VERTEX_PROJECT": "project",
    "LITELLM_BASE_URL": "http://localhost:4000",
    "OPENAI_BASE_URL": "http://localhost:5000",
}
MODELS = ["anthropic/claude-sonnet-4-5", "openrouter/x", "bedrock/x", "ollama/llama", "groq/nothing-like-that"]


def canary(name: str) -> str:
    """Return the secret that is stored at `name` and nowhere else."""
    return f"{MARK}-{name}-{'0123456789abcdef' * 4}"


def secret_sections() -> list[dict[str, object]]:
    """Return sections of a host's configuration with a secret wherever a user may write one."""
    models: list[dict[str, object]] = [
        {"provider": name, "model": "x"} for name in ("anthropic", "openai-compatible", "nobody", "dexto")
    ]
    places: list[dict[str, object]] = [
        {"apiKey": canary("config-key")},
        {"apiKey": [canary("config-list")]},
        {"baseURL": f"https://me:{canary('config-user')}@host.example/v1?key={canary('config-query')}"},
        {"headers": {"Authorization": canary("config-header")}, "routing": canary("config-routing")},
    ]
    return [{**model, **place} for model in models for place in places]


def secret_files() -> dict[str, str]:
    """Return every file that holds secrets, each secret a canary."""
    login = {name: canary(name) for name in ("token", "refreshToken", "dextoApiKey", "openRouterApiKey")}
    keys = [f"{key} = {canary(key)}" for key in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")]
    identity = {"client_secret": canary("adc"), "refresh_token": canary("adc-refresh"), "type": "authorized_user"}
    return {
        ".dexto/auth.json": json.dumps(login),
        ".dexto/.env": f"GROQ_API_KEY={canary('global-dotenv')}\nUNRELATED={canary('unrelated')}\n",
        ".aws/credentials": "\n".join(["[default]", *keys, ""]),
        ".config/gcloud/application_default_credentials.json": json.dumps(identity),
        "project/.env": f"XAI_API_KEY={canary('project-dotenv')}\n",
        "agent.json": json.dumps({"agents": [{"llm": section} for section in secret_sections()]}),
        "agent.yml": f"llm: {{provider: anthropic, model: x, apiKey: {canary('yaml')}, 5: {canary('yaml-other')}}}",
        "broken.toml": f"[llm]\napiKey = {canary('toml')}\n",
    }


def secret_variables(plugins: Plugins) -> dict[str, str]:
    """Return every variable that may hold a secret, each with a canary, except for two that are read from files."""
    service_key = {"clientsecret": canary("sap"), "serviceurls": {"AI_API_URL": "https://sap.example"}}
    variables = {name: canary(name) for name in plugins.readers if name not in ("GROQ_API_KEY", "XAI_API_KEY")}
    return {
        **variables,
        "DEXTO_API_KEY": canary("DEXTO_API_KEY"),
        "SOMETHING_ELSE": canary("SOMETHING_ELSE"),
        "AICORE_SERVICE_KEY": json.dumps(service_key),
    }


def write(home: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home whose files hold canaries."""
    write(tmp_path, secret_files())
    return tmp_path


@pytest.fixture(params=["all", "logins", "broken"])
def catalog(request: pytest.FixtureRequest, plugins: Plugins, home: Path) -> Catalog:
    """Return a catalog of canaries: with everything set, with files only, or with files that can't be parsed."""
    variables = secret_variables(plugins) | SETTINGS if request.param == "all" else {"AWS_REGION": "eu-west-1"}
    if request.param == "broken":
        write(
            home, {".dexto/auth.json": f"[{canary('a')}", ".aws/credentials": canary("b"), "config.toml": canary("c")}
        )
        (home / ".dexto" / ".env").write_bytes(b"\xff" + canary("d").encode())
        variables = {name: f"{canary(name)} ?" for name in SETTINGS} | {"AICORE_SERVICE_KEY": canary("e")}
    environment = Environment({"POLYROUTE_HOME": str(home), **variables}, home=home, trusted_project=home / "project")
    return Catalog(plugins, environment, Preferences.load(environment))


def texts(value: object) -> Iterator[str]:
    """Yield every text form that Python has for a value."""
    yield from (repr(value), str(value), f"{value}", ascii(value), "%s %r" % (value, value))  # noqa: UP031


def reachable(value: object, seen: dict[int, object]) -> Iterator[object]:
    """Yield everything reachable from a value, except the internals of an environment and of loaded code."""
    if id(value) in seen or isinstance(value, (type, Environment)) or callable(value):
        yield value
        return
    seen[id(value)] = value
    yield value
    parts: list[object] = []
    if isinstance(value, Mapping):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, (tuple, list, set, frozenset)):
        parts = list(value)
    elif type(value).__module__.startswith("polyroute"):
        names = [*getattr(value, "__dict__", ()), *getattr(type(value), "__slots__", ())]
        parts = [getattr(value, name) for name in names]
    for part in parts:
        yield from reachable(part, seen)


def raised(call: Callable[..., object], *arguments: object) -> PolyrouteError:
    with pytest.raises(PolyrouteError) as caught:
        call(*arguments)
    return caught.value


# --- Text forms ---


def test_the_canaries_are_found(plugins: Plugins, home: Path) -> None:
    """The canaries can be leaked: with all of them set, nearly every provider is usable by one."""
    environment = Environment(secret_variables(plugins) | SETTINGS, home=home, trusted_project=home / "project")
    catalog = Catalog(plugins, environment)
    direct = [each for each in catalog.status().providers.values() if each.has_direct_key]
    assert len(direct) > 0.9 * len(plugins.providers)
    revealed = {canary_of(catalog, each.provider.id) for each in direct} - {None}
    assert len(revealed) > 100
    assert all(secret and secret.startswith(MARK) for secret in revealed)


def canary_of(catalog: Catalog, provider: str) -> str | None:
    route = next(route for route in catalog.provider(provider).routes if route.via == "direct")
    try:
        return catalog.environment.reveal(route.credential) or None
    except SecretUnavailable:
        return None


def test_no_secret_in_anything_that_hangs_on_a_catalog(catalog: Catalog) -> None:
    """No object that is reachable from a catalog holds a secret or has one in any of its text forms."""
    for name in catalog.plugins.providers:
        catalog.provider(name)
    answers = [catalog, catalog.status(), catalog.problems, [catalog.routes(model) for model in MODELS]]
    leaking = [
        type(each)
        for each in reachable(answers, {})
        if any(MARK in text for text in ([each] if isinstance(each, str) else texts(each)))
    ]
    assert leaking == []


def test_no_secret_in_an_environment(catalog: Catalog) -> None:
    """No text form of an environment and none of its public attributes holds a secret."""
    environment = catalog.environment
    public = [getattr(environment, name) for name in dir(environment) if not name.startswith("_")]
    shown = [*texts(environment), *(text for each in public for text in texts(each)), *environment.names]
    assert not any(MARK in text for text in shown)


def test_no_secret_in_an_explanation(catalog: Catalog) -> None:
    """The explanation of a provider or model holds no secret."""
    for subject in [*catalog.plugins.providers, *MODELS]:
        explanation = explain(catalog, subject)
        assert not any(MARK in text for text in [*texts(explanation), *explanation.lines])


def test_no_secret_in_a_document(catalog: Catalog) -> None:
    """No JSON document holds a secret."""
    subjects = [*catalog.plugins.providers, *MODELS]
    rows, row_documents = ModelRows(catalog), RowDocuments(catalog, ModelOrder())
    found: list[object] = [
        catalog_documents.status(catalog.status()),
        plugin_documents.plugins(catalog),
        *(
            catalog_documents.resolution(
                ModelRef("a", "b"), catalog.routes(model), catalog.elsewhere(MODELS[0]), catalog.problems
            )
            for model in MODELS
        ),
        *(catalog_documents.explanation(explain(catalog, name), catalog.problems) for name in subjects),
        model_documents.models(rows.all, catalog),
        [row_documents.details(row) for row in rows.all if "claude" in row.id],
    ]
    assert MARK not in json.dumps(found)


def test_no_secret_in_an_error(catalog: Catalog) -> None:
    """No error holds a secret, in its text or in its attributes."""
    without = Catalog(
        catalog.plugins, catalog.environment, Preferences(disabled_providers=frozenset({"dexto", "groq"}))
    )
    errors = [
        raised(catalog.provider, "nobody"),
        raised(catalog.routes, "no-slash"),
        raised(catalog.routes, "dexto/x"),
        raised(without.resolve, "groq/nothing-like-that"),
        *(raised(catalog.environment.reveal, each) for each in unavailable(catalog)),
    ]
    kinds = {type(error) for error in errors}
    assert kinds >= {UnknownProvider, InvalidModelReference, NoEffectiveRoute, SecretUnavailable}
    for error in errors:
        attributes = [text for value in vars(error).values() for text in texts(value)]
        assert not any(MARK in text for text in [*texts(error), *attributes, *map(str, error.args)])


def unavailable(catalog: Catalog) -> list[Credential]:
    """Return credentials whose secret is not available: an identity, and credentials that no longer exist."""
    where = str(Path(catalog.environment.home) / ".aws" / "credentials")
    return [
        Credential("bedrock", "https://x.example", "cloud-identity", Source("env", "AWS_ACCESS_KEY_ID")),
        Credential("dexto", "https://x.example", source=Source("file", path=where, field="dextoApiKey")),
        Credential("openai", "https://x.example", source=Source("env", "OPENAI_API_KEY", field="not.json")),
        Credential("openai", "https://x.example", source=Source("env", "NOWHERE")),
        Credential("openai", "https://x.example", source=Source("plugin", "nobody"), plugin="nobody"),
    ]


def test_no_secret_in_a_traceback(catalog: Catalog) -> None:
    """The traceback of an error holds no secret, not even one that lists the variables of each frame."""
    for credential in unavailable(catalog):
        error = raised(catalog.environment.reveal, credential)
        whole = traceback.TracebackException.from_exception(error, capture_locals=True)
        frames = "".join(whole.format())
        assert "reveal" in frames
        assert MARK not in frames


# --- Pickles and copies ---


@pytest.mark.parametrize("make", [pickle.dumps, copy.copy, copy.deepcopy])
def test_an_environment_refuses_to_be_copied(catalog: Catalog, make: Callable[[Any], object]) -> None:
    """An environment can't be pickled or copied, alone or inside another object, and the error holds no secret."""
    for each in (catalog.environment, Environment({"OPENAI_API_KEY": canary("x")}, home="/nonexistent")):
        with pytest.raises(TypeError, match="can't be pickled or copied") as caught:
            make(each)
        assert MARK not in str(caught.value)


@pytest.mark.parametrize("make", [pickle.dumps, copy.deepcopy])
def test_a_catalog_is_not_pickled_with_its_environment(catalog: Catalog, make: Callable[[Any], object]) -> None:
    """An object that holds an environment can't be pickled or deep-copied either."""
    with pytest.raises(TypeError):
        make(catalog)


def test_no_secret_in_a_pickled_answer(catalog: Catalog) -> None:
    """Results can be pickled, and their pickles hold no secret."""
    answers = [*catalog.status().providers.values(), *catalog.problems, *(catalog.routes(model) for model in MODELS)]
    assert MARK.encode() not in pickle.dumps(answers)


# --- Revealing ---


def test_reveal_reads_each_secret_where_it_lies(plugins: Plugins, home: Path) -> None:
    """Each credential reveals the secret of its own place, and no other."""
    environment = Environment({"OPENAI_API_KEY": canary("o")}, home=home, trusted_project=home / "project")
    catalog = Catalog(plugins, environment)
    expected = {
        "openai": canary("o"),
        "groq": canary("global-dotenv"),
        "xai": canary("project-dotenv"),
        "dexto": canary("dextoApiKey"),
        "openrouter": canary("openRouterApiKey"),
    }
    assert {name: canary_of(catalog, name) for name in expected} == expected


def test_each_reveal_can_be_recorded(plugins: Plugins, home: Path) -> None:
    """The host's callback gets each credential whose secret is read, without the secret, and nothing else."""
    told: list[object] = []
    environment = Environment({"OPENAI_API_KEY": canary("o")}, home=home, on_reveal=told.append)
    catalog = Catalog(plugins, environment)
    catalog.status()
    catalog.resolve("openai/gpt-5")
    assert told == []
    for _ in range(2):
        canary_of(catalog, "openai")
    canary_of(catalog.reload(), "groq")
    sources = [str(each.source) for each in told if isinstance(each, Credential)]
    assert sources == ["env OPENAI_API_KEY", "env OPENAI_API_KEY", "global .env GROQ_API_KEY"]
    assert MARK not in repr(told)


def test_a_reveal_that_the_host_forbids(home: Path, plugins: Plugins) -> None:
    """If the host's callback raises, the secret is not read."""

    def forbid(credential: Credential) -> None:
        raise PermissionError(credential.provider)

    catalog = Catalog(plugins, Environment({"OPENAI_API_KEY": canary("o")}, home=home, on_reveal=forbid))
    with pytest.raises(PermissionError, match="openai"):
        canary_of(catalog, "openai")


class Login:
    """A host's plugin that finds a login of its own, and reads the token on request."""

    def __init__(self) -> None:
        self.asked: list[Credential] = []
        self.token: str | None = canary("login")

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return one provider with a login and one with a key."""
        key = Slot("key", (Alternative("ACME_KEY"),), secret=True)
        return [
            Provider("acme", "Acme", base_url="https://acme.example/v1"),
            Provider("acme-key", "Acme by key", requirement=(Group((key,)),), base_url="https://acme.example/v2"),
        ]

    @hookimpl
    def polyroute_credentials(self) -> list[Detection]:
        """Return a login, always."""
        return [Detection("acme", "oauth-token", Source("plugin", "login"))]

    @hookimpl
    def polyroute_secrets(self, credential: Credential) -> str | None:
        """Return the token, and record the credential."""
        self.asked.append(credential)
        return self.token


class Curious:
    """A plugin that would return a secret for every credential."""

    def __init__(self) -> None:
        self.asked: list[Credential] = []

    @hookimpl
    def polyroute_secrets(self, credential: Credential) -> str:
        """Never be called, since this plugin found no credential."""
        self.asked.append(credential)
        return "a secret of its own making"


def test_a_plugin_is_asked_only_for_its_own_secrets(home: Path) -> None:
    """Only the plugin that found a credential is asked for its secret, only by `reveal`, and each time anew."""
    curious, login = Curious(), Login()
    plugins = Plugins.load([curious, login], only=["dexto", "openrouter"])
    catalog = Catalog(plugins, Environment({"ACME_KEY": canary("k")}, home=home))
    catalog.status()
    explain(catalog, "acme")
    assert login.asked == []
    assert [canary_of(catalog, name) for name in ("acme-key", "dexto")] == [canary("k"), canary("dextoApiKey")]
    assert login.asked == []
    assert canary_of(catalog, "acme") == canary("login")
    login.token = canary("fresh")
    assert canary_of(catalog.reload(), "acme") == canary("fresh")
    assert [(each.provider, each.plugin) for each in login.asked] == [("acme", "Login")] * 2
    assert curious.asked == []


@pytest.mark.parametrize("token", [None, ""])
def test_a_plugin_that_has_lost_its_secret(home: Path, token: str | None) -> None:
    """If a plugin no longer has its secret, `reveal` raises, and no other plugin is asked."""
    curious, login = Curious(), Login()
    login.token = token
    catalog = Catalog(Plugins.load([login, curious], only=[]), Environment({}, home=home))
    route = catalog.provider("acme").routes[0]
    with pytest.raises(SecretUnavailable, match="acme"):
        catalog.environment.reveal(route.credential)
    assert curious.asked == []


def test_an_environment_alone_asks_no_plugin(home: Path) -> None:
    """The catalog's environment reveals a plugin's secret; an environment without a catalog has no plugins."""
    login = Login()
    environment = Environment({}, home=home)
    route = Catalog(Plugins.load([login], only=[]), environment).provider("acme").routes[0]
    with pytest.raises(SecretUnavailable):
        environment.reveal(route.credential)
    assert login.asked == []


def test_what_has_no_secret(plugins: Plugins, home: Path) -> None:
    """A cloud identity raises an error that says so; if no key is needed, an empty text is revealed."""
    catalog = Catalog(plugins, Environment({"AWS_REGION": "eu-west-1"}, home=home))
    with pytest.raises(SecretUnavailable, match=r"bedrock .*no single secret. Use the cloud's own SDK"):
        catalog.environment.reveal(catalog.provider("bedrock").routes[0].credential)
    assert catalog.environment.reveal(catalog.provider("ollama").routes[0].credential) == ""


# --- The command line ---

COMMANDS: list[list[str]] = [
    ["status"],
    ["status", "--all"],
    ["status", "EVERYBODY"],
    ["status", "nobody"],
    ["explain", "bedrock"],
    ["explain", "nobody"],
    *(["explain", model] for model in MODELS),
    *(["resolve", model] for model in MODELS),
    ["resolve", "no-slash"],
    ["resolve", "z-ai/glm-4.5-air:free"],
    ["models", "claude"],
    ["models", "--available", "--provider", "openai"],
    ["models", "--provider", "nobody"],
    ["plugins"],
    ["prefer", "direct"],
    ["prefer", "nowhere"],
    ["prefer", "direct", "--for", "nobody"],
    ["prefer"],
    ["prefer", "--unset", "--for", "openrouter"],
    ["keys", "list"],
    ["keys", "list", "EVERYBODY"],
    ["keys", "list", MARK],
    *(["keys", "set", provider] for provider in ("anthropic", "openrouter", "bedrock", "ollama", MARK)),
    ["keys", "set", "anthropic", f"{MARK}-argument"],
    ["keys", "remove", "anthropic"],
    ["keys", "remove", "groq"],
    *(["credential", model] for model in MODELS),
    *(["check", name] for name in ("HOME/agent.json", "HOME/agent.yml", "HOME/broken.toml")),
    ["check", "HOME/agent.json", "--relaxed"],
    ["completion", "bash"],
    ["bad-command"],
    ["status", "--bad-option"],
    ["--version"],
]


@pytest.mark.slow
@pytest.mark.parametrize("state", ["all", "broken"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_tells_a_secret(plugins: Plugins, home: Path, command: list[str], state: str) -> None:
    """No command prints a secret, on stdout or stderr, with and without --json, with valid and invalid input.

    With broken files every other command is run with --json, since all of them tell the same problems.
    """
    cache = Path(os.environ["POLYROUTE_HOME"]) / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (home / "ours").mkdir()
    (home / "ours" / "cache").symlink_to(cache)
    variables = secret_variables(plugins) | SETTINGS
    if state == "broken":
        write(home, {".dexto/auth.json": f"[{canary('a')}", ".aws/credentials": canary("b")})
        write(home, {"ours/config.toml": f"{canary('c')} {canary('d')}\n"})
        variables = {name: f"{canary(name)} ?" for name in SETTINGS} | {"AICORE_SERVICE_KEY": canary("e")}
    words = [name for word in command for name in (plugins.providers if word == "EVERYBODY" else [word])]
    words = [word.replace("HOME", str(home)) for word in words]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "POLYROUTE_HOME": str(home / "ours"), **variables}
    forms = [words, [*words, "--json"]]
    for arguments in forms if state == "all" else [forms[COMMANDS.index(command) % 2]]:
        done = fork_server.run([POLYROUTE, *arguments], environment, canary("stdin"))
        assert done.stdout or done.stderr
        assert MARK not in done.stdout + done.stderr


class Careless:
    """A plugin whose error message contains a key."""

    @hookimpl
    def polyroute_credentials(self, environment: Environment) -> None:
        """Raise an error with the key in its message."""
        raise ValueError(environment.setting("OPENAI_API_KEY"))


def test_a_plugins_error_quotes_no_secret() -> None:
    """For an error in a hook that receives secrets, only its type is reported."""
    catalog = Catalog.load([Careless()], only=[], environment=Environment({"OPENAI_API_KEY": MARK}, home="/nowhere"))
    assert [MARK in str(problem) for problem in catalog.problems] == [False]
    assert "ValueError" in str(catalog.problems)
