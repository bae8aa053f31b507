"""The examples of plugin kinds work as they demonstrate, against local servers."""

from __future__ import annotations

import json
import shutil
import stat
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from polyroute import Catalog, Environment, ModelRef, NoEffectiveRoute, Plugins, Route, SecretUnavailable, verify
from polyroute.plugins.trust.approvals import Approvals
from polyroute.types import Secret
from tests.support.distributions import BUNDLED, Site, site_on_path
from tests.support.example_executables import KINDS
from tests.support.fake_endpoint import Serve
from tests.support.login_server import LASTS_SECONDS, Clock, LoginServer
from tests.support.manifests import User, manifest, words
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

EXAMPLES = ("exchange", "oauth", "deployments", "command-key", "gateway", "extends")
REMEDY = "Run: acme login."
MARGIN_SECONDS = 60.0
THREADS = 8
VAULT = '#!/bin/sh\necho "$* at $ACME_VAULT_ADDRESS" >> {folder}/runs\ncat {folder}/answer.json || exit 3\n'


class Machine:
    """One user's machine: a home with plugins, and a shell in it."""

    def __init__(self, shell: Shell, site: Site) -> None:
        self.shell, self.site = shell, site
        self.user = User(shell.home)

    def put(self, example: str, name: str, hosts: tuple[str, ...] = ()) -> Path:
        """Copy an example into the plugin folder, grant it further hosts, and approve it."""
        folder = self.user.copy(KINDS / example, name)
        if hosts:
            replace(folder / "plugin.toml", "hosts = [", f"hosts = {json.dumps(hosts)[:-1]}, ")
        self.user.approve(folder)
        return folder

    def install(self, example: str) -> None:
        """Install an example as a distribution, as an installer does."""
        project = tomllib.loads((KINDS / example / "pyproject.toml").read_text())["project"]
        ((plugin, module),) = project["entry-points"]["polyroute"].items()
        shutil.copytree(KINDS / example / module, self.site.folder / module)
        self.site.metadata(module, f"[polyroute]\n{plugin} = {module}\n", project["version"])

    def write(self, name: str, document: Any, home: Path | None = None) -> Path:
        """Write a JSON file into a home."""
        path = (home or self.user.home) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def environment(self, home: Path | None = None, /, **variables: str) -> Environment:
        """Return this user's environment, or another user's with the same plugins."""
        return Environment({"POLYROUTE_HOME": str(self.user.ours), **variables}, home=home or self.user.home)

    def catalog(self, *names: str, **variables: str) -> Catalog:
        """Return a catalog of the bundled plugins and the named ones."""
        environment = self.environment(**variables)
        return Catalog(Plugins.load(only=[*BUNDLED, *names], environment=environment), environment)


@pytest.fixture
def machine(shell: Shell) -> Iterator[Machine]:
    """Provide the machine of a user without any plugin or login."""
    with site_on_path(shell.site.folder) as site:
        yield Machine(shell, site)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Provide the clock for the expiry of secrets."""
    clock = Clock(time.time())
    monkeypatch.setattr("polyroute._internal.secret_memory.time.time", clock)
    return clock


@pytest.fixture
def server(clock: Clock) -> Iterator[LoginServer]:
    """Provide a login server that knows two users."""
    with LoginServer(clock, **{"hushed-a": "hush-a", "hushed-b": "hush-b"}).running() as server:
        yield server


@pytest.fixture
def copilot(machine: Machine, server: LoginServer) -> Catalog:
    """Provide a catalog of a user who has logged in to Acme Copilot."""
    machine.put("exchange", "acme-copilot", hosts=(server.host,))
    server.more = {"endpoint": f"{server.url}/v1", "account": "hush-account"}
    machine.write(".acme-copilot/login.json", {"server": server.url, "token": "hushed-a"})
    return machine.catalog("acme-copilot")


@pytest.fixture
def oauth(machine: Machine, server: LoginServer) -> Catalog:
    """Provide a catalog of a user whose access token must be refreshed."""
    machine.install("oauth")
    machine.write(".acme/login.json", oauth_login(server, server.clock.now - 1))
    return machine.catalog("acme-oauth")


def oauth_login(server: LoginServer, expires_at: float, refresh: str = "hushed-a") -> dict[str, Any]:
    """Return what `acme login` writes."""
    tokens = {"access_token": "hush-0", "refresh_token": refresh, "expires_at": expires_at}
    return {"token_url": f"{server.url}/token", "client_id": "acme-cli", **tokens}


def route(catalog: Catalog, provider: str) -> Route:
    """Return the direct route to a provider's model, usable or not."""
    return catalog.routes(f"{provider}/acme-large")[0]


def secret(catalog: Catalog, provider: str) -> Secret:
    """Return the secret with which a provider is called."""
    return catalog.environment.secret(route(catalog, provider).credential)


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that must be in a file."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def unavailable(catalog: Catalog, provider: str) -> SecretUnavailable:
    """Return the error for a secret that is not available."""
    with pytest.raises(SecretUnavailable) as caught:
        secret(catalog, provider)
    return caught.value


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_kit_passes_each_example(shell: Shell, example: str) -> None:
    """`polyroute plugins check` finds no error in any example."""
    done = shell.run("plugins", "check", str(KINDS / example), "--run", "--yes", PYTHONDONTWRITEBYTECODE="1")
    assert (done.returncode, "error:" in done.stdout, "warning:" in done.stdout) == (0, False, False), done.stdout


# --- exchange ---


def test_a_login_is_exchanged_when_it_is_used(copilot: Catalog, server: LoginServer) -> None:
    """A login file makes the route usable; a call then has the exchanged token, header and endpoint."""
    found = route(copilot, "acme-copilot")
    assert (found.usable, found.base_url, server.asked) == (True, "https://api.acme.example/v1", [])
    call = copilot.environment.call(found)
    assert call.base_url == f"{server.url}/v1"
    assert call.headers == (("Acme-Account", "hush-account"), ("Authorization", "Bearer hush-a-1"))
    assert call.expires_at == server.clock.now + LASTS_SECONDS
    assert (server.asked, words(copilot, "acme-copilot")) == (["hushed-a"], "")


def test_nobody_has_logged_in(machine: Machine) -> None:
    """Without a login file the plugin's own reason and remedy are reported."""
    machine.put("exchange", "acme-copilot")
    with pytest.raises(NoEffectiveRoute) as caught:
        machine.catalog("acme-copilot").resolve("acme-copilot/acme-large")
    assert (caught.value.routes[0].reason, caught.value.routes[0].remedy) == ("nobody has logged in", REMEDY)


def test_a_token_that_leads_elsewhere_is_refused(copilot: Catalog, server: LoginServer) -> None:
    """An endpoint outside the granted hosts is refused, and the token is not returned."""
    server.more["endpoint"] = "https://elsewhere.example/v1"
    assert "needs the host elsewhere.example" in unavailable(copilot, "acme-copilot").why


def test_the_exchange_is_out_of_order(copilot: Catalog, server: LoginServer) -> None:
    """A server failure is distinguished from a refused login."""
    server.broken = True
    assert unavailable(copilot, "acme-copilot").remedy == "Try again later."


# --- oauth ---


def test_a_token_is_refreshed_and_kept_in_the_file(machine: Machine, oauth: Catalog, server: LoginServer) -> None:
    """An expired token is refreshed and stored in the file, which keeps its other fields and stays private."""
    assert secret(oauth, "acme-oauth") == Secret("hush-a-1", server.clock.now + LASTS_SECONDS)
    path = machine.user.home / ".acme" / "login.json"
    kept = json.loads(path.read_text())
    assert (kept["access_token"], kept["client_id"], kept["refresh_token"]) == ("hush-a-1", "acme-cli", "hushed-a")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {each.name for each in path.parent.iterdir()} <= {"login.json", "login.json.lock"}


def test_a_token_that_is_good_is_taken_from_the_file(machine: Machine, oauth: Catalog, server: LoginServer) -> None:
    """A token that does not expire soon is used unchanged, without a request."""
    machine.write(".acme/login.json", oauth_login(server, server.clock.now + LASTS_SECONDS))
    assert secret(oauth, "acme-oauth").value == "hush-0"
    assert server.asked == []


def test_a_token_that_somebody_else_refreshed(machine: Machine, oauth: Catalog, server: LoginServer) -> None:
    """A second environment of the same user uses the token that the first one refreshed."""
    again = Catalog(oauth.plugins, machine.environment())
    assert secret(oauth, "acme-oauth") == secret(again, "acme-oauth")
    assert server.asked == ["hushed-a"]


def test_one_refresh_serves_many_catalogs(machine: Machine, oauth: Catalog, server: LoginServer) -> None:
    """Eight catalogs of one user, each in its own thread, use one refresh token once."""
    catalogs = [Catalog(oauth.plugins, machine.environment()) for _ in range(THREADS)]
    barrier = Barrier(THREADS)

    def ask(catalog: Catalog) -> str:
        barrier.wait()
        return secret(catalog, "acme-oauth").value

    with ThreadPoolExecutor(THREADS) as pool:
        assert [*pool.map(ask, catalogs)] == ["hush-a-1"] * THREADS
    assert server.asked == ["hushed-a"]


def test_a_login_without_refresh_ends(machine: Machine, oauth: Catalog, server: LoginServer) -> None:
    """An expired login that can't be refreshed is not usable, and the remedy is the plugin's."""
    machine.write(".acme/login.json", oauth_login(server, server.clock.now - 1, refresh=""))
    found = route(oauth.reload(), "acme-oauth")
    assert (found.usable, found.remedy) == (False, REMEDY)
    assert found.reason.startswith("the login expired on ")


def test_the_refresh_is_out_of_order(oauth: Catalog, server: LoginServer) -> None:
    """A server failure is distinguished from a refused login."""
    server.broken = True
    error = unavailable(oauth, "acme-oauth")
    assert (error.why[:13], error.remedy) == ("it expired on", "Acme can't be reached. Try again later.")


def test_a_token_is_used_to_its_end(machine: Machine, oauth: Catalog, server: LoginServer) -> None:
    """If a token can't be refreshed, it is used until it expires."""
    server.broken = True
    machine.write(".acme/login.json", oauth_login(server, server.clock.now + 1))
    assert secret(oauth, "acme-oauth").value == "hush-0"


# --- exchange and oauth alike ---

LOGINS = ("acme-copilot", "acme-oauth")


@pytest.fixture(params=LOGINS)
def logged_in(request: pytest.FixtureRequest) -> tuple[str, Catalog]:
    """Provide a provider with a login, and a catalog of a user who has logged in."""
    fixture = {"acme-copilot": "copilot", "acme-oauth": "oauth"}[request.param]
    return request.param, request.getfixturevalue(fixture)


def test_a_token_is_kept_until_a_minute_before_its_end(logged_in: tuple[str, Catalog], server: LoginServer) -> None:
    """The server is asked for a token once, and again sixty seconds before the token expires."""
    provider, catalog = logged_in
    first = secret(catalog, provider)
    server.clock.now += LASTS_SECONDS - MARGIN_SECONDS - 1
    assert secret(catalog, provider) == first
    server.clock.now += 1
    assert secret(catalog, provider).value == "hush-a-2"
    assert server.asked == ["hushed-a"] * 2


def test_threads_wait_for_one_token(logged_in: tuple[str, Catalog], server: LoginServer) -> None:
    """Eight threads that need a token at the same time cause one request."""
    provider, catalog = logged_in
    barrier = Barrier(THREADS)

    def ask(_: int) -> str:
        barrier.wait()
        return secret(catalog, provider).value

    with ThreadPoolExecutor(THREADS) as pool:
        assert [*pool.map(ask, range(THREADS))] == ["hush-a-1"] * THREADS
    assert server.asked == ["hushed-a"]


def test_a_refused_token_is_asked_for_anew(logged_in: tuple[str, Catalog], server: LoginServer) -> None:
    """A token that its endpoint refused is discarded, and the plugin is asked again."""
    provider, catalog = logged_in
    server.lasts = 2 * MARGIN_SECONDS
    credential = route(catalog, provider).credential
    assert credential
    catalog.environment.reveal(credential)
    catalog.environment.forget(credential)
    assert catalog.environment.reveal(credential) == "hush-a-2"


def test_a_refused_login_says_what_to_do(logged_in: tuple[str, Catalog], server: LoginServer) -> None:
    """For a login that the server refuses, the error and its text contain the plugin's own remedy."""
    provider, catalog = logged_in
    server.users.clear()
    error = unavailable(catalog, provider)
    assert (error.remedy, error.why.startswith("Acme refuses")) == (REMEDY, True)
    assert str(error).endswith(REMEDY)


def test_the_command_says_what_to_do(machine: Machine, logged_in: tuple[str, Catalog], server: LoginServer) -> None:
    """For a refused login, `polyroute credential --reveal` ends with the plugin's own remedy."""
    provider, _ = logged_in
    server.users.clear()
    done = machine.shell.run("credential", f"{provider}/acme-large", "--reveal")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.rstrip().endswith(REMEDY)


def test_the_command_gives_the_token(machine: Machine, logged_in: tuple[str, Catalog], server: LoginServer) -> None:
    """`polyroute credential --reveal` prints the token, its expiry, the endpoint and the headers."""
    provider, _ = logged_in
    told = json.loads(machine.shell.run("credential", f"{provider}/acme-large", "--reveal").stdout)
    is_exchanged = provider == "acme-copilot"
    assert (told["value"], told["header"], told["prefix"]) == ("hush-a-1", "Authorization", "Bearer ")
    assert told["headers"] == ({"Acme-Account": "hush-account"} if is_exchanged else {})
    assert told["baseUrl"] == (f"{server.url}/v1" if is_exchanged else "https://api.acme.example/v1")
    assert told["expiresAt"]


def test_no_secret_is_shown(machine: Machine, logged_in: tuple[str, Catalog], server: LoginServer) -> None:
    """Neither the login nor the token nor its headers appear in text forms, documents or problems."""
    provider, catalog = logged_in
    found = route(catalog, provider)
    token, call = catalog.environment.secret(found.credential), catalog.environment.call(found)
    told = [repr(each) for each in (token, call, found, catalog.environment, catalog.problems, vars(catalog))]
    for command in (["status"], ["explain", provider], ["resolve", f"{provider}/acme-large"], ["plugins"]):
        told += [machine.shell.run(*command, *more).stdout for more in ([], ["--json"])]
    told.append(machine.shell.run("credential", f"{provider}/acme-large", "--json").stdout)
    assert all(told)
    assert not [text for text in told if "hush" in text]


def test_an_expired_login_is_not_usable(machine: Machine, copilot: Catalog, server: LoginServer) -> None:
    """An expired login is not usable, its token is not requested, and the remedy is reported."""
    login = {"server": server.url, "token": "hushed-a", "expires_at": server.clock.now - 1}
    machine.write(".acme-copilot/login.json", login)
    found = route(copilot.reload(), "acme-copilot")
    assert (found.usable, found.remedy, server.asked) == (False, REMEDY, [])
    status = machine.shell.run("status", "acme-copilot").stdout
    assert "the login expired on " in status
    assert REMEDY in status


def test_two_users_have_their_own_tokens(machine: Machine, server: LoginServer, tmp_path: Path) -> None:
    """Two users of one process and one `Plugins` each get the token of their own login."""
    machine.put("exchange", "acme-copilot", hosts=(server.host,))
    machine.install("oauth")
    server.more = {"endpoint": f"{server.url}/v1", "account": "of-somebody"}
    users = {"hushed-a": machine.user.home, "hushed-b": tmp_path / "other"}
    for login, home in users.items():
        machine.write(".acme-copilot/login.json", {"server": server.url, "token": login}, home)
        machine.write(".acme/login.json", oauth_login(server, 0, login), home)
    plugins = Plugins.load(only=[*BUNDLED, *LOGINS], environment=machine.environment())
    catalogs = [Catalog(plugins, machine.environment(home)) for home in users.values()]
    found = {provider: [secret(each, provider).value[:-2] for each in catalogs] for provider in LOGINS}
    assert found == {provider: ["hush-a", "hush-b"] for provider in LOGINS}
    assert sorted(server.asked) == sorted([*users] * 2)


# --- deployments ---

CLOUD = {"ACME_CLOUD_KEY": "key", "ACME_CLOUD_RESOURCE": "mine"}
DEPLOYMENTS = ".acme-cloud/deployments.json"


def ids(catalog: Catalog, provider: str) -> list[str]:
    """Return the IDs of a provider's models."""
    return [each.id for each in catalog.models(provider=provider)]


def test_two_users_have_their_own_deployments(machine: Machine, tmp_path: Path) -> None:
    """Two users of one process and one `Plugins` each see and call their own deployments."""
    machine.install("deployments")
    machine.write(DEPLOYMENTS, [{"name": "support-chat", "model": "acme-large", "context": 128_000}])
    machine.write(DEPLOYMENTS, [{"name": "notes", "model": "acme-small"}], tmp_path / "other")
    mine = machine.catalog("acme-cloud", **CLOUD)
    other = machine.environment(tmp_path / "other", **{**CLOUD, "ACME_CLOUD_RESOURCE": "theirs"})
    theirs = Catalog(mine.plugins, other)
    assert [ids(each, "acme-cloud") for each in (mine, theirs)] == [["support-chat"], ["notes"]]
    assert mine.resolve("acme-cloud/support-chat").mapping == "listed"
    assert theirs.resolve("acme-cloud/support-chat").mapping == "unlisted"
    assert theirs.resolve("acme-cloud/notes").base_url == "https://theirs.acme-cloud.example/v1"
    assert (mine.problems, theirs.problems) == ((), ())


def test_a_new_deployment_is_seen(machine: Machine) -> None:
    """A deployment that is created later is listed after `reload`."""
    machine.install("deployments")
    catalog = machine.catalog("acme-cloud", **CLOUD)
    assert ids(catalog, "acme-cloud") == []
    machine.write(DEPLOYMENTS, [{"name": "new", "model": "acme-large"}])
    assert ids(catalog.reload(), "acme-cloud") == ["new"]


def test_a_broken_list_is_its_users_alone(machine: Machine, tmp_path: Path) -> None:
    """A file that is not a list is a problem in its user's catalog only."""
    machine.install("deployments")
    machine.write(DEPLOYMENTS, [{"name": "sound", "model": "acme-large"}])
    machine.write(DEPLOYMENTS, [{"no": "name"}], tmp_path / "other")
    mine = machine.catalog("acme-cloud", **CLOUD)
    theirs = Catalog(mine.plugins, machine.environment(tmp_path / "other", **CLOUD))
    assert [ids(each, "acme-cloud") for each in (mine, theirs)] == [["sound"], []]
    assert "KeyError" in words(theirs, "acme-cloud")
    assert mine.problems == ()


# --- command-key ---


class Vault:
    """A program `acme-vault` on a user's PATH, and the manifest that runs it."""

    def __init__(self, machine: Machine, folder: Path, url: str) -> None:
        self.machine, self.folder = machine, folder
        folder.mkdir()
        program = folder / "acme-vault"
        program.write_text(VAULT.format(folder=folder))
        program.chmod(0o755)
        self.variables = {"PATH": f"{folder}:/usr/bin:/bin", "ACME_ORG": "org-1", "ACME_VAULT_ADDRESS": "vault.example"}
        self.plugin = machine.user.copy(KINDS / "command-key", "acme-vault")
        replace(self.plugin / "plugin.toml", "https://api.acme.example/v1", url)

    def approve(self) -> None:
        """Approve the manifest and its command as the user."""
        Approvals.load(self.machine.environment(**self.variables)).approve(manifest(self.plugin))

    def hold(self, key: str, expires_at: object = None) -> None:
        """Set what the program prints from now on."""
        (self.folder / "answer.json").write_text(json.dumps({"data": {"key": key, "expires_at": expires_at}}))

    def catalog(self, **variables: str) -> Catalog:
        """Return a catalog of the user."""
        return self.machine.catalog("acme-vault", **{**self.variables, **variables})

    @property
    def runs(self) -> list[str]:
        """Return the recorded runs of the program."""
        path = self.folder / "runs"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def vault(machine: Machine, tmp_path: Path, serve: Serve) -> Vault:
    """Provide a vault with the key for an endpoint that reports a balance."""
    upstream = serve(key="vault-key-1")
    upstream.documents["/balance"] = {"credits": {"left": 4.5}}
    vault = Vault(machine, tmp_path / "bin", upstream.url)
    vault.hold("vault-key-1")
    vault.approve()
    return vault


def test_a_command_gives_the_key_at_the_moment_of_use(vault: Vault) -> None:
    """The command runs only when the endpoint is called, with the variables that it names."""
    catalog = vault.catalog()
    found = catalog.resolve("acme-vault/acme-large")
    assert (str(found.credential), vault.runs) == (f"command {vault.folder}/acme-vault read --json llm /data/key", [])
    assert catalog.environment.call(found).headers == (("x-org", "org-1"), ("Authorization", "Bearer vault-key-1"))
    assert vault.runs == ["read --json llm at vault.example"]


def test_a_command_says_how_long_its_key_is_good(vault: Vault, clock: Clock) -> None:
    """A key with an expiry is kept in memory until a minute before that; then the command runs again."""
    vault.hold("vault-key-1", clock.now + LASTS_SECONDS)
    catalog = vault.catalog()
    assert [secret(catalog, "acme-vault").value for _ in range(3)] == ["vault-key-1"] * 3
    vault.hold("vault-key-2", clock.now + 2 * LASTS_SECONDS)
    clock.now += LASTS_SECONDS - MARGIN_SECONDS
    assert secret(catalog, "acme-vault").value == "vault-key-2"
    assert len(vault.runs) == 2


def test_a_key_without_an_end_is_asked_for_each_time(vault: Vault) -> None:
    """A command whose key has no expiry runs at each use."""
    catalog = vault.catalog()
    assert [secret(catalog, "acme-vault").value for _ in range(2)] == ["vault-key-1"] * 2
    assert len(vault.runs) == 2


def test_a_command_that_fails_says_what_to_do(vault: Vault) -> None:
    """When the command fails, the error has the manifest's remedy."""
    catalog = vault.catalog()
    (vault.folder / "answer.json").unlink()
    assert unavailable(catalog, "acme-vault").remedy == "Run: acme-vault login."


def test_a_header_takes_only_a_checked_name(vault: Vault) -> None:
    """If the organization is not a slug, the route is not usable and the command is not run."""
    found = route(vault.catalog(ACME_ORG="org 1; x"), "acme-vault")
    assert (found.usable, vault.runs) == (False, [])
    assert "ACME_ORG" in found.reason + found.remedy


def test_the_key_of_a_command_is_verified(vault: Vault) -> None:
    """`verify` calls the endpoint with the key and the header, and reports the remaining credit."""
    (found,) = verify(vault.catalog(), ["acme-vault"])
    assert found[1:] == ("valid", "", "4.5 USD")
    vault.hold("vault-key-old")
    (found,) = verify(vault.catalog(), ["acme-vault"])
    assert found.state == "invalid"
    assert "vault-key-old" not in found.message


def test_a_command_is_not_run_unapproved(machine: Machine, tmp_path: Path) -> None:
    """A manifest with a command is not used before the user trusts it; then the command provides the key."""
    vault = Vault(machine, tmp_path / "bin", "https://api.acme.example/v1")
    vault.hold("vault-key-1")
    asked = ("credential", "acme-vault/acme-large", "--reveal")
    assert "acme-vault" not in vault.catalog().plugins.providers
    assert machine.shell.run(*asked, **vault.variables).returncode != 0
    assert machine.shell.run("plugins", "trust", "acme-vault", "--yes", **vault.variables).returncode == 0
    told = json.loads(machine.shell.run(*asked, **vault.variables).stdout)
    assert (told["value"], told["headers"]) == ("vault-key-1", {"x-org": "org-1"})


# --- gateway ---


@pytest.fixture
def starts(machine: Machine, tmp_path: Path) -> Path:
    """Put the gateway into the plugin folder; return the file to which each start of its program adds a line."""
    folder, log = machine.user.copy(KINDS / "gateway", "acme-gateway"), tmp_path / "starts"
    (folder / "run.sh").write_text(f'#!/bin/sh\necho start >> {log}\nexec python3 -I "${{0%/*}}/acme_gateway.py"\n')
    (folder / "run.sh").chmod(0o755)
    replace(folder / "plugin.toml", '["python3", "-I", "./acme_gateway.py"]', '["./run.sh"]')
    machine.user.approve(folder)
    return log


def count(log: Path) -> int:
    """Return how often the program was started."""
    return len(log.read_text().splitlines())


def test_many_models_are_mapped_by_one_process(machine: Machine, starts: Path) -> None:
    """One start of the program maps fifty models; their routes need no further start once its list is known."""
    catalog = machine.catalog("acme-gateway", ACME_GATEWAY_KEY="key")
    assert ids(catalog, "acme-gateway")  # with the prices of its routes
    models = [ModelRef("openai", "gpt-5"), *(ModelRef("anthropic", f"made-up-{number}") for number in range(49))]
    before = count(starts)
    catalog.prepare(models)
    assert count(starts) == before + 1
    found = {ref: catalog.mapping("acme-gateway", ref) for ref in models}
    assert [each.id for each in found.values()] == ["eu.openai.gpt-5", *[None] * 49]
    assert found[models[1]].why == "Acme carries no made-up-0 of anthropic"
    through = [next(each for each in catalog.routes(ref) if each.via == "acme-gateway") for ref in models[:2]]
    assert [each.usable for each in through] == [True, False]
    assert count(starts) == before + 1


def test_the_list_of_a_gateway_is_kept(machine: Machine, starts: Path) -> None:
    """The models of a gateway are requested once per user while the response is valid."""
    catalog = machine.catalog("acme-gateway", ACME_GATEWAY_KEY="key")
    listed = ids(catalog, "acme-gateway")
    assert (len(listed), listed[-1]) == (4, "eu.openai.gpt-5-mini")
    before = count(starts)
    assert ids(catalog.reload(), "acme-gateway") == listed
    assert ids(machine.catalog("acme-gateway", ACME_GATEWAY_KEY="key"), "acme-gateway") == listed
    assert count(starts) == before


def test_two_users_have_their_own_region(machine: Machine, tmp_path: Path) -> None:
    """Two users of one process and one `Plugins` each see the IDs of their own region."""
    machine.put("gateway", "acme-gateway")
    mine = machine.catalog("acme-gateway", ACME_GATEWAY_KEY="key")
    theirs = Catalog(mine.plugins, machine.environment(tmp_path, ACME_GATEWAY_KEY="other", ACME_REGION="us"))
    wanted = ModelRef("anthropic", "claude-opus-4-5")
    spelled = [each.mapping("acme-gateway", wanted).id for each in (mine, theirs)]
    assert spelled == ["eu.anthropic.claude-opus-4-5", "us.anthropic.claude-opus-4-5"]
    assert [ids(each, "acme-gateway")[0] for each in (mine, theirs)] == spelled
    assert [words(each, "acme-gateway") for each in (mine, theirs)] == ["", ""]


def test_a_gateway_runs_what_it_lists(machine: Machine) -> None:
    """`polyroute models --available` lists the gateway's vendors' models with the gateway's key alone."""
    machine.put("gateway", "acme-gateway")
    document = machine.shell.json("models", "--available", "--provider", "openai", ACME_GATEWAY_KEY="key")
    assert {each["model"] for each in document["models"]} == {"gpt-5", "gpt-5-mini"}


# --- extends ---


def test_a_manifest_makes_a_gateway_of_anothers_provider(machine: Machine) -> None:
    """The provider becomes a gateway with the other gateway's mappings; base URL and key stay its owner's."""
    assert "vercel" not in machine.catalog().plugins.gateways
    machine.put("extends", "acme-extends")
    catalog = machine.catalog("acme-extends", AI_GATEWAY_API_KEY="key")
    wanted = ModelRef("anthropic", "claude-sonnet-4-5")
    found = next(each for each in catalog.routes(wanted) if each.via == "vercel")
    assert (found.usable, found.model_id) == (True, catalog.mapping("openrouter", wanted).id)
    owner = catalog.plugins.providers["vercel"]
    assert (found.base_url, str(found.credential)) == (owner.base_url, "env AI_GATEWAY_API_KEY")
    assert catalog.plugins.owners["vercel"].name == "direct"
    assert words(catalog, "acme-extends") == ""
