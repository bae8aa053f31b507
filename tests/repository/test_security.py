"""Each promise of docs/security.md names the tests that hold it, and these exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.support.wheels import ROOT

PAGE = ROOT / "docs" / "security.md"
TEST = re.compile(r"`(tests/\S+\.py)?::(test_\w+)`")


class Promise(NamedTuple):
    """What a page promises, and the tests that it names: a file and a function each."""

    words: str
    tests: tuple[tuple[str, str], ...]


def promises(text: str) -> Iterator[Promise]:
    """Yield each item of the lists in the section of promises, with the tests that it names.

    A test without a file is in the file that was named before it in the same item.
    """
    section = text.partition("## What is promised\n")[2].partition("\n## ")[0]
    for item in re.findall(r"^- .*(?:\n  .*)*", section, re.MULTILINE):
        files, tests = "", []
        for found in TEST.finditer(item):
            files = found[1] or files
            tests.append((files, found[2]))
        yield Promise(" ".join(item.partition("<br>")[0].split()), tuple(tests))


@cache
def functions(path: Path) -> frozenset[str]:
    """Return the tests in a file, without running it; none if there is no file."""
    if not path.is_file():
        return frozenset()
    return frozenset(
        each.name
        for each in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))
    )


def faults(text: str) -> list[str]:
    """Return what is wrong with the promises of a page."""
    found = []
    for words, tests in promises(text):
        found += [] if tests else [f"no test: {words}"]
        found += [
            f"{file}::{name} does not exist: {words}" for file, name in tests if name not in functions(ROOT / file)
        ]
    return found


def test_each_promise_names_tests_that_exist() -> None:
    """No promise is without a test, and no test that is named is missing."""
    text = PAGE.read_text(encoding="utf-8")
    assert len([*promises(text)]) > 50
    assert faults(text) == []


def test_all_tests_on_the_page_are_of_promises() -> None:
    """The page names tests nowhere else, so that none is passed over."""
    text = PAGE.read_text(encoding="utf-8")
    assert len(TEST.findall(text)) == sum(len(each.tests) for each in promises(text))
    assert text.count("::test_") == len(TEST.findall(text))


def test_nothing_is_promised_twice() -> None:
    """Each promise stands on the page once."""
    words = [each.words for each in promises(PAGE.read_text(encoding="utf-8"))]
    assert len({*words}) == len(words)


def test_a_promise_without_a_test_is_found() -> None:
    """A promise that names no test, a missing test or a missing file is a fault; an item elsewhere is none."""
    own = "`tests/repository/test_security.py::test_nothing_is_promised_twice`"
    page = f"""
## What is trusted
- You.
## What is promised
- Kept, in words
  that go on.
  <br>{own}, `::test_all_tests_on_the_page_are_of_promises`
- Empty words.
- Renamed.
  <br>{own}, `::test_that_was_renamed`
### More
- Moved.
  <br>`tests/repository/test_gone.py::test_x`

## What is not defended
- The rest.
"""
    assert faults(page) == [
        "no test: - Empty words.",
        "tests/repository/test_security.py::test_that_was_renamed does not exist: - Renamed.",
        "tests/repository/test_gone.py::test_x does not exist: - Moved.",
    ]
