"""What providers say they need, looked for in one environment: found, or named as missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute import (
    Alternative,
    BaseUrlCase,
    Catalog,
    Environment,
    Group,
    Model,
    Plugins,
    Provider,
    Route,
    SecretUnavailable,
    Slot,
    hookimpl,
)
from tests.support.catalogs import MakeCatalog, MakeEnvironment

URL = "https://acme.example/v1"


class Acme:
    """A host's own plugin with one provider, whose requirement the test sets."""

    def __init__(self, *groups: Group, base_url: str = URL, models: tuple[Model, ...] = ()) -> None:
        self.groups = groups
        self.base_url = base_url
        self.models = models

    @hookimpl
    def polyroute_providers(self) -> Iterator[Provider]:
        """Return the provider, and a sibling that reads ACME_SHARED too."""
        cases = (BaseUrlCase("region", "global", "https://acme.example/global"),)
        yield Provider("acme", "Acme", "host", self.groups, self.base_url, cases)
        yield Provider("sibling", "Sibling", "host", (Group((secret("ACME_SHARED"),)),), URL)

    @hookimpl
    def polyroute_models(self) -> tuple[Model, ...]:
        """Return the models that the test sets."""
        return self.models


def secret(*variables: str) -> Slot:
    return Slot("key", tuple(map(Alternative, variables)), secret=True)


def setting(name: str, variable: str, **more: str) -> Slot:
    return Slot(name, (Alternative(variable),), **more)  # type: ignore[arg-type]


def catalog(acme: Acme, environment: Environment) -> Catalog:
    return Catalog(Plugins.load([acme], only=[]), environment)


def direct(acme: Acme, environment: Environment) -> Route:
    found = catalog(acme, environment)
    assert found.problems == ()
    (route,) = found.provider("acme").routes
    return route


def own_route(catalog: Catalog, provider: str) -> Route:
    return next(route for route in catalog.provider(provider).routes if route.via == "direct")


def revealed(route: Route, environment: Environment) -> str:
    assert route.credential is not None
    return environment.reveal(route.credential)


# --- Groups, slots and alternatives ---


@pytest.mark.parametrize(
    ("variables", "source"),
    [
        ({"A": "1"}, "env A"),
        ({"B": "2"}, "env B"),
        ({"A": "1", "B": "2"}, "env A"),
        ({"A": " ", "B": "2"}, "env B"),
        ({"C": "3", "D": "4"}, "env C"),
        ({"C": "3"}, None),
        ({"D": "4"}, None),
        ({}, None),
        ({"B": "2", "C": "3", "D": "4"}, "env B"),
    ],
)
def test_any_group_with_all_slots_by_any_alternative(
    make_environment: MakeEnvironment, variables: dict[str, str], source: str | None
) -> None:
    """The first group whose slots are all filled is used, each slot with its first alternative that is set."""
    acme = Acme(Group((secret("A", "B"),)), Group((secret("C"), setting("extra", "D"))))
    route = direct(acme, make_environment(**variables))
    assert (route.usable, str(route.credential) if route.credential else None) == (source is not None, source)
    assert bool(route.remedy) == (source is None)


def test_a_group_without_slots_needs_nothing(make_environment: MakeEnvironment) -> None:
    """A group without slots is always met and gives a credential without a source."""
    route = direct(Acme(Group(kind="none")), make_environment())
    assert (route.usable, str(route.credential), route.base_url) == (True, "none needed", URL)


def test_an_optional_key_is_used_where_it_is(make_environment: MakeEnvironment) -> None:
    """A server whose key is optional is called with the key if there is one, and otherwise without."""
    acme = Acme(Group((secret("ACME_KEY"),)), Group(kind="none"))
    found = [str(direct(acme, make_environment(**given)).credential) for given in ({"ACME_KEY": "k"}, {})]
    assert found == ["env ACME_KEY", "none needed"]


def test_no_group_at_all_leaves_it_to_logins(make_environment: MakeEnvironment) -> None:
    """A provider without a requirement is usable only if a plugin finds a login."""
    route = direct(Acme(), make_environment())
    assert (route.usable, route.reason) == (False, "no login was found")


def test_a_default_fills_a_slot(make_environment: MakeEnvironment) -> None:
    """A slot with a default is always filled; a value that is set replaces the default."""
    acme = Acme(
        Group((secret("K"), setting("region", "R", default="eu", check="slug"))),
        base_url="https://${region}.acme.example",
    )
    assert direct(acme, make_environment(K="k")).base_url == "https://eu.acme.example"
    assert direct(acme, make_environment(K="k", R="us")).base_url == "https://us.acme.example"


def test_another_base_url_for_one_value(make_environment: MakeEnvironment) -> None:
    """A base URL for one value of a slot replaces the usual base URL."""
    acme = Acme(Group((secret("K"), setting("region", "R", check="slug"))), base_url="https://${region}.acme.example")
    assert direct(acme, make_environment(K="k", R="global")).base_url == "https://acme.example/global"
    assert direct(acme, make_environment(K="k", R="eu")).base_url == "https://eu.acme.example"


# --- Where a secret may be stored; each is read at the moment of use ---

TOKEN = {"acme/token": "the-token\n"}
INI = {"acme/config": "[default]\nurl = x\n[work]\nApi_Key = the-token\n"}
JSON = {"acme/login.json": '{"keys": {"api": " the-token "}}'}


@pytest.mark.parametrize(
    ("alternative", "files", "variables"),
    [
        (Alternative("V"), {}, {"V": " the-token "}),
        (Alternative("V", json_field="keys.api"), {}, {"V": '{"keys": {"api": "the-token"}}'}),
        (Alternative("V", names_file=True), TOKEN, {"V": "~/acme/token"}),
        (Alternative(file="~/acme/token"), TOKEN, {}),
        (Alternative(file="${FOLDER:-~/acme}/token"), TOKEN, {}),
        (Alternative(file="~/acme/config", section="work", keys=("token", "api_key")), INI, {}),
        (Alternative(file="~/acme/config", section="${WHO:-default}", keys=("api_key",)), INI, {"WHO": "work"}),
        (Alternative(file="~/acme/login.json", json_field="keys.api"), JSON, {}),
    ],
    ids=["variable", "json variable", "named file", "file", "moved file", "section", "chosen section", "json file"],
)
def test_a_key_is_found_and_can_be_read(
    make_environment: MakeEnvironment, alternative: Alternative, files: dict[str, str], variables: dict[str, str]
) -> None:
    """`reveal` reads the API key, trimmed, from every place that a requirement can name."""
    environment = make_environment(files, **variables)
    route = direct(Acme(Group((Slot("key", (alternative,), secret=True),))), environment)
    assert route.usable
    assert revealed(route, environment) == "the-token"


@pytest.mark.parametrize(
    ("alternative", "files", "variables"),
    [
        (Alternative("V", json_field="keys.api"), {}, {"V": '{"keys": {}}'}),
        (Alternative("V", json_field="keys.api"), {}, {"V": '{"keys": {"api": 7}}'}),
        (Alternative("V", json_field="keys.api"), {}, {"V": '["keys"]'}),
        (Alternative("V", json_field="keys.api"), {}, {"V": "no JSON"}),
        (Alternative("V", json_field="keys.api"), {}, {"V": "[" * 100_000}),
        (Alternative("V", names_file=True), {}, {"V": "~/acme/token"}),
        (Alternative("V", names_file=True), TOKEN, {"V": "~/acme"}),
        (Alternative(file="~/acme/token"), {}, {}),
        (Alternative(file="~/acme"), TOKEN, {}),
        (Alternative(file="${FOLDER:-~/acme}/token"), TOKEN, {"FOLDER": "/nowhere"}),
        (Alternative(file="~/acme/config", section="work", keys=("other",)), INI, {}),
        (Alternative(file="~/acme/config", section="other", keys=("api_key",)), INI, {}),
        (Alternative(file="~/acme/missing", section="work", keys=("api_key",)), INI, {}),
        (Alternative(file="~/acme/login.json", json_field="keys.other"), JSON, {}),
        (Alternative(file="~/acme/login.json", json_field="keys"), JSON, {}),
        (Alternative(file="~/acme/token", json_field="keys.api"), TOKEN, {}),
    ],
)
def test_a_key_that_is_not_there(
    make_environment: MakeEnvironment, alternative: Alternative, files: dict[str, str], variables: dict[str, str]
) -> None:
    """A file, section or field that is missing or invalid is no credential, and no problem either."""
    route = direct(Acme(Group((Slot("key", (alternative,), secret=True),))), make_environment(files, **variables))
    assert not route.usable
    assert route.reason


def test_a_variable_that_is_set_is_not_called_unset(make_environment: MakeEnvironment) -> None:
    """If a variable is set but holds a wrong kind of value, the reason says that instead of "not set"."""
    alternative = Alternative("ACME_LOGIN", json_field="keys.api")
    acme = Acme(Group((Slot("key", (alternative,), secret=True),)))
    reason = direct(acme, make_environment(ACME_LOGIN="junk")).reason
    assert "ACME_LOGIN" in reason
    assert "not set" not in reason
    assert "junk" not in reason


def test_a_file_that_a_variable_names_and_is_missing(make_environment: MakeEnvironment) -> None:
    """For a variable that names a missing file, the reason says so."""
    acme = Acme(Group((Slot("key", (Alternative("ACME_FILE", names_file=True),), secret=True),)))
    assert direct(acme, make_environment(ACME_FILE="/nowhere")).reason == "the file that ACME_FILE names does not exist"


def test_a_broken_file_costs_only_what_it_holds(make_environment: MakeEnvironment, tmp_path: Path) -> None:
    """A file that can't be parsed is a problem; another group of the same provider can still be met."""
    file = Alternative(file="~/acme/config", section="work", keys=("api_key",))
    acme = Acme(Group((secret("ACME_KEY"),)), Group((Slot("key", (file,), secret=True),)))
    found = catalog(acme, make_environment({"acme/config": "[work]\nflag\n  continued\n"}, ACME_KEY="k"))
    assert found.provider("acme").has_direct_key
    assert {problem.path for problem in found.problems} <= {str(tmp_path / "acme" / "config")}


# --- What is missing ---

THREE = (
    Group((secret("A"), setting("b", "B"), setting("c", "C"))),
    Group((secret("D"), setting("e", "E"))),
    Group((secret("F"), setting("g", "G"))),
)


@pytest.mark.parametrize(
    ("variables", "remedy"),
    [
        ({}, "Set D and E."),
        ({"A": "1"}, "Set B and C."),
        ({"A": "1", "B": "1"}, "Set C."),
        ({"F": "1"}, "Set G."),
        ({"G": "1"}, "Set F."),
        ({"A": "1", "E": "1", "G": "1"}, "Set B and C."),
        ({"B": "1", "C": "1", "E": "1"}, "Set A."),
        ({"A": "1", "F": "1"}, "Set G."),
    ],
)
def test_the_remedy_is_of_the_nearest_group(
    make_environment: MakeEnvironment, variables: dict[str, str], remedy: str
) -> None:
    """The remedy names what is missing from the group with a secret, else from the nearest group, else the first."""
    assert direct(Acme(*THREE), make_environment(**variables)).remedy == remedy


def test_the_remedy_names_alternatives(make_environment: MakeEnvironment) -> None:
    """If any of several variables will do, the remedy names them all, the usual one first."""
    acme = Acme(Group((secret("A", "B", "C"), setting("d", "D"))))
    assert direct(acme, make_environment()).remedy == "Set A (or B or C) and D."
    assert direct(acme, make_environment(B="k")).remedy == "Set D."


@pytest.mark.parametrize(
    ("provider", "variables", "missing", "there"),
    [
        ("bedrock", {"AWS_REGION": "eu-west-1"}, ["AWS_BEARER_TOKEN_BEDROCK", "aws configure"], ["AWS_REGION"]),
        ("bedrock", {"AWS_BEARER_TOKEN_BEDROCK": "k"}, ["AWS_REGION"], ["BEARER"]),
        ("bedrock", {"AWS_ACCESS_KEY_ID": "k", "AWS_REGION": "r"}, ["AWS_SECRET_ACCESS_KEY"], ["AWS_REGION", "BEARER"]),
        ("azure", {"AZURE_API_KEY": "k"}, ["AZURE_RESOURCE_NAME"], ["AZURE_API_KEY"]),
        ("azure", {"AZURE_RESOURCE_NAME": "r"}, ["AZURE_API_KEY"], ["RESOURCE"]),
        (
            "vertex",
            {"GOOGLE_VERTEX_PROJECT": "p"},
            ["gcloud auth application-default login", "GOOGLE_APPLICATION_CREDENTIALS"],
            ["PROJECT"],
        ),
        ("databricks", {"DATABRICKS_TOKEN": "k"}, ["DATABRICKS_HOST"], ["TOKEN"]),
        ("openai-compatible", {"OPENAI_API_KEY": "k"}, ["OPENAI_BASE_URL"], ["KEY"]),
        ("litellm", {"LITELLM_API_KEY": "k"}, ["LITELLM_BASE_URL"], ["LITELLM_API_KEY"]),
    ],
)
def test_a_part_is_not_enough(
    make_catalog: MakeCatalog, provider: str, variables: dict[str, str], missing: list[str], there: list[str]
) -> None:
    """With only one part set, a provider is not effective, and the remedy names exactly the missing parts."""
    found = make_catalog(**variables)
    remedy = own_route(found, provider).remedy
    assert not found.provider(provider).has_effective_credentials
    assert [name for name in missing if name not in remedy] == []
    assert [name for name in there if name in remedy] == []


# --- Shared variables ---


def test_a_shared_variable_says_so(make_environment: MakeEnvironment) -> None:
    """A credential found in a variable that another provider reads too names that provider."""
    acme = Acme(Group((secret("ACME_KEY", "ACME_SHARED"),)))
    shared = direct(acme, make_environment(ACME_SHARED="k"))
    own = direct(acme, make_environment(ACME_KEY="k"))
    assert [route.credential.shared_with for route in (shared, own) if route.credential] == [("sibling",), ()]
    assert "sibling" in shared.reason
    assert "shared" not in own.reason


@pytest.mark.parametrize(
    ("variable", "provider", "other"),
    [
        ("MINIMAX_API_KEY", "minimax", "minimax-cn"),
        ("MINIMAX_API_KEY", "minimax-cn", "minimax"),
        ("ZHIPU_API_KEY", "zai", "zhipuai"),
        ("ZHIPU_API_KEY", "zai-coding-plan", "zai"),
    ],
)
def test_shared_variables_of_real_providers(
    make_catalog: MakeCatalog, variable: str, provider: str, other: str
) -> None:
    """MINIMAX_API_KEY and ZHIPU_API_KEY are found for each provider that reads them, with a warning."""
    route = own_route(make_catalog(**{variable: "k"}), provider)
    assert route.credential
    assert other in route.credential.shared_with
    assert provider not in route.credential.shared_with
    assert "shared" in route.reason


# --- Clouds ---

AWS_LOGINS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "token": ({"AWS_BEARER_TOKEN_BEDROCK": "k"}, {}),
    "key pair": ({"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}, {}),
    "default profile": ({}, {".aws/credentials": "[default]\naws_access_key_id = k\naws_secret_access_key = s\n"}),
    "sso profile": ({"AWS_PROFILE": "work"}, {".aws/config": "[profile work]\nsso_session = s\n"}),
    "web identity": (
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "~/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/r"},
        {"token": "t"},
    ),
    "container": ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials"}, {}),
    "moved files": (
        {"AWS_SHARED_CREDENTIALS_FILE": "~/moved", "AWS_PROFILE": "work"},
        {"moved": "[work]\naws_access_key_id = k\n"},
    ),
}


@pytest.mark.parametrize("login", AWS_LOGINS)
@pytest.mark.parametrize("region", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_bedrock_with_each_login(make_catalog: MakeCatalog, login: str, region: str) -> None:
    """Bedrock is called with a region and a token, a key pair, a profile, a web identity or a container's role."""
    variables, files = AWS_LOGINS[login]
    route = own_route(make_catalog(files=files, **variables, **{region: "eu-west-1"}), "bedrock")
    assert (route.usable, route.base_url) == (True, "https://bedrock-runtime.eu-west-1.amazonaws.com")


@pytest.mark.parametrize("login", AWS_LOGINS)
def test_bedrock_without_region(make_catalog: MakeCatalog, login: str) -> None:
    """Bedrock needs a region with any login, and the remedy says so."""
    variables, files = AWS_LOGINS[login]
    route = own_route(make_catalog(files=files, **variables), "bedrock")
    assert not route.usable
    assert route.remedy == "Set AWS_REGION (or AWS_DEFAULT_REGION)."


@pytest.mark.parametrize(
    ("files", "variables", "region"),
    [
        ({".aws/config": "[default]\nregion = a\ncredential_process = c\n"}, {}, "a"),
        ({".aws/config": "[profile w]\nregion = b\nrole_arn = r\n"}, {"AWS_PROFILE": "w"}, "b"),
        ({".aws/credentials": "[w]\nregion = c\naws_access_key_id = k\n"}, {"AWS_PROFILE": "w"}, "c"),
        (
            {"moved": "[profile w]\nregion = d\nsso_start_url = u\n"},
            {"AWS_PROFILE": "w", "AWS_CONFIG_FILE": "~/moved"},
            "d",
        ),
        ({".aws/config": "[default]\nregion = a\nrole_arn = r\n"}, {"AWS_REGION": "e"}, "e"),
        ({".aws/config": "[default]\nregion = a\n"}, {"AWS_BEARER_TOKEN_BEDROCK": "k"}, "a"),
    ],
)
def test_bedrocks_region_from_a_profile(
    make_catalog: MakeCatalog, files: dict[str, str], variables: dict[str, str], region: str
) -> None:
    """The region comes from a variable, else from the profile in use, in either of the two files."""
    route = own_route(make_catalog(files=files, **variables), "bedrock")
    assert (route.usable, route.base_url) == (True, f"https://bedrock-runtime.{region}.amazonaws.com")


@pytest.mark.parametrize(
    ("files", "variables"),
    [
        ({".aws/config": "[default]\nregion = eu-west-1\n"}, {}),
        ({".aws/config": "[default]\nregion = eu-west-1\noutput = json\n"}, {"AWS_PROFILE": "default"}),
        ({".aws/credentials": "[other]\naws_access_key_id = k\n"}, {"AWS_REGION": "r"}),
        ({".aws/credentials": "[default]\naws_access_key_id = k\n"}, {"AWS_REGION": "r", "AWS_PROFILE": "missing"}),
        ({".aws/credentials": "[default]\naws_access_key_id =\n"}, {"AWS_REGION": "r"}),
        ({".aws/credentials": "[default]\naws_access_key_id = k\n"}, {"AWS_REGION": "r", "HOME": "/nowhere"}),
        ({}, {"AWS_REGION": "r", "AWS_PROFILE": "default"}),
        ({}, {"AWS_REGION": "r", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_ROLE_ARN": "r"}),
    ],
    ids=["only region", "only settings", "other", "missing", "blank", "moved", "no files", "no token file"],
)
def test_what_is_no_aws_login(make_catalog: MakeCatalog, files: dict[str, str], variables: dict[str, str]) -> None:
    """A region, a profile that is missing or holds only settings, and a missing token file are not a login."""
    if "HOME" in variables:
        variables = {**variables, "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    route = own_route(make_catalog(files=files, **variables), "bedrock")
    assert not route.usable
    assert "aws configure" in route.remedy or route.remedy == "Correct AWS_WEB_IDENTITY_TOKEN_FILE."


@pytest.mark.parametrize("name", ["vertex", "vertex-anthropic"])
def test_vertex(make_catalog: MakeCatalog, name: str) -> None:
    """Vertex needs a project and Application Default Credentials, from a variable or from gcloud's default location."""
    well_known = {".config/gcloud/application_default_credentials.json": "{}"}
    by_file = make_catalog(files=well_known, GOOGLE_CLOUD_PROJECT="p", GOOGLE_CLOUD_LOCATION="europe-west4")
    url = "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4"
    assert own_route(by_file, name).base_url == url
    moved = make_catalog(
        files={"adc.json": "{}"}, GOOGLE_VERTEX_PROJECT="p", GOOGLE_APPLICATION_CREDENTIALS="~/adc.json"
    )
    assert str(own_route(moved, name).credential) == "env GOOGLE_APPLICATION_CREDENTIALS"
    assert own_route(moved, name).usable


def test_azure(make_catalog: MakeCatalog) -> None:
    """Azure needs a key and the name of a resource, which is a part of the host name."""
    route = own_route(make_catalog(AZURE_API_KEY="k", AZURE_RESOURCE_NAME="my-resource"), "azure")
    assert (route.usable, route.base_url) == (True, "https://my-resource.openai.azure.com/openai/v1")


@pytest.mark.parametrize("provider", ["bedrock", "vertex"])
def test_a_cloud_identity_has_no_single_secret(make_catalog: MakeCatalog, provider: str) -> None:
    """A login of a cloud's own SDK can't be revealed as a single key, and the error says what to use instead."""
    found = make_catalog(
        files={".config/gcloud/application_default_credentials.json": "{}"},
        GOOGLE_CLOUD_PROJECT="p",
        AWS_ACCESS_KEY_ID="k",
        AWS_SECRET_ACCESS_KEY="s",
        AWS_REGION="r",
    )
    credential = found.provider(provider).routes[0].credential
    assert credential
    with pytest.raises(SecretUnavailable, match="cloud's own SDK"):
        found.environment.reveal(credential)


# --- Base URLs ---


@pytest.mark.parametrize(
    "host",
    ["adb-1.2.azuredatabricks.net", "https://adb-1.2.azuredatabricks.net", "https://adb-1.2.azuredatabricks.net/"],
)
def test_a_host_is_understood_as_people_write_it(make_catalog: MakeCatalog, host: str) -> None:
    """A host may be written with a leading https:// and a trailing slash."""
    route = own_route(make_catalog(DATABRICKS_TOKEN="k", DATABRICKS_HOST=host), "databricks")
    assert (route.usable, route.base_url) == (True, "https://adb-1.2.azuredatabricks.net/ai-gateway/mlflow/v1")


HOSTILE = st.sampled_from(["@", "?", "#", " ", "\n", "\r", "\t", "\\", "é", "٣", "。", "\u202e", "\x00", "%", "$", "&"])
OF_A_HOST = HOSTILE | st.sampled_from(["//", "/", "http://", "user:pw@", "..", ":x", "[::1]", "{}", "${host}"])
ENDS = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
SETTINGS = {
    "databricks": ({"DATABRICKS_TOKEN": "k"}, "DATABRICKS_HOST", ""),
    "azure": ({"AZURE_API_KEY": "k"}, "AZURE_RESOURCE_NAME", ""),
    "bedrock": ({"AWS_BEARER_TOKEN_BEDROCK": "k"}, "AWS_REGION", ""),
    "cloudflare-workers-ai": ({"CLOUDFLARE_API_KEY": "k"}, "CLOUDFLARE_ACCOUNT_ID", ""),
    "openai-compatible": ({"OPENAI_API_KEY": "k"}, "OPENAI_BASE_URL", "https://"),
    "litellm": ({"LITELLM_API_KEY": "k"}, "LITELLM_BASE_URL", "http://"),
    "ollama": ({}, "OLLAMA_BASE_URL", "http://"),
    "gitlab": ({"GITLAB_TOKEN": "k"}, "GITLAB_INSTANCE_URL", "https://"),
}
"""For providers whose base URL depends on a variable: other requirements, the variable, the start of a valid value."""


@pytest.mark.parametrize("provider", SETTINGS)
@given(data=st.data())
def test_a_hostile_value_is_refused(
    plugins: Plugins, tmp_path_factory: pytest.TempPathFactory, provider: str, data: st.DataObject
) -> None:
    """A value that is not a bare name, host or address is refused, and the reason does not repeat it."""
    needed, variable, start = SETTINGS[provider]
    good = start + data.draw(ENDS) + data.draw(st.sampled_from(["", ":1", "/", "/v1/"]) if start else st.just(""))
    value = good + data.draw(HOSTILE if start else OF_A_HOST) + data.draw(ENDS)
    environment = Environment({**needed, variable: value}, home=tmp_path_factory.getbasetemp())
    route = own_route(Catalog(plugins, environment), provider)
    assert not route.usable
    assert value not in f"{route.base_url} {route.reason} {route.remedy}"
    assert f"{variable} must be" in route.reason


@pytest.mark.parametrize(
    "value", ["evil.example/x?", "https://a@evil.example/x?", "a@evil.example", "evil.example/#", "evil.example:٣"]
)
def test_a_databricks_host_with_more_than_a_host(make_catalog: MakeCatalog, value: str) -> None:
    """A path, query, fragment, user name or a port in non-ASCII digits next to the host is refused."""
    route = own_route(make_catalog(DATABRICKS_TOKEN="k", DATABRICKS_HOST=value), "databricks")
    assert not route.usable
    assert "evil" not in route.base_url
    assert "DATABRICKS_HOST must be a bare host name" in route.reason


@pytest.mark.parametrize("value", ["evil.example/x?", "evil.example", "a@b", "a b", "x/../y"])
def test_a_slot_that_forgot_its_check(make_environment: MakeEnvironment, value: str) -> None:
    """A value that is filled into a base URL is checked even if the plugin's author declared no check."""
    acme = Acme(Group((secret("K"), setting("name", "N"))), base_url="https://${name}.acme.example/v1")
    found = catalog(acme, make_environment(K="k", N=value))
    assert all(value not in route.base_url for status in found.status().providers.values() for route in status.routes)


@pytest.mark.parametrize(
    "alternative", [Alternative("K"), Alternative(file="~/config", section="a", keys=("key",)), Alternative(file="~/k")]
)
def test_a_key_never_stands_in_a_base_url(make_environment: MakeEnvironment, alternative: Alternative) -> None:
    """A base URL that contains the secret itself is never filled, and the route is not usable."""
    acme = Acme(Group((Slot("key", (alternative,), secret=True),)), base_url="https://acme.example/${key}")
    files = {"config": "[a]\nkey = the-token\n", "k": "the-token"}
    found = catalog(acme, make_environment(files, K="the-token"))
    assert not found.provider("acme").has_effective_credentials
    assert "the-token" not in repr(found.status())


@pytest.mark.parametrize("provider", ["openai-compatible", "litellm"])
def test_servers_that_need_an_address(make_catalog: MakeCatalog, provider: str) -> None:
    """A server without a known address is not usable until its base URL is set, and then needs no key."""
    variable = {"openai-compatible": "OPENAI_BASE_URL", "litellm": "LITELLM_BASE_URL"}[provider]
    with_key = make_catalog(OPENAI_API_KEY="k", LITELLM_API_KEY="k")
    assert not with_key.provider(provider).has_effective_credentials
    alone = own_route(make_catalog(**{variable: "http://localhost:4000/v1"}), provider)
    assert (alone.usable, str(alone.credential)) == (True, "none needed")
    assert alone.base_url == "http://localhost:4000/v1"


@pytest.mark.parametrize("provider", ["ollama", "local", "lmstudio", "atomic-chat"])
def test_keyless_servers(make_catalog: MakeCatalog, provider: str) -> None:
    """A user's own server is usable without any key; `reveal` returns an empty text for it."""
    found = make_catalog()
    route = own_route(found, provider)
    assert (route.usable, str(route.credential)) == (True, "none needed")
    assert route.base_url.startswith(("http://localhost", "http://127.0.0.1"))
    assert revealed(route, found.environment) == ""


# --- A project must not decide where a user's key goes ---


@pytest.mark.parametrize(
    ("process", "project", "usable"),
    [
        ({"OPENAI_API_KEY": "k"}, {"OPENAI_BASE_URL": "https://evil.example/v1"}, False),
        ({}, {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://own.example/v1"}, True),
        ({"OPENAI_BASE_URL": "https://own.example/v1"}, {"OPENAI_API_KEY": "k"}, True),
        ({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://own.example/v1"}, {}, True),
        ({}, {"OPENAI_BASE_URL": "http://localhost/v1"}, True),
        ({"OPENAI_API_KEY": " "}, {"OPENAI_BASE_URL": "http://localhost/v1"}, True),
    ],
)
@pytest.mark.parametrize("place", ["env", "global .env"])
def test_a_project_does_not_redirect_a_key(
    plugins: Plugins, tmp_path: Path, process: dict[str, str], project: dict[str, str], usable: bool, place: str
) -> None:
    """A base URL in a trusted project's `.env` applies to that project's own key only."""
    (tmp_path / "project").mkdir()
    for path, variables in (("project/.env", project), (".env", process if place == "global .env" else {})):
        (tmp_path / path).write_text("".join(f"{name}={value}\n" for name, value in variables.items()), "utf-8")
    given = {"DEXTO_HOME": str(tmp_path), **(process if place == "env" else {})}
    environment = Environment(given, home=tmp_path, trusted_project=tmp_path / "project")
    route = own_route(Catalog(plugins, environment), "openai-compatible")
    assert route.usable == usable
    if not usable:
        assert "evil" not in route.base_url
        assert "project .env OPENAI_BASE_URL must not determine" in route.reason


def in_project(tmp_path: Path, lines: str, **process: str) -> Environment:
    project = tmp_path / "project"
    project.mkdir()
    (project / ".env").write_text(lines, encoding="utf-8")
    (project / "evil.json").write_text('{"host": "evil.example"}', encoding="utf-8")
    return Environment(process, home=tmp_path, trusted_project=project)


def test_a_file_that_the_project_chose_does_not_redirect_a_key(tmp_path: Path) -> None:
    """A setting from a file that a project's `.env` names belongs to the project, and can't redirect a user's key."""
    host = Slot("host", (Alternative(file="${ACME_CONFIG:-~/acme.json}", json_field="host"),), check="host")
    acme = Acme(Group((secret("ACME_KEY"), host)), base_url="https://${host}/v1")
    environment = in_project(tmp_path, f"ACME_CONFIG={tmp_path}/project/evil.json\n", ACME_KEY="k")
    assert "evil" not in direct(acme, environment).base_url


def test_a_project_may_choose_among_a_users_own_profiles(plugins: Plugins, tmp_path: Path) -> None:
    """If a project's `.env` only selects one of the user's profiles, key and region still count as the user's."""
    (tmp_path / ".aws").mkdir()
    profiles = "[default]\nregion = a\nsso_session = s\n[profile work]\nregion = b\nsso_session = s\n"
    (tmp_path / ".aws" / "config").write_text(profiles, encoding="utf-8")
    route = own_route(Catalog(plugins, in_project(tmp_path, "AWS_PROFILE=work\n")), "bedrock")
    assert (route.usable, route.base_url) == (True, "https://bedrock-runtime.b.amazonaws.com")


def test_a_models_own_base_url_does_not_redirect_a_key(tmp_path: Path) -> None:
    """A project's setting can't redirect a user's key even if only a model's own base URL uses the setting."""
    models = (Model("acme", "plain"), Model("acme", "hosted", base_url="https://${host}/v1"))
    group = Group((secret("ACME_KEY"), setting("host", "ACME_HOST", check="host", default="acme.example")))
    environment = in_project(tmp_path, "ACME_HOST=evil.example\n", ACME_KEY="k")
    (route,) = catalog(Acme(group, models=models), environment).routes("acme/hosted")
    assert not (route.usable and "evil" in route.base_url)


def test_a_project_does_not_have_a_users_file_sent_to_itself(tmp_path: Path) -> None:
    """If a project's `.env` names the file that holds the key, it can't also decide where the key goes."""
    key = Slot("key", (Alternative("ACME_KEY_FILE", names_file=True),), secret=True)
    acme = Acme(Group((key, setting("host", "ACME_HOST", check="host"))), base_url="https://${host}/v1")
    (tmp_path / "private").write_text("a user's own secret", encoding="utf-8")
    environment = in_project(tmp_path, "ACME_KEY_FILE=~/private\nACME_HOST=evil.example\n")
    assert not direct(acme, environment).usable


# --- Every provider ---


def satisfy(slot: Slot, environment: Environment, home: Path, variables: dict[str, str]) -> None:
    """Put a value that fills `slot` into `variables` or into a file under `home`."""
    value = {"host": "host.example", "url": "https://host.example/v1", "": "a-key-1"}.get(slot.check, "name")
    if not slot.alternatives:  # it has its default
        return
    each = slot.alternatives[0]
    path = home / environment.path(each.file) if each.file else home / "file"
    if each.json_field:
        held = json.loads(variables.get(each.variable, "{}"))
        *steps, last = each.json_field.removeprefix("/").replace("/", ".").split(".")
        inner = held
        for step, following in pairwise([*steps, last]):
            made: Any = [{}] if following == "0" else {}
            inner = inner[0] if step == "0" else inner.setdefault(step, made)
        inner[last] = value
        value = json.dumps(held)
    if each.file or each.names_file:
        section = f"[{environment.path(each.section)}]\n{each.keys[0]} = {value}\n" if each.section else value
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(section, encoding="utf-8")
    if each.variable:
        variables[each.variable] = str(path) if each.names_file else value


def test_a_usable_route_has_a_base_url(plugins: Plugins, tmp_path: Path) -> None:
    """Whichever group is met, the provider's route is usable and its base URL complete, for all its models too."""
    seen = 0
    for provider in plugins.providers.values():
        for number, group in enumerate(provider.requirement):
            home = tmp_path / f"{provider.id}-{number}"
            home.mkdir()
            variables: dict[str, str] = {}
            for slot in group.slots:
                satisfy(slot, Environment({}, home=home), home, variables)
            found = Catalog(plugins, Environment(variables, home=home))
            routes = [own_route(found, provider.id)]
            assert routes[0].usable, (provider.id, number, routes[0].reason)
            if provider.selectable:
                routes += [
                    next(route for route in found.routes(model.ref) if route.via == "direct")
                    for model in plugins.models(provider.id).values()
                ]
            wrong = [route for route in routes if route.usable and not is_complete(route.base_url)]
            assert wrong == []
            seen += 1
    assert seen > len(plugins.providers)


def is_complete(url: str) -> bool:
    return url.startswith(("https://", "http://")) and not set("${}? #@") & set(url)
