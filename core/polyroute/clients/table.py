"""The table of clients: the bundled one, and the user's own beside `config.toml`."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from polyroute._internal.spelling import alike, did_you_mean
from polyroute.environment import Environment
from polyroute.errors import UsageError
from polyroute.named_tuples import NamedTuple

FILE = "clients.toml"
_TEXTS = ("name", "program", "install", "protocol", "names")
_LISTS = ("args", "unset")
_TABLES = ("env", "files")
_HOME = {"of", "merge", "with"}


class HomeCopy(NamedTuple):
    """A folder of the user's home that the client gets as a copy, by links."""

    of: str
    """Its path below the home."""
    merge: str
    """The JSON file in it that is merged with `document`."""
    document: Mapping[str, Any]


class ClientEntry(NamedTuple):
    """A client. `clients.toml` describes the fields."""

    id: str
    name: str
    program: str
    install: str
    protocol: str
    names: str = ""
    env: Mapping[str, str] = {}
    files: Mapping[str, str] = {}
    args: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    home: HomeCopy | None = None


def client(name: str, environment: Environment) -> ClientEntry:
    """Return the client with this name. Raises UsageError if there is none, or if its entry is not valid."""
    own_path = os.path.join(os.path.dirname(environment.config_path), FILE)
    own, bundled = _read(own_path), tomllib.loads(_bundled())
    if name in own:
        return _parsed(name, own[name], own_path)
    if name in bundled:
        return _parsed(name, bundled[name], FILE)
    known = sorted({*own, *bundled})
    close = alike(name, known, 1)
    remedy = did_you_mean(close, f"Known are {', '.join(known)}; add others in {own_path}.")
    raise UsageError(f"There is no client {name!r}.", remedy, close)


def names(environment: Environment) -> list[str]:
    """Return the names of all clients, the user's own among them."""
    own = _read(os.path.join(os.path.dirname(environment.config_path), FILE))
    return sorted({*own, *tomllib.loads(_bundled())})


def _bundled() -> str:
    return resources.files("polyroute").joinpath(FILE).read_text("utf-8")


def _read(path: str) -> dict[str, Any]:
    """Return the user's own table, which may not exist. Raises UsageError if it can't be read."""
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}.", "Correct it.") from None


def _parsed(name: str, entry: Any, path: str) -> ClientEntry:
    fault = _fault(entry)
    if fault:
        raise UsageError(f"{path}: [{name}] {fault}.", "Correct it as in the documentation, docs/clients.md.")
    home = entry.get("home")
    copy = HomeCopy(home["of"], home["merge"], json.loads(home["with"])) if home else None
    lists = {each: tuple(entry.get(each, ())) for each in _LISTS}
    return ClientEntry(name, **{**entry, **lists, "home": copy})


def _fault(entry: Any) -> str:
    """Return what is wrong with an entry; empty if nothing is."""
    if not isinstance(entry, dict):
        return "is not a table"
    unknown = entry.keys() - {*_TEXTS, *_LISTS, *_TABLES, "home"}
    if unknown:
        return f"has an unknown field `{min(unknown)}`"
    missing = [each for each in _TEXTS if not isinstance(entry.get(each, "" if each == "names" else None), str)]
    if missing:
        return f"needs a text `{missing[0]}`"
    if entry["program"] != os.path.basename(entry["program"]):
        return "`program` should be the name of a command, without a folder"
    return next(filter(None, (_field_fault(entry, each) for each in (*_LISTS, *_TABLES, "home"))), "")


def _field_fault(entry: Mapping[str, Any], field: str) -> str:
    value = entry.get(field)
    if value is None:
        return ""
    if field in _LISTS:
        good = isinstance(value, list) and all(isinstance(each, str) for each in value)
        return "" if good else f"`{field}` should be a list of texts"
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        return f"`{field}` should be a table of texts"
    if field == "files" and any(each != os.path.basename(each) for each in value):
        return "`files` should name files without a folder"
    return _home_fault(value) if field == "home" else ""


def _home_fault(value: Mapping[str, str]) -> str:
    if value.keys() != _HOME or os.path.isabs(value["of"]) or ".." in value["of"].split("/"):
        return "`home` should have `of`, a folder below the home, `merge` and `with`"
    try:
        return "" if isinstance(json.loads(value["with"]), dict) else "`home.with` should be a JSON object"
    except ValueError:
        return "`home.with` should be a JSON object"
