"""Requests that a broken file, a full disk or a taken lock makes impossible: 409 or 503, with the reason."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from asyncio import CancelledError
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from polyroute import Environment, Plugins, Unavailable, hookimpl
from polyroute._internal import files, threads
from polyroute._internal.threads import Workers
from polyroute.server import create_app
from polyroute.server.answers import Answers, MemoryLimit
from tests.support.http_server import Answer, Client, Serve, running

Write = Callable[[Client], Answer]
MODEL = {"provider": "openrouter", "model": "z-ai/glm-4.5-air:free"}
WRITES: dict[str, tuple[str, Write]] = {
    "custom models": (
        ".dexto/models/custom-models.json",
        lambda client: client.post("/api/llm/custom-models", {"provider": "openrouter", "name": "a/b"}),
    ),
    "favourites": (
        "ours/state/model-picker.json",
        lambda client: client.post("/api/llm/model-picker-state/favorites/toggle", MODEL),
    ),
    "preferences": ("ours/config.toml", lambda client: client.put("/api/llm/preferences", {"prefer": "direct"})),
    "keys": (".dexto/.env", lambda client: client.post("/api/llm/key", {"provider": "groq", "apiKey": "key-canary-1"})),
}
"""Each file that the API writes, below a user's home, and a request that writes it."""


@pytest.fixture
def client(serve: Serve, tmp_path: Path) -> Client:
    """A server of a user with a home."""
    variables = {"POLYROUTE_HOME": str(tmp_path / "ours"), "OPENROUTER_API_KEY": "k"}
    return serve.app(environment=Environment(variables, home=tmp_path))


@pytest.fixture(params=WRITES)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Write]:
    """A file, with its folder, and a request that writes it."""
    name, write = WRITES[request.param]
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path, write


def told(answer: Answer) -> tuple[int, str]:
    assert "canary" not in answer.body.decode()
    return answer.status, answer.json["code"]


def test_a_file_that_is_not_understood(client: Client, written: tuple[Path, Write]) -> None:
    """A file with invalid content is 409, is named, and stays as it is; once it is fixed, the request succeeds."""
    path, write = written
    path.write_bytes(b"\xff{ not any format")
    answer = write(client)
    assert told(answer) == (409, "file_not_understood")
    assert str(path) in answer.json["message"]
    assert path.read_bytes() == b"\xff{ not any format"
    path.unlink()
    assert write(client).status == 200


def test_a_folder_in_the_place_of_a_file(client: Client, written: tuple[Path, Write]) -> None:
    """A file that can't be written, for whatever reason of the system, is 503 and named."""
    path, write = written
    path.mkdir()
    answer = write(client)
    assert told(answer) == (503, "unavailable")
    assert str(path) in answer.json["message"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_full_disk(client: Client, written: tuple[Path, Write], monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """A full or read-only disk is 503 with the reason; the request succeeds once that is fixed."""
    import tempfile

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    _, write = written
    with monkeypatch.context() as full:
        full.setattr(tempfile, "mkstemp", fail)
        answer = write(client)
        assert told(answer) == (503, "unavailable")
        assert os.strerror(number) in answer.json["message"]
    assert write(client).status == 200


def test_a_taken_lock(client: Client, written: tuple[Path, Write], monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another process keeps locked is 503, and says that it is locked."""
    path, write = written
    monkeypatch.setattr(files, "LOCK_TIMEOUT_SECONDS", 0.1)
    with FileLock(str(path.parent / f".{path.name}.lock")):
        answer = write(client)
    assert told(answer) == (503, "unavailable")
    assert "locked" in answer.json["message"]


class Escaping:
    """A plugin that raises what is no ordinary exception as soon as its models are asked for."""

    def __init__(self, raised: BaseException) -> None:
        self.raised, self.is_on = raised, False

    @hookimpl
    def polyroute_models(self, environment: Environment) -> Any:
        """Raise it."""
        if self.is_on:
            raise self.raised
        return ()


@pytest.mark.parametrize(
    "raised", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), StopIteration(), OSError(28, "x")]
)
def test_a_plugin_that_ends_the_world(raised: BaseException, tmp_path: Path) -> None:
    """Whatever a plugin raises in a request, the server answers it with less than 500 or 503, and goes on."""
    plugin = Escaping(raised)
    app = create_app(plugins=Plugins.load([plugin], only=["direct"]), environment=Environment({}, home=tmp_path))
    with running(app) as client:
        assert client.get("/api/llm/current").status < 500
        plugin.is_on = True
        (tmp_path / ".dexto").mkdir()
        (tmp_path / ".dexto" / ".env").write_text("A=b\n")  # the catalog is made again
        for path in ("/api/llm/catalog?mode=flat", "/api/llm/resolve?model=openai/gpt-5", "/api/plugins"):
            answer = client.get(path)
            assert answer.status < 500 or answer.status == 503, answer.body
        assert client.get("/health").status == 200


@pytest.mark.parametrize(
    "raised", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), StopIteration(), CancelledError()]
)
def test_work_that_is_ended(raised: BaseException) -> None:
    """What would end an event loop, or look like a cancellation, is an error of the one who waits for the work."""

    def work() -> None:
        raise raised

    with pytest.raises(Unavailable, match=type(raised).__name__):
        asyncio.run(Workers(1).run(work))


def test_a_system_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """If no thread can be started, that is an error of one request, and the next one gets its thread."""

    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def run() -> int:
        workers = Workers(1)
        with monkeypatch.context() as exhausted, pytest.raises(Unavailable, match="threads"):
            exhausted.setattr(threading.Thread, "start", fail)
            await workers.run(lambda: 1)
        return await workers.run(lambda: 2)

    assert asyncio.run(run()) == 2


def test_work_that_is_never_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that gets no thread, since all hang, does not wait for ever."""
    monkeypatch.setattr(threads, "START_SECONDS", 0.05)

    async def run() -> None:
        workers, released = Workers(1), threading.Event()
        hanging = asyncio.ensure_future(workers.run(released.wait))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="threads"):
            await workers.run(lambda: 1)
        released.set()
        await hanging
        assert await workers.run(lambda: 2) == 2

    asyncio.run(run())


def test_too_much_work_is_refused() -> None:
    """Work beyond what may wait for a thread is refused at once, and the rest is done."""

    async def run() -> None:
        workers, released = Workers(1, 1), threading.Event()
        accepted = [asyncio.ensure_future(workers.run(released.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="threads"):
            await workers.run(lambda: 1)
        released.set()
        assert await asyncio.gather(*accepted) == [True, True]

    asyncio.run(run())


def test_long_queries_don_t_fill_the_memory() -> None:
    """Cached responses are limited together with the paths and queries that they are kept for."""

    async def kept() -> int:
        answers, workers = Answers(MemoryLimit()), Workers(1)
        for number in range(1_200):
            await answers.response(("/path", b"%d" % number + b"x" * 15_000), dict, workers)
        return sum(len(query) for _, query in answers.responses)

    assert 0 < asyncio.run(kept()) < 16_000_000
