"""Writing `.env` files: one variable changes, everything else stays, and every reader reads the same."""

from __future__ import annotations

import io
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import dotenv as python_dotenv
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from polyroute import Unavailable, UsageError
from polyroute._internal import user_documents
from polyroute._internal.dotenv import assign, parse, quoted, update
from tests.support.dotenv_lines import LINES, NAMES, TEXT

VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=24)
FILES = st.tuples(st.lists(LINES, max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans()).map(
    lambda parts: parts[1].join(line.replace("\n", parts[1]) for line in parts[0]) + (parts[1] if parts[2] else "")
)


def read(text: str) -> dict[str, str]:
    """Return what our reader finds in a file of this text."""
    return parse(io.StringIO(text.encode().decode(), newline=None).read())


def written(text: str, name: str, value: str | None) -> str:
    """Return the changed text; examples that are refused are discarded."""
    try:
        return assign(text, name, value)
    except (UsageError, Unavailable):
        assume(False)
        raise


@given(FILES, NAMES, VISIBLE | TEXT)
def test_a_set_variable_is_read_back_and_others_are_as_before(text: str, name: str, value: str) -> None:
    """Setting a variable changes no other variable, and the new value is read back."""
    assert read(written(text, name, value)) == {**read(text), name: value}


@given(FILES, NAMES)
def test_a_removed_variable_is_gone_and_others_are_as_before(text: str, name: str) -> None:
    """Removing a variable removes it, and changes no other variable."""
    assert read(written(text, name, None)) == {key: value for key, value in read(text).items() if key != name}


@given(FILES, NAMES, VISIBLE)
def test_setting_twice_changes_nothing_more(text: str, name: str, value: str) -> None:
    """Setting the same value again leaves the file unchanged."""
    once = written(text, name, value)
    assert assign(once, name, value) == once


@given(VISIBLE)
def test_a_usual_key_is_never_refused(value: str) -> None:
    """A key is refused only if it contains quotes, backslashes or `${`."""
    assume(not set("'\"\\`") & set(value) and "${" not in value)
    assert parse(f"K={quoted(value)}") == {"K": value}


@given(VISIBLE | TEXT)
def test_all_readers_read_the_same(value: str) -> None:
    """python-dotenv, with its default interpolation, reads exactly the value that was written."""
    try:
        text = f"K={quoted(value)}\n"
    except UsageError:
        assume(False)
        raise
    assert python_dotenv.dotenv_values(stream=io.StringIO(text)) == {"K": value}


HARD = [
    "sk-a#b",
    "a'b",
    'a"b',
    "a$b",
    "a$(id)b",
    "a`id`b",
    "a\\b",
    "~root",
    "a!b",
    "a&b;c|d",
    "*",
    "#a",
    "=",
    "a=b==",
    "(a)",
]


@pytest.mark.slow
@pytest.mark.parametrize("value", HARD)
def test_the_shell_reads_the_same(tmp_path: Path, value: str) -> None:
    """A shell that sources the file gets exactly the value, and runs no part of it."""
    (tmp_path / ".env").write_text(f"export K={quoted(value)}\n", encoding="utf-8")
    script = f'. {shlex.quote(str(tmp_path / ".env"))}; printf %s "$K"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == value


@pytest.mark.parametrize(
    "value", ["a\nB=c", "a\rB=c", "a\0b", "a\u2028b", "\ud800", "a'\"b", "'a\\'", "${HOME}", "a\\'"]
)
def test_what_readers_disagree_on_is_refused(value: str) -> None:
    """A value that would add a line, or that readers read differently, is not written."""
    with pytest.raises(UsageError) as caught:
        quoted(value)
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "KEY=new\n"),
        ("A=1", "A=1\nKEY=new\n"),
        ("A=1\r\n", "A=1\r\nKEY=new\r\n"),
        ("# why\n\nKEY=old\n# after\nB=2", "# why\n\nKEY=new\n# after\nB=2"),
        ("export KEY=old\n", "export KEY=new\n"),
        ("  export\tKEY = old\n", "  export\tKEY=new\n"),
        ("KEY='old' # mine\nA='x y' # his\n", "KEY=new # mine\nA='x y' # his\n"),
        ("KEY=old # mine\r\nA=1\n", "KEY=new # mine\r\nA=1\n"),
        ("KEY='several\nlines'\nA=1\n", "KEY=new\nA=1\n"),
        ("KEY=1\nA=1\nKEY=2\nB=1\n", "A=1\nKEY=new\nB=1\n"),
        ("#KEY=old\nMY_KEY=1\nKEY2=2\n", "#KEY=old\nMY_KEY=1\nKEY2=2\nKEY=new\n"),
        ("KEY\nKEY: x\n", "KEY\nKEY=new\n"),
        ("KEY=", "KEY=new"),
    ],
)
def test_only_the_assignment_changes(before: str, after: str) -> None:
    """Comments, order, other lines, line ends and `export` stay; of several assignments one is left."""
    assert assign(before, "KEY", "new") == after


def test_removing_takes_every_assignment_and_nothing_else() -> None:
    """Removing a variable removes all its assignments and no other line."""
    assert assign("# a\r\nKEY=1\r\nexport KEY='2\r\n3'\r\nB=2", "KEY", None) == "# a\r\nB=2"


def test_a_quote_left_open_elsewhere_is_not_closed_by_us() -> None:
    """If an unclosed quote elsewhere would swallow the new line, nothing is written."""
    with pytest.raises(Unavailable, match="a quote is not closed"):
        assign("A='open\nKEY=old\n", "KEY", "#new")


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """A new file, and one that was readable by everybody, have mode 0600 afterwards."""
    new, old = tmp_path / "deep" / ".env", tmp_path / ".env"
    old.write_text("A=1\n", encoding="utf-8")
    old.chmod(0o644)
    for path in (new, old):
        update(user_documents.FILES, str(path), "KEY", "v")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(new.parent.stat().st_mode) == 0o700


def test_a_link_stays_a_link_and_a_mark_stays(tmp_path: Path) -> None:
    """A symbolic link still leads to the file, and a byte order mark is kept."""
    real, link = tmp_path / "real", tmp_path / ".env"
    real.write_bytes(b"\xef\xbb\xbfKEY=1\r\n")
    link.symlink_to(real)
    update(user_documents.FILES, str(link), "KEY", "2")
    assert link.is_symlink()
    assert real.read_bytes() == b"\xef\xbb\xbfKEY=2\r\n"


@pytest.mark.parametrize("content", [b"\xff\xfeA\0=\0", b"A=\x80\n"])
def test_a_file_that_is_no_text_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    """A file that is not UTF-8 is left unchanged and never treated as empty."""
    path = tmp_path / ".env"
    path.write_bytes(content)
    for value in ("v", None):
        with pytest.raises(Unavailable, match="not UTF-8"):
            update(user_documents.FILES, str(path), "KEY", value)
    assert path.read_bytes() == content


def test_what_is_no_file_is_left_as_it_is(tmp_path: Path) -> None:
    """A folder, a circular link and a path through a file are reported and left unchanged."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for name in ("folder", "circle", "file/.env"):
        with pytest.raises(Unavailable, match="was not changed"):
            update(user_documents.FILES, str(tmp_path / name), "KEY", "v")
    assert sorted(os.listdir(tmp_path / "folder")) == []


@pytest.mark.slow
def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """Several processes that each set variables of their own leave all of them in the file."""
    path = tmp_path / ".env"
    program = "\n".join(
        [
            "import sys",
            "from polyroute._internal.dotenv import update",
            "from polyroute._internal.user_documents import FILES",
            "for n in range(20):",
            "    update(FILES, sys.argv[1], f'{sys.argv[2]}{n}', 'v')",
        ]
    )
    started = [subprocess.Popen([sys.executable, "-c", program, str(path), name]) for name in "ABCD"]
    assert [each.wait() for each in started] == [0] * 4
    assert parse(path.read_text(encoding="utf-8")) == {f"{name}{n}": "v" for name in "ABCD" for n in range(20)}


def test_a_link_to_a_file_of_another_kind(tmp_path: Path) -> None:
    """Through a link, a file with lines that are no assignments is left unchanged: it may be any other file."""
    (tmp_path / "passwd").write_text("root:x:0:0\n", encoding="utf-8")
    (tmp_path / ".env").symlink_to(tmp_path / "passwd")
    with pytest.raises(Unavailable, match="line 1 is not NAME=value"):
        update(user_documents.FILES, str(tmp_path / ".env"), "A", "b")
    assert (tmp_path / "passwd").read_text(encoding="utf-8") == "root:x:0:0\n"
