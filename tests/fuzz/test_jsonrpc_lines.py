"""Lines of programs of any bytes: only a right answer counts, and nothing but the declared error is raised."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute.plugins.executables.jsonrpc import (
    MAX_NOISE,
    RpcError,
    RpcRequest,
    RpcResponse,
    RpcResponses,
    encoded,
    parsed,
)
from tests.support import fuzzing

METHODS = ("describe", "detect", "models")
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | VALUES,
        "id": st.integers(0, 4) | VALUES,
        "result": VALUES,
        "error": st.fixed_dictionaries({}, optional={"code": st.integers(-3, 3) | VALUES, "message": VALUES}) | VALUES,
    },
)
RIGHT = st.builds(lambda number, value: {"jsonrpc": "2.0", "id": number, "result": value}, st.integers(1, 3), VALUES)
WHOLE = st.one_of(RIGHT, ANSWERS, VALUES).map(lambda value: json.dumps(value).encode())
DAMAGED = st.builds(
    lambda line, cut, odd: line[:cut] + odd + line[cut:], WHOLE, st.integers(0, 60), st.binary(max_size=4)
)
LINES = st.lists(
    WHOLE | DAMAGED | st.binary(max_size=20) | st.sampled_from([b'{"a": "\\ud800"}', b"[{" * 999]), max_size=8
)


def check(lines: list[bytes]) -> None:
    """Let a program send these lines in response to three requests."""
    answers = RpcResponses([RpcRequest(method, {}) for method in METHODS])
    received = 0
    try:
        for line in lines:
            answers.receive(line)
            received += 1
    except RpcError as error:
        assert error.code in ("schema", "json_too_complex")
        assert str(error) == error.detail
    assert answers.noise + len(answers.found) == received
    assert answers.noise <= MAX_NOISE
    assert answers.is_done == (set(answers.found) == set(METHODS))
    for method, answer in answers.found.items():
        assert answer == first_answer(lines, METHODS.index(method) + 1)
    for line in lines:
        check_line(line)


def refuse(constant: str) -> None:
    """Refuse what is not JSON."""
    raise ValueError(constant)


def first_answer(lines: list[bytes], number: int) -> RpcResponse:
    """Return the first answer to a request, as a simple reader finds it."""
    for line in lines:
        try:
            message = json.loads(line, parse_constant=refuse)
            json.dumps(message, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            continue
        if not isinstance(message, dict) or type(message.get("id")) is not int or message["id"] != number:
            continue
        if message.get("jsonrpc") == "2.0" and ("result" in message) != ("error" in message):
            error = message.get("error", {})
            return RpcResponse(message.get("result"), error.get("code", 0), error.get("message", ""), error.get("data"))
    raise AssertionError(f"no answer to {number}")


def check_line(line: bytes) -> None:
    """Check that what is parsed is what the line says, and can be sent on as UTF-8 JSON that says the same."""
    try:
        value = parsed(line)
    except (ValueError, RpcError):
        return
    again = json.dumps(value, ensure_ascii=False, allow_nan=True).encode()
    if b"Infinity" not in again:  # from a number beyond the range of floats
        assert parsed(again) == value == json.loads(line)
    request = RpcRequest("m", {"value": value})
    assert encoded([request], 7).count(b"\n") == 1


@given(lines=LINES)
@fuzzing.short(300)
def test_lines_of_programs(lines: list[bytes]) -> None:
    """Each line is an answer, skipped and counted, or the end; an answer is the one that a simple reader finds."""
    check(lines)


@pytest.mark.soak
@given(lines=LINES)
@fuzzing.long()
def test_many_lines_of_programs(lines: list[bytes]) -> None:
    """The same for many more lines."""
    check(lines)
