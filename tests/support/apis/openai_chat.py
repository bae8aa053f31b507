"""OpenAI Chat Completions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.support.apis import ASKED, IMAGE, Asked, Reply, ToolUse
from tests.support.apis.text import event, text_of

name = "openai-chat"
path = stream_path = "/chat/completions"
_REASONS = {"tool_calls": "tools", "stop": "stop", "length": "length"}
_TO = {value: key for key, value in _REASONS.items()}


def request(model: str, *, stream: bool) -> dict[str, Any]:
    calls = [_call(f"call_{each.arguments['city']}", each) for each in ASKED.uses]
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{IMAGE}"}}
    results = [{"role": "tool", "tool_call_id": f"call_{city}", "content": text} for city, text in ASKED.results]
    tools = [_tool(*each) for each in ASKED.tools]
    messages = [
        {"role": "system", "content": ASKED.system},
        {"role": "user", "content": [{"type": "text", "text": ASKED.texts[0]}, image]},
        {"role": "assistant", "content": ASKED.texts[1], "tool_calls": calls},
        *results,
        {"role": "user", "content": ASKED.texts[2]},
    ]
    more = {"tools": tools, "tool_choice": "auto", "stop": list(ASKED.stop), "max_tokens": ASKED.most}
    return {"model": model, "messages": messages, **more, **_streaming(stream)}


def question(model: str, text: str, *, stream: bool) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], **_streaming(stream)}


def _streaming(stream: bool) -> dict[str, Any]:
    return {"stream": True, "stream_options": {"include_usage": True}} if stream else {}


def _tool(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


def _call(call_id: str, use: ToolUse) -> dict[str, Any]:
    function = {"name": use.name, "arguments": json.dumps(use.arguments)}
    return {"id": call_id, "type": "function", "function": function}


def asked(body: dict[str, Any]) -> Asked:
    messages = body["messages"]
    spoken = [each for each in messages if each["role"] in ("user", "assistant")]
    calls = [each for message in messages for each in message.get("tool_calls") or ()]
    cities = {each["id"]: json.loads(each["function"]["arguments"])["city"] for each in calls}
    results = [(cities[each["tool_call_id"]], text_of(each["content"])) for each in messages if each["role"] == "tool"]
    stop = body.get("stop") or ()
    return Asked(
        "\n\n".join(text_of(each["content"]) for each in messages if each["role"] in ("system", "developer")),
        tuple(text for each in spoken if (text := text_of(each.get("content")))),
        tuple(url.partition("base64,")[2] for each in spoken for url in _images(each.get("content"))),
        tuple(ToolUse(each["function"]["name"], json.loads(each["function"]["arguments"])) for each in calls),
        tuple(results),
        tuple(
            (each["function"]["name"], each["function"]["description"], each["function"]["parameters"])
            for each in body.get("tools", ())
        ),
        (stop,) if isinstance(stop, str) else tuple(stop),
        body.get("max_tokens") or body.get("max_completion_tokens") or 0,
    )


def _images(content: Any) -> Iterator[str]:
    for part in content if isinstance(content, list) else ():
        if part["type"] == "image_url":
            yield part["image_url"]["url"]


def response(reply: Reply) -> dict[str, Any]:
    calls = [_call(f"call_{index}", each) for index, each in enumerate(reply.uses)]
    message = {"role": "assistant", "content": reply.text, **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, "finish_reason": _TO[reply.reason], "message": message}
    return {**_head("chat.completion"), "choices": [choice], "usage": _usage(reply)}


def events(reply: Reply, parts: list[str]) -> Iterator[str]:
    yield _chunk({"role": "assistant", "content": ""})
    for part in parts:
        yield _chunk({"content": part})
    for index, use in enumerate(reply.uses):
        call = {"index": index, **_call(f"call_{index}", use)}
        written = call["function"]["arguments"]
        yield _chunk({"tool_calls": [{**call, "function": {**call["function"], "arguments": ""}}]})
        for piece in (written[:9], written[9:]):
            yield _chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield _chunk({}, _TO[reply.reason])
    yield event({**_head("chat.completion.chunk"), "choices": [], "usage": _usage(reply)})
    yield "data: [DONE]\n\n"


def _head(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": "m"}


def _chunk(delta: dict[str, Any], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({**_head("chat.completion.chunk"), "choices": [choice]})


def _usage(reply: Reply) -> dict[str, int]:
    read, written = reply.usage
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def replied(body: dict[str, Any]) -> Reply:
    choice, usage = body["choices"][0], body["usage"]
    calls = [each["function"] for each in choice["message"].get("tool_calls") or ()]
    return Reply(
        choice["message"]["content"] or "",
        tuple(ToolUse(each["name"], json.loads(each["arguments"])) for each in calls),
        _REASONS[choice["finish_reason"]],
        (usage["prompt_tokens"], usage["completion_tokens"]),
    )


def streamed(events: list[dict[str, Any]]) -> Reply:
    text, reason, usage, calls = "", "", (0, 0), dict[int, dict[str, str]]()
    for each in events:
        if found := each.get("usage"):
            usage = (found["prompt_tokens"], found["completion_tokens"])
        for choice in each["choices"]:
            text += choice["delta"].get("content") or ""
            reason = choice.get("finish_reason") or reason
            for call in choice["delta"].get("tool_calls") or ():
                known = calls.setdefault(call["index"], {"name": "", "arguments": ""})
                known["name"] = call["function"].get("name") or known["name"]
                known["arguments"] += call["function"].get("arguments") or ""
    uses = tuple(ToolUse(each["name"], json.loads(each["arguments"])) for _, each in sorted(calls.items()))
    return Reply(text, uses, _REASONS[reason], usage)
