"""Screenshots of every state, in two widths and two themes, to be looked at.

Usage: python -m tests.support.screenshots FOLDER [STATE…]
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from tests.support.browser import PHONE, WIDE, Kept, chromium, visitor
from tests.support.page_states import STATES


def main(folder: Path, wanted: list[str]) -> None:
    """Take all screenshots."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("POLYROUTE_HOME", tempfile.mkdtemp())
    with chromium() as browser, contextlib.closing(Kept(browser)) as kept:
        for name, reach in STATES.items():
            for size, width in ((WIDE, "wide"), (PHONE, "phone")) if name in (wanted or STATES) else ():
                with tempfile.TemporaryDirectory() as home, visitor(Path(home), kept) as visit:
                    page = reach(visit, size=size).page
                    for theme in ("light", "dark"):
                        page.emulate_media(color_scheme=theme)
                        page.wait_for_timeout(300)
                        page.screenshot(path=folder / f"{name}-{width}-{theme}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
