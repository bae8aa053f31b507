"""What each command does. Documents go to stdout, messages to stderr."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from polyroute import wire
from polyroute.catalog import Catalog
from polyroute.environment import PROCESS
from polyroute.errors import MissingExtra, UsageError
from polyroute.references import canonical
from polyroute.types import DIRECT

_YES, _NO = 0, 1


def status(options: argparse.Namespace) -> int:
    """`polyroute status`: the whole picture."""
    with _catalog() as catalog:
        asked = [catalog.provider(name) for name in options.providers]
        found = catalog.status()
    if options.json:
        return _print(wire.status(found))
    from polyroute.cli import text

    text.status(found, asked, catalog, everything=options.all)
    return _YES


def explain(options: argparse.Namespace) -> int:
    """`polyroute explain`: one provider or model in words."""
    with _catalog() as catalog:
        explanation = catalog.explain(options.subject)
    if options.json:
        _print(wire.explanation(explanation, catalog.problems))
    else:
        from polyroute.cli import text

        text.lines(explanation.lines)
        text.problems(catalog.problems)
    return _YES if explanation.usable else _NO


def resolve(options: argparse.Namespace) -> int:
    """`polyroute resolve`: the route to take."""
    with _catalog() as catalog:
        model = canonical(options.model, catalog.plugins)
        routes = catalog.routes(model)
    if options.json:
        _print(wire.resolution(model, routes, catalog.problems))
    else:
        from polyroute.cli import text

        text.resolution(model, routes, catalog)
        text.problems(catalog.problems)
    return _YES if any(route.usable for route in routes) else _NO


def models(options: argparse.Namespace) -> int:
    """`polyroute models`: what is on offer."""
    with _catalog() as catalog:
        found = catalog.models(" ".join(options.query), provider=options.provider, available=options.available)
    if options.json:
        problems = [wire.problem(each) for each in catalog.problems]
        _print({"schema": wire.SCHEMA, "models": [wire.model(model) for model in found], "problems": problems})
    else:
        from polyroute.cli import text

        text.models(found, catalog)
        text.problems(catalog.problems)
    return _YES if found else _NO


def plugins(options: argparse.Namespace) -> int:
    """`polyroute plugins`: where they come from, what they provide, what is amiss."""
    with _catalog() as catalog:
        document = wire.plugins(catalog)
    if options.json:
        return _print(document)
    from polyroute.cli import text

    text.plugins(catalog)
    return _YES


def prefer(options: argparse.Namespace) -> int:
    """`polyroute prefer`: write the person's preference."""
    from polyroute.preferences import save

    with _catalog() as catalog:
        via, target = _checked(options.via, options.target, catalog)
        path = save(catalog.environment, via, target)
    if options.json:
        return _print({"schema": wire.SCHEMA, "prefer": via, "for": target or None, "file": path})
    print(f"{via} now comes first{f' for {target}' if target else ''} (in {path}).")
    _tell_what_wins(via, target, catalog)
    return _YES


def _tell_what_wins(via: str, target: str, catalog: Catalog) -> None:
    """Say where the preference just written has no effect."""
    if catalog.preferences.order:
        print("polyroute: a full `order` is given, and wins over this.", file=sys.stderr)
    elif not target and catalog.environment.setting("POLYROUTE_PREFER", layer=PROCESS):
        print("polyroute: POLYROUTE_PREFER is set, and wins over the file.", file=sys.stderr)
    elif not target and via != DIRECT:
        print("Hosts stay direct: pin one with `--for`.", file=sys.stderr)


def completion(options: argparse.Namespace) -> int:
    """`polyroute completion`: a script for the shell to source."""
    try:
        import shtab
    except ImportError:
        raise MissingExtra("Shell completion", "cli") from None
    from polyroute.cli.parser import build

    print(shtab.complete(build(), options.shell))
    return _YES


def _checked(via: str, target: str, catalog: Catalog) -> tuple[str, str]:
    plugins = catalog.plugins
    routes = (DIRECT, *plugins.gateways)
    via = plugins.names.get(via, via)
    if via not in routes:
        raise UsageError(f"There is no route {via!r}. Routes are: {', '.join(routes)}.")
    if not target:
        return via, ""
    name, slash, model_id = target.partition("/")
    if slash and not model_id:
        raise UsageError(f"{target!r} lacks the model. To pin the provider, write {name}.")
    provider = plugins.find(name).id
    if via not in (DIRECT, *plugins.carriers(provider)):
        raise UsageError(f"{via} does not carry {provider}'s models. See `polyroute explain {provider}`.")
    return via, f"{provider}{slash}{model_id}"


def _print(document: dict[str, Any]) -> int:
    print(json.dumps(document, indent=2 if sys.stdout.isatty() else None))
    return _YES


@contextlib.contextmanager
def _catalog() -> Iterator[Catalog]:
    """The catalog to ask. Where it refuses the input, its problems are told too: they may be why."""
    with _stdout_kept_clean():
        catalog = Catalog.load()
        try:
            yield catalog
        except UsageError:
            from polyroute.cli import text

            text.problems(catalog.problems)
            raise


@contextlib.contextmanager
def _stdout_kept_clean() -> Iterator[None]:
    """Whatever plugins print, in Python or below it, goes to stderr: scripts parse stdout."""
    with contextlib.redirect_stdout(sys.stderr):
        kept = os.dup(1)
        os.dup2(2, 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
