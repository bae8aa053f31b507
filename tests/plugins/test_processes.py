"""Every misbehaving executable is contained in time, memory and file descriptors, and leaves nothing behind."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute._internal.watchdog import WATCHDOG
from polyroute.plugins.executables.event_loop import STDERR_KEPT, Program, Session, run
from polyroute.plugins.executables.jsonrpc import HostCode, RpcError, RpcRequest, RpcResponses, encoded
from polyroute.plugins.executables.process import LIMITS
from tests.support.executables.misbehaving import MODES

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")]

SCRIPT = str(Path(__file__).parents[1] / "support" / "executables" / "misbehaving.py")
ASKED = (RpcRequest("describe", {"protocols": [1], "host": "polyroute"}), RpcRequest("detect", {"env_present": []}))
PATIENT, HASTY = 60.0, 1.0
"""Deadlines: where another bound is to end it, and where the deadline is."""
HANG_GUARD = 30.0
"""Seconds that nothing may take beyond its deadline, on however busy a machine."""
GROWTH = 10_000_000
"""Bytes that the host may grow by at most in between: the longest line and a copy of it."""
LATE = 0.1
"""Seconds that ending a program may take beyond its deadline, on a machine that does nothing else."""

ENDS: dict[str, str] = {
    "answers well": "",
    "hangs": "timeout",
    "hangs ignoring SIGTERM": "timeout",
    "1 GB without a newline": "line_too_long",
    "endless log lines": "stdout_noise",
    "endless JSON notifications": "stdout_noise",
    "one 100 MB line": "line_too_long",
    "banner and bad UTF-8 first": "",
    "exits mid-answer": "exited",
    "exits at once": "exited",
    "grandchild holds the pipe, with an answer": "",
    "grandchild holds the pipe, without": "exited",
    "daemon with setsid": "",
    "never reads stdin, with an answer": "timeout",  # one of two requests is answered
    "never reads stdin, without": "timeout",
    "stderr flood": "stderr_flood",
    "closes stdout and stays": "closed_stdout",
    "one byte each half second": "timeout",
    "wrong ids": "exited",
    "repeated ids": "exited",
    "200,000 deep nesting": "json_too_complex",
    "million-digit number": "exited",
    "1.4 million {}": "json_too_complex",
    "200 forks": "timeout",
    "6 GB of memory": "exited",
}


_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("2.0")
MESSAGES = st.dictionaries(
    st.sampled_from(["jsonrpc", "id", "result", "error", "method"]),
    st.just("2.0") | st.integers(0, 3) | _VALUES | st.dictionaries(st.sampled_from(["code", "message"]), _VALUES),
)


class Watch:
    """A detector of what a program and its host leave behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.marker = f"POLYROUTE_TEST_MARKER={uuid.uuid4().hex}"

    def program(self, mode: str) -> Program:
        """Return the misbehaving program, with a marker that identifies its descendants."""
        return program_of(mode, str(self.folder), **dict([self.marker.split("=")]))

    def leftovers(self) -> list[str]:
        """Return the processes with the marker, after killed ones had time to disappear."""
        for _ in range(100):
            found = [name for name in filter(str.isdigit, os.listdir("/proc")) if self.marker in _variables(name)]
            if not found:
                return []
            time.sleep(0.05)
        return found


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """Provide a watch; at the end, assert that no process, descriptor or directory is left."""
    WATCHDOG.watch("0", "")  # it starts with the first program and stays
    WATCHDOG.ended("0")
    gc.collect()
    before, watch = len(os.listdir("/proc/self/fd")), Watch(tmp_path)
    yield watch
    assert watch.leftovers() == []
    assert len(os.listdir("/proc/self/fd")) == before
    assert os.listdir(tmp_path) == []


def _variables(number: str) -> str:
    try:
        return Path(f"/proc/{number}/environ").read_text(errors="replace")
    except OSError:
        return ""


def memory(field: str) -> int:
    """Return bytes of this process: `VmRSS` is the current size, `VmHWM` the maximum since the last reset."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(field))) << 10


def ask(
    programs: Sequence[Program], seconds: float, requests: Sequence[RpcRequest] = ASKED
) -> list[tuple[Session, RpcResponses]]:
    """Send the requests to all programs once, in one event loop."""
    asked = [(Session(program), RpcResponses(requests)) for program in programs]
    for talk, answers in asked:
        talk.start([encoded(requests)], answers, seconds)
    run([talk for talk, _ in asked])
    return asked


_MEASURING = """
import json, sys
from pathlib import Path
from tests.plugins.test_processes import ask, measured, program_of
ask([program_of("answers well", sys.argv[1])], 60.0)  # what the first program alone needs
print(json.dumps([measured(mode, sys.argv[1]) for mode in sys.argv[2:]]))
"""


def program_of(mode: str, folder: str, **variables: str) -> Program:
    """Return a misbehaving program that works in `folder`."""
    return Program((sys.executable, "-I", "-S", SCRIPT, mode), variables, folder)


def measured(mode: str, folder: str) -> tuple[int, float]:
    """Return by how many bytes this process grows for a program at most, and its seconds beyond the deadline."""
    seconds = HASTY if ENDS[mode] == "timeout" else PATIENT
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    resident, began = memory("VmRSS"), time.monotonic()
    ask([program_of(mode, folder)], seconds)
    return memory("VmHWM") - resident, time.monotonic() - began - seconds


def measured_alone(modes: Sequence[str], folder: Path) -> dict[str, tuple[int, float]]:
    """Return what `measured` does for several programs, in a process that has done nothing else."""
    command = (sys.executable, "-c", _MEASURING, str(folder), *modes)
    root, variables = Path(__file__).parents[2], {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, check=True)
    return dict(zip(modes, json.loads(done.stdout), strict=True))


def code(talk: Session) -> str:
    """Return the fault code of a session, or "" if there was no fault."""
    return talk.fault.code if talk.fault else ""


def test_every_misbehaviour_has_an_expectation() -> None:
    """Each of the 25 modes of the fixture has an expected result."""
    assert len(MODES) == 25
    assert ENDS.keys() == MODES.keys()


@pytest.mark.parametrize("mode", ENDS)
def test_a_misbehaving_program_is_contained(mode: str, watch: Watch) -> None:
    """A misbehaving program ends as expected by its deadline, and the host neither grows nor keeps anything of it."""
    seconds = HASTY if ENDS[mode] == "timeout" else PATIENT
    Path("/proc/self/clear_refs").write_text("5")
    resident, began = memory("VmRSS"), time.monotonic()
    ((talk, answers),) = ask([watch.program(mode)], seconds)
    assert time.monotonic() - began < seconds + HANG_GUARD
    assert memory("VmHWM") - resident < GROWTH
    assert code(talk) == ENDS[mode]
    assert len(talk.errors) <= STDERR_KEPT
    assert answers.is_done == (ENDS[mode] == "")


FLOODS = ("1 GB without a newline", "endless log lines", "one 100 MB line", "stderr flood", "1.4 million {}")


def test_a_flood_takes_little_memory(tmp_path: Path) -> None:
    """A process that has done nothing else grows by less than 10 MB, however much a program writes."""
    found = measured_alone(FLOODS, tmp_path)
    assert {mode: grown for mode, (grown, _) in found.items() if grown > GROWTH} == {}
    assert found["1 GB without a newline"][0] > GROWTH / 4  # a line of the longest length is seen


@pytest.mark.soak
def test_every_misbehaving_program_ends_in_time(tmp_path: Path) -> None:
    """On a machine that does nothing else, each costs at most its deadline and 0.1 s, and 10 MB."""
    found = measured_alone(list(MODES), tmp_path)
    for mode, (grown, late) in found.items():
        print(f"{mode:45} {grown / 1e6:6.1f} MB {late:+8.3f} s")
    assert {mode: each for mode, each in found.items() if each[0] > GROWTH or each[1] > LATE} == {}


def test_twenty_programs_of_which_six_misbehave_share_one_deadline(watch: Watch) -> None:
    """All programs are called concurrently: fourteen respond, and the six others cost one deadline together."""
    bad = (
        "hangs",
        "1 GB without a newline",
        "endless log lines",
        "stderr flood",
        "200 forks",
        "never reads stdin, without",
    )
    began = time.monotonic()
    asked = ask([watch.program(mode) for mode in ("answers well",) * 14 + bad], 5.0)
    assert time.monotonic() - began < 5 + HANG_GUARD
    assert [code(talk) for talk, _ in asked[:14]] == [""] * 14
    assert [code(talk) for talk, _ in asked[14:]] == [ENDS[mode] for mode in bad]


METHODS = (
    "describe",
    "secret",
    *(pytest.param(each, marks=pytest.mark.soak) for each in ("detect", "models", "map", "verify")),
)
TOGETHER = 3.0
"""The deadline of all misbehaving programs at once."""


@pytest.mark.parametrize("method", METHODS)
def test_all_misbehaving_programs_at_once(method: str, watch: Watch) -> None:
    """Whatever method they are called with, 25 misbehaving programs cost one deadline, and leave nothing behind."""
    own = {"repeated ids": "", "never reads stdin, with an answer": ""}  # the only request is answered
    began = time.monotonic()
    asked = ask([watch.program(mode) for mode in MODES], TOGETHER, [RpcRequest(method, {})])
    assert time.monotonic() - began < TOGETHER + HANG_GUARD
    for mode, (talk, _) in zip(MODES, asked, strict=True):
        assert code(talk) in ({**ENDS, **own}[mode], "timeout"), mode  # on a busy machine each may be too slow
        assert talk.fault or mode in own or not ENDS[mode], mode


def test_answers_before_a_fault_count(watch: Watch) -> None:
    """Responses that arrived before a fault are kept."""
    ((talk, answers),) = ask([watch.program("repeated ids")], PATIENT)
    assert code(talk) == "exited"
    assert list(answers.found) == ["describe"]


def test_what_a_program_says_on_ending_is_kept(watch: Watch) -> None:
    """The exit status and the end of stderr explain a missing response."""
    ((talk, _),) = ask([watch.program("exits at once")], PATIENT)
    assert talk.errors == b"made-up: no such thing\n"
    assert str(talk.fault) == "ended with status 3 without an answer"


def test_a_torn_answer_is_told_from_silence(watch: Watch) -> None:
    """A line that looked like a response but was not a valid one is recorded."""
    ((_, answers),) = ask([watch.program("million-digit number")], PATIENT)
    assert answers.is_torn


def test_a_request_of_a_mebibyte_arrives_whole(watch: Watch) -> None:
    """A request longer than a pipe's buffer arrives whole, and so does its response."""
    ((talk, answers),) = ask(
        [watch.program("answers well")], PATIENT, [RpcRequest("describe", {"padding": "é" * 500_000})]
    )
    assert code(talk) == ""
    assert answers.found["describe"].result["asked"]["padding"] == "é" * 500_000


def test_a_program_that_can_not_be_started_is_told(tmp_path: Path) -> None:
    """A program that is missing or not executable ends the session immediately."""
    plain = tmp_path / "plain"
    plain.write_text("no program")
    missing, forbidden = ask([Program((str(tmp_path / "none"),), {}), Program((str(plain),), {})], PATIENT)
    assert (code(missing[0]), code(forbidden[0])) == ("cannot_start", "cannot_start")
    assert str(forbidden[0].fault) == "can't be started: Permission denied"


def test_a_program_can_stay_for_another_round(watch: Watch) -> None:
    """The same process responds twice, and is gone after it is stopped."""
    talk = Session(watch.program("answers well"))
    numbers = []
    for first in (1, 3):
        answers = RpcResponses(ASKED, first)
        talk.start([encoded(ASKED, first)], answers, PATIENT, stays=True)
        run([talk])
        assert talk.child is not None
        numbers.append(talk.child.stdout)
        assert answers.is_done
    talk.end()
    assert numbers[0] == numbers[1]
    assert talk.child is None


def test_a_program_that_ended_meanwhile_is_started_again(watch: Watch) -> None:
    """A program that ended between rounds is started again for the next one."""
    talk = Session(watch.program("answers well"))
    talk.start([encoded(ASKED)], RpcResponses(ASKED), PATIENT, stays=True)
    run([talk])
    assert talk.child is not None
    talk.child.kill()
    while not talk.child.has_exited:
        time.sleep(0.01)
    answers = RpcResponses(ASKED, 3)
    talk.start([encoded(ASKED, 3)], answers, PATIENT)
    run([talk])
    assert answers.is_done


def test_a_program_gets_its_own_surroundings(watch: Watch) -> None:
    """A program gets only its own variables, an empty directory, no terminal, and resource limits."""
    source = """
import json, os, resource, sys
limits = {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] for name in sys.argv[1:]}
sees = {"names": sorted(os.environ), "files": os.listdir("."), "leads": os.getsid(0) == os.getpid(), "limits": limits}
input()
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": sees}), flush=True)
"""
    program = watch.program("answers well")._replace(argv=(sys.executable, "-I", "-S", "-c", source, *LIMITS))
    ((_, answers),) = ask([program], PATIENT, ASKED[:1])
    sees = answers.found["describe"].result
    assert set(sees["names"]) - {"LC_CTYPE"} == {"POLYROUTE_TEST_MARKER", "POLYROUTE_CALL", "TMPDIR"}
    assert sees["files"] == []
    assert sees["leads"]
    assert all(sees["limits"][name] in range(most + 1) for name, most in LIMITS.items())


def test_where_the_system_tells_of_no_end_it_is_polled(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pidfd the same programs end in the same way."""
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    for mode in ("answers well", "grandchild holds the pipe, without", "exits at once"):
        ((talk, _),) = ask([watch.program(mode)], PATIENT)
        assert code(talk) == ENDS[mode]


def test_a_host_that_ignores_its_children_is_served_too(watch: Watch) -> None:
    """If the system reaps child processes by itself, responses and exits are still noticed."""
    source = f"""
import signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
from polyroute.plugins.executables.jsonrpc import RpcRequest, RpcResponses, encoded
from polyroute.plugins.executables.event_loop import Program, Session, run
request, answers = [RpcRequest("describe", {{}})], RpcResponses([RpcRequest("describe", {{}})])
talk = Session(Program((sys.executable, "-I", "-S", {SCRIPT!r}, "answers well"), {{}}, {str(watch.folder)!r}))
talk.start([encoded(request)], answers, 60)
run([talk])
assert answers.is_done and not talk.fault
"""
    program = Program((sys.executable, "-c", source), dict([watch.marker.split("=")]), str(watch.folder))
    ((talk, _),) = ask([program], PATIENT)
    assert (talk.returncode, talk.errors) == (0, b"")


def test_requests_are_compact_and_in_a_fixed_order() -> None:
    """Requests have a fixed format, on which a plugin in a language without JSON can rely."""
    assert encoded([RpcRequest("detect", {"env_present": ["É"]})], 7).decode() == (
        '{"jsonrpc":"2.0","id":7,"method":"detect","params":{"env_present":["É"]}}\n'
    )


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":true,"result":1}',
        b'{"jsonrpc":"2.0","id":1.0,"result":1}',
        b'{"jsonrpc":"2.0","id":"1","result":1}',
        b'{"jsonrpc":"1.0","id":1,"result":1}',
        b'{"id":1,"result":1}',
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}',
        b'{"jsonrpc":"2.0","id":2,"result":1}',
        b'[{"jsonrpc":"2.0","id":1,"result":1}]',
        b'{"jsonrpc":"2.0","id":1,"result":NaN}',
        b'{"jsonrpc":"2.0","id":1,"result":"\\ud800"}',
        b"",
    ],
)
def test_what_is_no_answer_is_passed_over(line: bytes) -> None:
    """A line that is not exactly a response to an open request counts as noise; the response is still awaited."""
    answers = RpcResponses(ASKED[:1])
    answers.receive(line)
    assert (answers.noise, answers.is_done) == (1, False)
    answers.receive(b'{"jsonrpc":"2.0","id":1,"result":null}')
    assert answers.is_done


@pytest.mark.parametrize("error", [b"7", b"{}", b'{"code":"x","message":""}', b'{"code":0}', b'{"code":1,"message":2}'])
def test_an_error_without_a_code_is_refused(error: bytes) -> None:
    """An error needs an integer code; its message, if present, must be a string."""
    with pytest.raises(RpcError) as caught:
        RpcResponses(ASKED[:1]).receive(b'{"jsonrpc":"2.0","id":1,"error":' + error + b"}")
    assert caught.value.code == "schema"


@given(st.binary(max_size=200) | MESSAGES.map(lambda message: json.dumps(message).encode()))
def test_no_line_surprises_the_host(line: bytes) -> None:
    """Whatever a program prints is a response, noise or a fault, and nothing else."""
    answers = RpcResponses(ASKED)
    try:
        answers.receive(line)
    except RpcError as fault:
        assert fault.code in get_args(HostCode)
    else:
        assert len(answers.found) + answers.noise == 1


def test_an_error_is_an_answer() -> None:
    """An error's code, message and data are kept unchanged."""
    answers = RpcResponses(ASKED[:1])
    error = {"code": -32005, "message": "slow down", "data": {"retry_after": 3}}
    answers.receive(json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}).encode())
    assert answers.found["describe"]._asdict() == {"result": None, **error}
