"""Where Polyroute's own files live."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polyroute import Environment
from polyroute._internal.cache import derived
from polyroute._internal.paths import cache_directory

pytestmark = pytest.mark.slow

REPORT = """
import json, os, sys
import platformdirs
from polyroute import Environment
from polyroute._internal.paths import cache_directory
environment = Environment.load()
print(json.dumps([
    [environment.config_path, cache_directory(), environment.plugins_directory, environment.state_directory],
    [
        os.path.join(platformdirs.user_config_dir("polyroute", appauthor=False), "config.toml"),
        platformdirs.user_cache_dir("polyroute", appauthor=False),
        os.path.join(platformdirs.user_data_dir("polyroute", appauthor=False), "plugins"),
        platformdirs.user_state_dir("polyroute", appauthor=False),
    ],
]))
"""
IMPORTS = """
import sys
from polyroute import Environment
from polyroute._internal.paths import cache_directory
Environment.load(), cache_directory()
sys.exit("platformdirs" in sys.modules)
"""
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs is asked")


def run(script: str, folder: Path, variables: dict[str, str]) -> str:
    """Run a script with exactly these variables, in which TMP stands for the folder."""
    own = {name: value.replace("TMP", str(folder)) for name, value in variables.items()}
    own["DEXTO_HOME"] = str(folder / "dexto")  # never read a real home, whatever HOME is
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, env=own, cwd=folder.parent, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stderr == ""
    return ran.stdout


@pytest.mark.parametrize(
    "variables",
    [
        {"HOME": "TMP"},
        {"HOME": "TMP/"},
        {"HOME": "TMP//"},
        {"HOME": "TMP/a/../b"},
        {"HOME": "/"},
        {"HOME": " "},
        {"HOME": "relative"},
        {"HOME": "TMP/with space"},
        {},
        {"HOME": "TMP", "XDG_CONFIG_HOME": "TMP/config", "XDG_CACHE_HOME": "TMP/cache"},
        {"HOME": "TMP", "XDG_CONFIG_HOME": "TMP/config/", "XDG_CACHE_HOME": "TMP//cache"},
        {"HOME": "TMP", "XDG_CONFIG_HOME": "TMP/a/../config", "XDG_CACHE_HOME": "/"},
        {"HOME": "TMP", "XDG_CONFIG_HOME": "relative", "XDG_CACHE_HOME": "./cache"},
        {"HOME": "TMP", "XDG_CONFIG_HOME": "~/config", "XDG_CACHE_HOME": "$HOME/cache"},
        {"HOME": "TMP", "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": ""},
        {"HOME": "TMP", "XDG_CONFIG_HOME": "  ", "XDG_CACHE_HOME": "\t"},
        {"HOME": "TMP", "XDG_CONFIG_HOME": " TMP/config", "XDG_CACHE_HOME": "TMP/cache "},
        {"XDG_CONFIG_HOME": "TMP/config"},
        {"HOME": "relative", "XDG_CONFIG_HOME": "relative", "XDG_CACHE_HOME": "TMP/cache"},
        {"HOME": "TMP", "ANDROID_DATA": "/data", "ANDROID_ROOT": "/system", "SHELL": "/bin/sh"},
        {"HOME": "TMP", "POLYROUTE_HOME": ""},
        {"HOME": "TMP", "POLYROUTE_HOME": " \t", "XDG_CACHE_HOME": "TMP/cache"},
    ],
    ids=str,
)
def test_as_platformdirs_says(tmp_path: Path, variables: dict[str, str]) -> None:
    """All folders are those that platformdirs returns, although it is not imported for them."""
    ours, expected = json.loads(run(REPORT, tmp_path, variables))
    assert ours == expected


@on_linux
@pytest.mark.parametrize("variables", [{"HOME": "TMP"}, {"HOME": "TMP", "XDG_CACHE_HOME": "TMP/cache"}], ids=str)
def test_platformdirs_is_not_imported(tmp_path: Path, variables: dict[str, str]) -> None:
    """On Linux neither path needs the import of platformdirs."""
    run(IMPORTS, tmp_path, variables)


@pytest.mark.parametrize("home", ["TMP/own", "own", " TMP/own ", "TMP/./below/../own"])
def test_polyroute_home_wins(tmp_path: Path, home: str) -> None:
    """POLYROUTE_HOME moves everything, whatever other variables are set; a relative one is in the user's home."""
    variables = {"HOME": "TMP", "XDG_CONFIG_HOME": "TMP/config", "XDG_CACHE_HOME": "TMP/cache", "POLYROUTE_HOME": home}
    ours, _ = json.loads(run(REPORT, tmp_path, variables))
    assert ours == [str(tmp_path / "own" / name) for name in ("config.toml", "cache", "plugins", "state")]


def test_polyroute_home_is_looked_at_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that is changed while the process runs is used from then on."""
    for name in ("one", "two"):
        monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path / name))
        assert cache_directory() == str(tmp_path / name / "cache")
        assert Environment.load().config_path == str(tmp_path / name / "config.toml")


def test_the_configuration_belongs_to_the_environment(tmp_path: Path) -> None:
    """`config.toml` belongs to the user of the environment, not to the user who runs the process."""
    ann = Environment({"HOME": "/nonexistent/ann"})
    bob = Environment({"HOME": "/nonexistent/bob", "XDG_CONFIG_HOME": "/nonexistent/config"})
    eve = Environment({"HOME": "/nonexistent/eve", "POLYROUTE_HOME": "/nonexistent/own"})
    given = Environment({"HOME": "/nonexistent/ann"}, home=tmp_path)
    assert ann.config_path == "/nonexistent/ann/.config/polyroute/config.toml"
    assert bob.config_path == "/nonexistent/config/polyroute/config.toml"
    assert eve.config_path == "/nonexistent/own/config.toml"
    assert given.config_path == str(tmp_path / ".config/polyroute/config.toml")


def test_only_the_process_moves_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Derived data belongs to the process: it is cached in one place, for the catalogs of all users."""
    monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path / "own"))
    Environment({"POLYROUTE_HOME": str(tmp_path / "other")})
    derived("anything", 1, [__file__], lambda: 1)
    assert [path.name for path in tmp_path.iterdir()] == ["own"]
    assert len(os.listdir(tmp_path / "own" / "cache")) == 1


def test_looking_makes_no_folder(tmp_path: Path) -> None:
    """Asking for paths creates no folder."""
    run(REPORT, tmp_path, {"HOME": "TMP/home", "XDG_CACHE_HOME": "TMP/cache"})
    assert list(tmp_path.iterdir()) == []
