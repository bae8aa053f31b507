"""The dexto plugin: the gateway used with `DEXTO_API_KEY` or a login, whose file is never written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyroute import Catalog, Credential, Environment, InvalidModelReference, Plugins, Route, SecretUnavailable
from tests.support.catalogs import MakeCatalog

AUTH = ".dexto/auth.json"
URL = "https://app.dexto.ai/v1"
LOGIN = {
    "token": "the-token",
    "refreshToken": "the-refresh-token",
    "userId": "u",
    "email": "ann@example.org",
    "expiresAt": 4102444800000,
    "createdAt": 1700000000000,
    "dextoApiKey": "the-gateway-key",
    "dextoKeyId": "id",
    "dextoApiKeySource": "provisioned",
}


def auth(**changes: object) -> dict[str, str]:
    """Return an auth.json as written by `dexto login`, with changes; a value of None removes the field."""
    login = {name: value for name, value in {**LOGIN, **changes}.items() if value is not None}
    return {AUTH: json.dumps(login)}


def dexto(catalog: Catalog) -> Route:
    """Return the route to the gateway itself."""
    (route,) = catalog.provider("dexto").routes
    return route


def credential(catalog: Catalog, provider: str = "dexto", via: str = "direct") -> Credential:
    """Return the route's credential."""
    found = next(route.credential for route in catalog.provider(provider).routes if route.via == via)
    assert found is not None
    return found


def secret(catalog: Catalog, provider: str = "dexto") -> str:
    """Return the secret revealed for the provider's direct route."""
    return catalog.environment.reveal(credential(catalog, provider))


# --- The key ---


def test_a_key_in_a_variable(make_catalog: MakeCatalog) -> None:
    """With DEXTO_API_KEY, the gateway is usable at its own address."""
    catalog = make_catalog(DEXTO_API_KEY=" the-key ")
    route = dexto(catalog)
    assert (route.usable, route.base_url, str(route.credential)) == (True, URL, "env DEXTO_API_KEY")
    assert credential(catalog).endpoint == URL
    assert secret(catalog) == "the-key"


def test_a_key_in_the_global_dotenv(make_catalog: MakeCatalog) -> None:
    """DEXTO_API_KEY is also read from the user's global `.env`."""
    catalog = make_catalog(files={".dexto/.env": "DEXTO_API_KEY=the-key\n"})
    assert (str(credential(catalog)), secret(catalog)) == ("global .env DEXTO_API_KEY", "the-key")


def test_a_key_from_a_login(make_catalog: MakeCatalog, tmp_path: Path) -> None:
    """The gateway key that a login stored in auth.json is used."""
    catalog = make_catalog(files=auth())
    assert str(credential(catalog)) == f"file {tmp_path / AUTH} dextoApiKey"
    assert secret(catalog) == "the-gateway-key"
    assert catalog.problems == ()


def test_a_variable_comes_before_a_login(make_catalog: MakeCatalog) -> None:
    """DEXTO_API_KEY takes precedence over a login, unless it is blank."""
    assert secret(make_catalog(files=auth(), DEXTO_API_KEY="the-key")) == "the-key"
    assert secret(make_catalog(files=auth(), DEXTO_API_KEY=" ")) == "the-gateway-key"


def test_the_login_moves_with_the_shared_folder(make_catalog: MakeCatalog, tmp_path: Path) -> None:
    """If DEXTO_HOME is set, auth.json is read from that folder only."""
    moved = {"elsewhere/auth.json": auth(dextoApiKey="moved")[AUTH], **auth()}
    assert secret(make_catalog(files=moved, DEXTO_HOME=str(tmp_path / "elsewhere"))) == "moved"
    assert not dexto(make_catalog(DEXTO_HOME=str(tmp_path / "nowhere"))).usable


@pytest.mark.parametrize("expires", [0, 1, "2020-01-01T00:00:00Z"])
def test_an_expired_login_with_a_key(make_catalog: MakeCatalog, expires: object) -> None:
    """With an expired login the gateway is usable if the login stored a gateway key, which doesn't expire with it."""
    catalog = make_catalog(files=auth(expiresAt=expires))
    assert (dexto(catalog).usable, secret(catalog)) == (True, "the-gateway-key")


@pytest.mark.parametrize("key", [None, "", "  ", 7, ["key"], {"key": "k"}])
def test_a_login_without_a_key(make_catalog: MakeCatalog, key: object) -> None:
    """With a login without a gateway key the gateway is not usable, and the remedy is to log in again."""
    catalog = make_catalog(files=auth(dextoApiKey=key))
    route = dexto(catalog)
    assert (route.usable, route.credential) == (False, None)
    assert "no gateway key" in route.reason
    assert "dexto login" in route.remedy
    assert not any(each.credential_sources.get("dexto") for each in catalog.status().providers.values())


def test_nobody_logged_in(make_catalog: MakeCatalog) -> None:
    """Without a key and a login, the remedy names both ways, and there is no problem."""
    catalog = make_catalog()
    route = dexto(catalog)
    assert not route.usable
    assert all(word in route.remedy for word in ("dexto login", "DEXTO_API_KEY"))
    assert catalog.problems == ()


# --- An unusable file ---

MALFORMED = {
    "empty": b"",
    "cut off": b'{"dextoApiKey": "the-gateway-k',
    "array": b'["dextoApiKey", "the-gateway-key"]',
    "text": b'"the-gateway-key"',
    "null": b"null",
    "not utf-8": b'\xff\xfe{"dextoApiKey": "the-gateway-key"}',
    "nested": b"[" * 100_000,
    "digits": b'{"dextoApiKey": ' + b"9" * 5_000 + b"}",
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_login(plugins: Plugins, tmp_path: Path, content: bytes) -> None:
    """An auth.json that can't be parsed is one problem that names the file, and stays byte for byte unchanged."""
    path = tmp_path / AUTH
    path.parent.mkdir()
    path.write_bytes(content)
    catalog = Catalog(plugins, Environment({"OPENROUTER_API_KEY": "k"}, home=tmp_path))
    catalog.status()
    assert not dexto(catalog).usable
    assert catalog.provider("openrouter").has_direct_key
    (problem,) = catalog.problems
    assert (problem.path, bool(problem.remedy)) == (str(path), True)
    assert "gateway-k" not in str(problem)
    assert path.read_bytes() == content
    assert [each.name for each in path.parent.iterdir()] == ["auth.json"]


def test_a_login_that_is_a_folder(plugins: Plugins, tmp_path: Path) -> None:
    """An auth.json that can't be opened is a problem, but a key in a variable is still used."""
    (tmp_path / AUTH).mkdir(parents=True)
    catalog = Catalog(plugins, Environment({"DEXTO_API_KEY": "k"}, home=tmp_path))
    assert (dexto(catalog).usable, [problem.path for problem in catalog.problems]) == (True, [str(tmp_path / AUTH)])
    assert (tmp_path / AUTH).is_dir()


def test_an_expired_login_without_a_key_says_so(make_catalog: MakeCatalog) -> None:
    """For an expired login without a gateway key, the reason is the expiry and the remedy is to log in."""
    files = {AUTH: '{"token": "t", "expiresAt": 1}'}
    route = dexto(make_catalog(files=files))
    assert (route.usable, route.reason) == (False, "the login has expired")
    assert "dexto login" in route.remedy


def test_a_login_is_never_written(make_catalog: MakeCatalog, tmp_path: Path) -> None:
    """Status, routing and revealing leave a valid auth.json unchanged."""
    files = auth(expiresAt=0)
    catalog = make_catalog(files=files)
    catalog.status()
    catalog.resolve("anthropic/claude-sonnet-4-5")
    assert secret(catalog) == "the-gateway-key"
    assert (tmp_path / AUTH).read_text(encoding="utf-8") == files[AUTH]


# --- The address ---


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://dexto.example", "https://dexto.example/v1"),
        ("https://dexto.example/", "https://dexto.example/v1"),
        ("https://dexto.example/v1", "https://dexto.example/v1"),
        ("https://dexto.example/v1/", "https://dexto.example/v1"),
        ("http://localhost:3000", "http://localhost:3000/v1"),
        ("https://dexto.example/api", "https://dexto.example/api/v1"),
        (" https://dexto.example ", "https://dexto.example/v1"),
        (" ", URL),
    ],
)
@pytest.mark.parametrize("how", ["variable", "login"])
def test_another_address(make_catalog: MakeCatalog, address: str, expected: str, how: str) -> None:
    """DEXTO_API_URL in the process changes the gateway's address for its key and its login; `/v1` is added once."""
    key = {"DEXTO_API_KEY": "k"} if how == "variable" else {}
    catalog = make_catalog(files=auth() if how == "login" else {}, DEXTO_API_URL=address, **key)
    assert dexto(catalog).base_url == expected
    assert credential(catalog).endpoint == expected
    assert catalog.resolve("anthropic/claude-sonnet-4-5").base_url == expected


@pytest.mark.parametrize("place", ["global", "project"])
def test_no_file_moves_the_gateway(plugins: Plugins, tmp_path: Path, place: str) -> None:
    """DEXTO_API_URL in the global `.env` or a trusted project's is ignored, since no file may redirect a key."""
    folder = tmp_path / (".dexto" if place == "global" else "project")
    folder.mkdir()
    (folder / ".env").write_text("DEXTO_API_URL=https://evil.example\nDEXTO_API_KEY=k\n", encoding="utf-8")
    catalog = Catalog(plugins, Environment({}, home=tmp_path, trusted_project=tmp_path / "project"))
    assert (dexto(catalog).usable, dexto(catalog).base_url) == (True, URL)


@pytest.mark.parametrize(
    "address",
    [
        "dexto.example",
        "ftp://dexto.example",
        "https://",
        "https://user:pw@dexto.example",
        "https://dexto.example?x",
        "https://dexto.example#x",
        "https://dexto.example/a b",
        "https://dexto.example\\@evil.example",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_none(make_catalog: MakeCatalog, address: str) -> None:
    """With an invalid DEXTO_API_URL the gateway is not usable, and the reason names the variable."""
    catalog = make_catalog(files=auth(), DEXTO_API_KEY="k", DEXTO_API_URL=address)
    assert (dexto(catalog).usable, dexto(catalog).credential) == (False, None)
    assert "DEXTO_API_URL" in dexto(catalog).reason
    assert dexto(catalog).base_url != address


# --- OpenRouter's key in the same file ---


def test_an_openrouter_key_from_a_login(make_catalog: MakeCatalog, tmp_path: Path) -> None:
    """The openRouterApiKey in auth.json is OpenRouter's key and is sent only to OpenRouter."""
    catalog = make_catalog(files=auth(dextoApiKey=None, openRouterApiKey="the-openrouter-key"))
    assert str(credential(catalog, "openrouter")) == f"file {tmp_path / AUTH} openRouterApiKey"
    assert credential(catalog, "openrouter").endpoint == "https://openrouter.ai/api/v1"
    assert secret(catalog, "openrouter") == "the-openrouter-key"
    assert catalog.resolve("anthropic/claude-sonnet-4-5").via == "openrouter"
    assert not dexto(catalog).usable


@pytest.mark.parametrize("place", ["process", "global"])
def test_openrouters_own_variable_comes_first(make_catalog: MakeCatalog, place: str) -> None:
    """OPENROUTER_API_KEY, wherever it is set, takes precedence over the key of the login."""
    files = auth(openRouterApiKey="the-openrouter-key")
    if place == "global":
        files[".dexto/.env"] = "OPENROUTER_API_KEY=own\n"
    variables = {"OPENROUTER_API_KEY": "own"} if place == "process" else {}
    assert secret(make_catalog(files=files, **variables), "openrouter") == "own"


@pytest.mark.parametrize("key", ["", "  ", 7, None])
def test_an_openrouter_key_that_is_none(make_catalog: MakeCatalog, key: object) -> None:
    """A blank or non-string openRouterApiKey is ignored, and OpenRouter's own remedy is given."""
    route = next(
        route
        for route in make_catalog(files=auth(openRouterApiKey=key)).provider("openrouter").routes
        if route.via == "direct"
    )
    assert (route.usable, route.remedy) == (False, "Set OPENROUTER_API_KEY.")


# --- The name ---


def test_the_other_name(make_catalog: MakeCatalog) -> None:
    """`dexto-nova` is an alias of the gateway for lookups and preferences."""
    catalog = make_catalog(DEXTO_API_KEY="k")
    assert catalog.provider("dexto-nova") == catalog.provider("dexto")
    assert catalog.provider("dexto").provider.aliases == ("dexto-nova",)


def test_it_is_never_selected(make_catalog: MakeCatalog) -> None:
    """A model reference can't start with the gateway's name, since the user selects a model, not who is paid for it."""
    catalog = make_catalog(DEXTO_API_KEY="k")
    assert not catalog.provider("dexto").provider.selectable
    with pytest.raises(InvalidModelReference, match="can't be selected"):
        catalog.resolve("dexto/anthropic/claude-sonnet-4.5")


def test_dextos_own_name_selects_its_only_route(make_catalog: MakeCatalog) -> None:
    """`dexto-nova/ID`, as Dexto writes it, is the model with that ID in OpenRouter's list, through Dexto alone."""
    catalog = make_catalog(DEXTO_API_KEY="k", OPENROUTER_API_KEY="o", ANTHROPIC_API_KEY="a")
    model = "dexto-nova/anthropic/claude-sonnet-4.5"
    assert [(route.via, route.model_id) for route in catalog.routes(model)] == [
        ("dexto", "anthropic/claude-sonnet-4.5"),
    ]
    assert catalog.resolve(model).via == "dexto"
    assert catalog.run(model, lambda route: route.via) == "dexto"
    assert make_catalog(OPENROUTER_API_KEY="o").route(model) is None


def test_it_asks_to_be_first(make_catalog: MakeCatalog) -> None:
    """Dexto is the preferred gateway unless the user has chosen another order."""
    assert make_catalog().status().preferred == "dexto"


# --- When the key is used ---


def test_a_key_is_read_at_the_moment_of_use(make_catalog: MakeCatalog) -> None:
    """A key in auth.json is read when it is used, so a later login takes effect."""
    catalog = make_catalog(files=auth())
    make_catalog(files=auth(dextoApiKey="the-new-key"))
    assert secret(catalog) == "the-new-key"


@pytest.mark.parametrize("now", ["gone", "without key", "malformed"])
def test_a_key_that_is_gone_since(make_catalog: MakeCatalog, tmp_path: Path, now: str) -> None:
    """If the key has disappeared since it was found, revealing it raises SecretUnavailable, which names its source."""
    catalog = make_catalog(files=auth())
    path = tmp_path / AUTH
    if now == "gone":
        path.unlink()
    else:
        path.write_text("{}" if now == "without key" else "{", encoding="utf-8")
    with pytest.raises(SecretUnavailable, match=r"dexto .*auth\.json dextoApiKey.*it no longer exists") as caught:
        secret(catalog)
    assert caught.value.credential == credential(catalog)
    assert not dexto(catalog.reload()).usable


def test_a_login_shows_up_on_reload(make_catalog: MakeCatalog) -> None:
    """A login made while a host runs is visible in the next catalog, not in the current one."""
    before = make_catalog()
    make_catalog(files=auth())
    assert (dexto(before).usable, dexto(before.reload()).usable) == (False, True)
