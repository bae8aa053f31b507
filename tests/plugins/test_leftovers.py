"""Programs end with the process that runs them, however that process ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from polyroute._internal import posix_process
from tests.support.executables import misbehaving
from tests.support.manifests import User

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")]

PATIENCE = 30.0
"""Seconds that nothing may take, on however busy a machine."""
PATIENT = f"""
import sys
from polyroute.cli.main import script
from polyroute.plugins.executables import batch

batch.START_SECONDS = {PATIENCE}
sys.exit(script())
"""
"""`polyroute` that waits for programs until it is ended, since on a busy machine not all have started after seconds."""
WAYS = ("hangs ignoring SIGTERM", "daemon with setsid", "200 forks")
ENDS = {signal.SIGTERM: -signal.SIGTERM, signal.SIGHUP: -signal.SIGHUP, signal.SIGKILL: -signal.SIGKILL}


class Run:
    """A command of a user whose plugins misbehave, while it waits for them."""

    def __init__(self, home: Path, *modes: str) -> None:
        self.user = User(home)
        self.temporary = home / "temporary"
        self.temporary.mkdir()
        self.mark = uuid.uuid4().hex
        for number, mode in enumerate(modes):
            self._put(f"bad-{number}", mode)

    def _put(self, name: str, mode: str) -> None:
        argv = json.dumps([sys.executable, "-I", "-S", "./misbehaving.py", mode])
        text = (
            f'methods = ["detect"]\n[executable]\nargv = {argv}\nvariables = ["ACME_MARK"]\nsettings = ["ACME_MARK"]\n'
        )
        folder = self.user.put(name, text)
        shutil.copyfile(misbehaving.__file__, folder / "misbehaving.py")
        self.user.approve(folder)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command in a session of its own, and wait until all programs run."""
        own = {"PATH": os.environ["PATH"], "HOME": str(self.user.home), "POLYROUTE_HOME": str(self.user.ours)}
        own |= {"TMPDIR": str(self.temporary), "ACME_MARK": self.mark}
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", PATIENT, *arguments]
        running = subprocess.Popen(
            command, env=own, cwd=self.user.project, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )
        until(lambda: len(os.listdir(self.temporary)) >= len(self.user.names()))
        return running

    def programs(self) -> list[str]:
        """Return the processes of the plugins and their descendants."""
        marked = posix_process._value_in
        return [each for each in filter(str.isdigit, os.listdir("/proc")) if self._is_program(each, marked)]

    def _is_program(self, number: str, value: Callable[[str, str], str]) -> bool:
        return value(number, "ACME_MARK") == self.mark and value(number, "POLYROUTE_CALL") != ""


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.01)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Run]:
    """Provide a command whose plugins hang, leave daemons and fork."""
    run = Run(tmp_path, *WAYS)
    yield run
    for each in run.programs():
        os.kill(int(each), signal.SIGKILL)


@pytest.mark.parametrize("by", ENDS)
def test_a_command_that_is_ended_leaves_nothing_behind(running: Run, by: signal.Signals) -> None:
    """After SIGTERM, SIGHUP or SIGKILL no program, no descendant and no directory of one is left."""
    command = running.start("status", "--json")
    until(lambda: len(running.programs()) > 200)
    command.send_signal(by)
    command.communicate(timeout=PATIENCE)
    assert command.returncode == ENDS[by]
    until(lambda: not running.programs())
    until(lambda: os.listdir(running.temporary) == [])


def test_ctrl_c_ends_a_command_and_its_programs(running: Run) -> None:
    """Ctrl+C while programs run is status 130 without a traceback, and nothing is left."""
    command = running.start("status", "--json")
    command.send_signal(signal.SIGINT)
    printed = command.communicate(timeout=PATIENCE)
    assert (command.returncode, printed) == (130, ("", ""))
    until(lambda: not running.programs())  # a killed process is visible for a moment
    until(lambda: os.listdir(running.temporary) == [])
