"""Reading `.env` files as python-dotenv does, for what people and programs write into them."""

from __future__ import annotations

import io
import re

import dotenv as python_dotenv
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from polyroute._internal.dotenv import lines_passed_over, parse
from tests.support.dotenv_lines import (
    LINES,
    NAMES,
    SINGLE,
    TEXT,
)


def theirs(text: str) -> dict[str, str]:
    """Return what python-dotenv reads."""
    values = python_dotenv.dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


@given(st.lists(LINES, max_size=6).map("\n".join))
def test_reads_as_python_dotenv_does(text: str) -> None:
    """Names, `export`, quotes, escapes and comments are read as python-dotenv reads them."""
    assert parse(text) == theirs(text)


@given(NAMES, TEXT | SINGLE, st.sampled_from(["always", "auto", "never"]))
def test_reads_what_python_dotenv_writes(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: str, quote_mode: str
) -> None:
    """A text that python-dotenv writes, and reads back itself, is read back here too."""
    path = tmp_path_factory.mktemp("dotenv") / ".env"
    python_dotenv.set_key(path, name, value, quote_mode=quote_mode)
    text = path.read_text(encoding="utf-8")
    assume(theirs(text) == {name: value})
    assert parse(text) == {name: value}


@given(st.text())
def test_reads_any_text_at_all(text: str) -> None:
    """The reader never fails on any text, and returns only names with values."""
    assert all(re.fullmatch(r"[A-Za-z_][\w.]*", name) for name in parse(text))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KEY=sk-abc#def", "sk-abc#def"),
        ("KEY=sk-abc #def", "sk-abc"),
        ("KEY='sk-abc #def' # comment", "sk-abc #def"),
        ('KEY="sk-abc\\nsecond"', "sk-abc\nsecond"),
        ('KEY="sk-abc\nsecond"', "sk-abc\nsecond"),
        ("KEY='sk-abc\nsecond'", "sk-abc\nsecond"),
        ("KEY='\\n'", "\\n"),
        ('KEY="C:\\dir"', "C:\\dir"),
        ('KEY="say \\"it\\""', 'say "it"'),
        ("KEY=$OTHER ${OTHER}", "$OTHER ${OTHER}"),
        ("KEY=a=b==", "a=b=="),
        ("  export  KEY  =  a b  ", "a b"),
        ("KEY=", ""),
        ("KEY=''", ""),
    ],
)
def test_a_value(line: str, value: str) -> None:
    """A value is taken literally, except for quotes, escapes and comments; nothing is expanded."""
    assert parse(line) == {"KEY": value}


@pytest.mark.parametrize("line", ["# KEY=value", "KEY", "=value", "KEY: value", "the KEY=value", "  ", "export"])
def test_a_line_that_assigns_nothing(line: str) -> None:
    """A line that is not an assignment is skipped, and the lines around it are read."""
    assert parse(f"BEFORE=1\n{line}\nAFTER=2\n") == {"BEFORE": "1", "AFTER": "2"}


def test_lines_that_were_passed_over_are_told() -> None:
    """Lines that are not assignments are reported by number; blank lines, comments and multi-line values are not."""
    assert lines_passed_over("# why\n\nA=1\nB: 2\nC='x\ny'\nD='open\n") == [4, 7]


def test_a_quote_that_is_never_closed() -> None:
    """A quote that is never closed affects no other line."""
    assert {"BEFORE": "1", "AFTER": "2"}.items() <= parse("BEFORE=1\nKEY='value\nAFTER=2\n").items()


def test_the_last_assignment_wins() -> None:
    """Of several assignments to one name the last counts, blank or not."""
    assert parse("KEY=first\nOTHER=1\nKEY=last\nGONE=1\nGONE=\n") == {"KEY": "last", "OTHER": "1", "GONE": ""}
