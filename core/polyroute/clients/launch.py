"""Start a private server, and the client that uses it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from polyroute._internal import platform
from polyroute._internal.paths import absolute_only
from polyroute.errors import Unavailable

_LOG = "server.log"


class PrivateServer:
    """A server for one client, which ends with this process, and then removes `folder`.

    It is in a session of its own, so that Ctrl+C reaches only the client.
    """

    def __init__(self, options: Sequence[str], token: str, folder: str, own: Mapping[str, str]) -> None:
        """Start it, without waiting until it is ready."""
        watch = ["--exit-with-parent"] if platform.WATCHES_PARENT else []
        command = [sys.executable, "-P", "-m", "polyroute", "serve", "--pass-through", "--port", "0", "--ready-json"]
        self._log = os.path.join(folder, _LOG)
        with open(self._log, "w", encoding="utf-8") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [*command, *watch, "--scratch", folder, "--translator-by-stdin", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**own, "POLYROUTE_TOKEN": token, "POLYROUTE_STORE": ""},
                start_new_session=True,
            )

    def url(self, *, translates: bool) -> str:
        """Return its URL when it is ready. Raises Unavailable with its message.

        `translates` tells it that requests will have to be translated, so that it prepares for that.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None  # noqa: S101 - they are pipes
        with contextlib.suppress(BrokenPipeError), stdin:  # it has ended, and has said why
            stdin.write(b"translate\n" if translates else b"")
        line = stdout.readline()
        if not line:
            self._process.wait()
            with open(self._log, encoding="utf-8", errors="replace") as errors:
                raise Unavailable(errors.read().strip().removeprefix("polyroute: ") or "The server did not start.")
        url: str = json.loads(line)["url"]
        return url

    def end(self) -> None:
        """End it."""
        with self._process:
            self._process.terminate()


def find(program: str, search_path: str) -> str | None:
    """Return the path of a program on a search path; None if it is not there. The working directory is left out."""
    here = os.path.realpath(os.curdir)
    folders = [each for each in absolute_only(search_path).split(os.pathsep) if os.path.realpath(each) != here]
    found = shutil.which(program, path=os.pathsep.join(folders)) if folders else None
    return found if found and os.path.isabs(found) else None  # Windows looks into the working directory anyway


def become(program: str, arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run the client in place of this process, so that terminal, signals and exit status are its own.

    On systems that can't do that it is a child: its exit status is returned. Raises Unavailable.
    """
    command = [program, *arguments]
    try:
        platform.replace_process(command, variables)
        return subprocess.call(command, env=dict(variables))  # noqa: S603 - the user named it
    except OSError as error:
        raise Unavailable(f"{program} can't be started: {error.strerror or error}.") from None
