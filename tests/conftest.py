"""Everything runs in throw-away homes, with no variable of the user who runs the tests."""

from __future__ import annotations

import gc
import os
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from polyroute import Catalog, Environment, Plugins, Preferences
from polyroute._internal import private_group
from tests.support.catalogs import MakeCatalog, MakeEnvironment
from tests.support.distributions import Picture, load, picture, site_on_path, sound
from tests.support.fake_endpoint import Serve, Upstream
from tests.support.machine import IN_CI, needed
from tests.support.shell import Shell

pytest_plugins = ["tests.support.lanes"]

# Tests have no deadline, since machines are shared. In CI the examples are always the same, elsewhere they vary.
_SLOW = [HealthCheck.too_slow]
settings.register_profile("calm", deadline=None, suppress_health_check=_SLOW, derandomize=IN_CI)
settings.load_profile("calm")

_KEPT = ("PATH", "LANG", "SYSTEMROOT", "VIRTUAL_ENV", "TMPDIR")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage while a million objects of modules and tests are made, and never among these."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)  # tests make much that lives as long as they do
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def throw_away_homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or changes the home, the keys or the caches of the user who runs it."""
    home = tmp_path_factory.mktemp("home")
    before, mask = dict(os.environ), os.umask(0o022)  # plugins that others may write to are refused
    os.environ.clear()
    os.environ.update({name: before[name] for name in _KEPT if name in before})
    os.environ.update(HOME=str(home), POLYROUTE_HOME=str(home / "polyroute"), DEXTO_HOME=str(home / "dexto"))
    yield home
    os.umask(mask)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session", autouse=True)
def one_authority(throw_away_homes: Path) -> Iterator[None]:
    """Clients trust one authority: to read all takes 30 ms for each client, and tests ask this machine only."""
    paths, known = ssl.get_default_verify_paths(), ssl.create_default_context().get_ca_certs(binary_form=True)
    one = throw_away_homes / "authority.pem"
    one.write_text("".join(map(ssl.DER_cert_to_PEM_cert, known[:1])), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        if known:
            patch.setattr("certifi.where", lambda: str(one))
            trusted = paths._replace(cafile=str(one), capath="", openssl_cafile=str(one), openssl_capath="")
            patch.setattr(ssl, "get_default_verify_paths", lambda: trusted)
        yield


@pytest.fixture
def shared_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every group have several users, whoever runs the tests."""
    monkeypatch.setattr(private_group, "_only_user", lambda group: None)


@pytest.fixture(scope="session")
def plugins(throw_away_homes: Path) -> Plugins:
    """Return the bundled plugins, as installed."""
    return Plugins.load(only=["direct", "openrouter", "dexto"])


@pytest.fixture(scope="session")
def expected(throw_away_homes: Path, tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """Return what a valid third-party plugin and its dependents get while no plugin is broken."""
    with site_on_path(tmp_path_factory.mktemp("sound")) as site:
        site.install("zz-good", "good", sound("good"))
        return picture(load("good"))


@pytest.fixture
def make_environment(tmp_path: Path) -> MakeEnvironment:
    """Return a function that makes an environment of variables and of a home with files."""

    def make(files: dict[str, str] | None = None, **variables: str) -> Environment:
        for name, text in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Environment(variables, home=tmp_path)

    return make


@pytest.fixture
def make_catalog(plugins: Plugins, make_environment: MakeEnvironment) -> MakeCatalog:
    """Return a function that makes a catalog of the bundled plugins for variables and files under home."""

    def make(preferences: Preferences | None = None, files: dict[str, str] | None = None, **variables: str) -> Catalog:
        return Catalog(plugins, make_environment(files, **variables), preferences)

    return make


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a shell in a temporary home."""
    return Shell(tmp_path)


@pytest.fixture
def node() -> str:
    """Return the path of Node."""
    return needed("node")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that starts endpoints on this machine, and stop them afterwards."""
    with ExitStack() as stack:
        yield lambda *models, **facts: stack.enter_context(Upstream(*models, **facts).running())
