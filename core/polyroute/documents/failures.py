"""Create the JSON document of a command that failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from polyroute._internal.terminal import clean
from polyroute.documents.parts import SCHEMA

if TYPE_CHECKING:
    from polyroute.documents.types import FailureDocument
    from polyroute.errors import PolyrouteError


def failure(error: PolyrouteError) -> FailureDocument:
    """Return the document of an error. Its code is the name of its class in snake case."""
    return {
        "schema": SCHEMA,
        "error": {
            "code": re.sub("(?<=[a-z])(?=[A-Z])", "_", type(error).__name__.lstrip("_")).lower(),
            "message": "\n".join(map(clean, str(error).splitlines())),
            "remedy": "\n".join(map(clean, error.remedy.splitlines())) or None,
            "suggestions": list(map(clean, error.suggestions)),
        },
    }
