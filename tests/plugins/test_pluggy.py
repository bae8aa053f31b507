"""Pluggy registers the plugins of others; what it would find in the bundled ones is what is taken of them."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pluggy
import pytest

from polyroute import Environment, Plugins, hookimpl
from polyroute.plugins import hookspecs
from tests.support.distributions import site_on_path

IN_PYTHON = ("polyroute_direct", "polyroute_openrouter", "polyroute_dexto")
OPTIONS = [{}, {"optionalhook": True}, {"specname": "polyroute_models", "trylast": True}]
HOOKS = [name for name in vars(hookspecs) if name.startswith("polyroute_")]


@pytest.mark.parametrize("options", OPTIONS)
def test_the_mark_is_pluggys(options: dict[str, object]) -> None:
    """`hookimpl`, with options or without, marks a function as pluggy's own decorator does."""
    marker: Any = pluggy.HookimplMarker("polyroute")
    given: Any = hookimpl
    ours, theirs = (each(**options) if options else each for each in (given, marker))
    marked = [each(lambda provider_ids: []) for each in (ours, theirs)]
    assert vars(marked[0]) == vars(marked[1])
    assert vars(marked[0])["polyroute_impl"]


@pytest.mark.parametrize("package", IN_PYTHON)
def test_pluggy_accepts_the_bundled_plugins(package: str) -> None:
    """Each bundled plugin implements hooks that exist, with arguments that they have."""
    manager = pluggy.PluginManager("polyroute")
    manager.add_hookspecs(hookspecs)
    manager.register(importlib.import_module(package), package)
    manager.check_pending()
    assert manager.get_hookcallers(manager.get_plugin(package))


def test_what_is_taken_of_bundled_plugins_is_what_pluggy_finds() -> None:
    """The implementations of the bundled plugins, with their arguments, are those that pluggy would find."""
    from polyroute.plugins.manager import Manager
    from polyroute.plugins.registered import PythonPlugin
    from polyroute.results import Plugin

    theirs, ours = pluggy.PluginManager("polyroute"), Manager(IN_PYTHON)
    theirs.add_hookspecs(hookspecs)
    for rank, package in enumerate(IN_PYTHON):
        module = importlib.import_module(package)
        theirs.register(module, package)
        ours.enter(PythonPlugin(Plugin(package, package, is_bundled=True, rank=rank), module))
    for hook in HOOKS:
        found = {(each.function, tuple(each.argnames)) for each in getattr(theirs.hook, hook).get_hookimpls()}
        assert {(each.function, tuple(each.argnames)) for each in ours.implementing(hook)} == found


@pytest.mark.slow
@pytest.mark.parametrize("others", [False, True])
def test_pluggy_is_imported_for_plugins_of_others(others: bool, tmp_path: Path) -> None:
    """A process without a Python plugin of somebody else does not import pluggy."""
    code = "import sys, polyroute; polyroute.Plugins.load(); print('pluggy' in sys.modules)"
    source = "from polyroute import hookimpl\n@hookimpl\ndef polyroute_providers():\n    return []\n"
    with site_on_path(tmp_path / "site") as site:
        if others:
            site.install("foreign-plugin", "foreign", source)
        own = {"POLYROUTE_HOME": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": str(site.folder)}
        run = subprocess.run([sys.executable, "-c", code], env=own, capture_output=True, text=True, check=True)
    assert run.stdout == f"{others}\n"


def test_what_a_host_bundles_is_checked(tmp_path: Path) -> None:
    """A distribution that a host names as bundled is somebody else's: pluggy checks it like any other."""
    source = "from polyroute import hookimpl\n@hookimpl(wrapper=True)\ndef polyroute_providers():\n    yield\n"
    with site_on_path(tmp_path / "site") as site:
        site.install("foreign-plugin", "foreign", source)
        loaded = Plugins.load(environment=Environment({"HOME": str(tmp_path)}), bundled=["foreign-plugin"])
    (foreign,) = [each for each in loaded.all if each.name == "foreign"]
    assert (foreign.origin, foreign.enabled, foreign.reason) == ("bundled", False, "wraps a hook")


@pytest.mark.slow
def test_a_thread_of_the_command_loads_plugins_of_others(tmp_path: Path) -> None:
    """A plugin of somebody else can be loaded by any thread of the command, although only one can take over signals."""
    code = (
        "import threading\n"
        "from polyroute._internal.containment import take_over\n"
        "take_over(debug=False)\n"
        "from polyroute import Plugins\n"
        "def load():\n"
        "    print([each.reason for each in Plugins.load().all if each.name == 'foreign'])\n"
        "thread = threading.Thread(target=load)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    source = "from polyroute import hookimpl\n@hookimpl\ndef polyroute_providers():\n    return []\n"
    with site_on_path(tmp_path / "site") as site:
        site.install("foreign-plugin", "foreign", source)
        own = {"POLYROUTE_HOME": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": str(site.folder)}
        run = subprocess.run([sys.executable, "-c", code], env=own, capture_output=True, text=True, check=True)
    assert run.stdout == "['']\n"
