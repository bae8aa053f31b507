"""The command `map`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from polyroute._internal.spelling import alike, did_you_mean
from polyroute.catalog import Catalog
from polyroute.cli import grammar, output
from polyroute.cli.output import BAD_INPUT, NO, YES
from polyroute.documents import catalog as documents
from polyroute.errors import UsageError
from polyroute.named_tuples import NamedTuple
from polyroute.results import Mapped
from polyroute.types import ModelRef

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers

_FORM = '{"provider": "…", "model": "…"}'


class _Asked(NamedTuple):
    """One requested model, or the reason why an argument or line is invalid."""

    provider: str = ""
    model: str = ""
    fault: str = ""


def _map(options: argparse.Namespace) -> int:
    """`polyroute map`: print the gateway's IDs of models. Invalid references are reported, the others are mapped."""
    asked = list(_arguments(options.models) if options.models else _lines())
    with output.catalog() as catalog:
        via = _gateway(options.via, catalog)
        catalog.prepare(_known(asked, catalog))
        found = [catalog.mapped(via, each.provider, each.model) for each in asked if not each.fault]
        problems = catalog.problems
    if options.json:
        for each in found:
            print(json.dumps(documents.mapped(each)))
    else:
        from polyroute.cli import text

        text.mapped(found, via)
        text.problems(problems)
    return _status(found, [each.fault for each in asked if each.fault])


def _known(asked: Iterable[_Asked], catalog: Catalog) -> Iterator[ModelRef]:
    """Yield the requested models whose providers are known."""
    for each in asked:
        if not each.fault and (provider := catalog.plugins.names.get(each.provider)):
            yield ModelRef(provider, each.model)


def _status(found: Sequence[Mapped], faults: Sequence[str]) -> int:
    for fault in faults:
        print(f"polyroute: {fault}", file=sys.stderr)
    if faults:
        return BAD_INPUT
    return YES if not found or any(each.id is not None for each in found) else NO


def _gateway(name: str, catalog: Catalog) -> str:
    """Return the named gateway, else the first selectable one. Raises UsageError."""
    plugins = catalog.plugins
    via = plugins.names.get(name, name)
    if via and via not in plugins.gateways:
        others = alike(name, plugins.gateways)
        remedy = did_you_mean(others, f"Gateways are: {', '.join(plugins.gateways) or 'none'}.")
        raise UsageError(f"{name!r} is not a gateway.", remedy, others)
    if not plugins.gateways:
        raise UsageError("There is no gateway to map to.", "See `polyroute plugins`.")
    selectable = (each for each in plugins.gateways if plugins.providers[each].selectable)
    return via or next(selectable, plugins.gateways[0])


def _arguments(models: Iterable[str]) -> Iterator[_Asked]:
    for number, model in enumerate(models, 1):
        provider, name = ModelRef.parse(model)
        fault = "" if provider and name else f"argument {number}: {model!r} is not provider/model"
        yield _Asked(provider, name, fault)


def _lines() -> Iterator[_Asked]:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError(
            f"Give models as provider/model, or pipe in lines of JSON: {_FORM}.", "See `polyroute map -h`."
        )
    for number, line in enumerate(sys.stdin.buffer, 1):
        if line.strip():
            asked = _line(line)
            yield asked._replace(fault=asked.fault and f"line {number}: {asked.fault}")


def _line(line: bytes) -> _Asked:
    try:
        read: Any = json.loads(line)
    except (ValueError, RecursionError):
        return _Asked(fault=f"not valid JSON; a line must be {_FORM}")
    match read:
        case {"provider": str(provider), "model": str(model)} if provider and model:
            return _Asked(provider, model)
    return _Asked(fault=f"provider and model must be non-empty strings, as in {_FORM}")


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "map", _map, "show a gateway's IDs of models")
    command.add_argument("models", nargs="*", metavar="MODEL", help=f"provider/model; else lines on stdin: {_FORM}")
    command.add_argument("--via", default="", metavar="GATEWAY", help="the gateway (by default a selectable one)")
    command.add_argument("--json", action="store_true", help="print a line of JSON for each model and nothing else")
