"""One process loads the plugins once for many users: nothing of one user is ever given to another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Scope

from polyroute import (
    Catalog,
    Credential,
    Detection,
    Environment,
    Mapper,
    Model,
    ModelRef,
    Plugins,
    Preferences,
    Probe,
    Provider,
    Route,
    Routeability,
    Secret,
    SecretUnavailable,
    Source,
    Verification,
    explain,
    hookimpl,
    verify,
)
from polyroute.plugins.executables import adapter as executable
from polyroute.plugins.executables import batch
from polyroute.plugins.executables.client import CLIENT
from polyroute.server import PassThrough, create_app
from tests.support import many_users
from tests.support.acme_executable import acme
from tests.support.distributions import BUNDLED
from tests.support.fake_endpoint import Upstream
from tests.support.http_server import Client, running
from tests.support.manifests import User
from tests.support.many_users import PROVIDERS, Member, PyMapper, World, credential, values_in

pytestmark = pytest.mark.slow

TOKEN = "token-canary"
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """Set timeouts that no working program exceeds, and stop all programs afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "START_SECONDS", 60.0)
        patch.setattr(executable, "METHOD_SECONDS", 60.0)
        yield
    CLIENT.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, patience: None) -> Iterator[World]:
    """Provide plugins of all kinds, loaded once for all tests here."""
    with pytest.MonkeyPatch.context() as patch, Upstream("large", key="").running() as upstream:
        base = tmp_path_factory.mktemp("world")
        patch.setenv("POLYROUTE_HOME", str(base / "caches"))
        yield World(base, upstream)


# Each kind of plugin, for each user


def test_each_user_has_their_own_secrets(world: World) -> None:
    """Each user gets their own secrets from Python, from a manifest's variable, file or command, and from a program."""
    users = [world.user(name) for name in ("ann", "bob", "cleo")]
    catalogs = {user: world.catalog(user) for user in users}
    for _ in range(2):
        for user in (*users, *reversed(users)):
            assert many_users.secrets(catalogs[user]) == user.secrets
    assert [problem for catalog in catalogs.values() for problem in catalog.problems] == []


def test_each_user_has_their_own_headers(world: World) -> None:
    """The headers of a secret, and those that a manifest fills, have the user's own values."""
    for user in (world.user("ann"), world.user("bob")):
        found = many_users.headers(world.catalog(user))
        assert values_in(found) == {user.value}
        assert (found["py"]["x-py"], found["exe"]["x-exe"], found["by-variable"]["x-org"]) == (user.value,) * 3


def test_each_user_has_their_own_models(world: World) -> None:
    """A plugin in Python and a program list the user's own models."""
    users = [world.user("ann"), world.user("bob")]
    catalogs = [world.catalog(user) for user in users]
    for user, catalog in zip(users * 2, catalogs * 2, strict=True):
        assert many_users.models(catalog) == {f"model-{user.value}"}
        assert values_in(catalog.models()) == {user.value}


def test_each_user_has_their_own_mapping(world: World) -> None:
    """A gateway maps a model for the user of the catalog."""
    users = [world.user("ann"), world.user("bob")]
    catalogs = [world.catalog(user) for user in users]
    for user, catalog in zip(users * 2, catalogs * 2, strict=True):
        assert many_users.mapped(catalog) == {f"{user.value}/x"}


def test_each_user_has_their_own_login(world: World) -> None:
    """A detection reports the user's own login; a user without one gets the remedy."""
    user = world.user("ann")
    with_login, without = world.catalog(user), Catalog(world.plugins, Environment({}, home=world.base / "nobody"))
    for name in ("py", "exe"):
        source = credential(with_login, name).source
        assert source is not None
        assert source.name == f"login of {user.value}"
        (route,) = [each for each in without.provider(name).routes if each.via == "direct"]
        assert (route.usable, route.reason, route.remedy) == (False, "not logged in", f"Run: {name} login.")


def test_each_user_has_their_own_verification(world: World) -> None:
    """A plugin and a program verify for each user; a probe is sent with the user's key and headers."""
    world.upstream.received.clear()
    for user in (world.user("dora"), world.user("emil"), world.user("dora")):
        seen = f"seen as {user.value[::-1]}"
        found = many_users.verified(world.catalog(user))
        assert found == [("py", "valid", seen), ("exe", "valid", seen), ("by-variable", "valid", "")]
    sent = [(each.headers["authorization"], each.headers["x-org"]) for each in world.upstream.received]
    assert sent == [(f"Bearer variable-{each}", each) for each in ("value-of-dora-0", "value-of-emil-0")]


def test_a_reload_sees_what_has_changed(world: World) -> None:
    """After a variable and a file have changed, a reloaded catalog has the new values from every kind of plugin."""
    before = world.user("ann")
    catalog = world.catalog(before)
    assert many_users.secrets(catalog) == before.secrets
    assert many_users.models(catalog) == {f"model-{before.value}"}
    after = before._replace(turn=1)
    after.settle()
    reloaded = catalog.reload()
    assert many_users.secrets(reloaded) == after.secrets
    assert many_users.models(reloaded) == {f"model-{after.value}"}
    assert many_users.mapped(reloaded) == {f"{after.value}/x"}
    assert values_in(reloaded.status(), many_users.headers(reloaded)) == {after.value}
    assert many_users.models(catalog) == {f"model-{before.value}"}  # a catalog's results never change
    assert many_users.mapped(catalog) == {f"{before.value}/x"}


def test_homes_and_variables_that_read_alike_are_told_apart(tmp_path: Path) -> None:
    """A home named like another user's home plus variable name does not give access to that user's login."""
    host = User(tmp_path)
    acme(host, ttl=600)
    plugins = host.plugins()
    with_login = Environment({"ACME_LOGIN": "x"}, home=tmp_path / "ann")
    without = Environment({}, home=f"{tmp_path / 'ann'} ACME_LOGIN")
    assert credential(Catalog(plugins, with_login), "acme-login").source
    assert not Catalog(plugins, without).provider("acme-login").has_direct_key


# In any order, from any thread

OPERATIONS = ("secret", "models", "map", "verify", "status", "headers", "reload")
Step = tuple[int, str]


class Session:
    """One user's session; each operation must return the user's current data."""

    def __init__(self, user: Member, catalog: Catalog) -> None:
        self.user, self.catalog = user, catalog

    def do(self, operation: str) -> None:
        """Run one operation and compare its result with the user's data."""
        user, catalog = self.user, self.catalog
        if operation == "reload":
            self.user = user._replace(turn=1 - user.turn)
            self.user.settle()
            self.catalog = catalog.reload()
        elif operation == "secret":
            assert many_users.secrets(catalog) == user.secrets
        elif operation == "models":
            assert many_users.models(catalog) == {f"model-{user.value}"}
        elif operation == "map":
            assert many_users.mapped(catalog) == {f"{user.value}/x"}
        elif operation == "verify":
            seen = f"seen as {user.value[::-1]}"
            assert [message for *_, message in many_users.verified(catalog)] == [seen, seen, ""]
        elif operation == "status":
            assert values_in(catalog.status(), explain(catalog, "exe"), explain(catalog, "py")) <= {user.value}
        else:
            assert values_in(many_users.headers(catalog)) == {user.value}
        assert values_in(self.catalog.problems) == set()


def sessions(world: World, count: int) -> list[Session]:
    users = [world.user(name) for name in ("una", "vic", "wes", "xia")[:count]]
    return [Session(user, world.catalog(user)) for user in users]


def assert_each_request_is_of_one_user(upstream: Upstream) -> None:
    """Assert that no request mixes two users' data."""
    assert [found for found in many_users.values_sent(upstream) if len(found) != 1] == []


@settings(max_examples=15)
@given(st.integers(2, 4), st.lists(st.tuples(st.integers(0, 3), st.sampled_from(OPERATIONS)), max_size=14))
def test_no_order_of_operations_mixes_users(world: World, count: int, steps: list[Step]) -> None:
    """Whatever operations 2 to 4 users run, in any order, each gets their own data."""
    world.upstream.received.clear()
    at_work = sessions(world, count)
    for index, operation in steps:
        at_work[index % count].do(operation)
    for each in at_work:
        each.do("secret")
    assert_each_request_is_of_one_user(world.upstream)


@settings(max_examples=10)
@given(st.lists(st.lists(st.sampled_from(OPERATIONS), max_size=8), min_size=2, max_size=4))
def test_no_threads_mix_users(world: World, work: list[list[str]]) -> None:
    """Whatever operations 2 to 4 users run at the same time, each in a thread, each gets their own data."""
    world.upstream.received.clear()
    at_work = sessions(world, len(work))

    def run(session: Session, operations: list[str]) -> None:
        for operation in (*operations, "secret", "models"):
            session.do(operation)

    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(run, *each) for each in zip(at_work, work, strict=True)]:
            done.result()
    assert_each_request_is_of_one_user(world.upstream)


def test_threads_share_a_catalog(world: World) -> None:
    """Several threads that use two users' catalogs at once get the right user's results."""
    at_work = sessions(world, 2)
    work = [(session, operation) for operation in OPERATIONS[:-1] for session in at_work] * 3
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(session.do, operation) for session, operation in work]:
            done.result()


# The server


def by_header(environments: Mapping[bytes, Environment]) -> Callable[[Scope], Environment]:
    """Return a function that selects the environment of the user whom a request names."""

    def of(scope: Scope) -> Environment:
        return environments[dict(scope["headers"])[b"x-user"]]

    return of


@pytest.fixture
def served(world: World) -> Iterator[tuple[Client, dict[str, Member]]]:
    """Provide an application with a pass-through for two users."""
    users = {name: world.user(name) for name in ("ann", "bob")}
    app = create_app(
        plugins=world.plugins,
        environment=by_header({name.encode(): user.environment() for name, user in users.items()}),
        preferences=Preferences(),
        token=TOKEN,
        pass_through=PassThrough(),
    )
    with running(app, authorization=f"Bearer {TOKEN}") as client:
        yield client, users


def ask(client: Client, user: Member, provider: str) -> int:
    """Send a request of the user through the pass-through."""
    body = {"model": f"{provider}/large", "messages": [{"role": "user", "content": user.value}]}
    sent = json.dumps(body).encode()
    return client.send("POST", CHAT, sent, content_type="application/json", x_user=user.name).status


def test_each_request_carries_its_users_key(world: World, served: tuple[Client, dict[str, Member]]) -> None:
    """For every kind of plugin, the pass-through sends each request to the endpoint with its own user's key."""
    client, users = served
    world.upstream.received.clear()
    asked = [(user, provider) for provider in PROVIDERS for user in (*users.values(), *users.values())]
    assert {ask(client, *each) for each in asked} == {200}
    sent = [(each.body["messages"][0]["content"], each.headers["authorization"]) for each in world.upstream.received]
    assert sent == [(user.value, f"Bearer {user.secrets[provider]}") for user, provider in asked]
    assert_each_request_is_of_one_user(world.upstream)
    assert TOKEN not in str(world.upstream.received)


def test_requests_at_once_carry_their_users_keys(world: World, served: tuple[Client, dict[str, Member]]) -> None:
    """Concurrent requests of two users reach the endpoint with the right keys, too."""
    client, users = served
    world.upstream.received.clear()
    asked = [(user, provider) for provider in PROVIDERS for user in users.values()] * 2
    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(ask, client, *each) for each in asked]
        assert {each.result() for each in done} == {200}
    keys = {(each.body["messages"][0]["content"], each.headers["authorization"]) for each in world.upstream.received}
    assert keys == {(user.value, f"Bearer {user.secrets[provider]}") for user, provider in asked}
    assert_each_request_is_of_one_user(world.upstream)


def test_the_api_answers_each_user_with_their_own(served: tuple[Client, dict[str, Member]]) -> None:
    """Status, models and mapped IDs over HTTP are those of the requesting user, and contain no secret."""
    client, users = served
    for user in (*users.values(), *users.values()):
        for path in ("catalog?provider=exe", "catalog?provider=py", "status?provider=exe", "resolve?model=py/x"):
            answer = client.get(f"/api/llm/{path}", x_user=user.name)
            assert answer.status == 200, answer.body
            assert values_in(answer.json) == {user.value}, path
            assert not [secret for secret in user.secrets.values() if secret in str(answer.json)]


# Plugins whose hooks do not take the environment


class Former:
    """A plugin with a login whose `polyroute_secrets` takes no environment, and another provider with a variable."""

    def __init__(self) -> None:
        self.asked = 0

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return a provider with a login."""
        return [Provider("former", "Former", "host", base_url="https://former.example/v1")]

    @hookimpl
    def polyroute_credentials(self, environment: Environment) -> list[Detection]:
        """Detect a login for every user with a name."""
        return [Detection("former", "oauth-token", Source("plugin", environment.setting("NAME") or ""))]

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> list[Model]:
        """Return the same model for everybody."""
        return [Model("former", "large")] if "former" in provider_ids else []

    @hookimpl
    def polyroute_secrets(self, credential: Credential) -> str:
        """Return a secret without knowing for which user."""
        self.asked += 1
        return "secret of somebody"


def environment_of(name: str, home: Path) -> Environment:
    return Environment({"NAME": name, "MISTRAL_API_KEY": f"mistral-{name}", "HOME": str(home)})


def test_a_secret_of_nobody_in_particular_is_for_one_user(tmp_path: Path) -> None:
    """A plugin whose `polyroute_secrets` does not take `environment` works for one environment, also after a reload."""
    plugins = Plugins.load([Former()], only=BUNDLED)
    first = Catalog(plugins, environment_of("ann", tmp_path))
    again = Catalog(plugins, environment_of("ann", tmp_path))
    for catalog in (first, first.reload(), again, again.reload().reload(), first):
        assert catalog.environment.reveal(credential(catalog, "former")) == "secret of somebody"
        assert catalog.problems == ()


def test_the_environment_of_the_process_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works, too, after a variable of the process has changed: that is still one user."""
    monkeypatch.setenv("NAME", "ann")
    catalog = Catalog(Plugins.load([Former()], only=BUNDLED), Environment.load())
    for name in ("ann", "ann-the-second"):
        monkeypatch.setenv("NAME", name)
        catalog = catalog.reload()
        assert credential(catalog, "former").source == Source("plugin", name)
        assert catalog.environment.reveal(credential(catalog, "former")) == "secret of somebody"
    assert Catalog(catalog.plugins, Environment.load()).problems == ()


def test_a_secret_of_nobody_in_particular_is_refused_for_two(tmp_path: Path) -> None:
    """For a second user such a secret is refused, with a problem that says why; all other results are unchanged."""
    former = Former()
    plugins = Plugins.load([former, many_users.Py()], only=BUNDLED)
    ann = Catalog(plugins, environment_of("ann", tmp_path / "ann"))
    before = answers(ann)
    assert ann.environment.reveal(credential(ann, "former")) == "secret of somebody"
    bob = Catalog(plugins, environment_of("bob", tmp_path / "bob"))
    asked = former.asked
    with pytest.raises(SecretUnavailable) as refused:
        bob.environment.reveal(credential(bob, "former"))
    assert "for which environment" in str(refused.value)
    assert former.asked == asked
    (problem,) = bob.problems
    assert (problem.code, problem.plugin, problem.hook) == ("whose-secret", "Former", "polyroute_secrets")
    assert problem.provider == "former"
    assert "environment" in problem.remedy
    assert answers(ann) == before
    assert bob.environment.reveal(credential(bob, "mistral")) == "mistral-bob"
    assert [model.id for model in bob.models(provider="former")] == ["large"]
    assert "secret of somebody" not in str(refused.value) + str(problem)


def answers(catalog: Catalog) -> tuple[Any, ...]:
    """Return all results of a catalog except the secret of the plugin that does not take the environment."""
    routes: list[tuple[Route, ...]] = [each.routes for each in catalog.status().providers.values()]
    secret = catalog.environment.reveal(credential(catalog, "mistral"))
    return routes, list(catalog.plugins.all_models()), secret, catalog.resolve("former/large")


class FormerVerifying(Former):
    """The same plugin, which also reports its key as valid for an unknown user, and a probe for another provider."""

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return two providers."""
        other = Provider("probed", "Probed", "host", base_url="https://probed.example/v1")
        return [*super().polyroute_providers(), other]

    @hookimpl
    def polyroute_verifications(self) -> list[Verification | Probe]:
        """Report the key as valid for an unknown user."""
        return [Verification("former", "valid", "for somebody"), Probe("probed", "/balance")]


def test_a_verification_of_nobody_in_particular_is_for_one_user(tmp_path: Path) -> None:
    """A hook without parameters may verify a key for one environment, also after a reload."""
    plugins = Plugins.load([FormerVerifying()], only=BUNDLED)
    first = Catalog(plugins, environment_of("ann", tmp_path))
    for catalog in (first, first.reload(), Catalog(plugins, environment_of("ann", tmp_path)), first):
        assert verify(catalog, ["former"]) == (Verification("former", "valid", "for somebody"),)
        assert catalog.problems == ()


def test_a_verification_of_nobody_in_particular_is_refused_for_two(tmp_path: Path) -> None:
    """For two users such a verification is refused, with a problem that says why; all other results are unchanged."""
    plugins = Plugins.load([FormerVerifying()], only=BUNDLED)
    ann = Catalog(plugins, environment_of("ann", tmp_path / "ann"))
    before = answers(ann)
    bob = Catalog(plugins, environment_of("bob", tmp_path / "bob"))
    for catalog in (bob, ann):
        (found,) = verify(catalog, ["former"])
        assert (found.state, "somebody" in found.message) == ("unsupported", False)
        (problem,) = catalog.problems
        assert (problem.code, problem.plugin) == ("whose-secret", "FormerVerifying")
        assert problem.hook == "polyroute_verifications"
        known = catalog.plugins.verifications((), catalog.environment)
        assert known["probed"] == Probe("probed", "/balance")
    assert answers(ann) == before


def test_a_probe_is_asked_for_once(tmp_path: Path) -> None:
    """Probes of a hook without parameters apply to all users: the hook is called once."""
    asked: list[str] = []

    class Probing:
        @hookimpl
        def polyroute_providers(self) -> list[Provider]:
            """Return one provider."""
            return [Provider("probed", "Probed", "host", base_url="https://probed.example/v1")]

        @hookimpl
        def polyroute_verifications(self) -> list[Probe]:
            """Return a probe."""
            asked.append("probe")
            return [Probe("probed", "/balance")]

    plugins = Plugins.load([Probing()], only=[])
    for name in ("ann", "bob", "ann"):
        catalog = Catalog(plugins, environment_of(name, tmp_path / name))
        assert catalog.plugins.verifications((), catalog.environment) == {"probed": Probe("probed", "/balance")}
    assert asked == ["probe"]


# How often hooks are called


class Counting:
    """A plugin with one gateway that counts for which provider and user it was called."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: Counter[tuple[str, str]] = Counter()

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return a gateway."""
        return [Provider(self.name, self.name, "gateway", base_url="https://counting.example/v1")]

    @hookimpl
    def polyroute_routeability(self) -> list[Routeability]:
        """Return a rule that makes no existing vendor routeable."""
        return [Routeability(self.name, frozenset({"nobody"}))]

    def listed(self, provider_ids: Iterable[str], who: str) -> list[Model]:
        """Return the models and count the call."""
        self.asked.update((each, who) for each in provider_ids)
        return [Model(self.name, f"of {who}")] if self.name in provider_ids else []


class CountingShared(Counting):
    """A plugin whose hooks do not take `environment`."""

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> list[Model]:
        """Return the same models for everybody."""
        return self.listed(provider_ids, "everybody")

    @hookimpl
    def polyroute_model_ids(self) -> Mapping[str, Mapper]:
        """Return the same mapper for everybody."""
        self.asked["mapper", "everybody"] += 1
        return {self.name: PyMapper("everybody")}


class CountingEach(Counting):
    """A plugin whose hooks take `environment`."""

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str], environment: Environment) -> list[Model]:
        """Return the user's own models."""
        return self.listed(provider_ids, environment.setting("NAME") or "")

    @hookimpl
    def polyroute_model_ids(self, environment: Environment) -> Mapping[str, Mapper]:
        """Return the user's own mapper."""
        self.asked["mapper", environment.setting("NAME") or ""] += 1
        return {self.name: PyMapper(environment.setting("NAME") or "")}


def test_models_are_asked_for_once_or_once_per_environment(tmp_path: Path) -> None:
    """A hook without `environment` is called once for all users; one with it is called once for each user."""
    shared, each = CountingShared("shared"), CountingEach("each")
    plugins = Plugins.load([shared, each], only=["direct"])
    catalogs = {name: Catalog(plugins, environment_of(name, tmp_path / name)) for name in ("ann", "bob", "cleo")}
    for _ in range(2):
        for name, catalog in catalogs.items():
            assert [model.id for model in catalog.models(provider="shared")] == ["of everybody"]
            assert [model.id for model in catalog.models(provider="each")] == [f"of {name}"]
            assert {model.id for model in catalog.models("of")} >= {"of everybody", f"of {name}"}
            for gateway, spelled in {"shared": "everybody/x", "each": f"{name}/x"}.items():
                assert catalog.mapping(gateway, ModelRef("openai", "x")).id == spelled
    assert set(shared.asked.values()) == {1}
    assert {who for _, who in shared.asked} == {"everybody"}
    assert set(each.asked.values()) == {1}
    assert {who for _, who in each.asked} == {"ann", "bob", "cleo"}
    assert {provider for provider, _ in shared.asked} == {*plugins.providers, "mapper"}


def test_a_secret_is_kept_for_its_user_alone(tmp_path: Path) -> None:
    """A secret with an expiry is requested once for each user, and again after it was refused."""
    asked: list[str] = []

    class Keeping(many_users.Py):
        @hookimpl
        def polyroute_secrets(self, credential: Credential, environment: Environment) -> Secret:
            """Return the user's secret and record the call."""
            asked.append(environment.setting("PY_VALUE") or "")
            return super().polyroute_secrets(credential, environment)

    plugins = Plugins.load([Keeping()], only=[])
    catalogs = [Catalog(plugins, Environment({"PY_VALUE": name}, home=tmp_path / name)) for name in ("ann", "bob")]
    for catalog in catalogs * 3:
        catalog.environment.reveal(credential(catalog, "py"))
    assert asked == ["ann", "bob"]
    catalogs[0].environment.forget(credential(catalogs[0], "py"))
    assert [catalog.environment.reveal(credential(catalog, "py")) for catalog in catalogs] == ["py-ann", "py-bob"]
    assert asked == ["ann", "bob", "ann"]


def test_what_goes_wrong_for_one_user_is_not_told_another(tmp_path: Path) -> None:
    """A plugin that fails for one user is a problem in that user's catalog alone."""

    class Failing:
        @hookimpl
        def polyroute_models(self, provider_ids: frozenset[str], environment: Environment) -> list[Model]:
            """Raise for one user; return no models for the others."""
            if environment.setting("NAME") == "ann":
                raise RuntimeError("no luck for ann")
            return []

    plugins = Plugins.load([Failing()], only=["direct"])
    ann, bob = (Catalog(plugins, environment_of(name, tmp_path / name)) for name in ("ann", "bob"))
    for catalog in (ann, bob):
        assert catalog.models(provider="mistral")
    assert ["no luck for ann" in str(problem) for problem in ann.problems] == [True]
    assert bob.problems == ()
    assert plugins.problems == ()
