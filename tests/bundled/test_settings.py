"""What the bundled providers read: names and forms of settings, addresses beside keys, and values that are no keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyroute import Catalog, Environment, Plugins, Route, Source, explain
from polyroute.credentials import keys
from polyroute.requirements import key_values
from tests.support.catalogs import MakeCatalog

ADC = ".config/gcloud/application_default_credentials.json"


def direct(catalog: Catalog, name: str) -> Route:
    """Return the direct route to a provider or to a model."""
    routes = catalog.routes(name) if "/" in name else catalog.provider(name).routes
    return next(route for route in routes if route.via == "direct")


VERTEX = "https://europe-west4-aiplatform.googleapis.com/v1/projects/{}/locations/europe-west4"


@pytest.mark.parametrize("name", ["vertex", "vertex-anthropic"])
@pytest.mark.parametrize(
    "location",
    ["GOOGLE_VERTEX_LOCATION", "GOOGLE_CLOUD_LOCATION", "VERTEXAI_LOCATION", "CLOUD_ML_REGION", "GOOGLE_LOC"],
)
@pytest.mark.parametrize(
    "project", ["GOOGLE_VERTEX_PROJECT", "VERTEXAI_PROJECT", "ANTHROPIC_VERTEX_PROJECT_ID", "GCLOUD_PROJECT"]
)
def test_vertex_by_the_names_of_other_tools(make_catalog: MakeCatalog, name: str, location: str, project: str) -> None:
    """Project and location are read from the variables of every tool; a project may belong to a domain."""
    found = make_catalog(files={ADC: "{}"}, **{project: "example.com:p", location: "europe-west4"})
    assert direct(found, name).base_url == VERTEX.format("example.com:p")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (ADC, '{"quota_project_id": "mine"}'),
        ("key.json", '{"type": "service_account", "project_id": "mine"}'),
        (".config/gcloud/configurations/config_default", "[core]\nproject = mine\n"),
        (ADC, '{"quota_project_id": "projects/mine"}'),
    ],
)
def test_the_project_of_a_key_file_or_of_gcloud(make_catalog: MakeCatalog, path: str, text: str) -> None:
    """Without a variable the project is that of the key file, else that of gcloud's configuration."""
    key = {"GOOGLE_APPLICATION_CREDENTIALS": "~/key.json"} if path == "key.json" else {}
    found = make_catalog(files={ADC: "{}", path: text}, VERTEXAI_LOCATION="europe-west4", **key)
    assert direct(found, "vertex").base_url == VERTEX.format("mine")


@pytest.mark.parametrize(
    ("active", "variables", "project"),
    [
        ("work\n", {}, "at-work"),
        ("work\n", {"CLOUDSDK_ACTIVE_CONFIG_NAME": "home"}, "at-home"),
        ("home", {"CLOUDSDK_CONFIG": "~/.config/gcloud"}, "at-home"),
        ("../configurations/config_work", {}, ""),
        ("absent", {}, ""),
    ],
)
def test_the_active_configuration_of_gcloud(
    make_catalog: MakeCatalog, active: str, variables: dict[str, str], project: str
) -> None:
    """The project is that of the configuration that gcloud has noted as active, or that a variable names."""
    folder = ".config/gcloud/"
    files = {
        ADC: "{}",
        f"{folder}active_config": active,
        f"{folder}configurations/config_work": "[core]\nproject = at-work\n",
        f"{folder}configurations/config_home": "[core]\nproject = at-home\n",
    }
    route = direct(make_catalog(files=files, VERTEXAI_LOCATION="europe-west4", **variables), "vertex")
    assert route.base_url == (VERTEX.format(project) if project else "")


def test_a_key_file_that_is_gone(make_catalog: MakeCatalog) -> None:
    """GOOGLE_APPLICATION_CREDENTIALS with a path that leads nowhere is no login, whatever gcloud has."""
    nowhere = {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere", "VERTEXAI_PROJECT": "p"}
    route = direct(make_catalog(files={ADC: "{}"}, **nowhere), "vertex")
    assert (route.usable, "GOOGLE_APPLICATION_CREDENTIALS" in route.reason) == (False, True)


@pytest.mark.parametrize(
    ("variable", "value", "base_url"),
    [
        ("AZURE_RESOURCE_NAME", "mine", "https://mine.openai.azure.com/openai/v1"),
        ("AZURE_OPENAI_ENDPOINT", "https://mine.openai.azure.com/", "https://mine.openai.azure.com/openai/v1"),
        (
            "AZURE_API_BASE",
            "https://mine.services.ai.azure.com/api/projects/p",
            "https://mine.openai.azure.com/openai/v1",
        ),
        ("AZURE_RESOURCE_NAME", "https://apim.example/x/openai/v1", "https://apim.example/x/openai/v1"),
        ("AZURE_API_BASE", "mine", "https://mine.openai.azure.com/openai/v1"),
        ("AZURE_OPENAI_API_INSTANCE_NAME", "mine", "https://mine.openai.azure.com/openai/v1"),
        (
            *("AZURE_OPENAI_BASE_PATH", "https://mine.openai.azure.com/openai/deployments"),
            "https://mine.openai.azure.com/openai/v1",
        ),
        (
            *("AZURE_INFERENCE_ENDPOINT", "https://mine.services.ai.azure.com/models?api-version=2024-05-01-preview"),
            "https://mine.openai.azure.com/openai/v1",
        ),
        ("AZURE_ENDPOINT", "https://mine.openai.azure.us", "https://mine.openai.azure.us/openai/v1"),
    ],
)
def test_azure_by_name_or_by_address(make_catalog: MakeCatalog, variable: str, value: str, base_url: str) -> None:
    """A resource may be given by its name or by its address, in the variable of either."""
    assert direct(make_catalog(AZURE_API_KEY="k", **{variable: value}), "azure").base_url == base_url


def test_a_token_of_entra(make_catalog: MakeCatalog) -> None:
    """A token of Microsoft Entra is sent as Bearer, where a key has a header of its own."""
    route = direct(make_catalog(AZURE_OPENAI_AD_TOKEN="t", AZURE_RESOURCE_NAME="mine"), "azure")
    assert (route.usable, tuple(route.auth)) == (True, ("Authorization", "Bearer "))
    assert direct(make_catalog(AZURE_API_KEY="k", AZURE_RESOURCE_NAME="mine"), "azure").auth.name == "api-key"


@pytest.mark.parametrize(
    ("variable", "value", "base_url", "key"),
    [
        ("VLLM_BASE_URL", "gpu_1", "http://gpu_1:8000/v1", "VLLM_API_KEY"),
        ("HOSTED_VLLM_API_BASE", "http://gpu:9/v1/chat/completions", "http://gpu:9/v1", "VLLM_API_KEY"),
        ("LEMONADE_API_BASE", "http://box:8000", "http://box:8000/api/v1", "LEMONADE_API_KEY"),
        ("XINFERENCE_API_BASE", "0.0.0.0:9997", "http://127.0.0.1:9997/v1", "XINFERENCE_API_KEY"),
        ("DOCKER_MODEL_RUNNER_API_BASE", "localhost", "http://localhost:12434/engines/v1", ""),
    ],
)
def test_a_server_with_variables_of_its_own(
    make_catalog: MakeCatalog, variable: str, value: str, base_url: str, key: str
) -> None:
    """A server is found by its own variables, and gets its own key, never that of another server or of OpenAI."""
    others = {"OPENAI_API_KEY": "k", "VLLM_API_KEY": "v", "LEMONADE_API_KEY": "l", "XINFERENCE_API_KEY": "x"}
    found = make_catalog(**{variable: value, **({key: "mine"} if key else {})})
    mixed = make_catalog(**{**others, variable: value, **({key: "mine"} if key else {})})
    for catalog in (found, mixed):
        route = direct(catalog, "vllm")
        assert (route.usable, route.base_url) == (True, base_url)
        revealed = catalog.environment.reveal(route.credential) if key else ""
        assert revealed == ("mine" if key else "")


@pytest.mark.parametrize(
    ("value", "base_url"),
    [
        ("http://host:11434", "http://host:11434/v1"),
        ("http://host:11434/v1/", "http://host:11434/v1"),
        ("http://ollama_1:11434/v1/chat/completions", "http://ollama_1:11434/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),  # noqa: S104 - nothing is bound
        ("host:1", "http://host:1/v1"),
        (":1", "http://127.0.0.1:1/v1"),
        ("[::]:1", "http://[::1]:1/v1"),
        ("::1", "http://[::1]:11434/v1"),
        ("https://host.example/ollama", "https://host.example/ollama"),
    ],
)
@pytest.mark.parametrize("variable", ["OLLAMA_HOST", "OLLAMA_BASE_URL"])
def test_ollama_wherever_it_listens(make_catalog: MakeCatalog, variable: str, value: str, base_url: str) -> None:
    """The address of Ollama is understood in every form in which it listens, and without /v1."""
    assert direct(make_catalog(**{variable: value}), "ollama").base_url == base_url


@pytest.mark.parametrize("value", ["http://host:99999", "ftp://host", "http://user@host/v1"])
def test_an_address_that_is_none(make_catalog: MakeCatalog, value: str) -> None:
    """A port, scheme or user name that can't be is refused."""
    assert not direct(make_catalog(OLLAMA_BASE_URL=value), "ollama").usable


@pytest.mark.parametrize(
    ("provider", "key", "variable", "value", "base_url"),
    [
        ("openai", "OPENAI_API_KEY", "OPENAI_BASE_URL", "http://my_host:1/v1/", "http://my_host:1/v1"),
        ("openai", "OPENAI_API_KEY", "OPENAI_API_BASE", "http://host:1", "http://host:1/v1"),
        ("anthropic", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "https://h.example/a", "https://h.example/a/v1"),
        ("groq", "GROQ_API_KEY", "GROQ_BASE_URL", "https://h.example", "https://h.example/openai/v1"),
        ("mistral", "MISTRAL_API_KEY", "MISTRAL_API_BASE", "https://h.example/v1", "https://h.example/v1"),
        ("google", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL", "https://h.example", "https://h.example/v1beta"),
        ("openrouter", "OPENROUTER_API_KEY", "OPENROUTER_API_BASE", "https://h.example", "https://h.example/api/v1"),
    ],
)
def test_an_address_beside_a_key(
    make_catalog: MakeCatalog, provider: str, key: str, variable: str, value: str, base_url: str
) -> None:
    """A key goes to the address that is set beside it, completed as the vendor's SDK does; the reason names it."""
    route = direct(make_catalog(**{key: "EMPTY", variable: value}), provider)
    assert (route.usable, route.base_url) == (True, base_url)
    assert route.credential is not None
    assert (route.credential.endpoint, route.credential.address) == (base_url, variable)
    assert variable in route.reason


AWS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"}
PROJECT = {"GOOGLE_CLOUD_PROJECT": "p", "VERTEXAI_LOCATION": "europe-west4"}
PLACE = "/v1/projects/p/locations/europe-west4"


@pytest.mark.parametrize(
    ("variables", "model", "base_url", "protocol"),
    [
        ({"AWS_ENDPOINT_URL": "https://h.example"}, "bedrock/eu.a.b-v1", "https://h.example", "bedrock-converse"),
        (
            {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "https://h.example/", "AWS_ENDPOINT_URL": "https://s3.example"},
            *("bedrock/eu.a.b-v1", "https://h.example", "bedrock-converse"),
        ),
        (
            {"GOOGLE_VERTEX_BASE_URL": "https://h.example"},
            *("vertex/gemini-2.5-pro", f"https://h.example{PLACE}", "vertex-generate-content"),
        ),
        (
            {"ANTHROPIC_VERTEX_BASE_URL": "https://h.example/v1"},
            *("vertex/claude-newer@20301001", f"https://h.example{PLACE}", "vertex-anthropic"),
        ),
        (
            {"GOOGLE_VERTEX_BASE_URL": "https://h.example"},
            *("vertex/newer-maas", f"https://h.example{PLACE}/endpoints/openapi", "openai-chat"),
        ),
    ],
)
def test_a_cloud_at_another_address(
    make_catalog: MakeCatalog, variables: dict[str, str], model: str, base_url: str, protocol: str
) -> None:
    """A cloud of the user's own is called at the address that its SDKs read, as its models are called elsewhere."""
    route = direct(make_catalog(files={ADC: "{}"}, **AWS, **PROJECT, **variables), model)
    assert (route.usable, route.base_url, route.protocol) == (True, base_url, protocol)
    assert route.credential is not None
    assert (route.credential.endpoint, route.credential.address) == (base_url, next(iter(variables)))


@pytest.mark.parametrize(
    ("name", "base_url", "protocol"),
    [
        (
            "projects/a.example:q/locations/global/publishers/anthropic/models/claude-newer@20301001",
            "https://aiplatform.googleapis.com/v1/projects/a.example:q/locations/global",
            "vertex-anthropic",
        ),
        ("publishers/google/models/gemini-newer", VERTEX.format("p"), "vertex-generate-content"),
    ],
)
def test_a_full_resource_name(make_catalog: MakeCatalog, name: str, base_url: str, protocol: str) -> None:
    """The full name of a model on Vertex says project, location and protocol, and its last part is sent."""
    route = direct(make_catalog(files={ADC: "{}"}, **PROJECT), f"vertex/{name}")
    assert (route.base_url, route.protocol, route.model_id) == (base_url, protocol, name.rpartition("/")[2])


def test_an_endpoint_of_vertex(make_catalog: MakeCatalog) -> None:
    """A tuned model is called in the project and location of its endpoint, by its whole name."""
    name = "projects/q/locations/asia-east1/endpoints/4965075652664360960"
    route = direct(make_catalog(files={ADC: "{}"}, **PROJECT), f"vertex/{name}")
    assert (route.usable, route.model_id, route.protocol) == (True, name, "vertex-generate-content")
    assert route.base_url == "https://asia-east1-aiplatform.googleapis.com/v1/projects/q/locations/asia-east1"


DATABRICKS = (
    "[DEFAULT]\nhost = https://adb-1.example/\ntoken = dapi1\n[work]\nhost = https://w.example\ntoken = dapi2\n"
)
AICORE = {
    "CLIENT_ID": "sb",
    "CLIENT_SECRET": "s3",
    "AUTH_URL": "https://a.example",
    "BASE_URL": "https://api.example/v2",
}
CONFIG = json.dumps({f"AICORE_{name}": value for name, value in AICORE.items()})
BOUND = json.dumps(
    {"aicore": [{"credentials": {"clientsecret": "s", "serviceurls": {"AI_API_URL": "https://api.example"}}}]}
)


@pytest.mark.parametrize(
    ("provider", "files", "variables", "base_url"),
    [
        ("databricks", {".databrickscfg": DATABRICKS}, {}, "https://adb-1.example/ai-gateway/mlflow/v1"),
        (
            *("databricks", {".databrickscfg": DATABRICKS}, {"DATABRICKS_CONFIG_PROFILE": "work"}),
            "https://w.example/ai-gateway/mlflow/v1",
        ),
        ("sap-ai-core", {}, {f"AICORE_{name}": value for name, value in AICORE.items()}, "https://api.example/v2"),
        (
            "sap-ai-core",
            {".aicore/config.json": CONFIG},
            *({}, "https://api.example/v2"),
        ),
        (
            *("cloudflare-workers-ai", {}, {"CF_ACCOUNT_ID": "abc", "CF_API_TOKEN": "t0123"}),
            "https://api.cloudflare.com/client/v4/accounts/abc/ai/v1",
        ),
        ("lmstudio", {}, {"LMSTUDIO_BASE_URL": "box:1234/api/v0"}, "http://box:1234/v1"),
        ("local", {}, {"LLAMA_CPP_BASE_URL": "box"}, "http://box:8080/v1"),
        (
            *("databricks", {}, {"DATABRICKS_TOKEN": "dapi1", "DATABRICKS_HOST": "https://adb-1.example/?o=7"}),
            "https://adb-1.example/ai-gateway/mlflow/v1",
        ),
        (
            *("databricks", {}, {"DATABRICKS_TOKEN": "dapi1", "DATABRICKS_SERVER_HOSTNAME": "adb-1.example"}),
            "https://adb-1.example/ai-gateway/mlflow/v1",
        ),
        (
            *("sap-ai-core", {".aicore/config_test.json": CONFIG}, {"AICORE_PROFILE": "test"}),
            "https://api.example/v2",
        ),
        ("sap-ai-core", {"elsewhere.json": CONFIG}, {"AICORE_CONFIG": "~/elsewhere.json"}, "https://api.example/v2"),
        ("sap-ai-core", {}, {"VCAP_SERVICES": BOUND}, "https://api.example/v2"),
        (
            *("bedrock", {".aws/credentials": "[w]\naws_access_key_id = a\nregion = eu-west-3\n"}),
            *({"AWS_DEFAULT_PROFILE": "w"}, "https://bedrock-runtime.eu-west-3.amazonaws.com"),
        ),
        (
            *("bedrock", {}, {"AWS_BEARER_TOKEN_BEDROCK": "ABSK1", "BEDROCK_AWS_DEFAULT_REGION": "eu-west-3"}),
            "https://bedrock-runtime.eu-west-3.amazonaws.com",
        ),
        (
            *("cloudflare-workers-ai", {}),
            {"CLOUDFLARE_ACCOUNT_ID": "https://dash.cloudflare.com/abc/ai", "CLOUDFLARE_API_TOKEN": "t0123"},
            "https://api.cloudflare.com/client/v4/accounts/abc/ai/v1",
        ),
    ],
)
def test_what_the_tools_of_a_provider_leave(
    make_catalog: MakeCatalog, provider: str, files: dict[str, str], variables: dict[str, str], base_url: str
) -> None:
    """Files and names of variables of a provider's own tools are enough."""
    route = direct(make_catalog(files=files, **variables), provider)
    assert (route.usable, route.base_url) == (True, base_url), route.reason


@pytest.mark.parametrize(
    ("files", "variables", "provider", "said"),
    [
        ({".local/share/opencode/auth.json": '{"groq": {"type": "api", "key": "k"}}'}, {}, "groq", "opencode"),
        ({".config/io.datasette.llm/keys.json": '{"gemini": "k"}'}, {}, "google", "login of llm"),
        ({".config/goose/secrets.yaml": "XAI_API_KEY: k\n"}, {}, "xai", "login of goose"),
        ({".local/share/crush/crush.json": '{"providers": {"gemini": {"api_key": "k"}}}'}, {}, "google", "crush"),
        ({".gemini/.env": "GEMINI_API_KEY=k\n"}, {}, "google", "only Gemini CLI reads it"),
        ({}, {"CLAUDE_CODE_OAUTH_TOKEN": "t"}, "anthropic", "CLAUDE_CODE_OAUTH_TOKEN"),
        ({}, {"VERTEXAI_CREDENTIALS": "{}"}, "vertex", "VERTEXAI_CREDENTIALS is set, but not used"),
        ({}, dict.fromkeys(("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"), "x"), "azure", "Entra"),
    ],
)
def test_what_other_tools_keep_is_said(
    make_catalog: MakeCatalog, files: dict[str, str], variables: dict[str, str], provider: str, said: str
) -> None:
    """Keys and logins of other tools that are not used are named in the reason."""
    route = direct(make_catalog(files=files, **variables), provider)
    assert (route.usable, said in route.reason) == (False, True)


@pytest.mark.parametrize(
    ("files", "variables", "provider", "said"),
    [
        (
            *({}, {"AZURE_API_KEY": "k", "AZURE_RESOURCE_NAME": "r", "OPENAI_API_VERSION": "2024-06-01"}, "azure"),
            "OPENAI_API_VERSION is set, but not used: Azure's v1 API",
        ),
        ({}, {"OPENAI_API_KEY": "k", "OPENAI_ORG_ID": "org-1"}, "openai", "OPENAI_ORG_ID is set, but not used"),
        (
            {".claude/.credentials.json": '{"claudeAiOauth": {"accessToken": "t"}}'},
            *({"ANTHROPIC_API_KEY": "k"}, "anthropic", "A login of Claude Code is in "),
        ),
    ],
)
def test_what_is_there_beside_a_key_is_said(
    make_catalog: MakeCatalog, files: dict[str, str], variables: dict[str, str], provider: str, said: str
) -> None:
    """Settings and logins that are not used where a key is are explained, and clutter no route's reason."""
    found = make_catalog(files=files, **variables)
    assert said in str(explain(found, provider))
    assert said not in direct(found, provider).reason


def test_the_vendors_list_does_not_apply_elsewhere(make_catalog: MakeCatalog) -> None:
    """At an address of the user's own any ID may be run, and nothing is known of prices and protocols of models."""
    found = make_catalog(OPENAI_API_KEY="k", OPENAI_BASE_URL="http://host:1/v1")
    listed, other = direct(found, "openai/gpt-5-pro"), direct(found, "openai/llama3")
    assert (listed.mapping, listed.listing, listed.protocol) == ("verbatim", None, "openai-chat")
    assert (other.usable, other.mapping) == (True, "verbatim")
    assert direct(found, "openai-compatible").base_url == "http://host:1/v1"


def test_the_vendors_own_address_changes_nothing(make_catalog: MakeCatalog) -> None:
    """An address that is the vendor's own is no other address."""
    route = direct(make_catalog(OPENAI_API_KEY="k", OPENAI_BASE_URL="https://API.openai.com/v1/"), "openai/gpt-5")
    assert route.credential is not None
    assert (route.mapping, route.credential.address) == ("listed", "")


@pytest.mark.parametrize(
    ("process", "project", "dotenv"),
    [
        ({"OPENAI_API_KEY": "k"}, "OPENAI_BASE_URL=https://evil.example/v1", ""),
        ({}, "OPENAI_BASE_URL=https://evil.example/v1\nOPENAI_API_KEY=k", ""),
        ({}, "OPENAI_BASE_URL=https://evil.example/v1", "OPENAI_API_KEY=k"),
        ({"OPENAI_API_KEY": "k"}, "", "OPENAI_BASE_URL=https://evil.example/v1"),
    ],
)
def test_who_may_say_where_a_key_goes(
    plugins: Plugins, tmp_path: Path, process: dict[str, str], project: str, dotenv: str
) -> None:
    """A project never moves a key, and a less trusted place than the key's own does not either; the reason says so."""
    for path, text in ((tmp_path / "p" / ".env", project), (tmp_path / ".dexto" / ".env", dotenv)):
        path.parent.mkdir()
        path.write_text(text)
        path.chmod(0o600)
    found = Catalog(plugins, Environment(process, home=tmp_path, trusted_project=tmp_path / "p"))
    route = direct(found, "openai")
    assert (route.usable, "evil" in route.base_url, "OPENAI_BASE_URL" in route.reason) == (False, False, True)
    assert "setting-unusable" in {problem.code for problem in found.problems}


def test_a_profile_that_does_not_exist(make_catalog: MakeCatalog) -> None:
    """A misspelt AWS_PROFILE is named, with the profiles that exist; so is one that is missing."""
    files = {
        ".aws/credentials": "[work]\naws_access_key_id = a\n",
        ".aws/config": "[profile sso]\nsso_session = s\n[sso-session s]\nsso_start_url = u\n",
    }
    misspelt = direct(make_catalog(files=files, AWS_REGION="r", AWS_PROFILE="wrok"), "bedrock")
    assert "AWS_PROFILE is 'wrok'" in misspelt.reason
    assert "there are sso, work" in misspelt.reason
    missing = direct(make_catalog(AWS_REGION="r"), "bedrock")
    assert "AWS_PROFILE is not set" in missing.reason
    assert "there are sso, work" in missing.reason


@pytest.mark.parametrize(
    "value",
    [
        *("your-api-key-here", "sk-your_key", "<OPENAI_API_KEY>", "sk-...", "user_provided", "changeme", "sk-xxxxxxxx"),
        *('"sk-abcdefgh12345678"', "sk-abc\nX: y", "Bearer sk-abc", "${OPENAI_API_KEY}", "{env:X}", "op://a/b/c"),
        *("openai_api_key", "sk-\u2026", "sk-abc def", "\u201csk-abc\u201d", "OPENAI_API_KEY=sk-abc", "REDACTED"),
    ],
)
def test_values_that_are_no_keys(make_catalog: MakeCatalog, value: str) -> None:
    """A placeholder, a reference, or a value with quotes, white space or a line end is told and not used."""
    found = make_catalog(OPENAI_API_KEY=value)
    route = direct(found, "openai")
    assert (route.usable, route.remedy) == (False, "Correct or unset OPENAI_API_KEY.")
    assert value not in route.reason
    (problem,) = [each for each in found.problems if each.code == "setting-unusable"]
    assert "OPENAI_API_KEY" in problem.message


@pytest.mark.parametrize(
    ("provider", "variable"),
    [("openai", "OPENAI_API_KEY"), ("dexto", "DEXTO_API_KEY"), ("openrouter", "OPENROUTER_API_KEY")],
)
@pytest.mark.parametrize("value", ["your-key-here", "sk-ant-api03-abc"])
def test_what_is_no_key_hides_none(plugins: Plugins, tmp_path: Path, provider: str, variable: str, value: str) -> None:
    """A placeholder or another provider's key in a project's `.env` is told, and a key in the global `.env` is used."""
    project, home = tmp_path / "project", tmp_path / "home"
    for folder in (project, home / ".dexto"):
        folder.mkdir(parents=True)
    for folder, text in ((project, value), (home / ".dexto", "0123456789abcdef")):
        (folder / ".env").write_text(f"{variable}={text}\n", encoding="utf-8")
        (folder / ".env").chmod(0o600)
    environment = Environment({}, home=home, trusted_project=project)
    found = Catalog(plugins, environment)
    credential = next(route for route in found.provider(provider).routes if route.usable).credential
    assert credential is not None
    assert (credential.source, environment.reveal(credential)) == (Source("global .env", variable), "0123456789abcdef")
    assert variable in str([each.message for each in found.problems if each.code == "setting-unusable"])


@pytest.mark.parametrize(
    ("provider", "variable", "value", "whose"),
    [
        ("openai", "OPENAI_API_KEY", "sk-ant-api03-abc", "anthropic"),
        ("openai", "OPENAI_API_KEY", "sk-or-v1-abc", "openrouter"),
        ("anthropic", "ANTHROPIC_API_KEY", "sk-proj-abc", "openai"),
        ("openrouter", "OPENROUTER_API_KEY", "gsk_abc", "groq"),
        ("mistral", "MISTRAL_API_KEY", "AIzaabc", "google"),
    ],
)
def test_a_key_of_another_provider(
    make_catalog: MakeCatalog, provider: str, variable: str, value: str, whose: str
) -> None:
    """A key that begins as only another provider's do is not sent, and the remedy says whose it is."""
    route = direct(make_catalog(**{variable: value}), provider)
    assert not route.usable
    assert f"has a key of {whose}" in route.reason
    assert f"polyroute keys set {whose}" in route.remedy


@pytest.mark.parametrize("value", ["sk-1234", "sk-abcDEF0123456789", "0123abcd", "AKIA0123", "a.b.c", "k"])
def test_values_that_may_be_keys(value: str) -> None:
    """Ordinary keys are not taken for placeholders."""
    assert key_values.fault(value) + key_values.placeholder("A_KEY", value) == ""


@pytest.mark.parametrize(
    ("name", "meant", "provider"),
    [
        ("OPENAI_APIKEY", "OPENAI_API_KEY", "openai"),
        ("openai_api_key", "OPENAI_API_KEY", "openai"),
        ("OPNEAI_API_KEY", "OPENAI_API_KEY", "openai"),
        ("GEMINI_KEY", "GEMINI_API_KEY", "google"),
        ("OPENROUTER_KEY", "OPENROUTER_API_KEY", "openrouter"),
        ("ANTHROPIC_TOKEN", "ANTHROPIC_API_KEY", "anthropic"),
        ("VITE_GROQ_API_KEY", "GROQ_API_KEY", "groq"),
        ("GROK_API_KEY", "XAI_API_KEY", "xai"),
        ("HF_API_KEY", "HF_TOKEN", "huggingface"),
        ("ANTHROPIC_API_KEY_FILE", "ANTHROPIC_API_KEY", "anthropic"),
        ("DATABRICKS_PAT", "DATABRICKS_API_KEY", "databricks"),
        ("LM_STUDIO_TOKEN", "LMSTUDIO_API_KEY", "lmstudio"),
    ],
)
def test_a_key_under_a_name_that_nobody_reads(make_catalog: MakeCatalog, name: str, meant: str, provider: str) -> None:
    """A key under a name that nobody reads is told, by status and explain, with the right name."""
    found = make_catalog(**{name: "k"})
    (problem,) = [each for each in found.status().problems if each.code == "variable-unread"]
    assert (problem.provider, name in problem.message, f"Did you mean {meant}?" in problem.remedy) == (
        provider,
        True,
        True,
    )
    assert name in str(explain(found, provider))
    assert [each.code for each in make_catalog(**{name: "k", meant: "k"}).problems] == []


@pytest.mark.parametrize(
    ("key", "name", "meant"),
    [
        ("OPENAI_API_KEY", "OPENAI_API_BASE_URL", "OPENAI_BASE_URL"),
        ("OPENAI_API_KEY", "OPENAI_HOST", "OPENAI_BASE_URL"),
        ("GROQ_API_KEY", "GROQ_ENDPOINT", "GROQ_BASE_URL"),
        ("AZURE_API_KEY", "AZURE_OPENAI_HOST", "AZURE_OPENAI_ENDPOINT"),
        ("", "OLLAMA_URL", "OLLAMA_BASE_URL"),
        ("", "VLLM_ENDPOINT", "VLLM_BASE_URL"),
    ],
)
def test_an_address_under_a_name_that_nobody_reads(make_catalog: MakeCatalog, key: str, name: str, meant: str) -> None:
    """An address that a key does not go to, because nobody reads its variable, is told with the right name."""
    found = make_catalog(**({key: "k"} if key else {}), **{name: "http://host:1"})
    (problem,) = found.unread_variables
    assert (name in problem.message, problem.remedy) == (True, f"Did you mean {meant}? Rename it.")


@pytest.mark.parametrize("name", ["VERCEL_URL", "GITHUB_API_URL", "HF_ENDPOINT", "ANTHROPIC_URL", "DATABASE_URL"])
def test_addresses_of_others_are_nobodys_business(make_catalog: MakeCatalog, name: str) -> None:
    """An address is not told if nothing else is set of its provider, or if other tools set the variable."""
    assert make_catalog(OPENAI_API_KEY="k", GITHUB_MODELS_TOKEN="ghp_x", **{name: "http://host:1"}).problems == ()


@pytest.mark.parametrize(
    "name",
    [
        *("EXA_API_KEY", "DEEPL_API_KEY", "AZURE_STORAGE_KEY", "NPM_TOKEN", "OPENAI_ADMIN_KEY", "SSH_KEY", "KEY"),
        *("VERCEL_TOKEN", "GITHUB_PAT", "SLACK_TOKEN", "SENTRY_AUTH_TOKEN"),
    ],
)
def test_keys_of_others_are_nobodys_business(make_catalog: MakeCatalog, name: str) -> None:
    """Variables with keys of other services are not told."""
    assert make_catalog(**{name: "k"}).problems == ()


LOGINS = {
    "anthropic": (".claude/.credentials.json", '{"claudeAiOauth": {"accessToken": "t", "expiresAt": 1700000000000}}'),
    "openai": (".codex/auth.json", '{"OPENAI_API_KEY": null, "tokens": {"access_token": "t"}}'),
    "google": (".gemini/oauth_creds.json", '{"access_token": "t", "expiry_date": 1700000000000}'),
    "github-models": (".config/gh/hosts.yml", "github.com:\n    oauth_token: t\n"),
}


@pytest.mark.parametrize("provider", LOGINS)
def test_logins_of_other_tools_are_told(make_catalog: MakeCatalog, provider: str) -> None:
    """The login of another tool is named with its file, its end and why it can't be used; nothing is sent anywhere."""
    path, text = LOGINS[provider]
    route = direct(make_catalog(files={path: text}), provider)
    assert (route.usable, path in route.reason, "can't be used for calls" in route.reason) == (False, True, True)
    assert ("expired on 2023-11-14" in route.reason) == ("1700000000000" in text)
    assert "Set " in route.remedy


def test_a_login_of_dexto(make_catalog: MakeCatalog) -> None:
    """Dexto's ChatGPT login is told, with its end; a variable that Codex's file is moved by is respected."""
    yaml = "profiles:\n  - credential:\n      type: oauth\n      accessToken: t\n      expiresAt: 1700000000000\n"
    route = direct(make_catalog(files={".dexto/model-auth.yml": yaml}), "openai")
    assert "Dexto (ChatGPT), which expired on 2023-11-14," in route.reason
    moved = make_catalog(files={"c/auth.json": '{"OPENAI_API_KEY": "sk-codex-123"}'}, CODEX_HOME="~/c")
    assert moved.environment.reveal(direct(moved, "openai").credential) == "sk-codex-123"


def test_the_token_of_hugging_face(make_catalog: MakeCatalog) -> None:
    """The token that `hf auth login` stored is used."""
    found = make_catalog(files={".cache/huggingface/token": "hf_abc\n"})
    assert found.environment.reveal(direct(found, "huggingface").credential) == "hf_abc"


@pytest.mark.parametrize("name", ["github-copilot", "github-models"])
def test_a_token_of_git_proves_nothing(make_catalog: MakeCatalog, name: str) -> None:
    """GITHUB_TOKEN, which git and CI have too, is no credential; the remedy says so, and an own variable is one."""
    route = direct(make_catalog(GITHUB_TOKEN="ghp_x", GH_TOKEN="ghp_x"), name)
    assert (route.usable, "GITHUB_TOKEN is not used" in route.remedy) == (False, True)
    own = {"github-copilot": "COPILOT_GITHUB_TOKEN", "github-models": "GITHUB_MODELS_TOKEN"}[name]
    assert direct(make_catalog(**{own: "ghp_x"}), name).usable


@pytest.mark.parametrize(
    ("model", "protocol", "base_url"),
    [
        ("vertex/claude-sonnet-9@20260901", "vertex-anthropic", VERTEX.format("p")),
        ("vertex/acme/llama-9-maas", "openai-chat", VERTEX.format("p") + "/endpoints/openapi"),
        ("vertex/gemini-9", "vertex-generate-content", VERTEX.format("p")),
        (
            "bedrock/arn:aws:bedrock:eu-west-1:1:inference-profile/eu.acme.x",
            "bedrock-converse",
            "https://bedrock-runtime.eu-west-1.amazonaws.com",
        ),
        ("openai/gpt-9-codex", "openai-responses", "https://api.openai.com/v1"),
        ("opencode/claude-9", "anthropic-messages", "https://opencode.ai/zen/v1"),
    ],
)
def test_an_id_that_says_more_than_the_list(
    make_catalog: MakeCatalog, model: str, protocol: str, base_url: str
) -> None:
    """A model that no list has is called as its ID says: by its maker's protocol, and in its region."""
    secrets = {
        "AWS_BEARER_TOKEN_BEDROCK": "k",
        "OPENAI_API_KEY": "k",
        "OPENCODE_API_KEY": "k",
    }
    settings = {"VERTEXAI_PROJECT": "p", "VERTEXAI_LOCATION": "europe-west4", "AWS_REGION": "us-east-1"}
    route = direct(make_catalog(files={ADC: "{}"}, **secrets, **settings), model)
    assert (route.usable, route.protocol, route.base_url) == (True, protocol, base_url)
    assert route.credential is not None
    assert route.credential.endpoint == base_url


@pytest.mark.parametrize(
    ("region", "model", "is_told"),
    [
        ("eu-central-1", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ("us-east-1", "apac.amazon.nova-lite-v1:0", True),
        ("us-gov-west-1", "us.anthropic.claude-newer-v1:0", True),
        ("eu-central-1", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", False),
        ("ca-central-1", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", False),
        ("sa-east-1", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", False),
        ("eu-central-1", "anthropic.claude-3-haiku-20240307-v1:0", False),
    ],
)
def test_a_profile_of_other_regions(make_catalog: MakeCatalog, region: str, model: str, is_told: bool) -> None:
    """A model whose ID is for other regions than the one that is set is told, and not refused: regions are added."""
    route = direct(make_catalog(AWS_BEARER_TOKEN_BEDROCK="ABSKx", AWS_REGION=region), f"bedrock/{model}")
    assert (route.usable, f"but the region is {region}" in route.reason) == (True, is_told)


def test_one_variable_with_two_endpoints(make_catalog: MakeCatalog) -> None:
    """Both providers that are called with one key say so."""
    found = make_catalog(OPENAI_API_KEY="k", OPENAI_BASE_URL="http://host:1/v1")
    assert keys.find(found, "openai").also_read_by == ("openai-compatible",)
    assert keys.find(found, "openai-compatible").also_read_by == ("openai",)
