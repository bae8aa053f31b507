"""Installed plugins are found by reading the files that installers write."""

from __future__ import annotations

import configparser
import importlib.metadata
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyroute import Plugin, Plugins
from polyroute.plugins.entry_points import EntryPoint
from polyroute.plugins.entry_points import installed as look
from tests.support.distributions import Site, load, site_on_path, sound
from tests.support.machine import folder_as_nobody

NAMES = st.from_regex(r"[A-Za-z0-9_-]([A-Za-z0-9_. -]{0,10}[A-Za-z0-9_-])?", fullmatch=True)
DOTTED = st.from_regex(r"[a-z_][a-z0-9_]{0,5}(\.[A-Z_][a-z0-9_]{0,5}){0,2}", fullmatch=True)
EXTRAS = st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True), min_size=1, max_size=3)
SPACE = st.sampled_from(["", " ", "  "])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Provide a folder on `sys.path`."""
    with site_on_path(tmp_path / "site") as site:
        yield site


@st.composite
def values(draw: st.DrawFn) -> str:
    """Generate entry point values in every form that the specification allows."""
    attribute = draw(st.just("") | st.builds("{}:{}{}".format, SPACE, SPACE, DOTTED))
    extras = draw(st.just("") | st.builds(lambda space, names: f"{space}[{','.join(names)}]", SPACE, EXTRAS))
    return draw(DOTTED) + attribute + extras


def installed(name: str) -> Plugin | None:
    """Return the plugin of this name, imported and enabled, or None if there is none."""
    found = (plugin for plugin in Plugins.load(only=[name]).all if plugin.name == name)
    return next((plugin._replace(rank=0) for plugin in found), None)


def names(site: Site) -> list[str]:
    """Return the names of all plugins found in one folder."""
    return [point.name for point in look([str(site.folder)]).points]


@settings(max_examples=30)
@given(
    sections=st.dictionaries(
        st.sampled_from(["polyroute", "console_scripts", "polyroute.more", "Polyroute", "other-polyroute"]),
        st.dictionaries(NAMES, values(), max_size=4),
    ),
    spaced=st.booleans(),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_what_configparser_writes(sections: dict[str, dict[str, str]], spaced: bool, newline: str) -> None:
    """However `entry_points.txt` was written, the same plugins are found as by importlib.metadata."""
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_dict(sections)
    with tempfile.TemporaryDirectory() as folder:
        info = Path(folder, "some_thing-1.0.dist-info")
        info.mkdir()
        with open(info / "entry_points.txt", "w", encoding="utf-8", newline=newline) as file:
            parser.write(file, space_around_delimiters=spaced)
        found = importlib.metadata.PathDistribution(info).entry_points
        expected = [(each.name, each.module, each.attr or "") for each in found if each.group == "polyroute"]
        assert [(each.name, *_halves(each.target)) for each in look([folder]).points] == expected


def _halves(target: str) -> tuple[str, str]:
    module, _, attribute = target.partition(":")
    return module.strip(), attribute.strip()


@pytest.mark.parametrize("target", ["m:Outer.plugin", "m : Outer.plugin", "m: Outer.plugin[extra]", "m :Outer.plugin "])
def test_spaces_around_the_colon(site: Site, target: str) -> None:
    """The specification allows spaces around the colon and before extras."""
    source = sound("spaced").replace("class Mapper", "class Outer:\n    pass\n\n\nclass Mapper")
    site.module("m", source + "\n\nimport sys\nOuter.plugin = sys.modules[__name__]\n")
    site.metadata("spaced", f"[polyroute]\nspaced = {target}\n")
    catalog = load("spaced")
    assert catalog.problems == ()
    assert catalog.provider("spaced").provider.name == "Spaced"


@pytest.mark.parametrize(
    ("kind", "folder"),
    [
        ("dist", "Some_Thing-1.2.dist-info"),
        ("dist", "some.thing-1.2.dist-info"),
        ("egg", "some_thing-1.2-py3.11.egg-info"),
        ("egg", "Some__Thing-1.2.egg-info"),
    ],
)
def test_wheels_and_eggs(site: Site, kind: str, folder: str) -> None:
    """Distributions installed as wheels or as eggs are found with their version and normalized name."""
    site.module("some_thing", sound("thing"))
    written = site.metadata("x", "[polyroute]\nthing = some_thing\n", kind=kind)
    written.rename(site.folder / folder)
    assert installed("thing") == Plugin("thing", "some-thing", "1.2")


def test_an_egg_under_development(site: Site) -> None:
    """The folder that `setup.py develop` makes has no version in its name and is found nevertheless."""
    site.module("some_thing", sound("thing"))
    site.metadata("x", "[polyroute]\nthing = some_thing\n", kind="egg").rename(site.folder / "some_thing.egg-info")
    plugin = installed("thing")
    assert plugin
    assert (plugin.distribution, plugin.enabled) == ("some-thing", True)


@pytest.mark.parametrize("second", ["[polyroute]\nsecond = second\n", ""])
@pytest.mark.parametrize("first", ["[polyroute]\nfirst = first\n", "[console_scripts]\nfirst = first\n", None])
def test_of_one_distribution_twice_the_first_counts(site: Site, tmp_path: Path, first: str | None, second: str) -> None:
    """Of two distributions with one name the first on the path is used, as for imports, even if it has no plugin."""
    site.metadata("Some.Thing", second, "1.0")
    nearer = Site(tmp_path / "nearer")
    folder = nearer.metadata("some_thing", first or "", "2.0")
    if first is None:
        (folder / "entry_points.txt").unlink()
    found = look([str(nearer.folder), str(site.folder), str(nearer.folder)]).points
    assert [point.name for point in found] == (["first"] if first and "polyroute" in first else [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# a comment\n[polyroute]\n  # another\n; a third\n\nacme = m\n", ["acme"]),
        ("[polyroute]\r\nacme = m\r\n\r\n[other]\r\nnot-me = m\r\n", ["acme"]),
        (
            "[other]\nnot-me = m\n[polyroute]\nacme=m:plugin [extra,more]\nzeta= m\n[polyroute.x]\nnor-me = m\n",
            ["acme", "zeta"],
        ),
        ("[console_scripts]\npolyroute = m\n", []),
        ("[polyroute]\nnothing here\n", []),
        ("[polyroute]\n", []),
        ("", []),
    ],
)
def test_forms_of_the_file(site: Site, text: str, expected: list[str]) -> None:
    """Comments, blank lines, any line ending, other groups and meaningless lines are handled or ignored."""
    site.metadata("acme", text.encode())
    assert names(site) == expected


def test_extras_are_no_part_of_the_target(site: Site) -> None:
    """The extras that an entry point names in brackets are not imported."""
    site.metadata("acme", "[polyroute]\nacme = module.sub:plugin [extra]\n")
    assert look([str(site.folder)]).points == [EntryPoint("acme", "module.sub:plugin", "acme", "1.0")]


@pytest.mark.parametrize("text", [b"[polyroute]\nacme = m\xff\n", b"\xff\xfe[\x00p\x00", b"\x00" * 100])
def test_a_file_that_is_no_text_is_passed_over(site: Site, text: bytes) -> None:
    """A distribution whose entry points can't be read provides no plugins and does not affect the others."""
    site.metadata("broken", text)
    site.metadata("zeta", "[polyroute]\nzeta = m\n")
    assert names(site) == ["zeta"]


def test_things_in_the_way(site: Site, tmp_path: Path) -> None:
    """Odd file system entries are ignored: a folder or nothing for the file, a file for the folder, a dangling link."""
    site.metadata("zeta", "[polyroute]\nzeta = m\n")
    (site.folder / "one-1.0.dist-info" / "entry_points.txt").mkdir(parents=True)
    (site.folder / "two-1.0.dist-info").mkdir()
    (site.folder / "three-1.0.egg-info").write_text("Name: three\n")
    (site.folder / "four-1.0.dist-info").symlink_to(tmp_path / "nowhere")
    (site.folder / "-info").mkdir()
    (site.folder / ".dist-info").mkdir()
    assert names(site) == ["zeta"]


def test_a_file_that_may_not_be_read_is_passed_over() -> None:
    """A distribution whose files can't be read is ignored and does not hide any other."""
    with folder_as_nobody() as folder:
        site = Site(folder / "site")
        site.metadata("zeta", "[polyroute]\nzeta = m\n")
        closed = site.metadata("acme", "[polyroute]\nacme = m\n") / "entry_points.txt"
        assert sorted(names(site)) == ["acme", "zeta"]
        closed.chmod(0)
        assert names(site) == ["zeta"]


def test_paths_without_anything(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Path entries that don't exist, that are neither folder nor archive, or that are relative, are passed over."""
    site.metadata("zeta", "[polyroute]\nzeta = m\n")
    (tmp_path / "file.zip").write_bytes(b"PK no archive")
    monkeypatch.chdir(site.folder)
    path = [str(tmp_path / "nowhere"), str(tmp_path / "file.zip"), str(tmp_path / "file.zip" / "below"), "", "."]
    assert look(path).points == []
    assert [point.name for point in look([*path, str(site.folder)]).points] == ["zeta"]


def archive(path: Path, metadata: str | None, entry_points: bytes, source: str = "") -> str:
    """Write a zip file with one plugin, as users put on PYTHONPATH."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("zipped.py", source)
        file.writestr("zipped-3.1.dist-info/entry_points.txt", entry_points)
        if metadata is not None:
            file.writestr("zipped-3.1.dist-info/METADATA", metadata)
    return str(path)


def test_a_zip_file_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin inside a zip file is found, imported and used."""
    metadata = "Metadata-Version: 2.1\nName: Zipped\nVersion: 3.1\n"
    path = archive(tmp_path / "zipped.zip", metadata, b"[polyroute]\nzipped = zipped\n", sound("zipped"))
    monkeypatch.syspath_prepend(path)
    catalog = load("zipped")
    monkeypatch.delitem(sys.modules, "zipped")
    assert catalog.problems == ()
    assert catalog.provider("zipped").provider.name == "Zipped"
    assert installed("zipped") == Plugin("zipped", "zipped", "3.1")


@pytest.mark.parametrize(
    ("metadata", "entry_points"),
    [
        (None, b"[polyroute]\nzipped = zipped\n"),
        ("Metadata-Version: 2.1\n", b"[polyroute]\nzipped = zipped\n"),
        ("Metadata-Version: 2.1\nName: zipped\n", b"[polyroute]\nzipped = zipped\n"),
        ("Metadata-Version: 2.1\nName: zipped\nVersion: 3.1\n", b"[polyroute]\nzipped = \xff\n"),
    ],
)
def test_a_broken_zip_file_costs_nobody_anything(
    site: Site, tmp_path: Path, metadata: str | None, entry_points: bytes
) -> None:
    """A distribution in a zip file without name or version, or with undecodable text, does not affect the others."""
    site.metadata("zeta", "[polyroute]\nzeta = m\n")
    path = archive(tmp_path / "broken.zip", metadata, entry_points)
    assert "zeta" in [point.name for point in look([path, str(site.folder)]).points]


def test_a_broken_distribution_costs_its_archive_nothing(tmp_path: Path) -> None:
    """Of several distributions in one zip file only the broken one is ignored."""
    path = tmp_path / "several.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("aaa", "zzz"):
            file.writestr(f"{name}-1.0.dist-info/entry_points.txt", b"[polyroute]\nbroken = \xff\n")
        for name in ("bbb", "yyy"):
            file.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            file.writestr(f"{name}-1.0.dist-info/entry_points.txt", f"[polyroute]\n{name} = m\n")
    assert sorted(point.name for point in look([str(path)]).points) == ["bbb", "yyy"]


@pytest.mark.parametrize("damage", [b"", b"PK\x05\x06", b"PK\x03\x04" + b"\x00" * 40])
def test_a_damaged_zip_file_costs_nobody_anything(site: Site, tmp_path: Path, damage: bytes) -> None:
    """A zip file that can't be opened or is truncated does not affect the others."""
    site.metadata("zeta", "[polyroute]\nzeta = m\n")
    path = Path(archive(tmp_path / "broken.zip", "Name: zipped\nVersion: 3.1\n", b"[polyroute]\nzipped = zipped\n"))
    path.write_bytes(damage + path.read_bytes()[len(damage) : 200])
    assert [point.name for point in look([str(path), str(site.folder)]).points] == ["zeta"]


def test_install_upgrade_and_removal_are_seen_at_once(site: Site) -> None:
    """An installation, upgrade or removal while the process runs is seen at the next lookup; nothing is cached."""
    assert installed("acme") is None
    folder = site.install("acme", "acme", sound("acme"), version="1.0")
    assert installed("acme") == Plugin("acme", "acme", "1.0")
    shutil.rmtree(folder)
    folder = site.install("acme", "acme", sound("acme").replace('"Acme"', '"Acme Two"'), version="2.0")
    assert installed("acme") == Plugin("acme", "acme", "2.0")
    assert load("acme").provider("acme").provider.name == "Acme Two"
    (folder / "entry_points.txt").write_text("[polyroute]\nother = acme_acme\n")
    assert (installed("acme"), installed("other")) == (None, Plugin("other", "acme", "2.0"))
    shutil.rmtree(folder)
    assert installed("other") is None


def test_finding_writes_nothing(site: Site) -> None:
    """Looking for plugins writes nothing to site-packages, which may belong to another user."""
    site.metadata("acme", "[polyroute]\nacme = m\n")
    before = sorted((str(path), path.stat().st_mtime_ns) for path in site.folder.rglob("*"))
    site.folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert names(site) == ["acme"]
    site.folder.chmod(stat.S_IRWXU)
    assert sorted((str(path), path.stat().st_mtime_ns) for path in site.folder.rglob("*")) == before


@pytest.mark.slow
def test_a_real_process_finds_them_without_importlib_metadata(tmp_path: Path) -> None:
    """In a separate process an installed plugin is used without importing importlib.metadata."""
    site = Site(tmp_path / "site-packages")
    site.install("acme-plugin", "acme", sound("acme"), version="1.5")
    script = (
        "import sys; from polyroute import Catalog; catalog = Catalog.load()\n"
        "print(catalog.provider('acme').provider.name, catalog.plugins.owners['acme'].label)\n"
        "print(*sorted({'importlib.metadata', 'email', 'zipfile'} & sys.modules.keys()))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(site.folder), "POLYROUTE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.splitlines() == ["Acme acme (acme-plugin 1.5)", ""]
    assert ran.stderr == ""
