"""One loop over any number of programs, none of which can hang, flood or outlive it.

It never waits for the end of a stream: whoever holds a pipe open, it is the program's own end or the deadline that
counts. Nothing here knows what is said; a listener does.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from polyroute.executables.children import Child, sweep
from polyroute.executables.jsonrpc import Fault

LINE_BYTES = 4 << 20
CALL_BYTES = 16 << 20
STDERR_BYTES = 8 << 20
STDERR_KEPT = 16 << 10
GRACE_SECONDS = 0.1
"""What a program has to end after its last answer, or after it closed its stdout."""
_POLL_SECONDS = 0.02
_CHUNK = 1 << 16
_CHUNKS_IN_A_PIPE = 16


class Program(NamedTuple):
    """What to run."""

    argv: tuple[str, ...]
    """The first is an absolute path."""
    variables: Mapping[str, str]
    """The whole environment."""
    parent: str = "/tmp"  # noqa: S108 - what is made in it has an unguessable name and is for its owner alone
    """The folder in which its private working directory is made."""


class Listener(Protocol):
    """What listens to one program."""

    @property
    def is_done(self) -> bool:
        """Whether all is heard that was waited for."""

    def receive(self, line: bytes, /) -> None:
        """Take a line, without its end. Raises Fault where no more is to be heard."""


class Talk:
    """One program, and what is said by and to it, in one round or several."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.fault: Fault | None = None
        self.seconds = 0.0
        """How long the last round took."""
        self.returncode: int | None = None
        """Known once it has ended; negative where a signal ended it."""
        self.errors = b""
        """The tail of its stderr."""
        self.rest = b""
        """What it printed after the last line end, for whoever wants that too."""
        self.is_over = True
        """Whether the round is."""
        self.child: Child | None = None
        self.next_id = 1
        """Of the next request, for whoever numbers them."""

    def start(self, chunks: Iterable[bytes], listener: Listener, seconds: float, *, stays: bool = False) -> None:
        """Begin a round: say `chunks` and then, unless it `stays` for another round, that there is no more."""
        self._began = time.monotonic()
        self._deadline = self._due = self._began + seconds
        self._outgoing = deque(chunk for chunk in chunks if chunk)
        self._listener, self._stays = listener, stays
        self._printed = self._complained = 0
        self._heard: dict[int, Callable[[], None]] = {}
        self._buffer = bytearray()
        self.fault, self.errors, self.is_over, self._is_ending = None, b"", False, False
        if self.child and self.child.has_exited:
            self.stop()
        if self.child is None:
            self._spawn()
        if self.child:  # what a pipe holds is said at once: it thinks while others are started
            self._write(self.child)

    def _spawn(self) -> None:
        try:
            self.child = Child(self.program.argv, self.program.variables, self.program.parent)
        except (OSError, ValueError) as error:
            self._finish(Fault("cannot_start", f"can't be started: {getattr(error, 'strerror', None) or error}"))

    def register(self, selector: selectors.BaseSelector) -> None:
        """Begin to listen."""
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
        """When it has to be looked at, whatever happens."""
        is_polled = self.child is not None and self.child.pidfd is None
        return min(self._due, time.monotonic() + _POLL_SECONDS) if is_polled else self._due

    def guarded(self, action: Callable[[], None]) -> None:
        """Do what the loop wants, unless it is over; what is wrong ends this talk alone."""
        if self.is_over:
            return
        try:
            action()
        except Fault as fault:
            self._finish(fault)

    def look(self) -> None:
        """Look at the clock, and at the program where the system does not tell of its end."""
        if self.child and self.child.pidfd is None:
            self._look_for_end(self.child)
        if self.is_over or time.monotonic() < self._due:
            return
        if not self._listener.is_done:
            if self._is_ending:
                raise Fault("closed_stdout", "closed its stdout without an answer")
            raise Fault("timeout", f"gave no answer within {self._deadline - self._began:g} s")
        self._finish()

    @property
    def has_ended(self) -> bool:
        """Whether the round is over and the program has exited, so that to reap it takes no waiting."""
        return self.is_over and self.child is not None and self.child.has_exited

    def reap(self) -> str:
        """After a round, take back what an ended program held; return the token by which its strays are known."""
        if self.child is None or (self._stays and self.is_over and not self.fault):
            return ""
        token = self.stop()
        if self.fault and self.fault.code == "exited":
            self.fault = Fault("exited", f"{_told(self.returncode)} without an answer")
        return token

    def stop(self) -> str:
        """End it now; return the token by which its strays are known."""
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
        except OSError:  # it does not read; it may answer all the same
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
                raise Fault("too_much_output", f"printed more than {CALL_BYTES >> 20} MiB")

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
            raise Fault("line_too_long", f"printed a line of more than {LINE_BYTES >> 20} MiB")

    def _end_soon(self, child: Child) -> None:
        """Nothing more is to be heard: give it a moment to end by itself."""
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
            raise Fault("stderr_flood", f"printed more than {STDERR_BYTES >> 20} MiB on stderr")
        self._forget(child.stderr)

    def _look_for_end(self, child: Child) -> None:
        if not child.has_exited:
            return
        self._drain(child)
        if not self._listener.is_done:
            raise Fault("exited", "ended without an answer")
        self._finish()

    def _drain(self, child: Child) -> None:
        """Hear what it said before it ended: no more than a pipe holds, for others may still be writing."""
        for descriptor in (child.stderr, child.stdout):
            for _ in range(_CHUNKS_IN_A_PIPE):
                if action := self._heard.get(descriptor):
                    action()

    def _finish(self, fault: Fault | None = None) -> None:
        self.is_over, self.fault = True, fault
        self.seconds = time.monotonic() - self._began
        self.rest, self._buffer = bytes(self._buffer), bytearray()
        for descriptor in tuple(self._heard):
            self._forget(descriptor)
        if self.child and (fault or not self._stays):
            self.child.kill()


def run(talks: Sequence[Talk]) -> None:
    """Go on with all talks that were started until each has heard what it waits for, or has gone wrong."""
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


def _step(talks: Sequence[Talk], selector: selectors.BaseSelector) -> None:
    wait = min(talk.wakes_at for talk in talks) - time.monotonic()
    for key, _ in selector.select(max(0, wait)):
        key.data()
    for talk in talks:
        talk.guarded(talk.look)


def _read(descriptor: int) -> bytes | None:
    """What is there; None where nothing is yet, and nothing at all at the end."""
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _told(returncode: int | None) -> str:
    if returncode is None or returncode >= 0:
        return f"ended with status {returncode}"
    try:
        return f"was ended by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was ended by signal {-returncode}"
