"""Whatever lies where Polyroute reads a file: a command ends, says so, and overwrites nothing."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest

from polyroute import Catalog, Environment, ModelRef, Plugins, PolyrouteError, Preferences, Unavailable
from polyroute._internal import dotenv
from polyroute._internal.user_documents import FILES
from polyroute.choices.current_model import RememberedModels, Selection
from polyroute.choices.picker_state import PickerState
from polyroute.custom_models.store import CustomStore
from polyroute.plugins.trust.approvals import Approvals
from polyroute.preferences import save
from tests.support.distributions import BUNDLED, site_on_path
from tests.support.manifests import ACME, User

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no named pipes in folders")

SECONDS = 2.0
"""Seconds of processor time that one obstacle may cost."""
HANG_GUARD = 60
"""Seconds after which a test fails, on however busy a machine."""
DEEP = 100_000


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


OBSTACLES: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a device that is empty": lambda path: path.symlink_to("/dev/null"),
    "a directory": lambda path: path.mkdir(),
    "a link to nothing": lambda path: path.symlink_to(path.parent / "nothing"),
    "a link to itself": lambda path: path.symlink_to(path),
    "nothing": lambda path: path.write_bytes(b""),
    "a gigabyte": _sparse,
    "no UTF-8": lambda path: path.write_bytes(b'\xff\xfe{"a": "\xff"}'),
    "NULs": lambda path: path.write_bytes(b"\0" * 1000),
    "deep nesting of lists": lambda path: path.write_text("[" * DEEP),
    "deep nesting of tables": lambda path: path.write_text('{"a":' * DEEP),
    "deep nesting in a table": lambda path: path.write_text(f"a = {'[' * DEEP}"),
}
UNREADABLE = set(OBSTACLES) - {"nothing", "a link to nothing", "NULs"}
"""What is told wherever it is; the others may be an empty file or text."""
PATHS = {
    "the user's .env": "dexto/.env",
    "a project's .env": "project/.env",
    "preferences": "ours/config.toml",
    "the shared logins": "dexto/auth.json",
    "a login of another tool": ".aws/credentials",
    "the settings of another tool": ".aws/config",
    "a login in JSON of another tool": ".config/gcloud/application_default_credentials.json",
    "custom models": "dexto/models/custom-models.json",
    "decisions about plugins": "ours/state/plugins.json",
    "names in the keyring": "ours/state/keyring.names",
    "changes that were agreed to": "ours/state/accepted-lists.json",
    "current models": "ours/state/current-models.json",
    "favourites": "ours/state/model-picker.json",
    "a manifest": "ours/plugins/acme/plugin.toml",
    "the list of a manifest": "ours/plugins/acme/list.json",
    "cached manifests": "ours/cache/manifests.json",
    "the entry points of a distribution": "site/odd-1.0.dist-info/entry_points.txt",
}
TOLD = {
    "the user's .env",
    "a project's .env",
    "preferences",
    "custom models",
    "decisions about plugins",
    "names in the keyring",
    "a manifest",
    "the list of a manifest",
}
"""The paths whose obstacles are told by every command; the others are caches, or are read by a command of their own."""


class Machine:
    """A user whose files are all in one folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.user = User(home)
        self.user.put("acme", ACME.replace('models = ["acme-large", ', 'models = "list.json" # ['), list_json="[]")

    def environment(self) -> Environment:
        """Return the user's environment with a trusted project."""
        own = {"POLYROUTE_HOME": str(self.home / "ours"), "DEXTO_HOME": str(self.home / "dexto")}
        return Environment(own, home=self.home, trusted_project=self.user.project)

    def catalog(self) -> Catalog:
        """Return a catalog after everything in it was asked for."""
        environment = self.environment()
        plugins = Plugins.load(only=[*BUNDLED, "acme", "odd"], environment=environment)
        catalog = Catalog(plugins, environment, Preferences.load(environment))
        catalog.status()
        catalog.models(provider="anthropic")
        return catalog


@contextmanager
def within_seconds() -> Iterator[None]:
    """Fail if the block hangs, or takes too much of the processor."""

    def hang(number: int, frame: FrameType | None) -> NoReturn:
        raise AssertionError("it hangs")

    before, began = signal.signal(signal.SIGALRM, hang), time.process_time()
    signal.alarm(HANG_GUARD)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert time.process_time() - began < SECONDS


@contextmanager
def in_the_way(kind: str, path: Path) -> Iterator[None]:
    """Put an obstacle at `path` for the block, and check that it is still there afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.unlink()
    OBSTACLES[kind](path)
    before = path.lstat()
    yield
    after = path.lstat()
    assert (before.st_mode, before.st_ino, before.st_size) == (after.st_mode, after.st_ino, after.st_size)
    path.rmdir() if kind == "a directory" else path.unlink()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """Provide a user whose caches are their own, with a folder for distributions."""
    monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path / "ours"))
    machine = Machine(tmp_path)
    with site_on_path(tmp_path / "site"):
        machine.catalog()  # fills the caches
        yield machine


@pytest.mark.parametrize("where", PATHS)
def test_an_obstacle_is_passed_over(where: str, machine: Machine) -> None:
    """Whatever is at one of the 17 paths, a catalog is there in time, and says what it could not read."""
    path = machine.home / PATHS[where]
    for kind in OBSTACLES:
        put = written_over if "cache" in where else in_the_way
        with within_seconds(), put(kind, path):
            catalog = machine.catalog()
        told = "\n".join(str(each) for each in catalog.problems)
        assert len(told) < 5_000
        if where in TOLD and kind in UNREADABLE:
            assert path.name in told or "acme" in told, f"{kind}: {told}"


@contextmanager
def written_over(kind: str, path: Path) -> Iterator[None]:
    """Put an obstacle in the place of a cache, which may be written anew."""
    path.unlink(missing_ok=True)
    OBSTACLES[kind](path)
    yield
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _custom(machine: Machine) -> object:
    path = machine.home / PATHS["custom models"]
    return CustomStore(str(path), machine.catalog().plugins).remove(ModelRef("anthropic", "odd"))


WRITES: dict[str, Callable[[Machine], object]] = {
    "the user's .env": lambda machine: dotenv.update(FILES, machine.environment().dotenv_path, "ACME_KEY", "value"),
    "preferences": lambda machine: save(machine.environment(), "direct"),
    "decisions about plugins": lambda machine: Approvals.load(machine.environment()).switch("acme", on=False),
    "names in the keyring": lambda machine: machine.environment().keyring._note("ACME_KEY", is_there=True),
    "current models": lambda machine: RememberedModels().set(
        machine.environment(), "", Selection("anthropic", "claude")
    ),
    "favourites": lambda machine: PickerState(machine.environment()).set_favourites([]),
    "custom models": _custom,
}
STRANGE_CHOICES = [
    "[]",
    "{}",
    '{"version": 2, "sessions": {}}',
    '{"version": 1, "sessions": []}',
    '{"version": 1, "sessions": {"": {"provider": "anthropic", "model": "claude", "later": true}}}',
    '{"version": 1, "sessions": {"": {"provider": 1, "model": "claude"}}}',
    '{"version": 1, "sessions": {"": {"provider": "anthropic", "model": "claude", "settings": []}}}',
]


@pytest.mark.parametrize("where", WRITES)
def test_an_obstacle_is_not_overwritten(where: str, machine: Machine) -> None:
    """What can't be read is not written over: the user is told, and finds it as it was."""
    path = machine.home / PATHS[where]
    for kind in UNREADABLE - {"deep nesting of lists", "deep nesting of tables"}:
        if kind == "deep nesting in a table" and where != "preferences":
            continue
        with within_seconds(), in_the_way(kind, path), pytest.raises(PolyrouteError) as caught:
            WRITES[where](machine)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", STRANGE_CHOICES)
def test_choices_of_another_version_are_kept(machine: Machine, text: str) -> None:
    """A file of current models that is not understood is no choice, and is not written over."""
    path = machine.home / PATHS["current models"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    models = RememberedModels()
    assert models.get(machine.environment(), "") is None
    with pytest.raises(Unavailable, match=r"current-models\.json was not changed"):
        models.set(machine.environment(), "", Selection("anthropic", "claude"))
    assert path.read_text() == text
