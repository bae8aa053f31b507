"""Call methods of executables concurrently, in a one-shot process or, where supported, in a long-lived one."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Mapping, Sequence

from polyroute._internal.redact import without_secrets
from polyroute._internal.terminal import clean
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.executables.event_loop import Program, Session, run
from polyroute.plugins.executables.jsonrpc import RpcError, RpcRequest, RpcResponse, RpcResponses, encoded

IDLE_SECONDS = 10.0
"""How long a long-lived program may be idle before it is ended."""
_TAIL = 300
"""How many characters of stderr are shown to the user."""


class MethodCall(NamedTuple):
    """The requests to one program."""

    program: Program
    requests: tuple[RpcRequest, ...]
    stays: bool = False
    """Whether the program can answer several calls and may be kept running."""
    secrets: tuple[str, ...] = ()
    """The secrets that it receives, which are masked in its output."""


class CallResult(NamedTuple):
    """The result of a call."""

    answers: Mapping[str, RpcResponse]
    """The answers by method, including those received before a fault."""
    fault: RpcError | None = None
    seconds: float = 0.0
    noise: int = 0
    """The number of lines on stdout that were not answers."""
    errors: str = ""
    """The end of its stderr, safe to show to the user."""


class Client:
    """Makes calls to programs, and keeps long-lived programs running until they have been idle for a while."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, ...], Session] = {}
        self._timer: threading.Timer | None = None

    def make(
        self, calls: Sequence[MethodCall], seconds: float, meanwhile: Callable[[], object] = bool
    ) -> list[CallResult]:
        """Make all calls concurrently, each within `seconds`, and return their outcomes in order.

        `meanwhile` is run after the programs have started. Calls of other threads are not blocked.
        """
        with self._lock:
            self._cancel()
            kept = [self._kept.pop(_key(call.program), None) for call in calls]
        begun: list[tuple[Session, RpcResponses]] = []
        try:
            for call, talk in zip(calls, kept, strict=True):
                begun.append(_begun(call, talk, seconds))
            meanwhile()
        except BaseException:  # Ctrl+C: do not wait for them
            for talk, _ in begun:
                talk.end()
            raise
        run([talk for talk, _ in begun])
        with self._lock:
            for call, (talk, _) in zip(calls, begun, strict=True):
                self._keep(call, talk)
            if self._kept:
                self._schedule()
        return [_outcome(call, *each) for call, each in zip(calls, begun, strict=True)]

    def stop(self) -> None:
        """End all long-lived programs."""
        with self._lock:
            self._cancel()
            for talk in self._kept.values():
                talk.end()
            self._kept.clear()

    @property
    def staying(self) -> int:
        """The number of long-lived programs that are running."""
        return len(self._kept)

    def _keep(self, call: MethodCall, talk: Session) -> None:
        if talk.child:
            if other := self._kept.pop(_key(call.program), None):  # another thread was first
                other.end()
            self._kept[_key(call.program)] = talk

    def _schedule(self) -> None:
        self._cancel()
        atexit.unregister(self.stop)
        atexit.register(self.stop)
        self._timer = threading.Timer(self._idle_seconds, self.stop)
        self._timer.daemon = True
        self._timer.start()

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


CLIENT = Client()
"""The only instance in this process, so that each long-lived program runs once."""


def _begun(call: MethodCall, kept: Session | None, seconds: float) -> tuple[Session, RpcResponses]:
    talk = kept or Session(call.program)
    answers = RpcResponses(call.requests, talk.next_id)
    talk.start([encoded(call.requests, talk.next_id)], answers, seconds, stays=call.stays)
    talk.next_id += len(call.requests)
    return talk, answers


def _key(program: Program) -> tuple[str, ...]:
    return (*program.argv, *(f"{name}={value}" for name, value in sorted(program.variables.items())))


def _outcome(call: MethodCall, talk: Session, answers: RpcResponses) -> CallResult:
    fault = talk.fault
    if fault and fault.code in ("exited", "closed_stdout", "timeout") and answers.is_torn:
        fault = RpcError("bad_json", "printed a line that looks like an answer but is not valid JSON")
    return CallResult(answers.found, fault, talk.seconds, answers.noise, rendered(talk.errors, call.secrets))


def rendered(printed: bytes | str, secrets: Sequence[str] = ()) -> str:
    """Return the end of a program's output as one line, without secrets, control and bidirectional characters."""
    text = printed.decode(errors="replace") if isinstance(printed, bytes) else printed
    return clean(without_secrets(text, secrets)).strip()[-_TAIL:]
