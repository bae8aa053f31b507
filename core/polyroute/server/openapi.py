"""Generate the API's OpenAPI document from the table of operations."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_type_hints

from pydantic.json_schema import models_json_schema

from polyroute import Plugins, UsageError, __version__
from polyroute.credentials import keys
from polyroute.dexto_compat import DEFAULT_CUSTOM_PROVIDER
from polyroute.dexto_compat.http import examples
from polyroute.documents import schemas
from polyroute.documents.http_types import ErrorAnswer, Health
from polyroute.server.operations import Operation
from polyroute.server.schemas import Body, Query
from polyroute.types import DIRECT, CustomModelRules, Provider

Schema = dict[str, Any]
Named = Mapping[Any, Schema]

_REFERENCE = "#/components/schemas/{model}"
_DESCRIPTIONS = {
    400: "The request is invalid or can't be fulfilled.",
    401: "The token is missing or wrong.",
    403: "The host name or the page's origin is not allowed.",
    404: "Nothing with that name exists.",
    408: "A plugin or a service took too long.",
    409: "The name is ambiguous or exists already, or a file of the user has to be fixed first.",
    413: "The body is too large.",
    414: "The path is too long.",
    415: "The body is not declared as JSON.",
    429: "Too many event streams are open, or too many wrong tokens were sent.",
    500: "The operation failed.",
    503: "A file, the keyring or the system can't be used now, or the server stopped before the request was done.",
}
_ALWAYS = (400, 401, 403, 404, 408, 414, 429, 500, 503)
_WITH_BODY = (409, 413, 415)


def document(operations: Iterable[Operation], *, token: bool) -> Schema:
    """Return the OpenAPI document of all operations, with parameters, bodies, responses and examples.

    With `token`, the operations require a bearer token.
    """
    operations = tuple(operations)
    all_examples = examples()
    responses, shared = schemas.named(
        {ErrorAnswer, Health, *(each for operation in operations for each in response_types(operation))}, _REFERENCE
    )
    bodies, more = _bodies({operation.body for operation in operations if operation.body})
    named = responses | bodies
    paths: dict[str, Schema] = {
        "/health": {"get": _probe("health", "is running", named[Health])},
        "/ready": {"get": _probe("ready", "should get requests", named[Health], _error(503, named[ErrorAnswer]))},
    }
    for operation in operations:
        described = _operation(operation, named, all_examples.get(f"{operation.method} {operation.path}", {}))
        paths.setdefault(f"/api{operation.path}", {})[operation.method.lower()] = described
    paths["/api/events"] = {"get": _events(named[ErrorAnswer])}
    found: Schema = {
        "openapi": "3.1.0",
        "info": {
            "title": "Polyroute",
            "version": __version__,
            "description": "Which models can be run, by which route and under which ID, and if not, why.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {"schemas": dict(sorted({**shared, **more}.items()))},
    }
    if token:
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        for path, methods in paths.items():
            for described in methods.values() if path.startswith("/api/") else ():
                described["security"] = [{"token": []}]
    return found


def response_types(operation: Operation) -> tuple[Any, ...]:
    """Return the types of an operation's possible responses."""
    returned = get_type_hints(operation.handler)["return"]
    return get_args(returned) or (returned,)


def _bodies(kinds: Iterable[type[Body]]) -> tuple[dict[Any, Schema], Schema]:
    """Return a reference to the schema of each body, and the schemas by name."""
    ordered = sorted(kinds, key=lambda kind: kind.__name__)
    references, shared = models_json_schema([(each, "validation") for each in ordered], ref_template=_REFERENCE)
    return {each: references[each, "validation"] for each in ordered}, shared["$defs"]


def _operation(operation: Operation, named: Named, example: Mapping[str, Any]) -> Schema:
    content = {"schema": _any([named[each] for each in response_types(operation)]), **_only(example, answer="example")}
    described: Schema = {
        "operationId": operation.handler.__name__.strip("_") + "_" + re.sub(r"\W+", "_", operation.path).strip("_"),
        "summary": (operation.handler.__doc__ or "").strip().removesuffix("."),
        "responses": {"200": {"description": "Done.", "content": {"application/json": content}}},
    }
    parameters = [*_in_path(operation.path, example), *_in_query(operation.query, example)]
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        body = {"schema": named[operation.body], **_only(example, body="example")}
        described["requestBody"] = {"required": True, "content": {"application/json": body}}
    described["responses"] |= {str(status): _error(status, named[ErrorAnswer]) for status in _statuses(operation)}
    return described


def _statuses(operation: Operation) -> list[int]:
    return sorted((*_ALWAYS, *(_WITH_BODY if operation.method != "GET" else ())))


def _in_path(path: str, example: Mapping[str, Any]) -> list[Schema]:
    named = re.findall(r"\{(\w+)\}", path)
    description = "Percent-encoded once: write a slash in it as `%2F`."
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": description,
            "schema": {"type": "string", "minLength": 1},
            **_only(example.get("parameters", {}), **{name: "example"}),
        }
        for name in named
    ]


def _in_query(query: type[Query], example: Mapping[str, Any]) -> list[Schema]:
    schema = query.model_json_schema()
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": field.pop("description", ""),
            "schema": _without_null(field),
            **_only(example.get("parameters", {}), **{name: "example"}),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _without_null(field: Schema) -> Schema:
    """Return a parameter's schema without null: an optional parameter is left out instead."""
    options = [each for each in field.get("anyOf", []) if each != {"type": "null"}]
    rest = {name: value for name, value in field.items() if name not in ("anyOf", "title") and value is not None}
    return rest | (options[0] if len(options) == 1 else {"anyOf": options} if options else {})


def _only(values: Mapping[str, Any], **names: str) -> Schema:
    """Return those of the named values that exist, renamed."""
    return {new: values[old] for old, new in names.items() if old in values}


def _any(schemas: list[Schema]) -> Schema:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _error(status: int, schema: Schema) -> Schema:
    return {"description": _DESCRIPTIONS[status], "content": {"application/json": {"schema": schema}}}


def _probe(name: str, asked: str, schema: Schema, refusal: Schema | None = None) -> Schema:
    content = {"application/json": {"schema": schema, "example": {"ok": True}}}
    return {
        "operationId": name,
        "summary": f"Return whether the server {asked}",
        "responses": {
            "200": {"description": f"It {asked}.", "content": content},
            **({"503": refusal} if refusal else {}),
        },
    }


def _events(error: Schema) -> Schema:
    content = {
        "text/event-stream": {"schema": {"type": "string"}, "example": 'event: changed\ndata: {"look": "again"}\n\n'}
    }
    responses = {str(status): _error(status, error) for status in (401, 403, 429)}
    return {
        "operationId": "events",
        "summary": "Stream server-sent events: `changed` whenever anything has changed",
        "responses": {"200": {"description": "An endless stream.", "content": content}, **responses},
    }


def narrowed(document: Schema, plugins: Plugins) -> Schema:
    """Return the document with names restricted to those that `plugins` provide."""
    found = copy.deepcopy(document)
    schemas, paths = found["components"]["schemas"], found["paths"]
    names = sorted(plugins.names)
    for schema in ("PickedBody", "SwitchBody"):
        _put(schemas[schema], "provider", enum=names)
    _put(schemas["KeyBody"], "provider", enum=[name for name in names if _has_key(plugins.find(name))])
    _put(schemas["VerifyBody"], "providers", items={"type": "string", "enum": names})
    schemas["CustomModelBody"] = _custom(schemas["CustomModelBody"], plugins)
    _preferences(schemas["PreferencesBody"], plugins)
    for path, methods in paths.items():
        for parameter in (each for described in methods.values() for each in described.get("parameters", ())):
            _parameter(path, parameter, names)
    return found


def _parameter(path: str, parameter: Schema, names: list[str]) -> None:
    if parameter["name"] == "provider" and parameter["required"]:
        parameter["schema"] = {"type": "string", "enum": names}
    elif parameter["name"] == "model" and path.endswith("/resolve"):
        selectable = "|".join(map(re.escape, names))
        parameter["schema"] |= {"pattern": f"^({selectable})/[\\s\\S]+$"}


def _preferences(schema: Schema, plugins: Plugins) -> None:
    routes = [DIRECT, *plugins.gateways]
    _put(schema, "prefer", type=["string", "null"], enum=[*routes, None])
    _put(schema, "order", items={"type": "string", "enum": routes})
    _put(schema, "disabled", items={"type": "string", "enum": sorted(plugins.names)})
    carried: dict[tuple[str, ...], list[str]] = {}
    for name, provider in plugins.names.items():
        carried.setdefault(plugins.carriers(provider), []).append(name)
    patterns = {
        f"^({'|'.join(map(re.escape, sorted(group)))})(/[\\s\\S]+)?$": {
            "type": ["string", "null"],
            "enum": [DIRECT, *vias, None],
        }
        for vias, group in carried.items()
    }
    _put(schema, "pins", type="object", patternProperties=patterns, additionalProperties=False)


def _custom(schema: Schema, plugins: Plugins) -> Schema:
    """Return one variant for each set of rules that providers have for custom models."""
    groups: dict[CustomModelRules, list[str]] = {}
    for name, provider in sorted(plugins.names.items()):
        if (rules := plugins.providers[provider].custom_models) is not None:
            groups.setdefault(rules, []).append(name)
    return {"title": schema["title"], "anyOf": [_variant(schema, *group) for group in groups.items()]}


def _variant(schema: Schema, rules: CustomModelRules, names: list[str]) -> Schema:
    variant = copy.deepcopy(schema)
    required = {"name"} | (set() if DEFAULT_CUSTOM_PROVIDER in names else {"provider"})
    _put(variant, "provider", enum=names)
    if rules.base_url == "no":
        _put(variant, "baseURL", const="")
    elif rules.base_url == "required":
        _put(variant, "baseURL", minLength=1)
        required.add("baseURL")
    if rules.file_suffix:
        _put(variant, "filePath", pattern=f"^[\\s\\S]*{re.escape(rules.file_suffix)}$")
        required.add("filePath")
    else:
        _put(variant, "filePath", const="")
    return variant | {"required": sorted(required)}


def _put(schema: Schema, name: str, **rules: Any) -> None:
    kept = {key: value for key, value in schema["properties"][name].items() if key not in ("anyOf", "default")}
    schema["properties"][name] = kept | rules


def _has_key(provider: Provider) -> bool:
    try:
        return bool(keys.variable_of(provider))
    except UsageError:
        return False
