"""The command `check`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES
from polyroute.documents import catalog as documents
from polyroute.errors import UsageError

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.cli.grammar import Subparsers
    from polyroute.validation.sections import FileFinding


def _check(options: argparse.Namespace) -> int:
    """`polyroute check`: check whether configurations name models that can be run."""
    with output.catalog() as catalog:
        found = [each for path in options.files for each in _findings(path, catalog, strict=not options.relaxed)]
    valid = not any(each.finding.severity == "error" for each in found)
    if options.json:
        output.document(documents.findings(valid, found, catalog.problems))
    else:
        from polyroute.cli import text

        text.lines(_line(each) for each in found)
        if not found:
            text.lines([f"{', '.join(options.files)}: no errors."])
        text.problems(catalog.problems)
    return YES if valid else NO


def _findings(path: str, catalog: Catalog, *, strict: bool) -> list[FileFinding]:
    from polyroute.validation.checks import validate
    from polyroute.validation.files import read
    from polyroute.validation.sections import FileFinding

    file = read(path)
    try:
        found = validate(catalog, file.config, strict=strict)
    except UsageError as error:
        raise UsageError(f"{path} is not readable as a configuration: {error}") from None
    return [FileFinding(path, _place(each.path, file.lines), each) for each in found]


def _place(path: str, lines: Mapping[str, int]) -> int | None:
    """Return the line of a field, or of the section that lacks it."""
    return lines.get(path) or lines.get(path.rpartition(".")[0])


def _line(found: FileFinding) -> str:
    finding = found.finding
    line = f":{found.line}" if found.line else ""
    message = f"{finding.severity}: {finding.path}: {finding.message}. {finding.remedy} [{finding.code}]"
    return f"{found.file}{line}: {message}"


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "check", _check, "check whether configurations name models that can be run")
    command.add_argument("files", nargs="+", metavar="FILE", help="a YAML, TOML or JSON file with `llm`")
    command.add_argument("--relaxed", action="store_true", help="report missing keys and variables as warnings")
    grammar.with_json(command)
