"""The model picker in Chromium: the time until it lists models, the cost of typing, and the bytes transferred.

Usage: python -m benchmarks.page [--rounds N] [--check]

The lower bound is an empty page from the same server in the same browser.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from benchmarks.measuring import Figure, interleaved, judged, medians, show, throw_away
from tests.support.browser import DEXTO, Kept, Visit, chromium, visitor

_TYPED = "claud"
_SLOWER = 4
_LONG_TASK_MS, _FIRST_MODELS_MS, _BYTES_KB, _ROWS = 100.0, 300.0, 150.0, 200.0
_WAIT = "() => document.querySelector('#models .row') && performance.now()"
_WATCH = """
window.longest = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) window.longest = Math.max(window.longest, each.duration);
}).observe({ type: 'longtask' });
"""


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with throw_away() as folder, chromium() as browser, contextlib.closing(Kept(browser)) as kept:
        os.environ["POLYROUTE_HOME"] = str(folder / "cache-home")
        with visitor(Path(folder), kept) as visit:
            fine = show("The model picker", _figures(visit(DEXTO), options.rounds))
    return 1 if options.check and not fine else 0


def _figures(visit: Visit, rounds: int) -> list[Figure]:
    visit.open()  # the server is warm from here on
    cases: dict[str, Callable[[], float]] = {
        "empty": lambda: _loaded(visit, "/health", "() => performance.now()"),
        "page": lambda: _loaded(visit, "/", _WAIT),
    }
    found = medians(interleaved(cases, rounds))
    return [
        judged("an empty answer in the same browser, the floor", found["empty"], "ms"),
        judged("first models listed after navigation", found["page"], "ms", _FIRST_MODELS_MS),
        judged("transferred until then", _transferred(visit) / 1000, "kB", _BYTES_KB),
        judged(f"longest task while typing, {_SLOWER}x slower processor", _longest(visit), "ms", _LONG_TASK_MS),
        judged("rows in the page", float(visit.rows.count()), "rows", _ROWS),
    ]


def _loaded(visit: Visit, path: str, ready: str) -> float:
    """Return the milliseconds from navigation until `ready`, with an empty browser cache."""
    with _fresh(visit) as page:
        page.goto(visit.server.url + path, wait_until="commit")
        return float(page.wait_for_function(ready).json_value())


def _transferred(visit: Visit) -> float:
    """Return the number of bytes transferred until the first models are listed."""
    with _fresh(visit) as page:
        client = page.context.new_cdp_session(page)
        client.send("Network.enable")
        came: list[float] = []
        client.on("Network.dataReceived", lambda event: came.append(event["encodedDataLength"]))
        page.goto(visit.server.url, wait_until="commit")
        page.wait_for_function(_WAIT)
        return sum(came)


def _longest(visit: Visit) -> float:
    """Return the longest task in milliseconds while a query is typed on a slow processor; 50 if none is longer."""
    with _fresh(visit) as page:
        page.add_init_script(_WATCH)
        page.goto(visit.server.url)
        page.wait_for_function(_WAIT)
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
        page.wait_for_timeout(500)
        page.evaluate("window.longest = 0")
        page.locator("#query").press_sequentially(_TYPED, delay=120)
        page.wait_for_timeout(1000)
        longest: Any = page.evaluate("window.longest")
        return max(float(longest), 50.0)


@contextlib.contextmanager
def _fresh(visit: Visit) -> Iterator[Page]:
    """Yield a page in a new browser context."""
    context = visit.browser.new_context()
    try:
        yield context.new_page()
    finally:
        context.close()


if __name__ == "__main__":
    sys.exit(main())
