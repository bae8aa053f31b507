"""The HTTP API compared to a bare ASGI application that sends the same prepared bytes, in one run.

    python -m benchmarks.http [--check] [--rounds N] [--seconds S]

It needs `wrk` (a Debian package). If Node and npm are installed, Hono's `c.json` is measured too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import httpx2

from benchmarks.measuring import Figure, User, interleaved, medians, new_user, show, throw_away

CATALOG = "/api/llm/catalog"
SMALL = "/api/llm/status?provider=anthropic,openai,google,groq,xai,cohere,mistral,deepseek,openrouter"
FLOORS = {"catalog": 0.8, "catalog, gzip": 0.8, "catalog, 304": 0.8, "status": 0.7}
_POLYROUTE = str(Path(sys.executable).with_name("polyroute"))
_BARE = """
import asyncio, json, sys, uvicorn

path, = sys.argv[1:]
with open(path, "rb") as file:
    ready = {tuple(key): value for key, value in json.load(file)}
bodies = {name: body.encode("latin-1") for name, body in ready.items()}


async def app(scope, receive, send):
    headers = dict(scope["headers"])
    packed = "gzip" if b"accept-encoding" in headers else ""
    target = scope["path"] + ("?" + scope["query_string"].decode() if scope["query_string"] else "")
    if b"if-none-match" in headers:
        await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", headers[b"if-none-match"])]})
        await send({"type": "http.response.body", "body": b""})
        return
    body = bodies[target, packed]
    start = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if packed:
        start.append((b"content-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": 200, "headers": start})
    await send({"type": "http.response.body", "body": body})


options = {"lifespan": "off", "access_log": False, "log_level": "critical", "http": "httptools", "ws": "none"}
config = uvicorn.Config(app, port=0, **options)
listening = config.bind_socket()
print(json.dumps({"url": "http://127.0.0.1:%d" % listening.getsockname()[1]}), flush=True)
uvicorn.Server(config).run([listening])
"""
_HONO = """
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { readFileSync } from "node:fs";
const documents = JSON.parse(readFileSync(process.argv[2], "utf8"));
const app = new Hono();
for (const [path, document] of Object.entries(documents)) app.get(path, (c) => c.json(document));
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, (info) => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${info.port}` }));
});
"""


@contextlib.contextmanager
def running(command: Sequence[str], user: User) -> Iterator[str]:
    """Run a server that prints a line with its URL, and yield the URL."""
    variables = {**user.variables, "DEXTO_API_KEY": "made-up"}
    with subprocess.Popen(command, env=variables, cwd=user.home, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["url"] if process.stdout else ""
        finally:
            process.terminate()


def fetched(url: str, **headers: str) -> tuple[bytes, Mapping[str, str]]:
    """Return a response's body and headers."""
    sent = {"accept-encoding": "identity"} | {name.replace("_", "-"): each for name, each in headers.items()}
    with httpx2.stream("GET", url, headers=sent) as answer:
        answer.raise_for_status()
        return b"".join(answer.iter_raw()), answer.headers


def per_second(url: str, seconds: float, headers: Mapping[str, str]) -> float:
    """Return the number of requests per second, measured by wrk."""
    options = [f"-H{name}: {value}" for name, value in headers.items()]
    command = ["wrk", "-t1", "-c16", f"-d{seconds:g}s", *options, url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told and "If-None-Match" not in headers:
        raise SystemExit(f"{url} fails: {told}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    return float(found[1]) if found else 0.0


def measure(directory: Path, rounds: int, seconds: float) -> tuple[dict[str, float], dict[str, int]]:
    """Return the requests per second of every case, and the sizes of the responses."""
    user = new_user(directory, "user")
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(running([_POLYROUTE, "serve", "--port", "0", "--ready-json"], user))
        answers = {path: fetched(ours + path) for path in (CATALOG, SMALL)}
        ready = [[[path, ""], body.decode("latin-1")] for path, (body, _) in answers.items()]
        ready.append([[CATALOG, "gzip"], fetched(ours + CATALOG, accept_encoding="gzip")[0].decode("latin-1")])
        user.write("ready.json", json.dumps(ready))
        user.write("bare.py", _BARE)
        bare = stack.enter_context(running([sys.executable, "bare.py", str(user.home / "ready.json")], user))
        tag = answers[CATALOG][1]["etag"]
        kinds: dict[str, tuple[str, dict[str, str]]] = {
            "catalog": (CATALOG, {}),
            "catalog, gzip": (CATALOG, {"Accept-Encoding": "gzip"}),
            "catalog, 304": (CATALOG, {"If-None-Match": tag}),
            "status": (SMALL, {}),
        }
        cases = {
            f"{name}: {who}": partial(per_second, url + path, seconds, headers)
            for name, (path, headers) in kinds.items()
            for who, url in (("ours", ours), ("bare", bare))
        }
        if hono := _hono(user, {path.partition("?")[0]: json.loads(body) for path, (body, _) in answers.items()}):
            url = stack.enter_context(running(hono, user))
            for name in ("catalog", "status"):
                cases[f"{name}: hono"] = partial(per_second, url + kinds[name][0].partition("?")[0], seconds, {})
        samples = interleaved(cases, rounds)
    return medians(samples), {
        name: len(body) for name, (body, _) in (("catalog", answers[CATALOG]), ("status", answers[SMALL]))
    }


def _hono(user: User, documents: Mapping[str, object]) -> list[str]:
    """Return the command that starts Hono's server; empty if it can't be installed."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not (npm and node):
        return []
    user.write("hono.mjs", _HONO)
    user.write("documents.json", json.dumps(documents))
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "hono@4", "@hono/node-server@1"]
    done = subprocess.run(command, cwd=user.home, capture_output=True, check=False)
    return [node, "hono.mjs", "documents.json"] if done.returncode == 0 else []


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a ratio is below its floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a ratio is below its floor")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("This needs wrk: apt-get install wrk")
    with throw_away() as directory:
        rates, sizes = measure(directory, options.rounds, options.seconds)
    figures = [Figure(f"{name} ({size / 1000:.0f} kB)", "") for name, size in sizes.items()]
    figures += [Figure(f"{name}, requests/s", f"{rate:.0f}") for name, rate in rates.items()]
    for name, floor in FLOORS.items():
        ratio = rates[f"{name}: ours"] / rates[f"{name}: bare"]
        figures.append(
            Figure(f"{name}: ours / bare", f"{ratio:.2f}", f"floor {floor}: {'ok' if ratio >= floor else 'over'}")
        )
    return int(not show("HTTP", figures) and options.check)


if __name__ == "__main__":
    raise SystemExit(main())
