"""Running the same Python program in several real processes at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence


def together(program: str, arguments: Sequence[Sequence[str]]) -> None:
    """Run a program once for each list of arguments, all at the same time, and check that all succeed."""
    running = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", program, *each], stderr=subprocess.PIPE, text=True)
        for each in arguments
    ]
    ended = [(process.communicate()[1], process.returncode) for process in running]
    assert [status for _, status in ended] == [0] * len(ended), "\n".join(error for error, _ in ended)
