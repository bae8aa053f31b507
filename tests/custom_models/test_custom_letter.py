"""Whatever another program's JSON.stringify could have written survives a change of something else to the letter."""

from __future__ import annotations

import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from polyroute import ModelRef, Plugins
from polyroute._internal import lossless_json
from polyroute.base_url import is_base_url
from polyroute.custom_models.entry_check import field_fault, valid_entries
from polyroute.custom_models.store import CustomStore
from polyroute.server.schemas import CustomModelBody
from tests.support.processes import together

TARGET = '{\n      "name": "target",\n      "provider": "openrouter"\n    }'
REF = ModelRef("openrouter", "target")


def _number(value: float) -> str:
    """Format a number as JavaScript does: whole up to 21 digits, without a zero before or after the exponent."""
    if math.isfinite(value) and value == int(value) and abs(value) < 1e21:
        return str(int(value))
    mantissa, exponent, power = repr(value).partition("e")
    return f"{mantissa}e{int(power):+d}" if exponent else mantissa


def _text(value: str) -> str:
    """Format a text as JavaScript does: lone surrogates escaped, all other non-ASCII characters unchanged."""
    escaped = json.dumps(value, ensure_ascii=False)
    return "".join(f"\\u{ord(each):04x}" if "\ud800" <= each <= "\udfff" else each for each in escaped)


def stringify(value: Any, depth: int) -> str:
    """Return what `JSON.stringify(value, null, 2)` gives for a value at nesting level `depth`."""
    margin, inner = "\n" + "  " * depth, "\n" + "  " * (depth + 1)
    if isinstance(value, dict) and value:
        lines = [f"{_text(name)}: {stringify(each, depth + 1)}" for name, each in value.items()]
        return f"{{{inner}{f',{inner}'.join(lines)}{margin}}}"
    if isinstance(value, list) and value:
        return f"[{inner}{f',{inner}'.join(stringify(each, depth + 1) for each in value)}{margin}]"
    if isinstance(value, str):
        return _text(value)
    return _number(value) if isinstance(value, float) else json.dumps(value)


texts = st.text(st.characters() | st.sampled_from(["\ud83d", "\udc00", '"', "\\", "\n", "\u2028"]), max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70).map(float)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
names = st.fixed_dictionaries(
    {"name": texts.filter(lambda name: name != "target"), "provider": texts | st.just("openrouter")},
    optional={"reasoning": values, "maxInputTokens": values, "apiKey": texts},
)
members = st.dictionaries(texts.filter(lambda name: name not in ("version", "models")), values, max_size=2)
entries = st.lists(names | values.filter(lambda value: value != json.loads(TARGET)), max_size=5)


@given(
    entries,
    st.integers(0, 5),
    st.dictionaries(texts.filter(lambda t: t not in ("version", "models")), values, max_size=2),
)
@example([{"name": "a", "x": 1e21, "y": 5e-324, "z": -0.0, "w": 2.0**53}, "\ud800", {"\udfff": ["\ud83d"]}], 1, {})
def test_what_newer_versions_wrote_survives(plugins: Plugins, others: list[Any], at: int, more: dict[str, Any]) -> None:
    """An edit, a rename, an addition and a removal leave all other entries and members exactly as they were written."""
    written = [stringify(each, 2) for each in others]
    inside = [*written[:at], TARGET, *written[at:]]
    models = "[\n    " + ",\n    ".join(inside) + "\n  ]"
    lines = ['"version": 1', f'"models": {models}', *(f"{_text(k)}: {stringify(v, 1)}" for k, v in more.items())]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "custom-models.json")
        path.write_text("{\n  " + ",\n  ".join(lines) + "\n}", encoding="utf-8")
        store = CustomStore(str(path), plugins)
        store.edit(REF, {"displayName": "edited"})
        store.rename(REF, "renamed-target-7f3a")
        store.add({"provider": "openrouter", "name": "added-7f3a"})
        store.remove(ModelRef("openrouter", "renamed-target-7f3a"))
        store.remove(ModelRef("openrouter", "added-7f3a"))
        after = lossless_json.members(path.read_bytes())
        assert lossless_json.elements(after["models"]) == [each.encode() for each in written]
        expected = {name: stringify(value, 1).encode() for name, value in more.items()}
        assert {name: raw for name, raw in after.items() if name in more} == expected


@given(values)
def test_reading_without_msgspec_is_the_same(value: Any) -> None:
    """With and without the faster reader, a document has the same members and elements, or is refused."""
    array, thing = stringify([value, 1], 0).encode(), stringify({"a": value, "b\ud800": value}, 0).encode()
    quick = lossless_json.elements(array), lossless_json.members(thing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "msgspec", None)
        assert (lossless_json.elements(array), lossless_json.members(thing)) == quick
        assert lossless_json.value(array) == json.loads(array)


@given(st.text(st.sampled_from('[]{},:"\\ud8 \n01-.eEtrufalsn'), max_size=14))
def test_no_reader_takes_what_is_no_json(text: str) -> None:
    """A text that the standard library refuses is refused with and without the faster reader."""
    try:
        json.loads(text, parse_constant=int)
    except ValueError:
        for hidden in (False, True):
            with pytest.MonkeyPatch.context() as patch:
                if hidden:
                    patch.setitem(sys.modules, "msgspec", None)
                for read in (lossless_json.value, lossless_json.members, lossless_json.elements):
                    with pytest.raises(ValueError):
                        read(text.encode())


TEXTS = st.sampled_from(
    ["", "x", "https://a.example/v1", "http://a", "https://ä.example", "https://a/\n", "https://u@a", "$"]
)
VALUES = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.sampled_from([2**53 + 1, -(2**70), 2**70, 1.0]))
FIELDS = ("name", "provider", "baseURL", "displayName", "maxInputTokens", "maxOutputTokens", "apiKey", "filePath", "z")


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), VALUES) | VALUES, max_size=6))
def test_entries_are_checked_together_as_one_by_one(values: list[Any]) -> None:
    """Checked together, entries have the same verdicts and messages as checked one by one."""
    alone = {index: valid_entries([value])[1].get(0, "") for index, value in enumerate(values)}
    entries, faults = valid_entries(values)
    assert faults == {index: fault for index, fault in alone.items() if fault}
    assert [index for index, _ in entries] == [index for index, fault in alone.items() if not fault]


ADDRESSES = ["https://a.example/v1", "http://[::1]:8080", "https://a/", "https://a.example:65535/v1/%20", "https://a?b"]


@given(
    st.fixed_dictionaries(
        {"name": TEXTS | st.text(max_size=3)},
        optional={
            "provider": TEXTS,
            "baseURL": TEXTS | st.sampled_from(ADDRESSES),
            "displayName": VALUES,
            "maxInputTokens": VALUES,
            "filePath": TEXTS,
            "apiKey": TEXTS,
        },
    )
)
def test_what_a_request_may_hold_can_be_stored(sent: dict[str, Any]) -> None:
    """Every body that the HTTP API accepts can be stored as an entry of the file, if its base URL is one."""
    try:
        body = CustomModelBody.model_validate(sent)
    except ValidationError:
        return
    entry = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value}
    if not is_base_url(entry.get("baseURL", "https://a")):
        assert field_fault("baseURL", entry.pop("baseURL"))
    entries, faults = valid_entries([entry])
    assert (list(entries), faults) == ([(0, entry)], {})


THREADS = """
import sys, threading
from polyroute._internal import lossless_json

def read(names, together):
    together.wait()
    lossless_json.fields(b'[{"f0": 1}]', *names)

sys.setswitchinterval(1e-6)
for turn in range(100):
    names, together = [f"f{turn}{field}" for field in range(9)], threading.Barrier(4)
    threads = [threading.Thread(target=read, args=(names, together)) for _ in range(4)]
    for each in threads: each.start()
    for each in threads: each.join()
"""


@pytest.mark.slow
def test_threads_may_be_the_first_at_once() -> None:
    """The first read creates the shared decoder, in one thread or in several at the same time."""
    together(THREADS, [[]])
