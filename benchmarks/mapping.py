"""Model-ID mapping: look up all models of all lists, including building the indexes, and one look-up afterwards.

    python benchmarks/mapping.py [--rounds N] [--check]

The lower bound is a look-up in a dictionary. The peer is the closest name according to difflib, which shows the cost of
string similarity; its result is wrong for one model in four.
"""

from __future__ import annotations

import argparse
import difflib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

_ALL_LIMIT = 50e-3
_LOOKUP_LIMIT = 3e-6
_REFERENCE_PASS = 0.0106
"""Seconds of `python -I -c pass` on the machine where the limits were set. Limits are scaled by its duration here."""
_PEER_SAMPLE = 20


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    parser = argparse.ArgumentParser("python benchmarks/mapping.py", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="polyroute-benchmark-") as home:
        os.environ["POLYROUTE_HOME"] = home  # a separate cache, which is warm after the first round
        within = _measure(options.rounds)
    return 0 if within or not options.check else 1


def _measure(rounds: int) -> bool:
    import polyroute_openrouter
    from polyroute import Plugins
    from polyroute.model_ids.mapper import SchemeMapper

    plugins = Plugins.load(only=["direct", "openrouter"])
    refs = [model.ref for model in plugins.all_models() if model.provider != "openrouter"]
    names = list(plugins.models("openrouter"))
    plain = dict.fromkeys(refs)
    known = polyroute_openrouter.mapper()
    sample = refs[:: len(refs) // _PEER_SAMPLE]
    actions: list[Callable[[], None]] = [
        lambda: _each(SchemeMapper(polyroute_openrouter.scheme).lookup, refs),
        lambda: _each(known.lookup, refs),
        lambda: _each(known.reverse, names),
        lambda: _each(plain.get, refs),
        lambda: _each(lambda ref: difflib.get_close_matches(ref.id, names, 1), sample),
        _pass,
    ]
    whole, again, back, floor, peer, passing = _fastest(actions, rounds)
    scale = max(1.0, passing / _REFERENCE_PASS)
    print(f"{len(refs)} models, {len(names)} IDs of the gateway; python -I -c pass: {passing * 1e3:.1f} ms")
    within = [
        _show("all models, index building included", whole, 1e3, "ms", _ALL_LIMIT * scale),
        _show("one look-up after that", again / len(refs), 1e6, "µs", _LOOKUP_LIMIT * scale),
        _show("one way back after that", back / len(names), 1e6, "µs", _LOOKUP_LIMIT * scale),
    ]
    _show("one of the first, index building included", whole / len(refs), 1e6, "µs")
    _show("floor: one look-up in a dictionary", floor / len(refs), 1e6, "µs")
    _show("peer: the closest name by difflib", peer / len(sample), 1e6, "µs")
    return all(within)


def _each(action: Callable[[Any], object], items: Sequence[object]) -> None:
    for item in items:
        action(item)


def _pass() -> None:
    subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)


def _fastest(actions: Sequence[Callable[[], None]], rounds: int) -> list[float]:
    """Return the fastest run of each action. They run in rounds, so that disturbances affect all alike."""
    best = [float("inf")] * len(actions)
    for _ in range(rounds):
        for index, action in enumerate(actions):
            start = time.perf_counter()
            action()
            best[index] = min(best[index], time.perf_counter() - start)
    return best


def _show(name: str, seconds: float, factor: float, unit: str, limit: float | None = None) -> bool:
    within = limit is None or seconds <= limit
    verdict = "" if limit is None else f"limit {limit * factor:.3g} {unit}: {'ok' if within else 'over'}"
    print(f"  {name:<42} {seconds * factor:>9.3g} {unit}   {verdict}".rstrip())
    return within


if __name__ == "__main__":
    sys.exit(main())
