"""Cold start: time whole processes that answer "which models can I run?", as started from a shell.

Usage: python -m benchmarks.cold [--rounds N] [--peer-python PATH] [--check]
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import (
    PASS,
    Figure,
    User,
    fastest,
    interleaved,
    judged,
    medians,
    new_user,
    process_seconds,
    show,
    throw_away,
)

_BASE = "python -I -c pass"
_NOTHING = "status --json, nothing configured"
_MORE = 300
_BESIDE = f"status --json, {_MORE} distributions beside it"
_MORE_LIMIT = 1.0
_ONLY_IMPORTS = "import argparse, json"

_DOTENV = "\n".join(
    [
        "# a user's keys",
        "ANTHROPIC_API_KEY=made-up-1",
        'export OPENAI_API_KEY="made-up-2"',
        "GROQ_API_KEY='made-up-3'  # a comment",
        "AWS_REGION=eu-central-1",
        "",
    ]
)
_CONFIG = """prefer = "direct"
disable_providers = ["groq"]

[pins]
openai = "openrouter"
"""
_LOGIN = {"dextoApiKey": "made-up-4", "openRouterApiKey": "made-up-5", "token": "made-up-6", "email": "a@b.example"}
_LITELLM = "import litellm; litellm.get_valid_models()"
_PEER_VARIABLES = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LLM_USER_PATH": "llm"}
"""Prevents LiteLLM from fetching its list, because the network is not measured."""


class Case(NamedTuple):
    """One command, timed as a whole process."""

    command: tuple[str, ...]
    user: User
    limit: float | None = None
    variables: Mapping[str, str] = {}
    before: Callable[[], object] = lambda: None
    """Run before each measurement, and not timed."""

    def run(self) -> float:
        """Return the seconds of one run."""
        self.before()
        return process_seconds(self.command, self.user, **self.variables)


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    options = _options()
    with throw_away() as directory:
        cases = {**_ours(directory), **_peers(options.peer_python, new_user(directory, "peers"))}
        samples = interleaved({name: case.run for name, case in cases.items()}, options.rounds)
    typical, least = medians(samples), fastest(samples)
    print(f"Whole processes, {options.rounds} interleaved rounds, as multiples of `{_BASE}`.")
    within = show("Medians", _figures(cases, typical))
    show("Fastest of each, to distinguish noise from cost", _figures(cases, least, limited=False))
    return 0 if within or not options.check else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.cold", description="Time whole processes.")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--peer-python", default=sys.executable, help="Python with litellm and llm installed")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    return parser.parse_args()


def _figures(cases: Mapping[str, Case], times: Mapping[str, float], *, limited: bool = True) -> list[Figure]:
    """Return the multiples of the base, and the time that other installed distributions add."""
    base = times[_BASE]
    multiples = {name: (times[name] / base, case.limit) for name, case in cases.items()}
    multiples[f"what the {_MORE} distributions add"] = (times[_BESIDE] - times[_NOTHING]) / base, _MORE_LIMIT
    return [judged(name, value, "x", limit if limited else None) for name, (value, limit) in multiples.items()]


def _ours(directory: Path) -> dict[str, Case]:
    nobody, somebody, fresh = (new_user(directory, name) for name in ("nobody", "somebody", "fresh"))
    _configure(somebody)
    crowd = _distributions(directory / "crowd")
    status = (script(), "status", "--json")
    forget = partial(shutil.rmtree, fresh.home / "polyroute" / "cache", ignore_errors=True)
    cases = {
        _NOTHING: Case(status, nobody, 5.5),
        "status --json, .env, config.toml and auth.json": Case(status, somebody, 7),
        "status --json, cache empty": Case(status, fresh, 14, before=forget),
        _BESIDE: Case(status, nobody, variables={"PYTHONPATH": str(crowd)}),
    }
    for case in cases.values():
        _confirm(case)
    return {
        _BASE: Case(PASS, nobody),
        f"floor: {_ONLY_IMPORTS}": Case((sys.executable, "-c", _ONLY_IMPORTS), nobody),
        **cases,
    }


def script() -> str:
    """Return the path of the installed command."""
    script = shutil.which("polyroute", path=sysconfig.get_path("scripts"))
    if script is None:
        raise SystemExit("Install polyroute and its plugins in the environment of this Python first.")
    return script


def _configure(user: User) -> None:
    user.write("dexto/.env", _DOTENV)
    user.write("dexto/auth.json", json.dumps(_LOGIN))
    user.write("polyroute/config.toml", _CONFIG)


def _distributions(directory: Path) -> Path:
    """Create many installed distributions without plugins: a package and its metadata each."""
    for index in range(_MORE):
        facts = directory / f"made_up_{index}-1.{index}.dist-info"
        facts.mkdir(parents=True)
        (directory / f"made_up_{index}").mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: made-up-{index}\nVersion: 1.{index}\n")
        (facts / "entry_points.txt").write_text(f"[console_scripts]\nmade-up-{index} = made_up_{index}:main\n")
    return directory


def _confirm(case: Case) -> None:
    """Run once to fill bytecode and other caches, and check that the output is complete."""
    environment = {**case.user.variables, **case.variables}
    output = subprocess.run(case.command, env=environment, cwd=case.user.home, check=True, capture_output=True).stdout
    answer = json.loads(output)
    if len(answer["providers"]) < 100 or answer["problems"]:
        raise SystemExit(f"Not worth timing: {len(answer['providers'])} providers, problems {answer['problems']}")


def _peers(python: str, user: User) -> dict[str, Case]:
    """Return the commands of other tools for the same task, if they are installed."""
    cases = {
        f"LiteLLM: {_LITELLM}": Case((python, "-c", _LITELLM), user, variables=_PEER_VARIABLES),
        "llm: llm models": Case((str(Path(python).with_name("llm")), "models"), user, variables=_PEER_VARIABLES),
    }
    return {name: case for name, case in cases.items() if _works(name, case)}


def _works(name: str, case: Case) -> bool:
    try:
        case.run()
    except (OSError, subprocess.CalledProcessError):
        print(f"skipped, because it does not run here: {name}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    raise SystemExit(main())
