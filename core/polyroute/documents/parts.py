"""Create the parts that several documents share."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import Literal

    from polyroute.documents.types import ProblemDocument, SourceDocument
    from polyroute.types import Source as Found
    from polyroute.types import declarations

SCHEMA: Final = 1
"""The version of the documents. It is increased only for changes that break readers."""

_DETAILS: tuple[Literal["remedy", "plugin", "distribution", "version", "hook", "path", "code", "provider"], ...] = (
    "remedy",
    "plugin",
    "distribution",
    "version",
    "hook",
    "path",
    "code",
    "provider",
)


def problem(problem: declarations.Problem) -> ProblemDocument:
    """Return a problem as a document, without its empty fields."""
    document: ProblemDocument = {"message": problem.message}
    for name in _DETAILS:
        if value := getattr(problem, name):
            document[name] = value
    return document


def problems(found: Iterable[declarations.Problem]) -> list[ProblemDocument]:
    """Return problems as documents, in order."""
    return [problem(each) for each in found]


def source(source: Found | None) -> SourceDocument | None:
    """Return the source of a secret as a document; None if there is none."""
    if source is None:
        return None
    return {
        "layer": source.layer,
        "name": source.name,
        "path": source.path,
        "section": source.section,
        "field": source.field,
    }


def moment(moment: float | None) -> str | None:
    """Return a time (seconds since 1970) in ISO 8601 in UTC; None if there is none."""
    return None if moment is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
