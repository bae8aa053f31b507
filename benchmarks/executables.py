"""Executables: `describe` and `detect` of all at once, their share of a cached `polyroute status`, the first `status`
if some misbehave, and the mapping of fifty models by a gateway.

Usage: python -m benchmarks.executables [--rounds N] [--check]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.measuring import (
    Figure,
    User,
    fastest,
    interleaved,
    judged,
    medians,
    new_user,
    options_of,
    process_seconds,
    seconds,
    show,
    throw_away,
)
from polyroute import Catalog, Environment, ModelRef, Plugin, Plugins
from polyroute.plugins.executables.batch import Programs
from polyroute.plugins.manifests.discovery import MANIFEST
from polyroute.plugins.manifests.loader import Manifest, load
from polyroute.plugins.trust.approvals import Approvals

_EXAMPLES = Path(__file__).parent.parent / "examples" / "plugin-kinds"
_DETECTED = {
    "sh": ('"error":{"code":-32601,"message":"no such method"}', '"result":{"ttl_s":600}'),
    "c": (r"\"error\":{\"code\":-32601,\"message\":\"no such method\"}", r"\"result\":{\"ttl_s\":600}"),
    "go": (
        'object{"error": object{"code": -32601, "message": "no such method"}}',
        'object{"result": object{"ttl_s": 600}}',
    ),
}
"""Replacements that make the examples support `detect`: they find nothing, with results valid for ten minutes."""
_BUILD = {"c": ("cc", "-O2", "-o", "acme", "acme.c"), "go": ("go", "build", "-o", "acme", "acme.go")}
_COUNT = 10
_FIRST_ROUNDS = 3
_MAPPED = 50
_COUNTED = '#!/bin/sh\necho >>{}\nexec python3 -I "$1"\n'
_MISBEHAVING = ("sleep 99", "yes", "yes >&2", "tr '\\0' x </dev/zero", "exit 3", "exec >&-; sleep 99")
"""Shell commands that hang, flood in three ways, exit, and close stdout without exiting."""


Members = Mapping[Plugin, tuple[Manifest, str]]


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    options = options_of("executables", "Time executables.", 21)
    with throw_away() as directory:
        os.environ["POLYROUTE_HOME"] = str(directory / "benchmark")
        within = [show("Described and detected, nothing known", _cold(directory, options.rounds))]
        within.append(show("`polyroute status --json`, from caches", _cached(directory, options.rounds)))
        within.append(show("`polyroute status --json`, nothing known", _first(directory)))
        within.append(show("Mapped by a gateway", _mapped(directory, options.rounds)))
    return 0 if all(within) or not options.check else 1


def _cold(directory: Path, rounds: int) -> list[Figure]:
    user = new_user(directory, "asking")
    members = _members(user, _put(user, _COUNT))
    cases: dict[str, Callable[[], float]] = {each.name: partial(_ask, user, {each: members[each]}) for each in members}
    cases["all"] = partial(_ask, user, members)
    for case in cases.values():
        case()
    least = fastest(interleaved(cases, rounds))
    slowest = max(least[each.name] for each in members)
    limit = 1.5 * slowest + 0.010
    return [
        judged("the slowest of them alone", slowest * 1000, "ms"),
        judged(f"all {len(members)} at once", least["all"] * 1000, "ms", limit * 1000),
    ]


def _ask(user: User, members: Members) -> float:
    shutil.rmtree(os.environ["POLYROUTE_HOME"], ignore_errors=True)
    asked = Programs(members, Environment(user.variables))
    took = seconds(asked.described)
    for problem in asked.problems:
        raise SystemExit(f"Not worth timing: {problem}")
    return took


def _cached(directory: Path, rounds: int) -> list[Figure]:
    script = shutil.which("polyroute", path=sysconfig.get_path("scripts")) or "polyroute"
    without, having = new_user(directory, "without"), new_user(directory, "having")
    _members(having, _put(having, 2 * _COUNT))
    cases = {each.home.name: partial(process_seconds, (script, "status", "--json"), each) for each in (without, having)}
    for case in cases.values():
        case()
    middle = medians(interleaved(cases, rounds))
    return [judged(f"with {2 * _COUNT} executables", middle["having"] / middle["without"], "x without", 1.3)]


def _first(directory: Path) -> list[Figure]:
    script = shutil.which("polyroute", path=sysconfig.get_path("scripts")) or "polyroute"
    without, having = new_user(directory, "well"), new_user(directory, "badly")
    folders = _put(having, 2 * _COUNT - len(_MISBEHAVING))
    _members(having, [*folders, *(_bad(having, f"bad-{index}", run) for index, run in enumerate(_MISBEHAVING))])
    cases = {each.home.name: partial(_unknowing, (script, "status", "--json"), each) for each in (without, having)}
    middle = medians(interleaved(cases, _FIRST_ROUNDS))
    limit = 2.2 + middle["well"]
    return [judged(f"with {2 * _COUNT}, {len(_MISBEHAVING)} misbehaving", middle["badly"], "s", limit)]


def _unknowing(command: Sequence[str], user: User) -> float:
    shutil.rmtree(user.home / "polyroute" / "cache", ignore_errors=True)
    return process_seconds(command, user)


def _bad(user: User, name: str, run: str) -> str:
    folder = user.home / "polyroute" / "plugins" / name
    user.write(f"polyroute/plugins/{name}/plugin.toml", '[executable]\nargv = ["./run"]\n')
    user.write(f"polyroute/plugins/{name}/run", f"#!/bin/sh\n{run}\n")
    (folder / "run").chmod(0o755)
    return str(folder)


def _put(user: User, count: int) -> list[str]:
    """Create plugins in all languages whose tools are installed, in turn; return their folders."""
    kinds = [kind for kind in _DETECTED if kind not in _BUILD or shutil.which(_BUILD[kind][0])]
    return [_one(user, kinds[index % len(kinds)], index) for index in range(count)]


def _one(user: User, kind: str, index: int) -> str:
    folder = user.home / "polyroute" / "plugins" / f"made-up-{index}"
    shutil.copytree(_EXAMPLES / kind, folder, ignore=shutil.ignore_patterns("acme"))
    source = next(folder.glob("acme.*"))
    text = source.read_text(encoding="utf-8").replace("acme", folder.name).replace(*_DETECTED[kind])
    source.write_text(text.replace(f"{folder.name}.example", "acme.example"), encoding="utf-8")
    manifest = folder / "plugin.toml"
    text = manifest.read_text(encoding="utf-8").replace(
        'name = "acme"', f'name = "{folder.name}"\nmethods = ["detect"]'
    )
    manifest.write_text(text, encoding="utf-8")
    if kind in _BUILD:
        subprocess.run(_BUILD[kind], cwd=folder, check=True, env={**os.environ, "GOCACHE": str(user.home / "go")})
    return str(folder)


def _mapped(directory: Path, rounds: int) -> list[Figure]:
    user = new_user(directory, "mapping")
    folder = user.home / "polyroute" / "plugins" / "acme-gateway"
    shutil.copytree(_EXAMPLES / "gateway", folder)
    manifest = folder / MANIFEST
    text = manifest.read_text(encoding="utf-8").replace(
        '"python3", "-I", "./acme_gateway.py"', '"./counted", "./acme_gateway.py"'
    )
    manifest.write_text(text, encoding="utf-8")
    runs = user.home / "runs"
    (folder / "counted").write_text(_COUNTED.format(runs), encoding="utf-8")
    (folder / "counted").chmod(0o755)
    _members(user, [str(folder)])
    plugins = Plugins.load(environment=Environment(user.variables))
    if plugins.problems:
        raise SystemExit(f"Not worth timing: {plugins.problems[0]}")
    cases = {str(count): partial(_map, user, plugins, count) for count in (1, _MAPPED)}
    middle = medians(interleaved(cases, rounds))
    runs.unlink()
    _map(user, plugins, _MAPPED)
    return [
        judged("one model", middle["1"] * 1000, "ms"),
        judged(f"{_MAPPED} models", middle[str(_MAPPED)] / middle["1"], "x one"),
        judged(f"processes for {_MAPPED} models", len(runs.read_text(encoding="utf-8")), "", 1),
    ]


def _map(user: User, plugins: Plugins, count: int) -> float:
    """Map models in a new environment, for which nothing is cached."""
    catalog = Catalog(plugins, Environment({**user.variables, "ACME_GATEWAY_KEY": "k"}))
    refs = [ModelRef("openai", f"gpt-{index}") for index in range(count)]

    def mapped() -> None:
        catalog.prepare(refs)
        for ref in refs:
            catalog.mapping("acme-gateway", ref)

    return seconds(mapped)


def _members(user: User, folders: Sequence[str]) -> dict[Plugin, tuple[Manifest, str]]:
    """Approve the executables in these folders, and return them with their fingerprints."""
    environment = Environment(user.variables)
    found = load([str(Path(folder) / MANIFEST) for folder in folders])
    for manifest in found:
        Approvals.load(environment).approve(manifest)
    known = Approvals.load(environment).fingerprints
    return {Plugin(each.name, kind="executable", manifest=each.path): (each, known[each.identity]) for each in found}


if __name__ == "__main__":
    raise SystemExit(main())
