"""End third-party programs if this process dies before it can end them: by SIGTERM, SIGHUP, SIGKILL or a crash.

The watchdog is one shell that waits for the end of a pipe, which only this process holds open. A death signal is no
alternative: it ends no grandchildren, and it is sent when the thread that started the program ends. Without `/bin/sh`
there is no watchdog.
"""

from __future__ import annotations

import os
import threading

from polyroute._internal import posix_process

MARK = "POLYROUTE_CALL"
"""The variable with which programs and their descendants are marked."""

_SCRIPT = r"""
trap '' HUP INT TERM
exec 3<&0
{
    all=
    while IFS=' ' read -r token group folder; do
        left=
        for each in $all; do [ "$each" = "$token" ] || left="$left $each"; done
        all=$left
        if [ "$group" = ended ]; then
            unset "group_$token" "folder_$token"
        else
            all="$all $token"
            eval "group_$token=\$group folder_$token=\$folder"
        fi
    done
    [ "$all" ] || exit 0
    marks=
    for token in $all; do
        eval "group=\$group_$token"
        [ "$group" = 0 ] || kill -s KILL -- "-$group"
        marks="$marks -e $1=$token"
    done
    for round in 1 2 3 4 5; do
        for file in $(grep -l $marks /proc/[0-9]*/environ); do
            file=${file#/proc/}
            kill -s KILL "${file%/environ}"
        done
        sleep 0.05
    done
    for token in $all; do
        eval "folder=\$folder_$token"
        [ ! "$folder" ] || rm -rf -- "$folder"
    done
} <&3 3<&- &
"""
"""Reads `TOKEN GROUP FOLDER` before (with group 0) and after a program starts, and `TOKEN ended`.

It becomes a daemon, so that the process has no child that it did not ask for. At the end of the pipe it kills process
groups, then (on Linux) marked processes: those that are found while others fork are found in the next round.
"""


class Watchdog:
    """The watchdog of this process. It starts with the first program and again after a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pipe: int | None = None

    def watch(self, token: str, folder: str, group: int = 0) -> None:
        """End the processes marked with `token`, and `group`, and remove `folder`, if this process dies."""
        with self._lock:
            if self._pipe is None:
                self._pipe = posix_process.start_daemon(_SCRIPT, MARK)
            self._write(f"{token} {group} {folder}\n")

    def ended(self, token: str) -> None:
        """Forget a program, which has been ended together with its descendants."""
        with self._lock:
            self._write(f"{token} ended\n")

    def leave(self) -> None:
        """Close the pipe in a forked process: it must not keep its parent's watchdog waiting."""
        self._lock = threading.Lock()
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None

    def _write(self, line: str) -> None:
        if self._pipe is None or line.count("\n") > 1:
            return
        try:
            os.write(self._pipe, os.fsencode(line))
        except BlockingIOError:  # it was stopped: do not wait for it
            return
        except OSError:  # it was ended: start another one next time
            os.close(self._pipe)
            self._pipe = None


WATCHDOG = Watchdog()
"""The only instance in this process."""


posix_process.after_fork(WATCHDOG.leave)
