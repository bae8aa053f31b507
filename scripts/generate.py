"""Generate files from the code. Run this after changing documents, docstrings of public names, or commands.

python scripts/generate.py          # write docs/schemas, docs/api.md, docs/commands.md, examples/node/polyroute.d.mts
python scripts/generate.py --check  # exit with status 1 if a file is stale
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import api_pages
import command_pages
from polyroute.documents import schemas
from polyroute.organisation import policy_file
from polyroute.server import openapi
from polyroute.server.table import OPERATIONS

ROOT = Path(__file__).parent.parent
SCHEMAS = ROOT / "docs" / "schemas"
TYPES = ROOT / "examples" / "node" / "polyroute.d.mts"
MARK = "// Generated from the OpenAPI document of the HTTP API by scripts/generate.py. Do not edit the code below.\n"

Schema = dict[str, Any]


def files() -> Iterator[tuple[Path, str]]:
    """Yield each generated file with its text."""
    for name in schemas.DOCUMENTS:
        yield SCHEMAS / f"{name}.schema.json", json.dumps(schemas.document(name), indent=2) + "\n"
    yield SCHEMAS / "policy.schema.json", json.dumps(policy_file.schema(), indent=2) + "\n"
    yield ROOT / "docs" / "api.md", api_pages.api()
    yield ROOT / "docs" / "commands.md", command_pages.commands()
    own = TYPES.read_text(encoding="utf-8").partition(MARK)[0]
    yield TYPES, own + MARK + "".join(declarations(openapi.document(OPERATIONS, token=False)))


def declarations(document: Schema) -> Iterator[str]:
    """Yield TypeScript declarations of all request and response types of the API, by name."""
    for name, schema in document["components"]["schemas"].items():
        yield f"\n{comment(schema)}export {declaration(name, schema)}\n"


def declaration(name: str, schema: Schema) -> str:
    """Return one type: an interface if it has fields, else an alias."""
    if "properties" in schema:
        return f"interface {name} {fields(schema)}"
    return f"type {name} = {type_of(schema)};"


def fields(schema: Schema, indent: str = "") -> str:
    """Return the fields of an object."""
    required = schema.get("required", ())
    lines = [
        f"{comment(field, indent + '  ')}{indent}  {name}{'' if name in required else '?'}: {type_of(field, indent)};\n"
        for name, field in schema["properties"].items()
    ]
    return "{\n" + "".join(lines) + indent + "}"


def comment(schema: Schema, indent: str = "") -> str:
    """Return the description of a schema as a comment."""
    text = schema.get("description", "").replace("*/", "*\\/")
    return f"{indent}/** {text} */\n" if text else ""


def type_of(schema: Schema, indent: str = "") -> str:
    """Return the TypeScript type of a schema. Patterns and rules between fields can't be expressed and are omitted."""
    match schema:
        case {"$ref": str(reference)}:
            return reference.rpartition("/")[2]
        case {"anyOf": [*options]}:
            return " | ".join(dict.fromkeys(type_of(option, indent) for option in options))
        case {"enum": [*values]}:
            return " | ".join(map(json.dumps, values))
        case {"const": value}:
            return json.dumps(value)
        case {"type": "array"}:
            items = type_of(schema.get("items", {}), indent)
            return f"({items})[]" if " | " in items else f"{items}[]"
        case {"type": "object", "properties": _}:
            return fields(schema, indent + "  ")
        case {"type": "object"}:
            value = schema.get("additionalProperties")
            return f"Record<string, {type_of(value, indent) if isinstance(value, dict) else 'unknown'}>"
        case {"type": str(name)}:
            return {"integer": "number"}.get(name, name)
    return "unknown"


def main() -> int:
    """Write the files or, with --check, report those that are stale."""
    stale = [(path, text) for path, text in files() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path, _ in stale:
            print(f"{path.relative_to(ROOT)} is stale. Run: python scripts/generate.py", file=sys.stderr)
        return 1 if stale else 0
    for path, text in stale:
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
