"""Translation and `polyroute run`: processor time of a request, the pace of a stream, and the time to start a client.

    python -m benchmarks.translating [--check] [--repeats N]

The endpoint speaks OpenAI's chat API and sends a part each millisecond; the client speaks Anthropic's. A client that
prints a line stands for an agent.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import httpx2

from benchmarks.measuring import Figure, User, interleaved, judged, medians, new_user, show, throw_away
from benchmarks.pass_through import MODEL, POLYROUTE, TOKEN, both

MILLISECONDS = 60.0
SHARE = 0.8
START_SECONDS = 1.0
PARTS, TOOLS, BYTES = 1_000, 24, 100_000
_TICKS = os.sysconf("SC_CLK_TCK")
_ENDPOINT = """
import asyncio, json, uvicorn

def part(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\\n\\n"


async def app(scope, receive, send):
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message.get("more_body"):
            break
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    long = b"LONG" in body
    for number in range(PARTS if long else 1):
        await send({"type": "http.response.body", "body": part({"content": f"Hello {number} "}), "more_body": True})
        await asyncio.sleep(0.001)
    await send({"type": "http.response.body", "body": part({}, "stop") + b"data: [DONE]\\n\\n"})

""".replace("PARTS", str(PARTS))
_CLIENT = '[c]\nname = "C"\nprogram = "c"\ninstall = ""\nprotocol = "openai-chat"\nenv.C = "{url} {token}"\n'


def request(text: str, size: int) -> bytes:
    """Return a request of Anthropic's API with 24 tools and about `size` bytes."""
    schema = {"type": "object", "properties": {"path": {"type": "string", "description": "Where " * 20}}}
    tools = [
        {"name": f"tool_{number}", "description": "What " * 100, "input_schema": schema} for number in range(TOOLS)
    ]
    turns = [{"role": ("user", "assistant")[number % 2], "content": "word " * 200} for number in range(size // 1500)]
    messages = [*turns[: len(turns) // 2 * 2], {"role": "user", "content": text}]
    body = {"model": MODEL, "max_tokens": 100, "stream": True, "messages": messages, "tools": tools}
    return json.dumps(body).encode()


def asked(client: httpx2.Client, url: str, body: bytes) -> float:
    """Return the seconds until the end of a translated stream."""
    return _timed(client, f"{url}/v1/messages", body, b"message_stop")


def direct(client: httpx2.Client, url: str) -> float:
    """Return the seconds until the end of the endpoint's own long stream."""
    return _timed(client, url, b"LONG", b"[DONE]")


def _timed(client: httpx2.Client, url: str, body: bytes, end: bytes) -> float:
    start, tail = time.perf_counter(), b""
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    with client.stream("POST", url, content=body, headers=headers, timeout=120) as answer:
        for part in answer.iter_raw():
            tail = tail[-50:] + part
    if answer.status_code != 200 or end not in tail:
        raise RuntimeError(f"nothing was measured: {answer.status_code}")
    return time.perf_counter() - start


def processor_seconds() -> float:
    """Return the processor time so far of the server and of the translator, which are below this process."""
    found, below = 0.0, {os.getpid()}
    rows = [_row(each) for each in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name))]
    for pid, parent, ticks, command in filter(None, rows):
        if parent in below:
            below.add(pid)
            found += ticks / _TICKS if "endpoint.py" not in command else 0.0
    return found


def _row(folder: Path) -> tuple[int, int, int, str] | None:
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        return int(folder.name), int(fields[1]), int(fields[11]) + int(fields[12]), (folder / "cmdline").read_text()
    except OSError:  # it has ended
        return None


def started(command: list[str], user: User) -> float:
    """Return the seconds until a client that prints a line has printed it."""
    start = time.perf_counter()
    path = f"{user.home}{os.pathsep}{os.environ.get('PATH', '')}"
    with subprocess.Popen(
        command, env={**user.variables, "PATH": path}, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        line = process.stdout.readline() if process.stdout else b""
        taken = time.perf_counter() - start
    if line != b"started\n":
        raise RuntimeError("nothing was measured: the client did not start")
    return taken


def translation(user: User, repeats: int) -> list[Figure]:
    """Return the figures of translated requests."""
    body, long = request("Hello?", BYTES), request("LONG", 0)
    with both(user, _ENDPOINT) as (endpoint, url), httpx2.Client() as client:
        for _ in range(5):
            asked(client, url, body)
        before = processor_seconds()
        for _ in range(repeats):
            asked(client, url, body)
        each = (processor_seconds() - before) / repeats
        calls = {"direct": partial(direct, client, endpoint), "translated": partial(asked, client, url, long)}
        streams = medians(interleaved(calls, 5))
    share = streams["direct"] / streams["translated"]
    return [
        judged(
            f"processor time of a request with {len(body) // 1000} kB and {TOOLS} tools", each * 1e3, "ms", MILLISECONDS
        ),
        Figure(
            f"{PARTS} parts, one each millisecond: the endpoint's pace",
            f"{share:.2f}",
            "ok" if share >= SHARE else "over",
        ),
    ]


def running_a_client(user: User, repeats: int) -> Figure:
    """Return what `polyroute run` adds to the start of a client."""
    user.write("polyroute/clients.toml", _CLIENT)
    user.write("c", "#!/bin/sh\necho started\n")
    (user.home / "c").chmod(0o755)
    run = [POLYROUTE, "run", "c", "--model", MODEL]
    taken = medians(interleaved({"c": partial(started, ["c"], user), "run": partial(started, run, user)}, repeats))
    return judged("added by `polyroute run` to the start of a client", taken["run"] - taken["c"], "s", START_SECONDS)


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    parser.add_argument("--repeats", type=int, default=50)
    options = parser.parse_args()
    with throw_away() as directory:
        user = new_user(directory, "user")
        figures = translation(user, options.repeats)
        figures.append(running_a_client(user, max(3, options.repeats // 10)))
    return int(not show("Translation", figures) and options.check)


if __name__ == "__main__":
    sys.exit(main())
