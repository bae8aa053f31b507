"""The page in Chromium: the time until it lists models, the cost of typing, and what is transferred.

Usage: python -m benchmarks.page [--rounds N] [--check]

The lower bound is an empty page from the same server in the same browser.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

import polyroute
from benchmarks.measuring import Figure, interleaved, judged, medians, options_of, show, throw_away
from tests.support.browser import DEXTO, Kept, Visit, chromium, visitor

_TYPED = "claud"
_BYTES_KB, _REQUESTS, _OWN_KB = 110.0, 14.0, 32.0
_TIMES_EMPTY, _LOADING_MS, _TYPING_MS = 4.5, 100.0, 50.0
_ROWS, _ELEMENTS = 40.0, 1_000.0
_WAYS_MS = 150.0
_MODEL = "anthropic/claude-sonnet-4-5"
_OWN = (".js", ".css")
_SIZES = """moment => ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))
  .filter(each => each.responseEnd <= moment).map(each => each.transferSize)"""
_WAIT = "() => document.querySelector('.row') && performance.now()"
_WATCH = """
window.longest = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) window.longest = Math.max(window.longest, each.duration);
}).observe({ type: 'longtask' });
"""

_OPEN = """
() => new Promise((done) => {
  const begun = performance.now();
  const look = () => (document.querySelector('.ways') ? done(performance.now() - begun) : requestAnimationFrame(look));
  document.querySelector('.row').click();
  look();
})
"""


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    options = options_of("page", __doc__, 11)
    expect.set_options(timeout=60_000)  # the first lists are made without what is kept between runs
    with throw_away() as folder, chromium() as browser, contextlib.closing(Kept(browser)) as kept:
        os.environ["POLYROUTE_HOME"] = str(folder / "cache-home")
        with visitor(Path(folder), kept) as visit:
            fine = show("The page", _figures(visit(DEXTO), options.rounds))
    return 1 if options.check and not fine else 0


def _figures(visit: Visit, rounds: int) -> list[Figure]:
    visit.open()  # the server is warm from here on
    cases: dict[str, Callable[[], float]] = {
        "empty": lambda: _loaded(visit, "/health", "() => performance.now()"),
        "page": lambda: _loaded(visit, "/", _WAIT),
        "loading": lambda: _longest(visit, ""),
        "typing": lambda: _longest(visit, _TYPED),
        "ways": lambda: _opened(visit),
    }
    found = medians(interleaved(cases, rounds))
    transferred, requests = _transferred(visit)
    rows, elements = _most(visit)
    return [
        judged("an empty answer in the same browser, the floor", found["empty"], "ms"),
        judged("first models listed after navigation", found["page"] / found["empty"], "times the floor", _TIMES_EMPTY),
        judged("transferred until then", transferred / 1000, "kB", _BYTES_KB),
        judged("requests until then", requests, "requests", _REQUESTS),
        judged("own scripts and styles, all of them, as one gzip stream", _own(visit) / 1000, "kB", _OWN_KB),
        judged("longest task while loading", found["loading"], "ms", _LOADING_MS),
        judged("longest task while typing", found["typing"], "ms", _TYPING_MS),
        judged("the ways of a model after the click on its row", found["ways"], "ms", _WAYS_MS),
        judged("rows in the page", rows, "rows", _ROWS),
        judged("elements in the page, in the fullest view", elements, "elements", _ELEMENTS),
    ]


def _loaded(visit: Visit, path: str, ready: str) -> float:
    """Return the milliseconds from navigation until `ready`, with an empty browser cache."""
    with _fresh(visit) as page:
        page.goto(visit.server.url + path, wait_until="commit")
        return float(page.wait_for_function(ready).json_value())


def _transferred(visit: Visit) -> tuple[float, float]:
    """Return the number of bytes and of responses that were there when the first models were listed."""
    with _fresh(visit) as page:
        page.goto(visit.server.url, wait_until="commit")
        moment = page.wait_for_function(_WAIT).json_value()
        sizes = page.evaluate(_SIZES, moment)
        return float(sum(sizes)), float(len(sizes))


def _own(visit: Visit) -> float:
    """Return the size of the page's own scripts and styles, as sent: all files one after the other, compressed."""
    folder = Path(polyroute.__file__).parent / "server/page"
    names = sorted(each.name for each in folder.iterdir() if each.suffix in _OWN)
    bodies = (visit.page.request.get(f"{visit.server.url}/{name}").body() for name in names)
    return float(len(gzip.compress(b"".join(bodies))))


def _longest(visit: Visit, typed: str) -> float:
    """Return the longest task in milliseconds while the page loads, or while a query is typed; 50 if none is longer."""
    with _fresh(visit) as page:
        page.add_init_script(_WATCH)
        page.goto(visit.server.url)
        page.wait_for_function(_WAIT)
        if typed:
            page.wait_for_timeout(300)
            page.evaluate("window.longest = 0")
            page.locator("#query").press_sequentially(typed, delay=120)
        page.wait_for_timeout(500)
        longest: Any = page.evaluate("window.longest")
        return max(float(longest), 50.0)


def _opened(visit: Visit) -> float:
    """Return the milliseconds from the click on a row until the ways of its model are listed."""
    with _fresh(visit) as page:
        page.goto(visit.server.url)
        page.wait_for_function(_WAIT)
        page.wait_for_timeout(300)
        shown: Any = page.evaluate(_OPEN)
        return float(shown)


def _most(visit: Visit) -> tuple[float, float]:
    """Return the highest number of rows, and of elements, of all views."""
    rows, elements = [], []
    for path in ("", f"#/models/{_MODEL}", "#/providers", "#/problems"):
        with _fresh(visit) as page:
            page.goto(f"{visit.server.url}/{path}")
            page.wait_for_timeout(1_500)
            rows.append(page.locator(".row").count())
            elements.append(page.locator("*").count())
    return float(max(rows)), float(max(elements))


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
