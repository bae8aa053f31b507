"""Settings of the documentation site: `sphinx-build -W -n -b dirhtml docs build/site`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from polyroute import __version__

project = "Polyroute"
author = "Polyroute contributors"
copyright = author  # noqa: A001 - Sphinx's name
release = __version__
language = "en"

extensions = ["myst_parser"]
myst_heading_anchors = 4  # every heading has the anchor that it has on GitHub
html_theme = "furo"
html_title = "Polyroute"
html_show_sphinx = False

REPOSITORY = "https://github.com/polyroute/polyroute"
LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)\s#]+)")


def link_to_repository(app: Any, page: str, source: list[str]) -> None:
    """Change links to files that are not pages of the site into links to the repository, where a test checks them."""
    folder = Path(app.srcdir)

    def target(link: re.Match[str]) -> str:
        path = (folder / page).parent.joinpath(link[1]).resolve()
        if path.is_relative_to(folder) and path.suffix in (".md", ".png", ".svg"):
            return link[1]
        kind = "tree" if path.is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/main/{path.relative_to(folder.parent)}"

    source[0] = LINK.sub(target, source[0])


def setup(app: Any) -> None:
    """Register what this site needs beyond Sphinx."""
    app.connect("source-read", link_to_repository)
