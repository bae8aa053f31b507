"""OpenAI Responses."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from tests.support.apis import ASKED, IMAGE, Asked, Reply, ToolUse
from tests.support.apis.text import event, text_of

name = "openai-responses"
path = stream_path = "/responses"


def request(model: str, *, stream: bool) -> dict[str, Any]:
    image = {"type": "input_image", "image_url": f"data:image/png;base64,{IMAGE}", "detail": "auto"}
    calls = [_call(f"call_{each.arguments['city']}", each) for each in ASKED.uses]
    results = [
        {"type": "function_call_output", "call_id": f"call_{city}", "output": text} for city, text in ASKED.results
    ]
    asked = [
        _message("user", {"type": "input_text", "text": ASKED.texts[0]}, image),
        _message("assistant", {"type": "output_text", "text": ASKED.texts[1], "annotations": []}),
        *calls,
        *results,
        _message("user", {"type": "input_text", "text": ASKED.texts[2]}),
    ]
    tools = [
        {"type": "function", "name": name, "description": text, "parameters": schema, "strict": False}
        for name, text, schema in ASKED.tools
    ]
    more = {"tools": [*tools, {"type": "web_search"}], "tool_choice": "auto", "max_output_tokens": ASKED.most}
    own = {"store": False, "include": ["reasoning.encrypted_content"], "prompt_cache_key": "k"}
    return {"model": model, "instructions": ASKED.system, "input": asked, "stream": stream, **more, **own}


def question(model: str, text: str, *, stream: bool) -> dict[str, Any]:
    return {"model": model, "input": text, "stream": stream}


def _message(role: str, *content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": list(content)}


def _call(call_id: str, use: ToolUse) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": use.name, "arguments": json.dumps(use.arguments)}


def asked(body: dict[str, Any]) -> Asked:
    items = body["input"] if isinstance(body["input"], list) else [_message("user", {"text": body["input"]})]
    spoken = [each for each in items if each.get("role") in ("user", "assistant")]
    calls = [each for each in items if each.get("type") == "function_call"]
    cities = {each["call_id"]: json.loads(each["arguments"])["city"] for each in calls}
    system = [text_of(each["content"]) for each in items if each.get("role") in ("system", "developer")]
    parts = [part for each in spoken for part in each["content"] if isinstance(each["content"], list)]
    results = [each for each in items if each.get("type") == "function_call_output"]
    return Asked(
        "\n\n".join(filter(None, [body.get("instructions"), *system])),
        tuple(text for each in spoken if (text := text_of(each["content"]))),
        tuple(each["image_url"].partition("base64,")[2] for each in parts if each["type"] == "input_image"),
        tuple(ToolUse(each["name"], json.loads(each["arguments"])) for each in calls),
        tuple((cities[each["call_id"]], text_of(each["output"])) for each in results),
        tuple((each["name"], each["description"], each["parameters"]) for each in body.get("tools", ())),
        (),
        body.get("max_output_tokens", 0),
    )


def response(reply: Reply, status: str = "completed") -> dict[str, Any]:
    output = [_output_message("msg_1", reply.text), *_output_calls(reply)]
    return {**_head(status), "output": output, "usage": _usage(reply)}


def _head(status: str) -> dict[str, Any]:
    more: dict[str, Any] = {
        "error": None,
        "incomplete_details": None,
        "parallel_tool_calls": True,
        "tools": [],
        "tool_choice": "auto",
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "status": status,
        "parallel_tool_calls": True,
        **more,
    }


def _output_message(item_id: str, text: str, status: str = "completed") -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    return {"type": "message", "id": item_id, "role": "assistant", "status": status, "content": content}


def _output_calls(reply: Reply) -> list[dict[str, Any]]:
    return [
        {**_call(f"call_{index}", each), "id": f"fc_{index}", "status": "completed"}
        for index, each in enumerate(reply.uses)
    ]


def _usage(reply: Reply) -> dict[str, Any]:
    read, written = reply.usage
    more = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return {"input_tokens": read, "output_tokens": written, "total_tokens": read + written, **more}


def events(reply: Reply, parts: list[str]) -> Iterator[str]:
    numbers = itertools.count()

    def one(kind: str, **more: Any) -> str:
        return event({"type": kind, "sequence_number": next(numbers), **more}, kind)

    yield one("response.created", response={**_head("in_progress"), "output": [], "usage": None})
    place: dict[str, Any] = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    yield one("response.output_item.added", output_index=0, item=_output_message("msg_1", "", "in_progress"))
    part = {"type": "output_text", "text": "", "annotations": []}
    yield one("response.content_part.added", part=part, **place)
    for each in parts:
        yield one("response.output_text.delta", delta=each, **place)
    yield one("response.output_text.done", text=reply.text, **place)
    yield one("response.content_part.done", part={**part, "text": reply.text}, **place)
    yield one("response.output_item.done", output_index=0, item=_output_message("msg_1", reply.text))
    for index, item in enumerate(_output_calls(reply), 1):
        begun = {**item, "arguments": "", "status": "in_progress"}
        yield one("response.output_item.added", output_index=index, item=begun)
        for piece in (item["arguments"][:9], item["arguments"][9:]):
            yield one("response.function_call_arguments.delta", item_id=item["id"], output_index=index, delta=piece)
        yield one("response.function_call_arguments.done", item_id=item["id"], output_index=index, **_arguments(item))
        yield one("response.output_item.done", output_index=index, item=item)
    yield one("response.completed", response=response(reply))


def _arguments(item: dict[str, Any]) -> dict[str, Any]:
    return {"arguments": item["arguments"]}


def replied(body: dict[str, Any]) -> Reply:
    items = body["output"]
    calls = [each for each in items if each["type"] == "function_call"]
    return Reply(
        "".join(text_of(each["content"]) for each in items if each["type"] == "message"),
        tuple(ToolUse(each["name"], json.loads(each["arguments"])) for each in calls),
        "tools" if calls else {"completed": "stop", "incomplete": "length"}[body["status"]],
        (body["usage"]["input_tokens"], body["usage"]["output_tokens"]),
    )


def streamed(events: list[dict[str, Any]]) -> Reply:
    """Return what the events say: their parts are together what the last event repeats."""
    text = "".join(each["delta"] for each in events if each["type"] == "response.output_text.delta")
    items = [each["item"] for each in events if each["type"] == "response.output_item.done"]
    last = events[-1]
    assert last["type"] in ("response.completed", "response.incomplete"), last
    whole = replied(last["response"])
    calls = [each for each in items if each["type"] == "function_call"]
    assert tuple(ToolUse(each["name"], json.loads(each["arguments"])) for each in calls) == whole.uses
    assert text == whole.text
    return whole
