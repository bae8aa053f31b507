"""The findings of `check` as text, JSON, annotations of GitHub Actions, and SARIF 2.1.0."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from polyroute._internal.terminal import clean
from polyroute._internal.version import __version__
from polyroute.cli import output, text
from polyroute.cli.output import BAD_INPUT, COULD_NOT, NO, YES
from polyroute.documents import catalog as documents
from polyroute.errors import MissingExtra, PolyrouteError
from polyroute.named_tuples import NamedTuple

if TYPE_CHECKING:
    from polyroute.catalog import Catalog
    from polyroute.validation.sections import FileFinding

_WIDTH = 100
_INDENT = "    "
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOMEPAGE = "https://github.com/polyroute/polyroute"
_STDIN = "stdin"


class CheckResult(NamedTuple):
    """What was found in all files."""

    findings: list[FileFinding]
    errors: dict[str, PolyrouteError]
    """By file, why it can't be read."""

    @property
    def valid(self) -> bool:
        """Whether no file has an error."""
        return not any(each.finding.severity == "error" for each in self.findings)

    @property
    def status(self) -> int:
        """The exit status."""
        if not self.errors:
            return YES if self.valid else NO
        is_only_an_extra = all(isinstance(each, MissingExtra) for each in self.errors.values())
        return COULD_NOT if is_only_an_extra else BAD_INPUT


def report(form: str, result: CheckResult, files: Sequence[str], catalog: Catalog) -> None:
    """Print the result in one of the formats of `check`."""
    if form == "json":
        unreadable = {file: str(error) for file, error in result.errors.items()}
        output.document(documents.findings(result.valid, result.findings, catalog.problems, unreadable))
    elif form == "sarif":
        print(json.dumps(_sarif(result), indent=2))
    elif form == "github":
        text.lines(_annotations(result))
    else:
        text.lines(line for each in result.findings for line in _lines(each))
        if not result.findings:
            text.lines([f"{', '.join(file for file in files if file not in result.errors)}: no errors."])
        text.problems(catalog.problems)


def _lines(found: FileFinding) -> list[str]:
    """Return a finding as lines that fit the terminal: what and where, then what to do."""
    finding = found.finding
    place = "".join(f":{number}" for number in (found.line, found.column) if number)
    first = f"{_name(found.file)}{place}: {finding.severity}: {finding.path}: {finding.message}. [{finding.code}]"
    width = min(shutil.get_terminal_size((_WIDTH, 24)).columns, _WIDTH) if sys.stdout.isatty() else _WIDTH
    return [*_wrapped(first, "", width), *_wrapped(finding.remedy, _INDENT, width)]


def _wrapped(line: str, indent: str, width: int) -> list[str]:
    return textwrap.wrap(
        clean(line),
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _name(file: str) -> str:
    return _STDIN if file == "-" else file


# --- GitHub Actions ---


def _annotations(result: CheckResult) -> Iterator[str]:
    for found in result.findings:
        finding = found.finding
        where = {"file": _name(found.file), "line": found.line, "col": found.column, "title": finding.code}
        yield _annotation(finding.severity, where, f"{finding.path}: {finding.message}. {finding.remedy}")
    for file, error in result.errors.items():
        yield _annotation("error", {"file": _name(file), "title": "not_readable"}, str(error))


def _annotation(severity: str, where: dict[str, Any], message: str) -> str:
    given = ",".join(f"{name}={_property(str(value))}" for name, value in where.items() if value)
    return f"::{severity} {given}::{_data(message)}"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


# --- SARIF ---


def _sarif(result: CheckResult) -> dict[str, Any]:
    codes = sorted({each.finding.code for each in result.findings})
    driver = {
        "name": "polyroute",
        "version": __version__,
        "informationUri": _HOMEPAGE,
        "rules": [{"id": code, "helpUri": f"{_HOMEPAGE}/blob/main/docs/validation.md#what-is-found"} for code in codes],
    }
    notes = [
        {"level": "error", "message": {"text": str(error)}, "locations": [_location(file)]}
        for file, error in result.errors.items()
    ]
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": not notes, "toolExecutionNotifications": notes}],
        "results": [_result(each, codes.index(each.finding.code)) for each in result.findings],
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(found: FileFinding, rule: int) -> dict[str, Any]:
    finding = found.finding
    location = _location(found.file)
    if found.line:
        column = {"startColumn": found.column} if found.column else {}
        location["physicalLocation"]["region"] = {"startLine": found.line, **column}
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.path}]
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": f"{finding.path}: {finding.message}. {finding.remedy}"},
        "locations": [location],
    }


def _location(file: str) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(file)}}}


def _uri(file: str) -> str:
    """Return a path as a URI: relative to the working directory, as code hosts expect, or absolute."""
    path = _name(file).replace(os.sep, "/")
    return f"file://{quote(path)}" if path.startswith("/") else quote(path.removeprefix("./"))
