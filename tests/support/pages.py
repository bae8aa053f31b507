"""The pages of the documentation, and the blocks in them."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.wheels import ROOT

_FOLDERS = ("", "benchmarks", "core", "docs", "examples", "examples/*", "plugins/*")
PAGES = sorted(page for folder in _FOLDERS for page in ROOT.glob(f"{folder}/*.md".lstrip("/")))
"""The README, the documentation, and what stands beside code."""


def named(page: Path) -> str:
    """Return the name of a page from the repository's folder."""
    return str(page.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the texts of a page's blocks in one of these languages."""
    found = re.findall(r"^```(\S*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [text for language, text in found if language in languages]


def with_block(*languages: str) -> list[Path]:
    """Return the pages that have a block in one of these languages, except for the generated reference."""
    return [page for page in PAGES if page.stem != "api" and blocks(page, *languages)]
