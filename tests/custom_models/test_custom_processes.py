"""Many processes at the file of custom models, and processes that are killed: no change is lost, no file is broken."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from polyroute import ModelRef, Plugins, Unavailable
from polyroute.custom_models.store import CustomStore
from tests.support.processes import together

pytestmark = pytest.mark.slow

_STORE = """\
import os, random, signal, sys, time
from polyroute import ModelRef, Plugins
from polyroute.custom_models.store import CustomStore

path, own, count = sys.argv[1:]
store = CustomStore(path, Plugins.load(only=["openrouter"]))


def add(name, **fields):
    store.add({"provider": "openrouter", "name": name, **fields})
"""
_ADDING = (
    _STORE
    + """\
for number in range(int(count)):
    add(f"{own}-{number}")
"""
)
_MIXED = (
    _STORE
    + """\
for number in range(int(count)):
    ref = ModelRef("openrouter", f"{own}-{number}")
    add(ref.id, displayName="new")
    if number % 2:
        store.edit(ref, {"displayName": "changed"})
    if number % 3 == 0:
        store.remove(ref)
    elif number % 7 == 1:
        store.rename(ref, f"{ref.id}-renamed")
"""
)
_READING = (
    _STORE
    + """\
import json

while not os.path.exists(own):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    assert document["version"] == 1 and all("name" in model for model in document["models"])
"""
)
_KILLED = (
    _STORE
    + """\
import json

random.seed(1)


def write(number, acknowledge):
    count = 0
    while True:
        add(f"{number}-{count}", displayName="x" * random.randrange(1_000))
        os.write(acknowledge, f"{number}-{count}\\n".encode())
        count += 1
        if count > 2:
            store.remove(ModelRef("openrouter", f"{number}-{count - 3}"))


add("first")
for number in range(int(count)):
    acknowledged, acknowledge = os.pipe()
    writer = os.fork()
    if not writer:
        write(number, acknowledge)
    os.close(acknowledge)
    seen = os.read(acknowledged, 1000) if number % 2 else b""  # half of them are killed after a first change
    assert seen or not number % 2, number
    time.sleep(random.random() * 0.03)
    os.kill(writer, signal.SIGKILL)
    assert os.waitpid(writer, 0)[1] == signal.SIGKILL
    with open(path, encoding="utf-8") as file:
        names = [model["name"] for model in json.load(file)["models"]]
    with open(acknowledged) as pipe:
        done = (seen.decode() + pipe.read()).split()
    lost = [name for name in done[-2:] if name not in names]
    assert not lost and "first" in names, (number, lost)
    for name in names[1:]:
        store.remove(ModelRef("openrouter", name))
"""
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of the file, which does not exist yet."""
    return str(tmp_path / "models" / "custom-models.json")


@pytest.fixture
def store(path: str, plugins: Plugins) -> CustomStore:
    return CustomStore(path, plugins)


def models(path: str) -> list[dict[str, Any]]:
    """Return the models in the file, as another program reads it."""
    found: list[dict[str, Any]] = json.loads(Path(path).read_text(encoding="utf-8"))["models"]
    return found


def names(path: str) -> list[str]:
    return [model["name"] for model in models(path)]


@pytest.mark.parametrize(("processes", "adds"), [(4, 25), pytest.param(8, 50, marks=pytest.mark.soak)])
def test_processes_that_add(path: str, processes: int, adds: int) -> None:
    """After several processes have added many models each, all of them are in the file."""
    together(_ADDING, [[path, str(process), str(adds)] for process in range(processes)])
    assert sorted(names(path)) == sorted(
        f"{process}-{number}" for process in range(processes) for number in range(adds)
    )


@pytest.mark.parametrize(("processes", "models_each"), [(4, 25), pytest.param(8, 50, marks=pytest.mark.soak)])
def test_processes_of_mixed_changes(path: str, processes: int, models_each: int) -> None:
    """Every add, edit, rename and removal is in the file, although other processes wrote in between."""
    together(_MIXED, [[path, str(process), str(models_each)] for process in range(processes)])
    expected = {}
    for process in range(processes):
        for number in range(models_each):
            if number % 3:
                name = f"{process}-{number}" + ("-renamed" if number % 7 == 1 else "")
                expected[name] = "changed" if number % 2 else "new"
    assert {model["name"]: model["displayName"] for model in models(path)} == expected


def test_readers_never_see_half_a_file(path: str, store: CustomStore, tmp_path: Path) -> None:
    """While others write, every read without a lock returns a whole document."""
    store.add({"provider": "openrouter", "name": "first"})
    stop = tmp_path / "stop"
    readers = threading.Thread(target=together, args=(_READING, [[path, str(stop), ""]] * 2))
    readers.start()
    try:
        together(_ADDING, [[path, "a", "50"], [path, "b", "50"]])
    finally:
        stop.touch()
        readers.join()
    assert len(names(path)) == 101


@pytest.mark.parametrize("kills", [100, pytest.param(500, marks=pytest.mark.soak)])
def test_killed_writers(path: str, store: CustomStore, kills: int) -> None:
    """Writers killed at random moments leave no broken file and lose no acknowledged change; leftovers are removed."""
    together(_KILLED, [[path, "", str(kills)]])
    store.add({"provider": "openrouter", "name": "last"})
    assert names(path) == ["first", "last"]
    assert sorted(os.listdir(os.path.dirname(path))) == [".custom-models.json.lock", "custom-models.json"]


# --- A program that takes no lock ---


def foreign_add(path: str, name: str, read: str | None = None) -> None:
    """Add a model as Dexto does: change what was read, perhaps some time ago, and write the whole file in place."""
    document = json.loads(Path(path).read_text(encoding="utf-8") if read is None else read)
    document["models"].append({"name": name, "provider": "openrouter"})
    Path(path).write_text(json.dumps(document, indent=2), encoding="utf-8")


def once(monkeypatch: pytest.MonkeyPatch, function: str, action: Callable[[], None], *, after: bool) -> None:
    """Call `action` once, right before or after the first call of a function of `os`."""
    original = getattr(os, function)
    done: list[bool] = []

    def called(*arguments: Any, **named: Any) -> Any:
        first = not done
        done.append(True)
        if first and not after:
            action()
        result = original(*arguments, **named)
        if first and after:
            action()
        return result

    monkeypatch.setattr(os, function, called)


def test_their_write_during_ours(path: str, store: CustomStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that another program adds between our read and our replacement of the file is kept, and ours is added."""
    store.add({"provider": "openrouter", "name": "first"})
    once(monkeypatch, "fsync", lambda: foreign_add(path, "theirs"), after=False)
    store.add({"provider": "openrouter", "name": "ours"})
    assert names(path) == ["first", "theirs", "ours"]


@pytest.mark.parametrize("change", ["add", "edit", "rename", "remove"])
def test_their_write_right_after_ours(
    path: str, store: CustomStore, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """If another program overwrites our change with what it read earlier, its change is kept and ours is made again."""
    first = ModelRef("openrouter", "first")
    store.add({"provider": "openrouter", "name": "first"})
    read = Path(path).read_text(encoding="utf-8")
    once(monkeypatch, "replace", lambda: foreign_add(path, "theirs", read), after=True)
    if change == "add":
        store.add({"provider": "openrouter", "name": "ours"})
        assert names(path) == ["first", "theirs", "ours"]
    elif change == "edit":
        store.edit(first, {"displayName": "F"})
        assert [model.get("displayName") for model in models(path)] == ["F", None]
    elif change == "rename":
        store.rename(first, "new")
        assert names(path) == ["new", "theirs"]
    else:
        store.remove(first)
        assert names(path) == ["theirs"]


def test_their_write_that_holds_ours(path: str, store: CustomStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """If another program read our change before it writes, the change is in the file once."""
    store.add({"provider": "openrouter", "name": "first"})
    once(monkeypatch, "replace", lambda: foreign_add(path, "theirs"), after=True)
    assert store.add({"provider": "openrouter", "name": "ours"}).created
    assert names(path) == ["first", "ours", "theirs"]


def test_their_half_written_file(path: str, store: CustomStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another program is still writing is read once that program is done."""
    store.add({"provider": "openrouter", "name": "first"})
    text = Path(path).read_text(encoding="utf-8")
    Path(path).write_text(text[:40], encoding="utf-8")

    def finish(_seconds: float) -> None:
        Path(path).write_text(text, encoding="utf-8")

    monkeypatch.setattr(time, "sleep", finish)
    store.add({"provider": "openrouter", "name": "ours"})
    assert names(path) == ["first", "ours"]


def test_a_program_that_writes_all_the_time(path: str, store: CustomStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """If another program writes all the time, an error says that the change could not be made."""
    store.add({"provider": "openrouter", "name": "first"})
    fsync = os.fsync

    def noisy(descriptor: int) -> None:
        fsync(descriptor)
        foreign_add(path, "theirs")

    monkeypatch.setattr(os, "fsync", noisy)
    with pytest.raises(Unavailable, match="all the time"):
        store.add({"provider": "openrouter", "name": "ours"})
    assert "first" in names(path)
