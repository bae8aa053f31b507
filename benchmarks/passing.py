"""The pass-through compared to direct calls of the endpoint: the time to the first byte, and of long streams.

    python -m benchmarks.passing [--check] [--repeats N]

The endpoint is a bare ASGI application on this machine that sends each part separately: either one every millisecond,
which is faster than models write, or all without waiting, as fast as Python can.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from functools import partial

import httpx2

from benchmarks.measuring import Figure, fastest, interleaved, judged, medians, new_user, show, throw_away
from benchmarks.pass_through import MODEL, TOKEN, both

ADDED_MILLISECONDS = 2.0
PART_MICROSECONDS = 30.0
PARTS = 1_000
_ENDPOINT = """
import asyncio, json, uvicorn

PART = b'data: {"id":"1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hello"}}]}\\n\\n'


async def app(scope, receive, send):
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message.get("more_body"):
            break
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    asked = json.loads(body)
    for _ in range(asked["parts"]):
        await send({"type": "http.response.body", "body": PART, "more_body": True})
        await asyncio.sleep(asked["pause"])
    await send({"type": "http.response.body", "body": b""})

"""


def first_byte(client: httpx2.Client, url: str) -> float:
    """Return the seconds until the first byte of a short response."""
    return _asked(client, url, 1)[0]


def paced(client: httpx2.Client, url: str) -> float:
    """Return the seconds until the end of a long response that is written fast."""
    return _asked(client, url, PARTS, pause=0.001)[1]


def whole(client: httpx2.Client, url: str) -> float:
    """Return the seconds until the end of a long response that is written without waiting."""
    return _asked(client, url, PARTS)[1]


def _asked(client: httpx2.Client, url: str, parts: int, pause: float = 0) -> tuple[float, float]:
    body = json.dumps(
        {"model": MODEL, "parts": parts, "pause": pause, "messages": [{"role": "user", "content": "Hi" * 500}]}
    )
    start, first, size = time.perf_counter(), 0.0, 0
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    with client.stream("POST", f"{url}/v1/chat/completions", content=body, headers=headers) as answer:
        for part in answer.iter_raw():
            first = first or time.perf_counter() - start
            size += len(part)
    if answer.status_code != 200 or size < parts * 50:
        raise RuntimeError(f"nothing was measured: {answer.status_code}")
    return first, time.perf_counter() - start


def _each(name: str, taken: Mapping[str, float]) -> Figure:
    """Return the time that the pass-through adds per part; it may be negative if several parts arrive together."""
    return judged(name, (taken["passed"] - taken["direct"]) / PARTS * 1e6, "µs", PART_MICROSECONDS)


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    parser.add_argument("--repeats", type=int, default=100)
    options = parser.parse_args()
    with (
        throw_away() as directory,
        both(new_user(directory, "user"), _ENDPOINT) as both_urls,
        httpx2.Client() as client,
    ):
        urls = both_urls._asdict()
        for url in urls.values():
            first_byte(client, url)
        firsts = interleaved({name: partial(first_byte, client, url) for name, url in urls.items()}, options.repeats)
        wholes = interleaved({name: partial(whole, client, url) for name, url in urls.items()}, options.repeats // 5)
        written = interleaved({name: partial(paced, client, url) for name, url in urls.items()}, 3)
    least, middle = fastest(firsts), medians(firsts)
    figures = [
        Figure("the endpoint itself, to the first byte", f"{middle['direct'] * 1e3:.2f} ms"),
        judged("added by the pass-through", (middle["passed"] - middle["direct"]) * 1e3, "ms", ADDED_MILLISECONDS),
        judged("the same, least disturbed", (least["passed"] - least["direct"]) * 1e3, "ms", ADDED_MILLISECONDS),
        _each(f"the same to each of {PARTS} parts, a millisecond apart", medians(written)),
        _each(f"the same to each of {PARTS} parts that are there at once", medians(wholes)),
    ]
    return int(not show("The pass-through", figures) and options.check)


if __name__ == "__main__":
    sys.exit(main())
