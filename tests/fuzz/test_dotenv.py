"""`.env` files of any text: reading never fails, and writing changes one variable and nothing else."""

from __future__ import annotations

import io

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from polyroute import Unavailable, UsageError
from polyroute._internal.dotenv import assign, lines_passed_over, parse
from tests.support import fuzzing
from tests.support.dotenv_lines import LINES, NAMES

TEXTS = st.lists(
    LINES | st.text(max_size=12) | st.sampled_from(["A='", 'A="', "\ufeff", "=", "A", "A=\\", "\0"]), max_size=8
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
FILES = st.builds(lambda lines, end, last: end.join(lines) + last, TEXTS, ENDS, st.sampled_from(["", "\n", "\r\n"]))
KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20) | st.text(max_size=20)


def read(text: str) -> dict[str, str]:
    """Return the variables of a file as it is read: with its line ends normalized."""
    return parse(text.replace("\r\n", "\n").replace("\r", "\n"))


def check(text: str, name: str, key: str) -> None:
    """Set a variable in a file and remove it again; check what is read before and afterwards."""
    before = read(text)
    assert all(1 <= number <= text.count("\n") + 1 for number in lines_passed_over(text))
    try:
        after = assign(text, name, key)
    except (UsageError, Unavailable):
        return  # the value can't be written, or a quote is not closed: the file stays as it is
    assert read(after) == before | {name: key}
    assert assign(after, name, key) == after
    assert read(assign(after, name, None)) == {other: value for other, value in before.items() if other != name}
    alone = assign("", name, key)
    assert dotenv_values(stream=io.StringIO(alone), interpolate=True) == {name: key}


@given(text=FILES, name=NAMES, key=KEYS)
@fuzzing.short(300)
def test_dotenv_files(text: str, name: str, key: str) -> None:
    """A key that is written is read back, by another reader too; all other variables stay, and twice is once."""
    check(text, name, key)


@pytest.mark.soak
@given(text=FILES, name=NAMES, key=KEYS)
@fuzzing.long()
def test_many_dotenv_files(text: str, name: str, key: str) -> None:
    """The same for many more files."""
    check(text, name, key)
