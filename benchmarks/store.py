"""The file of custom models: adding one model compared to a plain, unsafe rewrite, and listing ten thousand.

    python -m benchmarks.store [--rounds N] [--check]

The plain rewrite does what most tools do: read all, append, and write all in place with `json`, without locks or fsync.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import (
    PASS,
    PASS_SECONDS,
    fastest,
    interleaved,
    judged,
    new_user,
    options_of,
    process_seconds,
    seconds,
    show,
    throw_away,
)

_LIMITS = {100: 1.7, 10_000: 0.3}
"""The maximum cost of adding one model, in plain rewrites, by number of models in the file."""
_LIST_LIMIT = 25e-3
_NEW = {"provider": "openrouter", "name": "added"}


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    options = options_of("store", __doc__, 15)
    with throw_away() as directory:
        os.environ["POLYROUTE_HOME"] = str(directory)
        within = _measure(directory, options.rounds)
    return 0 if within or not options.check else 1


def _measure(directory: Path, rounds: int) -> bool:
    from polyroute import Plugins
    from polyroute.custom_models.store import CustomStore

    plugins = Plugins.load(only=["direct", "openrouter"])
    cases: dict[str, Callable[[], float]] = {}
    for size in _LIMITS:
        text = json.dumps({"version": 1, "models": [_model(number) for number in range(size)]}, indent=2)
        path = directory / f"{size}.json"
        store = CustomStore(str(path), plugins)
        cases[f"plain {size}"] = lambda p=path, t=text: _timed(p, t, lambda: _plain_add(p))  # type: ignore[misc]
        cases[f"add {size}"] = lambda p=path, t=text, s=store: _timed(p, t, lambda: s.add(_NEW))  # type: ignore[misc]
        cases[f"list {size}"] = lambda p=path, t=text, s=store: _timed(p, t, s.listing)  # type: ignore[misc]
    user = new_user(directory, "user")
    cases["pass"] = lambda: process_seconds(PASS, user)
    least = fastest(interleaved(cases, rounds))
    scale = max(1.0, least["pass"] / PASS_SECONDS)
    figures = [
        judged(f"one add to {size:,} models", least[f"add {size}"] / least[f"plain {size}"], "of plain", limit)
        for size, limit in _LIMITS.items()
    ]
    figures += [judged(f"a plain rewrite of {size:,} models", least[f"plain {size}"] * 1e3, "ms") for size in _LIMITS]
    figures.append(judged("listing 10,000 models", least["list 10000"] * 1e3, "ms", _LIST_LIMIT * scale * 1e3))
    return show("Custom models", figures)


def _timed(path: Path, text: str, action: Callable[[], object]) -> float:
    """Return the seconds that `action` takes on a file with `text`, without garbage collection."""
    path.write_text(text, encoding="utf-8")
    gc.collect()
    gc.disable()
    try:
        return seconds(action)
    finally:
        gc.enable()


def _plain_add(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    document["models"].append(_NEW)
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")


def _model(number: int) -> dict[str, object]:
    return {
        "name": f"vendor/model-{number}:free",
        "provider": "openai-compatible",
        "baseURL": f"https://host-{number}.example/v1",
        "displayName": f"Model {number}",
        "maxInputTokens": 128_000,
        "maxOutputTokens": 4_096,
        "apiKey": f"sk-{number:040d}",
    }


if __name__ == "__main__":
    raise SystemExit(main())
