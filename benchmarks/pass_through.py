"""A pass-through with a custom model at an endpoint of its own, each a process."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.http import running
from benchmarks.measuring import User

TOKEN = "made-up"  # noqa: S105 - not a real token
POLYROUTE = str(Path(sys.executable).with_name("polyroute"))
MODEL = "openai-compatible/m"
_SERVE = """

options = {"lifespan": "off", "access_log": False, "log_level": "critical", "http": "httptools", "ws": "none"}
config = uvicorn.Config(app, port=0, **options)
listening = config.bind_socket()
print(json.dumps({"url": "http://127.0.0.1:%d" % listening.getsockname()[1]}), flush=True)
uvicorn.Server(config).run([listening])
"""


class Urls(NamedTuple):
    """The addresses of the endpoint, and of the pass-through before it."""

    direct: str
    passed: str


@contextlib.contextmanager
def both(user: User, endpoint: str) -> Iterator[Urls]:
    """Yield the URLs; `endpoint` is a program that imports json and uvicorn, and defines the ASGI application `app`."""
    user.write("endpoint.py", endpoint + _SERVE)
    with running([sys.executable, "endpoint.py"], user) as direct:
        add = [POLYROUTE, "custom", "add", MODEL, "--base-url", f"{direct}/v1"]
        subprocess.run(add, env=user.variables, cwd=user.home, check=True, capture_output=True)
        serve = [POLYROUTE, "serve", "--port", "0", "--ready-json", "--pass-through", "--token", TOKEN]
        with running(serve, user) as passed:
            yield Urls(direct, passed)
