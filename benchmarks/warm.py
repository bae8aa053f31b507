"""Repeated calls in one process, with many providers, many plugins and many models.

Usage: python -m benchmarks.warm [--repeats N] [--peer-python PATH] [--check]
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count, cycle

from benchmarks.measuring import (
    PASS,
    PASS_SECONDS,
    Figure,
    User,
    fastest,
    growth,
    interleaved,
    judged,
    new_user,
    process_seconds,
    seconds,
    show,
    throw_away,
)
from benchmarks.synthetic import GATEWAY, Single, Vendors, variable
from polyroute import Catalog, Environment, ModelRef, Plugins, Preferences
from polyroute._internal import cache
from polyroute.requirements.places import secret_variables

_STATUS_LIMIT_MS, _RESOLVE_LIMIT_US = 1.0, 8.0
_GROUPS, _LOADED, _OFFERS = "groups, worked out once for each list", "groups, loaded", "offers, each"
_GROUP_LIMITS_MS = {_GROUPS: 200.0, _LOADED: 3.0, _OFFERS: 1.0}
_STEADY, _STEADY_RESOLVE = 1.7, 1.3
"""The maximum growth of the cost per item from a small to a large number of items."""

_PROVIDERS = (100, 1_000, 10_000)
_PLUGINS = (10, 100, 1_000)
_MODELS = (1_000, 100_000, 1_000_000)
_VENDORS = 100
_SAMPLE = 10_000
"""The number of references resolved in one run."""

_OFFERED = ("anthropic/claude-sonnet-4-5", "openai/gpt-5", "google/gemini-2.5-pro", "groq/llama-3.3-70b-versatile")
"""Models that twenty and more providers list."""

_LITELLM = """
import time, litellm
models = [f"openai/gpt-{index}" for index in range(2000)]
def once():
    start = time.perf_counter()
    for model in models:
        litellm.get_llm_provider(model)
    return (time.perf_counter() - start) / len(models)
print(min(once() for _ in range(9)))
"""


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    options = _options()
    with throw_away() as directory:
        user = new_user(directory, "user")
        os.environ.update(user.variables)  # the variables of the process determine the cache directory
        within = _measure(user, options.repeats)
        show("The most similar function of another tool", _litellm(options.peer_python, user))
    return 0 if within or not options.check else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.warm", description="Time calls in one process.")
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--peer-python", default=sys.executable, help="Python with litellm installed")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    return parser.parse_args()


def _measure(user: User, repeats: int) -> bool:
    print(f"Fastest of {repeats} interleaved repeats; limits in seconds are scaled to the speed of this machine.")
    plugins = _installed(user)
    keys = _every_key(plugins)
    within = [
        show("Status of all installed providers", _status(plugins, user, keys, repeats)),
        show("Status, per provider", _by_size(_PROVIDERS, "providers", _sized_status, repeats)),
        show("Plugins.load and status, per plugin", _by_size(_PLUGINS, "plugins", _sized_load, max(repeats // 5, 3))),
        show("Resolve, each, installed lists", _resolve_installed(plugins, user, keys, repeats)),
        show("Resolve, each, by size of the list", _resolve_by_size(user, repeats)),
        show("The same model at every provider", _same_model(plugins, user, keys, max(repeats // 3, 3))),
    ]
    return all(within)


def _installed(user: User) -> Plugins:
    plugins = Plugins.load(environment=Environment(user.variables))
    if len(plugins.providers) < 100 or plugins.problems:
        raise SystemExit(f"Not worth timing: {len(plugins.providers)} providers, problems {plugins.problems}")
    return plugins


def _every_key(plugins: Plugins) -> dict[str, str]:
    """Return a made-up value for the secret of every provider."""
    names = sorted(name for each in plugins.providers.values() for name in secret_variables(each))
    return dict.fromkeys(names, "made-up")


def _timed(action: Callable[[], object], items: int = 1) -> float:
    """Return the seconds per item of one run, without garbage collection, as `timeit` measures."""
    gc.collect()
    gc.disable()
    try:
        return seconds(action) / items
    finally:
        gc.enable()


def _often(action: Callable[[], object], times: int = 20) -> Callable[[], float]:
    """Return a case that repeats `action` so often that the cost of reading the clock is negligible."""

    def run() -> None:
        for _ in range(times):
            action()

    return partial(_timed, run, times)


def _scaled(cases: Mapping[str, Callable[[], float]], user: User, repeats: int) -> tuple[dict[str, float], float]:
    """Return the fastest run of each case, and the slowness of this machine relative to where the limits were set."""
    best = fastest(interleaved({"pass": partial(process_seconds, PASS, user), **cases}, repeats))
    return best, best.pop("pass") / PASS_SECONDS


def _status(plugins: Plugins, user: User, keys: Mapping[str, str], repeats: int) -> list[Figure]:
    some = dict(list(keys.items())[:: len(keys) // 10])
    limited = {"status, nothing set": _statuses(plugins, user.variables)}
    limited[f"status, {len(some)} keys set"] = _statuses(plugins, {**user.variables, **some})
    others = {"floor: dict(os.environ)": _often(lambda: dict(os.environ))}
    others[f"status, all {len(keys)} keys set"] = _statuses(plugins, {**user.variables, **keys})
    best, scale = _scaled({**others, **limited}, user, repeats)
    limits = dict.fromkeys(limited, _STATUS_LIMIT_MS * scale)
    return [judged(name, took * 1e3, "ms", limits.get(name)) for name, took in best.items()]


def _statuses(plugins: Plugins, variables: Mapping[str, str]) -> Callable[[], float]:
    environment, preferences = Environment(variables), Preferences()
    return _often(lambda: Catalog(plugins, environment, preferences).status())


def _by_size(sizes: Sequence[int], of: str, case: Callable[[int], Callable[[], float]], repeats: int) -> list[Figure]:
    best = fastest(interleaved({f"among {size:,} {of}": case(size) for size in sizes}, repeats))
    return [*(judged(name, took * 1e6, "us") for name, took in best.items()), _growth(best, _STEADY)]


def _growth(best: Mapping[str, float], limit: float | None) -> Figure:
    return judged("growth, at most, from a size to a larger one", growth(list(best.values())), "x", limit)


def _sized_status(size: int) -> Callable[[], float]:
    """Return a case in which every tenth provider has its key set, and so has the gateway that carries them all."""
    plugins = Plugins.load([Vendors(size - 1)], only=[])
    environment, preferences = Environment(_some_keys(size - 1)), Preferences()
    return partial(_timed, lambda: Catalog(plugins, environment, preferences).status(), size)


def _some_keys(vendors: int) -> dict[str, str]:
    names = [GATEWAY, *(f"vendor-{index}" for index in range(0, vendors, 10))]
    return {variable(name): "made-up" for name in names}


def _sized_load(size: int) -> Callable[[], float]:
    plugins = [Single(index) for index in range(size)]
    nothing = Environment({})
    return partial(_timed, lambda: Catalog(Plugins.load(plugins, only=[]), nothing).status(), size)


def _resolve_installed(plugins: Plugins, user: User, keys: Mapping[str, str], repeats: int) -> list[Figure]:
    """Measure with every key set, so that each reference has a usable route."""
    catalog = Catalog(plugins, Environment({**user.variables, **keys}))
    usable = [str(model.ref) for model in catalog.models(available=True)]
    carried = [each for each in usable if len(plugins.carriers(each.partition("/")[0])) > 1]
    cases = {
        f"the {len(usable):,} models in the lists": _resolving(catalog, usable),
        f"the {len(carried):,} of them with routes through several gateways": _resolving(catalog, carried),
        "as many of the same providers that are in no list, others each time": _never_asked(catalog, carried),
    }
    best, scale = _scaled(cases, user, repeats)
    return [judged(name, took * 1e6, "us", _RESOLVE_LIMIT_US * scale) for name, took in best.items()]


def _resolving(catalog: Catalog, references: Sequence[str]) -> Callable[[], float]:
    return partial(_asked, catalog.resolve, references)


def _never_asked(catalog: Catalog, references: Sequence[str]) -> Callable[[], float]:
    """Return a case in which each run resolves new references."""
    runs = count()
    return lambda: _asked(catalog.resolve, [f"{each}-x{run}" for run in [next(runs)] for each in references])


def _same_model(plugins: Plugins, user: User, keys: Mapping[str, str], repeats: int) -> list[Figure]:
    """Measure grouping all listings by model, and the offers of widely listed models with several keys set."""
    some = dict(list(keys.items())[:: len(keys) // 10])
    catalog = Catalog(plugins, Environment({**user.variables, **some}))
    cases = {_GROUPS: partial(_grouping, user, forget=True), _LOADED: partial(_grouping, user, forget=False)}
    offers = partial(_asked, catalog.offers, _OFFERED * 5)
    best, scale = _scaled({**cases, _OFFERS: offers}, user, repeats)
    return [judged(name, took * 1e3, "ms", _GROUP_LIMITS_MS[name] * scale) for name, took in best.items()]


def _grouping(user: User, *, forget: bool) -> float:
    """Return the seconds until the first use of the groups in newly loaded plugins whose lists have been read."""
    if forget:
        cache.forget(("models-", "groups-"))
    plugins = _installed(user)
    deque(plugins.all_models(), maxlen=0)
    groups = plugins.groups
    return _timed(lambda: groups and groups.members(ModelRef.parse(_OFFERED[0])))


def _resolve_by_size(user: User, repeats: int) -> list[Figure]:
    floors, cases = {}, {}
    for size in _MODELS:
        vendors = Vendors(_VENDORS, size // _VENDORS)
        floors[f"floor: look-up in a set of {size:,} IDs"] = _sampled(vendors, vendors.offered.__contains__)
        cases[f"resolve among {size:,} models"] = _sampled(vendors, _ready(vendors).resolve)
    best, scale = _scaled({**floors, **cases}, user, repeats)
    looked_up, resolved = ({name: best[name] for name in names} for names in (floors, cases))
    return [
        *(judged(name, took * 1e6, "us") for name, took in looked_up.items()),
        _growth(looked_up, None),
        *(judged(name, took * 1e6, "us", _RESOLVE_LIMIT_US * scale) for name, took in resolved.items()),
        _growth(resolved, _STEADY_RESOLVE),
    ]


def _ready(vendors: Vendors) -> Catalog:
    """Return a catalog whose indexes have been built."""
    catalog = Catalog(Plugins.load([vendors], only=[]), Environment(_some_keys(_VENDORS)))
    catalog.models()
    return catalog


def _sampled(vendors: Vendors, ask: Callable[[str], object]) -> Callable[[], float]:
    """Return a case in which each run resolves other references, so that neither software nor processor caches help."""
    references = list(vendors.references())
    step = max(len(references) // _SAMPLE, 1)
    samples = cycle([references[first::step] for first in range(step)])
    return lambda: _asked(ask, next(samples))


def _asked(ask: Callable[[str], object], references: Sequence[str]) -> float:
    return _timed(lambda: deque(map(ask, references), maxlen=0), len(references))


def _litellm(python: str, user: User) -> list[Figure]:
    name = "litellm.get_llm_provider, each"
    environment = {**user.variables, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    try:
        output = subprocess.check_output(
            (python, "-c", _LITELLM), env=environment, cwd=user.home, stderr=subprocess.DEVNULL
        )
    except (OSError, subprocess.CalledProcessError):
        return [Figure(name, "not installed")]
    return [judged(name, float(output.split()[-1]) * 1e6, "us")]


if __name__ == "__main__":
    raise SystemExit(main())
