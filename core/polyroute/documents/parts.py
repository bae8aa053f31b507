"""Parts that several documents have."""

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
"""Raised only when a reader of the documents would break."""

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
    """Something that went wrong; fields without meaning here are left out."""
    document: ProblemDocument = {"message": problem.message}
    for name in _DETAILS:
        if value := getattr(problem, name):
            document[name] = value
    return document


def problems(found: Iterable[declarations.Problem]) -> list[ProblemDocument]:
    """All of them, in order."""
    return [problem(each) for each in found]


def source(source: Found | None) -> SourceDocument | None:
    """Where a secret was found, in parts; None where none is needed."""
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
    """ISO 8601, in UTC."""
    return None if moment is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
