"""Derive the JSON Schemas of documents from their declarations. Import it inside functions: it needs pydantic."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from polyroute.documents import custom_model_types, list_types, plugin_types, types
from polyroute.documents.parts import SCHEMA

Schema = dict[str, Any]

DOCUMENTS: dict[str, tuple[str, Any]] = {
    "failure": ("COMMAND", types.FailureDocument),
    "status": ("status", types.StatusDocument),
    "resolve": ("resolve MODEL", types.Resolution),
    "explain": ("explain PROVIDER|MODEL", types.ExplanationDocument),
    "map": ("map PROVIDER/MODEL", types.MappedDocument),
    "models": ("models", list_types.ModelsDocument),
    "verify": ("verify", list_types.Verifications),
    "refresh": ("refresh", list_types.Refreshed),
    "doctor": ("doctor", list_types.Diagnosis),
    "check": ("check FILE", list_types.Findings),
    "prefer": ("prefer", custom_model_types.PreferenceList),
    "prefer-route": ("prefer ROUTE", custom_model_types.Preferred),
    "shortcut": ("shortcut list|set|remove", custom_model_types.ShortcutsDocument),
    "keys-list": ("keys list", custom_model_types.Keys),
    "keys-set": ("keys set PROVIDER", custom_model_types.StoredKey),
    "keys-remove": ("keys remove PROVIDER", custom_model_types.RemovedKey),
    "credential": ("credential MODEL", custom_model_types.CredentialFound),
    "credential-reveal": ("credential MODEL --reveal", custom_model_types.Revealed),
    "custom-list": ("custom list", custom_model_types.CustomModelList),
    "custom-show": ("custom show|add|edit|rename MODEL", custom_model_types.CustomModelShown),
    "custom-remove": ("custom remove MODEL", custom_model_types.CustomModelRemoved),
    "custom-import": ("custom import FILE", custom_model_types.CustomModelsImported),
    "custom-export": ("custom export FILE", custom_model_types.CustomModelsExported),
    "custom-repair": ("custom repair", custom_model_types.CustomModelsRepaired),
    "plugins": ("plugins", plugin_types.PluginsDocument),
    "plugins-info": ("plugins info NAME", plugin_types.PluginInfo),
    "plugins-doctor": ("plugins doctor", plugin_types.PluginsHealth),
    "plugins-check": ("plugins check PATH", plugin_types.PluginChecked),
    "plugins-change": (
        "plugins add|remove|trust|untrust|enable|disable|refresh|new",
        plugin_types.PluginChanged,
    ),
}
"""The command that prints a document with `--json`, and the document's type, by the name of its schema."""

_USABLE = {"properties": {"usable": {"const": True}}}
_RUNS = {
    "modelId": {"type": "string"},
    "mapping": {"enum": ["verbatim", "listed", "unlisted"]},
    "baseUrl": {"type": "string", "pattern": r"^https?://[^\s$@?#]+$"},
}
_NO_ID = {"properties": {"mapping": {"enum": ["not_offered", "unknown"]}}}
_LEADS_NOWHERE = {"properties": {"usable": {"const": False}, "modelId": {"type": "null"}}}
_RULES: dict[str, Schema] = {
    "ProviderRoute": {
        "if": _USABLE,
        "then": {"properties": {"credential": {"type": "string"}, "remedy": {"type": "null"}}},
    },
    "Resolution": {
        "if": {"properties": {"route": {"type": "null"}}},
        "then": {"properties": {"routes": {"items": {"properties": {"usable": {"const": False}}}}}},
        "else": {"properties": {"routes": {"contains": _USABLE}}},
        "allOf": [
            {"properties": {"routes": {"items": each}}}
            for each in (
                {"properties": {"mapping": {"type": "string"}}},
                {"if": _USABLE, "then": {"properties": _RUNS}},
                {"if": _NO_ID, "then": _LEADS_NOWHERE},
            )
        ],
    },
}
"""Rules between the fields of a type, which the type can't express, by the name of the type."""


class _Generator(GenerateJsonSchema):
    """Describes fields, including inherited ones, with the texts below their declarations."""

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        """Return the schema of one type."""
        found = super().typed_dict_schema(schema)
        for kind in _with_bases(schema.get("cls")):
            texts = _texts(kind.__module__).get(kind.__name__, {})
            for name, field in found.get("properties", {}).items():
                field.pop("title", None)
                if name in texts:
                    field.setdefault("description", texts[name])
            found |= _RULES.get(kind.__name__, {})
        return found

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Return the schema of an object whose keys are data; pydantic alone would accept keys that don't match."""
        found = super().dict_schema(schema)
        for pattern, value in found.pop("patternProperties", {}).items():
            found |= {"propertyNames": {"pattern": pattern}, "additionalProperties": value}
        return found


def _with_bases(kind: Any) -> Iterator[Any]:
    """Yield a type and all types that it inherits from, which a TypedDict does not have in `__mro__`."""
    if hasattr(kind, "__total__"):
        yield kind
        for base in getattr(kind, "__orig_bases__", ()):
            yield from _with_bases(base)


@cache
def _texts(module: str) -> Mapping[str, Mapping[str, str]]:
    """Return the text below each field of a module's classes, by class and field."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except OSError:
        return {}  # installed without sources: the schemas are valid without descriptions
    return {each.name: dict(_fields(each)) for each in tree.body if isinstance(each, ast.ClassDef)}


def _fields(declared: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, text in pairwise(declared.body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                yield name, " ".join(said.split())


def named(kinds: Iterable[Any], template: str = "#/$defs/{model}") -> tuple[dict[Any, Schema], Schema]:
    """Return a reference to the schema of each type, and all schemas by name. `template` is the form of a reference."""
    ordered = sorted(set(kinds), key=lambda kind: str(kind.__name__))
    adapters: list[tuple[str, Literal["validation"], TypeAdapter[Any]]] = [
        (kind.__name__, "validation", TypeAdapter(kind)) for kind in ordered
    ]
    references, whole = TypeAdapter.json_schemas(adapters, ref_template=template, schema_generator=_Generator)
    definitions = {_public(name): _with_public_names(schema) for name, schema in whole["$defs"].items()}
    return {kind: _with_public_names(references[kind.__name__, "validation"]) for kind in ordered}, definitions


def _public(name: str) -> str:
    """Return the name of a type in schemas: `Document` only tells a type from the value that it describes."""
    return name.removesuffix("Document")


def _with_public_names(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_public_names(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _public(value) if key in ("$ref", "title") and isinstance(value, str) else _with_public_names(value)
        for key, value in schema.items()
    }


def document(name: str) -> Schema:
    """Return the schema of a document of the command line, by its name in `DOCUMENTS`."""
    command, kind = DOCUMENTS[name]
    _, definitions = named([kind])
    root = definitions.pop(_public(kind.__name__))
    more = "New fields may be added at any time; `schema` changes only if readers would break."
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:polyroute:schema:{SCHEMA}:{name}",
        **root,
        "title": f"Output of `polyroute {command} --json`",
        "description": f"{root.get('description', '')} {more}".strip(),
        **({"$defs": definitions} if definitions else {}),
    }
