"""An event loop over any number of programs, none of which can hang it, flood it or outlive it.

A round ends when the program exits or at the deadline, not when a stream ends: a descendant may hold a pipe open.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from polyroute.named_tuples import NamedTuple
from polyroute.plugins.executables.jsonrpc import RpcError
from polyroute.plugins.executables.process import Child, sweep

LINE_BYTES = 4 << 20
CALL_BYTES = 16 << 20
STDERR_BYTES = 8 << 20
STDERR_KEPT = 16 << 10
GRACE_SECONDS = 0.1
"""How long a program may run after its last answer, or after it closed its stdout."""
_POLL_SECONDS = 0.02
_CHUNK = 1 << 16
_CHUNKS_IN_A_PIPE = 16


class Program(NamedTuple):
    """A command line with its environment."""

    argv: tuple[str, ...]
    """The arguments; the first one is an absolute path."""
    variables: Mapping[str, str]
    """All environment variables of the program."""
    parent: str = "/tmp"  # noqa: S108 - the directory created in it has an unguessable name and mode 0700
    """The folder in which its private working directory is created."""


class Listener(Protocol):
    """Receives the output of one program."""

    @property
    def is_done(self) -> bool:
        """Whether everything expected was received."""

    def receive(self, line: bytes, /) -> None:
        """Process a line, without its line end. Raises RpcError if the program must not be read any further."""


class Session:
    """The communication with one program, in one or several rounds."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.fault: RpcError | None = None
        self.seconds = 0.0  # of the last round
        self.returncode: int | None = None
        """The exit status, once known; negative if a signal ended the program."""
        self.errors = b""
        """The end of its stderr."""
        self.rest = b""
        """Its output after the last line end."""
        self.is_over = True
        """Whether the current round is over."""
        self.child: Child | None = None
        self.next_id = 1
        """The ID of the next request, for callers that number their requests."""

    def start(self, chunks: Iterable[bytes], listener: Listener, seconds: float, *, stays: bool = False) -> None:
        """Begin a round: send `chunks`, and close stdin afterwards unless the program `stays` for another round."""
        self._began = time.monotonic()
        self._deadline = self._due = self._began + seconds
        self._outgoing = deque(chunk for chunk in chunks if chunk)
        self._listener, self._stays = listener, stays
        self._printed = self._complained = 0
        self._heard: dict[int, Callable[[], None]] = {}
        self._buffer = bytearray()
        self.fault, self.errors, self.is_over, self._is_ending = None, b"", False, False
        if self.child and self.child.has_exited:
            self.end()
        if self.child is None:
            self._spawn()
        if self.child:  # write what fits into the pipe now, so that it works while other programs are started
            self._write(self.child)

    def _spawn(self) -> None:
        try:
            self.child = Child(self.program.argv, self.program.variables, self.program.parent)
        except (OSError, ValueError) as error:
            self._finish(RpcError("cannot_start", f"can't be started: {getattr(error, 'strerror', None) or error}"))

    def register(self, selector: selectors.BaseSelector) -> None:
        """Register the pipes of the program with `selector`."""
        self._selector = selector
        child = self.child
        if self.is_over or child is None:
            return
        self._hear(child.stdout, partial(self._read_answers, child))
        self._hear(child.stderr, partial(self._read_errors, child))
        if child.pidfd is not None:
            self._hear(child.pidfd, partial(self._look_for_end, child))
        if self._outgoing:
            self._hear(child.stdin, partial(self._write, child), selectors.EVENT_WRITE)

    @property
    def wakes_at(self) -> float:
        """The time at which `look` must be called even if nothing happens."""
        is_polled = self.child is not None and self.child.pidfd is None
        return min(self._due, time.monotonic() + _POLL_SECONDS) if is_polled else self._due

    def guarded(self, action: Callable[[], None]) -> None:
        """Run `action` unless the round is over; an RpcError ends this round only."""
        if self.is_over:
            return
        try:
            action()
        except RpcError as fault:
            self._finish(fault)

    def look(self) -> None:
        """Check the deadline, and whether the program has exited if the system does not report that."""
        if self.child and self.child.pidfd is None:
            self._look_for_end(self.child)
        if self.is_over or time.monotonic() < self._due:
            return
        if not self._listener.is_done:
            if self._is_ending:
                raise RpcError("closed_stdout", "closed its stdout without an answer")
            raise RpcError("timeout", f"gave no answer within {self._deadline - self._began:g} s")
        self._finish()

    @property
    def has_ended(self) -> bool:
        """Whether the round is over and the program has exited, so that it can be reaped without waiting."""
        return self.is_over and self.child is not None and self.child.has_exited

    def reap(self) -> str:
        """After a round, release a program that has ended; return the token that identifies leftover descendants."""
        if self.child is None or (self._stays and self.is_over and not self.fault):
            return ""
        token = self._stop()
        if self.fault and self.fault.code == "exited":
            self.fault = RpcError("exited", f"{_describe_exit(self.returncode)} without an answer")
        return token

    def end(self) -> None:
        """End the program now, with all its descendants."""
        sweep({self._stop()} - {""})

    def _stop(self) -> str:
        """End the program now; return the token that identifies leftover descendants."""
        if self.child is None:
            return ""
        child, self.child = self.child, None
        child.kill()
        self.returncode = child.reap()
        return child.token

    def _hear(self, descriptor: int, action: Callable[[], None], event: int = selectors.EVENT_READ) -> None:
        self._heard[descriptor] = action
        self._selector.register(descriptor, event, partial(self.guarded, action))

    def _forget(self, descriptor: int) -> None:
        if self._heard.pop(descriptor, None):
            self._selector.unregister(descriptor)

    def _write(self, child: Child) -> None:
        if self._outgoing:
            self._write_some(child, self._outgoing.popleft())
        if not self._outgoing:
            self._forget(child.stdin)
            if not self._stays:
                child.close_stdin()

    def _write_some(self, child: Child, chunk: bytes) -> None:
        try:
            written = os.write(child.stdin, chunk[:_CHUNK])
        except BlockingIOError:
            written = 0
        except OSError:  # it does not read its stdin, but may still answer
            self._outgoing.clear()
            written = len(chunk)
        if written < len(chunk):
            self._outgoing.appendleft(chunk[written:])

    def _read_answers(self, child: Child) -> None:
        data = _read(child.stdout)
        if data == b"":
            self._end_soon(child)
        elif data:
            self._printed += len(data)
            self._take(child, data)
            if self._printed > CALL_BYTES:
                raise RpcError("too_much_output", f"printed more than {CALL_BYTES >> 20} MiB")

    def _take(self, child: Child, data: bytes) -> None:
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._extend(line)
            whole, self._buffer = bytes(self._buffer), bytearray()
            self._listener.receive(whole)
            if self._listener.is_done:
                self._finish() if self._stays else self._end_soon(child)
                return
        self._extend(rest)

    def _extend(self, part: bytes) -> None:
        self._buffer += part
        if len(self._buffer) > LINE_BYTES:
            raise RpcError("line_too_long", f"printed a line of more than {LINE_BYTES >> 20} MiB")

    def _end_soon(self, child: Child) -> None:
        """Stop reading its output, and give it a moment to exit by itself."""
        self._forget(child.stdout)
        self._is_ending = True
        self._due = min(self._deadline, time.monotonic() + GRACE_SECONDS)

    def _read_errors(self, child: Child) -> None:
        data = _read(child.stderr)
        if data == b"":
            self._forget(child.stderr)
        elif data:
            self._complained += len(data)
            self.errors = (self.errors + data)[-STDERR_KEPT:]
            if self._complained > STDERR_BYTES:
                self._flooded(child)

    def _flooded(self, child: Child) -> None:
        if not self._listener.is_done:
            raise RpcError("stderr_flood", f"printed more than {STDERR_BYTES >> 20} MiB on stderr")
        self._forget(child.stderr)

    def _look_for_end(self, child: Child) -> None:
        if not child.has_exited:
            return
        self._drain(child)
        if not self._listener.is_done:
            raise RpcError("exited", "ended without an answer")
        self._finish()

    def _drain(self, child: Child) -> None:
        """Read what it wrote before it exited, at most as much as a pipe holds: descendants may still be writing."""
        for descriptor in (child.stderr, child.stdout):
            for _ in range(_CHUNKS_IN_A_PIPE):
                if action := self._heard.get(descriptor):
                    action()

    def _finish(self, fault: RpcError | None = None) -> None:
        self.is_over, self.fault = True, fault
        self.seconds = time.monotonic() - self._began
        self.rest, self._buffer = bytes(self._buffer), bytearray()
        for descriptor in tuple(self._heard):
            self._forget(descriptor)
        if self.child and (fault or not self._stays):
            self.child.kill()


def run(talks: Sequence[Session]) -> None:
    """Run all started rounds until each has received what it expects or has failed."""
    tokens: set[str] = set()
    try:
        with selectors.DefaultSelector() as selector:
            for talk in talks:
                talk.register(selector)
            while going := [talk for talk in talks if not talk.is_over]:
                _step(going, selector)
                tokens |= {talk.reap() for talk in going if talk.has_ended}
    finally:
        sweep((tokens | {talk.reap() for talk in talks}) - {""})


def _step(talks: Sequence[Session], selector: selectors.BaseSelector) -> None:
    wait = min(talk.wakes_at for talk in talks) - time.monotonic()
    for key, _ in selector.select(max(0, wait)):
        key.data()
    for talk in talks:
        talk.guarded(talk.look)


def _read(descriptor: int) -> bytes | None:
    """Return the available data: None if there is none yet, empty at the end of the stream."""
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _describe_exit(returncode: int | None) -> str:
    if returncode is None or returncode >= 0:
        return f"ended with status {returncode}"
    try:
        return f"was ended by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was ended by signal {-returncode}"
