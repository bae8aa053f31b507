"""Screenshots of every state, in three sizes and two themes, to be looked at.

Usage: python -m tests.page.screens FOLDER [STATE…]
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from tests.support.browser import MIDDLE, PHONE, WIDE, Kept, chromium, visitor
from tests.support.page_states import STATES, settled


def main(folder: Path, wanted: list[str]) -> None:
    """Take all screenshots."""
    expect.set_options(timeout=60_000)  # the first lists are made without what is kept between runs
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("POLYROUTE_HOME", tempfile.mkdtemp())
    with chromium() as browser, contextlib.closing(Kept(browser)) as kept:
        for name in wanted or STATES:
            with tempfile.TemporaryDirectory() as home, visitor(Path(home), kept) as visit:
                page = STATES[name](visit).page
                for width, height in (WIDE, MIDDLE, PHONE):
                    page.set_viewport_size({"width": width, "height": height})
                    for theme in ("light", "dark"):
                        page.emulate_media(color_scheme=theme)
                        settled(page)
                        page.screenshot(path=folder / f"{name}-{width}-{theme}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
