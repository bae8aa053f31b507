"""Reading `.env` files as dotenv for Node does, which is what Dexto reads them with."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute._internal.dotenv import lines_passed_over, parse

CASES = Path(__file__).parent.parent / "data" / "dotenv-node.jsonl"
"""Texts, and what `require("dotenv").parse` of dotenv 16.6.1 returns for each."""


def test_reads_as_dotenv_for_node_does() -> None:
    """Names, separators, quotes, escapes, comments and line ends are read as dotenv for Node reads them."""
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    assert len(cases) == 700
    assert [case["text"] for case in cases if parse(case["text"]) != case["values"]] == []


@given(st.text())
def test_reads_any_text_at_all(text: str) -> None:
    """The reader never fails on any text, and returns only names with values."""
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", name) for name in parse(text))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KEY=sk-abc#def", "sk-abc"),
        ("KEY=sk-abc #def", "sk-abc"),
        ("KEY='sk-abc #def' # comment", "sk-abc #def"),
        ('KEY=`it\'s "sk-abc"`', 'it\'s "sk-abc"'),
        ("KEY: sk-abc", "sk-abc"),
        ('KEY="sk-abc\\nsecond"', "sk-abc\nsecond"),
        ('KEY="sk-abc\nsecond"', "sk-abc\nsecond"),
        ("KEY='\\n'", "\\n"),
        ('KEY="C:\\dir"', "C:\\dir"),
        ('KEY="say \\"it\\""', 'say \\"it\\"'),
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


@pytest.mark.parametrize("line", ["# KEY=value", "KEY", "=value", "KEY:value", "the KEY=value", "  ", "export"])
def test_a_line_that_assigns_nothing(line: str) -> None:
    """A line that is not an assignment is skipped, and the lines around it are read."""
    assert parse(f"BEFORE=1\n{line}\nAFTER=2\n") == {"BEFORE": "1", "AFTER": "2"}


def test_lines_that_were_passed_over_are_told() -> None:
    """Lines that are not assignments are reported by number; blank lines, comments and multi-line values are not."""
    assert lines_passed_over("# why\n\nA=1\nB 2\nC='x\ny'\n[d]\n") == [4, 7]


def test_a_quote_that_is_never_closed() -> None:
    """A quote that is never closed affects no other line."""
    assert {"BEFORE": "1", "AFTER": "2"}.items() <= parse("BEFORE=1\nKEY='value\nAFTER=2\n").items()


def test_the_last_assignment_wins() -> None:
    """Of several assignments to one name the last counts, blank or not."""
    assert parse("KEY=first\nOTHER=1\nKEY=last\nGONE=1\nGONE=\n") == {"KEY": "last", "OTHER": "1", "GONE": ""}
