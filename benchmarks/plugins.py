"""The cost of plugins: loading a thousand manifests and a hundred Python plugins, and `polyroute status` with a hundred
manifests.

Usage: python -m benchmarks.plugins [--rounds N] [--check]
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from functools import partial

from benchmarks.measuring import (
    PASS,
    PASS_SECONDS,
    Figure,
    User,
    interleaved,
    judged,
    medians,
    new_user,
    options_of,
    process_seconds,
    show,
    throw_away,
)

_MANY, _SOME = 1_000, 100
_BASE = "python -I -c pass"
_NONE, _FIRST = "status --json, no manifest", f"status --json, {_SOME} manifests read for the first time"
_BESIDE = f"status --json, {_SOME} manifests"
_LOAD_NONE, _LOAD = "Plugins.load, no manifest", f"Plugins.load, {_MANY:,} manifests"
_INSTALLED = f"Plugins.load, {_SOME} installed plugins in Python"
_LOADING = "from polyroute import Plugins; Plugins.load()"
_LIMITS = {"load": 0.150 / PASS_SECONDS, "status": 0.025 / PASS_SECONDS, "python": 2.6}
"""150 and 25 ms on a machine where the base takes 10.6 ms; and half the time that one plugin manager per Python plugin
would take."""

_MANIFEST = """\
[providers.p-{0}]
env = ["P_{0}_API_KEY"]
base_url = "https://p-{0}.example/v1"
models = ["large", {{ id = "small", context = 128_000 }}]
"""

_MODULE = """from polyroute import Alternative, Group, Model, Provider, Slot, hookimpl

KEY = Slot("key", (Alternative("P_{0}_API_KEY"),), secret=True)


@hookimpl
def polyroute_providers():
    return [Provider("p-{0}", "P {0}", requirement=(Group((KEY,)),), base_url="https://p-{0}.example/v1")]


@hookimpl
def polyroute_models(provider_ids):
    return [Model("p-{0}", "large")] if "p-{0}" in provider_ids else []
"""


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    options = options_of("plugins", "Time plugins without code.", 15)
    script = shutil.which("polyroute", path=sysconfig.get_path("scripts")) or "polyroute"
    status, load = (script, "status", "--json"), (sys.executable, "-c", _LOADING)
    with throw_away() as directory:
        nobody = new_user(directory, "nobody")
        counts = {"some": _SOME, "first": _SOME, "many": _MANY}
        some, first, many = (_with_manifests(new_user(directory, name), each) for name, each in counts.items())
        commands = {_BASE: (PASS, nobody), _NONE: (status, nobody), _BESIDE: (status, some)}
        commands |= {_LOAD_NONE: (load, nobody), _LOAD: (load, many)}
        site = {"PYTHONPATH": str(_installed(new_user(directory, "site"), _SOME).home)}
        _confirm(status, some)
        _confirm(status, nobody, **site)
        cases = {name: partial(process_seconds, *each) for name, each in commands.items()}
        cases[_INSTALLED] = partial(process_seconds, load, nobody, **site)
        cases[_FIRST] = partial(_forgetting, status, first)
        for case in cases.values():
            case()  # fill bytecode and other caches
        times = medians(interleaved(cases, options.rounds))
    print(f"Whole processes, {options.rounds} interleaved rounds, as multiples of `{_BASE}`.")
    within = show("Manifests", _figures(times))
    return 0 if within or not options.check else 1


def _figures(times: dict[str, float]) -> list[Figure]:
    base = times[_BASE]
    shown = [judged(name, seconds / base, "x") for name, seconds in times.items()]
    added = (times[_BESIDE] - times[_NONE]) / base
    loaded = (times[_LOAD] - times[_LOAD_NONE]) / base
    in_python = (times[_INSTALLED] - times[_LOAD_NONE]) / base
    return [
        *shown,
        judged(f"added to status by {_SOME} manifests", added, "x", _LIMITS["status"]),
        judged(f"loading {_MANY:,} manifests", loaded, "x", _LIMITS["load"]),
        judged(f"loading {_SOME} plugins in Python", in_python, "x", _LIMITS["python"]),
    ]


def _with_manifests(user: User, count: int) -> User:
    for index in range(count):
        user.write(f"polyroute/plugins/p-{index}/plugin.toml", _MANIFEST.format(index))
    return user


def _installed(user: User, count: int) -> User:
    """Install distributions with a Python plugin each, in the layout that pip creates."""
    for index in range(count):
        facts = f"made_up_{index}-1.0.dist-info"
        user.write(f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: made-up-{index}\nVersion: 1.0\n")
        user.write(f"{facts}/entry_points.txt", f"[polyroute]\nmade-up-{index} = made_up_{index}\n")
        user.write(f"made_up_{index}.py", _MODULE.format(index))
    return user


def _forgetting(command: tuple[str, ...], user: User) -> float:
    (user.home / "polyroute" / "cache" / "manifests.json").unlink(missing_ok=True)
    return process_seconds(command, user)


def _confirm(command: tuple[str, ...], user: User, **more: str) -> None:
    """Check that the output of the timed command is complete."""
    variables = {**user.variables, **more}
    output = subprocess.run(command, env=variables, cwd=user.home, check=True, capture_output=True).stdout
    answer = json.loads(output)
    if not {f"p-{index}" for index in range(_SOME)} <= answer["providers"].keys() or answer["problems"]:
        raise SystemExit(f"Not worth timing: {len(answer['providers'])} providers, problems {answer['problems']}")


if __name__ == "__main__":
    raise SystemExit(main())
