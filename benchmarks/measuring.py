"""Helpers of all benchmarks: measure things side by side, and compare figures with limits."""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

PASS = (sys.executable, "-I", "-c", "pass")
"""The unit of comparison: starting and ending this interpreter."""
PASS_SECONDS = 0.0106
"""The duration of `PASS` on the machine where limits in seconds were set. They are scaled by its duration here."""

Samples = Mapping[str, Sequence[float]]


class Figure(NamedTuple):
    """One line of a result: the name of a measurement, its value and its verdict."""

    name: str
    value: str
    verdict: str = ""
    """Empty if there is no limit."""


class User(NamedTuple):
    """A made-up user with a temporary home, so that no real keys, files or caches are read."""

    home: Path

    @property
    def variables(self) -> dict[str, str]:
        """The complete environment of this user's processes."""
        own = {"HOME": "", "POLYROUTE_HOME": "polyroute", "DEXTO_HOME": "dexto"}
        return {"PATH": os.environ.get("PATH", ""), **{name: str(self.home / part) for name, part in own.items()}}

    def write(self, name: str, text: str) -> None:
        """Write a file below the home that nobody else may read."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)


def options_of(name: str, about: str | None, rounds: int) -> argparse.Namespace:
    """Return the options of a benchmark that runs in rounds: how many, and whether its limits are checked."""
    parser = argparse.ArgumentParser(f"python -m benchmarks.{name}", description=about)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    return parser.parse_args()


@contextlib.contextmanager
def throw_away() -> Iterator[Path]:
    """Yield a temporary directory for homes."""
    with tempfile.TemporaryDirectory(prefix="polyroute-benchmark-") as directory:
        yield Path(directory)


def new_user(directory: Path, name: str) -> User:
    """Return a user with an empty home."""
    home = directory / name
    home.mkdir()
    return User(home)


def seconds(action: Callable[[], object]) -> float:
    """Return the duration of one run of `action` in seconds."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def process_seconds(command: Sequence[str], user: User, **more: str) -> float:
    """Return the duration of a whole process in seconds. Raises CalledProcessError if it fails."""
    environment = {**user.variables, **more}
    quiet = subprocess.DEVNULL
    return seconds(
        lambda: subprocess.run(
            command, env=environment, cwd=user.home, check=True, stdin=quiet, stdout=quiet, stderr=quiet
        )
    )


def interleaved(cases: Mapping[str, Callable[[], float]], rounds: int) -> Samples:
    """Run every case once per round, so that disturbances of the machine affect all of them alike.

    Each round starts with another case, so that no case always follows the same other one.
    """
    names = list(cases)
    samples: dict[str, list[float]] = {name: [] for name in names}
    for index in range(rounds):
        first = index % len(names)
        for name in names[first:] + names[:first]:
            samples[name].append(cases[name]())
    return samples


def medians(samples: Samples) -> dict[str, float]:
    """Return the median sample of each case."""
    return {name: statistics.median(each) for name, each in samples.items()}


def fastest(samples: Samples) -> dict[str, float]:
    """Return the fastest sample of each case."""
    return {name: min(each) for name, each in samples.items()}


def growth(costs: Sequence[float]) -> float:
    """Return the largest growth of the cost per item from a size to a larger one; `costs` are in order of size."""
    return max(later / earlier for index, earlier in enumerate(costs) for later in costs[index + 1 :])


def judged(name: str, value: float, unit: str, limit: float | None = None) -> Figure:
    """Return a figure with its verdict, if it has a limit."""
    verdict = "" if limit is None else f"limit {limit:.3g} {unit}: {'ok' if value <= limit else 'over'}"
    return Figure(name, f"{value:.3g} {unit}" if value < 1000 else f"{value:.0f} {unit}", verdict)


def show(title: str, figures: Iterable[Figure]) -> bool:
    """Print figures as a table; return whether all are within their limits."""
    figures = list(figures)
    print(f"\n{title}")
    for figure in figures:
        print(f"  {figure.name:<62} {figure.value:>14}   {figure.verdict}".rstrip())
    return not any(figure.verdict.endswith("over") for figure in figures)
