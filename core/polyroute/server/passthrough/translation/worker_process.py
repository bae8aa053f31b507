"""The process that translates: start it, ask it, and notice when it hangs or ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Awaitable
from typing import TypeVar

import httpx2

from polyroute._internal import platform
from polyroute.integrations.translation import SETTINGS
from polyroute.server.errors import ApiError
from polyroute.server.passthrough.translation.callbacks import LOOPBACK, Callbacks

_MODULE = "polyroute.integrations.translation.worker"
_TOKEN_HEADER = "x-polyroute-translator"  # noqa: S105 - a name
_START_SECONDS = 90.0
_ALIVE_SECONDS = 15.0
"""How long the process may send nothing before it is asked whether it is alive, and how long it may take to answer."""
_REMEDY = "Repeat the request. If this happens again, report it, or choose a route that speaks the client's own API."


T = TypeVar("T")


class WorkerFailed(ApiError):
    """The translator's process did not start, ended or hangs."""

    def __init__(self, message: str, recovery: str = _REMEDY) -> None:
        super().__init__("translator_failed", message, "system", status=502, recovery=recovery)


class WorkerProcess:
    """The translator's process, started by the first request that needs it, and again after it has ended."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._process: subprocess.Popen[bytes] | None = None
        self._client: httpx2.AsyncClient | None = None
        self._starting = asyncio.Lock()
        self._task: asyncio.Task[httpx2.AsyncClient] | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process; None if it does not run."""
        return self._process.pid if self._is_running and self._process else None

    @property
    def is_ready(self) -> bool:
        """Whether the process has started and runs."""
        return self._client is not None and self._is_running

    async def ask(self, query: dict[str, str], body: bytes) -> httpx2.Response:
        """Return the response to a request. Raises WorkerFailed if the process does not start, ends or hangs."""
        try:
            return await self._asked(query, body)
        except httpx2.ConnectError:  # it has ended just now, and nothing was sent
            await self._kill()
        try:
            return await self._asked(query, body)
        except httpx2.ConnectError:
            raise WorkerFailed("The translator's process ended.") from None

    async def _asked(self, query: dict[str, str], body: bytes) -> httpx2.Response:
        client = await self.start()
        request = client.build_request("POST", "/", params=query, content=body)
        return await self.patiently(client.send(request, stream=True))

    async def _kill(self) -> None:
        """Kill the process and wait for its end, so that the next request starts another."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    async def patiently(self, work: Awaitable[T]) -> T:
        """Return the result of `work`, which may take any time as long as the process is alive.

        Raises WorkerFailed if it is not; a process that hangs is killed, and the next request starts another.
        """
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=_ALIVE_SECONDS))[0]:
                await self._check()
            return task.result()
        except httpx2.ConnectError:
            raise
        except httpx2.HTTPError:
            raise WorkerFailed("The translator's process ended.") from None
        finally:
            task.cancel()

    async def start(self) -> httpx2.AsyncClient:
        """Start the process, unless it runs, for all requests that wait for it. Raises WorkerFailed."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._start())
        return await asyncio.shield(self._task)

    async def _start(self) -> httpx2.AsyncClient:
        async with self._starting:
            if self._client is None or not self._is_running:
                await self._end()
                token = secrets.token_urlsafe(24)
                given = {"token": token, "port": await self._callbacks.start()}
                port = await asyncio.to_thread(self._started, json.dumps(given).encode() + b"\n")
                self._client = _client(port, token)
            return self._client

    async def close(self) -> None:
        """End the process, also while it starts."""
        if self._process is not None:
            self._process.kill()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self._end()

    async def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.communicate)
        if self._client is not None:
            await self._client.aclose()
        self._process = self._client = None

    @property
    def _is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _started(self, given: bytes) -> int:
        """Start the process, and return its port. It sees none of this process's keys, files and proxies."""
        self._process = process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_variables(),
            cwd=os.sep,
        )
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - they are pipes
        with contextlib.suppress(OSError):
            process.stdin.write(given)
            process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise WorkerFailed("The translator's process did not start.", _how_to_install())
        return int(line)

    async def _check(self) -> None:
        """Raise WorkerFailed if the process does not answer, after killing it."""
        client = self._client
        if client is None:
            raise WorkerFailed("The translator's process ended.")
        try:
            async with asyncio.timeout(_ALIVE_SECONDS):
                await client.get("/")
        except (TimeoutError, httpx2.HTTPError):
            await self._kill()
            raise WorkerFailed("The translator's process did not respond, and was ended.") from None


def _client(port: int, token: str) -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=20)
    return httpx2.AsyncClient(
        base_url=f"http://{LOOPBACK}:{port}",
        headers={_TOKEN_HEADER: token},
        trust_env=False,
        timeout=None,
        limits=limits,
    )


def _variables() -> dict[str, str]:
    """Return the variables of the process: where Python finds its modules, and a home without files."""
    path = os.pathsep.join(os.path.abspath(each) for each in sys.path if each)
    return {**platform.variables_for_python(os.devnull), **SETTINGS, "PYTHONPATH": path}


def _how_to_install() -> str:
    return "Install it: pip install 'polyroute[translate]'."
