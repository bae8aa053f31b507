"""Misbehaving plugins in Python: whatever one raises or returns, the others' results are as before."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from polyroute.plugins import hook_calls
from tests.support.distributions import Picture, Site, load, picture, site_on_path, sound

HANG_GUARD = 60.0
"""Seconds that no command may take, on however busy a machine."""
VENDOR = "hurt-vendor"
MODEL = f"Model({VENDOR!r}, 'odd')"
PRELUDE = f"""
import asyncio, itertools, os, sys, threading, time, warnings

class Own(BaseException):
    pass

class Mute(Exception):
    def __str__(self):
        raise Own
    __repr__ = __str__

class Touchy:
    def _raise(self, *_):
        raise Own
    __eq__ = __hash__ = __repr__ = __str__ = __bool__ = __len__ = __getattribute__ = _raise

class Word(str):
    def __eq__(self, other):
        raise Own
    __hash__ = strip = startswith = __str__ = __eq__

class Walk:
    def __init__(self, error):
        self.error = error
    def __iter__(self):
        return self
    def __next__(self):
        raise self.error

class Stubborn:
    def __iter__(self):
        try:
            yield {MODEL}
            yield 5
        finally:
            raise Own

def growing():
    models = {{{MODEL}: 1}}
    for model in models:
        models[Model({VENDOR!r}, 'more')] = 2
        yield model

def nested():
    nest = []
    nest.append(nest)
    return nest

def chained():
    try:
        raise Own
    finally:
        raise Mute
"""

RAISED = {
    "CancelledError": "raise asyncio.CancelledError",
    "GeneratorExit": "raise GeneratorExit",
    "SystemExit": "sys.exit('good-bye')",
    "an exception of its own": "raise Own",
    "an exception in an exception": "chained()",
    "a group of exceptions": "raise BaseExceptionGroup('all', [Own(), GeneratorExit()])",
    "an exception whose words raise": "raise Mute",
    "an exception with ten megabytes to say": "raise ValueError('x' * 10_000_000)",
    "StopIteration": "raise StopIteration",
    "MemoryError": "raise MemoryError",
    "a type that is no exception": "raise 5",
    "a warning as an exception": "raise UserWarning('careful')",
}
"""What a hook, or the import of a plugin, may raise."""

RETURNED = {
    "an endless iterator": f"return itertools.repeat({MODEL})",
    "an endless iterator of junk": "return itertools.count()",
    "an endless generator of new objects": f"while True: yield Model({VENDOR!r}, 'odd')",
    "an iterator that raises CancelledError": "return Walk(asyncio.CancelledError())",
    "an iterator that raises GeneratorExit": "return Walk(GeneratorExit())",
    "a generator that raises when it is closed": "return Stubborn()",
    "a generator that changes what it walks": "return growing()",
    "an object that raises whatever is asked": "return Touchy()",
    "items that raise whatever is asked": "return [Touchy()]",
    "a field that raises whatever is asked": f"return [{MODEL}._replace(name=Touchy())]",
    "a text of its own kind": f"return [{MODEL}._replace(name=Word('odd'))]",
    "a provider of its own kind": "return [Model(Word('hurt-vendor'), 'odd')]",
    "a text of ten megabytes": f"return [{MODEL}._replace(name='x' * 10_000_000)]",
    "a list that contains itself": "return nested()",
    "its own class": "return Model",
    "a module": "return sys",
    "an event": "return threading.Event()",
    "a number without end": f"return [{MODEL}._replace(context=float('inf'))]",
    "a number of a hundred thousand digits": f"return [{MODEL}._replace(context=10 ** 100_000)]",
}
"""What a hook may return where models are expected."""

SURROUNDINGS = {
    "changes the directory": "os.chdir('/')",
    "changes variables": "os.environ['GROQ_API_KEY'] = 'changed'; os.environ.pop('HOME', None)",
    "starts threads": "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "starts an event loop": "asyncio.run(asyncio.sleep(0))",
    "changes its arguments": "provider_ids |= {'openai'}",
    "closes stdin": "sys.stdin = None",
    "lowers what may be nested": "sys.setrecursionlimit(len(__import__('inspect').stack()) + 150)",
}
"""What a hook may do to the process, without any effect on results."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Provide a folder on `sys.path` with a valid third-party plugin that comes last in ownership."""
    with site_on_path(tmp_path / "site") as site:
        site.install("zz-good", "good", sound("good"))
        yield site


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Restore what plugins change in this process."""
    here, variables, limit = os.getcwd(), dict(os.environ), sys.getrecursionlimit()
    monkeypatch.setattr(sys, "stdin", sys.stdin)
    yield
    os.chdir(here)
    sys.setrecursionlimit(limit)
    os.environ.clear()
    os.environ.update(variables)


def hook(body: str) -> str:
    """Return the source of a plugin that is valid except for its models."""
    return f"{sound('hurt')}\n{PRELUDE}\n@hookimpl\ndef polyroute_models(provider_ids):\n    {body}\n"


def told(site: Site, source: str) -> tuple[Picture, str]:
    """Install a plugin with this source; return what others get beside it, and what is said about it."""
    site.install("hurt-plugin", "hurt", source)
    catalog = load("hurt", "good")
    catalog.models(provider=VENDOR) if VENDOR in catalog.plugins.providers else ()
    seen = picture(catalog)
    return seen, "\n".join(str(problem) for problem in catalog.problems if problem.plugin == "hurt")


def test_the_tables_hold_38_kinds() -> None:
    """Each of the 38 kinds of misbehaviour has a row."""
    assert len(RAISED) + len(RETURNED) + len(SURROUNDINGS) == 38


@pytest.mark.parametrize("kind", RAISED)
def test_a_hook_that_raises_anything(kind: str, site: Site, expected: Picture) -> None:
    """Whatever a hook raises is a problem of its plugin, of a bounded length, and nobody else notices."""
    seen, words = told(site, hook(RAISED[kind]))
    assert seen == expected
    assert "raised" in words
    assert len(words) < 2_000


@pytest.mark.parametrize("kind", RAISED)
def test_an_import_that_raises_anything(kind: str, site: Site, expected: Picture) -> None:
    """Whatever the import of a plugin raises is a problem of that plugin alone."""
    seen, words = told(site, f"{PRELUDE}\n{RAISED[kind]}\n")
    assert seen == expected
    assert "can't be imported" in words
    assert len(words) < 2_000


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of the generator that raises
@pytest.mark.parametrize("kind", RETURNED)
def test_a_hook_that_returns_anything(
    kind: str, site: Site, expected: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a hook returns that is not what it should be is a problem of its plugin, and nobody else notices."""
    monkeypatch.setattr(hook_calls, "MOST_ITEMS", 10_000)
    seen, words = told(site, hook(RETURNED[kind]))
    assert seen == expected
    assert "polyroute_models" in words
    assert len(words) < 2_000


@pytest.mark.parametrize("kind", SURROUNDINGS)
def test_a_hook_that_changes_its_surroundings(kind: str, site: Site, expected: Picture, surroundings: None) -> None:
    """What a hook does to the process by accident changes no results."""
    seen, words = told(site, hook(f"{SURROUNDINGS[kind]}; return []"))
    assert seen == expected
    assert words == ""


def test_an_interrupt_in_another_thread_is_the_plugins_own(site: Site, expected: Picture) -> None:
    """Signals reach the main thread only: in another one a plugin itself raised KeyboardInterrupt."""
    found: list[tuple[Picture, str]] = []
    thread = threading.Thread(target=lambda: found.append(told(site, hook("raise KeyboardInterrupt"))))
    thread.start()
    thread.join()
    ((seen, words),) = found
    assert seen == expected
    assert "raised KeyboardInterrupt" in words


NOISY = """
import asyncio, atexit, os, signal, sys, threading, time, warnings
from polyroute import hookimpl

class Grave:
    def __del__(self):
        raise RuntimeError("in a finalizer")

def fail():
    raise RuntimeError("in a thread")

print("on import")
os.write(1, b"on import, from C\\n")
atexit.register(fail)
threading.Thread(target=time.sleep, args=(3600,)).start()

@hookimpl
def polyroute_providers():
    print("in a hook")
    os.write(1, b"in a hook, from C\\n")
    warnings.warn("in a hook")
    Grave()
    failing = threading.Thread(target=fail)
    failing.start()
    failing.join()
    return []

@hookimpl
def polyroute_routeability():
    raise KeyboardInterrupt

@hookimpl
def polyroute_credentials(environment):
    raise asyncio.CancelledError
"""


def run(site: Site, *arguments: str) -> subprocess.Popen[str]:
    """Start the command with the plugins of a site."""
    command = [
        sys.executable,
        "-c",
        "import sys; from polyroute.cli.main import script; sys.exit(script())",
        *arguments,
    ]
    pipe = subprocess.PIPE
    own = {**os.environ, "PYTHONPATH": str(site.folder)}
    return subprocess.Popen(command, env=own, stdout=pipe, stderr=pipe, text=True, cwd=site.folder.parent)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("status", "--json"), ("plugins", "list", "--json")])
def test_a_command_with_a_noisy_plugin(arguments: tuple[str, ...], site: Site) -> None:
    """What plugins print, raise late or leave running changes neither stdout nor the end of the command."""
    site.install("hurt-plugin", "hurt", NOISY)
    running = run(site, *arguments)
    stdout, stderr = running.communicate(timeout=HANG_GUARD)
    document = json.loads(stdout)
    assert running.returncode in (0, 1)
    assert "Traceback" not in stderr
    problems = [each for each in document["problems"] if each["plugin"] == "hurt"]
    assert any("raised KeyboardInterrupt" in each["message"] for each in problems)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["def polyroute_credentials(environment):\n    {}", "{}"])
def test_the_users_ctrl_c_ends_a_command(when: str, site: Site, tmp_path: Path) -> None:
    """Ctrl+C while a plugin runs or is imported ends the command with status 130 and without a traceback."""
    ready = tmp_path / "ready"
    waits = f"open({str(ready)!r}, 'w').close(); time.sleep(3600)"
    source = (
        f"import time\nfrom polyroute import hookimpl\n{'@hookimpl' if 'def' in when else ''}\n{when.format(waits)}\n"
    )
    site.install("hurt-plugin", "hurt", source)
    running = run(site, "status")
    until(ready.exists)
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=HANG_GUARD) == ("", "")
    assert running.returncode == 130


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    import time

    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < HANG_GUARD
        time.sleep(0.01)
