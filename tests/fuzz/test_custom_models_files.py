"""Files of custom models of any bytes: readable or not, with nothing lost of what another program wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute._internal import lossless_json
from polyroute.custom_models import file
from polyroute.custom_models.file import NotReadable
from tests.support import fuzzing

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
ENTRIES = st.dictionaries(st.text(max_size=6), VALUES, max_size=3).flatmap(
    lambda more: st.text(min_size=1, max_size=8).map(lambda name: {**more, "name": name})
)
DOCUMENTS = st.fixed_dictionaries(
    {"version": st.just(1) | VALUES, "models": st.lists(ENTRIES | VALUES, max_size=4) | VALUES},
    optional={"own": VALUES},
)
TEXTS = st.builds(
    lambda value, indent, ascii_only: json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode(
        errors="replace"
    ),
    DOCUMENTS | VALUES,
    st.sampled_from([None, 2, "\t"]),
    st.booleans(),
)
DAMAGED = st.builds(
    lambda text, cut, odd, left: text[:cut] + odd + text[cut + left :],
    TEXTS,
    st.integers(0, 120),
    st.binary(max_size=4) | st.sampled_from([b"\xef\xbb\xbf", b"1e999", b'"\\ud800"', b"{", b'"version": 1,', b"//"]),
    st.integers(0, 9),
)
FILES = TEXTS | DAMAGED | st.binary(max_size=40) | st.sampled_from([b"\xef\xbb\xbf" + b"{}", b"[" * 99_999, b"{"])


def check(data: bytes) -> None:
    """Read a file in all the ways in which it is read, and write it again."""
    salvaged = list(file.salvage(data))
    assert all(isinstance(json.loads(each)["name"], str) for each in salvaged)
    content, entries = parsed(data), values(data)
    if content is None or entries is None:
        return
    texts = content.entries()
    assert [lossless_json.value(each) for each in texts] == entries
    written = content.text(content.array(texts))
    again = file.parse(written)
    assert (again.entries(), again.members.keys()) == (texts, content.members.keys())
    assert again.text(again.array(texts)) == written
    assert file.parse(content.text(content.array_with([b'{"name": "new"}']))).entries() == [*texts, b'{"name": "new"}']


def parsed(data: bytes) -> file.FileContent | None:
    """Return the members of the file, or None if it is refused."""
    try:
        return file.parse(data)
    except NotReadable as error:
        assert str(error)
        return None


def values(data: bytes) -> list[Any] | None:
    """Return the entries of the file as values, or None if it is refused."""
    try:
        return file.values(data)
    except NotReadable:
        return None


@given(data=FILES)
@fuzzing.short(300)
def test_files_of_custom_models(data: bytes) -> None:
    """Two parsers agree on entries, and entries keep their text when the file is written or damaged."""
    check(data)


@pytest.mark.soak
@given(data=FILES)
@fuzzing.long()
def test_many_files_of_custom_models(data: bytes) -> None:
    """The same for many more files."""
    check(data)
