"""Anthropic Messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.support.apis import ASKED, IMAGE, Asked, Reply, ToolUse
from tests.support.apis.text import event, text_of

name = "anthropic-messages"
path = stream_path = "/messages"
_REASONS = {"tool_use": "tools", "end_turn": "stop", "max_tokens": "length"}
_TO = {value: key for key, value in _REASONS.items()}
_CACHED = {"cache_control": {"type": "ephemeral"}}


def request(model: str, *, stream: bool) -> dict[str, Any]:
    system = [{"type": "text", "text": each, **_CACHED} for each in ASKED.system.split("\n\n")]
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": IMAGE}}
    uses = [_use(f"toolu_{each.arguments['city']}", each) for each in ASKED.uses]
    results = [{"type": "tool_result", "tool_use_id": f"toolu_{city}", "content": text} for city, text in ASKED.results]
    tools = [{"name": name, "description": text, "input_schema": schema} for name, text, schema in ASKED.tools]
    messages = [
        {"role": "user", "content": [{"type": "text", "text": ASKED.texts[0]}, image]},
        {"role": "assistant", "content": [{"type": "text", "text": ASKED.texts[1]}, *uses]},
        {"role": "user", "content": [*results, {"type": "text", "text": ASKED.texts[2], **_CACHED}]},
    ]
    more = {"system": system, "tools": tools, "tool_choice": {"type": "auto"}, "stop_sequences": list(ASKED.stop)}
    return {"model": model, "max_tokens": ASKED.most, "messages": messages, **more, "stream": stream}


def question(model: str, text: str, *, stream: bool) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": model, "max_tokens": ASKED.most, "messages": messages, "stream": stream}


def _use(use_id: str, use: ToolUse) -> dict[str, Any]:
    return {"type": "tool_use", "id": use_id, "name": use.name, "input": use.arguments}


def asked(body: dict[str, Any]) -> Asked:
    contents = [each["content"] for each in body["messages"]]
    blocks = [part for each in contents if isinstance(each, list) for part in each]
    uses = [each for each in blocks if each["type"] == "tool_use"]
    cities = {each["id"]: each["input"]["city"] for each in uses}
    results = [each for each in blocks if each["type"] == "tool_result"]
    return Asked(
        text_of(body.get("system")),
        tuple(text for each in contents if (text := text_of(each))),
        tuple(each["source"]["data"] for each in blocks if each["type"] == "image"),
        tuple(ToolUse(each["name"], each["input"]) for each in uses),
        tuple((cities[each["tool_use_id"]], text_of(each["content"])) for each in results),
        tuple((each["name"], each["description"], each["input_schema"]) for each in body.get("tools", ())),
        tuple(body.get("stop_sequences", ())),
        body["max_tokens"],
    )


def response(reply: Reply) -> dict[str, Any]:
    uses = [_use(f"toolu_{index}", each) for index, each in enumerate(reply.uses)]
    content = [{"type": "text", "text": reply.text}, *uses]
    return {**_head(), "content": content, "stop_reason": _TO[reply.reason], "usage": _usage(reply)}


def _head() -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}


def _usage(reply: Reply) -> dict[str, int]:
    return {"input_tokens": reply.usage[0], "output_tokens": reply.usage[1]}


def events(reply: Reply, parts: list[str]) -> Iterator[str]:
    begun = {"input_tokens": reply.usage[0], "output_tokens": 1}
    yield _event("message_start", message={**_head(), "content": [], "stop_reason": None, "usage": begun})
    yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    yield _event("ping")
    for part in parts:
        yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": part})
    yield _event("content_block_stop", index=0)
    for index, use in enumerate(reply.uses, 1):
        written = json.dumps(use.arguments)
        yield _event("content_block_start", index=index, content_block={**_use(f"toolu_{index}", use), "input": {}})
        for piece in (written[:9], written[9:]):
            delta = {"type": "input_json_delta", "partial_json": piece}
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    ending = {"stop_reason": _TO[reply.reason], "stop_sequence": None}
    yield _event("message_delta", delta=ending, usage={"output_tokens": reply.usage[1]})
    yield _event("message_stop")


def _event(kind: str, **more: Any) -> str:
    return event({"type": kind, **more}, kind)


def replied(body: dict[str, Any]) -> Reply:
    usage = body["usage"]
    return Reply(
        "".join(each["text"] for each in body["content"] if each["type"] == "text"),
        tuple(ToolUse(each["name"], each["input"]) for each in body["content"] if each["type"] == "tool_use"),
        _REASONS[body["stop_reason"]],
        (usage["input_tokens"], usage["output_tokens"]),
    )


def streamed(events: list[dict[str, Any]]) -> Reply:
    """Return what the events say. Each block is started, filled and stopped, in that order."""
    blocks: dict[int, dict[str, Any]] = {}
    reason, usage, opened = "", dict[str, int](), set[int]()
    for each in events:
        match each["type"]:
            case "message_start":
                usage |= each["message"]["usage"]
            case "content_block_start":
                assert each["index"] == len(blocks)
                opened.add(each["index"])
                blocks[each["index"]] = {**each["content_block"], "written": ""}
            case "content_block_delta":
                assert each["index"] in opened
                delta = each["delta"]
                blocks[each["index"]]["written"] += delta.get("text") or delta.get("partial_json") or ""
            case "content_block_stop":
                opened.remove(each["index"])
            case "message_delta":
                reason, usage = each["delta"]["stop_reason"], usage | each["usage"]
    assert not opened
    assert events[-1]["type"] == "message_stop"
    uses = [each for each in blocks.values() if each["type"] == "tool_use"]
    return Reply(
        "".join(each["written"] for each in blocks.values() if each["type"] == "text"),
        tuple(ToolUse(each["name"], json.loads(each["written"])) for each in uses),
        _REASONS[reason],
        (usage["input_tokens"], usage["output_tokens"]),
    )
