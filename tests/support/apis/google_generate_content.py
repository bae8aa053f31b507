"""Google's generateContent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.apis import ASKED, IMAGE, Asked, Reply, ToolUse
from tests.support.apis.text import event

name = "google-generate-content"
path, stream_path = "/models/{model}:generateContent", "/models/{model}:streamGenerateContent?alt=sse"
_REASONS = {"STOP": "stop", "MAX_TOKENS": "length"}
_TO = {"stop": "STOP", "tools": "STOP", "length": "MAX_TOKENS"}


def request(model: str, *, stream: bool) -> dict[str, Any]:
    image = {"inlineData": {"mimeType": "image/png", "data": IMAGE}}
    calls = [{"functionCall": {"name": each.name, "args": each.arguments}} for each in ASKED.uses]
    results = [
        {"functionResponse": {"name": each.name, "response": {"output": text}}}
        for each, (_, text) in zip(ASKED.uses, ASKED.results, strict=True)
    ]
    contents = [
        {"role": "user", "parts": [{"text": ASKED.texts[0]}, image]},
        {"role": "model", "parts": [{"text": ASKED.texts[1]}, *calls]},
        {"role": "user", "parts": results},
        {"role": "user", "parts": [{"text": ASKED.texts[2]}]},
    ]
    tools = [{"name": name, "description": text, "parameters": _upper(schema)} for name, text, schema in ASKED.tools]
    return {
        "systemInstruction": {"parts": [{"text": each} for each in ASKED.system.split("\n\n")]},
        "contents": contents,
        "tools": [{"functionDeclarations": tools}],
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
        "generationConfig": {"stopSequences": list(ASKED.stop), "maxOutputTokens": ASKED.most},
    }


def question(model: str, text: str, *, stream: bool) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": text}]}]}


def _upper(schema: Any) -> Any:
    """Return a schema with types in upper case, as Google's own SDKs write them."""
    if isinstance(schema, dict):
        return {key: each.upper() if key == "type" else _upper(each) for key, each in schema.items()}
    return schema


def _lower(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: each.lower() if key == "type" and isinstance(each, str) else _lower(each)
            for key, each in schema.items()
        }
    return schema


def asked(body: dict[str, Any]) -> Asked:
    parts = [(each["role"], part) for each in body["contents"] for part in each["parts"]]
    calls = [each for _, part in parts if (each := part.get("functionCall") or part.get("function_call"))]
    answers = [each for _, part in parts if (each := part.get("functionResponse") or part.get("function_response"))]
    cities = [each["args"]["city"] for each in calls]
    config = body.get("generationConfig") or {}
    instruction = body.get("systemInstruction") or body.get("system_instruction") or {}
    declared = [each for tool in body.get("tools", ()) for each in _declarations(tool)]
    return Asked(
        "\n\n".join(part["text"] for part in instruction.get("parts", ())),
        tuple(part["text"] for _, part in parts if part.get("text")),
        tuple(_inline(part)["data"] for _, part in parts if _inline(part)),
        tuple(ToolUse(each["name"], each["args"]) for each in calls),
        tuple((city, _result(each["response"])) for city, each in zip(cities, answers, strict=True)),
        tuple((each["name"], each["description"], _lower(_parameters(each))) for each in declared),
        tuple(config.get("stopSequences") or config.get("stop_sequences") or ()),
        config.get("maxOutputTokens") or config.get("max_output_tokens") or 0,
    )


def _declarations(tool: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tool.get("functionDeclarations") or tool.get("function_declarations") or []
    return found


def _parameters(declaration: dict[str, Any]) -> Any:
    return declaration.get("parameters") or declaration.get("parametersJsonSchema")


def _inline(part: dict[str, Any]) -> Any:
    return part.get("inlineData") or part.get("inline_data")


def _result(response: dict[str, Any]) -> Any:
    return next(iter(response.values()))


def response(reply: Reply) -> dict[str, Any]:
    return _document(reply, [{"text": reply.text}, *_calls(reply)])


def _calls(reply: Reply) -> list[dict[str, Any]]:
    return [{"functionCall": {"name": each.name, "args": each.arguments}} for each in reply.uses]


def _document(reply: Reply, parts: list[dict[str, Any]], *, is_last: bool = True) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    read, written = reply.usage
    usage = {"promptTokenCount": read, "candidatesTokenCount": written, "totalTokenCount": read + written}
    if is_last:
        candidate["finishReason"] = _TO[reply.reason]
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m", "responseId": "r1"}


def events(reply: Reply, parts: list[str]) -> Iterator[str]:
    for part in parts:
        yield event(_document(reply, [{"text": part}], is_last=False))
    yield event(_document(reply, _calls(reply) or [{"text": ""}]))


def replied(body: dict[str, Any]) -> Reply:
    return streamed([body])


def streamed(events: list[dict[str, Any]]) -> Reply:
    candidates = [candidate for each in events for candidate in each.get("candidates") or ()]
    parts = [part for each in candidates for part in (each.get("content") or {}).get("parts") or ()]
    calls = tuple(
        ToolUse(each["name"], each["args"]) for part in parts if (each := part.get("functionCall")) is not None
    )
    reason = next(each["finishReason"] for each in reversed(candidates) if each.get("finishReason"))
    usage = next(each["usageMetadata"] for each in reversed(events) if each.get("usageMetadata"))
    return Reply(
        "".join(part.get("text") or "" for part in parts),
        calls,
        "tools" if calls else _REASONS[reason],
        (usage["promptTokenCount"], usage["candidatesTokenCount"]),
    )
