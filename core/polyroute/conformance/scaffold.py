"""Write a new plugin from a template. It passes the conformance kit without changes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal, get_args

from polyroute._internal import file_access, platform
from polyroute.errors import Unavailable, UsageError

Kind = Literal["manifest", "gateway", "python", "sh", "node"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_TEMPLATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")
_SUFFIX = ".txt"
"""The suffix of template files, so that tools don't take them for code of this package."""
_NAME = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
_NO_WORDS: Mapping[str, str] = MappingProxyType({})
_PROGRAMS = ("plugin.sh", "plugin.mjs")


def write(name: str, kind: str, into: str, words: Mapping[str, str] = _NO_WORDS) -> str:
    """Write a plugin with this name into a new folder in `into`, and return the folder.

    `words` are further words of the template and what they become.

    Raises UsageError for an invalid name or an existing folder, Unavailable if the folder can't be written.
    """
    if not re.fullmatch(_NAME, name):
        raise UsageError(f"{name!r} is not a valid name for a plugin.", "Use lower-case letters, digits and -.")
    folder = os.path.join(into, f"{name}-polyroute" if kind == "python" else name)
    if os.path.lexists(folder):
        raise UsageError(f"{folder} already exists.", "Choose another name, or remove it.")
    try:
        for path, text in _files(name, kind, words):
            _write(os.path.join(folder, path), text)
    except OSError as error:
        raise Unavailable(f"{folder} can't be written: {error.strerror}.") from error
    return folder


def _files(name: str, kind: str, more: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each file of a template, filled in."""
    module = f"{name.replace('-', '_')}_polyroute"
    title = name.replace("-", " ").title()
    words = {"acme_polyroute": module, "acme": name, "ACME": name.upper().replace("-", "_"), "Acme": title, **more}
    base = os.path.join(_TEMPLATES, kind)
    for path, _, names in os.walk(base):
        for each in sorted(names):
            with open(os.path.join(path, each), encoding="utf-8") as file:
                text = file.read()
            inner = os.path.relpath(os.path.join(path, each), base).removesuffix(_SUFFIX)
            yield _filled(inner, words), _filled(text, words)


def _filled(text: str, words: dict[str, str]) -> str:
    return re.sub("|".join(words), lambda found: words[found[0]], text)


def _write(path: str, text: str) -> None:
    file_access.make_folders(os.path.dirname(path), 0o755)
    with open(path, "x", encoding="utf-8") as file:
        file.write(text)
    platform.set_mode(path, 0o755 if os.path.basename(path) in _PROGRAMS else 0o644)
