"""The command `check`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.errors import PolyrouteError, UsageError

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.cli.check_reports import CheckResult
    from polyroute.cli.grammar import Subparsers
    from polyroute.validation.sections import FileFinding

FORMATS = ("text", "json", "github", "sarif")
_PASSED_OVER = frozenset(("node_modules", "__pycache__", "site-packages", "dist", "build", "venv"))


def _check(options: argparse.Namespace) -> int:
    """`polyroute check`: check whether configurations name models that can be run."""
    from polyroute.cli import check_reports

    form = _format(options)
    with output.catalog() as catalog:
        result = _checked(options.files, catalog, strict=not options.relaxed)
    for error in result.errors.values():
        print(f"error: {error}", file=sys.stderr)
    if len(result.errors) < len(options.files) or result.findings or form in ("github", "sarif"):
        check_reports.report(form, result, options.files, catalog)
    return result.status


def _format(options: argparse.Namespace) -> str:
    if options.json and options.format not in ("", "json"):
        raise UsageError(f"--json and --format {options.format} are both given.", "Use only one of the two.")
    return "json" if options.json else options.format or "text"


def _checked(paths: Iterable[str], catalog: Catalog, *, strict: bool) -> CheckResult:
    """Check each file for itself, so that one that can't be read takes nothing from the others."""
    from polyroute.cli.check_reports import CheckResult

    result = CheckResult([], {})
    for path in paths:
        try:
            if path != "-" and os.path.isdir(path):
                result.findings.extend(_in_folder(path, catalog, strict=strict))
            else:
                result.findings.extend(_findings(path, catalog, strict=strict))
        except PolyrouteError as error:
            result.errors[path] = error
    return result


def _in_folder(folder: str, catalog: Catalog, *, strict: bool) -> list[FileFinding]:
    """Return the findings in all files below a folder that have a known form. Raises UsageError if there is none."""
    found: list[FileFinding] = []
    known = False
    for path in _files_below(folder):
        try:
            found += _findings(path, catalog, strict=strict)
            known = True
        except UsageError:
            continue
    if not known:
        raise UsageError(f"{folder} contains no configuration that is known.")
    return found


def _files_below(folder: str) -> Iterator[str]:
    from polyroute.validation.files import syntax_of

    for where, folders, names in os.walk(folder):
        hidden = {each for each in folders if each.startswith(".git") or each in (".venv", ".tox", ".mypy_cache")}
        folders[:] = sorted(set(folders) - hidden - _PASSED_OVER)
        yield from (os.path.join(where, name) for name in sorted(names) if syntax_of(name))


def _findings(path: str, catalog: Catalog, *, strict: bool) -> list[FileFinding]:
    from polyroute.validation.checks import validate_as
    from polyroute.validation.files import read
    from polyroute.validation.sections import FileFinding

    file = read(path)
    name = "" if path == "-" else os.path.basename(path)
    try:
        found = validate_as(catalog, file.content, file.syntax, name, strict=strict)
    except UsageError as error:
        shown = "stdin" if path == "-" else path
        raise UsageError(f"{shown} is not readable as a configuration: {error}") from None
    positions = file.positions() if found else {}
    placed = [(positions.get(each.path) or positions.get(each.path.rpartition(".")[0]), each) for each in found]
    return [FileFinding(path, at and at[0], at and at[1], each) for at, each in placed]


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "check", _check, "check whether configurations name models that can be run")
    command.add_argument("files", nargs="+", metavar="FILE", help="a configuration, a folder of them, or - for stdin")
    command.add_argument("--relaxed", action="store_true", help="report missing keys and variables as warnings")
    command.add_argument("--format", choices=FORMATS, default="", help="by default text; github and sarif are for CI")
    grammar.with_json(command)
