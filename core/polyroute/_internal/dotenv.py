"""Read `.env` files as dotenv for Node does, which reads the file that is shared with other tools; and change them.

The patterns are those of dotenv 16 (https://github.com/motdotla/dotenv, lib/main.js), with what JavaScript means by
white space and by a line. A test compares the results with those of dotenv itself. python-dotenv is not used: it reads
some lines otherwise, and importing it takes a third of the time of `polyroute status`.
"""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from typing import TYPE_CHECKING

from polyroute._internal import files
from polyroute._internal.user_documents import Documents
from polyroute.errors import NotUnderstood, UsageError

if TYPE_CHECKING:
    from polyroute._internal.line_repair import LineFormat

_SPACE = "[\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
_BLANK = "[\t\v\f \xa0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]"
_LINE_START, _LINE_END = "(?:\\A|(?<=[\n\r\u2028\u2029]))", "(?=[\n\r\u2028\u2029]|\\Z)"
_VALUE = "|".join([*(rf"{_SPACE}*{mark}(?:\\{mark}|[^{mark}])*{mark}" for mark in "'\"`"), r"[^#\r\n]+"])
ASSIGNMENT = re.compile(
    rf"{_LINE_START}(?P<start>{_BLANK}*+(?:export{_BLANK}++)?)(?P<name>[A-Za-z0-9_.-]++)"
    rf"(?:{_SPACE}*={_SPACE}*?|:{_SPACE}+?)(?P<value>{_VALUE})?{_SPACE}*(?:#[^\n\r\u2028\u2029]*)?{_LINE_END}"
)
"""Matches one assignment, perhaps with blank lines and a comment after it."""
_QUOTED = rf"{_LINE_START}(['\"`])([\s\S]*)\1{_LINE_END}"


def parse(text: str) -> dict[str, str]:
    """Return the variables that `text` sets; the last of several assignments to one name wins.

    Lines that are not assignments are skipped.
    """
    return {match["name"]: _value(match) for match in ASSIGNMENT.finditer(_plain(text))}


def lines_passed_over(text: str) -> list[int]:
    """Return the numbers of lines that are not assignments, comments or blank."""
    rest = ASSIGNMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
    lines = enumerate(rest.split("\n"), 1)
    return [number for number, line in lines if line.strip() and not line.lstrip().startswith("#")]


def line_format() -> LineFormat:
    """Return the format of these files, to repair one line by line."""
    from polyroute._internal.line_repair import LineFormat, is_utf8

    return LineFormat(lambda text: is_utf8(text) and not lines_passed_over(_plain(text)))


def _value(match: re.Match[str]) -> str:
    value = re.sub(rf"\A{_SPACE}+|{_SPACE}+\Z", "", match["value"] or "")
    found = re.sub(_QUOTED, r"\2", value)
    return found.replace("\\n", "\n").replace("\\r", "\r") if value.startswith('"') else found


_BARE = r"[A-Za-z0-9_./:+=@%,-]+"
_UNWRITABLE = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories of characters that some readers treat as line ends, or that can't be encoded."""


def update(documents: Documents, path: str, name: str, value: str | None) -> bool:
    """Set `name` to `value` in a user's document, or remove it for None; return whether it was set before.

    All other lines are preserved byte for byte, and the file has mode 0600 afterwards. Raises UsageError if the value
    can't be written, and Unavailable if the file can't be read or written: an unreadable file is never overwritten.
    """
    with files.readable_errors(path), documents.locked(path, links=True):
        mark, before = _read(documents.read(path) or b"", path)
        if files.is_link(path) and (odd := lines_passed_over(_plain(before))):
            fault = f"{path} was not changed: it is a link to a file whose line {odd[0]} is not NAME=value."
            raise NotUnderstood(fault, "Fix that line or the link.")
        was_there = name in parse(_plain(before))
        if was_there or value is not None:
            documents.replace(path, mark + assign(before, name, value).encode(), mode=0o600)
    return was_there


def assign(text: str, name: str, value: str | None) -> str:
    """Return `text` with `name` set to `value` in place of its last assignment, or removed for None.

    Earlier assignments, which had no effect, are removed: they may contain an old key.
    """
    lines = list(io.StringIO(text, newline=""))
    plain = _plain(text)
    found = [match for match in ASSIGNMENT.finditer(plain) if match["name"] == name]
    for match in reversed(found):
        first, last = plain.count("\n", 0, match.start()), plain.count("\n", 0, _end_of_value(match))
        is_kept = value is not None and match is found[-1]
        lines[first : last + 1] = [_rewritten(match, value or "") + _end(lines[last])] if is_kept else []
    if value is not None and not found:
        lines = [*_ended(lines, text), f"{name}={quoted(value)}{_line_end(text)}"]
    return _proven("".join(lines), plain, name, value)


def quoted(value: str) -> str:
    """Return the value quoted so that the shell and every reader of `.env` files read it exactly.

    Raises UsageError if that is not possible: readers disagree on backslashes and on what double quotes expand, and
    some expand `${NAME}` even inside single quotes.
    """
    if any(unicodedata.category(character) in _UNWRITABLE for character in value):
        raise UsageError("The value contains a line break or a control character, which a .env file can't hold.")
    if re.fullmatch(_BARE, value):
        return value
    if "'" not in value and "${" not in value and not re.search(r"\\(?:\\|$)", value):
        return f"'{value}'"
    if not re.search(r'["\\$`]', value):
        return f'"{value}"'
    raise UsageError("The value contains quotes or backslashes that readers of .env files disagree on; not written.")


def _rewritten(match: re.Match[str], value: str) -> str:
    after = match.string[_end_of_value(match) :].partition("\n")[0].strip()
    after = after if match["value"] else after.lstrip("=: \t")
    return f"{match['start']}{match['name']}={quoted(value)}" + (f" {after}" if after.startswith("#") else "")


def _end_of_value(match: re.Match[str]) -> int:
    """Return where the value ends: what follows on its last line can only be a comment."""
    return match.end("value") if match["value"] else match.end("name")


def _proven(changed: str, plain: str, name: str, value: str | None) -> str:
    """Return `changed` if it reads back as intended. Raises Unavailable if an unclosed quote hides the assignment."""
    wanted = {key: text for key, text in parse(plain).items() if key != name}
    if value is not None:
        wanted[name] = value
    if parse(_plain(changed)) != wanted:
        raise NotUnderstood(f"{name} can't be changed without changing others: a quote is not closed.", "Fix it first.")
    return changed


def _read(data: bytes, path: str) -> tuple[bytes, str]:
    """Return the byte order mark, if any, and the text with its line ends."""
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    try:
        return mark, data[len(mark) :].decode()
    except UnicodeDecodeError:
        raise NotUnderstood(f"{path} was not changed: it is not UTF-8 text.", "Fix it first.") from None


def _plain(text: str) -> str:
    """Return the text with its line ends normalized."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _ended(lines: list[str], text: str) -> list[str]:
    """Return the lines, with a line end added to the last one if it has none."""
    return [*lines[:-1], lines[-1] + _line_end(text)] if lines and not _end(lines[-1]) else lines


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
