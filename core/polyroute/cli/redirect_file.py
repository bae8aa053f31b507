"""A private file that leads a browser to an address with a token in it.

All users of a machine can read the arguments of a program: an address in those of a browser would tell them the token.
"""

from __future__ import annotations

import contextlib
import glob
import html
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from polyroute._internal import file_access

_PREFIX, _SUFFIX = "open-", ".html"
_KEPT_SECONDS = 60.0
"""How long the file is kept: a browser may have to start first."""


@contextlib.contextmanager
def to(url: str, folder: str) -> Iterator[str]:
    """Yield the address of a new file in `folder` that only its owner can read and that leads to `url`.

    It is removed after a minute or at the end of the block. Files that killed processes left are removed first.
    """
    file_access.make_folders(folder)
    _sweep(folder)
    descriptor, path = tempfile.mkstemp(_SUFFIX, _PREFIX, folder)  # with mode 0600
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(_PAGE.format(url=html.escape(url, quote=True)))
    timer = threading.Timer(_KEPT_SECONDS, _remove, [path])
    timer.daemon = True
    timer.start()
    try:
        yield Path(path).as_uri()
    finally:
        timer.cancel()
        _remove(path)


_PAGE = """<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}">
<title>Polyroute</title>
<a href="{url}">Open Polyroute</a>
"""


def _sweep(folder: str) -> None:
    oldest = time.time() - _KEPT_SECONDS
    for path in glob.glob(os.path.join(glob.escape(folder), f"{_PREFIX}*{_SUFFIX}")):
        with contextlib.suppress(OSError):
            if os.stat(path).st_mtime < oldest:
                os.remove(path)


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.remove(path)
