"""What the OpenAPI document says of names: which providers and routes there are depends on the plugins."""

from __future__ import annotations

import copy
import re
from typing import Any

from polyroute import Plugins, UsageError, keys
from polyroute.dexto_compat import DEFAULT_CUSTOM_PROVIDER
from polyroute.types import DIRECT, CustomModelRules, Provider

Schema = dict[str, Any]


def narrowed(document: Schema, plugins: Plugins) -> Schema:
    """The document with the names that are known to these plugins."""
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
    """One variant for each way in which providers take custom models."""
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
