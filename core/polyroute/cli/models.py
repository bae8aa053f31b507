"""The command `models`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyroute.catalog import Catalog
    from polyroute.cli.grammar import Subparsers
    from polyroute.documents.list_types import ModelsDocument
    from polyroute.model_list.rows import ModelRow
    from polyroute.model_list.selection import ModelSelection

_SORTINGS = ("price", "context", "newest", "name")
_INPUTS = ("image", "pdf", "audio", "video")


def _models(options: argparse.Namespace) -> int:
    """`polyroute models`: list models."""
    from polyroute.model_list.order import sorted_by
    from polyroute.model_list.rows import ModelRows
    from polyroute.model_list.selection import SelectableModels

    with output.catalog(look=True) as catalog:
        rows = ModelRows(catalog, options.provider)
        found = SelectableModels(rows).select(_selection(options))
        if options.offers:
            entries = [each for row in found for each in rows.entries(row)]
            found = [each for each in entries if each.offer or not options.available]
            found = sorted_by(options.sort, found) if options.sort else found
        shown = found[: options.limit] if options.limit else found
        document = _document(shown, catalog) if options.json else None
    if document is not None:
        output.document(document)
    elif options.ids:
        output.exact("".join(f"{each.ref}\n" for each in shown))
    else:
        from polyroute.cli import text

        text.models(shown, len(found), catalog, cut=not options.limit, usable=options.available)
        text.problems(catalog.problems)
    return YES if found else NO


def _document(shown: Iterable[ModelRow], catalog: Catalog) -> ModelsDocument:
    from polyroute.documents import models as documents

    return documents.models(shown, catalog)


def _selection(options: argparse.Namespace) -> ModelSelection:
    from polyroute.model_list.selection import ModelSelection

    can = [name for name in ("tools", "reasoning") if getattr(options, name)]
    return ModelSelection(
        " ".join(options.query),
        usable=options.available,
        can=(*can, *options.takes),
        free=options.free,
        sorting=options.sort,
    )


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "models", _models, "list models, one line for each, whoever offers it")
    command.add_argument("query", nargs="*", metavar="QUERY", help="words of the name or the ID, in any spelling")
    command.add_argument("--provider", default="", metavar="P", help="only models of this provider")
    command.add_argument("--available", action="store_true", help="only models that can be run now")
    command.add_argument("--tools", action="store_true", help="only models that can call tools")
    command.add_argument("--reasoning", action="store_true", help="only models that can reason")
    command.add_argument(
        "--takes",
        action="append",
        default=[],
        choices=_INPUTS,
        metavar="INPUT",
        help=f"only models with this input: {', '.join(_INPUTS)}",
    )
    command.add_argument("--free", action="store_true", help="only models that cost nothing")
    command.add_argument(
        "--sort",
        choices=_SORTINGS,
        default="",
        metavar="FACT",
        help=f"by one fact ({', '.join(_SORTINGS)}) instead of usable and popular ones first",
    )
    command.add_argument("--limit", type=_count, default=0, metavar="N", help="show the first N only")
    command.add_argument("--ids", action="store_true", help="only the references, one a line, for other programs")
    command.add_argument("--offers", action="store_true", help="a line for each provider's entry of a model")
    grammar.with_json(command)
