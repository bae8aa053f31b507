"""Changing one variable of a `.env` file, and nothing else in it."""

from __future__ import annotations

import codecs
import io
import re
import unicodedata

from polyroute.errors import Unavailable, UsageError
from polyroute.system import files
from polyroute.system.dotenv import ASSIGNMENT, parse

_BARE = r"[A-Za-z0-9_./:+=@%,-]+"
_UNWRITABLE = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories that end a line somewhere, or can't be encoded."""


def update(path: str, name: str, value: str | None) -> bool:
    """Give `name` this value in the file, or take it out for None; return whether it was there before.

    All other lines, their order and their ends stay to the byte; the file is its owner's alone afterwards. Raises
    UsageError for a value that can't be written, Unavailable for a file that can't be read or written: it is
    never taken for empty.
    """
    with files.told(path), files.locked(path):
        mark, before = _read(path)
        was_there = name in parse(_plain(before))
        if was_there or value is not None:
            files.replace(path, mark + assign(before, name, value).encode(), mode=0o600)
    return was_there


def assign(text: str, name: str, value: str | None) -> str:
    """The text of a `.env` in which `name` has this value, in the place of its last assignment; for None, none.

    Earlier assignments, which had no effect, go: what was in them may be an old key.
    """
    lines = list(io.StringIO(text, newline=""))
    plain = _plain(text)
    found = [match for match in ASSIGNMENT.finditer(plain) if match["name"] == name]
    for match in reversed(found):
        first, last = plain.count("\n", 0, match.start()), plain.count("\n", 0, match.end())
        is_kept = value is not None and match is found[-1]
        lines[first : last + 1] = [_rewritten(match, value or "") + _end(lines[last])] if is_kept else []
    if value is not None and not found:
        lines = [*_ended(lines, text), f"{name}={quoted(value)}{_line_end(text)}"]
    return _proven("".join(lines), plain, name, value)


def quoted(value: str) -> str:
    """The value as every reader of `.env` files, and the shell, reads it to the letter.

    Raises UsageError where there is no such form. Readers disagree on backslashes, on what double quotes expand, and
    some fill in `${NAME}` even between single quotes.
    """
    if any(unicodedata.category(character) in _UNWRITABLE for character in value):
        raise UsageError("It holds a line break or a control character, which can't be written into a .env file.")
    if re.fullmatch(_BARE, value):
        return value
    if "'" not in value and "${" not in value and not re.search(r"\\(?:\\|$)", value):
        return f"'{value}'"
    if not re.search(r'["\\$`]', value):
        return f'"{value}"'
    raise UsageError("It holds quotes or backslashes that readers of .env files disagree on; it was not written.")


def _rewritten(match: re.Match[str], value: str) -> str:
    after = re.search(r"\s#.*", match["plain"] or "")
    comment = match["comment"] or (after[0].strip() if after else "")
    return f"{match['start']}{match['name']}={quoted(value)}" + (f" {comment}" if comment else "")


def _proven(changed: str, plain: str, name: str, value: str | None) -> str:
    """What was written, if it is read as meant: a quote left open elsewhere may swallow it."""
    wanted = {key: text for key, text in parse(plain).items() if key != name}
    if value is not None:
        wanted[name] = value
    if parse(_plain(changed)) != wanted:
        raise Unavailable(f"{name} can't be changed without changing others: a quote is not closed. Correct it first.")
    return changed


def _read(path: str) -> tuple[bytes, str]:
    """The byte order mark, if any, and the text with its line ends."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return b"", ""
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    try:
        return mark, data[len(mark) :].decode()
    except UnicodeDecodeError:
        raise Unavailable(f"{path} was left as it is: it is not UTF-8 text. Mend that first.") from None


def _plain(text: str) -> str:
    """The text with the line ends that a reader sees."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _ended(lines: list[str], text: str) -> list[str]:
    """The lines, the last of which has an end too."""
    return [*lines[:-1], lines[-1] + _line_end(text)] if lines and not _end(lines[-1]) else lines


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
